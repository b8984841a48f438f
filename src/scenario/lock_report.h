/* What a run that has come to its end leaves undone with locks: requests that were never granted. */
#ifndef HEDDLE_SCENARIO_LOCK_REPORT_H
#define HEDDLE_SCENARIO_LOCK_REPORT_H

#include "scenario/observation.h"

struct world;

/* Hands one finding to `add` when any request for a lock still waits. While no agent runs. */
void lock_report(const plan *p, struct world *w, void (*add)(void *context, const observation_record *record), void *context);

#endif
