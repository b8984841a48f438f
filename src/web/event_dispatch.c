/* Dispatching events and what the host fires. */
#include "web/event_listeners.h"
#include "web/realm.h"

#include <string.h>

/* HTML "clean up after running script" (R-EL-08), after one listener. False when JavaScript was interrupted: the exception stays. */
static bool clean_up(JSContext *js, JSValue result)
{
    struct realm *r = realm_of(js);
    if (JS_IsException(result)) {
        JSValue exception = JS_GetException(js);
        bool interrupted = exception_is_interruption(js, exception);
        JS_Throw(js, exception);
        if (interrupted)
            return false;
        realm_report_exception(r);
    }
    JS_FreeValue(js, result);
    if (engine_stack_is_empty(r->agent->engine))
        agent_checkpoint(r->agent);
    return true;
}

/* Web IDL "call a user object's operation" handleEvent. */
static JSValue call_object(JSContext *js, JSValueConst object, JSValueConst event)
{
    JSValue method = JS_GetPropertyStr(js, object, "handleEvent");
    if (JS_IsException(method))
        return method;
    JSValue result = JS_IsFunction(js, method) ? JS_Call(js, method, object, 1, &event)
                                               : JS_ThrowTypeError(js, "handleEvent is not a function");
    JS_FreeValue(js, method);
    return result;
}

static JSValue slot_or(JSValueConst slot, JSValue missing)
{
    return JS_IsUninitialized(slot) ? missing : slot;
}

/* HTML "the event handler processing algorithm": the return value may cancel the event; `onerror` of a global has five arguments and says
 * true where others say false. */
static JSValue call_handler(JSContext *js, JSValueConst callback, JSValueConst event, struct event *e)
{
    if (!JS_IsFunction(js, callback))
        return JS_UNDEFINED;
    const struct event *error = e->known == EVENT_ERROR ? interface_peek(event, &error_event_interface) : NULL;
    bool at_global = error && event_listeners_of(js, e->current_target) == &realm_of(js)->listeners;
    JSValue result;
    if (at_global) {
        JSValue nothing = JS_NewString(js, "");
        JSValueConst arguments[] = {
            slot_or(e->slots[ERROR_MESSAGE], nothing),           slot_or(e->slots[ERROR_FILENAME], nothing),
            slot_or(e->slots[ERROR_LINENO], JS_NewInt32(js, 0)), slot_or(e->slots[ERROR_COLNO], JS_NewInt32(js, 0)),
            slot_or(e->slots[ERROR_ERROR], JS_UNDEFINED)};
        result = JS_Call(js, callback, e->current_target, 5, arguments);
        JS_FreeValue(js, nothing);
    } else {
        result = JS_Call(js, callback, e->current_target, 1, &event);
    }
    bool stay = e->known == EVENT_BEFOREUNLOAD && !JS_IsNull(result) && !JS_IsUndefined(result) && !JS_IsException(result);
    if (((JS_IsBool(result) && JS_VALUE_GET_BOOL(result) == at_global) || stay) && e->cancelable)
        e->canceled = true;
    return result;
}

static bool call_listener(JSContext *js, JSValueConst callback, bool handler, JSValueConst event, struct event *e)
{
    struct realm *r = realm_of(js);
    JSValueConst before = r->current_event;
    JSValue result;
    if (r->kind == GLOBAL_WINDOW)
        r->current_event = event;
    if (handler)
        result = call_handler(js, callback, event, e);
    else if (JS_IsFunction(js, callback))
        result = JS_Call(js, callback, e->current_target, 1, &event);
    else
        result = call_object(js, callback, event);
    e->in_passive_listener = false;
    r->current_event = before;
    return clean_up(js, result);
}

static bool concerns(const struct listener *l, const struct event *e, bool capture)
{
    if (l->removed || l->capture != capture)
        return false;
    return e->known ? l->known == e->known : l->type == e->type;
}

/* DOM "inner invoke": one pass over the listeners that were there when it began. False when interrupted. */
static bool invoke(JSContext *js, struct event_listeners *list, uint32_t count, JSValueConst event, struct event *e, bool capture)
{
    for (uint32_t i = 0; i < count && !e->stop_immediately; i++) {
        const struct listener *l = &list->items[i]; /* the list may move while it is called */
        if (!concerns(l, e, capture))
            continue;
        bool handler = l->handler;
        if (l->raw)
            event_handler_compile(js, list, i);
        l = &list->items[i];
        JSValue callback = JS_DupValue(js, l->callback);
        e->in_passive_listener = l->passive;
        if (l->once)
            event_listener_remove(js, list, i);
        bool went_on = call_listener(js, callback, handler, event, e);
        JS_FreeValue(js, callback);
        if (!went_on)
            return false;
    }
    return true;
}

/* At the target, listeners for the capturing phase come first. */
static bool invoke_all(JSContext *js, struct event_listeners *list, JSValueConst event, struct event *e)
{
    event_listeners_enter(list);
    uint32_t count = list->count;
    bool went_on = e->stop || !list->capturing || invoke(js, list, count, event, e, true);
    if (went_on && !e->stop)
        went_on = invoke(js, list, list->count, event, e, false);
    event_listeners_leave(list);
    return went_on;
}

/* ---- targets with parents ---- */

static const struct event_target_hooks *hooks_of(JSContext *js, JSValueConst target)
{
    const struct event_target *t = event_target_of(js, target);
    return t ? t->hooks : NULL;
}

static bool has_parents(JSContext *js, JSValueConst target)
{
    const struct event_target_hooks *h = JS_IsUndefined(target) ? NULL : hooks_of(js, target);
    return h && h->parent;
}

/* 0, or -1 when out of memory. */
static int make_path(JSContext *js, JSValueConst target, JSValueConst event, struct event_path *path)
{
    JSValue next = JS_DupValue(js, target);
    while (!JS_IsUndefined(next)) {
        if (path->count == path->capacity) {
            uint32_t capacity = path->capacity ? path->capacity * 2 : 8;
            JSValue *grown = js_realloc(js, path->targets, capacity * sizeof *grown);
            if (!grown) {
                JS_FreeValue(js, next);
                return -1;
            }
            path->targets = grown;
            path->capacity = capacity;
        }
        path->targets[path->count++] = next;
        const struct event_target_hooks *h = hooks_of(js, next);
        next = h && h->parent ? h->parent(js, next, event) : JS_UNDEFINED;
    }
    return 0;
}

static void free_path(JSContext *js, struct event_path *path)
{
    for (uint32_t i = 0; i < path->count; i++)
        JS_FreeValue(js, path->targets[i]);
    js_free(js, path->targets);
}

/* DOM "invoke" for one step of the path. False when interrupted. */
static bool invoke_step(JSContext *js, JSValueConst at, JSValueConst event, struct event *e, bool capture)
{
    struct event_listeners **place = event_listeners_of(js, at), *list = place ? *place : NULL;
    if (e->stop || !list || !list->count)
        return true;
    e->current_target = at;
    event_listeners_enter(list);
    bool went_on = invoke(js, list, list->count, event, e, capture);
    event_listeners_leave(list);
    return went_on;
}

/* Down to the target with the listeners for capturing, and up again with the others: those of the parents when it bubbles. */
static bool walk(JSContext *js, struct event_path *path, JSValueConst event, struct event *e)
{
    bool went_on = true;
    e->path = path;
    for (uint32_t i = path->count; went_on && i-- > 0;) {
        e->phase = i ? PHASE_CAPTURING : PHASE_AT_TARGET;
        went_on = invoke_step(js, path->targets[i], event, e, true);
    }
    for (uint32_t i = 0; went_on && i < (e->bubbles ? path->count : 1); i++) {
        e->phase = i ? PHASE_BUBBLING : PHASE_AT_TARGET;
        went_on = invoke_step(js, path->targets[i], event, e, false);
    }
    e->path = NULL;
    e->current_target = JS_NULL;
    e->phase = PHASE_NONE;
    return went_on;
}

static bool walk_path(JSContext *js, JSValueConst target, JSValueConst event, struct event *e)
{
    struct event_path path = {0};
    bool went_on = make_path(js, target, event, &path) == 0 && walk(js, &path, event, e);
    free_path(js, &path);
    return went_on;
}

static int dispatch(JSContext *js, struct event_listeners *list, JSValueConst target, JSValueConst event, struct event *e)
{
    JSValue old = e->target;
    e->target = JS_IsUndefined(target) ? realm_global_this(js) : JS_DupValue(js, target); /* which keeps the list */
    JS_FreeValue(js, old);
    e->dispatching = true;
    bool went_on = true;
    if (has_parents(js, e->target)) {
        went_on = walk_path(js, e->target, event, e);
    } else if (list && list->count) {
        e->current_target = e->target;
        e->phase = PHASE_AT_TARGET;
        went_on = invoke_all(js, list, event, e);
        e->current_target = JS_NULL;
        e->phase = PHASE_NONE;
    }
    e->dispatching = e->stop = e->stop_immediately = false;
    return went_on ? e->canceled : -1;
}

int event_dispatch(JSContext *js, JSValueConst target, JSValueConst event)
{
    return dispatch(js, *event_listeners_of(js, target), target, event, event_peek(event));
}

/* ---- fired by the host ---- */

static enum event_type type_by_name(const char *name)
{
    for (int t = EVENT_OTHER + 1; t < EVENT_TYPE_COUNT; t++)
        if (strcmp(event_type_name((enum event_type)t), name) == 0)
            return (enum event_type)t;
    return EVENT_OTHER;
}

/* NULL when nobody listens. */
static struct event_listeners *listeners_of(JSContext *js, JSValueConst target)
{
    static struct event_listeners of_parents; /* stands for whoever listens above; dispatch looks there */
    struct event_listeners **at = event_listeners_of(js, target);
    if (at && *at && (*at)->count)
        return *at;
    return has_parents(js, target) ? &of_parents : NULL;
}

/* The event object that the realm keeps for its next message, or else a new one. */
static JSValue event_object(struct realm *r, const struct interface *i, int slots, struct event **out)
{
    if (i != &message_event_interface || JS_IsUndefined(r->spare_event))
        return event_new(r->js, i, JS_UNDEFINED, slots, out);
    JSValue event = r->spare_event;
    r->spare_event = JS_UNDEFINED;
    *out = event_peek(event);
    return event;
}

/* A message's event that no program has kept serves for the next message, too: most are looked at and forgotten. */
static void event_done(JSContext *js, JSValue event, struct event *e)
{
    struct realm *r = realm_of(js);
    if (JS_IsUndefined(r->spare_event) && host_class_of(event) == HOST_CLASS_MESSAGE_EVENT &&
        interface_object_is_as_new(js, event)) {
        event_renew(js, e);
        r->spare_event = event;
    } else {
        JS_FreeValue(js, event);
    }
}

JSValue event_new_trusted(JSContext *js, const struct interface *i, const char *type, int slots, struct event **out)
{
    struct realm *r = realm_of(js);
    JSValue event = event_object(r, i, slots, out);
    if (JS_IsException(event))
        return event;
    struct event *e = *out;
    e->trusted = e->initialized = true;
    e->time = agent_occurrence(r->agent);
    e->known = (uint8_t)type_by_name(type);
    if (e->known == EVENT_OTHER && (e->type = JS_NewAtom(js, type)) == JS_ATOM_NULL) {
        JS_FreeValue(js, event);
        return JS_EXCEPTION;
    }
    return event;
}

static int finish(JSContext *js, struct event_listeners *list, JSValueConst target, JSValue event, struct event *e)
{
    int canceled = dispatch(js, list, target, event, e);
    event_done(js, event, e);
    return canceled;
}

int event_dispatch_and_free(JSContext *js, JSValueConst target, JSValue event)
{
    return finish(js, *event_listeners_of(js, target), target, event, event_peek(event));
}

int event_target_fire_simple(JSContext *js, JSValueConst target, const char *type)
{
    struct event_listeners *list = listeners_of(js, target);
    if (!list)
        return 0;
    struct event *e;
    JSValue event = event_new_trusted(js, &event_interface, type, 0, &e);
    return JS_IsException(event) ? -1 : finish(js, list, target, event, e);
}

int event_target_fire_message(JSContext *js, JSValueConst target, const char *type,
                              const struct message_event_init *init)
{
    struct event_listeners *list = listeners_of(js, target);
    struct event *e;
    JSValue event = list ? event_new_trusted(js, &message_event_interface, type, MESSAGE_SLOTS, &e) : JS_NULL;
    if (!JS_IsObject(event)) {
        JS_FreeValue(js, init->data);
        JS_FreeValue(js, init->ports);
        JS_FreeValue(js, init->source);
        return JS_IsException(event) ? -1 : 0;
    }
    e->slots[MESSAGE_DATA] = init->data;
    if (!JS_IsUndefined(init->ports)) {
        e->slots[MESSAGE_PORTS] = init->ports;
        JS_FreezeObject(js, init->ports);
    }
    if (!JS_IsNull(init->source))
        e->slots[MESSAGE_SOURCE] = init->source;
    if (init->origin && *init->origin)
        e->slots[MESSAGE_ORIGIN] = JS_NewString(js, init->origin);
    return finish(js, list, target, event, e);
}

int event_target_fire_page_transition(JSContext *js, JSValueConst target, const char *type, bool persisted)
{
    struct event_listeners *list = listeners_of(js, target);
    if (!list)
        return 0;
    struct event *e;
    JSValue event = event_new_trusted(js, &event_interface, type, 0, &e);
    if (JS_IsException(event))
        return -1;
    JS_DefinePropertyValueStr(js, event, "persisted", JS_NewBool(js, persisted), JS_PROP_ENUMERABLE | JS_PROP_CONFIGURABLE);
    return finish(js, list, target, event, e);
}

int event_target_fire_before_unload(JSContext *js, JSValueConst target)
{
    if (!listeners_of(js, target))
        return 0;
    struct event *e;
    JSValue event = event_new_trusted(js, &event_interface, "beforeunload", 0, &e);
    if (JS_IsException(event))
        return -1;
    e->cancelable = true;
    JS_DefinePropertyValueStr(js, event, "returnValue", JS_NewString(js, ""), JS_PROP_C_W_E);
    int canceled = event_dispatch(js, target, event);
    JSValue stay = canceled < 0 ? JS_UNDEFINED : JS_GetPropertyStr(js, event, "returnValue");
    const char *text = JS_IsString(stay) ? JS_ToCString(js, stay) : NULL;
    if (text && *text)
        canceled = 1;
    JS_FreeCString(js, text);
    JS_FreeValue(js, stay);
    JS_FreeValue(js, event);
    return canceled;
}

int event_target_fire_error_as(JSContext *js, JSValueConst target, const char *type, const struct error_report *report, JSValueConst error)
{
    struct event_listeners *list = listeners_of(js, target);
    if (!list)
        return 0;
    struct event *e;
    JSValue event = event_new_trusted(js, &error_event_interface, type, ERROR_SLOTS, &e);
    if (JS_IsException(event))
        return -1;
    e->cancelable = e->known == EVENT_ERROR;
    e->slots[ERROR_MESSAGE] = JS_NewString(js, report->message);
    e->slots[ERROR_FILENAME] = JS_NewString(js, report->file);
    e->slots[ERROR_LINENO] = JS_NewUint32(js, report->line);
    e->slots[ERROR_COLNO] = JS_NewUint32(js, report->column);
    e->slots[ERROR_ERROR] = JS_DupValue(js, error);
    return finish(js, list, target, event, e);
}

int event_target_fire_error(JSContext *js, JSValueConst target, const struct error_report *report, JSValueConst error)
{
    return event_target_fire_error_as(js, target, "error", report, error);
}

int event_target_fire_rejection(JSContext *js, JSValueConst target, enum event_type type, JSValueConst promise,
                                JSValueConst reason)
{
    struct event_listeners *list = listeners_of(js, target);
    if (!list)
        return 0;
    struct event *e;
    JSValue event =
        event_new_trusted(js, &promise_rejection_event_interface, event_type_name(type), REJECTION_SLOTS, &e);
    if (JS_IsException(event))
        return -1;
    e->cancelable = type == EVENT_UNHANDLEDREJECTION;
    e->slots[REJECTION_PROMISE] = JS_DupValue(js, promise);
    e->slots[REJECTION_REASON] = JS_DupValue(js, reason);
    return finish(js, list, target, event, e);
}
