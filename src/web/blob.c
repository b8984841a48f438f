/* The Blob interface (File API section 3). */
#include "base/assert.h"
#include "message/envelope.h"
#include "web/blob_object.h"
#include "web/blob_url.h"
#include "web/decode.h"
#include "web/event_object.h"
#include "web/idl.h"
#include "web/random.h"
#include "web/realm.h"
#include "web/text.h"

#include <stdlib.h>
#include <string.h>

struct blob {
    struct external external; /* the bytes lie outside the engine's heap */
    struct blob_bytes *bytes;
    size_t offset, length;
    char *type;
};

static void free_blob(struct blob *b)
{
    blob_bytes_unref(b->bytes);
    free(b->type);
    free(b);
}

static void let_go(struct external *x)
{
    free_blob((struct blob *)((char *)x - offsetof(struct blob, external)));
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    struct blob *b = interface_peek(value, &blob_interface);
    if (!b)
        return;
    external_forget(&b->external);
    free_blob(b);
}

/* A new object; takes the reference to the bytes and the type. */
static JSValue new_blob(JSContext *js, JSValueConst new_target, struct blob_bytes *bytes,
                        size_t offset, size_t length, char *type)
{
    struct blob *b = calloc(1, sizeof *b);
    hd_assert(b && type);
    b->bytes = bytes;
    b->offset = offset;
    b->length = length;
    b->type = type;
    JSValue object = interface_object_from(js, &blob_interface, new_target, b);
    if (JS_IsException(object))
        free_blob(b);
    else
        external_hold(engine_of(js), &b->external, let_go);
    return object;
}

JSValue blob_from_bytes(JSContext *js, struct blob_bytes *bytes, const char *type)
{
    return new_blob(js, JS_UNDEFINED, bytes, 0, bytes->length, strdup(type));
}

bool blob_view(JSValueConst value, struct blob_view *out)
{
    const struct blob *b = interface_peek(value, &blob_interface);
    if (!b)
        return false;
    *out = (struct blob_view){b->bytes, b->offset, b->length, b->type};
    return true;
}

/* ---- structured clone ---- */

struct blob_value {
    struct platform_value value;
    struct blob_bytes *bytes;
    size_t offset, length;
    char *type;
};

static void value_drop(struct platform_value *value)
{
    struct blob_value *v = (struct blob_value *)value;
    blob_bytes_unref(v->bytes);
    free(v->type);
    free(v);
}

struct platform_value *blob_serialize(JSContext *js, JSValueConst value)
{
    const struct blob *b = interface_peek(value, &blob_interface);
    struct blob_value *v = b ? malloc(sizeof *v) : NULL;
    (void)js;
    if (!v)
        return NULL;
    *v = (struct blob_value){{value_drop}, blob_bytes_ref(b->bytes), b->offset, b->length, strdup(b->type)};
    return &v->value;
}

JSValue blob_deserialize(JSContext *js, const struct platform_value *value)
{
    const struct blob_value *v = (const struct blob_value *)value;
    if (realm_of(js)->kind == GLOBAL_WORKLET) /* R-TR-08: not exposed there */
        return throw_dom_exception(js, "DataCloneError", "there are no Blobs in a worklet");
    return new_blob(js, JS_UNDEFINED, blob_bytes_ref(v->bytes), v->offset, v->length, strdup(v->type));
}

static struct blob *blob_of(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &blob_interface);
}

/* ---- the constructor ---- */

static int add_part(JSContext *js, JSValueConst element, void *context)
{
    const struct blob *b = interface_peek(element, &blob_interface);
    struct buffer_source source;
    if (b) {
        buffer_add_bytes(context, b->bytes->bytes + b->offset, b->length);
        return 0;
    }
    if (JS_IsObject(element)) {
        if (!buffer_source_get(js, element, false, &source)) {
            buffer_source_read(&source, context);
            return 0;
        }
        /* Another object is a string; only shared memory is refused. */
        buffer_source_get(js, element, true, &source);
        if (source.block)
            return -1;
        JS_FreeValue(js, JS_GetException(js));
    }
    return text_add_usv(js, element, context);
}

/* Lower case, or nothing when a character is not printable ASCII. malloc'd; NULL with an exception.
 */
static char *read_type(JSContext *js, JSValueConst value)
{
    buffer type = {0};
    buffer_add(&type, "");
    if (!JS_IsUndefined(value) && text_add_usv(js, value, &type)) {
        buffer_release(&type);
        return NULL;
    }
    for (size_t i = 0; i < type.length; i++) {
        char c = type.text[i];
        if (c < 0x20 || c > 0x7e) {
            buffer_clear(&type);
            break;
        }
        type.text[i] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
    }
    return type.text;
}

static JSValue construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    buffer bytes = {0};
    JSValueConst options;
    if (count > 0 && !JS_IsUndefined(arguments[0]) && !JS_IsObject(arguments[0]))
        return JS_ThrowTypeError(js, "Blob: the parts are not a sequence");
    if (idl_dictionary(js, count > 1 ? arguments[1] : JS_UNDEFINED, &options))
        return JS_EXCEPTION;
    if (count > 0 && !JS_IsUndefined(arguments[0]) &&
        idl_sequence(js, arguments[0], add_part, &bytes)) {
        buffer_release(&bytes);
        return JS_EXCEPTION;
    }
    JSValue type_value = idl_member(js, options, "type");
    char *type = JS_IsException(type_value) ? NULL : read_type(js, type_value);
    JS_FreeValue(js, type_value);
    JSValue result = JS_EXCEPTION;
    if (type)
        result = new_blob(js, new_target, blob_bytes_new(buffer_text(&bytes), bytes.length), 0,
                          bytes.length, type);
    buffer_release(&bytes);
    return result;
}

/* ---- attributes and methods ---- */

static JSValue get_size(JSContext *js, JSValueConst self)
{
    const struct blob *b = blob_of(js, self);
    return b ? JS_NewInt64(js, (int64_t)b->length) : JS_EXCEPTION;
}

static JSValue get_type(JSContext *js, JSValueConst self)
{
    const struct blob *b = blob_of(js, self);
    return b ? JS_NewString(js, b->type) : JS_EXCEPTION;
}

/* [Clamp] long long, negative ones counted from the end. */
static int read_position(JSContext *js, int count, JSValueConst *arguments, int i, size_t length,
                         size_t *out)
{
    double d;
    if (count <= i || JS_IsUndefined(arguments[i]))
        return 0;
    if (JS_ToFloat64(js, &d, arguments[i]))
        return -1;
    d = d != d ? 0 : d < 0 ? d + (double)length : d;
    *out = d <= 0 ? 0 : d >= (double)length ? length : (size_t)d;
    return 0;
}

static JSValue slice(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    const struct blob *b = blob_of(js, self);
    if (!b)
        return JS_EXCEPTION;
    size_t start = 0, end = b->length;
    if (read_position(js, count, arguments, 0, b->length, &start) ||
        read_position(js, count, arguments, 1, b->length, &end))
        return JS_EXCEPTION;
    char *type = read_type(js, count > 2 ? arguments[2] : JS_UNDEFINED);
    if (!type)
        return JS_EXCEPTION;
    return new_blob(js, JS_UNDEFINED, blob_bytes_ref(b->bytes), b->offset + start,
                    end > start ? end - start : 0, type);
}

enum { AS_TEXT, AS_ARRAY_BUFFER, AS_BYTES };

static JSValue read(JSContext *js, JSValueConst self, int count, JSValueConst *arguments, int as)
{
    const struct blob *b = blob_of(js, self);
    if (!b)
        return idl_promise(js, JS_EXCEPTION);
    const uint8_t *bytes = (const uint8_t *)b->bytes->bytes + b->offset;
    if (as == AS_ARRAY_BUFFER)
        return idl_promise(js, JS_NewArrayBufferCopy(js, bytes, b->length));
    if (as == AS_BYTES)
        return idl_promise(js, JS_NewUint8ArrayCopy(js, bytes, b->length));
    struct decoder d = {.encoding = ENCODING_UTF_8};
    buffer text = {0};
    decoder_feed(&d, bytes, b->length, &text);
    decoder_end(&d, &text);
    return idl_promise(js, text_new(js, &text));
}

JSValue blob_url_create(struct realm *r, JSValueConst value)
{
    const struct blob *b = interface_peek(value, &blob_interface);
    char uuid[37];
    if (!b)
        return JS_ThrowTypeError(r->js, "createObjectURL: not a Blob");
    random_uuid(r, uuid);
    buffer url = {0};
    buffer_format(&url, "blob:%s/%s", r->origin->text, uuid);
    blob_url_add(r->agent->world, r, url.text, b->bytes, b->offset, b->length, b->type);
    return text_new(r->js, &url);
}

static const JSCFunctionListEntry prototype[] = {
    IDL_ATTRIBUTE("size", get_size, NULL),  IDL_ATTRIBUTE("type", get_type, NULL),
    IDL_METHOD("slice", 0, slice),          IDL_METHOD_MAGIC("text", 0, read, AS_TEXT),
    IDL_METHOD_MAGIC("arrayBuffer", 0, read, AS_ARRAY_BUFFER), IDL_METHOD_MAGIC("bytes", 0, read, AS_BYTES),
};

const struct interface blob_interface = {
    .host_class = HOST_CLASS_BLOB,
    .name = "Blob",
    .class_definition = {.finalizer = finalize},
    .constructor = construct,
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
};
