#include "web/idl.h"

#include "engine/js.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool idl_arguments(JSContext *js, const char *what, int count, int required)
{
    if (count >= required)
        return true;
    JS_ThrowTypeError(js, "%s: %d argument%s required, but only %d present", what, required, required == 1 ? "" : "s",
                      count);
    return false;
}

int idl_dictionary(JSContext *js, JSValueConst value, JSValueConst *out)
{
    *out = JS_UNDEFINED;
    if (JS_IsUndefined(value) || JS_IsNull(value))
        return 0;
    if (!JS_IsObject(value)) {
        JS_ThrowTypeError(js, "a dictionary must be an object");
        return -1;
    }
    *out = value;
    return 0;
}

JSValue idl_member(JSContext *js, JSValueConst dictionary, const char *name)
{
    return JS_IsUndefined(dictionary) ? JS_UNDEFINED : JS_GetPropertyStr(js, dictionary, name);
}

int idl_boolean_member(JSContext *js, JSValueConst dictionary, const char *name, bool missing)
{
    JSValue value = idl_member(js, dictionary, name);
    if (JS_IsException(value))
        return -1;
    int result = JS_IsUndefined(value) ? missing : JS_ToBool(js, value);
    JS_FreeValue(js, value);
    return result;
}

static bool is_lead(uint16_t unit)
{
    return (unit & 0xfc00) == 0xd800;
}

static bool is_trail(uint16_t unit)
{
    return (unit & 0xfc00) == 0xdc00;
}

/* The index of the first lone surrogate from `from` on, or `length`. */
static size_t lone_surrogate(const uint16_t *units, size_t length, size_t from)
{
    for (size_t i = from; i < length; i++) {
        if (is_lead(units[i]) && i + 1 < length && is_trail(units[i + 1]))
            i++;
        else if (is_lead(units[i]) || is_trail(units[i]))
            return i;
    }
    return length;
}

static JSValue replace_surrogates(JSContext *js, const uint16_t *units, size_t length)
{
    uint16_t *copy = js_malloc(js, length * sizeof *copy);
    if (!copy)
        return JS_EXCEPTION;
    memcpy(copy, units, length * sizeof *copy);
    for (size_t i = 0; (i = lone_surrogate(copy, length, i)) < length; i++)
        copy[i] = 0xfffd;
    JSValue result = JS_NewStringUTF16(js, copy, length);
    js_free(js, copy);
    return result;
}

JSValue idl_usv_string(JSContext *js, JSValueConst value)
{
    JSValue string = JS_ToString(js, value);
    if (JS_IsException(string))
        return string;
    size_t length;
    const uint16_t *units = JS_ToCStringLenUTF16(js, &length, string);
    if (!units) {
        JS_FreeValue(js, string);
        return JS_EXCEPTION;
    }
    if (lone_surrogate(units, length, 0) < length) {
        JS_FreeValue(js, string);
        string = replace_surrogates(js, units, length);
    }
    JS_FreeCStringUTF16(js, units);
    return string;
}

int idl_enforce_unsigned(JSContext *js, JSValueConst value, uint64_t *out)
{
    JSValue number = JS_ToNumber(js, value);
    double d;
    if (JS_IsException(number) || JS_ToFloat64(js, &d, number) < 0)
        return -1;
    JS_FreeValue(js, number);
    d = trunc(d);
    if (!isfinite(d) || d < 0 || d > 9007199254740991.0) {
        JS_ThrowTypeError(js, "a number is outside the range of unsigned long long");
        return -1;
    }
    *out = (uint64_t)d;
    return 0;
}

static JSAtom iterator_symbol(JSContext *js)
{
    JSValue global = JS_GetGlobalObject(js);
    JSValue constructor = JS_GetPropertyStr(js, global, "Symbol");
    JSValue symbol = JS_GetPropertyStr(js, constructor, "iterator");
    JSAtom atom = JS_ValueToAtom(js, symbol);
    JS_FreeValue(js, symbol);
    JS_FreeValue(js, constructor);
    JS_FreeValue(js, global);
    return atom;
}

static JSValue iterator_of(JSContext *js, JSValueConst value)
{
    if (!JS_IsObject(value))
        return JS_ThrowTypeError(js, "a sequence must be an object");
    JSAtom symbol = iterator_symbol(js);
    if (symbol == JS_ATOM_NULL)
        return JS_EXCEPTION;
    JSValue method = JS_GetProperty(js, value, symbol);
    JS_FreeAtom(js, symbol);
    if (JS_IsException(method))
        return method;
    JSValue iterator = JS_IsFunction(js, method) ? JS_Call(js, method, value, 0, NULL)
                                                 : JS_ThrowTypeError(js, "a sequence must be iterable");
    JS_FreeValue(js, method);
    if (!JS_IsException(iterator) && !JS_IsObject(iterator)) {
        JS_FreeValue(js, iterator);
        return JS_ThrowTypeError(js, "an iterator must be an object");
    }
    return iterator;
}

/* One step of an iteration: 1 with *element, 0 at the end, -1. */
static int iterator_step(JSContext *js, JSValueConst iterator, JSValueConst next, JSValue *element)
{
    JSValue result = JS_Call(js, next, iterator, 0, NULL);
    if (JS_IsException(result))
        return -1;
    int more = -1;
    if (!JS_IsObject(result)) {
        JS_ThrowTypeError(js, "the result of an iterator must be an object");
    } else {
        int done = idl_boolean_member(js, result, "done", false);
        if (done == 1) {
            more = 0;
        } else if (done == 0) {
            *element = JS_GetPropertyStr(js, result, "value");
            more = JS_IsException(*element) ? -1 : 1;
        }
    }
    JS_FreeValue(js, result);
    return more;
}

int idl_sequence(JSContext *js, JSValueConst value, int (*item)(JSContext *js, JSValueConst element, void *context),
                 void *context)
{
    JSValue iterator = iterator_of(js, value);
    if (JS_IsException(iterator))
        return -1;
    JSValue next = JS_GetPropertyStr(js, iterator, "next"), element;
    int more = JS_IsException(next) ? -1 : 1;
    while (more == 1 && (more = iterator_step(js, iterator, next, &element)) == 1) {
        if (item(js, element, context) < 0)
            more = -1;
        JS_FreeValue(js, element);
    }
    JS_FreeValue(js, next);
    JS_FreeValue(js, iterator);
    return more;
}

char *idl_text(JSContext *js, JSValueConst value)
{
    size_t length, to = 0;
    const char *from = JS_ToCStringLen(js, &length, value);
    char *text = from ? malloc(2 * length + 1) : NULL;
    for (size_t i = 0; text && i < length; i++) {
        if (!from[i])
            text[to++] = (char)0xc0;
        text[to++] = from[i] ? from[i] : (char)0x80;
    }
    if (text)
        text[to] = 0;
    else if (from)
        JS_ThrowOutOfMemory(js);
    JS_FreeCString(js, from);
    return text;
}

JSValue idl_text_value(JSContext *js, const char *text)
{
    size_t length = strlen(text), to = 0;
    char *copy = js_malloc(js, length + 1);
    if (!copy)
        return JS_EXCEPTION;
    for (size_t i = 0; i < length; i++) {
        bool zero = (unsigned char)text[i] == 0xc0;
        copy[to++] = zero ? 0 : text[i];
        i += zero;
    }
    JSValue value = JS_NewStringLen(js, copy, to);
    js_free(js, copy);
    return value;
}

JSValue idl_rejected(JSContext *js)
{
    JSValue resolving[2], exception = JS_GetException(js);
    if (exception_is_interruption(js, exception))
        return JS_Throw(js, exception);
    JSValue promise = JS_NewPromiseCapability(js, resolving);
    if (!JS_IsException(promise)) {
        JS_FreeValue(js, JS_Call(js, resolving[1], JS_UNDEFINED, 1, (JSValueConst *)&exception));
        JS_FreeValue(js, resolving[0]);
        JS_FreeValue(js, resolving[1]);
    }
    JS_FreeValue(js, exception);
    return promise;
}

JSValue idl_promise(JSContext *js, JSValue value)
{
    JSValue resolving[2];
    if (JS_IsException(value))
        return idl_rejected(js);
    JSValue promise = JS_NewPromiseCapability(js, resolving);
    if (!JS_IsException(promise)) {
        JS_FreeValue(js, JS_Call(js, resolving[0], JS_UNDEFINED, 1, (JSValueConst *)&value));
        JS_FreeValue(js, resolving[0]);
        JS_FreeValue(js, resolving[1]);
    }
    JS_FreeValue(js, value);
    return promise;
}

int idl_add_byte_string(JSContext *js, JSValueConst value, buffer *out)
{
    JSValue string = JS_ToString(js, value);
    size_t length;
    const uint16_t *units = JS_IsException(string) ? NULL : JS_ToCStringLenUTF16(js, &length, string);
    JS_FreeValue(js, string);
    if (!units)
        return -1;
    int failed = 0;
    buffer_add(out, "");
    for (size_t i = 0; i < length && !failed; i++) {
        char byte = (char)units[i];
        if (units[i] > 255) {
            JS_ThrowTypeError(js, "a byte string has the character U+%04X", (unsigned)units[i]);
            failed = -1;
        } else {
            buffer_add_bytes(out, &byte, 1);
        }
    }
    JS_FreeCStringUTF16(js, units);
    return failed;
}

JSValue idl_byte_string(JSContext *js, const char *bytes, size_t length)
{
    uint16_t *units = js_malloc(js, (length + 1) * sizeof *units);
    if (!units)
        return JS_EXCEPTION;
    for (size_t i = 0; i < length; i++)
        units[i] = (unsigned char)bytes[i];
    JSValue result = JS_NewStringUTF16(js, units, length);
    js_free(js, units);
    return result;
}

int idl_enumeration_member(JSContext *js, JSValueConst dictionary, const char *name, const char *const *values, int missing)
{
    JSValue value = idl_member(js, dictionary, name);
    if (JS_IsUndefined(value))
        return missing;
    const char *text = JS_IsException(value) ? NULL : JS_ToCString(js, value);
    JS_FreeValue(js, value);
    if (!text)
        return -1;
    int found = 0;
    while (values[found] && strcmp(values[found], text))
        found++;
    if (!values[found]) {
        JS_ThrowTypeError(js, "'%s' is no value of the option %s", text, name);
        found = -1;
    }
    JS_FreeCString(js, text);
    return found;
}

int idl_is_iterable(JSContext *js, JSValueConst object)
{
    JSAtom symbol = iterator_symbol(js);
    JSValue method = symbol == JS_ATOM_NULL ? JS_EXCEPTION : JS_GetProperty(js, object, symbol);
    JS_FreeAtom(js, symbol);
    if (JS_IsException(method))
        return -1;
    bool iterable = !JS_IsUndefined(method) && !JS_IsNull(method);
    JS_FreeValue(js, method);
    return iterable;
}
