/* See buffer_access.h. Included by unity.c, never compiled alone. */
#include "engine/buffer_access.h"

/* enum integer_type counts as the engine's class ids do. */
_Static_assert(JS_CLASS_INT8_ARRAY + INTEGER_UINT16 == JS_CLASS_UINT16_ARRAY &&
                   JS_CLASS_INT8_ARRAY + INTEGER_INT32 == JS_CLASS_INT32_ARRAY &&
                   JS_CLASS_INT8_ARRAY + INTEGER_BIG_UINT64 == JS_CLASS_BIG_UINT64_ARRAY,
               "the engine's integer typed arrays are in the order of enum integer_type");

enum view_status integer_view_read(JSValueConst value, struct integer_view *out)
{
    if (JS_VALUE_GET_TAG(value) != JS_TAG_OBJECT) {
        return VIEW_NOT_TYPED_ARRAY;
    }
    JSObject *object = JS_VALUE_GET_OBJ(value);
    if (!is_typed_array(object->class_id)) {
        return VIEW_NOT_TYPED_ARRAY;
    }
    const JSArrayBuffer *buffer = object->u.typed_array->buffer->u.array_buffer;
    out->immutable = buffer->immutable;
    /* While its buffer keeps its length and is there, an array is within its bounds. */
    if (buffer->detached || (buffer->max_byte_length >= 0 && typed_array_is_oob(object))) {
        return VIEW_OUT_OF_BOUNDS;
    }
    unsigned type = (unsigned)object->class_id - JS_CLASS_INT8_ARRAY;
    if (type > INTEGER_BIG_UINT64) {
        return VIEW_NOT_INTEGER;
    }
    out->elements = object->u.array.u.uint8_ptr;
    out->length = object->u.array.count;
    out->type = (uint8_t)type;
    out->size_log2 = typed_array_size_log2(object->class_id);
    out->shared = buffer->shared;
    return VIEW_VALID;
}

void integer_view_note(JSContext *realm, const struct integer_view *view)
{
    realm->rt->host.view_class = JS_CLASS_INT8_ARRAY + view->type;
    realm->rt->host.view_base = view->elements;
}

JSValue shared_buffer_object(JSContext *realm, uint8_t *bytes, uint64_t byte_length,
                             uint64_t max_byte_length, bool growable)
{
    return js_array_buffer_constructor3(realm, JS_UNDEFINED, byte_length,
                                        growable ? &max_byte_length : NULL,
                                        JS_CLASS_SHARED_ARRAY_BUFFER, bytes, NULL, NULL, false);
}

uint8_t *shared_buffer_bytes(JSValueConst value)
{
    if (JS_VALUE_GET_TAG(value) != JS_TAG_OBJECT ||
        JS_VALUE_GET_OBJ(value)->class_id != JS_CLASS_SHARED_ARRAY_BUFFER) {
        return NULL;
    }
    return JS_VALUE_GET_OBJ(value)->u.array_buffer->data;
}

JSValue value_to_big_int(JSContext *realm, JSValueConst value)
{
    return JS_ToBigInt(realm, value);
}

JSValue throw_interruption(JSContext *realm)
{
    JS_ThrowInterrupted(realm);
    return JS_EXCEPTION;
}
