#include "memory/block_access.h"

#include "base/assert.h"
#include "observe/hooks.h"

#include <string.h>

/* A piece of a range, moved in one relaxed access on each shared side. relaxed: the memory model
 * orders nothing here. */
#define LOAD(address, type) __atomic_load_n((const type *)(address), __ATOMIC_RELAXED)
#define STORE(address, type, value) __atomic_store_n((type *)(address), value, __ATOMIC_RELAXED)

/* The widest piece that starts at `address` (or, going backwards, ends there), is aligned, no wider
 * than `limit` and fits into `left`. Cutting a range so leaves no aligned element of up to 8 bytes
 * in two pieces. */
static inline unsigned piece(uintptr_t address, size_t left, unsigned limit)
{
    unsigned width = 8;
    while (width > limit || width > left || (address & (width - 1)))
        width >>= 1;
    return width;
}

static inline void piece_load(const uint8_t *from, uint8_t *to, unsigned width)
{
    switch (width) {
    case 8: {
        uint64_t value = LOAD(from, uint64_t);
        memcpy(to, &value, 8);
        break;
    }
    case 4: {
        uint32_t value = LOAD(from, uint32_t);
        memcpy(to, &value, 4);
        break;
    }
    case 2: {
        uint16_t value = LOAD(from, uint16_t);
        memcpy(to, &value, 2);
        break;
    }
    default:
        *to = LOAD(from, uint8_t);
    }
}

static inline void piece_store(uint8_t *to, const uint8_t *from, unsigned width)
{
    uint64_t eight;
    uint32_t four;
    uint16_t two;
    switch (width) {
    case 8:
        memcpy(&eight, from, 8);
        STORE(to, uint64_t, eight);
        break;
    case 4:
        memcpy(&four, from, 4);
        STORE(to, uint32_t, four);
        break;
    case 2:
        memcpy(&two, from, 2);
        STORE(to, uint16_t, two);
        break;
    default:
        STORE(to, uint8_t, *from);
    }
}

static void check_range(const struct shared_block *block, uint64_t offset, uint64_t size)
{
    uint64_t length = shared_block_byte_length_unordered(block);
    hd_assert(offset <= length && size <= length - offset);
}

void block_read(struct shared_block *block, uint64_t offset, void *to, size_t size)
{
    check_range(block, offset, size);
    OBSERVE(access, shared_block_bytes(block) + offset, size, OBSERVE_READ);
    const uint8_t *from = shared_block_bytes(block) + offset;
    uint8_t *out = to;
    while (size) {
        unsigned width = piece((uintptr_t)from, size, 8);
        piece_load(from, out, width);
        from += width, out += width, size -= width;
    }
}

void block_write(struct shared_block *block, uint64_t offset, const void *from, size_t size)
{
    check_range(block, offset, size);
    OBSERVE(access, shared_block_bytes(block) + offset, size, OBSERVE_WRITE);
    uint8_t *to = shared_block_bytes(block) + offset;
    const uint8_t *in = from;
    while (size) {
        unsigned width = piece((uintptr_t)to, size, 8);
        piece_store(to, in, width);
        to += width, in += width, size -= width;
    }
}

void block_fill(struct shared_block *block, uint64_t offset, uint8_t value, size_t size)
{
    check_range(block, offset, size);
    OBSERVE(access, shared_block_bytes(block) + offset, size, OBSERVE_WRITE);
    uint8_t *to = shared_block_bytes(block) + offset;
    uint8_t pattern[8];
    memset(pattern, value, sizeof pattern);
    while (size) {
        unsigned width = piece((uintptr_t)to, size, 8);
        piece_store(to, pattern, width);
        to += width, size -= width;
    }
}

static void copy_forwards(uint8_t *to, const uint8_t *from, size_t size, unsigned limit)
{
    uint8_t held[8];
    while (size) {
        unsigned width = piece((uintptr_t)to, size, limit);
        piece_load(from, held, width);
        piece_store(to, held, width);
        to += width, from += width, size -= width;
    }
}

static void copy_backwards(uint8_t *to, const uint8_t *from, size_t size, unsigned limit)
{
    uint8_t held[8];
    while (size) {
        unsigned width = piece((uintptr_t)to + size, size, limit);
        size -= width;
        piece_load(from + size, held, width);
        piece_store(to + size, held, width);
    }
}

void block_copy(struct shared_block *to, uint64_t to_offset, struct shared_block *from,
                uint64_t from_offset, size_t size)
{
    check_range(to, to_offset, size);
    check_range(from, from_offset, size);
    uint8_t *target = shared_block_bytes(to) + to_offset;
    const uint8_t *source = shared_block_bytes(from) + from_offset;
    OBSERVE(access, source, size, OBSERVE_READ);
    OBSERVE(access, target, size, OBSERVE_WRITE);
    /* How far apart the two are decides the widest piece that is aligned on both sides. */
    uintptr_t apart = (uintptr_t)target ^ (uintptr_t)source;
    unsigned limit = apart & 7 ? (unsigned)(apart & -apart & 7) : 8;
    if ((uintptr_t)target - (uintptr_t)source < size)
        copy_backwards(target, source, size, limit);
    else
        copy_forwards(target, source, size, limit);
}
