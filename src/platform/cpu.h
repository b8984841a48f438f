/* The processors this process may use. Any thread, never blocks. */
#ifndef HEDDLE_PLATFORM_CPU_H
#define HEDDLE_PLATFORM_CPU_H

#include <stdbool.h>
#include <stdint.h>

/* How many CPUs the process was allowed when it started (sched_getaffinity), at least 1. */
unsigned cpu_allowed(void);

/* Re-reads what the calling thread is allowed: for tests that pin themselves. */
void cpu_allowed_refresh(void);

/* Keeps the calling thread on the n-th CPU that the process may use, counted round; false where the
 * system refuses. cpu_unpin lets it use all of them again. */
bool cpu_pin(unsigned number);
void cpu_unpin(void);

/* A counter that all CPUs share and that is cheap to read: the time stamp counter, or nanoseconds. */
uint64_t cpu_ticks(void);

/* Tells the core that this is a spinning loop. */
static inline void cpu_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
