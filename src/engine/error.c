/* What a thrown value says, and where in JavaScript source something happens. */
#include "engine/js.h"
#include "engine/internals.h"

#include <stdlib.h>
#include <string.h>

static char *copy(JSContext *realm, const char *text, size_t length)
{
    char *c = js_malloc(realm, length + 1);
    if (!c)
        return NULL;
    memcpy(c, text, length);
    c[length] = 0;
    return c;
}

/* A string for any value, without an exception left behind; NULL when even that fails. */
static char *text_of(JSContext *realm, JSValueConst value)
{
    size_t length;
    const char *text = JS_ToCStringLen(realm, &length, value);
    if (!text) {
        JS_FreeValue(realm, JS_GetException(realm));
        return NULL;
    }
    char *result = copy(realm, text, length);
    JS_FreeCString(realm, text);
    return result;
}

static char *own_text(JSContext *realm, JSValueConst object, const char *name)
{
    JSValue value = JS_GetPropertyStr(realm, object, name);
    char *text = NULL;
    if (JS_IsException(value))
        JS_FreeValue(realm, JS_GetException(realm));
    else if (JS_IsString(value))
        text = text_of(realm, value);
    JS_FreeValue(realm, value);
    return text;
}

/* Reads "file:line:column" off the end of [text, end). */
static bool read_place(JSContext *realm, const char *text, const char *end, struct error_report *out)
{
    const char *colon = end, *second;
    while (colon > text && colon[-1] != ':')
        colon--;
    if (colon == text || colon == end)
        return false;
    second = colon - 1;
    while (second > text && second[-1] != ':')
        second--;
    if (second == text || second == colon - 1)
        return false;
    long line = strtol(second, NULL, 10), column = strtol(colon, NULL, 10);
    if (line <= 0 || column < 0)
        return false;
    out->line = (uint32_t)line;
    out->column = (uint32_t)column;
    out->file = copy(realm, text, (size_t)(second - 1 - text));
    return true;
}

/* The first frame of the stack text that has a place: "    at name (file:1:2)" or "    at file:1:2". */
static void find_place(JSContext *realm, struct error_report *out)
{
    for (const char *line = out->stack; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        const char *end = strchr(line, '\n');
        if (!end)
            end = line + strlen(line);
        const char *start = memchr(line, '(', (size_t)(end - line));
        /* the last parenthesis: names may hold some, places do not */
        for (const char *next = start; next; next = memchr(next + 1, '(', (size_t)(end - next - 1)))
            start = next;
        if (start && end[-1] == ')') {
            if (read_place(realm, start + 1, end - 1, out))
                return;
        } else if (!strncmp(line, "    at ", 7) && read_place(realm, line + 7, end, out)) {
            return;
        }
    }
}

void error_describe(JSContext *realm, JSValueConst thrown, struct error_report *out)
{
    memset(out, 0, sizeof *out);
    if (JS_IsObject(thrown)) {
        out->stack = own_text(realm, thrown, "stack");
        find_place(realm, out);
    }
    if (JS_IsNull(thrown) && engine_take_out_of_memory(engine_of(realm)))
        out->message = copy(realm, "InternalError: out of memory", 28);
    else
        out->message = text_of(realm, thrown);
    if (!out->message)
        out->message = copy(realm, "a value that cannot be converted to a string", 44);
    if (!out->stack)
        out->stack = copy(realm, "", 0);
    if (!out->file)
        out->file = copy(realm, "", 0);
}

void error_report_free(JSContext *realm, struct error_report *r)
{
    js_free(realm, r->message);
    js_free(realm, r->stack);
    js_free(realm, r->file);
}

struct source_place source_place_now(JSContext *realm, unsigned skip)
{
    struct source_place place = {JS_ATOM_NULL, 0, 0};
    stack_place(realm, skip, &place.file, &place.line, &place.column);
    return place;
}
