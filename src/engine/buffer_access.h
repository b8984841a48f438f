/* What Atomics and shared buffers need to know of the engine's buffer objects, straight from its
 * internal structures (buffer_access.c, part of unity.c). For src/engine alone. Own thread; nothing
 * here runs JavaScript. */
#ifndef HEDDLE_ENGINE_BUFFER_ACCESS_H
#define HEDDLE_ENGINE_BUFFER_ACCESS_H

#include "quickjs.h"

#include <stdbool.h>
#include <stdint.h>

enum integer_type {
    INTEGER_INT8,
    INTEGER_UINT8,
    INTEGER_INT16,
    INTEGER_UINT16,
    INTEGER_INT32,
    INTEGER_UINT32,
    INTEGER_BIG_INT64,
    INTEGER_BIG_UINT64,
};

/* A typed array of integers as it is now. Whatever runs JavaScript may change everything but the
 * type. */
struct integer_view {
    uint8_t *elements;
    uint32_t length;
    uint8_t type; /* enum integer_type */
    uint8_t size_log2;
    bool shared, immutable;
};

enum view_status {
    VIEW_VALID,
    VIEW_NOT_TYPED_ARRAY,
    VIEW_OUT_OF_BOUNDS, /* or detached */
    VIEW_NOT_INTEGER,   /* floating-point or clamped elements; `immutable` is set */
};

/* ECMA-262 sec-validatetypedarray and sec-validateintegertypedarray (waitable = false). */
enum view_status integer_view_read(JSValueConst value, struct integer_view *out);

/* Notes that the next access of `view` is made through it (observed variant; see hooks.h). */
void integer_view_note(JSContext *realm, const struct integer_view *view);

/* A SharedArrayBuffer object of this realm over `bytes`; counts one more user of them (sab_dup).
 * `max_byte_length` counts only if `growable`. */
JSValue shared_buffer_object(JSContext *realm, uint8_t *bytes, uint64_t byte_length,
                             uint64_t max_byte_length, bool growable);

/* The bytes of a SharedArrayBuffer object, NULL for anything else. */
uint8_t *shared_buffer_bytes(JSValueConst value);

/* ECMA-262 sec-tobigint. May run JavaScript. */
JSValue value_to_big_int(JSContext *realm, JSValueConst value);

/* Throws what ends JavaScript without running `catch` or `finally`. Returns JS_EXCEPTION. */
JSValue throw_interruption(JSContext *realm);

#endif
