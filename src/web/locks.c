/* Web Locks: navigator.locks, LockManager and Lock. Who holds and who waits is in lock_manager.h; here are the callbacks and promises. */
#include "web/lock_manager.h"

#include "agent/world.h"
#include "web/document.h"
#include "web/event.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/realm.h"
#include "web/storage_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A request as its realm sees it, from the call until the callback's promise has settled. */
struct lock_demand {
    struct lock_request *request;
    struct realm *realm;
    enum lock_mode mode;
    bool aborted, started; /* started: the callback has been called */
    JSValue name, callback;
    JSValue resolving[2];   /* of the promise that the caller got */
    JSValue signal, on_abort; /* undefined without one, and once it does not matter any more */
    JSValue waiting;        /* the callback's promise, once it has been called */
    struct lock_demand *next, *previous; /* of the realm */
};

static const struct interface lock_manager_interface, lock_interface;

static const char *const mode_names[] = {[LOCK_EXCLUSIVE] = "exclusive", [LOCK_SHARED] = "shared"};

/* ---- demands ---- */

static struct lock_demand *demand_new(struct realm *r)
{
    struct lock_demand *d = calloc(1, sizeof *d);
    if (!d) {
        JS_ThrowOutOfMemory(r->js);
        return NULL;
    }
    d->realm = r;
    d->name = d->callback = d->signal = d->on_abort = d->waiting = d->resolving[0] = d->resolving[1] = JS_UNDEFINED;
    d->next = r->lock_demands;
    if (d->next)
        d->next->previous = d;
    r->lock_demands = d;
    return d;
}

static void forget_signal(struct lock_demand *d)
{
    JSContext *js = d->realm->js;
    JSValue signal = d->signal, on_abort = d->on_abort;
    d->signal = d->on_abort = JS_UNDEFINED;
    if (JS_IsObject(on_abort))
        abort_signal_remove(js, signal, on_abort);
    JS_FreeValue(js, on_abort);
    JS_FreeValue(js, signal);
}

static void demand_free(struct lock_demand *d)
{
    JSContext *js = d->realm->js;
    if (d->request)
        lock_request_end(d->request);
    forget_signal(d);
    *(d->previous ? &d->previous->next : &d->realm->lock_demands) = d->next;
    if (d->next)
        d->next->previous = d->previous;
    JSValue values[] = {d->name, d->callback, d->resolving[0], d->resolving[1], d->waiting};
    free(d);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        JS_FreeValue(js, values[i]);
}

void locks_clear(struct realm *r)
{
    while (r->lock_demands)
        demand_free(r->lock_demands);
}

/* Settles the caller's promise; the value is taken. */
static void settle(struct lock_demand *d, bool fulfil, JSValue value)
{
    JSContext *js = d->realm->js;
    JSValue result = JS_Call(js, d->resolving[!fulfil], JS_UNDEFINED, 1, (JSValueConst *)&value);
    if (JS_IsException(result))
        realm_report_exception(d->realm);
    JS_FreeValue(js, result);
    JS_FreeValue(js, value);
}

static JSValue dom_exception(JSContext *js, const char *name, const char *message)
{
    throw_dom_exception(js, name, "%s", message);
    return JS_GetException(js);
}

/* A C function that finds the demand it was made for. It runs only while the demand exists: a demand that has started ends with its
 * promise's reactions, one that waits takes its abort algorithm back. */
static JSValue function_for(struct lock_demand *d, JSCFunctionData *function)
{
    JSValue data = JS_NewInt64(d->realm->js, (int64_t)(intptr_t)d);
    return JS_NewCFunctionData(d->realm->js, function, 0, 0, 1, (JSValueConst *)&data);
}

static struct lock_demand *demand_of(JSContext *js, JSValueConst *data)
{
    int64_t address = 0;
    JS_ToInt64(js, &address, data[0]);
    return (struct lock_demand *)(intptr_t)address;
}

/* ---- being granted ---- */

/* "When the waiting promise settles": the lock is released, and the caller's promise becomes what the callback's became. */
static JSValue waiting_settled(JSContext *js, JSValueConst self, int count, JSValueConst *arguments, int magic, JSValueConst *data)
{
    struct lock_demand *d = demand_of(js, data);
    (void)self;
    (void)count;
    (void)arguments;
    (void)magic;
    lock_request_end(d->request);
    d->request = NULL;
    settle(d, true, JS_DupValue(js, d->waiting));
    demand_free(d);
    return JS_UNDEFINED;
}

/* Web IDL: what a callback that returns a promise throws is a rejection. */
static JSValue promise_of(JSContext *js, JSValue result)
{
    if (JS_IsException(result))
        return idl_rejected(js);
    JSValue resolving[2], promise = JS_NewPromiseCapability(js, resolving);
    if (!JS_IsException(promise)) {
        JS_FreeValue(js, JS_Call(js, resolving[0], JS_UNDEFINED, 1, (JSValueConst *)&result));
        JS_FreeValue(js, resolving[0]);
        JS_FreeValue(js, resolving[1]);
    }
    JS_FreeValue(js, result);
    return promise;
}

/* Calls the callback; the argument is taken. An exception only when JavaScript was interrupted. */
static JSValue call_back(struct lock_demand *d, JSValue lock)
{
    JSContext *js = d->realm->js;
    JSValue result = JS_IsException(lock) ? lock : JS_Call(js, d->callback, JS_UNDEFINED, 1, (JSValueConst *)&lock);
    JS_FreeValue(js, lock);
    return promise_of(js, result);
}

struct lock {
    JSValue name;
    enum lock_mode mode;
};

static JSValue lock_new(struct lock_demand *d)
{
    JSContext *js = d->realm->js;
    struct lock *l = js_malloc(js, sizeof *l);
    if (!l)
        return JS_EXCEPTION;
    *l = (struct lock){JS_DupValue(js, d->name), d->mode};
    JSValue object = interface_object(js, &lock_interface, l);
    if (JS_IsException(object)) {
        JS_FreeValue(js, l->name);
        js_free(js, l);
    }
    return object;
}

/* False when JavaScript was interrupted; the demand then ends with its realm. */
static bool wait_for_callback(struct lock_demand *d)
{
    JSContext *js = d->realm->js;
    d->started = true;
    d->waiting = call_back(d, lock_new(d));
    if (JS_IsException(d->waiting)) {
        d->waiting = JS_UNDEFINED;
        return false;
    }
    JSValue settled = function_for(d, waiting_settled);
    JSValue derived = JS_PromiseThen(js, d->waiting, settled, settled);
    JS_FreeValue(js, settled);
    bool went_on = !JS_IsException(derived);
    JS_FreeValue(js, derived);
    return went_on;
}

static void granted(void *holder)
{
    struct lock_demand *d = holder;
    if (d->aborted) { /* between the grant and its task */
        demand_free(d);
        return;
    }
    forget_signal(d);
    if (!wait_for_callback(d))
        realm_report_exception(d->realm);
}

static void unavailable(void *holder)
{
    struct lock_demand *d = holder;
    JSValue promise = call_back(d, JS_NULL);
    if (JS_IsException(promise))
        realm_report_exception(d->realm);
    else
        settle(d, true, promise);
    demand_free(d);
}

static void stolen(void *holder)
{
    struct lock_demand *d = holder;
    settle(d, false, dom_exception(d->realm->js, "AbortError", "the lock was stolen"));
    if (!d->started) /* before its callback was called, which then never is */
        demand_free(d);
}

static const struct lock_calls calls = {granted, unavailable, stolen};

/* "Signal to abort the request". */
static JSValue request_aborted(JSContext *js, JSValueConst self, int count, JSValueConst *arguments, int magic, JSValueConst *data)
{
    struct lock_demand *d = demand_of(js, data);
    (void)self;
    (void)count;
    (void)arguments;
    (void)magic;
    JSValue reason = abort_signal_reason(js, d->signal);
    bool waited = lock_request_abort(d->request);
    d->aborted = true;
    JS_FreeValue(js, d->on_abort); /* the signal has dropped it */
    d->on_abort = JS_UNDEFINED;
    settle(d, false, reason);
    if (waited)
        demand_free(d);
    return JS_UNDEFINED;
}

/* ---- LockManager ---- */

struct request_options {
    enum lock_mode mode;
    bool if_available, steal;
    JSValue signal; /* undefined = none */
};

static int read_mode(JSContext *js, JSValueConst dictionary, enum lock_mode *mode)
{
    JSValue value = idl_member(js, dictionary, "mode");
    *mode = LOCK_EXCLUSIVE;
    if (JS_IsUndefined(value))
        return 0;
    const char *text = JS_IsException(value) ? NULL : JS_ToCString(js, value);
    JS_FreeValue(js, value);
    if (!text)
        return -1;
    bool shared = !strcmp(text, "shared"), known = shared || !strcmp(text, "exclusive");
    if (!known)
        JS_ThrowTypeError(js, "'%s' is no lock mode", text);
    JS_FreeCString(js, text);
    *mode = shared ? LOCK_SHARED : LOCK_EXCLUSIVE;
    return known ? 0 : -1;
}

static int read_signal(JSContext *js, JSValueConst dictionary, JSValue *signal)
{
    *signal = idl_member(js, dictionary, "signal");
    if (JS_IsException(*signal))
        return -1;
    if (JS_IsUndefined(*signal) || interface_peek(*signal, &abort_signal_interface))
        return 0;
    JS_FreeValue(js, *signal);
    *signal = JS_UNDEFINED;
    JS_ThrowTypeError(js, "signal must be an AbortSignal");
    return -1;
}

static int read_options(JSContext *js, JSValueConst value, struct request_options *o)
{
    JSValueConst dictionary;
    int if_available, steal;
    *o = (struct request_options){.signal = JS_UNDEFINED};
    if (idl_dictionary(js, value, &dictionary) || (if_available = idl_boolean_member(js, dictionary, "ifAvailable", false)) < 0 ||
        read_mode(js, dictionary, &o->mode) || read_signal(js, dictionary, &o->signal) ||
        (steal = idl_boolean_member(js, dictionary, "steal", false)) < 0)
        return -1;
    o->if_available = if_available;
    o->steal = steal;
    return 0;
}

/* The exceptions of request(), in the specification's order. */
static int check_request(JSContext *js, const char *name, const struct request_options *o)
{
    const char *wrong = NULL;
    if (storage_key_is_opaque(realm_of(js))) {
        throw_dom_exception(js, "SecurityError", "an opaque origin has no locks");
        return -1;
    }
    if (*name == '-')
        wrong = "a lock's name must not begin with '-'";
    else if (o->steal && o->if_available)
        wrong = "steal and ifAvailable exclude each other";
    else if (o->steal && o->mode != LOCK_EXCLUSIVE)
        wrong = "only an exclusive lock can be stolen";
    else if (JS_IsObject(o->signal) && (o->steal || o->if_available))
        wrong = "signal goes neither with steal nor with ifAvailable";
    if (wrong)
        throw_dom_exception(js, "NotSupportedError", "%s", wrong);
    else if (abort_signal_aborted(o->signal))
        JS_Throw(js, abort_signal_reason(js, o->signal));
    else
        return 0;
    return -1;
}

static void client_id(const struct realm *r, char *out, size_t size)
{
    snprintf(out, size, "client-%u-%u", r->agent->id, r->number);
}

/* The request goes its way; its place in the script is kept for reports. */
static int ask(JSContext *js, struct lock_demand *d, const char *name, const struct request_options *o)
{
    struct source_place place = source_place_now(js, 0);
    const char *file = place.file == JS_ATOM_NULL ? NULL : JS_AtomToCString(js, place.file);
    char client[64], *key = storage_key_of(d->realm);
    client_id(d->realm, client, sizeof client);
    struct lock_options options = {
        .key = key,
        .name = name,
        .activity = d->realm->document ? d->realm->document->activity : NULL,
        .client = client,
        .mode = o->mode,
        .if_available = o->if_available,
        .steal = o->steal,
        .file = file ? strdup(file) : NULL,
        .line = place.line,
        .column = place.column,
        .calls = &calls,
        .holder = d,
    };
    d->request = lock_request_new(d->realm->agent, &options);
    free(key);
    JS_FreeCString(js, file);
    JS_FreeAtom(js, place.file);
    return d->request ? 0 : (JS_ThrowOutOfMemory(js), -1);
}

static int follow_signal(struct lock_demand *d, JSValueConst signal)
{
    JSContext *js = d->realm->js;
    if (!JS_IsObject(signal))
        return 0;
    d->on_abort = function_for(d, request_aborted);
    if (JS_IsException(d->on_abort)) {
        d->on_abort = JS_UNDEFINED;
        return -1;
    }
    d->signal = JS_DupValue(js, signal);
    return abort_signal_add(js, signal, JS_DupValue(js, d->on_abort));
}

/* The promise, or an exception. */
static JSValue start_request(JSContext *js, JSValueConst name_value, const char *name, const struct request_options *o,
                             JSValueConst callback)
{
    if (check_request(js, name, o))
        return JS_EXCEPTION;
    struct lock_demand *d = demand_new(realm_of(js));
    if (!d)
        return JS_EXCEPTION;
    JSValue promise = JS_NewPromiseCapability(js, d->resolving);
    d->mode = o->mode;
    d->name = JS_ToString(js, name_value);
    d->callback = JS_DupValue(js, callback);
    if (!JS_IsException(promise) && follow_signal(d, o->signal) == 0 && ask(js, d, name, o) == 0)
        return promise;
    JS_FreeValue(js, promise);
    demand_free(d);
    return JS_EXCEPTION;
}

/* request(name, callback) and request(name, options, callback). */
static JSValue request(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct request_options o = {.signal = JS_UNDEFINED};
    if (!interface_opaque(js, self, &lock_manager_interface) || !idl_arguments(js, "request", count, 2))
        return idl_rejected(js);
    JSValueConst callback = arguments[count > 2 ? 2 : 1];
    JSValue text = JS_ToString(js, arguments[0]), promise = JS_EXCEPTION;
    char *name = JS_IsException(text) ? NULL : idl_text(js, text);
    if (name && read_options(js, count > 2 ? arguments[1] : JS_UNDEFINED, &o) == 0) {
        if (JS_IsFunction(js, callback))
            promise = start_request(js, text, name, &o, callback);
        else
            JS_ThrowTypeError(js, "the lock's callback is not a function");
    }
    JS_FreeValue(js, o.signal);
    JS_FreeValue(js, text);
    free(name);
    return JS_IsException(promise) ? idl_rejected(js) : promise;
}

/* ---- query ---- */

/* Copies: a visitor runs under the managers' lock and must not touch the engine. */
struct snapshot {
    struct seen {
        char *name, *client;
        enum lock_mode mode;
        bool held;
    } * items;
    size_t count, capacity;
};

static void see(const struct lock_view *view, void *context)
{
    struct snapshot *s = context;
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 16;
        s->items = realloc(s->items, s->capacity * sizeof *s->items);
    }
    s->items[s->count++] = (struct seen){strdup(view->name), strdup(view->client), view->mode, view->held};
}

static void snapshot_release(struct snapshot *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->items[i].name);
        free(s->items[i].client);
    }
    free(s->items);
}

/* A LockInfo. */
static JSValue info_of(JSContext *js, const struct seen *seen)
{
    JSValue info = JS_NewObject(js);
    if (JS_IsException(info) || JS_DefinePropertyValueStr(js, info, "clientId", JS_NewString(js, seen->client), JS_PROP_C_W_E) < 0 ||
        JS_DefinePropertyValueStr(js, info, "mode", JS_NewString(js, mode_names[seen->mode]), JS_PROP_C_W_E) < 0 ||
        JS_DefinePropertyValueStr(js, info, "name", idl_text_value(js, seen->name), JS_PROP_C_W_E) < 0) {
        JS_FreeValue(js, info);
        return JS_EXCEPTION;
    }
    return info;
}

static JSValue infos_of(JSContext *js, const struct snapshot *s, bool held)
{
    JSValue list = JS_NewArray(js);
    uint32_t count = 0;
    for (size_t i = 0; i < s->count && !JS_IsException(list); i++) {
        if (s->items[i].held != held)
            continue;
        JSValue info = info_of(js, &s->items[i]);
        if (JS_IsException(info) || JS_DefinePropertyValueUint32(js, list, count++, info, JS_PROP_C_W_E) < 0) {
            JS_FreeValue(js, list);
            return JS_EXCEPTION;
        }
    }
    return list;
}

static JSValue query(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct realm *r = realm_of(js);
    (void)count;
    (void)arguments;
    if (!interface_opaque(js, self, &lock_manager_interface))
        return idl_rejected(js);
    if (storage_key_is_opaque(r)) {
        throw_dom_exception(js, "SecurityError", "an opaque origin has no locks");
        return idl_rejected(js);
    }
    struct snapshot s = {0};
    char *key = storage_key_of(r);
    lock_visit(r->agent->world, key, see, &s);
    free(key);
    JSValue result = JS_NewObject(js);
    if (!JS_IsException(result) && (JS_DefinePropertyValueStr(js, result, "held", infos_of(js, &s, true), JS_PROP_C_W_E) < 0 ||
                                    JS_DefinePropertyValueStr(js, result, "pending", infos_of(js, &s, false), JS_PROP_C_W_E) < 0)) {
        JS_FreeValue(js, result);
        result = JS_EXCEPTION;
    }
    snapshot_release(&s);
    return promise_of(js, result);
}

/* ---- the interfaces ---- */

static void lock_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct lock *l = interface_peek(value, &lock_interface);
    if (!l)
        return;
    JS_FreeValueRT(runtime, l->name);
    js_free_rt(runtime, l);
}

static JSValue lock_name(JSContext *js, JSValueConst self)
{
    const struct lock *l = interface_opaque(js, self, &lock_interface);
    return l ? JS_DupValue(js, l->name) : JS_EXCEPTION;
}

static JSValue lock_mode(JSContext *js, JSValueConst self)
{
    const struct lock *l = interface_opaque(js, self, &lock_interface);
    return l ? JS_NewString(js, mode_names[l->mode]) : JS_EXCEPTION;
}

#define SHOWN (JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE)

static const JSCFunctionListEntry lock_prototype[] = {
    JS_CGETSET_DEF2("name", lock_name, NULL, SHOWN),
    JS_CGETSET_DEF2("mode", lock_mode, NULL, SHOWN),
};

static const JSCFunctionListEntry manager_prototype[] = {
    JS_CFUNC_DEF2("request", 2, request, JS_PROP_C_W_E),
    JS_CFUNC_DEF2("query", 0, query, JS_PROP_C_W_E),
};

static const struct interface lock_interface = {
    .host_class = HOST_CLASS_LOCK,
    .name = "Lock",
    .class_definition = {.finalizer = lock_finalize},
    .prototype = lock_prototype,
    .prototype_count = sizeof lock_prototype / sizeof lock_prototype[0],
};

static const struct interface lock_manager_interface = {
    .host_class = HOST_CLASS_LOCK_MANAGER,
    .name = "LockManager",
    .prototype = manager_prototype,
    .prototype_count = sizeof manager_prototype / sizeof manager_prototype[0],
};

static JSValue build_locks(JSContext *js, const struct lazy_property *self)
{
    (void)self;
    return interface_object(js, &lock_manager_interface, realm_of(js));
}

const struct lazy_property locks_of_navigator = {"locks", build_locks, NULL};

static const struct lazy_property lazy[] = {INTERFACE_PROPERTY(lock_manager_interface), INTERFACE_PROPERTY(lock_interface)};

const struct global_part lock_globals = {.lazy = lazy, .lazy_count = sizeof lazy / sizeof lazy[0]};
