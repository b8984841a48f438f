/* The conductor: carries out a plan's timeline on the run's clock.
 *
 * It is a member of the crowd with a thread of its own, so idleness stays exact: a run is not over while a moment has a time, a moment
 * that waits for a line that nobody can write any more never comes, and nothing here sleeps by the machine's clock.
 *
 * Ownership: the plan and the world outlive it. Threads: start, stop and free are for the run's warden; what agents do is told to it on
 * their threads (world_watcher), before they can sleep, so that a wait that begins with a line begins exactly then. Lock order: the
 * world's registry lock, then the conductor's own, which is a leaf; nothing is done to agents under it.
 *
 * Ordering guarantees: 1. what an agent did before a line happens before the moment that waits for it.
 *  2. Moments that are due at the same time are carried out in the order of the file.
 *  3. A settled moment finds every agent asleep, unless one of them went on for a second. Progress: it never waits for an agent. */
#ifndef HEDDLE_SCENARIO_TIMELINE_H
#define HEDDLE_SCENARIO_TIMELINE_H

#include "base/status.h"
#include "scenario/plan.h"

struct world;
struct timeline;

/* Before any agent is started; the caller holds the crowd. `*out` is NULL when the plan has no timeline. STATUS_NO_MEMORY,
 * STATUS_LIMIT. */
status timeline_start(const plan *p, struct world *w, struct timeline **out);

/* While no agent runs, or after a limit: ends the thread and posts the notices of rules that stay broken. `complete`: nothing could
 * happen any more, so that what is paused now would be so for ever. NULL is allowed. Blocks for the moment that is being carried out. */
void timeline_stop(struct timeline *t, bool complete);

/* After the run, before the world is freed; what an agent that was given up may still tell stays. NULL is allowed. */
void timeline_free(struct timeline *t);

#endif
