/* The service worker registrations of a run (Service Workers, sections 2.1 to 2.4 and appendix A;
 * R-SV-01..10, 17, 19), without JavaScript: which scopes there are, which workers each has and in
 * which state, which clients use them, and what has to happen next.
 *
 * The registry decides; what it wants done (fetch a script, run it, dispatch an event, tell a
 * client) it asks of struct service_worker_calls, and hears of the outcome through the functions
 * under "outcomes". service_worker_registry.c keeps registrations, workers and clients,
 * service_worker_lifecycle.c has the algorithms.
 *
 * Ownership: the registry is a part of the world. Workers and registrations are counted: who is
 * handed one borrows it for the call and takes a reference to keep it. A job lives until its
 * outcome was told. Texts are copied. Threads: any that is counted awake. Blocking: a short lock.
 * Lock order: the registry's lock, then what agent_post takes. News is told under it: those calls
 * take references, post tasks and do nothing else. Work is asked for when the lock has been left,
 * by the thread that left it.
 *
 * Ordering guarantees:
 *  1. Jobs of one scope are carried out one after the other, in the order of asking (R-SV-02).
 *  2. A worker's state only goes forward, and a registration has at most one installing, one
 * waiting and one active worker (invariant 12).
 *  3. What the registry tells, it tells in the order in which it decided. */
#ifndef HEDDLE_WEB_SERVICE_WORKER_REGISTRY_H
#define HEDDLE_WEB_SERVICE_WORKER_REGISTRY_H

#include "web/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;
struct handled_fetch;
struct resource;
struct service_worker;
struct service_worker_client;
struct service_worker_job;
struct service_worker_registration;

enum service_worker_state {
    SERVICE_WORKER_PARSED,
    SERVICE_WORKER_INSTALLING,
    SERVICE_WORKER_INSTALLED,
    SERVICE_WORKER_ACTIVATING,
    SERVICE_WORKER_ACTIVATED,
    SERVICE_WORKER_REDUNDANT,
};

enum service_worker_lifecycle { LIFECYCLE_INSTALL, LIFECYCLE_ACTIVATE };
enum service_worker_slot { SLOT_INSTALLING, SLOT_WAITING, SLOT_ACTIVE, SLOT_COUNT };
enum service_worker_cache { UPDATE_VIA_IMPORTS, UPDATE_VIA_ALL, UPDATE_VIA_NONE };

/* How a job ends. */
enum service_worker_outcome {
    OUTCOME_REGISTRATION, /* resolved with its registration */
    OUTCOME_TRUE,         /* unregister: resolved with whether there was one */
    OUTCOME_FALSE,
    OUTCOME_TYPE_ERROR,
    OUTCOME_SECURITY_ERROR,
};

struct service_worker_calls {
    /* ---- work: not under the lock ---- */

    /* "Update": fetch the job's script. service_worker_fetched. */
    void (*fetch)(struct service_worker_job *job);
    /* "Run Service Worker": evaluate its script in an agent of its own. service_worker_evaluated.
     */
    void (*run)(struct service_worker *worker);
    /* Dispatch the event in the worker, which is started if need be. service_worker_event_ended. */
    void (*dispatch)(struct service_worker *worker, enum service_worker_lifecycle event);
    /* The worker is activated, or redundant: what waited for that may go on (R-SV-08). */
    void (*settled_down)(struct service_worker *worker);
    /* Dispatch a fetch event, once the worker is activated; takes the reference.
     * handled_fetch_answer. */
    void (*handle_fetch)(struct service_worker *worker, struct handled_fetch *fetch);

    /* ---- news: under the lock ---- */

    /* "Terminate Service Worker". */
    void (*terminate)(struct service_worker *worker);
    /* A promise of register, update or unregister: once per holder. */
    void (*settled)(void *holder, enum service_worker_outcome outcome,
                    struct service_worker_registration *registration);
    /* To every client of the storage key. */
    void (*state_changed)(struct service_worker_client *client, struct service_worker *worker,
                          enum service_worker_state state);
    void (*slots_changed)(struct service_worker_client *client,
                          struct service_worker_registration *registration);
    void (*update_found)(struct service_worker_client *client,
                         struct service_worker_registration *registration);
    /* A worker has been made: its first reference is the registry's. What is made for it is freed
     * by `forgotten`, any thread. */
    void *(*made)(struct service_worker *worker);
    void (*forgotten)(void *host);
    void (*controller_changed)(struct service_worker_client *client);
    /* The registration that matches the client's URL has an active worker now: its promise `ready`.
     */
    void (*ready)(struct service_worker_client *client,
                  struct service_worker_registration *registration);
    /* service_worker_client_await: the client is there, or (NULL) it will never be; `elsewhere`: it
     * is there, under another storage key. */
    void (*client_found)(void *holder, struct service_worker_client *client, bool elsewhere);
};

/* Before anything else is asked of the registry; constant from then on. */
void service_workers_use(struct world *w, const struct service_worker_calls *calls);

/* ---- scopes ---- */

/* R-SV-01: the scope's default is the script's folder. Serialized URLs without fragments, malloc'd;
 * NULL for what the rules forbid, and *error says how: OUTCOME_TYPE_ERROR or
 * OUTCOME_SECURITY_ERROR. `scope` NULL = the default. `secure` says whether the client's origin is
 * trustworthy. */
char *service_worker_script_url(const char *base, const char *script, const char *origin,
                                bool secure, enum service_worker_outcome *error);
char *service_worker_scope_url(const char *base, const char *script_url, const char *scope,
                               const char *origin, enum service_worker_outcome *error);

/* Whether the script may control the scope: below its own folder, or below what its
 * Service-Worker-Allowed (NULL = none) says. */
bool service_worker_may_control(const char *script_url, const char *scope, const char *allowed);

/* ---- jobs (R-SV-02) ---- */

struct service_worker_request {
    const char *storage_key, *scope, *script_url; /* update, unregister: script_url NULL */
    bool module;
    enum service_worker_cache cache;
    void *holder; /* of the promise */
};
void service_worker_register(struct world *w, const struct service_worker_request *r);
void service_worker_update(struct world *w, const struct service_worker_request *r);
void service_worker_unregister(struct world *w, const struct service_worker_request *r);

/* "Handle User Agent Shutdown" (R-SV-18): workers that install are lost, those that wait are active
 * from now on, and none runs. */
void service_workers_shut_down(struct world *w);

/* ---- outcomes ---- */

/* The script has come, or not: then `error` says how the promise is rejected. `allowed` is its
 * Service-Worker-Allowed, NULL = none. */
void service_worker_fetched(struct service_worker_job *job, const char *bytes, size_t length,
                            const char *allowed, const struct policy *policy);
void service_worker_fetch_failed(struct service_worker_job *job, enum service_worker_outcome error);

/* Before service_worker_fetched, when the bytes are those of the newest worker: what that one has
 * imported is compared, too. The URL of the next import to be fetched again, malloc'd; NULL: there
 * is none left, or it need not be looked at. */
char *service_worker_job_next_import(struct service_worker_job *job, const char *bytes,
                                     size_t length);
/* It has come; not told of failures: then the stored one stays. */
void service_worker_import_fetched(struct service_worker_job *job, const char *url,
                                   const struct resource *r);

/* Its first evaluation has ended; false: it threw. `handles_fetch`: it listens to fetch events
 * (R-SV-13). */
void service_worker_evaluated(struct service_worker *worker, bool ok, bool handles_fetch);

/* The event's promises have settled; false: one was rejected, or the worker was killed meanwhile.
 */
void service_worker_event_ended(struct service_worker *worker, enum service_worker_lifecycle event,
                                bool ok);

/* An extendable event of the worker is pending, or is no more (R-SV-11). */
void service_worker_event_began(struct service_worker *worker);
void service_worker_event_finished(struct service_worker *worker);

/* ---- what workers ask ---- */

void service_worker_skip_waiting(struct service_worker *worker);  /* R-SV-09 */
bool service_worker_claim_clients(struct service_worker *worker); /* false: it is not active */

/* Imported scripts are stored with the worker (R-SV-13). A copy of what is stored under the URL:
 * false when there is none, and none may be added any more. */
enum service_worker_import { IMPORT_STORED, IMPORT_MAY_BE_FETCHED, IMPORT_TOO_LATE };
enum service_worker_import service_worker_find_import(struct service_worker *worker,
                                                      const char *url, struct resource *out);
void service_worker_store_import(struct service_worker *worker, const char *url,
                                 const struct resource *r);

/* ---- clients ---- */

/* What an environment is that scripts run in. */
enum service_worker_client_type { CLIENT_WINDOW, CLIENT_WORKER, CLIENT_SHARED_WORKER };
enum service_worker_frame_type { FRAME_NONE, FRAME_TOP_LEVEL, FRAME_AUXILIARY, FRAME_NESTED };

#define SERVICE_WORKER_CLIENT_ID_SIZE 37

/* A client that is on its way ("reserved"): it has an id, and from the request for its page or
 * script on a controller. service_worker_client_gone ends it, too. */
struct service_worker_client *service_worker_client_reserve(struct world *w);
/* The same for what will take the place of an initial blank document and have its id; NULL = of a
 * new one. */
struct service_worker_client *service_worker_client_reserve_as(struct world *w,
                                                               const struct service_worker_client *c);

/* It is there ("execution ready"): controlled by the worker that its request was offered to, by
 * `inherits`'s (NULL = nobody's) or, when neither was decided, by the worker whose scope is the
 * longest prefix of its URL (R-SV-10). `holder` is what the calls know it by. */
struct service_worker_client_options {
    const char *storage_key, *url;
    void *holder;
    enum service_worker_client_type type;
    enum service_worker_frame_type frame;
};
void service_worker_client_enter(struct service_worker_client *c,
                                 const struct service_worker_client_options *o);

/* Both at once, for an environment of a script that has nothing special about it. */
struct service_worker_client *service_worker_client_new(struct world *w, const char *storage_key,
                                                        const char *url, void *holder);
void service_worker_client_gone(struct service_worker_client *c);
void *service_worker_client_holder(const struct service_worker_client *c);

/* A document made by another one without a request of its own: its controller is that one's.
 * `from` may be NULL. */
void service_worker_client_inherit(struct service_worker_client *c,
                                   struct service_worker_client *from);
/* The initial blank document turns into the one that `to` was reserved for: takes `to`, keeps its
 * own id. Both may be NULL. */
void service_worker_client_become(struct service_worker_client *c, struct service_worker_client *to,
                                  const char *url);

/* Constant; any thread that knows the client to live. */
void service_worker_client_id(const struct service_worker_client *c,
                              char id[SERVICE_WORKER_CLIENT_ID_SIZE]);

/* "visible" and "focused" of a window. */
void service_worker_client_set_visible(struct service_worker_client *c, bool visible);
void service_worker_client_focus(struct service_worker_client *c);

/* Calls client_found once: now for one that is ready or that nobody has heard of, else when a
 * reserved one is ready or gone. Only clients of that storage key are found. */
void service_worker_client_await(struct world *w, const char *storage_key, const char *id,
                                 void *holder);
/* The same for what a reserved client's navigation brings in the end, whoever that is. */
void service_worker_client_await_navigation(struct service_worker_client *c,
                                            const char *storage_key, void *holder);
/* The navigation of a reserved client is redirected to another origin: that one is gone, another is
 * reserved. */
struct service_worker_client *service_worker_client_redirect(struct service_worker_client *c);

/* Visits the clients of the worker's storage key that it controls, or all of them, in the order of
 * their making; under the lock. */
void service_worker_clients(struct service_worker *worker, bool all,
                            void (*visit)(void *context, struct service_worker_client *c),
                            void *context);

/* For who visits it, or holds it: under the registry's lock. `focused`: when it was last, counted
 * from 1; 0: never. */
struct service_worker_client_state {
    const char *url;
    enum service_worker_client_type type;
    enum service_worker_frame_type frame;
    bool visible, has_focus;
    uint64_t focused;
    uint32_t number; /* in the order of making */
};
struct service_worker_client_state
service_worker_client_state(const struct service_worker_client *c);

/* One reference, or NULL. */
struct service_worker *service_worker_controller(struct service_worker_client *c);
struct service_worker_registration *service_worker_match(struct world *w, const char *storage_key,
                                                         const char *url);
/* All of the storage key, in the order of registering; under the lock. */
void service_worker_registrations(struct world *w, const char *storage_key,
                                  void (*visit)(void *context,
                                                struct service_worker_registration *r),
                                  void *context);

/* "Handle Fetch": the worker that is asked first for a page or worker script at the URL, which
 * controls `reserved` from then on; one reference, or NULL. */
struct service_worker *service_worker_for_reserved(struct service_worker_client *reserved,
                                                   const char *storage_key, const char *url);
/* Whether it wants fetch events at all (R-SV-13). */
bool service_worker_handles_fetch(struct service_worker *worker);

/* ---- looking ---- */

struct service_worker *service_worker_ref(struct service_worker *worker);
void service_worker_unref(struct service_worker *worker);
struct service_worker_registration *
service_worker_registration_ref(struct service_worker_registration *r);
void service_worker_registration_unref(struct service_worker_registration *r);

enum service_worker_state service_worker_state_now(struct service_worker *worker);
const char *service_worker_state_name(
    enum service_worker_state s); /* "installing"; "parsed" is never seen by scripts */
const char *service_worker_url(const struct service_worker *worker);             /* constant */
const struct policy *service_worker_policy(const struct service_worker *worker); /* constant */
struct world *service_worker_world(const struct service_worker *worker);
const char *service_worker_scope(const struct service_worker_registration *r);
const char *service_worker_storage_key(const struct service_worker_registration *r);
enum service_worker_cache service_worker_registration_cache(struct service_worker_registration *r);
uint32_t service_worker_number(
    const struct service_worker *worker); /* from 1, in the order of their making */
void *service_worker_host(const struct service_worker *worker); /* what `made` gave */
struct service_worker_registration *
service_worker_registration_of(const struct service_worker *worker); /* borrowed */
/* The worker in that slot: one reference, or NULL. */
struct service_worker *service_worker_in(struct service_worker_registration *r,
                                         enum service_worker_slot slot);
/* The script to run: constant. */
const char *service_worker_script(const struct service_worker *worker, size_t *length,
                                  bool *module);

/* "navigation preload enabled flag" and "header value". The text is malloc'd; `header` NULL leaves
 * it as it is. False when there is no active worker. */
bool service_worker_preload(struct service_worker_registration *r, const bool *enable,
                            const char *header);
char *service_worker_preload_state(struct service_worker_registration *r, bool *enabled);

/* The job that is to be fetched for: constant texts. */
const char *service_worker_job_url(const struct service_worker_job *job);
bool service_worker_job_is_module(const struct service_worker_job *job);
struct world *service_worker_job_world(const struct service_worker_job *job);

#endif
