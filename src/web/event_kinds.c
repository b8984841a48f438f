/* The interfaces derived from Event: what they add are slots (web/event_object.h), each with the value it has when the host or a
 * dictionary gave none. */
#include "web/event_object.h"
#include "web/idl.h"

#include <string.h>

enum missing { MISSING_NULL, MISSING_UNDEFINED, MISSING_ZERO, MISSING_STRING, MISSING_ARRAY };

static JSValue frozen_array(JSContext *js)
{
    JSValue array = JS_NewArray(js);
    if (!JS_IsException(array) && JS_FreezeObject(js, array) < 0) {
        JS_FreeValue(js, array);
        return JS_EXCEPTION;
    }
    return array;
}

static JSValue missing_value(JSContext *js, enum missing m)
{
    switch (m) {
    case MISSING_NULL:
        return JS_NULL;
    case MISSING_UNDEFINED:
        return JS_UNDEFINED;
    case MISSING_ZERO:
        return JS_NewInt32(js, 0);
    case MISSING_STRING:
        return JS_NewString(js, "");
    case MISSING_ARRAY:
        return frozen_array(js);
    }
    return JS_UNDEFINED;
}

static JSValue get_slot(JSContext *js, JSValueConst self, const struct interface *i, int slot, enum missing m)
{
    struct event *e = interface_opaque(js, self, i);
    if (!e)
        return JS_EXCEPTION;
    if (JS_IsUninitialized(e->slots[slot])) {
        JSValue value = missing_value(js, m);
        if (JS_IsException(value))
            return value;
        e->slots[slot] = value;
    }
    return JS_DupValue(js, e->slots[slot]);
}

static void set_slot(JSContext *js, struct event *e, int slot, JSValue value)
{
    JSValue old = e->slots[slot];
    e->slots[slot] = value;
    JS_FreeValue(js, old);
}

enum conversion { AS_ANY, AS_STRING, AS_USV_STRING, AS_UNSIGNED, AS_OBJECT, AS_SOURCE, AS_PORTS };

static int append_port(JSContext *js, JSValueConst element, void *context)
{
    if (host_class_of(element) != HOST_CLASS_MESSAGE_PORT) {
        JS_ThrowTypeError(js, "ports must be MessagePort objects");
        return -1;
    }
    JSValueConst array = *(JSValueConst *)context;
    int64_t length;
    if (JS_GetLength(js, array, &length) < 0)
        return -1;
    return JS_DefinePropertyValueUint32(js, array, (uint32_t)length, JS_DupValue(js, element), JS_PROP_C_W_E);
}

static JSValue convert_ports(JSContext *js, JSValueConst value)
{
    JSValue array = JS_NewArray(js);
    if (JS_IsException(array))
        return array;
    if (idl_sequence(js, value, append_port, &array) < 0 || JS_FreezeObject(js, array) < 0) {
        JS_FreeValue(js, array);
        return JS_EXCEPTION;
    }
    return array;
}

/* MessageEventSource?: a WindowProxy, MessagePort or ServiceWorker. */
static JSValue convert_source(JSContext *js, JSValueConst value)
{
    if (JS_IsNull(value) || JS_IsUndefined(value))
        return JS_NULL;
    enum host_class c = host_class_of(value);
    bool fits = c == HOST_CLASS_MESSAGE_PORT || c == HOST_CLASS_WINDOW_PROXY;
    return fits ? JS_DupValue(js, value) : JS_ThrowTypeError(js, "source must be a Window or a MessagePort");
}

static JSValue convert(JSContext *js, JSValueConst value, enum conversion c)
{
    uint32_t number;
    switch (c) {
    case AS_ANY:
        return JS_DupValue(js, value);
    case AS_STRING:
        return JS_ToString(js, value);
    case AS_USV_STRING:
        return idl_usv_string(js, value);
    case AS_UNSIGNED:
        return JS_ToUint32(js, &number, value) < 0 ? JS_EXCEPTION : JS_NewUint32(js, number);
    case AS_OBJECT:
        return JS_IsObject(value) ? JS_DupValue(js, value) : JS_ThrowTypeError(js, "a member must be an object");
    case AS_SOURCE:
        return convert_source(js, value);
    case AS_PORTS:
        return convert_ports(js, value);
    }
    return JS_UNDEFINED;
}

/* One member of an event's dictionary; tables list them in lexicographical order, in which Web IDL reads them. */
struct member {
    const char *name;
    int slot;
    enum conversion conversion;
    bool required;
};

static int fill_slots(JSContext *js, struct event *e, JSValueConst dictionary, const struct member *m, int count)
{
    for (int i = 0; i < count; i++) {
        JSValue value = idl_member(js, dictionary, m[i].name);
        if (JS_IsUndefined(value) && !m[i].required)
            continue;
        JSValue converted = value;
        if (JS_IsUndefined(value))
            converted = JS_ThrowTypeError(js, "required member %s is undefined", m[i].name);
        else if (!JS_IsException(value))
            converted = convert(js, value, m[i].conversion);
        JS_FreeValue(js, value);
        if (JS_IsException(converted))
            return -1;
        set_slot(js, e, m[i].slot, converted);
    }
    return 0;
}

static JSValue construct_with(JSContext *js, const struct interface *i, JSValueConst new_target, int count,
                              JSValueConst *arguments, int slots, const struct member *m, int member_count)
{
    struct event *e;
    JSValueConst dictionary;
    JSValue object = event_construct(js, i, new_target, count, arguments, slots, &e, &dictionary);
    if (JS_IsException(object) || fill_slots(js, e, dictionary, m, member_count) == 0)
        return object;
    JS_FreeValue(js, object);
    return JS_EXCEPTION;
}

/* A constructor that reads `list` and an accessor `name##_get` whose magic is slot | missing << 8. */
#define EVENT_KIND(name, slots, list)                                                              \
    static JSValue name##_construct(JSContext *js, JSValueConst new_target, int count,             \
                                    JSValueConst *arguments)                                       \
    {                                                                                              \
        return construct_with(js, &name##_event_interface, new_target, count, arguments, slots,    \
                              list, sizeof list / sizeof *list);                                   \
    }                                                                                              \
    static JSValue name##_get(JSContext *js, JSValueConst self, int magic)                         \
    {                                                                                              \
        return get_slot(js, self, &name##_event_interface, magic & 0xff,                           \
                        (enum missing)(magic >> 8));                                               \
    }
#define SLOT(text, name, slot, missing) IDL_ATTRIBUTE_MAGIC(text, name##_get, NULL, (slot) | (missing) << 8)
#define EVENT_INTERFACE(prefix, upper, text, length, entries)                                      \
    const struct interface prefix##_event_interface = {                                            \
        .host_class = HOST_CLASS_##upper##_EVENT,                                                  \
        .name = text,                                                                              \
        .parent = &event_interface,                                                                \
        .class_definition = EVENT_CLASS_DEFINITION,                                                \
        .constructor = prefix##_construct,                                                         \
        .constructor_length = length,                                                              \
        .prototype = entries,                                                                      \
        .prototype_count = sizeof entries / sizeof *entries,                                       \
    }

/* Arguments 1 and 2 of the old init methods: (type, bubbles, cancelable, ...). 1 = do it, 0 = the event is under way, -1. */
static int init_old(JSContext *js, struct event *e, int count, JSValueConst *arguments)
{
    if (!e || !idl_arguments(js, "init", count, 1))
        return -1;
    if (e->dispatching)
        return 0;
    bool bubbles = count > 1 && JS_ToBool(js, arguments[1]);
    bool cancelable = count > 2 && JS_ToBool(js, arguments[2]);
    return event_initialize(js, e, arguments[0], bubbles, cancelable) < 0 ? -1 : 1;
}

/* ---- CustomEvent ---- */

static const struct member custom_members[] = {{"detail", CUSTOM_DETAIL, AS_ANY, false}};
EVENT_KIND(custom, CUSTOM_SLOTS, custom_members)

static JSValue init_custom_event(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct event *e = interface_opaque(js, self, &custom_event_interface);
    int go = init_old(js, e, count, arguments);
    if (go > 0)
        set_slot(js, e, CUSTOM_DETAIL, count > 3 ? JS_DupValue(js, arguments[3]) : JS_NULL);
    return go < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

static const JSCFunctionListEntry custom_prototype[] = {
    SLOT("detail", custom, CUSTOM_DETAIL, MISSING_NULL),
    IDL_METHOD("initCustomEvent", 1, init_custom_event),
};
EVENT_INTERFACE(custom, CUSTOM, "CustomEvent", 1, custom_prototype);

/* ---- MessageEvent ---- */

static const struct member message_members[] = {
    {"data", MESSAGE_DATA, AS_ANY, false},
    {"lastEventId", MESSAGE_LAST_EVENT_ID, AS_STRING, false},
    {"origin", MESSAGE_ORIGIN, AS_USV_STRING, false},
    {"ports", MESSAGE_PORTS, AS_PORTS, false},
    {"source", MESSAGE_SOURCE, AS_SOURCE, false},
};
EVENT_KIND(message, MESSAGE_SLOTS, message_members)

static JSValue init_message_event(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    static const struct member order[] = {
        {"data", MESSAGE_DATA, AS_ANY, false},
        {"origin", MESSAGE_ORIGIN, AS_USV_STRING, false},
        {"lastEventId", MESSAGE_LAST_EVENT_ID, AS_STRING, false},
        {"source", MESSAGE_SOURCE, AS_SOURCE, false},
        {"ports", MESSAGE_PORTS, AS_PORTS, false},
    };
    struct event *e = interface_opaque(js, self, &message_event_interface);
    int go = init_old(js, e, count, arguments);
    for (int i = 0; go > 0 && i < MESSAGE_SLOTS; i++) {
        JSValue value = JS_UNINITIALIZED; /* as if absent */
        if (count > i + 3 && !JS_IsUndefined(arguments[i + 3]))
            value = convert(js, arguments[i + 3], order[i].conversion);
        if (JS_IsException(value))
            return value;
        set_slot(js, e, order[i].slot, value);
    }
    return go < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

static const JSCFunctionListEntry message_prototype[] = {
    SLOT("data", message, MESSAGE_DATA, MISSING_NULL),
    SLOT("origin", message, MESSAGE_ORIGIN, MISSING_STRING),
    SLOT("lastEventId", message, MESSAGE_LAST_EVENT_ID, MISSING_STRING),
    SLOT("source", message, MESSAGE_SOURCE, MISSING_NULL),
    SLOT("ports", message, MESSAGE_PORTS, MISSING_ARRAY),
    IDL_METHOD("initMessageEvent", 1, init_message_event),
};
EVENT_INTERFACE(message, MESSAGE, "MessageEvent", 1, message_prototype);

/* ---- ErrorEvent ---- */

static const struct member error_members[] = {
    {"colno", ERROR_COLNO, AS_UNSIGNED, false},   {"error", ERROR_ERROR, AS_ANY, false},
    {"filename", ERROR_FILENAME, AS_USV_STRING, false}, {"lineno", ERROR_LINENO, AS_UNSIGNED, false},
    {"message", ERROR_MESSAGE, AS_STRING, false},
};
EVENT_KIND(error, ERROR_SLOTS, error_members)

static const JSCFunctionListEntry error_prototype[] = {
    SLOT("message", error, ERROR_MESSAGE, MISSING_STRING),
    SLOT("filename", error, ERROR_FILENAME, MISSING_STRING),
    SLOT("lineno", error, ERROR_LINENO, MISSING_ZERO),
    SLOT("colno", error, ERROR_COLNO, MISSING_ZERO),
    SLOT("error", error, ERROR_ERROR, MISSING_UNDEFINED),
};
EVENT_INTERFACE(error, ERROR, "ErrorEvent", 1, error_prototype);

/* ---- PromiseRejectionEvent ---- */

static const struct member rejection_members[] = {
    {"promise", REJECTION_PROMISE, AS_OBJECT, true},
    {"reason", REJECTION_REASON, AS_ANY, false},
};
EVENT_KIND(promise_rejection, REJECTION_SLOTS, rejection_members)

static const JSCFunctionListEntry promise_rejection_prototype[] = {
    SLOT("promise", promise_rejection, REJECTION_PROMISE, MISSING_UNDEFINED),
    SLOT("reason", promise_rejection, REJECTION_REASON, MISSING_UNDEFINED),
};
EVENT_INTERFACE(promise_rejection, PROMISE_REJECTION, "PromiseRejectionEvent", 2, promise_rejection_prototype);

/* ---- PopStateEvent and HashChangeEvent ---- */

static const struct member pop_state_members[] = {{"state", POP_STATE_STATE, AS_ANY, false}};
EVENT_KIND(pop_state, POP_STATE_SLOTS, pop_state_members)

static const JSCFunctionListEntry pop_state_prototype[] = {
    SLOT("state", pop_state, POP_STATE_STATE, MISSING_NULL),
};
EVENT_INTERFACE(pop_state, POP_STATE, "PopStateEvent", 1, pop_state_prototype);

static const struct member hash_change_members[] = {
    {"newURL", HASH_CHANGE_NEW, AS_USV_STRING, false},
    {"oldURL", HASH_CHANGE_OLD, AS_USV_STRING, false},
};
EVENT_KIND(hash_change, HASH_CHANGE_SLOTS, hash_change_members)

static const JSCFunctionListEntry hash_change_prototype[] = {
    SLOT("oldURL", hash_change, HASH_CHANGE_OLD, MISSING_STRING),
    SLOT("newURL", hash_change, HASH_CHANGE_NEW, MISSING_STRING),
};
EVENT_INTERFACE(hash_change, HASH_CHANGE, "HashChangeEvent", 1, hash_change_prototype);
