#include "web/request.h"

#include "base/assert.h"
#include "web/blob_url.h"
#include "web/event.h"
#include "web/event_object.h"
#include "web/headers.h"
#include "web/idl.h"
#include "web/document.h"
#include "web/realm.h"
#include "web/service_worker.h"
#include "web/text.h"
#include "web/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const modes[] = {[MODE_NO_CORS] = "no-cors",
                                    [MODE_CORS] = "cors",
                                    [MODE_SAME_ORIGIN] = "same-origin",
                                    [MODE_NAVIGATE] = "navigate",
                                    NULL};
static const char *const credentials_names[] = {[CREDENTIALS_SAME_ORIGIN] = "same-origin",
                                                [CREDENTIALS_OMIT] = "omit",
                                                [CREDENTIALS_INCLUDE] = "include",
                                                NULL};
static const char *const redirects[] = {
    [REDIRECT_FOLLOW] = "follow", [REDIRECT_ERROR] = "error", [REDIRECT_MANUAL] = "manual", NULL};
static const char *const caches[] = {[CACHE_DEFAULT] = "default",
                                     [CACHE_NO_STORE] = "no-store",
                                     [CACHE_RELOAD] = "reload",
                                     [CACHE_NO_CACHE] = "no-cache",
                                     [CACHE_FORCE_CACHE] = "force-cache",
                                     [CACHE_ONLY_IF_CACHED] = "only-if-cached",
                                     NULL};
static const char *const policies[] = {"",
                                       "no-referrer",
                                       "no-referrer-when-downgrade",
                                       "same-origin",
                                       "origin",
                                       "strict-origin",
                                       "origin-when-cross-origin",
                                       "strict-origin-when-cross-origin",
                                       "unsafe-url",
                                       NULL};
static const char *const duplexes[] = {"half", NULL}, *const priorities[] = {"high", "low", "auto",
                                                                             NULL};

/* ---- life ---- */

static void free_request(struct request_object *o)
{
    body_release(&o->body);
    free(o->url);
    free(o->method);
    free(o->integrity);
    free(o->referrer);
    free(o->referrer_policy);
    free(o);
}

static void let_go(struct external *x)
{
    free_request((struct request_object *)((char *)x - offsetof(struct request_object, external)));
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    struct request_object *o = interface_peek(value, &request_interface);
    if (!o)
        return;
    external_forget(&o->external);
    JS_FreeValueRT(runtime, o->headers);
    JS_FreeValueRT(runtime, o->signal);
    free_request(o);
}

static void mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark_value)
{
    struct request_object *o = interface_peek(value, &request_interface);
    if (!o)
        return;
    JS_MarkValue(runtime, o->headers, mark_value);
    JS_MarkValue(runtime, o->signal, mark_value);
}

struct request_object *request_peek(JSValueConst value)
{
    return interface_peek(value, &request_interface);
}

static struct request_object *request_of(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &request_interface);
}

/* An object without URL and method yet, headers and signal undefined. */
static JSValue new_request(JSContext *js, JSValueConst new_target)
{
    struct request_object *o = calloc(1, sizeof *o);
    hd_assert(o);
    o->headers = o->signal = JS_UNDEFINED;
    o->destination = "";
    o->referrer = strdup("about:client");
    o->referrer_policy = strdup("");
    o->integrity = strdup("");
    JSValue object = interface_object_from(js, &request_interface, new_target, o);
    if (JS_IsException(object))
        free_request(o);
    else
        external_hold(engine_of(js), &o->external, let_go);
    return object;
}

static void replace(char **text, const char *with)
{
    free(*text);
    *text = strdup(with);
    hd_assert(*text);
}

/* ---- RequestInit ---- */

/* The members of the dictionary, converted in their order; -1 and JS_UNDEFINED where one is absent.
 */
struct request_init {
    bool any; /* "init is not empty" */
    JSValue headers, signal;
    struct body body;
    char *body_type;
    bool has_body, body_is_null;
    int mode, credentials, cache, redirect, referrer_policy, keepalive;
    char *method, *referrer, *integrity;
    bool window_is_wrong;
};

static void release_init(JSContext *js, struct request_init *i)
{
    JS_FreeValue(js, i->headers);
    JS_FreeValue(js, i->signal);
    body_release(&i->body);
    free(i->body_type);
    free(i->method);
    free(i->referrer);
    free(i->integrity);
}

static int read_body(JSContext *js, JSValueConst init, struct request_init *out)
{
    JSValue value = idl_member(js, init, "body");
    out->has_body = !JS_IsUndefined(value);
    out->body_is_null = JS_IsNull(value);
    int failed = JS_IsException(value) || (out->has_body && !out->body_is_null &&
                                           body_extract(js, value, &out->body, &out->body_type));
    JS_FreeValue(js, value);
    return failed ? -1 : 0;
}

/* A ByteString or, for texts that need not be bytes, its UTF-8. */
static int read_text(JSContext *js, JSValueConst init, const char *name, bool bytes, char **out)
{
    JSValue value = idl_member(js, init, name);
    buffer text = {0};
    if (JS_IsUndefined(value))
        return 0;
    int failed = JS_IsException(value) ||
                 (bytes ? idl_add_byte_string(js, value, &text) : text_add_usv(js, value, &text));
    JS_FreeValue(js, value);
    if (failed) {
        buffer_release(&text);
        return -1;
    }
    buffer_add(&text, "");
    *out = text.text; /* the buffer's memory is the C library's */
    return 0;
}

static int read_signal(JSContext *js, JSValueConst init, struct request_init *out)
{
    out->signal = idl_member(js, init, "signal");
    if (JS_IsException(out->signal))
        return -1;
    if (JS_IsUndefined(out->signal) || JS_IsNull(out->signal) ||
        interface_peek(out->signal, &abort_signal_interface))
        return 0;
    JS_ThrowTypeError(js, "the option signal is not an AbortSignal");
    return -1;
}

static int read_keepalive(JSContext *js, JSValueConst init, struct request_init *out)
{
    JSValue value = idl_member(js, init, "keepalive");
    if (JS_IsException(value))
        return -1;
    out->keepalive = JS_IsUndefined(value) ? -1 : JS_ToBool(js, value);
    JS_FreeValue(js, value);
    return 0;
}

static int read_enumeration(JSContext *js, JSValueConst init, const char *name,
                            const char *const *values, int *out)
{
    int found = idl_enumeration_member(js, init, name, values, 1000);
    *out = found == 1000 ? -1 : found;
    return found < 0 ? -1 : 0;
}

static int read_window(JSContext *js, JSValueConst init, struct request_init *out)
{
    JSValue value = idl_member(js, init, "window");
    out->window_is_wrong = !JS_IsUndefined(value) && !JS_IsNull(value);
    JS_FreeValue(js, value);
    return JS_IsException(value) ? -1 : 0;
}

static int read_members(JSContext *js, JSValueConst init, struct request_init *out)
{
    int ignored;
    if (read_body(js, init, out) || read_enumeration(js, init, "cache", caches, &out->cache) ||
        read_enumeration(js, init, "credentials", credentials_names, &out->credentials) ||
        read_enumeration(js, init, "duplex", duplexes, &ignored))
        return -1;
    out->headers = idl_member(js, init, "headers");
    if (JS_IsException(out->headers))
        return -1;
    return read_text(js, init, "integrity", false, &out->integrity) ||
                   read_keepalive(js, init, out) ||
                   read_text(js, init, "method", true, &out->method) ||
                   read_enumeration(js, init, "mode", modes, &out->mode) ||
                   read_enumeration(js, init, "priority", priorities, &ignored) ||
                   read_enumeration(js, init, "redirect", redirects, &out->redirect) ||
                   read_text(js, init, "referrer", false, &out->referrer) ||
                   read_enumeration(js, init, "referrerPolicy", policies, &out->referrer_policy) ||
                   read_signal(js, init, out) || read_window(js, init, out)
               ? -1
               : 0;
}

/* 0, or -1 with an exception; to be released either way. */
static int read_init(JSContext *js, JSValueConst value, struct request_init *out)
{
    JSValueConst init;
    *out = (struct request_init){.headers = JS_UNDEFINED,
                                 .signal = JS_UNDEFINED,
                                 .mode = -1,
                                 .credentials = -1,
                                 .cache = -1,
                                 .redirect = -1,
                                 .referrer_policy = -1,
                                 .keepalive = -1};
    if (idl_dictionary(js, value, &init))
        return -1;
    if (JS_IsUndefined(init))
        return 0;
    int failed = read_members(js, init, out);
    out->any = out->has_body || !JS_IsUndefined(out->headers) || !JS_IsUndefined(out->signal) ||
               out->mode >= 0 || out->credentials >= 0 || out->cache >= 0 || out->redirect >= 0 ||
               out->keepalive >= 0 || out->method || out->referrer || out->integrity ||
               out->referrer_policy >= 0;
    return failed;
}

/* ---- the constructor's steps ---- */

static int from_url(JSContext *js, struct request_object *o, JSValueConst input)
{
    JSValue usv = idl_usv_string(js, input);
    const char *text = JS_IsException(usv) ? NULL : JS_ToCString(js, usv);
    JS_FreeValue(js, usv);
    if (!text)
        return -1;
    o->url = url_resolve(realm_of(js)->url, text);
    struct url u;
    bool named = o->url && url_parse(o->url, strlen(o->url), NULL, &u);
    if (!named) {
        JS_ThrowTypeError(js, "'%s' is not a URL", text);
    } else {
        named = u.username.length || u.password.length;
        if (named)
            JS_ThrowTypeError(js, "the URL %s has a user name or password", o->url);
        url_release(&u);
    }
    JS_FreeCString(js, text);
    o->method = strdup("GET");
    o->mode = MODE_CORS;
    return named || !o->url ? -1 : 0;
}

static void from_request(struct request_object *o, const struct request_object *from)
{
    o->url = strdup(from->url);
    o->method = strdup(from->method);
    o->mode = from->mode;
    o->credentials = from->credentials;
    o->redirect = from->redirect;
    o->cache = from->cache;
    o->keepalive = from->keepalive;
    replace(&o->integrity, from->integrity);
    replace(&o->referrer, from->referrer);
    replace(&o->referrer_policy, from->referrer_policy);
}

/* A method that may be asked for, written as the standard writes it. */
static int set_method(JSContext *js, struct request_object *o, const char *method)
{
    static const char *const normalized[] = {"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"};
    if (!header_name_is_valid(method)) {
        JS_ThrowTypeError(js, "'%s' is not a method", method);
        return -1;
    }
    if (!strcasecmp(method, "CONNECT") || !strcasecmp(method, "TRACE") ||
        !strcasecmp(method, "TRACK")) {
        JS_ThrowTypeError(js, "the method %s is not allowed", method);
        return -1;
    }
    for (size_t i = 0; i < sizeof normalized / sizeof *normalized; i++)
        if (!strcasecmp(method, normalized[i]))
            method = normalized[i];
    replace(&o->method, method);
    return 0;
}

/* `referrer`: only what the attribute shows; nothing is sent. A referrer elsewhere counts as this
 * client. */
static int set_referrer(JSContext *js, struct request_object *o, const char *text)
{
    if (!*text) {
        replace(&o->referrer, "");
        return 0;
    }
    char *url = url_resolve(realm_of(js)->url, text), *origin = url ? url_origin(url) : NULL;
    if (!url) {
        JS_ThrowTypeError(js, "the referrer '%s' is not a URL", text);
        return -1;
    }
    bool own = origin && !strcmp(origin, realm_of(js)->origin->text);
    replace(&o->referrer, own ? url : "about:client");
    free(url);
    free(origin);
    return 0;
}

static int apply_init(JSContext *js, struct request_object *o, const struct request_init *i)
{
    if (i->window_is_wrong || i->mode == MODE_NAVIGATE) {
        JS_ThrowTypeError(js, i->window_is_wrong ? "the option window can only be null"
                                                 : "no script makes a request of mode navigate");
        return -1;
    }
    if (i->any && o->mode == MODE_NAVIGATE)
        o->mode = MODE_SAME_ORIGIN;
    if (i->any) {
        replace(&o->referrer, "about:client");
        replace(&o->referrer_policy, "");
    }
    if (i->referrer && set_referrer(js, o, i->referrer))
        return -1;
    if (i->referrer_policy >= 0)
        replace(&o->referrer_policy, policies[i->referrer_policy]);
    o->mode = i->mode >= 0 ? (enum request_mode)i->mode : o->mode;
    o->credentials =
        i->credentials >= 0 ? (enum request_credentials)i->credentials : o->credentials;
    o->cache = i->cache >= 0 ? (enum request_cache)i->cache : o->cache;
    if (o->cache == CACHE_ONLY_IF_CACHED && o->mode != MODE_SAME_ORIGIN) {
        JS_ThrowTypeError(js, "only-if-cached goes with the mode same-origin alone");
        return -1;
    }
    o->redirect = i->redirect >= 0 ? (enum request_redirect)i->redirect : o->redirect;
    o->keepalive = i->keepalive >= 0 ? i->keepalive : o->keepalive;
    if (i->integrity)
        replace(&o->integrity, i->integrity);
    return i->method ? set_method(js, o, i->method) : 0;
}

static int set_headers(JSContext *js, struct request_object *o, const struct request_object *from,
                       const struct request_init *i)
{
    enum headers_guard guard = o->mode == MODE_NO_CORS ? GUARD_REQUEST_NO_CORS : GUARD_REQUEST;
    if (o->mode == MODE_NO_CORS && strcmp(o->method, "GET") && strcmp(o->method, "HEAD") &&
        strcmp(o->method, "POST")) {
        JS_ThrowTypeError(js, "the mode no-cors does not allow the method %s", o->method);
        return -1;
    }
    const struct header_list *copied = from ? &headers_peek(from->headers)->list : NULL;
    if (JS_IsUndefined(i->headers) && guard == GUARD_REQUEST) {
        o->headers = headers_new(js, copied, guard);
        return JS_IsException(o->headers) ? -1 : 0;
    }
    o->headers = headers_new(js, NULL, guard);
    if (JS_IsException(o->headers))
        return -1;
    if (!JS_IsUndefined(i->headers))
        return headers_fill(js, headers_peek(o->headers), i->headers);
    for (size_t k = 0; copied && k < copied->count; k++)
        if (header_is_no_cors_safelisted(copied->items[k].name, copied->items[k].value))
            header_list_append(&headers_peek(o->headers)->list, copied->items[k].name,
                               copied->items[k].value);
    return 0;
}

/* The body of the dictionary, or the one of the request that this is made from, which is used up.
 */
static int set_body(JSContext *js, struct request_object *o, struct request_object *from,
                    struct request_init *i)
{
    bool inherits = !(i->has_body && !i->body_is_null) && from && from->body.bytes;
    if (((i->has_body && !i->body_is_null) || inherits) &&
        (!strcmp(o->method, "GET") || !strcmp(o->method, "HEAD"))) {
        JS_ThrowTypeError(js, "a request with the method %s has no body", o->method);
        return -1;
    }
    if (inherits && from->body.used) {
        JS_ThrowTypeError(js, "the body of the request was read already");
        return -1;
    }
    if (inherits) {
        o->body.bytes = blob_bytes_ref(from->body.bytes);
        from->body.used = true;
        return 0;
    }
    o->body = i->body;
    i->body = (struct body){0};
    struct header_list *list = &headers_peek(o->headers)->list;
    if (i->body_type && !header_list_has(list, "Content-Type"))
        header_list_append(list, "Content-Type", i->body_type);
    return 0;
}

static int set_signal(JSContext *js, struct request_object *o, const struct request_object *from,
                      const struct request_init *i)
{
    JSValueConst source = JS_UNDEFINED;
    if (!JS_IsUndefined(i->signal))
        source = JS_IsNull(i->signal) ? JS_UNDEFINED : i->signal;
    else if (from)
        source = from->signal;
    o->signal = abort_signal_following(js, source);
    return JS_IsException(o->signal) ? -1 : 0;
}

static int build(JSContext *js, struct request_object *o, JSValueConst input,
                 JSValueConst init_value)
{
    struct request_object *from = request_peek(input);
    struct request_init init;
    if (from)
        from_request(o, from);
    JSValue text =
        from ? JS_UNDEFINED : JS_ToString(js, input); /* arguments are converted in their order */
    int failed = JS_IsException(text) || read_init(js, init_value, &init);
    if (JS_IsException(text))
        return -1;
    failed = failed || (!from && from_url(js, o, text)) || apply_init(js, o, &init) ||
             set_signal(js, o, from, &init) || set_headers(js, o, from, &init) ||
             set_body(js, o, from, &init);
    JS_FreeValue(js, text);
    release_init(js, &init);
    return failed ? -1 : 0;
}

static JSValue make(JSContext *js, JSValueConst new_target, JSValueConst input, JSValueConst init)
{
    JSValue object = new_request(js, new_target);
    if (JS_IsException(object) || !build(js, request_peek(object), input, init))
        return object;
    JS_FreeValue(js, object);
    return JS_EXCEPTION;
}

JSValue request_new(JSContext *js, JSValueConst input, JSValueConst init)
{
    return make(js, JS_UNDEFINED, input, init);
}

static JSValue construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    if (!idl_arguments(js, "Request", count, 1))
        return JS_EXCEPTION;
    return make(js, new_target, arguments[0], count > 1 ? arguments[1] : JS_UNDEFINED);
}

struct request request_for_network(const struct realm *r, const struct request_object *o)
{
    return (struct request){
        .url = o->url,
        .method = o->method,
        .origin = r->origin->text,
        .require_corp = r->policy.embedder == COEP_REQUIRE_CORP,
        .activity = r->document ? r->document->activity : NULL,
        .mode = o->mode,
        .redirect = o->redirect,
        .credentials = o->credentials,
        .headers = &headers_peek(o->headers)->list,
        .client = realm_client(r),
        .body = o->body.bytes ? o->body.bytes->bytes : NULL,
        .body_length = o->body.bytes ? o->body.bytes->length : 0,
    };
}

/* ---- attributes and methods ---- */

enum {
    GET_METHOD,
    GET_URL,
    GET_HEADERS,
    GET_DESTINATION,
    GET_REFERRER,
    GET_REFERRER_POLICY,
    GET_MODE,
    GET_CREDENTIALS,
    GET_CACHE,
    GET_REDIRECT,
    GET_INTEGRITY,
    GET_KEEPALIVE,
    GET_RELOAD,
    GET_HISTORY,
    GET_SIGNAL,
    GET_DUPLEX,
    GET_BODY_USED
};

static JSValue get(JSContext *js, JSValueConst self, int what)
{
    const struct request_object *o = request_of(js, self);
    if (!o)
        return JS_EXCEPTION;
    const char *const texts[] = {
        [GET_METHOD] = o->method,
        [GET_URL] = o->url,
        [GET_DESTINATION] = o->destination,
        [GET_REFERRER] = o->referrer,
        [GET_REFERRER_POLICY] = o->referrer_policy,
        [GET_MODE] = modes[o->mode],
        [GET_CREDENTIALS] = credentials_names[o->credentials],
        [GET_CACHE] = caches[o->cache],
        [GET_REDIRECT] = redirects[o->redirect],
        [GET_INTEGRITY] = o->integrity,
        [GET_DUPLEX] = "half",
        [GET_BODY_USED] = NULL,
    };
    switch (what) {
    case GET_HEADERS:
        return JS_DupValue(js, o->headers);
    case GET_SIGNAL:
        return JS_DupValue(js, o->signal);
    case GET_KEEPALIVE:
        return JS_NewBool(js, o->keepalive);
    case GET_RELOAD:
        return JS_NewBool(js, o->is_reload);
    case GET_HISTORY:
        return JS_NewBool(js, o->is_history);
    case GET_BODY_USED:
        return JS_NewBool(js, o->body.used);
    default:
        return JS_NewString(js, texts[what]);
    }
}

static JSValue read(JSContext *js, JSValueConst self, int count, JSValueConst *arguments, int form)
{
    struct request_object *o = request_of(js, self);
    (void)count;
    (void)arguments;
    return o ? body_read(js, &o->body, &headers_peek(o->headers)->list, (enum body_form)form)
             : idl_rejected(js);
}

static JSValue clone_request(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    const struct request_object *o = request_of(js, self);
    (void)count;
    (void)arguments;
    if (!o)
        return JS_EXCEPTION;
    if (o->body.used)
        return JS_ThrowTypeError(js, "the body was read already");
    JSValue object = new_request(js, JS_UNDEFINED);
    if (JS_IsException(object))
        return object;
    struct request_object *copy = request_peek(object);
    from_request(copy, o);
    copy->destination = o->destination;
    copy->is_reload = o->is_reload;
    copy->is_history = o->is_history;
    copy->body.bytes = o->body.bytes ? blob_bytes_ref(o->body.bytes) : NULL;
    const struct headers *headers = headers_peek(o->headers);
    copy->headers = headers_new(js, &headers->list, headers->guard);
    copy->signal =
        JS_IsException(copy->headers) ? JS_EXCEPTION : abort_signal_following(js, o->signal);
    if (!JS_IsException(copy->signal))
        return object;
    JS_FreeValue(js, object);
    return JS_EXCEPTION;
}

static const JSCFunctionListEntry prototype[] = {
    IDL_ATTRIBUTE_MAGIC("method", get, NULL, GET_METHOD),
    IDL_ATTRIBUTE_MAGIC("url", get, NULL, GET_URL),
    IDL_ATTRIBUTE_MAGIC("headers", get, NULL, GET_HEADERS),
    IDL_ATTRIBUTE_MAGIC("destination", get, NULL, GET_DESTINATION),
    IDL_ATTRIBUTE_MAGIC("referrer", get, NULL, GET_REFERRER),
    IDL_ATTRIBUTE_MAGIC("referrerPolicy", get, NULL, GET_REFERRER_POLICY),
    IDL_ATTRIBUTE_MAGIC("mode", get, NULL, GET_MODE),
    IDL_ATTRIBUTE_MAGIC("credentials", get, NULL, GET_CREDENTIALS),
    IDL_ATTRIBUTE_MAGIC("cache", get, NULL, GET_CACHE),
    IDL_ATTRIBUTE_MAGIC("redirect", get, NULL, GET_REDIRECT),
    IDL_ATTRIBUTE_MAGIC("integrity", get, NULL, GET_INTEGRITY),
    IDL_ATTRIBUTE_MAGIC("keepalive", get, NULL, GET_KEEPALIVE),
    IDL_ATTRIBUTE_MAGIC("isReloadNavigation", get, NULL, GET_RELOAD),
    IDL_ATTRIBUTE_MAGIC("isHistoryNavigation", get, NULL, GET_HISTORY),
    IDL_ATTRIBUTE_MAGIC("signal", get, NULL, GET_SIGNAL),
    IDL_ATTRIBUTE_MAGIC("duplex", get, NULL, GET_DUPLEX),
    IDL_ATTRIBUTE_MAGIC("bodyUsed", get, NULL, GET_BODY_USED),
    IDL_METHOD("clone", 0, clone_request),
    IDL_METHOD_MAGIC("arrayBuffer", 0, read, BODY_ARRAY_BUFFER),
    IDL_METHOD_MAGIC("blob", 0, read, BODY_BLOB),
    IDL_METHOD_MAGIC("bytes", 0, read, BODY_BYTES),
    IDL_METHOD_MAGIC("json", 0, read, BODY_JSON),
    IDL_METHOD_MAGIC("text", 0, read, BODY_TEXT),
};

const struct interface request_interface = {
    .host_class = HOST_CLASS_REQUEST,
    .name = "Request",
    .class_definition = {.finalizer = finalize, .gc_mark = mark},
    .constructor = construct,
    .constructor_length = 1,
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
};
