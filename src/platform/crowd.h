/* A crowd: all threads of one run that can wake each other, the clock they share, and the one place
 * where it is decided that nothing can happen any more.
 *
 * Every member thread has a parker, its place to sleep. The crowd counts the members that are
 * awake. A waker is itself awake (a member that runs, or an outside actor that holds the crowd),
 * and it counts the sleeper as awake before it wakes it. So when the count reaches zero nobody is
 * left who could wake anybody, except time: the member that brought it to zero decides, under the
 * crowd's lock, that the clock jumps to the next deadline (virtual clock) or that the crowd is
 * quiet.
 *
 * Ownership: the crowd outlives its parkers; a parker is owned by its thread's agent and outlives
 * every waker's call. Lock order: the crowd's lock is a leaf; it is never taken on a path on which
 * nobody sleeps.
 *
 * Ordering guarantees:
 *  1. parker_unpark after a store S: either the sleeper's `ready` sees S, or the sleeper is woken
 * (sequentially consistent fences on both sides, the store-buffering pattern).
 *  2. What a waker did before parker_unpark happens before what the sleeper does after parker_park.
 *  3. The quiet callback happens after everything any member did.
 * Progress guarantees: parker_unpark is wait-free when the target runs; a sleeper costs nothing;
 * spinning before a sleep is bounded (20 us), happens only while an allowed CPU is free for it and
 * somebody is awake who could end it, and rests where it has not paid.
 *
 * Time is in nanoseconds of the crowd's clock, from 0 at its start. The virtual clock follows the
 * machine while a member is awake and jumps to the next deadline when none is (design, section 6).
 * While others run, a deadline of the virtual clock may be served up to a millisecond late.
 */
#ifndef HEDDLE_PLATFORM_CROWD_H
#define HEDDLE_PLATFORM_CROWD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CROWD_NEVER INT64_MAX
#define CROWD_LATEST (INT64_MAX / 2) /* 146 years: a later deadline never comes */

enum crowd_clock { CROWD_CLOCK_VIRTUAL, CROWD_CLOCK_REAL };

/* Why a parker sleeps; also bits of a mask for parker_unpark. */
enum park_kind {
    PARK_RUNNING = 0,
    PARK_IDLE = 1,    /* an event loop without work: any posted work wakes it */
    PARK_BLOCKED = 2, /* a blocking wait: only what it waits for, or termination, wakes it */
    PARK_SUSPENDED =
        4, /* made to stand still from outside: only who did it, or termination, wakes it */
};

enum park_result { PARK_WOKEN, PARK_DEADLINE };

struct crowd;

struct parker {
    _Atomic uint32_t state; /* enum park_kind; the futex word. See crowd.c */
    struct crowd *crowd;
    void *owner;       /* for reports; constant while joined */
    int64_t deadline;  /* crowd's lock */
    int64_t from;      /* crowd's lock: see parker_park_settled */
    bool is_patient;   /* own thread, before it sleeps: its deadline alone is no reason to go on */
    int64_t since;     /* when it went to sleep; stable while it sleeps */
    size_t heap_index; /* crowd's lock: place in the deadline heap, SIZE_MAX = none */
    bool is_known;     /* own thread: who wakes may hold it without a reference: see waiter_wait */
    bool due;          /* crowd's lock until woken: the deadline woke it */
    uint32_t spin_misses, spin_rest; /* owner's thread: see spin() in crowd.c */
    struct parker *next, *previous;  /* crowd's lock: members */
};

struct crowd {
    _Atomic int64_t awake;  /* members and holders that are awake; acq_rel, pairs with itself: every
                               change is an RMW */
    _Atomic int64_t offset; /* crowd time = machine time + offset; written under the lock, while
                               nobody is awake but for a leap */
    _Atomic uint32_t warden_word; /* futex of crowd_attend: counts what it should look at */
    _Atomic uint32_t pokes;       /* release by crowd_poke, acquire by the warden */
    pthread_mutex_t lock;
    enum crowd_clock clock;
    int64_t armed; /* lock: machine time until which the warden sleeps at most; it is woken for a
                      deadline that is earlier by more than its slack */
    struct parker **heap; /* lock: sleepers with a deadline, the earliest first */
    size_t heap_count, heap_capacity, patient_count; /* lock: sleepers there; of them the patient */
    struct parker *settler; /* lock: who sleeps in parker_park_settled, NULL = nobody */
    struct parker *members; /* lock */
    size_t member_count;    /* lock */
    int64_t
        limit; /* crowd time at which the run ends; set before members run, CROWD_NEVER = none */
    uint64_t jumps, jump_limit; /* lock: how often the clock jumped; jump_limit 0 = any number, set
                                   before members run */
    bool jumps_used_up;         /* written under the lock before limit_flag */
    _Atomic bool limit_flag;    /* release by the decider, acquire by the warden */
    bool never_spin;            /* set before the first member joins: a schedule decides who runs */
    _Atomic bool quiet_flag; /* nothing can happen any more: written under the lock, release by the
                                decider, acquire by the warden; cleared when somebody holds */
    _Atomic bool stop;       /* release by crowd_stop, acquire by the warden */
};

/* The crowd starts with one outside holder: the caller, who becomes the warden and calls
 * crowd_release when it has started its members. */
void crowd_init(struct crowd *c, enum crowd_clock clock);

/* The run ends at `time` of the crowd's clock: it does not jump further, and crowd_attend returns
 * CROWD_LIMIT. Before members run. */
void crowd_set_limit(struct crowd *c, int64_t time);

/* A clock that has jumped so often ends the run too (CROWD_LIMIT with `jumps_used_up`): whoever
 * sleeps then would go on for ever, a millisecond at a time. Before members run. */
void crowd_set_jump_limit(struct crowd *c, uint64_t jumps);

/* The clock leaps forward by so much, as when the machine was asleep: what was due meanwhile is
 * late. By a member that is awake. */
void crowd_leap(struct crowd *c, int64_t ns);

/* Ends the run as its limit does. Any thread. */
void crowd_reach_limit(struct crowd *c);

/* The member whose deadline is the next one, NULL = none. While nobody runs. */
const struct parker *crowd_next_due(struct crowd *c);
void crowd_destroy(struct crowd *c);

int64_t crowd_now(const struct crowd *c);

/* Counts the parker's thread as awake; called by its creator before the thread runs, while the
 * creator is awake itself. */
void parker_join(struct parker *p, struct crowd *c, void *owner);

/* The thread is no member any more. By its own thread, last. May find the crowd quiet. */
void parker_leave(struct parker *p);

/* Sleeps until somebody unparks this kind, or until `deadline` (a patient one comes only if
 * something else keeps the crowd going until then). `ready` is the caller's predicate: when it
 * holds, the call returns PARK_WOKEN at once; it is called before, during spinning and after
 * announcing the sleep, on this thread, and must not block. A PARK_WOKEN may be stale: callers
 * loop. */
enum park_result parker_park(struct parker *p, enum park_kind kind, int64_t deadline,
                             bool (*ready)(void *), void *context);

/* For the one member that watches the others: sleeps until `from` has come and everybody else is
 * asleep, or until `latest`, whichever is first (PARK_DEADLINE); else as parker_park of kind
 * PARK_IDLE. Of deadlines at the same moment as `from` all others come first. With the real clock
 * it is `from` alone that counts. */
enum park_result parker_park_settled(struct parker *p, int64_t from, int64_t latest,
                                     bool (*ready)(void *), void *context);

/* After making the predicate true: wakes the parker if it sleeps in one of `kinds`. The caller is
 * awake. True if it slept. */
bool parker_unpark(struct parker *p, unsigned kinds);

/* An actor from outside (a C thread, the warden at work) keeps the crowd awake between hold and
 * release. */
void crowd_hold(struct crowd *c);
void crowd_release(struct crowd *c);

enum crowd_end { CROWD_QUIET, CROWD_STOPPED, CROWD_POKED, CROWD_LIMIT };

/* The warden's sleep, on the thread that owns the run and does not hold the crowd: wakes members
 * whose deadline passes while others run. Returns when the crowd is quiet, crowd_stop or crowd_poke
 * was called, or machine time passes `limit` (CLOCK_MONOTONIC ns, CROWD_NEVER = none). `seen` is
 * where the caller keeps the pokes it has seen, 0 at first. */
enum crowd_end crowd_attend(struct crowd *c, int64_t limit, uint32_t *seen);

void crowd_poke(struct crowd *c);
void crowd_stop(struct crowd *c);

/* Calls `visit` for every member under the crowd's lock: for reports while nobody runs. */
void crowd_visit(struct crowd *c, void (*visit)(struct parker *, enum park_kind, void *),
                 void *context);

#endif
