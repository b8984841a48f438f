#include "web/text.h"

#include "engine/inspection.h"
#include "engine/js.h"
#include "memory/block_access.h"

#include <string.h>

int text_add_usv(JSContext *js, JSValueConst value, buffer *out)
{
    size_t length, start = out->length;
    const char *text = JS_ToCStringLen(js, &length, value);
    if (!text)
        return -1;
    buffer_add_bytes(out, text, length);
    JS_FreeCString(js, text);
    /* A lone surrogate is three bytes here, and so is U+FFFD. */
    for (size_t i = start; i + 2 < out->length; i++) {
        if ((unsigned char)out->text[i] == 0xed && (unsigned char)out->text[i + 1] >= 0xa0)
            memcpy(out->text + i, "\xef\xbf\xbd", 3);
    }
    return 0;
}

JSValue text_new(JSContext *js, buffer *text)
{
    JSValue value = JS_NewStringLen(js, buffer_text(text), text->length);
    buffer_release(text);
    return value;
}

static int not_a_source(JSContext *js)
{
    JS_ThrowTypeError(js, "The value is not an ArrayBuffer or a view on one");
    return -1;
}

static void clear_exception(JSContext *js)
{
    JS_FreeValue(js, JS_GetException(js));
}

/* The whole of an ArrayBuffer or SharedArrayBuffer. */
static int whole_buffer(JSContext *js, JSValueConst value, bool allow_shared,
                        struct buffer_source *out)
{
    enum inspected kind = JS_IsObject(value) ? inspect_class(value) : INSPECTED_OBJECT;
    if (kind == INSPECTED_SHARED_ARRAY_BUFFER) {
        if (!allow_shared) {
            JS_ThrowTypeError(js, "Shared memory is not allowed here");
            return -1;
        }
        out->block = shared_array_buffer_block(value);
        return out->block ? 0 : not_a_source(js);
    }
    if (kind != INSPECTED_ARRAY_BUFFER)
        return not_a_source(js);
    out->bytes = JS_GetArrayBuffer(js, &out->length, value);
    if (!out->bytes) {
        clear_exception(js);
        out->length = 0;
    }
    return 0;
}

int buffer_source_get(JSContext *js, JSValueConst value, bool allow_shared,
                      struct buffer_source *out)
{
    *out = (struct buffer_source){0};
    enum inspected kind = JS_IsObject(value) ? inspect_class(value) : INSPECTED_OBJECT;
    if (kind != INSPECTED_TYPED_ARRAY && kind != INSPECTED_DATA_VIEW) {
        if (whole_buffer(js, value, allow_shared, out))
            return -1;
        if (out->block)
            out->length = shared_block_byte_length(out->block);
        return 0;
    }
    struct inspected_view view = inspect_view(js, value);
    size_t offset = view.offset, length = view.length;
    if (kind == INSPECTED_TYPED_ARRAY) {
        JSValue under = JS_GetTypedArrayBuffer(js, value, &offset, &length, NULL);
        if (JS_IsException(under)) {
            clear_exception(js); /* detached, or out of bounds */
            return 0;
        }
        JS_FreeValue(js, under);
    }
    if (whole_buffer(js, view.buffer, allow_shared, out))
        return -1;
    if (!out->block && (!out->bytes || offset > out->length || length > out->length - offset)) {
        *out = (struct buffer_source){0};
        return 0;
    }
    if (out->bytes)
        out->bytes += offset;
    out->offset = offset;
    out->length = length;
    return 0;
}

void buffer_source_read(const struct buffer_source *source, buffer *out)
{
    if (!source->block) {
        buffer_add_bytes(out, source->bytes ? source->bytes : (const uint8_t *)"", source->length);
        return;
    }
    size_t start = out->length;
    buffer_add_repeated(out, 0, source->length);
    block_read(source->block, source->offset, out->text + start, source->length);
}

void buffer_source_write(const struct buffer_source *target, const void *bytes, size_t length)
{
    if (length == 0)
        return;
    if (target->block)
        block_write(target->block, target->offset, bytes, length);
    else
        memcpy(target->bytes, bytes, length);
}
