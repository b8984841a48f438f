/* JavaScript values from the inside, for structured clone (src/message): what kind a value is, its bytes without a copy, and
 * new values made from bytes.
 *
 * Ownership: views and slots are borrowed and end with the next change of the value. Everything on the agent's own thread.
 * Functions that return JSValue, or -1, leave an exception when they fail; none runs JavaScript. */
#ifndef HEDDLE_ENGINE_VALUES_H
#define HEDDLE_ENGINE_VALUES_H

#include "quickjs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What HTML's StructuredSerializeInternal tells apart, by internal slots. */
enum object_kind {
    OBJECT_PLAIN,
    OBJECT_ARRAY,
    OBJECT_BOOLEAN,
    OBJECT_NUMBER,
    OBJECT_BIGINT,
    OBJECT_STRING,
    OBJECT_DATE,
    OBJECT_REGEXP,
    OBJECT_ARRAY_BUFFER,
    OBJECT_SHARED_ARRAY_BUFFER,
    OBJECT_TYPED_ARRAY,
    OBJECT_DATA_VIEW,
    OBJECT_MAP,
    OBJECT_SET,
    OBJECT_ERROR,
    OBJECT_DOM_EXCEPTION,
    OBJECT_HOST,     /* a platform object of this program: engine/host_class.h */
    OBJECT_CALLABLE, /* R-SC-14 */
    OBJECT_OTHER,    /* other internal slots, or exotic: R-SC-15, R-SC-16 */
};

enum object_kind object_kind(JSContext *realm, JSValueConst object);

/* The name of the value's class for messages: "Promise". Borrowed from the engine's class table. */
const char *object_class_name(JSContext *realm, JSValueConst object, char *buffer, size_t size);

/* True when the C stack has no room for `size` more bytes; the RangeError of the engine is thrown then. */
bool value_stack_exhausted(JSContext *realm, size_t size);

/* ---- strings ---- */

struct text_view {
    const void *units; /* Latin-1 bytes, or UTF-16 units when wide */
    uint32_t length;   /* units */
    bool wide;
};

/* The units of a value with the tag JS_TAG_STRING. */
struct text_view string_view(JSValueConst string);

/* A rope (JS_TAG_STRING_ROPE) as one piece: a new reference to a JS_TAG_STRING. */
JSValue string_flatten(JSContext *realm, JSValueConst rope);

/* `units` may be unaligned. */
JSValue string_from_units(JSContext *realm, const void *units, uint32_t length, bool wide);

/* An atom that is a string: true and its number when it is a small integer, else false and its units. */
bool atom_view(JSContext *realm, JSAtom atom, uint32_t *index, struct text_view *text);

/* ---- plain objects by their list of keys ----
 *
 * Objects that were built alike share a list of keys (the engine's shape). The list's text is written once and cached: the
 * sender copies it, and the receiver finds its own shape by it, so that no key is hashed or compared one by one. */

struct object_keys {
    uint32_t hash;  /* of text */
    uint32_t count; /* keys */
    uint32_t size;  /* bytes of text */
    uint32_t pins;  /* references; see object_keys_release */
    void *shape;
    uint8_t *text;
};

/* The keys of a plain object all of whose properties are enumerable data properties with string keys that are no array indices;
 * NULL (without exception) for any other, and when there are many. A reference that ends with object_keys_release. */
struct object_keys *object_keys(JSContext *realm, JSValueConst object);
void object_keys_release(JSContext *realm, struct object_keys *keys);

/* The values in the order of the keys, or NULL when the object's keys or their attributes changed since. */
const JSValue *object_slots(JSValueConst object, const struct object_keys *keys);

/* The i-th key, a new reference. */
JSAtom object_key(JSContext *realm, const struct object_keys *keys, uint32_t i);

/* A new object with %Object.prototype% and the keys of a text made by object_keys; its values are undefined and lie in *slots until
 * the next change of the object. */
JSValue object_from_keys(JSContext *realm, uint32_t hash, uint32_t count, const uint8_t *text, uint32_t size,
                         JSValue **slots);

/* ---- arrays ---- */

/* The elements of an array without holes below *count; NULL when it is kept otherwise (or has none). *extras tells of further
 * properties besides length. */
const JSValue *array_elements(JSValueConst array, uint32_t *count, uint32_t *length, bool *extras);

/* A new array of `count` elements, undefined at first, in *elements. */
JSValue array_of(JSContext *realm, uint32_t count, JSValue **elements);

/* ---- wrappers, Date, BigInt, RegExp, Error, DOMException ---- */

/* The primitive inside a Boolean, Number, BigInt, String or Date object: borrowed. */
JSValueConst object_data(JSValueConst object);
JSValue object_with_data(JSContext *realm, enum object_kind kind, JSValueConst data);

/* The words of a JS_TAG_BIG_INT, two's complement, *size in bytes. */
const void *bigint_words(JSValueConst bigint, size_t *size);
JSValue bigint_from_words(JSContext *realm, const void *words, size_t size);
/* The number in a JS_TAG_SHORT_BIG_INT. */
int64_t bigint_short(JSValueConst bigint);

/* Source and flags as strings, new references. */
int regexp_parts(JSContext *realm, JSValueConst regexp, JSValue *source, JSValue *flags);
JSValue regexp_from_parts(JSContext *realm, JSValueConst source, JSValueConst flags);

enum error_type { ERROR_PLAIN, ERROR_EVAL, ERROR_RANGE, ERROR_REFERENCE, ERROR_SYNTAX, ERROR_TYPE, ERROR_URI };

/* A new Error object of the realm without any own property. */
JSValue error_of_type(JSContext *realm, enum error_type type);
/* Defines an own property as the Error constructor does: writable, configurable, not enumerable. Takes `value`. */
int error_define(JSContext *realm, JSValueConst error, const char *name, JSValue value);
/* The stack that was taken when the error was made, or what replaced it as an own data property: a new reference, a string or
 * JS_UNINITIALIZED. */
JSValue error_stack(JSContext *realm, JSValueConst error);
/* Takes `stack`, a string. */
void error_set_stack(JSContext *realm, JSValueConst error, JSValue stack);
/* The value of an own data property, a new reference; JS_UNINITIALIZED when there is none. */
JSValue own_data_value(JSContext *realm, JSValueConst object, const char *name);

/* Borrowed. */
void dom_exception_parts(JSValueConst exception, JSValueConst *name, JSValueConst *message);
JSValue dom_exception_from_parts(JSContext *realm, JSValueConst name, JSValueConst message);

/* ---- Map and Set ---- */

/* How many values collection_copy writes: keys and values of a Map, the values of a Set. */
size_t collection_size(JSValueConst collection);
/* New references. */
void collection_copy(JSContext *realm, JSValueConst collection, JSValue *values);
JSValue collection_new(JSContext *realm, enum object_kind kind);
/* `value` is ignored for a Set. */
int collection_add(JSContext *realm, JSValueConst collection, JSValueConst key, JSValueConst value);

/* ---- ArrayBuffer and views ---- */

struct buffer_view {
    const uint8_t *bytes;
    size_t length, max_length;
    bool detached, immutable, resizable;
};
struct buffer_view array_buffer_view(JSValueConst buffer);

/* The bytes of a larger ArrayBuffer lie outside the engine's heap, behind one of these, so that they can move to another agent.
 * Freed with outside_bytes_free by any thread that owns them; while a buffer has them, the engine does that. */
struct outside_bytes {
    struct outside_bytes *next, *previous; /* of one runtime */
    size_t size;
    _Alignas(16) uint8_t bytes[];
};
#define OUTSIDE_BYTES_LEAST ((size_t)64 * 1024)

/* `size` uninitialised bytes, NULL without an exception when there is no memory. */
struct outside_bytes *outside_bytes_new(size_t size);
void outside_bytes_free(struct outside_bytes *b);

/* Detaches an ArrayBuffer. Its bytes if they lie outside the heap, else NULL (the caller has copied them). */
struct outside_bytes *array_buffer_detach(JSContext *realm, JSValueConst buffer);

/* A new ArrayBuffer with the bytes; takes them, also when it fails. */
JSValue array_buffer_adopt(JSContext *realm, struct outside_bytes *b, const struct buffer_view *shape);
/* The same with a copy of shape->bytes. */
JSValue array_buffer_copy(JSContext *realm, const struct buffer_view *shape);

struct view_shape {
    int type; /* the engine's number of the kind of typed array; unused for a DataView */
    uint32_t offset, length; /* bytes, elements (DataView: bytes) */
    bool tracking, out_of_bounds;
};
/* The buffer is a new reference. */
struct view_shape buffer_view_shape(JSContext *realm, JSValueConst view, JSValue *buffer);
JSValue buffer_view_new(JSContext *realm, enum object_kind kind, JSValueConst buffer, const struct view_shape *shape);

/* ---- the rest ---- */

/* The workspace of src/message in this runtime: `size` zeroed bytes, made at the first call, freed with the runtime. NULL with an
 * exception. */
void *message_workspace(JSContext *realm, size_t size, void (*release)(JSRuntime *, void *));

/* Frees what values.c keeps outside the heap of a runtime whose heap is not walked. */
void values_drop(JSRuntime *runtime);

#endif
