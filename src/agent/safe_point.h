/* What may happen to an agent at a safe point of its running JavaScript, or between two tasks: it is ended, its script is aborted
 * (R-EL-12), or it stands still until it may go on (R-CR-01).
 *
 * Ownership: all state lies in struct agent. Lock order: none. Ordering guarantees: what the caller of agent_resume did before happens
 * before what the agent does next. Progress: none of the requests waits for the agent; a built-in that does not poll delays them. */
#ifndef HEDDLE_AGENT_SAFE_POINT_H
#define HEDDLE_AGENT_SAFE_POINT_H

#include "agent/agent.h"

enum safe_point {
    SAFE_GO_ON,
    SAFE_ENDED,   /* terminated: unwind without `finally` */
    SAFE_ABORT,   /* the running script was just found to be at its end: unwind as well, then the agent goes on */
    SAFE_ABORTED, /* the same, asked again on the way down */
};

/* Own, while JavaScript runs: stands still while the agent is suspended. */
enum safe_point agent_safe_point(struct agent *a);

/* Own, between tasks: stands still while the agent is suspended. */
void agent_stand_still(struct agent *a);

/* Own: the execution-context stack is empty, so an abort has done its work. */
void agent_script_unwound(struct agent *a);

/* Own: a task begins, or has ended. */
void agent_turn_changes(struct agent *a, bool begins);

/* ---- from any thread that is counted awake ---- */

/* Embeddings may deactivate an agent without telling it. Its timers wait as long (R-TM-05, R-TM-11). Idempotent: the last word counts. */
void agent_suspend(struct agent *a);
void agent_resume(struct agent *a);

static inline bool agent_is_suspended(const struct agent *a)
{
    /* acquire: pairs with the release in agent_suspend and agent_resume */
    return atomic_load_explicit(&((struct agent *)a)->suspended, memory_order_acquire);
}

/* Aborts the script that runs now: a later task is not touched. What no script runs is left alone. */
void agent_abort_script(struct agent *a);

#endif
