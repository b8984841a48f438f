/* Clients, Client and WindowClient (Service Workers 4.2, 4.3; R-SV-16): whom a worker can talk to.
 * Own thread of the worker, but for what is posted to a client's agent. */
#include "web/service_worker_events.h"

#include "agent/world.h"
#include "base/assert.h"
#include "message/message.h"
#include "web/event.h"
#include "web/idl.h"
#include "web/later.h"
#include "web/navigable.h"
#include "web/page.h"
#include "web/service_worker_objects.h"
#include "web/url.h"
#include "web/web_agent.h"

#include <stdlib.h>
#include <string.h>

/* ---- a client as it was when it was looked at ---- */

struct seen_client {
    struct client_link *link; /* counted; NULL: nobody */
    char id[SERVICE_WORKER_CLIENT_ID_SIZE];
    char *url;
    enum service_worker_client_type type;
    enum service_worker_frame_type frame;
    bool visible, has_focus;
    uint64_t focused;
    uint32_t number;
};

/* Under the registry's lock. */
static void look(struct seen_client *s, struct service_worker_client *c)
{
    struct service_worker_client_state state = service_worker_client_state(c);
    *s = (struct seen_client){.link = client_link_ref(service_worker_client_holder(c)),
                              .url = strdup(state.url),
                              .type = state.type,
                              .frame = state.frame,
                              .visible = state.visible,
                              .has_focus = state.has_focus,
                              .focused = state.focused,
                              .number = state.number};
    service_worker_client_id(c, s->id);
}

static void seen_release(struct seen_client *s)
{
    if (s->link)
        client_link_unref(s->link);
    free(s->url);
    *s = (struct seen_client){0};
}

/* ---- Client objects ---- */

struct client_object {
    struct external external;
    struct seen_client seen;
};

static void client_let_go(struct external *x)
{
    struct client_object *o = (struct client_object *)x;
    seen_release(&o->seen);
    free(o);
}

static struct client_object *client_peek(JSValueConst value)
{
    struct client_object *o = interface_peek(value, &window_client_interface);
    return o ? o : interface_peek(value, &client_interface);
}

static void client_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct client_object *o = client_peek(value);
    (void)runtime;
    if (!o)
        return;
    external_forget(&o->external);
    client_let_go(&o->external);
}

/* Takes what was seen. */
static JSValue client_object(JSContext *js, struct seen_client *s)
{
    struct client_object *o = calloc(1, sizeof *o);
    hd_assert(o);
    o->seen = *s;
    *s = (struct seen_client){0};
    JSValue object = interface_object(
        js, o->seen.type == CLIENT_WINDOW ? &window_client_interface : &client_interface, o);
    if (JS_IsException(object))
        client_let_go(&o->external);
    else
        external_hold(engine_of(js), &o->external, client_let_go);
    return object;
}

struct search {
    const struct client_link *link;
    struct seen_client *found;
};

static void find_client(void *context, struct service_worker_client *c)
{
    struct search *s = context;
    if (service_worker_client_holder(c) == s->link)
        look(s->found, c);
}

JSValue client_object_of(struct realm *r, struct client_link *l)
{
    struct seen_client seen = {0};
    struct search s = {l, &seen};
    service_worker_clients(service_worker_of_realm(r), true, find_client, &s);
    return seen.link ? client_object(r->js, &seen) : JS_NULL;
}

enum { CLIENT_URL, CLIENT_ID, CLIENT_TYPE, CLIENT_FRAME_TYPE, CLIENT_VISIBILITY, CLIENT_FOCUSED };

static struct client_object *client_this(JSContext *js, JSValueConst self)
{
    struct client_object *o = client_peek(self);
    if (!o)
        JS_ThrowTypeError(js, "this is no Client");
    return o;
}

static JSValue client_get(JSContext *js, JSValueConst self, int what)
{
    static const char *const types[] = {"window", "worker", "sharedworker"}, *const frames[] = {
                                                                                 "none",
                                                                                 "top-level",
                                                                                 "auxiliary",
                                                                                 "nested"};
    const struct client_object *o = client_this(js, self);
    if (!o)
        return JS_EXCEPTION;
    const struct seen_client *s = &o->seen;
    if (what == CLIENT_FOCUSED)
        return JS_NewBool(js, s->has_focus);
    return JS_NewString(js, what == CLIENT_URL          ? s->url
                            : what == CLIENT_ID         ? s->id
                            : what == CLIENT_TYPE       ? types[s->type]
                            : what == CLIENT_FRAME_TYPE ? frames[s->frame]
                            : s->visible                ? "visible"
                                                        : "hidden");
}

static JSValue client_post_message(JSContext *js, JSValueConst self, int count,
                                   JSValueConst *arguments)
{
    const struct client_object *o = client_this(js, self);
    struct message *m;
    if (!o || !idl_arguments(js, "postMessage", count, 1) ||
        message_serialize_arguments(js, count, arguments, &m))
        return JS_EXCEPTION;
    service_worker_client_message(o->seen.link, m, service_worker_of_realm(realm_of(js)));
    return JS_UNDEFINED;
}

/* ---- promises of clients ---- */

enum wait_kind { WAIT_GET, WAIT_NAVIGATE, WAIT_OPEN };

/* Its registry calls client_wait_found once. */
struct client_wait_promise {
    struct task task;
    struct agent *agent;  /* counted; constant */
    struct realm *realm;  /* own thread, while it is linked there */
    JSValue resolving[2]; /* the same */
    enum wait_kind kind;
    bool elsewhere; /* it is there, but of another origin */
    struct seen_client seen;
    struct client_wait_promise *next, **in; /* of the realm */
};

static void wait_forget(struct client_wait_promise *p)
{
    if (!p->in)
        return;
    *p->in = p->next;
    if (p->next)
        p->next->in = p->in;
    p->in = NULL;
    JS_FreeValue(p->realm->js, p->resolving[0]);
    JS_FreeValue(p->realm->js, p->resolving[1]);
}

void service_worker_waits_clear(struct realm *r)
{
    while (r->client_waits)
        wait_forget(r->client_waits);
}

static void wait_drop(struct task *t)
{
    struct client_wait_promise *p = caa_container_of(t, struct client_wait_promise, task);
    wait_forget(p); /* its agent ends: tasks are dropped before realms are */
    seen_release(&p->seen);
    agent_unref(p->agent);
    free(p);
}

static void wait_run(struct task *t, struct agent *a)
{
    struct client_wait_promise *p = caa_container_of(t, struct client_wait_promise, task);
    (void)a;
    if (p->in) {
        JSContext *js = p->realm->js;
        JSValue value = p->seen.link          ? client_object(js, &p->seen)
                        : p->kind == WAIT_GET ? JS_UNDEFINED
                        : p->elsewhere || p->kind == WAIT_OPEN
                            ? JS_NULL
                            : JS_ThrowTypeError(js, "navigate: the client cannot go there");
        bool fulfil = !JS_IsException(value);
        if (!fulfil)
            value = JS_GetException(js);
        JSValue result =
            JS_Call(js, p->resolving[!fulfil], JS_UNDEFINED, 1, (JSValueConst *)&value);
        if (JS_IsException(result))
            realm_report_exception(p->realm);
        JS_FreeValue(js, result);
        JS_FreeValue(js, value);
        wait_forget(p);
    }
    wait_drop(t);
}

void client_wait_found(void *holder, struct service_worker_client *c, bool elsewhere)
{
    struct client_wait_promise *p = holder;
    if (c)
        look(&p->seen, c);
    p->elsewhere = elsewhere;
    agent_post(p->agent, &p->task);
}

/* NULL with an exception in *promise. */
static struct client_wait_promise *wait_new(struct realm *r, enum wait_kind kind, JSValue *promise)
{
    struct client_wait_promise *p = calloc(1, sizeof *p);
    hd_assert(p);
    *promise = JS_NewPromiseCapability(r->js, p->resolving);
    if (JS_IsException(*promise)) {
        free(p);
        return NULL;
    }
    p->task = (struct task){.run = wait_run, .drop = wait_drop, .source = TASK_DOM_MANIPULATION};
    p->agent = agent_ref(r->agent);
    p->realm = r;
    p->kind = kind;
    p->in = &r->client_waits;
    p->next = r->client_waits;
    if (p->next)
        p->next->in = &p->next;
    r->client_waits = p;
    return p;
}

/* The client that the navigation will bring. */
static void await_navigation(struct navigation *n, struct service_worker *w,
                             struct client_wait_promise *p)
{
    if (!n->client)
        n->client = service_worker_client_reserve(service_worker_world(w));
    service_worker_client_await_navigation(
        n->client, service_worker_storage_key(service_worker_registration_of(w)), p);
}

/* ---- WindowClient.navigate: in the client's agent ---- */

struct navigate_task {
    struct task task;
    struct client_link *link;         /* counted */
    struct service_worker *worker;    /* counted: who asks */
    struct client_wait_promise *wait; /* told once */
    char *url;
};

static void navigate_drop(struct task *t)
{
    struct navigate_task *x = caa_container_of(t, struct navigate_task, task);
    if (x->wait)
        client_wait_found(x->wait, NULL, false);
    client_link_unref(x->link);
    service_worker_unref(x->worker);
    free(x->url);
    free(x);
}

static bool is_controlled_by(const struct realm *r, const struct service_worker *w)
{
    struct service_worker *own =
        realm_client(r) ? service_worker_controller(realm_client(r)) : NULL;
    if (own)
        service_worker_unref(own);
    return own == w;
}

static void navigate_run(struct task *t, struct agent *a)
{
    struct navigate_task *x = caa_container_of(t, struct navigate_task, task);
    struct realm *r = x->link->realm;
    struct page *p = r ? page_of(r) : NULL;
    (void)a;
    if (p && is_controlled_by(r, x->worker)) {
        struct navigation *n = navigation_new(p->document->context->user_agent, x->url);
        n->context = context_ref(p->document->context);
        navigation_set_initiator(n, p->document);
        await_navigation(n, x->worker, x->wait);
        x->wait = NULL;
        navigable_navigate(n);
    }
    navigate_drop(t);
}

static JSValue client_navigate(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct realm *r = realm_of(js);
    const struct client_object *o = interface_opaque(js, self, &window_client_interface);
    if (!o || !idl_arguments(js, "navigate", count, 1))
        return idl_rejected(js);
    char *text = idl_text(js, arguments[0]), *url = text ? url_resolve(realm_base(r), text) : NULL;
    if (text && (!url || !strncmp(url, "about:", 6))) {
        JS_ThrowTypeError(js, "navigate: '%s' is nowhere to go to", text);
        free(url);
        url = NULL;
    }
    free(text);
    JSValue promise;
    struct client_wait_promise *p = url ? wait_new(r, WAIT_NAVIGATE, &promise) : NULL;
    if (!p) {
        free(url);
        return idl_rejected(js);
    }
    struct navigate_task *x = calloc(1, sizeof *x);
    hd_assert(x);
    x->task = (struct task){.run = navigate_run, .drop = navigate_drop, .source = TASK_NETWORKING};
    x->link = client_link_ref(o->seen.link);
    x->worker = service_worker_ref(service_worker_of_realm(r));
    x->wait = p;
    x->url = url;
    agent_post(x->link->agent, &x->task);
    return promise;
}

/* ---- focus and openWindow: only where the user has just said so ---- */

static bool may_interact(JSContext *js, const char *what)
{
    if (extendable_may_interact(realm_of(js)))
        return true;
    throw_dom_exception(js, "InvalidAccessError",
                        "%s: only while an event of the user's, a notificationclick, is handled",
                        what);
    return false;
}

struct focus_task {
    struct task task;
    struct client_link *link; /* counted */
};

static void focus_drop(struct task *t)
{
    struct focus_task *x = caa_container_of(t, struct focus_task, task);
    client_link_unref(x->link);
    free(x);
}

static void focus_run(struct task *t, struct agent *a)
{
    struct focus_task *x = caa_container_of(t, struct focus_task, task);
    (void)a;
    if (x->link->client)
        service_worker_client_focus(x->link->client);
    focus_drop(t);
}

static JSValue client_focus(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    const struct client_object *o = interface_opaque(js, self, &window_client_interface);
    (void)count;
    (void)arguments;
    if (!o || !may_interact(js, "focus"))
        return idl_rejected(js);
    struct focus_task *x = calloc(1, sizeof *x);
    hd_assert(x);
    x->task = (struct task){.run = focus_run, .drop = focus_drop, .source = TASK_USER_INTERACTION};
    x->link = client_link_ref(o->seen.link);
    struct seen_client seen = o->seen;
    client_link_ref(seen.link);
    seen.url = strdup(seen.url);
    seen.has_focus = true;
    agent_post(x->link->agent, &x->task);
    return promise_later(realm_of(js), client_object(js, &seen));
}

static JSValue open_window(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct realm *r = realm_of(js);
    if (!interface_opaque(js, self, &clients_interface) ||
        !idl_arguments(js, "openWindow", count, 1))
        return idl_rejected(js);
    char *text = idl_text(js, arguments[0]), *url = text ? url_resolve(realm_base(r), text) : NULL;
    if (text && (!url || !strncmp(url, "about:", 6))) {
        JS_ThrowTypeError(js, "openWindow: '%s' cannot be opened", text);
        free(url);
        url = NULL;
    }
    free(text);
    JSValue promise;
    struct client_wait_promise *p =
        url && may_interact(js, "openWindow") ? wait_new(r, WAIT_OPEN, &promise) : NULL;
    if (p) {
        struct navigation *n = navigation_new(web_of(r->agent)->user_agent, url);
        await_navigation(n, service_worker_of_realm(r), p);
        navigation_begin(n);
    }
    free(url);
    return p ? promise : idl_rejected(js);
}

/* ---- the interfaces ---- */

static const JSCFunctionListEntry client_prototype[] = {
    IDL_ATTRIBUTE_MAGIC("url", client_get, NULL, CLIENT_URL),
    IDL_ATTRIBUTE_MAGIC("frameType", client_get, NULL, CLIENT_FRAME_TYPE),
    IDL_ATTRIBUTE_MAGIC("id", client_get, NULL, CLIENT_ID),
    IDL_ATTRIBUTE_MAGIC("type", client_get, NULL, CLIENT_TYPE),
    IDL_METHOD("postMessage", 1, client_post_message),
};
const struct interface client_interface = {
    .host_class = HOST_CLASS_CLIENT,
    .name = "Client",
    .class_definition = {.finalizer = client_finalize},
    .prototype = client_prototype,
    .prototype_count = sizeof client_prototype / sizeof *client_prototype,
};

static const JSCFunctionListEntry window_client_prototype[] = {
    IDL_ATTRIBUTE_MAGIC("visibilityState", client_get, NULL, CLIENT_VISIBILITY),
    IDL_ATTRIBUTE_MAGIC("focused", client_get, NULL, CLIENT_FOCUSED),
    IDL_METHOD("focus", 0, client_focus),
    IDL_METHOD("navigate", 1, client_navigate),
};
const struct interface window_client_interface = {
    .host_class = HOST_CLASS_WINDOW_CLIENT,
    .name = "WindowClient",
    .parent = &client_interface,
    .class_definition = {.finalizer = client_finalize},
    .prototype = window_client_prototype,
    .prototype_count = sizeof window_client_prototype / sizeof *window_client_prototype,
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

static JSValue get_client(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct realm *r = realm_of(js);
    if (!interface_opaque(js, self, &clients_interface) || !idl_arguments(js, "get", count, 1))
        return idl_rejected(js);
    char *id = idl_text(js, arguments[0]);
    JSValue promise;
    struct client_wait_promise *p = id ? wait_new(r, WAIT_GET, &promise) : NULL;
    if (p) {
        struct service_worker *w = service_worker_of_realm(r);
        service_worker_client_await(
            r->agent->world, service_worker_storage_key(service_worker_registration_of(w)), id, p);
    }
    free(id);
    return p ? promise : idl_rejected(js);
}

struct client_list {
    struct seen_client *items;
    size_t count;
    int type; /* enum service_worker_client_type, or one more for all */
};

static void see_client(void *context, struct service_worker_client *c)
{
    struct client_list *l = context;
    int type = (int)service_worker_client_state(c).type;
    if (type != l->type && l->type <= CLIENT_SHARED_WORKER)
        return;
    l->items = realloc(l->items, (l->count + 1) * sizeof *l->items);
    hd_assert(l->items);
    look(&l->items[l->count++], c);
}

/* R-SV-16: windows by most recent focus, then by creation, then workers by creation. */
static int by_focus(const void *a, const void *b)
{
    const struct seen_client *x = a, *y = b;
    if ((x->type == CLIENT_WINDOW) != (y->type == CLIENT_WINDOW))
        return x->type == CLIENT_WINDOW ? -1 : 1;
    if (x->focused != y->focused)
        return x->focused > y->focused ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static JSValue match_all(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    static const char *const types[] = {"window", "worker", "sharedworker", "all", NULL};
    JSValueConst options;
    if (!interface_opaque(js, self, &clients_interface) ||
        idl_dictionary(js, count > 0 ? arguments[0] : JS_UNDEFINED, &options))
        return idl_rejected(js);
    int all = idl_boolean_member(js, options, "includeUncontrolled", false);
    struct client_list l = {
        .type = all < 0 ? -1 : idl_enumeration_member(js, options, "type", types, 0)};
    if (l.type < 0)
        return idl_rejected(js);
    service_worker_clients(service_worker_of_realm(realm_of(js)), all, see_client, &l);
    if (l.count)
        qsort(l.items, l.count, sizeof *l.items, by_focus);
    JSValue array = JS_NewArray(js);
    for (size_t i = 0; i < l.count; i++) {
        if (!JS_IsException(array))
            JS_DefinePropertyValueUint32(js, array, (uint32_t)i, client_object(js, &l.items[i]),
                                         JS_PROP_C_W_E);
        seen_release(&l.items[i]);
    }
    free(l.items);
    if (!JS_IsException(array))
        JS_FreezeObject(js, array);
    return promise_later(realm_of(js), array);
}

static const JSCFunctionListEntry clients_prototype[] = {
    IDL_METHOD("get", 1, get_client),
    IDL_METHOD("matchAll", 0, match_all),
    IDL_METHOD("openWindow", 1, open_window),
    IDL_METHOD("claim", 0, claim),
};
const struct interface clients_interface = {
    .host_class = HOST_CLASS_CLIENTS,
    .name = "Clients",
    .prototype = clients_prototype,
    .prototype_count = sizeof clients_prototype / sizeof *clients_prototype,
};
