/* What a hand-over by wait and notify costs. The figures are printed, never asserted: the machine
 * may be busy. */
#include "suites.h"

#include "../platform/team.h"
#include "memory/block_access.h"
#include "memory/waiter_list.h"
#include "platform/clock.h"
#include "platform/cpu.h"

#include <sched.h>
#include <stdio.h>
#include <time.h>

struct game {
    struct shared_block *block;
    uint64_t offset; /* two cells, each in a cache line of its own */
    long rounds;
    struct game *games;
};

/* Waits until the own cell is 1, clears it, sets the other's. */
static void play(struct member *m)
{
    struct game *g = &((struct game *)m->data)[m->index / 2];
    uint64_t own = g->offset + (m->index % 2 ? 64 : 0), other = g->offset + (m->index % 2 ? 0 : 64);
    uint8_t *bytes = shared_block_bytes(g->block);
    for (long i = 0; i < g->rounds; i++) {
        if (m->index % 2 == 0) {
            atomics_store(bytes + other, 4, 1);
            waiter_notify(g->block, other, 1);
        }
        while (atomics_load(bytes + own, 4) == 0)
            waiter_wait(g->block, own, 4, 0, CROWD_NEVER, &m->parker, NULL, NULL);
        atomics_store(bytes + own, 4, 0);
        if (m->index % 2) {
            atomics_store(bytes + other, 4, 1);
            waiter_notify(g->block, other, 1);
        }
    }
}

static int64_t process_cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Round trips per second over all pairs, the best of some runs; and CPU time per round trip. */
static void measure(const char *name, int pairs, long rounds, bool never_spin)
{
    double best = 0, cpu = 0;
    for (int run = 0; run < 3; run++) {
        struct game *games = calloc((size_t)pairs, sizeof *games);
        struct shared_block *block;
        struct team t;
        CU_ASSERT_EQUAL_FATAL(
            shared_block_create((uint64_t)pairs * 128, SHARED_BLOCK_FIXED, &block), STATUS_OK);
        team_begin(&t, CROWD_CLOCK_VIRTUAL, 2 * pairs);
        t.crowd.never_spin = never_spin;
        for (int i = 0; i < pairs; i++)
            games[i] = (struct game){block, (uint64_t)i * 128, rounds / pairs, NULL};
        int64_t start = clock_monotonic(), cpu_start = process_cpu();
        for (int i = 0; i < 2 * pairs; i++)
            team_add(&t, play, games);
        team_end(&t);
        double trips = (double)(rounds / pairs * pairs);
        double rate = trips * 1e9 / (double)(clock_monotonic() - start);
        if (rate > best) {
            best = rate;
            cpu = (double)(process_cpu() - cpu_start) / trips;
        }
        shared_block_unref(block);
        free(games);
    }
    printf("\n    %-32s %9.0f round trips/s, %6.0f ns of CPU each", name, best, cpu);
    fflush(stdout);
}

static void test_two_cores(void)
{
    measure("one pair", 1, stress(30000), false);
    measure("one pair, never spinning", 1, stress(3000), true);
}

static void test_many_pairs(void)
{
    int pairs[] = {2, 8, 64};
    for (int i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "%d pairs", pairs[i]);
        measure(name, pairs[i], stress(8000), false);
        snprintf(name, sizeof name, "%d pairs, never spinning", pairs[i]);
        measure(name, pairs[i], stress(8000), true);
    }
}

static void test_one_core(void)
{
    cpu_set_t before, one;
    CPU_ZERO(&one);
    sched_getaffinity(0, sizeof before, &before);
    for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); cpu++)
        if (CPU_ISSET(cpu, &before))
            CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
    cpu_allowed_refresh();
    measure("one pair on one core", 1, stress(20000), false);
    measure("8 pairs on one core", 8, stress(20000), false);
    sched_setaffinity(0, sizeof before, &before);
    cpu_allowed_refresh();
}

void add_hand_over_suite(void)
{
    CU_pSuite suite = CU_add_suite("hand-over", NULL, NULL);
    CU_add_test(suite, "between two threads", test_two_cores);
    CU_add_test(suite, "between many threads", test_many_pairs);
    CU_add_test(suite, "on one core", test_one_core);
}
