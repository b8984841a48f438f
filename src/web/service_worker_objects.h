/* What the files of navigator.serviceWorker share. Own thread, unless said otherwise. */
#ifndef HEDDLE_WEB_SERVICE_WORKER_OBJECTS_H
#define HEDDLE_WEB_SERVICE_WORKER_OBJECTS_H

#include "web/event_target.h"
#include "web/service_worker.h"

/* The workers of a registration and their states at one moment: what its object shows, until a task
 * says otherwise. Counted workers. */
struct slots {
    struct service_worker *workers[SLOT_COUNT];
    enum service_worker_state states[SLOT_COUNT];
};
struct slots slots_now(struct service_worker_registration *g); /* any thread */
void slots_release(struct slots *s);                           /* any thread */

/* They live as long as the realm, so that there is one object for each. */
struct service_worker_objects {
    JSValue container; /* undefined until touched */
    JSValue *items;    /* ServiceWorker and ServiceWorkerRegistration objects */
    size_t count, capacity;
};
struct service_worker_objects *service_worker_objects_of(struct realm *r);

/* Takes the slots; an object that is there already has been told of them. */
JSValue registration_object_in(struct realm *r, struct service_worker_registration *g,
                               struct slots *slots);
/* The slots that the realm's object shows; NULL when there is none. */
const struct slots *registration_slots_seen(struct realm *r,
                                            const struct service_worker_registration *g);

/* service_worker_container.c: the promise `ready` is kept, if somebody has it. */
void container_resolve_ready(struct realm *r, struct service_worker_registration *g,
                             struct slots *slots);

/* navigation_preload.c: a new NavigationPreloadManager. */
JSValue navigation_preload_new(JSContext *js, struct service_worker_registration *g);

/* ---- jobs ---- */

/* A promise and what will settle it; NULL with an exception in *promise. */
struct job_promise;
struct job_promise *job_promise_new(struct realm *r, JSValue *promise);

/* ---- the registry's calls; any thread ---- */

void job_settled(void *holder, enum service_worker_outcome outcome,
                 struct service_worker_registration *g);
void job_fetch_script(struct service_worker_job *j);
void news_state_changed(struct service_worker_client *c, struct service_worker *w,
                        enum service_worker_state state);
void news_slots_changed(struct service_worker_client *c, struct service_worker_registration *g);
void news_update_found(struct service_worker_client *c, struct service_worker_registration *g);
void news_controller_changed(struct service_worker_client *c);
void news_ready(struct service_worker_client *c, struct service_worker_registration *g);
/* service_worker_clients.c */
void client_wait_found(void *holder, struct service_worker_client *c, bool elsewhere);

#endif
