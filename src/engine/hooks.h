/* What the patched engine asks of its host: the state it keeps per runtime and the functions it
 * calls.
 *
 * Included by unity.c before the engine's text, so that the patches
 * (src/subprojects/packagefiles/quickjs-ng) stay a few lines each. All functions run on the thread
 * of the runtime they are given. */
#ifndef HEDDLE_ENGINE_HOOKS_H
#define HEDDLE_ENGINE_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quickjs.h"

struct JSObject;
struct value_state;
struct outside_bytes;

/* State of the host inside JSRuntime, zero at its creation. */
struct engine_host_state {
    /* ECMA-262 sec-clear-kept-objects: the targets kept alive until the job ends; see
     * heddle_keep_during_job. */
    JSValue *kept;
    size_t kept_count, kept_capacity;
    uint32_t kept_epoch; /* how often the list was cleared */

    /* Set by every allocation failure, before the error object is made: when even that finds no
     * memory, the engine throws null, and only this tells what happened. The host clears it. */
    bool out_of_memory;

    /* See heddle_set_interrupt_flag; NULL until it is called. */
    const int *interrupt_flag;

    /* Date.now() in microseconds since 1970; NULL means the machine's clock. */
    int64_t (*wall_clock)(void *opaque);
    void *wall_clock_opaque;

    /* ECMA-262 sec-host-cleanup-finalization-registry: runs `job` in a task of its own (R-GC-03);
     * NULL means the engine's job queue. Takes over nothing: what it keeps of `arguments` it
     * duplicates. Called within garbage collection: must not run JavaScript. Returns 0, or -1 when
     * out of memory. */
    int (*enqueue_cleanup)(JSContext *realm, JSJobFunc *job, int count, JSValueConst *arguments);

    uint64_t jobs_queued, jobs_begun; /* ever: see heddle_job_begins */

    /* ECMA-262 [[HostDefined]] of the job callback that runs: see heddle_job_callback. NULL: none does. */
    const JSValue *job_giver;

    /* values.c: what it caches in the heap, and the bytes of ArrayBuffers that lie outside. */
    struct value_state *values;
    struct outside_bytes *outside;

    /* The view through which the engine reaches an element, noted before it does: the class of the
     * typed array or DataView, and its first byte (observed variant only). */
    int view_class;
    const void *view_base;
};

#if defined(HEDDLE_OBSERVED) && HEDDLE_OBSERVED
void __tsan_write_range(void *address, unsigned long size); /* callbacks.c */
#define HEDDLE_WRITES(bytes, size) __tsan_write_range((bytes), (size))
#define HEDDLE_NOTE_VIEW(ctx, p)                                                                   \
    ((ctx)->rt->host.view_class = (p)->class_id, (ctx)->rt->host.view_base = (p)->u.array.u.ptr)
#define HEDDLE_NOTE_DATA_VIEW(ctx, bytes)                                                          \
    ((ctx)->rt->host.view_class = JS_CLASS_DATAVIEW, (ctx)->rt->host.view_base = (bytes))
#else
#define HEDDLE_WRITES(bytes, size) ((void)0)
#define HEDDLE_NOTE_VIEW(ctx, p) ((void)0)
#define HEDDLE_NOTE_DATA_VIEW(ctx, bytes) ((void)0)
#endif

/* ---- Given by the engine (hooks.c, compiled within unity.c) ---- */

struct engine_host_state *heddle_host_state(JSRuntime *runtime);

/* While `*flag` is not zero, every poll of `runtime` calls its interrupt handler; otherwise only
 * every 10000th does. The flag is set by any thread, relaxed, and cleared by whoever set it or by
 * the handler; it outlives the runtime. */
void heddle_set_interrupt_flag(JSRuntime *runtime, const _Atomic int *flag);

/* ClearKeptObjects: lets go of the targets that WeakRefs were made of or dereferenced to (R-GC-01).
 * May free objects, runs no JavaScript. JS_FreeRuntime calls it too. */
void heddle_clear_kept_objects(JSRuntime *runtime);

/* Fixes Math.random()'s sequence in one realm. To be called right after the realm was made. */
void heddle_seed_random(JSContext *realm, uint64_t seed);

/* Defines a property whose value heddle_autoinit builds when it is first touched. `flags` are
 * JS_PROP_C_W_E bits, `descriptor` outlives the realm. The property must not exist. Returns 0, or
 * -1 when out of memory. */
int heddle_define_lazy(JSContext *realm, JSValueConst object, JSAtom name, void *descriptor,
                       int flags);

/* ---- Called by the patches ---- */

/* What scripts see as the global object: a WindowProxy if the host has given one (internals.c). For the engine's own text. */
#define heddle_global_this(realm)                                                                                      \
    (JS_VALUE_GET_TAG((realm)->global_this) == JS_TAG_OBJECT ? (realm)->global_this : (realm)->global_obj)

void heddle_keep_during_job(JSContext *realm, JSValueConst target, uint32_t *kept_epoch);
int heddle_enqueue_cleanup(JSContext *realm, JSJobFunc *job, int count, JSValueConst *arguments);
int64_t heddle_wall_clock(JSContext *realm);
const int *heddle_interrupt_flag(JSRuntime *runtime);

/* ECMA-262 sec-hostmakejobcallback (R-JB-06): the handler of a reaction, a new reference, which brings along who gave it where that
 * can be observed: a native function, which has no realm and no script of its own (a JavaScript function hides who gave it). */
JSValue heddle_job_callback(JSContext *realm, JSValueConst handler);

/* HTML "active script", by its name, a new reference: what import() resolves against. */
JSAtom heddle_active_script(JSContext *realm);

/* Asserts that jobs run in the order of their queueing, none left out (R-EL-09). */
void heddle_job_begins(JSRuntime *runtime, uint64_t number);

/* Frees what values.c caches. JS_FreeRuntime calls it. */
void heddle_values_release(JSRuntime *runtime);

/* The zeroed bytes of a new ArrayBuffer; for a large one they lie outside the heap, so that a transfer can move them to another
 * runtime, and *realloc_func becomes theirs. NULL with an exception. */
void *heddle_buffer_new(JSContext *realm, size_t size, JSReallocArrayBufferDataFunc **realloc_func);

/* ---- Supplied by the host (src/engine) ---- */

/* Builds the value of a property defined with JS_AUTOINIT_ID_BYTECODE and a descriptor of ours as
 * `opaque`; may run JavaScript and touch `object`. An exception leaves the property unbuilt. */
JSValue heddle_autoinit(JSContext *realm, struct JSObject *object, JSAtom name, void *opaque);

/* ECMA-262 sec-allocatesharedarraybuffer: a new zeroed shared block of `byte_length` bytes,
 * growable up to `max_byte_length` when `growable` (otherwise both are equal). NULL makes the
 * engine throw a RangeError. The block is given back through JSSharedArrayBufferFunctions.sab_free;
 * sab_dup adds a reference for every further buffer object. */
void *heddle_sab_new(JSContext *realm, uint64_t byte_length, uint64_t max_byte_length,
                     bool growable);

/* ArrayBufferByteLength(block, seq-cst) of a growable block: an event of the memory model. */
uint64_t heddle_sab_length(const void *data);

/* ArrayBufferByteLength(block, unordered): for the bounds of an element, no event and no order. If
 * the host supplies none, it is heddle_sab_length. */
uint64_t heddle_sab_length_unordered(const void *data);

/* ECMA-262 sec-sharedarraybuffer.prototype.grow, steps 7-13: one atomic step that raises the
 * length; 0, or -1 if `byte_length` is less than the present one (or no memory is left): a
 * RangeError. Never above the maximum. */
int heddle_sab_grow(void *data, uint64_t byte_length);

#endif
