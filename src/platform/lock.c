#include "platform/lock.h"

#include "platform/cpu.h"
#include "platform/futex.h"

#define SPINS 40 /* about 2 us: a critical section is shorter than falling asleep */

void lock_enter_contended(lock *l)
{
    if (cpu_allowed() > 1) {
        for (int i = 0; i < SPINS; i++) {
            uint32_t expected = LOCK_FREE;
            if (atomic_load_explicit(&l->word, memory_order_relaxed) == LOCK_FREE &&
                atomic_compare_exchange_weak_explicit(&l->word, &expected, LOCK_HELD,
                                                      memory_order_acquire, memory_order_relaxed))
                return;
            cpu_pause();
        }
    }
    /* acquire: pairs with the release in lock_leave. Whoever has slept holds it as awaited, because
     * others may sleep. */
    while (atomic_exchange_explicit(&l->word, LOCK_AWAITED, memory_order_acquire) != LOCK_FREE)
        futex_wait(&l->word, LOCK_AWAITED, FUTEX_NEVER);
}

void lock_leave_contended(lock *l)
{
    futex_wake(&l->word, 1);
}
