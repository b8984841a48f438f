/* What shared memory announces to whoever watches the run (race detector, schedule, trace): a table
 * of functions that is installed before the first agent starts and taken away after the last has
 * ended. With nothing installed an announcement costs one load and one predictable branch.
 *
 * Ownership: the installer keeps the table and what it points to. Threads: the functions are called
 * on the thread that acts, possibly many at once; they must not block, run JavaScript or call back
 * into src/memory. Any of them may be NULL.
 *
 * Ordering guarantees:
 *  1. `access` is called before the access it announces.
 *  2. `section_enter` and `section_leave` are called under the lock of the waiter list, so that
 * their order on one list is the order of its critical sections (ECMA-262 sec-entercriticalsection,
 * sec-leavecriticalsection).
 *  3. A call of `edge_send` happens before the call of `edge_receive` that it is answered by. */
#ifndef HEDDLE_OBSERVE_HOOKS_H
#define HEDDLE_OBSERVE_HOOKS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct shared_block;

/* ECMA-262 sec-memory-model-fundamentals: the kinds of Shared Data Block events. */
enum observe_kind { OBSERVE_READ, OBSERVE_WRITE, OBSERVE_RMW, OBSERVE_INIT };
enum observe_order { OBSERVE_UNORDERED, OBSERVE_SEQ_CST };

struct observe_hooks {
    void (*access)(struct shared_block *block, uint64_t offset, uint64_t size,
                   enum observe_kind kind, enum observe_order order);
    /* A seq-cst access to the length of a growable block, which is a data block of its own. */
    void (*length)(struct shared_block *block, enum observe_kind kind);
    /* The block's last reference is gone; its id never comes back, its addresses do. */
    void (*block_end)(struct shared_block *block);
    void (*section_enter)(struct shared_block *block, uint64_t offset);
    void (*section_leave)(struct shared_block *block, uint64_t offset);
    /* host-synchronizes-with: `token` names the message, start or end that connects the two. A lock's token is sent with every release
     * and received with every grant: what all releases so far have sent reaches each grant. */
    void (*edge_send)(const void *token);
    void (*edge_receive)(const void *token);
};

/* NULL when nothing watches. Stored with release by observe_install, loaded with acquire by
 * OBSERVE. */
extern const struct observe_hooks *_Atomic observe_installed;

/* While no agent runs. NULL takes the table away. */
void observe_install(const struct observe_hooks *hooks);

/* OBSERVE(access, block, offset, …): calls the hook of that name if there is one. */
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

#endif
