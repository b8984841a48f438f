#include "agent/world.h"

#include "agent/pool.h"
#include "base/assert.h"
#include "platform/clock.h"

#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define TICK_NS 100000000

struct world *world_create(enum crowd_clock clock, uint64_t seed)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    crowd_init(&w->crowd, clock);
    /* For measurements: what sleeping only would cost. */
    const char *spin = getenv("HEDDLE_SPIN");
    w->crowd.never_spin = spin && !strcmp(spin, "0");
    pthread_mutex_init(&w->registry, NULL);
    rcu_queue_init(&w->notices);
    w->seed = seed;
    w->patience_ms = UINT_MAX;
    w->wall_start = clock_wall();
    return w;
}

static void free_parts(struct world *w)
{
    rcu_thread_register();
    while (w->parts) {
        struct world_part *p = w->parts;
        w->parts = p->next;
        p->kind->free(p);
    }
    rcu_thread_unregister();
}

void world_free(struct world *w)
{
    hd_assert(!w->agents);
    free_parts(w);
    crowd_destroy(&w->crowd);
    pthread_mutex_destroy(&w->registry);
    free(w);
}

struct world_part *world_part(struct world *w, const struct world_part_kind *kind)
{
    pthread_mutex_lock(&w->registry);
    struct world_part *p = w->parts;
    while (p && p->kind != kind)
        p = p->next;
    if (!p && (p = kind->make())) {
        p->kind = kind;
        p->next = w->parts;
        w->parts = p;
    }
    pthread_mutex_unlock(&w->registry);
    return p;
}

/* ---- the registry ---- */

status world_register(struct world *w, struct agent *a)
{
    pthread_mutex_lock(&w->registry);
    if ((w->agent_limit && w->alive >= w->agent_limit) || a->cluster->killed) {
        pthread_mutex_unlock(&w->registry);
        return STATUS_LIMIT;
    }
    w->alive++;
    a->id = ++w->agents_started;
    a->next = w->agents;
    w->agents = a;
    if (w->watcher)
        w->watcher->started(w->watcher_context, a);
    pthread_mutex_unlock(&w->registry);
    return STATUS_OK;
}

void world_unregister(struct world *w, struct agent *a)
{
    pthread_mutex_lock(&w->registry);
    struct agent **link = &w->agents;
    while (*link != a)
        link = &(*link)->next;
    *link = a->next;
    w->alive--;
    pthread_mutex_unlock(&w->registry);
}

static bool has_thread(struct agent *a)
{
    return atomic_load_explicit(&a->started, memory_order_acquire);
}

/* Joins the threads that have ended and gives the world's references back. Warden only. */
static void reap(struct world *w)
{
    struct agent *ended = NULL;
    pthread_mutex_lock(&w->registry);
    for (struct agent **link = &w->agents; *link;) {
        struct agent *a = *link;
        if (agent_life(a) == AGENT_ENDED && has_thread(a)) {
            *link = a->next;
            a->next = ended;
            ended = a;
            w->alive--;
        } else {
            link = &a->next;
        }
    }
    pthread_mutex_unlock(&w->registry);
    while (ended) {
        struct agent *a = ended;
        ended = a->next;
        agent_join(a);
        agent_unref(a);
    }
}

static void end_all(struct world *w)
{
    while (w->agents) {
        pthread_mutex_lock(&w->registry);
        struct agent *last = NULL;
        for (struct agent *a = w->agents; a; a = a->next) {
            agent_terminate(a, "run ended");
            if (has_thread(a))
                last = a;
        }
        pthread_mutex_unlock(&w->registry);
        if (last) {
            /* Joining one at a time; whoever was started meanwhile is found in the next round. */
            agent_ref(last);
            bool ended = agent_join_within(last, w->patience_ms);
            if (ended) {
                world_unregister(w, last);
                agent_unref(last);
            }
            agent_unref(last);
            if (!ended)
                return;
        } else {
            sched_yield(); /* somebody is just starting the last ones */
        }
    }
}

/* ---- notices ---- */

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static const char *put(char **at, const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = *at;
    memcpy(copy, text, size);
    *at += size;
    return copy;
}

void world_notice(struct world *w, struct agent *a, const struct notice *n)
{
    struct notice *copy =
        malloc(sizeof *copy + text_size(n->text) + text_size(n->stack) + text_size(n->file) + text_size(n->origin) + text_size(n->rule));
    hd_assert(copy);
    *copy = *n;
    char *at = (char *)(copy + 1);
    copy->text = put(&at, n->text);
    copy->stack = put(&at, n->stack);
    copy->file = put(&at, n->file);
    copy->origin = put(&at, n->origin);
    copy->rule = put(&at, n->rule);
    copy->time = crowd_now(&w->crowd);
    copy->agent = a ? agent_ref(a) : NULL;
    rcu_queue_push(&w->notices, &copy->node);
    if (w->watcher)
        w->watcher->noticed(w->watcher_context, a, n);
    /* acq_rel: pairs with the exchange in hand_over; either the warden sees the push or it is poked
     */
    if (!atomic_exchange_explicit(&w->notice_pending, true, memory_order_acq_rel))
        crowd_poke(&w->crowd);
}

static void hand_over(struct world *w, const struct world_watch *watch)
{
    rcu_queue_node *node;
    atomic_exchange_explicit(&w->notice_pending, false, memory_order_acq_rel);
    while ((node = rcu_queue_pop(&w->notices))) {
        struct notice *n = caa_container_of(node, struct notice, node);
        if (watch->sink && (!atomic_load_explicit(&w->over, memory_order_relaxed) || n->kind == NOTICE_EXIT))
            watch->sink(w, n, watch->context);
        agent_unref(n->agent);
        free(n);
    }
}

/* ---- the run ---- */

static void look_for_blocked(struct parker *p, enum park_kind kind, void *context)
{
    (void)p;
    if (kind == PARK_BLOCKED)
        *(bool *)context = true;
}

static enum world_end attend(struct world *w, int64_t wall_limit, const struct world_watch *watch)
{
    int64_t next_tick = clock_monotonic() + TICK_NS;
    for (;;) {
        int64_t until = watch->tick && next_tick < wall_limit ? next_tick : wall_limit;
        enum crowd_end end = crowd_attend(&w->crowd, until, &w->pokes_seen);
        hand_over(w, watch);
        if (end == CROWD_STOPPED)
            return WORLD_INTERRUPTED;
        if (end == CROWD_QUIET) {
            bool blocked = false;
            crowd_visit(&w->crowd, look_for_blocked, &blocked);
            return blocked ? WORLD_DEADLOCK : WORLD_IDLE;
        }
        if (end == CROWD_LIMIT && (until == wall_limit || until > clock_monotonic()))
            return WORLD_TIME_LIMIT;
        if (end == CROWD_LIMIT) {
            next_tick += TICK_NS;
            watch->tick(w, watch->context);
        }
        reap(w);
    }
}

enum world_end world_run(struct world *w, uint64_t limit_ns, uint64_t wall_limit_ns,
                         const struct world_watch *watch)
{
    int64_t wall_limit = wall_limit_ns ? clock_monotonic() + (int64_t)wall_limit_ns : CROWD_NEVER;
    if (limit_ns)
        crowd_set_limit(&w->crowd, (int64_t)limit_ns);
    rcu_thread_register();
    crowd_release(&w->crowd);
    enum world_end end = attend(w, wall_limit, watch);
    crowd_hold(&w->crowd);
    if (watch->ended)
        watch->ended(w, end, watch->context);
    hand_over(w, watch); /* what agents said before the run was over, if they were still at work */
    atomic_store_explicit(&w->over, true, memory_order_relaxed);
    end_all(w);
    if (!w->agents)
        pool_end(w);
    hand_over(w, watch);
    rcu_thread_unregister();
    return end;
}

void world_stop(struct world *w)
{
    crowd_stop(&w->crowd);
}
