#include "agent/event_loop.h"

#include "agent/safe_point.h"
#include "agent/source_choice.h"
#include "base/assert.h"

_Static_assert(TASK_SOURCE_COUNT <= ACTIVITY_SOURCES, "every source has its place in an activity");

#define MOST_ARRIVALS (((uint64_t)1 << 56) - 1) /* a thousand years of messages */
#define AHEAD_OF_ALL 0 /* an arrival that goes before all others, without an order of its own */

void agent_queue(struct agent *a, struct task *t)
{
    t->next = NULL;
    if (a->last)
        a->last->next = t;
    else
        a->first = t;
    a->last = t;
    t->arrival = ++a->arrived & MOST_ARRIVALS;
    a->queued++;
}

void agent_queue_first(struct agent *a, struct task *t)
{
    t->next = a->first;
    t->arrival = AHEAD_OF_ALL;
    a->first = t;
    if (!t->next)
        a->last = t;
    a->queued++;
    a->dated = 0; /* tasks no longer run in the order of the queue */
}

/* So many tasks are kept in the loop's own queue while the inbox has more: enough for the memory of
 * one to have come from another core's cache by the time it runs. */
#define AHEAD 16u
#define CACHE_LINE 64

/* Tasks enter the loop's own queue in the order of the inbox. */
static void take_from_inbox(struct agent *a, size_t most)
{
    rcu_queue_node *node;
    while (most-- && (node = rcu_queue_pop(&a->inbox))) {
        struct task *t = caa_container_of(node, struct task, node);
        __builtin_prefetch((char *)t + CACHE_LINE); /* what the task is about */
        agent_queue(a, t);
    }
}

static void release_activity(struct task *t)
{
    struct activity *x = t->activity;
    t->activity = NULL;
    activity_unref(x);
}

void task_drop(struct task *t)
{
    release_activity(t);
    observe_drop(t->edge); /* its sender's past is received by nobody */
    t->edge = NULL;
    t->drop(t);
}

static struct task *take_first(struct agent *a)
{
    struct task *t = a->first;
    if (t) {
        a->first = t->next;
        a->queued--;
        if (!a->first)
            a->last = NULL;
    }
    return t;
}

void agent_occurred_on_arrival(struct agent *a)
{
    if (!a->dated) {
        a->dated_at = agent_now(a);
        a->dated = a->queued + 1;
    }
    a->occurrence = a->dated_at;
}

static bool is_active(const struct task *t)
{
    return !t->activity || t->activity->state == ACTIVITY_ACTIVE;
}

/* "The oldest runnable task" of these sources (R-EL-03): those of a document that is not fully active stay where they are, those of one that
 * is destroyed go. */
static struct task *take_runnable(struct agent *a, unsigned sources)
{
    struct task *before = NULL, *t = a->first;
    while (t && !(is_active(t) && (sources >> t->source & 1))) {
        struct task *next = t->next;
        a->dated = 0; /* tasks no longer run in the order of the queue */
        if (!is_active(t) && t->activity->state == ACTIVITY_ENDED) {
            if (before)
                before->next = next;
            else
                a->first = next;
            if (!next)
                a->last = before;
            a->queued--;
            task_drop(t);
        } else {
            before = t;
        }
        t = next;
    }
    if (!t)
        return NULL;
    if (before)
        before->next = t->next;
    else
        a->first = t->next;
    if (!t->next)
        a->last = before;
    a->queued--;
    return t;
}

struct task *agent_extract(struct agent *a, bool (*wanted)(const struct task *, void *),
                           void *context)
{
    struct task *taken = NULL, **taken_end = &taken, **link = &a->first;
    take_from_inbox(a, SIZE_MAX);
    a->last = NULL;
    a->dated = 0;
    while (*link) {
        struct task *t = *link;
        if (wanted(t, context)) {
            *link = t->next;
            a->queued--;
            t->next = NULL;
            *taken_end = t;
            taken_end = &t->next;
        } else {
            a->last = t;
            link = &t->next;
        }
    }
    return taken;
}

/* Invariant 7: the tasks of one source and one document, which may run or wait all together, begin in the order of their arrival. */
static void begin_in_order(struct agent *a, const struct task *t)
{
    uint64_t *last = t->activity ? &t->activity->arrivals[t->source] : &a->arrivals[t->source];
    if (t->arrival == AHEAD_OF_ALL)
        return;
    hd_invariant("R-EL-01", t->arrival > *last);
    *last = t->arrival;
}

/* Before a task or a timer's: what always holds then. */
static void begin_turn(struct agent *a, const struct task *t)
{
    hd_invariant("R-JB-01", !a->running);
    hd_invariant("R-BL-05", atomic_load_explicit(&a->parker->state, memory_order_relaxed) == PARK_RUNNING);
    hd_invariant("R-EL-03", !t || !t->activity || t->activity->state == ACTIVITY_ACTIVE);
    if (t)
        begin_in_order(a, t);
}

/* Which sources have a task that may run; all of them are looked at, with what has come by now. */
static unsigned runnable_sources(struct agent *a)
{
    unsigned sources = 0;
    take_from_inbox(a, SIZE_MAX);
    for (const struct task *t = a->first; t; t = t->next)
        if (is_active(t))
            sources |= 1u << t->source;
    if (a->timers.count && a->timers.heap[0]->due <= agent_now(a))
        sources |= 1u << TASK_TIMER;
    return sources;
}

/* The same where a choice between sources is made. */
static struct task *take_chosen(struct agent *a, struct timer **due)
{
    unsigned chosen = source_choose(a, runnable_sources(a)), timer = 1u << TASK_TIMER;
    bool timers = (chosen & timer) && (chosen == timer || a->timers_first);
    *due = timers ? timers_take_due(a) : NULL;
    a->timers_first = !*due;
    return *due ? NULL : take_runnable(a, chosen);
}

/* One turn: the queue and the timers take turns, and with every task one or two from the inbox
 * join the queue, so that neither timers nor other agents nor the agent's own tasks starve (R-EL-01
 * leaves the choice of source to the implementation). False when there was nothing to do. */
static struct task *take_next(struct agent *a, struct timer **due)
{
    if (a->choice)
        return take_chosen(a, due);
    take_from_inbox(a, a->queued < AHEAD ? 2 : 1);
    *due = a->timers_first || !a->first ? timers_take_due(a) : NULL;
    struct task *t = *due ? NULL : take_runnable(a, ALL_SOURCES);
    while (!t && !*due && rcu_queue_filled(&a->inbox)) { /* nothing queued may run: what has come since? */
        take_from_inbox(a, AHEAD);
        t = take_runnable(a, ALL_SOURCES);
    }
    if (!t && !*due)
        *due = timers_take_due(a);
    a->timers_first = !*due;
    return t;
}

static bool turn(struct agent *a)
{
    struct timer *due;
    struct task *t = take_next(a, &due);
    if (!t && !due)
        return false;
    begin_turn(a, t);
    agent_turn_changes(a, true);
    if (due) {
        due->fire(due, a);
    } else {
        release_activity(t);
        struct observe_edge *edge = t->edge;
        t->edge = NULL;
        observe_receive(edge);
        a->running = t;
        t->run(t, a);
        a->running = NULL;
        a->occurrence = 0;
        a->dated -= a->dated > 0;
    }
    a->calls->checkpoint(a);
    agent_turn_changes(a, false);
    return true;
}

bool event_loop_turn(struct agent *a)
{
    agent_stand_still(a);
    if (agent_life(a) != AGENT_ALIVE) /* it may have been ended meanwhile */
        return true;
    return turn(a) || (a->idle && a->idle(a));
}

bool event_loop_has_news(struct agent *a)
{
    /* acquire: pairs with the release in agent_terminate */
    return rcu_queue_filled(&a->inbox) || atomic_load_explicit(&a->doomed, memory_order_acquire) || agent_is_suspended(a);
}

static bool has_news(void *context)
{
    return event_loop_has_news(context);
}

void event_loop_run(struct agent *a)
{
    while (agent_life(a) == AGENT_ALIVE) {
        if (event_loop_turn(a))
            continue;
        OBSERVE(rest);
        a->parker->is_patient = source_is_patient(a);
        parker_park(a->parker, PARK_IDLE, source_next_due(a), has_news, a);
        a->parker->is_patient = false;
    }
}

void event_loop_clear(struct agent *a)
{
    struct task *t;
    source_choice_free(a);
    timers_clear(a);
    take_from_inbox(a, SIZE_MAX);
    while ((t = take_first(a)))
        task_drop(t);
}
