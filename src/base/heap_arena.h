/* The heap of one agent: an allocator over one reserved range of addresses, dropped as a whole.
 *
 * Two-level segregated fit with immediate coalescing: allocation and release take constant time,
 * blocks are aligned to 16 bytes and cost 8 bytes each. Memory is taken from the bottom: what was
 * never needed is never touched, so it stays uncommitted, and memory that was returned to the
 * system at the top is uncommitted again.
 *
 * Ownership: the caller owns the range and unmaps it; dropping an arena is forgetting it. Threads:
 * one at a time; nothing is locked. Blocking: never. Sizes are bytes. Errors: NULL when the range
 * or the limit is used up; a block that is not one, or whose bounds were overwritten, is an
 * assertion. */
#ifndef HEDDLE_BASE_HEAP_ARENA_H
#define HEDDLE_BASE_HEAP_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAP_ARENA_LEVELS 30 /* blocks below 64 GiB */
#define HEAP_ARENA_LISTS 16  /* size classes per power of two */

struct heap_arena {
    char *base;
    size_t size;
    size_t limit;   /* of used */
    size_t used;    /* bytes in allocated blocks, their headers included */
    size_t peak;    /* the highest used so far */
    size_t top;     /* offset where the never-used or returned part begins */
    size_t touched; /* bytes from here on are zero and uncommitted; never below top */

    /* See heap_arena_on_release. */
    void (*release)(void *context, void *address, size_t size);
    void *context;
    size_t release_threshold;

    uint32_t levels;                      /* bit l: lists[l] has a block */
    uint32_t occupied[HEAP_ARENA_LEVELS]; /* bit c: free_lists[l][c] has a block */
    uint32_t free_lists[HEAP_ARENA_LEVELS][HEAP_ARENA_LISTS]; /* heads, as references; 0 = empty */
};

/* `memory` is aligned to 16 bytes, readable, writable and zero (untouched memory of a mapping is).
 * `size` is below 64 GiB. `limit` bounds the bytes in use, 0 = only `size` does. */
void heap_arena_init(struct heap_arena *a, void *memory, size_t size, size_t limit);

/* When more than `threshold` touched bytes lie unused at the top, `release` is called for them;
 * afterwards the range reads as zero. Without it the memory stays committed until the arena is
 * dropped. */
void heap_arena_on_release(struct heap_arena *a,
                           void (*release)(void *context, void *address, size_t size),
                           void *context, size_t threshold);

void *heap_arena_alloc(struct heap_arena *a, size_t size);
void *heap_arena_calloc(struct heap_arena *a, size_t count, size_t size);

/* Grows and shrinks in place where the neighbour allows. NULL leaves the old block as it was;
 * `address` NULL allocates; size 0 frees and returns NULL. */
void *heap_arena_realloc(struct heap_arena *a, void *address, size_t size);

void heap_arena_free(struct heap_arena *a, void *address); /* NULL is allowed */

/* Bytes the caller may use at `address`, at least what it asked for. 0 for NULL. */
size_t heap_arena_usable_size(const void *address);

bool heap_arena_contains(const struct heap_arena *a, const void *address);

struct heap_arena_figures {
    size_t used;      /* in allocated blocks */
    size_t peak;      /* the most that was ever used */
    size_t committed; /* touched and not returned to the system */
    size_t reserved;  /* the whole range */
};
struct heap_arena_figures heap_arena_figures(const struct heap_arena *a);

/* Walks every block and asserts that headers, free lists and figures agree. For tests. */
void heap_arena_check(const struct heap_arena *a);

#endif
