/* Observations on their way between processes of one program (the same build on both sides).
 *
 * Threads: one at a time. Blocking: what the file does. */
#ifndef HEDDLE_SCENARIO_OBSERVATION_FILE_H
#define HEDDLE_SCENARIO_OBSERVATION_FILE_H

#include "scenario/observation.h"

#include <stdio.h>

/* False when the file cannot be written. */
bool observation_store(FILE *to, const observation *o);

/* NULL when the file does not hold a whole observation. The caller frees it. */
observation *observation_fetch(FILE *from);

#endif
