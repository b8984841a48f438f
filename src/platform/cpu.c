#include "platform/cpu.h"

#include <sched.h>
#include <stdatomic.h>

static _Atomic unsigned allowed; /* relaxed: a number that says all by itself; 0 = not read yet */

void cpu_allowed_refresh(void)
{
    cpu_set_t set;
    unsigned count = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        count = (unsigned)CPU_COUNT(&set);
    atomic_store_explicit(&allowed, count, memory_order_relaxed);
}

unsigned cpu_allowed(void)
{
    unsigned count = atomic_load_explicit(&allowed, memory_order_relaxed);
    if (!count) {
        cpu_allowed_refresh();
        count = atomic_load_explicit(&allowed, memory_order_relaxed);
    }
    return count;
}
