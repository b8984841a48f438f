/* An agent: one engine on one thread with its event loop (ECMA-262 sec-agents, HTML "agent";
 * R-AG-01..07).
 *
 * Ownership: counted references (agent_ref/unref); the structure outlives its thread as long as
 * somebody refers to it. What another agent can reach lies in this structure, never in the arena.
 * Threads: "own" functions on the agent's thread, the others anywhere.
 * Lock order: the world's registry lock, then nothing. Posting takes no lock.
 *
 * Ordering guarantees:
 *  1. Tasks posted by one thread to one agent run in the order of posting.
 *  2. What was done before agent_post happens before the task runs.
 *  3. After agent_terminate has returned no task starts that was not started before, and no waiter
 * of the agent is counted by a notify. Progress guarantees: agent_post is wait-free but for waking
 * a sleeper; agent_terminate does not wait for the agent. */
#ifndef HEDDLE_AGENT_AGENT_H
#define HEDDLE_AGENT_AGENT_H

#include "agent/cluster.h"
#include "agent/task.h"
#include "base/heap_arena.h"
#include "base/status.h"
#include "engine/atomics.h"
#include "platform/agent_memory.h"
#include "platform/crowd.h"
#include "platform/thread.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct world;
struct engine;
struct carrier;

enum agent_kind {
    AGENT_WINDOW,           /* R-AG-01 */
    AGENT_DEDICATED_WORKER, /* R-AG-02 */
    AGENT_SHARED_WORKER,    /* R-AG-03 */
    AGENT_SERVICE_WORKER,   /* R-AG-04 */
    AGENT_WORKLET,          /* R-AG-05 */
    AGENT_TEST,             /* a test262 agent */
    AGENT_NATIVE,           /* a C function that takes part: scenario/natives.h */
    AGENT_KIND_COUNT
};

/* How far the agent's life has come; only ever grows. */
enum agent_life {
    AGENT_ALIVE,
    AGENT_CLOSING,    /* R-WK-03: the current task runs to its end, no further one starts */
    AGENT_TERMINATED, /* R-WK-02: the logical moment of termination */
    AGENT_ENDED,      /* the thread has left the run */
};

/* What the web part does on the agent's thread. All of them "own". */
struct agent_calls {
    /* First thing on the thread: make the engine and realms, run the first script. */
    void (*start)(struct agent *a);
    /* HTML "perform a microtask checkpoint" (R-EL-07). */
    void (*checkpoint)(struct agent *a);
    /* Last thing: give everything back. */
    void (*finish)(struct agent *a);
};

struct timer;
struct timer_queue {
    struct timer **heap;
    size_t count, patient, capacity; /* how many; how many of them are patient */
    uint64_t next_order;
};

struct agent {
    /* Constant after agent_start. */
    struct world *world;
    uint32_t id; /* from 1 in order of creation */
    struct agent_cluster *cluster; /* one reference */
    enum agent_kind kind;
    bool can_block;
    char *name;
    const struct agent_calls *calls;
    void *web;             /* the web part's own data */
    struct agent *creator; /* counted, or NULL */
    struct observe_edge *start; /* the creator's past */

    /* Any thread. */
    _Atomic uint32_t references; /* relaxed up, acq_rel down: the last one frees */
    _Atomic uint32_t life;       /* enum agent_life; see agent_terminate */
    _Atomic bool
        doomed; /* set with AGENT_TERMINATED; release, pairs with acquire in waiter lists */
    const char
        *_Atomic end_reason; /* constant text, NULL = finished; relaxed, see agent_terminate */
    _Atomic int interrupt; /* release: makes running JavaScript look around at its next safe point;
                              see safe_point.c */
    _Atomic bool suspended;       /* see safe_point.h */
    _Atomic int64_t suspended_since; /* relaxed: published by `suspended` */
    _Atomic uint64_t turn;        /* relaxed: odd while a task or the first script runs */
    _Atomic uint64_t abort_turn;  /* relaxed: the turn whose script is to be aborted */
    struct parker *parker;        /* constant: its own, or that of the thread it shares */
    struct parker own_parker;
    struct carrier *carrier;      /* the shared thread; NULL: it has its own. Constant: agent/pool.h */
    rcu_queue_node arrival;       /* on its way there */
    thread thread;
    _Atomic bool started; /* release when `thread` is set, pairs with acquire in world.c: only then
                             may it be joined */

    /* The inbox is written with every message, by others; what is above and below is read with
     * every message, by the agent: a shared cache line would travel to and fro. */
    char apart_above[RCU_APART];
    rcu_queue inbox;
    char apart_below[RCU_APART];

    /* Own thread. */
    struct engine *engine;
    /* What agent_enter sets on a thread that several agents share. */
    void *observed;            /* of the hook agent_begin; NULL: nothing watches */
    const struct observe_locator *locator;
    void *locator_context;
    struct atomics_agent atomics; /* constant after agent_join_atomics */
    struct heap_arena *arena;     /* NULL in sanitizer builds, which watch the C library's heap */
    struct heap_arena arena_storage;
    struct agent_memory memory; /* stack and heap; the joiner frees it */
    size_t stack_size;
    struct task *first, *last; /* tasks taken from the inbox or queued by the agent itself */
    bool timers_first;         /* a task ran last: a timer that is due comes next */
    struct source_choice *choice; /* source_choice.h; NULL: sources take their turn by age */
    struct task *running;      /* "currently running task" (R-EL-06) */
    size_t queued;             /* tasks in that queue */
    uint64_t arrived;          /* tasks that ever came into it */
    uint64_t arrivals[TASK_SOURCE_COUNT]; /* per source: of the last task without a document that began (R-EL-01) */
    int64_t dated_at;          /* when the first of them were found to be there ... */
    size_t dated;              /* ... which holds for so many, the running one included */
    int64_t occurrence;        /* of what the running task signals: 0 = now */
    bool (*idle)(struct agent *a); /* the loop has nothing to run; true when that gave it something. NULL = nobody asks */
    struct timer_queue timers;
    bool aborting;        /* the running script unwinds (R-EL-12) */
    int64_t script_since, turn_since; /* when script and turn began, for watchdog and long tasks */

    struct agent *next; /* world's registry lock */
    struct rcu_deferred deferred;
};

struct agent_options {
    enum agent_kind kind;
    bool can_block;
    const char *name;
    struct agent *creator;
    struct agent_cluster *cluster; /* NULL = a new one of its own, concretely isolated */
    const struct agent_calls *calls;
    void *web;
};

/* Starts an agent's thread. The caller is counted awake (a running agent, or it holds the crowd).
 * The result is one reference for the caller. STATUS_LIMIT, STATUS_NO_MEMORY. */
status agent_start(struct world *w, const struct agent_options *options, struct agent **out);

/* Warden: after the agent has ended, or is about to: joins the thread and gives its memory back.
 * Once. */
void agent_join(struct agent *a);
/* The same with little patience: false when the thread has not ended within that time. */
bool agent_join_within(struct agent *a, unsigned milliseconds);

struct agent *agent_ref(struct agent *a);
void agent_unref(struct agent *a);

/* The agent whose thread this is; NULL on others. */
struct agent *agent_current(void);

/* Own, once the engine is made: lets its Atomics block and wait as this agent. */
void agent_join_atomics(struct agent *a);

/* Queues a task. From any thread that is counted awake; the caller holds a reference. Refused
 * (dropped) once the agent was terminated or is closing. */
void agent_post(struct agent *a, struct task *t);

/* The same for a task that only makes the agent look at something which carries its own order. */
void agent_poke(struct agent *a, struct task *t);

/* Own: queues without leaving the thread. */
void agent_queue(struct agent *a, struct task *t);
/* The same before all others: for what belongs to the task that runs, and is a task of its own. */
void agent_queue_first(struct agent *a, struct task *t);

/* Own: takes the tasks of one kind out of the agent's queue (a port that is shipped takes its
 * messages along). `wanted` says which; they are linked through `next`, in order. */
struct task *agent_extract(struct agent *a, bool (*wanted)(const struct task *, void *),
                           void *context);

/* R-WK-02. Any thread counted awake. Idempotent; returns at once: the thread unwinds by itself.
 * `reason` is constant text. */
void agent_terminate(struct agent *a, const char *reason);

/* R-WK-03, own. */
void agent_close(struct agent *a);

static inline enum agent_life agent_life(const struct agent *a)
{
    /* acquire: pairs with the release in agent_terminate */
    return (enum agent_life)atomic_load_explicit(&((struct agent *)a)->life, memory_order_acquire);
}

const char *agent_kind_name(enum agent_kind kind); /* "window", "dedicated-worker", ... */

/* Own: the time of the run's clock, ns. */
int64_t agent_now(const struct agent *a);

/* Own, first thing in a task that came through the inbox: what the task signals occurred when it
 * was found there, and that is the time of the next event (agent_occurrence). One reading of the
 * clock serves all tasks that are there by then. */
void agent_occurred_on_arrival(struct agent *a);

/* Own: the time of the occurrence that an event which is made now signals (DOM "create an event").
 */
static inline int64_t agent_occurrence(struct agent *a)
{
    int64_t time = a->occurrence;
    a->occurrence = 0;
    return time ? time : agent_now(a);
}

/* ---- timers (own thread; HTML "run steps after a timeout", R-TM-*) ---- */

struct timer {
    int64_t due;    /* ns of the run's clock */
    uint64_t order; /* of starting */
    size_t index;   /* in the heap, SIZE_MAX = not queued */
    /* Runs as a task of the timer source. The timer is out of the heap then and may be started
     * again or freed. */
    void (*fire)(struct timer *self, struct agent *a);
    void (*drop)(struct timer *self); /* the agent ends */
    bool is_patient; /* the run does not go on for its sake alone */
};

/* Starts a timer: timers that are due at the same moment fire in the order of starting (R-TM-06).
 */
void timer_start(struct agent *a, struct timer *t, int64_t delay_ns);
void timer_cancel(struct agent *a, struct timer *t);

/* When the next one is due; CROWD_NEVER without any. */
int64_t agent_next_timer(const struct agent *a);


#endif
