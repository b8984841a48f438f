/* What a run announces to whoever watches it (race detector, schedule, trace): a table of functions
 * that is installed before the first agent starts and taken away after the last has ended. With
 * nothing installed an announcement costs one load and one predictable branch.
 *
 * Ownership: the installer keeps the table and what it points to. Threads: the functions are called
 * on the thread that acts, possibly many at once; they must not block for long, run JavaScript or
 * call back into src/memory. Any of them may be NULL.
 *
 * Ordering guarantees:
 *  1. `access` is called before the access it announces.
 *  2. An atomic operation on shared bytes runs between `atomic_begin` and `atomic_end` of these
 * bytes on one thread, so that a watcher who excludes others in between knows which write each
 * atomic read has read.
 *  3. `section_enter` and `section_leave` are called under the lock of the waiter list, so that
 * their order on one list is the order of its critical sections (ECMA-262 sec-entercriticalsection,
 * sec-leavecriticalsection).
 *  4. An edge is received after it was sent, at most once. */
#ifndef HEDDLE_OBSERVE_HOOKS_H
#define HEDDLE_OBSERVE_HOOKS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct shared_block;
struct observe_edge;

/* ECMA-262 sec-memory-model-fundamentals: the kinds of Shared Data Block events. OBSERVE_EXCLUSIVE
 * is none: a script's claim that nobody else uses these bytes now. */
enum observe_kind { OBSERVE_READ, OBSERVE_WRITE, OBSERVE_RMW, OBSERVE_EXCLUSIVE };

/* What connects two agents (host-synchronizes-with). */
enum observe_edge_kind {
    OBSERVE_MESSAGE,
    OBSERVE_START,      /* of an agent */
    OBSERVE_END,        /* of an agent, as another one learns of it */
    OBSERVE_SETTLEMENT, /* of a promise of Atomics.waitAsync */
    OBSERVE_BARRIER,    /* heddle.barrier */
    OBSERVE_LOCK,       /* a Web Lock: released, then granted */
    OBSERVE_DECLARED,   /* a C program says so */
};

struct observe_hooks {
    /* Unordered: [address, address + size) lies within one block. */
    void (*access)(const void *address, uint64_t size, enum observe_kind kind);
    /* Races on these bytes are known and meant. */
    void (*acknowledge)(const void *address, uint64_t size);
    /* Seq-cst; `kind` is known afterwards, since a failed exchange is a read. */
    void (*atomic_begin)(const void *address, unsigned size);
    void (*atomic_end)(const void *address, unsigned size, enum observe_kind kind);
    /* The same for the length of a growable block, which is a data block of its own. */
    void (*length_begin)(struct shared_block *block);
    void (*length_end)(struct shared_block *block, enum observe_kind kind);

    /* A block was made, with an Init event for each byte; another agent may come to know it from now
     * on; its last reference is gone (its id never comes back, its addresses do). */
    void (*block_begin)(struct shared_block *block);
    void (*block_share)(struct shared_block *block);
    void (*block_end)(struct shared_block *block);

    void (*section_enter)(struct shared_block *block, uint64_t offset);
    void (*section_leave)(struct shared_block *block, uint64_t offset);

    /* The sender's past, to be handed to the receiver with whatever connects the two; NULL: nothing
     * to hand over. Each is received or dropped once, by any thread. */
    struct observe_edge *(*edge_send)(enum observe_edge_kind kind);
    void (*edge_receive)(struct observe_edge *edge);
    /* The same, and the edge stays: for what many learn of (a lock that was released). */
    void (*edge_learn)(const struct observe_edge *edge);
    void (*edge_drop)(struct observe_edge *edge);

    /* The calling thread is an agent of `run` from now on / no longer. Texts are copied. */
    void *(*agent_begin)(void *run, uint32_t id, const char *name, const char *kind);
    /* The calling thread, which several agents share, acts for what agent_begin gave from now on; NULL: for none of them. */
    void (*agent_enter)(void *agent);
    void (*agent_end)(void);
    /* All that the thread has announced is done: it is about to sleep. */
    void (*rest)(void);
};

/* NULL when nothing watches. Stored with release by observe_install, loaded with acquire by
 * OBSERVE. */
extern const struct observe_hooks *_Atomic observe_installed;

/* While no agent runs. NULL takes the table away. */
void observe_install(const struct observe_hooks *hooks);

/* OBSERVE(access, address, size, …): calls the hook of that name if there is one. */
#define OBSERVE(name, ...)                                                                         \
    do {                                                                                           \
        const struct observe_hooks *observe_table_ =                                               \
            atomic_load_explicit(&observe_installed, memory_order_acquire);                        \
        if (__builtin_expect(observe_table_ != NULL, 0) && observe_table_->name)                   \
            observe_table_->name(__VA_ARGS__);                                                     \
    } while (0)

static inline int observe_active(void)
{
    /* relaxed: changes only while no agent runs */
    return atomic_load_explicit(&observe_installed, memory_order_relaxed) != NULL;
}

static inline struct observe_edge *observe_send(enum observe_edge_kind kind)
{
    const struct observe_hooks *table =
        atomic_load_explicit(&observe_installed, memory_order_acquire);
    return table && table->edge_send ? table->edge_send(kind) : NULL;
}

static inline void *observe_agent_begin(void *run, uint32_t id, const char *name, const char *kind)
{
    const struct observe_hooks *table =
        atomic_load_explicit(&observe_installed, memory_order_acquire);
    return table && table->agent_begin ? table->agent_begin(run, id, name, kind) : NULL;
}

static inline void observe_receive(struct observe_edge *edge)
{
    if (edge)
        OBSERVE(edge_receive, edge);
}

static inline void observe_drop(struct observe_edge *edge)
{
    if (edge)
        OBSERVE(edge_drop, edge);
}

/* ---- where the acting thread is ---- */

/* How an element was reached. */
enum observe_view {
    OBSERVE_VIEW_NONE,
    OBSERVE_VIEW_UINT8_CLAMPED, /* in the order of JSTypedArrayEnum, from here on */
    OBSERVE_VIEW_INT8,
    OBSERVE_VIEW_UINT8,
    OBSERVE_VIEW_INT16,
    OBSERVE_VIEW_UINT16,
    OBSERVE_VIEW_INT32,
    OBSERVE_VIEW_UINT32,
    OBSERVE_VIEW_BIG_INT64,
    OBSERVE_VIEW_BIG_UINT64,
    OBSERVE_VIEW_FLOAT16,
    OBSERVE_VIEW_FLOAT32,
    OBSERVE_VIEW_FLOAT64,
    OBSERVE_VIEW_DATA_VIEW,
};

#define OBSERVE_FRAMES 12

/* One function on the stack. The texts are constant for the run of the asking call only. */
struct observe_frame {
    const char *function; /* "" = none; of a built-in "Atomics.store" */
    const char *file;     /* NULL: not written in JavaScript */
    uint32_t line, column;
};

/* Supplied by the engine for the threads that run one; `context` is the engine. */
struct observe_locator {
    /* Names of the code positions on the stack, innermost first: equal names mean equal positions
     * for as long as the engine lives. The number written. */
    unsigned (*keys)(void *context, uintptr_t keys[OBSERVE_FRAMES]);
    uintptr_t (*top)(void *context); /* of the innermost in JavaScript and what it calls; 0 = none */
    /* The same positions in words; `visit` copies. */
    void (*frames)(void *context, void (*visit)(void *, const struct observe_frame *), void *to);
    /* The view through which `address` is reached now. `base`: where that view begins. */
    enum observe_view (*view)(void *context, const void *address, const void **base);
};

/* The calling thread's; NULL takes it away. */
void observe_set_locator(const struct observe_locator *locator, void *context);
#define OBSERVE_THREAD _Thread_local __attribute__((tls_model("initial-exec")))
extern OBSERVE_THREAD const struct observe_locator *observe_locator;
extern OBSERVE_THREAD void *observe_locator_context;

#endif
