/* The URL interface (https://url.spec.whatwg.org/#url-class). An object keeps its URL serialized,
 * in the engine's heap; what an accessor wants is parsed out of it, so that nothing of it lies
 * outside the heap. */
#include "web/blob.h"
#include "web/blob_object.h"
#include "web/file_reader.h"
#include "web/event_object.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/realm.h"
#include "web/search_params.h"
#include "web/text.h"
#include "web/url.h"

#include <string.h>

struct url_object {
    char *href;
    JSValue params; /* URLSearchParams, undefined until asked for */
};

static const struct interface url_interface;

static struct url_object *object_of(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &url_interface);
}

/* ---- parsing ---- */

/* The href of a url argument and an optional base, in `out`. 1 when it parses, 0 when not, -1 with
 * an exception. */
static int parse_arguments(JSContext *js, int count, JSValueConst *arguments, buffer *out)
{
    buffer text = {0}, base_text = {0};
    struct url base, parsed;
    bool with_base = count > 1 && !JS_IsUndefined(arguments[1]);
    int result = -1;
    if (text_add_usv(js, arguments[0], &text) ||
        (with_base && text_add_usv(js, arguments[1], &base_text)))
        goto release;
    result = 0;
    if (with_base && !url_parse(buffer_text(&base_text), base_text.length, NULL, &base))
        goto release;
    if (url_parse(buffer_text(&text), text.length, with_base ? &base : NULL, &parsed)) {
        url_serialize(&parsed, false, out);
        url_release(&parsed);
        result = 1;
    }
    if (with_base)
        url_release(&base);
release:
    buffer_release(&text);
    buffer_release(&base_text);
    return result;
}

static JSValue new_object(JSContext *js, JSValueConst new_target, buffer *href)
{
    struct url_object *o = js_mallocz(js, sizeof *o);
    JSValue object = JS_EXCEPTION;
    if (o) {
        o->params = JS_UNDEFINED;
        o->href = js_strdup(js, buffer_text(href));
        if (o->href)
            object = interface_object_from(js, &url_interface, new_target, o);
        if (JS_IsException(object)) {
            js_free(js, o->href);
            js_free(js, o);
        }
    }
    buffer_release(href);
    return object;
}

static JSValue construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    buffer href = {0};
    if (!idl_arguments(js, "URL", count, 1))
        return JS_EXCEPTION;
    int parsed = parse_arguments(js, count, arguments, &href);
    if (parsed <= 0)
        return parsed < 0 ? JS_EXCEPTION : JS_ThrowTypeError(js, "Invalid URL");
    return new_object(js, new_target, &href);
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    struct url_object *o = interface_peek(value, &url_interface);
    if (!o)
        return;
    js_free_rt(runtime, o->href);
    JS_FreeValueRT(runtime, o->params);
    js_free_rt(runtime, o);
}

static void mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark_value)
{
    struct url_object *o = interface_peek(value, &url_interface);
    if (o)
        JS_MarkValue(runtime, o->params, mark_value);
}

static JSValue static_can_parse(JSContext *js, JSValueConst self, int count,
                                JSValueConst *arguments)
{
    buffer href = {0};
    if (!idl_arguments(js, "canParse", count, 1))
        return JS_EXCEPTION;
    int parsed = parse_arguments(js, count, arguments, &href);
    buffer_release(&href);
    return parsed < 0 ? JS_EXCEPTION : JS_NewBool(js, parsed);
}

static JSValue static_parse(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    buffer href = {0};
    if (!idl_arguments(js, "parse", count, 1))
        return JS_EXCEPTION;
    int parsed = parse_arguments(js, count, arguments, &href);
    if (parsed <= 0)
        return parsed < 0 ? JS_EXCEPTION : JS_NULL;
    return new_object(js, JS_UNDEFINED, &href);
}

static JSValue static_create_object_url(JSContext *js, JSValueConst self, int count,
                                        JSValueConst *arguments)
{
    return idl_arguments(js, "createObjectURL", count, 1)
               ? blob_url_create(realm_of(js), arguments[0])
               : JS_EXCEPTION;
}

static JSValue static_revoke_object_url(JSContext *js, JSValueConst self, int count,
                                        JSValueConst *arguments)
{
    buffer url = {0};
    if (!idl_arguments(js, "revokeObjectURL", count, 1) || text_add_usv(js, arguments[0], &url))
        return JS_EXCEPTION;
    blob_url_revoke(realm_of(js)->agent->world, buffer_text(&url));
    buffer_release(&url);
    return JS_UNDEFINED;
}

/* ---- accessors ---- */

static void reparse(const struct url_object *o, struct url *u)
{
    url_parse(o->href, strlen(o->href), NULL, u);
}

/* Stores what became of the URL; its URLSearchParams follow unless they are the cause. */
static int store(JSContext *js, struct url_object *o, struct url *u, bool tell_params)
{
    buffer href = {0};
    url_serialize(u, false, &href);
    char *copy = js_strdup(js, href.text);
    buffer_release(&href);
    if (copy) {
        js_free(js, o->href);
        o->href = copy;
        if (tell_params && !JS_IsUndefined(o->params))
            search_params_replace(js, o->params, buffer_text(&u->query), u->query.length);
    }
    url_release(u);
    return copy ? 0 : -1;
}

int url_object_set_query(JSContext *js, JSValueConst url, const buffer *query)
{
    struct url_object *o = interface_peek(url, &url_interface);
    struct url u;
    if (!o)
        return 0;
    reparse(o, &u);
    buffer_clear(&u.query);
    u.has_query = query->length > 0;
    buffer_add_bytes(&u.query, buffer_text(query), query->length);
    return store(js, o, &u, false);
}

static JSValue get_part(JSContext *js, JSValueConst self, int part)
{
    const struct url_object *o = object_of(js, self);
    struct url u;
    buffer text = {0};
    if (!o)
        return JS_EXCEPTION;
    reparse(o, &u);
    url_get(&u, (enum url_part)part, &text);
    url_release(&u);
    return text_new(js, &text);
}

static JSValue set_part(JSContext *js, JSValueConst self, JSValueConst value, int part)
{
    struct url_object *o = object_of(js, self);
    struct url u;
    buffer text = {0};
    if (!o || text_add_usv(js, value, &text))
        return JS_EXCEPTION;
    reparse(o, &u);
    url_set(&u, (enum url_part)part, buffer_text(&text), text.length);
    buffer_release(&text);
    return store(js, o, &u, part == URL_SEARCH) ? JS_EXCEPTION : JS_UNDEFINED;
}

static JSValue get_href(JSContext *js, JSValueConst self)
{
    const struct url_object *o = object_of(js, self);
    return o ? JS_NewString(js, o->href) : JS_EXCEPTION;
}

static JSValue set_href(JSContext *js, JSValueConst self, JSValueConst value)
{
    struct url_object *o = object_of(js, self);
    struct url u;
    buffer text = {0};
    if (!o || text_add_usv(js, value, &text))
        return JS_EXCEPTION;
    bool parsed = url_parse(buffer_text(&text), text.length, NULL, &u);
    buffer_release(&text);
    if (!parsed)
        return JS_ThrowTypeError(js, "Invalid URL");
    return store(js, o, &u, true) ? JS_EXCEPTION : JS_UNDEFINED;
}

static JSValue to_string(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    return get_href(js, self);
}

static JSValue get_origin(JSContext *js, JSValueConst self)
{
    const struct url_object *o = object_of(js, self);
    struct url u;
    buffer text = {0};
    if (!o)
        return JS_EXCEPTION;
    reparse(o, &u);
    url_serialize_origin(&u, &text);
    url_release(&u);
    return text_new(js, &text);
}

static JSValue get_search_params(JSContext *js, JSValueConst self)
{
    struct url_object *o = object_of(js, self);
    struct url u;
    if (!o)
        return JS_EXCEPTION;
    if (JS_IsUndefined(o->params)) {
        reparse(o, &u);
        JSValue params = search_params_of_url(js, self, buffer_text(&u.query), u.query.length);
        url_release(&u);
        if (JS_IsException(params))
            return params;
        o->params = params;
    }
    return JS_DupValue(js, o->params);
}

#define PART(name, part) IDL_ATTRIBUTE_MAGIC(name, get_part, set_part, part)

static const JSCFunctionListEntry prototype[] = {
    IDL_ATTRIBUTE("href", get_href, set_href),
    IDL_ATTRIBUTE("origin", get_origin, NULL),
    PART("protocol", URL_PROTOCOL),
    PART("username", URL_USERNAME),
    PART("password", URL_PASSWORD),
    PART("host", URL_HOST),
    PART("hostname", URL_HOSTNAME),
    PART("port", URL_PORT),
    PART("pathname", URL_PATHNAME),
    PART("search", URL_SEARCH),
    IDL_ATTRIBUTE("searchParams", get_search_params, NULL),
    PART("hash", URL_HASH),
    IDL_METHOD("toString", 0, to_string),
    IDL_METHOD("toJSON", 0, to_string),
};

static const JSCFunctionListEntry statics[] = {
    IDL_METHOD("canParse", 1, static_can_parse),
    IDL_METHOD("parse", 1, static_parse),
    IDL_METHOD("createObjectURL", 1, static_create_object_url),
    IDL_METHOD("revokeObjectURL", 1, static_revoke_object_url),
};

static const struct interface url_interface = {
    .host_class = HOST_CLASS_URL,
    .name = "URL",
    .class_definition = {.finalizer = finalize, .gc_mark = mark},
    .constructor = construct,
    .constructor_length = 1,
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
    .statics = statics,
    .static_count = sizeof statics / sizeof *statics,
};

static const struct lazy_property lazy[] = {
    INTERFACE_PROPERTY(url_interface),
    {"URLSearchParams", interface_build, &search_params_interface},
    {"Blob", interface_build, &blob_interface},
    {"File", interface_build, &file_interface},
    {"FileReader", interface_build, &file_reader_interface},
};

const struct global_part url_globals = {.lazy = lazy, .lazy_count = sizeof lazy / sizeof *lazy};
