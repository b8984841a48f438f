/* Service workers from the side of their clients: navigator.serviceWorker,
 * ServiceWorkerRegistration and ServiceWorker objects, and what the registry tells them. Messages
 * are delivered as they come: there is no queue to be opened (R-SV-15). */
#include "web/service_worker.h"

#include "agent/world.h"
#include "base/assert.h"
#include "message/message.h"
#include "web/blob_url.h"
#include "web/document.h"
#include "web/event.h"
#include "web/event_object.h"
#include "web/globals.h"
#include "web/headers.h"
#include "web/idl.h"
#include "web/later.h"
#include "web/message_delivery.h"
#include "web/request.h"
#include "web/service_worker_agent.h"
#include "web/storage_key.h"
#include "web/url.h"
#include "web/web_agent.h"

#include <stdlib.h>
#include <string.h>

/* ---- links ---- */

struct client_link *client_link_ref(struct client_link *l)
{
    atomic_fetch_add_explicit(&l->references, 1, memory_order_relaxed);
    return l;
}

void client_link_unref(struct client_link *l)
{
    /* acq_rel: pairs with the other holders' decrements */
    if (atomic_fetch_sub_explicit(&l->references, 1, memory_order_acq_rel) > 1)
        return;
    agent_unref(l->agent);
    free(l->url);
    free(l);
}

static const struct service_worker_calls calls;

void service_worker_client_begin(struct realm *r)
{
    if (!r->secure || storage_key_is_opaque(r) || strncmp(r->url, "http", 4) ||
        r->kind == GLOBAL_SERVICE_WORKER)
        return;
    struct client_link *l = calloc(1, sizeof *l);
    hd_assert(l);
    atomic_init(&l->references, 1);
    l->agent = agent_ref(r->agent);
    l->realm = r;
    l->number = r->number;
    l->url = strdup(r->url);
    l->is_window = r->kind == GLOBAL_WINDOW;
    char *key = storage_key_of(r);
    r->client = l;
    service_workers_use(r->agent->world, &calls);
    l->client = service_worker_client_new(r->agent->world, key, r->url, l);
    free(key);
}

void service_worker_client_end(struct realm *r)
{
    struct client_link *l = r->client;
    if (!l)
        return;
    r->client = NULL;
    l->realm = NULL;
    service_worker_client_gone(l->client);
    client_link_unref(l);
}

/* ---- the objects of a realm ---- */

struct worker_object {
    struct event_target target;    /* first: see event_target.h */
    struct service_worker *worker; /* counted */
    enum service_worker_state state;
    struct external external;
};

/* The workers of a registration and their states at one moment: what its object shows, until a task
 * says otherwise. Counted workers. */
struct slots {
    struct service_worker *workers[SLOT_COUNT];
    enum service_worker_state states[SLOT_COUNT];
};

struct registration_object {
    struct event_target target;
    struct service_worker_registration *registration; /* counted */
    struct slots slots;
    struct external external;
};

static struct slots slots_now(struct service_worker_registration *g)
{
    struct slots s;
    for (int i = 0; i < SLOT_COUNT; i++) {
        s.workers[i] = service_worker_in(g, (enum service_worker_slot)i);
        s.states[i] = s.workers[i] ? service_worker_state_now(s.workers[i]) : SERVICE_WORKER_PARSED;
    }
    return s;
}

static void slots_release(struct slots *s)
{
    for (int i = 0; i < SLOT_COUNT; i++)
        if (s->workers[i])
            service_worker_unref(s->workers[i]);
    *s = (struct slots){0};
}

struct container {
    struct event_target target;
    JSValue ready, resolve_ready; /* undefined until `ready` is asked for */
};

/* They live as long as the realm, so that there is one object for each. */
struct service_worker_objects {
    JSValue container; /* undefined until touched */
    JSValue *items;    /* ServiceWorker and ServiceWorkerRegistration objects */
    size_t count, capacity;
};

static struct service_worker_objects *objects_of(struct realm *r)
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
    struct service_worker_objects *o = objects_of(r);
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

/* Takes the slots; an object that is there already has been told of them. */
static JSValue registration_object_in(struct realm *r, struct service_worker_registration *g,
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

static void resolve_ready(struct realm *r, struct service_worker_registration *g,
                          struct slots *slots)
{
    JSContext *js = r->js;
    struct container *c =
        interface_peek(r->service_workers->container, &service_worker_container_interface);
    if (!JS_IsObject(c->resolve_ready))
        return;
    JSValue object = registration_object_in(r, g, slots);
    JSValue result = JS_Call(js, c->resolve_ready, JS_UNDEFINED, 1, (JSValueConst *)&object);
    if (JS_IsException(result))
        realm_report_exception(r);
    JS_FreeValue(js, result);
    JS_FreeValue(js, object);
    JS_FreeValue(js, c->resolve_ready);
    c->resolve_ready = JS_UNDEFINED;
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
        if (n->news == NEWS_READY && !JS_IsUndefined(target))
            resolve_ready(r, n->registration, &n->slots);
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

static void state_changed(struct service_worker_client *c, struct service_worker *w,
                          enum service_worker_state state)
{
    tell(c, NEWS_STATE, w, state, NULL);
}

static void slots_changed(struct service_worker_client *c, struct service_worker_registration *g)
{
    tell(c, NEWS_SLOTS, NULL, SERVICE_WORKER_PARSED, g);
}

static void update_found(struct service_worker_client *c, struct service_worker_registration *g)
{
    tell(c, NEWS_UPDATE, NULL, SERVICE_WORKER_PARSED, g);
}

static void controller_changed(struct service_worker_client *c)
{
    tell(c, NEWS_CONTROLLER, NULL, SERVICE_WORKER_PARSED, NULL);
}

static void ready_now(struct service_worker_client *c, struct service_worker_registration *g)
{
    tell(c, NEWS_READY, NULL, SERVICE_WORKER_PARSED, g);
}

/* ---- promises of jobs ---- */

struct job_promise {
    struct task task;
    struct client_link *link; /* counted */
    JSValue resolving[2];     /* own thread; gone with the realm */
    enum service_worker_outcome outcome;
    struct service_worker_registration *registration; /* counted, or NULL */
    struct slots slots;                               /* when it was settled */
    struct job_promise *next, **in;                   /* of the realm */
};

static void job_forget(struct job_promise *p)
{
    if (!p->in)
        return;
    *p->in = p->next;
    if (p->next)
        p->next->in = p->in;
    p->in = NULL;
    JS_FreeValue(p->link->realm->js, p->resolving[0]);
    JS_FreeValue(p->link->realm->js, p->resolving[1]);
}

void service_worker_jobs_clear(struct realm *r)
{
    while (r->service_worker_jobs)
        job_forget(r->service_worker_jobs);
}

static void job_drop(struct task *t)
{
    struct job_promise *p = caa_container_of(t, struct job_promise, task);
    slots_release(&p->slots);
    if (p->registration)
        service_worker_registration_unref(p->registration);
    client_link_unref(p->link);
    free(p);
}

static void job_run(struct task *t, struct agent *a)
{
    struct job_promise *p = caa_container_of(t, struct job_promise, task);
    struct realm *r = p->in ? p->link->realm : NULL;
    (void)a;
    if (r) {
        JSContext *js = r->js;
        JSValue value = JS_UNDEFINED;
        bool fulfil = p->outcome <= OUTCOME_FALSE;
        if (p->outcome == OUTCOME_REGISTRATION)
            value = registration_object_in(r, p->registration, &p->slots);
        else if (fulfil)
            value = JS_NewBool(js, p->outcome == OUTCOME_TRUE);
        else if (p->outcome == OUTCOME_TYPE_ERROR)
            value = JS_ThrowTypeError(js, "the service worker's script cannot be had, or it threw");
        else
            value = throw_dom_exception(js, "SecurityError",
                                        "the service worker's script or scope is not allowed");
        if (!fulfil)
            value = JS_GetException(js);
        JSValue result =
            JS_Call(js, p->resolving[!fulfil], JS_UNDEFINED, 1, (JSValueConst *)&value);
        if (JS_IsException(result))
            realm_report_exception(r);
        JS_FreeValue(js, result);
        JS_FreeValue(js, value);
        job_forget(p);
    }
    job_drop(t);
}

static void settled(void *holder, enum service_worker_outcome outcome,
                    struct service_worker_registration *g)
{
    struct job_promise *p = holder;
    p->outcome = outcome;
    p->registration = g ? service_worker_registration_ref(g) : NULL;
    if (g)
        p->slots = slots_now(g);
    agent_post(p->link->agent, &p->task);
}

/* A promise and what will settle it; NULL with an exception in *promise. */
static struct job_promise *job_promise_new(struct realm *r, JSValue *promise)
{
    struct job_promise *p = calloc(1, sizeof *p);
    hd_assert(p);
    *promise = JS_NewPromiseCapability(r->js, p->resolving);
    if (JS_IsException(*promise)) {
        free(p);
        return NULL;
    }
    p->task = (struct task){.run = job_run, .drop = job_drop, .source = TASK_DOM_MANIPULATION};
    p->link = client_link_ref(r->client);
    p->in = &r->service_worker_jobs;
    p->next = r->service_worker_jobs;
    if (p->next)
        p->next->in = &p->next;
    r->service_worker_jobs = p;
    return p;
}

/* ---- fetching for a job: in the agent that runs when the registry asks ---- */

struct job_fetch {
    struct task task;
    struct service_worker_job *job;
};

static void script_answered(void *context, status s, struct resource *r)
{
    struct job_fetch *f = context;
    if (s == STATUS_OK)
        s = script_check(SCRIPT_IMPORTED, r);
    if (s == STATUS_OK) {
        char *allowed = resource_header(r, "Service-Worker-Allowed");
        service_worker_fetched(f->job, r->bytes, r->length, allowed);
        free(allowed);
    } else {
        resource_warn(agent_current(), "registration", service_worker_job_url(f->job), s, r);
        service_worker_fetch_failed(f->job, OUTCOME_TYPE_ERROR);
    }
    free(f);
}

static void script_never_came(void *context)
{
    struct job_fetch *f = context;
    service_worker_fetch_failed(f->job, OUTCOME_TYPE_ERROR);
    free(f);
}

static void job_fetch_run(struct task *t, struct agent *a)
{
    struct job_fetch *f = caa_container_of(t, struct job_fetch, task);
    const char *url = service_worker_job_url(f->job);
    char *origin = url_origin(url);
    struct request q = {.url = url,
                        .origin = origin,
                        .mode = MODE_SAME_ORIGIN,
                        .redirect = REDIRECT_ERROR,
                        .use = USE_SCRIPT};
    resource_fetch(a, &q, script_answered, script_never_came, f);
    free(origin);
}

static void job_fetch_drop(struct task *t)
{
    free(caa_container_of(t, struct job_fetch, task));
}

static void fetch_script(struct service_worker_job *j)
{
    struct agent *a = agent_current();
    if (!a)
        return; /* the run ends */
    struct job_fetch *f = calloc(1, sizeof *f);
    hd_assert(f);
    f->task =
        (struct task){.run = job_fetch_run, .drop = job_fetch_drop, .source = TASK_NETWORKING};
    f->job = j;
    agent_post(a, &f->task);
}

static const struct service_worker_calls calls = {
    .fetch = fetch_script,
    .run = worker_host_run,
    .dispatch = worker_host_dispatch,
    .terminate = worker_host_terminate,
    .settled = settled,
    .state_changed = state_changed,
    .slots_changed = slots_changed,
    .update_found = update_found,
    .made = worker_host_made,
    .forgotten = worker_host_forgotten,
    .controller_changed = controller_changed,
    .ready = ready_now,
};

/* ---- requests that a worker answers ---- */

void handled_fetch_unref(struct handled_fetch *h)
{
    /* acq_rel: pairs with the other holder's decrement */
    if (atomic_fetch_sub_explicit(&h->references, 1, memory_order_acq_rel) > 1)
        return;
    client_link_unref(h->client);
    header_list_release(&h->headers);
    free(h->url);
    free(h->method);
    free(h->body);
    free(h);
}

struct fetch_task { /* to the worker */
    struct task task;
    struct handled_fetch *handled; /* counted */
};

static void fetch_task_run(struct task *t, struct agent *a)
{
    struct fetch_task *f = caa_container_of(t, struct fetch_task, task);
    struct realm *r = web_agent_of(a)->realms;
    struct handled_fetch *h = f->handled;
    free(f);
    if (r) {
        service_worker_fetch_event(r, h);
        return;
    }
    struct resource none = {.error = strdup("the service worker could not be started")};
    handled_fetch_answer(h, STATUS_STATE, &none);
    handled_fetch_unref(h);
}

static void fetch_task_drop(struct task *t)
{
    struct fetch_task *f = caa_container_of(t, struct fetch_task, task);
    handled_fetch_unref(f->handled);
    free(f);
}

bool service_worker_handle(struct realm *r, const struct request_object *o, void *holder,
                           void (*answered)(void *holder, status s, struct resource *answer),
                           struct handled_fetch **out)
{
    struct service_worker *w = r->client ? service_worker_controller(r->client->client) : NULL;
    if (!w)
        return false;
    struct handled_fetch *h = calloc(1, sizeof *h);
    struct fetch_task *f = calloc(1, sizeof *f);
    hd_assert(h && f);
    atomic_init(&h->references, 2);
    h->client = client_link_ref(r->client);
    h->holder = holder;
    h->answered = answered;
    h->url = strdup(o->url);
    h->method = strdup(o->method);
    header_list_copy(&h->headers, &headers_peek(o->headers)->list);
    if (o->body.bytes) {
        h->body_length = o->body.bytes->length;
        h->body = malloc(h->body_length + 1);
        hd_assert(h->body);
        memcpy(h->body, o->body.bytes->bytes, h->body_length);
    }
    h->mode = o->mode;
    h->credentials = o->credentials;
    h->redirect = o->redirect;
    f->task =
        (struct task){.run = fetch_task_run, .drop = fetch_task_drop, .source = TASK_NETWORKING};
    f->handled = h;
    *out = h;
    service_worker_post(w, &f->task);
    service_worker_unref(w);
    return true;
}

struct answer_task { /* back to the client */
    struct task task;
    struct handled_fetch *handled; /* counted */
    status status;
    struct resource answer;
};

static void answer_drop(struct task *t)
{
    struct answer_task *x = caa_container_of(t, struct answer_task, task);
    resource_release(&x->answer);
    handled_fetch_unref(x->handled);
    free(x);
}

static void answer_run(struct task *t, struct agent *a)
{
    struct answer_task *x = caa_container_of(t, struct answer_task, task);
    void *holder = x->handled->holder;
    (void)a;
    x->handled->holder = NULL;
    if (holder)
        x->handled->answered(holder, x->status, &x->answer);
    answer_drop(t);
}

void handled_fetch_answer(struct handled_fetch *h, status s, struct resource *answer)
{
    struct answer_task *x = calloc(1, sizeof *x);
    hd_assert(x);
    x->task = (struct task){.run = answer_run, .drop = answer_drop, .source = TASK_NETWORKING};
    atomic_fetch_add_explicit(&h->references, 1, memory_order_relaxed);
    x->handled = h;
    x->status = s;
    x->answer = *answer;
    agent_post(h->client->agent, &x->task);
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
    if (!o || !idl_arguments(js, "postMessage", count, 1))
        return JS_EXCEPTION;
    JSValue transfer = message_transfer_list(js, count > 1 ? arguments[1] : JS_UNDEFINED);
    int failed = JS_IsException(transfer) || message_serialize(js, arguments[0], transfer, &m);
    JS_FreeValue(js, transfer);
    if (failed)
        return JS_EXCEPTION;
    service_worker_message(o->worker, m, realm_of(js)->client);
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
    external_forget(&o->external);
    registration_let_go(&o->external);
    js_free_rt(runtime, o);
}

static void registration_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct registration_object *o = interface_peek(value, &service_worker_registration_interface);
    if (o)
        event_target_mark(runtime, &o->target, mark);
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

enum { ASK_UPDATE, ASK_UNREGISTER };

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
    if (!r->client) {
        throw_dom_exception(js, "NotSupportedError",
                            "only clients ask for updates here, not service workers themselves");
        return idl_rejected(js);
    }
    struct job_promise *p = job_promise_new(r, &promise);
    if (!p)
        return idl_rejected(js);
    char *key = storage_key_of(r);
    struct service_worker_request q = {
        .storage_key = key, .scope = service_worker_scope(o->registration), .holder = p};
    if (what == ASK_UPDATE)
        service_worker_update(r->agent->world, &q);
    else
        service_worker_unregister(r->agent->world, &q);
    free(key);
    return promise;
}

static const JSCFunctionListEntry registration_prototype[] = {
    IDL_ATTRIBUTE_MAGIC("installing", registration_worker, NULL, SLOT_INSTALLING),
    IDL_ATTRIBUTE_MAGIC("waiting", registration_worker, NULL, SLOT_WAITING),
    IDL_ATTRIBUTE_MAGIC("active", registration_worker, NULL, SLOT_ACTIVE),
    IDL_ATTRIBUTE("scope", registration_scope, NULL),
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

/* ---- ServiceWorkerContainer ---- */

static struct container *container_of(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &service_worker_container_interface);
}

static void container_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct container *c = interface_peek(value, &service_worker_container_interface);
    if (!c)
        return;
    event_target_release(runtime, &c->target);
    JS_FreeValueRT(runtime, c->ready);
    JS_FreeValueRT(runtime, c->resolve_ready);
    js_free_rt(runtime, c);
}

static void container_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct container *c = interface_peek(value, &service_worker_container_interface);
    if (!c)
        return;
    event_target_mark(runtime, &c->target, mark);
    JS_MarkValue(runtime, c->ready, mark);
    JS_MarkValue(runtime, c->resolve_ready, mark);
}

/* A member of the dictionary as text, malloc'd; NULL when it is absent. -1 with an exception. */
static int text_member(JSContext *js, JSValueConst options, const char *name, char **out)
{
    JSValue value = idl_member(js, options, name);
    *out = NULL;
    int failed = JS_IsException(value) || (!JS_IsUndefined(value) && !(*out = idl_text(js, value)));
    JS_FreeValue(js, value);
    return failed ? -1 : 0;
}

struct register_options {
    char *scope;
    int module, cache;
};

static int read_options(JSContext *js, JSValueConst value, struct register_options *out)
{
    static const char *const types[] = {"classic", "module", NULL}, *const caches[] = {
                                                                        "imports", "all", "none",
                                                                        NULL};
    JSValueConst options;
    *out = (struct register_options){0};
    if (idl_dictionary(js, value, &options) || text_member(js, options, "scope", &out->scope))
        return -1;
    out->module = idl_enumeration_member(js, options, "type", types, 0);
    out->cache =
        out->module < 0 ? -1 : idl_enumeration_member(js, options, "updateViaCache", caches, 0);
    return out->cache < 0 ? -1 : 0;
}

static JSValue refuse(JSContext *js, enum service_worker_outcome error, const char *what)
{
    if (error == OUTCOME_TYPE_ERROR)
        JS_ThrowTypeError(js, "register: %s is no http(s) URL, or hides slashes", what);
    else
        throw_dom_exception(js, "SecurityError",
                            "register: %s is not of this page's own secure origin", what);
    return idl_rejected(js);
}

static JSValue register_worker(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct realm *r = realm_of(js);
    struct register_options o = {0};
    enum service_worker_outcome error = OUTCOME_SECURITY_ERROR;
    if (!container_of(js, self) || !idl_arguments(js, "register", count, 1))
        return idl_rejected(js);
    char *text = idl_text(js, arguments[0]), *url = NULL, *scope = NULL;
    if (!text || read_options(js, count > 1 ? arguments[1] : JS_UNDEFINED, &o)) {
        free(text);
        free(o.scope);
        return idl_rejected(js);
    }
    if (r->client)
        url = service_worker_script_url(realm_base(r), text, r->origin->text, r->secure, &error);
    if (url)
        scope = service_worker_scope_url(realm_base(r), url, o.scope, r->origin->text, &error);
    JSValue promise = scope ? JS_UNDEFINED : refuse(js, error, url ? "the scope" : text);
    struct job_promise *p = scope ? job_promise_new(r, &promise) : NULL;
    if (p) {
        char *key = storage_key_of(r);
        struct service_worker_request q = {
            key, scope, url, o.module, (enum service_worker_cache)o.cache, p};
        service_worker_register(r->agent->world, &q);
        free(key);
    }
    free(text);
    free(url);
    free(scope);
    free(o.scope);
    return promise;
}

static JSValue get_controller(JSContext *js, JSValueConst self)
{
    struct realm *r = realm_of(js);
    if (!container_of(js, self))
        return JS_EXCEPTION;
    struct service_worker *w = r->client ? service_worker_controller(r->client->client) : NULL;
    if (!w)
        return JS_NULL;
    JSValue object = service_worker_object(r, w);
    service_worker_unref(w);
    return object;
}

static struct service_worker_registration *own_registration(struct realm *r, const char *url)
{
    char *key = storage_key_of(r);
    struct service_worker_registration *g = service_worker_match(r->agent->world, key, url);
    free(key);
    return g;
}

/* As far as the realm has been told: else the news that will resolve `ready` is on its way. */
static bool is_seen_active(struct realm *r, struct service_worker_registration *g)
{
    const struct registration_object *o =
        interface_peek(find_object(r, g, &service_worker_registration_interface),
                       &service_worker_registration_interface);
    if (o)
        return o->slots.workers[SLOT_ACTIVE] != NULL;
    struct service_worker *active = service_worker_in(g, SLOT_ACTIVE);
    if (active)
        service_worker_unref(active);
    return active != NULL;
}

static JSValue get_ready(JSContext *js, JSValueConst self)
{
    struct container *c = container_of(js, self);
    struct realm *r = realm_of(js);
    if (!c)
        return JS_EXCEPTION;
    if (JS_IsUndefined(c->ready)) {
        JSValue resolving[2];
        c->ready = JS_NewPromiseCapability(js, resolving);
        if (JS_IsException(c->ready)) {
            c->ready = JS_UNDEFINED;
            return JS_EXCEPTION;
        }
        JS_FreeValue(js, resolving[1]);
        c->resolve_ready = resolving[0];
        struct service_worker_registration *g =
            r->client ? own_registration(r, r->client->url) : NULL;
        if (g && is_seen_active(r, g)) {
            struct slots slots = slots_now(g);
            resolve_ready(r, g, &slots);
            slots_release(&slots);
        }
        if (g)
            service_worker_registration_unref(g);
    }
    return JS_DupValue(js, c->ready);
}

static JSValue get_registration(JSContext *js, JSValueConst self, int count,
                                JSValueConst *arguments)
{
    struct realm *r = realm_of(js);
    if (!container_of(js, self))
        return idl_rejected(js);
    char *text =
        count > 0 && !JS_IsUndefined(arguments[0]) ? idl_text(js, arguments[0]) : strdup("");
    char *url = text ? url_resolve(realm_base(r), text) : NULL;
    if (text && !url)
        JS_ThrowTypeError(js, "getRegistration: '%s' is not a URL", text);
    free(text);
    if (!url)
        return idl_rejected(js);
    struct service_worker_registration *g = r->client ? own_registration(r, url) : NULL;
    free(url);
    JSValue object = g ? service_worker_registration_object(r, g) : JS_UNDEFINED;
    if (g)
        service_worker_registration_unref(g);
    return promise_later(r, object);
}

static JSValue start_messages(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)count;
    (void)arguments;
    return container_of(js, self) ? JS_UNDEFINED : JS_EXCEPTION;
}

static const JSCFunctionListEntry container_prototype[] = {
    IDL_ATTRIBUTE("controller", get_controller, NULL),
    IDL_ATTRIBUTE("ready", get_ready, NULL),
    IDL_METHOD("register", 1, register_worker),
    IDL_METHOD("getRegistration", 0, get_registration),
    IDL_METHOD("startMessages", 0, start_messages),
    EVENT_HANDLER_ATTRIBUTE("controllerchange", EVENT_CONTROLLERCHANGE),
    EVENT_HANDLER_ATTRIBUTE("message", EVENT_MESSAGE),
    EVENT_HANDLER_ATTRIBUTE("messageerror", EVENT_MESSAGEERROR),
};

const struct interface service_worker_container_interface = {
    .host_class = HOST_CLASS_SERVICE_WORKER_CONTAINER,
    .name = "ServiceWorkerContainer",
    .parent = &event_target_interface,
    .class_definition = {.finalizer = container_finalize, .gc_mark = container_mark},
    .prototype = container_prototype,
    .prototype_count = sizeof container_prototype / sizeof *container_prototype,
};

static JSValue build_container(JSContext *js, const struct lazy_property *self)
{
    struct service_worker_objects *o = objects_of(realm_of(js));
    struct container *c = js_mallocz(js, sizeof *c);
    (void)self;
    if (!c)
        return JS_EXCEPTION;
    c->ready = c->resolve_ready = JS_UNDEFINED;
    JSValue object = interface_object(js, &service_worker_container_interface, c);
    if (JS_IsException(object)) {
        js_free(js, c);
        return object;
    }
    o->container = JS_DupValue(js, object);
    return object;
}

const struct lazy_property service_worker_of_navigator = {"serviceWorker", build_container, NULL};

/* ---- messages to clients (R-SV-15) ---- */

struct client_message {
    struct task task;
    struct client_link *link;    /* counted */
    struct message *message;     /* owned */
    struct service_worker *from; /* counted */
};

static void client_message_drop(struct task *t)
{
    struct client_message *x = caa_container_of(t, struct client_message, task);
    if (x->message)
        message_free(x->message);
    client_link_unref(x->link);
    service_worker_unref(x->from);
    free(x);
}

static void client_message_run(struct task *t, struct agent *a)
{
    struct client_message *x = caa_container_of(t, struct client_message, task);
    struct realm *r = x->link->realm;
    (void)a;
    if (r && r->service_workers && JS_IsObject(r->service_workers->container)) {
        JSValue source = service_worker_object(r, x->from),
                container = JS_DupValue(r->js, r->service_workers->container);
        struct message *m = x->message;
        x->message = NULL;
        message_deliver(r, container, m, r->origin->text,
                        JS_IsException(source) ? JS_NULL : source);
        JS_FreeValue(r->js, source);
        JS_FreeValue(r->js, container);
    }
    client_message_drop(t);
}

void service_worker_client_message(struct client_link *l, struct message *m,
                                   struct service_worker *from)
{
    struct client_message *x = calloc(1, sizeof *x);
    hd_assert(x);
    x->task = (struct task){
        .run = client_message_run, .drop = client_message_drop, .source = TASK_POSTED_MESSAGE};
    x->link = client_link_ref(l);
    x->message = m;
    x->from = service_worker_ref(from);
    agent_post(l->agent, &x->task);
}
