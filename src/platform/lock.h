/* A small lock for short critical sections: four bytes, no system call unless contended.
 *
 * Ownership: embedded; zero is unlocked. Threads: any; lock_enter may sleep. Not recursive. Lock
 * order: the user's. Ordering guarantee: what was done before lock_leave happens before what is
 * done after the next lock_enter. Progress guarantee: a thread that leaves wakes one that sleeps;
 * it cannot take the lock back from one that has waited for long without going through the same
 * queue of the system, so that nobody starves in practice. */
#ifndef HEDDLE_PLATFORM_LOCK_H
#define HEDDLE_PLATFORM_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct lock {
    _Atomic uint32_t word; /* LOCK_*; the futex word */
} lock;

enum { LOCK_FREE, LOCK_HELD, LOCK_AWAITED };

void lock_enter_contended(lock *l);
void lock_leave_contended(lock *l);

static inline void lock_enter(lock *l)
{
    uint32_t expected = LOCK_FREE;
    /* acquire: pairs with the release in lock_leave */
    if (__builtin_expect(!atomic_compare_exchange_strong_explicit(&l->word, &expected, LOCK_HELD,
                                                                  memory_order_acquire,
                                                                  memory_order_relaxed),
                         0))
        lock_enter_contended(l);
}

static inline void lock_leave(lock *l)
{
    /* release: pairs with the acquire in lock_enter */
    if (__builtin_expect(
            atomic_exchange_explicit(&l->word, LOCK_FREE, memory_order_release) == LOCK_AWAITED, 0))
        lock_leave_contended(l);
}

#endif
