/* The test that the observed variant makes at every access: does an address lie in the range of shared blocks? */
#ifndef HEDDLE_ENGINE_SHARED_RANGE_H
#define HEDDLE_ENGINE_SHARED_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* 64 GiB at a fixed place that the address sanitizer and the thread sanitizer leave to programs. */
#define ENGINE_SHARED_RANGE_BASE ((uintptr_t)0x7e9000000000)
#define ENGINE_SHARED_RANGE_BITS 36

static inline bool engine_in_shared_range(const void *address)
{
    return (uintptr_t)address >> ENGINE_SHARED_RANGE_BITS ==
           ENGINE_SHARED_RANGE_BASE >> ENGINE_SHARED_RANGE_BITS;
}

#endif
