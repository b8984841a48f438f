/* Shared blocks and Atomics for C threads, by the rules of ECMA-262: the memory, the operations and the waiter lists that JavaScript
 * agents use, without JavaScript.
 *
 * A thread attaches before it waits, notifies or gives back a block, and detaches before it ends. Threads that wait for each other are
 * all attached. Waiters on one cell are served first come, first served, and there are no spurious wake-ups. */
#ifndef HEDDLE_SHARED_MEMORY_H
#define HEDDLE_SHARED_MEMORY_H

#include "heddle/heddle.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct hd_shared_block hd_shared_block;
typedef struct hd_thread hd_thread;

/* ---- attached threads ---- */

/* Attaches the calling thread. HD_NO_MEMORY, HD_LIMIT. The handle is for this thread alone. */
HD_API hd_status hd_thread_attach(hd_thread **out);
/* By the thread itself, last. */
HD_API void hd_thread_detach(hd_thread *thread);

/* ---- blocks (ECMA-262 sec-createsharedbytedatablock) ---- */

#define HD_FIXED_LENGTH UINT64_MAX

/* A zeroed block with one reference. `max_byte_length`: HD_FIXED_LENGTH, or up to where it may grow. HD_RANGE, HD_NO_MEMORY. Any
 * thread; does not block. */
HD_API hd_status hd_shared_block_create(uint64_t byte_length, uint64_t max_byte_length, hd_shared_block **out);
/* One more reference. Any thread. */
HD_API hd_shared_block *hd_shared_block_ref(hd_shared_block *block);
/* Gives a reference back; the last one ends the block. Attached threads. */
HD_API void hd_shared_block_unref(hd_shared_block *block);
/* Sequentially consistent. Any thread. */
HD_API uint64_t hd_shared_block_byte_length(hd_shared_block *block);
/* sec-sharedarraybuffer.prototype.grow. HD_STATE: not growable; HD_RANGE: shorter than now or above the maximum. Any thread. */
HD_API hd_status hd_shared_block_grow(hd_shared_block *block, uint64_t byte_length);
/* Copies bytes out and in; unordered, as element accesses are: a naturally aligned element of up to 8 bytes does not tear. HD_RANGE.
 * Any thread. */
HD_API hd_status hd_shared_block_read(hd_shared_block *block, uint64_t offset, void *to, uint64_t size);
HD_API hd_status hd_shared_block_write(hd_shared_block *block, uint64_t offset, const void *from, uint64_t size);

/* ---- native agents (run.h) ---- */

/* The run's block of that name, which lives as long as the run; NULL: there is none. The agent's own thread. */
HD_API hd_shared_block *hd_thread_block(const hd_thread *thread, const char *name);
/* Whether the agent has been ended from outside and is to return. The agent's own thread. */
HD_API bool hd_thread_ends(const hd_thread *thread);

/* ---- cells (ECMA-262 sec-atomics-object) ----
 *
 * `size` is 1, 2, 4 or 8 bytes, `offset` a multiple of it (HD_INVALID) inside the block (HD_RANGE). Values are in the low bytes of a
 * uint64_t. Sequentially consistent. `old` receives the value of before; it may be NULL. Any thread; no operation blocks. */

HD_API hd_status hd_atomics_load(hd_shared_block *block, uint64_t offset, unsigned size, uint64_t *value);
HD_API hd_status hd_atomics_store(hd_shared_block *block, uint64_t offset, unsigned size, uint64_t value);
HD_API hd_status hd_atomics_exchange(hd_shared_block *block, uint64_t offset, unsigned size, uint64_t value, uint64_t *old);
HD_API hd_status hd_atomics_add(hd_shared_block *block, uint64_t offset, unsigned size, uint64_t value, uint64_t *old);
HD_API hd_status hd_atomics_sub(hd_shared_block *block, uint64_t offset, unsigned size, uint64_t value, uint64_t *old);
HD_API hd_status hd_atomics_and(hd_shared_block *block, uint64_t offset, unsigned size, uint64_t value, uint64_t *old);
HD_API hd_status hd_atomics_or(hd_shared_block *block, uint64_t offset, unsigned size, uint64_t value, uint64_t *old);
HD_API hd_status hd_atomics_xor(hd_shared_block *block, uint64_t offset, unsigned size, uint64_t value, uint64_t *old);
/* Replaces the value if it equals `expected`; `old` tells. */
HD_API hd_status hd_atomics_compare_exchange(hd_shared_block *block, uint64_t offset, unsigned size, uint64_t expected,
                                             uint64_t replacement, uint64_t *old);

typedef enum hd_wait_result {
    HD_WAIT_OK,
    HD_WAIT_NOT_EQUAL,
    HD_WAIT_TIMED_OUT,
    HD_WAIT_TERMINATED, /* the run of a native agent (run.h) ends: return */
} hd_wait_result;

#define HD_FOREVER INT64_MAX
#define HD_EVERYBODY UINT64_MAX

/* ECMA-262 sec-atomics.wait: sleeps while the cell of 4 or 8 bytes has not been notified, if it holds `expected`. Blocks the calling
 * thread, whose handle it is, for up to `timeout_ns` (HD_FOREVER). */
HD_API hd_status hd_atomics_wait(hd_thread *thread, hd_shared_block *block, uint64_t offset, unsigned size, int64_t expected,
                                 int64_t timeout_ns, hd_wait_result *out);
/* ECMA-262 sec-atomics.notify: wakes up to `count` waiters in the order of their coming; `woken` (may be NULL) tells how many. The
 * calling thread's handle. Does not block. */
HD_API hd_status hd_atomics_notify(hd_thread *thread, hd_shared_block *block, uint64_t offset, uint64_t count, uint64_t *woken);

#endif
