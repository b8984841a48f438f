#include "cli/test262_pool.h"

#include "base/assert.h"
#include "platform/clock.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOTHING UINT32_MAX
#define TICK_NS 20000000
/* A process whose agents do not end by themselves after a test's time is killed after this much more. */
#define GRACE_NS INT64_C(5000000000)
/* A fresh process now and then: what a test may leave behind goes with the old one. */
#define FILES_PER_PROCESS 1000
#define EXIT_TO_BE_REPLACED 1

/* One process, as far as both sides see it. */
struct seat {
    _Atomic uint32_t index; /* of the test it runs; release by the process, acquire by the parent */
    _Atomic int64_t since;  /* relaxed: a hint for the time limit, checked again */
    pid_t pid;              /* parent; 0 = nobody */
};

struct shared {
    _Atomic uint32_t next; /* relaxed: a counter; what it guards was there before the fork */
    _Atomic uint32_t done; /* relaxed: for the progress line */
};

struct test262_pool {
    struct test262_pool_options options;
    struct shared *shared;
    struct seat *seats;
    struct test262_file *files;
};

/* Zeroed memory that forked processes share. */
static void *share(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    hd_assert(memory != MAP_FAILED);
    return memory;
}

struct test262_pool *test262_pool_create(const struct test262_pool_options *options)
{
    struct test262_pool *p = calloc(1, sizeof *p);
    hd_assert(p);
    p->options = *options;
    p->shared = share(sizeof *p->shared);
    p->seats = share(options->jobs * sizeof *p->seats);
    p->files = share(options->suite->count * sizeof *p->files + 1);
    return p;
}

void test262_pool_free(struct test262_pool *p)
{
    munmap(p->shared, sizeof *p->shared);
    munmap(p->seats, p->options.jobs * sizeof *p->seats);
    munmap(p->files, p->options.suite->count * sizeof *p->files + 1);
    free(p);
}

const struct test262_file *test262_pool_file(const struct test262_pool *p, size_t index)
{
    return &p->files[index];
}

/* ---- in a process ---- */

static int work(struct test262_pool *p, struct seat *seat)
{
    const struct test262_suite *s = p->options.suite;
    for (unsigned i = 0; i < FILES_PER_PROCESS; i++) {
        uint32_t index = atomic_fetch_add_explicit(&p->shared->next, 1, memory_order_relaxed);
        if (index >= s->count)
            return 0;
        struct test262_file *f = &p->files[index];
        atomic_store_explicit(&seat->since, clock_monotonic(), memory_order_relaxed);
        atomic_store_explicit(&seat->index, index, memory_order_release);
        int count = test262_suite_run(s, s->paths[index], p->options.expectations, p->options.time_limit, f->outcomes);
        atomic_store_explicit(&f->count, (uint32_t)count, memory_order_release);
        atomic_store_explicit(&seat->index, NOTHING, memory_order_release);
        atomic_fetch_add_explicit(&p->shared->done, 1, memory_order_relaxed);
    }
    return EXIT_TO_BE_REPLACED;
}

static void fill_seat(struct test262_pool *p, struct seat *seat)
{
    atomic_store_explicit(&seat->index, NOTHING, memory_order_relaxed);
    fflush(NULL);
    pid_t parent = getpid();
    pid_t pid = fork();
    hd_assert(pid >= 0);
    if (pid > 0) {
        seat->pid = pid;
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN);
    _exit(getppid() == parent ? work(p, seat) : 0);
}

/* ---- in the parent ---- */

/* The process ended in the middle of a test: the first mode without an outcome failed; a later one
 * is not run. */
static void blame(struct test262_pool *p, uint32_t index, int ended)
{
    struct test262_file *f = &p->files[index];
    uint32_t count = 0;
    while (count < TEST262_MODES && f->outcomes[count].kind != TEST262_NOT_RUN)
        count++;
    if (count == TEST262_MODES)
        count--;
    struct test262_outcome *o = &f->outcomes[count];
    o->kind = TEST262_FAILED;
    if (WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL)
        snprintf(o->reason, sizeof o->reason, "did not end within the time limit and was killed");
    else if (WIFSIGNALED(ended))
        snprintf(o->reason, sizeof o->reason, "crashed: %s", strsignal(WTERMSIG(ended)));
    else
        snprintf(o->reason, sizeof o->reason, "the process ended with %d", WEXITSTATUS(ended));
    atomic_store_explicit(&f->count, count + 1, memory_order_release);
    atomic_fetch_add_explicit(&p->shared->done, 1, memory_order_relaxed);
}

static void reap(struct test262_pool *p)
{
    int ended;
    for (unsigned i = 0; i < p->options.jobs; i++) {
        struct seat *seat = &p->seats[i];
        if (seat->pid <= 0 || waitpid(seat->pid, &ended, WNOHANG) != seat->pid)
            continue;
        seat->pid = 0;
        uint32_t index = atomic_load_explicit(&seat->index, memory_order_acquire);
        if (index != NOTHING)
            blame(p, index, ended);
        if (index != NOTHING || !WIFEXITED(ended) || WEXITSTATUS(ended) != 0)
            fill_seat(p, seat);
    }
}

static bool somebody_works(const struct test262_pool *p)
{
    for (unsigned i = 0; i < p->options.jobs; i++)
        if (p->seats[i].pid > 0)
            return true;
    return false;
}

static void kill_overdue(struct test262_pool *p)
{
    int64_t limit = (int64_t)p->options.time_limit * TEST262_MODES + GRACE_NS;
    for (unsigned i = 0; i < p->options.jobs; i++) {
        struct seat *seat = &p->seats[i];
        if (seat->pid > 0 && atomic_load_explicit(&seat->index, memory_order_acquire) != NOTHING &&
            clock_monotonic() - atomic_load_explicit(&seat->since, memory_order_relaxed) > limit)
            kill(seat->pid, SIGKILL);
    }
}

static void end_all(struct test262_pool *p)
{
    for (unsigned i = 0; i < p->options.jobs; i++)
        if (p->seats[i].pid > 0) {
            kill(p->seats[i].pid, SIGKILL);
            waitpid(p->seats[i].pid, NULL, 0);
        }
}

bool test262_pool_run(struct test262_pool *p)
{
    const struct timespec pause = {.tv_nsec = TICK_NS};
    for (unsigned i = 0; i < p->options.jobs; i++)
        fill_seat(p, &p->seats[i]);
    while (somebody_works(p)) {
        nanosleep(&pause, NULL);
        kill_overdue(p);
        reap(p);
        if (!p->options.tick(p->options.context, atomic_load_explicit(&p->shared->done, memory_order_relaxed))) {
            end_all(p);
            return false;
        }
    }
    return true;
}
