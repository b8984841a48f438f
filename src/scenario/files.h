/* What a scenario serves under its origin: declared files, files beside it on disk, and npm packages near it. */
#ifndef HEDDLE_SCENARIO_FILES_H
#define HEDDLE_SCENARIO_FILES_H

#include "scenario/plan.h"
#include "web/resource.h"

#define SCENARIO_ORIGIN "https://scenario.test"

/* resource_loader calls; the context is the plan. Any thread. */
status files_load(void *context, const char *url, struct resource *out);
char *files_find_package(void *context, const char *referrer, const char *specifier);
char *files_find_required(void *context, const char *referrer, const char *specifier);
bool files_is_commonjs(void *context, const char *url, const struct resource *resource);

/* The path on disk of a URL under the scenario's origin, malloc'd; NULL for any other. For people: errors name files. */
char *files_path(const plan *p, const char *url);

/* A copy of `text` (malloc'd, NULL gives NULL) in which every URL of a file on disk is that file's path. The plan's own scripts are left:
 * plan_locate knows their lines. */
char *files_localize(const plan *p, const char *text);

/* True if the npm package is installed in a node_modules folder beside the scenario or above it. */
bool files_has_package(const plan *p, const char *name);

/* What the scenario needs and is not there, NULL when everything is. `*left_out`: it is no package but a part of the engine that this
 * build leaves out. */
const char *files_missing(const plan *p, bool *left_out);

#endif
