/* The Atomics object but for waiting (atomics_wait.c). Steps are those of ECMA-262
 * sec-atomics-object; the order of checks and coercions is observable. */
#include "engine/atomics_access.h"
#include "engine/buffer_access.h"
#include "engine/engine_struct.h"
#include "memory/block_access.h"
#include "observe/hooks.h"
#include "platform/cpu.h"

#include <math.h>

/* ---- the steps that the functions share ---- */

/* ToIntegerOrInfinity gave `number`: its low 64 bits modulo 2^64 are more than any element needs.
 */
static uint64_t number_bits(JSContext *realm, JSValueConst number)
{
    int32_t low;

    (void)JS_ToInt32(realm, &low, number); /* a Number: cannot fail */
    return (uint32_t)low;
}

bool atomics_validate(JSContext *realm, JSValueConst array, bool writes, struct integer_view *view)
{
    enum view_status found = integer_view_read(array, view);

    if (__builtin_expect(found == VIEW_VALID && !(writes && view->immutable), 1)) {
        return true;
    }
    if (found == VIEW_NOT_TYPED_ARRAY) {
        JS_ThrowTypeError(realm, "integer TypedArray expected");
    } else if (writes && view->immutable) {
        JS_ThrowTypeError(realm, "ArrayBuffer is immutable");
    } else if (found == VIEW_OUT_OF_BOUNDS) {
        JS_ThrowTypeError(realm, "TypedArray is detached or out of bounds");
    } else {
        JS_ThrowTypeError(realm, "TypedArray of integers expected");
    }
    return false;
}

bool atomics_index(JSContext *realm, JSValueConst request, const struct integer_view *view,
                   uint32_t *index)
{
    uint32_t length = view->length; /* before the request is coerced */
    uint64_t wide;

    if (__builtin_expect(JS_VALUE_GET_TAG(request) == JS_TAG_INT, 1)) {
        wide = (uint64_t)(int64_t)JS_VALUE_GET_INT(request);
    } else if (JS_ToIndex(realm, &wide, request)) {
        return false;
    }
    if (__builtin_expect(wide >= length, 0)) {
        JS_ThrowRangeError(realm, "Atomics index out of range");
        return false;
    }
    *index = (uint32_t)wide;
    return true;
}

/* ECMA-262 sec-revalidateatomicaccess: after coercions, which may have run anything. */
static bool revalidate(JSContext *realm, JSValueConst array, uint32_t index,
                       struct integer_view *view)
{
    if (integer_view_read(array, view) != VIEW_VALID) {
        JS_ThrowTypeError(realm, "TypedArray is detached or out of bounds");
        return false;
    }
    /* Of a view that tracks a buffer which became shorter; all bytes of the element count. */
    if (index >= view->length) {
        JS_ThrowRangeError(realm, "Atomics index out of range");
        return false;
    }
    return true;
}

static inline bool runs_nothing(JSValueConst value)
{
    return JS_VALUE_GET_TAG(value) == JS_TAG_INT;
}

static inline bool is_big(const struct integer_view *view)
{
    return view->type >= INTEGER_BIG_INT64;
}

/* ToBigInt or ToIntegerOrInfinity, then the element's bytes. */
static bool to_element(JSContext *realm, const struct integer_view *view, JSValueConst value,
                       uint64_t *bits)
{
    if (is_big(view)) {
        return JS_ToBigInt64(realm, (int64_t *)bits, value) == 0;
    }
    if (__builtin_expect(runs_nothing(value), 1)) {
        *bits = (uint32_t)JS_VALUE_GET_INT(value);
        return true;
    }
    JSValue number = JS_ToNumber(realm, value);
    if (JS_IsException(number)) {
        return false;
    }
    *bits = number_bits(realm, number);
    return true;
}

static inline JSValue from_element(JSContext *realm, const struct integer_view *view, uint64_t bits)
{
    switch ((enum integer_type)view->type) {
    case INTEGER_INT8:
        return JS_NewInt32(realm, (int8_t)bits);
    case INTEGER_UINT8:
        return JS_NewInt32(realm, (uint8_t)bits);
    case INTEGER_INT16:
        return JS_NewInt32(realm, (int16_t)bits);
    case INTEGER_UINT16:
        return JS_NewInt32(realm, (uint16_t)bits);
    case INTEGER_INT32:
        return JS_NewInt32(realm, (int32_t)bits);
    case INTEGER_UINT32:
        return JS_NewUint32(realm, (uint32_t)bits);
    case INTEGER_BIG_INT64:
        return JS_NewBigInt64(realm, (int64_t)bits);
    case INTEGER_BIG_UINT64:
        break;
    }
    return JS_NewBigUint64(realm, bits);
}

static inline uint8_t *cell_of(const struct integer_view *view, uint32_t index)
{
    return view->elements + ((size_t)index << view->size_log2);
}

/* The observed variant tells whoever watches, before the operation and after it. Private buffers are
 * nobody's concern. */
static inline bool is_watched(const struct integer_view *view)
{
    return HEDDLE_OBSERVED && view->shared && observe_active();
}

static inline void announce(JSContext *realm, const struct integer_view *view, const uint8_t *cell)
{
    if (is_watched(view)) {
        integer_view_note(realm, view);
        OBSERVE(atomic_begin, cell, 1u << view->size_log2);
    }
}

static inline void announce_end(const struct integer_view *view, const uint8_t *cell,
                                enum observe_kind kind)
{
    if (is_watched(view)) {
        OBSERVE(atomic_end, cell, 1u << view->size_log2, kind);
    }
}

/* ---- load, store and the read-modify-writes ---- */

static JSValue atomics_js_load(JSContext *realm, JSValueConst this_value, int count,
                               JSValueConst *arguments)
{
    struct integer_view view;
    uint32_t index;

    if (!atomics_validate(realm, arguments[0], false, &view) ||
        !atomics_index(realm, arguments[1], &view, &index)) {
        return JS_EXCEPTION;
    }
    if (!runs_nothing(arguments[1]) && !revalidate(realm, arguments[0], index, &view)) {
        return JS_EXCEPTION;
    }
    const uint8_t *cell = cell_of(&view, index);
    announce(realm, &view, cell);
    uint64_t bits = atomics_load(cell, 1u << view.size_log2);
    announce_end(&view, cell, OBSERVE_READ);
    return from_element(realm, &view, bits);
}

/* ToBigInt or ToIntegerOrInfinity of what Atomics.store was given: it returns that, not what fits
 * into the element. */
static JSValue to_stored(JSContext *realm, const struct integer_view *view, JSValueConst value)
{
    if (is_big(view)) {
        return value_to_big_int(realm, value);
    }
    JSValue number = JS_ToNumber(realm, value);
    if (JS_VALUE_GET_TAG(number) == JS_TAG_INT || JS_IsException(number)) {
        return number;
    }
    double d;
    (void)JS_ToFloat64(realm, &d, number); /* a Number: cannot fail */
    JS_FreeValue(realm, number);
    d = isnan(d) ? 0 : trunc(d);
    return JS_NewNumber(realm, d == 0 ? 0 : d); /* no -0 */
}

static JSValue atomics_js_store(JSContext *realm, JSValueConst this_value, int count,
                                JSValueConst *arguments)
{
    struct integer_view view;
    uint32_t index;
    uint64_t bits;

    if (!atomics_validate(realm, arguments[0], true, &view) ||
        !atomics_index(realm, arguments[1], &view, &index)) {
        return JS_EXCEPTION;
    }
    JSValue stored = to_stored(realm, &view, arguments[2]);
    if (JS_IsException(stored)) {
        return JS_EXCEPTION;
    }
    bool calm = runs_nothing(arguments[1]) && runs_nothing(arguments[2]);
    if (!to_element(realm, &view, stored, &bits) ||
        (!calm && !revalidate(realm, arguments[0], index, &view))) {
        JS_FreeValue(realm, stored);
        return JS_EXCEPTION;
    }
    uint8_t *cell = cell_of(&view, index);
    announce(realm, &view, cell);
    atomics_store(cell, 1u << view.size_log2, bits);
    announce_end(&view, cell, OBSERVE_WRITE);
    return stored;
}

enum operation { ADD, AND, EXCHANGE, OR, SUB, XOR };

static inline uint64_t modify(uint8_t *cell, unsigned size, uint64_t bits, enum operation operation)
{
    switch (operation) {
    case ADD:
        return atomics_add(cell, size, bits);
    case AND:
        return atomics_and(cell, size, bits);
    case EXCHANGE:
        return atomics_exchange(cell, size, bits);
    case OR:
        return atomics_or(cell, size, bits);
    case SUB:
        return atomics_sub(cell, size, bits);
    case XOR:
        break;
    }
    return atomics_xor(cell, size, bits);
}

/* ECMA-262 sec-atomicreadmodifywrite */
static JSValue atomics_js_modify(JSContext *realm, JSValueConst this_value, int count,
                                 JSValueConst *arguments, int operation)
{
    struct integer_view view;
    uint32_t index;
    uint64_t bits;

    if (!atomics_validate(realm, arguments[0], true, &view) ||
        !atomics_index(realm, arguments[1], &view, &index) ||
        !to_element(realm, &view, arguments[2], &bits)) {
        return JS_EXCEPTION;
    }
    bool calm = runs_nothing(arguments[1]) && runs_nothing(arguments[2]);
    if (!calm && !revalidate(realm, arguments[0], index, &view)) {
        return JS_EXCEPTION;
    }
    uint8_t *cell = cell_of(&view, index);
    announce(realm, &view, cell);
    uint64_t before = modify(cell, 1u << view.size_log2, bits, (enum operation)operation);
    announce_end(&view, cell, OBSERVE_RMW);
    return from_element(realm, &view, before);
}

/* A failed exchange is only a read. */
static enum observe_kind exchange_kind(const struct integer_view *view, uint64_t before,
                                       uint64_t expected)
{
    uint64_t mask = UINT64_MAX >> (64 - (8u << view->size_log2));

    return ((before ^ expected) & mask) == 0 ? OBSERVE_RMW : OBSERVE_READ;
}

static JSValue atomics_js_compare_exchange(JSContext *realm, JSValueConst this_value, int count,
                                           JSValueConst *arguments)
{
    struct integer_view view;
    uint32_t index;
    uint64_t expected, replacement;

    if (!atomics_validate(realm, arguments[0], true, &view) ||
        !atomics_index(realm, arguments[1], &view, &index) ||
        !to_element(realm, &view, arguments[2], &expected) ||
        !to_element(realm, &view, arguments[3], &replacement)) {
        return JS_EXCEPTION;
    }
    bool calm =
        runs_nothing(arguments[1]) && runs_nothing(arguments[2]) && runs_nothing(arguments[3]);
    if (!calm && !revalidate(realm, arguments[0], index, &view)) {
        return JS_EXCEPTION;
    }
    uint8_t *cell = cell_of(&view, index);
    announce(realm, &view, cell);
    uint64_t before =
        atomics_compare_exchange(cell, 1u << view.size_log2, expected, replacement);
    announce_end(&view, cell, exchange_kind(&view, before, expected));
    return from_element(realm, &view, before);
}

static JSValue atomics_js_is_lock_free(JSContext *realm, JSValueConst this_value, int count,
                                       JSValueConst *arguments)
{
    JSValue number = JS_ToNumber(realm, arguments[0]);
    double size;

    if (JS_IsException(number)) {
        return JS_EXCEPTION;
    }
    (void)JS_ToFloat64(realm, &size, number); /* a Number: cannot fail */
    JS_FreeValue(realm, number);
    size = trunc(size);
    return JS_NewBool(realm, size == 1 || size == 2 || size == 4 || size == 8);
}

static JSValue atomics_js_pause(JSContext *realm, JSValueConst this_value, int count,
                                JSValueConst *arguments)
{
    cpu_pause();
    return JS_UNDEFINED;
}

/* ---- the object ---- */

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_MAGIC_DEF("add", 3, atomics_js_modify, ADD),
    JS_CFUNC_MAGIC_DEF("and", 3, atomics_js_modify, AND),
    JS_CFUNC_DEF("compareExchange", 4, atomics_js_compare_exchange),
    JS_CFUNC_MAGIC_DEF("exchange", 3, atomics_js_modify, EXCHANGE),
    JS_CFUNC_DEF("isLockFree", 1, atomics_js_is_lock_free),
    JS_CFUNC_DEF("load", 2, atomics_js_load),
    JS_CFUNC_DEF("notify", 3, atomics_js_notify),
    JS_CFUNC_MAGIC_DEF("or", 3, atomics_js_modify, OR),
    JS_CFUNC_DEF("pause", 0, atomics_js_pause),
    JS_CFUNC_DEF("store", 3, atomics_js_store),
    JS_CFUNC_MAGIC_DEF("sub", 3, atomics_js_modify, SUB),
    JS_CFUNC_DEF("wait", 4, atomics_js_wait),
    JS_CFUNC_DEF("waitAsync", 4, atomics_js_wait_async),
    JS_CFUNC_MAGIC_DEF("xor", 3, atomics_js_modify, XOR),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "Atomics", JS_PROP_CONFIGURABLE),
};

static JSValue build(JSContext *realm, const struct lazy_property *self)
{
    JSValue atomics = JS_NewObject(realm);

    if (JS_IsException(atomics)) {
        return JS_EXCEPTION;
    }
    if (JS_SetPropertyFunctionList(realm, atomics, functions,
                                   sizeof(functions) / sizeof(functions[0]))) {
        JS_FreeValue(realm, atomics);
        return JS_EXCEPTION;
    }
    return atomics;
}

int atomics_define(JSContext *realm)
{
    static const struct lazy_property property = {"Atomics", build, NULL};
    JSValue global = JS_GetGlobalObject(realm);
    int failed = lazy_properties_define(realm, global, &property, 1);

    JS_FreeValue(realm, global);
    return failed;
}
