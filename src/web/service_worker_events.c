/* What a service worker's global scope has of its own: its events with waitUntil (R-SV-11), the
 * answers to fetch events, skipWaiting and clients. */
#include "web/service_worker.h"

#include "agent/world.h"
#include "base/assert.h"
#include "message/message.h"
#include "web/event.h"
#include "web/event_object.h"
#include "web/globals.h"
#include "web/headers.h"
#include "web/idl.h"
#include "web/later.h"
#include "web/request.h"
#include "web/response.h"
#include "web/service_worker_agent.h"

#include "web/web_agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- extendable events ---- */

enum { FETCH_REQUEST, FETCH_CLIENT_ID, FETCH_SLOTS };
enum { EXT_MESSAGE_DATA, EXT_MESSAGE_SOURCE, EXT_MESSAGE_PORTS, EXT_MESSAGE_SLOTS };

/* An event while it is active (R-SV-11): being dispatched, or with promises pending. Own thread;
 * freed when it is over, and then no reaction is left that could find it. */
struct extendable {
    struct realm *realm;
    JSValue event;
    struct service_worker *worker; /* counted */
    unsigned pending;              /* promises of waitUntil and respondWith */
    bool dispatching, failed, answering;
    int lifecycle;                   /* enum service_worker_lifecycle, or -1 */
    struct handled_fetch *handled;   /* fetch events: counted, until it is answered */
    struct extendable *next, **link; /* of the realm */
};

static const struct interface extendable_event_interface, fetch_event_interface,
    extendable_message_event_interface, clients_interface, client_interface;

/* It is over: nothing extends it any more, or its agent ends. */
static void settle(struct extendable *x, bool ended)
{
    struct service_worker *w = x->worker;
    JSContext *js = x->realm->js;
    *x->link = x->next;
    if (x->next)
        x->next->link = x->link;
    if (x->handled) { /* nobody has answered */
        struct resource none = {.error = strdup("the service worker ended without an answer")};
        handled_fetch_answer(x->handled, STATUS_STATE, &none);
        handled_fetch_unref(x->handled);
    }
    JSValue event = x->event;
    int lifecycle = x->lifecycle;
    bool ok = !x->failed && !ended;
    free(x);
    service_worker_event_finished(w);
    if (lifecycle >= 0)
        service_worker_event_ended(w, (enum service_worker_lifecycle)lifecycle, ok);
    service_worker_unref(w);
    JS_FreeValue(js, event);
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

/* The active one behind an event object; NULL when it is none. */
static struct extendable *find(JSContext *js, JSValueConst event)
{
    const struct event *e = event_peek(event);
    struct extendable *x = realm_of(js)->extendables;
    while (x && event_peek(x->event) != e)
        x = x->next;
    return x;
}

static JSValue data_pointer(JSContext *js, const void *pointer)
{
    return JS_NewInt64(js, (int64_t)(intptr_t)pointer);
}

static void *pointer_of(JSContext *js, JSValueConst data)
{
    int64_t address = 0;
    JS_ToInt64(js, &address, data);
    return (void *)(intptr_t)address;
}

/* Calls `settled(value, magic 0 or 1)` when the value's promise is fulfilled or rejected. 0, or -1
 * with an exception. */
static int react(JSContext *js, JSValueConst value, JSCFunctionData *settled, const void *pointer)
{
    JSValue promise = idl_promise(js, JS_DupValue(js, value)), data = data_pointer(js, pointer);
    JSValue functions[] = {JS_NewCFunctionData(js, settled, 1, 0, 1, (JSValueConst *)&data),
                           JS_NewCFunctionData(js, settled, 1, 1, 1, (JSValueConst *)&data)};
    JSValue derived = JS_IsException(promise)
                          ? JS_EXCEPTION
                          : JS_PromiseThen(js, promise, functions[0], functions[1]);
    int failed = JS_IsException(derived);
    JS_FreeValue(js, derived);
    JS_FreeValue(js, functions[0]);
    JS_FreeValue(js, functions[1]);
    JS_FreeValue(js, promise);
    return failed ? -1 : 0;
}

static JSValue extension_settled(JSContext *js, JSValueConst self, int count,
                                 JSValueConst *arguments, int rejected, JSValueConst *data)
{
    struct extendable *x = pointer_of(js, data[0]);
    (void)self;
    (void)count;
    (void)arguments;
    x->failed = x->failed || rejected;
    x->pending--;
    try_settle(x);
    return JS_UNDEFINED;
}

static JSValue wait_until(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    if (!interface_opaque(js, self, &extendable_event_interface) ||
        !idl_arguments(js, "waitUntil", count, 1))
        return JS_EXCEPTION;
    struct extendable *x = find(js, self);
    if (!x)
        return throw_dom_exception(js, "InvalidStateError",
                                   "waitUntil: the event is not active any more");
    x->pending++;
    if (react(js, arguments[0], extension_settled, x)) {
        x->pending--;
        return JS_EXCEPTION;
    }
    return JS_UNDEFINED;
}

/* Dispatches the event (taken) as an active one; the rest comes with its promises. */
static void dispatch(struct realm *r, JSValue event, int lifecycle, struct handled_fetch *handled)
{
    JSContext *js = r->js;
    struct extendable *x = calloc(1, sizeof *x);
    hd_assert(x);
    *x = (struct extendable){.realm = r,
                             .event = event,
                             .worker = service_worker_ref(service_worker_of_realm(r)),
                             .dispatching = true,
                             .lifecycle = lifecycle,
                             .handled = handled,
                             .next = r->extendables,
                             .link = &r->extendables};
    if (x->next)
        x->next->link = &x->next;
    r->extendables = x;
    service_worker_event_began(x->worker);
    JSValue global = JS_GetGlobalObject(js);
    int canceled = event_dispatch(js, global, event);
    JS_FreeValue(js, global);
    if (canceled < 0)
        realm_report_exception(r);
    if (r->extendables != x) { /* ended while it was dispatched */
        struct extendable *y = r->extendables;
        while (y && y != x)
            y = y->next;
        if (!y)
            return;
    }
    x->dispatching = false;
    if (x->handled && !x->answering) { /* R-SV-08, "handle fetch": nobody wants to answer */
        struct resource none = {.error =
                                    canceled > 0 ? strdup("the service worker refuses it") : NULL};
        handled_fetch_answer(x->handled, canceled > 0 ? STATUS_STATE : STATUS_NOT_FOUND, &none);
        handled_fetch_unref(x->handled);
        x->handled = NULL;
    }
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
        dispatch(r, event, (int)t->event, NULL);
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
    service_worker_post(w, &t->task);
}

/* ---- fetch ---- */

static JSValue answer_settled(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                              int rejected, JSValueConst *data)
{
    struct extendable *x = pointer_of(js, data[0]);
    struct response *r = rejected || count < 1 ? NULL : response_peek(arguments[0]);
    const char *why = rejected ? "respondWith was given a promise that was rejected"
                      : !r     ? "respondWith was given no Response"
                      : r->type == RESPONSE_ERROR
                          ? "the service worker answered with a network error"
                      : r->body.used ? "the body of the service worker's answer was read already"
                      : r->type == RESPONSE_OPAQUE && x->handled->mode != MODE_NO_CORS
                          ? "the service worker answered with an opaque response"
                          : NULL;
    struct resource answer = {0};
    (void)self;
    if (why) {
        answer.error = strdup(why);
    } else {
        response_to_resource(r, &answer);
        r->body.used = r->body.bytes != NULL;
        if (!*answer.url) {
            free(answer.url);
            answer.url = strdup(x->handled->url);
        }
    }
    handled_fetch_answer(x->handled, why ? STATUS_STATE : STATUS_OK, &answer);
    handled_fetch_unref(x->handled);
    x->handled = NULL;
    x->pending--;
    try_settle(x);
    return JS_UNDEFINED;
}

static JSValue respond_with(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct event *e = interface_opaque(js, self, &fetch_event_interface);
    if (!e || !idl_arguments(js, "respondWith", count, 1))
        return JS_EXCEPTION;
    struct extendable *x = find(js, self);
    if (!x || !x->dispatching || !x->handled)
        return throw_dom_exception(js, "InvalidStateError",
                                   "respondWith: the event is not being dispatched");
    if (x->answering)
        return throw_dom_exception(js, "InvalidStateError",
                                   "respondWith: somebody answers already");
    e->stop = e->stop_immediately = true;
    x->answering = true;
    x->pending++;
    return react(js, arguments[0], answer_settled, x) ? JS_EXCEPTION : JS_UNDEFINED;
}

static JSValue get_slot(JSContext *js, JSValueConst self, int slot)
{
    const struct event *e = event_of(js, self);
    if (!e || slot >= e->slot_count)
        return JS_EXCEPTION;
    return JS_IsUninitialized(e->slots[slot]) ? JS_NULL : JS_DupValue(js, e->slots[slot]);
}

/* The request as the worker sees it. */
static JSValue request_of(JSContext *js, const struct handled_fetch *h)
{
    static const char *const modes[] = {"no-cors", "cors", "same-origin", "same-origin"};
    JSValue url = JS_NewString(js, h->url), init = JS_NewObject(js);
    JS_SetPropertyStr(js, init, "method", JS_NewString(js, h->method));
    JS_SetPropertyStr(js, init, "mode", JS_NewString(js, modes[h->mode]));
    if (h->body)
        JS_SetPropertyStr(js, init, "body",
                          JS_NewUint8ArrayCopy(js, (const uint8_t *)h->body, h->body_length));
    JSValue object = request_new(js, url, init);
    JS_FreeValue(js, init);
    JS_FreeValue(js, url);
    if (!JS_IsException(object)) {
        struct request_object *o = request_peek(object);
        struct headers *headers = headers_peek(o->headers);
        for (size_t i = 0; i < h->headers.count; i++)
            header_list_set(&headers->list, h->headers.items[i].name, h->headers.items[i].value);
        headers->guard = GUARD_IMMUTABLE;
        o->credentials = h->credentials;
        o->redirect = h->redirect;
    }
    return object;
}

static JSValue client_id(JSContext *js, const struct client_link *l)
{
    char text[64];
    snprintf(text, sizeof text, "client-%u-%u", l->agent->id, l->number);
    return JS_NewString(js, text);
}

void service_worker_fetch_event(struct realm *r, struct handled_fetch *h)
{
    JSContext *js = r->js;
    struct event *e;
    JSValue request = request_of(js, h);
    JSValue event = JS_IsException(request)
                        ? JS_EXCEPTION
                        : event_new_trusted(js, &fetch_event_interface, "fetch", FETCH_SLOTS, &e);
    if (JS_IsException(event)) {
        JS_FreeValue(js, request);
        realm_report_exception(r);
        struct resource none = {.error = strdup("the service worker could not be asked")};
        handled_fetch_answer(h, STATUS_STATE, &none);
        handled_fetch_unref(h);
        return;
    }
    e->cancelable = true;
    e->slots[FETCH_REQUEST] = request;
    e->slots[FETCH_CLIENT_ID] = client_id(js, h->client);
    dispatch(r, event, -1, h);
}

/* ---- messages (R-SV-14) ---- */

static JSValue client_object(JSContext *js, struct client_link *l);

struct message_event_task {
    struct task task;
    struct message *message;    /* owned */
    struct client_link *client; /* counted, or NULL */
};

static void message_task_free(struct message_event_task *t)
{
    if (t->message)
        message_free(t->message);
    if (t->client)
        client_link_unref(t->client);
    free(t);
}

static void message_task_drop(struct task *task) /* trap 13: messages are lost */
{
    message_task_free(caa_container_of(task, struct message_event_task, task));
}

static void message_task_run(struct task *task, struct agent *a)
{
    struct message_event_task *t = caa_container_of(task, struct message_event_task, task);
    struct realm *r = web_agent_of(a)->realms;
    if (r) {
        JSContext *js = r->js;
        struct event *e;
        JSValue ports = JS_UNDEFINED, data = message_deserialize(js, t->message, &ports);
        bool failed = JS_IsException(data);
        if (failed)
            JS_FreeValue(js, JS_GetException(js));
        JSValue event =
            event_new_trusted(js, &extendable_message_event_interface,
                              failed ? "messageerror" : "message", EXT_MESSAGE_SLOTS, &e);
        if (JS_IsException(event)) {
            realm_report_exception(r);
            JS_FreeValue(js, failed ? JS_UNDEFINED : data);
            JS_FreeValue(js, ports);
        } else {
            e->slots[EXT_MESSAGE_DATA] = failed ? JS_NULL : data;
            e->slots[EXT_MESSAGE_PORTS] = JS_IsUndefined(ports) ? JS_NewArray(js) : ports;
            e->slots[EXT_MESSAGE_SOURCE] = t->client ? client_object(js, t->client) : JS_NULL;
            dispatch(r, event, -1, NULL);
        }
    }
    message_task_free(t);
}

void service_worker_message(struct service_worker *w, struct message *m, struct client_link *client)
{
    struct message_event_task *t = calloc(1, sizeof *t);
    hd_assert(t);
    t->task = (struct task){
        .run = message_task_run, .drop = message_task_drop, .source = TASK_DOM_MANIPULATION};
    t->message = m;
    t->client = client ? client_link_ref(client) : NULL;
    service_worker_post(w, &t->task);
}

/* ---- the event interfaces ---- */

static JSValue construct_event(JSContext *js, const struct interface *i, JSValueConst new_target,
                               int count, JSValueConst *arguments, int slots)
{
    struct event *e;
    JSValueConst dictionary;
    return event_construct(js, i, new_target, count, arguments, slots, &e, &dictionary);
}

static JSValue extendable_construct(JSContext *js, JSValueConst new_target, int count,
                                    JSValueConst *arguments)
{
    return construct_event(js, &extendable_event_interface, new_target, count, arguments, 0);
}

static const JSCFunctionListEntry extendable_prototype[] = {IDL_METHOD("waitUntil", 1, wait_until)};
static const struct interface extendable_event_interface = {
    .host_class = HOST_CLASS_EXTENDABLE_EVENT,
    .name = "ExtendableEvent",
    .parent = &event_interface,
    .class_definition = EVENT_CLASS_DEFINITION,
    .constructor = extendable_construct,
    .constructor_length = 1,
    .prototype = extendable_prototype,
    .prototype_count = 1,
};

static const JSCFunctionListEntry fetch_prototype[] = {
    IDL_ATTRIBUTE_MAGIC("request", get_slot, NULL, FETCH_REQUEST),
    IDL_ATTRIBUTE_MAGIC("clientId", get_slot, NULL, FETCH_CLIENT_ID),
    IDL_METHOD("respondWith", 1, respond_with),
};
static const struct interface fetch_event_interface = {
    .host_class = HOST_CLASS_FETCH_EVENT,
    .name = "FetchEvent",
    .parent = &extendable_event_interface,
    .class_definition = EVENT_CLASS_DEFINITION,
    .prototype = fetch_prototype,
    .prototype_count = sizeof fetch_prototype / sizeof *fetch_prototype,
};

static const JSCFunctionListEntry extendable_message_prototype[] = {
    IDL_ATTRIBUTE_MAGIC("data", get_slot, NULL, EXT_MESSAGE_DATA),
    IDL_ATTRIBUTE_MAGIC("source", get_slot, NULL, EXT_MESSAGE_SOURCE),
    IDL_ATTRIBUTE_MAGIC("ports", get_slot, NULL, EXT_MESSAGE_PORTS),
};
static const struct interface extendable_message_event_interface = {
    .host_class = HOST_CLASS_EXTENDABLE_MESSAGE_EVENT,
    .name = "ExtendableMessageEvent",
    .parent = &extendable_event_interface,
    .class_definition = EVENT_CLASS_DEFINITION,
    .prototype = extendable_message_prototype,
    .prototype_count = sizeof extendable_message_prototype / sizeof *extendable_message_prototype,
};

/* ---- clients (R-SV-16) ---- */

struct client_object {
    struct external external;
    struct client_link *link; /* counted */
};

static void client_let_go(struct external *x)
{
    struct client_object *o =
        (struct client_object *)((char *)x - offsetof(struct client_object, external));
    client_link_unref(o->link);
    free(o);
}

static void client_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct client_object *o = interface_peek(value, &client_interface);
    (void)runtime;
    if (!o)
        return;
    external_forget(&o->external);
    client_let_go(&o->external);
}

static JSValue client_object(JSContext *js, struct client_link *l)
{
    struct client_object *o = calloc(1, sizeof *o);
    hd_assert(o);
    o->link = client_link_ref(l);
    JSValue object = interface_object(js, &client_interface, o);
    if (JS_IsException(object))
        client_let_go(&o->external);
    else
        external_hold(engine_of(js), &o->external, client_let_go);
    return object;
}

enum { CLIENT_URL, CLIENT_ID, CLIENT_TYPE };

static JSValue client_get(JSContext *js, JSValueConst self, int what)
{
    const struct client_object *o = interface_opaque(js, self, &client_interface);
    if (!o)
        return JS_EXCEPTION;
    if (what == CLIENT_ID)
        return client_id(js, o->link);
    return JS_NewString(js, what == CLIENT_URL   ? o->link->url
                            : o->link->is_window ? "window"
                                                 : "worker");
}

static JSValue client_post_message(JSContext *js, JSValueConst self, int count,
                                   JSValueConst *arguments)
{
    const struct client_object *o = interface_opaque(js, self, &client_interface);
    struct message *m;
    if (!o || !idl_arguments(js, "postMessage", count, 1))
        return JS_EXCEPTION;
    JSValue transfer = message_transfer_list(js, count > 1 ? arguments[1] : JS_UNDEFINED);
    int failed = JS_IsException(transfer) || message_serialize(js, arguments[0], transfer, &m);
    JS_FreeValue(js, transfer);
    if (failed)
        return JS_EXCEPTION;
    service_worker_client_message(o->link, m, service_worker_of_realm(realm_of(js)));
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry client_prototype[] = {
    IDL_ATTRIBUTE_MAGIC("url", client_get, NULL, CLIENT_URL),
    IDL_ATTRIBUTE_MAGIC("id", client_get, NULL, CLIENT_ID),
    IDL_ATTRIBUTE_MAGIC("type", client_get, NULL, CLIENT_TYPE),
    IDL_METHOD("postMessage", 1, client_post_message),
};
static const struct interface client_interface = {
    .host_class = HOST_CLASS_CLIENT,
    .name = "Client",
    .class_definition = {.finalizer = client_finalize},
    .prototype = client_prototype,
    .prototype_count = sizeof client_prototype / sizeof *client_prototype,
};

static JSValue claim(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)count;
    (void)arguments;
    if (!interface_opaque(js, self, &clients_interface))
        return idl_rejected(js);
    struct realm *r = realm_of(js);
    bool active = service_worker_claim_clients(service_worker_of_realm(r));
    return promise_later(r, active ? JS_UNDEFINED
                                   : throw_dom_exception(js, "InvalidStateError",
                                                         "claim: this worker is not active"));
}

/* Windows before workers, each in the order of their making. */
struct seen_clients {
    struct client_link **items;
    size_t count;
    int type; /* 0 window, 1 worker, 2 all */
};

static void see_client(void *context, struct service_worker_client *c)
{
    struct seen_clients *seen = context;
    struct client_link *l = service_worker_client_holder(c);
    if (seen->type == (l->is_window ? 1 : 0))
        return;
    seen->items = realloc(seen->items, (seen->count + 1) * sizeof *seen->items);
    hd_assert(seen->items);
    size_t at = seen->count++;
    for (; l->is_window && at > 0 && !seen->items[at - 1]->is_window; at--)
        seen->items[at] = seen->items[at - 1];
    seen->items[at] = client_link_ref(l);
}

static JSValue match_all(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    static const char *const types[] = {"window", "worker", "all", NULL};
    JSValueConst options;
    if (!interface_opaque(js, self, &clients_interface) ||
        idl_dictionary(js, count > 0 ? arguments[0] : JS_UNDEFINED, &options))
        return idl_rejected(js);
    int all = idl_boolean_member(js, options, "includeUncontrolled", false);
    struct seen_clients seen = {
        .type = all < 0 ? -1 : idl_enumeration_member(js, options, "type", types, 0)};
    if (seen.type < 0)
        return idl_rejected(js);
    service_worker_clients(service_worker_of_realm(realm_of(js)), all, see_client, &seen);
    JSValue array = JS_NewArray(js);
    for (size_t i = 0; i < seen.count; i++) {
        if (!JS_IsException(array))
            JS_DefinePropertyValueUint32(js, array, (uint32_t)i, client_object(js, seen.items[i]),
                                         JS_PROP_C_W_E);
        client_link_unref(seen.items[i]);
    }
    free(seen.items);
    return promise_later(realm_of(js), array);
}

static const JSCFunctionListEntry clients_prototype[] = {IDL_METHOD("claim", 0, claim),
                                                         IDL_METHOD("matchAll", 0, match_all)};
static const struct interface clients_interface = {
    .host_class = HOST_CLASS_CLIENTS,
    .name = "Clients",
    .prototype = clients_prototype,
    .prototype_count = 2,
};

/* ---- ServiceWorkerGlobalScope ---- */

static JSValue skip_waiting(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct realm *r = realm_of(js);
    (void)self;
    (void)count;
    (void)arguments;
    service_worker_skip_waiting(service_worker_of_realm(r));
    return promise_later(r, JS_UNDEFINED);
}

static JSValue get_registration(JSContext *js, JSValueConst self)
{
    struct realm *r = realm_of(js);
    (void)self;
    return service_worker_registration_object(
        r, service_worker_registration_of(service_worker_of_realm(r)));
}

static JSValue get_clients(JSContext *js, JSValueConst self)
{
    static char inside;
    struct realm *r = realm_of(js);
    (void)self;
    if (JS_IsUndefined(r->service_worker_clients)) {
        JSValue object = interface_object(js, &clients_interface, &inside);
        if (JS_IsException(object))
            return object;
        r->service_worker_clients = object;
    }
    return JS_DupValue(js, r->service_worker_clients);
}

const JSCFunctionListEntry service_worker_global[] = {
    JS_CFUNC_DEF2("skipWaiting", 0, skip_waiting, JS_PROP_C_W_E),
    JS_CGETSET_DEF2("registration", get_registration, NULL, IDL_ENUMERABLE),
    JS_CGETSET_DEF2("clients", get_clients, NULL, IDL_ENUMERABLE),
    EVENT_HANDLER_ATTRIBUTE("install", EVENT_INSTALL),
    EVENT_HANDLER_ATTRIBUTE("activate", EVENT_ACTIVATE),
    EVENT_HANDLER_ATTRIBUTE("fetch", EVENT_FETCH),
    EVENT_HANDLER_ATTRIBUTE("message", EVENT_MESSAGE),
    EVENT_HANDLER_ATTRIBUTE("messageerror", EVENT_MESSAGEERROR),
};
const int service_worker_global_count =
    sizeof service_worker_global / sizeof *service_worker_global;

const struct lazy_property service_worker_interfaces[] = {
    {"ServiceWorkerGlobalScope", interface_build, &service_worker_global_scope_interface},
    {"ExtendableEvent", interface_build, &extendable_event_interface},
    {"FetchEvent", interface_build, &fetch_event_interface},
    {"ExtendableMessageEvent", interface_build, &extendable_message_event_interface},
    {"Clients", interface_build, &clients_interface},
    {"Client", interface_build, &client_interface},
};
