#include "message/broadcast.h"

#include "agent/world.h"
#include "message/envelope.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct broadcast_member {
    _Atomic uint32_t references; /* the agent's, and one per delivery; relaxed up, acq_rel down */
    struct agent *agent;         /* counted until it leaves: a delivery left in an ended agent's queue must not keep that agent */
    struct group *group;         /* constant until it leaves */
    struct broadcast_member *next, *previous; /* the groups' lock; in the order of joining */
    struct activity *activity;                /* counted; constant, or NULL */
    _Atomic bool eligible;                    /* relaxed: whoever posts at the same moment may see either */
    /* Own thread. */
    bool left;
    const struct broadcast_calls *calls;
    void *holder;
};

struct group {
    struct groups *all;
    struct group *next; /* in the bucket */
    unsigned long hash;
    char *key, *name;
    struct broadcast_member *first, *last;
};

#define BUCKETS 64

struct groups {
    struct world_part part;
    pthread_mutex_t lock;
    struct group *buckets[BUCKETS];
};

static struct world_part *groups_make(void)
{
    struct groups *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    pthread_mutex_init(&g->lock, NULL);
    return &g->part;
}

/* Every member has left: its agent has ended. */
static void groups_free(struct world_part *part)
{
    struct groups *g = caa_container_of(part, struct groups, part);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

static const struct world_part_kind groups_kind = {groups_make, groups_free};

static unsigned long hash_of(const char *key, const char *name)
{
    unsigned long hash = 5381;
    for (const char *c = key; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    for (const char *c = name; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    return hash;
}

/* ---- under the lock ---- */

static struct group *group_of(struct groups *all, const char *key, const char *name)
{
    unsigned long hash = hash_of(key, name);
    struct group **bucket = &all->buckets[hash % BUCKETS], *g = *bucket;
    while (g && (g->hash != hash || strcmp(g->name, name) || strcmp(g->key, key)))
        g = g->next;
    if (g || !(g = calloc(1, sizeof *g)))
        return g;
    *g = (struct group){.all = all, .next = *bucket, .hash = hash, .key = strdup(key), .name = strdup(name)};
    *bucket = g;
    return g;
}

static void group_free(struct group *g)
{
    struct group **link = &g->all->buckets[g->hash % BUCKETS];
    while (*link != g)
        link = &(*link)->next;
    *link = g->next;
    free(g->key);
    free(g->name);
    free(g);
}

static void enter(struct group *g, struct broadcast_member *m)
{
    m->group = g;
    m->previous = g->last;
    if (g->last)
        g->last->next = m;
    else
        g->first = m;
    g->last = m;
}

static void leave(struct broadcast_member *m)
{
    struct group *g = m->group;
    if (m->previous)
        m->previous->next = m->next;
    else
        g->first = m->next;
    if (m->next)
        m->next->previous = m->previous;
    else
        g->last = m->previous;
    m->group = NULL;
    if (!g->first)
        group_free(g);
}

/* ---- members ---- */

static void member_unref(struct broadcast_member *m)
{
    if (atomic_fetch_sub_explicit(&m->references, 1, memory_order_acq_rel) > 1)
        return;
    activity_unref(m->activity);
    free(m);
}

struct broadcast_member *broadcast_join(struct agent *a, struct activity *activity, const char *key, const char *name,
                                        const struct broadcast_calls *calls, void *holder)
{
    struct world_part *part = world_part(a->world, &groups_kind);
    struct broadcast_member *m = part ? calloc(1, sizeof *m) : NULL;
    if (!m)
        return NULL;
    struct groups *all = caa_container_of(part, struct groups, part);
    atomic_init(&m->references, 1);
    atomic_init(&m->eligible, true);
    m->agent = agent_ref(a);
    m->activity = activity ? activity_ref(activity) : NULL;
    m->calls = calls;
    m->holder = holder;
    pthread_mutex_lock(&all->lock);
    struct group *g = group_of(all, key, name);
    if (g)
        enter(g, m);
    pthread_mutex_unlock(&all->lock);
    if (g)
        return m;
    agent_unref(m->agent);
    member_unref(m);
    return NULL;
}

void broadcast_leave(struct broadcast_member *m)
{
    struct groups *all = m->group->all;
    pthread_mutex_lock(&all->lock);
    leave(m);
    pthread_mutex_unlock(&all->lock);
    m->left = true;
    agent_unref(m->agent);
    member_unref(m);
}

void broadcast_set_eligible(struct broadcast_member *m, bool eligible)
{
    atomic_store_explicit(&m->eligible, eligible, memory_order_relaxed);
}

/* ---- deliveries ---- */

/* One post, shared by its deliveries. */
struct post {
    _Atomic uint32_t references; /* relaxed up, acq_rel down */
    struct message *message;
    char *origin;
};

struct delivery {
    struct task task;
    struct broadcast_member *to; /* counted */
    struct post *post;           /* counted */
    struct agent *agent;         /* counted, until it is posted */
    struct delivery *next;       /* until it is posted */
};

static void post_unref(struct post *p)
{
    if (atomic_fetch_sub_explicit(&p->references, 1, memory_order_acq_rel) > 1)
        return;
    message_free(p->message);
    free(p->origin);
    free(p);
}

static void delivery_free(struct delivery *d)
{
    member_unref(d->to);
    post_unref(d->post);
    free(d);
}

static void delivery_drop(struct task *t)
{
    message_note_loss(LOST_ENDED);
    delivery_free(caa_container_of(t, struct delivery, task));
}

static void delivery_run(struct task *t, struct agent *a)
{
    struct delivery *d = caa_container_of(t, struct delivery, task);
    struct broadcast_member *to = d->to;
    (void)a;
    if (to->left) /* meanwhile */
        message_note_loss(LOST_CLOSED);
    else
        to->calls->message(to->holder, d->post->message, d->post->origin);
    delivery_free(d);
}

static struct delivery *delivery_new(struct broadcast_member *to, struct post *p)
{
    struct delivery *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    atomic_fetch_add_explicit(&to->references, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&p->references, 1, memory_order_relaxed);
    d->task = (struct task){.run = delivery_run, .drop = delivery_drop, .source = TASK_DOM_MANIPULATION};
    d->task.activity = to->activity ? activity_ref(to->activity) : NULL;
    d->to = to;
    d->post = p;
    d->agent = agent_ref(to->agent);
    return d;
}

static bool is_eligible(const struct broadcast_member *m)
{
    return agent_life(m->agent) == AGENT_ALIVE &&
           atomic_load_explicit(&((struct broadcast_member *)m)->eligible, memory_order_relaxed);
}

/* One delivery for each receiver, in the order in which they joined. */
static struct delivery *gather(struct broadcast_member *from, struct post *p)
{
    struct groups *all = from->group->all;
    struct delivery *first = NULL, **end = &first;
    pthread_mutex_lock(&all->lock);
    for (struct broadcast_member *m = from->group->first; m; m = m->next) {
        struct delivery *d = m != from && is_eligible(m) ? delivery_new(m, p) : NULL;
        if (!d)
            continue;
        *end = d;
        end = &d->next;
    }
    pthread_mutex_unlock(&all->lock);
    return first;
}

void broadcast_post(struct broadcast_member *from, struct message *m, const char *origin)
{
    struct post *p = is_eligible(from) ? calloc(1, sizeof *p) : NULL;
    if (!p) {
        message_lose(m, LOST_UNSENT);
        return;
    }
    atomic_init(&p->references, 1);
    m->for_several = true;
    p->message = m;
    p->origin = strdup(origin);
    for (struct delivery *d = gather(from, p), *next; d; d = next) {
        struct agent *receiver = d->agent;
        next = d->next;
        agent_post(receiver, &d->task);
        agent_unref(receiver);
    }
    post_unref(p);
}
