#include "web/response.h"

#include "base/assert.h"
#include "web/blob_url.h"
#include "web/event_object.h"
#include "web/headers.h"
#include "web/idl.h"
#include "web/realm.h"
#include "web/url.h"

#include <stdlib.h>
#include <string.h>

/* ---- life ---- */

static void free_response(struct response *r)
{
    body_release(&r->body);
    free(r->url);
    free(r->status_text);
    if (r->hidden)
        resource_release(r->hidden);
    free(r->hidden);
    free(r);
}

static void let_go(struct external *x)
{
    free_response((struct response *)((char *)x - offsetof(struct response, external)));
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    struct response *r = interface_peek(value, &response_interface);
    if (!r)
        return;
    external_forget(&r->external);
    JS_FreeValueRT(runtime, r->headers);
    free_response(r);
}

static void mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark_value)
{
    struct response *r = interface_peek(value, &response_interface);
    if (r)
        JS_MarkValue(runtime, r->headers, mark_value);
}

struct response *response_peek(JSValueConst value)
{
    return interface_peek(value, &response_interface);
}

/* A response of type "default" with status 200. */
static JSValue new_response(JSContext *js, JSValueConst new_target,
                            const struct header_list *headers, enum headers_guard guard)
{
    struct response *r = calloc(1, sizeof *r);
    hd_assert(r);
    r->url = strdup("");
    r->status_text = strdup("");
    r->status = 200;
    r->type = RESPONSE_DEFAULT;
    r->headers = headers_new(js, headers, guard);
    JSValue object = JS_IsException(r->headers)
                         ? JS_EXCEPTION
                         : interface_object_from(js, &response_interface, new_target, r);
    if (JS_IsException(object)) {
        JS_FreeValue(js, r->headers);
        free_response(r);
    } else {
        external_hold(engine_of(js), &r->external, let_go);
    }
    return object;
}

static struct response *response_of(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &response_interface);
}

static struct header_list *list_of(const struct response *r)
{
    return &headers_peek(r->headers)->list;
}

static bool is_null_body_status(unsigned code)
{
    return code == 101 || code == 103 || code == 204 || code == 205 || code == 304;
}

/* ---- from and to the network ---- */

static struct resource *copy_of(const struct resource *r)
{
    struct resource *copy = calloc(1, sizeof *copy);
    hd_assert(copy);
    resource_copy(copy, r);
    return copy;
}

JSValue response_from_resource(JSContext *js, const struct resource *from)
{
    bool opaque = from->type == RESPONSE_OPAQUE || from->type == RESPONSE_OPAQUE_REDIRECT;
    struct header_list shown = {0};
    for (size_t i = 0; i < from->headers.count; i++)
        if (resource_shows_header(from, from->headers.items[i].name))
            header_list_append(&shown, from->headers.items[i].name, from->headers.items[i].value);
    JSValue object = new_response(js, JS_UNDEFINED, &shown, GUARD_IMMUTABLE);
    header_list_release(&shown);
    if (JS_IsException(object))
        return object;
    struct response *r = response_peek(object);
    r->type = from->type;
    r->status = opaque ? 0 : from->status;
    r->redirected = from->redirected && from->type != RESPONSE_OPAQUE;
    if (opaque)
        r->hidden = copy_of(from);
    else if (!is_null_body_status(from->status))
        r->body.bytes = blob_bytes_new(from->bytes, from->length);
    if (from->status_text) {
        free(r->status_text);
        r->status_text = strdup(from->status_text);
    }
    if (from->type != RESPONSE_OPAQUE) {
        free(r->url);
        r->url = strndup(from->url, strcspn(from->url, "#"));
    }
    return object;
}

void response_to_resource(const struct response *r, struct resource *out)
{
    if (r->hidden) {
        resource_copy(out, r->hidden);
        return;
    }
    size_t length = r->body.bytes ? r->body.bytes->length : 0;
    *out = (struct resource){.length = length,
                             .status = r->status,
                             .type = r->type,
                             .redirected = r->redirected,
                             .filtered = true};
    out->bytes = malloc(length + 1);
    out->url = strdup(r->url);
    out->status_text = strdup(r->status_text);
    hd_assert(out->bytes && out->url);
    if (length)
        memcpy(out->bytes, r->body.bytes->bytes, length);
    out->bytes[length] = 0;
    header_list_copy(&out->headers, list_of(r));
}

JSValue response_error(JSContext *js)
{
    JSValue object = new_response(js, JS_UNDEFINED, NULL, GUARD_IMMUTABLE);
    if (!JS_IsException(object)) {
        response_peek(object)->type = RESPONSE_ERROR;
        response_peek(object)->status = 0;
    }
    return object;
}

/* ---- ResponseInit ---- */

struct response_init {
    JSValue headers; /* undefined = none */
    unsigned status;
    buffer status_text;
};

static bool is_reason_phrase(const buffer *text)
{
    for (size_t i = 0; i < text->length; i++) {
        unsigned char c = (unsigned char)text->text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* The members, in their order, and what "initialize a response" says of them. 0, or -1 with an
 * exception; to be released either way. */
static int read_init(JSContext *js, JSValueConst value, struct response_init *out)
{
    JSValueConst init;
    *out = (struct response_init){.headers = JS_UNDEFINED, .status = 200};
    if (idl_dictionary(js, value, &init))
        return -1;
    out->headers = idl_member(js, init, "headers");
    if (JS_IsException(out->headers))
        return -1;
    JSValue code = idl_member(js, init, "status");
    uint32_t number = 200;
    int failed = JS_IsException(code) || (!JS_IsUndefined(code) && JS_ToUint32(js, &number, code));
    JS_FreeValue(js, code);
    JSValue text = failed ? JS_UNDEFINED : idl_member(js, init, "statusText");
    failed = failed || JS_IsException(text) ||
             (!JS_IsUndefined(text) && idl_add_byte_string(js, text, &out->status_text));
    JS_FreeValue(js, text);
    if (failed)
        return -1;
    out->status = number & 0xffff; /* unsigned short */
    if (out->status < 200 || out->status > 599) {
        JS_ThrowRangeError(js, "the status %u is not between 200 and 599", out->status);
        return -1;
    }
    if (!is_reason_phrase(&out->status_text)) {
        JS_ThrowTypeError(js, "statusText has a character that no status line has");
        return -1;
    }
    return 0;
}

static void release_init(JSContext *js, struct response_init *init)
{
    JS_FreeValue(js, init->headers);
    buffer_release(&init->status_text);
}

/* Fetch "initialize a response"; takes the body. 0, or -1 with an exception. */
static int initialize(JSContext *js, struct response *r, const struct response_init *init,
                      struct body *body, const char *type)
{
    r->body = *body;
    *body = (struct body){0};
    r->status = init->status;
    free(r->status_text);
    r->status_text = strdup(buffer_text(&init->status_text));
    if (!JS_IsUndefined(init->headers) && headers_fill(js, headers_peek(r->headers), init->headers))
        return -1;
    if (r->body.bytes && is_null_body_status(r->status)) {
        JS_ThrowTypeError(js, "a response with the status %u has no body", r->status);
        return -1;
    }
    if (type && !header_list_has(list_of(r), "Content-Type"))
        header_list_append(list_of(r), "Content-Type", type);
    return 0;
}

/* A new response from (init, body); takes the body. */
static JSValue make(JSContext *js, JSValueConst new_target, JSValueConst init_value,
                    struct body *body, const char *type)
{
    struct response_init init;
    JSValue object = read_init(js, init_value, &init)
                         ? JS_EXCEPTION
                         : new_response(js, new_target, NULL, GUARD_RESPONSE);
    if (!JS_IsException(object) && initialize(js, response_peek(object), &init, body, type)) {
        JS_FreeValue(js, object);
        object = JS_EXCEPTION;
    }
    body_release(body);
    release_init(js, &init);
    return object;
}

static JSValue construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    struct body body = {0};
    char *type = NULL;
    bool has_body = count > 0 && !JS_IsUndefined(arguments[0]) && !JS_IsNull(arguments[0]);
    if (has_body && body_extract(js, arguments[0], &body, &type))
        return JS_EXCEPTION;
    JSValue object = make(js, new_target, count > 1 ? arguments[1] : JS_UNDEFINED, &body, type);
    free(type);
    return object;
}

/* ---- statics ---- */

static JSValue static_error(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)self;
    (void)count;
    (void)arguments;
    return response_error(js);
}

static JSValue static_redirect(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    uint32_t code = 302;
    (void)self;
    if (!idl_arguments(js, "Response.redirect", count, 1))
        return JS_EXCEPTION;
    JSValue usv = idl_usv_string(js, arguments[0]);
    const char *relative = JS_IsException(usv) ? NULL : JS_ToCString(js, usv);
    JS_FreeValue(js, usv);
    if (!relative ||
        (count > 1 && !JS_IsUndefined(arguments[1]) && JS_ToUint32(js, &code, arguments[1]))) {
        JS_FreeCString(js, relative);
        return JS_EXCEPTION;
    }
    code &= 0xffff;
    char *url = url_resolve(realm_of(js)->url, relative);
    JSValue object = JS_EXCEPTION;
    if (!url)
        JS_ThrowTypeError(js, "'%s' is not a URL", relative);
    else if (code != 301 && code != 302 && code != 303 && code != 307 && code != 308)
        JS_ThrowRangeError(js, "the status %u is not one of a redirect", code);
    else
        object = new_response(js, JS_UNDEFINED, NULL, GUARD_IMMUTABLE);
    if (!JS_IsException(object)) {
        response_peek(object)->status = code;
        header_list_append(list_of(response_peek(object)), "Location", url);
    }
    free(url);
    JS_FreeCString(js, relative);
    return object;
}

static JSValue static_json(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct body body = {0};
    (void)self;
    if (!idl_arguments(js, "Response.json", count, 1))
        return JS_EXCEPTION;
    JSValue text = JS_JSONStringify(js, arguments[0], JS_UNDEFINED, JS_UNDEFINED);
    if (JS_IsUndefined(text))
        return JS_ThrowTypeError(js, "Response.json: the value cannot be written as JSON");
    char *type = NULL;
    int failed = JS_IsException(text) || body_extract(js, text, &body, &type);
    JS_FreeValue(js, text);
    free(type);
    return failed ? JS_EXCEPTION
                  : make(js, JS_UNDEFINED, count > 1 ? arguments[1] : JS_UNDEFINED, &body,
                         "application/json");
}

/* ---- attributes and methods ---- */

enum {
    GET_TYPE,
    GET_URL,
    GET_REDIRECTED,
    GET_STATUS,
    GET_OK,
    GET_STATUS_TEXT,
    GET_HEADERS,
    GET_BODY_USED
};

static JSValue get(JSContext *js, JSValueConst self, int what)
{
    static const char *const types[] = {"basic", "cors",   "default",
                                        "error", "opaque", "opaqueredirect"};
    const struct response *r = response_of(js, self);
    if (!r)
        return JS_EXCEPTION;
    switch (what) {
    case GET_TYPE:
        return JS_NewString(js, types[r->type]);
    case GET_URL:
        return JS_NewString(js, r->url);
    case GET_REDIRECTED:
        return JS_NewBool(js, r->redirected);
    case GET_STATUS:
        return JS_NewUint32(js, r->status);
    case GET_OK:
        return JS_NewBool(js, r->status >= 200 && r->status <= 299);
    case GET_STATUS_TEXT:
        return idl_byte_string(js, r->status_text, strlen(r->status_text));
    case GET_HEADERS:
        return JS_DupValue(js, r->headers);
    default:
        return JS_NewBool(js, r->body.used);
    }
}

static JSValue read(JSContext *js, JSValueConst self, int count, JSValueConst *arguments, int form)
{
    struct response *r = response_of(js, self);
    (void)count;
    (void)arguments;
    return r ? body_read(js, &r->body, list_of(r), (enum body_form)form) : idl_rejected(js);
}

static JSValue clone_response(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    const struct response *r = response_of(js, self);
    (void)count;
    (void)arguments;
    if (!r)
        return JS_EXCEPTION;
    if (r->body.used)
        return JS_ThrowTypeError(js, "the body was read already");
    JSValue object = new_response(js, JS_UNDEFINED, list_of(r), headers_peek(r->headers)->guard);
    if (JS_IsException(object))
        return object;
    struct response *copy = response_peek(object);
    copy->type = r->type;
    copy->status = r->status;
    copy->redirected = r->redirected;
    copy->body.bytes = r->body.bytes ? blob_bytes_ref(r->body.bytes) : NULL;
    copy->hidden = r->hidden ? copy_of(r->hidden) : NULL;
    free(copy->url);
    free(copy->status_text);
    copy->url = strdup(r->url);
    copy->status_text = strdup(r->status_text);
    return object;
}

static const JSCFunctionListEntry prototype[] = {
    IDL_ATTRIBUTE_MAGIC("type", get, NULL, GET_TYPE),
    IDL_ATTRIBUTE_MAGIC("url", get, NULL, GET_URL),
    IDL_ATTRIBUTE_MAGIC("redirected", get, NULL, GET_REDIRECTED),
    IDL_ATTRIBUTE_MAGIC("status", get, NULL, GET_STATUS),
    IDL_ATTRIBUTE_MAGIC("ok", get, NULL, GET_OK),
    IDL_ATTRIBUTE_MAGIC("statusText", get, NULL, GET_STATUS_TEXT),
    IDL_ATTRIBUTE_MAGIC("headers", get, NULL, GET_HEADERS),
    IDL_ATTRIBUTE_MAGIC("bodyUsed", get, NULL, GET_BODY_USED),
    IDL_METHOD("clone", 0, clone_response),
    IDL_METHOD_MAGIC("arrayBuffer", 0, read, BODY_ARRAY_BUFFER),
    IDL_METHOD_MAGIC("blob", 0, read, BODY_BLOB),
    IDL_METHOD_MAGIC("bytes", 0, read, BODY_BYTES),
    IDL_METHOD_MAGIC("json", 0, read, BODY_JSON),
    IDL_METHOD_MAGIC("text", 0, read, BODY_TEXT),
};

static const JSCFunctionListEntry statics[] = {
    IDL_METHOD("error", 0, static_error),
    IDL_METHOD("redirect", 1, static_redirect),
    IDL_METHOD("json", 1, static_json),
};

const struct interface response_interface = {
    .host_class = HOST_CLASS_RESPONSE,
    .name = "Response",
    .class_definition = {.finalizer = finalize, .gc_mark = mark},
    .constructor = construct,
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
    .statics = statics,
    .static_count = sizeof statics / sizeof *statics,
};
