/* The detector under real parallelism: what is ordered stays silent, what is not is found, whatever
 * the timing. Also what the sanitizers look at. */
#include "program.h"

#include "detect/access.h"
#include "detect/detect.h"
#include "memory/block_access.h"
#include "memory/shared_block.h"
#include "memory/waiter_list.h"
#include "platform/rcu.h"
#include "platform/thread.h"

#include <CUnit/CUnit.h>
#include <sched.h>
#include <stdlib.h>

#define TEAM 4u
#define ROUNDS 3000u
#define LOCK 0u   /* offsets of cells */
#define DATA 4u   /* under the lock */
#define READY 64u /* the reader's flag */

static struct shared_block *block;
static void *const run = &block;
static bool
    careless; /* agent 0 forgets the lock, last of all; agent 1 comes once more when it has */
static _Atomic bool forgotten; /* the detector does not see it, so that it orders nothing for it */

static uint8_t *at(uint64_t offset)
{
    return shared_block_bytes(block) + offset;
}

static uint64_t exchange(uint64_t offset, uint32_t value)
{
    OBSERVE(atomic_begin, at(offset), 4);
    uint64_t before = atomics_exchange(at(offset), 4, value);
    OBSERVE(atomic_end, at(offset), 4, OBSERVE_RMW);
    return before;
}

static void store(uint64_t offset, uint32_t value)
{
    OBSERVE(atomic_begin, at(offset), 4);
    atomics_store(at(offset), 4, value);
    OBSERVE(atomic_end, at(offset), 4, OBSERVE_WRITE);
}

static void add_one(uint64_t offset)
{
    uint32_t value;
    block_read(block, offset, &value, 4);
    value++;
    block_write(block, offset, &value, 4);
}

/* A lock made of Atomics, and under it accesses of all sizes. */
static void locked_round(unsigned me, unsigned round)
{
    while (exchange(LOCK, 1))
        sched_yield();
    add_one(DATA);
    block_fill(block, DATA + 4 + round % 8, (uint8_t)round, 1 + round % 13);
    uint64_t wide;
    block_read(block, DATA + 4, &wide, 8);
    store(LOCK, 0);
    add_one(128 + 64 * me); /* its own */
}

static void work(void *context)
{
    unsigned me = (unsigned)(uintptr_t)context;
    observe_agent_begin(run, me + 1, "worker", "agent");
    for (unsigned round = 0; round < ROUNDS; round++)
        locked_round(me, round);
    if (careless && me == 0) {
        add_one(DATA);
        atomic_store_explicit(&forgotten, true, memory_order_release);
    } else if (careless && me == 1) {
        while (!atomic_load_explicit(&forgotten, memory_order_acquire))
            sched_yield();
        locked_round(me, 0);
    }
    OBSERVE(agent_end);
}

static unsigned run_team(bool with_care)
{
    thread team[TEAM];
    unsigned races = 0;
    careless = !with_care;
    atomic_store_explicit(&forgotten, false, memory_order_relaxed);
    CU_ASSERT_EQUAL_FATAL(detect_open(NULL), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(shared_block_create(1024, SHARED_BLOCK_FIXED, &block), STATUS_OK);
    OBSERVE(block_share, block);
    for (unsigned i = 0; i < TEAM; i++)
        CU_ASSERT_EQUAL_FATAL(
            thread_start(&team[i], NULL, (size_t)1 << 20, work, (void *)(uintptr_t)i), STATUS_OK);
    for (unsigned i = 0; i < TEAM; i++)
        thread_join(&team[i]);
    for (const struct race *r = detect_races(run); r; r = detect_next_race(r)) {
        CU_ASSERT(r->offset >= DATA &&
                  r->offset < DATA + 32); /* nothing but what the lock guards */
        races++;
    }
    CU_ASSERT_EQUAL(detect_figures(run).blocks, 1);
    shared_block_unref(block);
    detect_close(run, false);
    return races;
}

static void test_locked(void)
{
    CU_ASSERT_EQUAL(run_team(true), 0);
}

static void test_careless(void)
{
    CU_ASSERT(run_team(false) > 0);
}

/* ---- messages, sections and lengths between threads ---- */

static struct observe_edge *_Atomic mailbox;

static void send_rounds(void *context)
{
    observe_agent_begin(run, 1, "sender", "agent");
    for (unsigned round = 0; round < ROUNDS; round++) {
        while (atomic_load_explicit(&mailbox, memory_order_acquire))
            sched_yield();
        block_fill(block, 8 * (round % 64), (uint8_t)round, 8);
        /* release: pairs with the acquire in receive_rounds */
        atomic_store_explicit(&mailbox, observe_send(OBSERVE_MESSAGE), memory_order_release);
    }
    OBSERVE(agent_end);
}

static void receive_rounds(void *context)
{
    uint64_t value;
    observe_agent_begin(run, 2, "receiver", "agent");
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct observe_edge *edge;
        while (!(edge = atomic_load_explicit(&mailbox, memory_order_acquire)))
            sched_yield();
        observe_receive(edge);
        block_read(block, 8 * (round % 64), &value, 8);
        atomic_store_explicit(&mailbox, NULL, memory_order_release);
    }
    OBSERVE(agent_end);
}

/* The sender comes round to a place only after 64 messages, but nothing ever tells it that the
 * receiver has read: the reads and the later writes are unordered, the writes and the reads are
 * not. */
static void test_messages(void)
{
    thread one, two;
    CU_ASSERT_EQUAL_FATAL(detect_open(NULL), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(shared_block_create(1024, SHARED_BLOCK_FIXED, &block), STATUS_OK);
    OBSERVE(block_share, block);
    thread_start(&one, NULL, (size_t)1 << 20, send_rounds, NULL);
    thread_start(&two, NULL, (size_t)1 << 20, receive_rounds, NULL);
    thread_join(&one);
    thread_join(&two);
    for (const struct race *r = detect_races(run); r; r = detect_next_race(r)) {
        CU_ASSERT_EQUAL(r->older.access, OBSERVE_READ);
        CU_ASSERT_EQUAL(r->newer.access, OBSERVE_WRITE);
        CU_ASSERT(r->class == RACE_UNORDERED || r->class == RACE_UNDECIDED);
    }
    shared_block_unref(block);
    detect_close(run, false);
}

/* ---- everything at once ---- */

enum { WHIRL = 2000 };

static struct shared_block *growing;

/* A place of its own for every few accesses: the table of sites grows all the time. */
static OBSERVE_THREAD unsigned whirl_line;

static unsigned whirl_keys(void *context, uintptr_t keys[OBSERVE_FRAMES])
{
    keys[0] = whirl_line;
    return 1;
}

static uintptr_t whirl_top(void *context)
{
    return whirl_line;
}

static void whirl_frames(void *context, void (*visit)(void *, const struct observe_frame *), void *to)
{
    visit(to, &(struct observe_frame){.function = "", .file = "whirl", .line = whirl_line, .column = 1});
}

static enum observe_view whirl_view(void *context, const void *address, const void **base)
{
    *base = address;
    return OBSERVE_VIEW_NONE;
}

static const struct observe_locator whirl_locator = {whirl_keys, whirl_top, whirl_frames, whirl_view};

/* Races at ever new places, critical sections, lengths, and blocks that come and go. */
static void whirl(void *context)
{
    unsigned me = (unsigned)(uintptr_t)context;
    rcu_thread_register();
    observe_agent_begin(run, me + 1, "whirl", "agent");
    observe_set_locator(&whirl_locator, &whirl_line);
    for (unsigned i = 0; i < WHIRL; i++) {
        struct shared_block *own;
        whirl_line = 1 + (me * WHIRL + i) % 500;
        add_one(4 * (i % 64));
        waiter_notify(block, 4 * (i % 8), 1); /* a critical section */
        OBSERVE(length_begin, growing);
        OBSERVE(length_end, growing, i % 16 ? OBSERVE_READ : OBSERVE_RMW);
        if (i % 64 == 0 && shared_block_create(64, SHARED_BLOCK_FIXED, &own) == STATUS_OK) {
            OBSERVE(block_share, own);
            shared_block_unref(own);
        }
    }
    observe_set_locator(NULL, NULL);
    OBSERVE(agent_end);
    rcu_thread_unregister();
}

static void test_whirl(void)
{
    thread team[TEAM];
    CU_ASSERT_EQUAL_FATAL(detect_open(NULL), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(shared_block_create(1024, SHARED_BLOCK_FIXED, &block), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(shared_block_create(64, 128, &growing), STATUS_OK);
    OBSERVE(block_share, block);
    OBSERVE(block_share, growing);
    for (unsigned i = 0; i < TEAM; i++)
        CU_ASSERT_EQUAL_FATAL(
            thread_start(&team[i], NULL, (size_t)1 << 20, whirl, (void *)(uintptr_t)i), STATUS_OK);
    for (unsigned i = 0; i < TEAM; i++)
        thread_join(&team[i]);
    CU_ASSERT_PTR_NOT_NULL(detect_races(run));
    shared_block_unref(growing);
    shared_block_unref(block);
    detect_close(run, false);
}

/* ---- memory ---- */

static void test_memory(void)
{
    enum { SIZE = 1 << 20 };
    static uint8_t bytes[SIZE];
    CU_ASSERT_EQUAL_FATAL(detect_open(NULL), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(shared_block_create(SIZE, SHARED_BLOCK_FIXED, &block), STATUS_OK);
    block_write(block, 0, bytes, SIZE); /* nobody else can know of it */
    CU_ASSERT_EQUAL(detect_figures(run).shadow_bytes, 0);
    OBSERVE(block_share, block);
    block_write(block, 0, bytes, SIZE);
    uint64_t wide = detect_figures(run).shadow_bytes;
    CU_ASSERT(wide > 0 && wide <= (uint64_t)16 * SIZE);
    for (unsigned i = 0; i < SIZE; i++)
        block_write(block, i, bytes, 1);
    uint64_t narrow = detect_figures(run).shadow_bytes;
    CU_ASSERT(narrow <= (uint64_t)64 * SIZE);
    shared_block_unref(block);
    CU_ASSERT_EQUAL_FATAL(shared_block_create(SIZE, SHARED_BLOCK_FIXED, &block), STATUS_OK);
    OBSERVE(block_share, block);
    struct detect_thread *other = detect_thread_new(run, 2, "other", "agent"), *self = detect_self;
    detect_self = other;
    block_write(block, 0, bytes, SIZE); /* the addresses come back, the accesses do not */
    CU_ASSERT_PTR_NULL(detect_races(run));
    detect_self = self;
    shared_block_unref(block);
    detect_close(run, false);
}

/* A limit is kept, and what was not recorded is counted. */
static void test_limit(void)
{
    static uint8_t bytes[1 << 16];
    struct detect_options options = {.memory_limit = 64 << 10};
    CU_ASSERT_EQUAL_FATAL(detect_open(&options), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(shared_block_create(sizeof bytes, SHARED_BLOCK_FIXED, &block), STATUS_OK);
    OBSERVE(block_share, block);
    block_write(block, 0, bytes, sizeof bytes);
    struct detect_figures f = detect_figures(run);
    CU_ASSERT(f.shadow_bytes <= f.shadow_limit && f.dropped > 0);
    shared_block_unref(block);
    detect_close(run, false);
}

void add_thread_tests(void *suite)
{
    CU_add_test(suite, "a lock of Atomics is silent among threads", test_locked);
    CU_add_test(suite, "a forgotten lock is found", test_careless);
    CU_add_test(suite, "messages order one way only", test_messages);
    CU_add_test(suite, "everything at once", test_whirl);
    CU_add_test(suite, "shadow memory by what is shared and touched", test_memory);
    CU_add_test(suite, "a memory limit is kept and told", test_limit);
}
