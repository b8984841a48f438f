#include "cli/process_pool.h"

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
/* A process whose agents do not end by themselves after an item's time is killed after this much more. */
#define GRACE_NS INT64_C(5000000000)
/* A fresh process now and then: what an item may leave behind goes with the old one. */
#define ITEMS_PER_PROCESS 1000
#define EXIT_TO_BE_REPLACED 1

/* One process, as far as both sides see it. */
struct seat {
    _Atomic uint32_t index; /* of the item it runs; release by the process, acquire by the parent */
    _Atomic int64_t since;  /* relaxed: a hint for the time limit, checked again */
    pid_t pid;              /* parent; 0 = nobody */
};

struct shared {
    _Atomic uint32_t next; /* relaxed: a counter; what it guards was there before the fork */
    _Atomic uint32_t done; /* relaxed: for the progress line */
};

struct process_pool {
    struct process_pool_options options;
    struct shared *shared;
    struct seat *seats;
    _Atomic bool *ready; /* per item: its result stands; release by whoever has written it, acquire by process_pool_result */
    char *results;
};

/* Zeroed memory that forked processes share. */
static void *share(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    hd_assert(memory != MAP_FAILED);
    return memory;
}

struct process_pool *process_pool_create(const struct process_pool_options *options)
{
    struct process_pool *p = calloc(1, sizeof *p);
    hd_assert(p);
    p->options = *options;
    p->shared = share(sizeof *p->shared);
    p->seats = share(options->jobs * sizeof *p->seats);
    p->ready = share(options->count * sizeof *p->ready + 1);
    p->results = share(options->count * options->result_size + 1);
    return p;
}

void process_pool_free(struct process_pool *p)
{
    munmap(p->shared, sizeof *p->shared);
    munmap(p->seats, p->options.jobs * sizeof *p->seats);
    munmap(p->ready, p->options.count * sizeof *p->ready + 1);
    munmap(p->results, p->options.count * p->options.result_size + 1);
    free(p);
}

static void *result_of(const struct process_pool *p, size_t index)
{
    return p->results + index * p->options.result_size;
}

const void *process_pool_result(const struct process_pool *p, size_t index)
{
    return atomic_load_explicit(&p->ready[index], memory_order_acquire) ? result_of(p, index) : NULL;
}

static void item_done(struct process_pool *p, size_t index)
{
    atomic_store_explicit(&p->ready[index], true, memory_order_release);
    atomic_fetch_add_explicit(&p->shared->done, 1, memory_order_relaxed);
}

/* ---- in a process ---- */

static int work(struct process_pool *p, struct seat *seat)
{
    for (unsigned i = 0; i < ITEMS_PER_PROCESS; i++) {
        uint32_t index = atomic_fetch_add_explicit(&p->shared->next, 1, memory_order_relaxed);
        if (index >= p->options.count)
            return 0;
        atomic_store_explicit(&seat->since, clock_monotonic(), memory_order_relaxed);
        atomic_store_explicit(&seat->index, index, memory_order_release);
        p->options.run(p->options.context, index, result_of(p, index));
        item_done(p, index);
        atomic_store_explicit(&seat->index, NOTHING, memory_order_release);
    }
    return EXIT_TO_BE_REPLACED;
}

static void fill_seat(struct process_pool *p, struct seat *seat)
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

static void blame(struct process_pool *p, uint32_t index, int ended)
{
    char why[80];
    if (WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL)
        snprintf(why, sizeof why, "did not end within the time limit and was killed");
    else if (WIFSIGNALED(ended))
        snprintf(why, sizeof why, "crashed: %s", strsignal(WTERMSIG(ended)));
    else
        snprintf(why, sizeof why, "the process ended with %d", WEXITSTATUS(ended));
    p->options.blame(p->options.context, index, result_of(p, index), why);
    item_done(p, index);
}

static void reap(struct process_pool *p)
{
    int ended;
    for (unsigned i = 0; i < p->options.jobs; i++) {
        struct seat *seat = &p->seats[i];
        if (seat->pid <= 0 || waitpid(seat->pid, &ended, WNOHANG) != seat->pid)
            continue;
        seat->pid = 0;
        uint32_t index = atomic_load_explicit(&seat->index, memory_order_acquire);
        if (index != NOTHING && !process_pool_result(p, index))
            blame(p, index, ended);
        if (index != NOTHING || !WIFEXITED(ended) || WEXITSTATUS(ended) != 0)
            fill_seat(p, seat);
    }
}

static bool somebody_works(const struct process_pool *p)
{
    for (unsigned i = 0; i < p->options.jobs; i++)
        if (p->seats[i].pid > 0)
            return true;
    return false;
}

static void kill_overdue(struct process_pool *p)
{
    int64_t limit = (int64_t)p->options.time_limit + GRACE_NS;
    for (unsigned i = 0; i < p->options.jobs; i++) {
        struct seat *seat = &p->seats[i];
        if (seat->pid > 0 && atomic_load_explicit(&seat->index, memory_order_acquire) != NOTHING &&
            clock_monotonic() - atomic_load_explicit(&seat->since, memory_order_relaxed) > limit)
            kill(seat->pid, SIGKILL);
    }
}

static void end_all(struct process_pool *p)
{
    for (unsigned i = 0; i < p->options.jobs; i++)
        if (p->seats[i].pid > 0) {
            kill(p->seats[i].pid, SIGKILL);
            waitpid(p->seats[i].pid, NULL, 0);
        }
}

bool process_pool_run(struct process_pool *p)
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
