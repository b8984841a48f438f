/* Carries out a plan: makes a world, starts its windows, and fills an observation with what happened.
 *
 * Threads: the caller becomes the run's warden and blocks until the run has ended. Several runs may go on at the same time on different
 * threads. */
#ifndef HEDDLE_SCENARIO_RUNNER_H
#define HEDDLE_SCENARIO_RUNNER_H

#include "base/status.h"
#include "scenario/observation.h"

#include <stdbool.h>
#include <signal.h>

struct suppressions;
struct hd_named_block;
struct hd_native_agent;

struct run_options {
    bool main_is_worker;     /* the first window's script runs in an agent that may block */
    bool pure;               /* no `heddle` global */
    bool real_clock;         /* whatever the plan says */
    uint64_t seed;           /* 0: the plan's */
    uint64_t iteration;      /* of several runs, from 0: with outcomes, each has the next seed */
    uint64_t wall_limit_ms;  /* of the machine's time, 0 = none */
    bool no_races;           /* leaves the race detector off */
    uint32_t fail_on;        /* enum races_fail_on of scenario/races.h; 0: FAIL_ON_DEFAULT */
    struct suppressions *suppressions;      /* NULL = none */
    uint64_t race_memory;    /* bytes of shadow, 0: the detector's own limit */
    const volatile sig_atomic_t *interrupt; /* nonzero ends the run; NULL = none */
    /* Each record as it happens. NULL = none. */
    void (*record)(void *context, const observation_record *record);
    /* About every 100 ms. NULL = none. */
    void (*tick)(void *context, uint64_t elapsed_ns);
    void *context;
    const struct hd_named_block *blocks; /* include/heddle/run.h */
    size_t block_count;
    const struct hd_native_agent *native_agents;
    size_t native_agent_count;
};

/* Fills `out` (empty). STATUS_NO_MEMORY, STATUS_LIMIT (no thread for the first agent), and those of natives.h. */
status scenario_run(const plan *p, const struct run_options *options, observation *out);

#endif
