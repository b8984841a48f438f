/* What a scenario needs to be run at all: npm packages, and parts of the engine that a build may leave out. */
#ifndef HEDDLE_SCENARIO_NEEDS_H
#define HEDDLE_SCENARIO_NEEDS_H

#include "scenario/plan.h"

/* What the scenario needs and is not there, NULL when everything is. `*left_out`: it is no package but a part of the engine that this
 * build leaves out. Any thread; looks at the disk. */
const char *needs_missing(const plan *p, bool *left_out);

#endif
