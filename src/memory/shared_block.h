/* Shared blocks: the bytes behind SharedArrayBuffers (ECMA-262 sec-createsharedbytedatablock),
 * reachable by every agent of a cluster.
 *
 * All blocks lie in one range of addresses (memory/shared_range.h), reserved at the first creation
 * and committed by touch. Everything about a block that is not its bytes lies outside the range.
 *
 * Ownership: counted references; the last shared_block_unref gives the bytes back. A thread that
 * gives back references is registered with RCU (platform/rcu.h), because the block's waiter lists
 * go with it. Lock order: the allocator's lock is a leaf, held for a few instructions by creation
 * and by the end of a block.
 *
 * Ordering guarantees:
 *  1. A new block reads as zero for whoever gets to know it.
 *  2. What was done before one reference was given back happens before the end of the block.
 *  3. Reads and changes of the length are sequentially consistent; grows of one block are totally
 * ordered (sec-sharedarraybuffer.prototype.grow). Progress guarantees: all but creation and the
 * last unref are lock-free; shared_block_of and the accessors are wait-free. */
#ifndef HEDDLE_MEMORY_SHARED_BLOCK_H
#define HEDDLE_MEMORY_SHARED_BLOCK_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct shared_block;

#define SHARED_BLOCK_LARGEST ((uint64_t)INT32_MAX) /* bytes */
#define SHARED_BLOCK_FIXED UINT64_MAX              /* as max_byte_length: not growable */

/* A zeroed block with one reference. STATUS_RANGE: a length above the maximum or above
 * SHARED_BLOCK_LARGEST; STATUS_NO_MEMORY: the range or the memory for the description is exhausted.
 * Any thread. */
status shared_block_create(uint64_t byte_length, uint64_t max_byte_length,
                           struct shared_block **out);

struct shared_block *shared_block_ref(struct shared_block *block);
void shared_block_unref(struct shared_block *block);

/* R-SAB-31: the engines that refer to a block are of one agent cluster. An engine of `cluster` enters with its first reference, and
 * leaves with its last one: false, and it must not have one, while engines of another cluster are in. Any thread; lock-free. */
bool shared_block_enter(struct shared_block *block, uint32_t cluster);
void shared_block_leave(struct shared_block *block);

/* Stays the same for the life of the block; aligned to 64 bytes. */
uint8_t *shared_block_bytes(const struct shared_block *block);

/* 1, 2, … in order of creation within the process; never used again. */
uint64_t shared_block_id(const struct shared_block *block);

/* The id of the newest block, 0 before the first: what a run subtracts to number its own blocks
 * from 1. */
uint64_t shared_block_last_id(void);

/* ArrayBufferByteLength(block, seq-cst). Announced if the block is growable. */
uint64_t shared_block_byte_length(struct shared_block *block);

/* ArrayBufferByteLength(block, unordered): for bounds checks; not announced. */
uint64_t shared_block_byte_length_unordered(const struct shared_block *block);

/* The byte length of a fixed block. */
uint64_t shared_block_max(const struct shared_block *block);
bool shared_block_growable(const struct shared_block *block);

/* ECMA-262 sec-sharedarraybuffer.prototype.grow from step 5: STATUS_STATE: not growable
 * (TypeError); STATUS_RANGE: below the present length or above the maximum (RangeError). The same
 * length is a success that changes nothing. */
status shared_block_grow(struct shared_block *block, uint64_t byte_length);

/* The block that holds `address`, and where in it. NULL if no block has ever lain there; an address
 * within a block that has ended gives no defined answer. `offset` may be NULL. */
struct shared_block *shared_block_of(const void *address, uint64_t *offset);

/* How many references there are: for reports while nobody runs. */
uint32_t shared_block_references(const struct shared_block *block);

/* How many blocks live: for tests and leak reports. */
uint64_t shared_block_count(void);

#endif
