/* BroadcastChannel (HTML section 9.5; R-BC-01, R-BC-02, R-SAB-27, R-SAB-30, R-TR-06). The groups are in message/broadcast.h. */
#include "message/broadcast.h"

#include "engine/host_class.h"
#include "message/message.h"
#include "web/document.h"
#include "web/event.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/message_delivery.h"
#include "web/storage_key.h"

#include <stdlib.h>

struct broadcast_channel {
    struct event_target target; /* first: see event_target.h */
    struct broadcast_member *member; /* NULL once closed */
    struct realm *realm;
    char *name;
    JSValue self; /* the object itself, not counted */
    bool kept;    /* it can be heard, so that it lives without other references */
    struct external external;
    struct broadcast_channel *next, *previous; /* of the realm, while there is a member */
};

static const struct interface broadcast_channel_interface;

static struct broadcast_channel *this_channel(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &broadcast_channel_interface);
}

/* HTML: an object with a listener lives until it is closed. May end the channel. */
static void keep_update(struct broadcast_channel *c)
{
    bool keep = c->member && (event_target_listens(&c->target, EVENT_MESSAGE) || event_target_listens(&c->target, EVENT_MESSAGEERROR));
    if (keep == c->kept)
        return;
    c->kept = keep;
    if (keep)
        JS_DupValue(c->realm->js, c->self);
    else
        JS_FreeValue(c->realm->js, c->self);
}

static void listeners_changed(JSContext *js, JSValueConst target)
{
    struct broadcast_channel *c = interface_peek(target, &broadcast_channel_interface);
    (void)js;
    keep_update(c);
}

static const struct event_target_hooks hooks = {.listeners_changed = listeners_changed};

static void hear(void *holder, struct message *m, const char *origin)
{
    struct broadcast_channel *c = holder;
    JSValue self = JS_DupValue(c->realm->js, c->self);
    message_deliver(c->realm, self, m, origin, JS_NULL);
    JS_FreeValue(c->realm->js, self);
}

static const struct broadcast_calls calls = {hear};

/* ---- membership ---- */

static void leave_external(struct external *x)
{
    struct broadcast_channel *c = caa_container_of(x, struct broadcast_channel, external);
    broadcast_leave(c->member);
}

static void enter(struct broadcast_channel *c)
{
    external_hold(engine_of(c->realm->js), &c->external, leave_external);
    c->next = c->realm->broadcast_channels;
    if (c->next)
        c->next->previous = c;
    c->realm->broadcast_channels = c;
}

static void leave(struct broadcast_channel *c)
{
    if (!c->member)
        return;
    broadcast_leave(c->member);
    c->member = NULL;
    external_forget(&c->external);
    if (c->previous)
        c->previous->next = c->next;
    else
        c->realm->broadcast_channels = c->next;
    if (c->next)
        c->next->previous = c->previous;
}

void broadcast_channels_clear(struct realm *r)
{
    while (r->broadcast_channels) {
        struct broadcast_channel *c = r->broadcast_channels;
        leave(c);
        keep_update(c);
    }
}

void broadcast_channels_set_eligible(struct realm *r, bool eligible)
{
    for (struct broadcast_channel *c = r->broadcast_channels; c; c = c->next)
        broadcast_set_eligible(c->member, eligible);
}

/* ---- the interface ---- */

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    struct broadcast_channel *c = interface_peek(value, &broadcast_channel_interface);
    if (!c)
        return;
    event_target_release(runtime, &c->target);
    leave(c);
    js_free_rt(runtime, c->name);
    js_free_rt(runtime, c);
}

static void mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark_value)
{
    struct broadcast_channel *c = interface_peek(value, &broadcast_channel_interface);
    if (c)
        event_target_mark(runtime, &c->target, mark_value);
}

static void channel_free(JSContext *js, struct broadcast_channel *c)
{
    if (c->member)
        broadcast_leave(c->member);
    js_free(js, c->name);
    js_free(js, c);
}

static struct broadcast_channel *channel_new(JSContext *js, JSValueConst name)
{
    struct broadcast_channel *c = js_mallocz(js, sizeof *c);
    char *text = c ? idl_text(js, name) : NULL;
    if (!text) {
        js_free(js, c);
        return NULL;
    }
    c->target.hooks = &hooks;
    c->realm = realm_of(js);
    c->name = js_strdup(js, text);
    char *key = storage_key_of(c->realm);
    if (c->name)
        c->member = broadcast_join(c->realm->agent, c->realm->document ? c->realm->document->activity : NULL, key, text, &calls, c);
    free(key);
    free(text);
    if (c->member)
        return c;
    channel_free(js, c);
    JS_ThrowOutOfMemory(js);
    return NULL;
}

static JSValue construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    if (!idl_arguments(js, "BroadcastChannel", count, 1))
        return JS_EXCEPTION;
    struct broadcast_channel *c = channel_new(js, arguments[0]);
    if (!c)
        return JS_EXCEPTION;
    c->self = interface_object_from(js, &broadcast_channel_interface, new_target, c);
    if (JS_IsException(c->self)) {
        channel_free(js, c);
        return JS_EXCEPTION;
    }
    enter(c);
    return c->self;
}

static JSValue post_message(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct broadcast_channel *c = this_channel(js, self);
    struct message *m;
    if (!c || !idl_arguments(js, "postMessage", count, 1))
        return JS_EXCEPTION;
    if (!c->member)
        return throw_dom_exception(js, "InvalidStateError", "the channel is closed");
    if (message_serialize(js, arguments[0], JS_UNDEFINED, &m))
        return JS_EXCEPTION;
    if (c->member)
        broadcast_post(c->member, m, c->realm->origin->text);
    else /* a getter closed it */
        message_lose(m, LOST_CLOSED);
    return JS_UNDEFINED;
}

static JSValue close_channel(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct broadcast_channel *c = this_channel(js, self);
    (void)count;
    (void)arguments;
    if (!c)
        return JS_EXCEPTION;
    leave(c);
    keep_update(c);
    return JS_UNDEFINED;
}

static JSValue get_name(JSContext *js, JSValueConst self)
{
    const struct broadcast_channel *c = this_channel(js, self);
    return c ? idl_text_value(js, c->name) : JS_EXCEPTION;
}

static const JSCFunctionListEntry prototype[] = {
    JS_CGETSET_DEF2("name", get_name, NULL, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE),
    JS_CFUNC_DEF2("postMessage", 1, post_message, JS_PROP_C_W_E),
    JS_CFUNC_DEF2("close", 0, close_channel, JS_PROP_C_W_E),
    EVENT_HANDLER_ATTRIBUTE("message", EVENT_MESSAGE),
    EVENT_HANDLER_ATTRIBUTE("messageerror", EVENT_MESSAGEERROR),
};

static const struct interface broadcast_channel_interface = {
    .host_class = HOST_CLASS_BROADCAST_CHANNEL,
    .name = "BroadcastChannel",
    .parent = &event_target_interface,
    .class_definition = {.finalizer = finalize, .gc_mark = mark},
    .constructor = construct,
    .constructor_length = 1,
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof prototype[0],
};

static const struct lazy_property lazy[] = {INTERFACE_PROPERTY(broadcast_channel_interface)};

const struct global_part broadcast_globals = {.lazy = lazy, .lazy_count = 1};
