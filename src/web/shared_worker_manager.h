/* The shared worker manager of a run (HTML "shared worker manager"; R-SW-01..09): which shared workers there are, who owns them, and how they
 * end, without JavaScript.
 *
 * Ownership: a shared worker is counted: its agent holds one reference, the manager's list another while it can be matched, what is under
 * way the rest. A connector, one `new SharedWorker`, is counted: its object's realm holds one, the manager another until it is known
 * whether the worker could be started.
 * Threads: as each function says.
 * Lock order: the manager's lock, then what agent_post takes. No agent is started under it.
 *
 * Ordering guarantees:
 *  1. Constructions are decided one after the other (R-SW-01).
 *  2. Ports are connected in the order of their constructions, and only when the worker's script has run.
 * Progress guarantees: a construction waits for no worker. */
#ifndef HEDDLE_WEB_SHARED_WORKER_MANAGER_H
#define HEDDLE_WEB_SHARED_WORKER_MANAGER_H

#include "agent/agent.h"

struct port;
struct shared_worker;

/* What is compared when a worker is looked for. Texts are borrowed. */
struct shared_worker_key {
    const char *storage_key, *url, *name; /* R-SW-01 */
    bool module, extended_lifetime;       /* R-SW-03 */
    int credentials;
    bool secure; /* R-SW-04 */
};

/* An owner, one document: any two numbers that are its own in this run. */
struct shared_worker_owner {
    uint32_t agent, realm;
};

struct connector_calls {
    /* The worker's script could not be loaded, or the worker that is there is of another kind: `error`. Own thread. */
    void (*failed)(void *holder);
    /* Nothing more is told: the holder may forget the connector. */
    void (*settled)(void *holder);
};

struct connector;

/* A construction: connects to the worker that matches, or to one that the caller then has to start: *start is that one, with a reference for
 * the caller, else NULL. `far` is the worker's end of the channel; taken. NULL when there is no memory. Own thread of `a`. */
struct connector *shared_worker_connect(struct agent *a, const struct shared_worker_key *key, struct shared_worker_owner owner,
                                        struct port *far, const struct connector_calls *calls, void *holder,
                                        struct shared_worker **start);

/* The holder is told nothing any more; gives its reference back. Own thread. */
void connector_forget(struct connector *c);

struct shared_worker *shared_worker_ref(struct shared_worker *w);
void shared_worker_unref(struct shared_worker *w);

/* The worker's agent was started, or (NULL) could not be. Takes the caller's reference. By the thread that was to start it. */
void shared_worker_started(struct shared_worker *w, struct agent *agent);

/* ---- by the worker's agent ---- */

/* The worker's script has been loaded, or not. */
void shared_worker_loaded(struct shared_worker *w, bool ok);

/* The agent ends: it is matched no more. */
void shared_worker_ended(struct shared_worker *w);

/* ---- owners (R-WL-01..06) ---- */

/* The document is gone: no worker has it as an owner any more. Own thread of the document's agent. */
void shared_workers_disown(struct world *w, struct shared_worker_owner owner);

/* It is fully active again, or not any more. Any thread counted awake. */
void shared_workers_set_active(struct world *w, struct shared_worker_owner owner, bool active);

/* No navigable is loading any more: nobody is left for whom a worker without owners could wait. Any thread counted awake. */
void shared_workers_loading_ended(struct world *w);

/* ---- what the worker's side supplies ---- */

/* Connects a port in the worker: fires `connect`. Takes the port. Worker's thread. */
void shared_worker_connected(struct agent *a, struct port *far);

#endif
