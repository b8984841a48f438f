/* What a service worker's events have in common (R-SV-11): they stay active as long as promises
 * say so, and keep the worker from being stopped (R-SV-12). Install, activate, messages and push
 * are here, fetch is in service_worker_fetch_event.c. */
#include "web/service_worker_events.h"

#include "agent/world.h"
#include "base/assert.h"
#include "message/message.h"
#include "web/event.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/push.h"
#include "web/service_worker_agent.h"
#include "web/url.h"
#include "web/web_agent.h"

#include <stdlib.h>
#include <string.h>

/* ---- resting (R-SV-12) ---- */

static void rest_is_over(struct timer *t, struct agent *a)
{
    free(t);
    web_agent_of(a)->rest = NULL;
    agent_terminate(a, "idle");
}

static void rest_drop(struct timer *t)
{
    free(t);
}

static void stop_resting(struct agent *a)
{
    struct timer *t = web_agent_of(a)->rest;
    web_agent_of(a)->rest = NULL;
    if (!t)
        return;
    timer_cancel(a, t);
    free(t);
}

void service_worker_rests(struct realm *r)
{
    int64_t after = web_of(r->agent)->knobs.sw_idle;
    stop_resting(r->agent);
    if (after <= 0 || r->extendables)
        return;
    struct timer *t = calloc(1, sizeof *t);
    hd_assert(t);
    *t = (struct timer){
        .index = SIZE_MAX, .fire = rest_is_over, .drop = rest_drop, .is_patient = true};
    web_agent_of(r->agent)->rest = t;
    timer_start(r->agent, t, after);
}

/* ---- active events ---- */

static void limit_reached(struct timer *t, struct agent *a)
{
    (void)t;
    agent_terminate(a, "time limit");
}

static void limit_drop(struct timer *t)
{
    (void)t;
}

/* It is over: nothing extends it any more, or its agent ends. */
static void settle(struct extendable *x, bool ended)
{
    struct service_worker *w = x->worker;
    struct realm *r = x->realm;
    *x->link = x->next;
    if (x->next)
        x->next->link = x->link;
    timer_cancel(r->agent, &x->limit);
    if (x->handled) /* nobody has answered */
        fetch_event_answer(x, STATUS_STATE, NULL, "the service worker ended without an answer");
    JSValue event = x->event;
    int lifecycle = x->lifecycle;
    bool ok = !x->failed && !ended;
    free(x);
    service_worker_event_finished(w);
    if (lifecycle >= 0)
        service_worker_event_ended(w, (enum service_worker_lifecycle)lifecycle, ok);
    service_worker_unref(w);
    JS_FreeValue(r->js, event);
    if (!ended)
        service_worker_rests(r);
}

void service_worker_events_end(struct realm *r)
{
    while (r->extendables)
        settle(r->extendables, true);
}

static void try_settle(struct extendable *x)
{
    if (!x->dispatching && !x->pending)
        settle(x, false);
}

struct extendable *extendable_find(JSContext *js, JSValueConst event)
{
    const struct event *e = event_peek(event);
    struct extendable *x = realm_of(js)->extendables;
    while (x && event_peek(x->event) != e)
        x = x->next;
    return x;
}

bool extendable_may_interact(const struct realm *r)
{
    const struct extendable *x = r->extendables;
    while (x && !x->may_interact)
        x = x->next;
    return x;
}

/* ---- promises ---- */

static void *pointer_of(JSContext *js, JSValueConst data)
{
    int64_t address = 0;
    JS_ToInt64(js, &address, data);
    return (void *)(intptr_t)address;
}

/* The count goes down in a microtask of its own, so that reactions of the same promise may still
 * extend the event (R-SV-11). */
static JSValue extension_over(JSContext *js, int count, JSValueConst *arguments)
{
    struct extendable *x = pointer_of(js, arguments[0]);
    (void)count;
    x->pending--;
    try_settle(x);
    return JS_UNDEFINED;
}

static JSValue extension_settled(JSContext *js, JSValueConst self, int count,
                                 JSValueConst *arguments, int rejected, JSValueConst *data)
{
    struct extendable *x = pointer_of(js, data[0]);
    (void)self;
    if (JS_VALUE_GET_BOOL(data[1]))
        fetch_event_settled(x, count > 0 ? arguments[0] : JS_UNDEFINED, rejected);
    else
        x->failed = x->failed || rejected;
    JS_EnqueueJob(js, extension_over, 1, data);
    return JS_UNDEFINED;
}

int extendable_extend(JSContext *js, struct extendable *x, JSValueConst value, bool answers)
{
    JSValue promise = idl_promise(js, JS_DupValue(js, value)),
            data[] = {JS_NewInt64(js, (int64_t)(intptr_t)x), JS_NewBool(js, answers)};
    JSValue functions[] = {
        JS_NewCFunctionData(js, extension_settled, 1, 0, 2, (JSValueConst *)data),
        JS_NewCFunctionData(js, extension_settled, 1, 1, 2, (JSValueConst *)data)};
    JSValue derived = JS_IsException(promise)
                          ? JS_EXCEPTION
                          : JS_PromiseThen(js, promise, functions[0], functions[1]);
    int failed = JS_IsException(derived);
    JS_FreeValue(js, derived);
    JS_FreeValue(js, functions[0]);
    JS_FreeValue(js, functions[1]);
    JS_FreeValue(js, promise);
    x->pending += !failed;
    return failed ? -1 : 0;
}

static JSValue wait_until(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    if (!interface_opaque(js, self, &extendable_event_interface) ||
        !idl_arguments(js, "waitUntil", count, 1))
        return JS_EXCEPTION;
    struct extendable *x = extendable_find(js, self);
    if (!x)
        return throw_dom_exception(js, "InvalidStateError",
                                   "waitUntil: the event is not active any more");
    return extendable_extend(js, x, arguments[0], false) ? JS_EXCEPTION : JS_UNDEFINED;
}

/* ---- dispatching ---- */

static struct extendable *begin(struct realm *r, JSValue event, const struct extendable_options *o)
{
    struct extendable *x = calloc(1, sizeof *x);
    hd_assert(x);
    *x =
        (struct extendable){.realm = r,
                            .event = event,
                            .worker = service_worker_ref(service_worker_of_realm(r)),
                            .dispatching = true,
                            .lifecycle = o->lifecycle,
                            .handled = o->handled,
                            .resolve_handled = {o->resolve_handled[0], o->resolve_handled[1]},
                            .may_interact = o->may_interact,
                            .limit = {.index = SIZE_MAX, .fire = limit_reached, .drop = limit_drop},
                            .next = r->extendables,
                            .link = &r->extendables};
    if (x->next)
        x->next->link = &x->next;
    r->extendables = x;
    stop_resting(r->agent);
    if (web_of(r->agent)->knobs.sw_event_limit > 0)
        timer_start(r->agent, &x->limit, web_of(r->agent)->knobs.sw_event_limit);
    service_worker_event_began(x->worker);
    return x;
}

static bool still_there(const struct realm *r, const struct extendable *x)
{
    const struct extendable *y = r->extendables;
    while (y && y != x)
        y = y->next;
    return y;
}

void extendable_dispatch(struct realm *r, JSValue event, const struct extendable_options *o)
{
    JSContext *js = r->js;
    struct extendable *x = begin(r, event, o);
    JSValue global = JS_GetGlobalObject(js);
    int canceled = event_dispatch(js, global, event);
    JS_FreeValue(js, global);
    if (canceled < 0)
        realm_report_exception(r);
    if (!still_there(r, x)) /* ended while it was dispatched */
        return;
    x->dispatching = false;
    if (x->handled && !x->answering) /* "handle fetch": nobody wants to answer */
        fetch_event_answer(x, canceled > 0 ? STATUS_STATE : STATUS_NOT_FOUND, NULL,
                           canceled > 0 ? "the service worker refuses it" : NULL);
    try_settle(x);
}

/* ---- install and activate ---- */

struct lifecycle_task {
    struct task task;
    struct service_worker *worker; /* counted */
    enum service_worker_lifecycle event;
};

static void lifecycle_free(struct lifecycle_task *t)
{
    service_worker_unref(t->worker);
    free(t);
}

static void lifecycle_run(struct task *task, struct agent *a)
{
    struct lifecycle_task *t = caa_container_of(task, struct lifecycle_task, task);
    struct realm *r = web_agent_of(a)->realms;
    struct event *e;
    JSValue event =
        r ? event_new_trusted(r->js, &extendable_event_interface,
                              t->event == LIFECYCLE_INSTALL ? "install" : "activate", 0, &e)
          : JS_EXCEPTION;
    if (JS_IsException(event))
        service_worker_event_ended(t->worker, t->event, false);
    else
        extendable_dispatch(r, event, &(struct extendable_options){.lifecycle = (int)t->event});
    lifecycle_free(t);
}

static void lifecycle_drop(struct task *task)
{
    struct lifecycle_task *t = caa_container_of(task, struct lifecycle_task, task);
    service_worker_event_ended(t->worker, t->event, false);
    lifecycle_free(t);
}

void service_worker_dispatch_lifecycle(struct service_worker *w,
                                       enum service_worker_lifecycle event)
{
    struct lifecycle_task *t = calloc(1, sizeof *t);
    hd_assert(t);
    t->task = (struct task){
        .run = lifecycle_run, .drop = lifecycle_drop, .source = TASK_DOM_MANIPULATION};
    t->worker = service_worker_ref(w);
    t->event = event;
    service_worker_post(w, &t->task, false);
}

/* ---- messages (R-SV-14) ---- */

enum {
    EXT_MESSAGE_DATA,
    EXT_MESSAGE_ORIGIN,
    EXT_MESSAGE_LAST_ID,
    EXT_MESSAGE_SOURCE,
    EXT_MESSAGE_PORTS,
    EXT_MESSAGE_SLOTS
};

struct message_event_task {
    struct task task;
    struct service_worker *to;   /* counted */
    struct message *message;     /* owned */
    struct client_link *client;  /* counted, or NULL */
    struct service_worker *from; /* counted, or NULL */
};

static void message_task_free(struct message_event_task *t)
{
    if (t->message)
        message_lose(t->message, LOST_ENDED);
    if (t->client)
        client_link_unref(t->client);
    if (t->from)
        service_worker_unref(t->from);
    service_worker_event_finished(t->to);
    service_worker_unref(t->to);
    free(t);
}

static void message_task_drop(struct task *task) /* trap 13: messages are lost */
{
    message_task_free(caa_container_of(task, struct message_event_task, task));
}

static void fill_message(struct realm *r, struct event *e, const struct message_event_task *t)
{
    JSContext *js = r->js;
    char *own = t->from ? url_origin(service_worker_url(t->from)) : NULL;
    e->slots[EXT_MESSAGE_ORIGIN] = JS_NewString(js, t->client ? t->client->origin : own ? own : "");
    e->slots[EXT_MESSAGE_LAST_ID] = JS_NewString(js, "");
    e->slots[EXT_MESSAGE_SOURCE] = t->client ? client_object_of(r, t->client)
                                   : t->from ? service_worker_object(r, t->from)
                                             : JS_NULL;
    if (JS_IsException(e->slots[EXT_MESSAGE_SOURCE]))
        e->slots[EXT_MESSAGE_SOURCE] = JS_NULL;
    free(own);
}

static void message_task_run(struct task *task, struct agent *a)
{
    struct message_event_task *t = caa_container_of(task, struct message_event_task, task);
    struct realm *r = web_agent_of(a)->realms;
    if (!r) {
        message_task_free(t);
        return;
    }
    JSContext *js = r->js;
    struct event *e;
    JSValue ports = JS_UNDEFINED, data = message_deserialize(js, t->message, &ports);
    bool failed = JS_IsException(data);
    if (failed)
        JS_FreeValue(js, JS_GetException(js));
    JSValue event = event_new_trusted(js, &extendable_message_event_interface,
                                      failed ? "messageerror" : "message", EXT_MESSAGE_SLOTS, &e);
    if (JS_IsException(event)) {
        realm_report_exception(r);
        JS_FreeValue(js, failed ? JS_UNDEFINED : data);
        JS_FreeValue(js, ports);
    } else {
        e->slots[EXT_MESSAGE_DATA] = failed ? JS_NULL : data;
        e->slots[EXT_MESSAGE_PORTS] = JS_IsUndefined(ports) ? JS_NewArray(js) : ports;
        fill_message(r, e, t);
        extendable_dispatch(r, event, &(struct extendable_options){.lifecycle = -1});
    }
    message_task_free(t);
}

void service_worker_message(struct service_worker *w, struct message *m, struct client_link *client,
                            struct service_worker *from)
{
    struct message_event_task *t = calloc(1, sizeof *t);
    hd_assert(t);
    t->task = (struct task){
        .run = message_task_run, .drop = message_task_drop, .source = TASK_DOM_MANIPULATION};
    t->message = m;
    t->client = client ? client_link_ref(client) : NULL;
    t->from = from ? service_worker_ref(from) : NULL;
    /* Pending from now on: an unregistration that comes after the message does not overtake it. */
    t->to = service_worker_ref(w);
    service_worker_event_began(w);
    service_worker_post(w, &t->task, false);
}

/* ---- push and other functional events: from outside, by the timeline ---- */

enum { PUSH_DATA, PUSH_SLOTS };

struct push_task {
    struct task task;
    char *type, *data; /* data: NULL = none */
};

static void push_drop(struct task *task)
{
    struct push_task *t = caa_container_of(task, struct push_task, task);
    free(t->type);
    free(t->data);
    free(t);
}

/* PushMessageData, as far as it is text. */
static JSValue push_text(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                         int json, JSValueConst *data)
{
    (void)self;
    (void)count;
    (void)arguments;
    if (!json)
        return JS_DupValue(js, data[0]);
    size_t length;
    const char *text = JS_ToCStringLen(js, &length, data[0]);
    JSValue value = text ? JS_ParseJSON(js, text, length, "<push>") : JS_EXCEPTION;
    JS_FreeCString(js, text);
    return value;
}

static JSValue push_data(JSContext *js, const char *text)
{
    JSValue data = JS_NewObject(js), own = JS_NewString(js, text);
    JS_SetPropertyStr(js, data, "text",
                      JS_NewCFunctionData(js, push_text, 0, 0, 1, (JSValueConst *)&own));
    JS_SetPropertyStr(js, data, "json",
                      JS_NewCFunctionData(js, push_text, 0, 1, 1, (JSValueConst *)&own));
    JS_FreeValue(js, own);
    return data;
}

static void push_run(struct task *task, struct agent *a)
{
    struct push_task *t = caa_container_of(task, struct push_task, task);
    struct realm *r = web_agent_of(a)->realms;
    struct event *e;
    bool push = !strcmp(t->type, "push");
    JSValue event =
        r ? event_new_trusted(r->js, push ? &push_event_interface : &extendable_event_interface,
                              t->type, push ? PUSH_SLOTS : 0, &e)
          : JS_EXCEPTION;
    if (r && JS_IsException(event)) {
        realm_report_exception(r);
    } else if (r) {
        if (push)
            e->slots[PUSH_DATA] = t->data ? push_data(r->js, t->data) : JS_NULL;
        extendable_dispatch(
            r, event,
            &(struct extendable_options){.lifecycle = -1,
                                         .may_interact = !strcmp(t->type, "notificationclick")});
    }
    push_drop(task);
}

static struct service_worker *active_at(struct world *w, const char *url)
{
    char *origin = url_origin(url);
    struct service_worker_registration *g = origin ? service_worker_match(w, origin, url) : NULL;
    struct service_worker *active = g ? service_worker_in(g, SLOT_ACTIVE) : NULL;
    if (g)
        service_worker_registration_unref(g);
    free(origin);
    return active;
}

bool service_worker_is_active_at(struct world *w, const char *url)
{
    struct service_worker *active = active_at(w, url);
    if (active)
        service_worker_unref(active);
    return active;
}

bool service_worker_push(struct world *w, const char *url, const char *type, const char *data)
{
    struct service_worker *active = active_at(w, url);
    if (!active)
        return false;
    struct push_task *t = calloc(1, sizeof *t);
    hd_assert(t);
    t->task = (struct task){.run = push_run, .drop = push_drop, .source = TASK_DOM_MANIPULATION};
    t->type = strdup(type);
    t->data = data ? strdup(data) : NULL;
    service_worker_post(active, &t->task, true);
    service_worker_unref(active);
    return true;
}

/* ---- the event interfaces ---- */

JSValue extendable_get_slot(JSContext *js, JSValueConst self, int slot)
{
    const struct event *e = event_of(js, self);
    if (!e || slot >= e->slot_count)
        return JS_EXCEPTION;
    return JS_IsUninitialized(e->slots[slot]) ? JS_NULL : JS_DupValue(js, e->slots[slot]);
}

static JSValue extendable_construct(JSContext *js, JSValueConst new_target, int count,
                                    JSValueConst *arguments)
{
    struct event *e;
    JSValueConst dictionary;
    return event_construct(js, &extendable_event_interface, new_target, count, arguments, 0, &e,
                           &dictionary);
}

static const JSCFunctionListEntry extendable_prototype[] = {IDL_METHOD("waitUntil", 1, wait_until)};
const struct interface extendable_event_interface = {
    .host_class = HOST_CLASS_EXTENDABLE_EVENT,
    .name = "ExtendableEvent",
    .parent = &event_interface,
    .class_definition = EVENT_CLASS_DEFINITION,
    .constructor = extendable_construct,
    .constructor_length = 1,
    .prototype = extendable_prototype,
    .prototype_count = 1,
};

/* A member of the dictionary, or what stands for one that is absent. */
static void fill_member(JSContext *js, JSValueConst dictionary, const char *name, JSValue *slot,
                        JSValue missing)
{
    JSValue value = idl_member(js, dictionary, name);
    bool absent = JS_IsUndefined(value);
    *slot = absent ? missing : value;
    if (!absent)
        JS_FreeValue(js, missing);
}

static JSValue message_construct(JSContext *js, JSValueConst new_target, int count,
                                 JSValueConst *arguments)
{
    struct event *e;
    JSValueConst d;
    JSValue object = event_construct(js, &extendable_message_event_interface, new_target, count,
                                     arguments, EXT_MESSAGE_SLOTS, &e, &d);
    if (JS_IsException(object))
        return object;
    fill_member(js, d, "data", &e->slots[EXT_MESSAGE_DATA], JS_NULL);
    fill_member(js, d, "lastEventId", &e->slots[EXT_MESSAGE_LAST_ID], JS_NewString(js, ""));
    fill_member(js, d, "origin", &e->slots[EXT_MESSAGE_ORIGIN], JS_NewString(js, ""));
    fill_member(js, d, "ports", &e->slots[EXT_MESSAGE_PORTS], JS_NewArray(js));
    fill_member(js, d, "source", &e->slots[EXT_MESSAGE_SOURCE], JS_NULL);
    for (int i = 0; i < EXT_MESSAGE_SLOTS; i++)
        if (JS_IsException(e->slots[i])) {
            e->slots[i] = JS_NULL;
            JS_FreeValue(js, object);
            return JS_EXCEPTION;
        }
    JS_FreezeObject(js, e->slots[EXT_MESSAGE_PORTS]);
    return object;
}

static const JSCFunctionListEntry extendable_message_prototype[] = {
    IDL_ATTRIBUTE_MAGIC("data", extendable_get_slot, NULL, EXT_MESSAGE_DATA),
    IDL_ATTRIBUTE_MAGIC("origin", extendable_get_slot, NULL, EXT_MESSAGE_ORIGIN),
    IDL_ATTRIBUTE_MAGIC("lastEventId", extendable_get_slot, NULL, EXT_MESSAGE_LAST_ID),
    IDL_ATTRIBUTE_MAGIC("source", extendable_get_slot, NULL, EXT_MESSAGE_SOURCE),
    IDL_ATTRIBUTE_MAGIC("ports", extendable_get_slot, NULL, EXT_MESSAGE_PORTS),
};
const struct interface extendable_message_event_interface = {
    .host_class = HOST_CLASS_EXTENDABLE_MESSAGE_EVENT,
    .name = "ExtendableMessageEvent",
    .parent = &extendable_event_interface,
    .class_definition = EVENT_CLASS_DEFINITION,
    .constructor = message_construct,
    .constructor_length = 1,
    .prototype = extendable_message_prototype,
    .prototype_count = sizeof extendable_message_prototype / sizeof *extendable_message_prototype,
};

static const JSCFunctionListEntry push_prototype[] = {
    IDL_ATTRIBUTE_MAGIC("data", extendable_get_slot, NULL, PUSH_DATA),
};
const struct interface push_event_interface = {
    .host_class = HOST_CLASS_PUSH_EVENT,
    .name = "PushEvent",
    .parent = &extendable_event_interface,
    .class_definition = EVENT_CLASS_DEFINITION,
    .prototype = push_prototype,
    .prototype_count = 1,
};
