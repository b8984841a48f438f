/* Web IDL conversions that the engine does not offer. Own thread; all of them may run JavaScript. */
#ifndef HEDDLE_WEB_IDL_H
#define HEDDLE_WEB_IDL_H

#include "base/buffer.h"
#include "quickjs.h"

#include <stdbool.h>
#include <stdint.h>

/* TypeError "…: n argument(s) required" when there are fewer. True if there are enough. */
bool idl_arguments(JSContext *js, const char *what, int count, int required);

/* A dictionary argument: undefined and null are the empty dictionary (*out = undefined), objects are themselves, everything else is a
 * TypeError. Borrowed. 0 or -1. */
int idl_dictionary(JSContext *js, JSValueConst value, JSValueConst *out);

/* A member of a dictionary that idl_dictionary gave; undefined when absent. A new reference or an exception. */
JSValue idl_member(JSContext *js, JSValueConst dictionary, const char *name);

/* A boolean member, `missing` when absent: 0, 1 or -1. */
int idl_boolean_member(JSContext *js, JSValueConst dictionary, const char *name, bool missing);

/* A string with every lone surrogate replaced by U+FFFD (USVString). A new reference or an exception. */
JSValue idl_usv_string(JSContext *js, JSValueConst value);

/* Any string as text for C: a zero byte in it becomes the two bytes C0 80. malloc'd, NULL with an exception. And back. */
char *idl_text(JSContext *js, JSValueConst value);
JSValue idl_text_value(JSContext *js, const char *text);

/* For functions that return promises: one that is rejected with the pending exception, or the exception when it is an interruption. */
JSValue idl_rejected(JSContext *js);

/* For functions that return promises: one that is resolved with the value (taken), or rejected as above when it is an exception. */
JSValue idl_promise(JSContext *js, JSValue value);

/* A ByteString: appends one byte per unit of the string; a TypeError for units above 255. And back. */
int idl_add_byte_string(JSContext *js, JSValueConst value, buffer *out);
JSValue idl_byte_string(JSContext *js, const char *bytes, size_t length);

/* An enumeration's member of a dictionary: the index in `values` (which ends with NULL), `missing` when absent, or -1 with a TypeError. */
int idl_enumeration_member(JSContext *js, JSValueConst dictionary, const char *name, const char *const *values, int missing);

/* Whether an object has a method @@iterator: a union takes it for a sequence then, else for a record or a dictionary. 0, 1 or -1. */
int idl_is_iterable(JSContext *js, JSValueConst object);

/* [EnforceRange] unsigned long long: 0, or -1 with a TypeError. */
int idl_enforce_unsigned(JSContext *js, JSValueConst value, uint64_t *out);

/* A sequence: calls `item` (which borrows the value) for each element that the value's iterator gives. 0, or -1 with an exception, a
 * TypeError for a value that cannot be iterated. */
int idl_sequence(JSContext *js, JSValueConst value, int (*item)(JSContext *js, JSValueConst element, void *context),
                 void *context);

#endif
