/* `location` and `navigator` (HTML 7.2.4, 10.3.2, 8.9; the part that needs no navigation). Both are
 * fixed when first touched. */
#include "base/buffer.h"
#include "engine/interface.h"
#include "web/globals.h"
#include "web/realm.h"
#include "web/url.h"

#include <string.h>

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
    return JS_NewString(js, realm_of(js)->origin);
}

static JSValue to_string(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)count;
    (void)arguments;
    return get_href(js, self);
}

#define SHOWN (JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE)
#define PART(name, part) JS_CGETSET_MAGIC_DEF2(name, get_part, NULL, part, SHOWN)

static const JSCFunctionListEntry location_entries[] = {
    JS_CGETSET_DEF2("href", get_href, NULL, SHOWN),
    JS_CGETSET_DEF2("origin", get_origin, NULL, SHOWN),
    PART("protocol", URL_PROTOCOL),
    PART("host", URL_HOST),
    PART("hostname", URL_HOSTNAME),
    PART("port", URL_PORT),
    PART("pathname", URL_PATHNAME),
    PART("search", URL_SEARCH),
    PART("hash", URL_HASH),
    JS_CFUNC_DEF("toString", 0, to_string),
};

/* Static, because the engine reads the entries when the property is first touched. */
static const JSCFunctionListEntry tags[] = {
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "Location", JS_PROP_CONFIGURABLE),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "WorkerLocation", JS_PROP_CONFIGURABLE),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "Navigator", JS_PROP_CONFIGURABLE),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "WorkerNavigator", JS_PROP_CONFIGURABLE),
};

/* `tag` is the window's; the worker's follows it. */
static JSValue new_tagged(JSContext *js, int tag, const JSCFunctionListEntry *entries, int count)
{
    JSValue object = JS_NewObject(js);
    if (JS_IsException(object))
        return object;
    tag += realm_of(js)->kind != GLOBAL_WINDOW;
    if (JS_SetPropertyFunctionList(js, object, entries, count) < 0 ||
        JS_SetPropertyFunctionList(js, object, &tags[tag], 1) < 0) {
        JS_FreeValue(js, object);
        return JS_EXCEPTION;
    }
    return object;
}

#define ENTRIES(list) (list), (int)(sizeof(list) / sizeof(list)[0])

static JSValue build_location(JSContext *js, const struct lazy_property *self)
{
    (void)self;
    return new_tagged(js, 0, ENTRIES(location_entries));
}

/* ---- navigator ---- */

/* The same on every machine, so that programs which start a worker per processor run the same
 * everywhere. */
#define HARDWARE_CONCURRENCY 2

static JSValue get_languages(JSContext *js, JSValueConst self)
{
    JSValue language = JS_NewString(js, "en");
    (void)self;
    return JS_NewArrayFrom(js, 1, &language);
}

static const JSCFunctionListEntry navigator_entries[] = {
    JS_PROP_INT32_DEF("hardwareConcurrency", HARDWARE_CONCURRENCY, SHOWN),
    JS_PROP_STRING_DEF("userAgent", "heddle/" HEDDLE_VERSION, SHOWN),
    JS_PROP_STRING_DEF("language", "en", SHOWN),
    JS_CGETSET_DEF2("languages", get_languages, NULL, SHOWN),
    JS_PROP_BOOL_DEF("onLine", true, SHOWN),
};

static JSValue build_navigator(JSContext *js, const struct lazy_property *self)
{
    (void)self;
    JSValue navigator = new_tagged(js, 2, ENTRIES(navigator_entries));
    bool secure = strncmp(realm_of(js)->origin, "http:", 5) != 0;
    if (!JS_IsException(navigator) && secure && lazy_properties_define(js, navigator, &locks_of_navigator, 1)) {
        JS_FreeValue(js, navigator);
        return JS_EXCEPTION;
    }
    return navigator;
}

static const struct lazy_property lazy[] = {
    {"location", build_location, NULL},
    {"navigator", build_navigator, NULL},
};

const struct global_part location_globals = {.lazy = lazy,
                                             .lazy_count = sizeof lazy / sizeof lazy[0]};
