/* navigator.serviceWorker: realms as clients, ServiceWorkerContainer, and the messages of workers
 * to their clients (R-SV-15). */
#include "web/service_worker_objects.h"

#include "agent/world.h"
#include "base/assert.h"
#include "message/message.h"
#include "web/document.h"
#include "web/event.h"
#include "web/event_object.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/later.h"
#include "web/message_delivery.h"
#include "web/page.h"
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
    free(l->origin);
    free(l);
}

static const struct service_worker_calls calls = {
    .fetch = job_fetch_script,
    .run = worker_host_run,
    .dispatch = service_worker_dispatch_lifecycle,
    .settled_down = worker_host_settled_down,
    .handle_fetch = service_worker_dispatch_fetch,
    .terminate = worker_host_terminate,
    .settled = job_settled,
    .state_changed = news_state_changed,
    .slots_changed = news_slots_changed,
    .update_found = news_update_found,
    .made = worker_host_made,
    .forgotten = worker_host_forgotten,
    .controller_changed = news_controller_changed,
    .ready = news_ready,
    .client_found = client_wait_found,
};

struct service_worker_client *realm_client(const struct realm *r)
{
    return r->client ? r->client->client : NULL;
}

static struct service_worker_client_options options_of(const struct realm *r)
{
    struct service_worker_client_options o = {.url = r->url, .holder = r->client};
    if (r->kind != GLOBAL_WINDOW) {
        o.type = r->kind == GLOBAL_SHARED_WORKER ? CLIENT_SHARED_WORKER : CLIENT_WORKER;
        return o;
    }
    const struct browsing_context *c = r->document->context;
    o.type = CLIENT_WINDOW;
    o.frame = c->parent ? FRAME_NESTED : c->auxiliary ? FRAME_AUXILIARY : FRAME_TOP_LEVEL;
    return o;
}

void service_worker_client_begin(struct realm *r, struct service_worker_client *reserved)
{
    if (!r->secure || storage_key_is_opaque(r) || r->kind == GLOBAL_SERVICE_WORKER ||
        r->kind == GLOBAL_WORKLET) {
        if (reserved)
            service_worker_client_gone(reserved);
        return;
    }
    struct client_link *l = calloc(1, sizeof *l);
    hd_assert(l);
    atomic_init(&l->references, 1);
    l->agent = agent_ref(r->agent);
    l->realm = r;
    l->origin = strdup(r->origin->text);
    l->last = &l->first;
    r->client = l;
    service_workers_use(r->agent->world, &calls);
    char *key = storage_key_of(r);
    struct service_worker_client_options o = options_of(r);
    o.storage_key = key;
    l->client = reserved ? reserved : service_worker_client_reserve(r->agent->world);
    service_worker_client_enter(l->client, &o);
    free(key);
}

void service_worker_client_turn(struct realm *r, struct service_worker_client *reserved)
{
    service_worker_client_become(realm_client(r), reserved, r->url);
}

static void messages_drop(struct client_link *l);

void service_worker_client_end(struct realm *r)
{
    struct client_link *l = r->client;
    if (!l)
        return;
    r->client = NULL;
    l->realm = NULL;
    service_worker_client_gone(l->client);
    l->client = NULL;
    messages_drop(l);
    client_link_unref(l);
}

/* ---- ServiceWorkerContainer ---- */

struct container {
    struct event_target target;
    JSValue ready, resolve_ready; /* undefined until `ready` is asked for */
};

void container_resolve_ready(struct realm *r, struct service_worker_registration *g,
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
    const struct slots *seen = registration_slots_seen(r, g);
    if (seen)
        return seen->workers[SLOT_ACTIVE] != NULL;
    struct service_worker *active = service_worker_in(g, SLOT_ACTIVE);
    if (active)
        service_worker_unref(active);
    return active != NULL;
}

static JSValue get_ready(JSContext *js, JSValueConst self)
{
    struct container *c = container_of(js, self);
    struct realm *r = realm_of(js);
    if (!c) /* of a type of promises: nothing throws */
        return idl_rejected(js);
    if (JS_IsUndefined(c->ready)) {
        JSValue resolving[2];
        c->ready = JS_NewPromiseCapability(js, resolving);
        if (JS_IsException(c->ready)) {
            c->ready = JS_UNDEFINED;
            return JS_EXCEPTION;
        }
        JS_FreeValue(js, resolving[1]);
        c->resolve_ready = resolving[0];
        struct service_worker_registration *g = r->client ? own_registration(r, r->url) : NULL;
        if (g && is_seen_active(r, g)) {
            struct slots slots = slots_now(g);
            container_resolve_ready(r, g, &slots);
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
    char *origin = url ? url_origin(url) : NULL;
    if (text && !url) {
        JS_ThrowTypeError(js, "getRegistration: '%s' is not a URL", text);
    } else if (url && (!origin || strcmp(origin, r->origin->text))) {
        throw_dom_exception(js, "SecurityError", "getRegistration: %s is of another origin", url);
        free(url);
        url = NULL;
    }
    free(origin);
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

struct seen_registrations {
    struct service_worker_registration **items;
    size_t count;
};

static void see_registration(void *context, struct service_worker_registration *g)
{
    struct seen_registrations *seen = context;
    seen->items = realloc(seen->items, (seen->count + 1) * sizeof *seen->items);
    hd_assert(seen->items);
    seen->items[seen->count++] = service_worker_registration_ref(g);
}

static JSValue get_registrations(JSContext *js, JSValueConst self, int count,
                                 JSValueConst *arguments)
{
    struct realm *r = realm_of(js);
    struct seen_registrations seen = {0};
    (void)count;
    (void)arguments;
    if (!container_of(js, self))
        return idl_rejected(js);
    char *key = storage_key_of(r);
    if (r->client)
        service_worker_registrations(r->agent->world, key, see_registration, &seen);
    free(key);
    JSValue array = JS_NewArray(js);
    for (size_t i = 0; i < seen.count; i++) {
        JSValue object = service_worker_registration_object(r, seen.items[i]);
        if (!JS_IsException(array))
            JS_DefinePropertyValueUint32(js, array, (uint32_t)i, object, JS_PROP_C_W_E);
        service_worker_registration_unref(seen.items[i]);
    }
    free(seen.items);
    return promise_later(r, array);
}

static JSValue start_messages(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)count;
    (void)arguments;
    if (!container_of(js, self))
        return JS_EXCEPTION;
    service_worker_open_messages(realm_of(js));
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry container_prototype[] = {
    IDL_ATTRIBUTE("controller", get_controller, NULL),
    IDL_ATTRIBUTE("ready", get_ready, NULL),
    IDL_METHOD("register", 1, register_worker),
    IDL_METHOD("getRegistration", 0, get_registration),
    IDL_METHOD("getRegistrations", 0, get_registrations),
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

/* R-SV-15: the first onmessage opens the queue. */
static void handler_assigned(JSContext *js, JSValueConst target, enum event_type type)
{
    (void)target;
    if (type == EVENT_MESSAGE)
        service_worker_open_messages(realm_of(js));
}

static const struct event_target_hooks hooks = {.handler_assigned = handler_assigned};

static JSValue build_container(JSContext *js, const struct lazy_property *self)
{
    struct service_worker_objects *o = service_worker_objects_of(realm_of(js));
    struct container *c = js_mallocz(js, sizeof *c);
    (void)self;
    if (!c)
        return JS_EXCEPTION;
    c->ready = c->resolve_ready = JS_UNDEFINED;
    c->target.hooks = &hooks;
    JSValue object = interface_object(js, &service_worker_container_interface, c);
    if (JS_IsException(object)) {
        js_free(js, c);
        return object;
    }
    o->container = JS_DupValue(js, object);
    return object;
}

const struct lazy_property service_worker_of_navigator = {"serviceWorker", build_container, NULL};

const struct lazy_property service_worker_client_interfaces[] = {
    {"ServiceWorker", interface_build, &service_worker_interface},
    {"ServiceWorkerRegistration", interface_build, &service_worker_registration_interface},
    {"ServiceWorkerContainer", interface_build, &service_worker_container_interface},
    {"NavigationPreloadManager", interface_build, &navigation_preload_interface},
};

/* ---- messages to clients (R-SV-15) ---- */

struct client_message {
    struct task task;
    struct client_link *link;    /* counted */
    struct message *message;     /* owned */
    struct service_worker *from; /* counted */
    struct client_message *next; /* among those that wait */
};

static void client_message_drop(struct task *t)
{
    struct client_message *x = caa_container_of(t, struct client_message, task);
    if (x->message)
        message_lose(x->message, LOST_ENDED);
    client_link_unref(x->link);
    service_worker_unref(x->from);
    free(x);
}

static void messages_drop(struct client_link *l)
{
    while (l->first) {
        struct client_message *x = l->first;
        l->first = x->next;
        client_message_drop(&x->task);
    }
}

static bool is_open(const struct client_link *l)
{
    const struct page *p = page_of(l->realm);
    return l->messages_open || (p && p->document->initial_blank); /* which is never parsed */
}

/* Nobody can listen before `navigator.serviceWorker` was touched. */
static void deliver(struct client_message *x, struct realm *r)
{
    if (!r->service_workers || !JS_IsObject(r->service_workers->container)) {
        message_lose(x->message, LOST_UNHEARD);
        x->message = NULL;
        return;
    }
    JSValue source = service_worker_object(r, x->from),
            container = JS_DupValue(r->js, r->service_workers->container);
    struct message *m = x->message;
    char *origin = url_origin(service_worker_url(x->from));
    x->message = NULL;
    message_deliver(r, container, m, origin, JS_IsException(source) ? JS_NULL : source);
    free(origin);
    JS_FreeValue(r->js, source);
    JS_FreeValue(r->js, container);
}

static void client_message_run(struct task *t, struct agent *a)
{
    struct client_message *x = caa_container_of(t, struct client_message, task);
    struct client_link *l = x->link;
    (void)a;
    if (l->realm && !is_open(l)) {
        x->next = NULL;
        *l->last = x;
        l->last = &x->next;
        return;
    }
    if (l->realm)
        deliver(x, l->realm);
    client_message_drop(t);
}

/* Each is a task of its own, as it would have been. */
void service_worker_open_messages(struct realm *r)
{
    struct client_link *l = r->client;
    if (!l || l->messages_open)
        return;
    l->messages_open = true;
    struct client_message *x = l->first;
    l->first = NULL;
    l->last = &l->first;
    for (struct client_message *next; x; x = next) {
        next = x->next;
        agent_queue(r->agent, &x->task);
    }
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
