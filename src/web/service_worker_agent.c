/* The agents of service workers (R-AG-04): how one is started, runs its script, and what becomes of
 * its tasks when it ends. */
#include "web/service_worker_agent.h"

#include "agent/world.h"
#include "base/assert.h"
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
    struct service_worker *worker;     /* borrowed: tasks and agents hold it */
    struct agent *agent;               /* lock; counted; NULL while none runs */
    bool evaluated;                    /* lock: the first evaluation has ended */
    struct hosted_task *first, **last; /* lock: to be queued when an agent runs */
};

/* A task of the worker's, wrapped, so that it can outlive an agent. */
struct hosted_task {
    struct task task;
    struct task *inner;            /* NULL once it has been run or dropped */
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

static void keep(struct worker_host *h, struct hosted_task *t)
{
    t->next = NULL;
    *h->last = t;
    h->last = &t->next;
}

/* R-SV-12: the agent ended before the task's turn. */
static void hosted_drop(struct task *task)
{
    struct hosted_task *t = caa_container_of(task, struct hosted_task, task);
    struct worker_host *h = t->host;
    if (t->inner->source == TASK_NETWORKING) {
        pthread_mutex_lock(&h->lock);
        keep(h, t);
        pthread_mutex_unlock(&h->lock);
        return;
    }
    t->inner->drop(t->inner);
    hosted_free(t);
}

static void start_agent(struct worker_host *h, struct service_worker *w);

void service_worker_post(struct service_worker *w, struct task *inner)
{
    struct worker_host *h = service_worker_host(w);
    struct hosted_task *t = calloc(1, sizeof *t);
    hd_assert(t);
    t->task = (struct task){.run = hosted_run, .drop = hosted_drop, .source = inner->source};
    t->inner = inner;
    t->host = host_ref(h);
    t->worker = service_worker_ref(w);
    pthread_mutex_lock(&h->lock);
    struct agent *a = h->agent && agent_life(h->agent) == AGENT_ALIVE ? agent_ref(h->agent) : NULL;
    if (!a)
        keep(h, t);
    pthread_mutex_unlock(&h->lock);
    if (a) {
        agent_post(a, &t->task);
        agent_unref(a);
    } else {
        start_agent(h, w);
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

static void service_worker_main(struct agent *a)
{
    struct worker_host *h = web_agent_of(a)->service_worker;
    struct realm *r = worker_realm_create(a, GLOBAL_SERVICE_WORKER);
    bool ok = r && realm_run_script(r, web_agent_of(a)->script, web_agent_of(a)->script_length,
                                    r->url, web_agent_of(a)->module);
    if (r && !ok)
        realm_report_exception(r);
    if (r)
        agent_checkpoint(a);
    pthread_mutex_lock(&h->lock);
    bool first = !h->evaluated;
    h->evaluated = true;
    post_kept(h, a);
    pthread_mutex_unlock(&h->lock);
    if (first)
        service_worker_evaluated(h->worker, ok);
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
    host_unref(h);
    service_worker_unref(w);
}

static const struct agent_calls service_worker_agent_calls = {service_worker_main, agent_checkpoint,
                                                              service_worker_finish};

/* R-SV-13: from the stored script, in an agent and a realm that are new each time. By an agent's
 * thread, without locks. */
static void start_agent(struct worker_host *h, struct service_worker *w)
{
    struct agent *starter = agent_current(), *made = NULL;
    struct worker_options o = {.url = strdup(service_worker_url(w)), .name = strdup("")};
    size_t length;
    bool module;
    const char *script = service_worker_script(w, &length, &module);
    char name[64];
    snprintf(name, sizeof name, "service-worker-%u", service_worker_number(w));
    o.module = module;
    pthread_mutex_lock(&h->lock);
    if (h->agent && agent_life(h->agent) ==
                        AGENT_ALIVE) { /* somebody else was faster: what was kept goes there */
        struct hosted_task *t = h->first;
        h->first = NULL;
        h->last = &h->first;
        struct agent *a = agent_ref(h->agent);
        pthread_mutex_unlock(&h->lock);
        for (struct hosted_task *next; t; t = next) {
            next = t->next;
            agent_post(a, &t->task);
        }
        agent_unref(a);
        worker_options_release(&o);
        return;
    }
    struct web_agent *web = worker_web_agent_new(&o);
    hd_assert(web);
    web->script = malloc(length + 1);
    hd_assert(web->script);
    memcpy(web->script, script, length + 1);
    web->script_length = length;
    web->secure = true;
    web->origin = origin_of_url(service_worker_url(w)); /* R-OR-08 */
    web->service_worker = host_ref(h);
    service_worker_ref(w);
    struct agent_options options = {
        .kind = AGENT_SERVICE_WORKER,
        .can_block = false,
        .name = name,
        .calls = &service_worker_agent_calls,
        .web = web,
    };
    status s = agent_start(starter->world, &options, &made);
    if (s == STATUS_OK) {
        agent_unref(h->agent); /* one that is ending */
        h->agent = made;
    }
    pthread_mutex_unlock(&h->lock);
    if (s == STATUS_OK)
        return;
    free(web->script);
    worker_web_agent_free(web);
    host_unref(h);
    service_worker_unref(w);
    service_worker_evaluated(w, false); /* no further agent can be had */
}

/* ---- what the registry asks for ---- */

/* It holds its lock, so that what it asks for is done by a task of the agent that runs. */
struct wish {
    struct task task;
    struct service_worker *worker; /* counted */
    enum { WISH_RUN, WISH_INSTALL, WISH_ACTIVATE } what;
};

static void wish_free(struct wish *x)
{
    service_worker_unref(x->worker);
    free(x);
}

static void wish_run(struct task *t, struct agent *a)
{
    struct wish *x = caa_container_of(t, struct wish, task);
    (void)a;
    if (x->what == WISH_RUN)
        start_agent(service_worker_host(x->worker), x->worker);
    else
        service_worker_dispatch_lifecycle(x->worker, x->what == WISH_INSTALL ? LIFECYCLE_INSTALL
                                                                             : LIFECYCLE_ACTIVATE);
    wish_free(x);
}

static void wish_drop(struct task *t)
{
    wish_free(caa_container_of(t, struct wish, task));
}

static void wish(struct service_worker *w, int what)
{
    struct wish *x = calloc(1, sizeof *x);
    struct agent *a = agent_current();
    hd_assert(x);
    if (!a || agent_life(a) == AGENT_ENDED) { /* the run ends */
        free(x);
        return;
    }
    x->task = (struct task){.run = wish_run, .drop = wish_drop, .source = TASK_DOM_MANIPULATION};
    x->worker = service_worker_ref(w);
    x->what = what;
    agent_post(a, &x->task);
}

void worker_host_run(struct service_worker *w)
{
    wish(w, WISH_RUN);
}

void worker_host_dispatch(struct service_worker *w, enum service_worker_lifecycle event)
{
    wish(w, event == LIFECYCLE_INSTALL ? WISH_INSTALL : WISH_ACTIVATE);
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
