#include "web/window_proxy.h"

#include "engine/host_class.h"
#include "engine/interface.h"
#include "web/document.h"
#include "web/web_agent.h"
#include "web/window.h"

#include <string.h>

struct window_proxy {
    JSValue self;                     /* the object, not counted */
    struct browsing_context *context; /* counted */
    struct realm *realm;              /* of the Window, while that is in this agent */
    struct window_proxy **list, *next;
    struct external external;
};

static const JSClassDef proxy_class;

static struct window_proxy *proxy_of(JSValueConst value)
{
    return host_class_of(value) == HOST_CLASS_WINDOW_PROXY
               ? JS_GetOpaque(value, host_class_id(HOST_CLASS_WINDOW_PROXY))
               : NULL;
}

struct browsing_context *window_proxy_context(JSValueConst value)
{
    struct window_proxy *p = proxy_of(value);
    return p ? p->context : NULL;
}

struct realm *window_proxy_realm(JSValueConst value)
{
    struct window_proxy *p = proxy_of(value);
    return p ? p->realm : NULL;
}

/* ---- the agent's proxies ---- */

static void release_external(struct external *x)
{
    context_unref(caa_container_of(x, struct window_proxy, external)->context);
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    struct window_proxy *p = JS_GetOpaque(value, host_class_id(HOST_CLASS_WINDOW_PROXY));
    if (!p)
        return;
    struct window_proxy **link = p->list;
    while (*link != p)
        link = &(*link)->next;
    *link = p->next;
    external_forget(&p->external);
    context_unref(p->context);
    js_free_rt(runtime, p);
}

static JSValue proxy_new(JSContext *js, struct web_agent *web, struct browsing_context *c)
{
    if (host_class_define(JS_GetRuntime(js), HOST_CLASS_WINDOW_PROXY, &proxy_class))
        return JS_ThrowOutOfMemory(js);
    struct window_proxy *p = js_mallocz(js, sizeof *p);
    JSValue object = p ? JS_NewObjectProtoClass(js, JS_NULL, host_class_id(HOST_CLASS_WINDOW_PROXY))
                       : JS_EXCEPTION;
    if (JS_IsException(object)) {
        js_free(js, p);
        return object;
    }
    JS_SetOpaque(object, p);
    p->self = object;
    p->context = context_ref(c);
    p->list = &web->proxies;
    p->next = web->proxies;
    web->proxies = p;
    external_hold(engine_of(js), &p->external, release_external);
    return object;
}

JSValue window_proxy_for(JSContext *js, struct browsing_context *c)
{
    struct web_agent *web = web_agent_of(realm_of(js)->agent);
    if (!c)
        return JS_NULL;
    for (struct window_proxy *p = web->proxies; p; p = p->next)
        if (p->context == c)
            return JS_DupValue(js, p->self);
    return proxy_new(js, web, c);
}

int window_proxy_attach(struct realm *r)
{
    JSContext *js = r->js;
    JSValue self = window_proxy_for(js, r->document->context);
    struct window_proxy *p = proxy_of(self);
    if (!p)
        return -1;
    JSValue global = JS_GetGlobalObject(js), prototype = JS_GetPrototype(js, global);
    int failed = JS_SetPrototype(js, self, prototype) < 0;
    JS_FreeValue(js, prototype);
    JS_FreeValue(js, global);
    if (failed || realm_set_global_this(js, self))
        return -1;
    p->realm = r;
    r->proxy = p;
    return 0;
}

void window_proxy_detach(struct realm *r)
{
    struct window_proxy *p = r->proxy;
    if (!p || p->realm != r)
        return;
    p->realm = NULL;
    JS_SetPrototype(r->js, p->self, JS_NULL);
}

/* ---- access ---- */

bool realm_is_accessible(JSContext *js, const struct realm *r)
{
    return realm_of(js) == r || origin_same_domain(realm_of(js)->origin, r->origin);
}

JSValue throw_cross_origin(JSContext *js, JSAtom name)
{
    const char *text = name == JS_ATOM_NULL ? NULL : JS_AtomToCString(js, name);
    if (text)
        throw_dom_exception(
            js, "SecurityError",
            "Blocked a frame with origin \"%s\" from accessing '%s' of a cross-origin window.",
            realm_of(js)->origin->text, text);
    else
        throw_dom_exception(
            js, "SecurityError",
            "Blocked a frame with origin \"%s\" from accessing a cross-origin window.",
            realm_of(js)->origin->text);
    JS_FreeCString(js, text);
    return JS_EXCEPTION;
}

/* The Window's global object when `js` may look into it, else undefined. Borrowed: the realm keeps
 * it. */
static JSValue window_for(JSContext *js, struct window_proxy *p)
{
    if (!p->realm || !realm_is_accessible(js, p->realm))
        return JS_UNDEFINED;
    JSValue global = JS_GetGlobalObject(p->realm->js);
    JS_FreeValue(js, global);
    return global;
}

static JSValue child_at(JSContext *js, struct browsing_context *c, uint32_t index)
{
    struct browsing_context *child = context_child(c, index);
    JSValue value = child ? window_proxy_for(js, child) : JS_UNDEFINED;
    context_unref(child);
    return value;
}

static JSValue child_named(JSContext *js, struct browsing_context *c, JSAtom name)
{
    const char *text = JS_AtomToCString(js, name);
    struct browsing_context *child = text ? context_child_named(c, text) : NULL;
    JSValue value = child ? window_proxy_for(js, child) : JS_UNDEFINED;
    context_unref(child);
    JS_FreeCString(js, text);
    return value;
}

static bool is_symbol(JSContext *js, JSAtom name)
{
    JSValue value = JS_AtomToValue(js, name);
    bool symbol = JS_IsSymbol(value);
    JS_FreeValue(js, value);
    return symbol;
}

/* `then` and three well-known symbols: undefined, so that a window can be awaited and shown. */
static bool is_quiet(JSContext *js, JSAtom name)
{
    static const char *const symbols[] = {"Symbol.toStringTag", "Symbol.hasInstance",
                                          "Symbol.isConcatSpreadable", "then"};
    bool symbol = is_symbol(js, name), quiet = false;
    const char *text = JS_AtomToCString(js, name);
    for (int i = symbol ? 0 : 3; text && !quiet && i < (symbol ? 3 : 4); i++)
        quiet = !strcmp(text, symbols[i]);
    JS_FreeCString(js, text);
    return quiet;
}

/* What a stranger sees under a name (R-WIN-03): 1 and the value, or -1 with a SecurityError. */
static int look_from_outside(JSContext *js, struct window_proxy *p, JSAtom name, JSValue *value,
                             int *flags)
{
    uint32_t index;
    *flags = JS_PROP_CONFIGURABLE;
    if (atom_is_index(name, &index)) {
        *value = child_at(js, p->context, index);
        *flags = JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE;
    } else if (is_quiet(js, name)) {
        *value = JS_UNDEFINED;
        return 1;
    } else {
        *value = is_symbol(js, name) ? JS_UNDEFINED : window_member(js, p->context, name);
        if (JS_IsUndefined(*value) && !is_symbol(js, name))
            *value = child_named(js, p->context, name);
    }
    if (JS_IsException(*value))
        return -1;
    if (JS_IsUndefined(*value)) {
        throw_cross_origin(js, name);
        return -1;
    }
    return 1;
}

/* ---- the internal methods ---- */

static int get_own_property(JSContext *js, JSPropertyDescriptor *out, JSValueConst self,
                            JSAtom name)
{
    struct window_proxy *p = proxy_of(self);
    JSValue window = window_for(js, p), value;
    uint32_t index;
    int flags = JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE;
    if (JS_IsUndefined(window)) {
        if (look_from_outside(js, p, name, &value, &flags) < 0)
            return -1;
    } else if (atom_is_index(name, &index)) {
        value = child_at(js, p->context, index);
        if (JS_IsUndefined(value))
            return 0;
    } else {
        return JS_GetOwnProperty(js, out, window, name);
    }
    if (JS_IsException(value))
        return -1;
    if (out)
        *out = (JSPropertyDescriptor){
            .flags = flags, .value = value, .getter = JS_UNDEFINED, .setter = JS_UNDEFINED};
    else
        JS_FreeValue(js, value);
    return 1;
}

static JSValue get_property(JSContext *js, JSValueConst self, JSAtom name, JSValueConst receiver)
{
    struct window_proxy *p = proxy_of(self);
    JSValue window = window_for(js, p), value;
    uint32_t index;
    int flags;
    if (JS_IsUndefined(window))
        return look_from_outside(js, p, name, &value, &flags) < 0 ? JS_EXCEPTION : value;
    if (atom_is_index(name, &index))
        return child_at(js, p->context, index);
    JS_DupValue(js, window);
    value = object_get(js, window, name, receiver);
    JS_FreeValue(js, window);
    return value;
}

static int set_property(JSContext *js, JSValueConst self, JSAtom name, JSValueConst value,
                        JSValueConst receiver, int flags)
{
    struct window_proxy *p = proxy_of(self);
    JSValue window = window_for(js, p);
    uint32_t index;
    if (JS_IsUndefined(window))
        return window_member_set(js, p->context, name, value);
    if (atom_is_index(name, &index))
        return 0;
    JS_DupValue(js, window);
    int set = object_set(js, window, name, JS_DupValue(js, value), receiver, flags);
    JS_FreeValue(js, window);
    return set;
}

static int has_property(JSContext *js, JSValueConst self, JSAtom name)
{
    JSValue window = window_for(js, proxy_of(self));
    uint32_t index;
    if (JS_IsUndefined(window) || atom_is_index(name, &index))
        return get_own_property(js, NULL, self, name);
    return JS_HasProperty(js, window, name);
}

static int define_own_property(JSContext *js, JSValueConst self, JSAtom name, JSValueConst value,
                               JSValueConst getter, JSValueConst setter, int flags)
{
    JSValue window = window_for(js, proxy_of(self));
    uint32_t index;
    if (JS_IsUndefined(window)) {
        throw_cross_origin(js, name);
        return -1;
    }
    if (atom_is_index(name, &index)) {
        if (flags & JS_PROP_THROW)
            JS_ThrowTypeError(js, "the frames of a window cannot be redefined");
        return flags & JS_PROP_THROW ? -1 : 0;
    }
    return JS_DefineProperty(js, window, name, value, getter, setter, flags);
}

static int delete_property(JSContext *js, JSValueConst self, JSAtom name)
{
    JSValue window = window_for(js, proxy_of(self));
    uint32_t index;
    if (JS_IsUndefined(window)) {
        throw_cross_origin(js, name);
        return -1;
    }
    return atom_is_index(name, &index) ? 0 : JS_DeleteProperty(js, window, name, 0);
}

/* The frames' indices, then what the Window has, or what a stranger may see. */
static int get_own_property_names(JSContext *js, JSPropertyEnum **out, uint32_t *count,
                                  JSValueConst self)
{
    struct window_proxy *p = proxy_of(self);
    JSValue window = window_for(js, p);
    JSPropertyEnum *own = NULL;
    uint32_t own_count = 0, frames = (uint32_t)context_child_count(p->context), n = 0;
    if (!JS_IsUndefined(window) &&
        JS_GetOwnPropertyNames(js, &own, &own_count, window,
                               JS_GPN_STRING_MASK | JS_GPN_SYMBOL_MASK) < 0)
        return -1;
    JSPropertyEnum *all =
        js_malloc(js, (frames + own_count + WINDOW_MEMBER_COUNT + 1) * sizeof *all);
    if (!all) {
        JS_FreePropertyEnum(js, own, own_count);
        return -1;
    }
    for (uint32_t i = 0; i < frames; i++)
        all[n++] = (JSPropertyEnum){.atom = JS_NewAtomUInt32(js, i), .is_enumerable = true};
    for (uint32_t i = 0; i < own_count; i++)
        all[n++] = (JSPropertyEnum){.atom = JS_DupAtom(js, own[i].atom),
                                    .is_enumerable = own[i].is_enumerable};
    if (JS_IsUndefined(window))
        for (int m = 0; m < WINDOW_MEMBER_COUNT; m++)
            all[n++] =
                (JSPropertyEnum){.atom = JS_NewAtom(js, window_member_name((enum window_member)m))};
    JS_FreePropertyEnum(js, own, own_count);
    *out = all;
    *count = n;
    return 0;
}

static JSClassExoticMethods proxy_methods = {
    .get_own_property = get_own_property,
    .get_own_property_names = get_own_property_names,
    .delete_property = delete_property,
    .define_own_property = define_own_property,
    .has_property = has_property,
    .get_property = get_property,
    .set_property = set_property,
};

static const JSClassDef proxy_class = {
    .class_name = "Window", .finalizer = finalize, .exotic = &proxy_methods};

/* ---- named frames ---- */

/* The object behind Window.prototype: a frame is found under its name when nothing else is. */
static int named_property(JSContext *js, JSPropertyDescriptor *out, JSValueConst self, JSAtom name)
{
    struct realm *r = JS_GetOpaque(self, host_class_id(HOST_CLASS_WINDOW_PROPERTIES));
    (void)js;
    if (!r || r->destroyed || !context_child_count(r->document->context) || is_symbol(r->js, name))
        return 0;
    JSValue value = child_named(r->js, r->document->context, name);
    if (JS_IsUndefined(value))
        return 0;
    if (JS_IsException(value))
        return -1;
    if (out)
        *out = (JSPropertyDescriptor){.flags = JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE,
                                      .value = value,
                                      .getter = JS_UNDEFINED,
                                      .setter = JS_UNDEFINED};
    else
        JS_FreeValue(js, value);
    return 1;
}

static JSClassExoticMethods named_methods = {.get_own_property = named_property};
static const JSClassDef named_class = {.class_name = "WindowProperties", .exotic = &named_methods};

int window_properties_install(struct realm *r, JSValueConst window_prototype)
{
    JSContext *js = r->js;
    if (host_class_define(JS_GetRuntime(js), HOST_CLASS_WINDOW_PROPERTIES, &named_class))
        return -1;
    JSValue above = JS_GetPrototype(js, window_prototype);
    JSValue object = JS_NewObjectProtoClass(js, above, host_class_id(HOST_CLASS_WINDOW_PROPERTIES));
    JS_FreeValue(js, above);
    if (JS_IsException(object))
        return -1;
    JS_SetOpaque(object, r);
    int failed = JS_SetPrototype(js, window_prototype, object) < 0;
    JS_FreeValue(js, object);
    return failed ? -1 : 0;
}
