#include "base/yaml_tree.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define MAXIMUM_DEPTH 32
#define MAXIMUM_WEIGHT ((size_t)1000000)
#define MAXIMUM_LENGTH ((size_t)16 << 20)
#define MAXIMUM_KEYS ((size_t)4096) /* of one map: duplicates are looked for pair by pair */

typedef struct anchor {
    struct anchor *next;
    const char *name;
    const yaml_node *node; /* NULL while the node is still being read */
} anchor;

typedef struct reader {
    yaml_parser_t parser;
    region *memory;
    const char *text;
    size_t length;
    const char *file;
    const char *expected;
    load_errors *errors;
    size_t *line_starts; /* byte offsets; index 0 is line 1 */
    size_t line_count;
    anchor *anchors;
} reader;

bool yaml_tree_is_null(const yaml_node *node)
{
    return node->shape == YAML_SCALAR && node->plain &&
           (node->length == 0 || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

const yaml_node *yaml_tree_find(const yaml_node *map, const char *key)
{
    hd_assert(map->shape == YAML_MAP);
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->pairs[i].key->text, key) == 0)
            return map->pairs[i].value;
    return NULL;
}

/* The length of a line break as YAML 1.1 and libyaml count them (CR, LF, CR LF, NEL, LS, PS), 0
 * when there is none: line numbers of both must agree. */
static size_t break_length(const char *s, size_t left)
{
    if (left == 0)
        return 0;
    if (s[0] == '\r')
        return left > 1 && s[1] == '\n' ? 2 : 1;
    if (s[0] == '\n')
        return 1;
    if (left >= 2 && memcmp(s, "\xC2\x85", 2) == 0)
        return 2;
    if (left >= 3 && (memcmp(s, "\xE2\x80\xA8", 3) == 0 || memcmp(s, "\xE2\x80\xA9", 3) == 0))
        return 3;
    return 0;
}

static void find_lines(reader *r)
{
    size_t capacity = 0;
    r->line_starts = region_grow(r->memory, NULL, 0, &capacity, sizeof *r->line_starts);
    r->line_starts[r->line_count++] = 0;
    for (size_t i = 0; i < r->length;) {
        size_t n = break_length(r->text + i, r->length - i);
        i += n == 0 ? 1 : n;
        if (n == 0)
            continue;
        r->line_starts = region_grow(r->memory, r->line_starts, r->line_count, &capacity,
                                     sizeof *r->line_starts);
        r->line_starts[r->line_count++] = i;
    }
}

static void position_of_offset(const reader *r, size_t offset, uint32_t *line, uint32_t *column)
{
    size_t l = 0;
    while (l + 1 < r->line_count && r->line_starts[l + 1] <= offset)
        l++;
    uint32_t c = 1;
    for (size_t i = r->line_starts[l]; i < offset && i < r->length; i++)
        c += (r->text[i] & 0xC0) != 0x80;
    *line = (uint32_t)l + 1;
    *column = c;
}

static bool is_tab_at(const reader *r, yaml_mark_t mark)
{
    if (mark.line >= r->line_count)
        return false;
    size_t offset = r->line_starts[mark.line];
    for (size_t c = 0; c < mark.column && offset < r->length; c++) {
        do
            offset++;
        while (offset < r->length && (r->text[offset] & 0xC0) == 0x80);
    }
    return offset < r->length && r->text[offset] == '\t';
}

static void add_parser_error(reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_READER_ERROR) {
        uint32_t line, column;
        position_of_offset(r, p->problem_offset, &line, &column);
        load_error_add(r->errors, r->file, line, column, "expected UTF-8 text: %s", p->problem);
        return;
    }
    yaml_mark_t mark = p->problem_mark;
    uint32_t line = (uint32_t)mark.line + 1, column = (uint32_t)mark.column + 1;
    if (is_tab_at(r, mark))
        load_error_add(r->errors, r->file, line, column,
                       "a tab stands here, but YAML indents with blanks only");
    else if (p->context != NULL && p->context_mark.line != mark.line)
        load_error_add(r->errors, r->file, line, column,
                       "not valid YAML: %s (%s that starts in line %zu)", p->problem, p->context,
                       p->context_mark.line + 1);
    else
        load_error_add(r->errors, r->file, line, column, "not valid YAML: %s%s%s%s",
                       p->problem == NULL ? "unknown problem" : p->problem,
                       p->context == NULL ? "" : " (", p->context == NULL ? "" : p->context,
                       p->context == NULL ? "" : ")");
}

static bool next_event(reader *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event))
        return true;
    add_parser_error(r);
    return false;
}

static void error_at(reader *r, yaml_mark_t mark, const char *message)
{
    load_error_add(r->errors, r->file, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1, "%s",
                   message);
}

/* Where the lines of a literal block stand: libyaml gives the place of the | only. The indentation
 * is what the first line with text has in the file but not in the value. */
static void locate_literal(const reader *r, yaml_node *node, yaml_mark_t mark)
{
    node->text_line = (uint32_t)mark.line + 2;
    node->text_column = 1;
    const char *value = node->text, *end = node->text + node->length;
    for (size_t line = mark.line + 1; line < r->line_count && value < end; line++) {
        size_t blanks = strspn(value, " ");
        size_t n = break_length(value + blanks, (size_t)(end - value) - blanks);
        if (n > 0 || value + blanks == end) {
            value += blanks + n;
            continue;
        }
        size_t offset = r->line_starts[line], indent = 0;
        while (offset + indent < r->length && r->text[offset + indent] == ' ')
            indent++;
        node->text_column = (uint32_t)(indent > blanks ? indent - blanks : 0) + 1;
        return;
    }
}

static bool fill_scalar(reader *r, yaml_node *node, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    if (memchr(value, '\0', event->data.scalar.length) != NULL) {
        error_at(r, event->start_mark, "a NUL character cannot be part of this file");
        return false;
    }
    node->shape = YAML_SCALAR;
    node->length = event->data.scalar.length;
    node->text = region_copy(r->memory, value, node->length);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->literal = event->data.scalar.style == YAML_LITERAL_SCALAR_STYLE;
    bool quoted = event->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
                  event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    node->text_line = node->line;
    node->text_column = node->column + (quoted ? 1 : 0);
    if (node->literal)
        locate_literal(r, node, event->start_mark);
    return true;
}

static bool tag_is_known(const yaml_char_t *tag)
{
    return tag == NULL || strncmp((const char *)tag, "tag:yaml.org,2002:", 18) == 0;
}

static anchor *add_anchor(reader *r, const yaml_char_t *name)
{
    if (name == NULL)
        return NULL;
    anchor *a = region_allocate(r->memory, sizeof *a);
    a->name = region_text(r->memory, (const char *)name);
    a->next = r->anchors; /* a later anchor of the same name hides the earlier */
    r->anchors = a;
    return a;
}

static const yaml_node *follow_alias(reader *r, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    for (const anchor *a = r->anchors; a != NULL; a = a->next) {
        if (strcmp(a->name, name) != 0)
            continue;
        if (a->node == NULL)
            error_at(r, event->start_mark, "this alias stands inside the very thing it names");
        return a->node;
    }
    load_error_add(r->errors, r->file, (uint32_t)event->start_mark.line + 1,
                   (uint32_t)event->start_mark.column + 1, "no anchor &%s stands before this alias",
                   name);
    return NULL;
}

static const yaml_node *read_node(reader *r, yaml_event_t *event, unsigned depth);

static bool add_weight(reader *r, yaml_node *node, const yaml_node *child)
{
    node->weight += child->weight;
    if (node->weight <= MAXIMUM_WEIGHT)
        return true;
    load_error_add(r->errors, r->file, node->line, node->column,
                   "more than %zu values, aliases included", MAXIMUM_WEIGHT);
    return false;
}

static bool read_list(reader *r, yaml_node *node, unsigned depth)
{
    size_t capacity = 0;
    node->shape = YAML_LIST;
    for (;;) {
        yaml_event_t event;
        if (!next_event(r, &event))
            return false;
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            return true;
        }
        const yaml_node *item = read_node(r, &event, depth + 1);
        if (item == NULL || !add_weight(r, node, item))
            return false;
        node->items =
            region_grow(r->memory, node->items, node->count, &capacity, sizeof *node->items);
        node->items[node->count++] = item;
    }
}

static bool key_is_usable(reader *r, const yaml_node *node, const yaml_node *key)
{
    if (key->shape != YAML_SCALAR) {
        load_error_add(r->errors, r->file, key->line, key->column,
                       "expected a text as key, found a %s",
                       key->shape == YAML_LIST ? "list" : "map");
        return false;
    }
    if (node->count >= MAXIMUM_KEYS) {
        load_error_add(r->errors, r->file, key->line, key->column, "more than %zu keys in one map",
                       MAXIMUM_KEYS);
        return false;
    }
    for (size_t i = 0; i < node->count; i++)
        if (strcmp(node->pairs[i].key->text, key->text) == 0) {
            load_error_add(r->errors, r->file, key->line, key->column,
                           "the key \"%s\" stands here a second time; the first is in line %u",
                           key->text, node->pairs[i].key->line);
            return false;
        }
    return true;
}

static bool read_map(reader *r, yaml_node *node, unsigned depth)
{
    size_t capacity = 0;
    node->shape = YAML_MAP;
    for (;;) {
        yaml_event_t event;
        if (!next_event(r, &event))
            return false;
        if (event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            return true;
        }
        const yaml_node *key = read_node(r, &event, depth + 1);
        if (key == NULL || !key_is_usable(r, node, key) || !next_event(r, &event))
            return false;
        const yaml_node *value = read_node(r, &event, depth + 1);
        if (value == NULL || !add_weight(r, node, value))
            return false;
        node->pairs =
            region_grow(r->memory, node->pairs, node->count, &capacity, sizeof *node->pairs);
        node->pairs[node->count++] = (yaml_pair){key, value};
    }
}

/* Reads the node that `event` begins and deletes the event. */
static const yaml_node *read_node(reader *r, yaml_event_t *event, unsigned depth)
{
    if (event->type == YAML_ALIAS_EVENT) {
        const yaml_node *target = follow_alias(r, event);
        yaml_event_delete(event);
        return target;
    }
    yaml_node *node = region_allocate(r->memory, sizeof *node);
    node->line = (uint32_t)event->start_mark.line + 1;
    node->column = (uint32_t)event->start_mark.column + 1;
    node->weight = 1;
    anchor *a = NULL;
    bool ok = false;
    bool tag_known = true;
    yaml_event_type_t type = event->type;
    if (type == YAML_SCALAR_EVENT) {
        a = add_anchor(r, event->data.scalar.anchor);
        tag_known = tag_is_known(event->data.scalar.tag);
        ok = fill_scalar(r, node, event);
    } else if (type == YAML_SEQUENCE_START_EVENT) {
        a = add_anchor(r, event->data.sequence_start.anchor);
        tag_known = tag_is_known(event->data.sequence_start.tag);
    } else {
        hd_assert(type == YAML_MAPPING_START_EVENT);
        a = add_anchor(r, event->data.mapping_start.anchor);
        tag_known = tag_is_known(event->data.mapping_start.tag);
    }
    if (!tag_known)
        error_at(r, event->start_mark, "tags of one's own (!...) have no meaning here");
    else if (depth >= MAXIMUM_DEPTH)
        error_at(r, event->start_mark, "nested too deep");
    yaml_event_delete(event);
    if (!tag_known || depth >= MAXIMUM_DEPTH)
        return NULL;
    if (type == YAML_SEQUENCE_START_EVENT)
        ok = read_list(r, node, depth);
    else if (type == YAML_MAPPING_START_EVENT)
        ok = read_map(r, node, depth);
    if (!ok)
        return NULL;
    if (a != NULL)
        a->node = node;
    return node;
}

/* Reads up to the first event of the document's content. */
static bool enter_document(reader *r, yaml_event_t *event)
{
    for (;;) {
        if (!next_event(r, event))
            return false;
        if (event->type == YAML_STREAM_START_EVENT || event->type == YAML_DOCUMENT_START_EVENT) {
            yaml_event_delete(event);
            continue;
        }
        if (event->type != YAML_STREAM_END_EVENT)
            return true;
        yaml_event_delete(event);
        load_error_add(r->errors, r->file, 1, 1,
                       "the file is empty; expected %s", r->expected);
        return false;
    }
}

static bool leave_document(reader *r)
{
    for (;;) {
        yaml_event_t event;
        if (!next_event(r, &event))
            return false;
        bool end = event.type == YAML_STREAM_END_EVENT,
             second = event.type == YAML_DOCUMENT_START_EVENT;
        if (second)
            error_at(r, event.start_mark,
                     "a second document starts here; a file holds one");
        yaml_event_delete(&event);
        if (end || second)
            return end;
    }
}

const yaml_node *yaml_tree_read(region *memory, const char *text, size_t length, const char *file, const char *expected,
                                load_errors *errors)
{
    if (length > MAXIMUM_LENGTH) {
        load_error_add(errors, file, 0, 0, "larger than %zu MiB, too large",
                       MAXIMUM_LENGTH >> 20);
        return NULL;
    }
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) ==
                           0) { /* libyaml would count the byte order mark as a column */
        text += 3;
        length -= 3;
    }
    reader r = {.memory = memory, .text = text, .length = length, .file = file, .expected = expected, .errors = errors};
    find_lines(&r);
    hd_assert(yaml_parser_initialize(&r.parser));
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, length);
    yaml_event_t event;
    const yaml_node *root = NULL;
    if (enter_document(&r, &event))
        root = read_node(&r, &event, 0);
    if (root != NULL && !leave_document(&r))
        root = NULL;
    yaml_parser_delete(&r.parser);
    return root;
}
