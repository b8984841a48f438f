#include "web/xhr_object.h"

#include "agent/pause.h"
#include "agent/world.h"
#include "base/assert.h"
#include "web/blob_object.h"
#include "web/blob_url.h"
#include "web/body.h"
#include "web/decode.h"
#include "web/event_object.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/mime_type.h"
#include "web/document.h"
#include "web/realm.h"
#include "web/resource.h"
#include "web/service_worker.h"
#include "web/text.h"
#include "web/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const kinds[] = {"", "arraybuffer", "blob", "document", "json", "text", NULL};

static const struct interface xhr_event_target_interface, xhr_upload_interface, xhr_interface;

struct xhr *xhr_of(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &xhr_interface);
}

/* ---- life ---- */

static void free_outside(struct xhr *x)
{
    resource_release(&x->answer);
    header_list_release(&x->author);
    body_release(&x->sent);
    free(x->url);
    free(x->method);
    free(x->override_type);
}

static void let_go(struct external *e)
{
    free_outside((struct xhr *)((char *)e - offsetof(struct xhr, external)));
}

/* The request is not under way any more: nothing of it comes. */
static void stop(struct xhr *x)
{
    if (x->fetch)
        resource_fetch_cancel(x->fetch);
    x->fetch = NULL;
    timer_cancel(x->realm->agent, &x->timer);
    if (!x->link)
        return;
    *x->link = x->next;
    if (x->next)
        x->next->link = x->link;
    x->link = NULL;
    JSValue self = x->self;
    x->self = JS_UNDEFINED;
    JS_FreeValue(x->realm->js, self);
}

void requests_clear(struct realm *r)
{
    while (r->requests)
        stop(r->requests);
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    struct xhr *x = interface_peek(value, &xhr_interface);
    if (!x)
        return;
    external_forget(&x->external);
    event_target_release(runtime, &x->target);
    JS_FreeValueRT(runtime, x->upload);
    JS_FreeValueRT(runtime, x->response_object);
    free_outside(x);
    js_free_rt(runtime, x);
}

static void mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark_value)
{
    struct xhr *x = interface_peek(value, &xhr_interface);
    if (!x)
        return;
    event_target_mark(runtime, &x->target, mark_value);
    JS_MarkValue(runtime, x->upload, mark_value);
    JS_MarkValue(runtime, x->response_object, mark_value);
}

static void timed_out(struct timer *t, struct agent *a);
static void timer_dropped(struct timer *t)
{
    (void)t;
}

static JSValue construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    struct xhr *x = js_mallocz(js, sizeof *x);
    (void)count;
    (void)arguments;
    if (!x)
        return JS_EXCEPTION;
    x->realm = realm_of(js);
    x->upload = x->response_object = x->self = JS_UNDEFINED;
    x->timer = (struct timer){.index = SIZE_MAX, .fire = timed_out, .drop = timer_dropped};
    JSValue object = interface_object_from(js, &xhr_interface, new_target, x);
    if (JS_IsException(object))
        js_free(js, x);
    else
        external_hold(engine_of(js), &x->external, let_go);
    return object;
}

/* ---- events ---- */

static void report_if(struct realm *r, int fired)
{
    if (fired < 0)
        realm_report_exception(r);
}

static void set_state(struct xhr *x, JSValueConst self, enum state s)
{
    x->state = s;
    report_if(x->realm, event_target_fire_simple(x->realm->js, self, "readystatechange"));
}

static void fire_progress(struct xhr *x, JSValueConst self, const char *type, double loaded,
                          double total)
{
    report_if(x->realm, progress_event_fire(x->realm->js, self, type, loaded, total));
}

static void fire_upload(struct xhr *x, const char *type, double loaded, double total)
{
    if (JS_IsObject(x->upload))
        fire_progress(x, x->upload, type, loaded, total);
}

/* ---- opening ---- */

char *xhr_text(JSContext *js, JSValueConst value, bool bytes)
{
    buffer text = {0};
    if (bytes ? idl_add_byte_string(js, value, &text) : text_add_usv(js, value, &text)) {
        buffer_release(&text);
        return NULL;
    }
    buffer_add(&text, "");
    return text.text; /* the buffer's memory is the C library's */
}

/* The method as it is written, or NULL with an exception. */
static char *read_method(JSContext *js, JSValueConst value)
{
    static const char *const normalized[] = {"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"};
    char *method = xhr_text(js, value, true);
    if (!method)
        return NULL;
    bool valid = header_name_is_valid(method);
    if (!valid)
        throw_dom_exception(js, "SyntaxError", "open: '%s' is not a method", method);
    else if (!strcasecmp(method, "CONNECT") || !strcasecmp(method, "TRACE") ||
             !strcasecmp(method, "TRACK"))
        throw_dom_exception(js, "SecurityError", "open: the method %s is not allowed", method);
    else {
        for (size_t i = 0; i < sizeof normalized / sizeof *normalized; i++)
            if (!strcasecmp(method, normalized[i]))
                strcpy(method, normalized[i]);
        return method;
    }
    free(method);
    return NULL;
}

static char *read_url(JSContext *js, JSValueConst value)
{
    char *text = xhr_text(js, value, false),
         *url = text ? url_resolve(realm_of(js)->url, text) : NULL;
    if (text && !url)
        throw_dom_exception(js, "SyntaxError", "open: '%s' is not a URL", text);
    free(text);
    return url;
}

static bool is_window(const struct xhr *x)
{
    return x->realm->kind == GLOBAL_WINDOW;
}

/* open(method, url, async = true); a user name and a password are not sent anywhere. */
static JSValue open_request(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct xhr *x = xhr_of(js, self);
    if (!x || !idl_arguments(js, "open", count, 2))
        return JS_EXCEPTION;
    char *method = read_method(js, arguments[0]), *url = method ? read_url(js, arguments[1]) : NULL;
    bool synchronous = count > 2 && !JS_ToBool(js, arguments[2]);
    if (url && synchronous && is_window(x) && (x->timeout || x->kind != KIND_DEFAULT)) {
        throw_dom_exception(
            js, "InvalidAccessError",
            "open: a synchronous request of a document has neither timeout nor responseType");
        free(url);
        url = NULL;
    }
    if (!url) {
        free(method);
        return JS_EXCEPTION;
    }
    stop(x);
    free_outside(x);
    JS_FreeValue(js, x->response_object);
    x->response_object = JS_UNDEFINED;
    x->override_type = NULL;
    x->method = method;
    x->url = url;
    x->synchronous = synchronous;
    x->send_flag = x->failed = false;
    if (x->state != OPENED)
        set_state(x, self, OPENED);
    return JS_UNDEFINED;
}

static JSValue invalid_state(JSContext *js, const char *what)
{
    return throw_dom_exception(js, "InvalidStateError", "%s: not in this state of the request",
                               what);
}

static JSValue set_request_header(JSContext *js, JSValueConst self, int count,
                                  JSValueConst *arguments)
{
    struct xhr *x = xhr_of(js, self);
    if (!x || !idl_arguments(js, "setRequestHeader", count, 2))
        return JS_EXCEPTION;
    char *name = xhr_text(js, arguments[0], true),
         *value = name ? xhr_text(js, arguments[1], true) : NULL;
    JSValue result = JS_UNDEFINED;
    size_t length = value ? header_value_normalize(value, strlen(value)) : 0;
    buffer together = {0};
    if (!value)
        result = JS_EXCEPTION;
    else if (x->state != OPENED || x->send_flag)
        result = invalid_state(js, "setRequestHeader");
    else if (!header_name_is_valid(name) || !header_value_is_valid(value, length))
        result = throw_dom_exception(js, "SyntaxError", "setRequestHeader: '%s' cannot be a header",
                                     name);
    else if (!header_is_forbidden_for_requests(name, value)) {
        if (header_list_get(&x->author, name, &together)) /* "combine" */
            buffer_add(&together, ", ");
        buffer_add(&together, value);
        header_list_set(&x->author, name, together.text);
    }
    buffer_release(&together);
    free(name);
    free(value);
    return result;
}

/* ---- the answer ---- */

/* "request error steps": of what came, nothing is left. */
static void request_error(struct xhr *x, JSValueConst self, const char *event)
{
    x->failed = true;
    x->send_flag = false;
    resource_release(&x->answer);
    set_state(x, self, DONE);
    if (!x->upload_complete) {
        x->upload_complete = true;
        fire_upload(x, event, 0, 0);
        fire_upload(x, "loadend", 0, 0);
    }
    fire_progress(x, self, event, 0, 0);
    fire_progress(x, self, "loadend", 0, 0);
}

static double total_length(const struct resource *r)
{
    char *text = resource_header(r, "Content-Length");
    double length = text && *text && !text[strspn(text, "0123456789")] ? strtod(text, NULL) : 0;
    free(text);
    return length;
}

/* "handle response end-of-body". */
static void end_of_body(struct xhr *x, JSValueConst self)
{
    double loaded = (double)x->answer.length, total = total_length(&x->answer);
    if (!x->synchronous)
        fire_progress(x, self, "progress", loaded, total);
    if (!x->synchronous && x->state != LOADING && x->state != HEADERS_RECEIVED)
        return; /* a listener has opened or aborted it */
    x->send_flag = false;
    set_state(x, self, DONE);
    if (x->state == DONE)
        fire_progress(x, self, "load", loaded, total);
    if (x->state == DONE)
        fire_progress(x, self, "loadend", loaded, total);
}

/* Own copy of what the network lends. */
static void take_answer(struct xhr *x, struct resource *r)
{
    x->answer = *r;
    *r = (struct resource){0};
}

static void upload_ended(struct xhr *x)
{
    if (x->upload_complete)
        return;
    x->upload_complete = true;
    fire_upload(x, "progress", (double)x->sent_length, (double)x->sent_length);
    fire_upload(x, "load", (double)x->sent_length, (double)x->sent_length);
    fire_upload(x, "loadend", (double)x->sent_length, (double)x->sent_length);
}

static void answered(void *context, status s, struct resource *r)
{
    struct xhr *x = context;
    JSContext *js = x->realm->js;
    JSValue self = JS_DupValue(js, x->self);
    x->fetch = NULL;
    stop(x);
    if (s != STATUS_OK) {
        resource_warn(x->realm->agent, "request", x->url, s, r);
        request_error(x, self, "error");
    } else {
        take_answer(x, r);
        upload_ended(x);
        if (x->state == OPENED && x->send_flag)
            set_state(x, self, HEADERS_RECEIVED);
        if (x->state == HEADERS_RECEIVED && x->answer.length)
            set_state(x, self, LOADING);
        if (x->state == HEADERS_RECEIVED || x->state == LOADING)
            end_of_body(x, self);
    }
    JS_FreeValue(js, self);
}

static void timed_out(struct timer *t, struct agent *a)
{
    struct xhr *x = caa_container_of(t, struct xhr, timer);
    JSContext *js = x->realm->js;
    JSValue self = JS_DupValue(js, x->self);
    (void)a;
    stop(x);
    request_error(x, self, "timeout");
    JS_FreeValue(js, self);
}

static JSValue abort_request(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct xhr *x = xhr_of(js, self);
    (void)count;
    (void)arguments;
    if (!x)
        return JS_EXCEPTION;
    stop(x);
    if ((x->state == OPENED && x->send_flag) || x->state == HEADERS_RECEIVED || x->state == LOADING)
        request_error(x, self, "abort");
    if (x->state == DONE) {
        x->state = UNSENT;
        x->failed = true;
        resource_release(&x->answer);
    }
    return JS_UNDEFINED;
}

/* ---- sending ---- */

static struct request request_of(const struct xhr *x)
{
    return (struct request){
        .url = x->url,
        .method = x->method,
        .origin = x->realm->origin->text,
        .require_corp = x->realm->policy.embedder == COEP_REQUIRE_CORP,
        .activity = x->realm->document ? x->realm->document->activity : NULL,
        .mode = MODE_CORS,
        .credentials = x->with_credentials ? CREDENTIALS_INCLUDE : CREDENTIALS_SAME_ORIGIN,
        .headers = &x->author,
        .client = realm_client(x->realm),
        .body = x->sent.bytes ? x->sent.bytes->bytes : NULL,
        .body_length = x->sent_length,
    };
}

/* The body's length, and the Content-Type that it brings. 0, or -1 with an exception. */
static int read_body(JSContext *js, struct xhr *x, int count, JSValueConst *arguments)
{
    char *type = NULL;
    bool none = count < 1 || JS_IsUndefined(arguments[0]) || JS_IsNull(arguments[0]) ||
                !strcmp(x->method, "GET") || !strcmp(x->method, "HEAD");
    body_release(&x->sent);
    x->sent_length = 0;
    x->upload_complete = none;
    if (none)
        return 0;
    if (body_extract(js, arguments[0], &x->sent, &type))
        return -1;
    x->sent_length = x->sent.bytes->length;
    x->upload_complete = !x->sent_length;
    if (type && !header_list_has(&x->author, "Content-Type"))
        header_list_append(&x->author, "Content-Type", type);
    free(type);
    return 0;
}

static int64_t timeout_ns(const struct xhr *x)
{
    return (int64_t)x->timeout * 1000000;
}

/* R-BL-03: the agent pauses for as long as the answer takes. */
static JSValue send_synchronously(JSContext *js, struct xhr *x, JSValueConst self)
{
    struct request q = request_of(x);
    struct agent *a = x->realm->agent;
    struct resource r;
    status s;
    if (!resource_handled(a, &q, &s, &r))
        s = resource_request(a->world, &q, &r);
    bool late = x->timeout && r.delay_ns > timeout_ns(x);
    if (!agent_pause(a, late ? timeout_ns(x) : r.delay_ns)) {
        resource_release(&r);
        return interruption_throw(js);
    }
    if (s == STATUS_OK && !late) {
        take_answer(x, &r);
        end_of_body(x, self);
        return JS_UNDEFINED;
    }
    if (!late)
        resource_warn(a, "request", x->url, s, &r);
    throw_dom_exception(js, late ? "TimeoutError" : "NetworkError",
                        late ? "the request to %s has timed out" : "the request to %s failed",
                        x->url);
    resource_release(&r);
    x->failed = true;
    x->send_flag = false;
    x->state = DONE;
    return JS_EXCEPTION;
}

static JSValue send(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct xhr *x = xhr_of(js, self);
    if (!x)
        return JS_EXCEPTION;
    if (x->state != OPENED || x->send_flag)
        return invalid_state(js, "send");
    if (read_body(js, x, count, arguments))
        return JS_EXCEPTION;
    x->send_flag = true;
    x->failed = false;
    if (x->synchronous)
        return send_synchronously(js, x, self);
    fire_progress(x, self, "loadstart", 0, 0);
    if (!x->upload_complete)
        fire_upload(x, "loadstart", 0, (double)x->sent_length);
    if (x->state != OPENED || !x->send_flag)
        return JS_UNDEFINED;
    struct realm *r = x->realm;
    struct request q = request_of(x);
    x->self = JS_DupValue(js, self);
    x->link = &r->requests;
    x->next = r->requests;
    if (x->next)
        x->next->link = &x->next;
    r->requests = x;
    x->sent_at = agent_now(r->agent);
    x->fetch = resource_fetch(r->agent, &q, answered, NULL, x);
    if (x->timeout)
        timer_start(r->agent, &x->timer, timeout_ns(x));
    return JS_UNDEFINED;
}

/* ---- how the answer is to be read ---- */

static JSValue get_response_type(JSContext *js, JSValueConst self)
{
    const struct xhr *x = xhr_of(js, self);
    return x ? JS_NewString(js, kinds[x->kind]) : JS_EXCEPTION;
}

static JSValue set_response_type(JSContext *js, JSValueConst self, JSValueConst value)
{
    struct xhr *x = xhr_of(js, self);
    const char *text = x ? JS_ToCString(js, value) : NULL;
    int kind = 0;
    if (!text)
        return JS_EXCEPTION;
    while (kinds[kind] && strcmp(kinds[kind], text))
        kind++;
    JS_FreeCString(js, text);
    if (!kinds[kind] || (kind == KIND_DOCUMENT && !is_window(x)))
        return JS_UNDEFINED;
    if (x->state == LOADING || x->state == DONE)
        return invalid_state(js, "responseType");
    if (is_window(x) && x->synchronous && x->state != UNSENT)
        return throw_dom_exception(js, "InvalidAccessError",
                                   "a synchronous request of a document has no responseType");
    x->kind = (enum response_kind)kind;
    return JS_UNDEFINED;
}

static JSValue get_timeout(JSContext *js, JSValueConst self)
{
    const struct xhr *x = xhr_of(js, self);
    return x ? JS_NewUint32(js, x->timeout) : JS_EXCEPTION;
}

static JSValue set_timeout(JSContext *js, JSValueConst self, JSValueConst value)
{
    struct xhr *x = xhr_of(js, self);
    uint32_t timeout;
    if (!x || JS_ToUint32(js, &timeout, value))
        return JS_EXCEPTION;
    if (is_window(x) && x->synchronous && x->state != UNSENT)
        return throw_dom_exception(js, "InvalidAccessError",
                                   "a synchronous request of a document has no timeout");
    x->timeout = timeout;
    if (!x->fetch)
        return JS_UNDEFINED;
    struct agent *a = x->realm->agent; /* counted from the sending */
    int64_t left = x->sent_at + timeout_ns(x) - agent_now(a);
    timer_cancel(a, &x->timer);
    if (timeout)
        timer_start(a, &x->timer, left > 0 ? left : 0);
    return JS_UNDEFINED;
}

static JSValue get_with_credentials(JSContext *js, JSValueConst self)
{
    const struct xhr *x = xhr_of(js, self);
    return x ? JS_NewBool(js, x->with_credentials) : JS_EXCEPTION;
}

static JSValue set_with_credentials(JSContext *js, JSValueConst self, JSValueConst value)
{
    struct xhr *x = xhr_of(js, self);
    if (!x)
        return JS_EXCEPTION;
    if ((x->state != UNSENT && x->state != OPENED) || x->send_flag)
        return invalid_state(js, "withCredentials");
    x->with_credentials = JS_ToBool(js, value);
    return JS_UNDEFINED;
}

static JSValue override_mime_type(JSContext *js, JSValueConst self, int count,
                                  JSValueConst *arguments)
{
    struct xhr *x = xhr_of(js, self);
    if (!x || !idl_arguments(js, "overrideMimeType", count, 1))
        return JS_EXCEPTION;
    if (x->state == LOADING || x->state == DONE)
        return invalid_state(js, "overrideMimeType");
    char *type = xhr_text(js, arguments[0], false);
    struct mime_type parsed;
    if (!type)
        return JS_EXCEPTION;
    free(x->override_type);
    if (mime_type_parse(type, strlen(type), &parsed)) {
        x->override_type = type;
        mime_type_release(&parsed);
    } else {
        free(type);
        x->override_type = strdup("application/octet-stream");
    }
    return JS_UNDEFINED;
}

/* ---- upload ---- */

static void upload_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct event_target *t = interface_peek(value, &xhr_upload_interface);
    if (t)
        event_target_release(runtime, t);
    js_free_rt(runtime, t);
}

static void upload_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark_value)
{
    struct event_target *t = interface_peek(value, &xhr_upload_interface);
    if (t)
        event_target_mark(runtime, t, mark_value);
}

static JSValue get_upload(JSContext *js, JSValueConst self)
{
    struct xhr *x = xhr_of(js, self);
    if (!x)
        return JS_EXCEPTION;
    if (JS_IsUndefined(x->upload)) {
        struct event_target *t = js_mallocz(js, sizeof *t);
        JSValue object = t ? interface_object(js, &xhr_upload_interface, t) : JS_EXCEPTION;
        if (JS_IsException(object)) {
            js_free(js, t);
            return object;
        }
        x->upload = object;
    }
    return JS_DupValue(js, x->upload);
}

/* ---- the interfaces ---- */

static const JSCFunctionListEntry target_prototype[] = {
    EVENT_HANDLER_ATTRIBUTE("loadstart", EVENT_LOADSTART),
    EVENT_HANDLER_ATTRIBUTE("progress", EVENT_PROGRESS),
    EVENT_HANDLER_ATTRIBUTE("abort", EVENT_ABORT),
    EVENT_HANDLER_ATTRIBUTE("error", EVENT_ERROR),
    EVENT_HANDLER_ATTRIBUTE("load", EVENT_LOAD),
    EVENT_HANDLER_ATTRIBUTE("timeout", EVENT_TIMEOUT),
    EVENT_HANDLER_ATTRIBUTE("loadend", EVENT_LOADEND),
};

static const struct interface xhr_event_target_interface = {
    .host_class = HOST_CLASS_XHR_EVENT_TARGET,
    .name = "XMLHttpRequestEventTarget",
    .parent = &event_target_interface,
    .prototype = target_prototype,
    .prototype_count = sizeof target_prototype / sizeof *target_prototype,
};

static const struct interface xhr_upload_interface = {
    .host_class = HOST_CLASS_XHR_UPLOAD,
    .name = "XMLHttpRequestUpload",
    .parent = &xhr_event_target_interface,
    .class_definition = {.finalizer = upload_finalize, .gc_mark = upload_mark},
};

#define STATES                                                                                     \
    IDL_CONSTANT("UNSENT", UNSENT), IDL_CONSTANT("OPENED", OPENED),                                \
        IDL_CONSTANT("HEADERS_RECEIVED", HEADERS_RECEIVED), IDL_CONSTANT("LOADING", LOADING),      \
        IDL_CONSTANT("DONE", DONE)

static const JSCFunctionListEntry prototype[] = {
    STATES,
    EVENT_HANDLER_ATTRIBUTE("readystatechange", EVENT_READYSTATECHANGE),
    IDL_ATTRIBUTE_MAGIC("readyState", xhr_get, NULL, XHR_GET_READY_STATE),
    IDL_METHOD("open", 2, open_request),
    IDL_METHOD("setRequestHeader", 2, set_request_header),
    IDL_ATTRIBUTE("timeout", get_timeout, set_timeout),
    IDL_ATTRIBUTE("withCredentials", get_with_credentials, set_with_credentials),
    IDL_ATTRIBUTE("responseType", get_response_type, set_response_type),
    IDL_METHOD("send", 0, send),
    IDL_METHOD("abort", 0, abort_request),
    IDL_ATTRIBUTE("upload", get_upload, NULL),
    IDL_ATTRIBUTE_MAGIC("responseURL", xhr_get, NULL, XHR_GET_URL),
    IDL_ATTRIBUTE_MAGIC("status", xhr_get, NULL, XHR_GET_STATUS),
    IDL_ATTRIBUTE_MAGIC("statusText", xhr_get, NULL, XHR_GET_STATUS_TEXT),
    IDL_METHOD("getResponseHeader", 1, xhr_response_header),
    IDL_METHOD("getAllResponseHeaders", 0, xhr_all_response_headers),
    IDL_METHOD("overrideMimeType", 1, override_mime_type),
    IDL_ATTRIBUTE("response", xhr_response, NULL),
    IDL_ATTRIBUTE("responseText", xhr_response_text, NULL),
    IDL_ATTRIBUTE_MAGIC("responseXML", xhr_get, NULL, XHR_GET_XML),
};
static const JSCFunctionListEntry statics[] = {STATES};

static const struct interface xhr_interface = {
    .host_class = HOST_CLASS_XHR,
    .name = "XMLHttpRequest",
    .parent = &xhr_event_target_interface,
    .class_definition = {.finalizer = finalize, .gc_mark = mark},
    .constructor = construct,
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
    .statics = statics,
    .static_count = sizeof statics / sizeof *statics,
};

static const struct lazy_property lazy[] = {
    {"XMLHttpRequest", interface_build, &xhr_interface},
    {"XMLHttpRequestUpload", interface_build, &xhr_upload_interface},
    {"XMLHttpRequestEventTarget", interface_build, &xhr_event_target_interface},
    {"ProgressEvent", interface_build, &progress_event_interface},
};

const struct global_part xhr_globals = {.lazy = lazy, .lazy_count = 4};
