#include "web/shared_worker_manager.h"

#include "agent/safe_point.h"
#include "agent/world.h"
#include "message/port.h"
#include "web/browsing_context.h"
#include "web/resource.h"
#include "web/worker_lifetime.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct owner {
    struct owner *next;
    struct shared_worker_owner document;
    bool inactive;
    int64_t inactive_since; /* ns of the run's clock */
};

struct shared_worker {
    _Atomic uint32_t references; /* relaxed up, acq_rel down */
    /* Constant. */
    struct manager *manager;
    char *storage_key, *url, *name;
    bool module, extended_lifetime, secure;
    int credentials;
    /* The manager's lock. */
    struct shared_worker *next; /* while it is listed */
    bool listed, loaded, ended;
    struct agent *agent; /* counted; NULL before it was started and after it has ended */
    struct connection *early, **early_end; /* before it was started */
    struct connector *waiting;             /* who wants to know whether it loads; one reference each */
    struct owner *owners;
    int64_t alone_since; /* ns of the run's clock: when the last owner went */
    bool stands;         /* suspended for want of an active owner */
    /* Worker's thread. */
    struct timer lifetime;
    bool lifetime_runs;
};

struct manager {
    struct world_part part;
    pthread_mutex_t lock;
    struct shared_worker *first;
};

/* A port on its way to the worker. */
struct connection {
    struct task task;
    struct connection *next; /* among the early ones */
    struct port *far;
};

struct connector {
    _Atomic uint32_t references; /* relaxed up, acq_rel down */
    struct connector *next;      /* the manager's lock: among those who wait */
    struct agent *agent;         /* counted until it is told: a task in an ended agent's queue must not keep that agent */
    const struct connector_calls *calls;
    void *holder; /* own thread: NULL = forgotten */
    struct task verdict;
    bool failed; /* written before the task is posted */
};

/* ---- the manager ---- */

static struct world_part *manager_make(void)
{
    struct manager *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    pthread_mutex_init(&m->lock, NULL);
    return &m->part;
}

static void manager_free(struct world_part *part)
{
    struct manager *m = caa_container_of(part, struct manager, part);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static const struct world_part_kind manager_kind = {manager_make, manager_free};

static struct manager *manager_of(struct world *w)
{
    struct world_part *part = world_part(w, &manager_kind);
    return part ? caa_container_of(part, struct manager, part) : NULL;
}

/* ---- workers ---- */

struct shared_worker *shared_worker_ref(struct shared_worker *w)
{
    atomic_fetch_add_explicit(&w->references, 1, memory_order_relaxed);
    return w;
}

void shared_worker_unref(struct shared_worker *w)
{
    if (atomic_fetch_sub_explicit(&w->references, 1, memory_order_acq_rel) > 1)
        return;
    while (w->owners) {
        struct owner *o = w->owners;
        w->owners = o->next;
        free(o);
    }
    free(w->storage_key);
    free(w->url);
    free(w->name);
    free(w);
}

/* One reference for the list, one for whoever starts it. Under the lock. */
static struct shared_worker *worker_new(struct manager *m, const struct shared_worker_key *key)
{
    struct shared_worker *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    atomic_init(&w->references, 2);
    w->manager = m;
    w->storage_key = strdup(key->storage_key);
    w->url = strdup(key->url);
    w->name = strdup(key->name);
    w->module = key->module;
    w->extended_lifetime = key->extended_lifetime;
    w->credentials = key->credentials;
    w->secure = key->secure;
    w->early_end = &w->early;
    w->lifetime.index = SIZE_MAX;
    w->next = m->first;
    m->first = w;
    w->listed = true;
    return w;
}

/* R-SW-09: one that is closing is as good as absent. */
static bool can_be_matched(const struct shared_worker *w)
{
    return !w->agent || agent_life(w->agent) == AGENT_ALIVE;
}

static struct shared_worker *find(struct manager *m, const struct shared_worker_key *key)
{
    struct shared_worker *w = m->first;
    while (w && !(can_be_matched(w) && !strcmp(w->url, key->url) && !strcmp(w->name, key->name) &&
                  !strcmp(w->storage_key, key->storage_key)))
        w = w->next;
    return w;
}

/* True if this one let go of the list's reference. */
static bool unlist(struct shared_worker *w)
{
    struct shared_worker **link = &w->manager->first;
    if (!w->listed)
        return false;
    while (*link != w)
        link = &(*link)->next;
    *link = w->next;
    w->listed = false;
    return true;
}

/* ---- connectors ---- */

static void connector_unref(struct connector *c)
{
    if (atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) == 1)
        free(c);
}

static void verdict_run(struct task *t, struct agent *a)
{
    struct connector *c = caa_container_of(t, struct connector, verdict);
    (void)a;
    if (c->holder && c->failed)
        c->calls->failed(c->holder);
    if (c->holder)
        c->calls->settled(c->holder);
    connector_unref(c);
}

static void verdict_drop(struct task *t)
{
    connector_unref(caa_container_of(t, struct connector, verdict));
}

/* Takes the manager's reference. */
static void tell(struct connector *c, bool failed)
{
    struct agent *a = c->agent;
    c->agent = NULL;
    c->failed = failed;
    agent_post(a, &c->verdict);
    agent_unref(a);
}

static void tell_all(struct connector *list, bool failed)
{
    while (list) {
        struct connector *c = list;
        list = c->next;
        tell(c, failed);
    }
}

void connector_forget(struct connector *c)
{
    c->holder = NULL;
    connector_unref(c);
}

/* ---- connections ---- */

static void connection_run(struct task *t, struct agent *a)
{
    struct connection *n = caa_container_of(t, struct connection, task);
    shared_worker_connected(a, n->far);
    free(n);
}

static void connection_drop(struct task *t)
{
    struct connection *n = caa_container_of(t, struct connection, task);
    port_release(n->far);
    free(n);
}

/* Under the lock, so that ports arrive in the order of construction. */
static void send_port(struct shared_worker *w, struct connection *n)
{
    if (w->agent) {
        agent_post(w->agent, &n->task);
        return;
    }
    *w->early_end = n;
    w->early_end = &n->next;
}

/* Under the lock. */
static void add_owner(struct shared_worker *w, struct shared_worker_owner document)
{
    struct owner *o = w->owners;
    while (o && (o->document.agent != document.agent || o->document.realm != document.realm))
        o = o->next;
    if (o || !(o = calloc(1, sizeof *o)))
        return;
    *o = (struct owner){.next = w->owners, .document = document};
    w->owners = o;
}

/* R-SW-03, R-SW-04. */
static bool fits(const struct shared_worker *w, const struct shared_worker_key *key)
{
    return w->module == key->module && w->credentials == key->credentials && w->extended_lifetime == key->extended_lifetime &&
           w->secure == key->secure;
}

static bool judge(struct shared_worker *w, const struct world *world);

/* Decides about one construction, under the lock: takes connection and connector, unless it does not fit. */
static bool decide(struct manager *m, const struct agent *a, const struct shared_worker_key *key, struct shared_worker_owner owner, struct connection *n,
                   struct connector *c, struct shared_worker **start)
{
    struct shared_worker *w = find(m, key);
    if (w && w->agent && !w->owners && judge(w, a->world)) { /* it has waited too long for somebody */
        agent_terminate(w->agent, "orphaned");
        w = NULL;
    }
    if (w && !fits(w, key))
        return false;
    if (!w && !(w = *start = worker_new(m, key)))
        return false;
    add_owner(w, owner);
    if (w->agent)
        judge(w, a->world);
    send_port(w, n);
    if (w->loaded) {
        tell(c, false);
    } else {
        c->next = w->waiting;
        w->waiting = c;
    }
    return true;
}

struct connector *shared_worker_connect(struct agent *a, const struct shared_worker_key *key, struct shared_worker_owner owner,
                                        struct port *far, const struct connector_calls *calls, void *holder,
                                        struct shared_worker **start)
{
    struct manager *m = manager_of(a->world);
    struct connector *c = m ? calloc(1, sizeof *c) : NULL;
    struct connection *n = c ? calloc(1, sizeof *n) : NULL;
    *start = NULL;
    if (!n) {
        free(c);
        port_release(far);
        return NULL;
    }
    n->task = (struct task){.run = connection_run, .drop = connection_drop, .source = TASK_DOM_MANIPULATION};
    n->far = far;
    atomic_init(&c->references, 2);
    c->agent = agent_ref(a);
    c->calls = calls;
    c->holder = holder;
    c->verdict = (struct task){.run = verdict_run, .drop = verdict_drop, .source = TASK_DOM_MANIPULATION};
    pthread_mutex_lock(&m->lock);
    bool connected = decide(m, a, key, owner, n, c, start);
    pthread_mutex_unlock(&m->lock);
    if (!connected) {
        connection_drop(&n->task);
        tell(c, true);
    }
    return c;
}

/* ---- the end of a worker without owners (R-WL-01, R-WL-04, R-WL-06) ---- */

struct review {
    struct task task;
    struct shared_worker *worker; /* counted */
};

static void lifetime_fire(struct timer *t, struct agent *a);

static void lifetime_drop(struct timer *t)
{
    struct shared_worker *w = caa_container_of(t, struct shared_worker, lifetime);
    w->lifetime_runs = false;
    shared_worker_unref(w);
}

/* R-WL-01..05, as of now. Under the lock. */
static struct worker_facts facts_of(const struct shared_worker *w, const struct world *world)
{
    const struct web *web = world->host;
    int64_t now = crowd_now(&world->crowd);
    struct worker_facts f = {
        .shared = true,
        .wants_extended_lifetime = w->extended_lifetime,
        .alone_for = now - w->alone_since,
        .inactive_for = INT64_MAX,
        .has_outside_ports = true,
        /* acquire: pairs with the release of whoever has loaded */
        .something_loads =
            atomic_load_explicit(&web->user_agent->loading, memory_order_acquire) > 0,
        .extended_timeout = web->knobs.extended_lifetime,
        .between_loads = web->knobs.between_loads,
    };
    for (const struct owner *o = w->owners; o; o = o->next) {
        f.owners++;
        f.owner_is_active |= !o->inactive;
        if (o->inactive && now - o->inactive_since < f.inactive_for)
            f.inactive_for = now - o->inactive_since;
    }
    return f;
}

/* What follows from it, at once for who only has to stand still or go on. Under the lock; true when the worker has to end. */
static bool judge(struct shared_worker *w, const struct world *world)
{
    const struct web *web = world->host;
    struct worker_facts f = facts_of(w, world);
    enum worker_fate fate = worker_fate(&f, web->knobs.orphans_linger);
    bool stands = fate == WORKER_STANDS;
    if (w->agent && stands != w->stands)
        (stands ? agent_suspend : agent_resume)(w->agent);
    w->stands = stands;
    return fate == WORKER_CLOSES;
}

/* Closes the worker when its time is over, or looks again when that may be. Its own thread. */
static void review(struct shared_worker *w, struct agent *a)
{
    pthread_mutex_lock(&w->manager->lock);
    bool ends = judge(w, a->world);
    struct worker_facts f = facts_of(w, a->world);
    int64_t left = ends || w->stands ? -1 : worker_fate_changes_in(&f);
    pthread_mutex_unlock(&w->manager->lock);
    if (ends)
        agent_close(a);
    if (left < 0 || w->lifetime_runs)
        return;
    w->lifetime.fire = lifetime_fire;
    w->lifetime.drop = lifetime_drop;
    w->lifetime_runs = true;
    timer_start(a, &shared_worker_ref(w)->lifetime, left);
}

static void lifetime_fire(struct timer *t, struct agent *a)
{
    struct shared_worker *w = caa_container_of(t, struct shared_worker, lifetime);
    w->lifetime_runs = false;
    review(w, a);
    shared_worker_unref(w);
}

static void review_run(struct task *t, struct agent *a)
{
    struct review *r = caa_container_of(t, struct review, task);
    review(r->worker, a);
    shared_worker_unref(r->worker);
    free(r);
}

static void review_drop(struct task *t)
{
    struct review *r = caa_container_of(t, struct review, task);
    shared_worker_unref(r->worker);
    free(r);
}

/* Who is short of owners thinks about it. Under the lock. */
static void post_review(struct shared_worker *w)
{
    struct review *r = w->agent ? calloc(1, sizeof *r) : NULL;
    if (!r)
        return;
    *r = (struct review){.task = {.run = review_run, .drop = review_drop, .source = TASK_DOM_MANIPULATION}, .worker = shared_worker_ref(w)};
    agent_post(w->agent, &r->task);
}

static struct owner **find_owner(struct shared_worker *w, struct shared_worker_owner document)
{
    struct owner **link = &w->owners;
    while (*link && ((*link)->document.agent != document.agent || (*link)->document.realm != document.realm))
        link = &(*link)->next;
    return link;
}

static void remove_owner(struct shared_worker *w, struct shared_worker_owner document, const struct world *world)
{
    struct owner **link = find_owner(w, document), *o = *link;
    if (!o)
        return;
    *link = o->next;
    free(o);
    w->alone_since = crowd_now(&world->crowd);
    if (judge(w, world) && w->stands)
        agent_terminate(w->agent, "orphaned");
    else
        post_review(w);
}

static void set_active(struct shared_worker *w, struct shared_worker_owner document, bool active, const struct world *world)
{
    struct owner *o = *find_owner(w, document);
    if (!o)
        return;
    o->inactive = !active;
    o->inactive_since = crowd_now(&world->crowd);
    judge(w, world);
    post_review(w);
}

void shared_workers_set_active(struct world *world, struct shared_worker_owner owner, bool active)
{
    struct manager *m = manager_of(world);
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    for (struct shared_worker *w = m->first; w; w = w->next)
        set_active(w, owner, active, world);
    pthread_mutex_unlock(&m->lock);
}

void shared_workers_loading_ended(struct world *world)
{
    struct manager *m = manager_of(world);
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    for (struct shared_worker *w = m->first; w; w = w->next)
        if (!w->owners && w->agent && w->stands && judge(w, world))
            agent_terminate(w->agent, "orphaned");
    pthread_mutex_unlock(&m->lock);
}

void shared_workers_disown(struct world *world, struct shared_worker_owner owner)
{
    struct manager *m = manager_of(world);
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    for (struct shared_worker *w = m->first; w; w = w->next)
        remove_owner(w, owner, world);
    pthread_mutex_unlock(&m->lock);
}

/* ---- the worker's own steps ---- */

void shared_worker_started(struct shared_worker *w, struct agent *agent)
{
    struct manager *m = w->manager;
    struct connector *failed = NULL;
    struct connection *dropped = NULL;
    bool unlisted = false;
    pthread_mutex_lock(&m->lock);
    if (agent && !w->ended) {
        w->agent = agent_ref(agent);
        for (struct connection *n = w->early, *next; n; n = next) {
            next = n->next;
            agent_post(agent, &n->task);
        }
        post_review(w);
    } else {
        dropped = w->early;
        failed = w->waiting;
        w->waiting = NULL;
        unlisted = unlist(w);
    }
    w->early = NULL;
    pthread_mutex_unlock(&m->lock);
    while (dropped) {
        struct connection *n = dropped;
        dropped = n->next;
        connection_drop(&n->task);
    }
    tell_all(failed, true);
    if (unlisted)
        shared_worker_unref(w);
    shared_worker_unref(w);
}

void shared_worker_loaded(struct shared_worker *w, bool ok)
{
    pthread_mutex_lock(&w->manager->lock);
    struct connector *waiting = w->waiting;
    w->waiting = NULL;
    w->loaded = true;
    bool unlisted = !ok && unlist(w);
    pthread_mutex_unlock(&w->manager->lock);
    tell_all(waiting, !ok);
    if (unlisted)
        shared_worker_unref(w);
}

void shared_worker_ended(struct shared_worker *w)
{
    pthread_mutex_lock(&w->manager->lock);
    struct connector *waiting = w->waiting;
    struct agent *agent = w->agent;
    w->waiting = NULL;
    w->agent = NULL;
    w->ended = true;
    bool unlisted = unlist(w);
    pthread_mutex_unlock(&w->manager->lock);
    tell_all(waiting, true); /* it was terminated before its script was there */
    agent_unref(agent);
    if (unlisted)
        shared_worker_unref(w);
    shared_worker_unref(w);
}
