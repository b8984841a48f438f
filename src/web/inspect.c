#include "web/inspect.h"

#include "engine/inspection.h"
#include "web/inspect_layout.h"
#include "web/inspect_parts.h"

#include "base/assert.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No text gets longer than this; what comes later is shown as [Object]. */
enum { MOST_TEXT = 1 << 26, DEEPEST = 200 };

/* ---- primitives ---- */

static void add_escaped(unsigned char c, buffer *out)
{
    static const char *const names[] = {
        [8] = "\\b", [9] = "\\t", [10] = "\\n", [12] = "\\f", [13] = "\\r"};
    if (c < sizeof names / sizeof *names && names[c])
        buffer_add(out, names[c]);
    else
        buffer_format(out, "\\x%02X", c);
}

/* Appends text with everything that does not print escaped. `text` is UTF-8, lone surrogates as
 * three bytes. */
static void add_escaped_text(const char *text, size_t length, char quote, buffer *out)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\\' || (c == (unsigned char)quote && quote == '\'')) {
            buffer_format(out, "\\%c", c);
        } else if (c < 0x20 || c == 0x7f) {
            add_escaped(c, out);
        } else if (c == 0xc2 && i + 1 < length && (unsigned char)text[i + 1] < 0xa0) {
            add_escaped((unsigned char)text[++i], out);
        } else if (c == 0xed && i + 2 < length && (unsigned char)text[i + 1] >= 0xa0) {
            unsigned unit =
                0xd000u | (unsigned)(text[i + 1] & 0x3f) << 6 | (unsigned)(text[i + 2] & 0x3f);
            buffer_format(out, "\\u%x", unit);
            i += 2;
        } else {
            buffer_add_bytes(out, text + i, 1);
        }
    }
}

void inspect_quoted(const char *text, size_t length, buffer *out)
{
    char quote = '\'';
    if (memchr(text, '\'', length)) {
        if (!memchr(text, '"', length))
            quote = '"';
        else if (!memchr(text, '`', length) && !memmem(text, length, "${", 2))
            quote = '`';
    }
    buffer_add_bytes(out, &quote, 1);
    add_escaped_text(text, length, quote, out);
    buffer_add_bytes(out, &quote, 1);
}

void inspect_clear_exception(JSContext *js)
{
    JSValue exception = JS_GetException(js);
    JS_FreeValue(js, exception);
}

static void add_string_of(JSContext *js, JSValueConst value, buffer *out)
{
    size_t length;
    const char *text = JS_ToCStringLen(js, &length, value);
    if (!text) {
        inspect_clear_exception(js);
        return;
    }
    buffer_add_bytes(out, text, length);
    JS_FreeCString(js, text);
}

static void add_symbol(JSContext *js, JSValueConst symbol, buffer *out)
{
    JSValue description = JS_GetPropertyStr(js, symbol, "description");
    buffer_add(out, "Symbol(");
    if (JS_IsString(description))
        add_string_of(js, description, out);
    buffer_add(out, ")");
    JS_FreeValue(js, description);
}

bool inspect_plain(JSContext *js, JSValueConst value, buffer *out)
{
    switch (JS_VALUE_GET_NORM_TAG(value)) {
    case JS_TAG_INT:
        buffer_format(out, "%d", JS_VALUE_GET_INT(value));
        return true;
    case JS_TAG_FLOAT64:
        if (JS_VALUE_GET_FLOAT64(value) == 0 && signbit(JS_VALUE_GET_FLOAT64(value)))
            buffer_add(out, "-");
        add_string_of(js, value, out);
        return true;
    case JS_TAG_BIG_INT:
    case JS_TAG_SHORT_BIG_INT:
        add_string_of(js, value, out);
        buffer_add(out, "n");
        return true;
    case JS_TAG_SYMBOL:
        add_symbol(js, value, out);
        return true;
    case JS_TAG_BOOL:
    case JS_TAG_NULL:
    case JS_TAG_UNDEFINED:
        add_string_of(js, value, out);
        return true;
    default:
        if (!JS_IsString(value))
            return false;
        add_string_of(js, value, out);
        return true;
    }
}

/* A string within something; long ones with line breaks are cut at them. */
static void add_inner_string(struct inspector *x, JSValueConst value, buffer *out)
{
    enum { LONGEST = 10000, LEAST = 16 };
    size_t length;
    const char *text = JS_ToCStringLen(x->js, &length, value);
    if (!text) {
        inspect_clear_exception(x->js);
        return;
    }
    size_t width = inspect_width(text, length), shown = length;
    if (width > LONGEST) {
        for (shown = LONGEST; shown < length && ((unsigned char)text[shown] & 0xc0) == 0x80;)
            shown++;
    }
    bool split = width > LEAST && width + x->indentation + 4 > INSPECT_COLUMNS;
    for (size_t start = 0, end; start < shown || start == 0; start = end) {
        const char *newline = split ? memchr(text + start, '\n', shown - start) : NULL;
        end = newline ? (size_t)(newline - text) + 1 : shown;
        if (start) {
            buffer_add(out, " +\n");
            buffer_add_repeated(out, ' ', x->indentation + 2);
        }
        inspect_quoted(text + start, end - start, out);
        if (end == shown)
            break;
    }
    if (shown < length) {
        size_t rest = inspect_width(text + shown, length - shown);
        buffer_format(out, "... %zu more character%s", rest, rest > 1 ? "s" : "");
    }
    JS_FreeCString(x->js, text);
}

/* ---- names: what an object calls itself ---- */

bool inspect_own(struct inspector *x, JSValueConst object, JSAtom key, JSPropertyDescriptor *out)
{
    if (inspect_class(object) == INSPECTED_PROXY)
        return false;
    int found = JS_GetOwnProperty(x->js, out, object, key);
    if (found < 0)
        inspect_clear_exception(x->js);
    return found > 0;
}

void inspect_free_descriptor(JSContext *js, JSPropertyDescriptor *d)
{
    JS_FreeValue(js, d->getter);
    JS_FreeValue(js, d->setter);
    JS_FreeValue(js, d->value);
}

JSValue inspect_find(struct inspector *x, JSValueConst object, const char *name)
{
    JSAtom key = JS_NewAtom(x->js, name);
    JSValue at = JS_DupValue(x->js, object), result = JS_UNDEFINED;
    for (int steps = 0; JS_IsObject(at) && inspect_class(at) != INSPECTED_PROXY && steps < 1000;
         steps++) {
        JSPropertyDescriptor d;
        if (inspect_own(x, at, key, &d)) {
            if (!(d.flags & JS_PROP_GETSET))
                result = JS_DupValue(x->js, d.value);
            else if (JS_IsObject(d.getter) && inspect_function(d.getter) == INSPECTED_NATIVE)
                result = JS_Call(x->js, d.getter, object, 0, NULL);
            inspect_free_descriptor(x->js, &d);
            break;
        }
        JSValue above = JS_GetPrototype(x->js, at);
        JS_FreeValue(x->js, at);
        at = above;
    }
    JS_FreeValue(x->js, at);
    JS_FreeAtom(x->js, key);
    if (JS_IsException(result)) {
        inspect_clear_exception(x->js);
        result = JS_UNDEFINED;
    }
    return result;
}

/* The own data property "name" of a function, when it is a string that is not empty. */
static bool add_function_name(struct inspector *x, JSValueConst function, buffer *out)
{
    JSAtom key = JS_NewAtom(x->js, "name");
    JSPropertyDescriptor d;
    size_t before = out->length;
    if (inspect_own(x, function, key, &d)) {
        if (!(d.flags & JS_PROP_GETSET) && JS_IsString(d.value))
            add_string_of(x->js, d.value, out);
        inspect_free_descriptor(x->js, &d);
    }
    JS_FreeAtom(x->js, key);
    return out->length > before;
}

/* OrdinaryHasInstance without running anything. */
static bool is_instance(struct inspector *x, JSValueConst object, JSValueConst constructor)
{
    JSAtom key = JS_NewAtom(x->js, "prototype");
    JSPropertyDescriptor d;
    bool is = false;
    if (inspect_own(x, constructor, key, &d)) {
        JSValue at = JS_GetPrototype(x->js, object);
        for (int steps = 0; JS_IsObject(at) && !is && steps < 1000; steps++) {
            is = JS_IsObject(d.value) && JS_VALUE_GET_PTR(at) == JS_VALUE_GET_PTR(d.value);
            JSValue above =
                is || inspect_class(at) == INSPECTED_PROXY ? JS_NULL : JS_GetPrototype(x->js, at);
            JS_FreeValue(x->js, at);
            at = above;
        }
        JS_FreeValue(x->js, at);
        inspect_free_descriptor(x->js, &d);
    }
    JS_FreeAtom(x->js, key);
    return is;
}

/* The name that an own "constructor" property gives to the object. */
static bool named_by(struct inspector *x, JSValueConst object, JSValueConst holder, JSAtom key,
                     buffer *out)
{
    JSPropertyDescriptor d;
    if (!inspect_own(x, holder, key, &d))
        return false;
    bool named = !(d.flags & JS_PROP_GETSET) && JS_IsFunction(x->js, d.value) &&
                 inspect_class(d.value) == INSPECTED_FUNCTION && is_instance(x, object, d.value) &&
                 add_function_name(x, d.value, out);
    inspect_free_descriptor(x->js, &d);
    return named;
}

/* An object whose prototypes name no constructor is called after the first of them. */
static bool named_after_prototype(struct inspector *x, JSValueConst object, buffer *out)
{
    JSValue first = JS_GetPrototype(x->js, object);
    bool has = JS_IsObject(first);
    if (has && (x->level > x->depth || inspect_class(first) == INSPECTED_PROXY)) {
        buffer_add(out, "Object <Complex prototype>");
    } else if (has) {
        buffer_add(out, "Object <");
        inspect_value(x->js, first, &(struct inspect_options){.depth = -1}, out);
        buffer_add(out, ">");
    }
    JS_FreeValue(x->js, first);
    return has;
}

/* The name of the constructor; false for an object that has none (a null prototype). */
static bool constructor_name(struct inspector *x, JSValueConst object, buffer *out)
{
    JSAtom key = JS_NewAtom(x->js, "constructor");
    JSValue at = JS_DupValue(x->js, object);
    bool found = false;
    for (int steps = 0; JS_IsObject(at) && inspect_class(at) != INSPECTED_PROXY && steps < 1000;
         steps++) {
        found = named_by(x, object, at, key, out);
        if (found)
            break;
        JSValue above = JS_GetPrototype(x->js, at);
        JS_FreeValue(x->js, at);
        at = above;
    }
    JS_FreeValue(x->js, at);
    JS_FreeAtom(x->js, key);
    return found || named_after_prototype(x, object, out);
}

static void add_tag(struct inspector *x, JSValueConst object, buffer *out)
{
    JSAtom key = inspect_tag_key();
    JSValue at = JS_DupValue(x->js, object);
    bool own = true;
    for (int steps = 0; JS_IsObject(at) && inspect_class(at) != INSPECTED_PROXY && steps < 1000;
         steps++) {
        JSPropertyDescriptor d;
        if (inspect_own(x, at, key, &d)) {
            /* An own enumerable one is shown as a property. */
            bool shown = own && ((d.flags & JS_PROP_ENUMERABLE) || x->show_hidden);
            if (!shown && !(d.flags & JS_PROP_GETSET) && JS_IsString(d.value))
                add_string_of(x->js, d.value, out);
            inspect_free_descriptor(x->js, &d);
            break;
        }
        JSValue above = JS_GetPrototype(x->js, at);
        JS_FreeValue(x->js, at);
        at = above;
        own = false;
    }
    JS_FreeValue(x->js, at);
}

/* "Name(size) [tag] " or "[Fallback(size): null prototype] [tag] " */
void inspect_add_prefix(const struct subject *s, const char *fallback, const char *size,
                        buffer *out)
{
    const char *name = buffer_text(&s->constructor), *tag = buffer_text(&s->tag);
    if (!s->has_constructor) {
        buffer_format(out, "[%s%s: null prototype] ", fallback, size);
        if (*tag && strcmp(tag, fallback) != 0)
            buffer_format(out, "[%s] ", tag);
        return;
    }
    buffer_format(out, "%s%s ", name, size);
    if (*tag && strcmp(tag, name) != 0)
        buffer_format(out, "[%s] ", tag);
}

/* ---- properties ---- */

static bool is_identifier(const char *s)
{
    if (!((*s | 32) >= 'a' && (*s | 32) <= 'z') && *s != '_')
        return false;
    for (; *s; s++)
        if (!((*s | 32) >= 'a' && (*s | 32) <= 'z') && *s != '_' && !(*s >= '0' && *s <= '9'))
            return false;
    return true;
}

static void add_key(struct inspector *x, JSAtom key, bool enumerable, buffer *out)
{
    JSValue value = JS_AtomToValue(x->js, key);
    buffer name = {0};
    if (JS_IsSymbol(value))
        add_symbol(x->js, value, &name);
    else
        add_string_of(x->js, value, &name);
    if (JS_IsSymbol(value) || !enumerable) {
        buffer_add(out, "[");
        add_escaped_text(buffer_text(&name), name.length, 0, out);
        buffer_add(out, "]");
    } else if (strcmp(buffer_text(&name), "__proto__") == 0) {
        buffer_add(out, "['__proto__']");
    } else if (strlen(buffer_text(&name)) == name.length && is_identifier(buffer_text(&name))) {
        buffer_add(out, name.text);
    } else {
        inspect_quoted(buffer_text(&name), name.length, out);
    }
    buffer_release(&name);
    JS_FreeValue(x->js, value);
}

static void add_property_value(struct inspector *x, const JSPropertyDescriptor *d, buffer *out)
{
    if (!(d->flags & JS_PROP_GETSET)) {
        x->indentation += 2;
        inspect_inner(x, d->value, out);
        x->indentation -= 2;
    } else if (!JS_IsUndefined(d->getter)) {
        buffer_add(out, JS_IsUndefined(d->setter) ? "[Getter]" : "[Getter/Setter]");
    } else {
        buffer_add(out, JS_IsUndefined(d->setter) ? "undefined" : "[Setter]");
    }
}

void inspect_property(struct inspector *x, JSValueConst object, JSAtom key, bool named,
                      struct entries *e)
{
    JSPropertyDescriptor d;
    buffer text = {0};
    if (!inspect_own(x, object, key, &d)) {
        /* A binding of a module that is not initialized yet. */
        if (named) {
            add_key(x, key, true, &text);
            buffer_add(&text, ": ");
        }
        buffer_add(&text, "<uninitialized>");
        entries_add(e, &text);
        return;
    }
    if (named) {
        add_key(x, key, d.flags & JS_PROP_ENUMERABLE, &text);
        buffer_add(&text, ": ");
    }
    add_property_value(x, &d, &text);
    inspect_free_descriptor(x->js, &d);
    entries_add(e, &text);
}

/* ---- objects ---- */

static bool find_keys(struct inspector *x, struct subject *s)
{
    int flags = JS_GPN_STRING_MASK | JS_GPN_SYMBOL_MASK | (x->show_hidden ? 0 : JS_GPN_ENUM_ONLY);
    bool indexed = s->kind == INSPECTED_ARRAY || s->kind == INSPECTED_TYPED_ARRAY;
    int failed = indexed
                     ? inspect_extra_keys(x->js, s->value, x->show_hidden, &s->keys, &s->key_count)
                     : JS_GetOwnPropertyNames(x->js, &s->keys, &s->key_count, s->value, flags);
    if (failed) {
        inspect_clear_exception(x->js);
        s->keys = NULL;
        s->key_count = 0;
    }
    return !failed;
}

static void free_subject(struct inspector *x, struct subject *s)
{
    if (s->keys)
        JS_FreePropertyEnum(x->js, s->keys, s->key_count);
    buffer_release(&s->constructor);
    buffer_release(&s->tag);
    buffer_release(&s->base);
    buffer_release(&s->open);
}

static size_t circular_index(struct inspector *x, JSValueConst value, bool add)
{
    for (size_t i = 0; i < x->circular_count; i++)
        if (x->circular[i] == JS_VALUE_GET_PTR(value))
            return i + 1;
    if (!add)
        return 0;
    x->circular = realloc(x->circular, (x->circular_count + 1) * sizeof *x->circular);
    hd_assert(x->circular);
    x->circular[x->circular_count++] = JS_VALUE_GET_PTR(value);
    return x->circular_count;
}

static bool is_too_deep(const struct inspector *x, int level)
{
    return level > x->depth || level > DEEPEST || x->written > MOST_TEXT;
}

/* Everything with entries: "base open a, b close". */
static void add_entries(struct inspector *x, struct subject *s, buffer *out)
{
    struct entries e = {0};
    int level = ++x->level;
    x->entered = level;
    x->seen[x->seen_count++] = JS_VALUE_GET_PTR(s->value);
    inspect_contents(x, s, &e);
    for (uint32_t i = 0; i < s->key_count; i++)
        if (s->keys[i].atom != JS_ATOM_NULL)
            inspect_property(x, s->value, s->keys[i].atom, true, &e);
    x->seen_count--;
    size_t index = circular_index(x, s->value, false);
    if (index) {
        buffer base = {0};
        buffer_format(&base, "<ref *%zu>%s%s", index, s->base.length ? " " : "",
                      buffer_text(&s->base));
        buffer_release(&s->base);
        s->base = base;
    }
    struct layout how = {.base = buffer_text(&s->base),
                         .open = buffer_text(&s->open),
                         .close = s->close,
                         .indentation = x->indentation,
                         .innermost = x->entered - level < INSPECT_COMPACT,
                         .array = s->array,
                         .numbers = s->numbers && s->key_count == 0};
    layout_entries(&e, &how, out);
    entries_release(&e);
    x->level--;
}

static void add_object(struct inspector *x, JSValueConst value, buffer *out)
{
    struct subject s = {.value = value, .kind = inspect_class(value), .close = "}"};
    s.has_constructor = constructor_name(x, value, &s.constructor);
    add_tag(x, value, &s.tag);
    size_t before = out->length;
    if (find_keys(x, &s) && !inspect_whole(x, &s, out)) {
        if (is_too_deep(x, x->level)) {
            buffer name = {0};
            inspect_add_prefix(&s, s.kind == INSPECTED_ARRAY ? "Array" : "Object", "", &name);
            name.text[name.length - 1] = 0;
            buffer_format(out, "[%s]", name.text);
            buffer_release(&name);
        } else {
            add_entries(x, &s, out);
        }
    }
    x->written += out->length - before;
    free_subject(x, &s);
}

static void add_proxy(struct inspector *x, JSValueConst target, JSValueConst handler, buffer *out)
{
    if (x->level > x->depth) {
        buffer_add(out, "Proxy [Array]");
        return;
    }
    struct entries e = {0};
    JSValueConst parts[] = {target, handler};
    int level = ++x->level;
    x->entered = level;
    x->indentation += 2;
    for (int i = 0; i < 2; i++) {
        buffer text = {0};
        inspect_inner(x, parts[i], &text);
        entries_add(&e, &text);
    }
    x->indentation -= 2;
    x->level--;
    struct layout how = {.base = "",
                         .open = "Proxy [",
                         .close = "]",
                         .indentation = x->indentation,
                         .innermost = x->entered - level < INSPECT_COMPACT,
                         .array = true};
    layout_entries(&e, &how, out);
    entries_release(&e);
}

void inspect_inner(struct inspector *x, JSValueConst value, buffer *out)
{
    if (!JS_IsObject(value)) {
        if (JS_IsString(value))
            add_inner_string(x, value, out);
        else if (!inspect_plain(x->js, value, out))
            buffer_add(out, "<internal>");
        return;
    }
    for (int hops = 0; inspect_class(value) == INSPECTED_PROXY && hops < DEEPEST; hops++) {
        JSValueConst target, handler;
        inspect_proxy(value, &target, &handler);
        if (JS_IsNull(target)) {
            buffer_add(out, "<Revoked Proxy>");
            return;
        }
        if (x->show_proxy) {
            add_proxy(x, target, handler, out);
            return;
        }
        value = target;
    }
    for (size_t i = 0; i < x->seen_count; i++) {
        if (x->seen[i] == JS_VALUE_GET_PTR(value)) {
            buffer_format(out, "[Circular *%zu]", circular_index(x, value, true));
            return;
        }
    }
    add_object(x, value, out);
}

void inspect_value(JSContext *js, JSValueConst value, const struct inspect_options *options,
                   buffer *out)
{
    void *seen[DEEPEST + 8];
    struct inspector x = {.js = js,
                          .depth = options->depth,
                          .show_hidden = options->show_hidden,
                          .show_proxy = options->show_proxy,
                          .seen = seen};
    inspect_inner(&x, value, out);
    free(x.circular);
}
