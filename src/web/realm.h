/* A realm's settings object: what HTML's "environment settings object" keeps for one global (R-RL-01).
 *
 * Ownership: lives as long as its agent; own thread only. */
#ifndef HEDDLE_WEB_REALM_H
#define HEDDLE_WEB_REALM_H

#include "agent/agent.h"
#include "engine/js.h"
#include "web/origin.h"
#include "web/policy.h"

enum global_kind { GLOBAL_WINDOW, GLOBAL_DEDICATED_WORKER, GLOBAL_SHARED_WORKER, GLOBAL_SERVICE_WORKER, GLOBAL_WORKLET };

struct realm {
    struct agent *agent;
    JSContext *js;
    JSValue global; /* not counted: the context keeps it */
    enum global_kind kind;
    char *url;    /* of the document or worker script */
    char *base;   /* the API base URL; NULL = url */
    struct origin *origin; /* counted */
    struct policy policy;  /* R-COEP-05: the policy container, as far as headers fill it */
    bool cross_origin_isolated; /* the capability (R-COI-01..06) */
    bool secure;                /* a secure context */
    bool destroyed;             /* its document is: nothing new is to begin here (R-LIFE-04) */
    struct document *document;  /* windows: counted; NULL otherwise */
    struct window_proxy *proxy; /* windows: what scripts see as the global object */
    JSValue window_parts[2];    /* windows, built when touched: WINDOW_LOCATION, WINDOW_HISTORY */
    bool reporting_error; /* R-ER-01: in error-reporting mode */
    bool pure;            /* no `heddle` global */
    bool no_import;       /* import() is refused (R-EXP-12) */
    bool module_script;   /* the global runs module scripts: importScripts throws (R-WK-07) */
    int64_t time_origin;  /* ns of the run's clock */
    struct event_listeners *listeners; /* of the global: web/event_target.h */
    JSValueConst current_event; /* DOM: what a listener of this window is being told, else undefined; not counted */
    JSValue spare_event;               /* web/event_dispatch.c: undefined, or the object of the next message's event */
    struct pending_fetch *fetches;     /* web/fetch.c: calls that have not settled */
    struct adding *cache_additions;    /* web/cache.c: add and addAll under way */
    struct later *later;               /* web/later.c: promises that a task will settle */
    struct client_link *client;        /* web/service_worker_container.c: NULL when it is none */
    struct service_worker_objects *service_workers; /* the same: what was asked for */
    struct job_promise *service_worker_jobs; /* the same: promises of register, update, unregister */
    struct client_wait_promise *client_waits; /* web/service_worker_clients.c: promises of clients */
    struct extendable *extendables;    /* web/service_worker_events.c: active events */
    JSValue service_worker_clients;    /* the same: `clients`, undefined until touched */
    struct xhr *requests;              /* web/xhr.c: requests under way */
    void *timers;                      /* web/timers.c */
    void *frames;                      /* web/frames.c */
    void *idle;                        /* web/idle.c */
    void *rejections;                  /* web/rejection.c */
    struct muted_script *muted_scripts; /* web/muted_scripts.c */
    struct message_port *ports;        /* attached in this realm: web/message_port.c */
    struct broadcast_channel *broadcast_channels; /* that are open: web/broadcast_channel.c */
    struct shared_worker_object *shared_workers; /* whose worker may still fail to start: web/shared_worker.c */
    bool owns_shared_workers;
    struct lock_demand *lock_demands; /* that have not ended: web/locks.c */
    void *console;                     /* web/console.c: groups, counts, timers */
    void *meetings;                    /* web/barrier.c: promises of barriers that have not opened */
    void *commonjs;                    /* web/commonjs.c: modules that were required */
    uint64_t random;                   /* web/crypto.c: state, 0 = not seeded yet */
    struct worker_link *worker;        /* web/worker.c: the inside of a worker's channel */
    uint32_t number;                   /* of the agent's realms, from 1 */
    struct worklet *worklets;          /* web/worklet.c */
    struct audio_context *audio_contexts; /* web/audio_context.c */
    struct css_worklets *css_worklets; /* web/css_worklets.c */
    uint32_t worklet_scopes_made;
    uint32_t workers_made;             /* names for workers without one */
    struct realm *next;                /* realms of one agent */
};

enum { WINDOW_LOCATION, WINDOW_HISTORY, WINDOW_PART_COUNT };

static inline struct realm *realm_of(JSContext *js)
{
    return realm_data(js);
}

/* HTML "report an exception" (R-ER-01): fires `error` at the global; unhandled it climbs to the owner (R-ER-02) or becomes an
 * uncaught-error finding. Takes the pending exception of `js`; does nothing for an interruption. */
void realm_report_exception(struct realm *r);

/* Calls a function and does "clean up after running script" (R-EL-08): reports what it throws and performs a microtask checkpoint when
 * the stack is empty. Frees nothing. */
void realm_call(struct realm *r, JSValueConst function, JSValueConst self, int count, JSValueConst *arguments);

/* Own, for host functions that go on for long: true when JavaScript is to unwind (interruption_throw): the agent was terminated or its
 * script aborted. Stands still while the agent is suspended. */
bool agent_must_unwind(struct agent *a);

/* HTML "perform a microtask checkpoint" (R-EL-07) for the agent. */
void agent_checkpoint(struct agent *a);

/* The agent's realm whose code called the running host function: what HTML calls the incumbent settings object. */
struct realm *realm_caller(JSContext *js);

static inline const char *realm_base(const struct realm *r)
{
    return r->base ? r->base : r->url;
}

/* Resolves `text` against the realm's base URL: js_malloc'd, NULL without exception if it does not parse. */
char *realm_resolve_url(struct realm *r, const char *text);

#endif
