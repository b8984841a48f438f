/* The JavaScript face of shared memory operations: the Atomics object (ECMA-262 sec-atomics-object).
 *
 * The engine lies below the agents, so what Atomics.wait and waitAsync need of the agent whose engine this is comes as a table
 * of functions.
 *
 * Ownership: an asynchronous waiter (a promise of waitAsync that is not settled) lies outside the heap and holds a reference
 * to its block; it is freed when its promise is settled, or after its agent's end by whoever touches it last. JavaScript values in it are touched by the agent's own thread alone.
 * Lock order: none of its own. Threads: own, but for `post`.
 *
 * Ordering guarantees:
 *  1. Promises that one notify settles are settled in the order of their waiters' coming.
 *  2. What was done before a notify happens before the reactions of the promises it settles.
 *  3. After engine_atomics_end no waiter of this engine stands in any waiter list.
 * Progress guarantees: nothing but Atomics.wait blocks. */
#ifndef HEDDLE_ENGINE_ATOMICS_H
#define HEDDLE_ENGINE_ATOMICS_H

#include "platform/crowd.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;

struct atomics_agent {
    void *agent; /* handed back in each call */
    bool can_block; /* [[CanBlock]] (ECMA-262 sec-agentcansuspend) */
    struct parker *parker;
    const _Atomic bool *doomed; /* NULL: nobody terminates this agent */

    /* The agent's part of an asynchronous waiter: `room_size` bytes behind it, aligned for anything, zero at first. */
    size_t room_size;
    /* Own: makes the room of `waiter` ready for the calls below. */
    void (*prepare)(void *agent, void *room, void *waiter);
    /* ECMA-262 sec-hostenqueuegenericjob (R-JB-03). Any thread that is awake: has the agent call atomics_run_settlement(waiter) in
     * a task of its own, or atomics_drop_settlement(waiter) if it takes no more tasks. The last call for this room but
     * cancel_timer. */
    void (*post)(void *room);
    /* ECMA-262 sec-hostenqueuetimeoutjob (R-JB-04). Own: has the agent call atomics_run_timeout(waiter) in a task after `delay` ns, at
     * most once. */
    void (*start_timer)(void *room, int64_t delay);
    /* Own: undoes start_timer; the timer has not fired. */
    void (*cancel_timer)(void *room);
    /* Own, instead of post: undoes prepare. */
    void (*forget)(void *room);
};

/* Once per engine, before any script; `a` outlives the engine and every room. Without it nothing can wait. */
void engine_set_atomics_agent(struct engine *e, const struct atomics_agent *a);

/* Own, when the agent ends, before its heap goes: takes every waiter out of its list and frees the values it holds. Settlements on
 * their way are dropped when they arrive. */
void engine_atomics_end(struct engine *e);

/* See post and start_timer. atomics_drop_settlement on the agent's thread, or on any once its end (engine_atomics_end) is known
 * there: who drops what lies in an inbox has joined the agent, or holds its last reference. */
void atomics_run_settlement(void *waiter);
void atomics_drop_settlement(void *waiter);
void atomics_run_timeout(void *waiter);

/* What the TypeError of an Atomics.wait says that [[CanBlock]] forbids: by it the report knows one that nobody caught. */
#define WAIT_FORBIDDEN "this agent must not block"

/* Where a thread sleeps in Atomics.wait: from the `site` of a waiter_view that has a parker, while its thread sleeps. False when
 * the position is not known. */
bool atomics_wait_place(const void *site, char *file, size_t room, uint32_t *line, uint32_t *column);

#endif
