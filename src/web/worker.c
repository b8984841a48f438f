/* See worker.h. The owner's Worker object and the worker's global scope share a link, which lives outside both heaps. Messages go
 * straight into the other agent's inbox with the link as their target: an implicit port pair that is never shipped (R-MP-02, R-MP-03:
 * both ends exist from construction, and what is posted early waits in the queue). */
#include "web/worker.h"

#include "agent/world.h"
#include "base/finding.h"
#include "engine/host_class.h"
#include "message/message.h"
#include "web/error_report.h"
#include "web/event.h"
#include "web/globals.h"
#include "web/resource.h"
#include "web/url.h"
#include "web/web_agent.h"

#include <stdlib.h>
#include <string.h>

/* Ownership: counted; one reference for the owner's side (while the Worker object is held or the worker runs), one for the worker's,
 * one for every piece of news under way. */
struct worker_link {
    _Atomic uint32_t references; /* relaxed up, acq_rel down */
    struct agent *owner;         /* counted; constant */
    struct agent *worker;        /* counted; constant once started */
    /* Owner's thread. */
    bool terminated; /* what the worker has sent and was not delivered is lost (R-WK-02) */
    bool ended;
    struct realm *realm;             /* where the Worker object lives */
    JSValue object;                  /* held while the worker runs, so that its events have a target */
    struct worker_link *next, *previous; /* among the owner's workers */
    /* Worker's thread. */
    struct realm *inside;
};

static struct worker_link *link_ref(struct worker_link *l)
{
    atomic_fetch_add_explicit(&l->references, 1, memory_order_relaxed);
    return l;
}

static void link_unref(struct worker_link *l)
{
    if (atomic_fetch_sub_explicit(&l->references, 1, memory_order_acq_rel) > 1)
        return;
    agent_unref(l->owner);
    agent_unref(l->worker);
    free(l);
}

/* ---- messages ---- */

/* A message needs no reference to its link: it is delivered while the worker's thread, or the owner's list of children, holds one (the
 * news of the worker's end comes behind its last message), and its drop does not look at the link. */
static void message_task_drop(struct task *t)
{
    message_free(caa_container_of(t, struct message, task));
}

/* Fires `message`, or `messageerror` when the message cannot be rebuilt here (R-SAB-10, R-ER-11). */
static void deliver(struct realm *r, JSValueConst target, struct message *m)
{
    JSValue ports = JS_UNDEFINED;
    JSValue data = message_deserialize(r->js, m, &ports);
    int failed;
    if (JS_IsException(data)) {
        JSValue exception = JS_GetException(r->js);
        bool ended = exception_is_interruption(r->js, exception);
        JS_FreeValue(r->js, exception);
        JS_FreeValue(r->js, ports);
        failed = ended ? 0 : event_target_fire_message(r->js, target, "messageerror", JS_NULL, NULL, JS_UNDEFINED);
    } else {
        failed = event_target_fire_message(r->js, target, "message", data, NULL, ports);
    }
    if (failed < 0)
        realm_report_exception(r);
}

static void receive_inside(struct task *t, struct agent *a)
{
    struct message *m = caa_container_of(t, struct message, task);
    struct worker_link *l = m->target;
    if (l->inside) {
        agent_occurred_on_arrival(a);
        deliver(l->inside, l->inside->global, m);
    }
    message_task_drop(t);
}

static void receive_outside(struct task *t, struct agent *a)
{
    struct message *m = caa_container_of(t, struct message, task);
    struct worker_link *l = m->target;
    if (!l->terminated && !l->ended) {
        agent_occurred_on_arrival(a);
        JSValue object = JS_DupValue(l->realm->js, l->object);
        deliver(l->realm, object, m);
        JS_FreeValue(l->realm->js, object);
    }
    message_task_drop(t);
}

static JSValue post(JSContext *js, struct worker_link *l, struct agent *to, int count, JSValueConst *arguments,
                    void (*receive)(struct task *, struct agent *))
{
    struct message *m;
    if (count < 1)
        return JS_ThrowTypeError(js, "postMessage: 1 argument required, but only 0 present");
    JSValue transfer = message_transfer_list(js, count > 1 ? arguments[1] : JS_UNDEFINED);
    if (JS_IsException(transfer))
        return transfer;
    int failed = message_serialize(js, arguments[0], transfer, &m);
    JS_FreeValue(js, transfer);
    if (failed)
        return JS_EXCEPTION;
    m->task.run = receive;
    m->task.drop = message_task_drop;
    m->task.source = TASK_UNSHIPPED_PORT;
    m->target = l;
    if (to)
        agent_post(to, &m->task);
    else
        message_task_drop(&m->task);
    return JS_UNDEFINED;
}

/* ---- other news for the owner ---- */

enum news { NEWS_ENDED, NEWS_START_FAILED, NEWS_ERROR };

struct news_task {
    struct task task;
    struct worker_link *link;
    enum news news;
    uint32_t line, column;
    char *message, *stack, *file;
};

static void news_drop(struct task *t)
{
    struct news_task *n = caa_container_of(t, struct news_task, task);
    link_unref(n->link);
    free(n->message);
    free(n->stack);
    free(n->file);
    free(n);
}

/* The owner's side lets go: no further event will come. */
static void owner_release(struct worker_link *l)
{
    if (l->ended)
        return;
    l->ended = true;
    struct web_agent *web = web_agent_of(l->owner);
    if (l->previous)
        l->previous->next = l->next;
    else
        web->children = l->next;
    if (l->next)
        l->next->previous = l->previous;
    JS_FreeValue(l->realm->js, l->object);
    l->object = JS_UNDEFINED;
    link_unref(l);
}

static void news_run(struct task *t, struct agent *a)
{
    struct news_task *n = caa_container_of(t, struct news_task, task);
    struct worker_link *l = n->link;
    (void)a;
    if (!l->ended && n->news == NEWS_ENDED) {
        owner_release(l);
    } else if (!l->ended && n->news == NEWS_START_FAILED) { /* R-ER-06: a plain event */
        if (event_target_fire_simple(l->realm->js, l->object, "error") < 0)
            realm_report_exception(l->realm);
    } else if (!l->ended && !l->terminated) { /* R-ER-02 */
        struct error_report report = {n->message, n->stack, n->file, n->line, n->column};
        int canceled = event_target_fire_error(l->realm->js, l->object, &report, JS_NULL);
        if (!canceled)
            realm_report_error(l->realm, &report, JS_NULL);
        else if (canceled < 0)
            realm_report_exception(l->realm);
    }
    news_drop(t);
}

static void tell_owner(struct worker_link *l, enum news news, const struct error_report *report)
{
    struct news_task *n = calloc(1, sizeof *n);
    if (!n)
        return;
    n->task.run = news_run;
    n->task.drop = news_drop;
    n->task.source = TASK_DOM_MANIPULATION;
    n->link = link_ref(l);
    n->news = news;
    if (report) {
        n->message = strdup(report->message);
        n->stack = strdup(report->stack);
        n->file = strdup(report->file);
        n->line = report->line;
        n->column = report->column;
    }
    agent_post(l->owner, &n->task);
}

bool worker_report_error(struct realm *r, const struct error_report *report)
{
    struct worker_link *l = r->worker;
    if (!l || agent_life(l->owner) != AGENT_ALIVE)
        return false;
    tell_owner(l, NEWS_ERROR, report);
    return true;
}

/* ---- the worker's agent (R-WK-01) ---- */

static void start_failed(struct agent *a, const char *why)
{
    struct web_agent *web = a->web;
    char text[1024];
    snprintf(text, sizeof text, "the worker's script %s cannot be loaded: %s", web->url, why);
    struct notice n = {.kind = NOTICE_CONSOLE, .level = 3, .text = text};
    world_notice(a->world, a, &n);
    tell_owner(web->link, NEWS_START_FAILED, NULL);
    agent_close(a);
}

static void worker_main(struct agent *a)
{
    struct web_agent *web = a->web;
    struct resource script;
    status s = resource_load(a->world, web->url, &script);
    if (s != STATUS_OK) {
        start_failed(a, status_text(s));
        return;
    }
    web->script = script.bytes;
    web->script_length = script.length;
    char *origin = strncmp(web->url, "data:", 5) ? url_origin(web->url) : NULL; /* R-OR-07 */
    struct realm *r =
        web_engine_create(a) ? NULL : realm_create(a, GLOBAL_DEDICATED_WORKER, web->url, origin ? origin : "null");
    free(origin);
    if (!r) {
        start_failed(a, "out of memory");
        return;
    }
    r->worker = web->link;
    web->link->inside = r;
    if (!realm_run_script(r, web->script, web->script_length, web->url, web->module))
        realm_report_exception(r);
    agent_checkpoint(a);
}

static void worker_finish(struct agent *a)
{
    struct web_agent *web = a->web;
    struct worker_link *l = web->link;
    workers_orphan(a);
    l->inside = NULL;
    tell_owner(l, NEWS_ENDED, NULL);
    web_agent_free(a);
    link_unref(l);
}

static const struct agent_calls worker_calls = {worker_main, agent_checkpoint, worker_finish};

void workers_orphan(struct agent *owner)
{
    struct web_agent *web = owner->web;
    while (web->children) {
        struct worker_link *l = web->children;
        l->terminated = true;
        agent_terminate(l->worker, "orphaned");
        owner_release(l);
    }
}

/* ---- the Worker interface ---- */

struct worker {
    struct event_target target; /* first: see event_target.h */
    struct worker_link *link;
    struct external external;
};

static void worker_let_go(struct external *x)
{
    link_unref(caa_container_of(x, struct worker, external)->link);
}

static void worker_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct worker *w = JS_GetOpaque(value, host_class_id(HOST_CLASS_WORKER));
    if (!w)
        return;
    event_target_release(runtime, &w->target);
    external_forget(&w->external);
    link_unref(w->link);
    js_free_rt(runtime, w);
}

static void worker_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct worker *w = JS_GetOpaque(value, host_class_id(HOST_CLASS_WORKER));
    if (w)
        event_target_mark(runtime, &w->target, mark);
}

struct worker_settings {
    char *url, *name;
    bool module;
};

static void settings_free(struct worker_settings *s)
{
    free(s->url);
    free(s->name);
}

static int read_option(JSContext *js, JSValueConst options, const char *name, char **out)
{
    JSValue value = JS_GetPropertyStr(js, options, name);
    *out = NULL;
    if (JS_IsException(value))
        return -1;
    if (!JS_IsUndefined(value)) {
        const char *text = JS_ToCString(js, value);
        if (text)
            *out = strdup(text);
        JS_FreeCString(js, text);
    }
    JS_FreeValue(js, value);
    return JS_HasException(js) ? -1 : 0;
}

/* 0, or -1 with an exception; settings are to be freed either way. */
static int read_settings(JSContext *js, int count, JSValueConst *arguments, struct worker_settings *s)
{
    char *type = NULL;
    memset(s, 0, sizeof *s);
    if (count < 1) {
        JS_ThrowTypeError(js, "Worker: 1 argument required, but only 0 present");
        return -1;
    }
    const char *text = JS_ToCString(js, arguments[0]);
    if (!text)
        return -1;
    s->url = url_resolve(realm_of(js)->url, text);
    if (!s->url)
        throw_dom_exception(js, "SyntaxError", "'%s' is not a URL that a worker can be made from", text);
    JS_FreeCString(js, text);
    if (!s->url)
        return -1;
    if (count > 1 && JS_IsObject(arguments[1])) {
        if (read_option(js, arguments[1], "name", &s->name) || read_option(js, arguments[1], "type", &type))
            return -1;
        s->module = type && !strcmp(type, "module");
        if (type && !s->module && strcmp(type, "classic")) {
            JS_ThrowTypeError(js, "'%s' is not a worker type", type);
            free(type);
            return -1;
        }
        free(type);
    }
    return 0;
}

static struct agent *start_worker(JSContext *js, struct worker_link *l, struct worker_settings *s)
{
    struct realm *r = realm_of(js);
    struct web_agent *web = calloc(1, sizeof *web);
    char name[64];
    struct agent *worker;
    if (!web)
        return NULL;
    snprintf(name, sizeof name, "worker-%u", ++r->workers_made);
    web->url = s->url;
    s->url = NULL;
    web->module = s->module;
    web->link = link_ref(l);
    struct agent_options options = {
        .kind = AGENT_DEDICATED_WORKER,
        .can_block = true,
        .name = s->name && *s->name ? s->name : name,
        .creator = r->agent,
        .cluster = r->agent->cluster, /* R-AG-20 */
        .calls = &worker_calls,
        .web = web,
    };
    web->own_name = strdup(s->name ? s->name : "");
    if (agent_start(r->agent->world, &options, &worker) == STATUS_OK)
        return worker;
    link_unref(l);
    free(web->own_name);
    free(web->url);
    free(web);
    return NULL;
}

static JSValue worker_constructor(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    struct realm *r = realm_of(js);
    struct web_agent *web = web_agent_of(r->agent);
    struct worker_settings settings;
    if (read_settings(js, count, arguments, &settings)) {
        settings_free(&settings);
        return JS_EXCEPTION;
    }
    struct worker *w = js_mallocz(js, sizeof *w);
    struct worker_link *l = w ? calloc(1, sizeof *l) : NULL;
    JSValue object = l ? interface_object_from(js, &worker_interface, new_target, w) : JS_EXCEPTION;
    if (JS_IsException(object)) {
        settings_free(&settings);
        js_free(js, w);
        free(l);
        return object;
    }
    atomic_store_explicit(&l->references, 2, memory_order_relaxed); /* the object's and the list of children's */
    l->owner = agent_ref(r->agent);
    l->realm = r;
    w->link = l;
    external_hold(r->agent->engine, &w->external, worker_let_go);
    l->worker = start_worker(js, l, &settings);
    settings_free(&settings);
    if (!l->worker) {
        link_unref(l);
        JS_FreeValue(js, object);
        return JS_ThrowRangeError(js, "no further worker can be started: too many agents");
    }
    l->object = JS_DupValue(js, object);
    l->next = web->children;
    if (l->next)
        l->next->previous = l;
    web->children = l;
    return object;
}

static JSValue worker_post_message(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct worker *w = interface_opaque(js, self, &worker_interface);
    if (!w)
        return JS_EXCEPTION;
    return post(js, w->link, w->link->worker, count, arguments, receive_inside);
}

static JSValue worker_terminate(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct worker *w = interface_opaque(js, self, &worker_interface);
    (void)count;
    (void)arguments;
    if (!w)
        return JS_EXCEPTION;
    w->link->terminated = true;
    agent_terminate(w->link->worker, "terminated");
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry worker_prototype[] = {
    JS_CFUNC_DEF2("postMessage", 1, worker_post_message, JS_PROP_C_W_E),
    JS_CFUNC_DEF2("terminate", 0, worker_terminate, JS_PROP_C_W_E),
    EVENT_HANDLER_ATTRIBUTE("message", EVENT_MESSAGE),
    EVENT_HANDLER_ATTRIBUTE("messageerror", EVENT_MESSAGEERROR),
    EVENT_HANDLER_ATTRIBUTE("error", EVENT_ERROR),
};

const struct interface worker_interface = {
    .host_class = HOST_CLASS_WORKER,
    .name = "Worker",
    .parent = &event_target_interface,
    .class_definition = {.finalizer = worker_finalize, .gc_mark = worker_mark},
    .constructor = worker_constructor,
    .constructor_length = 1,
    .prototype = worker_prototype,
    .prototype_count = sizeof worker_prototype / sizeof worker_prototype[0],
};

static const struct lazy_property worker_lazy[] = {INTERFACE_PROPERTY(worker_interface)};
const struct global_part worker_globals = {.lazy = worker_lazy, .lazy_count = 1};

/* ---- the inside: DedicatedWorkerGlobalScope ---- */

static JSValue inside_post_message(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct worker_link *l = realm_of(js)->worker;
    (void)self;
    if (!l) /* a program that runs as a worker by itself has no owner: nobody is there to receive */
        return JS_UNDEFINED;
    return post(js, l, l->owner, count, arguments, receive_outside);
}

static JSValue inside_close(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)self;
    (void)count;
    (void)arguments;
    agent_close(realm_of(js)->agent);
    return JS_UNDEFINED;
}

static int import_script(JSContext *js, const char *text)
{
    struct realm *r = realm_of(js);
    struct resource resource;
    char *url = url_resolve(r->url, text);
    if (!url) {
        throw_dom_exception(js, "SyntaxError", "importScripts: '%s' is not a URL", text);
        return -1;
    }
    status s = resource_load(r->agent->world, url, &resource);
    if (s != STATUS_OK) {
        throw_dom_exception(js, "NetworkError", "importScripts: cannot load %s: %s", url, status_text(s));
        free(url);
        return -1;
    }
    JSValue result = script_run(js, resource.bytes, resource.length, url);
    free(resource.bytes);
    free(url);
    int failed = JS_IsException(result);
    JS_FreeValue(js, result);
    return failed ? -1 : 0;
}

/* R-BL-04: each script runs to its end in order; the first failure throws. */
static JSValue inside_import_scripts(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)self;
    if (realm_of(js)->module_script)
        return JS_ThrowTypeError(js, "importScripts is not there for module workers (R-WK-07)");
    for (int i = 0; i < count; i++) {
        const char *text = JS_ToCString(js, arguments[i]);
        int failed = text ? import_script(js, text) : -1;
        JS_FreeCString(js, text);
        if (failed)
            return JS_EXCEPTION;
    }
    return JS_UNDEFINED;
}

static JSValue inside_name(JSContext *js, JSValueConst self)
{
    struct web_agent *web = web_agent_of(realm_of(js)->agent);
    (void)self;
    return JS_NewString(js, web->own_name ? web->own_name : "");
}

const JSCFunctionListEntry dedicated_worker_global[] = {
    JS_CFUNC_DEF("postMessage", 1, inside_post_message),
    JS_CFUNC_DEF("close", 0, inside_close),
    JS_CFUNC_DEF("importScripts", 0, inside_import_scripts),
    JS_CGETSET_DEF("name", inside_name, NULL),
    EVENT_HANDLER_ATTRIBUTE("message", EVENT_MESSAGE),
    EVENT_HANDLER_ATTRIBUTE("messageerror", EVENT_MESSAGEERROR),
};
const int dedicated_worker_global_count = sizeof dedicated_worker_global / sizeof dedicated_worker_global[0];
