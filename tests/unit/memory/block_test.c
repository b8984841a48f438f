#include "suites.h"

#include "memory/block_access.h"
#include "memory/shared_block.h"
#include "memory/shared_range.h"
#include "platform/rcu.h"
#include "platform/thread.h"

#include "../platform/team.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

static struct shared_block *make(uint64_t length, uint64_t max)
{
    struct shared_block *block = NULL;
    CU_ASSERT_EQUAL_FATAL(shared_block_create(length, max, &block), STATUS_OK);
    return block;
}

static bool is_zero(struct shared_block *block)
{
    const uint8_t *bytes = shared_block_bytes(block);
    for (uint64_t i = 0; i < shared_block_byte_length(block); i++)
        if (bytes[i])
            return false;
    return true;
}

static void test_create(void)
{
    uint64_t lengths[] = {0, 1, 64, 65, 4096, 32768, 32769, 65536, 1000000};
    uint64_t last = 0;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct shared_block *block = make(lengths[i], SHARED_BLOCK_FIXED);
        CU_ASSERT_EQUAL(shared_block_byte_length(block), lengths[i]);
        CU_ASSERT_EQUAL(shared_block_max(block), lengths[i]);
        CU_ASSERT_FALSE(shared_block_growable(block));
        CU_ASSERT(shared_range_holds(shared_block_bytes(block)));
        CU_ASSERT_EQUAL((uintptr_t)shared_block_bytes(block) % 64, 0);
        CU_ASSERT(shared_block_id(block) > last);
        CU_ASSERT(is_zero(block));
        last = shared_block_id(block);
        shared_block_unref(block);
    }
}

static void test_limits(void)
{
    struct shared_block *block;
    CU_ASSERT_EQUAL(shared_block_create(SHARED_BLOCK_LARGEST + 1, SHARED_BLOCK_FIXED, &block),
                    STATUS_RANGE);
    CU_ASSERT_EQUAL(shared_block_create(9, 8, &block), STATUS_RANGE);
    CU_ASSERT_EQUAL(shared_block_create(0, SHARED_BLOCK_LARGEST + 1, &block), STATUS_RANGE);
    CU_ASSERT_PTR_NULL(block);
    block = make(SHARED_BLOCK_LARGEST, SHARED_BLOCK_FIXED);
    uint8_t *bytes = shared_block_bytes(block);
    bytes[0] = 1;
    bytes[SHARED_BLOCK_LARGEST - 1] = 2;
    uint64_t offset;
    CU_ASSERT_PTR_EQUAL(shared_block_of(bytes + SHARED_BLOCK_LARGEST - 1, &offset), block);
    CU_ASSERT_EQUAL(offset, SHARED_BLOCK_LARGEST - 1);
    shared_block_unref(block);
    block = make(SHARED_BLOCK_LARGEST, SHARED_BLOCK_FIXED);
    CU_ASSERT_EQUAL(shared_block_bytes(block)[0], 0);
    CU_ASSERT_EQUAL(shared_block_bytes(block)[SHARED_BLOCK_LARGEST - 1], 0);
    shared_block_unref(block);
}

/* The range holds 32 of the largest; then it is full, and all of it comes back. */
static void test_exhaustion(void)
{
    struct shared_block *blocks[64];
    for (int round = 0; round < 2; round++) {
        int count = 0;
        while (count < 64 && shared_block_create(SHARED_BLOCK_LARGEST, SHARED_BLOCK_FIXED,
                                                 &blocks[count]) == STATUS_OK)
            count++;
        CU_ASSERT(count >= 31 && count <= 32);
        while (count)
            shared_block_unref(blocks[--count]);
    }
}

static void test_grow(void)
{
    struct shared_block *block = make(8, SHARED_BLOCK_FIXED);
    CU_ASSERT_EQUAL(shared_block_grow(block, 8), STATUS_STATE);
    shared_block_unref(block);
    block = make(8, 100000);
    CU_ASSERT(shared_block_growable(block));
    CU_ASSERT_EQUAL(shared_block_max(block), 100000);
    CU_ASSERT_EQUAL(shared_block_grow(block, 8), STATUS_OK);
    CU_ASSERT_EQUAL(shared_block_grow(block, 7), STATUS_RANGE);
    CU_ASSERT_EQUAL(shared_block_grow(block, 100001), STATUS_RANGE);
    CU_ASSERT_EQUAL(shared_block_grow(block, 100000), STATUS_OK);
    CU_ASSERT_EQUAL(shared_block_byte_length(block), 100000);
    CU_ASSERT(is_zero(block));
    memset(shared_block_bytes(block), 0xff, 100000);
    shared_block_unref(block);
    block = make(100000, SHARED_BLOCK_FIXED);
    CU_ASSERT(is_zero(block));
    shared_block_unref(block);
}

/* Whatever was written, the next owner of the bytes reads zeros, and every byte knows its block. */
static void test_reuse(void)
{
    struct shared_block *live[64] = {NULL};
    uint64_t seed = 1;
    for (long i = 0; i < stress(10000); i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        struct shared_block **at = &live[(seed >> 33) % 64];
        if (*at) {
            memset(shared_block_bytes(*at), 0xa5, shared_block_byte_length(*at));
            shared_block_unref(*at);
            *at = NULL;
            continue;
        }
        uint64_t length = (seed >> 40) % (1u << ((seed >> 20) % 17));
        *at = make(length, SHARED_BLOCK_FIXED);
        CU_ASSERT_FATAL(is_zero(*at));
        uint64_t offset = 1, middle = length / 2;
        CU_ASSERT_PTR_EQUAL_FATAL(shared_block_of(shared_block_bytes(*at) + middle, &offset), *at);
        CU_ASSERT_EQUAL_FATAL(offset, middle);
    }
    for (int i = 0; i < 64; i++)
        if (live[i])
            shared_block_unref(live[i]);
    CU_ASSERT_EQUAL(shared_block_count(), 0);
    CU_ASSERT_PTR_NULL(shared_block_of(&seed, NULL));
}

#define THREADS 4

struct crew {
    struct shared_block *block;
    _Atomic uint64_t successes;
    _Atomic int started;
};

static void run_crew(struct crew *crew, void (*run)(void *))
{
    thread threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(thread_start(&threads[i], NULL, 256 * 1024, run, crew), STATUS_OK);
    for (int i = 0; i < THREADS; i++)
        thread_join(&threads[i]);
}

static void churn(void *context)
{
    rcu_thread_register();
    for (long i = 0; i < stress(600); i++) {
        struct shared_block *block;
        if (shared_block_create((uint64_t)(i * 37 % 70000), SHARED_BLOCK_FIXED, &block) !=
            STATUS_OK)
            abort();
        if (!is_zero(block) || shared_block_of(shared_block_bytes(block), NULL) != block)
            abort();
        memset(shared_block_bytes(block), (int)i | 1, shared_block_byte_length(block));
        shared_block_unref(block);
    }
    rcu_thread_unregister();
}

static void test_churn(void)
{
    struct crew crew = {.block = NULL};
    run_crew(&crew, churn);
    CU_ASSERT_EQUAL(shared_block_count(), 0);
}

/* Everybody tries every length upwards; each length is reached at most once. */
static void race_to_grow(void *context)
{
    struct crew *crew = context;
    rcu_thread_register();
    struct shared_block *block = shared_block_ref(crew->block);
    uint64_t last = 0;
    for (;;) {
        uint64_t length = shared_block_byte_length(block);
        if (length < last)
            abort();
        last = length;
        if (length == shared_block_max(block))
            break;
        status s = shared_block_grow(block, length + 1);
        if (s != STATUS_OK && s != STATUS_RANGE)
            abort();
        if (s == STATUS_OK)
            atomic_fetch_add(&crew->successes, 1);
        if (s == STATUS_RANGE && shared_block_byte_length(block) <= length)
            abort();
    }
    shared_block_unref(block);
    rcu_thread_unregister();
}

static void test_grow_race(void)
{
    struct crew crew = {.block = make(0, 20000)};
    run_crew(&crew, race_to_grow);
    CU_ASSERT_EQUAL(shared_block_byte_length(crew.block), 20000);
    CU_ASSERT(crew.successes >= 20000); /* a racing grow to the same length is a success too */
    CU_ASSERT(is_zero(crew.block));
    shared_block_unref(crew.block);
}

/* Whoever lets go last ends the block, after everything that the others did with it. */
static void let_go(void *context)
{
    struct crew *crew = context;
    rcu_thread_register();
    /* relaxed: all run at once, and only the references order what they do */
    int index = atomic_fetch_add_explicit(&crew->started, 1, memory_order_relaxed);
    while (atomic_load_explicit(&crew->started, memory_order_relaxed) < THREADS)
        sched_yield();
    shared_block_bytes(crew->block)[index] = 1;
    shared_block_unref(crew->block);
    rcu_thread_unregister();
}

static void test_last_reference(void)
{
    for (long i = 0; i < stress(100); i++) {
        struct crew crew = {.block = make(1000, SHARED_BLOCK_FIXED)};
        for (int k = 1; k < THREADS; k++)
            shared_block_ref(crew.block);
        run_crew(&crew, let_go);
        CU_ASSERT_EQUAL_FATAL(shared_block_count(), 0);
    }
}

void add_block_suite(void)
{
    CU_pSuite suite = CU_add_suite("blocks", NULL, NULL);
    CU_add_test(suite, "a new block is zeroed, aligned and in the range", test_create);
    CU_add_test(suite, "lengths are limited", test_limits);
    CU_add_test(suite, "the range is exhausted and comes back", test_exhaustion);
    CU_add_test(suite, "grow keeps to its rules", test_grow);
    CU_add_test(suite, "reused bytes are zero and know their block", test_reuse);
    CU_add_test(suite, "threads create and end blocks at once", test_churn);
    CU_add_test(suite, "the last reference ends the block", test_last_reference);
    CU_add_test(suite, "racing grows are ordered", test_grow_race);
}
