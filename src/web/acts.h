/* What a scenario's timeline does to agents through their own event loops. Any thread that is counted awake; the caller holds a reference
 * or the registry lock. Nothing waits; an agent that takes no more tasks is left alone. This header names no engine type. */
#ifndef HEDDLE_WEB_ACTS_H
#define HEDDLE_WEB_ACTS_H

#include "agent/agent.h"

struct document;

/* A trusted event of the user-interaction source at the document's window, or at the element that the selector `target` finds. It bubbles
 * and can be canceled. Texts are constant; `target` may be NULL. */
void act_fire(struct document *d, const char *type, const char *target);

/* Collects the agent's garbage in a task of its own (R-GC-05). */
void act_collect(struct agent *a);

/* Tasks of these sources (bits of enum task_source) are held back until `until` of the run's clock, and others overtake them (R-EL-01). */
void act_hold(struct agent *a, unsigned sources, int64_t until);

/* The next `count` messages that would be delivered to the agent are lost (invariant 14: for that reason). */
void act_lose(struct agent *a, uint32_t count);

/* The browser ends the scope of a worklet, which this agent is, and makes a new one (R-WT-04). Nothing for other agents. */
void act_replace_scope(struct agent *scope);

/* R-CR-02, the strategy that no browser has: calls heddle.ondeath(name, reason) in every realm of the agent. Texts are copied. */
void act_tell_death(struct agent *a, const char *name, const char *reason);

#endif
