/* The lock managers of a run (Web Locks; one manager per storage key), without JavaScript: who holds which lock and who waits for it.
 *
 * A request is made once and ends once: aborted while it waits, released while it holds, taken away by a steal, or dropped when its agent
 * ends. What happens to it is told to its agent by tasks.
 *
 * Ownership: a request is counted; the maker's reference is given back by lock_request_end, the others are those of tasks under way.
 * Threads: a request's functions on its agent's own thread; views anywhere.
 * Lock order: the managers' lock, then what agent_post takes. Tasks are posted under it, so that an agent hears of two grants in the order
 * in which they were made.
 *
 * Ordering guarantees:
 *  1. Requests for one name are granted in the order of asking; a shared one never overtakes an exclusive one that waits.
 *  2. What a holder did before its lock ended happens before what the next holder does with it (observe: an edge).
 *  3. The locks of an agent that is terminated end when its thread has stopped running JavaScript, so that no two holders ever meet. A
 *     built-in that does not look for its end keeps them for as long.
 * Progress guarantees: nobody blocks; a lock's end grants at once all that can be granted. */
#ifndef HEDDLE_WEB_LOCK_MANAGER_H
#define HEDDLE_WEB_LOCK_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

struct activity;
struct agent;
struct lock_request;
struct world;

enum lock_mode { LOCK_EXCLUSIVE, LOCK_SHARED };

struct lock_calls {
    void (*granted)(void *holder);     /* the request holds the lock now */
    void (*unavailable)(void *holder); /* `if_available` and it is not: the request has ended */
    void (*stolen)(void *holder);      /* the lock was taken away: the request has ended */
};

struct lock_options {
    const char *key, *name; /* the manager's storage key, the resource's name */
    struct activity *activity; /* of the document that the callbacks belong to, NULL in workers */
    const char *client;     /* the realm's id */
    enum lock_mode mode;
    bool if_available, steal;
    char *file; /* where it is asked for, malloc'd, taken; NULL = unknown */
    uint32_t line, column;
    const struct lock_calls *calls;
    void *holder;
};

/* Asks for a lock. NULL when there is no memory. An agent that is closing asks in vain: it is never told. */
struct lock_request *lock_request_new(struct agent *a, const struct lock_options *options);

/* Takes a request that waits out of its queue. False when it does not wait any more. */
bool lock_request_abort(struct lock_request *r);

/* Aborts or releases, whichever fits, and gives the maker's reference back: nothing more is told. */
void lock_request_end(struct lock_request *r);

/* ---- views ---- */

struct lock_view {
    const char *key, *name, *client;
    enum lock_mode mode;
    bool held; /* else it waits */
    const struct agent *agent;
    int64_t since; /* ns of the run's clock: when it was asked for, or granted */
    const char *file;
    uint32_t line, column;
};

/* Visits every lock that is held, and then every request that waits, in the order of asking; of one manager, or of all with a key of NULL.
 * Under the managers' lock: the visitor only looks. */
void lock_visit(struct world *w, const char *key, void (*visit)(const struct lock_view *view, void *context), void *context);

#endif
