/* The virtual network: what a run serves by URL. No real network is ever touched.
 *
 * A request goes through the algorithms of the Fetch Standard as far as a network inside the
 * process can be honest: origins and modes, CORS with its preflight, Cross-Origin-Resource-Policy,
 * redirects, data: and blob: URLs. There are no cookies, no HTTP cache and no referrers.
 *
 * Ownership: a struct resource owns its texts; resource_release frees them. Threads: as each
 * function says; a loader is called by many agents at once. Blocking: reads files. */
#ifndef HEDDLE_WEB_RESOURCE_H
#define HEDDLE_WEB_RESOURCE_H

#include "base/status.h"
#include "web/header_list.h"
#include "web/knobs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;
struct agent;
struct named_blocks;
struct activity;
struct service_worker_client;

/* Fetch "request", as far as anything here looks at it. Borrowed texts. */
enum request_mode { MODE_NO_CORS, MODE_CORS, MODE_SAME_ORIGIN, MODE_NAVIGATE };
enum request_redirect { REDIRECT_FOLLOW, REDIRECT_ERROR, REDIRECT_MANUAL };
enum request_credentials { CREDENTIALS_SAME_ORIGIN, CREDENTIALS_OMIT, CREDENTIALS_INCLUDE };
enum request_use { USE_OTHER, USE_SCRIPT }; /* destination: scripts are checked for "nosniff" */

struct request {
    const char *url;    /* absolute; a fragment is kept for the response's URL */
    const char *method; /* NULL = GET */
    const char
        *origin; /* the client's, serialized; NULL: the user agent itself asks, as for a tab */
    enum request_mode mode;
    enum request_redirect redirect;
    enum request_credentials credentials;
    enum request_use use;
    bool require_corp;                 /* R-COEP-04: the client's embedder policy is require-corp */
    const struct header_list *headers; /* the script's own; NULL = none */
    struct activity *activity; /* of the document that asks, for resource_fetch; NULL = none */
    /* For service workers, which resource_fetch and resource_load ask first (R-SV-10). */
    struct service_worker_client *client;   /* who asks; NULL: nobody that a worker could control */
    struct service_worker_client *reserved; /* pages and worker scripts: whom it is for */
    const char *storage_key;                /* with `reserved`: of that one; NULL: none */
    const char *client_id;                  /* of who asks, where `client` may be gone by now */
    const char *destination;                /* constant: "document", "script", ...; NULL = "" */
    const char *body;                       /* NULL = none */
    size_t body_length;
    bool is_reload, is_history;
};

/* Fetch "response". `type` says how much of it the requester may see: the filters are for those who
 * show it to scripts. */
enum response_type {
    RESPONSE_BASIC,
    RESPONSE_CORS,
    RESPONSE_DEFAULT,
    RESPONSE_ERROR,
    RESPONSE_OPAQUE,
    RESPONSE_OPAQUE_REDIRECT
};

struct resource {
    char *bytes; /* a zero byte behind them */
    size_t length;
    char *url; /* the last one of a chain of redirects, with the fragment */
    unsigned status;
    char *status_text; /* bytes; NULL = "", which is what the network says */
    bool filtered;     /* `headers` are what the requester may see; else all of them */
    struct header_list headers;
    enum response_type type;
    bool redirected;
    bool with_credentials; /* asked with credentials: then `*` in CORS headers is no wildcard */
    int64_t
        delay_ns; /* of the run's clock, from request to answer; failures take their time, too */
    char *error;  /* a network error: why, one sentence; then nothing else is there */
};

void resource_release(struct resource *r);
void resource_copy(struct resource *to, const struct resource *from);

/* The combined value of a header, malloc'd; NULL when there is none. */
char *resource_header(const struct resource *r, const char *name);

/* Whether the requester may see a header of that name: the basic and the CORS filter. */
bool resource_shows_header(const struct resource *r, const char *name);

/* "ok status": 200 to 299. */
bool resource_is_ok(const struct resource *r);

/* What goes over the network. Borrowed texts. */
struct network_request {
    const char *url;                   /* http(s), without a fragment */
    const char *method;
    const struct header_list *headers; /* the script's own, and those that Fetch adds */
    bool preflight; /* CORS: answered with the resource's own headers, and no fetch of it */
};

/* What the run serves under http(s) URLs. */
struct resource_loader {
    /* STATUS_OK: bytes, length, status, headers and delay were filled in; a redirect is a status
     * with `Location`. Otherwise it is a network error, and `error` says why: STATUS_NOT_FOUND when
     * nothing is declared there, STATUS_IO when a failure is declared. */
    status (*load)(void *context, const struct network_request *q, struct resource *out);
    /* The URL that a bare module specifier ("ringbuf.js") stands for, or a relative one within a
     * package, malloc'd; NULL when there is none, or it stands for no other than itself. */
    char *(*find_package)(void *context, const char *referrer, const char *specifier);
    void *context;
    /* For CommonJS, or both NULL: what require() stands for, malloc'd, NULL when there is none; and
     * whether a script that is imported is CommonJS. */
    char *(*find_required)(void *context, const char *referrer, const char *specifier);
    bool (*is_commonjs)(void *context, const char *url, const struct resource *resource);
};

/* An origin that the program declares. */
struct declared_origin {
    const char *origin; /* serialized */
    bool secure;        /* a secure context */
};

/* How a dialog is answered: web/dialogs.c. */
struct dialog_answer {
    const char *window; /* that shows it; NULL = any */
    const char *text;   /* of a prompt; NULL = what stands there already */
    bool accepts;       /* OK, or Cancel */
    int64_t delay_ns;   /* until it is answered, of the run's clock */
    _Atomic bool taken;
};

/* The world's `host`: constant while agents run, but for what dialogs have taken. */
struct web {
    const struct resource_loader *loader;
    struct user_agent *user_agent;
    bool pure; /* no `heddle` global */
    bool webassembly_stub; /* web/webassembly.h */
    const struct declared_origin *origins;
    size_t origin_count;
    const char *const *public_suffixes; /* beside the list's: "example" */
    size_t public_suffix_count;
    unsigned fps; /* of the virtual display; 0: none */
    struct web_knobs knobs;
    struct dialog_answer *dialogs;
    size_t dialog_count;
    const struct named_blocks *blocks; /* given by the embedding program; NULL: none */
};

/* Fetch "fetch", without its time. STATUS_OK for every answer, whatever its HTTP status; otherwise
 * a network error: STATUS_NOT_FOUND (nothing is there), STATUS_IO (declared to fail), STATUS_STATE
 * (the rules of origins forbid it) with `error`. `out` is to be released either way. Any thread. */
status resource_request(struct world *w, const struct request *q, struct resource *out);

/* The same on the agent's own thread, which pauses for the declared delay (R-BL-01), or until the
 * service worker has answered: for scripts that are loaded synchronously. STATUS_STATE without an
 * error: the agent was terminated meanwhile.
 */
status resource_load(struct agent *a, const struct request *q, struct resource *out);

/* What a service worker answers goes on with: redirects are followed as the request says. False:
 * the network is to be asked. Own thread; blocks. */
bool resource_handled(struct agent *a, const struct request *q, status *s, struct resource *out);

/* resource_load for a script: an answer that is not ok or has not the type of a script is an error
 * too, with `error`. Classic worker scripts of data: and blob: URLs may have any type, classic
 * scripts of documents whatever is no image, sound or table. */
enum script_kind { SCRIPT_OF_DOCUMENT, SCRIPT_OF_WORKER, SCRIPT_IMPORTED, SCRIPT_MODULE };
status script_load(struct agent *a, const struct request *q, enum script_kind kind,
                   struct resource *out);

/* The same look at an answer that is there already: STATUS_STATE and `error` when it is no script.
 */
status script_check(enum script_kind kind, struct resource *r);

/* A request whose answer comes as a task of the networking source, after the declared delay. Own
 * thread: `done` is called there with the status that resource_request gave, once, and borrows the
 * answer; `drop` instead when the agent ends first. */
struct resource_fetch;
struct resource_fetch *resource_fetch(struct agent *a, const struct request *q,
                                      void (*done)(void *context, status s, struct resource *r),
                                      void (*drop)(void *context), void *context);
/* Neither `done` nor `drop` is called any more. */
void resource_fetch_cancel(struct resource_fetch *f);

/* Own thread: a warning on the console that names the URL and the reason; not for failures that
 * were declared. */
void resource_warn(struct agent *a, const char *what, const char *url, status s,
                   const struct resource *r);

/* Secure Contexts "is origin potentially trustworthy", by scheme and host. Any thread. */
bool origin_text_is_trustworthy(const char *origin);

/* The same, unless the program declares otherwise. Any thread. */
bool origin_text_is_secure(const struct web *web, const char *origin);

#endif
