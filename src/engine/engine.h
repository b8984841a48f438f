/* One JavaScript engine instance: the heap and the running code of one agent. This header names no
 * engine type, so that modules which handle no JavaScript values can hold and drive one.
 *
 * Ownership: an engine belongs to one agent. Threads: everything on the agent's own thread.
 * Blocking: engine_run_microtask runs JavaScript for as long as that takes; the rest does not
 * block. */
#ifndef HEDDLE_ENGINE_ENGINE_H
#define HEDDLE_ENGINE_ENGINE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct heap_arena;

/* What the engine asks of whoever drives it; `host` is handed back in each call. */
struct engine_host {
    /* Asked at safe points of running JavaScript, every few tens of microseconds: true ends it
     * without `finally`. May block: that is how an agent is paused. */
    bool (*interrupted)(void *host);
    int64_t (*wall_clock_us)(void *host); /* Date.now() in microseconds since 1970 */
};

struct engine_options {
    const _Atomic int *interrupt_flag; /* nonzero: `interrupted` is asked at the very next safe
                                          point; NULL = none. Outlives the engine */
    const struct engine_host *host_calls;
    void *host;
    struct heap_arena *arena; /* NULL: the C library's heap */
    size_t heap_limit;        /* bytes, 0 = none */
    size_t stack_limit; /* bytes of the thread's stack that JavaScript may use, 0 = the engine's
                           default */
    uint64_t seed;      /* of Math.random() */
};

/* On the thread that will use it. STATUS_NO_MEMORY. */
status engine_create(const struct engine_options *options, struct engine **out);

/* True while no JavaScript function is running: the execution-context stack is empty. */
bool engine_stack_is_empty(const struct engine *e);

/* False when a microtask checkpoint would find no job and no kept objects. */
bool engine_checkpoint_is_due(const struct engine *e);
/* True while a promise job or microtask waits. */
bool engine_has_microtasks(const struct engine *e);

/* ECMA-262 sec-clear-kept-objects (R-GC-01). */
void engine_clear_kept_objects(struct engine *e);

/* Frees every object. With an arena the engine's memory is not walked: the arena is dropped as a
 * whole by its owner, and only what lies outside it is released (see external_hold in js.h). */
void engine_destroy(struct engine *e);

void *engine_host_of(const struct engine *e);

/* Collects garbage now. */
void engine_collect(struct engine *e);

struct engine_memory {
    size_t used; /* bytes the engine has allocated and not freed */
    size_t limit;
};
struct engine_memory engine_memory(const struct engine *e);

/* True once an allocation failed because of the heap limit, until asked. */
bool engine_take_out_of_memory(struct engine *e);

const char *engine_version(void); /* "0.17.0" */
const char *engine_variant(void); /* "plain" or "observed" */
bool engine_has_tail_calls(void);

#endif
