/* The web's side of an agent: its engine, realms and first script. Own thread, unless said otherwise. */
#ifndef HEDDLE_WEB_WEB_AGENT_H
#define HEDDLE_WEB_WEB_AGENT_H

#include "agent/world.h"
#include "web/realm.h"
#include "web/resource.h"

struct worker_link;
struct shared_worker;
struct worklet_scope;

/* What an agent is started with; agent->web. Owned by the agent's thread. */
struct web_agent {
    struct realm *realms;
    bool some_are_gone;   /* realms whose document is */
    struct realm *buried; /* of documents that are gone: scripts may still hold their functions */
    struct page *pages;   /* windows: the documents of the agent */
    struct window_proxy *proxies;
    uint32_t realms_made;
    uint32_t doomed_messages; /* so many of the next ones are lost: a fault of the scenario */
    bool in_checkpoint; /* "performing a microtask checkpoint is true" */
    char *url;          /* of the first script, and of the document */
    char *document_url; /* windows: NULL = url */
    char *script;       /* its text; NULL: loaded from url when the agent starts */
    size_t script_length;
    bool module;
    struct origin *origin;        /* workers: counted; of the creator */
    struct policy policy;         /* workers: the creator's container */
    bool may_isolate, secure;     /* workers: the creator's */
    struct resource *early; /* workers: worker_global.h; owned */
    char *own_name;               /* dedicated workers: the `name` option */
    char *owner_origin;           /* workers and worklets: who asks for the script */
    struct worker_host *service_worker; /* service workers: counted */
    struct timer *rest;           /* service workers: until they may be stopped; NULL while they work */
    char *storage_key;            /* service workers: of their registration */
    char *top_site;               /* workers: the site of the page at the top of their creator */
    struct service_worker_client *client; /* workers: reserved, until their realm has it */
    char *owner_client_id;        /* workers: who asks for the script */
    struct worker_link *link;     /* dedicated workers: the way to the owner */
    struct worklet_scope *worklet_scope; /* worklets: NULL otherwise */
    struct shared_worker *shared_worker; /* shared workers: counted */
    struct worker_link *children; /* the agent's own workers that have not ended */
};

static inline struct web *web_of(struct agent *a)
{
    return a->world->host;
}

static inline struct web_agent *web_agent_of(struct agent *a)
{
    return a->web;
}

/* Makes the agent's engine. 0, or -1 when out of memory. */
int web_engine_create(struct agent *a);

/* Makes a realm with its global object. NULL when out of memory. */
struct realm_options {
    enum global_kind kind;
    const char *url;
    struct origin *origin; /* one more reference is taken */
    struct policy policy;
    bool may_isolate;          /* its owner or document may have the cross-origin isolated capability: it has if the cluster is concretely isolated */
    bool secure;
    struct document *document; /* windows: one more reference is taken */
    struct service_worker_client *client; /* reserved for it; taken unless there is no memory */
};
struct realm *realm_create(struct agent *a, const struct realm_options *o);

/* The document of a window's realm is gone (R-LIFE-04): its values are let go of, in a task of its own, and the realm leaves the agent's list. */
void realm_bury(struct realm *r);

/* Runs the first script: "run a classic script" or "run a module script", with errors reported. False when it could not be parsed; the
 * error is pending then. */
bool realm_run_script(struct realm *r, const char *text, size_t length, const char *url, bool module);

/* The same in two steps: the code, or undefined for a CommonJS module, which the function above runs; then its run, which takes it. */
JSValue realm_compile_script(struct realm *r, const char *text, size_t length, const char *url, bool module);
bool realm_run_code(struct realm *r, JSValue code);

/* Frees realms and engine. */
void web_agent_free(struct agent *a);

extern const struct module_host web_modules;

/* finalization.c: before any script. */
void finalization_install(struct agent *a);

#endif
