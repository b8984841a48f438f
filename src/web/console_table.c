/* console.table: rows and columns in a box. */
#include "web/console_format.h"

#include "base/assert.h"
#include "engine/inspection.h"
#include "web/inspect.h"

#include <stdlib.h>
#include <string.h>

struct column {
    buffer name;
    buffer *cells; /* one per row; empty = nothing there */
    size_t width;
};

struct table {
    JSContext *js;
    size_t rows, columns;
    struct column *list;
};

static size_t width_of(const buffer *b)
{
    return inspect_width(buffer_text(b), b->length);
}

static struct column *add_column(struct table *t, const char *name)
{
    t->list = realloc(t->list, (t->columns + 1) * sizeof *t->list);
    hd_assert(t->list);
    struct column *c = &t->list[t->columns++];
    *c = (struct column){.cells = calloc(t->rows ? t->rows : 1, sizeof *c->cells)};
    hd_assert(c->cells);
    buffer_add(&c->name, name);
    return c;
}

static struct column *column_named(struct table *t, size_t from, const char *name)
{
    for (size_t i = from; i < t->columns; i++)
        if (strcmp(buffer_text(&t->list[i].name), name) == 0)
            return &t->list[i];
    return NULL;
}

/* Calls `each` for the enumerable own data properties with string keys. */
typedef void property_function(struct table *t, size_t index, const char *key, JSValueConst value,
                               void *context);

static size_t for_properties(struct table *t, JSValueConst object, property_function *each,
                             void *context)
{
    JSPropertyEnum *keys;
    uint32_t count;
    if (JS_GetOwnPropertyNames(t->js, &keys, &count, object,
                               JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY)) {
        JS_FreeValue(t->js, JS_GetException(t->js));
        return 0;
    }
    for (uint32_t i = 0; each && i < count; i++) {
        JSPropertyDescriptor d;
        const char *key = JS_AtomToCString(t->js, keys[i].atom);
        if (JS_GetOwnProperty(t->js, &d, object, keys[i].atom) > 0) {
            each(t, i, key ? key : "", d.value, context);
            JS_FreeValue(t->js, d.value);
            JS_FreeValue(t->js, d.getter);
            JS_FreeValue(t->js, d.setter);
        }
        JS_FreeCString(t->js, key);
    }
    JS_FreePropertyEnum(t->js, keys, count);
    return count;
}

static void set_cell(struct table *t, struct column *c, size_t row, JSValueConst value)
{
    if (JS_IsString(value)) {
        size_t length;
        const char *text = JS_ToCStringLen(t->js, &length, value);
        if (text)
            inspect_quoted(text, length, &c->cells[row]);
        JS_FreeCString(t->js, text);
    } else {
        /* Cells show little of what is inside their values. */
        bool large =
            JS_IsObject(value) && !JS_IsArray(value) && for_properties(t, value, NULL, NULL) > 2;
        inspect_value(t->js, value, &(struct inspect_options){.depth = large ? -1 : 0},
                      &c->cells[row]);
    }
    /* A cell is one line. */
    for (char *s = c->cells[row].text; s && *s; s++)
        if (*s == '\n')
            *s = ' ';
}

static JSValueConst through_proxies(JSValueConst value)
{
    while (JS_IsObject(value) && inspect_class(value) == INSPECTED_PROXY) {
        JSValueConst target, handler;
        inspect_proxy(value, &target, &handler);
        value = target;
    }
    return value;
}

/* ---- filling ---- */

struct filling {
    size_t row;
    bool chosen;  /* the caller named the columns */
    size_t first; /* column of values' properties */
    bool has_plain;
    buffer *plain; /* the "Values" column's cells */
};

static void fill_cell(struct table *t, size_t index, const char *key, JSValueConst value,
                      void *context)
{
    struct filling *f = context;
    struct column *c = column_named(t, f->first, key);
    if (!c && f->chosen)
        return;
    if (!c)
        c = add_column(t, key);
    set_cell(t, c, f->row, value);
}

static void fill_plain(struct table *t, struct filling *f, JSValueConst value)
{
    struct column holder = {.cells = f->plain};
    set_cell(t, &holder, f->row, value);
    f->has_plain = true;
}

static void fill_row(struct table *t, size_t index, const char *key, JSValueConst value,
                     void *context)
{
    struct filling *f = context;
    f->row = index;
    buffer_add(&t->list[0].cells[index], key);
    value = through_proxies(value);
    if (JS_IsObject(value) && inspect_class(value) != INSPECTED_FUNCTION)
        for_properties(t, value, fill_cell, f);
    else
        fill_plain(t, f, value);
}

static void choose_columns(struct table *t, JSValueConst names)
{
    int64_t count = 0;
    JS_GetLength(t->js, names, &count);
    for (int64_t i = 0; i < count; i++) {
        JSValue name = JS_GetPropertyInt64(t->js, names, i);
        const char *text = JS_ToCString(t->js, name);
        if (text && !column_named(t, 1, text))
            add_column(t, text);
        JS_FreeCString(t->js, text);
        JS_FreeValue(t->js, name);
    }
}

/* ---- Map and Set: their entries are the rows ---- */

static void fill_entries(struct table *t, struct filling *f, JSValueConst collection,
                         uint32_t total)
{
    JSValue *values = calloc((size_t)total * 2 + 1, sizeof *values);
    bool pairs;
    hd_assert(values);
    uint32_t count = inspect_entries(t->js, collection, values, total, &total, &pairs);
    for (uint32_t i = 0; i < count; i++) {
        JSValue *item = &values[pairs ? 2 * i : i];
        buffer_format(&t->list[0].cells[i], "%u", i);
        f->row = i;
        if (pairs) {
            set_cell(t, &t->list[1], i, *item);
            JS_FreeValue(t->js, *item++);
        }
        fill_plain(t, f, *item);
        JS_FreeValue(t->js, *item);
    }
    free(values);
}

/* ---- drawing ---- */

static void draw_rule(const struct table *t, const char *left, const char *middle,
                      const char *right, buffer *out)
{
    for (size_t i = 0; i < t->columns; i++) {
        buffer_add(out, i ? middle : left);
        for (size_t n = 0; n < t->list[i].width; n++)
            buffer_add(out, "─");
    }
    buffer_add(out, right);
}

static void draw_row(const struct table *t, size_t row, bool header, buffer *out)
{
    buffer_add(out, "│");
    for (size_t i = 0; i < t->columns; i++) {
        const struct column *c = &t->list[i];
        const buffer *cell = header ? &c->name : &c->cells[row];
        buffer_add(out, " ");
        buffer_add(out, buffer_text(cell));
        buffer_add_repeated(out, ' ', c->width - 1 - width_of(cell));
        buffer_add(out, "│");
    }
    buffer_add(out, "\n");
}

static void draw(struct table *t, buffer *out)
{
    for (size_t i = 0; i < t->columns; i++) {
        struct column *c = &t->list[i];
        c->width = width_of(&c->name);
        for (size_t row = 0; row < t->rows; row++)
            if (width_of(&c->cells[row]) > c->width)
                c->width = width_of(&c->cells[row]);
        c->width += 2;
    }
    draw_rule(t, "┌", "┬", "┐\n", out);
    draw_row(t, 0, true, out);
    draw_rule(t, "├", "┼", "┤\n", out);
    for (size_t row = 0; row < t->rows; row++)
        draw_row(t, row, false, out);
    draw_rule(t, "└", "┴", "┘", out);
}

static void release(struct table *t)
{
    for (size_t i = 0; i < t->columns; i++) {
        for (size_t row = 0; row < t->rows; row++)
            buffer_release(&t->list[i].cells[row]);
        free(t->list[i].cells);
        buffer_release(&t->list[i].name);
    }
    free(t->list);
}

bool console_table(JSContext *js, JSValueConst data, JSValueConst columns, buffer *out)
{
    data = through_proxies(data);
    if (!JS_IsObject(data) || inspect_class(data) == INSPECTED_FUNCTION)
        return false;
    enum inspected kind = inspect_class(data);
    bool collection = kind == INSPECTED_MAP || kind == INSPECTED_SET;
    struct table t = {.js = js};
    uint32_t total = 0;
    bool pairs = false;
    if (collection)
        inspect_entries(js, data, NULL, 0, &total, &pairs);
    t.rows = collection ? total : for_properties(&t, data, NULL, NULL);
    add_column(&t, collection ? "(iteration index)" : "(index)");
    if (pairs)
        add_column(&t, "Key");
    struct filling f = {.first = t.columns,
                        .chosen = JS_IsArray(columns),
                        .plain = calloc(t.rows + 1, sizeof *f.plain)};
    hd_assert(f.plain);
    if (f.chosen)
        choose_columns(&t, columns);
    if (collection)
        fill_entries(&t, &f, data, total);
    else
        for_properties(&t, data, fill_row, &f);
    if (f.has_plain) {
        struct column *values = add_column(&t, "Values");
        free(values->cells);
        values->cells = f.plain;
    } else {
        free(f.plain);
    }
    draw(&t, out);
    release(&t);
    return true;
}
