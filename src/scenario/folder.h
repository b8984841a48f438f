/* Finds the scenario files under a path. */
#ifndef HEDDLE_SCENARIO_FOLDER_H
#define HEDDLE_SCENARIO_FOLDER_H

#include "base/status.h"
#include "scenario/plan.h"

/* All .yaml and .yml files in `path` and its folders, sorted by name; hidden ones and litmus files are
 * left out. When `path` is no folder the list holds `path` itself, whatever its name. STATUS_NOT_FOUND or
 * STATUS_IO when it cannot be looked at. Blocks for the file system. The texts live in `memory`. */
status folder_list_scenarios(region *memory, const char *path, text_list *files);

/* The same for litmus files (.yaml, .yml, .js): those that begin with `litmus:`. */
status folder_list_litmus(region *memory, const char *path, text_list *files);

/* True when the file begins as a litmus file does. Reads its first bytes. */
bool folder_is_litmus(const char *path);

#endif
