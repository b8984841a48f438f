#include "web/event_target.h"

#include "web/event_listeners.h"
#include "web/idl.h"
#include "web/realm.h"
#include "web/window_proxy.h"

/* ---- lists ---- */

static void listener_clear(JSRuntime *runtime, struct listener *l)
{
    if (l->removed)
        return;
    l->removed = true;
    JS_FreeAtomRT(runtime, l->type);
    JSValue callback = l->callback;
    l->callback = JS_UNDEFINED;
    JS_FreeValueRT(runtime, callback);
}

void event_listeners_close_gaps(struct event_listeners *l)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < l->count; i++)
        if (!l->items[i].removed)
            l->items[kept++] = l->items[i];
    l->count = kept;
    l->gaps = false;
}

void event_listener_remove(JSContext *js, struct event_listeners *l, uint32_t index)
{
    l->gaps = true;
    listener_clear(JS_GetRuntime(js), &l->items[index]);
    if (l->walkers == 0)
        event_listeners_close_gaps(l);
}

void event_listeners_free(JSRuntime *runtime, struct event_listeners *l)
{
    if (!l)
        return;
    for (uint32_t i = 0; i < l->count; i++)
        listener_clear(runtime, &l->items[i]);
    js_free_rt(runtime, l->items);
    js_free_rt(runtime, l);
}

void event_target_mark(JSRuntime *runtime, struct event_target *t, JS_MarkFunc *mark)
{
    for (uint32_t i = 0; t->listeners && i < t->listeners->count; i++)
        JS_MarkValue(runtime, t->listeners->items[i].callback, mark);
}

void event_target_release(JSRuntime *runtime, struct event_target *t)
{
    event_listeners_free(runtime, t->listeners);
    t->listeners = NULL;
}

bool event_target_listens(const struct event_target *t, enum event_type type)
{
    for (uint32_t i = 0; t->listeners && i < t->listeners->count; i++)
        if (!t->listeners->items[i].removed && t->listeners->items[i].known == type)
            return true;
    return false;
}

/* The global object itself, or the WindowProxy that stands for it. */
static bool is_global(JSContext *js, JSValueConst value)
{
    if (window_proxy_realm(value) == realm_of(js))
        return true;
    return JS_IsObject(value) && JS_VALUE_GET_PTR(value) == JS_VALUE_GET_PTR(realm_of(js)->global);
}

struct event_target *event_target_of(JSContext *js, JSValueConst value)
{
    return is_global(js, value) ? NULL : interface_peek(value, &event_target_interface);
}

struct event_listeners **event_listeners_of(JSContext *js, JSValueConst target)
{
    if (JS_IsUndefined(target) || JS_IsNull(target) || is_global(js, target))
        return &realm_of(js)->listeners;
    struct realm *other = window_proxy_realm(target);
    if (other) /* another window of this agent, which its code may look into: else nobody gets here */
        return &other->listeners;
    struct event_target *t = interface_peek(target, &event_target_interface);
    return t ? &t->listeners : NULL;
}

struct event_listeners **event_listeners_or_throw(JSContext *js, JSValueConst self)
{
    struct event_listeners **l = event_listeners_of(js, self);
    if (!l)
        JS_ThrowTypeError(js, "Illegal invocation: not of type EventTarget");
    return l;
}

struct listener *event_listener_append(JSContext *js, struct event_listeners **at)
{
    if (!*at && !(*at = js_mallocz(js, sizeof **at)))
        return NULL;
    struct event_listeners *l = *at;
    if (l->count == l->capacity) {
        uint32_t capacity = l->capacity ? l->capacity * 2 : 1;
        struct listener *items = js_realloc(js, l->items, capacity * sizeof *items);
        if (!items)
            return NULL;
        l->items = items;
        l->capacity = capacity;
    }
    return &l->items[l->count++];
}

static bool same_object(JSValueConst a, JSValueConst b)
{
    return JS_VALUE_GET_PTR(a) == JS_VALUE_GET_PTR(b);
}

/* The index of the listener that (type, callback, capture) names, or -1. */
static int64_t find(const struct event_listeners *l, JSAtom type, JSValueConst callback, bool capture)
{
    for (uint32_t i = 0; l && i < l->count; i++) {
        const struct listener *x = &l->items[i];
        if (!x->removed && !x->handler && x->type == type && x->capture == capture && same_object(x->callback, callback))
            return i;
    }
    return -1;
}

void event_target_changed(JSContext *js, JSValueConst target)
{
    const struct event_target *t = event_target_of(js, target);
    if (t && t->hooks && t->hooks->listeners_changed)
        t->hooks->listeners_changed(js, target);
}

/* ---- methods ---- */

struct options {
    bool capture, once, passive;
    JSValue signal; /* undefined = none */
};

static int read_signal(JSContext *js, JSValueConst dictionary, JSValue *signal)
{
    *signal = idl_member(js, dictionary, "signal");
    if (JS_IsException(*signal))
        return -1;
    if (JS_IsUndefined(*signal) || interface_peek(*signal, &abort_signal_interface))
        return 0;
    JS_FreeValue(js, *signal);
    JS_ThrowTypeError(js, "signal must be an AbortSignal");
    return -1;
}

/* DOM "flatten" and "flatten more": (AddEventListenerOptions or boolean). */
static int read_options(JSContext *js, JSValueConst value, bool more, struct options *out)
{
    *out = (struct options){.signal = JS_UNDEFINED};
    if (!JS_IsObject(value)) {
        out->capture = JS_ToBool(js, value);
        return 0;
    }
    int capture = idl_boolean_member(js, value, "capture", false), once = 0, passive = 0;
    if (capture < 0 || (more && (once = idl_boolean_member(js, value, "once", false)) < 0) ||
        (more && (passive = idl_boolean_member(js, value, "passive", false)) < 0) ||
        (more && read_signal(js, value, &out->signal) < 0))
        return -1;
    out->capture = capture;
    out->once = once;
    out->passive = passive;
    return 0;
}

static JSAtom type_argument(JSContext *js, JSValueConst value)
{
    JSValue string = JS_ToString(js, value);
    if (JS_IsException(string))
        return JS_ATOM_NULL;
    JSAtom type = JS_ValueToAtom(js, string);
    JS_FreeValue(js, string);
    return type;
}

static JSValue remove_on_abort(JSContext *js, JSValueConst self, int count, JSValueConst *arguments, int capture,
                               JSValueConst *data)
{
    struct event_listeners **at = event_listeners_of(js, data[0]);
    JSAtom type = JS_ValueToAtom(js, data[1]);
    int64_t index = at ? find(*at, type, data[2], capture) : -1;
    JS_FreeAtom(js, type);
    if (index >= 0) {
        event_listener_remove(js, *at, (uint32_t)index);
        event_target_changed(js, data[0]);
    }
    return JS_UNDEFINED;
}

static int remove_when_aborted(JSContext *js, JSValueConst target, const struct options *o, JSAtom type, JSValueConst callback)
{
    if (JS_IsUndefined(o->signal))
        return 0;
    JSValue name = JS_AtomToString(js, type);
    JSValueConst data[] = {target, name, callback};
    JSValue function = JS_NewCFunctionData(js, remove_on_abort, 0, o->capture, 3, data);
    JS_FreeValue(js, name);
    return JS_IsException(function) ? -1 : abort_signal_add(js, o->signal, function);
}

/* DOM "add an event listener". 0 or -1. */
static int add(JSContext *js, JSValueConst target, struct event_listeners **at, JSAtom type, JSValueConst callback,
               const struct options *o)
{
    if (abort_signal_aborted(o->signal) || !JS_IsObject(callback) || find(*at, type, callback, o->capture) >= 0)
        return 0;
    struct listener *l = event_listener_append(js, at);
    if (!l)
        return -1;
    *l = (struct listener){
        .type = JS_DupAtom(js, type),
        .known = (uint8_t)event_type_of(js, type),
        .capture = o->capture,
        .once = o->once,
        .passive = o->passive,
        .callback = JS_DupValue(js, callback),
    };
    (*at)->capturing |= o->capture;
    event_target_changed(js, target);
    return remove_when_aborted(js, target, o, type, callback);
}

/* The target of a method call: undefined means the global. A new reference. */
static JSValue target_of(JSContext *js, JSValueConst self)
{
    return JS_IsUndefined(self) || JS_IsNull(self) ? realm_global_this(js) : JS_DupValue(js, self);
}

/* Arguments of addEventListener and removeEventListener, converted in order: the type, or JS_ATOM_NULL with an exception. */
static JSAtom listener_arguments(JSContext *js, const char *what, int count, JSValueConst *arguments, bool more,
                                 struct options *o)
{
    if (!idl_arguments(js, what, count, 2))
        return JS_ATOM_NULL;
    JSAtom type = type_argument(js, arguments[0]);
    if (type == JS_ATOM_NULL)
        return JS_ATOM_NULL;
    if (!JS_IsObject(arguments[1]) && !JS_IsNull(arguments[1]) && !JS_IsUndefined(arguments[1]))
        JS_ThrowTypeError(js, "%s: the listener must be an object", what);
    else if (read_options(js, count > 2 ? arguments[2] : JS_UNDEFINED, more, o) == 0)
        return type;
    JS_FreeAtom(js, type);
    return JS_ATOM_NULL;
}

static JSValue add_event_listener(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct event_listeners **at = event_listeners_or_throw(js, self);
    struct options o;
    JSAtom type = at ? listener_arguments(js, "addEventListener", count, arguments, true, &o) : JS_ATOM_NULL;
    if (type == JS_ATOM_NULL)
        return JS_EXCEPTION;
    JSValue target = target_of(js, self);
    int failed = add(js, target, at, type, arguments[1], &o);
    JS_FreeValue(js, target);
    JS_FreeValue(js, o.signal);
    JS_FreeAtom(js, type);
    return failed ? JS_EXCEPTION : JS_UNDEFINED;
}

static JSValue remove_event_listener(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct event_listeners **at = event_listeners_or_throw(js, self);
    struct options o;
    JSAtom type = at ? listener_arguments(js, "removeEventListener", count, arguments, false, &o) : JS_ATOM_NULL;
    if (type == JS_ATOM_NULL)
        return JS_EXCEPTION;
    int64_t index = JS_IsObject(arguments[1]) ? find(*at, type, arguments[1], o.capture) : -1;
    if (index >= 0) {
        event_listener_remove(js, *at, (uint32_t)index);
        event_target_changed(js, self);
    }
    JS_FreeAtom(js, type);
    return JS_UNDEFINED;
}

static JSValue dispatch_event(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    if (!event_listeners_or_throw(js, self) || !idl_arguments(js, "dispatchEvent", count, 1))
        return JS_EXCEPTION;
    struct event *e = event_of(js, arguments[0]);
    if (!e)
        return JS_EXCEPTION;
    if (e->dispatching || !e->initialized)
        return throw_dom_exception(js, "InvalidStateError", "The event is already being dispatched.");
    e->trusted = false;
    JSValue target = target_of(js, self);
    int canceled = event_dispatch(js, target, arguments[0]);
    JS_FreeValue(js, target);
    return canceled < 0 ? JS_EXCEPTION : JS_NewBool(js, !canceled);
}

/* ---- the interface ---- */

static JSValue construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    struct event_target *t = js_mallocz(js, sizeof *t);
    if (!t)
        return JS_EXCEPTION;
    JSValue object = interface_object_from(js, &event_target_interface, new_target, t);
    if (JS_IsException(object))
        js_free(js, t);
    return object;
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    JSClassID id;
    struct event_target *t = JS_GetAnyOpaque(value, &id);
    if (!t)
        return;
    event_target_release(runtime, t);
    js_free_rt(runtime, t);
}

static void mark_target(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    JSClassID id;
    struct event_target *t = JS_GetAnyOpaque(value, &id);
    if (t)
        event_target_mark(runtime, t, mark);
}

static const JSCFunctionListEntry prototype[] = {
    IDL_METHOD("addEventListener", 2, add_event_listener),
    IDL_METHOD("removeEventListener", 2, remove_event_listener),
    IDL_METHOD("dispatchEvent", 1, dispatch_event),
};

const struct interface event_target_interface = {
    .host_class = HOST_CLASS_EVENT_TARGET,
    .name = "EventTarget",
    .class_definition = {.finalizer = finalize, .gc_mark = mark_target},
    .constructor = construct,
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
};
