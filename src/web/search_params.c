/* URLSearchParams (https://url.spec.whatwg.org/#interface-urlsearchparams). Names and values are
 * kept as UTF-8 in the engine's heap. */
#include "web/search_params.h"

#include "web/event_object.h"
#include "web/idl.h"
#include "web/text.h"
#include "web/url.h"

#include <stdlib.h>
#include <string.h>

struct pair {
    char *name, *value;
    size_t name_length, value_length;
};

struct search_params {
    struct pair *pairs;
    uint32_t count, capacity;
    JSValue url; /* undefined when it stands alone */
};

static struct search_params *params_of(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &search_params_interface);
}

/* ---- the list ---- */

static void free_pair(JSRuntime *runtime, struct pair *p)
{
    js_free_rt(runtime, p->name);
    js_free_rt(runtime, p->value);
}

static int add_pair(JSContext *js, struct search_params *p, const buffer *name, const buffer *value)
{
    if (p->count == p->capacity) {
        uint32_t capacity = p->capacity ? p->capacity * 2 : 4;
        struct pair *pairs = js_realloc(js, p->pairs, capacity * sizeof *pairs);
        if (!pairs)
            return -1;
        p->pairs = pairs;
        p->capacity = capacity;
    }
    struct pair *new = &p->pairs[p->count];
    new->name_length = name->length;
    new->value_length = value->length;
    new->name = js_strndup(js, buffer_text(name), name->length);
    new->value = js_strndup(js, buffer_text(value), value->length);
    if (!new->name || !new->value) {
        free_pair(JS_GetRuntime(js), new);
        return -1;
    }
    p->count++;
    return 0;
}

static void remove_pair(JSContext *js, struct search_params *p, uint32_t i)
{
    free_pair(JS_GetRuntime(js), &p->pairs[i]);
    memmove(&p->pairs[i], &p->pairs[i + 1], (p->count - i - 1) * sizeof *p->pairs);
    p->count--;
}

struct adding {
    JSContext *js;
    struct search_params *params;
    int failed;
};

/* Bytes that are no UTF-8 become U+FFFD, as "UTF-8 decode without BOM" says; a string of the engine
 * does that. */
static void add_decoded(buffer *to, const buffer *from, JSContext *js)
{
    JSValue text = JS_NewStringLen(js, buffer_text(from), from->length);
    if (!JS_IsException(text))
        text_add_usv(js, text, to);
    JS_FreeValue(js, text);
}

static void add_parsed(void *context, const buffer *name, const buffer *value)
{
    struct adding *a = context;
    buffer parts[2] = {{0}};
    add_decoded(&parts[0], name, a->js);
    add_decoded(&parts[1], value, a->js);
    if (!a->failed)
        a->failed = add_pair(a->js, a->params, &parts[0], &parts[1]);
    buffer_release(&parts[0]);
    buffer_release(&parts[1]);
}

static int add_query(JSContext *js, struct search_params *p, const char *query, size_t length)
{
    struct adding a = {.js = js, .params = p};
    url_form_parse(query, length, add_parsed, &a);
    return a.failed;
}

static void serialize(const struct search_params *p, buffer *out)
{
    buffer_add(out, "");
    for (uint32_t i = 0; i < p->count; i++) {
        if (i)
            buffer_add(out, "&");
        url_form_add(out, p->pairs[i].name, p->pairs[i].name_length);
        buffer_add(out, "=");
        url_form_add(out, p->pairs[i].value, p->pairs[i].value_length);
    }
}

/* "update": the URL follows. */
static JSValue update(JSContext *js, struct search_params *p)
{
    if (JS_IsUndefined(p->url))
        return JS_UNDEFINED;
    buffer query = {0};
    serialize(p, &query);
    int failed = url_object_set_query(js, p->url, &query);
    buffer_release(&query);
    return failed ? JS_EXCEPTION : JS_UNDEFINED;
}

bool search_params_pair(JSValueConst params, uint32_t i, const char **name, size_t *name_length,
                        const char **value, size_t *value_length)
{
    const struct search_params *p = interface_peek(params, &search_params_interface);
    if (!p || i >= p->count)
        return false;
    *name = p->pairs[i].name;
    *name_length = p->pairs[i].name_length;
    *value = p->pairs[i].value;
    *value_length = p->pairs[i].value_length;
    return true;
}

/* ---- making one ---- */

static struct search_params *new_params(JSContext *js)
{
    struct search_params *p = js_mallocz(js, sizeof *p);
    if (p)
        p->url = JS_UNDEFINED;
    return p;
}

static void free_params(JSRuntime *runtime, struct search_params *p)
{
    if (!p)
        return;
    for (uint32_t i = 0; i < p->count; i++)
        free_pair(runtime, &p->pairs[i]);
    js_free_rt(runtime, p->pairs);
    JS_FreeValueRT(runtime, p->url);
    js_free_rt(runtime, p);
}

JSValue search_params_of_url(JSContext *js, JSValueConst url, const char *query, size_t length)
{
    struct search_params *p = new_params(js);
    if (!p)
        return JS_EXCEPTION;
    JSValue object = add_query(js, p, query, length)
                         ? JS_EXCEPTION
                         : interface_object(js, &search_params_interface, p);
    if (JS_IsException(object))
        free_params(JS_GetRuntime(js), p);
    else
        p->url = JS_DupValue(js, url);
    return object;
}

void search_params_replace(JSContext *js, JSValueConst params, const char *query, size_t length)
{
    struct search_params *p = interface_peek(params, &search_params_interface);
    while (p && p->count)
        remove_pair(js, p, p->count - 1);
    if (p)
        add_query(js, p, query, length);
}

struct pair_parts {
    buffer text[2];
    uint32_t count;
};

static int add_part(JSContext *js, JSValueConst element, void *context)
{
    struct pair_parts *parts = context;
    buffer ignored = {0};
    int failed =
        text_add_usv(js, element, parts->count < 2 ? &parts->text[parts->count] : &ignored);
    buffer_release(&ignored);
    parts->count++;
    return failed;
}

/* One element of a sequence: itself a sequence of two strings. */
static int add_element(JSContext *js, JSValueConst element, void *context)
{
    struct pair_parts parts = {.count = 0};
    int failed = 0;
    if (!JS_IsObject(element)) {
        JS_ThrowTypeError(js, "Each query pair must be an iterable [name, value] tuple");
        return -1;
    }
    failed = idl_sequence(js, element, add_part, &parts);
    if (!failed && parts.count != 2) {
        JS_ThrowTypeError(js, "Each query pair must be an iterable [name, value] tuple");
        failed = -1;
    }
    if (!failed)
        failed = add_pair(js, context, &parts.text[0], &parts.text[1]);
    buffer_release(&parts.text[0]);
    buffer_release(&parts.text[1]);
    return failed;
}

/* A later name that equals an earlier one after conversion replaces its value. */
static int set_record_pair(JSContext *js, struct search_params *p, const buffer *name,
                           const buffer *value)
{
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->pairs[i].name_length == name->length &&
            !memcmp(p->pairs[i].name, buffer_text(name), name->length)) {
            char *copy = js_strndup(js, buffer_text(value), value->length);
            if (!copy)
                return -1;
            js_free(js, p->pairs[i].value);
            p->pairs[i].value = copy;
            p->pairs[i].value_length = value->length;
            return 0;
        }
    }
    return add_pair(js, p, name, value);
}

static int add_record(JSContext *js, struct search_params *p, JSValueConst record)
{
    JSPropertyEnum *keys;
    uint32_t count;
    int failed = 0;
    if (JS_GetOwnPropertyNames(js, &keys, &count, record, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY))
        return -1;
    for (uint32_t i = 0; i < count && !failed; i++) {
        JSValue name = JS_AtomToString(js, keys[i].atom),
                value = JS_GetProperty(js, record, keys[i].atom);
        buffer parts[2] = {{0}};
        failed = JS_IsException(value) || text_add_usv(js, name, &parts[0]) ||
                 text_add_usv(js, value, &parts[1]) || set_record_pair(js, p, &parts[0], &parts[1]);
        buffer_release(&parts[0]);
        buffer_release(&parts[1]);
        JS_FreeValue(js, name);
        JS_FreeValue(js, value);
    }
    JS_FreePropertyEnum(js, keys, count);
    return failed ? -1 : 0;
}

static JSValue iterator_method(JSContext *js, JSValueConst object)
{
    JSValue global = JS_GetGlobalObject(js), symbol = JS_GetPropertyStr(js, global, "Symbol");
    JSValue key = JS_GetPropertyStr(js, symbol, "iterator");
    JSAtom atom = JS_ValueToAtom(js, key);
    JSValue method = JS_GetProperty(js, object, atom);
    JS_FreeAtom(js, atom);
    JS_FreeValue(js, key);
    JS_FreeValue(js, symbol);
    JS_FreeValue(js, global);
    return method;
}

static int fill(JSContext *js, struct search_params *p, JSValueConst init)
{
    if (JS_IsUndefined(init))
        return 0;
    if (JS_IsObject(init)) {
        JSValue method = iterator_method(js, init);
        bool sequence = !JS_IsUndefined(method) && !JS_IsNull(method);
        JS_FreeValue(js, method);
        if (JS_IsException(method))
            return -1;
        return sequence ? idl_sequence(js, init, add_element, p) : add_record(js, p, init);
    }
    buffer text = {0};
    if (text_add_usv(js, init, &text))
        return -1;
    size_t sign = text.length > 0 && *text.text == '?';
    int failed = add_query(js, p, buffer_text(&text) + sign, text.length - sign);
    buffer_release(&text);
    return failed;
}

static JSValue construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    struct search_params *p = new_params(js);
    if (!p)
        return JS_EXCEPTION;
    JSValue object = fill(js, p, count > 0 ? arguments[0] : JS_UNDEFINED)
                         ? JS_EXCEPTION
                         : interface_object_from(js, &search_params_interface, new_target, p);
    if (JS_IsException(object))
        free_params(JS_GetRuntime(js), p);
    return object;
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    free_params(runtime, interface_peek(value, &search_params_interface));
}

static void mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark_value)
{
    struct search_params *p = interface_peek(value, &search_params_interface);
    if (p)
        JS_MarkValue(runtime, p->url, mark_value);
}

/* ---- methods ---- */

/* The first arguments as USVStrings, in parts[]; false with an exception. An absent optional second
 * has no text. */
static bool take(JSContext *js, const char *what, int count, JSValueConst *arguments, int required,
                 int wanted, buffer parts[2])
{
    if (!idl_arguments(js, what, count, required))
        return false;
    for (int i = 0; i < wanted && i < count; i++) {
        if (i >= required && JS_IsUndefined(arguments[i]))
            break;
        buffer_add(&parts[i], "");
        if (text_add_usv(js, arguments[i], &parts[i])) {
            buffer_release(&parts[0]);
            buffer_release(&parts[1]);
            return false;
        }
    }
    return true;
}

static bool matches(const struct pair *p, const buffer parts[2])
{
    return p->name_length == parts[0].length &&
           !memcmp(p->name, buffer_text(&parts[0]), p->name_length) &&
           (!parts[1].text || (p->value_length == parts[1].length &&
                               !memcmp(p->value, parts[1].text, p->value_length)));
}

static JSValue done(buffer parts[2], JSValue result)
{
    buffer_release(&parts[0]);
    buffer_release(&parts[1]);
    return result;
}

static JSValue append(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct search_params *p = params_of(js, self);
    buffer parts[2] = {{0}};
    if (!p || !take(js, "append", count, arguments, 2, 2, parts))
        return JS_EXCEPTION;
    return done(parts, add_pair(js, p, &parts[0], &parts[1]) ? JS_EXCEPTION : update(js, p));
}

static JSValue delete_pairs(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct search_params *p = params_of(js, self);
    buffer parts[2] = {{0}};
    if (!p || !take(js, "delete", count, arguments, 1, 2, parts))
        return JS_EXCEPTION;
    for (uint32_t i = p->count; i-- > 0;)
        if (matches(&p->pairs[i], parts))
            remove_pair(js, p, i);
    return done(parts, update(js, p));
}

static JSValue value_of(JSContext *js, const struct pair *p)
{
    return JS_NewStringLen(js, p->value, p->value_length);
}

static JSValue get(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct search_params *p = params_of(js, self);
    buffer parts[2] = {{0}};
    if (!p || !take(js, "get", count, arguments, 1, 1, parts))
        return JS_EXCEPTION;
    for (uint32_t i = 0; i < p->count; i++)
        if (matches(&p->pairs[i], parts))
            return done(parts, value_of(js, &p->pairs[i]));
    return done(parts, JS_NULL);
}

static JSValue get_all(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct search_params *p = params_of(js, self);
    buffer parts[2] = {{0}};
    uint32_t found = 0;
    if (!p || !take(js, "getAll", count, arguments, 1, 1, parts))
        return JS_EXCEPTION;
    JSValue array = JS_NewArray(js);
    for (uint32_t i = 0; i < p->count && !JS_IsException(array); i++)
        if (matches(&p->pairs[i], parts))
            JS_DefinePropertyValueUint32(js, array, found++, value_of(js, &p->pairs[i]),
                                         JS_PROP_C_W_E);
    return done(parts, array);
}

static JSValue has(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct search_params *p = params_of(js, self);
    buffer parts[2] = {{0}};
    bool found = false;
    if (!p || !take(js, "has", count, arguments, 1, 2, parts))
        return JS_EXCEPTION;
    for (uint32_t i = 0; i < p->count; i++)
        found = found || matches(&p->pairs[i], parts);
    return done(parts, JS_NewBool(js, found));
}

static JSValue set(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct search_params *p = params_of(js, self);
    buffer parts[2] = {{0}};
    if (!p || !take(js, "set", count, arguments, 2, 2, parts))
        return JS_EXCEPTION;
    const buffer name_only[2] = {parts[0], {0}};
    uint32_t first = UINT32_MAX;
    for (uint32_t i = p->count; i-- > 0;) {
        if (!matches(&p->pairs[i], name_only))
            continue;
        if (first != UINT32_MAX)
            remove_pair(js, p, first);
        first = i;
    }
    if (first == UINT32_MAX)
        return done(parts, add_pair(js, p, &parts[0], &parts[1]) ? JS_EXCEPTION : update(js, p));
    char *value = js_strndup(js, buffer_text(&parts[1]), parts[1].length);
    if (!value)
        return done(parts, JS_EXCEPTION);
    js_free(js, p->pairs[first].value);
    p->pairs[first].value = value;
    p->pairs[first].value_length = parts[1].length;
    return done(parts, update(js, p));
}

/* The first UTF-16 unit of the code point that begins at a byte: where two texts first differ, it
 * orders them as code units do. */
static unsigned leading_unit(const char *text, size_t at, size_t length)
{
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
        at--;
    const unsigned char *s = (const unsigned char *)text + at;
    if (at >= length)
        return 0;
    if (*s >= 0xf0) {
        unsigned c = (*s & 7u) << 18 | (s[1] & 0x3fu) << 12 | (s[2] & 0x3fu) << 6 | (s[3] & 0x3fu);
        return 0xd800 + ((c - 0x10000) >> 10);
    }
    if (*s >= 0xe0)
        return (*s & 0xfu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
    return *s >= 0xc0 ? (*s & 0x1fu) << 6 | (s[1] & 0x3fu) : *s;
}

static int compare_names(const struct pair *a, const struct pair *b)
{
    size_t common = a->name_length < b->name_length ? a->name_length : b->name_length, i = 0;
    while (i < common && a->name[i] == b->name[i])
        i++;
    if (i == common)
        return (a->name_length > b->name_length) - (a->name_length < b->name_length);
    unsigned x = leading_unit(a->name, i, a->name_length),
             y = leading_unit(b->name, i, b->name_length);
    if (x == y)
        return (unsigned char)a->name[i] < (unsigned char)b->name[i] ? -1 : 1;
    return x < y ? -1 : 1;
}

/* Stable. */
static void merge_sort(struct pair *pairs, struct pair *spare, size_t count)
{
    size_t half = count / 2;
    if (count < 2)
        return;
    merge_sort(pairs, spare, half);
    merge_sort(pairs + half, spare, count - half);
    memcpy(spare, pairs, count * sizeof *pairs);
    for (size_t to = 0, a = 0, b = half; to < count; to++)
        pairs[to] = b == count || (a < half && compare_names(&spare[a], &spare[b]) <= 0)
                        ? spare[a++]
                        : spare[b++];
}

static JSValue sort(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct search_params *p = params_of(js, self);
    struct pair *spare = p ? js_malloc(js, (p->count + 1) * sizeof *spare) : NULL;
    if (!spare)
        return JS_EXCEPTION;
    merge_sort(p->pairs, spare, p->count);
    js_free(js, spare);
    return update(js, p);
}

static JSValue for_each(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct search_params *p = params_of(js, self);
    if (!p || !idl_arguments(js, "forEach", count, 1))
        return JS_EXCEPTION;
    if (!JS_IsFunction(js, arguments[0]))
        return JS_ThrowTypeError(js, "forEach: the callback is not a function");
    for (uint32_t i = 0; i < p->count; i++) {
        JSValue call[] = {value_of(js, &p->pairs[i]),
                          JS_NewStringLen(js, p->pairs[i].name, p->pairs[i].name_length),
                          JS_DupValue(js, self)};
        JSValue result =
            JS_Call(js, arguments[0], count > 1 ? arguments[1] : JS_UNDEFINED, 3, call);
        for (int n = 0; n < 3; n++)
            JS_FreeValue(js, call[n]);
        if (JS_IsException(result))
            return result;
        JS_FreeValue(js, result);
    }
    return JS_UNDEFINED;
}

static JSValue to_string(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct search_params *p = params_of(js, self);
    buffer text = {0};
    if (!p)
        return JS_EXCEPTION;
    serialize(p, &text);
    return text_new(js, &text);
}

static JSValue get_size(JSContext *js, JSValueConst self)
{
    const struct search_params *p = params_of(js, self);
    return p ? JS_NewUint32(js, p->count) : JS_EXCEPTION;
}

/* ---- iterators ---- */

enum { ITERATE_ENTRIES, ITERATE_KEYS, ITERATE_VALUES };

struct iterator {
    JSValue params;
    uint32_t next;
    int kind;
};

static const struct interface iterator_interface;

static void iterator_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct iterator *i = interface_peek(value, &iterator_interface);
    if (i)
        JS_FreeValueRT(runtime, i->params);
    js_free_rt(runtime, i);
}

static void iterator_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark_value)
{
    struct iterator *i = interface_peek(value, &iterator_interface);
    if (i)
        JS_MarkValue(runtime, i->params, mark_value);
}

static JSValue pair_part(JSContext *js, const struct pair *p, int kind)
{
    if (kind == ITERATE_VALUES)
        return value_of(js, p);
    JSValue name = JS_NewStringLen(js, p->name, p->name_length);
    if (kind == ITERATE_KEYS)
        return name;
    JSValue entry = JS_NewArray(js);
    JS_DefinePropertyValueUint32(js, entry, 0, name, JS_PROP_C_W_E);
    JS_DefinePropertyValueUint32(js, entry, 1, value_of(js, p), JS_PROP_C_W_E);
    return entry;
}

static JSValue iterator_next(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct iterator *i = interface_opaque(js, self, &iterator_interface);
    if (!i)
        return JS_EXCEPTION;
    const struct search_params *p = interface_peek(i->params, &search_params_interface);
    bool more = i->next < p->count;
    JSValue result = JS_NewObject(js);
    if (JS_IsException(result))
        return result;
    JSValue value = more ? pair_part(js, &p->pairs[i->next++], i->kind) : JS_UNDEFINED;
    JS_DefinePropertyValueStr(js, result, "value", value, JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(js, result, "done", JS_NewBool(js, !more), JS_PROP_C_W_E);
    return result;
}

static const JSCFunctionListEntry iterator_prototype_functions[] = {
    IDL_METHOD("next", 0, iterator_next),
};

static const struct interface iterator_interface = {
    .host_class = HOST_CLASS_URL_SEARCH_PARAMS_ITERATOR,
    .name = "URLSearchParams Iterator",
    .class_definition = {.finalizer = iterator_finalize, .gc_mark = iterator_mark},
    .prototype = iterator_prototype_functions,
    .prototype_count = sizeof iterator_prototype_functions / sizeof *iterator_prototype_functions,
};

static JSValue iterate(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                       int kind)
{
    if (!params_of(js, self) || interface_prepare_iterator(js, &iterator_interface))
        return JS_EXCEPTION;
    struct iterator *i = js_mallocz(js, sizeof *i);
    if (!i)
        return JS_EXCEPTION;
    i->kind = kind;
    i->params = JS_DupValue(js, self);
    JSValue object = interface_object(js, &iterator_interface, i);
    if (JS_IsException(object)) {
        JS_FreeValue(js, i->params);
        js_free(js, i);
    }
    return object;
}

static const JSCFunctionListEntry prototype_functions[] = {
    IDL_ATTRIBUTE("size", get_size, NULL),
    IDL_METHOD("append", 2, append),
    IDL_METHOD("delete", 1, delete_pairs),
    IDL_METHOD("get", 1, get),
    IDL_METHOD("getAll", 1, get_all),
    IDL_METHOD("has", 1, has),
    IDL_METHOD("set", 2, set),
    IDL_METHOD("sort", 0, sort),
    IDL_METHOD("forEach", 1, for_each),
    IDL_METHOD("toString", 0, to_string),
    IDL_METHOD_MAGIC("entries", 0, iterate, ITERATE_ENTRIES),
    IDL_METHOD_MAGIC("keys", 0, iterate, ITERATE_KEYS),
    IDL_METHOD_MAGIC("values", 0, iterate, ITERATE_VALUES),
    JS_ALIAS_DEF("[Symbol.iterator]", "entries"),
};

const struct interface search_params_interface = {
    .host_class = HOST_CLASS_URL_SEARCH_PARAMS,
    .name = "URLSearchParams",
    .class_definition = {.finalizer = finalize, .gc_mark = mark},
    .constructor = construct,
    .prototype = prototype_functions,
    .prototype_count = sizeof prototype_functions / sizeof *prototype_functions,
};
