#include "base/heap_arena.h"

#include <string.h>

#include "base/assert.h"

/* A block begins with a header of 8 bytes and spans `size` bytes, a multiple of 16; the payload is
 * what follows the header. A free block holds the references of its list neighbours behind the
 * header and its size again in its last 8 bytes, where the block after it looks when it is freed.
 * The last block before `top` is never free: it would be part of the top. */
struct block {
    size_t size_and_flags;
    uint32_t next_free, previous_free; /* while free */
};

#define GRAIN ((size_t)16)
#define HEADER sizeof(size_t)
#define SMALLEST ((size_t)32)
#define FREE ((size_t)1)          /* this block is free */
#define PREVIOUS_FREE ((size_t)2) /* the block before it is */
#define FLAGS (FREE | PREVIOUS_FREE)

#define SMALL_BITS 8 /* below 256 bytes every size has a list of its own */
#define LIST_BITS 4

_Static_assert(1 << LIST_BITS == HEAP_ARENA_LISTS, "a level has 2^LIST_BITS lists");
_Static_assert((1 << SMALL_BITS) / GRAIN == HEAP_ARENA_LISTS, "the smallest sizes fill level 0");

static inline size_t size_of(const struct block *b)
{
    return b->size_and_flags & ~FLAGS;
}

/* A block as offset in grains; blocks start 8 bytes into a grain, and the first grain holds none,
 * so 0 is free to mean none. */
static inline uint32_t reference_of(const struct heap_arena *a, const struct block *b)
{
    return (uint32_t)((size_t)((const char *)b - a->base) / GRAIN + 1);
}

static inline struct block *block_at(const struct heap_arena *a, uint32_t reference)
{
    return (struct block *)(a->base + (reference - 1) * GRAIN + HEADER);
}

static inline struct block *after(struct block *b, size_t size)
{
    return (struct block *)((char *)b + size);
}

static inline size_t offset_of(const struct heap_arena *a, const struct block *b)
{
    return (size_t)((const char *)b - a->base);
}

static inline void *payload(struct block *b)
{
    return (char *)b + HEADER;
}

static inline struct block *block_of(const void *address)
{
    return (struct block *)((char *)address - HEADER);
}

/* ---- the lists of free blocks ---- */

struct list_place {
    unsigned level, list;
};

static inline unsigned log2_of(size_t size)
{
    return (unsigned)(63 - __builtin_clzll(size));
}

/* The list in which a free block of `size` bytes is kept. */
static inline struct list_place place_of(size_t size)
{
    if (size < (size_t)1 << SMALL_BITS) {
        return (struct list_place){0, (unsigned)(size / GRAIN)};
    }
    unsigned log = log2_of(size);
    return (struct list_place){log - SMALL_BITS + 1,
                               (unsigned)(size >> (log - LIST_BITS)) & (HEAP_ARENA_LISTS - 1)};
}

static void list_insert(struct heap_arena *a, struct block *b, size_t size)
{
    struct list_place p = place_of(size);
    uint32_t *head = &a->free_lists[p.level][p.list], self = reference_of(a, b);

    b->previous_free = 0;
    b->next_free = *head;
    if (*head) {
        block_at(a, *head)->previous_free = self;
    }
    *head = self;
    a->occupied[p.level] |= 1u << p.list;
    a->levels |= 1u << p.level;
}

static void list_remove(struct heap_arena *a, struct block *b, size_t size)
{
    struct list_place p = place_of(size);

    if (b->next_free) {
        block_at(a, b->next_free)->previous_free = b->previous_free;
    }
    if (b->previous_free) {
        block_at(a, b->previous_free)->next_free = b->next_free;
        return;
    }
    hd_assert(a->free_lists[p.level][p.list] == reference_of(a, b));
    a->free_lists[p.level][p.list] = b->next_free;
    if (!b->next_free) {
        a->occupied[p.level] &= ~(1u << p.list);
        if (!a->occupied[p.level]) {
            a->levels &= ~(1u << p.level);
        }
    }
}

/* A free block of at least `size` bytes, or NULL. */
static struct block *list_find(const struct heap_arena *a, size_t size)
{
    struct list_place p = place_of(size);
    uint32_t candidate = a->free_lists[p.level][p.list];

    /* Blocks in the size's own list may be too small; the first is worth a look, because equal
     * sizes come again. */
    if (candidate && size_of(block_at(a, candidate)) >= size) {
        return block_at(a, candidate);
    }
    uint32_t lists = a->occupied[p.level] & (~0u << p.list << 1);
    if (!lists) {
        uint32_t levels = a->levels & (~0u << p.level << 1);
        if (!levels) {
            return NULL;
        }
        p.level = (unsigned)__builtin_ctz(levels);
        lists = a->occupied[p.level];
    }
    return block_at(a, a->free_lists[p.level][__builtin_ctz(lists)]);
}

/* ---- blocks ---- */

/* Makes [b, b + size), whose neighbours are in use, a free block. Not before the top. */
static void block_set_free(struct heap_arena *a, struct block *b, size_t size)
{
    struct block *next = after(b, size);

    b->size_and_flags = size | FREE;
    ((size_t *)next)[-1] = size;
    next->size_and_flags |= PREVIOUS_FREE;
    list_insert(a, b, size);
}

static void top_lower(struct heap_arena *a, size_t top)
{
    a->top = top;
    if (a->release && a->touched - top > a->release_threshold) {
        /* Whole pages only: the rest may hold the last block. */
        size_t start = (top + HEADER + 4095) & ~(size_t)4095;
        a->release(a->context, a->base + start, a->touched - start);
        a->touched = start;
    }
}

/* Gives back [b, b + size), which is in use: joins it with free neighbours. `previous_free` is b's
 * flag. */
static void block_release(struct heap_arena *a, struct block *b, size_t size, bool previous_free)
{
    if (previous_free) {
        size_t previous_size = ((size_t *)b)[-1];
        struct block *previous = (struct block *)((char *)b - previous_size);
        hd_assert(previous->size_and_flags == (previous_size | FREE));
        list_remove(a, previous, previous_size);
        b = previous;
        size += previous_size;
    }
    if (offset_of(a, b) + size == a->top) {
        top_lower(a, offset_of(a, b));
        return;
    }
    struct block *next = after(b, size);
    if (next->size_and_flags & FREE) {
        list_remove(a, next, size_of(next));
        size += size_of(next);
    }
    block_set_free(a, b, size);
}

/* Moves the top up by `size`. False when the range is used up. */
static inline bool top_raise(struct heap_arena *a, size_t size)
{
    if (a->size - a->top < size) {
        return false;
    }
    a->top += size;
    if (a->touched < a->top) {
        a->touched = a->top;
    }
    return true;
}

static inline void count_used(struct heap_arena *a, size_t more)
{
    a->used += more;
    if (a->used > a->peak) {
        a->peak = a->used;
    }
}

/* The block size for a request; 0 when no arena could hold it. */
static inline size_t block_size(const struct heap_arena *a, size_t size)
{
    if (size >= a->size) {
        return 0;
    }
    size = (size + HEADER + GRAIN - 1) & ~(GRAIN - 1);
    return size < SMALLEST ? SMALLEST : size;
}

void heap_arena_init(struct heap_arena *a, void *memory, size_t size, size_t limit)
{
    hd_assert((uintptr_t)memory % GRAIN == 0);
    hd_assert(size >= 4096 && size < (size_t)1 << (SMALL_BITS + HEAP_ARENA_LEVELS - 2));
    memset(a, 0, sizeof(*a));
    a->base = memory;
    a->size = size;
    a->limit = limit ? limit : size;
    a->top = a->touched = HEADER; /* the first payload lies at 16 */
}

void heap_arena_on_release(struct heap_arena *a,
                           void (*release)(void *context, void *address, size_t size),
                           void *context, size_t threshold)
{
    a->release = release;
    a->context = context;
    a->release_threshold = threshold + 8192; /* so that a whole page remains */
}

/* `*zero_from`: offset from which on the block is known to be zero. */
static inline struct block *take(struct heap_arena *a, size_t request, size_t *zero_from)
{
    size_t size = block_size(a, request);

    if (!size || a->limit < a->used || a->limit - a->used < size) {
        return NULL;
    }
    struct block *b = list_find(a, size);
    if (!b) {
        b = (struct block *)(a->base + a->top);
        *zero_from = a->touched;
        if (!top_raise(a, size)) {
            return NULL;
        }
        b->size_and_flags = size;
        count_used(a, size);
        return b;
    }
    size_t whole = size_of(b);
    hd_assert(b->size_and_flags & FREE && whole >= size &&
              ((size_t *)after(b, whole))[-1] == whole);
    list_remove(a, b, whole);
    after(b, whole)->size_and_flags &= ~PREVIOUS_FREE;
    *zero_from = SIZE_MAX;
    if (whole - size >= SMALLEST) {
        block_set_free(a, after(b, size), whole - size);
    } else {
        size = whole;
    }
    b->size_and_flags = size;
    count_used(a, size);
    return b;
}

void *heap_arena_alloc(struct heap_arena *a, size_t size)
{
    size_t zero_from;
    struct block *b = take(a, size, &zero_from);

    return b ? payload(b) : NULL;
}

void *heap_arena_calloc(struct heap_arena *a, size_t count, size_t size)
{
    size_t zero_from, bytes;

    if (__builtin_mul_overflow(count, size, &bytes)) {
        return NULL;
    }
    struct block *b = take(a, bytes, &zero_from);
    if (!b) {
        return NULL;
    }
    size_t start = offset_of(a, b) + HEADER;
    if (zero_from > start) {
        memset(payload(b), 0, zero_from - start < bytes ? zero_from - start : bytes);
    }
    return payload(b);
}

/* The block that the caller calls `address`, checked. */
static inline struct block *own_block(const struct heap_arena *a, const void *address)
{
    struct block *b = block_of(address);

    hd_assert((uintptr_t)address % GRAIN == 0 && heap_arena_contains(a, address));
    hd_assert(!(b->size_and_flags & FREE) && size_of(b) >= SMALLEST &&
              offset_of(a, b) + size_of(b) <= a->top);
    return b;
}

void heap_arena_free(struct heap_arena *a, void *address)
{
    if (!address) {
        return;
    }
    struct block *b = own_block(a, address);
    size_t size = size_of(b);
    bool previous_free = b->size_and_flags & PREVIOUS_FREE;

    b->size_and_flags |= FREE; /* a second free of it is noticed */
    a->used -= size;
    block_release(a, b, size, previous_free);
}

/* Grows `b` from `old` to `size` bytes where it lies. */
static bool grow_in_place(struct heap_arena *a, struct block *b, size_t old, size_t size)
{
    size_t flags = b->size_and_flags & FLAGS;

    if (a->limit < a->used || a->limit - a->used < size - old) {
        return false;
    }
    if (offset_of(a, b) + old == a->top) {
        if (!top_raise(a, size - old)) {
            return false;
        }
    } else {
        struct block *next = after(b, old);
        size_t both = old + size_of(next);
        if (!(next->size_and_flags & FREE) || both < size) {
            return false;
        }
        list_remove(a, next, size_of(next));
        after(b, both)->size_and_flags &= ~PREVIOUS_FREE;
        if (both - size >= SMALLEST) {
            block_set_free(a, after(b, size), both - size);
        } else {
            size = both;
        }
    }
    b->size_and_flags = size | flags;
    count_used(a, size - old);
    return true;
}

void *heap_arena_realloc(struct heap_arena *a, void *address, size_t request)
{
    if (!address) {
        return heap_arena_alloc(a, request);
    }
    if (!request) {
        heap_arena_free(a, address);
        return NULL;
    }
    struct block *b = own_block(a, address);
    size_t old = size_of(b), size = block_size(a, request);
    if (!size) {
        return NULL;
    }
    if (size <= old) {
        if (old - size >= SMALLEST) {
            b->size_and_flags -= old - size;
            a->used -= old - size;
            block_release(a, after(b, size), old - size, false);
        }
        return address;
    }
    if (grow_in_place(a, b, old, size)) {
        return address;
    }
    void *moved = heap_arena_alloc(a, request);
    if (moved) {
        memcpy(moved, address, old - HEADER);
        heap_arena_free(a, address);
    }
    return moved;
}

size_t heap_arena_usable_size(const void *address)
{
    return address ? size_of(block_of(address)) - HEADER : 0;
}

bool heap_arena_contains(const struct heap_arena *a, const void *address)
{
    return (uintptr_t)address - (uintptr_t)a->base < a->size;
}

struct heap_arena_figures heap_arena_figures(const struct heap_arena *a)
{
    return (struct heap_arena_figures){
        .used = a->used, .peak = a->peak, .committed = a->touched, .reserved = a->size};
}

static size_t listed_blocks(const struct heap_arena *a)
{
    size_t count = 0;

    for (unsigned level = 0; level < HEAP_ARENA_LEVELS; level++) {
        hd_assert(!(a->levels >> level & 1) == !a->occupied[level]);
        for (unsigned list = 0; list < HEAP_ARENA_LISTS; list++) {
            uint32_t reference = a->free_lists[level][list], previous = 0;
            hd_assert(!(a->occupied[level] >> list & 1) == !reference);
            for (; reference; count++) {
                const struct block *b = block_at(a, reference);
                struct list_place p = place_of(size_of(b));
                hd_assert(b->size_and_flags & FREE && b->previous_free == previous);
                hd_assert(p.level == level && p.list == list);
                previous = reference;
                reference = b->next_free;
            }
        }
    }
    return count;
}

void heap_arena_check(const struct heap_arena *a)
{
    size_t at = HEADER, used = 0, free_count = 0;
    bool previous_free = false;

    while (at < a->top) {
        struct block *b = (struct block *)(a->base + at);
        size_t size = size_of(b);
        hd_assert(size >= SMALLEST && size % GRAIN == 0 && size <= a->top - at);
        hd_assert(!(b->size_and_flags & PREVIOUS_FREE) == !previous_free);
        if (b->size_and_flags & FREE) {
            hd_assert(!previous_free && at + size < a->top);
            hd_assert(((size_t *)after(b, size))[-1] == size);
            free_count++;
        } else {
            used += size;
        }
        previous_free = b->size_and_flags & FREE;
        at += size;
    }
    hd_assert(at == a->top && a->touched >= a->top && a->touched <= a->size);
    hd_assert(used == a->used && a->used <= a->peak && a->used <= a->limit);
    hd_assert(free_count == listed_blocks(a));
}
