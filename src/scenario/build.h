/* Makes a plan of a tree that has passed the schema, and checks what a schema cannot: names,
 * references, patterns. Threads: any. Blocking: reads script files beside the scenario. */
#ifndef HEDDLE_SCENARIO_BUILD_H
#define HEDDLE_SCENARIO_BUILD_H

#include "scenario/load.h"
#include "base/yaml_tree.h"

/* What the parts of the loader share while one file is read. */
typedef struct builder {
    plan *plan;
    region *memory; /* the plan's */
    load_errors *errors;
    size_t script_capacity;
    size_t pattern_capacity;
} builder;

/* Fills `plan` (file and directory are set already); errors are added to the list. */
void plan_build(plan *p, const yaml_node *root, load_errors *errors);

/* build_expect.c */
void build_expect(builder *b, const yaml_node *node);

/* Shared readers. */
const char *build_text(builder *b, const yaml_node *node);
text_list build_texts(builder *b,
                      const yaml_node *node); /* a text or a list; NULL gives an empty list */
uint64_t build_number(const yaml_node *node, uint64_t absent);
source_position build_position(const builder *b, const yaml_node *node);

/* A text or list of syllabus numbers; each must be listed in `teaches`. */
number_list build_shows(builder *b, const yaml_node *node);

/* Reads a whole file into the region; STATUS_NOT_FOUND, STATUS_IO, or STATUS_LIMIT above 64 MiB. */
status build_read_file(region *memory, const char *path, const char **text, size_t *length);

/* `path_or_url` as an absolute URL under the scenario's base, dot segments removed; a URL with a
 * scheme stays. */
const char *build_url(region *memory, const char *path_or_url);

#endif
