/* Where in the shared range a block's bytes lie.
 *
 * The range is cut into segments of 64 KiB. A block of up to 32 KiB lies in a slab: one segment cut
 * into slots of one power of two, so that the tens of thousands of small blocks that a test suite
 * makes cost no system call. A larger one has a run of segments to itself, found by a buddy scheme:
 * runs start at a multiple of the next power of two, and what is not needed of that power goes back
 * at once. Bytes that nobody owns are always zero: small ones are cleared when they are given back,
 * runs are returned to the system.
 *
 * Ownership: everything here belongs to the allocator's lock, except `owners`, which lookups read.
 * Lock order: a leaf. Ordering guarantees: `owners` of a segment is written before a block in it is
 * handed out, and changes only while none lives there. Progress guarantees: shared_block_of is
 * wait-free; the lock is held for a bounded time without system calls, except when a run or a slab
 * is made (touching tables for the first time). */
#include "memory/shared_block_internal.h"

#include "base/assert.h"
#include "memory/shared_range.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SEGMENT_BITS 16
#define SEGMENT_SIZE ((uint64_t)1 << SEGMENT_BITS)
#define SEGMENTS (1u << (SHARED_RANGE_BITS - SEGMENT_BITS))
#define TOP_ORDER 15     /* 2 GiB, which holds the largest block */
#define SMALLEST_SHIFT 6 /* one cache line: two small blocks never share one */
#define LARGEST_SHIFT 15
#define NONE UINT32_MAX

struct block_slab {
    struct block_slab *next, *previous; /* slabs of this class with a free slot */
    uint32_t segment;
    uint32_t shift;
    uint32_t used;      /* slots in use */
    uint32_t fresh;     /* slots from here on have never been used */
    uint32_t next_free; /* slots that were given back */
    struct shared_block slots[];
};

/* A free run of 1 << order segments is listed by its first one. */
struct segment {
    uint32_t next, previous;
    uint8_t free_order; /* order + 1 of the free run that starts here, 0 = none */
};

static pthread_mutex_t place_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t range_once = PTHREAD_ONCE_INIT;
static bool range_mapped;
static struct segment segments[SEGMENTS]; /* touched lazily */
static uint32_t free_runs[TOP_ORDER + 1];
static struct block_slab *partial[LARGEST_SHIFT + 1];
static uint64_t last_id;

/* Per segment: a block, or a slab with the lowest bit set, or 0. Release by the lock's holder,
 * acquire by shared_block_of. */
static _Atomic uintptr_t owners[SEGMENTS];

static uint8_t *segment_bytes(uint32_t segment)
{
    return (uint8_t *)SHARED_RANGE_BASE + ((uint64_t)segment << SEGMENT_BITS);
}

/* ---- runs of segments ---- */

static void run_list(uint32_t first, unsigned order)
{
    segments[first].free_order = (uint8_t)(order + 1);
    segments[first].previous = NONE;
    segments[first].next = free_runs[order];
    if (free_runs[order] != NONE)
        segments[free_runs[order]].previous = first;
    free_runs[order] = first;
}

static void run_unlist(uint32_t first)
{
    struct segment *s = &segments[first];
    if (s->next != NONE)
        segments[s->next].previous = s->previous;
    if (s->previous != NONE)
        segments[s->previous].next = s->next;
    else
        free_runs[s->free_order - 1] = s->next;
    s->free_order = 0;
}

static void run_give_power(uint32_t first, unsigned order)
{
    while (order < TOP_ORDER) {
        uint32_t buddy = first ^ (1u << order);
        if (segments[buddy].free_order != order + 1)
            break;
        run_unlist(buddy);
        first &= ~(1u << order);
        order++;
    }
    run_list(first, order);
}

/* Gives back `count` segments as the fewest aligned powers of two. */
static void run_give(uint32_t first, uint32_t count)
{
    while (count) {
        unsigned order = 0;
        while (order < TOP_ORDER && !(first & (1u << order)) && 2u << order <= count)
            order++;
        run_give_power(first, order);
        first += 1u << order;
        count -= 1u << order;
    }
}

static uint32_t run_take(uint32_t count)
{
    unsigned order = 0;
    while (1u << order < count)
        order++;
    unsigned found = order;
    while (found <= TOP_ORDER && free_runs[found] == NONE)
        found++;
    if (found > TOP_ORDER)
        return NONE;
    uint32_t first = free_runs[found];
    run_unlist(first);
    run_give(first + count, (1u << found) - count);
    return first;
}

static void range_map(void)
{
    void *wanted = (void *)SHARED_RANGE_BASE;
    void *got = mmap(wanted, SHARED_RANGE_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != wanted) {
        if (got != MAP_FAILED)
            munmap(got, SHARED_RANGE_SIZE); /* a kernel that takes the place for a hint */
        return;
    }
    madvise(got, SHARED_RANGE_SIZE, MADV_NOHUGEPAGE); /* a small block shall not cost 2 MiB */
    for (unsigned order = 0; order <= TOP_ORDER; order++)
        free_runs[order] = NONE;
    run_give(0, SEGMENTS);
    range_mapped = true;
}

/* ---- slabs (under the lock) ---- */

static void slab_list(struct block_slab *slab)
{
    slab->previous = NULL;
    slab->next = partial[slab->shift];
    if (slab->next)
        slab->next->previous = slab;
    partial[slab->shift] = slab;
}

static void slab_unlist(struct block_slab *slab)
{
    if (slab->next)
        slab->next->previous = slab->previous;
    if (slab->previous)
        slab->previous->next = slab->next;
    else
        partial[slab->shift] = slab->next;
}

static uint32_t slab_slots(const struct block_slab *slab)
{
    return 1u << (SEGMENT_BITS - slab->shift);
}

static struct block_slab *slab_make(uint32_t shift)
{
    size_t slots = (size_t)1 << (SEGMENT_BITS - shift);
    struct block_slab *slab = calloc(1, sizeof *slab + slots * sizeof slab->slots[0]);
    if (!slab)
        return NULL;
    slab->segment = run_take(1);
    if (slab->segment == NONE) {
        free(slab);
        return NULL;
    }
    slab->shift = shift;
    slab->next_free = NONE;
    slab_list(slab);
    atomic_store_explicit(&owners[slab->segment], (uintptr_t)slab | 1, memory_order_release);
    return slab;
}

static struct shared_block *slab_take(uint32_t shift)
{
    struct block_slab *slab = partial[shift] ? partial[shift] : slab_make(shift);
    if (!slab)
        return NULL;
    uint32_t slot = slab->next_free;
    if (slot == NONE)
        slot = slab->fresh++;
    else
        slab->next_free = slab->slots[slot].next_free;
    if (++slab->used == slab_slots(slab))
        slab_unlist(slab);
    struct shared_block *block = &slab->slots[slot];
    block->slab = slab;
    block->bytes = segment_bytes(slab->segment) + ((uint64_t)slot << shift);
    return block;
}

/* True if the slab is empty and another one has room: then the caller releases it. */
static bool slab_give(struct shared_block *block)
{
    struct block_slab *slab = block->slab;
    block->next_free = slab->next_free;
    slab->next_free = (uint32_t)(block - slab->slots);
    if (slab->used-- == slab_slots(slab))
        slab_list(slab);
    if (slab->used || (partial[slab->shift] == slab && !slab->next))
        return false;
    slab_unlist(slab);
    atomic_store_explicit(&owners[slab->segment], 0, memory_order_release);
    return true;
}

/* ---- blocks ---- */

static struct shared_block *run_block_take(uint64_t size)
{
    struct shared_block *block = calloc(1, sizeof *block);
    if (!block)
        return NULL;
    uint32_t count = (uint32_t)((size + SEGMENT_SIZE - 1) >> SEGMENT_BITS);
    pthread_mutex_lock(&place_lock);
    uint32_t first = run_take(count);
    if (first != NONE) {
        for (uint32_t i = 0; i < count; i++)
            atomic_store_explicit(&owners[first + i], (uintptr_t)block, memory_order_release);
        block->id = ++last_id;
    }
    pthread_mutex_unlock(&place_lock);
    if (first == NONE) {
        free(block);
        return NULL;
    }
    block->bytes = segment_bytes(first);
    return block;
}

uint64_t shared_block_last_id(void)
{
    pthread_mutex_lock(&place_lock);
    uint64_t id = last_id;
    pthread_mutex_unlock(&place_lock);
    return id;
}

struct shared_block *block_place_take(uint64_t size)
{
    pthread_once(&range_once, range_map);
    if (!range_mapped)
        return NULL;
    uint32_t shift = SMALLEST_SHIFT;
    while (shift <= LARGEST_SHIFT && (uint64_t)1 << shift < size)
        shift++;
    if (shift > LARGEST_SHIFT)
        return run_block_take(size);
    pthread_mutex_lock(&place_lock);
    struct shared_block *block = slab_take(shift);
    if (block)
        block->id = ++last_id;
    pthread_mutex_unlock(&place_lock);
    return block;
}

static void run_return(uint32_t first, uint32_t count)
{
    pthread_mutex_lock(&place_lock);
    for (uint32_t i = 0; i < count; i++)
        atomic_store_explicit(&owners[first + i], 0, memory_order_release);
    run_give(first, count);
    pthread_mutex_unlock(&place_lock);
}

static uint32_t segment_of(const void *address)
{
    return (uint32_t)(((uintptr_t)address - SHARED_RANGE_BASE) >> SEGMENT_BITS);
}

void block_place_give(struct shared_block *block, uint64_t size, uint64_t touched)
{
    if (!block->slab) {
        if (touched)
            madvise(block->bytes, touched, MADV_DONTNEED);
        run_return(segment_of(block->bytes), (uint32_t)((size + SEGMENT_SIZE - 1) >> SEGMENT_BITS));
        free(block);
        return;
    }
    struct block_slab *slab = block->slab;
    memset(block->bytes, 0, touched);
    pthread_mutex_lock(&place_lock);
    bool empty = slab_give(block);
    pthread_mutex_unlock(&place_lock);
    if (empty) {
        madvise(segment_bytes(slab->segment), SEGMENT_SIZE, MADV_DONTNEED);
        run_return(slab->segment, 1);
        free(slab);
    }
}

struct shared_block *shared_block_of(const void *address, uint64_t *offset)
{
    if (!shared_range_holds(address))
        return NULL;
    uint32_t segment = segment_of(address);
    /* acquire: pairs with the release of whoever made the owner */
    uintptr_t owner = atomic_load_explicit(&owners[segment], memory_order_acquire);
    if (!owner)
        return NULL;
    struct shared_block *block = (struct shared_block *)owner;
    if (owner & 1) {
        struct block_slab *slab = (struct block_slab *)(owner & ~(uintptr_t)1);
        uint64_t within = (uintptr_t)address & (SEGMENT_SIZE - 1);
        block = &slab->slots[within >> slab->shift];
    }
    if (offset)
        *offset = (uint64_t)((const uint8_t *)address - block->bytes);
    return block;
}
