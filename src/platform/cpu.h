/* The processors this process may use. Any thread, never blocks. */
#ifndef HEDDLE_PLATFORM_CPU_H
#define HEDDLE_PLATFORM_CPU_H

/* How many CPUs the process was allowed when it started (sched_getaffinity), at least 1. */
unsigned cpu_allowed(void);

/* Re-reads what the calling thread is allowed: for tests that pin themselves. */
void cpu_allowed_refresh(void);

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
