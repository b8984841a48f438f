/* The stress runner: the program as real threads run it, millions of times, and what came of it.
 *
 * Every agent is a thread; a batch is an array of instances of the program, each with memory of its
 * own, which all threads go through in the same order. Layouts (cells packed, one cache line each,
 * or shuffled), ways to meet (once per batch, before every instance, at a moment of the clock) and
 * placements (threads pinned or free, who resets the cells, which lines are preloaded) are rotated,
 * since each finds other things.
 *
 * Ownership: results live in the region handed in. Threads: the caller starts and joins the agents'
 * threads. Blocking: for the time or the count asked for. */
#ifndef HEDDLE_LITMUS_STRESS_H
#define HEDDLE_LITMUS_STRESS_H

#include "litmus/check.h"

#include <signal.h>

typedef struct litmus_stress_options {
    double seconds;      /* of the machine's time; 0: by count alone */
    uint64_t iterations; /* at least that many; 0: by time alone */
    uint64_t seed;       /* of shuffles, skews and preloads */
    const volatile sig_atomic_t
        *interrupt; /* nonzero ends the run with what there is; NULL: none */
    /* Several times a second, on another thread. NULL: none. */
    void (*tick)(void *context, uint64_t iterations, double seconds);
    void *context;
    int only_mode; /* for benchmarks: that mode alone; -1 or 0-filled options rotate: see below */
    bool one_mode; /* `only_mode` counts */
} litmus_stress_options;

typedef struct litmus_stress_outcome {
    const litmus_value *slots;
    const litmus_outcome *allowed; /* NULL: the memory model forbids it */
    uint64_t count;
    uint64_t first; /* the iteration that showed it first */
    uint8_t mode;   /* in which mode */
} litmus_stress_outcome;

typedef struct litmus_stress_mode {
    const char *name;          /* "batch 256, packed" */
    uint64_t iterations, weak; /* weak: outcomes that are not sequentially consistent */
    double seconds;
} litmus_stress_mode;

enum { LITMUS_STRESS_MODES = 12 };

typedef struct litmus_stress_result {
    litmus_stress_outcome *outcomes; /* by falling count */
    size_t count, capacity;
    uint64_t iterations, forbidden; /* forbidden: how often */
    uint64_t uncounted;             /* iterations whose outcome was one too many to be kept */
    double seconds;
    uint64_t seed;
    bool interrupted;
    litmus_stress_mode modes[LITMUS_STRESS_MODES];
    size_t mode_count;
} litmus_stress_result;

/* STATUS_OK; STATUS_INVALID when `allowed` is not complete; STATUS_STATE when the program waits,
 * notifies, posts or starts (only the engine runs those); STATUS_LIMIT when no thread could be
 * started. */
status litmus_stress(const litmus_result *allowed, const litmus_stress_options *options,
                     region *memory, litmus_stress_result *result);

/* Adds `count` times an outcome. For the runs through the engine, which count themselves. */
void litmus_stress_add(litmus_stress_result *r, const litmus_result *allowed, region *memory,
                       const litmus_value *slots, uint64_t count, uint64_t first, unsigned mode);
void litmus_stress_sort(litmus_stress_result *r);

#endif
