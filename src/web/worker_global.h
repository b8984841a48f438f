/* What dedicated and shared workers have in common: their options, how their script starts
 * (R-WK-01) and the WorkerGlobalScope interface. Own thread. */
#ifndef HEDDLE_WEB_WORKER_GLOBAL_H
#define HEDDLE_WEB_WORKER_GLOBAL_H

#include "web/resource.h"
#include "web/web_agent.h"

/* ---- the constructors' arguments ---- */

struct worker_options {
    char *url, *name;   /* name: never NULL */
    char *owner_origin; /* who asks for the script */
    struct resource *early; /* what a blob: URL stood for when it was read: it may be revoked at once; else NULL */
    enum request_credentials credentials;
    bool module, extended_lifetime;
};

/* (url, options) of `new Worker` and, with `shared`, of `new SharedWorker`, whose options may be
 * the name (R-SW-07). 0, or -1 with an exception; to be released either way. */
int worker_options_read(JSContext *js, bool shared, int count, JSValueConst *arguments,
                        struct worker_options *o);
void worker_options_release(struct worker_options *o);

/* The worker's part of an agent that is about to start, from the options; takes their texts. NULL
 * when out of memory. */
struct web_agent *worker_web_agent_new(struct worker_options *o);

/* What a dedicated worker has of its creator: origin, policy container, isolation (R-OR-07, R-COEP-05, R-COI-02). */
void worker_inherit(struct web_agent *web, const struct realm *creator);

/* Gives back what every worker has, but for its URL and script. */
void worker_web_agent_release(struct web_agent *web);

/* Frees what worker_web_agent_new made for an agent that did not start. */
void worker_web_agent_free(struct web_agent *web);

/* ---- on the worker's thread ---- */

/* Loads the script and makes engine and realm. NULL when that failed: the reason was noticed, and
 * the agent is closing. */
struct realm *worker_realm_create(struct agent *a, enum global_kind kind);

/* The code of the script, with what a module imports; an exception when something of it does not parse or is not there: then the
 * worker comes to nothing, and its owner hears of it (R-ER-06). */
JSValue worker_compile(struct realm *r);
/* Runs it, once; takes the code. */
void worker_run(struct realm *r, JSValue code);

/* ---- the global scope ---- */

extern const struct interface worker_global_scope_interface;

/* importScripts, which is all that every kind of worker has, then close and name. */
extern const JSCFunctionListEntry worker_global[];
extern const int worker_global_count, any_worker_global_count;

#endif
