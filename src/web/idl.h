/* Web IDL conversions that the engine does not offer. Own thread; all of them may run JavaScript. */
#ifndef HEDDLE_WEB_IDL_H
#define HEDDLE_WEB_IDL_H

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

/* [EnforceRange] unsigned long long: 0, or -1 with a TypeError. */
int idl_enforce_unsigned(JSContext *js, JSValueConst value, uint64_t *out);

/* A sequence: calls `item` (which borrows the value) for each element that the value's iterator gives. 0, or -1 with an exception, a
 * TypeError for a value that cannot be iterated. */
int idl_sequence(JSContext *js, JSValueConst value, int (*item)(JSContext *js, JSValueConst element, void *context),
                 void *context);

#endif
