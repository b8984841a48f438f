/* A world: one run, with its clock, its agents and what it observes.
 *
 * Ownership: made and freed by the thread that runs it (the warden). Threads: as each function
 * says. Lock order: the registry lock is a leaf. */
#ifndef HEDDLE_AGENT_WORLD_H
#define HEDDLE_AGENT_WORLD_H

#include "agent/agent.h"

#include <pthread.h>

/* One thing an agent lets the run know: a line of console output, an error, an end. Posted without
 * lock, in an order that agrees with happens-before, and handed to `sink` on the warden's thread.
 */
enum notice_kind { NOTICE_CONSOLE, NOTICE_ERROR, NOTICE_FINDING, NOTICE_EXIT, NOTICE_CELL, NOTICE_REALM, NOTICE_MOMENT };

/* How a loop that has tasks of several sources picks one (R-EL-01). */
enum queue_policy { QUEUE_FIFO, QUEUE_ROUND_ROBIN, QUEUE_WEIGHTED, QUEUE_RANDOM };

struct notice {
    rcu_queue_node node;
    enum notice_kind kind;
    int level;           /* console: enum console_level of base/console_level.h; moments: whether it held */
    int finding;         /* errors and findings: enum finding_kind of base/finding.h */
    int64_t time;        /* ns of the run's clock */
    struct agent *agent; /* counted */
    uint32_t line, column; /* moments: `line` is its number, from 0 */
    /* Texts behind the structure, NULL = none. */
    const char *text, *stack, *file;
    /* Realms: the document's name is `text`, its address `file`; `line` is its browsing context, `column` the group, `level` 1 when it is
     * cross-origin isolated. */
    const char *origin, *rule;
    /* Cells: a registered cell of a shared block. */
    struct shared_block *block; /* counted, NULL = none */
    uint64_t byte_offset;
    int element; /* enum of the typed array kind */
};

/* What a module above keeps for the whole of a run, a registry for instance; embedded at the start
 * of it. */
struct world_part {
    const struct world_part_kind *kind;
    struct world_part *next;
};
struct world_part_kind {
    struct world_part *(*make)(void); /* NULL when there is no memory */
    void (*free)(struct world_part *part);
};

/* Who must know at once what happens, on the thread on which it happens and before that thread can sleep. Constant while agents run. */
struct world_watcher {
    void (*started)(void *context, const struct agent *a); /* by its creator, under the registry lock */
    void (*noticed)(void *context, const struct agent *a, const struct notice *n);
};

struct world {
    struct crowd crowd;
    uint64_t seed;
    size_t heap_limit, stack_limit; /* bytes per agent, 0 = default */
    uint32_t agent_limit;           /* alive at once, 0 = none */
    /* A built-in that does not poll may keep a terminated agent for long. Whoever can live with a world that keeps agents sets this: after
     * so long without an end of any agent, world_run gives the others up and leaves them in `agents`. Without it, it waits. */
    unsigned patience_ms;
    int64_t wall_start;             /* ns since 1970 at the start of the clock */
    void *host;                     /* the web part: web/resource.h */
    int64_t watchdog;               /* ns a script may run before it is aborted, 0 = no bound (R-EL-12) */
    int64_t long_task;              /* ns a task may last before it is a finding, 0 = any time */
    uint64_t microtask_limit;       /* in one checkpoint, 0 = no bound (R-EL-07) */
    enum queue_policy queue_policy; /* which source comes next (R-EL-01) */
    const struct world_watcher *watcher; /* NULL = none */
    void *watcher_context;

    pthread_mutex_t registry;
    struct agent *agents; /* registry: every agent not yet joined; each is one reference */
    uint32_t alive;       /* registry */
    uint32_t agents_started, clusters_started; /* registry: ever */
    struct carrier *carriers;                  /* registry: agent/pool.h, the longest unused first */
    unsigned carrier_count;                    /* registry */
    unsigned pool_threads; /* agents that cannot block share so many threads; 0: each has its own */
    struct world_part *parts;                  /* registry */

    rcu_queue notices;
    _Atomic bool notice_pending; /* the warden was poked for notices; exchanges are acq_rel, pairing
                                    with each other */
    uint32_t pokes_seen;         /* warden */
    _Atomic bool over; /* relaxed, by the warden: what agents say while they are torn down is not the program's doing */
};

enum world_end { WORLD_IDLE, WORLD_DEADLOCK, WORLD_TIME_LIMIT, WORLD_INTERRUPTED };

struct world *world_create(enum crowd_clock clock, uint64_t seed);

/* Frees the world; every agent has been ended by world_run. */
void world_free(struct world *w);

/* Warden: runs until nothing can happen any more, `limit_ns` of the run's own clock or
 * `wall_limit_ns` of the machine's have passed (0 = none), or world_stop was called; hands every
 * notice to `sink`; says who is blocked through `blocked` (before anything is torn down); then
 * terminates and joins all agents. One that does not end within two seconds (a long built-in) stays in `agents`; the world must
 * not be freed then. The caller still holds the crowd from world_create and has
 * started the first agents. */
struct world_watch {
    void (*sink)(struct world *w, struct notice *n, void *context); /* must not keep n */
    void (*ended)(struct world *w, enum world_end end,
                  void *context); /* agents still exist, none runs but after a limit */
    void (*tick)(struct world *w,
                 void *context); /* about every 100 ms of machine time, NULL = none */
    void *context;
};
enum world_end world_run(struct world *w, uint64_t limit_ns, uint64_t wall_limit_ns,
                         const struct world_watch *watch);

/* The world's part of a kind: made when it is first asked for, given back by world_free, when no
 * agent is left, by a thread that is registered with RCU. Any thread; the part says itself who may
 * use it how. NULL when there is no memory. */
struct world_part *world_part(struct world *w, const struct world_part_kind *kind);

/* Asks world_run to end. Any thread, also a signal handler. */
void world_stop(struct world *w);

/* For agent.c: an agent enters (STATUS_LIMIT: too many are alive, or its cluster was killed) and leaves the registry. */
status world_register(struct world *w, struct agent *a);
void world_unregister(struct world *w, struct agent *a);

/* Own: posts a notice; texts are copied. */
void world_notice(struct world *w, struct agent *a, const struct notice *n);

#endif
