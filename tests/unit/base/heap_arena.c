#include "base/heap_arena.h"

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites.h"

#define MIB ((size_t)1 << 20)

static struct heap_arena arena;
static char *memory;
static size_t memory_size;

static void fresh(size_t size, size_t limit)
{
    if (memory) {
        munmap(memory, memory_size);
    }
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                  -1, 0);
    CU_ASSERT_FATAL(memory != MAP_FAILED);
    memory_size = size;
    heap_arena_init(&arena, memory, size, limit);
}

static uint32_t random_state;

static uint32_t next_random(uint32_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % below;
}

/* Mostly small, sometimes large, like an engine's. */
static size_t random_size(void)
{
    switch (next_random(8)) {
    case 0:
        return next_random(next_random(8) ? 2000 : 64 << 10);
    case 1:
        return next_random(4096);
    case 2:
        return 4096;
    default:
        return next_random(300);
    }
}

static void test_sizes_and_alignment(void)
{
    fresh(16 * MIB, 0);
    for (size_t size = 0; size < 5000; size++) {
        char *p = heap_arena_alloc(&arena, size);
        CU_ASSERT_FATAL(p != NULL);
        CU_ASSERT((uintptr_t)p % 16 == 0);
        CU_ASSERT(heap_arena_usable_size(p) >= size);
        CU_ASSERT(heap_arena_usable_size(p) <= (size < 24 ? 24 : size + 15));
        CU_ASSERT(heap_arena_contains(&arena, p));
        memset(p, 0xa5, heap_arena_usable_size(p));
        if (size % 3) {
            heap_arena_free(&arena, p);
        }
    }
    heap_arena_check(&arena);
    CU_ASSERT_EQUAL(heap_arena_usable_size(NULL), 0);
    CU_ASSERT(!heap_arena_contains(&arena, &arena));
    CU_ASSERT(!heap_arena_contains(&arena, memory + memory_size));
    CU_ASSERT(!heap_arena_contains(&arena, memory - 1));
}

struct shadow {
    unsigned char *address;
    size_t size;
    unsigned char fill;
};

static bool shadow_holds(const struct shadow *s, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (s->address[i] != s->fill) {
            return false;
        }
    }
    return true;
}

static void shadow_fill(struct shadow *s, size_t size)
{
    s->size = size;
    s->fill = (unsigned char)next_random(256);
    memset(s->address, s->fill, size);
}

static void shadow_step(struct shadow *s, bool *sound)
{
    size_t size = random_size();

    if (!s->address) {
        bool zeroed = next_random(2);
        s->address = zeroed ? heap_arena_calloc(&arena, 1, size) : heap_arena_alloc(&arena, size);
        if (!s->address) {
            return;
        }
        s->fill = 0;
        *sound &= !zeroed || shadow_holds(s, size);
        shadow_fill(s, size);
    } else if (next_random(3) == 0 && size) {
        unsigned char *moved = heap_arena_realloc(&arena, s->address, size);
        if (!moved) {
            *sound &= shadow_holds(s, s->size);
            return;
        }
        s->address = moved;
        *sound &= shadow_holds(s, s->size < size ? s->size : size);
        shadow_fill(s, size);
    } else {
        *sound &= shadow_holds(s, s->size);
        heap_arena_free(&arena, s->address);
        s->address = NULL;
    }
}

static void discard(void *context, void *address, size_t size)
{
    ++*(int *)context;
    madvise(address, size, MADV_DONTNEED);
}

static void shadow_run(size_t size, size_t limit, unsigned count, unsigned steps)
{
    struct shadow *shadows = calloc(count, sizeof(*shadows));
    bool sound = true;
    int releases = 0;

    fresh(size, limit);
    heap_arena_on_release(&arena, discard, &releases, 64 << 10);
    for (unsigned i = 0; i < steps; i++) {
        shadow_step(&shadows[next_random(count)], &sound);
        if (i % 1024 == 0) {
            heap_arena_check(&arena);
        }
    }
    for (unsigned i = 0; i < count; i++) {
        if (shadows[i].address) {
            sound &= shadow_holds(&shadows[i], shadows[i].size);
            heap_arena_free(&arena, shadows[i].address);
        }
    }
    heap_arena_check(&arena);
    CU_ASSERT(sound);
    CU_ASSERT(releases > 0);
    CU_ASSERT_EQUAL(heap_arena_figures(&arena).used, 0);
    CU_ASSERT(heap_arena_figures(&arena).committed <= (64 << 10) + 16384);
    free(shadows);
}

static void test_against_shadow(void)
{
    const char *stress = getenv("HEDDLE_STRESS");
    unsigned factor = stress ? (unsigned)atoi(stress) : 1;

    for (unsigned seed = 1; seed <= 4; seed++) {
        random_state = seed * 2654435761u;
        shadow_run(64 * MIB, 0, 2000, 20000 * factor);  /* room enough */
        shadow_run(MIB, 0, 500, 20000 * factor);        /* the range is used up again and again */
        shadow_run(64 * MIB, MIB, 500, 20000 * factor); /* the limit is */
    }
}

static void test_exhaustion(void)
{
    fresh(MIB, 0);
    CU_ASSERT_PTR_NULL(heap_arena_alloc(&arena, MIB));
    CU_ASSERT_PTR_NULL(heap_arena_alloc(&arena, SIZE_MAX));
    CU_ASSERT_PTR_NULL(heap_arena_alloc(&arena, SIZE_MAX - 4));
    CU_ASSERT_PTR_NULL(heap_arena_calloc(&arena, SIZE_MAX / 2, 3));
    void *most = heap_arena_alloc(&arena, MIB - 64);
    CU_ASSERT_PTR_NOT_NULL(most);
    CU_ASSERT_PTR_NULL(heap_arena_alloc(&arena, 100));
    CU_ASSERT_PTR_NULL(heap_arena_realloc(&arena, most, MIB));
    heap_arena_free(&arena, most);
    CU_ASSERT_PTR_NOT_NULL(heap_arena_alloc(&arena, 100));

    fresh(16 * MIB, 100000);
    void *a = heap_arena_alloc(&arena, 60000);
    CU_ASSERT_PTR_NOT_NULL(a);
    CU_ASSERT_PTR_NULL(heap_arena_alloc(&arena, 60000));
    CU_ASSERT_PTR_NULL(heap_arena_realloc(&arena, a, 120000));
    CU_ASSERT_PTR_EQUAL(heap_arena_realloc(&arena, a, 90000), a);
    heap_arena_check(&arena);
}

/* Blocks that were freed side by side serve a request of their whole size, and nothing new is
 * touched. */
static void test_coalescing(void)
{
    enum { COUNT = 1000 };
    static char *blocks[COUNT];

    fresh(64 * MIB, 0);
    for (int i = 0; i < COUNT; i++) {
        blocks[i] = heap_arena_alloc(&arena, 1000);
    }
    char *fence = heap_arena_alloc(&arena, 16);
    size_t committed = heap_arena_figures(&arena).committed;
    for (int i = 0; i < COUNT; i += 2) {
        heap_arena_free(&arena, blocks[i]);
    }
    for (int i = COUNT - 1; i > 0; i -= 2) {
        heap_arena_free(&arena, blocks[i]);
    }
    heap_arena_check(&arena);
    char *whole = heap_arena_alloc(&arena, COUNT * 1000);
    CU_ASSERT_PTR_EQUAL(whole, blocks[0]);
    CU_ASSERT_EQUAL(heap_arena_figures(&arena).committed, committed);
    heap_arena_free(&arena, fence);
    heap_arena_free(&arena, whole);
    heap_arena_check(&arena);
}

static void test_realloc_in_place(void)
{
    fresh(64 * MIB, 0);
    char *last = heap_arena_alloc(&arena, 100);
    for (size_t size = 200; size < MIB; size *= 2) {
        CU_ASSERT_PTR_EQUAL(heap_arena_realloc(&arena, last, size), last);
    }
    CU_ASSERT_PTR_EQUAL(heap_arena_realloc(&arena, last, 50), last);
    char *second = heap_arena_alloc(&arena, 5000), *third = heap_arena_alloc(&arena, 5000);
    heap_arena_free(&arena, second);
    CU_ASSERT_PTR_EQUAL(heap_arena_realloc(&arena, last, 4000), last);
    heap_arena_check(&arena);
    heap_arena_free(&arena, third);
    CU_ASSERT_PTR_NULL(heap_arena_realloc(&arena, last, 0));
    CU_ASSERT_EQUAL(heap_arena_figures(&arena).used, 0);
}

static void test_untouched_and_returned_memory_is_zero(void)
{
    int releases = 0;

    fresh(256 * MIB, 0);
    heap_arena_on_release(&arena, discard, &releases, MIB);
    unsigned char *big = heap_arena_calloc(&arena, 1, 100 * MIB);
    CU_ASSERT_PTR_NOT_NULL_FATAL(big);
    CU_ASSERT(big[0] == 0 && big[100 * MIB - 1] == 0);
    memset(big, 1, 100 * MIB);
    heap_arena_free(&arena, big);
    CU_ASSERT_EQUAL(releases, 1);
    CU_ASSERT(heap_arena_figures(&arena).committed < 3 * 4096);
    big = heap_arena_calloc(&arena, 1, 100 * MIB);
    bool zero = true;
    for (size_t i = 0; i < 100 * MIB; i += 64) {
        zero &= big[i] == 0;
    }
    CU_ASSERT(zero);
    CU_ASSERT(heap_arena_figures(&arena).peak >= 100 * MIB);
}

/* Runs `fault` in a child: true if an assertion ended it. */
static bool noticed(void (*fault)(void))
{
    pid_t child = fork();
    if (child == 0) {
        freopen("/dev/null", "w", stderr);
        fault();
        _exit(0);
    }
    int how = 0;
    waitpid(child, &how, 0);
    return WIFEXITED(how) && WEXITSTATUS(how) == 70;
}

static void free_twice(void)
{
    char *a = heap_arena_alloc(&arena, 100), *b = heap_arena_alloc(&arena, 100);
    heap_arena_free(&arena, a);
    heap_arena_free(&arena, b);
    heap_arena_free(&arena, a);
}

static void free_inside(void)
{
    char *a = heap_arena_calloc(&arena, 1, 100);
    heap_arena_free(&arena, a + 16);
}

static void free_foreign(void)
{
    static char outside[64] __attribute__((aligned(16)));
    heap_arena_free(&arena, outside + 16);
}

static void overrun_into_header(void)
{
    char *a = heap_arena_alloc(&arena, 24), *b = heap_arena_alloc(&arena, 24);
    memset(a, 0xff, 32);
    heap_arena_free(&arena, b);
}

static void test_misuse_is_noticed(void)
{
    fresh(MIB, 0);
    CU_ASSERT(noticed(free_twice));
    CU_ASSERT(noticed(free_inside));
    CU_ASSERT(noticed(free_foreign));
    CU_ASSERT(noticed(overrun_into_header));
}

void heap_arena_suite(void)
{
    CU_pSuite s = CU_add_suite("heap arena", NULL, NULL);
    CU_add_test(s, "sizes and alignment", test_sizes_and_alignment);
    CU_add_test(s, "random use agrees with a shadow model", test_against_shadow);
    CU_add_test(s, "exhaustion and limit", test_exhaustion);
    CU_add_test(s, "neighbours coalesce", test_coalescing);
    CU_add_test(s, "realloc in place", test_realloc_in_place);
    CU_add_test(s, "untouched and returned memory is zero",
                test_untouched_and_returned_memory_is_zero);
    CU_add_test(s, "misuse is noticed", test_misuse_is_noticed);
}
