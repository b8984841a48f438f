#include "base/assert.h"
#include "base/json.h"
#include "scenario/schema.h"

#include <string.h>

#define MAXIMUM_DEFINITIONS 32

typedef struct definitions {
    const schema *items[MAXIMUM_DEFINITIONS];
    size_t count;
} definitions;

static void collect(definitions *found, const schema *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < found->count; i++)
        if (found->items[i] == s)
            return;
    if (s->name != NULL) {
        hd_assert(found->count < MAXIMUM_DEFINITIONS);
        found->items[found->count++] = s;
    }
    collect(found, s->item);
    collect(found, s->other);
    collect(found, s->scalar);
    collect(found, s->list);
    collect(found, s->map);
    for (size_t i = 0; i < s->field_count; i++)
        collect(found, s->fields[i].value);
}

static void write_body(json_writer *w, const schema *s);

static void write_member(json_writer *w, const char *name, const char *text)
{
    json_name(w, name);
    json_text(w, text);
}

static void write_target(json_writer *w, const schema *s)
{
    buffer target = {0};
    buffer_format(&target, "#/$defs/%s", s->name);
    write_member(w, "$ref", buffer_text(&target));
    buffer_release(&target);
}

static void write_reference(json_writer *w, const schema *s)
{
    json_open_object(w);
    if (s->name == NULL)
        write_body(w, s);
    else
        write_target(w, s);
    json_close_object(w);
}

/* Editors read an unquoted 002 or 1 as a number and ~ as null, the loader as the text it is: both
 * are allowed. */
static void write_choices(json_writer *w, const char *const *choices)
{
    json_name(w, "enum");
    json_open_array(w);
    for (size_t i = 0; choices[i] != NULL; i++) {
        json_text(w, choices[i]);
        uint64_t number;
        if (schema_number(choices[i], &number))
            json_unsigned(w, number);
        else if (strcmp(choices[i], "~") == 0)
            json_raw(w, "null");
    }
    json_close_array(w);
}

/* A schema or a reference to it, with words of its own: what an editor shows. */
static void write_described(json_writer *w, const char *about, const schema *s)
{
    json_open_object(w);
    write_member(w, "description", about);
    if (s->name != NULL)
        write_target(w, s);
    else
        write_body(w, s);
    json_close_object(w);
}

static void write_fields(json_writer *w, const schema *s)
{
    write_member(w, "type", "object");
    bool required = false;
    if (s->field_count > 0) {
        json_name(w, "properties");
        json_open_object(w);
        for (size_t i = 0; i < s->field_count; i++) {
            const schema_field *field = &s->fields[i];
            required = required || field->required;
            json_name(w, field->key);
            write_described(w, field->about, field->value);
        }
        json_close_object(w);
    }
    json_name(w, "additionalProperties");
    if (s->other == NULL)
        json_flag(w, false);
    else
        write_described(w, s->other_about, s->other);
    if (s->not_empty) {
        json_name(w, "minProperties");
        json_number(w, 1);
    }
    if (!required)
        return;
    json_name(w, "required");
    json_open_array(w);
    for (size_t i = 0; i < s->field_count; i++)
        if (s->fields[i].required)
            json_text(w, s->fields[i].key);
    json_close_array(w);
}

static void write_number(json_writer *w, const schema *s)
{
    write_member(w, "type", "integer");
    json_name(w, "minimum");
    json_unsigned(w, s->minimum);
    if (s->maximum == UINT64_MAX)
        return;
    json_name(w, "maximum");
    json_unsigned(w, s->maximum);
}

static void write_either(json_writer *w, const schema *s)
{
    const schema *parts[] = {s->scalar, s->list, s->map};
    json_name(w, "anyOf");
    json_open_array(w);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i] != NULL)
            write_reference(w, parts[i]);
    json_close_array(w);
}

static void write_body(json_writer *w, const schema *s)
{
    switch (s->shape) {
    case SCHEMA_TEXT:
        json_name(w, "type");
        json_open_array(w);
        json_text(w, "string");
        json_text(w, "number");
        json_text(w, "boolean");
        json_close_array(w);
        break;
    case SCHEMA_NUMBER:
        write_number(w, s);
        break;
    case SCHEMA_FLAG:
        write_member(w, "type", "boolean");
        break;
    case SCHEMA_CHOICE:
        write_choices(w, s->choices);
        break;
    case SCHEMA_LIST:
        write_member(w, "type", "array");
        json_name(w, "items");
        write_reference(w, s->item);
        if (s->not_empty) {
            json_name(w, "minItems");
            json_number(w, 1);
        }
        if (s->maximum > 0) {
            json_name(w, "maxItems");
            json_unsigned(w, s->maximum);
        }
        break;
    case SCHEMA_OBJECT:
        write_fields(w, s);
        break;
    case SCHEMA_EITHER:
        write_either(w, s);
        break;
    }
}

void schema_write(const schema *s, const char *title, buffer *out)
{
    definitions found = {.count = 0};
    collect(&found, s);
    json_writer w = json_start(out, true);
    json_open_object(&w);
    write_member(&w, "$schema", "https://json-schema.org/draft/2020-12/schema");
    write_member(&w, "title", title);
    write_body(&w, s);
    json_name(&w, "$defs");
    json_open_object(&w);
    for (size_t i = 0; i < found.count; i++) {
        json_name(&w, found.items[i]->name);
        json_open_object(&w);
        write_body(&w, found.items[i]);
        json_close_object(&w);
    }
    json_close_object(&w);
    json_close_object(&w);
    buffer_add(out, "\n");
}
