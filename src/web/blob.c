/* The Blob and File interfaces (File API sections 3 and 4). */
#include "agent/world.h"
#include "base/assert.h"
#include "message/envelope.h"
#include "web/blob_object.h"
#include "web/blob_url.h"
#include "web/decode.h"
#include "web/event_object.h"
#include "web/idl.h"
#include "web/random.h"
#include "web/realm.h"
#include "web/serializable.h"
#include "web/text.h"

#include <stdlib.h>
#include <string.h>

struct blob {
    struct external external; /* the bytes lie outside the engine's heap */
    struct blob_bytes *bytes;
    size_t offset, length;
    char *type;
    char *name; /* of a File; NULL = no File */
    int64_t last_modified; /* the same: ms since 1970 */
};

static void free_blob(struct blob *b)
{
    blob_bytes_unref(b->bytes);
    free(b->type);
    free(b->name);
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

/* A new object; takes what `b` refers to. */
static JSValue new_object(JSContext *js, const struct interface *i, JSValueConst new_target, struct blob blob)
{
    struct blob *b = malloc(sizeof *b);
    hd_assert(b && blob.type);
    *b = blob;
    JSValue object = interface_object_from(js, i, new_target, b);
    if (JS_IsException(object))
        free_blob(b);
    else
        external_hold(engine_of(js), &b->external, let_go);
    return object;
}

/* The same for a Blob: takes the reference to the bytes and the type. */
static JSValue new_blob(JSContext *js, JSValueConst new_target, struct blob_bytes *bytes,
                        size_t offset, size_t length, char *type)
{
    return new_object(js, &blob_interface, new_target,
                      (struct blob){.bytes = bytes, .offset = offset, .length = length, .type = type});
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
    struct serialized serialized;
    struct blob_bytes *bytes;
    size_t offset, length;
    char *type, *name; /* name: of a File, else NULL */
    int64_t last_modified;
};

static void value_drop(struct platform_value *value)
{
    struct blob_value *v = (struct blob_value *)value;
    blob_bytes_unref(v->bytes);
    free(v->type);
    free(v->name);
    free(v);
}

static struct serialized *serialize(JSContext *js, JSValueConst value)
{
    const struct blob *b = interface_peek(value, &blob_interface);
    struct blob_value *v = b ? malloc(sizeof *v) : NULL;
    (void)js;
    if (!v)
        return NULL;
    *v = (struct blob_value){{.value.drop = value_drop}, blob_bytes_ref(b->bytes), b->offset, b->length, strdup(b->type),
                             b->name ? strdup(b->name) : NULL, b->last_modified};
    return &v->serialized;
}

static JSValue deserialize(JSContext *js, const struct serialized *value)
{
    const struct blob_value *v = (const struct blob_value *)value;
    if (realm_of(js)->kind == GLOBAL_WORKLET) /* R-TR-08: not exposed there */
        return throw_dom_exception(js, "DataCloneError", "there are no Blobs in a worklet");
    return new_object(js, v->name ? &file_interface : &blob_interface, JS_UNDEFINED,
                      (struct blob){.bytes = blob_bytes_ref(v->bytes), .offset = v->offset, .length = v->length,
                                    .type = strdup(v->type), .name = v->name ? strdup(v->name) : NULL,
                                    .last_modified = v->last_modified});
}

const struct serializable blob_serializable = {HOST_CLASS_BLOB, serialize, deserialize};
const struct serializable file_serializable = {HOST_CLASS_FILE, serialize, deserialize};

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

/* Reads parts (undefined: none) and `type` of the options into `out`. 0, or -1 with an exception. */
static int read_content(JSContext *js, JSValueConst parts, JSValueConst options, struct blob *out)
{
    buffer bytes = {0};
    if (!JS_IsUndefined(parts) && idl_sequence(js, parts, add_part, &bytes)) {
        buffer_release(&bytes);
        return -1;
    }
    JSValue type_value = idl_member(js, options, "type");
    char *type = JS_IsException(type_value) ? NULL : read_type(js, type_value);
    JS_FreeValue(js, type_value);
    if (type)
        *out = (struct blob){.bytes = blob_bytes_new(buffer_text(&bytes), bytes.length), .length = bytes.length, .type = type};
    buffer_release(&bytes);
    return type ? 0 : -1;
}

static JSValue construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    struct blob b;
    JSValueConst options, parts = count > 0 ? arguments[0] : JS_UNDEFINED;
    if (!JS_IsUndefined(parts) && !JS_IsObject(parts))
        return JS_ThrowTypeError(js, "Blob: the parts are not a sequence");
    if (idl_dictionary(js, count > 1 ? arguments[1] : JS_UNDEFINED, &options) || read_content(js, parts, options, &b))
        return JS_EXCEPTION;
    return new_object(js, &blob_interface, new_target, b);
}

static int read_last_modified(JSContext *js, JSValueConst options, int64_t *out)
{
    struct agent *a = realm_of(js)->agent;
    JSValue value = idl_member(js, options, "lastModified");
    int failed = JS_IsException(value) ? -1 : 0;
    if (JS_IsUndefined(value))
        *out = (int64_t)(a->world->wall_start + agent_now(a)) / 1000000;
    else if (!failed)
        failed = JS_ToInt64(js, out, value);
    JS_FreeValue(js, value);
    return failed;
}

static JSValue construct_file(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    struct blob b;
    buffer name = {0};
    JSValueConst options;
    int64_t last_modified;
    if (!idl_arguments(js, "File", count, 2))
        return JS_EXCEPTION;
    if (!JS_IsObject(arguments[0]))
        return JS_ThrowTypeError(js, "File: the parts are not a sequence");
    buffer_add(&name, "");
    if (text_add_usv(js, arguments[1], &name) || idl_dictionary(js, count > 2 ? arguments[2] : JS_UNDEFINED, &options) ||
        read_last_modified(js, options, &last_modified) || read_content(js, arguments[0], options, &b)) {
        buffer_release(&name);
        return JS_EXCEPTION;
    }
    b.name = name.text;
    b.last_modified = last_modified;
    return new_object(js, &file_interface, new_target, b);
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

/* ---- File ---- */

static JSValue get_name(JSContext *js, JSValueConst self)
{
    const struct blob *b = interface_opaque(js, self, &file_interface);
    return b ? JS_NewString(js, b->name) : JS_EXCEPTION;
}

static JSValue get_last_modified(JSContext *js, JSValueConst self)
{
    const struct blob *b = interface_opaque(js, self, &file_interface);
    return b ? JS_NewInt64(js, b->last_modified) : JS_EXCEPTION;
}

static const JSCFunctionListEntry file_prototype[] = {
    IDL_ATTRIBUTE("name", get_name, NULL),
    IDL_ATTRIBUTE("lastModified", get_last_modified, NULL),
};

const struct interface file_interface = {
    .host_class = HOST_CLASS_FILE,
    .name = "File",
    .parent = &blob_interface,
    .class_definition = {.finalizer = finalize},
    .constructor = construct_file,
    .constructor_length = 2,
    .prototype = file_prototype,
    .prototype_count = sizeof file_prototype / sizeof *file_prototype,
};
