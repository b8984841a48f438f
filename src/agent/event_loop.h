/* The event loop of an agent (HTML "event loop processing model", R-EL-06), for src/agent alone. */
#ifndef HEDDLE_AGENT_EVENT_LOOP_H
#define HEDDLE_AGENT_EVENT_LOOP_H

#include "agent/agent.h"
#include "observe/hooks.h"

/* Takes tasks and timers until the agent closes, is terminated or the world ends it. */
void event_loop_run(struct agent *a);

/* Drops everything that is still queued. */
void event_loop_clear(struct agent *a);

/* The agent takes no more tasks: its past is received by nobody. */
static inline void task_drop(struct task *t)
{
    observe_drop(t->edge);
    t->edge = NULL;
    t->drop(t);
}

/* timers.c */
int64_t timers_next_due(const struct agent *a); /* CROWD_NEVER = none */
struct timer *timers_take_due(struct agent *a);
void timers_clear(struct agent *a);

#endif
