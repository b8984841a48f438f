#include "web/body.h"

#include "base/assert.h"
#include "web/blob_object.h"
#include "web/blob_url.h"
#include "web/decode.h"
#include "web/idl.h"
#include "web/mime_type.h"
#include "web/search_params.h"
#include "web/text.h"
#include "web/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void body_release(struct body *b)
{
    if (b->bytes)
        blob_bytes_unref(b->bytes);
    b->bytes = NULL;
}

/* ---- extracting ---- */

static void extract_blob(const struct blob_view *blob, struct body *out, char **type)
{
    bool whole = blob->offset == 0 && blob->length == blob->bytes->length;
    out->bytes = whole ? blob_bytes_ref(blob->bytes)
                       : blob_bytes_new(blob->bytes->bytes + blob->offset, blob->length);
    if (*blob->type)
        *type = strdup(blob->type);
}

static void extract_params(JSValueConst params, struct body *out, char **type)
{
    const char *name, *value;
    size_t name_length, value_length;
    buffer text = {0};
    for (uint32_t i = 0; search_params_pair(params, i, &name, &name_length, &value, &value_length);
         i++) {
        buffer_add(&text, i ? "&" : "");
        url_form_add(&text, name, name_length);
        buffer_add(&text, "=");
        url_form_add(&text, value, value_length);
    }
    out->bytes = blob_bytes_new(buffer_text(&text), text.length);
    *type = strdup("application/x-www-form-urlencoded;charset=UTF-8");
    buffer_release(&text);
}

/* 1 when it was one, 0 when it is none, -1 with an exception: shared memory is refused. */
static int extract_buffer(JSContext *js, JSValueConst init, struct body *out)
{
    struct buffer_source source;
    buffer bytes = {0};
    if (!buffer_source_get(js, init, false, &source)) {
        buffer_source_read(&source, &bytes);
        out->bytes = blob_bytes_new(buffer_text(&bytes), bytes.length);
        buffer_release(&bytes);
        return 1;
    }
    JSValue refused = JS_GetException(js);
    bool shared = !buffer_source_get(js, init, true, &source);
    if (shared) {
        JS_Throw(js, refused);
        return -1;
    }
    JS_FreeValue(js, JS_GetException(js));
    JS_FreeValue(js, refused);
    return 0;
}

int body_extract(JSContext *js, JSValueConst init, struct body *out, char **type)
{
    struct blob_view blob;
    *type = NULL;
    *out = (struct body){0};
    if (blob_view(init, &blob)) {
        extract_blob(&blob, out, type);
        return 0;
    }
    if (interface_peek(init, &search_params_interface)) {
        extract_params(init, out, type);
        return 0;
    }
    int taken = JS_IsObject(init) ? extract_buffer(js, init, out) : 0;
    if (taken)
        return taken < 0 ? -1 : 0;
    buffer text = {0};
    int failed = text_add_usv(js, init, &text);
    if (!failed) {
        out->bytes = blob_bytes_new(buffer_text(&text), text.length);
        *type = strdup("text/plain;charset=UTF-8");
    }
    buffer_release(&text);
    return failed;
}

/* ---- reading ---- */

char *body_type(const struct header_list *headers)
{
    buffer result = {0};
    buffer_add(&result, "");
    for (size_t i = headers->count; i-- > 0 && !result.length;) {
        struct mime_type t;
        const struct header *h = &headers->items[i];
        if (strcasecmp(h->name, "content-type") || !mime_type_parse(h->value, strlen(h->value), &t))
            continue;
        if (strcmp(t.essence.text, "*/*"))
            buffer_format(&result, "%s%s", t.essence.text, buffer_text(&t.parameters));
        mime_type_release(&t);
    }
    return result.text; /* the buffer's memory is the C library's */
}

/* "UTF-8 decode": without a byte order mark. */
static void decode(const char *bytes, size_t length, buffer *text)
{
    struct decoder d = {.encoding = ENCODING_UTF_8};
    buffer_add(text, "");
    decoder_feed(&d, (const uint8_t *)bytes, length, text);
    decoder_end(&d, text);
}

JSValue body_text(JSContext *js, const char *bytes, size_t length)
{
    buffer text = {0};
    decode(bytes, length, &text);
    return text_new(js, &text);
}

JSValue body_json(JSContext *js, const char *bytes, size_t length)
{
    buffer text = {0};
    decode(bytes, length, &text);
    JSValue value = JS_ParseJSON(js, text.text, text.length, "<body>");
    buffer_release(&text);
    return value;
}

static JSValue package(JSContext *js, struct blob_bytes *b, const struct header_list *headers,
                       enum body_form form)
{
    switch (form) {
    case BODY_TEXT:
        return body_text(js, b->bytes, b->length);
    case BODY_JSON:
        return body_json(js, b->bytes, b->length);
    case BODY_ARRAY_BUFFER:
        return JS_NewArrayBufferCopy(js, (const uint8_t *)b->bytes, b->length);
    case BODY_BYTES:
        return JS_NewUint8ArrayCopy(js, (const uint8_t *)b->bytes, b->length);
    case BODY_BLOB:
        break;
    }
    char *type = body_type(headers);
    JSValue blob = blob_from_bytes(js, blob_bytes_ref(b), type);
    free(type);
    return blob;
}

JSValue body_read(JSContext *js, struct body *b, const struct header_list *headers,
                  enum body_form form)
{
    if (b->used) {
        JS_ThrowTypeError(js, "the body was read already");
        return idl_rejected(js);
    }
    b->used = b->bytes != NULL; /* where there is no body, it can be read again and again */
    struct blob_bytes *bytes = b->bytes ? blob_bytes_ref(b->bytes) : blob_bytes_new("", 0);
    JSValue value = package(js, bytes, headers, form);
    blob_bytes_unref(bytes);
    return idl_promise(js, value);
}
