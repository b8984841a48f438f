/* A table-driven schema: says which shapes of YAML a file may have, checks a tree against it with a
 * position for every error, and writes itself as a JSON Schema, so that loader and schema cannot
 * drift apart.
 *
 * Tables are constant data. Threads: any. Blocking: never. */
#ifndef HEDDLE_SCENARIO_SCHEMA_H
#define HEDDLE_SCENARIO_SCHEMA_H

#include "base/buffer.h"
#include "base/yaml_tree.h"

typedef enum schema_shape {
    SCHEMA_TEXT,   /* any scalar but null; numbers and flags keep the spelling of the file */
    SCHEMA_NUMBER, /* a whole number from minimum to maximum */
    SCHEMA_FLAG,   /* true or false */
    SCHEMA_CHOICE, /* one of `choices` */
    SCHEMA_LIST,   /* each entry is an `item` */
    SCHEMA_OBJECT, /* the keys of `fields`; others only when `other` says what their values are */
    SCHEMA_EITHER  /* `scalar`, `list` or `map`, by the shape of the node; NULL where that shape is
                      not allowed */
} schema_shape;

typedef struct schema schema;

typedef struct schema_field {
    const char *key;
    const schema *value;
    const char *about; /* one line for people: messages and the JSON Schema's description */
    bool required;
} schema_field;

struct schema {
    schema_shape shape;
    const char *name;           /* not NULL: a definition of its own in the JSON Schema */
    const char *expects;        /* with an article, for messages: "a list of scripts" */
    uint64_t minimum, maximum;  /* SCHEMA_NUMBER; SCHEMA_LIST: `maximum` entries when not 0 */
    const char *const *choices; /* ends with NULL */
    const schema *item;
    bool not_empty; /* SCHEMA_LIST, SCHEMA_OBJECT with `other`: at least one entry */
    const schema_field *fields;
    size_t field_count;
    const schema *other;
    const char *other_about; /* with `other`: as a field's `about` */
    const schema *scalar, *list, *map;
};

/* Adds an error for everything in `node` that `s` does not allow; true when there was none. */
bool schema_check(const schema *s, const yaml_node *node, const char *file, load_errors *errors);

/* Reads a whole number in decimal or 0x form; false when it is none or too large. */
bool schema_number(const char *text, uint64_t *number);

/* `s` and everything it refers to as a JSON Schema (draft 2020-12). */
void schema_write(const schema *s, const char *title, buffer *out);

#endif
