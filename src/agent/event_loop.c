#include "agent/event_loop.h"

#include "base/assert.h"

void agent_queue(struct agent *a, struct task *t)
{
    t->next = NULL;
    if (a->last)
        a->last->next = t;
    else
        a->first = t;
    a->last = t;
}

/* Tasks that are taken together: few enough to be in the cache still when they run. */
#define BATCH 32u

/* Tasks enter the loop's own queue in the order of the inbox. */
static void take_from_inbox(struct agent *a, size_t most)
{
    rcu_queue_node *node;
    while (most-- && (node = rcu_queue_pop(&a->inbox)))
        agent_queue(a, caa_container_of(node, struct task, node));
}

static struct task *take_first(struct agent *a)
{
    struct task *t = a->first;
    if (t) {
        a->first = t->next;
        if (!a->first)
            a->last = NULL;
    }
    return t;
}

struct task *agent_extract(struct agent *a, bool (*wanted)(const struct task *, void *),
                           void *context)
{
    struct task *taken = NULL, **taken_end = &taken, **link = &a->first;
    take_from_inbox(a, SIZE_MAX);
    a->last = NULL;
    while (*link) {
        struct task *t = *link;
        if (wanted(t, context)) {
            *link = t->next;
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

/* One turn: the queue and the timers take turns, so that neither starves the other (R-EL-01 leaves
 * the choice of source to the implementation). False when there was nothing to do. */
static bool turn(struct agent *a, bool *timers_first)
{
    if (!a->first)
        take_from_inbox(a, BATCH);
    *timers_first = !*timers_first || !a->first;
    struct timer *due = *timers_first ? timers_take_due(a) : NULL;
    struct task *t = due ? NULL : take_first(a);
    if (!t && !due && !(due = timers_take_due(a)))
        return false;
    if (due) {
        due->fire(due, a);
    } else {
        struct observe_edge *edge = t->edge;
        t->edge = NULL;
        observe_receive(edge);
        a->running = t;
        t->run(t, a);
        a->running = NULL;
    }
    a->calls->checkpoint(a);
    return true;
}

static bool has_work(void *context)
{
    struct agent *a = context;
    /* acquire: pairs with the release in agent_terminate */
    return rcu_queue_filled(&a->inbox) || atomic_load_explicit(&a->doomed, memory_order_acquire);
}

void event_loop_run(struct agent *a)
{
    bool timers_first = false;
    while (agent_life(a) == AGENT_ALIVE) {
        if (turn(a, &timers_first))
            continue;
        OBSERVE(rest);
        parker_park(&a->parker, PARK_IDLE, timers_next_due(a), has_work, a);
    }
}

void event_loop_clear(struct agent *a)
{
    struct task *t;
    timers_clear(a);
    take_from_inbox(a, SIZE_MAX);
    while ((t = take_first(a)))
        task_drop(t);
}
