/* A YAML document as a tree whose every node knows where it starts: what libyaml's events are
 * composed into, because every message about a file names file, line and column.
 *
 * Limits, each an error with a position: nesting 32 levels, 16 MiB of text, a million nodes after
 * following aliases. Ownership: the tree lives in the region handed in. Threads: any, without
 * shared state. Blocking: never. */
#ifndef HEDDLE_BASE_YAML_TREE_H
#define HEDDLE_BASE_YAML_TREE_H

#include "base/load_error.h"

#include <stdbool.h>

typedef enum yaml_shape { YAML_SCALAR, YAML_LIST, YAML_MAP } yaml_shape;

typedef struct yaml_node yaml_node;

typedef struct yaml_pair {
    const yaml_node *key; /* a scalar */
    const yaml_node *value;
} yaml_pair;

struct yaml_node {
    yaml_shape shape;
    uint32_t line; /* from 1 */
    uint32_t column;
    size_t weight; /* nodes in this tree, aliases followed */

    const char *text; /* YAML_SCALAR; without NUL bytes inside */
    size_t length;
    bool plain;           /* neither quoted nor a block */
    bool literal;         /* a block scalar with |: its lines are lines of the file */
    uint32_t text_line;   /* where the first character of `text` stands; exact for plain and literal
                             scalars */
    uint32_t text_column; /* from 1; of every line for a literal scalar */

    const yaml_node **items; /* YAML_LIST */
    yaml_pair *pairs;        /* YAML_MAP */
    size_t count;
};

/* NULL after an error was added. An empty document gives one that says what was `expected`, with an article: "a scenario". */
const yaml_node *yaml_tree_read(region *memory, const char *text, size_t length, const char *file, const char *expected,
                                load_errors *errors);

/* The value under a key; NULL when the map has none. */
const yaml_node *yaml_tree_find(const yaml_node *map, const char *key);

/* Empty, ~ or null, unquoted. */
bool yaml_tree_is_null(const yaml_node *node);

#endif
