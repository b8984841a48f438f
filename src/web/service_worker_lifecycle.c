/* What happens to registrations and workers (Service Workers, appendix A): jobs, install, activate,
 * clear. */
#include "web/service_worker_inside.h"

#include <stdlib.h>
#include <string.h>

/* "Get Newest Worker". */
static struct service_worker *newest(const struct service_worker_registration *r)
{
    for (int slot = 0; slot < SLOT_COUNT; slot++)
        if (r->slots[slot])
            return r->slots[slot];
    return NULL;
}

/* Terminated, redundant, and out of its slot. */
static void retire(struct service_worker_registration *r, enum service_worker_slot slot)
{
    struct service_worker *w = r->slots[slot];
    if (!w)
        return;
    r->registry->calls->terminate(w);
    r->slots[slot] = NULL;
    registration_tell_slots(r);
    worker_set_state(w, SERVICE_WORKER_REDUNDANT);
    worker_unref(w);
}

/* "Try Clear Registration" (R-SV-17): what was unregistered ends when nobody uses it. */
static void try_clear(struct service_worker_registration *r)
{
    if (r->registered || registration_is_used(r))
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
    registration_tell_slots(r);
    worker_set_state(w, SERVICE_WORKER_ACTIVATING);
    for (struct service_worker_client *c = g->clients; c; c = c->next)
        if (c->is_ready && !strcmp(c->key, r->key) && registration_match(g, c->key, c->url) == r)
            g->calls->ready(c, r);
    for (struct service_worker_client *c = g->clients; c; c = c->next) {
        if (!c->controller || c->controller->registration != r)
            continue;
        worker_ref(w);
        worker_unref(c->controller);
        c->controller = w;
        if (c->is_ready)
            g->calls->controller_changed(c);
    }
    registry_add_work(g, WORK_ACTIVATE, NULL, w);
}

/* "Try Activate" (R-SV-06). */
static void try_activate(struct service_worker_registration *r)
{
    const struct service_worker *waiting = r->slots[SLOT_WAITING], *active = r->slots[SLOT_ACTIVE];
    if (!waiting || (active && active->state == SERVICE_WORKER_ACTIVATING))
        return;
    if (!active || (!active->pending && (waiting->skip_waiting || !registration_is_used(r))))
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
    struct service_worker_registration *r = registration_find(j->registry, j->key, j->scope);
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
    struct service_worker_registration *r = registration_find(j->registry, j->key, j->scope);
    if (r && is_same_script(newest(r), j) && r->cache == j->cache) {
        settle(j, OUTCOME_REGISTRATION, r);
        finish(j);
        return;
    }
    if (!r)
        r = registration_new(j->registry, j);
    r->cache = j->cache;
    registry_add_work(j->registry, WORK_FETCH, j, NULL);
}

/* "Update" as asked for: with the newest worker's script. */
static void run_update(struct service_worker_job *j)
{
    struct service_worker_registration *r = registration_find(j->registry, j->key, j->scope);
    const struct service_worker *w = r ? newest(r) : NULL;
    if (!w) {
        settle(j, OUTCOME_TYPE_ERROR, NULL);
        finish(j);
        return;
    }
    free(j->url);
    j->url = registry_copy(w->url);
    j->module = w->module;
    registry_add_work(j->registry, WORK_FETCH, j, NULL);
}

/* "Unregister" (R-SV-17). */
static void run_unregister(struct service_worker_job *j)
{
    struct service_worker_registration *r = registration_find(j->registry, j->key, j->scope);
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
    j->key = registry_copy(q->storage_key);
    j->scope = registry_copy(q->scope);
    j->url = registry_copy(q->script_url);
    j->module = q->module;
    j->cache = q->cache;
    registry_enter(g);
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
    registry_leave(g);
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
    registry_enter(g);
    fail(j, error);
    registry_leave(g);
}

static struct service_worker *worker_new(struct service_worker_job *j,
                                         struct service_worker_registration *r, const char *bytes,
                                         size_t length, const struct policy *policy)
{
    struct service_worker *w = calloc(1, sizeof *w);
    hd_assert(w);
    atomic_init(&w->references, 1);
    w->registration = r;
    registration_ref(r);
    w->url = registry_copy(j->url);
    w->module = j->module;
    w->script = malloc(length + 1);
    hd_assert(w->script);
    memcpy(w->script, bytes, length);
    w->script[length] = 0;
    w->script_length = length;
    w->policy = *policy;
    w->imports = j->imports;
    j->imports = NULL;
    w->job = j;
    j->references++;
    j->worker = w;
    w->number = ++r->registry->made;
    w->host = r->registry->calls->made(w);
    return w;
}

static bool has_same_bytes(const struct service_worker *w, const struct service_worker_job *j,
                           const char *bytes, size_t length)
{
    return is_same_script(w, j) && w->script_length == length && !memcmp(w->script, bytes, length);
}

char *service_worker_job_next_import(struct service_worker_job *j, const char *bytes, size_t length)
{
    struct registry *g = j->registry;
    registry_enter(g);
    const struct service_worker_registration *r = registration_find(g, j->key, j->scope);
    const struct service_worker *w = r ? newest(r) : NULL;
    const struct stored_import *x =
        has_same_bytes(w, j, bytes, length) && !j->imports_differ ? w->imports : NULL;
    for (size_t i = 0; x && i < j->imports_asked; i++)
        x = x->next;
    j->imports_asked++;
    char *url = x ? registry_copy(x->url) : NULL;
    registry_leave(g);
    return url;
}

/* The rest of "Update" (R-SV-04): the same bytes bring no new worker. */
void service_worker_fetched(struct service_worker_job *j, const char *bytes, size_t length,
                            const char *allowed, const struct policy *policy)
{
    struct registry *g = j->registry;
    registry_enter(g);
    struct service_worker_registration *r = registration_find(g, j->key, j->scope);
    const struct service_worker *w = r ? newest(r) : NULL;
    if (!r) { /* it was unregistered while the script was under way */
        fail(j, OUTCOME_TYPE_ERROR);
    } else if (!service_worker_may_control(j->url, j->scope, allowed)) {
        fail(j, OUTCOME_SECURITY_ERROR);
    } else if (has_same_bytes(w, j, bytes, length) && !j->imports_differ) {
        settle(j, OUTCOME_REGISTRATION, r);
        finish(j);
    } else {
        registry_add_work(g, WORK_RUN, NULL, worker_new(j, r, bytes, length, policy));
    }
    registry_leave(g);
}

/* "Install" up to its event (R-SV-05). */
void service_worker_evaluated(struct service_worker *w, bool ok, bool handles_fetch)
{
    struct registry *g = w->registration->registry;
    registry_enter(g);
    struct service_worker_registration *r = w->registration;
    struct service_worker_job *j = w->job;
    if (!j) {
        registry_leave(g);
        return; /* it was started again, which is nobody's job */
    }
    w->handles_fetch = handles_fetch;
    if (!ok || !r->registered) {
        g->calls->terminate(w);
        fail(j, OUTCOME_TYPE_ERROR);
    } else {
        hd_invariant("R-SV-05", !r->slots[SLOT_INSTALLING]); /* invariant 12: at most one */
        r->slots[SLOT_INSTALLING] = worker_ref(w);
        registration_tell_slots(r);
        worker_set_state(w, SERVICE_WORKER_INSTALLING);
        settle(j, OUTCOME_REGISTRATION, r);
        for (struct service_worker_client *c = g->clients; c; c = c->next)
            if (c->is_ready && !strcmp(c->key, r->key))
                g->calls->update_found(c, r);
        registry_add_work(g, WORK_INSTALL, NULL, w);
    }
    registry_leave(g);
}

/* "Install" behind its event. */
static void install_ended(struct service_worker *w, bool ok)
{
    struct service_worker_registration *r = w->registration;
    struct service_worker_job *j = w->job;
    if (r->slots[SLOT_INSTALLING] != w) { /* cleared meanwhile */
        if (j)
            finish(j);
        return;
    }
    registration_ref(r);
    if (!ok) {
        retire(r, SLOT_INSTALLING);
        if (!newest(r))
            remove_from_map(r);
    } else {
        retire(r, SLOT_WAITING);
        r->slots[SLOT_WAITING] = w;
        r->slots[SLOT_INSTALLING] = NULL;
        registration_tell_slots(r);
        worker_set_state(w, SERVICE_WORKER_INSTALLED);
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
    registry_enter(g);
    worker_ref(w);
    if (event == LIFECYCLE_INSTALL) {
        install_ended(w, ok);
    } else if (w->state == SERVICE_WORKER_ACTIVATING) { /* a rejection does not fail it (trap 12) */
        worker_set_state(w, SERVICE_WORKER_ACTIVATED);
        try_activate(w->registration);
    }
    worker_unref(w);
    registry_leave(g);
}

void service_worker_event_began(struct service_worker *w)
{
    struct registry *g = w->registration->registry;
    registry_enter(g);
    w->pending++;
    registry_leave(g);
}

void service_worker_event_finished(struct service_worker *w)
{
    struct registry *g = w->registration->registry;
    registry_enter(g);
    hd_assert(w->pending);
    /* relaxed: what is torn down with the run frees nothing and starts nothing */
    if (--w->pending == 0 && !atomic_load_explicit(&g->world->over, memory_order_relaxed)) {
        struct service_worker_registration *r = w->registration;
        registration_ref(r);
        try_clear(r);
        try_activate(r);
        registration_unref(r);
    }
    registry_leave(g);
}

/* Without a word: whoever could hear it has ended, too. */
static void drop_silently(struct service_worker_registration *r, enum service_worker_slot slot)
{
    struct service_worker *w = r->slots[slot];
    if (!w)
        return;
    r->registry->calls->terminate(w);
    r->slots[slot] = NULL;
    w->state = SERVICE_WORKER_REDUNDANT;
    registry_add_work(r->registry, WORK_SETTLED, NULL, w);
    worker_unref(w);
}

static void shut_down(struct service_worker_registration *r)
{
    struct service_worker *w = r->slots[SLOT_WAITING];
    drop_silently(r, SLOT_INSTALLING);
    if (w) {
        drop_silently(r, SLOT_ACTIVE);
        r->slots[SLOT_ACTIVE] = w;
        r->slots[SLOT_WAITING] = NULL;
        w->state = SERVICE_WORKER_ACTIVATED;
        registry_add_work(r->registry, WORK_SETTLED, NULL, w);
    }
    if (r->slots[SLOT_ACTIVE])
        r->registry->calls->terminate(r->slots[SLOT_ACTIVE]);
    else
        remove_from_map(r);
}

void service_workers_shut_down(struct world *w)
{
    struct registry *g = registry_of(w);
    registry_enter(g);
    for (struct service_worker_registration *r = g->registrations, *next; r; r = next) {
        registration_ref(r);
        if (r->registered)
            shut_down(r);
        next = r->next;
        registration_unref(r);
    }
    registry_leave(g);
}

/* ---- what workers ask ---- */

void service_worker_skip_waiting(struct service_worker *w)
{
    struct registry *g = w->registration->registry;
    registry_enter(g);
    w->skip_waiting = true;
    try_activate(w->registration);
    registry_leave(g);
}

void registration_left(struct service_worker_registration *r)
{
    registration_ref(r);
    try_clear(r);
    try_activate(r);
    registration_unref(r);
}

bool service_worker_claim_clients(struct service_worker *w)
{
    struct registry *g = w->registration->registry;
    registry_enter(g);
    struct service_worker_registration *r = w->registration;
    bool active = r->slots[SLOT_ACTIVE] == w;
    for (struct service_worker_client *c = g->clients; active && c; c = c->next) {
        if (c->controller == w || !c->is_ready || strcmp(c->key, r->key) ||
            registration_match(g, c->key, c->url) != r)
            continue;
        struct service_worker *before = c->controller;
        c->controller = worker_ref(w);
        c->is_decided = true;
        g->calls->controller_changed(c);
        if (before) {
            registration_left(before->registration);
            worker_unref(before);
        }
    }
    registry_leave(g);
    return active;
}

/* ---- stored scripts ---- */

static struct stored_import *find_import(struct stored_import *list, const char *url)
{
    while (list && strcmp(list->url, url))
        list = list->next;
    return list;
}

enum service_worker_import service_worker_find_import(struct service_worker *w, const char *url,
                                                      struct resource *out)
{
    registry_enter(w->registration->registry);
    const struct stored_import *x = find_import(w->imports, url);
    enum service_worker_import found = x ? IMPORT_STORED
                                       : w->state <= SERVICE_WORKER_INSTALLING
                                           ? IMPORT_MAY_BE_FETCHED
                                           : IMPORT_TOO_LATE;
    if (x)
        resource_copy(out, &x->resource);
    registry_leave(w->registration->registry);
    return found;
}

static void store(struct stored_import **list, const char *url, const struct resource *r)
{
    if (find_import(*list, url))
        return;
    struct stored_import *x = calloc(1, sizeof *x);
    hd_assert(x);
    x->url = registry_copy(url);
    resource_copy(&x->resource, r);
    while (*list)
        list = &(*list)->next;
    *list = x;
}

void service_worker_store_import(struct service_worker *w, const char *url,
                                 const struct resource *r)
{
    registry_enter(w->registration->registry);
    store(&w->imports, url, r);
    registry_leave(w->registration->registry);
}

void service_worker_import_fetched(struct service_worker_job *j, const char *url,
                                   const struct resource *r)
{
    registry_enter(j->registry);
    const struct service_worker_registration *g = registration_find(j->registry, j->key, j->scope);
    for (int slot = 0; g && slot < SLOT_COUNT; slot++) {
        const struct stored_import *x =
            g->slots[slot] ? find_import(g->slots[slot]->imports, url) : NULL;
        if (!g->slots[slot])
            continue;
        j->imports_differ = j->imports_differ || !x || x->resource.length != r->length ||
                            memcmp(x->resource.bytes, r->bytes, r->length);
        break; /* the newest one's */
    }
    store(&j->imports, url, r);
    registry_leave(j->registry);
}
