/* Barriers by name (web/barrier.h).
 *
 * Ownership: a barrier belongs to the list, and dies when it opens or when the last one who waited
 * has left; an arrival belongs to the agent that came until the barrier opens, and one with a
 * promise belongs to its task from then on. Lock order: see the header. Everything but an arrival's
 * `open` is read and written under the lock. Ordering guarantees: 1. `open` is stored with release
 * and read with acquire, so that a sleeper sees what the last one did.
 *  2. An opener is done with an arrival before it gives the lock back, and a sleeper takes the lock
 * once more before it leaves. Progress guarantees: the lock is held for as long as it takes to wake
 * those who wait. */
#include "web/barrier.h"

#include "agent/world.h"
#include "observe/hooks.h"
#include "web/realm.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct arrival {
    struct arrival *next;
    struct barrier *barrier; /* lock: NULL once it has opened */
    struct agent *agent;     /* counted */
    _Atomic bool open;
    struct observe_edge *edge; /* lock: its past; of a sleeper that may go: everybody's */
    /* Of an agent that must not block. */
    struct realm *realm; /* NULL: the agent sleeps */
    JSValue resolve;
    struct arrival *next_of_realm; /* own thread: realm->meetings */
    _Atomic int holders;           /* the realm's list and the task; acq_rel: the last one frees */
    struct task task;
};

struct barrier {
    struct barrier *next;
    struct world *world;
    char *name;
    uint32_t present;
    struct arrival *arrivals;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct barrier *barriers;

/* ---- under the lock ---- */

static struct barrier **find(const struct world *w, const char *name)
{
    struct barrier **link = &barriers;
    while (*link && ((*link)->world != w || strcmp((*link)->name, name) != 0))
        link = &(*link)->next;
    return link;
}

static void barrier_free(struct barrier *b)
{
    struct barrier **link = find(b->world, b->name);
    *link = b->next;
    free(b->name);
    free(b);
}

static void open_one(struct arrival *a)
{
    struct agent *agent = a->agent;
    a->barrier = NULL;
    if (a->realm) {
        agent_post(agent, &a->task);
        return;
    }
    a->edge = observe_send(OBSERVE_BARRIER);
    /* release: pairs with the acquire in may_go */
    atomic_store_explicit(&a->open, true, memory_order_release);
    parker_unpark(agent->parker, PARK_BLOCKED);
}

static void open_all(struct barrier *b)
{
    struct arrival *a, *next;
    for (a = b->arrivals; a; a = a->next) {
        observe_receive(a->edge);
        a->edge = NULL;
    }
    for (a = b->arrivals; a; a = next) {
        next = a->next;
        open_one(a);
    }
    barrier_free(b);
}

/* The agent ends, or the engine does: one less is present. */
static void leave(struct arrival *a)
{
    struct barrier *b = a->barrier;
    struct arrival **link = &b->arrivals;
    while (*link != a)
        link = &(*link)->next;
    *link = a->next;
    a->barrier = NULL;
    observe_drop(a->edge);
    if (--b->present == 0)
        barrier_free(b);
}

/* True if `a` is the last one: then all others go on, and it need not wait. */
static bool arrive(struct world *w, const char *name, uint32_t count, struct arrival *a)
{
    struct barrier **link = find(w, name), *b = *link;
    if (b && b->present + 1 >= count) {
        open_all(b);
        return true;
    }
    if (!b) {
        if (count <= 1)
            return true;
        b = *link = calloc(1, sizeof *b);
        b->world = w;
        b->name = strdup(name);
    }
    b->present++;
    a->edge = observe_send(OBSERVE_BARRIER);
    a->barrier = b;
    a->next = b->arrivals;
    b->arrivals = a;
    return false;
}

/* ---- agents that may block ---- */

static bool may_go(void *context)
{
    struct arrival *a = context;
    /* acquire: pairs with the releases in open_one and agent_terminate */
    return atomic_load_explicit(&a->open, memory_order_acquire) ||
           atomic_load_explicit(&a->agent->doomed, memory_order_acquire);
}

static JSValue meet_asleep(JSContext *js, struct agent *agent, const char *name, uint32_t count)
{
    struct arrival a = {.agent = agent};
    pthread_mutex_lock(&lock);
    bool last = arrive(agent->world, name, count, &a);
    pthread_mutex_unlock(&lock);
    if (last)
        return JS_UNDEFINED;
    while (!may_go(&a))
        parker_park(agent->parker, PARK_BLOCKED, CROWD_NEVER, may_go, &a);
    pthread_mutex_lock(&lock);
    bool opened = !a.barrier;
    if (opened)
        observe_receive(a.edge);
    else
        leave(&a);
    pthread_mutex_unlock(&lock);
    return opened ? JS_UNDEFINED : interruption_throw(js);
}

/* ---- agents that must not ---- */

static void arrival_release(struct arrival *a)
{
    if (atomic_fetch_sub_explicit(&a->holders, 1, memory_order_acq_rel) > 1)
        return;
    agent_unref(a->agent);
    free(a);
}

static void resolve(struct task *task, struct agent *agent)
{
    struct arrival *a = caa_container_of(task, struct arrival, task);
    struct arrival **link = (struct arrival **)&a->realm->meetings;
    struct realm *r = a->realm;
    JSValue function = a->resolve;
    (void)agent;
    while (*link != a)
        link = &(*link)->next_of_realm;
    *link = a->next_of_realm;
    arrival_release(a);
    arrival_release(a);
    realm_call(r, function, JS_UNDEFINED, 0, NULL);
    JS_FreeValue(r->js, function);
}

/* On any thread: the agent takes no more tasks. */
static void drop(struct task *task)
{
    arrival_release(caa_container_of(task, struct arrival, task));
}

void barrier_clear(struct realm *r)
{
    while (r->meetings) {
        struct arrival *a = r->meetings;
        r->meetings = a->next_of_realm;
        JS_FreeValue(r->js, a->resolve);
        pthread_mutex_lock(&lock);
        bool waits = a->barrier;
        if (waits)
            leave(a);
        pthread_mutex_unlock(&lock);
        if (waits)
            arrival_release(a); /* its task is never posted */
        arrival_release(a);
    }
}

static JSValue meet_later(JSContext *js, struct agent *agent, const char *name, uint32_t count)
{
    JSValue resolving[2];
    JSValue promise = JS_NewPromiseCapability(js, resolving);
    if (JS_IsException(promise))
        return promise;
    JS_FreeValue(js, resolving[1]);
    struct arrival *a = calloc(1, sizeof *a);
    a->agent = agent_ref(agent);
    a->realm = realm_of(js);
    a->resolve = resolving[0];
    a->next_of_realm = a->realm->meetings;
    a->realm->meetings = a;
    atomic_store_explicit(&a->holders, 2, memory_order_relaxed); /* published by the lock */
    a->task = (struct task){.run = resolve, .drop = drop, .source = TASK_JAVASCRIPT_ENGINE};
    pthread_mutex_lock(&lock);
    if (arrive(agent->world, name, count, a))
        agent_post(agent, &a->task);
    pthread_mutex_unlock(&lock);
    return promise;
}

JSValue barrier_meet(JSContext *js, const char *name, uint32_t count)
{
    struct agent *agent = realm_of(js)->agent;
    return agent->can_block ? meet_asleep(js, agent, name, count)
                            : meet_later(js, agent, name, count);
}
