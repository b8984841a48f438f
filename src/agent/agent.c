#include "agent/agent.h"

#include "agent/event_loop.h"
#include "agent/pool.h"
#include "agent/safe_point.h"
#include "agent/source_choice.h"
#include "agent/world.h"
#include "base/assert.h"
#include "observe/hooks.h"

#include <stdlib.h>
#include <string.h>

/* Sanitizers watch the C library's heap and bring their own stacks. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define AGENT_HAS_ARENA 0
#else
#define AGENT_HAS_ARENA 1
#endif

/* What every agent touches before its first script runs (measured); committed in one call. */
#define WARM_STACK ((size_t)16 << 10)
#define WARM_HEAP ((size_t)192 << 10)
/* Unused memory at the top of a heap beyond this is given back. */
#define KEEP_UNUSED ((size_t)8 << 20)

static THREAD_LOCAL struct agent *current_agent;

struct agent *agent_current(void)
{
    return current_agent;
}

const char *agent_kind_name(enum agent_kind kind)
{
    static const char *const names[AGENT_KIND_COUNT] = {
        "window",  "dedicated-worker", "shared-worker", "service-worker",
        "worklet", "test-agent",       "native"};
    return names[kind];
}

int64_t agent_now(const struct agent *a)
{
    return crowd_now(&a->world->crowd);
}

struct agent *agent_ref(struct agent *a)
{
    atomic_fetch_add_explicit(&a->references, 1, memory_order_relaxed);
    return a;
}

static void agent_free(struct agent *a)
{
    free(a->name);
    free(a);
}

static void free_deferred(struct rcu_deferred *d)
{
    agent_free(caa_container_of(d, struct agent, deferred));
}

/* Posts that came while the thread wound down. */
static void drop_late_posts(struct agent *a)
{
    rcu_queue_node *node;
    while ((node = rcu_queue_pop(&a->inbox)))
        task_drop(caa_container_of(node, struct task, node));
}

void agent_unref(struct agent *a)
{
    /* acq_rel: the last holder sees what all others did */
    if (!a || atomic_fetch_sub_explicit(&a->references, 1, memory_order_acq_rel) > 1)
        return;
    drop_late_posts(a);
    observe_drop(a->start);
    agent_unref(a->creator);
    cluster_unref(a->cluster);
    /* A notifier may still be about to unpark the agent that it woke: see wake() in
     * memory/waiter_list.c. Nobody else looks at an agent without a reference. */
    if (a->own_parker.is_known)
        rcu_defer(&a->deferred, free_deferred);
    else
        agent_free(a);
}

/* What is left of the run when the agent ends is told before the thread stops counting. */
static void notice_end(struct agent *a)
{
    const char *reason = atomic_load_explicit(&a->end_reason, memory_order_relaxed);
    struct notice n = {.kind = NOTICE_EXIT, .text = reason ? reason : "finished"};
    world_notice(a->world, a, &n);
}

void agent_enter(struct agent *a)
{
    current_agent = a;
    OBSERVE(agent_enter, a ? a->observed : NULL);
    observe_set_locator(a ? a->locator : NULL, a ? a->locator_context : NULL);
}

void agent_begin(struct agent *a)
{
    agent_enter(a);
    a->observed = observe_agent_begin(a->world, a->id, a->name, agent_kind_name(a->kind));
    observe_receive(a->start);
    a->start = NULL;
    agent_turn_changes(a, true);
    a->calls->start(a);
    a->locator = observe_locator; /* of the engine that was made */
    a->locator_context = observe_locator_context;
    agent_turn_changes(a, false);
}

void agent_wind_up(struct agent *a)
{
    event_loop_clear(a);
    a->calls->finish(a);
    OBSERVE(agent_end);
    notice_end(a);
    atomic_store_explicit(&a->life, AGENT_ENDED, memory_order_release);
}

static void agent_main(void *context)
{
    struct agent *a = context;
    struct crowd *crowd = &a->world->crowd;
    hd_invariant("R-AG-07", !current_agent && !a->carrier);
    thread_name(a->name);
    rcu_thread_register();
    agent_begin(a);
    event_loop_run(a);
    agent_wind_up(a);
    rcu_thread_unregister();
    crowd_poke(crowd); /* the warden joins the thread and gives its memory back */
    parker_leave(a->parker);
}

static struct agent *agent_new(struct world *w, const struct agent_options *options)
{
    struct agent *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->world = w;
    a->kind = options->kind;
    a->can_block = options->can_block;
    a->name = strdup(options->name);
    a->calls = options->calls;
    a->web = options->web;
    a->creator = options->creator ? agent_ref(options->creator) : NULL;
    a->stack_size = AGENT_MEMORY_STACK;
    atomic_store_explicit(&a->references, 2,
                          memory_order_relaxed); /* the world's and the caller's */
    rcu_queue_init(&a->inbox);
    if (w->queue_policy != QUEUE_FIFO)
        source_choice_begin(a);
    return a;
}

static status make_memory(struct agent *a)
{
    if (!AGENT_HAS_ARENA)
        return STATUS_OK;
    size_t limit = a->world->heap_limit,
           room = limit > AGENT_MEMORY_HEAP / 2 ? limit * 2 : AGENT_MEMORY_HEAP;
    status s = agent_memory_create(AGENT_MEMORY_STACK, room, &a->memory);
    if (s != STATUS_OK)
        return s;
    agent_memory_warm(&a->memory, WARM_STACK, WARM_HEAP);
    a->arena = &a->arena_storage;
    heap_arena_init(a->arena, a->memory.heap, a->memory.heap_size, a->memory.heap_size);
    heap_arena_on_release(a->arena, agent_memory_release, &a->memory, KEEP_UNUSED);
    return STATUS_OK;
}

static void free_memory(struct agent *a)
{
    if (a->arena)
        agent_memory_free(&a->memory);
    a->arena = NULL;
}

void agent_join(struct agent *a)
{
    if (!a->carrier)
        thread_join(&a->thread);
    drop_late_posts(a); /* they may hold references to the agent */
    free_memory(a);
}

bool agent_join_within(struct agent *a, unsigned milliseconds)
{
    if (!(a->carrier ? pool_await_end(a, milliseconds)
                     : thread_join_within(&a->thread, milliseconds)))
        return false;
    free_memory(a);
    return true;
}

/* Where the agent will run: a thread of its own, or one that it shares (R-AG-07). */
static status take_place(struct agent *a)
{
    if (a->world->pool_threads && !a->can_block)
        return pool_choose(a);
    a->parker = &a->own_parker;
    parker_join(a->parker, &a->world->crowd, a);
    return STATUS_OK;
}

static void leave_place(struct agent *a)
{
    if (a->parker && !a->carrier)
        parker_leave(a->parker);
}

static status begin_running(struct agent *a)
{
    status s = make_memory(a);
    if (s == STATUS_OK && !a->carrier)
        s = thread_start(&a->thread, a->arena ? a->memory.stack : NULL,
                         a->stack_size + AGENT_SANITIZER_STACK, agent_main, a);
    else if (s == STATUS_OK)
        pool_begin(a);
    if (s != STATUS_OK) {
        free_memory(a);
        world_unregister(a->world, a);
        agent_unref(a); /* the world's */
    }
    return s;
}

status agent_start(struct world *w, const struct agent_options *options, struct agent **out)
{
    struct agent *a = agent_new(w, options);
    if (!a)
        return STATUS_NO_MEMORY;
    a->start = observe_send(OBSERVE_START);
    a->cluster = options->cluster ? cluster_ref(options->cluster)
                                  : cluster_create(w, ISOLATION_CONCRETE, true, NULL);
    status s = a->cluster ? take_place(a) : STATUS_NO_MEMORY;
    if (s == STATUS_OK && (s = world_register(w, a)) != STATUS_OK)
        agent_unref(a); /* the world's, which it never had */
    else if (s == STATUS_OK)
        s = begin_running(a);
    else
        agent_unref(a);
    if (s != STATUS_OK) {
        leave_place(a);
        agent_unref(a);
        return s;
    }
    atomic_store_explicit(&a->started, true, memory_order_release);
    *out = a;
    return STATUS_OK;
}

void agent_poke(struct agent *a, struct task *t)
{
    if (agent_life(a) != AGENT_ALIVE) { /* R-EL-05 */
        task_drop(t);
        return;
    }
    rcu_queue_push(&a->inbox, &t->node);
    parker_unpark(a->parker, PARK_IDLE);
}

void agent_post(struct agent *a, struct task *t)
{
    t->edge =
        observe_send(t->source == TASK_JAVASCRIPT_ENGINE ? OBSERVE_SETTLEMENT : OBSERVE_MESSAGE);
    agent_poke(a, t);
}

void agent_terminate(struct agent *a, const char *reason)
{
    uint32_t life = atomic_load_explicit(&a->life, memory_order_relaxed);
    do {
        if (life >= AGENT_TERMINATED)
            return;
        /* release: pairs with the acquire in agent_life */
    } while (!atomic_compare_exchange_weak_explicit(&a->life, &life, AGENT_TERMINATED,
                                                    memory_order_release, memory_order_relaxed));
    /* relaxed: constant text, told after the thread has seen `doomed` */
    atomic_store_explicit(&a->end_reason, reason, memory_order_relaxed);
    /* release: pairs with the acquire in has_work, the interrupt handler and the waiter lists */
    atomic_store_explicit(&a->doomed, true, memory_order_release);
    /* release: pairs with the exchange at the safe point */
    atomic_store_explicit(&a->interrupt, 1, memory_order_release);
    parker_unpark(a->parker, PARK_IDLE | PARK_BLOCKED | PARK_SUSPENDED);
}

void agent_close(struct agent *a)
{
    uint32_t life = AGENT_ALIVE;
    atomic_store_explicit(&a->end_reason, "closed", memory_order_relaxed);
    atomic_compare_exchange_strong_explicit(&a->life, &life, AGENT_CLOSING, memory_order_release,
                                            memory_order_relaxed);
}
