/* Where a C program calls the public face of shared memory, for the race detector's reports. */
#ifndef HEDDLE_MEMORY_API_PLACE_H
#define HEDDLE_MEMORY_API_PLACE_H

#include "observe/hooks.h"

/* The calling thread is at `caller`, unless it runs an engine, which knows better. */
void api_place_set(const void *caller);

/* First thing in each function of the interface. */
#define API_PLACE()                                                                                \
    do {                                                                                           \
        if (__builtin_expect(observe_active(), 0))                                                 \
            api_place_set(__builtin_return_address(0));                                            \
    } while (0)

#endif
