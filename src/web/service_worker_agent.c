/* The agents of service workers (R-AG-04): how one is started, runs its script, and what becomes of
 * its tasks when it ends. */
#include "web/service_worker_agent.h"

#include "agent/world.h"
#include "base/assert.h"
#include "web/event_target.h"
#include "web/service_worker.h"
#include "web/worker.h"
#include "web/worker_global.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is made for every worker. Counted: the worker's reference, the agent's, and those of tasks.
 */
struct worker_host {
    _Atomic unsigned references; /* relaxed up, acq_rel down */
    pthread_mutex_t lock;
    struct service_worker *worker;                     /* borrowed: tasks and agents hold it */
    struct agent *agent;                               /* lock; counted; NULL while none runs */
    bool evaluated;                                    /* lock: the first evaluation has ended */
    bool activated, redundant;                         /* lock: as far as this has been told */
    struct hosted_task *first, **last;                 /* lock: to be queued when an agent runs */
    struct hosted_task *functional, **last_functional; /* lock: when it is activated (R-SV-08) */
};

/* A task of the worker's, wrapped, so that it can outlive an agent. */
struct hosted_task {
    struct task task;
    struct task *inner; /* NULL once it has been run or dropped */
    bool is_functional;
    struct worker_host *host;      /* counted */
    struct service_worker *worker; /* counted */
    struct hosted_task *next;
};

/* ---- life ---- */

static void host_unref(struct worker_host *h)
{
    /* acq_rel: pairs with the other holders' decrements */
    if (atomic_fetch_sub_explicit(&h->references, 1, memory_order_acq_rel) > 1)
        return;
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static struct worker_host *host_ref(struct worker_host *h)
{
    atomic_fetch_add_explicit(&h->references, 1, memory_order_relaxed);
    return h;
}

void *worker_host_made(struct service_worker *w)
{
    struct worker_host *h = calloc(1, sizeof *h);
    hd_assert(h);
    atomic_init(&h->references, 1);
    pthread_mutex_init(&h->lock, NULL);
    h->worker = w;
    h->last = &h->first;
    h->last_functional = &h->functional;
    return h;
}

void worker_host_forgotten(void *host)
{
    host_unref(host);
}

static void hosted_free(struct hosted_task *t)
{
    host_unref(t->host);
    service_worker_unref(t->worker);
    free(t);
}

/* ---- tasks ---- */

static void hosted_run(struct task *task, struct agent *a)
{
    struct hosted_task *t = caa_container_of(task, struct hosted_task, task);
    t->inner->run(t->inner, a);
    hosted_free(t);
}

static void append(struct hosted_task ***last, struct hosted_task *t)
{
    t->next = NULL;
    **last = t;
    *last = &t->next;
}

static void start_agent(struct worker_host *h, struct service_worker *w);

static bool is_over(const struct service_worker *w)
{
    /* relaxed: a run that is just ending may still start an agent, which ends at once */
    return atomic_load_explicit(&service_worker_world(w)->over, memory_order_relaxed);
}

static void forget(struct hosted_task *t)
{
    t->inner->drop(t->inner);
    hosted_free(t);
}

/* A functional event of a worker that was replaced: its successor gets it (R-SV-12). */
static void hand_on(struct hosted_task *t)
{
    struct service_worker *heir =
        service_worker_in(service_worker_registration_of(t->worker), SLOT_ACTIVE);
    struct task *inner = t->inner;
    if (!heir || heir == t->worker) {
        forget(t);
    } else {
        hosted_free(t);
        service_worker_post(heir, inner, true);
    }
    if (heir)
        service_worker_unref(heir);
}

/* Who is not counted awake must not start anybody: the warden, when it clears up. */
static void start(struct worker_host *h, struct service_worker *w)
{
    struct crowd *outside = agent_current() ? NULL : &service_worker_world(w)->crowd;
    if (outside)
        crowd_hold(outside);
    start_agent(h, w);
    if (outside)
        crowd_release(outside);
}

/* What is kept holds on to the worker, which holds on to the host: at the end nobody else lets go
 * of it. */
static void forget_kept(struct worker_host *h)
{
    pthread_mutex_lock(&h->lock);
    struct hosted_task *kept[] = {h->first, h->functional};
    h->first = h->functional = NULL;
    h->last = &h->first;
    h->last_functional = &h->functional;
    pthread_mutex_unlock(&h->lock);
    for (int i = 0; i < 2; i++)
        for (struct hosted_task *t = kept[i], *next; t; t = next) {
            next = t->next;
            forget(t);
        }
}

static void post(struct hosted_task *t)
{
    if (is_over(t->worker)) {
        forget(t);
        return;
    }
    struct worker_host *h = t->host;
    struct service_worker *w = service_worker_ref(t->worker);
    struct agent *a = NULL;
    pthread_mutex_lock(&h->lock);
    bool redundant = h->redundant, waits = t->is_functional && !h->activated;
    if (!redundant && !waits && h->agent && agent_life(h->agent) == AGENT_ALIVE)
        a = agent_ref(h->agent);
    if (!redundant && waits)
        append(&h->last_functional, t);
    else if (!redundant && !a)
        append(&h->last, t);
    pthread_mutex_unlock(&h->lock);
    if (redundant && t->is_functional)
        hand_on(t);
    else if (redundant)
        forget(t);
    else if (a)
        agent_post(a, &t->task);
    else if (!waits)
        start(h, w);
    agent_unref(a);
    service_worker_unref(w);
}

/* R-SV-12: the agent ended before the task's turn. */
static void hosted_drop(struct task *task)
{
    struct hosted_task *t = caa_container_of(task, struct hosted_task, task);
    if (t->is_functional && !is_over(t->worker))
        post(t);
    else
        forget(t);
}

void service_worker_post(struct service_worker *w, struct task *inner, bool functional)
{
    struct hosted_task *t = calloc(1, sizeof *t);
    hd_assert(t);
    t->task = (struct task){.run = hosted_run, .drop = hosted_drop, .source = inner->source};
    t->inner = inner;
    t->is_functional = functional;
    t->host = host_ref(service_worker_host(w));
    t->worker = service_worker_ref(w);
    post(t);
}

void worker_host_settled_down(struct service_worker *w)
{
    struct worker_host *h = service_worker_host(w);
    bool redundant = service_worker_state_now(w) == SERVICE_WORKER_REDUNDANT;
    pthread_mutex_lock(&h->lock); /* below the registry's lock, which is not taken under it */
    h->redundant = h->redundant || redundant;
    h->activated = !h->redundant;
    struct hosted_task *waiting[] = {h->functional, h->redundant ? h->first : NULL};
    h->functional = NULL;
    h->last_functional = &h->functional;
    if (h->redundant) {
        h->first = NULL;
        h->last = &h->first;
    }
    pthread_mutex_unlock(&h->lock);
    for (int i = 0; i < 2; i++)
        for (struct hosted_task *t = waiting[i], *next; t; t = next) {
            next = t->next;
            post(t);
        }
}

/* Under the lock: what waited for an agent goes into its queue. */
static void post_kept(struct worker_host *h, struct agent *a)
{
    struct hosted_task *t = h->first;
    h->first = NULL;
    h->last = &h->first;
    while (t) {
        struct hosted_task *next = t->next;
        agent_queue(a, &t->task);
        t = next;
    }
}

/* ---- the agent ---- */

struct service_worker *service_worker_of_realm(struct realm *r)
{
    struct worker_host *h = web_agent_of(r->agent)->service_worker;
    return h ? h->worker : NULL;
}

/* Modules that wait at their top level are refused (R-SV-04): their promise is still pending. */
static bool run_module(struct realm *r, const struct web_agent *web)
{
    r->module_script = true;
    r->no_import =
        false; /* R-EXP-12 is about import(), which comes later than the imports of the module */
    JSValue promise = module_run(r->js, web->script, web->script_length, r->url);
    r->no_import = true;
    if (JS_IsException(promise))
        return false;
    JSPromiseStateEnum state = JS_PromiseState(r->js, promise);
    if (state == JS_PROMISE_PENDING)
        JS_ThrowTypeError(r->js, "a service worker cannot await at its top level");
    else if (state == JS_PROMISE_REJECTED)
        JS_Throw(r->js, JS_PromiseResult(r->js, promise));
    JS_FreeValue(r->js, promise);
    return state == JS_PROMISE_FULFILLED;
}

static bool run_script(struct realm *r, const struct web_agent *web)
{
    bool ok = web->module ? run_module(r, web)
                          : realm_run_script(r, web->script, web->script_length, r->url, false);
    if (!ok)
        realm_report_exception(r);
    agent_checkpoint(r->agent);
    return ok;
}

static void service_worker_main(struct agent *a)
{
    struct worker_host *h = web_agent_of(a)->service_worker;
    struct realm *r = worker_realm_create(a, GLOBAL_SERVICE_WORKER);
    bool ok = r && run_script(r, web_agent_of(a));
    if (r)
        service_worker_rests(r);
    pthread_mutex_lock(&h->lock);
    bool first = !h->evaluated;
    h->evaluated = true;
    post_kept(h, a);
    pthread_mutex_unlock(&h->lock);
    if (first)
        service_worker_evaluated(
            h->worker, ok,
            r && event_target_listens(&(struct event_target){.listeners = r->listeners},
                                      EVENT_FETCH));
}

static void service_worker_finish(struct agent *a)
{
    struct worker_host *h = web_agent_of(a)->service_worker;
    struct service_worker *w = h->worker;
    for (struct realm *r = web_agent_of(a)->realms; r; r = r->next)
        service_worker_events_end(r);
    pthread_mutex_lock(&h->lock);
    if (h->agent == a) {
        h->agent = NULL;
        agent_unref(a);
    }
    pthread_mutex_unlock(&h->lock);
    workers_orphan(a);
    web_agent_free(a);
    if (is_over(w))
        forget_kept(h);
    host_unref(h);
    service_worker_unref(w);
}

static const struct agent_calls service_worker_agent_calls = {service_worker_main, agent_checkpoint,
                                                              service_worker_finish};

static struct web_agent *web_agent_for(struct worker_host *h, struct service_worker *w)
{
    struct worker_options o = {.url = strdup(service_worker_url(w)), .name = strdup("")};
    size_t length;
    const char *script = service_worker_script(w, &length, &o.module);
    struct web_agent *web = worker_web_agent_new(&o);
    hd_assert(web);
    web->script = malloc(length + 1);
    hd_assert(web->script);
    memcpy(web->script, script, length + 1);
    web->script_length = length;
    web->secure = true;
    web->origin = origin_of_url(service_worker_url(w)); /* R-OR-08 */
    web->policy = *service_worker_policy(w);
    web->storage_key = strdup(service_worker_storage_key(service_worker_registration_of(w)));
    web->service_worker = host_ref(h);
    service_worker_ref(w);
    return web;
}

static void give_up(struct worker_host *h, struct service_worker *w, struct web_agent *web)
{
    free(web->script);
    worker_web_agent_free(web);
    host_unref(h);
    service_worker_unref(w);
}

/* R-SV-13: from the stored script, in an agent and a realm that are new each time. By a thread that
 * is counted awake, without locks. */
static void start_agent(struct worker_host *h, struct service_worker *w)
{
    struct agent *made = NULL;
    char name[64];
    snprintf(name, sizeof name, "service-worker-%u", service_worker_number(w));
    struct web_agent *web = web_agent_for(h, w);
    struct agent_options options = {
        .kind = AGENT_SERVICE_WORKER,
        .can_block = false,
        .name = name,
        .calls = &service_worker_agent_calls,
        .web = web,
    };
    pthread_mutex_lock(&h->lock);
    struct agent *runs =
        h->agent && agent_life(h->agent) == AGENT_ALIVE ? agent_ref(h->agent) : NULL;
    struct hosted_task *t = runs ? h->first : NULL;
    status s = STATUS_OK;
    if (runs) { /* somebody else was faster: what was kept goes there */
        h->first = NULL;
        h->last = &h->first;
    } else {
        s = is_over(w) ? STATUS_STATE : agent_start(service_worker_world(w), &options, &made);
        if (s == STATUS_OK) {
            agent_unref(h->agent); /* one that is ending */
            h->agent = made;
        }
    }
    pthread_mutex_unlock(&h->lock);
    for (struct hosted_task *next; t; t = next) {
        next = t->next;
        agent_post(runs, &t->task);
    }
    if (s != STATUS_OK)
        forget_kept(h); /* no further agent can be had */
    if (runs || s != STATUS_OK)
        give_up(h, w, web);
    agent_unref(runs);
    if (s != STATUS_OK)
        service_worker_evaluated(w, false, false);
}

/* ---- what the registry asks for ---- */

void worker_host_run(struct service_worker *w)
{
    start(service_worker_host(w), w);
}

void worker_host_terminate(struct service_worker *w)
{
    struct worker_host *h = service_worker_host(w);
    pthread_mutex_lock(&h->lock);
    struct agent *a = h->agent ? agent_ref(h->agent) : NULL;
    pthread_mutex_unlock(&h->lock);
    if (a)
        agent_terminate(a, "terminated");
    agent_unref(a);
}
