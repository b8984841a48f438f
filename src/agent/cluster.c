#include "agent/cluster.h"

#include "agent/safe_point.h"
#include "agent/world.h"

#include <stdlib.h>
#include <string.h>

struct agent_cluster *cluster_create(struct world *w, enum isolation_mode isolation,
                                     bool origin_keyed, const char *key)
{
    struct agent_cluster *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    atomic_store_explicit(&c->references, 1, memory_order_relaxed);
    c->isolation = isolation;
    c->origin_keyed = origin_keyed;
    c->key = key ? strdup(key) : NULL;
    pthread_mutex_lock(&w->registry);
    c->id = ++w->clusters_started;
    pthread_mutex_unlock(&w->registry);
    return c;
}

struct agent_cluster *cluster_ref(struct agent_cluster *c)
{
    atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
    return c;
}

void cluster_unref(struct agent_cluster *c)
{
    /* acq_rel: the last holder sees what all others did */
    if (!c || atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) > 1)
        return;
    free(c->key);
    free(c);
}

void cluster_kill(struct world *w, struct agent_cluster *c, const char *reason)
{
    pthread_mutex_lock(&w->registry);
    c->killed = true;
    for (struct agent *a = w->agents; a; a = a->next)
        if (a->cluster == c)
            agent_terminate(a, reason);
    pthread_mutex_unlock(&w->registry);
}

static bool is_member(const struct agent *a, const struct agent_cluster *c)
{
    return a->cluster == c && agent_life(a) < AGENT_TERMINATED;
}

void cluster_suspend(struct world *w, struct agent_cluster *c, bool suspended)
{
    pthread_mutex_lock(&w->registry);
    for (struct agent *a = w->agents; a; a = a->next)
        if (is_member(a, c))
            (suspended ? agent_suspend : agent_resume)(a);
    pthread_mutex_unlock(&w->registry);
}

struct cluster_census cluster_census(struct world *w, const struct agent_cluster *c)
{
    struct cluster_census census = {0};
    pthread_mutex_lock(&w->registry);
    for (struct agent *a = w->agents; a; a = a->next)
        if (is_member(a, c)) {
            census.alive++;
            census.suspended += agent_is_suspended(a);
        }
    pthread_mutex_unlock(&w->registry);
    return census;
}

const char *isolation_mode_name(enum isolation_mode mode)
{
    static const char *const names[] = {"none", "logical", "concrete"};
    return names[mode];
}
