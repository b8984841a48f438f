#include "web/lock_manager.h"

#include "agent/world.h"
#include "base/assert.h"
#include "observe/hooks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum state { PENDING, HELD, ENDED };

struct lock_request {
    _Atomic uint32_t references; /* the maker's and one per task under way; relaxed up, acq_rel down */
    /* Constant. */
    enum lock_mode mode;
    struct activity *activity; /* counted, or NULL */
    char *client, *file;
    uint32_t line, column;
    /* The managers' lock. */
    enum state state;
    struct agent *agent; /* counted until it has ended: a task left in an ended agent's queue must not keep that agent */
    struct lock_name *name;
    uint64_t order; /* of asking */
    int64_t since;
    struct lock_request *next, *previous; /* in the queue or among the holders */
    /* Own thread. */
    const struct lock_calls *calls;
    void *holder;  /* NULL: nothing more is told */
    void (*told)(void *holder); /* what `news` tells: written before it is posted */
    struct task news, stolen;
};

struct list {
    struct lock_request *first, *last;
};

/* What an agent had done when it last gave the lock back. */
struct release {
    uint32_t agent;
    struct observe_edge *edge;
};

/* A resource of one manager: while anybody holds it or waits for it, and as long as the run where somebody watches, since it knows the
 * releases that come before later grants. */
struct lock_name {
    struct managers *all;
    struct lock_name *next; /* in the bucket */
    unsigned long hash;
    char *key, *name;
    struct list held, queue;
    struct release *releases; /* the last of each agent that no later exclusive holder's release contains */
    size_t release_count, release_capacity;
};

#define BUCKETS 64

struct managers {
    struct world_part part;
    pthread_mutex_t lock;
    uint64_t asked;
    struct lock_name *buckets[BUCKETS];
};

static const struct world_part_kind managers_kind;

static struct managers *managers_of(struct world *w)
{
    struct world_part *part = world_part(w, &managers_kind);
    return part ? caa_container_of(part, struct managers, part) : NULL;
}

static struct world_part *managers_make(void)
{
    struct managers *all = calloc(1, sizeof *all);
    if (!all)
        return NULL;
    pthread_mutex_init(&all->lock, NULL);
    return &all->part;
}

/* ---- order between holders (observe/hooks.h); under the lock ---- */

static void releases_drop(struct lock_name *n)
{
    while (n->release_count)
        observe_drop(n->releases[--n->release_count].edge);
}

/* The calling agent gives the lock back. An exclusive holder has learnt of every release before. */
static void release_note(struct lock_name *n, enum lock_mode mode)
{
    struct observe_edge *edge = observe_send(OBSERVE_LOCK);
    uint32_t agent = agent_current()->id;
    size_t i = 0;
    if (!edge)
        return;
    if (mode == LOCK_EXCLUSIVE)
        releases_drop(n);
    while (i < n->release_count && n->releases[i].agent != agent)
        i++;
    if (i == n->release_capacity) {
        n->release_capacity = n->release_capacity ? n->release_capacity * 2 : 4;
        n->releases = realloc(n->releases, n->release_capacity * sizeof *n->releases);
        hd_assert(n->releases);
    }
    if (i < n->release_count)
        observe_drop(n->releases[i].edge);
    else
        n->release_count++;
    n->releases[i] = (struct release){agent, edge};
}

/* The calling agent has got it. */
static void releases_learn(struct lock_name *n)
{
    for (size_t i = 0; i < n->release_count; i++)
        OBSERVE(edge_learn, n->releases[i].edge);
}

static void name_free(struct lock_name *n)
{
    releases_drop(n);
    free(n->releases);
    free(n->key);
    free(n->name);
    free(n);
}

/* Every agent has ended, and its requests with it. */
static void managers_free(struct world_part *part)
{
    struct managers *all = caa_container_of(part, struct managers, part);
    for (int b = 0; b < BUCKETS; b++) {
        while (all->buckets[b]) {
            struct lock_name *n = all->buckets[b];
            all->buckets[b] = n->next;
            name_free(n);
        }
    }
    pthread_mutex_destroy(&all->lock);
    free(all);
}

static const struct world_part_kind managers_kind = {managers_make, managers_free};

static void request_ref(struct lock_request *r)
{
    atomic_fetch_add_explicit(&r->references, 1, memory_order_relaxed);
}

static void request_unref(struct lock_request *r)
{
    if (atomic_fetch_sub_explicit(&r->references, 1, memory_order_acq_rel) > 1)
        return;
    activity_unref(r->activity);
    free(r->client);
    free(r->file);
    free(r);
}

/* ---- names; from here on under the lock ---- */

static unsigned long hash_of(const char *key, const char *name)
{
    unsigned long hash = 5381;
    for (const char *c = key; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    for (const char *c = name; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    return hash;
}

static struct lock_name *name_of(struct managers *all, const char *key, const char *name)
{
    unsigned long hash = hash_of(key, name);
    struct lock_name **bucket = &all->buckets[hash % BUCKETS], *n = *bucket;
    while (n && (n->hash != hash || strcmp(n->name, name) || strcmp(n->key, key)))
        n = n->next;
    if (n || !(n = calloc(1, sizeof *n)))
        return n;
    *n = (struct lock_name){.all = all, .next = *bucket, .hash = hash, .key = strdup(key), .name = strdup(name)};
    *bucket = n;
    return n;
}

static void name_forget_unused(struct lock_name *n)
{
    if (n->held.first || n->queue.first || observe_active())
        return;
    struct lock_name **link = &n->all->buckets[n->hash % BUCKETS];
    while (*link != n)
        link = &(*link)->next;
    *link = n->next;
    name_free(n);
}

static void append(struct list *l, struct lock_request *r)
{
    r->next = NULL;
    r->previous = l->last;
    *(l->last ? &l->last->next : &l->first) = r;
    l->last = r;
}

static void prepend(struct list *l, struct lock_request *r)
{
    r->previous = NULL;
    r->next = l->first;
    *(l->first ? &l->first->previous : &l->last) = r;
    l->first = r;
}

static void take_out(struct list *l, struct lock_request *r)
{
    *(r->previous ? &r->previous->next : &l->first) = r->next;
    *(r->next ? &r->next->previous : &l->last) = r->previous;
    r->next = r->previous = NULL;
}

/* ---- telling ---- */

static void tell(struct task *t, struct lock_request *r, struct agent *a)
{
    request_ref(r);
    t->activity = r->activity ? activity_ref(r->activity) : NULL;
    agent_post(a, t);
}

static void news_run(struct task *t, struct agent *a)
{
    struct lock_request *r = caa_container_of(t, struct lock_request, news);
    (void)a;
    if (r->told == r->calls->granted && observe_active()) {
        pthread_mutex_lock(&r->name->all->lock);
        releases_learn(r->name);
        pthread_mutex_unlock(&r->name->all->lock);
    }
    if (r->holder)
        r->told(r->holder);
    request_unref(r);
}

static void news_drop(struct task *t)
{
    request_unref(caa_container_of(t, struct lock_request, news));
}

static void stolen_run(struct task *t, struct agent *a)
{
    struct lock_request *r = caa_container_of(t, struct lock_request, stolen);
    (void)a;
    if (r->holder)
        r->calls->stolen(r->holder);
    request_unref(r);
}

static void stolen_drop(struct task *t)
{
    request_unref(caa_container_of(t, struct lock_request, stolen));
}

/* ---- granting ---- */

static bool can_hold(const struct lock_name *n, enum lock_mode mode)
{
    return !n->held.first || (mode == LOCK_SHARED && n->held.first->mode == LOCK_SHARED);
}

/* "Process the lock request queue". */
static void grant_all(struct lock_name *n)
{
    struct lock_request *r;
    while ((r = n->queue.first) && can_hold(n, r->mode)) {
        take_out(&n->queue, r);
        append(&n->held, r);
        r->state = HELD;
        r->since = agent_now(r->agent);
        r->told = r->calls->granted;
        tell(&r->news, r, r->agent);
    }
}

/* The agent that it belonged to, to be given back without the lock. */
static struct agent *end(struct lock_request *r)
{
    struct lock_name *n = r->name;
    struct agent *a = r->agent;
    if (r->state == ENDED)
        return NULL;
    take_out(r->state == HELD ? &n->held : &n->queue, r);
    r->state = ENDED;
    r->agent = NULL;
    return a;
}

/* The new request takes the lock from whoever holds it, and goes before all that wait. */
static void steal(struct lock_name *n, struct lock_request *r)
{
    struct lock_request *h;
    while ((h = n->held.first)) {
        struct agent *a = end(h);
        tell(&h->stolen, h, a);
        agent_unref(a);
    }
    prepend(&n->queue, r);
}

static void ask(struct lock_name *n, struct lock_request *r, const struct lock_options *o)
{
    if (o->steal) {
        steal(n, r);
    } else if (o->if_available && (n->queue.first || !can_hold(n, r->mode))) {
        r->state = ENDED;
        r->told = r->calls->unavailable;
        tell(&r->news, r, r->agent);
        agent_unref(r->agent);
        r->agent = NULL;
        return;
    } else {
        append(&n->queue, r);
    }
    grant_all(n);
}

/* ---- the interface ---- */

static struct lock_request *request_make(struct agent *a, const struct lock_options *o)
{
    struct lock_request *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    *r = (struct lock_request){
        .mode = o->mode,
        .activity = o->activity ? activity_ref(o->activity) : NULL,
        .client = strdup(o->client),
        .file = o->file,
        .line = o->line,
        .column = o->column,
        .agent = agent_ref(a),
        .since = agent_now(a),
        .calls = o->calls,
        .holder = o->holder,
        .news = {.run = news_run, .drop = news_drop, .source = TASK_DOM_MANIPULATION},
        .stolen = {.run = stolen_run, .drop = stolen_drop, .source = TASK_DOM_MANIPULATION},
    };
    atomic_init(&r->references, 1);
    return r;
}

struct lock_request *lock_request_new(struct agent *a, const struct lock_options *options)
{
    struct managers *all = managers_of(a->world);
    struct lock_request *r = all ? request_make(a, options) : NULL;
    if (!r) {
        free(options->file);
        return NULL;
    }
    pthread_mutex_lock(&all->lock);
    r->order = ++all->asked;
    r->name = name_of(all, options->key, options->name);
    bool refused = !r->name || agent_life(a) != AGENT_ALIVE;
    if (!refused)
        ask(r->name, r, options);
    else
        r->state = ENDED;
    if (refused && r->name)
        name_forget_unused(r->name);
    pthread_mutex_unlock(&all->lock);
    if (refused) {
        agent_unref(r->agent);
        r->agent = NULL;
    }
    return r;
}

bool lock_request_abort(struct lock_request *r)
{
    struct managers *all = managers_of(agent_current()->world);
    pthread_mutex_lock(&all->lock);
    bool waits = r->state == PENDING;
    struct lock_name *n = r->name;
    struct agent *a = waits ? end(r) : NULL;
    if (waits) {
        grant_all(n);
        name_forget_unused(n);
    }
    pthread_mutex_unlock(&all->lock);
    agent_unref(a);
    return waits;
}

void lock_request_end(struct lock_request *r)
{
    struct managers *all = managers_of(agent_current()->world);
    r->holder = NULL;
    pthread_mutex_lock(&all->lock);
    struct lock_name *n = r->name;
    if (r->state == HELD) /* one that was stolen orders nothing: its holder may still be at work */
        release_note(n, r->mode);
    struct agent *a = end(r);
    if (a) {
        grant_all(n);
        name_forget_unused(n);
    }
    pthread_mutex_unlock(&all->lock);
    agent_unref(a);
    request_unref(r);
}

/* ---- views ---- */

struct views {
    struct lock_request **items;
    size_t count, capacity;
};

static void gather(struct views *v, struct lock_request *r)
{
    for (; r; r = r->next) {
        if (v->count == v->capacity) {
            v->capacity = v->capacity ? v->capacity * 2 : 16;
            v->items = realloc(v->items, v->capacity * sizeof *v->items);
        }
        v->items[v->count++] = r;
    }
}

static int by_order(const void *left, const void *right)
{
    const struct lock_request *a = *(struct lock_request *const *)left, *b = *(struct lock_request *const *)right;
    if (a->state != b->state)
        return a->state == HELD ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

void lock_visit(struct world *w, const char *key, void (*visit)(const struct lock_view *, void *), void *context)
{
    struct managers *all = managers_of(w);
    struct views v = {0};
    if (!all)
        return;
    pthread_mutex_lock(&all->lock);
    for (int b = 0; b < BUCKETS; b++) {
        for (const struct lock_name *n = all->buckets[b]; n; n = n->next) {
            if (key && strcmp(key, n->key))
                continue;
            gather(&v, n->held.first);
            gather(&v, n->queue.first);
        }
    }
    if (v.count)
        qsort(v.items, v.count, sizeof *v.items, by_order);
    for (size_t i = 0; i < v.count; i++) {
        const struct lock_request *r = v.items[i];
        struct lock_view view = {r->name->key, r->name->name, r->client, r->mode, r->state == HELD, r->agent,
                                 r->since,     r->file,       r->line,   r->column};
        visit(&view, context);
    }
    pthread_mutex_unlock(&all->lock);
    free(v.items);
}
