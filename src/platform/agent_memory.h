/* The memory of one agent in one reservation: guard, stack, heap.
 *
 *   | guard | stack, growing down | heap, growing up ... |
 *
 * The reservation needs three mappings, so that ten thousand agents stay below the system's usual
 * limit of 65,530. Stack and heap meet in the middle of a 2 MiB region, so that an idle agent's few
 * pages share one page table; there are no huge pages below the first few MiB of the heap and huge
 * pages beyond, so that a small agent stays small and a big one is quickly freed.
 *
 * Ownership: whoever creates it frees it, after the thread that ran on the stack was joined.
 * Threads: any. */
#ifndef HEDDLE_PLATFORM_AGENT_MEMORY_H
#define HEDDLE_PLATFORM_AGENT_MEMORY_H

#include "base/status.h"

#include <stddef.h>

#define AGENT_MEMORY_STACK ((size_t)4 << 20) /* the stack an agent gets unless told otherwise */
#define AGENT_MEMORY_HEAP ((size_t)1 << 30)  /* the heap an agent gets unless told otherwise */

struct agent_memory {
    void *reservation;
    size_t reserved;
    void *stack; /* lowest address */
    size_t stack_size;
    void *heap;
    size_t heap_size;
};

/* At least `stack_size` and `heap_size` bytes; 0 = the default. STATUS_NO_MEMORY. */
status agent_memory_create(size_t stack_size, size_t heap_size, struct agent_memory *out);

/* Commits what a new agent touches before its first script runs, in one call each. */
void agent_memory_warm(struct agent_memory *m, size_t stack_bytes, size_t heap_bytes);

/* Gives everything back in one call. */
void agent_memory_free(struct agent_memory *m);

/* heap_arena_on_release's callback. */
void agent_memory_release(void *context, void *address, size_t size);

#endif
