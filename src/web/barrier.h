/* heddle.barrier(name, count): agents of one run meet by name.
 *
 * An agent that may block sleeps until the last one has come; any other gets a promise. A barrier
 * that has opened is gone: the next call with its name begins a new one.
 *
 * Ownership: each agent that waits is held by reference until the barrier opens or the agent ends.
 * Threads: any agent's own. Lock order: the barriers' lock, then what agent_post and parker_unpark
 * take. Ordering guarantee: what an agent did before it came happens before what any of them does
 * after. Progress guarantee: an agent that is terminated while it waits leaves the barrier, and
 * does not count any more. */
#ifndef HEDDLE_WEB_BARRIER_H
#define HEDDLE_WEB_BARRIER_H

#include "quickjs.h"

#include <stdint.h>

/* Undefined after the meeting, a promise, or an exception (the uncatchable one when the agent is to
 * stop). */
JSValue barrier_meet(JSContext *js, const char *name, uint32_t count);

struct realm;
/* Before the engine is freed, own thread: the realm's agent comes to no meeting any more. */
void barrier_clear(struct realm *r);

#endif
