/* The inside of an engine, for src/engine alone. */
#ifndef HEDDLE_ENGINE_ENGINE_STRUCT_H
#define HEDDLE_ENGINE_ENGINE_STRUCT_H

#include "engine/js.h"

struct atomics_agent;
struct held_blocks;
struct pinned_code;
struct promise_waiter;

struct engine {
    JSRuntime *runtime;
    const struct engine_host *calls;
    void *host;
    struct heap_arena *arena;
    size_t heap_limit;
    uint64_t seed;
    const struct module_host *modules;
    const struct atomics_agent *atomics_agent; /* engine/atomics.h */
    struct promise_waiter *promise_waiters;    /* atomics_wait.c: promises of Atomics.waitAsync */
    JSAtom wait_results[3];                    /* atomics_wait.c: "ok" and others, made when needed */
    struct held_blocks *shared_buffers;        /* shared_buffer.c; among the externals */
    struct pinned_code *pinned;                /* places.h: functions whose places were told */
    struct external externals; /* head of a ring */
    JSContext **realms;
    size_t realm_count, realm_capacity;
    uint64_t realms_made;
};

/* heap.c: a runtime over the arena, or over the C library's heap when it is NULL. */
JSRuntime *engine_runtime_new(struct heap_arena *arena);

/* shared_buffer.c: the hooks of SharedArrayBuffer objects. */
void engine_shared_memory_install(struct engine *e);

/* atomics.c: the Atomics object as a lazy property of the realm's global. 0, or -1 when out of memory. */
int atomics_define(JSContext *realm);

#endif
