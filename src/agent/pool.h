/* Threads that agents share (R-AG-07, R-FP-03): agents that cannot block may run in turn on one thread.
 *
 * A carrier is a thread with a parker of its own. Each of its agents has its engine, heap and queues as every agent has; what it does not
 * have is a stack. The carrier gives each a turn of its event loop, from a task's first line to the end of its microtasks, so the
 * JavaScript stack is empty whenever it goes on to the next one, and an engine always runs at the same depth of the same thread. An agent
 * that goes on for long keeps the others waiting: they share its fate, as the rules allow. An agent that can block never is in a pool.
 *
 * Ownership: carriers belong to the world; an agent refers to its carrier. Lock order: the world's registry lock to choose a carrier;
 * nothing is taken while a turn runs. Ordering guarantees: those of agent.h, since a thread keeps its agents for life. Progress: of the
 * agents of one carrier that have work, each gets a turn before any gets a second one. */
#ifndef HEDDLE_AGENT_POOL_H
#define HEDDLE_AGENT_POOL_H

#include "agent/agent.h"

struct carrier;

/* Chooses a carrier of the world for an agent that cannot block, and starts one when the pool is not full. Before the agent is registered;
 * the caller is counted awake. STATUS_LIMIT. */
status pool_choose(struct agent *a);

/* The agent begins, on its carrier. */
void pool_begin(struct agent *a);

/* Warden, when every agent has ended and the crowd is held: ends the carriers. */
void pool_end(struct world *w);

/* Warden: waits until the agent has ended; false when it has not within that time. */
bool pool_await_end(struct agent *a, unsigned milliseconds);

#endif
