/* JavaScript values from the inside, for printing them: nothing here runs JavaScript, so a console
 * call has no effects of its own.
 *
 * Everything on the agent's own thread. Values are new references unless it says borrowed. */
#ifndef HEDDLE_ENGINE_INSPECTION_H
#define HEDDLE_ENGINE_INSPECTION_H

#include "quickjs.h"

#include <stdbool.h>
#include <stdint.h>

/* What a printer tells apart, by internal slots. */
enum inspected {
    INSPECTED_OBJECT, /* anything without a form of its own */
    INSPECTED_ARRAY,
    INSPECTED_ARGUMENTS,
    INSPECTED_ERROR,
    INSPECTED_DOM_EXCEPTION,
    INSPECTED_NUMBER,
    INSPECTED_STRING,
    INSPECTED_BOOLEAN,
    INSPECTED_SYMBOL,
    INSPECTED_BIGINT,
    INSPECTED_DATE,
    INSPECTED_MODULE,
    INSPECTED_FUNCTION,
    INSPECTED_REGEXP,
    INSPECTED_ARRAY_BUFFER,
    INSPECTED_SHARED_ARRAY_BUFFER,
    INSPECTED_TYPED_ARRAY,
    INSPECTED_DATA_VIEW,
    INSPECTED_MAP,
    INSPECTED_SET,
    INSPECTED_WEAK_MAP,
    INSPECTED_WEAK_SET,
    INSPECTED_MAP_ITERATOR,
    INSPECTED_SET_ITERATOR,
    INSPECTED_PROXY,
    INSPECTED_PROMISE,
};
enum inspected inspect_class(JSValueConst object);

/* The own keys of an array or typed array that are no indices, without touching its elements; the
 * enumerable ones, or all
 * (`hidden`). 0, or -1; freed with JS_FreePropertyEnum. */
int inspect_extra_keys(JSContext *realm, JSValueConst object, bool hidden, JSPropertyEnum **keys,
                       uint32_t *count);

/* %Symbol.toStringTag% as a property key; never freed. */
JSAtom inspect_tag_key(void);

/* The primitive in a Number, String, Boolean, Symbol, BigInt or Date object; borrowed. */
JSValueConst inspect_primitive(JSValueConst object);

/* A Proxy's target and handler, borrowed; both null once it was revoked. */
void inspect_proxy(JSValueConst proxy, JSValueConst *target, JSValueConst *handler);

/* The entries of a Map or Set, or those an iterator of one has still before it; `*pairs` when keys
 * and values alternate. Sets *total to how many there are and writes at most `limit` of them (two
 * values each when pairs). The number of entries written. */
uint32_t inspect_entries(JSContext *realm, JSValueConst collection, JSValue *values, uint32_t limit,
                         uint32_t *total, bool *pairs);

/* "/pattern/flags", or an exception. */
JSValue inspect_regexp(JSContext *realm, JSValueConst regexp);

enum { INSPECTED_ASYNC = 1, INSPECTED_GENERATOR = 2, INSPECTED_CLASS = 4, INSPECTED_NATIVE = 8 };
/* The name and message of a DOMException, borrowed. */
void inspect_dom_exception(JSValueConst exception, JSValueConst *name, JSValueConst *message);

/* What kind of function it is. */
int inspect_function(JSValueConst function);

/* A call in tail position (ECMA-262 sec-static-semantics-hascallintailposition), as the compiler found it. Only in strict code it is a
 * tail call (R-PT-01). */
struct tail_call {
    JSAtom function; /* whose last act it is; borrowed */
    int line, column;
    bool strict;
};
/* Visits those of a function and of the functions in it, in the order of their text; none of what is no JavaScript function. Whether
 * the engine makes tail calls is engine_has_tail_calls. */
void inspect_tail_calls(JSContext *realm, JSValueConst function, void (*visit)(void *, const struct tail_call *), void *to);

/* Where a view lies: the offset and length in bytes, and its buffer (borrowed). */
struct inspected_view {
    JSValueConst buffer;
    uint64_t offset, length;
};
struct inspected_view inspect_view(JSContext *realm, JSValueConst view);

#endif
