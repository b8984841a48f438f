/* What is particular to each kind of object: how it opens, what it holds besides its properties. */
#include "web/inspect_parts.h"

#include "web/inspect.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *tag_name(const struct subject *s)
{
    return buffer_text(&s->tag);
}

static void add_more(uint64_t rest, const char *what, struct entries *e)
{
    buffer text = {0};
    if (rest == 0)
        return;
    buffer_format(&text, "... %llu more %s%s", (unsigned long long)rest, what, rest > 1 ? "s" : "");
    entries_add(e, &text);
}

static void add_named(const char *name, JSValueConst value, struct inspector *x, struct entries *e)
{
    buffer text = {0};
    buffer_format(&text, "%s: ", name);
    x->indentation += 2;
    inspect_inner(x, value, &text);
    x->indentation -= 2;
    entries_add(e, &text);
}

static void add_number(const char *name, uint64_t number, struct inspector *x, struct entries *e)
{
    buffer text = {0};
    buffer_format(&text, "%s: %llu", name, (unsigned long long)number);
    entries_add(e, &text);
}

/* ---- arrays ---- */

static uint64_t length_of(struct inspector *x, const struct subject *s)
{
    if (s->kind == INSPECTED_TYPED_ARRAY) {
        JSValue length = inspect_find(x, s->value, "length");
        int64_t n = 0;
        JS_ToInt64(x->js, &n, length);
        JS_FreeValue(x->js, length);
        return (uint64_t)n;
    }
    int64_t n = 0;
    if (JS_GetLength(x->js, s->value, &n))
        inspect_clear_exception(x->js);
    return (uint64_t)n;
}

static void add_empty(uint64_t count, struct entries *e)
{
    buffer text = {0};
    if (count == 0)
        return;
    buffer_format(&text, "<%llu empty item%s>", (unsigned long long)count, count > 1 ? "s" : "");
    entries_add(e, &text);
}

/* An array with holes: walks the keys that are there. */
static void add_sparse(struct inspector *x, struct subject *s, uint64_t length, struct entries *e)
{
    JSPropertyEnum *keys;
    uint32_t count;
    uint64_t next = 0;
    if (JS_GetOwnPropertyNames(x->js, &keys, &count, s->value, JS_GPN_STRING_MASK)) {
        inspect_clear_exception(x->js);
        return;
    }
    for (uint32_t i = 0; i < count && e->count < INSPECT_ITEMS; i++) {
        const char *name = JS_AtomToCString(x->js, keys[i].atom);
        char *end = NULL;
        uint64_t index = name ? strtoull(name, &end, 10) : 0;
        bool is_index = name && *name >= '0' && *name <= '9' && !*end && index < length;
        JS_FreeCString(x->js, name);
        if (!is_index)
            break;
        add_empty(index - next, e);
        next = index;
        if (e->count == INSPECT_ITEMS)
            break;
        inspect_property(x, s->value, keys[i].atom, false, e);
        next++;
    }
    JS_FreePropertyEnum(x->js, keys, count);
    if (e->count < INSPECT_ITEMS)
        add_empty(length - next, e);
    else
        add_more(length - next, "item", e);
}

static bool has_index(struct inspector *x, JSValueConst array, uint32_t index)
{
    JSAtom key = JS_NewAtomUInt32(x->js, index);
    JSPropertyDescriptor d;
    bool has = inspect_own(x, array, key, &d);
    if (has)
        inspect_free_descriptor(x->js, &d);
    JS_FreeAtom(x->js, key);
    return has;
}

static void add_elements(struct inspector *x, struct subject *s, struct entries *e)
{
    uint64_t length = length_of(x, s), shown = length < INSPECT_ITEMS ? length : INSPECT_ITEMS;
    s->numbers = true;
    for (uint32_t i = 0; i < shown; i++) {
        if (!has_index(x, s->value, i)) {
            entries_release(e);
            s->numbers = false;
            add_sparse(x, s, length, e);
            return;
        }
        JSAtom key = JS_NewAtomUInt32(x->js, i);
        JSPropertyDescriptor d;
        if (inspect_own(x, s->value, key, &d)) {
            s->numbers = s->numbers && (JS_IsNumber(d.value) || JS_IsBigInt(d.value));
            inspect_free_descriptor(x->js, &d);
        }
        inspect_property(x, s->value, key, false, e);
        JS_FreeAtom(x->js, key);
    }
    if (shown < length && s->numbers) {
        JSValue next = JS_UNDEFINED;
        JSAtom key = JS_NewAtomUInt32(x->js, INSPECT_ITEMS);
        JSPropertyDescriptor d;
        if (inspect_own(x, s->value, key, &d)) {
            next = JS_DupValue(x->js, d.value);
            inspect_free_descriptor(x->js, &d);
        }
        s->numbers = JS_IsNumber(next) || JS_IsBigInt(next);
        JS_FreeValue(x->js, next);
        JS_FreeAtom(x->js, key);
    }
    add_more(length - shown, "item", e);
}

static void add_typed_elements(struct inspector *x, struct subject *s, struct entries *e)
{
    uint64_t length = length_of(x, s), shown = length < INSPECT_ITEMS ? length : INSPECT_ITEMS;
    s->numbers = true;
    for (uint32_t i = 0; i < shown; i++) {
        JSValue value = JS_GetPropertyUint32(x->js, s->value, i);
        buffer text = {0};
        inspect_plain(x->js, value, &text);
        entries_add(e, &text);
        JS_FreeValue(x->js, value);
    }
    add_more(length - shown, "item", e);
    if (!x->show_hidden)
        return;
    struct inspected_view view = inspect_view(x->js, s->value);
    add_number("[BYTES_PER_ELEMENT]", length ? view.length / length : 0, x, e);
    add_number("[length]", length, x, e);
    add_number("[byteLength]", view.length, x, e);
    add_number("[byteOffset]", view.offset, x, e);
    add_named("[buffer]", view.buffer, x, e);
}

/* ---- collections ---- */

static void add_collection(struct inspector *x, struct subject *s, struct entries *e)
{
    JSValue values[2 * INSPECT_ITEMS];
    uint32_t total;
    bool pairs;
    uint32_t count = inspect_entries(x->js, s->value, values, INSPECT_ITEMS, &total, &pairs);
    bool iterator = s->kind == INSPECTED_MAP_ITERATOR || s->kind == INSPECTED_SET_ITERATOR;
    x->indentation += 2;
    for (uint32_t i = 0; i < count; i++) {
        buffer text = {0};
        JSValue *item = &values[pairs ? 2 * i : i];
        if (pairs && iterator)
            buffer_add(&text, "[ ");
        inspect_inner(x, item[0], &text);
        if (pairs) {
            buffer_add(&text, iterator ? ", " : " => ");
            inspect_inner(x, item[1], &text);
            JS_FreeValue(x->js, item[1]);
        }
        if (pairs && iterator)
            buffer_add(&text, " ]");
        JS_FreeValue(x->js, item[0]);
        entries_add(e, &text);
    }
    x->indentation -= 2;
    add_more(total - count, "item", e);
}

static uint32_t collection_size(struct inspector *x, const struct subject *s)
{
    uint32_t total;
    bool pairs;
    inspect_entries(x->js, s->value, NULL, 0, &total, &pairs);
    return total;
}

/* ---- buffers and promises ---- */

static uint64_t buffer_length(struct inspector *x, JSValueConst array_buffer)
{
    JSValue length = inspect_find(x, array_buffer, "byteLength");
    int64_t n = 0;
    JS_ToInt64(x->js, &n, length);
    JS_FreeValue(x->js, length);
    return (uint64_t)n;
}

/* The bytes, read through a view: of shared memory that is what any script would do, and is seen as
 * such. */
static void add_bytes(struct inspector *x, struct subject *s, struct entries *e)
{
    uint64_t length = buffer_length(x, s->value),
             shown = length < INSPECT_ITEMS ? length : INSPECT_ITEMS;
    JSValue arguments[] = {JS_DupValue(x->js, s->value), JS_UNDEFINED, JS_UNDEFINED};
    JSValue view = JS_NewTypedArray(x->js, 3, arguments, JS_TYPED_ARRAY_UINT8);
    buffer text = {0};
    JS_FreeValue(x->js, arguments[0]);
    if (JS_IsException(view)) {
        inspect_clear_exception(x->js);
        entries_add_text(e, "(detached)");
        add_number("byteLength", 0, x, e);
        return;
    }
    buffer_add(&text, "[Uint8Contents]: <");
    for (uint32_t i = 0; i < shown; i++) {
        JSValue byte = JS_GetPropertyUint32(x->js, view, i);
        int32_t value = 0;
        JS_ToInt32(x->js, &value, byte);
        JS_FreeValue(x->js, byte);
        buffer_format(&text, "%s%02x", i ? " " : "", value);
    }
    if (shown < length)
        buffer_format(&text, " ... %llu more byte%s", (unsigned long long)(length - shown),
                      length - shown > 1 ? "s" : "");
    buffer_add(&text, ">");
    entries_add(e, &text);
    JS_FreeValue(x->js, view);
    add_number("byteLength", length, x, e);
}

static void add_promise(struct inspector *x, struct subject *s, struct entries *e)
{
    JSPromiseStateEnum state = JS_PromiseState(x->js, s->value);
    if (state == JS_PROMISE_PENDING) {
        entries_add_text(e, "<pending>");
        return;
    }
    JSValue result = JS_PromiseResult(x->js, s->value);
    buffer text = {0};
    if (state == JS_PROMISE_REJECTED)
        buffer_add(&text, "<rejected> ");
    x->indentation += 2;
    inspect_inner(x, result, &text);
    x->indentation -= 2;
    entries_add(e, &text);
    JS_FreeValue(x->js, result);
}

void inspect_contents(struct inspector *x, struct subject *s, struct entries *e)
{
    struct inspected_view view;
    switch (s->kind) {
    case INSPECTED_ARRAY:
        add_elements(x, s, e);
        return;
    case INSPECTED_TYPED_ARRAY:
        add_typed_elements(x, s, e);
        return;
    case INSPECTED_MAP:
    case INSPECTED_SET:
    case INSPECTED_MAP_ITERATOR:
    case INSPECTED_SET_ITERATOR:
        add_collection(x, s, e);
        return;
    case INSPECTED_WEAK_MAP:
    case INSPECTED_WEAK_SET:
        entries_add_text(e, "<items unknown>");
        return;
    case INSPECTED_ARRAY_BUFFER:
    case INSPECTED_SHARED_ARRAY_BUFFER:
        add_bytes(x, s, e);
        return;
    case INSPECTED_DATA_VIEW:
        view = inspect_view(x->js, s->value);
        add_number("byteLength", view.length, x, e);
        add_number("byteOffset", view.offset, x, e);
        add_named("buffer", view.buffer, x, e);
        return;
    case INSPECTED_PROMISE:
        add_promise(x, s, e);
        return;
    default:
        inspect_host_entries(x, s->value, e);
        return;
    }
}

/* ---- functions ---- */

/* The own data property "name", appended; whether it is a text that is not empty. */
static bool add_name(struct inspector *x, JSValueConst function, buffer *out)
{
    JSAtom key = JS_NewAtom(x->js, "name");
    JSPropertyDescriptor d;
    size_t before = out->length;
    if (inspect_own(x, function, key, &d)) {
        if (JS_IsString(d.value))
            inspect_plain(x->js, d.value, out);
        inspect_free_descriptor(x->js, &d);
    }
    JS_FreeAtom(x->js, key);
    return out->length > before;
}

static void class_base(struct inspector *x, struct subject *s)
{
    const char *constructor = buffer_text(&s->constructor);
    buffer_add(&s->base, "[class ");
    if (!add_name(x, s->value, &s->base))
        buffer_add(&s->base, "(anonymous)");
    if (s->has_constructor && strcmp(constructor, "Function") != 0)
        buffer_format(&s->base, " [%s]", constructor);
    if (*tag_name(s) && strcmp(constructor, tag_name(s)) != 0)
        buffer_format(&s->base, " [%s]", tag_name(s));
    if (!s->has_constructor) {
        buffer_add(&s->base, " extends null");
    } else {
        JSValue super = JS_GetPrototype(x->js, s->value);
        buffer name = {0};
        if (JS_IsObject(super) && inspect_class(super) != INSPECTED_PROXY &&
            add_name(x, super, &name))
            buffer_format(&s->base, " extends %s", name.text);
        buffer_release(&name);
        JS_FreeValue(x->js, super);
    }
    buffer_add(&s->base, "]");
}

static void function_base(struct inspector *x, struct subject *s)
{
    int kind = inspect_function(s->value);
    char type[40];
    if (kind & INSPECTED_CLASS) {
        class_base(x, s);
        return;
    }
    snprintf(type, sizeof type, "%s%sFunction", kind & INSPECTED_ASYNC ? "Async" : "",
             kind & INSPECTED_GENERATOR ? "Generator" : "");
    buffer_format(&s->base, "[%s%s", type, s->has_constructor ? "" : " (null prototype)");
    buffer name = {0};
    if (add_name(x, s->value, &name))
        buffer_format(&s->base, ": %s", name.text);
    else
        buffer_add(&s->base, " (anonymous)");
    buffer_release(&name);
    buffer_add(&s->base, "]");
    if (s->has_constructor && strcmp(buffer_text(&s->constructor), type) != 0)
        buffer_format(&s->base, " %s", buffer_text(&s->constructor));
    if (*tag_name(s) && strcmp(buffer_text(&s->constructor), tag_name(s)) != 0)
        buffer_format(&s->base, " [%s]", tag_name(s));
}

/* ---- wrappers, dates, regular expressions ---- */

static void boxed_base(struct inspector *x, struct subject *s, const char *type)
{
    JSValueConst primitive = inspect_primitive(s->value);
    if (s->kind == INSPECTED_STRING) {
        /* The characters are not shown again as properties. */
        int64_t length = 0;
        JS_GetLength(x->js, primitive, &length);
        uint32_t kept = 0;
        for (uint32_t i = 0; i < s->key_count; i++) {
            if (i < length)
                JS_FreeAtom(x->js, s->keys[i].atom);
            else
                s->keys[kept++] = s->keys[i];
        }
        s->key_count = kept;
    }
    buffer_format(&s->base, "[%s", type);
    if (!s->has_constructor)
        buffer_add(&s->base, " (null prototype)");
    else if (strcmp(type, buffer_text(&s->constructor)) != 0)
        buffer_format(&s->base, " (%s)", buffer_text(&s->constructor));
    buffer_add(&s->base, ": ");
    size_t indentation = x->indentation;
    x->indentation = 0;
    inspect_inner(x, primitive, &s->base);
    x->indentation = indentation;
    buffer_add(&s->base, "]");
    if (*tag_name(s) && strcmp(tag_name(s), buffer_text(&s->constructor)) != 0)
        buffer_format(&s->base, " [%s]", tag_name(s));
}

/* ECMA-262 sec-todatestring's counterpart toISOString, computed here: the method could have been
 * replaced. */
static void add_iso_date(double time, buffer *out)
{
    if (!isfinite(time)) {
        buffer_add(out, "Invalid Date");
        return;
    }
    double days = floor(time / 86400000), in_day = time - days * 86400000;
    /* Days to a date of the proleptic Gregorian calendar, counted from 0000-03-01. */
    int64_t z = (int64_t)days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153, month = shifted < 10 ? shifted + 3 : shifted - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);
    int ms = (int)in_day;
    if (year < 0 || year > 9999)
        buffer_format(out, "%c%06lld", year < 0 ? '-' : '+', (long long)llabs(year));
    else
        buffer_format(out, "%04lld", (long long)year);
    buffer_format(out, "-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)month,
                  (int)(day_of_year - (153 * shifted + 2) / 5 + 1), ms / 3600000, ms / 60000 % 60,
                  ms / 1000 % 60, ms % 1000);
}

/* Dates and regular expressions of a subclass say so before their text. */
static void named_base(struct subject *s, const char *name)
{
    buffer prefix = {0};
    inspect_add_prefix(s, name, "", &prefix);
    if (strncmp(prefix.text, name, strlen(name)) != 0 ||
        strcmp(prefix.text + strlen(name), " ") != 0)
        buffer_add(&s->base, prefix.text);
    buffer_release(&prefix);
}

static void date_base(struct inspector *x, struct subject *s)
{
    double time = NAN;
    JS_ToFloat64(x->js, &time, inspect_primitive(s->value));
    named_base(s, "Date");
    add_iso_date(time, &s->base);
}

static void regexp_base(struct inspector *x, struct subject *s)
{
    JSValue text = inspect_regexp(x->js, s->value);
    named_base(s, "RegExp");
    if (JS_IsException(text))
        inspect_clear_exception(x->js);
    else
        inspect_plain(x->js, text, &s->base);
    JS_FreeValue(x->js, text);
}

/* ---- how it opens ---- */

static void open_with(struct subject *s, const char *fallback, const char *size,
                      const char *bracket)
{
    inspect_add_prefix(s, fallback, size, &s->open);
    buffer_add(&s->open, bracket);
}

static bool open_array(struct inspector *x, struct subject *s)
{
    char size[32];
    uint64_t length = length_of(x, s);
    snprintf(size, sizeof size, "(%llu)", (unsigned long long)length);
    s->array = true;
    s->close = "]";
    if (s->kind == INSPECTED_TYPED_ARRAY)
        open_with(s, "TypedArray", size, "[");
    else if (!s->has_constructor || s->tag.length || strcmp(s->constructor.text, "Array") != 0)
        open_with(s, "Array", size, "[");
    else
        buffer_add(&s->open, "[");
    return length == 0 && s->key_count == 0 &&
           !(s->kind == INSPECTED_TYPED_ARRAY && x->show_hidden);
}

static bool open_collection(struct inspector *x, struct subject *s)
{
    char size[32];
    uint32_t count = collection_size(x, s);
    snprintf(size, sizeof size, "(%u)", count);
    open_with(s, s->kind == INSPECTED_MAP ? "Map" : "Set", size, "{");
    return count == 0 && s->key_count == 0;
}

/* "[Map Iterator] {", or "[Map Entries] {" when it gives pairs. */
static void open_iterator(struct inspector *x, struct subject *s)
{
    uint32_t total;
    bool pairs;
    inspect_entries(x->js, s->value, NULL, 0, &total, &pairs);
    const char *tag = tag_name(s), *iterator = pairs ? strstr(tag, " Iterator") : NULL;
    if (iterator)
        buffer_format(&s->open, "[%.*s Entries] {", (int)(iterator - tag), tag);
    else
        buffer_format(&s->open, "[%s] {", tag);
}

static bool open_plain(struct subject *s)
{
    bool plain = s->has_constructor && strcmp(s->constructor.text, "Object") == 0;
    if (plain && s->kind == INSPECTED_ARGUMENTS)
        buffer_add(&s->open, "[Arguments] {");
    else if (plain && s->tag.length == 0)
        buffer_add(&s->open, "{");
    else
        open_with(s, "Object", "", "{");
    return s->key_count == 0 && !inspect_host_has_entries(s->value);
}

/* Objects whose text is a base and then perhaps properties. */
static bool base_only(struct subject *s)
{
    buffer_add(&s->open, "{");
    return s->key_count == 0;
}

static bool opens_and_ends(struct inspector *x, struct subject *s)
{
    static const char *const boxes[] = {[INSPECTED_NUMBER] = "Number",
                                        [INSPECTED_STRING] = "String",
                                        [INSPECTED_BOOLEAN] = "Boolean",
                                        [INSPECTED_SYMBOL] = "Symbol",
                                        [INSPECTED_BIGINT] = "BigInt"};
    switch (s->kind) {
    case INSPECTED_ARRAY:
    case INSPECTED_TYPED_ARRAY:
        return open_array(x, s);
    case INSPECTED_MAP:
    case INSPECTED_SET:
        return open_collection(x, s);
    case INSPECTED_MAP_ITERATOR:
    case INSPECTED_SET_ITERATOR:
        open_iterator(x, s);
        return false;
    case INSPECTED_NUMBER:
    case INSPECTED_STRING:
    case INSPECTED_BOOLEAN:
    case INSPECTED_SYMBOL:
    case INSPECTED_BIGINT:
        boxed_base(x, s, boxes[s->kind]);
        return base_only(s);
    case INSPECTED_FUNCTION:
        function_base(x, s);
        return base_only(s);
    case INSPECTED_REGEXP:
        regexp_base(x, s);
        return base_only(s);
    case INSPECTED_DATE:
        date_base(x, s);
        return base_only(s);
    case INSPECTED_ERROR:
    case INSPECTED_DOM_EXCEPTION:
        inspect_error(x, s, &s->base);
        return base_only(s);
    case INSPECTED_ARRAY_BUFFER:
        open_with(s, "ArrayBuffer", "", "{");
        return false;
    case INSPECTED_SHARED_ARRAY_BUFFER:
        open_with(s, "SharedArrayBuffer", "", "{");
        return false;
    case INSPECTED_DATA_VIEW:
        open_with(s, "DataView", "", "{");
        return false;
    case INSPECTED_PROMISE:
        open_with(s, "Promise", "", "{");
        return false;
    case INSPECTED_WEAK_MAP:
        open_with(s, "WeakMap", "", "{");
        return false;
    case INSPECTED_WEAK_SET:
        open_with(s, "WeakSet", "", "{");
        return false;
    case INSPECTED_MODULE:
        open_with(s, "Module", "", "{");
        return s->key_count == 0;
    default:
        return open_plain(s);
    }
}

bool inspect_whole(struct inspector *x, struct subject *s, buffer *out)
{
    if (!opens_and_ends(x, s))
        return false;
    if (s->base.length)
        buffer_add(out, s->base.text);
    else
        buffer_format(out, "%s%s", buffer_text(&s->open), s->close);
    return true;
}
