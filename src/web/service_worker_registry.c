#include "web/service_worker_registry.h"

#include "agent/world.h"
#include "base/assert.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum job_kind { JOB_REGISTER, JOB_UPDATE, JOB_UNREGISTER };

struct service_worker_job {
    struct service_worker_job *next; /* of the scope's queue */
    unsigned references;             /* registry's lock */
    struct registry *registry;
    enum job_kind kind;
    char *key, *scope, *url; /* constant */
    bool module;
    enum service_worker_cache cache;
    void **holders; /* of this job's promise, and of those that came to ask for the same */
    size_t holder_count;
    bool settled;
    struct service_worker *worker; /* counted: the one that the job brings up */
};

struct service_worker {
    _Atomic unsigned references; /* relaxed up; down under the registry's lock */
    struct service_worker_registration *registration; /* counted; constant */
    enum service_worker_state state;                  /* registry's lock */
    char *url, *script;                               /* constant */
    size_t script_length;
    bool module;
    bool skip_waiting; /* registry's lock */
    uint32_t number;   /* constant, as `host` */
    void *host;
    unsigned pending;               /* extendable events: registry's lock */
    struct service_worker_job *job; /* counted, until the job has ended */
};

struct service_worker_registration {
    struct service_worker_registration *next; /* all there are */
    _Atomic unsigned references;              /* relaxed up; down under the registry's lock */
    struct registry *registry;
    char *key, *scope; /* constant */
    enum service_worker_cache cache;
    bool registered;                          /* in the map of scopes: holds one reference */
    struct service_worker *slots[SLOT_COUNT]; /* counted */
};

struct service_worker_client {
    struct service_worker_client *next;
    struct registry *registry;
    char *key, *url; /* constant */
    void *holder;
    struct service_worker *controller; /* counted, or NULL */
};

struct registry {
    struct world_part part;
    pthread_mutex_t lock;
    const struct service_worker_calls *calls;
    struct service_worker_registration *registrations;
    struct service_worker_client *clients; /* in the order of their making */
    struct service_worker_job *jobs;       /* of all scopes, in the order of asking */
    uint32_t made;                         /* workers ever */
};

/* ---- the registry ---- */

static struct world_part *registry_make(void)
{
    struct registry *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    pthread_mutexattr_t recursive; /* a call that posts to an agent that ends drops its task at
                                      once, and the task's references */
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&g->lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    return &g->part;
}

static void worker_unref(struct service_worker *w);
static struct service_worker_registration *registration_ref(struct service_worker_registration *r);
static void registration_unref(struct service_worker_registration *r);
static void job_unref(struct service_worker_job *j);
static void empty_slot(struct service_worker_registration *r, enum service_worker_slot slot);

/* Every agent has ended, and what they held with them. */
static void registry_free(struct world_part *part)
{
    struct registry *g = caa_container_of(part, struct registry, part);
    while (g->jobs) {
        struct service_worker_job *j = g->jobs;
        g->jobs = j->next;
        if (j->worker) {
            struct service_worker *w = j->worker;
            j->worker = NULL;
            if (w->job)
                job_unref(w->job);
            w->job = NULL;
            worker_unref(w);
        }
        job_unref(j);
    }
    for (struct service_worker_registration *r = g->registrations, *next; r; r = next) {
        registration_ref(r); /* so that `next` can be read */
        for (int slot = 0; slot < SLOT_COUNT; slot++)
            empty_slot(r, (enum service_worker_slot)slot);
        next = r->next;
        if (r->registered)
            registration_unref(r);
        registration_unref(r);
    }
    pthread_mutex_destroy(&g->lock);
    free(g);
}

static struct registry *registry_of(struct world *w)
{
    static const struct world_part_kind kind = {registry_make, registry_free};
    struct world_part *part = world_part(w, &kind);
    hd_assert(part);
    return caa_container_of(part, struct registry, part);
}

void service_workers_use(struct world *w, const struct service_worker_calls *calls)
{
    struct registry *g = registry_of(w);
    pthread_mutex_lock(&g->lock);
    g->calls = calls;
    pthread_mutex_unlock(&g->lock);
}

/* ---- references; everything below is under the lock, but for the functions of the header ---- */

static char *copy(const char *text)
{
    char *result = text ? strdup(text) : NULL;
    hd_assert(result || !text);
    return result;
}

static void job_unref(struct service_worker_job *j)
{
    if (--j->references)
        return;
    free(j->key);
    free(j->scope);
    free(j->url);
    free(j->holders);
    free(j);
}

static struct service_worker_registration *registration_ref(struct service_worker_registration *r)
{
    atomic_fetch_add_explicit(&r->references, 1, memory_order_relaxed);
    return r;
}

static void registration_unref(struct service_worker_registration *r)
{
    /* relaxed: every decrement is made under the lock, which orders what the holders did before */
    if (atomic_fetch_sub_explicit(&r->references, 1, memory_order_relaxed) > 1)
        return;
    struct service_worker_registration **at = &r->registry->registrations;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    free(r->key);
    free(r->scope);
    free(r);
}

static void worker_unref(struct service_worker *w)
{
    /* relaxed: as above */
    if (atomic_fetch_sub_explicit(&w->references, 1, memory_order_relaxed) > 1)
        return;
    hd_assert(!w->job);
    w->registration->registry->calls->forgotten(w->host);
    registration_unref(w->registration);
    free(w->url);
    free(w->script);
    free(w);
}

static struct service_worker *worker_ref(struct service_worker *w)
{
    atomic_fetch_add_explicit(&w->references, 1, memory_order_relaxed);
    return w;
}

static void empty_slot(struct service_worker_registration *r, enum service_worker_slot slot)
{
    struct service_worker *w = r->slots[slot];
    r->slots[slot] = NULL;
    if (w)
        worker_unref(w);
}

/* ---- registrations ---- */

static struct service_worker_registration *find(struct registry *g, const char *key,
                                                const char *scope)
{
    struct service_worker_registration *r = g->registrations;
    while (r && (!r->registered || strcmp(r->key, key) || strcmp(r->scope, scope)))
        r = r->next;
    return r;
}

/* R-SV-10: the longest scope that the URL begins with. */
static struct service_worker_registration *match(struct registry *g, const char *key,
                                                 const char *url)
{
    struct service_worker_registration *best = NULL;
    for (struct service_worker_registration *r = g->registrations; r; r = r->next) {
        size_t length = strlen(r->scope);
        if (r->registered && !strcmp(r->key, key) && !strncmp(url, r->scope, length) &&
            (!best || length > strlen(best->scope)))
            best = r;
    }
    return best;
}

static struct service_worker_registration *registration_new(struct registry *g,
                                                            const struct service_worker_job *j)
{
    struct service_worker_registration *r = calloc(1, sizeof *r);
    hd_assert(r);
    atomic_init(&r->references, 1);
    r->registry = g;
    r->key = copy(j->key);
    r->scope = copy(j->scope);
    r->cache = j->cache;
    r->registered = true;
    r->next = g->registrations;
    g->registrations = r;
    return r;
}

/* "Get Newest Worker". */
static struct service_worker *newest(const struct service_worker_registration *r)
{
    for (int slot = 0; slot < SLOT_COUNT; slot++)
        if (r->slots[slot])
            return r->slots[slot];
    return NULL;
}

/* "Update Worker State". */
static void set_state(struct service_worker *w, enum service_worker_state state)
{
    hd_assert(state > w->state);
    struct registry *g = w->registration->registry;
    w->state = state;
    for (struct service_worker_client *c = g->clients; c; c = c->next)
        if (!strcmp(c->key, w->registration->key))
            g->calls->state_changed(c, w, state);
}

/* "Update Registration State". */
static void tell_slots(struct service_worker_registration *r)
{
    for (struct service_worker_client *c = r->registry->clients; c; c = c->next)
        if (!strcmp(c->key, r->key))
            r->registry->calls->slots_changed(c, r);
}

/* Terminated, redundant, and out of its slot. */
static void retire(struct service_worker_registration *r, enum service_worker_slot slot)
{
    struct service_worker *w = r->slots[slot];
    if (!w)
        return;
    r->registry->calls->terminate(w);
    r->slots[slot] = NULL;
    tell_slots(r);
    set_state(w, SERVICE_WORKER_REDUNDANT);
    worker_unref(w);
}

static bool is_used(const struct service_worker_registration *r)
{
    for (const struct service_worker_client *c = r->registry->clients; c; c = c->next)
        if (c->controller && c->controller->registration == r)
            return true;
    return false;
}

/* "Try Clear Registration" (R-SV-17): what was unregistered ends when nobody uses it. */
static void try_clear(struct service_worker_registration *r)
{
    if (r->registered || is_used(r))
        return;
    for (int slot = 0; slot < SLOT_COUNT; slot++)
        if (r->slots[slot] && r->slots[slot]->pending)
            return;
    registration_ref(r);
    for (int slot = 0; slot < SLOT_COUNT; slot++)
        retire(r, (enum service_worker_slot)slot);
    registration_unref(r);
}

static void remove_from_map(struct service_worker_registration *r)
{
    if (!r->registered)
        return;
    r->registered = false;
    registration_unref(r);
}

/* ---- activation ---- */

/* "Activate" (R-SV-07). */
static void activate(struct service_worker_registration *r)
{
    struct registry *g = r->registry;
    retire(r, SLOT_ACTIVE);
    struct service_worker *w = r->slots[SLOT_ACTIVE] = r->slots[SLOT_WAITING];
    r->slots[SLOT_WAITING] = NULL;
    tell_slots(r);
    set_state(w, SERVICE_WORKER_ACTIVATING);
    for (struct service_worker_client *c = g->clients; c; c = c->next)
        if (!strcmp(c->key, r->key) && match(g, c->key, c->url) == r)
            g->calls->ready(c, r);
    for (struct service_worker_client *c = g->clients; c; c = c->next) {
        if (!c->controller || c->controller->registration != r)
            continue;
        worker_ref(w);
        worker_unref(c->controller);
        c->controller = w;
        g->calls->controller_changed(c);
    }
    g->calls->dispatch(w, LIFECYCLE_ACTIVATE);
}

/* "Try Activate" (R-SV-06). */
static void try_activate(struct service_worker_registration *r)
{
    const struct service_worker *waiting = r->slots[SLOT_WAITING], *active = r->slots[SLOT_ACTIVE];
    if (!waiting || (active && active->state == SERVICE_WORKER_ACTIVATING))
        return;
    if (!active || (!active->pending && (waiting->skip_waiting || !is_used(r))))
        activate(r);
}

/* ---- jobs ---- */

static bool same_scope(const struct service_worker_job *a, const struct service_worker_job *b)
{
    return !strcmp(a->key, b->key) && !strcmp(a->scope, b->scope);
}

static bool are_equivalent(const struct service_worker_job *a, const struct service_worker_job *b)
{
    if (a->kind != b->kind || !same_scope(a, b))
        return false;
    return a->kind != JOB_REGISTER ||
           (!strcmp(a->url, b->url) && a->module == b->module && a->cache == b->cache);
}

static void settle(struct service_worker_job *j, enum service_worker_outcome outcome,
                   struct service_worker_registration *r)
{
    j->settled = true;
    for (size_t i = 0; i < j->holder_count; i++)
        j->registry->calls->settled(j->holders[i], outcome, r);
    j->holder_count = 0;
}

static void run_job(struct service_worker_job *j);

/* "Finish Job": the next one of the scope begins. */
static void finish(struct service_worker_job *j)
{
    struct registry *g = j->registry;
    struct service_worker_job **at = &g->jobs, *next;
    while (*at != j)
        at = &(*at)->next;
    *at = next = j->next;
    while (next && !same_scope(next, j))
        next = next->next;
    if (j->worker) {
        struct service_worker *w = j->worker;
        j->worker = NULL;
        if (w->job)
            job_unref(w->job);
        w->job = NULL;
        worker_unref(w);
    }
    job_unref(j);
    if (next)
        run_job(next);
}

/* An update that comes to nothing: a registration without any worker goes, too (R-SV-04). */
static void fail(struct service_worker_job *j, enum service_worker_outcome error)
{
    struct service_worker_registration *r = find(j->registry, j->key, j->scope);
    settle(j, error, NULL);
    if (r && !newest(r))
        remove_from_map(r);
    finish(j);
}

static bool is_same_script(const struct service_worker *w, const struct service_worker_job *j)
{
    return w && !strcmp(w->url, j->url) && w->module == j->module;
}

/* "Register" (R-SV-03). */
static void run_register(struct service_worker_job *j)
{
    struct service_worker_registration *r = find(j->registry, j->key, j->scope);
    if (r && is_same_script(newest(r), j) && r->cache == j->cache) {
        settle(j, OUTCOME_REGISTRATION, r);
        finish(j);
        return;
    }
    if (!r)
        r = registration_new(j->registry, j);
    r->cache = j->cache;
    j->registry->calls->fetch(j);
}

/* "Update" as asked for: with the newest worker's script. */
static void run_update(struct service_worker_job *j)
{
    struct service_worker_registration *r = find(j->registry, j->key, j->scope);
    const struct service_worker *w = r ? newest(r) : NULL;
    if (!w) {
        settle(j, OUTCOME_TYPE_ERROR, NULL);
        finish(j);
        return;
    }
    free(j->url);
    j->url = copy(w->url);
    j->module = w->module;
    j->registry->calls->fetch(j);
}

/* "Unregister" (R-SV-17). */
static void run_unregister(struct service_worker_job *j)
{
    struct service_worker_registration *r = find(j->registry, j->key, j->scope);
    settle(j, r ? OUTCOME_TRUE : OUTCOME_FALSE, r);
    if (r) {
        registration_ref(r);
        remove_from_map(r);
        try_clear(r);
        registration_unref(r);
    }
    finish(j);
}

static void run_job(struct service_worker_job *j)
{
    static void (*const steps[])(struct service_worker_job *) = {run_register, run_update,
                                                                 run_unregister};
    steps[j->kind](j);
}

static void add_holder(struct service_worker_job *j, void *holder)
{
    j->holders = realloc(j->holders, (j->holder_count + 1) * sizeof(void *));
    hd_assert(j->holders);
    j->holders[j->holder_count++] = holder;
}

/* "Schedule Job" (R-SV-02). */
static void schedule(struct world *w, enum job_kind kind, const struct service_worker_request *q)
{
    struct registry *g = registry_of(w);
    struct service_worker_job *j = calloc(1, sizeof *j), *last = NULL, **end = &g->jobs;
    hd_assert(j);
    j->references = 1;
    j->registry = g;
    j->kind = kind;
    j->key = copy(q->storage_key);
    j->scope = copy(q->scope);
    j->url = copy(q->script_url);
    j->module = q->module;
    j->cache = q->cache;
    pthread_mutex_lock(&g->lock);
    hd_assert(g->calls);
    for (; *end; end = &(*end)->next)
        if (same_scope(*end, j))
            last = *end;
    if (last && are_equivalent(last, j) && !last->settled) {
        add_holder(last, q->holder);
        job_unref(j);
    } else {
        add_holder(j, q->holder);
        *end = j;
        if (!last)
            run_job(j);
    }
    pthread_mutex_unlock(&g->lock);
}

void service_worker_register(struct world *w, const struct service_worker_request *q)
{
    schedule(w, JOB_REGISTER, q);
}

void service_worker_update(struct world *w, const struct service_worker_request *q)
{
    schedule(w, JOB_UPDATE, q);
}

void service_worker_unregister(struct world *w, const struct service_worker_request *q)
{
    schedule(w, JOB_UNREGISTER, q);
}

/* ---- outcomes ---- */

void service_worker_fetch_failed(struct service_worker_job *j, enum service_worker_outcome error)
{
    struct registry *g = j->registry;
    pthread_mutex_lock(&g->lock);
    fail(j, error);
    pthread_mutex_unlock(&g->lock);
}

static struct service_worker *worker_new(struct service_worker_job *j,
                                         struct service_worker_registration *r, const char *bytes,
                                         size_t length)
{
    struct service_worker *w = calloc(1, sizeof *w);
    hd_assert(w);
    atomic_init(&w->references, 1);
    w->registration = r;
    registration_ref(r);
    w->url = copy(j->url);
    w->module = j->module;
    w->script = malloc(length + 1);
    hd_assert(w->script);
    memcpy(w->script, bytes, length);
    w->script[length] = 0;
    w->script_length = length;
    w->job = j;
    j->references++;
    j->worker = w;
    w->number = ++r->registry->made;
    w->host = r->registry->calls->made(w);
    return w;
}

/* The rest of "Update" (R-SV-04): the same bytes bring no new worker. */
void service_worker_fetched(struct service_worker_job *j, const char *bytes, size_t length,
                            const char *allowed)
{
    struct registry *g = j->registry;
    pthread_mutex_lock(&g->lock);
    struct service_worker_registration *r = find(g, j->key, j->scope);
    const struct service_worker *w = r ? newest(r) : NULL;
    if (!r) { /* it was unregistered while the script was under way */
        fail(j, OUTCOME_TYPE_ERROR);
    } else if (!service_worker_may_control(j->url, j->scope, allowed)) {
        fail(j, OUTCOME_SECURITY_ERROR);
    } else if (is_same_script(w, j) && w->script_length == length &&
               !memcmp(w->script, bytes, length)) {
        settle(j, OUTCOME_REGISTRATION, r);
        finish(j);
    } else {
        g->calls->run(worker_new(j, r, bytes, length));
    }
    pthread_mutex_unlock(&g->lock);
}

/* "Install" up to its event (R-SV-05). */
void service_worker_evaluated(struct service_worker *w, bool ok)
{
    struct registry *g = w->registration->registry;
    pthread_mutex_lock(&g->lock);
    struct service_worker_registration *r = w->registration;
    struct service_worker_job *j = w->job;
    if (!j) {
        pthread_mutex_unlock(&g->lock);
        return; /* it was started again, which is nobody's job */
    }
    if (!ok || !r->registered) {
        g->calls->terminate(w);
        fail(j, OUTCOME_TYPE_ERROR);
    } else {
        hd_assert(!r->slots[SLOT_INSTALLING]);
        r->slots[SLOT_INSTALLING] = worker_ref(w);
        tell_slots(r);
        set_state(w, SERVICE_WORKER_INSTALLING);
        settle(j, OUTCOME_REGISTRATION, r);
        for (struct service_worker_client *c = g->clients; c; c = c->next)
            if (!strcmp(c->key, r->key))
                g->calls->update_found(c, r);
        g->calls->dispatch(w, LIFECYCLE_INSTALL);
    }
    pthread_mutex_unlock(&g->lock);
}

/* "Install" behind its event. */
static void install_ended(struct service_worker *w, bool ok)
{
    struct service_worker_registration *r = w->registration;
    struct service_worker_job *j = w->job;
    if (r->slots[SLOT_INSTALLING] != w)
        return; /* cleared meanwhile */
    registration_ref(r);
    if (!ok) {
        retire(r, SLOT_INSTALLING);
        if (!newest(r))
            remove_from_map(r);
    } else {
        retire(r, SLOT_WAITING);
        r->slots[SLOT_WAITING] = w;
        r->slots[SLOT_INSTALLING] = NULL;
        tell_slots(r);
        set_state(w, SERVICE_WORKER_INSTALLED);
    }
    if (j)
        finish(j);
    try_activate(r);
    registration_unref(r);
}

void service_worker_event_ended(struct service_worker *w, enum service_worker_lifecycle event,
                                bool ok)
{
    struct registry *g = w->registration->registry;
    pthread_mutex_lock(&g->lock);
    worker_ref(w);
    if (event == LIFECYCLE_INSTALL) {
        install_ended(w, ok);
    } else if (w->state == SERVICE_WORKER_ACTIVATING) { /* a rejection does not fail it (trap 12) */
        set_state(w, SERVICE_WORKER_ACTIVATED);
        try_activate(w->registration);
    }
    worker_unref(w);
    pthread_mutex_unlock(&g->lock);
}

void service_worker_event_began(struct service_worker *w)
{
    struct registry *g = w->registration->registry;
    pthread_mutex_lock(&g->lock);
    w->pending++;
    pthread_mutex_unlock(&g->lock);
}

void service_worker_event_finished(struct service_worker *w)
{
    struct registry *g = w->registration->registry;
    pthread_mutex_lock(&g->lock);
    hd_assert(w->pending);
    if (--w->pending == 0) {
        struct service_worker_registration *r = w->registration;
        registration_ref(r);
        try_clear(r);
        try_activate(r);
        registration_unref(r);
    }
    pthread_mutex_unlock(&g->lock);
}

/* ---- what workers ask ---- */

void service_worker_skip_waiting(struct service_worker *w)
{
    struct registry *g = w->registration->registry;
    pthread_mutex_lock(&g->lock);
    w->skip_waiting = true;
    try_activate(w->registration);
    pthread_mutex_unlock(&g->lock);
}

/* "Handle Service Worker Client Unload", once the client has no controller any more. */
static void left(struct service_worker_registration *r)
{
    registration_ref(r);
    try_clear(r);
    try_activate(r);
    registration_unref(r);
}

bool service_worker_claim_clients(struct service_worker *w)
{
    struct registry *g = w->registration->registry;
    pthread_mutex_lock(&g->lock);
    struct service_worker_registration *r = w->registration;
    bool active = r->slots[SLOT_ACTIVE] == w;
    for (struct service_worker_client *c = g->clients; active && c; c = c->next) {
        if (c->controller == w || strcmp(c->key, r->key) || match(g, c->key, c->url) != r)
            continue;
        struct service_worker *before = c->controller;
        c->controller = worker_ref(w);
        if (before) {
            left(before->registration);
            worker_unref(before);
        }
        g->calls->controller_changed(c);
    }
    pthread_mutex_unlock(&g->lock);
    return active;
}

/* ---- clients ---- */

struct service_worker_client *service_worker_client_new(struct world *w, const char *storage_key,
                                                        const char *url, void *holder)
{
    struct registry *g = registry_of(w);
    struct service_worker_client *c = calloc(1, sizeof *c), **end = &g->clients;
    hd_assert(c);
    c->registry = g;
    c->key = copy(storage_key);
    c->url = copy(url);
    c->holder = holder;
    pthread_mutex_lock(&g->lock);
    const struct service_worker_registration *r = match(g, storage_key, url);
    if (r && r->slots[SLOT_ACTIVE])
        c->controller = worker_ref(r->slots[SLOT_ACTIVE]);
    while (*end)
        end = &(*end)->next;
    *end = c;
    pthread_mutex_unlock(&g->lock);
    return c;
}

void service_worker_client_gone(struct service_worker_client *c)
{
    struct registry *g = c->registry;
    pthread_mutex_lock(&g->lock);
    struct service_worker_client **at = &g->clients;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    if (c->controller) {
        left(c->controller->registration);
        worker_unref(c->controller);
    }
    pthread_mutex_unlock(&g->lock);
    free(c->key);
    free(c->url);
    free(c);
}

void *service_worker_client_holder(const struct service_worker_client *c)
{
    return c->holder;
}

const char *service_worker_client_url(const struct service_worker_client *c)
{
    return c->url;
}

void service_worker_clients(struct service_worker *w, bool all,
                            void (*visit)(void *context, struct service_worker_client *c),
                            void *context)
{
    struct registry *g = w->registration->registry;
    pthread_mutex_lock(&g->lock);
    for (struct service_worker_client *c = g->clients; c; c = c->next)
        if (!strcmp(c->key, w->registration->key) && (all || c->controller == w))
            visit(context, c);
    pthread_mutex_unlock(&g->lock);
}

struct service_worker *service_worker_controller(struct service_worker_client *c)
{
    pthread_mutex_lock(&c->registry->lock);
    struct service_worker *w = c->controller ? worker_ref(c->controller) : NULL;
    pthread_mutex_unlock(&c->registry->lock);
    return w;
}

struct service_worker_registration *service_worker_match(struct world *w, const char *storage_key,
                                                         const char *url)
{
    struct registry *g = registry_of(w);
    pthread_mutex_lock(&g->lock);
    struct service_worker_registration *r = match(g, storage_key, url);
    if (r)
        registration_ref(r);
    pthread_mutex_unlock(&g->lock);
    return r;
}

/* ---- looking ---- */

struct service_worker *service_worker_ref(struct service_worker *w)
{
    return worker_ref(w);
}

void service_worker_unref(struct service_worker *w)
{
    struct registry *g = w->registration->registry;
    pthread_mutex_lock(&g->lock);
    worker_unref(w);
    pthread_mutex_unlock(&g->lock);
}

struct service_worker_registration *
service_worker_registration_ref(struct service_worker_registration *r)
{
    return registration_ref(r);
}

void service_worker_registration_unref(struct service_worker_registration *r)
{
    struct registry *g = r->registry;
    pthread_mutex_lock(&g->lock);
    registration_unref(r);
    pthread_mutex_unlock(&g->lock);
}

enum service_worker_state service_worker_state_now(struct service_worker *w)
{
    struct registry *g = w->registration->registry;
    pthread_mutex_lock(&g->lock);
    enum service_worker_state s = w->state;
    pthread_mutex_unlock(&g->lock);
    return s;
}

const char *service_worker_state_name(enum service_worker_state s)
{
    static const char *const names[] = {"parsed",     "installing", "installed",
                                        "activating", "activated",  "redundant"};
    return names[s];
}

uint32_t service_worker_number(const struct service_worker *w)
{
    return w->number;
}

void *service_worker_host(const struct service_worker *w)
{
    return w->host;
}

const char *service_worker_url(const struct service_worker *w)
{
    return w->url;
}

const char *service_worker_script(const struct service_worker *w, size_t *length, bool *module)
{
    *length = w->script_length;
    *module = w->module;
    return w->script;
}

struct service_worker_registration *service_worker_registration_of(const struct service_worker *w)
{
    return w->registration;
}

const char *service_worker_scope(const struct service_worker_registration *r)
{
    return r->scope;
}

struct service_worker *service_worker_in(struct service_worker_registration *r,
                                         enum service_worker_slot slot)
{
    pthread_mutex_lock(&r->registry->lock);
    struct service_worker *w = r->slots[slot] ? worker_ref(r->slots[slot]) : NULL;
    pthread_mutex_unlock(&r->registry->lock);
    return w;
}

const char *service_worker_job_url(const struct service_worker_job *j)
{
    return j->url;
}

bool service_worker_job_is_module(const struct service_worker_job *j)
{
    return j->module;
}
