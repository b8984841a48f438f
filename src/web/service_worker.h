/* Service workers as scripts see them: what the two sides, the clients (service_worker_container.c)
 * and the workers' agents (service_worker_agent.c), have in common, and what the rest of the web
 * asks of them.
 *
 * The registry (service_worker_registry.h) decides what happens; here it is done, by tasks. A
 * worker's agent is started by the thread that first needs it, and again when it has ended and
 * another event comes (R-SV-13).
 *
 * Ownership: as each structure says. Threads: each side's own, unless said otherwise. Lock order: a
 * host's lock is a leaf, but that an agent is started under it. */
#ifndef HEDDLE_WEB_SERVICE_WORKER_H
#define HEDDLE_WEB_SERVICE_WORKER_H

#include "engine/interface.h"
#include "web/realm.h"
#include "web/service_worker_fetch.h"

#include <pthread.h>

/* ---- a realm as a client ---- */

struct client_message;

/* Counted: the realm's reference, and those of tasks on their way to it. */
struct client_link {
    _Atomic unsigned references;
    struct agent *agent;                  /* counted; constant */
    struct realm *realm;                  /* own thread: NULL once the realm is gone */
    char *origin;                         /* constant */
    struct service_worker_client *client; /* own thread, or while the registry visits it */
    bool messages_open;                   /* own thread: "client message queue" (R-SV-15) */
    struct client_message *first, **last; /* own thread: that wait for it */
};
struct client_link *client_link_ref(struct client_link *l);
void client_link_unref(struct client_link *l);

/* A new realm becomes a client, if it may; a realm that goes is none any more. `reserved` (taken,
 * may be NULL) is what was set aside for it when its page or script was asked for. */
void service_worker_client_begin(struct realm *r, struct service_worker_client *reserved);
void service_worker_client_end(struct realm *r);
/* The initial blank document's Window serves another document now (R-WIN-01). */
void service_worker_client_turn(struct realm *r, struct service_worker_client *reserved);

/* NULL when the realm is no client. Own thread. */
struct service_worker_client *realm_client(const struct realm *r);

/* R-SV-15: DOMContentLoaded is there, or the worker's script has run. */
void service_worker_open_messages(struct realm *r);

/* The objects of a realm; before the engine is freed. */
void service_worker_objects_clear(struct realm *r);
void service_worker_jobs_clear(struct realm *r);
void service_worker_waits_clear(struct realm *r);

/* The realm's ServiceWorker and ServiceWorkerRegistration objects for these: a new reference. */
JSValue service_worker_object(struct realm *r, struct service_worker *w);
JSValue service_worker_registration_object(struct realm *r, struct service_worker_registration *g);

/* navigator.serviceWorker, in secure contexts. */
extern const struct lazy_property service_worker_of_navigator;
extern const struct interface service_worker_interface, service_worker_registration_interface,
    service_worker_container_interface, navigation_preload_interface;
extern const struct lazy_property
    service_worker_client_interfaces[4]; /* of every client's global */

/* ---- a worker's agent ---- */

/* Queues a task in the worker's agent, which is started if it does not run. Functional events
 * (fetch, push and their like) wait until the worker is activated (R-SV-08) and are replayed when
 * the agent ends first; other tasks are dropped then (R-SV-12). By a thread that is counted awake.
 */
void service_worker_post(struct service_worker *w, struct task *t, bool functional);

/* What runs is this worker; NULL elsewhere. */
struct service_worker *service_worker_of_realm(struct realm *r);

extern const struct interface service_worker_global_scope_interface;
extern const struct lazy_property service_worker_interfaces[9];
extern const JSCFunctionListEntry service_worker_global[];
extern const int service_worker_global_count;

/* Nothing is left to do: the time after which the worker may be stopped begins (R-SV-12). */
void service_worker_rests(struct realm *r);

/* Events that did not end before the agent. */
void service_worker_events_end(struct realm *r);

/* Imported by the worker's script: the stored one, or (and then it is stored) the network's. As
 * script_load. */
status service_worker_load_import(struct realm *r, const struct request *q, enum script_kind kind,
                                  struct resource *out);

/* ---- messages ---- */

/* R-SV-14: a message to a worker, from a client or (NULL) another worker; takes the message. */
struct message;
void service_worker_message(struct service_worker *w, struct message *m, struct client_link *client,
                            struct service_worker *from);
/* R-SV-15: a message to a client; takes it. */
void service_worker_client_message(struct client_link *l, struct message *m,
                                   struct service_worker *from);

#endif
