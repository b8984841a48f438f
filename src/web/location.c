/* `location` and `history` of windows (HTML 7.2.4, 7.2.5). */
#include "base/buffer.h"
#include "engine/interface.h"
#include "web/error_report.h"
#include "web/event.h"
#include "web/globals.h"
#include "web/history.h"
#include "web/service_worker.h"
#include "web/navigable.h"
#include "web/page.h"
#include "web/url.h"
#include "web/window.h"
#include "web/window_proxy.h"

#include <stdlib.h>
#include <string.h>

struct location_view {
    struct browsing_context *context; /* counted */
    struct external external;
};

/* ---- location ---- */

static JSValue get_part(JSContext *js, JSValueConst self, int part)
{
    struct url u;
    buffer text = {0};
    (void)self;
    if (url_parse(realm_of(js)->url, strlen(realm_of(js)->url), NULL, &u))
        url_get(&u, (enum url_part)part, &text);
    JSValue value = JS_NewString(js, buffer_text(&text));
    buffer_release(&text);
    url_release(&u);
    return value;
}

static JSValue get_href(JSContext *js, JSValueConst self)
{
    (void)self;
    return JS_NewString(js, realm_of(js)->url);
}

static JSValue get_origin(JSContext *js, JSValueConst self)
{
    (void)self;
    return JS_NewString(js, realm_of(js)->origin->text);
}

static JSValue to_string(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)count;
    (void)arguments;
    return get_href(js, self);
}

#define SHOWN (JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE)

static JSValue new_location(JSContext *js, const JSCFunctionListEntry *entries, int count)
{
    /* Static, because the engine reads the entry when the property is first touched. */
    static const JSCFunctionListEntry tag =
        JS_PROP_STRING_DEF("[Symbol.toStringTag]", "Location", JS_PROP_CONFIGURABLE);
    JSValue object = JS_NewObject(js);
    if (JS_IsException(object))
        return object;
    if (JS_SetPropertyFunctionList(js, object, entries, count) < 0 ||
        JS_SetPropertyFunctionList(js, object, &tag, 1) < 0) {
        JS_FreeValue(js, object);
        return JS_EXCEPTION;
    }
    return object;
}

#define ENTRIES(list) (list), (int)(sizeof(list) / sizeof(list)[0])

/* ---- Location of windows: navigation (HTML 7.2.4) ---- */

/* Same document but for the fragment: no navigation, only `hashchange`. */
static bool only_fragment_differs(const char *from, const char *to)
{
    size_t n = strcspn(from, "#"), m = strcspn(to, "#");
    return to[m] == '#' && n == m && !strncmp(from, to, n);
}

/* HTML "allowed by sandboxing to navigate". */
static bool may_navigate(const struct document *source, struct browsing_context *target)
{
    struct browsing_context *own = source->context, *c = target;
    if (own == target)
        return true;
    while (c && c != own)
        c = c->parent;
    if (c) /* below the source */
        return true;
    if (!target->parent && context_top(own) == target)
        return !(source->sandbox & SANDBOX_TOP_NAVIGATION);
    return !(source->sandbox & SANDBOX_NAVIGATION);
}

int location_assign(JSContext *js, struct browsing_context *c, JSValueConst value, bool replace)
{
    struct realm *caller = realm_caller(js);
    const char *text = JS_ToCString(js, value);
    char *url = text ? url_resolve(realm_base(caller), text) : NULL;
    struct page *p = page_of(caller), *target = NULL;
    if (text && !url)
        throw_dom_exception(js, "SyntaxError", "'%s' is not a URL to go to", text);
    JS_FreeCString(js, text);
    if (!url)
        return -1;
    if (p && !may_navigate(p->document, c)) {
        free(url);
        throw_dom_exception(js, "SecurityError",
                            "the sandbox does not let this frame navigate that window");
        return -1;
    }
    JSValue window = window_proxy_for(js, c);
    struct realm *r = window_proxy_realm(window);
    target = r ? page_of(r) : NULL;
    JS_FreeValue(js, window);
    replace = replace || (p && p->readiness != PAGE_COMPLETE) ||
              (target && !strcmp(target->document->url, url));
    if (target && only_fragment_differs(target->document->url, url)) {
        history_go_to_fragment(target, url, replace);
    } else if (p && strncmp(url, "javascript:", 11)) {
        struct navigation *n = navigation_new(c->user_agent, url);
        if (n) {
            navigation_set_initiator(n, p->document);
            n->context = context_ref(c);
            n->replace = replace;
            navigable_navigate(n);
        }
    }
    free(url);
    return 0;
}

static struct browsing_context *own_context(JSContext *js)
{
    struct realm *r = realm_of(js);
    return r->document ? r->document->context : NULL;
}

static JSValue assign(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                      int replace)
{
    struct browsing_context *c = own_context(js);
    (void)self;
    if (!count)
        return JS_ThrowTypeError(js, "1 argument required, but only 0 present");
    return c && location_assign(js, c, arguments[0], replace) < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

static JSValue reload(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct page *p = page_of(realm_of(js));
    struct navigation *n = p ? navigation_again(p->document) : NULL;
    (void)self;
    (void)count;
    (void)arguments;
    if (n)
        navigable_navigate(n);
    return JS_UNDEFINED;
}

static JSValue set_href(JSContext *js, JSValueConst self, JSValueConst value)
{
    struct browsing_context *c = own_context(js);
    (void)self;
    return c && location_assign(js, c, value, false) < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

static JSValue set_part(JSContext *js, JSValueConst self, JSValueConst value, int part)
{
    struct url u;
    size_t length;
    buffer text = {0};
    const char *chars = JS_ToCStringLen(js, &length, value);
    (void)self;
    if (!chars)
        return JS_EXCEPTION;
    if (url_parse(realm_of(js)->url, strlen(realm_of(js)->url), NULL, &u)) {
        url_set(&u, (enum url_part)part, chars, length);
        url_serialize(&u, false, &text);
    }
    JS_FreeCString(js, chars);
    url_release(&u);
    JSValue href = JS_NewString(js, buffer_text(&text)), result = set_href(js, self, href);
    JS_FreeValue(js, href);
    buffer_release(&text);
    return result;
}

#define CHANGING_PART(name, part) JS_CGETSET_MAGIC_DEF2(name, get_part, set_part, part, SHOWN)

static const JSCFunctionListEntry location_entries[] = {
    JS_CGETSET_DEF2("href", get_href, set_href, SHOWN),
    JS_CGETSET_DEF2("origin", get_origin, NULL, SHOWN),
    CHANGING_PART("protocol", URL_PROTOCOL),
    CHANGING_PART("host", URL_HOST),
    CHANGING_PART("hostname", URL_HOSTNAME),
    CHANGING_PART("port", URL_PORT),
    CHANGING_PART("pathname", URL_PATHNAME),
    CHANGING_PART("search", URL_SEARCH),
    CHANGING_PART("hash", URL_HASH),
    JS_CFUNC_MAGIC_DEF("assign", 1, assign, 0),
    JS_CFUNC_MAGIC_DEF("replace", 1, assign, 1),
    JS_CFUNC_DEF("reload", 0, reload),
    JS_CFUNC_DEF("toString", 0, to_string),
};

JSValue location_of_window(JSContext *js, JSValueConst self)
{
    JSValue *kept = &realm_of(js)->window_parts[WINDOW_LOCATION];
    (void)self;
    if (!JS_IsObject(*kept)) {
        JSValue location = new_location(js, ENTRIES(location_entries));
        if (JS_IsException(location))
            return location;
        *kept = location;
    }
    return JS_DupValue(js, *kept);
}

JSValue location_set(JSContext *js, JSValueConst self, JSValueConst value)
{
    struct browsing_context *c = window_this(js, self);
    return c && location_assign(js, c, value, false) == 0 ? JS_UNDEFINED : JS_EXCEPTION;
}

/* ---- what a stranger has: href to set and replace to call (HTML CrossOriginProperties of a
 * Location) ---- */

static void view_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct location_view *v = JS_GetOpaque(value, host_class_id(HOST_CLASS_LOCATION));
    if (!v)
        return;
    external_forget(&v->external);
    context_unref(v->context);
    js_free_rt(runtime, v);
}

static struct browsing_context *view_context(JSValueConst value)
{
    struct location_view *v = JS_GetOpaque(value, host_class_id(HOST_CLASS_LOCATION));
    return v ? v->context : NULL;
}

static JSValue view_replace(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct browsing_context *c = view_context(self);
    if (!c || !count)
        return JS_ThrowTypeError(js, "replace: a cross-origin location and a URL are required");
    return location_assign(js, c, arguments[0], true) < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

static bool is_name(JSContext *js, JSAtom name, const char *wanted)
{
    const char *text = JS_AtomToCString(js, name);
    bool same = text && !strcmp(text, wanted);
    JS_FreeCString(js, text);
    return same;
}

static JSValue view_get(JSContext *js, JSValueConst self, JSAtom name, JSValueConst receiver)
{
    (void)self;
    (void)receiver;
    if (is_name(js, name, "replace"))
        return JS_NewCFunction(js, view_replace, "replace", 1);
    if (is_name(js, name, "then") || is_name(js, name, "Symbol.toStringTag"))
        return JS_UNDEFINED;
    return throw_cross_origin(js, name);
}

static int view_set(JSContext *js, JSValueConst self, JSAtom name, JSValueConst value,
                    JSValueConst receiver, int flags)
{
    (void)receiver;
    (void)flags;
    if (is_name(js, name, "href"))
        return location_assign(js, view_context(self), value, false) < 0 ? -1 : 1;
    throw_cross_origin(js, name);
    return -1;
}

static int view_own(JSContext *js, JSPropertyDescriptor *out, JSValueConst self, JSAtom name)
{
    JSValue value = view_get(js, self, name, self);
    if (JS_IsException(value))
        return -1;
    if (out)
        *out = (JSPropertyDescriptor){.flags = JS_PROP_CONFIGURABLE,
                                      .value = value,
                                      .getter = JS_UNDEFINED,
                                      .setter = JS_UNDEFINED};
    else
        JS_FreeValue(js, value);
    return 1;
}

static int view_define(JSContext *js, JSValueConst self, JSAtom name, JSValueConst value,
                       JSValueConst getter, JSValueConst setter, int flags)
{
    (void)self;
    (void)value;
    (void)getter;
    (void)setter;
    (void)flags;
    throw_cross_origin(js, name);
    return -1;
}

static int view_delete(JSContext *js, JSValueConst self, JSAtom name)
{
    (void)self;
    throw_cross_origin(js, name);
    return -1;
}

static JSClassExoticMethods view_methods = {.get_own_property = view_own,
                                            .get_property = view_get,
                                            .set_property = view_set,
                                            .define_own_property = view_define,
                                            .delete_property = view_delete};
static const JSClassDef view_class = {
    .class_name = "Location", .finalizer = view_finalize, .exotic = &view_methods};

static void view_release(struct external *x)
{
    context_unref(caa_container_of(x, struct location_view, external)->context);
}

JSValue location_view(JSContext *js, struct browsing_context *c)
{
    if (host_class_define(JS_GetRuntime(js), HOST_CLASS_LOCATION, &view_class))
        return JS_ThrowOutOfMemory(js);
    struct location_view *v = js_mallocz(js, sizeof *v);
    JSValue object =
        v ? JS_NewObjectProtoClass(js, JS_NULL, host_class_id(HOST_CLASS_LOCATION)) : JS_EXCEPTION;
    if (JS_IsException(object)) {
        js_free(js, v);
        return object;
    }
    v->context = context_ref(c);
    external_hold(engine_of(js), &v->external, view_release);
    JS_SetOpaque(object, v);
    return object;
}
