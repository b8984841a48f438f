#include "agent/pool.h"

#include "agent/event_loop.h"
#include "agent/safe_point.h"
#include "agent/source_choice.h"
#include "agent/world.h"
#include "base/assert.h"
#include "base/finding.h"
#include "platform/clock.h"
#include "platform/futex.h"

#include <stdio.h>
#include <stdlib.h>

#define CARRIER_STACK (AGENT_MEMORY_STACK + AGENT_SANITIZER_STACK)

struct carrier {
    struct carrier *next; /* registry */
    struct world *world;
    struct parker parker;
    thread thread;
    rcu_queue arrivals;      /* agents that are to begin, through `arrival` */
    _Atomic bool stop;       /* release by pool_end, acquire by the carrier */
    _Atomic uint32_t ended;  /* futex word: how many agents have ended; release, acquire by pool_await_end */
    struct agent **members;  /* own thread */
    size_t count, capacity;
};

/* ---- the carrier's thread ---- */

static void take_arrivals(struct carrier *c)
{
    rcu_queue_node *node;
    while ((node = rcu_queue_pop(&c->arrivals))) {
        struct agent *a = caa_container_of(node, struct agent, arrival);
        if (c->count == c->capacity) {
            c->capacity = c->capacity ? c->capacity * 2 : 8;
            c->members = realloc(c->members, c->capacity * sizeof(struct agent *));
            hd_assert(c->members);
        }
        hd_invariant("R-AG-07", !a->can_block); /* no thread serves two agents of which one can block */
        c->members[c->count++] = a;
        agent_begin(a);
    }
}

static bool has_something_to_do(struct agent *a)
{
    return a->first || rcu_queue_filled(&a->inbox) || source_next_due(a) <= agent_now(a);
}

/* R-FP-03: what one of them does too long, the others wait for. */
static void report_starved(struct carrier *c, const struct agent *busy, int64_t since)
{
    int64_t lasted = crowd_now(&c->world->crowd) - since;
    if (!c->world->long_task || lasted <= c->world->long_task)
        return;
    for (size_t i = 0; i < c->count; i++) {
        struct agent *a = c->members[i];
        if (a == busy || !has_something_to_do(a))
            continue;
        char text[256];
        snprintf(text, sizeof text, "it had work and waited up to %lld ms for a task of %s, on the thread that they share (R-FP-03)",
                 (long long)(lasted / 1000000), busy->name);
        struct notice n = {.kind = NOTICE_FINDING, .finding = FINDING_STARVED, .text = text};
        world_notice(c->world, a, &n);
    }
}

/* True if it had something to do. */
static bool give_turn(struct carrier *c, struct agent *a)
{
    int64_t since = crowd_now(&c->world->crowd);
    agent_enter(a);
    bool worked = event_loop_turn(a);
    if (worked)
        report_starved(c, a, since);
    return worked;
}

static void end_member(struct carrier *c, size_t i)
{
    struct agent *a = c->members[i];
    c->members[i] = c->members[--c->count];
    agent_enter(a);
    agent_wind_up(a); /* it may be gone now */
    agent_enter(NULL);
    atomic_fetch_add_explicit(&c->ended, 1, memory_order_release);
    futex_wake(&c->ended, 1);
    crowd_poke(&c->world->crowd);
}

static bool round_of_turns(struct carrier *c)
{
    bool worked = false;
    for (size_t i = 0; i < c->count;) {
        struct agent *a = c->members[i];
        if (agent_life(a) != AGENT_ALIVE) {
            end_member(c, i);
            worked = true;
            continue;
        }
        worked |= give_turn(c, a);
        i++;
    }
    return worked;
}

static bool must_look(void *context)
{
    struct carrier *c = context;
    /* acquire: pairs with the release in pool_end */
    if (rcu_queue_filled(&c->arrivals) || atomic_load_explicit(&c->stop, memory_order_acquire))
        return true;
    for (size_t i = 0; i < c->count; i++)
        if (event_loop_has_news(c->members[i]))
            return true;
    return false;
}

static void sleep_till_work(struct carrier *c)
{
    int64_t due = CROWD_NEVER;
    c->parker.is_patient = true;
    for (size_t i = 0; i < c->count; i++) {
        struct agent *a = c->members[i];
        c->parker.is_patient &= source_is_patient(a);
        if (source_next_due(a) >= due)
            continue;
        due = source_next_due(a);
        c->parker.owner = a; /* for reports, while it sleeps */
    }
    agent_enter(NULL);
    parker_park(&c->parker, PARK_IDLE, due, must_look, c);
    c->parker.is_patient = false;
}

static void carry(void *context)
{
    struct carrier *c = context;
    thread_name("pool");
    rcu_thread_register();
    do {
        take_arrivals(c);
        if (!round_of_turns(c))
            sleep_till_work(c);
    } while (c->count || rcu_queue_filled(&c->arrivals) || !atomic_load_explicit(&c->stop, memory_order_acquire));
    rcu_thread_unregister();
    parker_leave(&c->parker);
}

/* ---- its life ---- */

static struct carrier *carrier_start(struct world *w)
{
    struct carrier *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->world = w;
    rcu_queue_init(&c->arrivals);
    parker_join(&c->parker, &w->crowd, NULL);
    if (thread_start(&c->thread, NULL, CARRIER_STACK, carry, c) == STATUS_OK)
        return c;
    parker_leave(&c->parker);
    free(c);
    return NULL;
}

/* The next one in turn, started if the pool is not full yet. Under the registry lock. */
static struct carrier *choose(struct world *w)
{
    struct carrier *c = w->carriers;
    if (w->carrier_count < w->pool_threads) {
        c = carrier_start(w);
        if (!c)
            return NULL;
        w->carrier_count++;
    } else { /* to the end of the row */
        w->carriers = c->next;
    }
    c->next = NULL;
    struct carrier **end = &w->carriers;
    while (*end)
        end = &(*end)->next;
    *end = c;
    return c;
}

status pool_choose(struct agent *a)
{
    struct world *w = a->world;
    pthread_mutex_lock(&w->registry);
    struct carrier *c = choose(w);
    pthread_mutex_unlock(&w->registry);
    if (!c)
        return STATUS_LIMIT;
    a->carrier = c;
    a->parker = &c->parker;
    return STATUS_OK;
}

void pool_begin(struct agent *a)
{
    struct carrier *c = a->carrier; /* the agent may have ended before this returns */
    rcu_queue_push(&c->arrivals, &a->arrival);
    parker_unpark(&c->parker, PARK_IDLE);
}

bool pool_await_end(struct agent *a, unsigned milliseconds)
{
    struct carrier *c = a->carrier;
    int64_t limit = clock_monotonic() + (int64_t)milliseconds * 1000000;
    for (;;) {
        uint32_t ended = atomic_load_explicit(&c->ended, memory_order_acquire);
        if (agent_life(a) == AGENT_ENDED)
            return true;
        if (clock_monotonic() >= limit)
            return false;
        futex_wait(&c->ended, ended, limit);
    }
}

void pool_end(struct world *w)
{
    while (w->carriers) {
        struct carrier *c = w->carriers;
        w->carriers = c->next;
        atomic_store_explicit(&c->stop, true, memory_order_release);
        parker_unpark(&c->parker, PARK_IDLE);
        thread_join(&c->thread);
        free(c->members);
        free(c);
    }
}
