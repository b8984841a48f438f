/* What is asserted while agents run: each of these programs breaks a rule from within, and is ended
 * with the rule's name. */
#include "agent/event_loop.h"
#include "agent/world.h"
#include "message/envelope.h"
#include "message/port.h"

#include "../support/broken.h"

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

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

static void (*start_of_world)(struct agent *a);
static unsigned threads_of_world;

static void run_that_world(void)
{
    run_world(start_of_world, threads_of_world);
}

static int run_world_apart(void (*start)(struct agent *a), unsigned pool_threads, char *said, size_t room)
{
    start_of_world = start;
    threads_of_world = pool_threads;
    return run_apart(run_that_world, said, room);
}

static void assert_broken(void (*start)(struct agent *a), unsigned pool_threads, const char *rule)
{
    char said[1024];
    CU_ASSERT_EQUAL(run_world_apart(start, pool_threads, said, sizeof said), 70);
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

/* ---- queues out of their order (shows INV-07) ---- */

static void run_nothing(struct task *t, struct agent *a)
{
    (void)a;
    free(t);
}

/* Of two tasks of one source the second one comes first. */
static void overtake(struct agent *a)
{
    queue(a, run_nothing);
    queue(a, run_nothing);
    struct task *first = a->first, *second = first->next;
    second->next = first;
    first->next = NULL;
    a->first = second;
    a->last = first;
}

static void test_order_of_a_source(void)
{
    assert_broken(overtake, 0, "R-EL-01");
}

static void holder_stays(void *holder)
{
    (void)holder;
}

static void hear(void *holder, struct message *m)
{
    (void)holder;
    message_settle(m, MESSAGE_DELIVERED);
    message_free(m);
}

static const struct port_calls ears = {holder_stays, holder_stays, hear, holder_stays};

static struct message *letter(void)
{
    return message_new(1, 0);
}

/* A channel within the agent, its second end started. */
static struct port *open_channel(struct agent *a)
{
    struct port *ends[2];
    if (port_channel(&ends[0], &ends[1]) != STATUS_OK || port_attach(ends[0], a, &ears, NULL) != STATUS_OK ||
        port_attach(ends[1], a, &ears, NULL) != STATUS_OK)
        exit(1);
    port_start(ends[1]);
    return ends[0];
}

/* One that was posted gets lost, without a trace, before it arrives. */
static void skip_one(struct agent *a)
{
    struct port *p = open_channel(a);
    struct message *first = letter();
    port_post(p, first);
    port_post(p, letter());
    a->first = first->task.next;
}

static void test_order_of_a_port(void)
{
    assert_broken(skip_one, 0, "R-MP-05");
}

/* ---- messages without a fate, or with two (shows INV-14) ---- */

static void forget_one(struct agent *a)
{
    (void)a;
    message_free(letter());
}

static void deliver_twice(struct agent *a)
{
    struct message *m = letter();
    (void)a;
    message_settle(m, MESSAGE_DELIVERED);
    message_settle(m, MESSAGE_DELIVERED);
}

static void test_fates(void)
{
    assert_broken(forget_one, 0, "INV-14");
    assert_broken(deliver_twice, 0, "INV-14");
}

/* Through a port that is closed: lost, and it is on record why. */
static void test_losses(void)
{
    struct port *ends[2];
    uint64_t before = message_losses(LOST_CLOSED);
    CU_ASSERT_EQUAL_FATAL(port_channel(&ends[0], &ends[1]), STATUS_OK);
    port_close(ends[0]);
    port_post(ends[0], letter());
    CU_ASSERT_EQUAL(message_losses(LOST_CLOSED), before + 1);
    port_release(ends[0]);
    port_release(ends[1]);
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
    CU_ASSERT_EQUAL(run_world_apart(one_task, 0, said, sizeof said), 0);
    CU_ASSERT_STRING_EQUAL(said, "");
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("invariants", NULL, NULL);
    CU_add_test(suite, "one task at a time", test_one_at_a_time);
    CU_add_test(suite, "no thread serves two agents if one can block", test_threads_of_blockers);
    CU_add_test(suite, "timers in their order", test_order_of_timers);
    CU_add_test(suite, "a source in its order", test_order_of_a_source);
    CU_add_test(suite, "a port in its order", test_order_of_a_port);
    CU_add_test(suite, "every message has one fate", test_fates);
    CU_add_test(suite, "losses are on record", test_losses);
    CU_add_test(suite, "nothing is broken", test_nothing_broken);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
