#include "variant_host.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/assert.h"
#include "memory/shared_range.h"

/* ---- Shared blocks: a header page before the data, carved from the watched range and never reused
 * ---- */

#define HEADER 64

struct block {
    _Atomic uint64_t length;
    uint64_t maximum; /* 0: not growable */
    _Atomic int references;
};

static _Atomic uintptr_t next_block;

static struct block *block_of(const void *data)
{
    return (struct block *)((uintptr_t)data - HEADER);
}

void *heddle_sab_new(JSContext *realm, uint64_t byte_length, uint64_t max_byte_length,
                     bool growable)
{
    uintptr_t none = 0;
    if (!atomic_load(&next_block)) {
        void *range =
            mmap((void *)SHARED_RANGE_BASE, SHARED_RANGE_SIZE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        hd_assert(range == (void *)SHARED_RANGE_BASE);
        atomic_compare_exchange_strong(&next_block, &none, SHARED_RANGE_BASE);
    }
    uintptr_t size = (HEADER + max_byte_length + 4095) & ~(uintptr_t)4095;
    struct block *block = (struct block *)atomic_fetch_add(&next_block, size);
    block->length = byte_length;
    block->maximum = growable ? max_byte_length : 0;
    block->references = 1;
    return (char *)block + HEADER;
}

static void *block_no_alloc(void *opaque, size_t size)
{
    hd_assert(!"heddle_sab_new is called instead");
    return NULL;
}

static void block_dup(void *opaque, void *data)
{
    block_of(data)->references++;
}

static void block_free(void *opaque, void *data)
{
    hd_assert(block_of(data)->references-- > 0);
}

uint64_t heddle_sab_length(const void *data)
{
    return block_of(data)->length;
}

int heddle_sab_grow(void *data, uint64_t byte_length)
{
    uint64_t now = block_of(data)->length;
    do {
        if (byte_length < now) {
            return -1;
        }
    } while (!atomic_compare_exchange_weak(&block_of(data)->length, &now, byte_length));
    return 0;
}

/* ---- Lazy properties ---- */

int variant_lazy_builds;
static char lazy_descriptor;

JSValue heddle_autoinit(JSContext *realm, struct JSObject *object, JSAtom name, void *opaque)
{
    hd_assert(opaque == &lazy_descriptor);
    variant_lazy_builds++;
    /* touches the same object: adds many properties, which moves its table */
    static const char source[] =
        "for (let i = 0; i < 100; i++) globalThis['added' + i] = i; ({ built: true })";
    return JS_Eval(realm, source, sizeof(source) - 1, "lazy.js", JS_EVAL_TYPE_GLOBAL);
}

/* ---- Globals ---- */

static JSValue js_print(JSContext *realm, JSValueConst this_value, int count,
                        JSValueConst *arguments)
{
    for (int i = 0; i < count; i++) {
        const char *text = JS_ToCString(realm, arguments[i]);
        printf("%s%s", i ? " " : "", text ? text : "?");
        JS_FreeCString(realm, text);
    }
    printf("\n");
    return JS_UNDEFINED;
}

static JSValue js_gc(JSContext *realm, JSValueConst this_value, int count, JSValueConst *arguments)
{
    JS_RunGC(JS_GetRuntime(realm));
    return JS_UNDEFINED;
}

static JSValue js_clear_kept(JSContext *realm, JSValueConst this_value, int count,
                             JSValueConst *arguments)
{
    heddle_clear_kept_objects(JS_GetRuntime(realm));
    return JS_UNDEFINED;
}

JSContext *variant_new(void)
{
    JSRuntime *runtime = JS_NewRuntime();
    JS_SetMaxStackSize(runtime, 4 << 20);
    JS_SetSharedArrayBufferFunctions(
        runtime, &(JSSharedArrayBufferFunctions){
                     .sab_alloc = block_no_alloc, .sab_free = block_free, .sab_dup = block_dup});
    JSContext *realm = JS_NewContext(runtime);
    JSValue global = JS_GetGlobalObject(realm);
    JS_SetPropertyStr(realm, global, "print", JS_NewCFunction(realm, js_print, "print", 0));
    JS_SetPropertyStr(realm, global, "gc", JS_NewCFunction(realm, js_gc, "gc", 0));
    JS_SetPropertyStr(realm, global, "clearKept",
                      JS_NewCFunction(realm, js_clear_kept, "clearKept", 0));
    JSAtom name = JS_NewAtom(realm, "lazyValue");
    heddle_define_lazy(realm, global, name, &lazy_descriptor,
                       JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    JS_FreeAtom(realm, name);
    JS_FreeValue(realm, global);
    return realm;
}

void variant_free(JSContext *realm)
{
    JSRuntime *runtime = JS_GetRuntime(realm);
    JS_FreeContext(realm);
    JS_FreeRuntime(runtime);
}

const char *variant_eval(JSContext *realm, const char *source)
{
    static _Thread_local char result[4096];
    const char *prefix = "";
    JSContext *job_realm;

    JSValue value = JS_Eval(realm, source, strlen(source), "test.js", JS_EVAL_TYPE_GLOBAL);
    if (JS_IsException(value)) {
        value = JS_GetException(realm);
        prefix = "throws ";
    }
    while (JS_ExecutePendingJob(JS_GetRuntime(realm), &job_realm) > 0) {
    }
    const char *text = JS_ToCString(realm, value);
    snprintf(result, sizeof(result), "%s%s", prefix, text ? text : "?");
    JS_FreeCString(realm, text);
    JS_FreeValue(realm, value);
    return result;
}

void variant_share(JSContext *from, JSContext *realm, const char *name)
{
    JSValue global = JS_GetGlobalObject(from), buffer = JS_GetPropertyStr(from, global, name);
    size_t length;
    uint8_t *data = JS_GetArrayBuffer(from, &length, buffer);
    hd_assert(data);
    uint64_t maximum = block_of(data)->maximum;
    JS_FreeValue(from, buffer);
    JS_FreeValue(from, global);
    global = JS_GetGlobalObject(realm);
    buffer = JS_NewArrayBuffer(realm, data, length, maximum, NULL, NULL, true);
    JS_SetPropertyStr(realm, global, name, buffer);
    JS_FreeValue(realm, global);
}
