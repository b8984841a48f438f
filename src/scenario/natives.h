/* What an embedding C program brings into a run: blocks with names, and native agents
 * (include/heddle/run.h).
 *
 * Ownership: the blocks are the run's; what a native agent is told lives until its end. Threads:
 * the warden, before the world runs and after it has ended. */
#ifndef HEDDLE_SCENARIO_NATIVES_H
#define HEDDLE_SCENARIO_NATIVES_H

#include "agent/world.h"
#include "memory/native_thread.h"

#include "heddle/run.h"

/* Makes the blocks. STATUS_INVALID: two have one name, or one has none; STATUS_RANGE,
 * STATUS_NO_MEMORY. */
status natives_make_blocks(const hd_named_block *wanted, size_t count, struct named_blocks *out);
void natives_free_blocks(struct named_blocks *blocks);

/* Starts an agent in the cluster of the first. STATUS_INVALID: it has no name or no function. */
status natives_start(struct world *w, const hd_native_agent *wanted,
                     const struct named_blocks *blocks);

#endif
