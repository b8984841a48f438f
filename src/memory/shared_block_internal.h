/* The parts of a shared block that shared_block.c, block_place.c and waiter_list.c share. */
#ifndef HEDDLE_MEMORY_SHARED_BLOCK_INTERNAL_H
#define HEDDLE_MEMORY_SHARED_BLOCK_INTERNAL_H

#include "memory/shared_block.h"

#include <stdatomic.h>

struct block_slab;
struct waiter_record;

struct shared_block {
    uint8_t *bytes;
    _Atomic uint64_t byte_length; /* seq_cst, as the standard has it; pairs with itself */
    uint64_t max_byte_length;
    uint64_t id;
    _Atomic(struct waiter_record *)
        records; /* every waiter list of this block; see waiter_list.c */
    _Atomic uint32_t references;
    _Atomic uint64_t belongs; /* to the cluster in the upper half, through so many engines; acq_rel, pairs with itself */
    bool growable;
    struct block_slab *slab; /* NULL: a run of segments of its own */
    uint32_t next_free;      /* allocator's lock: within the slab */
};

/* ---- block_place.c: addresses for blocks ---- */

/* A description with zeroed bytes for `size` bytes, or NULL. Sets bytes, slab and id; all else is
 * for the caller. */
struct shared_block *block_place_take(uint64_t size);

/* Gives back a block of which the first `touched` bytes may differ from zero and `size` were asked
 * for. */
void block_place_give(struct shared_block *block, uint64_t size, uint64_t touched);

/* ---- waiter_list.c ---- */

/* The block's end: nobody waits, and nobody can come. */
void waiter_records_end(struct shared_block *block);

#endif
