/* See worker.h. The owner's Worker object and the worker's global scope share a link, which lives outside both heaps. Messages go
 * straight into the other agent's inbox with the link as their target: an implicit port pair that is never shipped (R-MP-02, R-MP-03:
 * both ends exist from construction, and what is posted early waits in the queue). */
#include "web/worker.h"

#include "agent/safe_point.h"
#include "agent/world.h"
#include "base/finding.h"
#include "engine/host_class.h"
#include "message/message.h"
#include "web/document.h"
#include "web/error_report.h"
#include "web/event.h"
#include "web/globals.h"
#include "web/message_delivery.h"
#include "web/shared_worker.h"
#include "web/worker_global.h"
#include "web/worker_lifetime.h"

#include <stdlib.h>
#include <string.h>

/* Ownership: counted; one reference for the owner's side (while the Worker object is held or the worker runs), one for the worker's,
 * one for every piece of news under way. */
struct worker_link {
    _Atomic uint32_t references; /* relaxed up, acq_rel down */
    struct agent *owner;         /* counted; constant */
    struct agent *worker;        /* counted; constant once started */
    struct worker_link *above;   /* counted; constant: the owner's own link, when it is a worker itself */
    _Atomic bool running; /* release by the worker before its script runs, acquire in post */
    struct activity *activity;   /* of the owning document, whose tasks wait while it is not fully active (R-EL-03); counted; NULL: a worker owns it */
    /* Owner's thread. */
    bool terminated; /* what the worker has sent and was not delivered is lost (R-WK-02) */
    bool ended;
    struct realm *realm;             /* where the Worker object lives */
    JSValue object;                  /* the Worker; undefined once it was collected */
    bool holds;                      /* ... it is held, since somebody listens to it */
    bool collected, told;            /* ... nobody can reach it any more (R-WL-08); the worker knows */
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
    activity_unref(l->activity);
    if (l->above)
        link_unref(l->above);
    free(l);
}

/* ---- messages ---- */

/* A message needs no reference to its link: it is delivered while the worker's thread, or the
 * owner's list of children, holds one (the news of the worker's end comes behind its last message),
 * and its drop does not look at the link. */
static void receive_inside(struct task *t, struct agent *a)
{
    struct message *m = message_of_task(t);
    struct worker_link *l = m->target;
    if (!l->inside) {
        message_lose(m, LOST_ENDED);
        return;
    }
    agent_occurred_on_arrival(a);
    message_deliver(l->inside, JS_UNDEFINED, m, NULL, JS_NULL);
}

static void receive_outside(struct task *t, struct agent *a)
{
    struct message *m = message_of_task(t);
    struct worker_link *l = m->target;
    if (l->terminated || l->ended || JS_IsUndefined(l->object)) {
        message_lose(m, l->terminated ? LOST_TERMINATED : l->ended ? LOST_ENDED : LOST_UNHEARD);
        return;
    }
    agent_occurred_on_arrival(a);
    JSValue object = JS_DupValue(l->realm->js, l->object);
    message_deliver(l->realm, object, m, NULL, JS_NULL);
    JS_FreeValue(l->realm->js, object);
}

static JSValue post(JSContext *js, struct worker_link *l, struct agent *to, int count, JSValueConst *arguments,
                    void (*receive)(struct task *, struct agent *))
{
    struct message *m;
    if (count < 1)
        return JS_ThrowTypeError(js, "postMessage: 1 argument required, but only 0 present");
    if (message_serialize_arguments(js, count, arguments, &m))
        return JS_EXCEPTION;
    m->task.run = receive;
    m->task.source = TASK_UNSHIPPED_PORT;
    m->target = l;
    if (receive == receive_outside && l->activity)
        m->task.activity = activity_ref(l->activity);
    bool lost = receive == receive_inside && web_of(realm_of(js)->agent)->knobs.early_messages_lost &&
                !atomic_load_explicit(&l->running, memory_order_acquire); /* R-MP-03, by the letter: not entangled yet */
    if (to && !lost)
        agent_post(to, &m->task);
    else
        message_lose(m, lost ? LOST_EARLY : LOST_ENDED);
    return JS_UNDEFINED;
}

/* ---- other news for the owner ---- */

enum news { NEWS_ENDED, NEWS_START_FAILED, NEWS_ERROR };

struct news_task {
    struct task task;
    struct worker_link *link;
    struct agent *thrower; /* counted: of an error */
    enum news news;
    uint32_t line, column;
    char *message, *stack, *file;
};

static void news_free(struct news_task *n)
{
    link_unref(n->link);
    agent_unref(n->thrower);
    free(n->message);
    free(n->stack);
    free(n->file);
    free(n);
}

static void news_drop(struct task *t);

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
    if (l->holds)
        JS_FreeValue(l->realm->js, l->object);
    l->holds = false;
    l->object = JS_UNDEFINED;
    link_unref(l);
}

static struct error_report report_of(const struct news_task *n)
{
    return (struct error_report){n->message, n->stack, n->file, n->line, n->column};
}

/* R-ER-02. What comes from below a worker that is gone finds no handlers at its object (R-ER-04). */
static void hear_error(struct worker_link *l, const struct news_task *n)
{
    struct error_report report = report_of(n);
    bool gone = l->ended || l->terminated;
    if (gone && (n->thrower == l->worker || l->realm->destroyed))
        return;
    int canceled = gone || JS_IsUndefined(l->object) ? 0 : event_target_fire_error(l->realm->js, l->object, &report, JS_NULL);
    if (!canceled)
        realm_report_error(l->realm, n->thrower, &report, JS_NULL);
    else if (canceled < 0)
        realm_report_exception(l->realm);
}

static void news_run(struct task *t, struct agent *a)
{
    struct news_task *n = caa_container_of(t, struct news_task, task);
    struct worker_link *l = n->link;
    (void)a;
    if (n->news == NEWS_ERROR) {
        hear_error(l, n);
    } else if (!l->ended && n->news == NEWS_ENDED) {
        owner_release(l);
    } else if (!l->ended && n->news == NEWS_START_FAILED) { /* R-ER-06: a plain event */
        const struct event_target *target = interface_peek(l->object, &event_target_interface);
        if (n->message && !(target && event_target_listens(target, EVENT_ERROR))) {
            struct error_report report = {n->message, n->stack, n->file, n->line, n->column};
            error_notice(n->thrower, FINDING_UNCAUGHT_ERROR, &report);
        }
        if (target && event_target_fire_simple(l->realm->js, l->object, "error") < 0)
            realm_report_exception(l->realm);
    }
    news_free(n);
}

static void tell_owner(struct worker_link *l, enum news news, struct agent *thrower,
                       const struct error_report *report)
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
        n->thrower = agent_ref(thrower);
        n->message = strdup(report->message);
        n->stack = strdup(report->stack);
        n->file = strdup(report->file);
        n->line = report->line;
        n->column = report->column;
    }
    n->task.activity = l->activity ? activity_ref(l->activity) : NULL;
    agent_post(l->owner, &n->task);
}

/* R-ER-04: past those that have ended. */
bool worker_report_error(struct worker_link *l, struct agent *thrower,
                         const struct error_report *report)
{
    while (l && agent_life(l->owner) != AGENT_ALIVE)
        l = l->above;
    if (l)
        tell_owner(l, NEWS_ERROR, thrower, report);
    return l;
}

/* The owner ended with the news in its queue: an error climbs on (R-ER-04). Who frees an agent of the past is nobody's agent, and
 * tells nothing any more. */
static void news_drop(struct task *t)
{
    struct news_task *n = caa_container_of(t, struct news_task, task);
    struct error_report report = report_of(n);
    if (n->news == NEWS_ERROR && n->link->above && agent_current())
        worker_report_error(n->link->above, n->thrower, &report);
    news_free(n);
}

/* ---- the worker's agent (R-WK-01) ---- */

static void give_up(struct worker_link *l, struct realm *r)
{
    JSValue thrown = JS_GetException(r->js);
    struct error_report report;
    if (!exception_is_interruption(r->js, thrown)) {
        error_describe(r->js, thrown, &report);
        tell_owner(l, NEWS_START_FAILED, r->agent, &report);
        error_report_free(r->js, &report);
        agent_close(r->agent);
    }
    JS_FreeValue(r->js, thrown);
}

static void worker_main(struct agent *a)
{
    struct worker_link *l = web_agent_of(a)->link;
    struct realm *r = worker_realm_create(a, GLOBAL_DEDICATED_WORKER);
    if (!r) {
        tell_owner(l, NEWS_START_FAILED, NULL, NULL);
        return;
    }
    r->worker = l;
    l->inside = r;
    atomic_store_explicit(&l->running, true, memory_order_release);
    JSValue code = worker_compile(r);
    if (JS_IsException(code))
        give_up(l, r);
    else
        worker_run(r, code);
}

static void worker_finish(struct agent *a)
{
    struct web_agent *web = a->web;
    struct worker_link *l = web->link;
    workers_orphan(a);
    l->inside = NULL;
    tell_owner(l, NEWS_ENDED, NULL, NULL);
    web_agent_free(a);
    link_unref(l);
}

static const struct agent_calls worker_calls = {worker_main, agent_checkpoint, worker_finish};

static void orphan(struct worker_link *l)
{
    l->terminated = true;
    agent_terminate(l->worker, "orphaned");
    owner_release(l);
}

void workers_orphan(struct agent *owner)
{
    struct web_agent *web = owner->web;
    while (web->children)
        orphan(web->children);
}

void workers_orphan_realm(struct realm *r)
{
    struct worker_link *next;
    for (struct worker_link *l = web_agent_of(r->agent)->children; l; l = next) {
        next = l->next;
        if (l->realm == r)
            orphan(l);
    }
}

static bool is_made_by(const struct agent *a, const struct agent *maker)
{
    while (a && a != maker)
        a = a->creator;
    return a == maker;
}

/* ---- how long they live (R-WL-*) ---- */

/* Of a dedicated worker: its one owner is a document, or the worker around it. */
static struct worker_facts facts_of(const struct worker_link *l, bool owner_is_active)
{
    return (struct worker_facts){
        .owners = 1,
        .owner_is_active = l->activity && owner_is_active,
        .owner_is_needed = !l->activity && owner_is_active,
        .has_outside_ports = !l->collected,
        .has_work = true, /* as far as the owner knows */
    };
}

/* A whole worker tree stands still or goes on: what is below is needed as its owner is. Under the
 * registry lock. */
static void suspend_below(struct world *w, const struct agent *root, bool stands)
{
    for (struct agent *a = w->agents; a; a = a->next)
        if (is_made_by(a, root) && a->kind == AGENT_DEDICATED_WORKER)
            (stands ? agent_suspend : agent_resume)(a);
}

void workers_suspend_realm(struct realm *r, bool suspended)
{
    struct world *w = r->agent->world;
    shared_workers_owner_active(r, !suspended);
    pthread_mutex_lock(&w->registry);
    for (struct worker_link *l = web_agent_of(r->agent)->children; l; l = l->next) {
        struct worker_facts f = facts_of(l, !suspended);
        if (l->realm == r)
            suspend_below(w, l->worker, worker_fate(&f, false) == WORKER_STANDS);
    }
    pthread_mutex_unlock(&w->registry);
}

/* R-WL-08: it has no way out any more, and ends when it has nothing left to do. Worker's thread,
 * when its loop is empty. */
static bool ends_when_idle(struct agent *a)
{
    struct web_agent *web = a->web;
    const struct realm *r = web->link->inside;
    if (!r)
        return false;
    struct worker_facts f = facts_of(web->link, true);
    f.has_outside_ports = r->ports != NULL;
    f.has_work = a->timers.count || r->fetches || r->requests || r->later || web->children;
    if (worker_fate(&f, web_of(a)->knobs.orphans_linger) != WORKER_CLOSES)
        return false;
    agent_close(a);
    return true;
}

struct farewell {
    struct task task;
    struct worker_link *link; /* counted */
};

static void farewell_drop(struct task *t)
{
    struct farewell *x = caa_container_of(t, struct farewell, task);
    link_unref(x->link);
    free(x);
}

static void farewell_run(struct task *t, struct agent *a)
{
    a->idle = ends_when_idle;
    farewell_drop(t);
}

void workers_collected(struct agent *owner)
{
    for (struct worker_link *l = web_agent_of(owner)->children; l; l = l->next) {
        if (!l->collected || l->told)
            continue;
        l->told = true;
        struct farewell *x = calloc(1, sizeof *x);
        if (!x)
            return;
        x->task = (struct task){
            .run = farewell_run, .drop = farewell_drop, .source = TASK_DOM_MANIPULATION};
        x->link = link_ref(l);
        agent_post(l->worker, &x->task);
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
    w->link->object = JS_UNDEFINED;
    w->link->collected = true;
    link_unref(w->link);
    js_free_rt(runtime, w);
}

/* Who is listened to is not collected: an event may come from the worker at any time. */
static void listeners_changed(JSContext *js, JSValueConst target)
{
    struct worker *w = JS_GetOpaque(target, host_class_id(HOST_CLASS_WORKER));
    struct worker_link *l = w->link;
    bool listens = event_target_listens(&w->target, EVENT_MESSAGE) ||
                   event_target_listens(&w->target, EVENT_MESSAGEERROR) ||
                   event_target_listens(&w->target, EVENT_ERROR);
    if (l->ended || listens == l->holds)
        return;
    l->holds = listens;
    if (listens)
        JS_DupValue(js, target);
    else
        JS_FreeValue(js, l->object);
}

static const struct event_target_hooks hooks = {.listeners_changed = listeners_changed};

static void worker_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct worker *w = JS_GetOpaque(value, host_class_id(HOST_CLASS_WORKER));
    if (w)
        event_target_mark(runtime, &w->target, mark);
}

static struct agent *start_worker(JSContext *js, struct worker_link *l, struct worker_options *o)
{
    struct realm *r = realm_of(js);
    struct web_agent *web = worker_web_agent_new(o);
    char name[64];
    struct agent *worker;
    if (!web)
        return NULL;
    snprintf(name, sizeof name, "worker-%u", ++r->workers_made);
    web->link = link_ref(l);
    worker_inherit(web, r);
    struct agent_options options = {
        .kind = AGENT_DEDICATED_WORKER,
        .can_block = true,
        .name = *web->own_name ? web->own_name : name,
        .creator = r->agent,
        .cluster = r->agent->cluster, /* R-AG-20 */
        .calls = &worker_calls,
        .web = web,
    };
    if (agent_start(r->agent->world, &options, &worker) == STATUS_OK)
        return worker;
    link_unref(l);
    worker_web_agent_free(web);
    return NULL;
}

static const struct interface worker_interface;

static JSValue worker_constructor(JSContext *js, JSValueConst new_target, int count,
                                  JSValueConst *arguments)
{
    struct realm *r = realm_of(js);
    struct web_agent *web = web_agent_of(r->agent);
    struct worker_options options;
    if (worker_options_read(js, false, count, arguments, &options)) {
        worker_options_release(&options);
        return JS_EXCEPTION;
    }
    struct worker *w = js_mallocz(js, sizeof *w);
    struct worker_link *l = w ? calloc(1, sizeof *l) : NULL;
    JSValue object = l ? interface_object_from(js, &worker_interface, new_target, w) : JS_EXCEPTION;
    if (JS_IsException(object)) {
        worker_options_release(&options);
        js_free(js, w);
        free(l);
        return object;
    }
    atomic_store_explicit(&l->references, 2, memory_order_relaxed); /* the object's and the list of children's */
    l->owner = agent_ref(r->agent);
    l->above = web->link ? link_ref(web->link) : NULL;
    l->activity = r->document ? activity_ref(r->document->activity) : NULL;
    l->realm = r;
    w->link = l;
    external_hold(r->agent->engine, &w->external, worker_let_go);
    l->worker = start_worker(js, l, &options);
    worker_options_release(&options);
    if (!l->worker) {
        link_unref(l);
        JS_FreeValue(js, object);
        return JS_ThrowRangeError(js, "no further worker can be started: too many agents");
    }
    l->object = object; /* the caller holds it */
    w->target.hooks = &hooks;
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

static const struct interface worker_interface = {
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

const JSCFunctionListEntry dedicated_worker_global[] = {
    JS_CFUNC_DEF("postMessage", 1, inside_post_message),
    EVENT_HANDLER_ATTRIBUTE("message", EVENT_MESSAGE),
    EVENT_HANDLER_ATTRIBUTE("messageerror", EVENT_MESSAGEERROR),
};
const int dedicated_worker_global_count = sizeof dedicated_worker_global / sizeof dedicated_worker_global[0];
