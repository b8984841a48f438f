/* Which agent, and so which cluster, a window belongs to (HTML 8.1.2 "obtain a similar-origin
 * window agent"; R-AG-11..18). */
#include "web/browsing_context.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

/* One entry of a group's agent cluster map: a key, its cluster and the cluster's only window agent
 * (R-AG-08). */
struct cluster_slot {
    struct cluster_slot *next;
    struct context_group *group; /* one reference */
    char *key; /* a site, or an origin; of an opaque origin its site, which is its own */
    bool by_origin;
    struct agent_cluster *cluster; /* one reference */
    struct agent *agent;           /* one reference */
    uint32_t uses;                 /* documents in it and on their way */
};

/* One entry of the historical agent cluster key map (R-AG-13, R-AG-18). */
struct historical_key {
    struct historical_key *next;
    char *origin;
    bool by_origin;
};

struct context_group {
    _Atomic uint32_t references; /* relaxed up, acq_rel down */
    uint32_t id;
    enum isolation_mode isolation; /* constant */
    struct cluster_slot *slots;    /* the user agent's lock */
    struct historical_key *historical;
};

struct context_group *group_create(struct user_agent *u, enum isolation_mode isolation)
{
    struct context_group *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    atomic_store_explicit(&g->references, 1, memory_order_relaxed);
    g->isolation = isolation;
    pthread_mutex_lock(&u->lock);
    g->id = ++u->groups_made;
    pthread_mutex_unlock(&u->lock);
    return g;
}

struct context_group *group_ref(struct context_group *g)
{
    atomic_fetch_add_explicit(&g->references, 1, memory_order_relaxed);
    return g;
}

void group_unref(struct context_group *g)
{
    /* acq_rel: the last holder sees what all others did */
    if (!g || atomic_fetch_sub_explicit(&g->references, 1, memory_order_acq_rel) > 1)
        return;
    hd_assert(!g->slots);
    while (g->historical) {
        struct historical_key *k = g->historical;
        g->historical = k->next;
        free(k->origin);
        free(k);
    }
    free(g);
}

enum isolation_mode group_isolation(const struct context_group *g)
{
    return g->isolation;
}

uint32_t group_id(const struct context_group *g)
{
    return g->id;
}

/* ---- the key ---- */

static struct historical_key *historical_key(struct context_group *g, const struct origin *o)
{
    struct historical_key *k = g->historical;
    while (k && strcmp(k->origin, o->text))
        k = k->next;
    return k;
}

static void remember_key(struct context_group *g, const struct origin *o, bool by_origin)
{
    struct historical_key *k = calloc(1, sizeof *k);
    if (!k)
        return;
    k->origin = strdup(o->text);
    k->by_origin = by_origin;
    k->next = g->historical;
    g->historical = k;
}

/* Steps 1 to 4 of R-AG-11: whether the origin is the key, and which step said so. */
static bool keyed_by_origin(struct user_agent *u, struct context_group *g, const struct origin *o,
                            bool wants_origin_key, const char **rule)
{
    if (o->opaque) {
        *rule = "R-AG-11.1: an opaque origin is a site of its own";
        return true; /* as far as anybody can see: R-AG-15 */
    }
    if (g->isolation != ISOLATION_NONE) {
        *rule = "R-AG-11.2: the group is isolated, so the key is the origin";
        return true;
    }
    const struct historical_key *before = historical_key(g, o);
    if (before) {
        *rule = before->by_origin ? "R-AG-11.3: this origin was keyed by origin before"
                                  : "R-AG-11.3: this origin was keyed by site before";
        return before->by_origin;
    }
    bool by_origin = wants_origin_key || u->origin_keyed_by_default;
    *rule = wants_origin_key ? "R-AG-11.4: Origin-Agent-Cluster: ?1, so the key is the origin"
            : by_origin      ? "R-AG-17: origins are keys by default"
                             : "R-AG-11.1: the key is the site";
    remember_key(g, o, by_origin);
    return by_origin;
}

static struct cluster_slot *find_slot(struct context_group *g, const char *key, bool by_origin)
{
    struct cluster_slot *s = g->slots;
    while (s && (s->by_origin != by_origin || strcmp(s->key, key)))
        s = s->next;
    return s;
}

static void slot_free(struct cluster_slot *s)
{
    agent_unref(s->agent);
    cluster_unref(s->cluster);
    free(s->key);
    free(s);
}

/* Step 5: a cluster with one window agent. */
static status add_slot(struct user_agent *u, struct context_group *g, const char *key,
                       bool by_origin, const char *label, struct agent *creator,
                       struct cluster_slot **out)
{
    struct cluster_slot *s = calloc(1, sizeof *s);
    hd_invariant("R-AG-08", !find_slot(g, key, by_origin)); /* one window agent per group and key */
    if (!s)
        return STATUS_NO_MEMORY;
    s->key = strdup(key);
    s->by_origin = by_origin;
    s->cluster = cluster_create(u->world, g->isolation, by_origin, key);
    status result = s->cluster ? window_agent_start(u->world, label, creator, s->cluster, &s->agent)
                               : STATUS_NO_MEMORY;
    if (result != STATUS_OK) {
        slot_free(s);
        return result;
    }
    s->group = group_ref(g);
    s->next = g->slots;
    g->slots = s;
    *out = s;
    return STATUS_OK;
}

status window_place_obtain(struct user_agent *u, struct context_group *g, struct origin *o,
                           bool wants_origin_key, const char *label, struct agent *creator,
                           struct window_place *out)
{
    status result = STATUS_OK;
    pthread_mutex_lock(&u->lock);
    bool by_origin = keyed_by_origin(u, g, o, wants_origin_key, &out->rule);
    const char *key = by_origin && !o->opaque ? o->text : origin_site(o);
    struct cluster_slot *s = find_slot(g, key, by_origin);
    if (s && agent_life(s->agent) != AGENT_ALIVE) { /* R-AG-18: nobody can reach it any more */
        s->by_origin = true;
        free(s->key);
        s->key = strdup("");
        s = NULL;
    }
    if (!s)
        result = add_slot(u, g, key, by_origin, label, creator, &s);
    if (result == STATUS_OK) {
        s->uses++;
        out->slot = s;
        out->agent = agent_ref(s->agent);
    }
    pthread_mutex_unlock(&u->lock);
    return result;
}

void window_place_share(struct user_agent *u, const struct window_place *p)
{
    pthread_mutex_lock(&u->lock);
    p->slot->uses++;
    pthread_mutex_unlock(&u->lock);
    agent_ref(p->agent);
}

static void close_run(struct task *t, struct agent *a)
{
    agent_close(a);
    free(t);
}

static void close_drop(struct task *t)
{
    free(t);
}

/* Nobody uses the agent and nobody can find it any more: it ends when it has done what it was sent.
 */
static void retire(struct agent *a)
{
    struct task *t = calloc(1, sizeof *t);
    if (!t)
        return;
    t->run = close_run;
    t->drop = close_drop;
    t->source = TASK_DOM_MANIPULATION;
    agent_post(a, t);
}

void window_place_release(struct user_agent *u, struct window_place *p)
{
    struct cluster_slot *s = p->slot;
    if (!s)
        return;
    p->slot = NULL;
    pthread_mutex_lock(&u->lock);
    bool last = --s->uses == 0;
    if (last) {
        struct cluster_slot **link = &s->group->slots;
        while (*link != s)
            link = &(*link)->next;
        *link = s->next;
    }
    pthread_mutex_unlock(&u->lock);
    if (!last)
        return;
    retire(s->agent);
    struct context_group *g = s->group;
    slot_free(s);
    group_unref(g);
}
