/* FetchEvent (Service Workers 4.6): the request, respondWith, and what the event tells of who
 * asks. */
#include "web/service_worker_events.h"

#include "agent/world.h"
#include "base/assert.h"
#include "web/error_report.h"
#include "web/event.h"
#include "web/headers.h"
#include "web/idl.h"
#include "web/later.h"
#include "web/request.h"
#include "web/response.h"
#include "web/service_worker_agent.h"
#include "web/web_agent.h"

#include <stdlib.h>
#include <string.h>

enum { FETCH_REQUEST, FETCH_CLIENT_ID, FETCH_RESULTING, FETCH_HANDLED, FETCH_PRELOAD, FETCH_SLOTS };

/* ---- the answer ---- */

static void settle_promise(struct realm *r, JSValue *resolving, bool fulfil, JSValue value)
{
    JSValue result = JS_Call(r->js, resolving[!fulfil], JS_UNDEFINED, 1, (JSValueConst *)&value);
    if (JS_IsException(result))
        realm_report_exception(r);
    JS_FreeValue(r->js, result);
    JS_FreeValue(r->js, value);
    JS_FreeValue(r->js, resolving[0]);
    JS_FreeValue(r->js, resolving[1]);
    resolving[0] = resolving[1] = JS_UNDEFINED;
}

void fetch_event_answer(struct extendable *x, status s, struct resource *answer, const char *why)
{
    struct realm *r = x->realm;
    struct handled_fetch *h = x->handled;
    struct resource none = {.error = why ? strdup(why) : NULL};
    bool refused = s != STATUS_OK && why;
    x->handled = NULL;
    handled_fetch_answer(h, s, answer ? answer : &none);
    JSValue reason = JS_UNDEFINED;
    if (refused) {
        JS_ThrowTypeError(r->js, "%s", why);
        reason = JS_GetException(r->js);
    }
    settle_promise(r, x->resolve_handled, !refused, reason);
}

/* Fetch "HTTP fetch": why a response is none for this request. */
static const char *unfit(const struct response *r, const struct handled_fetch *h)
{
    return !r                          ? "respondWith was given no Response"
           : r->type == RESPONSE_ERROR ? "the service worker answered with a network error"
           : r->body.used              ? "the body of the service worker's answer was read already"
           : h->mode == MODE_SAME_ORIGIN && r->type == RESPONSE_CORS
               ? "the service worker answered a request of mode same-origin with another origin's "
                 "response"
           : r->type == RESPONSE_OPAQUE && h->mode != MODE_NO_CORS
               ? "the service worker answered with an opaque response"
           : r->type == RESPONSE_OPAQUE_REDIRECT && h->redirect != REDIRECT_MANUAL
               ? "the service worker answered with an opaque redirect"
           : r->redirected && h->redirect != REDIRECT_FOLLOW
               ? "the service worker answered with a response that was redirected"
               : NULL;
}

void fetch_event_settled(struct extendable *x, JSValueConst value, bool rejected)
{
    struct response *r = rejected ? NULL : response_peek(value);
    const char *why =
        rejected ? "respondWith was given a promise that was rejected" : unfit(r, x->handled);
    struct resource answer = {0};
    if (why) {
        fetch_event_answer(x, STATUS_STATE, NULL, why);
        return;
    }
    response_to_resource(r, &answer);
    r->body.used = r->body.bytes != NULL;
    if (!*answer.url) {
        free(answer.url);
        answer.url = strdup(x->handled->url);
    }
    fetch_event_answer(x, STATUS_OK, &answer, NULL);
}

static JSValue respond_with(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct event *e = interface_opaque(js, self, &fetch_event_interface);
    if (!e || !idl_arguments(js, "respondWith", count, 1))
        return JS_EXCEPTION;
    struct extendable *x = extendable_find(js, self);
    if (!x || !x->dispatching || !x->handled)
        return throw_dom_exception(js, "InvalidStateError",
                                   "respondWith: the event is not being dispatched");
    if (x->answering)
        return throw_dom_exception(js, "InvalidStateError",
                                   "respondWith: somebody answers already");
    e->stop = e->stop_immediately = true;
    x->answering = true;
    return extendable_extend(js, x, arguments[0], true) ? JS_EXCEPTION : JS_UNDEFINED;
}

/* ---- the request as the worker sees it ---- */

static JSValue request_of(JSContext *js, const struct handled_fetch *h)
{
    JSValue url = JS_NewString(js, h->url), init = JS_NewObject(js);
    JS_SetPropertyStr(js, init, "method", JS_NewString(js, h->method));
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
        o->mode = h->mode;
        o->credentials = h->credentials;
        o->redirect = h->redirect;
        o->destination = h->destination;
        o->is_reload = h->is_reload;
        o->is_history = h->is_history;
    }
    return object;
}

/* ---- navigation preload ---- */

struct preload_wait {
    struct timer timer;
    struct realm *realm;
    JSValue resolving[2];
    struct handled_fetch *handled; /* counted */
};

static void preload_free(struct preload_wait *p)
{
    JS_FreeValue(p->realm->js, p->resolving[0]);
    JS_FreeValue(p->realm->js, p->resolving[1]);
    handled_fetch_unref(p->handled);
    free(p);
}

static void preload_drop(struct timer *t)
{
    preload_free(caa_container_of(t, struct preload_wait, timer));
}

static void preload_came(struct timer *t, struct agent *a)
{
    struct preload_wait *p = caa_container_of(t, struct preload_wait, timer);
    struct handled_fetch *h = p->handled;
    JSContext *js = p->realm->js;
    (void)a;
    JSValue value = h->preload_status == STATUS_OK
                        ? response_from_resource(js, &h->preload)
                        : JS_ThrowTypeError(js, "the navigation preload of %s failed", h->url);
    bool fulfil = !JS_IsException(value);
    settle_promise(p->realm, p->resolving, fulfil, fulfil ? value : JS_GetException(js));
    preload_free(p);
}

/* The promise `preloadResponse`: of undefined when nothing was preloaded. */
static JSValue preload_promise(struct realm *r, struct handled_fetch *h)
{
    JSContext *js = r->js;
    if (!h->is_preloaded)
        return idl_promise(js, JS_UNDEFINED);
    struct preload_wait *p = calloc(1, sizeof *p);
    hd_assert(p);
    JSValue promise = JS_NewPromiseCapability(js, p->resolving);
    if (JS_IsException(promise)) {
        free(p);
        return promise;
    }
    p->timer = (struct timer){.index = SIZE_MAX, .fire = preload_came, .drop = preload_drop};
    p->realm = r;
    atomic_fetch_add_explicit(&h->references, 1, memory_order_relaxed);
    p->handled = h;
    int64_t left = h->preload_due - agent_now(r->agent);
    timer_start(r->agent, &p->timer, left > 0 ? left : 0);
    return promise;
}

/* ---- dispatching ---- */

struct fetch_task { /* to the worker */
    struct task task;
    struct handled_fetch *handled; /* counted */
};

static void fill(struct realm *r, struct event *e, JSValue request, struct handled_fetch *h,
                 JSValue handled)
{
    e->cancelable = true;
    e->slots[FETCH_REQUEST] = request;
    e->slots[FETCH_CLIENT_ID] = JS_NewString(r->js, h->client_id);
    e->slots[FETCH_RESULTING] = JS_NewString(r->js, h->resulting_client_id);
    e->slots[FETCH_HANDLED] = handled;
    e->slots[FETCH_PRELOAD] = preload_promise(r, h);
    if (JS_IsException(e->slots[FETCH_PRELOAD]))
        e->slots[FETCH_PRELOAD] = JS_NULL;
}

static JSValue look_away(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)js;
    (void)self;
    (void)count;
    (void)arguments;
    return JS_UNDEFINED;
}

/* Nobody need look at it: a rejection is told to who asked. */
static void mark_as_handled(JSContext *js, JSValueConst promise)
{
    JSValue nothing = JS_NewCFunction(js, look_away, "", 0),
            derived = JS_PromiseThen(js, promise, JS_UNDEFINED, nothing);
    JS_FreeValue(js, derived);
    JS_FreeValue(js, nothing);
}

static void fetch_run(struct task *task, struct agent *a)
{
    struct fetch_task *t = caa_container_of(task, struct fetch_task, task);
    struct realm *r = web_agent_of(a)->realms;
    struct handled_fetch *h = t->handled;
    struct event *e;
    free(t);
    if (!r) {
        handled_fetch_refuse(h, "the service worker could not be started");
        return;
    }
    struct extendable_options o = {.lifecycle = -1, .handled = h};
    JSValue request = request_of(r->js, h);
    JSValue handled =
        JS_IsException(request) ? JS_EXCEPTION : JS_NewPromiseCapability(r->js, o.resolve_handled);
    JSValue event = JS_IsException(handled) ? JS_EXCEPTION
                                            : event_new_trusted(r->js, &fetch_event_interface,
                                                                "fetch", FETCH_SLOTS, &e);
    if (JS_IsException(event)) {
        JS_FreeValue(r->js, request);
        realm_report_exception(r);
        handled_fetch_refuse(h, "the service worker could not be asked");
        return;
    }
    mark_as_handled(r->js, handled);
    fill(r, e, request, h, handled);
    extendable_dispatch(r, event, &o);
}

static void fetch_drop(struct task *task)
{
    struct fetch_task *t = caa_container_of(task, struct fetch_task, task);
    handled_fetch_refuse(t->handled, "the service worker is gone");
    free(t);
}

void service_worker_dispatch_fetch(struct service_worker *w, struct handled_fetch *h)
{
    struct fetch_task *t = calloc(1, sizeof *t);
    hd_assert(t);
    t->task = (struct task){.run = fetch_run, .drop = fetch_drop, .source = TASK_NETWORKING};
    t->handled = h;
    service_worker_post(w, &t->task, true);
}

/* ---- the interface ---- */

static JSValue fetch_construct(JSContext *js, JSValueConst new_target, int count,
                               JSValueConst *arguments)
{
    struct event *e;
    JSValueConst dictionary;
    if (!idl_arguments(js, "FetchEvent", count, 2))
        return JS_EXCEPTION;
    JSValue object = event_construct(js, &fetch_event_interface, new_target, count, arguments,
                                     FETCH_SLOTS, &e, &dictionary);
    if (JS_IsException(object))
        return object;
    static const struct {
        const char *name;
        int slot;
    } texts[] = {{"clientId", FETCH_CLIENT_ID}, {"resultingClientId", FETCH_RESULTING}};
    for (int i = 0; i < 2; i++) {
        JSValue value = idl_member(js, dictionary, texts[i].name);
        e->slots[texts[i].slot] =
            JS_IsUndefined(value) ? JS_NewString(js, "") : JS_ToString(js, value);
        JS_FreeValue(js, value);
    }
    e->slots[FETCH_HANDLED] = idl_promise(js, JS_UNDEFINED);
    e->slots[FETCH_PRELOAD] = idl_promise(js, JS_UNDEFINED);
    JSValue request = idl_member(js, dictionary, "request");
    e->slots[FETCH_REQUEST] = request;
    if (request_peek(request))
        return object;
    if (!JS_IsException(request))
        JS_ThrowTypeError(js, "the member request is not a Request");
    else
        e->slots[FETCH_REQUEST] = JS_NULL;
    JS_FreeValue(js, object);
    return JS_EXCEPTION;
}

/* Attributes of a type of promises: nothing throws. */
static JSValue get_promise(JSContext *js, JSValueConst self, int slot)
{
    JSValue promise = extendable_get_slot(js, self, slot);
    return JS_IsException(promise) ? idl_rejected(js) : promise;
}

static const JSCFunctionListEntry prototype[] = {
    IDL_ATTRIBUTE_MAGIC("request", extendable_get_slot, NULL, FETCH_REQUEST),
    IDL_ATTRIBUTE_MAGIC("clientId", extendable_get_slot, NULL, FETCH_CLIENT_ID),
    IDL_ATTRIBUTE_MAGIC("resultingClientId", extendable_get_slot, NULL, FETCH_RESULTING),
    IDL_ATTRIBUTE_MAGIC("handled", get_promise, NULL, FETCH_HANDLED),
    IDL_ATTRIBUTE_MAGIC("preloadResponse", get_promise, NULL, FETCH_PRELOAD),
    IDL_METHOD("respondWith", 1, respond_with),
};
const struct interface fetch_event_interface = {
    .host_class = HOST_CLASS_FETCH_EVENT,
    .name = "FetchEvent",
    .parent = &extendable_event_interface,
    .class_definition = EVENT_CLASS_DEFINITION,
    .constructor = fetch_construct,
    .constructor_length = 2,
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
};
