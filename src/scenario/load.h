/* Reads a scenario file and gives a plan, or every error with its place.
 *
 * The format is YAML; `format.c` holds its table, from which the loader's checks and the JSON
 * Schema are both derived. One pass finds all errors of structure; meaning (names, references,
 * patterns) is checked when the structure is sound. Threads: any, without shared state. Blocking:
 * reads the scenario file and the scripts it names beside it. */
#ifndef HEDDLE_SCENARIO_LOAD_H
#define HEDDLE_SCENARIO_LOAD_H

#include "base/load_error.h"
#include "base/status.h"
#include "scenario/plan.h"

/* Loads `path`. On STATUS_OK `*result` is a plan that the caller frees. Otherwise `*result` is NULL
 * and `*errors` has at least one entry, in the order of the file: STATUS_NOT_FOUND or STATUS_IO
 * when the file cannot be read, STATUS_INVALID when it is not a scenario. `*errors` is to be
 * released in both cases. */
status scenario_load(const char *path, plan **result, load_errors *errors);

/* The same for a text in memory; `path` names it in messages and says where further files are
 * looked up. */
status scenario_load_text(const char *path, const char *text, size_t length, plan **result,
                          load_errors *errors);

/* A plan for one bare script file: a window (or nothing to say about agents) at
 * https://scenario.test/ whose script is that file, module when its name ends in .mjs, no
 * expectations. */
status scenario_from_script(const char *path, plan **result, load_errors *errors);

/* The same for a text in memory (copied); `path` names it and says where further files are looked up. Never NULL. */
plan *scenario_from_text(const char *path, const char *text, size_t length);

/* The JSON Schema of the format, for editors, made from the loader's own table. Ends with a line
 * feed. */
void scenario_write_schema(buffer *out);

#endif
