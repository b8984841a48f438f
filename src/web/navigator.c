/* `navigator` (HTML 8.9.1, 10.3.2): Navigator and WorkerNavigator. */
#include "web/event_object.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/realm.h"
#include "web/service_worker.h"
#include "web/worker_location.h"

/* The same on every machine, so that programs which start a worker per processor run the same
 * everywhere. */
#define HARDWARE_CONCURRENCY 2

enum { NAVIGATOR_LOCKS, NAVIGATOR_SERVICE_WORKER, NAVIGATOR_LANGUAGES, NAVIGATOR_PART_COUNT };

/* The opaque: objects that are made when they are first asked for, undefined before. */
struct navigator {
    JSValue parts[NAVIGATOR_PART_COUNT];
};

static const struct interface navigator_interface, worker_navigator_interface;

static struct navigator *peek(JSValueConst value)
{
    struct navigator *n = interface_peek(value, &navigator_interface);
    return n ? n : interface_peek(value, &worker_navigator_interface);
}

static struct navigator *navigator_of(JSContext *js, JSValueConst self)
{
    struct navigator *n = peek(self);
    return n ? n : interface_opaque(js, self, &navigator_interface);
}

static void finalizer(JSRuntime *runtime, JSValueConst value)
{
    struct navigator *n = peek(value);
    for (int i = 0; n && i < NAVIGATOR_PART_COUNT; i++)
        JS_FreeValueRT(runtime, n->parts[i]);
    js_free_rt(runtime, n);
}

static void mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark_value)
{
    struct navigator *n = peek(value);
    for (int i = 0; n && i < NAVIGATOR_PART_COUNT; i++)
        JS_MarkValue(runtime, n->parts[i], mark_value);
}

/* ---- attributes ---- */

static JSValue build_languages(JSContext *js, const struct lazy_property *self)
{
    JSValue language = JS_NewString(js, "en"), list = JS_NewArrayFrom(js, 1, &language);
    (void)self;
    if (!JS_IsException(list) && JS_FreezeObject(js, list) < 0) {
        JS_FreeValue(js, list);
        return JS_EXCEPTION;
    }
    return list;
}

static JSValue get_made(JSContext *js, JSValueConst self, int part)
{
    static const struct lazy_property languages = {"languages", build_languages, NULL};
    static const struct lazy_property *const makers[NAVIGATOR_PART_COUNT] = {
        [NAVIGATOR_LOCKS] = &locks_of_navigator,
        [NAVIGATOR_SERVICE_WORKER] = &service_worker_of_navigator,
        [NAVIGATOR_LANGUAGES] = &languages,
    };
    struct navigator *n = navigator_of(js, self);
    if (!n)
        return JS_EXCEPTION;
    if (JS_IsUndefined(n->parts[part])) {
        JSValue made = makers[part]->build(js, makers[part]);
        if (JS_IsException(made))
            return made;
        n->parts[part] = made;
    }
    return JS_DupValue(js, n->parts[part]);
}

static JSValue get_text(JSContext *js, JSValueConst self, int i)
{
    static const char *const texts[] = {"Mozilla", "Netscape", "heddle/" HEDDLE_VERSION, "", "Gecko", "en", "20030107"};
    return navigator_of(js, self) ? JS_NewString(js, texts[i]) : JS_EXCEPTION;
}

enum { TEXT_CODE_NAME, TEXT_NAME, TEXT_USER_AGENT, TEXT_EMPTY, TEXT_PRODUCT, TEXT_LANGUAGE, TEXT_PRODUCT_SUB };

static JSValue get_boolean(JSContext *js, JSValueConst self, int value)
{
    return navigator_of(js, self) ? JS_NewBool(js, value) : JS_EXCEPTION;
}

static JSValue get_hardware_concurrency(JSContext *js, JSValueConst self)
{
    return navigator_of(js, self) ? JS_NewInt32(js, HARDWARE_CONCURRENCY) : JS_EXCEPTION;
}

#define TEXT(name, text) IDL_ATTRIBUTE_MAGIC(name, get_text, NULL, text)
#define EVERYWHERE                                                                                 \
    TEXT("appCodeName", TEXT_CODE_NAME), TEXT("appName", TEXT_NAME),                               \
        TEXT("appVersion", TEXT_USER_AGENT), TEXT("platform", TEXT_EMPTY),                         \
        TEXT("product", TEXT_PRODUCT), TEXT("userAgent", TEXT_USER_AGENT),                         \
        TEXT("language", TEXT_LANGUAGE),                                                           \
        IDL_ATTRIBUTE_MAGIC("languages", get_made, NULL, NAVIGATOR_LANGUAGES),                     \
        IDL_ATTRIBUTE_MAGIC("onLine", get_boolean, NULL, true),                                    \
        IDL_ATTRIBUTE("hardwareConcurrency", get_hardware_concurrency, NULL)

static const JSCFunctionListEntry prototype[] = {
    EVERYWHERE,
    TEXT("productSub", TEXT_PRODUCT_SUB),
    TEXT("vendor", TEXT_EMPTY),
    TEXT("vendorSub", TEXT_EMPTY),
    IDL_ATTRIBUTE_MAGIC("cookieEnabled", get_boolean, NULL, false),
};
static const JSCFunctionListEntry worker_prototype[] = {EVERYWHERE};

/* R-EXP-03: in secure contexts. */
static const JSCFunctionListEntry secure_prototype[] = {
    IDL_ATTRIBUTE_MAGIC("locks", get_made, NULL, NAVIGATOR_LOCKS),
    IDL_ATTRIBUTE_MAGIC("serviceWorker", get_made, NULL, NAVIGATOR_SERVICE_WORKER),
};

static const struct interface navigator_interface = {
    .host_class = HOST_CLASS_NAVIGATOR,
    .name = "Navigator",
    .class_definition = {.finalizer = finalizer, .gc_mark = mark},
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
};

static const struct interface worker_navigator_interface = {
    .host_class = HOST_CLASS_WORKER_NAVIGATOR,
    .name = "WorkerNavigator",
    .class_definition = {.finalizer = finalizer, .gc_mark = mark},
    .prototype = worker_prototype,
    .prototype_count = sizeof worker_prototype / sizeof *worker_prototype,
};

/* ---- the objects ---- */

static const struct interface *interface_for(const struct realm *r)
{
    return r->kind == GLOBAL_WINDOW ? &navigator_interface : &worker_navigator_interface;
}

/* Adds to the prototype what depends on the realm; again and again does no harm. */
static int prepare(JSContext *js)
{
    const struct realm *r = realm_of(js);
    JSValue on = interface_prototype(js, interface_for(r));
    if (JS_IsException(on))
        return -1;
    if (!r->secure)
        return 0;
    return JS_SetPropertyFunctionList(js, on, secure_prototype, sizeof secure_prototype / sizeof *secure_prototype) < 0 ? -1 : 0;
}

static JSValue build_navigator(JSContext *js, const struct lazy_property *self)
{
    (void)self;
    struct navigator *n = prepare(js) ? NULL : js_malloc(js, sizeof *n);
    if (!n)
        return JS_EXCEPTION;
    for (int i = 0; i < NAVIGATOR_PART_COUNT; i++)
        n->parts[i] = JS_UNDEFINED;
    JSValue object = interface_object(js, interface_for(realm_of(js)), n);
    if (JS_IsException(object))
        js_free(js, n);
    return object;
}

static JSValue build_constructor(JSContext *js, const struct lazy_property *self)
{
    (void)self;
    return prepare(js) ? JS_EXCEPTION : interface_constructor(js, interface_for(realm_of(js)));
}

static const struct lazy_property worker_lazy[] = {
    {"location", worker_location_build, NULL},
    {"navigator", build_navigator, NULL},
    {"WorkerLocation", interface_build, &worker_location_interface},
    {"WorkerNavigator", build_constructor, NULL},
};
static const struct lazy_property window_lazy[] = {{"navigator", build_navigator, NULL}, {"Navigator", build_constructor, NULL}};

const struct global_part location_globals = {.lazy = worker_lazy, .lazy_count = sizeof worker_lazy / sizeof *worker_lazy};
const struct global_part window_location_globals = {.lazy = window_lazy, .lazy_count = sizeof window_lazy / sizeof *window_lazy};
