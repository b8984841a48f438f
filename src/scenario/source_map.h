/* Source maps (ECMA-426, version 3): where in its source a place of a generated script comes from.
 *
 * Ownership: a map owns its texts. Threads: constant after reading, so any. Blocking: never. */
#ifndef HEDDLE_SCENARIO_SOURCE_MAP_H
#define HEDDLE_SCENARIO_SOURCE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source_map;

/* NULL when the text is no source map of version 3. Index maps (`sections`) are none of ours. */
struct source_map *source_map_read(const char *json, size_t length);
void source_map_free(struct source_map *map); /* NULL is allowed */

struct source_map_place {
    const char *source;  /* as the map names it, with its root */
    const char *content; /* of the whole source; NULL when the map has none */
    uint32_t line, column; /* from 1 */
};

/* The original of a place in the generated script, both from 1; false when the map has none for it. */
bool source_map_find(const struct source_map *map, uint32_t line, uint32_t column, struct source_map_place *out);

/* The value of the script's last "sourceMappingURL" comment; its length, 0 = none. */
size_t source_map_url(const char *script, size_t length, const char **url);

#endif
