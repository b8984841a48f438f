#include "web/event.h"

#include "web/event_object.h"
#include "web/idl.h"
#include "web/realm.h"

#include <math.h>
#include <string.h>

/* ---- making and freeing ---- */

static void free_values(JSRuntime *runtime, struct event *e)
{
    if (e->type != JS_ATOM_NULL)
        JS_FreeAtomRT(runtime, e->type);
    JS_FreeValueRT(runtime, e->target);
    for (int i = 0; i < e->slot_count; i++)
        if (!JS_IsUninitialized(e->slots[i]))
            JS_FreeValueRT(runtime, e->slots[i]);
}

static void make_empty(struct event *e, int slot_count)
{
    *e = (struct event){.target = JS_NULL, .current_target = JS_NULL, .slot_count = (uint8_t)slot_count};
    for (int i = 0; i < slot_count; i++)
        e->slots[i] = JS_UNINITIALIZED;
}

static void event_free(JSRuntime *runtime, struct event *e)
{
    if (!e)
        return;
    free_values(runtime, e);
    js_free_rt(runtime, e);
}

void event_renew(JSContext *js, struct event *e)
{
    free_values(JS_GetRuntime(js), e);
    make_empty(e, e->slot_count);
}

void event_finalizer(JSRuntime *runtime, JSValueConst value)
{
    JSClassID id;
    event_free(runtime, JS_GetAnyOpaque(value, &id));
}

void event_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    JSClassID id;
    const struct event *e = JS_GetAnyOpaque(value, &id);
    if (!e)
        return;
    JS_MarkValue(runtime, e->target, mark);
    for (int i = 0; i < e->slot_count; i++)
        JS_MarkValue(runtime, e->slots[i], mark);
}

JSValue event_new(JSContext *js, const struct interface *i, JSValueConst new_target, int slot_count, struct event **out)
{
    struct event *e = js_malloc(js, sizeof *e + (size_t)slot_count * sizeof *e->slots);
    if (!e)
        return JS_EXCEPTION;
    make_empty(e, slot_count);
    JSValue object = interface_object_from(js, i, new_target, e);
    if (JS_IsException(object))
        event_free(JS_GetRuntime(js), e);
    *out = e;
    return object;
}

struct event *event_peek(JSValueConst value)
{
    return interface_peek(value, &event_interface);
}

struct event *event_of(JSContext *js, JSValueConst value)
{
    return interface_opaque(js, value, &event_interface);
}

/* ---- types ---- */

static const char *const type_names[EVENT_TYPE_COUNT] = {
#define X(name, text) [EVENT_##name] = text,
    EVENT_TYPE_LIST(X)
#undef X
};

const char *event_type_name(enum event_type type)
{
    return type_names[type];
}

enum event_type event_type_of(JSContext *js, JSAtom type)
{
    enum event_type found = EVENT_OTHER;
    size_t length;
    const char *text = JS_AtomToCStringLen(js, &length, type);
    for (int t = EVENT_OTHER + 1; text && t < EVENT_TYPE_COUNT; t++)
        if (strcmp(text, type_names[t]) == 0 && strlen(text) == length)
            found = (enum event_type)t;
    JS_FreeCString(js, text);
    return found;
}

JSAtom event_type_atom(JSContext *js, struct event *e)
{
    if (e->type == JS_ATOM_NULL)
        e->type = JS_NewAtom(js, e->known ? type_names[e->known] : "");
    return e->type;
}

int event_initialize(JSContext *js, struct event *e, JSValueConst type, bool bubbles, bool cancelable)
{
    JSValue string = JS_ToString(js, type);
    if (JS_IsException(string))
        return -1;
    JSAtom atom = JS_ValueToAtom(js, string);
    JS_FreeValue(js, string);
    if (atom == JS_ATOM_NULL)
        return -1;
    JS_FreeAtom(js, e->type);
    e->type = atom;
    e->known = (uint8_t)event_type_of(js, atom);
    e->initialized = true;
    e->stop = e->stop_immediately = e->canceled = e->trusted = false;
    JS_FreeValue(js, e->target);
    e->target = JS_NULL;
    e->bubbles = bubbles;
    e->cancelable = cancelable;
    return 0;
}

JSValue event_construct(JSContext *js, const struct interface *i, JSValueConst new_target, int count, JSValueConst *arguments,
                        int slot_count, struct event **out, JSValueConst *dictionary)
{
    if (!idl_arguments(js, i->name, count, 1))
        return JS_EXCEPTION;
    struct event *e;
    JSValue object = event_new(js, i, new_target, slot_count, &e);
    if (JS_IsException(object))
        return object;
    *out = e;
    e->time = agent_now(realm_of(js)->agent);
    int bubbles = -1, cancelable = -1, composed = -1;
    if (event_initialize(js, e, arguments[0], false, false) == 0 &&
        idl_dictionary(js, count > 1 ? arguments[1] : JS_UNDEFINED, dictionary) == 0 &&
        (bubbles = idl_boolean_member(js, *dictionary, "bubbles", false)) >= 0 &&
        (cancelable = idl_boolean_member(js, *dictionary, "cancelable", false)) >= 0 &&
        (composed = idl_boolean_member(js, *dictionary, "composed", false)) >= 0) {
        e->bubbles = bubbles;
        e->cancelable = cancelable;
        e->composed = composed;
        return object;
    }
    JS_FreeValue(js, object);
    return JS_EXCEPTION;
}

static JSValue construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    struct event *e;
    JSValueConst dictionary;
    return event_construct(js, &event_interface, new_target, count, arguments, 0, &e, &dictionary);
}

/* ---- attributes ---- */

static JSValue get_type(JSContext *js, JSValueConst self)
{
    struct event *e = event_of(js, self);
    if (!e || event_type_atom(js, e) == JS_ATOM_NULL)
        return JS_EXCEPTION;
    return JS_AtomToString(js, e->type);
}

static JSValue get_target(JSContext *js, JSValueConst self)
{
    struct event *e = event_of(js, self);
    return e ? JS_DupValue(js, e->target) : JS_EXCEPTION;
}

static JSValue get_current_target(JSContext *js, JSValueConst self)
{
    struct event *e = event_of(js, self);
    return e ? JS_DupValue(js, e->current_target) : JS_EXCEPTION;
}

enum flag { BUBBLES, CANCELABLE, COMPOSED, DEFAULT_PREVENTED, RETURN_VALUE, CANCEL_BUBBLE, IS_TRUSTED };

static JSValue get_flag(JSContext *js, JSValueConst self, int which)
{
    struct event *e = event_of(js, self);
    if (!e)
        return JS_EXCEPTION;
    switch ((enum flag)which) {
    case BUBBLES:
        return JS_NewBool(js, e->bubbles);
    case CANCELABLE:
        return JS_NewBool(js, e->cancelable);
    case COMPOSED:
        return JS_NewBool(js, e->composed);
    case DEFAULT_PREVENTED:
        return JS_NewBool(js, e->canceled);
    case RETURN_VALUE:
        return JS_NewBool(js, !e->canceled);
    case CANCEL_BUBBLE:
        return JS_NewBool(js, e->stop);
    case IS_TRUSTED:
        return JS_NewBool(js, e->trusted);
    }
    return JS_UNDEFINED;
}

/* DOM "set the canceled flag". */
static void set_canceled(struct event *e)
{
    if (e->cancelable && !e->in_passive_listener)
        e->canceled = true;
}

static JSValue set_flag(JSContext *js, JSValueConst self, JSValueConst value, int which)
{
    struct event *e = event_of(js, self);
    if (!e)
        return JS_EXCEPTION;
    int set = JS_ToBool(js, value);
    if (which == RETURN_VALUE && !set)
        set_canceled(e);
    if (which == CANCEL_BUBBLE && set)
        e->stop = true;
    return set < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

static JSValue get_phase(JSContext *js, JSValueConst self)
{
    struct event *e = event_of(js, self);
    return e ? JS_NewInt32(js, e->phase) : JS_EXCEPTION;
}

/* In milliseconds since the time origin, coarsened to 5 microseconds (High Resolution Time, "coarsen time"). */
static JSValue get_time_stamp(JSContext *js, JSValueConst self)
{
    struct event *e = event_of(js, self);
    if (!e)
        return JS_EXCEPTION;
    return JS_NewFloat64(js, floor((double)(e->time - realm_of(js)->time_origin) / 5000.0) * 0.005);
}

/* ---- methods ---- */

/* While the event is under way: its path, which of a target without parents is the target. */
static JSValue composed_path(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct event *e = event_of(js, self);
    if (!e)
        return JS_EXCEPTION;
    if (JS_IsNull(e->current_target))
        return JS_NewArray(js);
    JSValue path = JS_NewArray(js);
    uint32_t length = e->path ? e->path->count : 1;
    for (uint32_t i = 0; i < length && !JS_IsException(path); i++)
        JS_DefinePropertyValueUint32(js, path, i, JS_DupValue(js, e->path ? e->path->targets[i] : e->current_target), JS_PROP_C_W_E);
    return path;
}

static JSValue stop_propagation(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct event *e = event_of(js, self);
    if (!e)
        return JS_EXCEPTION;
    e->stop = true;
    return JS_UNDEFINED;
}

static JSValue stop_immediate_propagation(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct event *e = event_of(js, self);
    if (!e)
        return JS_EXCEPTION;
    e->stop = e->stop_immediately = true;
    return JS_UNDEFINED;
}

static JSValue prevent_default(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct event *e = event_of(js, self);
    if (!e)
        return JS_EXCEPTION;
    set_canceled(e);
    return JS_UNDEFINED;
}

static JSValue init_event(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct event *e = event_of(js, self);
    if (!e || !idl_arguments(js, "initEvent", count, 1))
        return JS_EXCEPTION;
    int bubbles = count > 1 ? JS_ToBool(js, arguments[1]) : 0;
    int cancelable = count > 2 ? JS_ToBool(js, arguments[2]) : 0;
    if (!e->dispatching && event_initialize(js, e, arguments[0], bubbles, cancelable) < 0)
        return JS_EXCEPTION;
    return JS_UNDEFINED;
}

#define PHASES                                                                                     \
    IDL_CONSTANT("NONE", PHASE_NONE), IDL_CONSTANT("CAPTURING_PHASE", PHASE_CAPTURING),            \
        IDL_CONSTANT("AT_TARGET", PHASE_AT_TARGET), IDL_CONSTANT("BUBBLING_PHASE", PHASE_BUBBLING)

static const JSCFunctionListEntry prototype[] = {
    IDL_ATTRIBUTE("type", get_type, NULL),
    IDL_ATTRIBUTE("target", get_target, NULL),
    IDL_ATTRIBUTE("srcElement", get_target, NULL),
    IDL_ATTRIBUTE("currentTarget", get_current_target, NULL),
    IDL_METHOD("composedPath", 0, composed_path),
    PHASES,
    IDL_ATTRIBUTE("eventPhase", get_phase, NULL),
    IDL_METHOD("stopPropagation", 0, stop_propagation),
    IDL_ATTRIBUTE_MAGIC("cancelBubble", get_flag, set_flag, CANCEL_BUBBLE),
    IDL_METHOD("stopImmediatePropagation", 0, stop_immediate_propagation),
    IDL_ATTRIBUTE_MAGIC("bubbles", get_flag, NULL, BUBBLES),
    IDL_ATTRIBUTE_MAGIC("cancelable", get_flag, NULL, CANCELABLE),
    IDL_ATTRIBUTE_MAGIC("returnValue", get_flag, set_flag, RETURN_VALUE),
    IDL_METHOD("preventDefault", 0, prevent_default),
    IDL_ATTRIBUTE_MAGIC("defaultPrevented", get_flag, NULL, DEFAULT_PREVENTED),
    IDL_ATTRIBUTE_MAGIC("composed", get_flag, NULL, COMPOSED),
    IDL_ATTRIBUTE_MAGIC("isTrusted", get_flag, NULL, IS_TRUSTED),
    IDL_ATTRIBUTE("timeStamp", get_time_stamp, NULL),
    IDL_METHOD("initEvent", 1, init_event),
};

static const JSCFunctionListEntry statics[] = {PHASES};

const struct interface event_interface = {
    .host_class = HOST_CLASS_EVENT,
    .name = "Event",
    .class_definition = EVENT_CLASS_DEFINITION,
    .constructor = construct,
    .constructor_length = 1,
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
    .statics = statics,
    .static_count = sizeof statics / sizeof *statics,
};
