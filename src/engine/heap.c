#include "engine/engine_struct.h"

#include "base/heap_arena.h"

static void *arena_calloc(void *opaque, size_t count, size_t size)
{
    return heap_arena_calloc(opaque, count, size);
}

static void *arena_malloc(void *opaque, size_t size)
{
    return heap_arena_alloc(opaque, size);
}

static void arena_free(void *opaque, void *address)
{
    heap_arena_free(opaque, address);
}

static void *arena_realloc(void *opaque, void *address, size_t size)
{
    return heap_arena_realloc(opaque, address, size);
}

JSRuntime *engine_runtime_new(struct heap_arena *arena)
{
    static const JSMallocFunctions functions = {
        .js_calloc = arena_calloc,
        .js_malloc = arena_malloc,
        .js_free = arena_free,
        .js_realloc = arena_realloc,
        .js_malloc_usable_size = heap_arena_usable_size,
    };

    return arena ? JS_NewRuntime2(&functions, arena) : JS_NewRuntime();
}
