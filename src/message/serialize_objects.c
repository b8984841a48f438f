/* StructuredSerializeInternal: every kind of object but plain objects and arrays (R-SC-04..10, R-SC-12..16). */
#include "engine/interface.h"
#include "engine/values.h"
#include "memory/shared_block.h"
#include "observe/hooks.h"
#include "message/writer.h"

static int write_wrapper(struct writer *w, JSValueConst object, enum object_kind kind)
{
    if (writer_remember(w, object) || writer_reserve(w, 2))
        return -1;
    put_byte(w, TAG_WRAPPER);
    put_byte(w, kind);
    return write_value(w, object_data(object));
}

static int write_regexp(struct writer *w, JSValueConst regexp)
{
    JSValue source, flags;

    if (writer_remember(w, regexp) || writer_reserve(w, 1) || regexp_parts(w->realm, regexp, &source, &flags))
        return -1;
    put_byte(w, TAG_REGEXP);
    int failed = write_value(w, source) || write_value(w, flags);
    JS_FreeValue(w->realm, source);
    JS_FreeValue(w->realm, flags);
    return failed ? -1 : 0;
}

/* ---- buffers and views ---- */

/* A large copy is made once, in memory that the receiver's buffer takes over. */
static int write_large_buffer(struct writer *w, const struct buffer_view *view)
{
    struct outside_bytes *bytes = outside_bytes_new(view->length);
    uint32_t index;

    if (!bytes) {
        JS_ThrowRangeError(w->realm, "no memory for the copy of an ArrayBuffer");
        return -1;
    }
    memcpy(bytes->bytes, view->bytes, view->length);
    struct attachment a = {.kind = ATTACHMENT_BYTES, .resizable = view->resizable, .immutable = view->immutable,
                           .length = view->length, .max_length = view->max_length, .thing = bytes};
    if (writer_attach(w, &a, &index)) {
        outside_bytes_free(bytes);
        return -1;
    }
    if (writer_reserve(w, 5))
        return -1;
    put_byte(w, TAG_BYTES);
    put_word(w, index);
    return 0;
}

static int write_buffer(struct writer *w, JSValueConst buffer)
{
    struct buffer_view view = array_buffer_view(buffer);

    if (view.detached)
        return writer_refuse(w, buffer, "could not be cloned: it is detached");
    if (writer_remember(w, buffer))
        return -1;
    if (view.length >= OUTSIDE_BYTES_LEAST)
        return write_large_buffer(w, &view);
    if (writer_reserve(w, 10 + view.length))
        return -1;
    put_byte(w, TAG_BUFFER);
    put_byte(w, (view.resizable ? BUFFER_RESIZABLE : 0u) | (view.immutable ? BUFFER_IMMUTABLE : 0u));
    put_word(w, (uint32_t)view.length);
    put_word(w, (uint32_t)view.max_length);
    if (view.length)
        put_bytes(w, view.bytes, view.length);
    return 0;
}

/* R-SAB-01, R-SAB-03, R-SAB-04: no byte is touched, the reference travels. */
static int write_shared(struct writer *w, JSValueConst buffer)
{
    uint32_t index;

    if (!message_host.may_share(w->realm))
        return writer_refuse(w, buffer, "could not be cloned: the realm is not cross-origin isolated");
    struct shared_block *block = shared_array_buffer_block(buffer);
    if (!block)
        return writer_refuse(w, buffer, "could not be cloned: it has no shared block");
    if (writer_remember(w, buffer) || writer_reserve(w, 5))
        return -1;
    OBSERVE(block_share, block);
    struct attachment a = {.kind = ATTACHMENT_BLOCK, .thing = shared_block_ref(block)};
    if (writer_attach(w, &a, &index)) {
        shared_block_unref(block);
        return -1;
    }
    put_byte(w, TAG_BLOCK);
    put_word(w, index);
    return 0;
}

/* A serializable platform object; what has no serialization steps is refused. */
static int write_platform_object(struct writer *w, JSValueConst object)
{
    struct platform_value *value = message_host.serialize(w->realm, object);
    struct attachment a = {.kind = ATTACHMENT_PLATFORM, .thing = value};
    uint32_t index;

    if (!value)
        return writer_refuse(w, object, "could not be cloned");
    if (writer_remember(w, object) || writer_reserve(w, 5) || writer_attach(w, &a, &index)) {
        value->drop(value);
        return -1;
    }
    put_byte(w, TAG_PLATFORM);
    put_word(w, index);
    return 0;
}

static int write_view(struct writer *w, JSValueConst view, enum object_kind kind)
{
    JSValue buffer;
    struct view_shape shape = buffer_view_shape(w->realm, view, &buffer);
    int failed = -1;

    if (shape.out_of_bounds) {
        writer_refuse(w, view, "could not be cloned: it is out of bounds of its buffer");
    } else if (!writer_reserve(w, 12)) {
        put_byte(w, TAG_VIEW);
        put_byte(w, kind);
        put_byte(w, (unsigned)shape.type);
        put_byte(w, shape.tracking);
        put_word(w, shape.offset);
        put_word(w, shape.length);
        failed = write_value(w, buffer) || writer_remember(w, view) ? -1 : 0;
    }
    JS_FreeValue(w->realm, buffer);
    return failed;
}

/* ---- Map and Set ---- */

/* R-SC-09: the entries as they are now; getters run while they are written may change the collection. */
static int write_collection(struct writer *w, JSValueConst collection, enum object_kind kind)
{
    size_t count = collection_size(collection), written = 0;
    JSValue *values;

    if (writer_remember(w, collection) || writer_reserve(w, 5))
        return -1;
    put_byte(w, kind == OBJECT_MAP ? TAG_MAP : TAG_SET);
    put_word(w, (uint32_t)count);
    if (!count)
        return 0;
    values = js_malloc(w->realm, count * sizeof(*values));
    if (!values)
        return -1;
    collection_copy(w->realm, collection, values);
    while (written < count && !write_value(w, values[written]))
        written++;
    for (size_t i = 0; i < count; i++)
        JS_FreeValue(w->realm, values[i]);
    js_free(w->realm, values);
    return written == count ? 0 : -1;
}

/* ---- errors ---- */

static int error_type_named(JSContext *realm, JSValueConst name)
{
    static const char *const names[] = {[ERROR_EVAL] = "EvalError",           [ERROR_RANGE] = "RangeError",
                                        [ERROR_REFERENCE] = "ReferenceError", [ERROR_SYNTAX] = "SyntaxError",
                                        [ERROR_TYPE] = "TypeError",           [ERROR_URI] = "URIError"};
    int type = ERROR_PLAIN;

    if (!JS_IsString(name))
        return type;
    const char *text = JS_ToCString(realm, name);
    if (!text)
        return -1;
    for (int i = ERROR_EVAL; i <= ERROR_URI; i++)
        if (!strcmp(text, names[i]))
            type = i;
    JS_FreeCString(realm, text);
    return type;
}

/* A part of an error: undefined when it is not kept. A cause is kept when that cannot make the message fail by itself. */
static JSValue error_part(struct writer *w, JSValueConst error, enum error_parts part)
{
    if (part == ERROR_STACK)
        return error_stack(w->realm, error);
    JSValue value = own_data_value(w->realm, error, part == ERROR_MESSAGE ? "message" : "cause");
    if (JS_IsException(value))
        return value;
    if (part == ERROR_MESSAGE && !JS_IsUninitialized(value)) {
        JSValue text = JS_ToString(w->realm, value);
        JS_FreeValue(w->realm, value);
        return text;
    }
    if (JS_IsObject(value) ? object_kind(w->realm, value) == OBJECT_ERROR : !JS_IsSymbol(value))
        return value;
    JS_FreeValue(w->realm, value);
    return JS_UNINITIALIZED;
}

static int write_error(struct writer *w, JSValueConst error)
{
    if (writer_remember(w, error))
        return -1;
    JSValue name = JS_GetPropertyStr(w->realm, error, "name");
    int type = JS_IsException(name) ? -1 : error_type_named(w->realm, name);
    JS_FreeValue(w->realm, name);
    if (type < 0 || writer_reserve(w, 3))
        return -1;
    size_t head = (size_t)(w->at - w->start);
    put_byte(w, TAG_ERROR);
    put_byte(w, (unsigned)type);
    put_byte(w, 0);
    for (unsigned part = ERROR_MESSAGE; part <= ERROR_CAUSE; part <<= 1) {
        JSValue value = error_part(w, error, part);
        if (JS_IsUninitialized(value))
            continue;
        int failed = JS_IsException(value) || write_value(w, value);
        JS_FreeValue(w->realm, value);
        if (failed)
            return -1;
        w->start[head + 2] = (uint8_t)(w->start[head + 2] | part);
    }
    return 0;
}

static int write_dom_exception(struct writer *w, JSValueConst exception)
{
    JSValueConst name, message;

    if (writer_remember(w, exception) || writer_reserve(w, 1))
        return -1;
    put_byte(w, TAG_DOM_EXCEPTION);
    dom_exception_parts(exception, &name, &message);
    return write_value(w, name) || write_value(w, message) ? -1 : 0;
}

int write_special_object(struct writer *w, JSValueConst object, int kind)
{
    switch ((enum object_kind)kind) {
    case OBJECT_BOOLEAN:
    case OBJECT_NUMBER:
    case OBJECT_BIGINT:
    case OBJECT_STRING:
    case OBJECT_DATE:
        return write_wrapper(w, object, kind);
    case OBJECT_REGEXP:
        return write_regexp(w, object);
    case OBJECT_ARRAY_BUFFER:
        return write_buffer(w, object);
    case OBJECT_SHARED_ARRAY_BUFFER:
        return write_shared(w, object);
    case OBJECT_TYPED_ARRAY:
    case OBJECT_DATA_VIEW:
        return write_view(w, object, kind);
    case OBJECT_MAP:
    case OBJECT_SET:
        return write_collection(w, object, kind);
    case OBJECT_ERROR:
        return write_error(w, object);
    case OBJECT_DOM_EXCEPTION:
        return write_dom_exception(w, object);
    default:
        return write_platform_object(w, object);
    }
}
