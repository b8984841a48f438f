/* Requests that a service worker is asked to answer before the network is (Service Workers, "Handle
 * Fetch"; R-SV-08, R-SV-10), without JavaScript: whose worker it is, and the way there and back.
 *
 * Ownership: counted: the asker's reference, and the worker's side's. Threads: what the fields say.
 * Blocking: service_worker_ask alone; the others never. Lock order: none of its own.
 *
 * Ordering guarantees: what the worker's side did before handled_fetch_answer happens before what
 * the asker does with the answer: by the task that brings it, or by `is_settled`. */
#ifndef HEDDLE_WEB_SERVICE_WORKER_FETCH_H
#define HEDDLE_WEB_SERVICE_WORKER_FETCH_H

#include "web/resource.h"
#include "web/service_worker_registry.h"

#include <stdatomic.h>

struct handled_fetch {
    _Atomic unsigned references; /* relaxed up, acq_rel down */
    struct agent *asker;         /* counted; constant */
    bool waits;                  /* constant: the asker is blocked, and gets no task */
    _Atomic bool is_settled; /* the same: release behind status and answer, acquire by the asker */
    status status;
    struct resource answer;
    void *holder; /* asker's thread: NULL once nobody waits any more */
    void (*answered)(void *holder, status s, struct resource *answer);
    /* Constant: the request. */
    char *url, *method, *body; /* body: NULL = none */
    size_t body_length;
    struct header_list headers;
    char *client_id, *resulting_client_id; /* "" = none */
    const char *destination;
    enum request_mode mode;
    enum request_credentials credentials;
    enum request_redirect redirect;
    bool is_reload, is_history;
    /* Constant: what the network says to a navigation that is preloaded, and when. */
    bool is_preloaded;
    status preload_status;
    struct resource preload;
    int64_t preload_due;
};

/* Offers the request to the worker that controls who asks. NULL when there is none, or none that
 * listens; else `answered` is called on the asker's thread, once: with STATUS_NOT_FOUND and no
 * error for "the worker leaves it to the network". Own thread of `a`. */
struct handled_fetch *service_worker_offer(struct agent *a, const struct request *q, void *holder,
                                           void (*answered)(void *holder, status s,
                                                            struct resource *answer));

/* The same, and the agent stands still until the answer is there. False: the network is to be
 * asked. STATUS_STATE without an error: the agent was terminated meanwhile. Agents that share a
 * thread (R-AG-07) cannot wait for another one of it: their synchronous requests go straight to the
 * network. Own thread of `a`; blocks. */
bool service_worker_ask(struct agent *a, const struct request *q, status *s, struct resource *out);

/* Asker's thread: `answered` is not called any more; gives the reference back. */
void handled_fetch_forget(struct handled_fetch *h);

/* By the worker's side: the answer, which it takes, and its reference with it. Any thread counted
 * awake. */
void handled_fetch_answer(struct handled_fetch *h, status s, struct resource *answer);
void handled_fetch_refuse(struct handled_fetch *h, const char *why);

void handled_fetch_unref(struct handled_fetch *h);

#endif
