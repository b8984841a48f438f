/* What a scenario serves under its origin: declared files, files beside it on disk, and npm packages near it. */
#ifndef HEDDLE_SCENARIO_FILES_H
#define HEDDLE_SCENARIO_FILES_H

#include "scenario/plan.h"
#include "web/resource.h"

#define SCENARIO_ORIGIN "https://scenario.test"

/* The bytes of a declared file, a window's script or a file beside the scenario: STATUS_NOT_FOUND when there is none. Any thread, like
 * the rest. */
status files_load(const plan *p, const char *url, char **bytes, size_t *length);

/* The whole of a file, malloc'd, with a zero byte behind it. */
status files_read(const char *path, char **bytes, size_t *length);

/* As struct resource_loader says. */
char *files_find_package(const plan *p, const char *referrer, const char *specifier);
char *files_find_required(const plan *p, const char *referrer, const char *specifier);
bool files_is_commonjs(const plan *p, const char *url, const struct resource *resource);

/* The path on disk of a URL under the scenario's origin, malloc'd; NULL for any other. For people: errors name files. */
char *files_path(const plan *p, const char *url);

/* A copy of `text` (malloc'd, NULL gives NULL) in which every URL of a file on disk is that file's path. The plan's own scripts are left:
 * plan_locate knows their lines. */
char *files_localize(const plan *p, const char *text);

/* True if the npm package is installed in a node_modules folder beside the scenario or above it. */
bool files_has_package(const plan *p, const char *name);

#endif
