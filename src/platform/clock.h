/* The machine's clocks, in nanoseconds. Any thread, never blocks. */
#ifndef HEDDLE_PLATFORM_CLOCK_H
#define HEDDLE_PLATFORM_CLOCK_H

#include <stdint.h>

int64_t clock_monotonic(void);
int64_t clock_wall(void);       /* since 1970 */
int64_t clock_thread_cpu(void); /* of the calling thread */

#endif
