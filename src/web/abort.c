/* AbortController and AbortSignal (DOM section 3). */
#include "web/event.h"
#include "web/event_object.h"
#include "web/idl.h"
#include "web/realm.h"

#include <math.h>
#include <stdlib.h>

struct values {
    JSValue *items;
    uint32_t count, capacity;
};

struct abort_signal {
    struct event_target target; /* first: the signal is an EventTarget */
    bool aborted, dependent;
    JSValue reason;
    struct values algorithms; /* functions */
    /* AbortSignal.any: a source holds its dependents and they their sources, so that each lives as long as it may be heard of. */
    struct values sources, dependents;
};

static int values_add(JSContext *js, struct values *v, JSValue taken)
{
    if (v->count == v->capacity) {
        uint32_t capacity = v->capacity ? v->capacity * 2 : 2;
        JSValue *items = js_realloc(js, v->items, capacity * sizeof *items);
        if (!items) {
            JS_FreeValue(js, taken);
            return -1;
        }
        v->items = items;
        v->capacity = capacity;
    }
    v->items[v->count++] = taken;
    return 0;
}

static void values_free(JSRuntime *runtime, struct values *v)
{
    struct values old = *v;
    *v = (struct values){0};
    for (uint32_t i = 0; i < old.count; i++)
        JS_FreeValueRT(runtime, old.items[i]);
    js_free_rt(runtime, old.items);
}

static void values_mark(JSRuntime *runtime, const struct values *v, JS_MarkFunc *mark)
{
    for (uint32_t i = 0; i < v->count; i++)
        JS_MarkValue(runtime, v->items[i], mark);
}

static struct abort_signal *signal_peek(JSValueConst value)
{
    return interface_peek(value, &abort_signal_interface);
}

static JSValue signal_new(JSContext *js)
{
    struct abort_signal *s = js_mallocz(js, sizeof *s);
    if (!s)
        return JS_EXCEPTION;
    s->reason = JS_UNDEFINED;
    JSValue object = interface_object(js, &abort_signal_interface, s);
    if (JS_IsException(object))
        js_free(js, s);
    return object;
}

/* ---- for other modules ---- */

bool abort_signal_aborted(JSValueConst signal)
{
    const struct abort_signal *s = signal_peek(signal);
    return s && s->aborted;
}

JSValue abort_signal_reason(JSContext *js, JSValueConst signal)
{
    const struct abort_signal *s = signal_peek(signal);
    return s ? JS_DupValue(js, s->reason) : JS_UNDEFINED;
}

int abort_signal_add(JSContext *js, JSValueConst signal, JSValue function)
{
    struct abort_signal *s = signal_peek(signal);
    if (!s || s->aborted) {
        JS_FreeValue(js, function);
        return 0;
    }
    return values_add(js, &s->algorithms, function);
}

void abort_signal_remove(JSContext *js, JSValueConst signal, JSValueConst function)
{
    struct abort_signal *s = signal_peek(signal);
    for (uint32_t i = 0; s && i < s->algorithms.count; i++) {
        if (!JS_IsStrictEqual(js, s->algorithms.items[i], function))
            continue;
        JSValue removed = s->algorithms.items[i];
        s->algorithms.items[i] = s->algorithms.items[--s->algorithms.count];
        JS_FreeValue(js, removed);
        return;
    }
}

/* ---- aborting ---- */

static JSValue dom_exception(JSContext *js, const char *name, const char *message)
{
    throw_dom_exception(js, name, "%s", message);
    return JS_GetException(js);
}

/* DOM "run the abort steps". False when JavaScript was interrupted. */
static bool run_abort_steps(JSContext *js, JSValueConst signal)
{
    struct abort_signal *s = signal_peek(signal);
    struct values algorithms = s->algorithms;
    s->algorithms = (struct values){0};
    for (uint32_t i = 0; i < algorithms.count; i++) {
        JSValue result = JS_Call(js, algorithms.items[i], JS_UNDEFINED, 0, NULL);
        if (JS_IsException(result))
            realm_report_exception(realm_of(js));
        JS_FreeValue(js, result);
    }
    values_free(JS_GetRuntime(js), &algorithms);
    return event_target_fire_simple(js, signal, "abort") >= 0;
}

/* DOM "signal abort"; takes `reason`. False when JavaScript was interrupted or memory ran out: an exception is pending. */
static bool signal_abort(JSContext *js, JSValueConst signal, JSValue reason)
{
    struct abort_signal *s = signal_peek(signal);
    if (s->aborted) {
        JS_FreeValue(js, reason);
        return true;
    }
    s->aborted = true;
    s->reason = reason;
    struct values dependents = s->dependents;
    s->dependents = (struct values){0};
    for (uint32_t i = 0; i < dependents.count; i++) {
        struct abort_signal *d = signal_peek(dependents.items[i]);
        if (!d->aborted)
            d->reason = JS_DupValue(js, reason);
        else
            dependents.items[i] = (JS_FreeValue(js, dependents.items[i]), JS_UNDEFINED);
        d->aborted = true;
    }
    bool went_on = run_abort_steps(js, signal);
    for (uint32_t i = 0; i < dependents.count && went_on; i++)
        if (!JS_IsUndefined(dependents.items[i]))
            went_on = run_abort_steps(js, dependents.items[i]);
    values_free(JS_GetRuntime(js), &dependents);
    return went_on;
}

/* The argument `reason`, or an AbortError where it is missing. */
static JSValue reason_argument(JSContext *js, int count, JSValueConst *arguments)
{
    if (count > 0 && !JS_IsUndefined(arguments[0]))
        return JS_DupValue(js, arguments[0]);
    return dom_exception(js, "AbortError", "signal is aborted without reason");
}

/* ---- AbortSignal ---- */

static JSValue static_abort(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    JSValue signal = signal_new(js);
    if (JS_IsException(signal))
        return signal;
    struct abort_signal *s = signal_peek(signal);
    s->aborted = true;
    s->reason = reason_argument(js, count, arguments);
    return signal;
}

struct timeout {
    struct timer timer;
    JSContext *js;
    JSValue signal;
};

static void timeout_fire(struct timer *timer, struct agent *a)
{
    struct timeout *t = (struct timeout *)timer;
    JSContext *js = t->js;
    JSValue reason = dom_exception(js, "TimeoutError", "signal timed out");
    if (!signal_abort(js, t->signal, reason))
        realm_report_exception(realm_of(js));
    JS_FreeValue(js, t->signal);
    js_free(js, t);
}

static void timeout_drop(struct timer *timer)
{
    struct timeout *t = (struct timeout *)timer;
    JS_FreeValue(t->js, t->signal);
    js_free(t->js, t);
}

static JSValue static_timeout(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    uint64_t milliseconds;
    if (!idl_arguments(js, "AbortSignal.timeout", count, 1) || idl_enforce_unsigned(js, arguments[0], &milliseconds) < 0)
        return JS_EXCEPTION;
    JSValue signal = signal_new(js);
    struct timeout *t = JS_IsException(signal) ? NULL : js_mallocz(js, sizeof *t);
    if (!t) {
        JS_FreeValue(js, signal);
        return JS_EXCEPTION;
    }
    t->timer.fire = timeout_fire;
    t->timer.drop = timeout_drop;
    t->js = js;
    t->signal = JS_DupValue(js, signal);
    const uint64_t longest = INT64_MAX / 4 / 1000000;
    timer_start(realm_of(js)->agent, &t->timer, (int64_t)(milliseconds < longest ? milliseconds : longest) * 1000000);
    return signal;
}

static int append_signal(JSContext *js, JSValueConst element, void *context)
{
    if (!signal_peek(element)) {
        JS_ThrowTypeError(js, "AbortSignal.any: an element is not an AbortSignal");
        return -1;
    }
    return values_add(js, context, JS_DupValue(js, element));
}

static int depend(JSContext *js, JSValueConst dependent, JSValueConst source)
{
    struct abort_signal *d = signal_peek(dependent), *s = signal_peek(source);
    for (uint32_t i = 0; i < d->sources.count; i++)
        if (signal_peek(d->sources.items[i]) == s)
            return 0;
    if (values_add(js, &d->sources, JS_DupValue(js, source)) < 0)
        return -1;
    return values_add(js, &s->dependents, JS_DupValue(js, dependent));
}

/* Makes `dependent` follow `source`, or what that follows itself. */
static int follow(JSContext *js, JSValueConst dependent, JSValueConst source)
{
    struct abort_signal *s = signal_peek(source);
    if (!s->dependent)
        return depend(js, dependent, source);
    for (uint32_t i = 0; i < s->sources.count; i++)
        if (depend(js, dependent, s->sources.items[i]) < 0)
            return -1;
    return 0;
}

/* DOM "create a dependent abort signal". */
static JSValue dependent_signal(JSContext *js, const struct values *signals)
{
    JSValue result = signal_new(js);
    if (JS_IsException(result))
        return result;
    struct abort_signal *s = signal_peek(result);
    s->dependent = true;
    for (uint32_t i = 0; i < signals->count && !s->aborted; i++) {
        const struct abort_signal *source = signal_peek(signals->items[i]);
        if (source->aborted) {
            s->aborted = true;
            s->reason = JS_DupValue(js, source->reason);
        }
    }
    for (uint32_t i = 0; i < signals->count && !s->aborted; i++)
        if (follow(js, result, signals->items[i]) < 0) {
            JS_FreeValue(js, result);
            return JS_EXCEPTION;
        }
    return result;
}

JSValue abort_signal_following(JSContext *js, JSValueConst source)
{
    struct values signals = {.items = (JSValue *)&source, .count = !JS_IsUndefined(source)};
    return dependent_signal(js, &signals);
}

static JSValue static_any(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    if (!idl_arguments(js, "AbortSignal.any", count, 1))
        return JS_EXCEPTION;
    struct values signals = {0};
    JSValue result = JS_EXCEPTION;
    if (idl_sequence(js, arguments[0], append_signal, &signals) == 0)
        result = dependent_signal(js, &signals);
    values_free(JS_GetRuntime(js), &signals);
    return result;
}

static struct abort_signal *signal_of(JSContext *js, JSValueConst value)
{
    return interface_opaque(js, value, &abort_signal_interface);
}

static JSValue get_aborted(JSContext *js, JSValueConst self)
{
    const struct abort_signal *s = signal_of(js, self);
    return s ? JS_NewBool(js, s->aborted) : JS_EXCEPTION;
}

static JSValue get_reason(JSContext *js, JSValueConst self)
{
    const struct abort_signal *s = signal_of(js, self);
    return s ? JS_DupValue(js, s->reason) : JS_EXCEPTION;
}

static JSValue throw_if_aborted(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    const struct abort_signal *s = signal_of(js, self);
    if (!s)
        return JS_EXCEPTION;
    return s->aborted ? JS_Throw(js, JS_DupValue(js, s->reason)) : JS_UNDEFINED;
}

static void signal_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct abort_signal *s = signal_peek(value);
    if (!s)
        return;
    event_target_release(runtime, &s->target);
    JS_FreeValueRT(runtime, s->reason);
    values_free(runtime, &s->algorithms);
    values_free(runtime, &s->sources);
    values_free(runtime, &s->dependents);
    js_free_rt(runtime, s);
}

static void signal_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct abort_signal *s = signal_peek(value);
    if (!s)
        return;
    event_target_mark(runtime, &s->target, mark);
    JS_MarkValue(runtime, s->reason, mark);
    values_mark(runtime, &s->algorithms, mark);
    values_mark(runtime, &s->sources, mark);
    values_mark(runtime, &s->dependents, mark);
}

static const JSCFunctionListEntry signal_prototype[] = {
    IDL_ATTRIBUTE("aborted", get_aborted, NULL),
    IDL_ATTRIBUTE("reason", get_reason, NULL),
    IDL_METHOD("throwIfAborted", 0, throw_if_aborted),
    EVENT_HANDLER_ATTRIBUTE("abort", EVENT_ABORT),
};

static const JSCFunctionListEntry signal_statics[] = {
    IDL_METHOD("abort", 0, static_abort),
    IDL_METHOD("timeout", 1, static_timeout),
    IDL_METHOD("any", 1, static_any),
};

const struct interface abort_signal_interface = {
    .host_class = HOST_CLASS_ABORT_SIGNAL,
    .name = "AbortSignal",
    .parent = &event_target_interface,
    .class_definition = {.finalizer = signal_finalize, .gc_mark = signal_mark},
    .prototype = signal_prototype,
    .prototype_count = sizeof signal_prototype / sizeof *signal_prototype,
    .statics = signal_statics,
    .static_count = sizeof signal_statics / sizeof *signal_statics,
};

/* ---- AbortController ---- */

struct abort_controller {
    JSValue signal;
};

static JSValue controller_construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    struct abort_controller *c = js_mallocz(js, sizeof *c);
    if (!c)
        return JS_EXCEPTION;
    c->signal = signal_new(js);
    JSValue object =
        JS_IsException(c->signal) ? JS_EXCEPTION : interface_object_from(js, &abort_controller_interface, new_target, c);
    if (JS_IsException(object)) {
        JS_FreeValue(js, c->signal);
        js_free(js, c);
    }
    return object;
}

static JSValue controller_signal(JSContext *js, JSValueConst self)
{
    const struct abort_controller *c = interface_opaque(js, self, &abort_controller_interface);
    return c ? JS_DupValue(js, c->signal) : JS_EXCEPTION;
}

static JSValue controller_abort(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    const struct abort_controller *c = interface_opaque(js, self, &abort_controller_interface);
    if (!c)
        return JS_EXCEPTION;
    JSValue signal = JS_DupValue(js, c->signal);
    bool went_on = signal_abort(js, signal, reason_argument(js, count, arguments));
    JS_FreeValue(js, signal);
    return went_on ? JS_UNDEFINED : JS_EXCEPTION;
}

static void controller_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct abort_controller *c = interface_peek(value, &abort_controller_interface);
    if (!c)
        return;
    JS_FreeValueRT(runtime, c->signal);
    js_free_rt(runtime, c);
}

static void controller_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct abort_controller *c = interface_peek(value, &abort_controller_interface);
    if (c)
        JS_MarkValue(runtime, c->signal, mark);
}

static const JSCFunctionListEntry controller_prototype[] = {
    IDL_ATTRIBUTE("signal", controller_signal, NULL),
    IDL_METHOD("abort", 0, controller_abort),
};

const struct interface abort_controller_interface = {
    .host_class = HOST_CLASS_ABORT_CONTROLLER,
    .name = "AbortController",
    .class_definition = {.finalizer = controller_finalize, .gc_mark = controller_mark},
    .constructor = controller_construct,
    .prototype = controller_prototype,
    .prototype_count = sizeof controller_prototype / sizeof *controller_prototype,
};
