/* The event loop of an agent (HTML "event loop processing model", R-EL-06), for src/agent alone. */
#ifndef HEDDLE_AGENT_EVENT_LOOP_H
#define HEDDLE_AGENT_EVENT_LOOP_H

#include "agent/agent.h"
#include "observe/hooks.h"

/* Takes tasks and timers until the agent closes, is terminated or the world ends it. */
void event_loop_run(struct agent *a);

/* One turn (R-EL-06), or an idle period's beginning. False when there was nothing to do. */
bool event_loop_turn(struct agent *a);

/* What a loop that sleeps must wake for, beside its timers. */
bool event_loop_has_news(struct agent *a);

/* For pool.c: whose thread this is now (NULL: nobody's); an agent's first script; its end, after which it may be gone. */
void agent_enter(struct agent *a);
void agent_begin(struct agent *a);
void agent_wind_up(struct agent *a);

/* The part of a thread's stack that sanitizers take for their own thread-local state (ThreadSanitizer: 0.8 MiB). */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define AGENT_SANITIZER_STACK ((size_t)2 << 20)
#else
#define AGENT_SANITIZER_STACK ((size_t)0)
#endif

/* Drops everything that is still queued. */
void event_loop_clear(struct agent *a);

/* timers.c */
struct timer *timers_take_due(struct agent *a);
/* Every timer waits so much longer: the agent was suspended for that time (R-TM-11). */
void timers_shift(struct agent *a, int64_t ns);
void timers_clear(struct agent *a);

#endif
