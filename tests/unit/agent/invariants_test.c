/* What is asserted while agents run: each of these programs breaks a rule from within, and is ended
 * with the rule's name. */
#include "agent/event_loop.h"
#include "agent/world.h"

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void nothing(struct agent *a)
{
    (void)a;
}

/* Runs a world whose first agent begins with `start`. */
static void run_world(void (*start)(struct agent *a), unsigned pool_threads)
{
    const struct agent_calls calls = {start, nothing, nothing};
    struct world *w = world_create(CROWD_CLOCK_VIRTUAL, 1);
    struct world_watch watch = {0};
    struct agent *a;
    w->pool_threads = pool_threads;
    struct agent_options options = {.kind = AGENT_TEST, .name = "first", .calls = &calls};
    if (agent_start(w, &options, &a) == STATUS_OK) {
        agent_unref(a);
        world_run(w, 0, 2000000000, &watch);
    }
    world_free(w);
}

/* The exit code of a process that runs that world, and what it says. */
static int run_apart(void (*start)(struct agent *a), unsigned pool_threads, char *said, size_t room)
{
    int ends[2], how = -1;
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        run_world(start, pool_threads);
        _exit(0);
    }
    close(ends[1]);
    ssize_t length = read(ends[0], said, room - 1);
    said[length > 0 ? length : 0] = '\0';
    close(ends[0]);
    waitpid(child, &how, 0);
    return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

static void assert_broken(void (*start)(struct agent *a), unsigned pool_threads, const char *rule)
{
    char said[1024];
    CU_ASSERT_EQUAL(run_apart(start, pool_threads, said, sizeof said), 70);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, rule));
}

/* ---- a task within a task (shows INV-01) ---- */

static void turn_again(struct task *t, struct agent *a)
{
    (void)t;
    event_loop_turn(a);
}

static void drop(struct task *t)
{
    free(t);
}

static void queue(struct agent *a, void (*run)(struct task *, struct agent *))
{
    struct task *t = calloc(1, sizeof *t);
    *t = (struct task){.run = run, .drop = drop};
    agent_queue(a, t);
}

static void two_at_once(struct agent *a)
{
    queue(a, turn_again);
    queue(a, turn_again);
}

static void test_one_at_a_time(void)
{
    assert_broken(two_at_once, 0, "R-JB-01");
}

/* ---- an agent that can block on a thread that others use (shows INV-04) ---- */

static void start_blocker(struct agent *a)
{
    static const struct agent_calls calls = {nothing, nothing, nothing};
    struct agent_options options = {.kind = AGENT_TEST, .name = "blocker", .calls = &calls};
    struct agent *blocker;
    if (agent_start(a->world, &options, &blocker) != STATUS_OK)
        return;
    blocker->can_block = true; /* its thread, which is this one, has not taken it in yet */
    agent_unref(blocker);
}

static void test_threads_of_blockers(void)
{
    assert_broken(start_blocker, 1, "R-AG-07");
}

/* ---- timers out of their order (shows INV-08) ---- */

static void fire(struct timer *t, struct agent *a)
{
    (void)t;
    (void)a;
}

static void forget(struct timer *t)
{
    (void)t;
}

static void disorder(struct agent *a)
{
    static struct timer timers[2] = {{.fire = fire, .drop = forget},
                                     {.fire = fire, .drop = forget}};
    timer_start(a, &timers[0], 0);
    timer_start(a, &timers[1], 0);
    timers[0].due = timers[1].due;
    timers[0].order = 7; /* it was the first */
}

static void test_order_of_timers(void)
{
    assert_broken(disorder, 0, "R-TM-06");
}

/* ---- and a world that breaks none ---- */

static void one_task(struct agent *a)
{
    static struct timer timer = {.fire = fire, .drop = forget};
    timer_start(a, &timer, 0);
}

static void test_nothing_broken(void)
{
    char said[1024];
    CU_ASSERT_EQUAL(run_apart(one_task, 0, said, sizeof said), 0);
    CU_ASSERT_STRING_EQUAL(said, "");
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("invariants", NULL, NULL);
    CU_add_test(suite, "one task at a time", test_one_at_a_time);
    CU_add_test(suite, "no thread serves two agents if one can block", test_threads_of_blockers);
    CU_add_test(suite, "timers in their order", test_order_of_timers);
    CU_add_test(suite, "nothing is broken", test_nothing_broken);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
