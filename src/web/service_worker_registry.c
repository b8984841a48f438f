/* What there is: registrations, workers, clients. See service_worker_lifecycle.c for what happens
 * to them. */
#include "web/service_worker_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    g->work_end = &g->work;
    return &g->part;
}

static void work_free(struct registry_work *x)
{
    if (x->job)
        job_unref(x->job);
    if (x->worker)
        worker_unref(x->worker);
    free(x);
}

static void empty_slot(struct service_worker_registration *r, enum service_worker_slot slot)
{
    struct service_worker *w = r->slots[slot];
    r->slots[slot] = NULL;
    if (w)
        worker_unref(w);
}

static void free_job(struct service_worker_job *j)
{
    struct service_worker *w = j->worker;
    j->worker = NULL;
    if (w && w->job)
        job_unref(w->job);
    if (w) {
        w->job = NULL;
        worker_unref(w);
    }
    job_unref(j);
}

/* Every agent has ended, and what they held with them. */
static void registry_free(struct world_part *part)
{
    struct registry *g = caa_container_of(part, struct registry, part);
    while (g->jobs) {
        struct service_worker_job *j = g->jobs;
        g->jobs = j->next;
        free_job(j);
    }
    while (g->work) {
        struct registry_work *x = g->work;
        g->work = x->next;
        work_free(x);
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
    while (g->waits) {
        struct client_wait *x = g->waits;
        g->waits = x->next;
        free(x->key);
        free(x);
    }
    pthread_mutex_destroy(&g->lock);
    free(g);
}

struct registry *registry_of(struct world *w)
{
    static const struct world_part_kind kind = {registry_make, registry_free};
    struct world_part *part = world_part(w, &kind);
    hd_assert(part);
    struct registry *g = caa_container_of(part, struct registry, part);
    return g;
}

void registry_enter(struct registry *g)
{
    pthread_mutex_lock(&g->lock);
    g->depth++;
}

static void do_work(struct registry *g, const struct registry_work *x)
{
    switch (x->what) {
    case WORK_FETCH:
        g->calls->fetch(x->job);
        break;
    case WORK_RUN:
        g->calls->run(x->worker);
        break;
    case WORK_INSTALL:
    case WORK_ACTIVATE:
        g->calls->dispatch(x->worker,
                           x->what == WORK_INSTALL ? LIFECYCLE_INSTALL : LIFECYCLE_ACTIVATE);
        break;
    case WORK_SETTLED:
        g->calls->settled_down(x->worker);
        break;
    }
}

/* What is asked for meanwhile joins the end. */
void registry_leave(struct registry *g)
{
    while (g->depth == 1 && g->work) {
        struct registry_work *x = g->work;
        g->work = x->next;
        if (!g->work)
            g->work_end = &g->work;
        g->depth--;
        pthread_mutex_unlock(&g->lock);
        do_work(g, x);
        pthread_mutex_lock(&g->lock);
        g->depth++;
        work_free(x);
    }
    g->depth--;
    pthread_mutex_unlock(&g->lock);
}

void registry_add_work(struct registry *g, int what, struct service_worker_job *j,
                       struct service_worker *w)
{
    struct registry_work *x = calloc(1, sizeof *x);
    hd_assert(x);
    x->what = what;
    x->job = j;
    if (j)
        j->references++;
    x->worker = w ? worker_ref(w) : NULL;
    *g->work_end = x;
    g->work_end = &x->next;
}

void service_workers_use(struct world *w, const struct service_worker_calls *calls)
{
    struct registry *g = registry_of(w);
    registry_enter(g);
    if (!g->calls) { /* once, since it is read outside the lock by those who have been here */
        g->calls = calls;
        g->world = w;
    }
    registry_leave(g);
}

/* ---- references ---- */

char *registry_copy(const char *text)
{
    char *result = text ? strdup(text) : NULL;
    hd_assert(result || !text);
    return result;
}

void imports_free(struct stored_import *list)
{
    while (list) {
        struct stored_import *x = list;
        list = x->next;
        resource_release(&x->resource);
        free(x->url);
        free(x);
    }
}

void job_unref(struct service_worker_job *j)
{
    if (--j->references)
        return;
    imports_free(j->imports);
    free(j->key);
    free(j->scope);
    free(j->url);
    free(j->holders);
    free(j);
}

struct service_worker_registration *registration_ref(struct service_worker_registration *r)
{
    atomic_fetch_add_explicit(&r->references, 1, memory_order_relaxed);
    return r;
}

void registration_unref(struct service_worker_registration *r)
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
    free(r->preload_header);
    free(r);
}

void worker_unref(struct service_worker *w)
{
    /* relaxed: as above */
    if (atomic_fetch_sub_explicit(&w->references, 1, memory_order_relaxed) > 1)
        return;
    hd_assert(!w->job);
    w->registration->registry->calls->forgotten(w->host);
    registration_unref(w->registration);
    imports_free(w->imports);
    free(w->url);
    free(w->script);
    free(w);
}

struct service_worker *worker_ref(struct service_worker *w)
{
    atomic_fetch_add_explicit(&w->references, 1, memory_order_relaxed);
    return w;
}

struct service_worker *service_worker_ref(struct service_worker *w)
{
    return worker_ref(w);
}

void service_worker_unref(struct service_worker *w)
{
    struct registry *g = w->registration->registry;
    registry_enter(g);
    worker_unref(w);
    registry_leave(g);
}

struct service_worker_registration *
service_worker_registration_ref(struct service_worker_registration *r)
{
    return registration_ref(r);
}

void service_worker_registration_unref(struct service_worker_registration *r)
{
    struct registry *g = r->registry;
    registry_enter(g);
    registration_unref(r);
    registry_leave(g);
}

/* ---- registrations ---- */

struct service_worker_registration *registration_new(struct registry *g,
                                                     const struct service_worker_job *j)
{
    struct service_worker_registration *r = calloc(1, sizeof *r);
    hd_assert(r);
    atomic_init(&r->references, 1);
    r->registry = g;
    r->key = registry_copy(j->key);
    r->scope = registry_copy(j->scope);
    r->cache = j->cache;
    r->registered = true;
    r->next = g->registrations;
    g->registrations = r;
    return r;
}

struct service_worker_registration *registration_find(struct registry *g, const char *key,
                                                      const char *scope)
{
    struct service_worker_registration *r = g->registrations;
    while (r && (!r->registered || strcmp(r->key, key) || strcmp(r->scope, scope)))
        r = r->next;
    return r;
}

struct service_worker_registration *registration_match(struct registry *g, const char *key,
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

bool registration_is_used(const struct service_worker_registration *r)
{
    for (const struct service_worker_client *c = r->registry->clients; c; c = c->next)
        if (c->controller && c->controller->registration == r)
            return true;
    return false;
}

static bool hears_of(const struct service_worker_client *c,
                     const struct service_worker_registration *r)
{
    return c->is_ready && !strcmp(c->key, r->key);
}

void worker_set_state(struct service_worker *w, enum service_worker_state state)
{
    hd_invariant("R-SV-05", state > w->state); /* invariant 12: never backwards */
    struct registry *g = w->registration->registry;
    w->state = state;
    for (struct service_worker_client *c = g->clients; c; c = c->next)
        if (hears_of(c, w->registration))
            g->calls->state_changed(c, w, state);
    if (state >= SERVICE_WORKER_ACTIVATED)
        registry_add_work(g, WORK_SETTLED, NULL, w);
}

void registration_tell_slots(struct service_worker_registration *r)
{
    for (struct service_worker_client *c = r->registry->clients; c; c = c->next)
        if (hears_of(c, r))
            r->registry->calls->slots_changed(c, r);
}

struct service_worker_registration *service_worker_match(struct world *w, const char *storage_key,
                                                         const char *url)
{
    struct registry *g = registry_of(w);
    registry_enter(g);
    struct service_worker_registration *r = registration_match(g, storage_key, url);
    if (r)
        registration_ref(r);
    registry_leave(g);
    return r;
}

/* The oldest one is the last of the list. */
static void visit_from(struct service_worker_registration *r, const char *key,
                       void (*visit)(void *, struct service_worker_registration *), void *context)
{
    if (!r)
        return;
    visit_from(r->next, key, visit, context);
    if (r->registered && !strcmp(r->key, key))
        visit(context, r);
}

void service_worker_registrations(struct world *w, const char *storage_key,
                                  void (*visit)(void *, struct service_worker_registration *),
                                  void *context)
{
    struct registry *g = registry_of(w);
    registry_enter(g);
    visit_from(g->registrations, storage_key, visit, context);
    registry_leave(g);
}

bool service_worker_preload(struct service_worker_registration *r, const bool *enable,
                            const char *header)
{
    registry_enter(r->registry);
    bool active = r->slots[SLOT_ACTIVE] != NULL;
    if (active && enable)
        r->preload = *enable;
    if (active && header) {
        free(r->preload_header);
        r->preload_header = registry_copy(header);
    }
    registry_leave(r->registry);
    return active;
}

char *service_worker_preload_state(struct service_worker_registration *r, bool *enabled)
{
    registry_enter(r->registry);
    *enabled = r->preload;
    char *header = registry_copy(r->preload_header ? r->preload_header : "true");
    registry_leave(r->registry);
    return header;
}

/* ---- clients ---- */

struct service_worker_client *service_worker_client_reserve(struct world *w)
{
    return service_worker_client_reserve_as(w, NULL);
}

struct service_worker_client *
service_worker_client_reserve_as(struct world *w, const struct service_worker_client *as)
{
    struct registry *g = registry_of(w);
    struct service_worker_client *c = calloc(1, sizeof *c), **end = &g->clients;
    hd_assert(c);
    c->registry = g;
    c->visible = true;
    registry_enter(g);
    c->number = as ? as->number : ++g->clients_made;
    while (*end)
        end = &(*end)->next;
    *end = c;
    registry_leave(g);
    return c;
}

/* Takes one reference, or NULL. */
static void set_controller(struct service_worker_client *c, struct service_worker *w)
{
    struct service_worker *before = c->controller;
    c->controller = w;
    c->is_decided = true;
    if (!before)
        return;
    registration_left(before->registration);
    worker_unref(before);
}

static struct service_worker *active_for(struct registry *g, const char *key, const char *url)
{
    const struct service_worker_registration *r = registration_match(g, key, url);
    return r && r->slots[SLOT_ACTIVE] ? worker_ref(r->slots[SLOT_ACTIVE]) : NULL;
}

struct service_worker *service_worker_for_reserved(struct service_worker_client *c,
                                                   const char *storage_key, const char *url)
{
    struct registry *g = c->registry;
    registry_enter(g);
    struct service_worker *w = active_for(g, storage_key, url);
    set_controller(c, w ? worker_ref(w) : NULL);
    registry_leave(g);
    return w;
}

void service_worker_client_inherit(struct service_worker_client *c,
                                   struct service_worker_client *from)
{
    registry_enter(c->registry);
    set_controller(c, from && from->controller ? worker_ref(from->controller) : NULL);
    registry_leave(c->registry);
}

static void tell_found(struct registry *g, void *holder, struct service_worker_client *c,
                       const char *key)
{
    bool same = c && !strcmp(c->key, key);
    g->calls->client_found(holder, same ? c : NULL, c && !same);
}

/* Whoever waits for it hears of it: `c` itself, or NULL when it will never be there. */
static void answer_waits(struct registry *g, uint32_t number, struct service_worker_client *c)
{
    for (struct client_wait **at = &g->waits; *at;) {
        struct client_wait *x = *at;
        if (x->number != number) {
            at = &x->next;
            continue;
        }
        *at = x->next;
        tell_found(g, x->holder, c, x->key);
        free(x->key);
        free(x);
    }
}

void service_worker_client_enter(struct service_worker_client *c,
                                 const struct service_worker_client_options *o)
{
    struct registry *g = c->registry;
    registry_enter(g);
    c->key = registry_copy(o->storage_key);
    c->url = registry_copy(o->url);
    c->holder = o->holder;
    c->type = o->type;
    c->frame = o->frame;
    c->is_ready = true;
    if (!c->is_decided)
        set_controller(c, active_for(g, c->key, c->url));
    answer_waits(g, c->number, c);
    registry_leave(g);
}

struct service_worker_client *service_worker_client_new(struct world *w, const char *storage_key,
                                                        const char *url, void *holder)
{
    struct service_worker_client *c = service_worker_client_reserve(w);
    service_worker_client_enter(c, &(struct service_worker_client_options){
                                       .storage_key = storage_key, .url = url, .holder = holder});
    return c;
}

static void client_free(struct service_worker_client *c)
{
    struct service_worker_client **at = &c->registry->clients;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    set_controller(c, NULL);
    const struct service_worker_client *twin = c->registry->clients;
    while (twin && twin->number != c->number)
        twin = twin->next;
    if (!twin) /* else that one answers */
        answer_waits(c->registry, c->number, NULL);
    free(c->key);
    free(c->url);
    free(c);
}

void service_worker_client_gone(struct service_worker_client *c)
{
    struct registry *g = c->registry;
    registry_enter(g);
    client_free(c);
    registry_leave(g);
}

void service_worker_client_become(struct service_worker_client *c, struct service_worker_client *to,
                                  const char *url)
{
    struct registry *g = c ? c->registry : to ? to->registry : NULL;
    if (!g)
        return;
    registry_enter(g);
    if (c) {
        free(c->url);
        c->url = registry_copy(url);
    }
    if (c && to && to->is_decided)
        set_controller(c, to->controller ? worker_ref(to->controller) : NULL);
    if (to) {
        if (c)
            answer_waits(g, to->number, c);
        client_free(to);
    }
    registry_leave(g);
}

void *service_worker_client_holder(const struct service_worker_client *c)
{
    return c->holder;
}

/* As unlike a number as an id should be, and the same in every run. */
void service_worker_client_id(const struct service_worker_client *c,
                              char id[SERVICE_WORKER_CLIENT_ID_SIZE])
{
    snprintf(id, SERVICE_WORKER_CLIENT_ID_SIZE, "%08" PRIx32 "-c11e-4000-8000-%012" PRIx32,
             c->number * UINT32_C(2654435769), c->number);
}

static uint32_t number_of_id(const char *id)
{
    char again[SERVICE_WORKER_CLIENT_ID_SIZE];
    const char *tail = strrchr(id, '-');
    struct service_worker_client c = {.number = 0};
    if (!tail || strlen(id) + 1 != sizeof again)
        return 0;
    c.number = (uint32_t)strtoul(tail + 1, NULL, 16);
    service_worker_client_id(&c, again);
    return strcmp(again, id) ? 0 : c.number;
}

static void wait_for(const struct service_worker_client *c, const char *key, void *holder,
                     bool follows)
{
    struct client_wait *x = calloc(1, sizeof *x), **end = &c->registry->waits;
    hd_assert(x);
    *x = (struct client_wait){
        .key = registry_copy(key), .number = c->number, .follows = follows, .holder = holder};
    while (*end)
        end = &(*end)->next;
    *end = x;
}

void service_worker_client_await(struct world *w, const char *storage_key, const char *id,
                                 void *holder)
{
    struct registry *g = registry_of(w);
    uint32_t number = number_of_id(id);
    registry_enter(g);
    struct service_worker_client *c = NULL; /* the one on its way, when there are two */
    for (struct service_worker_client *x = g->clients; x; x = x->next)
        if (x->number == number && (!c || !x->is_ready))
            c = x;
    if (c && !c->is_ready)
        wait_for(c, storage_key, holder, false);
    else
        tell_found(g, holder, c, storage_key);
    registry_leave(g);
}

void service_worker_client_await_navigation(struct service_worker_client *c,
                                            const char *storage_key, void *holder)
{
    registry_enter(c->registry);
    wait_for(c, storage_key, holder, true);
    registry_leave(c->registry);
}

struct service_worker_client *service_worker_client_redirect(struct service_worker_client *c)
{
    struct registry *g = c->registry;
    struct service_worker_client *next = service_worker_client_reserve(g->world);
    registry_enter(g);
    for (struct client_wait *x = g->waits; x; x = x->next)
        if (x->number == c->number && x->follows)
            x->number = next->number;
    client_free(c);
    registry_leave(g);
    return next;
}

void service_worker_client_set_visible(struct service_worker_client *c, bool visible)
{
    registry_enter(c->registry);
    c->visible = visible;
    registry_leave(c->registry);
}

void service_worker_client_focus(struct service_worker_client *c)
{
    registry_enter(c->registry);
    c->focused = ++c->registry->focus_changes;
    registry_leave(c->registry);
}

struct service_worker_client_state
service_worker_client_state(const struct service_worker_client *c)
{
    struct registry *g = c->registry;
    registry_enter(g);
    struct service_worker_client_state s = {.url = c->url,
                                            .type = c->type,
                                            .frame = c->frame,
                                            .visible = c->visible,
                                            .focused = c->focused,
                                            .number = c->number};
    s.has_focus = c->focused && c->focused == g->focus_changes;
    registry_leave(g);
    return s;
}

void service_worker_clients(struct service_worker *w, bool all,
                            void (*visit)(void *context, struct service_worker_client *c),
                            void *context)
{
    struct registry *g = w->registration->registry;
    registry_enter(g);
    for (struct service_worker_client *c = g->clients; c; c = c->next)
        if (hears_of(c, w->registration) && (all || c->controller == w))
            visit(context, c);
    registry_leave(g);
}

struct service_worker *service_worker_controller(struct service_worker_client *c)
{
    registry_enter(c->registry);
    struct service_worker *w = c->controller ? worker_ref(c->controller) : NULL;
    registry_leave(c->registry);
    return w;
}

/* ---- looking ---- */

enum service_worker_state service_worker_state_now(struct service_worker *w)
{
    struct registry *g = w->registration->registry;
    registry_enter(g);
    enum service_worker_state s = w->state;
    registry_leave(g);
    return s;
}

bool service_worker_handles_fetch(struct service_worker *w)
{
    struct registry *g = w->registration->registry;
    registry_enter(g);
    bool handles = w->handles_fetch;
    registry_leave(g);
    return handles;
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

const struct policy *service_worker_policy(const struct service_worker *w)
{
    return &w->policy;
}

struct world *service_worker_world(const struct service_worker *w)
{
    return w->registration->registry->world;
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

const char *service_worker_storage_key(const struct service_worker_registration *r)
{
    return r->key;
}

enum service_worker_cache service_worker_registration_cache(struct service_worker_registration *r)
{
    registry_enter(r->registry);
    enum service_worker_cache cache = r->cache;
    registry_leave(r->registry);
    return cache;
}

struct service_worker *service_worker_in(struct service_worker_registration *r,
                                         enum service_worker_slot slot)
{
    registry_enter(r->registry);
    struct service_worker *w = r->slots[slot] ? worker_ref(r->slots[slot]) : NULL;
    registry_leave(r->registry);
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

struct world *service_worker_job_world(const struct service_worker_job *j)
{
    return j->registry->world;
}
