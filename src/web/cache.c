/* CacheStorage and Cache (Service Workers, section 5). */
#include "web/cache_store.h"

#include "agent/world.h"
#include "base/assert.h"
#include "web/event.h"
#include "web/event_object.h"
#include "web/globals.h"
#include "web/headers.h"
#include "web/idl.h"
#include "web/later.h"
#include "web/request.h"
#include "web/response.h"
#include "web/storage_key.h"

#include <stdlib.h>
#include <string.h>

struct cache {
    struct external external;
    struct stored_cache *stored; /* one reference */
};

static const struct interface cache_interface, cache_storage_interface;

static void let_go(struct external *x)
{
    struct cache *c = (struct cache *)((char *)x - offsetof(struct cache, external));
    cache_unref(c->stored);
    free(c);
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    struct cache *c = interface_peek(value, &cache_interface);
    (void)runtime;
    if (!c)
        return;
    external_forget(&c->external);
    let_go(&c->external);
}

/* Takes the reference. */
static JSValue cache_new(JSContext *js, struct stored_cache *stored)
{
    struct cache *c = calloc(1, sizeof *c);
    hd_assert(c);
    c->stored = stored;
    JSValue object = interface_object(js, &cache_interface, c);
    if (JS_IsException(object))
        let_go(&c->external);
    else
        external_hold(engine_of(js), &c->external, let_go);
    return object;
}

static struct stored_cache *stored_of(JSContext *js, JSValueConst self)
{
    const struct cache *c = interface_opaque(js, self, &cache_interface);
    return c ? c->stored : NULL;
}

/* ---- arguments ---- */

/* CacheQueryOptions, in the order of its members; MultiCacheQueryOptions has the name of a cache
 * besides. */
struct query_options {
    bool ignore_search, ignore_method, ignore_vary;
    char *cache_name; /* NULL: any */
};

static int read_options(JSContext *js, JSValueConst value, bool multi, struct query_options *out)
{
    static const char *const names[] = {"ignoreMethod", "ignoreSearch", "ignoreVary"};
    bool *const members[] = {&out->ignore_method, &out->ignore_search, &out->ignore_vary};
    JSValueConst options;
    *out = (struct query_options){0};
    if (idl_dictionary(js, value, &options))
        return -1;
    for (int i = 0; i < 3; i++) {
        int member = idl_boolean_member(js, options, names[i], false);
        if (member < 0)
            return -1;
        *members[i] = member;
    }
    JSValue name = multi ? idl_member(js, options, "cacheName") : JS_UNDEFINED;
    int failed =
        JS_IsException(name) || (!JS_IsUndefined(name) && !(out->cache_name = idl_text(js, name)));
    JS_FreeValue(js, name);
    return failed ? -1 : 0;
}

/* A RequestInfo as a Request object; a new reference or an exception. */
static JSValue request_argument(JSContext *js, JSValueConst value)
{
    return request_peek(value) ? JS_DupValue(js, value) : request_new(js, value, JS_UNDEFINED);
}

static bool is_get(const struct request_object *o)
{
    return !strcmp(o->method, "GET");
}

static struct cache_query query_of(const struct request_object *o,
                                   const struct query_options *options)
{
    return (struct cache_query){
        .url = o->url,
        .headers = &headers_peek(o->headers)->list,
        .ignore_search = options->ignore_search,
        .ignore_vary = options->ignore_vary,
    };
}

/* ---- matching ---- */

/* Copies of what matched, taken under the lock. */
struct found {
    struct resource *answers;
    struct entry_request {
        char *url;
        struct header_list headers;
    } * requests;
    size_t count, capacity;
    bool first_only;
};

static bool add_found(void *context, const char *url, const struct header_list *headers,
                      const struct resource *answer)
{
    struct found *f = context;
    if (f->count == f->capacity) {
        f->capacity = f->capacity ? f->capacity * 2 : 4;
        f->answers = realloc(f->answers, f->capacity * sizeof *f->answers);
        f->requests = realloc(f->requests, f->capacity * sizeof *f->requests);
        hd_assert(f->answers && f->requests);
    }
    resource_copy(&f->answers[f->count], answer);
    f->requests[f->count] = (struct entry_request){.url = strdup(url)};
    header_list_copy(&f->requests[f->count].headers, headers);
    f->count++;
    return !f->first_only;
}

static void release_found(struct found *f)
{
    for (size_t i = 0; i < f->count; i++) {
        resource_release(&f->answers[i]);
        free(f->requests[i].url);
        header_list_release(&f->requests[i].headers);
    }
    free(f->answers);
    free(f->requests);
}

/* What matches the request, or everything when it is undefined. 0, or -1 with an exception. */
static int find(JSContext *js, struct stored_cache *c, JSValueConst request,
                const struct query_options *options, struct found *out)
{
    struct cache_query q = {0};
    JSValue object = JS_UNDEFINED;
    if (!JS_IsUndefined(request)) {
        object = request_argument(js, request);
        if (JS_IsException(object))
            return -1;
        q = query_of(request_peek(object), options);
    }
    if (JS_IsUndefined(object) || options->ignore_method || is_get(request_peek(object)))
        cache_match(c, &q, add_found, out);
    JS_FreeValue(js, object);
    return 0;
}

static JSValue first_answer(JSContext *js, const struct found *f)
{
    return f->count ? response_from_resource(js, &f->answers[0]) : JS_UNDEFINED;
}

static JSValue match(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct stored_cache *c = stored_of(js, self);
    struct query_options options = {0};
    struct found found = {.first_only = true};
    if (!c || !idl_arguments(js, "match", count, 1) ||
        read_options(js, count > 1 ? arguments[1] : JS_UNDEFINED, false, &options))
        return idl_rejected(js);
    JSValue result =
        find(js, c, arguments[0], &options, &found) ? JS_EXCEPTION : first_answer(js, &found);
    release_found(&found);
    free(options.cache_name);
    return promise_later(realm_of(js), result);
}

static JSValue request_of_entry(JSContext *js, const struct entry_request *e)
{
    JSValue url = JS_NewString(js, e->url), object = request_new(js, url, JS_UNDEFINED);
    JS_FreeValue(js, url);
    if (!JS_IsException(object))
        header_list_copy(&headers_peek(request_peek(object)->headers)->list, &e->headers);
    return object;
}

enum { LIST_ANSWERS, LIST_REQUESTS };

/* matchAll and keys: a frozen array. */
static JSValue list(JSContext *js, JSValueConst self, int count, JSValueConst *arguments, int what)
{
    struct stored_cache *c = stored_of(js, self);
    struct query_options options = {0};
    struct found found = {0};
    if (!c || read_options(js, count > 1 ? arguments[1] : JS_UNDEFINED, false, &options))
        return idl_rejected(js);
    JSValue array = find(js, c, count > 0 ? arguments[0] : JS_UNDEFINED, &options, &found)
                        ? JS_EXCEPTION
                        : JS_NewArray(js);
    for (size_t i = 0; i < found.count && !JS_IsException(array); i++) {
        JSValue item = what == LIST_ANSWERS ? response_from_resource(js, &found.answers[i])
                                            : request_of_entry(js, &found.requests[i]);
        if (JS_IsException(item) ||
            JS_DefinePropertyValueUint32(js, array, (uint32_t)i, item, JS_PROP_C_W_E) < 0) {
            JS_FreeValue(js, array);
            array = JS_EXCEPTION;
        }
    }
    if (!JS_IsException(array) && JS_FreezeObject(js, array) < 0) {
        JS_FreeValue(js, array);
        array = JS_EXCEPTION;
    }
    release_found(&found);
    free(options.cache_name);
    return promise_later(realm_of(js), array);
}

static JSValue delete_entries(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct stored_cache *c = stored_of(js, self);
    struct query_options options = {0};
    if (!c || !idl_arguments(js, "delete", count, 1) ||
        read_options(js, count > 1 ? arguments[1] : JS_UNDEFINED, false, &options))
        return idl_rejected(js);
    JSValue object = request_argument(js, arguments[0]), result = JS_EXCEPTION;
    if (!JS_IsException(object)) {
        const struct request_object *o = request_peek(object);
        struct cache_query q = query_of(o, &options);
        result = JS_NewBool(js, (options.ignore_method || is_get(o)) && cache_remove(c, &q));
    }
    JS_FreeValue(js, object);
    free(options.cache_name);
    return promise_later(realm_of(js), result);
}

/* ---- putting ---- */

static int check_request(JSContext *js, const struct request_object *o)
{
    if (is_get(o) && !strncmp(o->url, "http", 4))
        return 0;
    JS_ThrowTypeError(js, "a cache keeps GET requests for http(s) alone, not %s %s", o->method,
                      o->url);
    return -1;
}

static int check_answer(JSContext *js, const struct response *r)
{
    const struct header_list *headers = &headers_peek(r->headers)->list;
    buffer vary = {0};
    bool star =
        header_list_get(headers, "Vary", &vary) && header_tokens_contain(buffer_text(&vary), "*");
    buffer_release(&vary);
    if (r->status == 206 || (r->hidden && r->hidden->status == 206))
        JS_ThrowTypeError(js, "a cache keeps no partial answers (206)");
    else if (star)
        JS_ThrowTypeError(js, "a cache keeps no answers that vary by everything (Vary: *)");
    else if (r->body.used)
        JS_ThrowTypeError(js, "the body of the response was read already");
    else
        return 0;
    return -1;
}

static void put_answer(struct stored_cache *c, const struct request_object *o,
                       const struct response *r)
{
    struct resource answer;
    response_to_resource(r, &answer);
    cache_put(c, o->url, &headers_peek(o->headers)->list, &answer);
}

static JSValue put(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct stored_cache *c = stored_of(js, self);
    if (!c || !idl_arguments(js, "put", count, 2))
        return idl_rejected(js);
    JSValue object = request_argument(js, arguments[0]);
    if (JS_IsException(object))
        return idl_rejected(js);
    struct response *r = interface_opaque(js, arguments[1], &response_interface);
    bool good = r && !check_request(js, request_peek(object)) && !check_answer(js, r);
    if (good) {
        put_answer(c, request_peek(object), r);
        r->body.used = r->body.bytes != NULL; /* it was read to its end */
    }
    JS_FreeValue(js, object);
    return good ? promise_later(realm_of(js), JS_UNDEFINED) : idl_rejected(js);
}

/* ---- adding: fetches all, and puts all or none ---- */

struct adding {
    struct realm *realm;
    struct stored_cache *stored; /* one reference */
    JSValue resolving[2];
    size_t count, left;
    struct adding *next, **link; /* of the realm */
    struct added {
        struct adding *all;
        JSValue request,
            on_abort; /* on_abort: undefined once its signal does not matter any more */
        struct resource_fetch *fetch;
        struct resource answer;
    } items[];
};

static void adding_free(struct adding *a)
{
    JSContext *js = a->realm->js;
    for (size_t i = 0; i < a->count; i++) {
        if (a->items[i].fetch)
            resource_fetch_cancel(a->items[i].fetch);
        resource_release(&a->items[i].answer);
        if (JS_IsObject(a->items[i].on_abort))
            abort_signal_remove(js, request_peek(a->items[i].request)->signal,
                                a->items[i].on_abort);
        JS_FreeValue(js, a->items[i].on_abort);
        JS_FreeValue(js, a->items[i].request);
    }
    *a->link = a->next;
    if (a->next)
        a->next->link = a->link;
    JS_FreeValue(js, a->resolving[0]);
    JS_FreeValue(js, a->resolving[1]);
    cache_unref(a->stored);
    free(a);
}

void cache_additions_clear(struct realm *r)
{
    while (r->cache_additions)
        adding_free(r->cache_additions);
}

/* Takes the value, and ends the whole. */
static void settle(struct adding *a, bool fulfil, JSValue value)
{
    JSContext *js = a->realm->js;
    JSValue result = JS_Call(js, a->resolving[!fulfil], JS_UNDEFINED, 1, (JSValueConst *)&value);
    if (JS_IsException(result))
        realm_report_exception(a->realm);
    JS_FreeValue(js, result);
    JS_FreeValue(js, value);
    adding_free(a);
}

static bool is_worth_keeping(const struct resource *r)
{
    char *vary = resource_header(r, "Vary");
    bool star = header_tokens_contain(vary, "*");
    free(vary);
    return r->type != RESPONSE_OPAQUE && resource_is_ok(r) && r->status != 206 && !star;
}

static bool are_twins(const struct added *a, const struct added *b)
{
    const struct request_object *p = request_peek(a->request), *q = request_peek(b->request);
    return !strcmp(p->url, q->url) && cache_vary_alike(&a->answer, &headers_peek(p->headers)->list,
                                                       &headers_peek(q->headers)->list);
}

static bool has_twins(const struct adding *a)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = i + 1; k < a->count; k++)
            if (are_twins(&a->items[i], &a->items[k]))
                return true;
    return false;
}

static void put_all(struct adding *a)
{
    JSContext *js = a->realm->js;
    if (has_twins(a)) {
        throw_dom_exception(js, "InvalidStateError", "addAll: a request stands there twice");
        settle(a, false, JS_GetException(js));
        return;
    }
    for (size_t i = 0; i < a->count; i++) {
        const struct request_object *o = request_peek(a->items[i].request);
        cache_put(a->stored, o->url, &headers_peek(o->headers)->list, &a->items[i].answer);
    }
    settle(a, true, JS_UNDEFINED);
}

static void answered(void *context, status s, struct resource *r)
{
    struct added *item = context;
    struct adding *a = item->all;
    JSContext *js = a->realm->js;
    const char *url = request_peek(item->request)->url;
    item->fetch = NULL;
    if (s != STATUS_OK || !is_worth_keeping(r)) {
        resource_warn(a->realm->agent, "fetch", url, s, r);
        JS_ThrowTypeError(js, "%s cannot be kept: %s", url,
                          s != STATUS_OK && r->error ? r->error : "the answer is not ok");
        settle(a, false, JS_GetException(js));
        return;
    }
    item->answer = *r;
    *r = (struct resource){0};
    if (--a->left == 0)
        put_all(a);
}

static JSValue aborted(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                       int magic, JSValueConst *data)
{
    int64_t address = 0;
    (void)self;
    (void)count;
    (void)arguments;
    (void)magic;
    JS_ToInt64(js, &address, data[0]);
    struct added *item = (struct added *)(intptr_t)address;
    JS_FreeValue(js, item->on_abort); /* the signal has let go of it */
    item->on_abort = JS_UNDEFINED;
    settle(item->all, false, abort_signal_reason(js, request_peek(item->request)->signal));
    return JS_UNDEFINED;
}

/* -1 with an exception: also when its signal is aborted already. */
static int heed_signal(JSContext *js, struct added *item)
{
    JSValueConst signal = request_peek(item->request)->signal;
    JSValue data = JS_NewInt64(js, (int64_t)(intptr_t)item);
    if (abort_signal_aborted(signal)) {
        JS_Throw(js, abort_signal_reason(js, signal));
        return -1;
    }
    item->on_abort = JS_NewCFunctionData(js, aborted, 0, 0, 1, (JSValueConst *)&data);
    return JS_IsException(item->on_abort)
               ? -1
               : abort_signal_add(js, signal, JS_DupValue(js, item->on_abort));
}

/* The requests, as they are read; each is one reference. */
struct requests {
    JSValue *items;
    size_t count, capacity;
};

static int add_request(JSContext *js, JSValueConst element, void *context)
{
    struct requests *l = context;
    JSValue object = request_argument(js, element);
    if (JS_IsException(object))
        return -1;
    if (l->count == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 4;
        l->items = realloc(l->items, l->capacity * sizeof *l->items);
        hd_assert(l->items);
    }
    l->items[l->count++] = object;
    return check_request(js, request_peek(object));
}

/* Takes the requests. */
static JSValue start_adding(JSContext *js, struct stored_cache *c, const struct requests *l)
{
    struct realm *r = realm_of(js);
    struct adding *a = calloc(1, sizeof *a + l->count * sizeof a->items[0]);
    hd_assert(a);
    JSValue promise = JS_NewPromiseCapability(js, a->resolving);
    a->realm = r;
    a->stored = c;
    cache_ref(c);
    a->count = a->left = l->count;
    a->link = &r->cache_additions;
    a->next = r->cache_additions;
    if (a->next)
        a->next->link = &a->next;
    r->cache_additions = a;
    for (size_t i = 0; i < l->count; i++)
        a->items[i] = (struct added){.all = a, .request = l->items[i], .on_abort = JS_UNDEFINED};
    for (size_t i = 0; i < l->count; i++)
        if (heed_signal(js, &a->items[i])) {
            settle(a, false, JS_GetException(js));
            return promise;
        }
    for (size_t i = 0; i < l->count; i++) {
        struct request q = request_for_network(r, request_peek(a->items[i].request));
        a->items[i].fetch = resource_fetch(r->agent, &q, answered, NULL, &a->items[i]);
    }
    if (!a->count)
        put_all(a);
    return promise;
}

enum { ADD_ONE, ADD_ALL };

static JSValue add(JSContext *js, JSValueConst self, int count, JSValueConst *arguments, int how)
{
    struct stored_cache *c = stored_of(js, self);
    struct requests l = {0};
    if (!c || !idl_arguments(js, how == ADD_ALL ? "addAll" : "add", count, 1))
        return idl_rejected(js);
    int failed = how == ADD_ALL ? idl_sequence(js, arguments[0], add_request, &l)
                                : add_request(js, arguments[0], &l);
    JSValue promise = failed ? idl_rejected(js) : start_adding(js, c, &l);
    for (size_t i = 0; i < l.count && failed; i++)
        JS_FreeValue(js, l.items[i]);
    free(l.items);
    return promise;
}

/* ---- CacheStorage ---- */

/* The storage key, malloc'd; NULL with a SecurityError for opaque origins, or a TypeError for
 * another `this`. */
static char *key_of(JSContext *js, JSValueConst self)
{
    const struct realm *r = realm_of(js);
    if (!interface_opaque(js, self, &cache_storage_interface))
        return NULL;
    if (!storage_key_is_opaque(r))
        return storage_key_of(r);
    throw_dom_exception(js, "SecurityError", "an opaque origin has no caches");
    return NULL;
}

enum { STORAGE_OPEN, STORAGE_HAS, STORAGE_DELETE };

static JSValue by_name(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                       int what)
{
    static const char *const names[] = {"open", "has", "delete"};
    struct world *w = realm_of(js)->agent->world;
    char *key = key_of(js, self), *name = key && idl_arguments(js, names[what], count, 1)
                                              ? idl_text(js, arguments[0])
                                              : NULL;
    JSValue result = JS_UNDEFINED;
    if (!name) {
        free(key);
        return idl_rejected(js);
    }
    if (what == STORAGE_DELETE) {
        result = JS_NewBool(js, cache_delete(w, key, name));
    } else {
        struct stored_cache *c = cache_open(w, key, name, what == STORAGE_OPEN);
        result = what == STORAGE_OPEN ? cache_new(js, c) : JS_NewBool(js, c != NULL);
        if (c && what == STORAGE_HAS)
            cache_unref(c);
    }
    free(key);
    free(name);
    return promise_later(realm_of(js), result);
}

struct names {
    char **items;
    size_t count, capacity;
};

static void add_name(void *context, const char *name)
{
    struct names *l = context;
    if (l->count == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 4;
        l->items = realloc(l->items, l->capacity * sizeof(char *));
        hd_assert(l->items);
    }
    l->items[l->count++] = strdup(name);
}

static void release_names(struct names *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->items[i]);
    free(l->items);
}

static JSValue keys(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    char *key = key_of(js, self);
    struct names names = {0};
    (void)count;
    (void)arguments;
    if (!key)
        return idl_rejected(js);
    cache_names(realm_of(js)->agent->world, key, add_name, &names);
    JSValue array = JS_NewArray(js);
    for (size_t i = 0; i < names.count && !JS_IsException(array); i++)
        JS_DefinePropertyValueUint32(js, array, (uint32_t)i, idl_text_value(js, names.items[i]),
                                     JS_PROP_C_W_E);
    release_names(&names);
    free(key);
    return promise_later(realm_of(js), array);
}

/* match over all caches, in the order of their making, or in one. */
static JSValue match_everywhere(JSContext *js, JSValueConst self, int count,
                                JSValueConst *arguments)
{
    struct world *w = realm_of(js)->agent->world;
    char *key = key_of(js, self);
    struct query_options options = {0};
    struct found found = {.first_only = true};
    struct names names = {0};
    if (!key || !idl_arguments(js, "match", count, 1) ||
        read_options(js, count > 1 ? arguments[1] : JS_UNDEFINED, true, &options)) {
        free(key);
        return idl_rejected(js);
    }
    JSValue request = request_argument(js, arguments[0]), result = JS_EXCEPTION;
    if (options.cache_name)
        add_name(&names, options.cache_name);
    else
        cache_names(w, key, add_name, &names);
    for (size_t i = 0; i < names.count && !found.count && !JS_IsException(request); i++) {
        struct stored_cache *c = cache_open(w, key, names.items[i], false);
        if (c) {
            find(js, c, request, &options, &found);
            cache_unref(c);
        }
    }
    if (!JS_IsException(request))
        result = first_answer(js, &found);
    JS_FreeValue(js, request);
    release_found(&found);
    release_names(&names);
    free(options.cache_name);
    free(key);
    return promise_later(realm_of(js), result);
}

/* ---- the interfaces ---- */

static const JSCFunctionListEntry cache_prototype[] = {
    IDL_METHOD("match", 1, match),
    IDL_METHOD_MAGIC("matchAll", 0, list, LIST_ANSWERS),
    IDL_METHOD_MAGIC("add", 1, add, ADD_ONE),
    IDL_METHOD_MAGIC("addAll", 1, add, ADD_ALL),
    IDL_METHOD("put", 2, put),
    IDL_METHOD("delete", 1, delete_entries),
    IDL_METHOD_MAGIC("keys", 0, list, LIST_REQUESTS),
};

static const struct interface cache_interface = {
    .host_class = HOST_CLASS_CACHE,
    .name = "Cache",
    .class_definition = {.finalizer = finalize},
    .prototype = cache_prototype,
    .prototype_count = sizeof cache_prototype / sizeof *cache_prototype,
};

static const JSCFunctionListEntry storage_prototype[] = {
    IDL_METHOD("match", 1, match_everywhere),
    IDL_METHOD_MAGIC("has", 1, by_name, STORAGE_HAS),
    IDL_METHOD_MAGIC("open", 1, by_name, STORAGE_OPEN),
    IDL_METHOD_MAGIC("delete", 1, by_name, STORAGE_DELETE),
    IDL_METHOD("keys", 0, keys),
};

static const struct interface cache_storage_interface = {
    .host_class = HOST_CLASS_CACHE_STORAGE,
    .name = "CacheStorage",
    .prototype = storage_prototype,
    .prototype_count = sizeof storage_prototype / sizeof *storage_prototype,
};

/* The one CacheStorage of a realm; it has no inside of its own. */
static JSValue build_caches(JSContext *js, const struct lazy_property *self)
{
    static char inside;
    (void)self;
    return interface_object(js, &cache_storage_interface, &inside);
}

static const struct lazy_property lazy[] = {
    {"caches", build_caches, NULL},
    {"Cache", interface_build, &cache_interface},
    {"CacheStorage", interface_build, &cache_storage_interface},
};

const struct global_part cache_globals = {.lazy = lazy, .lazy_count = 3};
