/* A task: one piece of work for an event loop (HTML "task"; R-EL-03).
 *
 * Ownership: made by whoever posts it, owned by the loop from then on; `run` or `drop` is called
 * exactly once, on the agent's thread (drop may come from the last holder of a dead agent), and
 * frees it. */
#ifndef HEDDLE_AGENT_TASK_H
#define HEDDLE_AGENT_TASK_H

#include "agent/activity.h"
#include "platform/rcu.h"

struct agent;
struct observe_edge;

enum task_source {
    TASK_DOM_MANIPULATION,
    TASK_NETWORKING,
    TASK_TIMER,
    TASK_POSTED_MESSAGE,
    TASK_UNSHIPPED_PORT,
    TASK_SHIPPED_PORT,
    TASK_JAVASCRIPT_ENGINE,
    TASK_USER_INTERACTION,
    TASK_IDLE,
    TASK_SOURCE_COUNT
};

struct task {
    rcu_queue_node node; /* in the inbox */
    struct task *next;   /* in the loop's own queue */
    void (*run)(struct task *self, struct agent *agent);
    void (*drop)(struct task *self);
    enum task_source source : 8;
    uint64_t arrival : 56; /* its number among the tasks of its loop */
    struct activity *activity; /* of the task's document, one reference; NULL = none: always runnable. Gone when `run` or `drop` is called */
    struct observe_edge *edge; /* the sender's past, while the task is on its way between two agents */
};

/* Drops a task that will not run. */
void task_drop(struct task *t);

#endif
