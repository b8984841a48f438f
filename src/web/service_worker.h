/* Service workers as scripts see them: what the two sides, the clients (service_worker_container.c)
 * and the workers' agents (service_worker_agent.c), have in common.
 *
 * The registry (service_worker_registry.h) decides what happens; here it is done, by tasks. A
 * worker's agent is started by the thread that first needs it, and again when it has ended and
 * another event comes (R-SV-13).
 *
 * Ownership: as each structure says. Threads: each side's own, unless said otherwise. Lock order: a
 * host's lock is a leaf. */
#ifndef HEDDLE_WEB_SERVICE_WORKER_H
#define HEDDLE_WEB_SERVICE_WORKER_H

#include "engine/interface.h"
#include "web/realm.h"
#include "web/resource.h"
#include "web/service_worker_registry.h"

#include <pthread.h>

/* ---- a realm as a client ---- */

/* Counted: the realm's reference, and those of tasks on their way to it. */
struct client_link {
    _Atomic unsigned references;
    struct agent *agent; /* counted; constant */
    struct realm *realm; /* own thread: NULL once the realm is gone */
    uint32_t number;     /* of the realm, for Client.id; constant, as the URL */
    char *url;
    bool is_window;
    struct service_worker_client *client;
};
struct client_link *client_link_ref(struct client_link *l);
void client_link_unref(struct client_link *l);

/* A new realm becomes a client, if it may; a realm that goes is none any more. */
void service_worker_client_begin(struct realm *r);
void service_worker_client_end(struct realm *r);

/* The objects of a realm; before the engine is freed. */
void service_worker_objects_clear(struct realm *r);
void service_worker_jobs_clear(struct realm *r);

/* The realm's ServiceWorker and ServiceWorkerRegistration objects for these: a new reference. */
JSValue service_worker_object(struct realm *r, struct service_worker *w);
JSValue service_worker_registration_object(struct realm *r, struct service_worker_registration *g);

/* navigator.serviceWorker, in secure contexts. */
extern const struct lazy_property service_worker_of_navigator;
extern const struct interface service_worker_interface, service_worker_registration_interface,
    service_worker_container_interface;

/* ---- a worker's agent ---- */

/* Queues a task in the worker's agent, which is started if it does not run. The task's source says
 * what becomes of it when the agent ends first: TASK_NETWORKING ones (fetch and other functional
 * events) are replayed when the worker runs again, others are dropped (R-SV-12). By an agent's
 * thread. */
void service_worker_post(struct service_worker *w, struct task *t);

/* What runs is this worker; NULL elsewhere. */
struct service_worker *service_worker_of_realm(struct realm *r);

extern const struct interface service_worker_global_scope_interface;
extern const struct lazy_property service_worker_interfaces[6];
extern const JSCFunctionListEntry service_worker_global[];
extern const int service_worker_global_count;

/* A fetch event in the worker's realm; takes the reference. */
struct handled_fetch;
void service_worker_fetch_event(struct realm *r, struct handled_fetch *h);

/* Events that did not end before the agent. */
void service_worker_events_end(struct realm *r);

/* ---- fetch events ---- */

/* A request that a worker may answer. Counted: the client's reference, and the task's. */
struct handled_fetch {
    _Atomic unsigned references;
    struct client_link *client; /* counted */
    void *holder;               /* client's thread: NULL once nobody waits any more */
    void (*answered)(void *holder, status s, struct resource *answer);
    /* Constant. */
    char *url, *method;
    struct header_list headers;
    char *body; /* NULL = none */
    size_t body_length;
    enum request_mode mode;
    enum request_credentials credentials;
    enum request_redirect redirect;
};
void handled_fetch_unref(struct handled_fetch *h);

/* Hands the request to the realm's controller: true, and `answered` is called on the client's
 * thread, with STATUS_NOT_FOUND and no error for "the worker leaves it to the network". False when
 * there is no controller. Takes nothing. */
struct request_object;
bool service_worker_handle(struct realm *r, const struct request_object *o, void *holder,
                           void (*answered)(void *holder, status s, struct resource *answer),
                           struct handled_fetch **out);

/* By the worker's side: the answer, which it takes; `s` as resource_request says. */
void handled_fetch_answer(struct handled_fetch *h, status s, struct resource *answer);

/* R-SV-14: a message to a worker, from `client` (NULL: from another worker). */
struct message;
void service_worker_message(struct service_worker *w, struct message *m,
                            struct client_link *client);
/* R-SV-15: a message to a client; takes it. */
void service_worker_client_message(struct client_link *l, struct message *m,
                                   struct service_worker *from);

#endif
