/* Access to the bytes of shared blocks for everyone but the engine: whole ranges (copied, filled)
 * and single cells (the operations of ECMA-262 sec-atomics-object).
 *
 * Threads: any that holds a reference; never blocks, never allocates. Others may access the same
 * bytes meanwhile, as the memory model allows: a range is moved in relaxed atomic pieces, each as
 * wide as the alignment of both sides allows, so that no naturally aligned element of up to 8 bytes
 * tears, and the order of the pieces is not promised.
 *
 * Ordering guarantees: atomics_* are sequentially consistent, with each other and with every other
 * seq-cst access. Ranges order nothing. */
#ifndef HEDDLE_MEMORY_BLOCK_ACCESS_H
#define HEDDLE_MEMORY_BLOCK_ACCESS_H

#include "memory/shared_block.h"

#include <stddef.h>

/* ---- ranges; each announces what it does (observe/hooks.h) and then does it; offset + size lies
 * within the block ---- */

void block_read(struct shared_block *block, uint64_t offset, void *to, size_t size);
void block_write(struct shared_block *block, uint64_t offset, const void *from, size_t size);
void block_fill(struct shared_block *block, uint64_t offset, uint8_t value, size_t size);

/* The ranges may overlap: what is written is what was there before (like memmove, if nobody else
 * writes). */
void block_copy(struct shared_block *to, uint64_t to_offset, struct shared_block *from,
                uint64_t from_offset, size_t size);

/* ---- cells: `size` is 1, 2, 4 or 8, `address` a multiple of it ----
 *
 * Values travel in the low bytes of a uint64_t; what lies above them is ignored on the way in and
 * zero on the way out. They announce nothing: whoever calls them for shared bytes does it between
 * OBSERVE(atomic_begin, …) and OBSERVE(atomic_end, …). Any memory, shared or not. */

#define ATOMICS_EACH_SIZE(address, size, operation)                                                \
    switch (size) {                                                                                \
    case 1:                                                                                        \
        operation((uint8_t *)(address), uint8_t);                                                  \
        break;                                                                                     \
    case 2:                                                                                        \
        operation((uint16_t *)(address), uint16_t);                                                \
        break;                                                                                     \
    case 4:                                                                                        \
        operation((uint32_t *)(address), uint32_t);                                                \
        break;                                                                                     \
    default:                                                                                       \
        operation((uint64_t *)(address), uint64_t);                                                \
        break;                                                                                     \
    }

/* seq_cst throughout: ECMA-262 gives Atomics no weaker order; pairs with every other access of the
 * cell. */

static inline uint64_t atomics_load(const void *address, unsigned size)
{
    uint64_t value;
#define ATOMICS_OPERATION(cell, type) value = __atomic_load_n(cell, __ATOMIC_SEQ_CST)
    ATOMICS_EACH_SIZE(address, size, ATOMICS_OPERATION)
#undef ATOMICS_OPERATION
    return value;
}

static inline void atomics_store(void *address, unsigned size, uint64_t value){
#define ATOMICS_OPERATION(cell, type) __atomic_store_n(cell, (type)value, __ATOMIC_SEQ_CST)
    ATOMICS_EACH_SIZE(address, size, ATOMICS_OPERATION)
#undef ATOMICS_OPERATION
}

/* Each of these returns the value of before. */
#define ATOMICS_READ_MODIFY_WRITE(name, builtin)                                                   \
    static inline uint64_t atomics_##name(void *address, unsigned size, uint64_t value)            \
    {                                                                                              \
        uint64_t old;                                                                              \
        ATOMICS_EACH_SIZE(address, size, builtin)                                                  \
        return old;                                                                                \
    }

#define ATOMICS_EXCHANGE(cell, type) old = __atomic_exchange_n(cell, (type)value, __ATOMIC_SEQ_CST)
#define ATOMICS_ADD(cell, type) old = __atomic_fetch_add(cell, (type)value, __ATOMIC_SEQ_CST)
#define ATOMICS_SUB(cell, type) old = __atomic_fetch_sub(cell, (type)value, __ATOMIC_SEQ_CST)
#define ATOMICS_AND(cell, type) old = __atomic_fetch_and(cell, (type)value, __ATOMIC_SEQ_CST)
#define ATOMICS_OR(cell, type) old = __atomic_fetch_or(cell, (type)value, __ATOMIC_SEQ_CST)
#define ATOMICS_XOR(cell, type) old = __atomic_fetch_xor(cell, (type)value, __ATOMIC_SEQ_CST)
ATOMICS_READ_MODIFY_WRITE(exchange, ATOMICS_EXCHANGE) ATOMICS_READ_MODIFY_WRITE(add, ATOMICS_ADD)
    ATOMICS_READ_MODIFY_WRITE(sub, ATOMICS_SUB) ATOMICS_READ_MODIFY_WRITE(and, ATOMICS_AND)
        ATOMICS_READ_MODIFY_WRITE(or, ATOMICS_OR) ATOMICS_READ_MODIFY_WRITE(xor, ATOMICS_XOR)
#undef ATOMICS_EXCHANGE
#undef ATOMICS_ADD
#undef ATOMICS_SUB
#undef ATOMICS_AND
#undef ATOMICS_OR
#undef ATOMICS_XOR
#undef ATOMICS_READ_MODIFY_WRITE

    /* The value of before; it was replaced if that equals `expected` (in its low `size` bytes). */
    static inline uint64_t
    atomics_compare_exchange(void *address, unsigned size, uint64_t expected, uint64_t replacement)
{
    uint64_t old;
#define ATOMICS_OPERATION(cell, type)                                                              \
    do {                                                                                           \
        type seen = (type)expected;                                                                \
        __atomic_compare_exchange_n(cell, &seen, (type)replacement, 0, __ATOMIC_SEQ_CST,           \
                                    __ATOMIC_SEQ_CST);                                             \
        old = seen;                                                                                \
    } while (0)
    ATOMICS_EACH_SIZE(address, size, ATOMICS_OPERATION)
#undef ATOMICS_OPERATION
    return old;
}
#undef ATOMICS_EACH_SIZE

#endif
