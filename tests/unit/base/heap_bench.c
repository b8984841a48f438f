/* Prints what the arena costs beside the C library's heap, and what an agent's memory costs to make
 * and to free. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap_arena.h"
#include "platform/agent_memory.h"
#include "platform/clock.h"
#include "platform/pages.h"

static struct heap_arena arena;
static void *blocks[4096];
static unsigned state = 1;

static unsigned next_random(void)
{
    return state = state * 1664525u + 1013904223u;
}

static double random_use(bool own, unsigned sizes)
{
    enum { STEPS = 2000000 };
    state = 1;
    int64_t start = clock_monotonic();
    for (int i = 0; i < STEPS; i++) {
        unsigned r = next_random() >> 8, k = r % 4096, size = 16 + (r >> 12) % sizes;
        if (blocks[k]) {
            own ? heap_arena_free(&arena, blocks[k]) : free(blocks[k]);
            blocks[k] = NULL;
        } else {
            blocks[k] = own ? heap_arena_alloc(&arena, size) : malloc(size);
        }
    }
    int64_t spent = clock_monotonic() - start;
    for (int k = 0; k < 4096; k++) {
        own ? heap_arena_free(&arena, blocks[k]) : free(blocks[k]);
        blocks[k] = NULL;
    }
    return (double)spent / STEPS;
}

static double growing(bool own)
{
    enum { ROUNDS = 2000 };
    int64_t start = clock_monotonic();
    for (int i = 0; i < ROUNDS; i++) {
        void *p = NULL;
        for (size_t size = 64; size < 200000; size += size / 2) {
            p = own ? heap_arena_realloc(&arena, p, size) : realloc(p, size);
        }
        own ? heap_arena_free(&arena, p) : free(p);
    }
    return (double)(clock_monotonic() - start) / ROUNDS;
}

static void agent(void)
{
    enum { ROUNDS = 200 };
    static struct agent_memory m[ROUNDS];
    int64_t t[8] = {0};

    for (int warm = 0; warm < 2; warm++) {
        t[0] = clock_monotonic();
        for (int i = 0; i < ROUNDS; i++) {
            agent_memory_create(0, 0, &m[i]);
        }
        t[1] = clock_monotonic();
        for (int i = 0; i < ROUNDS; i++) {
            if (warm) {
                agent_memory_warm(&m[i], 16 << 10, 192 << 10);
            }
            memset((char *)m[i].heap - (16 << 10), 1, (16 << 10) + (192 << 10));
        }
        t[2] = clock_monotonic();
        for (int i = 0; i < ROUNDS; i++) {
            agent_memory_free(&m[i]);
        }
        t[3] = clock_monotonic();
        printf("agent memory, us: reserve %.1f, touch 208 KiB %s %.1f, free %.1f\n",
               (double)(t[1] - t[0]) / ROUNDS / 1e3, warm ? "in one call" : "by faults",
               (double)(t[2] - t[1]) / ROUNDS / 1e3, (double)(t[3] - t[2]) / ROUNDS / 1e3);
    }
    for (int round = 0; round < 4; round++) {
        bool huge = round % 2;
        size_t big = (size_t)100 << 20;
        agent_memory_create(0, 0, &m[0]);
        if (!huge) {
            pages_no_huge(m[0].heap, m[0].heap_size);
        }
        t[0] = clock_monotonic();
        memset(m[0].heap, 1, big);
        t[1] = clock_monotonic();
        agent_memory_free(&m[0]);
        t[2] = clock_monotonic();
        printf("heap of 100 MiB, %s pages: touch %.2f ms, free %.2f ms\n", huge ? "huge" : "small",
               (double)(t[1] - t[0]) / 1e6, (double)(t[2] - t[1]) / 1e6);
    }
}

int main(void)
{
    struct agent_memory m;

    agent_memory_create(0, 0, &m);
    heap_arena_init(&arena, m.heap, m.heap_size, 0);
    for (int round = 0; round < 2; round++) {
        printf("ns per alloc or free: arena %.1f, malloc %.1f (16..271 bytes)\n",
               random_use(true, 256), random_use(false, 256));
        printf("ns per alloc or free: arena %.1f, malloc %.1f (16..8207 bytes)\n",
               random_use(true, 8192), random_use(false, 8192));
        printf("us to grow to 200,000 bytes: arena %.2f, malloc %.2f\n", growing(true) / 1e3,
               growing(false) / 1e3);
    }
    agent();
    return 0;
}
