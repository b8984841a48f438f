#include "suites.h"

#include "../platform/team.h"
#include "memory/block_access.h"
#include "memory/waiter_list.h"
#include "observe/hooks.h"

#define SECOND ((int64_t)1000000000)

static struct shared_block *make(uint64_t length)
{
    struct shared_block *block = NULL;
    CU_ASSERT_EQUAL_FATAL(shared_block_create(length, SHARED_BLOCK_FIXED, &block), STATUS_OK);
    return block;
}

/* ---- one thread ---- */

struct single {
    struct shared_block *block;
    int wrong;
};

static void wait_alone(struct member *m)
{
    struct single *s = m->data;
    struct crowd *c = &m->team->crowd;
    int64_t *cells = (int64_t *)shared_block_bytes(s->block);
    atomics_store(&cells[1], 8, (uint64_t)-5);
    s->wrong +=
        waiter_wait(s->block, 0, 4, 1, CROWD_NEVER, &m->parker, NULL, NULL) != WAIT_NOT_EQUAL;
    s->wrong += waiter_wait(s->block, 0, 4, 0, 0, &m->parker, NULL, NULL) != WAIT_TIMED_OUT;
    /* Only the low 4 bytes count for a cell of 4, all 8 for a cell of 8. */
    s->wrong += waiter_wait(s->block, 8, 4, -5, 0, &m->parker, NULL, NULL) != WAIT_TIMED_OUT;
    s->wrong += waiter_wait(s->block, 8, 8, -5, 0, &m->parker, NULL, NULL) != WAIT_TIMED_OUT;
    s->wrong +=
        waiter_wait(s->block, 8, 8, (uint32_t)-5, 0, &m->parker, NULL, NULL) != WAIT_NOT_EQUAL;
    int64_t before = crowd_now(c);
    s->wrong +=
        waiter_wait(s->block, 0, 4, 0, 1000 * SECOND, &m->parker, NULL, NULL) != WAIT_TIMED_OUT;
    s->wrong += crowd_now(c) < before + 1000 * SECOND;
    s->wrong += waiter_notify(s->block, 0, WAITER_ALL) != 0;
}

static void test_alone(void)
{
    struct single s = {.block = make(16)};
    struct team t;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 1);
    team_add(&t, wait_alone, &s);
    team_end(&t);
    CU_ASSERT_EQUAL(s.wrong, 0);
    shared_block_unref(s.block);
}

/* ---- queues ---- */

struct queue {
    struct shared_block *block;
    uint64_t offset;
    unsigned size;
    _Atomic int woken;
    int order[32];
};

static void note_woken(struct queue *q, int who)
{
    q->order[atomic_fetch_add(&q->woken, 1)] = who;
}

static void wait_in_queue(struct member *m)
{
    struct queue *q = m->data;
    enum wait_result result = waiter_wait(q->block, q->offset, q->size, 0, CROWD_NEVER, &m->parker,
                                          &m->doomed, (void *)(intptr_t)m->index);
    atomic_store(&m->result, result);
    if (result == WAIT_OK)
        note_woken(q, m->index);
}

struct promise {
    struct async_waiter waiter;
    struct queue *queue;
    int number;
};

static void settle(struct async_waiter *w)
{
    struct promise *p = (struct promise *)w;
    note_woken(p->queue, p->number);
}

static void enrol(struct promise *p, struct queue *q, int number, const _Atomic bool *doomed)
{
    p->queue = q;
    p->number = number;
    p->waiter.settle = settle;
    p->waiter.doomed = doomed;
    CU_ASSERT_EQUAL(waiter_enrol_async(q->block, q->offset, q->size, 1, &p->waiter),
                    WAIT_NOT_EQUAL);
    CU_ASSERT_EQUAL(waiter_enrol_async(q->block, q->offset, q->size, 0, &p->waiter), WAIT_OK);
}

/* shows R-FP-07 */
static void test_fifo(void)
{
    struct queue q = {.block = make(64), .offset = 24, .size = 4};
    struct promise promises[12];
    struct team t;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 12);
    for (int i = 0; i < 12; i++) {
        if (i % 3 == 2) {
            enrol(&promises[i], &q, 100 + t.count, NULL);
        } else {
            team_add(&t, wait_in_queue, &q);
            team_rest(&t);
        }
    }
    int expected = 0;
    for (int i = 0; i < 12; i++) {
        CU_ASSERT_EQUAL(waiter_notify(q.block, 24, 1), 1);
        team_rest(&t);
        CU_ASSERT_EQUAL_FATAL(atomic_load(&q.woken), i + 1);
        CU_ASSERT_EQUAL(q.order[i], i % 3 == 2 ? 100 + expected : expected++);
    }
    CU_ASSERT_EQUAL(waiter_notify(q.block, 24, WAITER_ALL), 0);
    team_end(&t);
    shared_block_unref(q.block);
}

/* shows R-FP-08 */
static void test_counts(void)
{
    struct queue q = {.block = make(64), .offset = 8, .size = 8};
    struct team t;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 10);
    for (int i = 0; i < 10; i++)
        team_add(&t, wait_in_queue, &q);
    team_rest(&t);
    CU_ASSERT_EQUAL(waiter_notify(q.block, 8, 0), 0);
    CU_ASSERT_EQUAL(waiter_notify(q.block, 12, WAITER_ALL), 0);
    CU_ASSERT_EQUAL(waiter_notify(q.block, 8, 4), 4);
    team_rest(&t);
    CU_ASSERT_EQUAL(atomic_load(&q.woken), 4);
    CU_ASSERT_EQUAL(waiter_notify(q.block, 8, 100), 6);
    team_end(&t);
    CU_ASSERT_EQUAL(atomic_load(&q.woken), 10);
    shared_block_unref(q.block);
}

/* A store wakes nobody, and neither does an unpark that means something else. */
static void test_not_spurious(void)
{
    struct queue q = {.block = make(64), .size = 4};
    struct team t;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 1);
    struct member *m = team_add(&t, wait_in_queue, &q);
    team_rest(&t);
    atomics_store(shared_block_bytes(q.block), 4, 7);
    parker_unpark(&m->parker, PARK_IDLE | PARK_BLOCKED);
    team_rest(&t);
    CU_ASSERT_EQUAL(team_ended(&t), 0);
    CU_ASSERT_EQUAL(waiter_notify(q.block, 0, 1), 1);
    team_end(&t);
    shared_block_unref(q.block);
}

/* ---- termination ---- */

/* shows R-WK-06 */
static void test_termination(void)
{
    struct queue q = {.block = make(64), .size = 4};
    struct promise promise, kept;
    _Atomic bool doom = false;
    struct team t;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 4);
    for (int i = 0; i < 2; i++) {
        team_add(&t, wait_in_queue, &q);
        team_rest(&t);
    }
    enrol(&promise, &q, 100, &doom);
    enrol(&kept, &q, 101, &doom);
    CU_ASSERT(waiter_cancel_async(&kept.waiter));
    team_add(&t, wait_in_queue, &q);
    team_rest(&t);
    /* The first two are doomed: one unlinks itself, the other is passed over; so is the promise. */
    atomic_store(&t.members[0].doomed, true);
    parker_unpark(&t.members[0].parker, PARK_IDLE | PARK_BLOCKED);
    team_rest(&t);
    CU_ASSERT_EQUAL(atomic_load(&t.members[0].result), WAIT_TERMINATED);
    atomic_store(&t.members[1].doomed, true);
    atomic_store(&doom, true);
    CU_ASSERT_EQUAL(waiter_notify(q.block, 0, WAITER_ALL), 1);
    team_rest(&t);
    CU_ASSERT_EQUAL(atomic_load(&q.woken), 1);
    CU_ASSERT_EQUAL(q.order[0], 2);
    CU_ASSERT_EQUAL(team_ended(&t), 2);
    parker_unpark(&t.members[1].parker, PARK_IDLE | PARK_BLOCKED);
    team_rest(&t);
    CU_ASSERT_EQUAL(atomic_load(&t.members[1].result), WAIT_TERMINATED);
    CU_ASSERT(waiter_cancel_async(&promise.waiter));
    /* Doomed before it waits. */
    struct member *m = &t.members[3];
    atomic_store(&m->doomed, true);
    team_add(&t, wait_in_queue, &q);
    team_rest(&t);
    CU_ASSERT_EQUAL(atomic_load(&m->result), WAIT_TERMINATED);
    team_end(&t);
    shared_block_unref(q.block);
    CU_ASSERT_EQUAL(shared_block_count(), 0);
}

/* An enrolled waiter keeps its block, and each way to end gives it back. */
static void test_async_ends(void)
{
    struct queue q = {.block = make(64), .size = 4};
    struct promise cancelled, settled;
    enrol(&settled, &q, 1, NULL);
    enrol(&cancelled, &q, 2, NULL);
    CU_ASSERT_EQUAL(waiter_notify(q.block, 0, 1), 1);
    CU_ASSERT_FALSE(waiter_cancel_async(&settled.waiter));
    shared_block_unref(q.block);
    CU_ASSERT_EQUAL(shared_block_count(), 1);
    CU_ASSERT_FALSE(waiter_cancel_async(&settled.waiter));
    CU_ASSERT(waiter_cancel_async(&cancelled.waiter));
    CU_ASSERT_EQUAL(shared_block_count(), 0);
    CU_ASSERT_FALSE(waiter_cancel_async(&settled.waiter)); /* the block is gone */
}

/* ---- reports ---- */

struct seen_waiters {
    int count, async;
    struct waiter_view last;
};

static void see(const struct waiter_view *view, void *context)
{
    struct seen_waiters *s = context;
    s->count++;
    s->async += view->async != NULL;
    s->last = *view;
}

static void test_visit(void)
{
    struct queue q = {.block = make(64), .offset = 40, .size = 8};
    struct promise promise;
    struct seen_waiters s = {.count = 0};
    struct team t;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 1);
    enrol(&promise, &q, 1, NULL);
    struct member *m = team_add(&t, wait_in_queue, &q);
    team_rest(&t);
    waiter_visit(see, &s);
    CU_ASSERT(s.count == 2 && s.async == 1);
    CU_ASSERT_PTR_EQUAL(s.last.parker, &m->parker);
    CU_ASSERT_PTR_EQUAL(s.last.block, q.block);
    CU_ASSERT(s.last.offset == 40 && s.last.size == 8 && s.last.since >= 0);
    CU_ASSERT_EQUAL(waiter_notify(q.block, 40, 2), 2);
    s.count = 0;
    waiter_visit(see, &s);
    CU_ASSERT_EQUAL(s.count, 0);
    team_end(&t);
    shared_block_unref(q.block);
}

/* ---- critical sections, as detectors see them ---- */

static _Atomic int sections, inside;

static void on_enter(struct shared_block *block, uint64_t offset)
{
    CU_ASSERT_EQUAL(atomic_fetch_add(&inside, 1), 0);
    atomic_fetch_add(&sections, 1);
}

static void on_leave(struct shared_block *block, uint64_t offset)
{
    CU_ASSERT_EQUAL(atomic_fetch_sub(&inside, 1), 1);
}

static void test_sections(void)
{
    static const struct observe_hooks hooks = {.section_enter = on_enter,
                                               .section_leave = on_leave};
    struct queue q = {.block = make(64), .size = 4};
    struct team t;
    atomic_store(&sections, 0);
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 1);
    observe_install(&hooks);
    team_add(&t, wait_in_queue, &q);
    team_rest(&t);
    CU_ASSERT_EQUAL(atomic_load(&sections), 1);
    waiter_notify(q.block, 0, 1);
    team_end(&t);
    CU_ASSERT_EQUAL(atomic_load(&sections), 3);
    observe_install(NULL);
    shared_block_unref(q.block);
}

/* ---- races: notify against time-out, termination and cancelling; every waiter has one result ----
 */

#define FIGHTERS 12

struct melee {
    struct shared_block *block;
    _Atomic long notified; /* what the notifies counted */
    _Atomic long ok;       /* waiters that were told so */
    _Atomic long settled;
    _Atomic long failures;
    long rounds;
};

struct fighter_promise {
    struct async_waiter waiter;
    struct melee *melee;
    _Atomic bool done;
};

static void settle_fighter(struct async_waiter *w)
{
    struct fighter_promise *p = (struct fighter_promise *)w;
    atomic_fetch_add(&p->melee->settled, 1);
    atomic_store(&p->done, true);
}

static bool is_done(void *context)
{
    return atomic_load(&((struct fighter_promise *)context)->done);
}

static void fight_async(struct melee *f, struct member *m, uint64_t offset)
{
    struct fighter_promise p = {.melee = f, .waiter = {.settle = settle_fighter}};
    if (waiter_enrol_async(f->block, offset, 4, 0, &p.waiter) != WAIT_OK)
        atomic_fetch_add(&f->failures, 1);
    parker_park(&m->parker, PARK_IDLE, crowd_now(&m->team->crowd) + 2000, is_done, &p);
    if (!waiter_cancel_async(&p.waiter))
        while (!is_done(&p))
            ;
    else if (is_done(&p))
        atomic_fetch_add(&f->failures, 1);
}

static void fight(struct member *m)
{
    struct melee *f = m->data;
    uint64_t seed = (uint64_t)m->index + 1;
    for (long i = 0; i < f->rounds; i++) {
        uint64_t dice = random_next(&seed), offset = dice / 16 % 2 * 4;
        switch (dice % 4) {
        case 0:
            fight_async(f, m, offset);
            break;
        case 1:
        case 2: {
            int64_t timeout = (int64_t)(random_next(&seed) % 20000);
            enum wait_result result =
                waiter_wait(f->block, offset, 4, 0, timeout, &m->parker, &m->doomed, NULL);
            atomic_fetch_add(&f->ok, result == WAIT_OK);
            if (result == WAIT_NOT_EQUAL)
                atomic_fetch_add(&f->failures, 1);
            if (result == WAIT_TERMINATED) {
                if (!atomic_load(&m->doomed))
                    atomic_fetch_add(&f->failures, 1);
                atomic_store(&m->doomed, false);
            }
            break;
        }
        default: {
            struct member *victim = &m->team->members[random_next(&seed) % FIGHTERS];
            if (random_next(&seed) % 4 == 0) {
                atomic_store(&victim->doomed, true);
                parker_unpark(&victim->parker, PARK_IDLE | PARK_BLOCKED);
            }
            atomic_fetch_add(&f->notified,
                             (long)waiter_notify(f->block, offset, random_next(&seed) % 3));
        }
        }
    }
}

static void test_melee(void)
{
    struct melee f = {.block = make(64), .rounds = stress(3000)};
    struct team t;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, FIGHTERS);
    for (int i = 0; i < FIGHTERS; i++)
        team_add(&t, fight, &f);
    team_end(&t);
    CU_ASSERT_EQUAL(atomic_load(&f.failures), 0);
    CU_ASSERT_EQUAL(atomic_load(&f.notified), atomic_load(&f.ok) + atomic_load(&f.settled));
    shared_block_unref(f.block);
    CU_ASSERT_EQUAL(shared_block_count(), 0);
}

/* ---- a mutex as JavaScript programs write it: no notify is lost, and it orders plain memory ----
 */

struct bank {
    struct shared_block *block;
    long plain; /* under the mutex */
    long rounds;
};

static void use_mutex(struct member *m)
{
    struct bank *b = m->data;
    void *cell = shared_block_bytes(b->block);
    for (long i = 0; i < b->rounds; i++) {
        uint64_t seen = atomics_compare_exchange(cell, 4, 0, 1);
        while (seen != 0) {
            if (seen == 2 || atomics_compare_exchange(cell, 4, 1, 2) != 0)
                waiter_wait(b->block, 0, 4, 2, CROWD_NEVER, &m->parker, NULL, NULL);
            seen = atomics_compare_exchange(cell, 4, 0, 2);
        }
        b->plain++;
        if (atomics_sub(cell, 4, 1) != 1) {
            atomics_store(cell, 4, 0);
            waiter_notify(b->block, 0, 1);
        }
    }
}

static void test_mutex(void)
{
    struct bank b = {.block = make(4), .rounds = stress(20000)};
    struct team t;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 6);
    for (int i = 0; i < 6; i++)
        team_add(&t, use_mutex, &b);
    team_end(&t);
    CU_ASSERT_EQUAL(b.plain, 6 * b.rounds);
    shared_block_unref(b.block);
}

/* Two members pass a turn at odd moments: a store and notify between the other's look at the cell
 * and its sleep is seen. */
static void pass_turns(struct member *m)
{
    struct bank *b = m->data;
    void *cell = shared_block_bytes(b->block);
    uint64_t seed = (uint64_t)m->index + 1;
    for (long i = 0; i < b->rounds; i++) {
        uint64_t turn = (uint64_t)(2 * i + m->index), seen;
        while ((seen = atomics_load(cell, 8)) != turn)
            waiter_wait(b->block, 0, 8, (int64_t)seen, CROWD_NEVER, &m->parker, NULL, NULL);
        b->plain++;
        for (uint64_t delay = random_next(&seed) % 512; delay; delay--)
            __asm__ volatile("");
        atomics_store(cell, 8, turn + 1);
        waiter_notify(b->block, 0, 1);
    }
}

static void turns(bool never_spin)
{
    struct bank b = {.block = make(8), .rounds = stress(never_spin ? 5000 : 50000)};
    struct team t;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 2);
    t.crowd.never_spin = never_spin;
    for (int i = 0; i < 2; i++)
        team_add(&t, pass_turns, &b);
    team_end(&t);
    CU_ASSERT_EQUAL(b.plain, 2 * b.rounds);
    shared_block_unref(b.block);
}

static void test_turns(void)
{
    turns(false);
    turns(true);
}

/* Lists come and go with their blocks while other threads look up theirs. */
static void short_lived(struct member *m)
{
    for (long i = 0; i < stress(2000); i++) {
        struct shared_block *block;
        if (shared_block_create(256, SHARED_BLOCK_FIXED, &block) != STATUS_OK)
            abort();
        for (uint64_t cell = 0; cell < 8; cell++)
            atomic_fetch_add(&m->result, (int64_t)waiter_notify(block, cell * 4, 1));
        shared_block_unref(block);
    }
}

static void test_short_lived(void)
{
    struct team t;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 4);
    for (int i = 0; i < 4; i++)
        team_add(&t, short_lived, NULL);
    team_end(&t);
    CU_ASSERT_EQUAL(shared_block_count(), 0);
}

void add_waiter_suite(void)
{
    CU_pSuite suite = CU_add_suite("waiter lists", NULL, NULL);
    CU_add_test(suite, "not-equal and timed-out, 4 and 8 bytes", test_alone);
    CU_add_test(suite, "first come, first served, both kinds in one queue", test_fifo);
    CU_add_test(suite, "notify wakes as many as it says", test_counts);
    CU_add_test(suite, "nothing but notify wakes", test_not_spurious);
    CU_add_test(suite, "the doomed leave uncounted", test_termination);
    CU_add_test(suite, "asynchronous waiters keep their block", test_async_ends);
    CU_add_test(suite, "waiters can be visited", test_visit);
    CU_add_test(suite, "critical sections are announced in their order", test_sections);
    CU_add_test(suite, "every waiter has one result", test_melee);
    CU_add_test(suite, "a mutex made of wait and notify", test_mutex);
    CU_add_test(suite, "no notify is lost between comparing and sleeping", test_turns);
    CU_add_test(suite, "lists end with their blocks", test_short_lived);
}
