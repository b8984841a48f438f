/* Agents that are blocked for ever, and locks that died with their holders: what a run that ends
 * leaves of them.
 *
 * Threads: the run's warden. Blocking: the locks of waiter lists, for a moment. */
#ifndef HEDDLE_SCENARIO_DEADLOCK_REPORT_H
#define HEDDLE_SCENARIO_DEADLOCK_REPORT_H

#include "scenario/observation.h"

struct world;
struct shared_block;

struct deadlock_job {
    const plan *plan;
    struct world *world;
    uint64_t blocks_before;         /* the run numbers its blocks from 1 */
    const observation *observation; /* who has ended, and how */
    bool races_watched;             /* then it is known who wrote a cell last */
    /* The name under which a script registered the cell, or NULL. */
    const char *(*cell_name)(void *context, uint64_t block, uint64_t offset);
    /* How many references to the block are the run's own. */
    uint32_t (*references)(void *context, const struct shared_block *block);
    void (*add)(void *context, const observation_record *record);
    void *context;
};

/* Nobody runs and nobody will: whoever is blocked stays so. */
void deadlock_report_all(const struct deadlock_job *job);

/* The run ended by a bound, and others may still run: those are told who can be woken by none of
 * them, because only agents that are blocked without a time-out know the memory that they wait on.
 */
void deadlock_report_part(const struct deadlock_job *job);

#endif
