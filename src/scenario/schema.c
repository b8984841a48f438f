#include "scenario/schema.h"

#include "base/assert.h"
#include "base/spelling.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct checker {
    const char *file;
    load_errors *errors;
} checker;

bool schema_number(const char *text, uint64_t *number)
{
    bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *digits = hexadecimal ? text + 2 : text;
    size_t length = strspn(digits, hexadecimal ? "0123456789abcdefABCDEF" : "0123456789");
    if (length == 0 || digits[length] != '\0')
        return false;
    errno = 0;
    unsigned long long value = strtoull(digits, NULL, hexadecimal ? 16 : 10);
    if (errno != 0)
        return false;
    *number = value;
    return true;
}

/* What was found, for "expected ..., found ...". */
static void describe(const yaml_node *node, buffer *out)
{
    if (node->shape != YAML_SCALAR)
        buffer_add(out, node->shape == YAML_LIST ? "a list" : "a map");
    else if (yaml_tree_is_null(node))
        buffer_add(out, "nothing");
    else if (node->length > 40 || strchr(node->text, '\n') != NULL)
        buffer_add(out, "a longer text");
    else
        buffer_format(out, "\"%s\"", node->text);
}

static bool add_mismatch(checker *c, const yaml_node *node, const char *expected)
{
    buffer found = {0};
    describe(node, &found);
    load_error_add(c->errors, c->file, node->line, node->column, "expected %s, found %s", expected,
                   buffer_text(&found));
    buffer_release(&found);
    return false;
}

static const char *nearest_key(const schema *s, const char *word)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < s->field_count; i++) {
        size_t d;
        if (spelling_is_near(word, s->fields[i].key, &d) && d < best_distance) {
            best = s->fields[i].key;
            best_distance = d;
        }
    }
    return best;
}

static void add_unknown_key(checker *c, const schema *s, const yaml_node *key)
{
    const char *near = nearest_key(s, key->text);
    if (near != NULL) {
        load_error_add(c->errors, c->file, key->line, key->column,
                       "unknown key \"%s\"; did you mean \"%s\"?", key->text, near);
        return;
    }
    buffer known = {0};
    for (size_t i = 0; i < s->field_count; i++)
        buffer_format(&known, "%s%s", i == 0 ? "" : ", ", s->fields[i].key);
    load_error_add(c->errors, c->file, key->line, key->column,
                   "unknown key \"%s\"; expected one of %s", key->text, buffer_text(&known));
    buffer_release(&known);
}

static bool check(checker *c, const schema *s, const yaml_node *node);

static const schema_field *find_field(const schema *s, const char *key)
{
    for (size_t i = 0; i < s->field_count; i++)
        if (strcmp(s->fields[i].key, key) == 0)
            return &s->fields[i];
    return NULL;
}

static bool check_object(checker *c, const schema *s, const yaml_node *node)
{
    if (node->shape != YAML_MAP)
        return add_mismatch(c, node, s->expects);
    bool ok = true;
    if (s->not_empty && node->count == 0)
        ok = add_mismatch(c, node, s->expects);
    for (size_t i = 0; i < node->count; i++) {
        const yaml_pair *pair = &node->pairs[i];
        const schema_field *field = find_field(s, pair->key->text);
        if (field != NULL) {
            ok = check(c, field->value, pair->value) && ok;
        } else if (s->other != NULL) {
            ok = check(c, s->other, pair->value) && ok;
        } else {
            add_unknown_key(c, s, pair->key);
            ok = false;
        }
    }
    for (size_t i = 0; i < s->field_count; i++) {
        if (!s->fields[i].required || yaml_tree_find(node, s->fields[i].key) != NULL)
            continue;
        load_error_add(c->errors, c->file, node->line, node->column,
                       "the key \"%s\" is missing: %s", s->fields[i].key, s->fields[i].about);
        ok = false;
    }
    return ok;
}

static bool check_list(checker *c, const schema *s, const yaml_node *node)
{
    if (node->shape != YAML_LIST || (s->not_empty && node->count == 0))
        return add_mismatch(c, node, s->expects);
    if (s->maximum > 0 && node->count > s->maximum) {
        load_error_add(c->errors, c->file, node->line, node->column,
                       "a list of %zu entries; at most %" PRIu64 " are allowed", node->count,
                       s->maximum);
        return false;
    }
    bool ok = true;
    for (size_t i = 0; i < node->count; i++)
        ok = check(c, s->item, node->items[i]) && ok;
    return ok;
}

/* More choices than a message can hold: only a near one is named. */
#define MOST_LISTED 40

static bool add_near_choice(checker *c, const schema *s, const yaml_node *node, size_t count)
{
    const char *near = node->shape == YAML_SCALAR ? spelling_nearest(node->text, s->choices, count) : NULL;
    if (near == NULL)
        return add_mismatch(c, node, s->expects);
    load_error_add(c->errors, c->file, node->line, node->column, "expected %s, found \"%s\"; did you mean \"%s\"?",
                   s->expects, node->text, near);
    return false;
}

static bool check_choice(checker *c, const schema *s, const yaml_node *node)
{
    if (node->shape == YAML_SCALAR)
        for (size_t i = 0; s->choices[i] != NULL; i++)
            if (strcmp(s->choices[i], node->text) == 0)
                return true;
    size_t count = 0;
    while (s->choices[count] != NULL)
        count++;
    if (count > MOST_LISTED)
        return add_near_choice(c, s, node, count);
    buffer expected = {0};
    buffer_format(&expected, "%s: ", s->expects);
    for (size_t i = 0; i < count; i++)
        buffer_format(&expected, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", s->choices[i]);
    add_mismatch(c, node, buffer_text(&expected));
    buffer_release(&expected);
    return false;
}

static bool check_number(checker *c, const schema *s, const yaml_node *node)
{
    uint64_t number;
    if (node->shape == YAML_SCALAR && node->plain && schema_number(node->text, &number) &&
        number >= s->minimum && number <= s->maximum)
        return true;
    buffer expected = {0};
    buffer_add(&expected, s->expects);
    if (s->maximum == UINT64_MAX)
        buffer_format(&expected, " from %" PRIu64, s->minimum);
    else
        buffer_format(&expected, " from %" PRIu64 " to %" PRIu64, s->minimum, s->maximum);
    add_mismatch(c, node, buffer_text(&expected));
    buffer_release(&expected);
    return false;
}

static bool check_either(checker *c, const schema *s, const yaml_node *node)
{
    const schema *chosen = node->shape == YAML_SCALAR ? s->scalar
                           : node->shape == YAML_LIST ? s->list
                                                      : s->map;
    bool null = yaml_tree_is_null(node) && (chosen == NULL || chosen->shape != SCHEMA_CHOICE);
    if (chosen == NULL || null)
        return add_mismatch(c, node, s->expects);
    return check(c, chosen, node);
}

static bool check(checker *c, const schema *s, const yaml_node *node)
{
    switch (s->shape) {
    case SCHEMA_TEXT:
        if (node->shape != YAML_SCALAR || yaml_tree_is_null(node))
            return add_mismatch(c, node, s->expects);
        return true;
    case SCHEMA_NUMBER:
        return check_number(c, s, node);
    case SCHEMA_FLAG:
        if (node->shape != YAML_SCALAR || !node->plain ||
            (strcmp(node->text, "true") != 0 && strcmp(node->text, "false") != 0))
            return add_mismatch(c, node, s->expects);
        return true;
    case SCHEMA_CHOICE:
        return check_choice(c, s, node);
    case SCHEMA_LIST:
        return check_list(c, s, node);
    case SCHEMA_OBJECT:
        return check_object(c, s, node);
    case SCHEMA_EITHER:
        return check_either(c, s, node);
    }
    hd_assert(!"a schema has one of the shapes above");
    return false;
}

bool schema_check(const schema *s, const yaml_node *node, const char *file, load_errors *errors)
{
    checker c = {.file = file, .errors = errors};
    return check(&c, s, node);
}
