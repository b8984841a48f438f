/* Values from the inside: ArrayBuffers, whose larger bytes lie outside the heap, and views. Included by unity.c, never compiled
 * alone. */

#include <stdlib.h>

struct buffer_view array_buffer_view(JSValueConst buffer)
{
    JSArrayBuffer *b = JS_VALUE_GET_OBJ(buffer)->u.array_buffer;

    array_buffer_refresh(b, true);
    return (struct buffer_view){.bytes = b->data,
                                .length = (size_t)b->byte_length,
                                .max_length = b->max_byte_length >= 0 ? (size_t)b->max_byte_length : (size_t)b->byte_length,
                                .detached = b->detached,
                                .immutable = b->immutable,
                                .resizable = b->max_byte_length >= 0};
}

/* ---- bytes outside the heap ---- */

struct outside_bytes *outside_bytes_new(size_t size)
{
    struct outside_bytes *b = malloc(sizeof(*b) + size);

    if (b) {
        b->next = b->previous = NULL;
        b->size = size;
    }
    return b;
}

void outside_bytes_free(struct outside_bytes *b)
{
    free(b);
}

static struct outside_bytes *outside_of(void *data)
{
    return (struct outside_bytes *)((uint8_t *)data - offsetof(struct outside_bytes, bytes));
}

/* They count as the runtime's memory: against its limit, and towards the next collection. */
static bool outside_fits(const JSRuntime *runtime, size_t size)
{
    const JSMallocState *state = &runtime->malloc_state;

    return !state->malloc_limit || (size <= state->malloc_limit && state->malloc_size <= state->malloc_limit - size);
}

static void outside_link(JSRuntime *runtime, struct outside_bytes *b)
{
    b->previous = NULL;
    b->next = runtime->host.outside;
    if (b->next) {
        b->next->previous = b;
    }
    runtime->host.outside = b;
    runtime->malloc_state.malloc_size += b->size;
}

static void outside_unlink(JSRuntime *runtime, struct outside_bytes *b)
{
    if (b->previous) {
        b->previous->next = b->next;
    } else {
        runtime->host.outside = b->next;
    }
    if (b->next) {
        b->next->previous = b->previous;
    }
    runtime->malloc_state.malloc_size -= b->size;
}

/* The buffer's realloc function: a size of 0 frees. */
static void *outside_realloc(JSRuntime *runtime, void *opaque, void *data, size_t size)
{
    struct outside_bytes *b = outside_of(data), *moved;

    outside_unlink(runtime, b);
    if (!size) {
        free(b);
        return NULL;
    }
    moved = size <= b->size || outside_fits(runtime, size) ? realloc(b, sizeof(*b) + size) : NULL;
    if (!moved) {
        outside_link(runtime, b);
        return NULL;
    }
    moved->size = size;
    outside_link(runtime, moved);
    return moved->bytes;
}

/* Zeroed bytes for a new ArrayBuffer. */
void *heddle_buffer_new(JSContext *realm, size_t size, JSReallocArrayBufferDataFunc **realloc_func)
{
    struct outside_bytes *b;

    if (size < OUTSIDE_BYTES_LEAST) {
        return js_mallocz(realm, size);
    }
    js_trigger_gc(realm->rt, size);
    b = outside_fits(realm->rt, size) ? calloc(1, sizeof(*b) + size) : NULL;
    if (!b) {
        JS_ThrowOutOfMemory(realm);
        return NULL;
    }
    b->size = size;
    outside_link(realm->rt, b);
    *realloc_func = outside_realloc;
    return b->bytes;
}

struct outside_bytes *array_buffer_detach(JSContext *realm, JSValueConst buffer)
{
    JSArrayBuffer *b = JS_VALUE_GET_OBJ(buffer)->u.array_buffer;
    struct outside_bytes *outside = NULL;

    if (b->realloc_func == outside_realloc) {
        outside = outside_of(b->data);
        outside_unlink(realm->rt, outside);
        b->realloc_func = NULL;
    }
    JS_DetachArrayBuffer(realm, buffer);
    return outside;
}

static JSValue with_immutability(JSValue buffer, const struct buffer_view *shape)
{
    if (!JS_IsException(buffer)) {
        JS_VALUE_GET_OBJ(buffer)->u.array_buffer->immutable = shape->immutable;
    }
    return buffer;
}

JSValue array_buffer_adopt(JSContext *realm, struct outside_bytes *b, const struct buffer_view *shape)
{
    uint64_t max_length = shape->max_length;

    js_trigger_gc(realm->rt, b->size);
    if (!outside_fits(realm->rt, b->size)) {
        free(b);
        JS_ThrowOutOfMemory(realm);
        return JS_EXCEPTION;
    }
    JSValue buffer = js_array_buffer_constructor3(realm, JS_UNDEFINED, shape->length, shape->resizable ? &max_length : NULL,
                                                  JS_CLASS_ARRAY_BUFFER, b->bytes, outside_realloc, NULL, false);
    if (JS_IsException(buffer)) {
        free(b);
        return buffer;
    }
    outside_link(realm->rt, b);
    return with_immutability(buffer, shape);
}

JSValue array_buffer_copy(JSContext *realm, const struct buffer_view *shape)
{
    uint64_t max_length = shape->max_length;
    JSValue buffer = js_array_buffer_constructor2(realm, JS_UNDEFINED, shape->length, shape->resizable ? &max_length : NULL,
                                                  JS_CLASS_ARRAY_BUFFER);

    if (!JS_IsException(buffer) && shape->length) {
        memcpy(JS_VALUE_GET_OBJ(buffer)->u.array_buffer->data, shape->bytes, shape->length);
    }
    return with_immutability(buffer, shape);
}

/* ---- views ---- */

static bool data_view_out_of_bounds(const JSTypedArray *view)
{
    JSArrayBuffer *b = view->buffer->u.array_buffer;

    array_buffer_refresh(b, true);
    return b->detached || view->offset > (uint32_t)b->byte_length ||
           (!view->track_rab && view->length > (uint32_t)b->byte_length - view->offset);
}

struct view_shape buffer_view_shape(JSContext *realm, JSValueConst view, JSValue *buffer)
{
    JSObject *p = JS_VALUE_GET_OBJ(view);
    const JSTypedArray *v = p->u.typed_array;
    bool is_data_view = p->class_id == JS_CLASS_DATAVIEW;

    *buffer = js_dup(JS_MKPTR(JS_TAG_OBJECT, v->buffer));
    struct view_shape shape = {.type = is_data_view ? 0 : p->class_id - JS_CLASS_UINT8C_ARRAY,
                               .offset = v->offset,
                               .tracking = v->track_rab,
                               .out_of_bounds = is_data_view ? data_view_out_of_bounds(v) : typed_array_is_oob(p)};
    shape.length = is_data_view ? v->length : typed_array_length(p);
    return shape;
}

static JSValue data_view_new(JSContext *realm, JSValueConst buffer, const struct view_shape *shape)
{
    JSValueConst arguments[] = {buffer, js_uint32(shape->offset), shape->tracking ? JS_UNDEFINED : js_uint32(shape->length)};

    return js_dataview_constructor(realm, JS_UNDEFINED, countof(arguments), arguments);
}

JSValue buffer_view_new(JSContext *realm, enum object_kind kind, JSValueConst buffer, const struct view_shape *shape)
{
    JSClassID id = (JSClassID)(JS_CLASS_UINT8C_ARRAY + shape->type);
    JSArrayBuffer *b = JS_VALUE_GET_OBJ(buffer)->u.array_buffer;
    uint64_t length = shape->length;

    if (kind == OBJECT_DATA_VIEW) {
        return data_view_new(realm, buffer, shape);
    }
    array_buffer_refresh(b, true);
    if (shape->tracking) {
        length = ((uint64_t)b->byte_length - shape->offset) >> typed_array_size_log2(id);
    }
    JSValue view = JS_NewObjectClass(realm, id);
    if (!JS_IsException(view) &&
        typed_array_init(realm, view, js_dup(buffer), shape->offset, length, shape->tracking)) {
        JS_FreeValue(realm, view);
        return JS_EXCEPTION;
    }
    return view;
}

void values_drop(JSRuntime *runtime)
{
    struct outside_bytes *b = runtime->host.outside;

    runtime->host.outside = NULL;
    while (b) {
        struct outside_bytes *next = b->next;
        free(b);
        b = next;
    }
}
