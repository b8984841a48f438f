#include "engine/engine.h"

#include "base/assert.h"
#include "engine/atomics.h"
#include "engine/engine_struct.h"
#include "engine/hooks.h"
#include "engine/internals.h"
#include "engine/places.h"
#include "engine/values.h"

#include <stdlib.h>

static int interrupt_handler(JSRuntime *runtime, void *opaque)
{
    struct engine *e = opaque;
    (void)runtime;
    return e->calls->interrupted(e->host);
}

static int64_t wall_clock(void *opaque)
{
    struct engine *e = opaque;
    return e->calls->wall_clock_us(e->host);
}

/* ---- places, for whoever watches ---- */

static unsigned place_keys(void *engine, uintptr_t keys[OBSERVE_FRAMES])
{
    return places_keys(((struct engine *)engine)->runtime, keys);
}

static uintptr_t place_top(void *engine)
{
    return places_top(((struct engine *)engine)->runtime);
}

static void place_frames(void *engine, void (*visit)(void *, const struct observe_frame *), void *to)
{
    struct engine *e = engine;
    places_frames(e->runtime, &e->pinned, visit, to);
}

static enum observe_view place_view(void *engine, const void *address, const void **base)
{
    return places_view(((struct engine *)engine)->runtime, address, base);
}

static const struct observe_locator locator = {place_keys, place_top, place_frames, place_view};

status engine_create(const struct engine_options *options, struct engine **out)
{
    struct engine *e = calloc(1, sizeof *e);
    if (!e)
        return STATUS_NO_MEMORY;
    e->calls = options->host_calls;
    e->host = options->host;
    e->seed = options->seed;
    e->heap_limit = options->heap_limit;
    e->externals.next = e->externals.previous = &e->externals;
    e->runtime = engine_runtime_new(options->arena);
    if (!e->runtime) {
        free(e);
        return STATUS_NO_MEMORY;
    }
    e->arena = options->arena;
    JS_SetRuntimeOpaque(e->runtime, e);
    host_class_reserve(e->runtime);
    if (options->heap_limit)
        JS_SetMemoryLimit(e->runtime, options->heap_limit);
    if (options->stack_limit)
        JS_SetMaxStackSize(e->runtime, options->stack_limit);
    JS_SetInterruptHandler(e->runtime, interrupt_handler, e);
    if (options->interrupt_flag)
        heddle_set_interrupt_flag(e->runtime, options->interrupt_flag);
    heddle_host_state(e->runtime)->wall_clock = wall_clock;
    heddle_host_state(e->runtime)->wall_clock_opaque = e;
    engine_shared_memory_install(e);
    observe_set_locator(&locator, e);
    *out = e;
    return STATUS_OK;
}

static void release_externals(struct engine *e)
{
    while (e->externals.next != &e->externals) {
        struct external *x = e->externals.next;
        external_forget(x);
        x->release(x);
    }
}

void engine_destroy(struct engine *e)
{
    observe_set_locator(NULL, NULL);
    engine_atomics_end(e);
    places_release(e->runtime, e->pinned, e->arena);
    if (!e->arena) {
        for (size_t i = 0; i < e->realm_count; i++)
            JS_FreeContext(e->realms[i]);
        JS_FreeRuntime(e->runtime);
    }
    release_externals(e);
    if (e->arena)
        values_drop(e->runtime);
    free(e->realms);
    free(e);
}

void *engine_host_of(const struct engine *e)
{
    return e->host;
}

bool engine_stack_is_empty(const struct engine *e)
{
    return stack_is_empty(e->runtime);
}

bool engine_checkpoint_is_due(const struct engine *e)
{
    return checkpoint_is_due(e->runtime);
}

bool engine_has_microtasks(const struct engine *e)
{
    return JS_IsJobPending(e->runtime);
}

void engine_clear_kept_objects(struct engine *e)
{
    heddle_clear_kept_objects(e->runtime);
}

void engine_collect(struct engine *e)
{
    JS_RunGC(e->runtime);
}

struct engine_memory engine_memory(const struct engine *e)
{
    JSMemoryUsage usage;
    JS_ComputeMemoryUsage(e->runtime, &usage);
    return (struct engine_memory){.used = (size_t)usage.malloc_size, .limit = e->heap_limit};
}

bool engine_take_out_of_memory(struct engine *e)
{
    struct engine_host_state *state = heddle_host_state(e->runtime);
    bool was = state->out_of_memory;
    state->out_of_memory = false;
    return was;
}

const char *engine_version(void)
{
    return HEDDLE_ENGINE_VERSION;
}

const char *engine_variant(void)
{
    return HEDDLE_OBSERVED ? "observed" : "plain";
}

bool engine_has_tail_calls(void)
{
    return HEDDLE_TAIL_CALLS;
}

JSRuntime *engine_runtime(const struct engine *e)
{
    return e->runtime;
}

struct engine *engine_of_runtime(JSRuntime *runtime)
{
    return JS_GetRuntimeOpaque(runtime);
}

struct engine *engine_of(JSContext *realm)
{
    return JS_GetRuntimeOpaque(JS_GetRuntime(realm));
}

void external_hold(struct engine *e, struct external *x, void (*release)(struct external *))
{
    x->release = release;
    x->previous = &e->externals;
    x->next = e->externals.next;
    x->next->previous = x;
    e->externals.next = x;
}

void external_forget(struct external *x)
{
    hd_assert(x->next && x->previous);
    x->next->previous = x->previous;
    x->previous->next = x->next;
    x->next = x->previous = NULL;
}
