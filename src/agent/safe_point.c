#include "agent/safe_point.h"

#include "agent/event_loop.h"
#include "agent/world.h"
#include "base/finding.h"

#include <stdio.h>

/* Own: whether somebody asked since the last time. */
static bool take_interrupt(struct agent *a)
{
    /* acquire: pairs with the release in ask: what was asked for is seen, or the flag is set again. relaxed first, since it hardly
     * ever is set */
    return atomic_load_explicit(&a->interrupt, memory_order_relaxed) &&
           atomic_exchange_explicit(&a->interrupt, 0, memory_order_acquire);
}

static void ask(struct agent *a)
{
    atomic_store_explicit(&a->interrupt, 1, memory_order_release);
}

static bool is_doomed(const struct agent *a)
{
    /* acquire: pairs with the release in agent_terminate */
    return atomic_load_explicit(&((struct agent *)a)->doomed, memory_order_acquire);
}

static bool may_move(void *context)
{
    struct agent *a = context;
    return !agent_is_suspended(a) || is_doomed(a);
}

void agent_stand_still(struct agent *a)
{
    if (may_move(a))
        return;
    int64_t since = atomic_load_explicit(&a->suspended_since, memory_order_relaxed);
    while (!may_move(a))
        parker_park(a->parker, PARK_SUSPENDED, CROWD_NEVER, may_move, a);
    timers_shift(a, agent_now(a) - since);
    a->script_since += agent_now(a) - since;
    a->turn_since += agent_now(a) - since;
}

static bool is_over(struct agent *a)
{
    uint64_t turn = atomic_load_explicit(&a->turn, memory_order_relaxed);
    if (turn % 2 == 0)
        return false;
    if (atomic_load_explicit(&a->abort_turn, memory_order_relaxed) == turn) {
        atomic_store_explicit(&a->abort_turn, 0, memory_order_relaxed);
        return true;
    }
    return a->world->watchdog && agent_now(a) - a->script_since > a->world->watchdog;
}

enum safe_point agent_safe_point(struct agent *a)
{
    if (take_interrupt(a))
        agent_stand_still(a);
    if (is_doomed(a)) {
        ask(a); /* the next poll finds it at once too */
        return SAFE_ENDED;
    }
    if (a->aborting) {
        ask(a);
        return SAFE_ABORTED;
    }
    if (!is_over(a))
        return SAFE_GO_ON;
    a->aborting = true;
    ask(a);
    return SAFE_ABORT;
}

void agent_script_unwound(struct agent *a)
{
    if (!a->aborting)
        return;
    a->aborting = false;
    a->script_since = agent_now(a);
}

/* R-EL-06, step 2. */
static void report_long_task(struct agent *a)
{
    int64_t lasted = agent_now(a) - a->turn_since;
    if (lasted <= a->world->long_task)
        return;
    char text[128];
    snprintf(text, sizeof text, "a task of %lld ms: nothing else could run in this agent meanwhile (R-EL-06)",
             (long long)(lasted / 1000000));
    struct notice n = {.kind = NOTICE_FINDING, .finding = FINDING_LONG_TASK, .text = text};
    world_notice(a->world, a, &n);
}

void agent_turn_changes(struct agent *a, bool begins)
{
    /* relaxed, and no read-modify-write: only the agent counts, and whoever aborts a script names the turn that it has seen */
    uint64_t turn = atomic_load_explicit(&a->turn, memory_order_relaxed);
    atomic_store_explicit(&a->turn, turn + 1, memory_order_relaxed);
    a->aborting = false;
    if (!a->world->watchdog && !a->world->long_task)
        return;
    if (begins)
        a->script_since = a->turn_since = agent_now(a);
    else if (a->world->long_task)
        report_long_task(a);
}

void agent_suspend(struct agent *a)
{
    if (agent_is_suspended(a))
        return;
    atomic_store_explicit(&a->suspended_since, agent_now(a), memory_order_relaxed);
    /* release: pairs with the acquire in agent_is_suspended */
    atomic_store_explicit(&a->suspended, true, memory_order_release);
    ask(a);
    parker_unpark(a->parker, PARK_IDLE);
}

void agent_resume(struct agent *a)
{
    atomic_store_explicit(&a->suspended, false, memory_order_release);
    parker_unpark(a->parker, PARK_SUSPENDED);
}

void agent_abort_script(struct agent *a)
{
    uint64_t turn = atomic_load_explicit(&a->turn, memory_order_relaxed);
    atomic_store_explicit(&a->abort_turn, turn, memory_order_relaxed);
    ask(a);
}
