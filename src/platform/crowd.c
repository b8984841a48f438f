/* See crowd.h for ownership, lock order and guarantees. The argument in full:
 *
 * A parker's state is written RUNNING → kind by its own thread only, and kind → RUNNING by one
 * compare-and-swap, whoever makes it: the waker, the decider, the warden, or the thread itself when
 * `ready` held after the announcement. Whoever makes that swap from outside has added one to
 * `awake` before it; the sleeper takes one away after its announcement. So at every moment `awake`
 * is at least the number of members whose thread is running or will run without being woken again,
 * and every transient surplus is removed by a thread that is itself counted. Hence zero means: all
 * sleep, and only time or an outside actor can change that. Both take the lock, under which the
 * decider looks again. */
#include "platform/crowd.h"

#include "base/assert.h"
#include "platform/clock.h"
#include "platform/cpu.h"
#include "platform/futex.h"

#include <stdlib.h>
#include <string.h>

#define WARDEN_SLACK 1000000 /* ns */
#define SPIN_LONGEST 20000   /* ns: about half of what waking a thread on an idle core costs */
#define SPIN_MISSES 4u       /* so many in a row, and it rests */
#define SPIN_REST 8u         /* for so many sleeps, doubled with every further miss ... */
#define SPIN_REST_DOUBLINGS 7u

/* ---- the deadline heap (under the lock) ---- */

static void heap_place(struct crowd *c, size_t i, struct parker *p)
{
    c->heap[i] = p;
    p->heap_index = i;
}

static void heap_rise(struct crowd *c, size_t i, struct parker *p)
{
    while (i && c->heap[(i - 1) / 2]->deadline > p->deadline) {
        heap_place(c, i, c->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    heap_place(c, i, p);
}

static void heap_sink(struct crowd *c, size_t i, struct parker *p)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= c->heap_count)
            break;
        if (child + 1 < c->heap_count && c->heap[child + 1]->deadline < c->heap[child]->deadline)
            child++;
        if (c->heap[child]->deadline >= p->deadline)
            break;
        heap_place(c, i, c->heap[child]);
        i = child;
    }
    heap_place(c, i, p);
}

/* Room for every member, so that falling asleep cannot fail. */
static void heap_reserve(struct crowd *c, size_t members)
{
    if (members <= c->heap_capacity)
        return;
    size_t capacity = c->heap_capacity ? c->heap_capacity * 2 : 64;
    c->heap = realloc(c->heap, capacity * sizeof(struct parker *));
    hd_assert(c->heap);
    c->heap_capacity = capacity;
}

static void heap_add(struct crowd *c, struct parker *p)
{
    /* parker_join made room for every member. */
    hd_assert(c->heap_count < c->heap_capacity);
    c->patient_count += p->is_patient;
    heap_rise(c, c->heap_count++, p);
}

static void heap_remove(struct crowd *c, struct parker *p)
{
    size_t i = p->heap_index;
    if (i == SIZE_MAX)
        return;
    p->heap_index = SIZE_MAX;
    c->patient_count -= p->is_patient;
    struct parker *last = c->heap[--c->heap_count];
    if (last == p)
        return;
    if (i && c->heap[(i - 1) / 2]->deadline > last->deadline)
        heap_rise(c, i, last);
    else
        heap_sink(c, i, last);
}

/* ---- the clock ---- */

int64_t crowd_now(const struct crowd *c)
{
    /* relaxed: the offset changes only while every member sleeps, and waking orders it before what
     * they do next */
    return clock_monotonic() + atomic_load_explicit(&c->offset, memory_order_relaxed);
}

static int64_t machine_time(const struct crowd *c, int64_t crowd_time)
{
    return crowd_time - atomic_load_explicit(&c->offset, memory_order_relaxed);
}

/* ---- waking ---- */

static void warden_wake(struct crowd *c)
{
    /* release: pairs with the acquire in crowd_attend */
    atomic_fetch_add_explicit(&c->warden_word, 1, memory_order_release);
    futex_wake(&c->warden_word, 1);
}

/* How late the warden may wake a member. A virtual clock jumps up to a million times a second, each
 * time bringing the other deadlines nearer; so a warden that was woken for one of them looks again
 * after so long, and is left alone until then. */
static int64_t warden_slack(const struct crowd *c)
{
    return c->clock == CROWD_CLOCK_VIRTUAL ? WARDEN_SLACK : 0;
}

/* Makes sure that the warden wakes in time for the earliest deadline. Under the lock. */
static void warden_arm(struct crowd *c)
{
    if (!c->heap_count)
        return;
    int64_t at = machine_time(c, c->heap[0]->deadline);
    if (at < c->armed - warden_slack(c)) {
        c->armed = at;
        warden_wake(c);
    }
}

/* The one transition from sleeping to running that is made from outside. The caller is counted
 * awake or holds the lock. */
static bool wake(struct parker *p, uint32_t kind)
{
    struct crowd *c = p->crowd;
    atomic_fetch_add_explicit(&c->awake, 1, memory_order_acq_rel);
    /* acq_rel: release pairs with the sleeper's acquire of its state in parker_park */
    if (!atomic_compare_exchange_strong_explicit(&p->state, &kind, PARK_RUNNING,
                                                 memory_order_acq_rel, memory_order_relaxed)) {
        atomic_fetch_sub_explicit(&c->awake, 1, memory_order_acq_rel);
        return false;
    }
    futex_wake(&p->state, 1);
    return true;
}

/* Wakes every sleeper whose deadline is not after `now`. Under the lock. */
static void wake_due(struct crowd *c, int64_t now)
{
    while (c->heap_count && c->heap[0]->deadline <= now) {
        struct parker *p = c->heap[0];
        heap_remove(c, p);
        uint32_t kind = atomic_load_explicit(&p->state, memory_order_relaxed);
        p->due = kind != PARK_RUNNING && wake(p, kind);
    }
}

static void end_by_limit(struct crowd *c)
{
    atomic_store_explicit(&c->limit_flag, true, memory_order_release);
    warden_wake(c);
}

/* Brings the virtual clock to `next`; false when a limit lies before it. */
static bool jump(struct crowd *c, int64_t next)
{
    int64_t now = crowd_now(c);
    bool beyond = next > c->limit;
    if (beyond)
        next = c->limit;
    if (next > now) {
        atomic_fetch_add_explicit(&c->offset, next - now, memory_order_relaxed);
        c->jumps_used_up = c->jump_limit && ++c->jumps > c->jump_limit;
    }
    return !beyond && !c->jumps_used_up;
}

static void wake_settler(struct crowd *c)
{
    struct parker *p = c->settler;
    uint32_t kind = atomic_load_explicit(&p->state, memory_order_relaxed);
    heap_remove(c, p);
    p->due = kind != PARK_RUNNING && wake(p, kind);
}

/* Everybody sleeps: what comes next, by the clock. */
void crowd_leap(struct crowd *c, int64_t ns)
{
    pthread_mutex_lock(&c->lock);
    /* relaxed: who runs just now may read either time */
    atomic_fetch_add_explicit(&c->offset, ns, memory_order_relaxed);
    c->armed = CROWD_NEVER;
    warden_arm(c);
    pthread_mutex_unlock(&c->lock);
}

static void decide_by_clock(struct crowd *c)
{
    int64_t next = c->heap_count ? c->heap[0]->deadline : CROWD_NEVER;
    bool settled = c->settler && c->settler->from < next;
    if (settled)
        next = c->settler->from;
    if (c->heap_count == c->patient_count && !c->settler)
        next = CROWD_NEVER; /* nobody waits for what would come */
    if (next == CROWD_NEVER) {
        atomic_store_explicit(&c->quiet_flag, true, memory_order_release);
        warden_wake(c);
    } else if (c->clock == CROWD_CLOCK_REAL) {
        warden_arm(c);
    } else if (!jump(c, next)) {
        end_by_limit(c);
    } else if (settled) {
        wake_settler(c);
    } else {
        wake_due(c, next);
        warden_arm(c);
    }
}

/* The caller has just brought `awake` to zero. */
static void decide(struct crowd *c)
{
    pthread_mutex_lock(&c->lock);
    /* acquire: pairs with the release of everybody who went to sleep, guarantee 3 */
    if (atomic_load_explicit(&c->awake, memory_order_acquire) == 0)
        decide_by_clock(c);
    pthread_mutex_unlock(&c->lock);
}

static void fall_asleep(struct crowd *c)
{
    if (atomic_fetch_sub_explicit(&c->awake, 1, memory_order_acq_rel) == 1)
        decide(c);
}

/* ---- members ---- */

void crowd_init(struct crowd *c, enum crowd_clock clock)
{
    memset(c, 0, sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    c->clock = clock;
    c->armed = CROWD_NEVER;
    c->limit = CROWD_NEVER;
    atomic_store_explicit(&c->offset, -clock_monotonic(), memory_order_relaxed);
    atomic_store_explicit(&c->awake, 1, memory_order_relaxed);
}

void crowd_set_limit(struct crowd *c, int64_t time)
{
    c->limit = time;
}

void crowd_set_jump_limit(struct crowd *c, uint64_t jumps)
{
    c->jump_limit = jumps;
}

void crowd_reach_limit(struct crowd *c)
{
    end_by_limit(c);
}

const struct parker *crowd_next_due(struct crowd *c)
{
    pthread_mutex_lock(&c->lock);
    const struct parker *p = c->heap_count ? c->heap[0] : NULL;
    pthread_mutex_unlock(&c->lock);
    return p;
}

void crowd_destroy(struct crowd *c)
{
    hd_assert(!c->members);
    pthread_mutex_destroy(&c->lock);
    free(c->heap);
}

void parker_join(struct parker *p, struct crowd *c, void *owner)
{
    memset(p, 0, sizeof *p);
    p->crowd = c;
    p->owner = owner;
    p->heap_index = SIZE_MAX;
    pthread_mutex_lock(&c->lock);
    heap_reserve(c, ++c->member_count);
    p->next = c->members;
    if (p->next)
        p->next->previous = p;
    c->members = p;
    pthread_mutex_unlock(&c->lock);
    atomic_fetch_add_explicit(&c->awake, 1, memory_order_acq_rel);
}

void parker_leave(struct parker *p)
{
    struct crowd *c = p->crowd;
    pthread_mutex_lock(&c->lock);
    heap_remove(c, p);
    c->member_count--;
    if (p->next)
        p->next->previous = p->previous;
    if (p->previous)
        p->previous->next = p->next;
    else
        c->members = p->next;
    pthread_mutex_unlock(&c->lock);
    fall_asleep(c);
}

/* Worth spinning only while a CPU is free for it and somebody awake could make `ready` true. */
static bool may_spin(const struct crowd *c)
{
    int64_t awake = atomic_load_explicit(&c->awake, memory_order_relaxed);
    return awake > 1 && awake <= (int64_t)cpu_allowed();
}

/* A hand-over that is caught spinning costs a fraction of one through the system, and two threads
 * that both sleep stay slow until one of them tries again: so a parker whose waits were long goes
 * on trying, but ever more seldom. */
static void spin_missed(struct parker *p)
{
    if (++p->spin_misses < SPIN_MISSES)
        return;
    uint32_t doublings = p->spin_misses - SPIN_MISSES;
    if (doublings >= SPIN_REST_DOUBLINGS) {
        doublings = SPIN_REST_DOUBLINGS;
        p->spin_misses--;
    }
    p->spin_rest = SPIN_REST << doublings;
}

static bool spin(struct parker *p, int64_t deadline, bool (*ready)(void *), void *context)
{
    struct crowd *c = p->crowd;
    if (c->never_spin || !may_spin(c))
        return false;
    if (p->spin_rest) {
        p->spin_rest--;
        return false;
    }
    int64_t end = clock_monotonic() + SPIN_LONGEST;
    if (deadline != CROWD_NEVER && machine_time(c, deadline) < end)
        end = machine_time(c, deadline);
    do {
        for (int i = 0; i < 16; i++) {
            cpu_pause();
            if (ready(context)) {
                p->spin_misses = 0;
                return true;
            }
        }
        if (!may_spin(c))
            return false;
    } while (clock_monotonic() < end);
    spin_missed(p);
    return false;
}

/* Puts the announced sleeper where its time is looked for, unless it was woken meanwhile. */
static void await_deadline(struct parker *p, enum park_kind kind, int64_t from, int64_t deadline)
{
    struct crowd *c = p->crowd;
    pthread_mutex_lock(&c->lock);
    p->due = false;
    p->deadline = deadline;
    if (atomic_load_explicit(&p->state, memory_order_relaxed) == (uint32_t)kind) {
        if (from != CROWD_NEVER) {
            p->from = from;
            c->settler = p;
        }
        if (deadline != CROWD_NEVER)
            heap_add(c, p);
        /* The last one awake decides by itself. */
        if (atomic_load_explicit(&c->awake, memory_order_relaxed) > 1)
            warden_arm(c);
    }
    pthread_mutex_unlock(&c->lock);
}

static bool leave_deadline(struct parker *p)
{
    struct crowd *c = p->crowd;
    pthread_mutex_lock(&c->lock);
    heap_remove(c, p);
    if (c->settler == p)
        c->settler = NULL;
    bool due = p->due;
    pthread_mutex_unlock(&c->lock);
    return due;
}

/* `from`: CROWD_NEVER, or as in parker_park_settled. */
static enum park_result sleep_until(struct parker *p, enum park_kind kind, int64_t from, int64_t deadline,
                                    bool (*ready)(void *), void *context)
{
    bool timed = deadline != CROWD_NEVER || from != CROWD_NEVER;
    p->since = crowd_now(p->crowd);
    /* release: pairs with the acquire in parker_unpark: whoever finds the sleeper sees its crowd */
    atomic_store_explicit(&p->state, kind, memory_order_release);
    /* seq_cst: pairs with the fence in parker_unpark: the announcement or the predicate is seen by
     * the other side */
    atomic_thread_fence(memory_order_seq_cst);
    if (ready(context)) {
        uint32_t expected = kind;
        /* A waker that was faster has counted this thread a second time. */
        if (!atomic_compare_exchange_strong_explicit(&p->state, &expected, PARK_RUNNING,
                                                     memory_order_acquire, memory_order_acquire))
            atomic_fetch_sub_explicit(&p->crowd->awake, 1, memory_order_acq_rel);
        return PARK_WOKEN;
    }
    if (timed)
        await_deadline(p, kind, from, deadline);
    fall_asleep(p->crowd);
    /* acquire: pairs with the release in wake() */
    while (atomic_load_explicit(&p->state, memory_order_acquire) != PARK_RUNNING)
        futex_wait(&p->state, kind, FUTEX_NEVER);
    return timed && leave_deadline(p) ? PARK_DEADLINE : PARK_WOKEN;
}

enum park_result parker_park(struct parker *p, enum park_kind kind, int64_t deadline,
                             bool (*ready)(void *), void *context)
{
    if (ready(context))
        return PARK_WOKEN;
    if (deadline > CROWD_LATEST)
        deadline = CROWD_NEVER;
    else if (deadline <= crowd_now(p->crowd))
        return PARK_DEADLINE;
    if (spin(p, deadline, ready, context))
        return PARK_WOKEN;
    return sleep_until(p, kind, CROWD_NEVER, deadline, ready, context);
}

enum park_result parker_park_settled(struct parker *p, int64_t from, int64_t latest,
                                     bool (*ready)(void *), void *context)
{
    if (ready(context))
        return PARK_WOKEN;
    if (p->crowd->clock == CROWD_CLOCK_REAL)
        latest = from;
    if (latest <= crowd_now(p->crowd))
        return PARK_DEADLINE;
    return sleep_until(p, PARK_IDLE, from, latest, ready, context);
}

bool parker_unpark(struct parker *p, unsigned kinds)
{
    /* seq_cst: pairs with the fence in parker_park */
    atomic_thread_fence(memory_order_seq_cst);
    /* acquire: pairs with the release of the announcement in parker_park */
    uint32_t kind = atomic_load_explicit(&p->state, memory_order_acquire);
    return (kind & kinds) && wake(p, kind);
}

/* ---- outside actors and the warden ---- */

void crowd_hold(struct crowd *c)
{
    pthread_mutex_lock(&c->lock);
    atomic_fetch_add_explicit(&c->awake, 1, memory_order_acq_rel);
    atomic_store_explicit(&c->quiet_flag, false, memory_order_relaxed);
    warden_arm(c);
    pthread_mutex_unlock(&c->lock);
}

void crowd_release(struct crowd *c)
{
    fall_asleep(c);
}

void crowd_poke(struct crowd *c)
{
    /* release: pairs with the acquire in crowd_attend */
    atomic_fetch_add_explicit(&c->pokes, 1, memory_order_release);
    warden_wake(c);
}

void crowd_stop(struct crowd *c)
{
    atomic_store_explicit(&c->stop, true, memory_order_release);
    warden_wake(c);
}

/* Wakes who is due and says until when (machine time) there is nothing to do. `called`: somebody
 * woke the warden for it. */
static int64_t warden_round(struct crowd *c, bool called)
{
    pthread_mutex_lock(&c->lock);
    /* While nobody is awake the virtual clock belongs to the decider. */
    if (c->clock == CROWD_CLOCK_REAL || atomic_load_explicit(&c->awake, memory_order_relaxed) > 0)
        wake_due(c, crowd_now(c));
    int64_t until = c->heap_count ? machine_time(c, c->heap[0]->deadline) : CROWD_NEVER;
    int64_t again = clock_monotonic() + warden_slack(c);
    if (called && c->heap_count && c->clock == CROWD_CLOCK_VIRTUAL && again < until)
        until = again;
    c->armed = until;
    pthread_mutex_unlock(&c->lock);
    return until;
}

static bool limit_reached(const struct crowd *c)
{
    return atomic_load_explicit(&c->limit_flag, memory_order_acquire) ||
           (c->limit != CROWD_NEVER && crowd_now(c) >= c->limit);
}

enum crowd_end crowd_attend(struct crowd *c, int64_t limit, uint32_t *seen)
{
    uint32_t before = atomic_load_explicit(&c->warden_word, memory_order_relaxed);
    for (;;) {
        /* acquire: pairs with the release in warden_wake; read first, so that nothing below is
         * missed */
        uint32_t word = atomic_load_explicit(&c->warden_word, memory_order_acquire);
        uint32_t pokes = atomic_load_explicit(&c->pokes, memory_order_acquire);
        if (atomic_load_explicit(&c->stop, memory_order_acquire))
            return CROWD_STOPPED;
        if (atomic_load_explicit(&c->quiet_flag, memory_order_acquire))
            return CROWD_QUIET;
        if (pokes != *seen) {
            *seen = pokes;
            warden_round(c, true);
            return CROWD_POKED;
        }
        int64_t until = warden_round(c, word != before);
        before = word;
        if ((limit != CROWD_NEVER && clock_monotonic() >= limit) || limit_reached(c))
            return CROWD_LIMIT;
        if (c->limit != CROWD_NEVER && machine_time(c, c->limit) < until)
            until = machine_time(c, c->limit);
        futex_wait(&c->warden_word, word, until < limit ? until : limit);
    }
}

void crowd_visit(struct crowd *c, void (*visit)(struct parker *, enum park_kind, void *),
                 void *context)
{
    pthread_mutex_lock(&c->lock);
    for (struct parker *p = c->members; p; p = p->next)
        visit(p, (enum park_kind)atomic_load_explicit(&p->state, memory_order_acquire), context);
    pthread_mutex_unlock(&c->lock);
}
