/* The one range of addresses in which every shared block lies, so that the observed variant tells
 * an access to shared memory by one compare. */
#ifndef HEDDLE_MEMORY_SHARED_RANGE_H
#define HEDDLE_MEMORY_SHARED_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* 64 GiB at a fixed place that the address sanitizer leaves to programs, and far from where the
 * system places mappings: ten thousand agents would reach any place near those. */
#define SHARED_RANGE_BASE ((uintptr_t)0x552000000000)
#define SHARED_RANGE_BITS 36
#define SHARED_RANGE_SIZE ((uintptr_t)1 << SHARED_RANGE_BITS)

static inline bool shared_range_holds(const void *address)
{
    return (uintptr_t)address >> SHARED_RANGE_BITS == SHARED_RANGE_BASE >> SHARED_RANGE_BITS;
}

#endif
