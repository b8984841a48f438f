/* The `heddle` object: what scenarios may ask the run itself. Absent with --pure. Own thread. */
#include "agent/world.h"
#include "base/buffer.h"
#include "engine/engine.h"
#include "engine/inspection.h"
#include "engine/interface.h"
#include "memory/native_thread.h"
#include "observe/hooks.h"
#include "web/audio.h"
#include "web/barrier.h"
#include "web/worker.h"
#include "web/css_worklets.h"
#include "web/globals.h"
#include "web/realm.h"
#include "web/resource.h"

#include <string.h>
#include <unistd.h>

/* heddle.log(...): console.log, whatever became of the global `console`. */
static JSValue heddle_log(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                          int magic, JSValueConst *data)
{
    (void)self;
    (void)magic;
    return JS_Call(js, data[1], data[0], count, arguments);
}

/* ---- assertEqual ---- */

static bool same_text(JSContext *js, JSValueConst a, JSValueConst b)
{
    JSValue left = JS_JSONStringify(js, a, JS_UNDEFINED, JS_UNDEFINED);
    JSValue right =
        JS_IsException(left) ? JS_EXCEPTION : JS_JSONStringify(js, b, JS_UNDEFINED, JS_UNDEFINED);
    bool same = JS_IsString(left) && JS_IsString(right) && JS_IsSameValue(js, left, right);
    if (JS_IsException(left) || JS_IsException(right))
        JS_FreeValue(js, JS_GetException(js));
    JS_FreeValue(js, left);
    JS_FreeValue(js, right);
    return same;
}

/* Strings in quotes, objects as JSON, everything else as String() prints it. */
static void describe(JSContext *js, JSValueConst value, buffer *out)
{
    JSValue text = JS_UNDEFINED;
    if (JS_IsString(value) || (JS_IsObject(value) && !JS_IsFunction(js, value)))
        text = JS_JSONStringify(js, value, JS_UNDEFINED, JS_UNDEFINED);
    const char *chars = JS_IsString(text) ? JS_ToCString(js, text) : JS_ToCString(js, value);
    if (!chars)
        JS_FreeValue(js, JS_GetException(js));
    if (JS_IsBigInt(value))
        buffer_format(out, "%sn", chars ? chars : "");
    else
        buffer_add(out, chars ? chars : "(a value that has no text)");
    JS_FreeCString(js, chars);
    JS_FreeValue(js, text);
}

/* heddle.assertEqual(actual, expected, text): SameValue; arrays and plain objects are compared by
 * their JSON. */
static JSValue heddle_assert_equal(JSContext *js, JSValueConst self, int count,
                                   JSValueConst *arguments)
{
    JSValueConst actual = count > 0 ? arguments[0] : JS_UNDEFINED,
                 expected = count > 1 ? arguments[1] : JS_UNDEFINED;
    buffer text = {0};
    (void)self;
    if (JS_IsSameValue(js, actual, expected) ||
        (JS_IsObject(actual) && JS_IsObject(expected) && same_text(js, actual, expected)))
        return JS_UNDEFINED;
    if (count > 2) {
        const char *about = JS_ToCString(js, arguments[2]);
        if (!about)
            return JS_EXCEPTION;
        buffer_format(&text, "%s: ", about);
        JS_FreeCString(js, about);
    }
    buffer_add(&text, "expected ");
    describe(js, expected, &text);
    buffer_add(&text, ", got ");
    describe(js, actual, &text);
    JS_ThrowPlainError(js, "%s", buffer_text(&text));
    buffer_release(&text);
    return JS_EXCEPTION;
}

/* ---- meeting, spinning, time ---- */

static JSValue heddle_barrier(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    uint32_t agents;
    (void)self;
    if (count < 2)
        return JS_ThrowTypeError(js, "heddle.barrier: a name and a number of agents are required");
    if (JS_ToUint32(js, &agents, arguments[1]))
        return JS_EXCEPTION;
    if (!agents)
        return JS_ThrowRangeError(js, "heddle.barrier: the number of agents is at least 1");
    const char *name = JS_ToCString(js, arguments[0]);
    if (!name)
        return JS_EXCEPTION;
    JSValue result = barrier_meet(js, name, agents);
    JS_FreeCString(js, name);
    return result;
}

/* heddle.spinFor(ms): keeps the agent busy for that much of the run's clock, as a long calculation
 * would. */
static JSValue heddle_spin_for(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct agent *a = realm_of(js)->agent;
    double ms = 0;
    (void)self;
    if (count && JS_ToFloat64(js, &ms, arguments[0]))
        return JS_EXCEPTION;
    if (!(ms > 0))
        return JS_UNDEFINED;
    int64_t end = agent_now(a) + (int64_t)((ms < 1e12 ? ms : 1e12) * 1e6);
    while (agent_now(a) < end) {
        if (agent_must_unwind(a))
            return interruption_throw(js);
    }
    return JS_UNDEFINED;
}

/* heddle.now(): milliseconds of the run's clock, the same for all agents. */
static JSValue heddle_now(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)self;
    (void)count;
    (void)arguments;
    return JS_NewFloat64(js, (double)agent_now(realm_of(js)->agent) / 1e6);
}

/* heddle.gc(): a whole collection of this agent's heap (R-GC-05). What is reachable only from the
 * running job's kept-alive list stays (R-GC-01). */
static JSValue heddle_gc(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)self;
    (void)count;
    (void)arguments;
    JS_RunGC(JS_GetRuntime(js));
    workers_collected(realm_of(js)->agent);
    return JS_UNDEFINED;
}

/* ---- whoami ---- */

static JSValue heddle_whoami(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    const struct realm *r = realm_of(js);
    const struct agent *a = r->agent;
    (void)self;
    (void)count;
    (void)arguments;
    JSValue object = JS_NewObject(js);
    const struct {
        const char *name;
        JSValue value;
    } entries[] = {
        {"agent", JS_NewString(js, a->name)},
        {"kind", JS_NewString(js, agent_kind_name(a->kind))},
        {"id", JS_NewUint32(js, a->id)},
        {"cluster", JS_NewUint32(js, a->cluster->id)},
        {"canBlock", JS_NewBool(js, a->can_block)},
        {"realm", JS_NewString(js, r->url)},
        {"thread", JS_NewInt32(js, (int32_t)gettid())},
    };
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        JS_DefinePropertyValueStr(js, object, entries[i].name, entries[i].value, JS_PROP_C_W_E);
    return object;
}

/* ---- cell ---- */

static JSValue register_cell(JSContext *js, const char *name, JSValueConst view, uint64_t index)
{
    struct realm *r = realm_of(js);
    size_t offset, length, element_size;
    JSValue shared = JS_GetTypedArrayBuffer(js, view, &offset, &length, &element_size);
    if (JS_IsException(shared))
        return shared;
    struct shared_block *block = shared_array_buffer_block(shared);
    JS_FreeValue(js, shared);
    if (!block)
        return JS_ThrowTypeError(js, "heddle.cell: '%s' is not in a SharedArrayBuffer", name);
    if (index >= length / element_size)
        return JS_ThrowRangeError(js, "heddle.cell: '%s' lies behind the end of the array", name);
    struct notice n = {
        .kind = NOTICE_CELL,
        .text = name,
        .block = shared_block_ref(block),
        .byte_offset = offset + index * element_size,
        .element = JS_GetTypedArrayType(view),
    };
    world_notice(r->agent->world, r->agent, &n);
    return JS_UNDEFINED;
}

/* heddle.cell(name, typedArray, index): the cell's last value can be expected, and reports call it
 * by this name. */
static JSValue heddle_cell(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    uint64_t index = 0;
    (void)self;
    if (count < 2 || JS_GetTypedArrayType(arguments[1]) < 0)
        return JS_ThrowTypeError(js,
                                 "heddle.cell: a name, a typed array and an index are required");
    if (count > 2 && JS_ToIndex(js, &index, arguments[2]))
        return JS_EXCEPTION;
    const char *name = JS_ToCString(js, arguments[0]);
    if (!name)
        return JS_EXCEPTION;
    JSValue result = register_cell(js, name, arguments[1], index);
    JS_FreeCString(js, name);
    return result;
}

/* heddle.block(name): the SharedArrayBuffer over a block that the embedding C program has given the run (include/heddle/run.h). */
static JSValue heddle_block(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    const struct realm *r = realm_of(js);
    const struct web *web = r->agent->world->host;
    const char *name = count ? JS_ToCString(js, arguments[0]) : "";
    (void)self;
    if (!name)
        return JS_EXCEPTION;
    struct shared_block *block = web->blocks ? named_block_find(web->blocks, name) : NULL;
    JSValue result;
    if (!block)
        result = JS_ThrowTypeError(js, "heddle.block: the run was given no block \"%s\"", name);
    else if (r->agent->cluster->id != 1)
        result = JS_ThrowTypeError(js, "heddle.block: \"%s\" belongs to another agent cluster", name); /* R-SAB-31 */
    else
        result = shared_array_buffer_new(js, block);
    if (count)
        JS_FreeCString(js, name);
    return result;
}

/* ---- what the user agent does by itself, asked for ---- */

/* heddle.render(audioContext, quanta): the promise that they were rendered. */
static JSValue heddle_render(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    uint32_t quanta = 1;
    (void)self;
    if (count > 1 && JS_ToUint32(js, &quanta, arguments[1]))
        return JS_EXCEPTION;
    return audio_render_context(js, count ? arguments[0] : JS_UNDEFINED, quanta);
}

/* heddle.paint(name, ...arguments), heddle.layout and heddle.animate: the promise of what the registered class's method returned. */
static JSValue heddle_call_worklet(JSContext *js, JSValueConst self, int count, JSValueConst *arguments, int kind)
{
    JSValue list = JS_NewArray(js);
    (void)self;
    for (int i = 1; i < count && !JS_IsException(list); i++)
        JS_DefinePropertyValueUint32(js, list, (uint32_t)i - 1, JS_DupValue(js, arguments[i]), JS_PROP_C_W_E);
    JSValue promise = JS_IsException(list) ? list : css_worklet_call(js, kind, count ? arguments[0] : JS_UNDEFINED, list);
    JS_FreeValue(js, list);
    return promise;
}

/* ---- exclusive, unordered ---- */

enum claim { CLAIM_EXCLUSIVE, CLAIM_UNORDERED };

static JSValue claim(JSContext *js, JSValueConst view, uint64_t index, enum claim what)
{
    size_t offset, length, element_size;
    JSValue shared = JS_GetTypedArrayBuffer(js, view, &offset, &length, &element_size);
    if (JS_IsException(shared))
        return shared;
    struct shared_block *block = shared_array_buffer_block(shared);
    JS_FreeValue(js, shared);
    if (index >= length / element_size)
        return JS_ThrowRangeError(js, "heddle: the index lies behind the end of the array");
    if (!block) /* private memory is always exclusive */
        return JS_UNDEFINED;
    const uint8_t *address = shared_block_bytes(block) + offset + index * element_size;
    if (what == CLAIM_EXCLUSIVE)
        OBSERVE(access, address, element_size, OBSERVE_EXCLUSIVE);
    else
        OBSERVE(acknowledge, address, element_size);
    return JS_UNDEFINED;
}

/* heddle.exclusive(typedArray, index): nobody else uses that element now, so that every access of another agent which is not ordered
 * with this moment is a finding. heddle.unordered(typedArray, index): races on that element are meant. */
static JSValue heddle_claim(JSContext *js, JSValueConst self, int count, JSValueConst *arguments, int what)
{
    uint64_t index = 0;
    (void)self;
    if (count < 1 || JS_GetTypedArrayType(arguments[0]) < 0)
        return JS_ThrowTypeError(js, "heddle.%s: a typed array and an index are required",
                                 what == CLAIM_EXCLUSIVE ? "exclusive" : "unordered");
    if (count > 1 && JS_ToIndex(js, &index, arguments[1]))
        return JS_EXCEPTION;
    return claim(js, arguments[0], index, (enum claim)what);
}

struct tail_calls {
    JSContext *js;
    JSValue array;
    uint32_t count;
};

static void add_tail_call(void *context, const struct tail_call *call)
{
    struct tail_calls *t = context;
    JSContext *js = t->js;
    JSValue entry = JS_IsException(t->array) ? JS_EXCEPTION : JS_NewObject(js);
    if (JS_IsException(entry))
        return;
    if (JS_DefinePropertyValueStr(js, entry, "function", JS_AtomToString(js, call->function), JS_PROP_C_W_E) < 0 ||
        JS_DefinePropertyValueStr(js, entry, "line", JS_NewInt32(js, call->line), JS_PROP_C_W_E) < 0 ||
        JS_DefinePropertyValueStr(js, entry, "column", JS_NewInt32(js, call->column), JS_PROP_C_W_E) < 0 ||
        JS_DefinePropertyValueStr(js, entry, "eligible", JS_NewBool(js, call->strict), JS_PROP_C_W_E) < 0 ||
        JS_DefinePropertyValueStr(js, entry, "made", JS_NewBool(js, call->strict && engine_has_tail_calls()), JS_PROP_C_W_E) < 0) {
        JS_FreeValue(js, entry);
        return;
    }
    JS_DefinePropertyValueUint32(js, t->array, t->count++, entry, JS_PROP_C_W_E);
}

/* heddle.tailCalls(function): the calls in tail position of a function and of those in it, found without running them (R-PT-02):
 * { function, line, column, eligible: the code is strict, made: the engine makes a tail call of it }. */
static JSValue heddle_tail_calls(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)self;
    if (!count || !JS_IsFunction(js, arguments[0]))
        return JS_ThrowTypeError(js, "heddle.tailCalls: a function is required");
    struct tail_calls t = {.js = js, .array = JS_NewArray(js)};
    inspect_tail_calls(js, arguments[0], add_tail_call, &t);
    return t.array;
}

/* ---- the object ---- */

static const JSCFunctionListEntry entries[] = {
    JS_CFUNC_DEF("assertEqual", 2, heddle_assert_equal),
    JS_CFUNC_DEF("barrier", 2, heddle_barrier),
    JS_CFUNC_DEF("spinFor", 1, heddle_spin_for),
    JS_CFUNC_DEF("gc", 0, heddle_gc),
    JS_CFUNC_DEF("whoami", 0, heddle_whoami),
    JS_CFUNC_DEF("cell", 3, heddle_cell),
    JS_CFUNC_DEF("block", 1, heddle_block),
    JS_CFUNC_DEF("tailCalls", 1, heddle_tail_calls),
    JS_CFUNC_DEF("now", 0, heddle_now),
    JS_CFUNC_DEF("render", 2, heddle_render),
    JS_CFUNC_MAGIC_DEF("paint", 1, heddle_call_worklet, WORKLET_PAINT),
    JS_CFUNC_MAGIC_DEF("layout", 1, heddle_call_worklet, WORKLET_LAYOUT),
    JS_CFUNC_MAGIC_DEF("animate", 1, heddle_call_worklet, WORKLET_ANIMATION),
    JS_CFUNC_MAGIC_DEF("exclusive", 2, heddle_claim, CLAIM_EXCLUSIVE),
    JS_CFUNC_MAGIC_DEF("unordered", 2, heddle_claim, CLAIM_UNORDERED),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "heddle", JS_PROP_CONFIGURABLE),
};

static JSValue new_log(JSContext *js)
{
    JSValue global = JS_GetGlobalObject(js), data[2];
    data[0] = JS_GetPropertyStr(js, global, "console");
    data[1] = JS_GetPropertyStr(js, data[0], "log");
    JSValue log = JS_NewCFunctionData(js, heddle_log, 0, 0, 2, data);
    JS_FreeValue(js, data[0]);
    JS_FreeValue(js, data[1]);
    JS_FreeValue(js, global);
    return log;
}

static JSValue build(JSContext *js, const struct lazy_property *self)
{
    JSValue object = JS_NewObject(js);
    (void)self;
    if (JS_IsException(object))
        return object;
    if (JS_SetPropertyFunctionList(js, object, entries, sizeof entries / sizeof entries[0]) < 0 ||
        JS_DefinePropertyValueStr(js, object, "log", new_log(js),
                                  JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE) < 0) {
        JS_FreeValue(js, object);
        return JS_EXCEPTION;
    }
    return object;
}

static const struct lazy_property lazy[] = {{"heddle", build, NULL}};

const struct global_part heddle_globals = {.lazy = lazy, .lazy_count = 1};
