/* Waiter lists: who waits on which cell of which block (ECMA-262 sec-waiterlist-records,
 * sec-dowait, sec-atomics.notify).
 *
 * There is one list per (block, byte offset), made by the first wait or notify and living as long
 * as its block. Waiters that block a thread and waiters that settle a promise stand in one queue,
 * served first come, first served.
 *
 * Ownership: a blocking waiter lies on the stack of its thread; an asynchronous one in memory of
 * the caller; lists belong to their block. The callers hold a reference to the block throughout; an
 * enrolled asynchronous waiter has one of its own. Threads are registered with RCU
 * (platform/rcu.h). Lock order: the lock of one list; under it nothing but the hooks
 * (observe/hooks.h). Wake-ups and `settle` come outside.
 *
 * Ordering guarantees:
 *  1. The value is compared under the list's lock, and notify takes that lock: a notify after the
 * cell was changed finds every waiter that saw the value of before.
 *  2. Every critical section on one list happens before the next one, whoever runs it.
 *  3. What was done before a notify happens before the return of each wait that it woke, and before
 * `settle`.
 *  4. Removal from the list, under its lock, decides a waiter's one result. There are no spurious
 * wake-ups. Progress guarantees: the lock is held for the length of the queue at most; nobody
 * sleeps under it. */
#ifndef HEDDLE_MEMORY_WAITER_LIST_H
#define HEDDLE_MEMORY_WAITER_LIST_H

#include "memory/shared_block.h"
#include "platform/crowd.h"

#include <stdatomic.h>

enum wait_result {
    WAIT_OK,        /* woken; for an asynchronous waiter: enrolled */
    WAIT_NOT_EQUAL, /* the cell holds another value */
    WAIT_TIMED_OUT,
    WAIT_TERMINATED, /* the waiting agent is doomed */
};

#define WAITER_ALL UINT64_MAX

/* Within waiter_list.c only. */
struct waiter_link {
    struct waiter_link *next, *previous;
    struct waiter_record *record;
    const _Atomic bool *doomed;
    void *site;
    uint8_t size;
    _Atomic uint8_t fate; /* written under the list's lock */
    bool async;
};

/* ECMA-262 sec-dowait for mode sync, from EnterCriticalSection on: sleeps on the cell of 4 or 8
 * bytes at `offset` (a multiple of `size`) while it has not been notified, if it holds `expected`.
 * `timeout` in ns of the crowd's clock, ≥ 0 or CROWD_NEVER. Blocks the calling thread, whose parker
 * it is. Whoever terminates the agent sets `*doomed` (NULL: nobody does) with release order and
 * then calls parker_unpark(parker, PARK_IDLE | PARK_BLOCKED). `site` is for reports. */
enum wait_result waiter_wait(struct shared_block *block, uint64_t offset, unsigned size,
                             int64_t expected, int64_t timeout, struct parker *parker,
                             const _Atomic bool *doomed, void *site);

struct async_waiter {
    struct waiter_link link; /* private */
    const _Atomic bool *
        doomed; /* set by the caller: notify passes over the waiter once this is set; may be NULL */
    void (*settle)(struct async_waiter
                       *); /* set by the caller: it was notified. On the notifier's thread, outside
                              locks, at most once; the memory is the caller's again from then on */
    int64_t since;         /* set by the caller, for reports: when, in the crowd's time */
    void *site;            /* set by the caller, for reports */
};

/* Mode async, with the time-out left to the caller. WAIT_OK: enrolled, `w` stays in place until
 * settle was called or waiter_cancel_async has returned true. WAIT_NOT_EQUAL: nothing has happened.
 * Never blocks for long. */
enum wait_result waiter_enrol_async(struct shared_block *block, uint64_t offset, unsigned size,
                                    int64_t expected, struct async_waiter *w);

/* Takes back an enrolled waiter: at its time-out or the end of its agent. True: settle was not
 * called and will not be. False: it was or will be; who wants to free `w` awaits that. Once per
 * enrolment. */
bool waiter_cancel_async(struct async_waiter *w);

/* ECMA-262 sec-atomics.notify from EnterCriticalSection on: wakes up to `count` waiters in the
 * order of their coming and returns how many. The calling thread is awake in the crowd of every
 * waiter. */
uint64_t waiter_notify(struct shared_block *block, uint64_t offset, uint64_t count);

struct waiter_view {
    struct shared_block *block;
    uint64_t offset;
    unsigned size;
    int64_t since;         /* ns of the crowd's clock; of a blocking one: when it fell asleep */
    struct parker *parker; /* NULL for an asynchronous waiter */
    struct async_waiter *async; /* NULL for a blocking one */
    void *site;
    bool doomed;
};

/* Every waiter of the process, the queues in no order, each queue in its own. `visit` runs under
 * the list's lock; it must not block or call back. For reports while nobody runs. */
void waiter_visit(void (*visit)(const struct waiter_view *, void *), void *context);

#endif
