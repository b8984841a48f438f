#include "platform/cpu.h"

#include "platform/clock.h"

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

void cpu_unpin(void)
{
    cpu_set_t all;
    CPU_ZERO(&all);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        CPU_SET(cpu, &all); /* the system leaves out what the process may not use */
    sched_setaffinity(0, sizeof all, &all);
}

bool cpu_pin(unsigned number)
{
    cpu_set_t all, one;
    cpu_unpin();
    if (sched_getaffinity(0, sizeof all, &all) != 0 || CPU_COUNT(&all) == 0)
        return false;
    unsigned left = number % (unsigned)CPU_COUNT(&all);
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && left-- == 0)
            CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0;
}

uint64_t cpu_ticks(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_ia32_rdtsc();
#else
    return (uint64_t)clock_monotonic();
#endif
}
