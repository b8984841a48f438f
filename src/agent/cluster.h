/* Agent clusters: who may share memory (ECMA-262 sec-agent-clusters; R-AG-10, R-SAB-31). What
 * decides membership is web/agent_cluster.h.
 *
 * Ownership: counted; every agent holds one reference. Threads: any. Everything but `killed` is
 * constant once the cluster has an agent. */
#ifndef HEDDLE_AGENT_CLUSTER_H
#define HEDDLE_AGENT_CLUSTER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;

/* HTML "cross-origin isolation mode". */
enum isolation_mode {
    ISOLATION_NONE,     /* no SharedArrayBuffer constructor, none may be sent (R-COI-07) */
    ISOLATION_LOGICAL,  /* keyed and restricted like concrete, but nothing may be sent (R-COI-06) */
    ISOLATION_CONCRETE, /* shared memory may be had */
};

struct agent_cluster {
    _Atomic uint32_t references; /* relaxed up, acq_rel down */
    uint32_t id;                 /* from 1 in order of creation in its world */
    enum isolation_mode isolation;
    bool origin_keyed;
    bool killed; /* world's registry lock: no agent may join any more */
    char *key;   /* the site or origin that windows are keyed by; NULL: none */
};

/* A cluster without agents: one reference. NULL when out of memory. */
struct agent_cluster *cluster_create(struct world *w, enum isolation_mode isolation,
                                     bool origin_keyed, const char *key);

struct agent_cluster *cluster_ref(struct agent_cluster *c);
void cluster_unref(struct agent_cluster *c); /* NULL is allowed */

/* A force from outside the cluster ends one of its agents: all of them end (R-CR-02), and none can
 * join any more. Any thread counted awake. `reason` is constant text. */
void cluster_kill(struct world *w, struct agent_cluster *c, const char *reason);

const char *isolation_mode_name(enum isolation_mode mode); /* "none", "logical", "concrete" */

/* R-CR-01: the embedding deactivates every agent of the cluster, or lets them go on. Any thread
 * that is counted awake. */
void cluster_suspend(struct world *w, struct agent_cluster *c, bool suspended);

/* The members that live: how many in all, and how many of them are suspended. */
struct cluster_census {
    size_t alive, suspended;
};
struct cluster_census cluster_census(struct world *w, const struct agent_cluster *c);

#endif
