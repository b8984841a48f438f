#include "engine/engine_struct.h"
#include "engine/hooks.h"
#include "engine/host_class.h"
#include "engine/interface.h"
#include "engine/internals.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- lazily built properties ---- */

JSValue heddle_autoinit(JSContext *realm, struct JSObject *object, JSAtom name, void *opaque)
{
    const struct lazy_property *property = opaque;
    (void)object;
    (void)name;
    return property->build(realm, property);
}

int lazy_properties_define(JSContext *realm, JSValueConst object, const struct lazy_property *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        JSAtom name = JS_NewAtom(realm, list[i].name);
        if (name == JS_ATOM_NULL)
            return -1;
        int failed =
            heddle_define_lazy(realm, object, name, (void *)&list[i], JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
        JS_FreeAtom(realm, name);
        if (failed)
            return -1;
    }
    return 0;
}

/* ---- DOMException ---- */

static JSValue build_dom_exception(JSContext *realm, const struct lazy_property *self)
{
    (void)self;
    return dom_exception_constructor(realm);
}

static const struct lazy_property dom_exception = {"DOMException", build_dom_exception, NULL};

JSValue throw_dom_exception(JSContext *realm, const char *name, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!dom_exception_is_built(realm)) {
        JSValue global = JS_GetGlobalObject(realm);
        JSValue constructor = JS_GetPropertyStr(realm, global, "DOMException");
        JS_FreeValue(realm, global);
        if (JS_IsException(constructor))
            return JS_EXCEPTION;
        JS_FreeValue(realm, constructor);
        if (!dom_exception_is_built(realm)) { /* the program replaced the global before it was built */
            constructor = dom_exception_constructor(realm);
            if (JS_IsException(constructor))
                return JS_EXCEPTION;
            JS_FreeValue(realm, constructor);
        }
    }
    return JS_ThrowDOMException(realm, name, "%s", text);
}

/* ---- realms ---- */

static int add_intrinsics(JSContext *realm)
{
    JSValue global;
    if (JS_AddIntrinsicBaseObjects(realm) || JS_AddIntrinsicDate(realm) || JS_AddIntrinsicEval(realm) ||
        JS_AddIntrinsicRegExp(realm) || JS_AddIntrinsicJSON(realm) || JS_AddIntrinsicProxy(realm) ||
        JS_AddIntrinsicMapSet(realm) || JS_AddIntrinsicTypedArrays(realm) || JS_AddIntrinsicPromise(realm) ||
        JS_AddIntrinsicWeakRef(realm) || atomics_define(realm))
        return -1;
    global = JS_GetGlobalObject(realm);
    int failed = lazy_properties_define(realm, global, &dom_exception, 1);
    JS_FreeValue(realm, global);
    return failed;
}

JSContext *engine_realm_create(struct engine *e, void *data)
{
    if (e->realm_count == e->realm_capacity) {
        size_t capacity = e->realm_capacity ? e->realm_capacity * 2 : 2;
        JSContext **realms = realloc(e->realms, capacity * sizeof *realms);
        if (!realms)
            return NULL;
        e->realms = realms;
        e->realm_capacity = capacity;
    }
    JSContext *realm = JS_NewContextRaw(e->runtime);
    if (!realm)
        return NULL;
    JS_SetContextOpaque(realm, data);
    if (add_intrinsics(realm)) {
        JS_FreeContext(realm);
        return NULL;
    }
    heddle_seed_random(realm, e->seed + e->realms_made++);
    e->realms[e->realm_count++] = realm;
    return realm;
}

void engine_realm_free(struct engine *e, JSContext *realm)
{
    size_t i = 0;
    while (e->realms[i] != realm)
        i++;
    e->realms[i] = e->realms[--e->realm_count];
    JS_FreeContext(realm);
}
