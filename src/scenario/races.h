/* The race detector's findings as records of an observation: put into words, with the code around
 * them and the smallest change that orders the two accesses.
 *
 * Threads: the run's warden, after the last agent has ended. Blocking: reads source files. */
#ifndef HEDDLE_SCENARIO_RACES_H
#define HEDDLE_SCENARIO_RACES_H

#include "scenario/observation.h"
#include "scenario/suppressions.h"

struct races_job {
    const plan *plan;
    void *run;              /* the detector's name for it: the world */
    uint64_t blocks_before; /* the run numbers its blocks from 1 */
    uint64_t time_ns;
    uint32_t fail_on;                  /* enum races_fail_on bits */
    struct suppressions *suppressions; /* NULL = none */
    observation *observation;
    /* The name under which a script registered the cell, or NULL. */
    const char *(*cell_name)(void *context, uint64_t block, uint64_t offset);
    void (*add)(void *context, const observation_record *record);
    void *context;
};

/* Which undeclared findings of the detector fail a run. */
enum races_fail_on {
    FAIL_ON_OBSERVED = 1,  /* also when a native run cannot tell */
    FAIL_ON_UNORDERED = 2, /* unordered conflicts */
    FAIL_ON_EXCLUSIVE = 4, /* heddle.exclusive() was broken */
    FAIL_ON_ADVICE = 8,    /* plain-spin, mixed-use, mixed-size, plain-wait */
    FAIL_ON_ALL = 15,
    FAIL_ON_NONE = 16, /* a bit of its own, because 0 asks for the default */
    FAIL_ON_DEFAULT = FAIL_ON_OBSERVED | FAIL_ON_EXCLUSIVE,
};

void races_record(const struct races_job *job);

#endif
