/* See shared_block.h for ownership, lock order and guarantees. */
#include "memory/shared_block.h"

#include "base/assert.h"
#include "memory/shared_block_internal.h"
#include "observe/hooks.h"

static _Atomic uint64_t live; /* relaxed: a statistic */

status shared_block_create(uint64_t byte_length, uint64_t max_byte_length,
                           struct shared_block **out)
{
    bool growable = max_byte_length != SHARED_BLOCK_FIXED;
    uint64_t size = growable ? max_byte_length : byte_length;
    *out = NULL;
    if (byte_length > size || size > SHARED_BLOCK_LARGEST)
        return STATUS_RANGE;
    struct shared_block *block = block_place_take(size);
    if (!block)
        return STATUS_NO_MEMORY;
    block->max_byte_length = size;
    block->growable = growable;
    /* relaxed: the block is nobody else's yet; how it is handed over orders all this */
    atomic_store_explicit(&block->byte_length, byte_length, memory_order_relaxed);
    atomic_store_explicit(&block->records, NULL, memory_order_relaxed);
    atomic_store_explicit(&block->references, 1, memory_order_relaxed);
    atomic_store_explicit(&block->belongs, 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
    OBSERVE(block_begin, block);
    *out = block;
    return STATUS_OK;
}

struct shared_block *shared_block_ref(struct shared_block *block)
{
    /* relaxed: the caller has a reference, so the count cannot end meanwhile */
    uint32_t before = atomic_fetch_add_explicit(&block->references, 1, memory_order_relaxed);
    hd_assert(before != 0 && before != UINT32_MAX);
    return block;
}

void shared_block_unref(struct shared_block *block)
{
    /* acq_rel: pairs with itself: what others did before they let go happens before the end */
    uint32_t before = atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel);
    hd_assert(before != 0);
    if (before != 1)
        return;
    OBSERVE(block_end, block);
    waiter_records_end(block);
    atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
    block_place_give(block, block->max_byte_length,
                     atomic_load_explicit(&block->byte_length, memory_order_relaxed));
}

uint32_t shared_block_references(const struct shared_block *block)
{
    /* acquire: pairs with the release of the last one that let go */
    return atomic_load_explicit(&((struct shared_block *)block)->references, memory_order_acquire);
}

bool shared_block_enter(struct shared_block *block, uint32_t cluster)
{
    uint64_t before = atomic_load_explicit(&block->belongs, memory_order_relaxed), after;
    do {
        if (before && before >> 32 != cluster)
            return false;
        after = (before ? before : (uint64_t)cluster << 32) + 1;
    } while (!atomic_compare_exchange_weak_explicit(&block->belongs, &before, after, memory_order_acq_rel,
                                                    memory_order_relaxed));
    return true;
}

void shared_block_leave(struct shared_block *block)
{
    uint64_t before = atomic_load_explicit(&block->belongs, memory_order_relaxed), after;
    do {
        hd_assert((uint32_t)before);
        after = (uint32_t)before > 1 ? before - 1 : 0;
    } while (!atomic_compare_exchange_weak_explicit(&block->belongs, &before, after, memory_order_acq_rel,
                                                    memory_order_relaxed));
}

uint8_t *shared_block_bytes(const struct shared_block *block)
{
    return block->bytes;
}

uint64_t shared_block_id(const struct shared_block *block)
{
    return block->id;
}

uint64_t shared_block_max(const struct shared_block *block)
{
    return block->max_byte_length;
}

bool shared_block_growable(const struct shared_block *block)
{
    return block->growable;
}

uint64_t shared_block_byte_length(struct shared_block *block)
{
    if (!block->growable)
        return block->max_byte_length;
    OBSERVE(length_begin, block);
    uint64_t length = atomic_load_explicit(&block->byte_length, memory_order_seq_cst);
    OBSERVE(length_end, block, OBSERVE_READ);
    return length;
}

uint64_t shared_block_byte_length_unordered(const struct shared_block *block)
{
    return atomic_load_explicit(&block->byte_length, memory_order_relaxed);
}

/* True if the length was changed: a read-modify-write; otherwise `*result` says why it was a mere
 * read. */
static bool raise_length(struct shared_block *block, uint64_t byte_length, status *result)
{
    uint64_t current = atomic_load_explicit(&block->byte_length, memory_order_seq_cst);
    do {
        *result = byte_length == current ? STATUS_OK : STATUS_RANGE;
        if (byte_length <= current || byte_length > block->max_byte_length)
            return false;
        /* The bytes above the length have never been written, so they are zero. */
    } while (!atomic_compare_exchange_strong_explicit(&block->byte_length, &current, byte_length,
                                                      memory_order_seq_cst, memory_order_seq_cst));
    *result = STATUS_OK;
    return true;
}

status shared_block_grow(struct shared_block *block, uint64_t byte_length)
{
    status result;
    if (!block->growable)
        return STATUS_STATE;
    OBSERVE(length_begin, block);
    bool changed = raise_length(block, byte_length, &result);
    OBSERVE(length_end, block, changed ? OBSERVE_RMW : OBSERVE_READ);
    return result;
}

uint64_t shared_block_count(void)
{
    return atomic_load_explicit(&live, memory_order_relaxed);
}
