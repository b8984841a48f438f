/* The source maps of a plan's scripts and of files on disk, read when first asked for.
 *
 * Ownership: the plan's. Threads: any; the cache has a lock, which is a leaf. Blocking: reads files. */
#ifndef HEDDLE_SCENARIO_SOURCE_MAPS_H
#define HEDDLE_SCENARIO_SOURCE_MAPS_H

#include "scenario/plan.h"

struct source_maps;

struct source_maps *source_maps_create(void);
void source_maps_free(struct source_maps *m); /* NULL is allowed */

/* The original of a place in a script: `url` names one of the plan or a file on disk. The file is as long as the plan; `*text` is the text of
 * the line, malloc'd, NULL when it is not known. False when the script has no map for the place. */
bool source_maps_find(const plan *p, const char *url, uint32_t line, uint32_t column, source_position *out, char **text);

#endif
