/* XMLHttpRequest: the answer's headers and body, as scripts read them (XMLHttpRequest 3.6). */
#include "web/xhr_object.h"

#include "web/blob_object.h"
#include "web/blob_url.h"
#include "web/decode.h"
#include "web/event.h"
#include "web/event_object.h"
#include "web/idl.h"
#include "web/mime_type.h"
#include "web/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

JSValue xhr_response_header(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    const struct xhr *x = xhr_of(js, self);
    if (!x || !idl_arguments(js, "getResponseHeader", count, 1))
        return JS_EXCEPTION;
    char *name = xhr_text(js, arguments[0], true);
    if (!name)
        return JS_EXCEPTION;
    char *value =
        resource_shows_header(&x->answer, name) ? resource_header(&x->answer, name) : NULL;
    JSValue result = value ? idl_byte_string(js, value, strlen(value)) : JS_NULL;
    free(value);
    free(name);
    return result;
}

JSValue xhr_all_response_headers(JSContext *js, JSValueConst self, int count,
                                 JSValueConst *arguments)
{
    const struct xhr *x = xhr_of(js, self);
    struct header_list sorted = {0};
    buffer text = {0};
    (void)count;
    (void)arguments;
    if (!x)
        return JS_EXCEPTION;
    header_list_sort_and_combine(&x->answer.headers, &sorted);
    for (size_t i = 0; i < sorted.count; i++)
        if (resource_shows_header(&x->answer, sorted.items[i].name))
            buffer_format(&text, "%s: %s\r\n", sorted.items[i].name, sorted.items[i].value);
    JSValue result = idl_byte_string(js, buffer_text(&text), text.length);
    buffer_release(&text);
    header_list_release(&sorted);
    return result;
}

/* "final MIME type", malloc'd. */
static char *final_type(const struct xhr *x)
{
    if (x->override_type)
        return strdup(x->override_type);
    char *type = body_type(&x->answer.headers);
    if (*type)
        return type;
    free(type);
    return strdup("text/xml");
}

static JSValue decoded(JSContext *js, const struct xhr *x)
{
    char *type = final_type(x);
    struct mime_type parsed;
    struct decoder d = {.encoding = ENCODING_UTF_8};
    buffer text = {0};
    buffer_add(&text, "");
    if (mime_type_parse(type, strlen(type), &parsed)) {
        enum encoding named =
            encoding_of_label(buffer_text(&parsed.charset), parsed.charset.length);
        d.encoding = named == ENCODING_COUNT ? ENCODING_UTF_8 : named;
        mime_type_release(&parsed);
    }
    free(type);
    if (x->answer.bytes) {
        decoder_feed(&d, (const uint8_t *)x->answer.bytes, x->answer.length, &text);
        decoder_end(&d, &text);
    }
    return text_new(js, &text);
}

JSValue xhr_response_text(JSContext *js, JSValueConst self)
{
    const struct xhr *x = xhr_of(js, self);
    if (!x)
        return JS_EXCEPTION;
    if (x->kind != KIND_DEFAULT && x->kind != KIND_TEXT)
        return throw_dom_exception(
            js, "InvalidStateError",
            "responseText goes with the responseType \"\" or \"text\" alone");
    return x->state == LOADING || x->state == DONE ? decoded(js, x) : JS_NewString(js, "");
}

static JSValue response_object(JSContext *js, const struct xhr *x)
{
    const struct resource *r = &x->answer;
    if (x->kind == KIND_ARRAY_BUFFER)
        return JS_NewArrayBufferCopy(js, (const uint8_t *)r->bytes, r->length);
    if (x->kind == KIND_BLOB) {
        char *type = final_type(x);
        JSValue blob = blob_from_bytes(js, blob_bytes_new(r->bytes, r->length), type);
        free(type);
        return blob;
    }
    JSValue value =
        x->kind == KIND_JSON && r->length ? body_json(js, r->bytes, r->length) : JS_NULL;
    if (JS_IsException(value)) {
        JS_FreeValue(js, JS_GetException(js));
        return JS_NULL;
    }
    return value;
}

JSValue xhr_response(JSContext *js, JSValueConst self)
{
    struct xhr *x = xhr_of(js, self);
    if (!x)
        return JS_EXCEPTION;
    if (x->kind == KIND_DEFAULT || x->kind == KIND_TEXT)
        return xhr_response_text(js, self);
    if (x->state != DONE || x->failed || !x->answer.bytes)
        return JS_NULL;
    if (JS_IsUndefined(x->response_object)) {
        JSValue object = response_object(js, x);
        if (JS_IsException(object))
            return object;
        x->response_object = object;
    }
    return JS_DupValue(js, x->response_object);
}

JSValue xhr_get(JSContext *js, JSValueConst self, int what)
{
    const struct xhr *x = xhr_of(js, self);
    if (!x)
        return JS_EXCEPTION;
    switch (what) {
    case XHR_GET_READY_STATE:
        return JS_NewInt32(js, x->state);
    case XHR_GET_STATUS:
        return JS_NewUint32(js, x->answer.status);
    case XHR_GET_URL:
        return JS_NewStringLen(js, x->answer.url ? x->answer.url : "",
                               x->answer.url ? strcspn(x->answer.url, "#") : 0);
    case XHR_GET_XML:
        if (x->kind != KIND_DEFAULT && x->kind != KIND_DOCUMENT)
            return throw_dom_exception(
                js, "InvalidStateError",
                "responseXML goes with the responseType \"\" or \"document\" alone");
        return JS_NULL;
    default: /* the answers have no reason phrases */
        return JS_NewString(js, "");
    }
}
