#include "web/console_format.h"

#include "engine/inspection.h"
#include "web/inspect.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void clear_exception(JSContext *js)
{
    JS_FreeValue(js, JS_GetException(js));
}

static void add_inspected(JSContext *js, JSValueConst value, buffer *out)
{
    if (!inspect_plain(js, value, out))
        inspect_value(js, value, &INSPECT_DEFAULTS, out);
}

/* True for an object whose text is made by a function of the program's: only that is asked. */
static bool has_own_text(JSContext *js, JSValueConst value)
{
    JSValue at = JS_DupValue(js, value);
    bool found = false, own = false;
    for (int steps = 0; JS_IsObject(at) && !found && steps < 1000; steps++) {
        JSPropertyDescriptor d;
        if (inspect_class(at) == INSPECTED_PROXY)
            break;
        JSAtom key = JS_NewAtom(js, "toString");
        if (JS_GetOwnProperty(js, &d, at, key) > 0) {
            found = true;
            own = JS_IsObject(d.value) && inspect_class(d.value) == INSPECTED_FUNCTION &&
                  inspect_function(d.value) != INSPECTED_NATIVE;
            JS_FreeValue(js, d.value);
            JS_FreeValue(js, d.getter);
            JS_FreeValue(js, d.setter);
        }
        JS_FreeAtom(js, key);
        JSValue above = JS_GetPrototype(js, at);
        JS_FreeValue(js, at);
        at = above;
    }
    JS_FreeValue(js, at);
    return own;
}

static void add_as_string(JSContext *js, JSValueConst value, buffer *out)
{
    if (inspect_plain(js, value, out))
        return;
    if (inspect_class(value) == INSPECTED_FUNCTION || has_own_text(js, value)) {
        const char *text = JS_ToCString(js, value);
        if (text) {
            buffer_add(out, text);
            JS_FreeCString(js, text);
            return;
        }
        clear_exception(js);
    }
    inspect_value(js, value, &(struct inspect_options){.depth = 0}, out);
}

/* %d as Number(), %i as parseInt, %f as parseFloat. */
static void add_as_number(JSContext *js, JSValueConst value, char directive, buffer *out)
{
    double number = NAN;
    if (JS_IsBigInt(value) && directive != 'f') {
        inspect_plain(js, value, out);
        return;
    }
    if (JS_IsSymbol(value)) {
        buffer_add(out, "NaN");
        return;
    }
    if (directive == 'd') {
        if (JS_IsObject(value) && !has_own_text(js, value) &&
            inspect_class(value) == INSPECTED_OBJECT)
            number = NAN;
        else if (JS_ToFloat64(js, &number, value))
            clear_exception(js);
    } else {
        const char *text = JS_ToCString(js, value);
        char *end = NULL;
        if (!text)
            clear_exception(js);
        else if ((number = strtod(text, &end)), end == text)
            number = NAN;
        JS_FreeCString(js, text);
        if (directive == 'i' && isfinite(number))
            number = trunc(number);
    }
    JSValue boxed = JS_NewFloat64(js, number);
    inspect_plain(js, boxed, out);
    JS_FreeValue(js, boxed);
}

static void add_as_json(JSContext *js, JSValueConst value, buffer *out)
{
    JSValue text = JS_JSONStringify(js, value, JS_UNDEFINED, JS_UNDEFINED);
    if (JS_IsException(text)) {
        clear_exception(js);
        buffer_add(out, "[Circular]");
        return;
    }
    inspect_plain(js, text, out);
    JS_FreeValue(js, text);
}

static void add_directive(JSContext *js, char directive, JSValueConst value, buffer *out)
{
    static const struct inspect_options everything = {
        .depth = 4, .show_hidden = true, .show_proxy = true};
    switch (directive) {
    case 's':
        add_as_string(js, value, out);
        return;
    case 'd':
    case 'i':
    case 'f':
        add_as_number(js, value, directive, out);
        return;
    case 'j':
        add_as_json(js, value, out);
        return;
    case 'o':
        inspect_value(js, value, &everything, out);
        return;
    case 'O':
        inspect_value(js, value, &INSPECT_DEFAULTS, out);
        return;
    default: /* %c: styles are not shown */
        return;
    }
}

/* Replaces the directives in the first argument; how many arguments were used up. */
static int add_formatted(JSContext *js, const char *format, size_t length, int count,
                         JSValueConst *arguments, buffer *out)
{
    int used = 1;
    for (size_t i = 0; i < length; i++) {
        char next = i + 1 < length ? format[i + 1] : 0;
        if (format[i] != '%' || !next) {
            buffer_add_bytes(out, format + i, 1);
        } else if (next == '%') {
            buffer_add(out, "%");
            i++;
        } else if (used < count && strchr("sdifjoOc", next)) {
            add_directive(js, next, arguments[used++], out);
            i++;
        } else {
            buffer_add(out, "%");
        }
    }
    return used;
}

void console_format(JSContext *js, int count, JSValueConst *arguments, buffer *out)
{
    int used = 0;
    if (count > 1 && JS_IsString(arguments[0])) {
        size_t length;
        const char *format = JS_ToCStringLen(js, &length, arguments[0]);
        if (format) {
            used = add_formatted(js, format, length, count, arguments, out);
            JS_FreeCString(js, format);
        } else {
            clear_exception(js);
        }
    }
    for (; used < count; used++) {
        if (used)
            buffer_add(out, " ");
        add_inspected(js, arguments[used], out);
    }
}
