#include "web/headers.h"

#include "base/assert.h"
#include "web/event_object.h"
#include "web/idl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct headers *headers_of(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &headers_interface);
}

struct headers *headers_peek(JSValueConst value)
{
    return interface_peek(value, &headers_interface);
}

/* ---- life ---- */

static void free_headers(struct headers *h)
{
    header_list_release(&h->list);
    free(h);
}

static void let_go(struct external *x)
{
    free_headers((struct headers *)((char *)x - offsetof(struct headers, external)));
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    struct headers *h = interface_peek(value, &headers_interface);
    (void)runtime;
    if (!h)
        return;
    external_forget(&h->external);
    free_headers(h);
}

static JSValue new_headers(JSContext *js, JSValueConst new_target, enum headers_guard guard)
{
    struct headers *h = calloc(1, sizeof *h);
    hd_assert(h);
    h->guard = guard;
    JSValue object = interface_object_from(js, &headers_interface, new_target, h);
    if (JS_IsException(object))
        free_headers(h);
    else
        external_hold(engine_of(js), &h->external, let_go);
    return object;
}

JSValue headers_new(JSContext *js, const struct header_list *from, enum headers_guard guard)
{
    JSValue object = new_headers(js, JS_UNDEFINED, guard);
    if (!JS_IsException(object) && from)
        header_list_copy(&headers_peek(object)->list, from);
    return object;
}

/* ---- changing the list ---- */

/* A header under way from a script: both texts are bytes, the value is normalized. */
struct pair {
    buffer name, value;
};

static void pair_release(struct pair *p)
{
    buffer_release(&p->name);
    buffer_release(&p->value);
}

/* Fetch "validate": 1 go on, 0 ignore it silently, -1 with a TypeError. */
static int validate(JSContext *js, const struct headers *h, const struct pair *p)
{
    const char *name = buffer_text(&p->name), *value = buffer_text(&p->value);
    if (strlen(name) != p->name.length || !header_name_is_valid(name)) {
        JS_ThrowTypeError(js, "'%s' is not the name of a header", name);
        return -1;
    }
    if (!header_value_is_valid(value, p->value.length)) {
        JS_ThrowTypeError(js, "the value of the header %s has a line break or a zero byte", name);
        return -1;
    }
    if (h->guard == GUARD_IMMUTABLE) {
        JS_ThrowTypeError(js, "these headers cannot be changed");
        return -1;
    }
    return !(h->guard == GUARD_REQUEST && header_is_forbidden_for_requests(name, value)) &&
           !(h->guard == GUARD_RESPONSE && header_is_forbidden_for_responses(name));
}

static void remove_privileged(struct headers *h)
{
    if (h->guard == GUARD_REQUEST_NO_CORS)
        header_list_delete(&h->list, "Range");
}

/* Fetch "append". */
static int append_pair(JSContext *js, struct headers *h, struct pair *p)
{
    p->value.length = header_value_normalize(p->value.text, p->value.length);
    int go = validate(js, h, p);
    if (go <= 0)
        return go;
    if (h->guard == GUARD_REQUEST_NO_CORS) {
        buffer together = {0};
        if (header_list_get(&h->list, p->name.text, &together))
            buffer_add(&together, ", ");
        buffer_add(&together, p->value.text);
        bool safe = header_is_no_cors_safelisted(p->name.text, buffer_text(&together));
        buffer_release(&together);
        if (!safe)
            return 0;
    }
    header_list_append(&h->list, p->name.text, p->value.text);
    remove_privileged(h);
    return 0;
}

/* ---- HeadersInit ---- */

struct pair_reading {
    struct pair pair;
    unsigned count;
};

static int read_part(JSContext *js, JSValueConst element, void *context)
{
    struct pair_reading *r = context;
    buffer ignored = {0};
    buffer *to = r->count == 0 ? &r->pair.name : r->count == 1 ? &r->pair.value : &ignored;
    r->count++;
    int failed = idl_add_byte_string(js, element, to);
    buffer_release(&ignored);
    return failed;
}

/* What is read goes into a list of pairs first: Web IDL converts all before the first is used. */
struct pairs {
    struct pair *items;
    size_t count, capacity;
};

static void pairs_add(struct pairs *l, struct pair *taken)
{
    if (l->count == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 4;
        l->items = realloc(l->items, l->capacity * sizeof *l->items);
        hd_assert(l->items);
    }
    l->items[l->count++] = *taken;
}

static int read_element(JSContext *js, JSValueConst element, void *context)
{
    struct pair_reading r = {.count = 0};
    int failed = idl_sequence(js, element, read_part, &r);
    if (!failed && r.count != 2) {
        JS_ThrowTypeError(js, "a header must be a pair of name and value");
        failed = -1;
    }
    if (failed)
        pair_release(&r.pair);
    else
        pairs_add(context, &r.pair);
    return failed;
}

/* A record's key that comes again after conversion replaces the value; byte strings do not change,
 * so keys differ. */
static int read_record(JSContext *js, JSValueConst record, struct pairs *out)
{
    JSPropertyEnum *keys;
    uint32_t count;
    int failed = 0;
    if (JS_GetOwnPropertyNames(js, &keys, &count, record,
                               JS_GPN_STRING_MASK | JS_GPN_SYMBOL_MASK | JS_GPN_ENUM_ONLY))
        return -1;
    for (uint32_t i = 0; i < count && !failed; i++) {
        struct pair p = {{0}, {0}};
        JSValue name = JS_AtomToValue(js, keys[i].atom);
        failed = JS_IsException(name) || idl_add_byte_string(js, name, &p.name);
        JS_FreeValue(js, name);
        JSValue value = failed ? JS_UNDEFINED : JS_GetProperty(js, record, keys[i].atom);
        failed = failed || JS_IsException(value) || idl_add_byte_string(js, value, &p.value);
        JS_FreeValue(js, value);
        if (failed)
            pair_release(&p);
        else
            pairs_add(out, &p);
    }
    JS_FreePropertyEnum(js, keys, count);
    return failed ? -1 : 0;
}

int headers_fill(JSContext *js, struct headers *h, JSValueConst init)
{
    struct pairs pairs = {0};
    if (!JS_IsObject(init)) {
        JS_ThrowTypeError(js, "headers must be an object");
        return -1;
    }
    int iterable = idl_is_iterable(js, init);
    int failed = iterable < 0 ? -1
                 : iterable   ? idl_sequence(js, init, read_element, &pairs)
                              : read_record(js, init, &pairs);
    for (size_t i = 0; i < pairs.count; i++) {
        if (!failed)
            failed = append_pair(js, h, &pairs.items[i]);
        pair_release(&pairs.items[i]);
    }
    free(pairs.items);
    return failed;
}

static JSValue construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    JSValue object = new_headers(js, new_target, GUARD_NONE);
    if (!JS_IsException(object) && count > 0 && !JS_IsUndefined(arguments[0]) &&
        headers_fill(js, headers_peek(object), arguments[0])) {
        JS_FreeValue(js, object);
        return JS_EXCEPTION;
    }
    return object;
}

/* ---- methods ---- */

/* The arguments (name) or (name, value), and the object; NULL with an exception. */
static struct headers *take(JSContext *js, JSValueConst self, const char *what, int count,
                            JSValueConst *arguments, int wanted, struct pair *out)
{
    struct headers *h = headers_of(js, self);
    *out = (struct pair){{0}, {0}};
    if (!h || !idl_arguments(js, what, count, wanted))
        return NULL;
    if (!idl_add_byte_string(js, arguments[0], &out->name) &&
        (wanted < 2 || !idl_add_byte_string(js, arguments[1], &out->value)))
        return h;
    pair_release(out);
    return NULL;
}

static JSValue done(struct pair *p, JSValue result)
{
    pair_release(p);
    return result;
}

static JSValue append(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct pair p;
    struct headers *h = take(js, self, "append", count, arguments, 2, &p);
    if (!h)
        return JS_EXCEPTION;
    return done(&p, append_pair(js, h, &p) ? JS_EXCEPTION : JS_UNDEFINED);
}

static JSValue set(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct pair p;
    struct headers *h = take(js, self, "set", count, arguments, 2, &p);
    if (!h)
        return JS_EXCEPTION;
    p.value.length = header_value_normalize(p.value.text, p.value.length);
    int go = validate(js, h, &p);
    if (go > 0 && (h->guard != GUARD_REQUEST_NO_CORS ||
                   header_is_no_cors_safelisted(p.name.text, p.value.text))) {
        header_list_set(&h->list, p.name.text, p.value.text);
        remove_privileged(h);
    }
    return done(&p, go < 0 ? JS_EXCEPTION : JS_UNDEFINED);
}

static JSValue delete (JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct pair p;
    struct headers *h = take(js, self, "delete", count, arguments, 1, &p);
    if (!h)
        return JS_EXCEPTION;
    int go = validate(js, h, &p);
    if (go > 0 &&
        (h->guard != GUARD_REQUEST_NO_CORS || header_is_no_cors_safelisted_name(p.name.text) ||
         header_is_privileged_no_cors(p.name.text))) {
        header_list_delete(&h->list, p.name.text);
        remove_privileged(h);
    }
    return done(&p, go < 0 ? JS_EXCEPTION : JS_UNDEFINED);
}

/* The name alone; NULL with an exception. */
static struct headers *take_name(JSContext *js, JSValueConst self, const char *what, int count,
                                 JSValueConst *arguments, struct pair *out)
{
    struct headers *h = take(js, self, what, count, arguments, 1, out);
    if (!h || (strlen(out->name.text) == out->name.length && header_name_is_valid(out->name.text)))
        return h;
    JS_ThrowTypeError(js, "'%s' is not the name of a header", out->name.text);
    pair_release(out);
    return NULL;
}

static JSValue get(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct pair p;
    struct headers *h = take_name(js, self, "get", count, arguments, &p);
    buffer value = {0};
    if (!h)
        return JS_EXCEPTION;
    JSValue result = JS_NULL;
    if (header_list_get(&h->list, p.name.text, &value))
        result = idl_byte_string(js, buffer_text(&value), value.length);
    buffer_release(&value);
    return done(&p, result);
}

static JSValue has(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct pair p;
    struct headers *h = take_name(js, self, "has", count, arguments, &p);
    return h ? done(&p, JS_NewBool(js, header_list_has(&h->list, p.name.text))) : JS_EXCEPTION;
}

static JSValue get_set_cookie(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    const struct headers *h = headers_of(js, self);
    (void)count;
    (void)arguments;
    JSValue array = h ? JS_NewArray(js) : JS_EXCEPTION;
    uint32_t found = 0;
    for (size_t i = 0; !JS_IsException(array) && i < h->list.count; i++) {
        const struct header *item = &h->list.items[i];
        if (!strcasecmp(item->name, "set-cookie"))
            JS_DefinePropertyValueUint32(js, array, found++,
                                         idl_byte_string(js, item->value, strlen(item->value)),
                                         JS_PROP_C_W_E);
    }
    return array;
}

/* ---- iteration: "value pairs to iterate over" are the list as it is at each step, sorted and
 * combined ---- */

enum { ITERATE_ENTRIES, ITERATE_KEYS, ITERATE_VALUES };

/* The i-th pair, or its half; JS_UNINITIALIZED behind the last. */
static JSValue pair_at(JSContext *js, const struct headers *h, size_t i, int kind)
{
    struct header_list sorted = {0};
    JSValue result = JS_UNINITIALIZED;
    header_list_sort_and_combine(&h->list, &sorted);
    if (i < sorted.count) {
        const struct header *item = &sorted.items[i];
        JSValue name = kind == ITERATE_VALUES ? JS_UNDEFINED
                                              : idl_byte_string(js, item->name, strlen(item->name));
        JSValue value = kind == ITERATE_KEYS
                            ? JS_UNDEFINED
                            : idl_byte_string(js, item->value, strlen(item->value));
        JSValue both[] = {name, value};
        result = kind == ITERATE_KEYS     ? name
                 : kind == ITERATE_VALUES ? value
                                          : JS_NewArrayFrom(js, 2, both);
    }
    header_list_release(&sorted);
    return result;
}

static JSValue for_each(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    const struct headers *h = headers_of(js, self);
    if (!h || !idl_arguments(js, "forEach", count, 1))
        return JS_EXCEPTION;
    if (!JS_IsFunction(js, arguments[0]))
        return JS_ThrowTypeError(js, "forEach: the callback is not a function");
    JSValue value;
    for (size_t i = 0; !JS_IsUninitialized(value = pair_at(js, h, i, ITERATE_VALUES)); i++) {
        JSValue call[] = {value, pair_at(js, h, i, ITERATE_KEYS), JS_DupValue(js, self)};
        JSValue result = JS_Call(js, arguments[0], count > 1 ? arguments[1] : JS_UNDEFINED, 3,
                                 (JSValueConst *)call);
        for (int n = 0; n < 3; n++)
            JS_FreeValue(js, call[n]);
        if (JS_IsException(result))
            return result;
        JS_FreeValue(js, result);
    }
    return JS_UNDEFINED;
}

struct iterator {
    JSValue headers;
    size_t next;
    int kind;
};

static const struct interface iterator_interface;

static void iterator_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct iterator *i = interface_peek(value, &iterator_interface);
    if (i)
        JS_FreeValueRT(runtime, i->headers);
    js_free_rt(runtime, i);
}

static void iterator_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark_value)
{
    struct iterator *i = interface_peek(value, &iterator_interface);
    if (i)
        JS_MarkValue(runtime, i->headers, mark_value);
}

static JSValue iterator_next(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct iterator *i = interface_opaque(js, self, &iterator_interface);
    (void)count;
    (void)arguments;
    JSValue result = i ? JS_NewObject(js) : JS_EXCEPTION;
    if (JS_IsException(result))
        return result;
    JSValue value = pair_at(js, headers_peek(i->headers), i->next, i->kind);
    bool more = !JS_IsUninitialized(value);
    i->next += more;
    JS_DefinePropertyValueStr(js, result, "value", more ? value : JS_UNDEFINED, JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(js, result, "done", JS_NewBool(js, !more), JS_PROP_C_W_E);
    return result;
}

static const JSCFunctionListEntry iterator_entries[] = {IDL_METHOD("next", 0, iterator_next)};

static const struct interface iterator_interface = {
    .host_class = HOST_CLASS_HEADERS_ITERATOR,
    .name = "Headers Iterator",
    .class_definition = {.finalizer = iterator_finalize, .gc_mark = iterator_mark},
    .prototype = iterator_entries,
    .prototype_count = 1,
};

static JSValue iterate(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                       int kind)
{
    (void)count;
    (void)arguments;
    if (!headers_of(js, self) || interface_prepare_iterator(js, &iterator_interface))
        return JS_EXCEPTION;
    struct iterator *i = js_mallocz(js, sizeof *i);
    if (!i)
        return JS_EXCEPTION;
    i->kind = kind;
    i->headers = JS_DupValue(js, self);
    JSValue object = interface_object(js, &iterator_interface, i);
    if (JS_IsException(object)) {
        JS_FreeValue(js, i->headers);
        js_free(js, i);
    }
    return object;
}

static const JSCFunctionListEntry prototype[] = {
    IDL_METHOD("append", 2, append),
    IDL_METHOD("delete", 1, delete),
    IDL_METHOD("get", 1, get),
    IDL_METHOD("getSetCookie", 0, get_set_cookie),
    IDL_METHOD("has", 1, has),
    IDL_METHOD("set", 2, set),
    IDL_METHOD("forEach", 1, for_each),
    IDL_METHOD_MAGIC("entries", 0, iterate, ITERATE_ENTRIES),
    IDL_METHOD_MAGIC("keys", 0, iterate, ITERATE_KEYS),
    IDL_METHOD_MAGIC("values", 0, iterate, ITERATE_VALUES),
    JS_ALIAS_DEF("[Symbol.iterator]", "entries"),
};

const struct interface headers_interface = {
    .host_class = HOST_CLASS_HEADERS,
    .name = "Headers",
    .class_definition = {.finalizer = finalize},
    .constructor = construct,
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
};
