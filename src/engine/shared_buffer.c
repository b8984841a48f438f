/* SharedArrayBuffer objects over shared blocks: the engine's hooks (hooks.h) and what js.h offers.
 *
 * An engine holds one reference to a block for all its objects over that block. The references
 * stand in a table outside the heap, so that they are given back exactly once whether the heap is
 * walked (every object says goodbye) or dropped. */
#include <stdlib.h>

#include "base/assert.h"
#include "engine/buffer_access.h"
#include "engine/engine_struct.h"
#include "engine/hooks.h"
#include "engine/shared_buffer.h"
#include "memory/shared_block.h"

struct held_block {
    struct shared_block *block; /* counted */
    size_t objects;             /* SharedArrayBuffers of this engine over it */
    struct held_block *next;    /* in its bucket */
};

struct held_blocks {
    struct external external; /* first: the engine releases it as the table */
    struct held_block **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
    uint32_t cluster; /* of the agent; 0: the engine has none */
    struct shared_buffer_figures figures;
    uint64_t unswept; /* bytes of blocks created since the last collection made for their sake */
};

/* Bytes of new blocks after which garbage is collected: the engine itself sees only the small
 * objects before them. */
#define SWEEP_AFTER ((uint64_t)256 << 20)

static struct held_block **bucket_of(const struct held_blocks *t, const struct shared_block *block)
{
    /* Fibonacci hashing; descriptions of blocks are at least 64 bytes apart. */
    uint64_t hash = ((uint64_t)(uintptr_t)block >> 6) * 0x9e3779b97f4a7c15u;

    return &t->buckets[(hash >> 32) & (t->bucket_count - 1)];
}

static struct held_block **find(const struct held_blocks *t, const struct shared_block *block)
{
    struct held_block **at = bucket_of(t, block);

    while (*at && (*at)->block != block) {
        at = &(*at)->next;
    }
    return at;
}

static void widen(struct held_blocks *t)
{
    size_t old_count = t->bucket_count;
    struct held_block **old = t->buckets;
    struct held_block **buckets = calloc(old_count * 2, sizeof(struct held_block *));

    if (!buckets) {
        return; /* longer chains */
    }
    t->buckets = buckets;
    t->bucket_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        for (struct held_block *h = old[i], *next; h; h = next) {
            struct held_block **bucket = bucket_of(t, h->block);
            next = h->next;
            h->next = *bucket;
            *bucket = h;
        }
    }
    free(old);
}

/* One more object over `block`; the first takes a reference of its own. Invariant 5: no engine of another cluster has one. */
static bool hold(struct held_blocks *t, struct shared_block *block)
{
    struct held_block *h = *find(t, block);

    if (h) {
        h->objects++;
        return true;
    }
    h = malloc(sizeof(*h));
    if (!h) {
        return false;
    }
    if (t->count >= t->bucket_count * 2) {
        widen(t);
    }
    hd_invariant("R-SAB-31", shared_block_enter(block, t->cluster));
    struct held_block **bucket = bucket_of(t, block);
    *h = (struct held_block){shared_block_ref(block), 1, *bucket};
    *bucket = h;
    t->count++;
    t->figures.blocks++;
    t->figures.bytes += shared_block_max(block);
    return true;
}

static void let_go(struct held_blocks *t, const struct shared_block *block)
{
    struct held_block **at = find(t, block), *h = *at;

    hd_assert(h && h->objects);
    if (--h->objects) {
        return;
    }
    *at = h->next;
    t->count--;
    t->figures.blocks--;
    t->figures.bytes -= shared_block_max(h->block);
    shared_block_leave(h->block);
    shared_block_unref(h->block);
    free(h);
}

static void release_table(struct external *external)
{
    struct held_blocks *t = (struct held_blocks *)external;

    for (size_t i = 0; i < t->bucket_count; i++) {
        for (struct held_block *h = t->buckets[i], *next; h; h = next) {
            next = h->next;
            shared_block_leave(h->block);
            shared_block_unref(h->block);
            free(h);
        }
    }
    free(t->buckets);
    free(t);
}

/* ---- the engine's hooks ---- */

static struct held_blocks *table_of(JSContext *realm)
{
    return engine_of(realm)->shared_buffers;
}

static struct shared_block *create(JSContext *realm, uint64_t byte_length, uint64_t maximum)
{
    struct held_blocks *t = table_of(realm);
    uint64_t size = maximum == SHARED_BLOCK_FIXED ? byte_length : maximum;
    struct shared_block *block;

    if (size > SWEEP_AFTER - t->unswept) {
        JS_RunGC(JS_GetRuntime(realm));
        t->unswept = 0;
    }
    status s = shared_block_create(byte_length, maximum, &block);
    if (s == STATUS_NO_MEMORY) { /* garbage may hold what is missing */
        JS_RunGC(JS_GetRuntime(realm));
        s = shared_block_create(byte_length, maximum, &block);
    }
    t->unswept += size < SWEEP_AFTER - t->unswept ? size : SWEEP_AFTER - t->unswept;
    return s == STATUS_OK ? block : NULL;
}

void *heddle_sab_new(JSContext *realm, uint64_t byte_length, uint64_t max_byte_length,
                     bool growable)
{
    struct shared_block *block =
        create(realm, byte_length, growable ? max_byte_length : SHARED_BLOCK_FIXED);

    if (!block) {
        return NULL;
    }
    bool held = hold(table_of(realm), block);
    uint8_t *bytes = shared_block_bytes(block);
    shared_block_unref(block);
    return held ? bytes : NULL;
}

uint64_t heddle_sab_length(const void *data)
{
    return shared_block_byte_length(shared_block_of(data, NULL));
}

uint64_t heddle_sab_length_unordered(const void *data)
{
    return shared_block_byte_length_unordered(shared_block_of(data, NULL));
}

int heddle_sab_grow(void *data, uint64_t byte_length)
{
    return shared_block_grow(shared_block_of(data, NULL), byte_length) == STATUS_OK ? 0 : -1;
}

static void *sab_alloc(void *opaque, size_t size)
{
    hd_assert(!"heddle_sab_new is called instead");
    return NULL;
}

static void sab_free(void *opaque, void *data)
{
    let_go(opaque, shared_block_of(data, NULL));
}

static void sab_dup(void *opaque, void *data)
{
    hd_assert(hold(opaque, shared_block_of(data, NULL)));
}

void engine_shared_memory_install(struct engine *e)
{
    struct held_blocks *t = calloc(1, sizeof(*t));

    hd_assert(t);
    t->bucket_count = 8;
    t->buckets = calloc(t->bucket_count, sizeof(struct held_block *));
    hd_assert(t->buckets);
    e->shared_buffers = t;
    external_hold(e, &t->external, release_table);
    JS_SetSharedArrayBufferFunctions(
        e->runtime,
        &(JSSharedArrayBufferFunctions){
            .sab_alloc = sab_alloc, .sab_free = sab_free, .sab_dup = sab_dup, .sab_opaque = t});
}

/* ---- what js.h offers ---- */

JSValue shared_array_buffer_new(JSContext *realm, struct shared_block *block)
{
    struct held_blocks *t = table_of(realm);

    if (!hold(t, block)) { /* so that sab_dup has nothing left to allocate */
        return JS_ThrowOutOfMemory(realm);
    }
    JSValue object = shared_buffer_object(realm, shared_block_bytes(block),
                                          shared_block_byte_length_unordered(block),
                                          shared_block_max(block), shared_block_growable(block));
    let_go(t, block);
    return object;
}

struct shared_block *shared_array_buffer_block(JSValueConst value)
{
    uint8_t *bytes = shared_buffer_bytes(value);

    return bytes ? shared_block_of(bytes, NULL) : NULL;
}

void engine_set_cluster(struct engine *e, uint32_t cluster)
{
    e->shared_buffers->cluster = cluster;
}

struct shared_buffer_figures engine_shared_buffers(const struct engine *e)
{
    return e->shared_buffers->figures;
}
