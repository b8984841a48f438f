/* Which source of tasks an event loop serves next (R-EL-01): within one source the order is kept,
 * between sources a run may choose, and may hold a source back. Without a choice the oldest task
 * comes first.
 *
 * Own thread, but for source_choice_begin, which is called before it starts. */
#ifndef HEDDLE_AGENT_SOURCE_CHOICE_H
#define HEDDLE_AGENT_SOURCE_CHOICE_H

#include "agent/agent.h"

#define ALL_SOURCES (~0u) /* a set of sources: bit s stands for enum task_source s */

/* The loop chooses by the world's policy. Nothing when out of memory. */
void source_choice_begin(struct agent *a);
void source_choice_free(struct agent *a);

/* Tasks of these sources wait until `until` of the run's clock; others may overtake them. */
void source_hold(struct agent *a, unsigned sources, int64_t until);

/* Out of those that have something to run: a set with one of them, the sources of equal rank (all,
 * when the oldest is to come first), or none when all are held back. */
unsigned source_choose(struct agent *a, unsigned runnable);

/* When a timer is due or a source is let go, whichever is first; CROWD_NEVER. */
int64_t source_next_due(const struct agent *a);
/* All that is then is patient timers. */
bool source_is_patient(const struct agent *a);

#endif
