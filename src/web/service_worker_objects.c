/* ServiceWorker and ServiceWorkerRegistration objects, and what the registry tells them. Own
 * thread, but for the news, which is posted by whoever changes the registry. */
#include "web/service_worker_objects.h"

#include "agent/world.h"
#include "base/assert.h"
#include "message/message.h"
#include "web/event.h"
#include "web/event_object.h"
#include "web/idl.h"
#include "web/service_worker_agent.h"
#include "web/storage_key.h"

#include <stdlib.h>
#include <string.h>

/* ---- the objects of a realm ---- */

struct worker_object {
    struct event_target target;    /* first: see event_target.h */
    struct service_worker *worker; /* counted */
    enum service_worker_state state;
    struct external external;
};

struct registration_object {
    struct event_target target;
    struct service_worker_registration *registration; /* counted */
    struct slots slots;
    JSValue preload; /* its NavigationPreloadManager; undefined until touched */
    struct external external;
};

struct slots slots_now(struct service_worker_registration *g)
{
    struct slots s;
    for (int i = 0; i < SLOT_COUNT; i++) {
        s.workers[i] = service_worker_in(g, (enum service_worker_slot)i);
        s.states[i] = s.workers[i] ? service_worker_state_now(s.workers[i]) : SERVICE_WORKER_PARSED;
    }
    return s;
}

void slots_release(struct slots *s)
{
    for (int i = 0; i < SLOT_COUNT; i++)
        if (s->workers[i])
            service_worker_unref(s->workers[i]);
    *s = (struct slots){0};
}

struct service_worker_objects *service_worker_objects_of(struct realm *r)
{
    if (!r->service_workers) {
        r->service_workers = calloc(1, sizeof *r->service_workers);
        hd_assert(r->service_workers);
        r->service_workers->container = JS_UNDEFINED;
    }
    return r->service_workers;
}

void service_worker_objects_clear(struct realm *r)
{
    struct service_worker_objects *o = r->service_workers;
    r->service_workers = NULL;
    JS_FreeValue(r->js, r->service_worker_clients);
    r->service_worker_clients = JS_UNDEFINED;
    if (!o)
        return;
    for (size_t i = 0; i < o->count; i++)
        JS_FreeValue(r->js, o->items[i]);
    JS_FreeValue(r->js, o->container);
    free(o->items);
    free(o);
}

static JSValue keep(struct realm *r, JSValue object)
{
    struct service_worker_objects *o = service_worker_objects_of(r);
    if (o->count == o->capacity) {
        o->capacity = o->capacity ? o->capacity * 2 : 4;
        o->items = realloc(o->items, o->capacity * sizeof(JSValue));
        hd_assert(o->items);
    }
    o->items[o->count++] = object;
    return JS_DupValue(r->js, object);
}

/* Borrowed; undefined when there is none. */
static JSValueConst find_object(struct realm *r, const void *what, const struct interface *i)
{
    const struct service_worker_objects *o = r->service_workers;
    for (size_t k = 0; o && k < o->count; k++) {
        void *inside = interface_peek(o->items[k], i);
        const void *own = !inside ? NULL
                          : i == &service_worker_interface
                              ? (void *)((struct worker_object *)inside)->worker
                              : (void *)((struct registration_object *)inside)->registration;
        if (own == what)
            return o->items[k];
    }
    return JS_UNDEFINED;
}

static void worker_let_go(struct external *x)
{
    service_worker_unref(caa_container_of(x, struct worker_object, external)->worker);
}

static void registration_let_go(struct external *x)
{
    struct registration_object *o = caa_container_of(x, struct registration_object, external);
    slots_release(&o->slots);
    service_worker_registration_unref(o->registration);
}

static JSValue worker_object_in(struct realm *r, struct service_worker *w,
                                enum service_worker_state state)
{
    JSContext *js = r->js;
    JSValueConst known = find_object(r, w, &service_worker_interface);
    if (!JS_IsUndefined(known))
        return JS_DupValue(js, known);
    struct worker_object *o = js_mallocz(js, sizeof *o);
    if (!o)
        return JS_EXCEPTION;
    JSValue object = interface_object(js, &service_worker_interface, o);
    if (JS_IsException(object)) {
        js_free(js, o);
        return object;
    }
    o->worker = service_worker_ref(w);
    o->state = state;
    external_hold(engine_of(js), &o->external, worker_let_go);
    return keep(r, object);
}

JSValue service_worker_object(struct realm *r, struct service_worker *w)
{
    return worker_object_in(r, w, service_worker_state_now(w));
}

const struct slots *registration_slots_seen(struct realm *r,
                                            const struct service_worker_registration *g)
{
    const struct registration_object *o =
        interface_peek(find_object(r, g, &service_worker_registration_interface),
                       &service_worker_registration_interface);
    return o ? &o->slots : NULL;
}

JSValue registration_object_in(struct realm *r, struct service_worker_registration *g,
                               struct slots *slots)
{
    JSContext *js = r->js;
    JSValueConst known = find_object(r, g, &service_worker_registration_interface);
    if (!JS_IsUndefined(known)) {
        slots_release(slots);
        return JS_DupValue(js, known);
    }
    struct registration_object *o = js_mallocz(js, sizeof *o);
    if (!o)
        return JS_EXCEPTION;
    JSValue object = interface_object(js, &service_worker_registration_interface, o);
    if (JS_IsException(object)) {
        js_free(js, o);
        return object;
    }
    o->registration = service_worker_registration_ref(g);
    o->preload = JS_UNDEFINED;
    o->slots = *slots;
    *slots = (struct slots){0};
    external_hold(engine_of(js), &o->external, registration_let_go);
    return keep(r, object);
}

JSValue service_worker_registration_object(struct realm *r, struct service_worker_registration *g)
{
    struct slots slots = slots_now(g);
    return registration_object_in(r, g, &slots);
}

/* ---- what the registry tells ---- */

enum news { NEWS_STATE, NEWS_SLOTS, NEWS_UPDATE, NEWS_CONTROLLER, NEWS_READY };

struct news_task {
    struct task task;
    struct client_link *link; /* counted */
    enum news news;
    struct service_worker *worker; /* counted, or NULL */
    enum service_worker_state state;
    struct service_worker_registration *registration; /* counted, or NULL */
    struct slots slots;                               /* NEWS_SLOTS, NEWS_READY */
};

static void news_drop(struct task *t)
{
    struct news_task *n = caa_container_of(t, struct news_task, task);
    client_link_unref(n->link);
    slots_release(&n->slots);
    if (n->worker)
        service_worker_unref(n->worker);
    if (n->registration)
        service_worker_registration_unref(n->registration);
    free(n);
}

static void fire(struct realm *r, JSValueConst target, const char *type)
{
    if (event_target_fire_simple(r->js, target, type) < 0)
        realm_report_exception(r);
}

/* For objects that are made later. */
static void note_state(struct realm *r, const struct service_worker *w,
                       enum service_worker_state state)
{
    const struct service_worker_objects *all = r->service_workers;
    for (size_t k = 0; k < all->count; k++) {
        struct registration_object *o =
            interface_peek(all->items[k], &service_worker_registration_interface);
        for (int i = 0; o && i < SLOT_COUNT; i++)
            if (o->slots.workers[i] == w)
                o->slots.states[i] = state;
    }
}

static void news_run(struct task *t, struct agent *a)
{
    struct news_task *n = caa_container_of(t, struct news_task, task);
    struct realm *r = n->link->realm;
    (void)a;
    if (r && r->service_workers) { /* else nobody has asked for an object that could tell */
        JSValueConst target = JS_UNDEFINED;
        if (n->news == NEWS_STATE) {
            target = find_object(r, n->worker, &service_worker_interface);
            if (!JS_IsUndefined(target))
                ((struct worker_object *)interface_peek(target, &service_worker_interface))->state =
                    n->state;
            note_state(r, n->worker, n->state);
        } else if (n->news == NEWS_SLOTS) {
            JSValueConst object =
                find_object(r, n->registration, &service_worker_registration_interface);
            struct registration_object *o =
                interface_peek(object, &service_worker_registration_interface);
            if (o) {
                struct slots before = o->slots;
                o->slots = n->slots;
                n->slots = before;
            }
        } else if (n->news == NEWS_UPDATE) {
            target = find_object(r, n->registration, &service_worker_registration_interface);
        } else {
            target = r->service_workers->container;
        }
        if (n->news == NEWS_CONTROLLER && n->worker) /* it shows what was then, until more is told */
            JS_FreeValue(r->js, worker_object_in(r, n->worker, n->state));
        if (n->news == NEWS_READY && !JS_IsUndefined(target))
            container_resolve_ready(r, n->registration, &n->slots);
        else if (!JS_IsUndefined(target))
            fire(r, target,
                 n->news == NEWS_STATE    ? "statechange"
                 : n->news == NEWS_UPDATE ? "updatefound"
                                          : "controllerchange");
    }
    news_drop(t);
}

static void tell(struct service_worker_client *c, enum news news, struct service_worker *w,
                 enum service_worker_state state, struct service_worker_registration *g)
{
    struct client_link *l = service_worker_client_holder(c);
    struct news_task *n = calloc(1, sizeof *n);
    hd_assert(n);
    n->task = (struct task){.run = news_run, .drop = news_drop, .source = TASK_DOM_MANIPULATION};
    n->link = client_link_ref(l);
    n->news = news;
    n->worker = w ? service_worker_ref(w) : NULL;
    n->state = state;
    n->registration = g ? service_worker_registration_ref(g) : NULL;
    if (news == NEWS_SLOTS || news == NEWS_READY)
        n->slots = slots_now(g);
    agent_post(l->agent, &n->task);
}

void news_state_changed(struct service_worker_client *c, struct service_worker *w,
                        enum service_worker_state state)
{
    tell(c, NEWS_STATE, w, state, NULL);
}

void news_slots_changed(struct service_worker_client *c, struct service_worker_registration *g)
{
    tell(c, NEWS_SLOTS, NULL, SERVICE_WORKER_PARSED, g);
}

void news_update_found(struct service_worker_client *c, struct service_worker_registration *g)
{
    tell(c, NEWS_UPDATE, NULL, SERVICE_WORKER_PARSED, g);
}

void news_controller_changed(struct service_worker_client *c)
{
    struct service_worker *w = service_worker_controller(c);
    tell(c, NEWS_CONTROLLER, w, w ? service_worker_state_now(w) : SERVICE_WORKER_PARSED, NULL);
    if (w)
        service_worker_unref(w);
}

void news_ready(struct service_worker_client *c, struct service_worker_registration *g)
{
    tell(c, NEWS_READY, NULL, SERVICE_WORKER_PARSED, g);
}

/* ---- ServiceWorker ---- */

static void worker_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct worker_object *o = interface_peek(value, &service_worker_interface);
    if (!o)
        return;
    event_target_release(runtime, &o->target);
    external_forget(&o->external);
    service_worker_unref(o->worker);
    js_free_rt(runtime, o);
}

static void worker_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct worker_object *o = interface_peek(value, &service_worker_interface);
    if (o)
        event_target_mark(runtime, &o->target, mark);
}

static JSValue worker_state(JSContext *js, JSValueConst self)
{
    const struct worker_object *o = interface_opaque(js, self, &service_worker_interface);
    if (!o)
        return JS_EXCEPTION;
    bool told = realm_of(js)->client != NULL; /* a service worker's own global is told nothing */
    return JS_NewString(
        js, service_worker_state_name(told ? o->state : service_worker_state_now(o->worker)));
}

static JSValue worker_script_url(JSContext *js, JSValueConst self)
{
    const struct worker_object *o = interface_opaque(js, self, &service_worker_interface);
    return o ? JS_NewString(js, service_worker_url(o->worker)) : JS_EXCEPTION;
}

static JSValue worker_post_message(JSContext *js, JSValueConst self, int count,
                                   JSValueConst *arguments)
{
    const struct worker_object *o = interface_opaque(js, self, &service_worker_interface);
    struct message *m;
    if (!o || !idl_arguments(js, "postMessage", count, 1) ||
        message_serialize_arguments(js, count, arguments, &m))
        return JS_EXCEPTION;
    service_worker_message(o->worker, m, realm_of(js)->client,
                           service_worker_of_realm(realm_of(js)));
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry worker_prototype[] = {
    IDL_ATTRIBUTE("scriptURL", worker_script_url, NULL),
    IDL_ATTRIBUTE("state", worker_state, NULL),
    IDL_METHOD("postMessage", 1, worker_post_message),
    EVENT_HANDLER_ATTRIBUTE("statechange", EVENT_STATECHANGE),
};

const struct interface service_worker_interface = {
    .host_class = HOST_CLASS_SERVICE_WORKER,
    .name = "ServiceWorker",
    .parent = &event_target_interface,
    .class_definition = {.finalizer = worker_finalize, .gc_mark = worker_mark},
    .prototype = worker_prototype,
    .prototype_count = sizeof worker_prototype / sizeof *worker_prototype,
};

/* ---- ServiceWorkerRegistration ---- */

static void registration_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct registration_object *o = interface_peek(value, &service_worker_registration_interface);
    if (!o)
        return;
    event_target_release(runtime, &o->target);
    JS_FreeValueRT(runtime, o->preload);
    external_forget(&o->external);
    registration_let_go(&o->external);
    js_free_rt(runtime, o);
}

static void registration_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct registration_object *o = interface_peek(value, &service_worker_registration_interface);
    if (!o)
        return;
    event_target_mark(runtime, &o->target, mark);
    JS_MarkValue(runtime, o->preload, mark);
}

static struct registration_object *registration_of(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &service_worker_registration_interface);
}

static JSValue registration_worker(JSContext *js, JSValueConst self, int slot)
{
    const struct registration_object *o = registration_of(js, self);
    struct realm *r = realm_of(js);
    if (!o)
        return JS_EXCEPTION;
    struct slots live = {0};
    if (!r->client) /* a service worker's own global is told nothing */
        live = slots_now(o->registration);
    const struct slots *s = r->client ? &o->slots : &live;
    JSValue object =
        s->workers[slot] ? worker_object_in(r, s->workers[slot], s->states[slot]) : JS_NULL;
    slots_release(&live);
    return object;
}

static JSValue registration_scope(JSContext *js, JSValueConst self)
{
    const struct registration_object *o = registration_of(js, self);
    return o ? JS_NewString(js, service_worker_scope(o->registration)) : JS_EXCEPTION;
}

static JSValue registration_cache(JSContext *js, JSValueConst self)
{
    static const char *const names[] = {"imports", "all", "none"};
    const struct registration_object *o = registration_of(js, self);
    return o ? JS_NewString(js, names[service_worker_registration_cache(o->registration)])
             : JS_EXCEPTION;
}

static JSValue registration_preload(JSContext *js, JSValueConst self)
{
    struct registration_object *o = registration_of(js, self);
    if (!o)
        return JS_EXCEPTION;
    if (!JS_IsObject(o->preload)) {
        JSValue manager = navigation_preload_new(js, o->registration);
        if (JS_IsException(manager))
            return manager;
        o->preload = manager;
    }
    return JS_DupValue(js, o->preload);
}

enum { ASK_UPDATE, ASK_UNREGISTER };

/* "Get Newest Worker" of the object's registration is there. A service worker does not update
 * itself while it installs. */
static bool may_update(struct realm *r, struct service_worker_registration *g)
{
    struct service_worker *own = service_worker_of_realm(r);
    bool any = false,
         installing = own && service_worker_state_now(own) <= SERVICE_WORKER_INSTALLING;
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        struct service_worker *w = service_worker_in(g, (enum service_worker_slot)slot);
        any = any || w;
        if (w)
            service_worker_unref(w);
    }
    return any && !installing;
}

static JSValue registration_ask(JSContext *js, JSValueConst self, int count,
                                JSValueConst *arguments, int what)
{
    const struct registration_object *o = registration_of(js, self);
    struct realm *r = realm_of(js);
    JSValue promise;
    (void)count;
    (void)arguments;
    if (!o)
        return idl_rejected(js);
    if (what == ASK_UPDATE && !may_update(r, o->registration)) {
        throw_dom_exception(js, "InvalidStateError", "update: no worker is there to be updated");
        return idl_rejected(js);
    }
    struct job_promise *p = job_promise_new(r, &promise);
    if (!p)
        return idl_rejected(js);
    struct service_worker_request q = {.storage_key = service_worker_storage_key(o->registration),
                                       .scope = service_worker_scope(o->registration),
                                       .holder = p};
    if (what == ASK_UPDATE)
        service_worker_update(r->agent->world, &q);
    else
        service_worker_unregister(r->agent->world, &q);
    return promise;
}

static const JSCFunctionListEntry registration_prototype[] = {
    IDL_ATTRIBUTE_MAGIC("installing", registration_worker, NULL, SLOT_INSTALLING),
    IDL_ATTRIBUTE_MAGIC("waiting", registration_worker, NULL, SLOT_WAITING),
    IDL_ATTRIBUTE_MAGIC("active", registration_worker, NULL, SLOT_ACTIVE),
    IDL_ATTRIBUTE("scope", registration_scope, NULL),
    IDL_ATTRIBUTE("updateViaCache", registration_cache, NULL),
    IDL_ATTRIBUTE("navigationPreload", registration_preload, NULL),
    IDL_METHOD_MAGIC("update", 0, registration_ask, ASK_UPDATE),
    IDL_METHOD_MAGIC("unregister", 0, registration_ask, ASK_UNREGISTER),
    EVENT_HANDLER_ATTRIBUTE("updatefound", EVENT_UPDATEFOUND),
};

const struct interface service_worker_registration_interface = {
    .host_class = HOST_CLASS_SERVICE_WORKER_REGISTRATION,
    .name = "ServiceWorkerRegistration",
    .parent = &event_target_interface,
    .class_definition = {.finalizer = registration_finalize, .gc_mark = registration_mark},
    .prototype = registration_prototype,
    .prototype_count = sizeof registration_prototype / sizeof *registration_prototype,
};
