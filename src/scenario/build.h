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
expect_line build_line(builder *b, const yaml_node *node);
expect_lines build_lines(builder *b, const yaml_node *node);

/* build_timeline.c; after windows and limits */
void build_timeline(builder *b, const yaml_node *node);
void build_dialogs(builder *b, const yaml_node *node);
void build_knobs(builder *b, const yaml_node *node);

/* build_resources.c */
void build_origins(builder *b, const yaml_node *origins, const yaml_node *public_suffixes);
void build_resources(builder *b, const yaml_node *node);

/* An address as scenarios write it: `name:/path` at a declared origin, a path at https://scenario.test, or a URL. Serialized; NULL after an
 * error was added. After build_origins. */
const char *build_address(builder *b, const yaml_node *node);

/* Shared readers. */
plan_script *build_script(builder *b, const char *url, const yaml_node *node);        /* from an inline text */
plan_script *build_script_from_disk(builder *b, const char *url, const yaml_node *node); /* from the file that the text names */
const char *build_path(builder *b, const yaml_node *node); /* of a file beside the scenario */
const char *build_text(builder *b, const yaml_node *node);
text_list build_texts(builder *b,
                      const yaml_node *node); /* a text or a list; NULL gives an empty list */
uint64_t build_number(const yaml_node *node, uint64_t absent);
source_position build_position(const builder *b, const yaml_node *node);

/* A text or list of syllabus numbers; each must be listed in `teaches`. */
number_list build_shows(builder *b, const yaml_node *node);

/* Reads a whole file into the region; STATUS_NOT_FOUND, STATUS_IO (errno says why), or STATUS_LIMIT
 * above 64 MiB. */
status build_read_file(region *memory, const char *path, const char **text, size_t *length);

/* Why build_read_file, called just before, gave `s`: the end of a sentence that begins with the
 * file, constant. */
const char *build_why_unreadable(status s);

/* `path_or_url` as an absolute URL under the scenario's base, dot segments removed; a URL with a
 * scheme stays. */
const char *build_url(region *memory, const char *path_or_url);

#endif
