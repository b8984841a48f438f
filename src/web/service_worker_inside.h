/* The inside of the registry of service workers, for its two files. All of it is under the
 * registry's lock, unless said otherwise. */
#ifndef HEDDLE_WEB_SERVICE_WORKER_INSIDE_H
#define HEDDLE_WEB_SERVICE_WORKER_INSIDE_H

#include "agent/world.h"
#include "base/assert.h"
#include "web/resource.h"
#include "web/service_worker_registry.h"

#include <pthread.h>
#include <stdatomic.h>

enum job_kind { JOB_REGISTER, JOB_UPDATE, JOB_UNREGISTER };

/* "Script resource map" but for the worker's own script. */
struct stored_import {
    struct stored_import *next;
    char *url;                /* as it was asked for */
    struct resource resource; /* what came */
};

struct service_worker_job {
    struct service_worker_job *next; /* of the scope's queue */
    unsigned references;
    struct registry *registry;
    enum job_kind kind;
    char *key, *scope, *url; /* constant */
    bool module;
    enum service_worker_cache cache;
    void **holders; /* of this job's promise, and of those that came to ask for the same */
    size_t holder_count;
    bool settled;
    struct service_worker *worker; /* counted: the one that the job brings up */
    struct stored_import *imports; /* fetched again */
    size_t imports_asked;          /* how many of the newest worker's */
    bool imports_differ;
};

struct service_worker {
    _Atomic unsigned references; /* relaxed up; down under the registry's lock */
    struct service_worker_registration *registration; /* counted; constant */
    enum service_worker_state state;
    char *url, *script; /* constant */
    size_t script_length;
    bool module;
    struct policy policy; /* constant */
    bool skip_waiting, handles_fetch;
    struct stored_import *imports;
    uint32_t number; /* constant, as `host` */
    void *host;
    unsigned pending;               /* extendable events */
    struct service_worker_job *job; /* counted, until the job has ended */
};

struct service_worker_registration {
    struct service_worker_registration *next; /* all there are */
    _Atomic unsigned references;              /* relaxed up; down under the registry's lock */
    struct registry *registry;
    char *key, *scope; /* constant */
    enum service_worker_cache cache;
    bool registered;                          /* in the map of scopes: holds one reference */
    struct service_worker *slots[SLOT_COUNT]; /* counted */
    bool preload;
    char *preload_header;
};

struct service_worker_client {
    struct service_worker_client *next;
    struct registry *registry;
    uint32_t number;
    bool is_ready;   /* else reserved: the fields down to `holder` are empty */
    bool is_decided; /* its controller does not follow from its URL any more */
    char *key, *url;
    void *holder;
    enum service_worker_client_type type;
    enum service_worker_frame_type frame;
    bool visible;
    uint64_t focused;
    struct service_worker *controller; /* counted, or NULL */
};

/* Something that is done once the lock has been left. */
struct registry_work {
    struct registry_work *next;
    enum { WORK_FETCH, WORK_RUN, WORK_INSTALL, WORK_ACTIVATE, WORK_SETTLED } what;
    struct service_worker_job *job; /* WORK_FETCH: counted */
    struct service_worker *worker;  /* the others: counted */
};

/* Who waits for a reserved client. */
struct client_wait {
    struct client_wait *next;
    char *key;
    uint32_t number;
    bool follows; /* redirects: see service_worker_client_redirect */
    void *holder;
};

struct registry {
    struct world_part part;
    struct world *world;
    pthread_mutex_t lock;
    unsigned depth; /* of its holder */
    const struct service_worker_calls *calls;
    struct service_worker_registration *registrations; /* the latest first */
    struct service_worker_client *clients;             /* in the order of their making */
    struct service_worker_job *jobs;                   /* of all scopes, in the order of asking */
    struct registry_work *work, **work_end;
    struct client_wait *waits;
    uint32_t made, clients_made; /* ever */
    uint64_t focus_changes;
};

/* Not under the lock. Leaving it for good does the work that has piled up. */
struct registry *registry_of(struct world *w);
void registry_enter(struct registry *g);
void registry_leave(struct registry *g);

void registry_add_work(struct registry *g, int what, struct service_worker_job *j,
                       struct service_worker *w);

char *registry_copy(const char *text); /* NULL stays NULL */

void job_unref(struct service_worker_job *j);
struct service_worker *worker_ref(struct service_worker *w);
void worker_unref(struct service_worker *w);
struct service_worker_registration *registration_ref(struct service_worker_registration *r);
void registration_unref(struct service_worker_registration *r);
void imports_free(struct stored_import *list);

struct service_worker_registration *registration_new(struct registry *g,
                                                     const struct service_worker_job *j);
struct service_worker_registration *registration_find(struct registry *g, const char *key,
                                                      const char *scope);
/* R-SV-10: the longest scope that the URL begins with. */
struct service_worker_registration *registration_match(struct registry *g, const char *key,
                                                       const char *url);
bool registration_is_used(const struct service_worker_registration *r);

/* "Update Worker State" and "Update Registration State": tells the clients. */
void worker_set_state(struct service_worker *w, enum service_worker_state state);
void registration_tell_slots(struct service_worker_registration *r);

/* "Handle Service Worker Client Unload", once a client is controlled by it no more. */
void registration_left(struct service_worker_registration *r);

#endif
