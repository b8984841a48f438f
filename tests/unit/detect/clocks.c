/* Vector clocks of more threads than have a place of their own, against plain arrays of times. */
#include "program.h"

#include "detect/clock.h"

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = CLOCK_DENSE + 100, CLOCKS = 6, STEPS = 20000 };

static bool raise_plain(uint64_t *c, uint32_t thread, uint64_t time)
{
    bool news = c[thread] < time;
    if (news)
        c[thread] = time;
    return news;
}

static bool join_plain(uint64_t *c, const uint64_t *from)
{
    bool news = false;
    for (uint32_t t = 0; t < THREADS; t++)
        news |= raise_plain(c, t, from[t]);
    return news;
}

static void test_random_clocks(void)
{
    static struct clock clocks[CLOCKS];
    static uint64_t plain[CLOCKS][THREADS];
    unsigned short seed[3] = {1, 2, 3};
    for (int step = 0; step < STEPS; step++) {
        long number = nrand48(seed);
        int a = (int)(number % CLOCKS), b = (int)(number / CLOCKS % CLOCKS);
        if (number >> 20 & 3) {
            /* Few threads at first, so that the lists differ much. */
            uint32_t thread = (uint32_t)(nrand48(seed) % (1 + (long)THREADS * step / STEPS));
            uint64_t time = (uint64_t)(nrand48(seed) % 50);
            CU_ASSERT_EQUAL(clock_raise(&clocks[a], thread, time), raise_plain(plain[a], thread, time));
        } else if (number >> 22 & 7) {
            struct past *p = clock_past(&clocks[b]);
            CU_ASSERT_EQUAL(clock_join(&clocks[a], p), join_plain(plain[a], plain[b]));
            past_unref(p);
        } else {
            clock_release(&clocks[a]);
            memset(&clocks[a], 0, sizeof clocks[a]);
            memset(plain[a], 0, sizeof plain[a]);
        }
        for (uint32_t t = 0; t < THREADS; t += 7)
            CU_ASSERT_EQUAL(clock_of(&clocks[a], t), plain[a][t]);
    }
    for (int i = 0; i < CLOCKS; i++) {
        for (uint32_t t = 0; t < THREADS; t++)
            CU_ASSERT_EQUAL(clock_of(&clocks[i], t), plain[i][t]);
        clock_release(&clocks[i]);
    }
}

void add_clock_tests(void *suite)
{
    CU_add_test(suite, "clocks of many threads", test_random_clocks);
}
