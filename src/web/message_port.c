/* MessagePort and MessageChannel (HTML section 9.4; R-MP-01..10), and structuredClone.
 *
 * A MessagePort object holds one end of a channel (message/port.h). While a channel is local its two objects refer to each other, so
 * that garbage collection sees the pair: either keeps the other alive, and both go when nothing else refers to them (R-MP-09).
 * Once shipped, a started end keeps its object until the other end has closed; an object that was not started and is forgotten closes
 * its end, as R-MP-07 says of collection. */
#include "message/port.h"

#include "engine/host_class.h"
#include "message/message.h"
#include "web/serializable.h"
#include "web/event.h"
#include "web/globals.h"
#include "web/message_delivery.h"

struct message_port {
    struct event_target target; /* first: see event_target.h */
    struct port *port;          /* NULL once shipped away */
    struct realm *realm;
    JSValue self;    /* the object itself, not counted */
    JSValue partner; /* the other end's object while the channel is local, else undefined */
    struct external external;
    struct message_port *next, *previous; /* of the realm, while there is an end */
};

static struct message_port *port_opaque(JSValueConst value)
{
    return JS_GetOpaque(value, host_class_id(HOST_CLASS_MESSAGE_PORT));
}

/* ---- what the end asks of its object ---- */

static void hold(void *holder)
{
    struct message_port *p = holder;
    JS_DupValue(p->realm->js, p->self);
}

static void drop(void *holder)
{
    struct message_port *p = holder;
    JS_FreeValue(p->realm->js, p->self);
}

static void deliver(void *holder, struct message *m)
{
    struct message_port *p = holder;
    message_deliver(p->realm, p->self, m, NULL, JS_NULL);
}

static void tell_close(void *holder)
{
    struct message_port *p = holder;
    if (event_target_fire_simple(p->realm->js, p->self, "close") < 0)
        realm_report_exception(p->realm);
}

static const struct port_calls port_calls = {hold, drop, deliver, tell_close};

/* ---- the object ---- */

static void release_external(struct external *x)
{
    port_release(caa_container_of(x, struct message_port, external)->port);
}

static void take_end(struct message_port *p, struct port *port)
{
    p->port = port;
    external_hold(engine_of(p->realm->js), &p->external, release_external);
    p->previous = NULL;
    p->next = p->realm->ports;
    if (p->next)
        p->next->previous = p;
    p->realm->ports = p;
}

static struct port *lose_end(struct message_port *p)
{
    struct port *port = p->port;
    p->port = NULL;
    external_forget(&p->external);
    if (p->previous)
        p->previous->next = p->next;
    else
        p->realm->ports = p->next;
    if (p->next)
        p->next->previous = p->previous;
    return port;
}

static void message_port_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct message_port *p = port_opaque(value);
    if (!p)
        return;
    event_target_release(runtime, &p->target);
    JS_FreeValueRT(runtime, p->partner);
    if (p->port)
        port_release(lose_end(p));
    js_free_rt(runtime, p);
}

static void message_port_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct message_port *p = port_opaque(value);
    if (!p)
        return;
    event_target_mark(runtime, &p->target, mark);
    JS_MarkValue(runtime, p->partner, mark);
}

static void handler_assigned(JSContext *js, JSValueConst target, enum event_type type)
{
    struct message_port *p = port_opaque(target);
    (void)js;
    if (type == EVENT_MESSAGE && p->port)
        port_start(p->port); /* R-MP-01 */
}

static const struct event_target_hooks port_hooks = {.handler_assigned = handler_assigned};

/* A new object for an end that is attached to nobody; takes the end. */
static JSValue message_port_object(JSContext *js, struct port *port)
{
    struct message_port *p = js_mallocz(js, sizeof *p);
    JSValue object = p ? interface_object(js, &message_port_interface, p) : JS_EXCEPTION;
    if (JS_IsException(object)) {
        js_free(js, p);
        port_release(port);
        return JS_EXCEPTION;
    }
    p->target.hooks = &port_hooks;
    p->realm = realm_of(js);
    p->self = object;
    p->partner = JS_UNDEFINED;
    if (port_attach(port, p->realm->agent, &port_calls, p) != STATUS_OK) {
        port_release(port);
        JS_FreeValue(js, object);
        return JS_ThrowOutOfMemory(js);
    }
    take_end(p, port);
    return object;
}

/* The objects of a local channel no longer keep each other. */
static void part(JSContext *js, struct message_port *p)
{
    struct message_port *other = JS_IsUndefined(p->partner) ? NULL : port_opaque(p->partner);
    JSValue to_other = p->partner, to_self = other ? other->partner : JS_UNDEFINED;
    p->partner = JS_UNDEFINED;
    if (other)
        other->partner = JS_UNDEFINED;
    JS_FreeValue(js, to_self);
    JS_FreeValue(js, to_other);
}

static struct message_port *first_shipped(const struct realm *r)
{
    struct message_port *p = r->ports;
    while (p && !port_was_shipped(p->port))
        p = p->next; /* a local pair goes with the heap */
    return p;
}

static struct message_port *first_open(const struct realm *r)
{
    struct message_port *p = r->ports;
    while (p && port_is_detached(p->port))
        p = p->next;
    return p;
}

/* R-LIFE-04: "disentangle every port whose global is this document's window". */
void ports_close_realm(struct realm *r)
{
    struct message_port *p;
    /* From the start each time: a closed port may be the last to hold its object, and others with it. */
    while ((p = first_open(r))) {
        JSValue keep = JS_DupValue(r->js, p->self);
        port_close(p->port);
        JS_FreeValue(r->js, keep);
    }
}

void ports_clear(struct realm *r)
{
    struct message_port *p;
    /* From the start each time: giving up one port may end others. */
    while ((p = first_shipped(r)))
        port_abandon(lose_end(p));
}

/* ---- what structured clone asks (message.h) ---- */

static bool may_share(JSContext *js)
{
    return realm_of(js)->cross_origin_isolated;
}

/* The transfer steps. */
static struct port *ship(JSContext *js, JSValueConst value)
{
    struct message_port *p = port_opaque(value);
    struct port *port = p->port;
    if (!port || port_is_detached(port) || !port_ship(port))
        return NULL;
    lose_end(p);
    part(js, p); /* the caller holds the object */
    return port;
}

const struct message_host message_host = {may_share, ship, message_port_object, platform_object_serialize, platform_object_deserialize};

/* ---- MessagePort ---- */

static struct message_port *this_port(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &message_port_interface);
}

/* True if the list names the object of this end. */
static bool list_names(JSContext *js, JSValueConst list, const struct port *port)
{
    int64_t count = 0;
    bool found = false;
    if (JS_IsUndefined(list) || JS_GetLength(js, list, &count) < 0)
        return false;
    for (uint32_t i = 0; i < count && !found; i++) {
        JSValue item = JS_GetPropertyUint32(js, list, i);
        struct message_port *p = interface_peek(item, &message_port_interface);
        found = p && p->port && p->port == port;
        JS_FreeValue(js, item);
    }
    return found;
}

/* HTML "message port post message steps". */
static int post(JSContext *js, struct message_port *p, JSValueConst value, JSValueConst list)
{
    struct message *m;
    if (p->port && list_names(js, list, p->port)) { /* R-TR-05 */
        throw_dom_exception(js, "DataCloneError", "a port cannot be sent through itself");
        return -1;
    }
    bool doomed = p->port && list_names(js, list, port_twin(p->port));
    if (message_serialize(js, value, list, &m))
        return -1;
    if (p->port && !doomed)
        port_post(p->port, m);
    else
        message_lose(m, LOST_CLOSED); /* R-MP-08 */
    return 0;
}

static JSValue port_post_message(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct message_port *p = this_port(js, self);
    if (!p)
        return JS_EXCEPTION;
    if (count < 1)
        return JS_ThrowTypeError(js, "postMessage: 1 argument required, but only 0 present");
    JSValue list = count > 1 ? message_transfer_list(js, arguments[1]) : JS_UNDEFINED;
    if (JS_IsException(list))
        return list;
    int failed = post(js, p, arguments[0], list);
    JS_FreeValue(js, list);
    return failed ? JS_EXCEPTION : JS_UNDEFINED;
}

static JSValue port_start_method(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct message_port *p = this_port(js, self);
    (void)count;
    (void)arguments;
    if (!p)
        return JS_EXCEPTION;
    if (p->port)
        port_start(p->port);
    return JS_UNDEFINED;
}

static JSValue port_close_method(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct message_port *p = this_port(js, self);
    (void)count;
    (void)arguments;
    if (!p)
        return JS_EXCEPTION;
    if (p->port) {
        port_close(p->port);
        part(js, p);
    }
    return JS_UNDEFINED;
}

#define METHOD(name, length, function) JS_CFUNC_DEF2(name, length, function, JS_PROP_C_W_E)

static const JSCFunctionListEntry message_port_prototype[] = {
    METHOD("postMessage", 1, port_post_message),
    METHOD("start", 0, port_start_method),
    METHOD("close", 0, port_close_method),
    EVENT_HANDLER_ATTRIBUTE("message", EVENT_MESSAGE),
    EVENT_HANDLER_ATTRIBUTE("messageerror", EVENT_MESSAGEERROR),
    EVENT_HANDLER_ATTRIBUTE("close", EVENT_CLOSE),
};

#define ENTRIES(list) (list), (int)(sizeof(list) / sizeof(list)[0])

const struct interface message_port_interface = {
    .host_class = HOST_CLASS_MESSAGE_PORT,
    .name = "MessagePort",
    .parent = &event_target_interface,
    .class_definition = {.finalizer = message_port_finalize, .gc_mark = message_port_mark},
    .prototype = message_port_prototype,
    .prototype_count = sizeof(message_port_prototype) / sizeof(message_port_prototype)[0],
};

/* ---- MessageChannel ---- */

struct message_channel {
    JSValue ports[2];
};

static const struct interface message_channel_interface;

static void message_channel_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct message_channel *c = JS_GetOpaque(value, host_class_id(HOST_CLASS_MESSAGE_CHANNEL));
    if (!c)
        return;
    JS_FreeValueRT(runtime, c->ports[0]);
    JS_FreeValueRT(runtime, c->ports[1]);
    js_free_rt(runtime, c);
}

static void message_channel_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct message_channel *c = JS_GetOpaque(value, host_class_id(HOST_CLASS_MESSAGE_CHANNEL));
    if (!c)
        return;
    JS_MarkValue(runtime, c->ports[0], mark);
    JS_MarkValue(runtime, c->ports[1], mark);
}

/* Makes both ends; the objects refer to each other. */
static int entangle(JSContext *js, JSValue ports[2])
{
    struct port *ends[2];
    ports[0] = ports[1] = JS_UNDEFINED;
    if (port_channel(&ends[0], &ends[1]) != STATUS_OK) {
        JS_ThrowOutOfMemory(js);
        return -1;
    }
    ports[0] = message_port_object(js, ends[0]);
    ports[1] = message_port_object(js, ends[1]);
    if (JS_IsException(ports[0]) || JS_IsException(ports[1]))
        return -1;
    port_opaque(ports[0])->partner = JS_DupValue(js, ports[1]);
    port_opaque(ports[1])->partner = JS_DupValue(js, ports[0]);
    return 0;
}

static JSValue message_channel_construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    (void)count;
    (void)arguments;
    struct message_channel *c = js_malloc(js, sizeof *c);
    if (!c)
        return JS_EXCEPTION;
    JSValue object =
        entangle(js, c->ports) ? JS_EXCEPTION : interface_object_from(js, &message_channel_interface, new_target, c);
    if (JS_IsException(object)) {
        JS_FreeValue(js, c->ports[0]);
        JS_FreeValue(js, c->ports[1]);
        js_free(js, c);
    }
    return object;
}

static JSValue message_channel_port(JSContext *js, JSValueConst self, int which)
{
    struct message_channel *c = interface_opaque(js, self, &message_channel_interface);
    return c ? JS_DupValue(js, c->ports[which]) : JS_EXCEPTION;
}

static const JSCFunctionListEntry message_channel_prototype[] = {
    JS_CGETSET_MAGIC_DEF2("port1", message_channel_port, NULL, 0, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE),
    JS_CGETSET_MAGIC_DEF2("port2", message_channel_port, NULL, 1, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE),
};

static const struct interface message_channel_interface = {
    .host_class = HOST_CLASS_MESSAGE_CHANNEL,
    .name = "MessageChannel",
    .class_definition = {.finalizer = message_channel_finalize, .gc_mark = message_channel_mark},
    .constructor = message_channel_construct,
    .prototype = message_channel_prototype,
    .prototype_count = sizeof(message_channel_prototype) / sizeof(message_channel_prototype)[0],
};

static const struct lazy_property message_lazy[] = {
    INTERFACE_PROPERTY(message_channel_interface),
    INTERFACE_PROPERTY(message_port_interface),
};

/* ---- structuredClone ---- */

static JSValue structured_clone(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct message *m;
    (void)self;
    if (count < 1)
        return JS_ThrowTypeError(js, "structuredClone: 1 argument required, but only 0 present");
    JSValue list = count > 1 ? message_transfer_option(js, arguments[1]) : JS_UNDEFINED;
    if (JS_IsException(list))
        return list;
    int failed = message_serialize(js, arguments[0], list, &m);
    JS_FreeValue(js, list);
    if (failed)
        return JS_EXCEPTION;
    JSValue clone = message_deserialize(js, m, NULL);
    message_free(m);
    return clone;
}

static const JSCFunctionListEntry message_functions[] = {METHOD("structuredClone", 1, structured_clone)};

const struct global_part message_globals = {ENTRIES(message_lazy), ENTRIES(message_functions)};
