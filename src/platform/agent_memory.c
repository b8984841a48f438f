#include "platform/agent_memory.h"

#include <stdint.h>

#include "platform/pages.h"

/* Of the heap, without huge pages. */
#define SMALL_PART ((size_t)4 << 20)

static size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) & ~(unit - 1);
}

status agent_memory_create(size_t stack_size, size_t heap_size, struct agent_memory *out)
{
    size_t stack = round_up(stack_size ? stack_size : AGENT_MEMORY_STACK, PAGE_HUGE);
    size_t heap = round_up(heap_size ? heap_size : AGENT_MEMORY_HEAP, PAGE_HUGE);
    /* The guard takes up the rest of its huge page, and whatever the system's alignment leaves
     * over. */
    size_t reserved = PAGE_HUGE + stack + heap;
    void *range;

    status s = pages_reserve(reserved, &range);
    if (s != STATUS_OK) {
        return s;
    }
    /* The meeting point: in the middle of the aligned region that contains it. */
    uintptr_t middle = ((uintptr_t)range + PAGE_HUGE / 2 + stack) & ~(PAGE_HUGE - 1);
    middle += PAGE_HUGE / 2;
    *out = (struct agent_memory){
        .reservation = range,
        .reserved = reserved,
        .stack = (char *)middle - stack,
        .stack_size = stack,
        .heap = (char *)middle,
        .heap_size = (size_t)((char *)range + reserved - (char *)middle),
    };
    size_t guard = (size_t)((char *)out->stack - (char *)range);
    char *big = (char *)out->heap + SMALL_PART;
    s = pages_guard(range, guard);
    if (s != STATUS_OK) {
        pages_unmap(range, reserved);
        return s;
    }
    pages_no_huge(out->stack, stack + SMALL_PART);
    pages_huge(big, out->heap_size > SMALL_PART ? out->heap_size - SMALL_PART : 0);
    return STATUS_OK;
}

void agent_memory_warm(struct agent_memory *m, size_t stack_bytes, size_t heap_bytes)
{
    /* Stack and heap meet, so it is one range. */
    pages_populate((char *)m->heap - stack_bytes, stack_bytes + heap_bytes);
}

void agent_memory_free(struct agent_memory *m)
{
    pages_unmap(m->reservation, m->reserved);
    *m = (struct agent_memory){0};
}

void agent_memory_release(void *context, void *address, size_t size)
{
    pages_discard(address, size);
}
