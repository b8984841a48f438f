#include "engine/interface.h"
#include "engine/internals.h"

#include <stdatomic.h>

/* Which interface a host class belongs to, for the walk up to its parents. Every thread writes the same value, relaxed. */
static const struct interface *_Atomic interfaces[HOST_CLASS_COUNT];

static JSValue illegal_constructor(JSContext *realm, JSValueConst new_target, int count, JSValueConst *arguments)
{
    (void)new_target;
    (void)count;
    (void)arguments;
    return JS_ThrowTypeError(realm, "Illegal constructor");
}

static JSValue parent_constructor(JSContext *realm, const struct interface *i)
{
    if (!i->parent)
        return JS_GetFunctionProto(realm);
    return interface_constructor(realm, i->parent);
}

/* Builds prototype and constructor together; the prototype is kept by the realm, which makes the constructor reachable. */
static int build(JSContext *realm, const struct interface *i)
{
    JSClassDef definition = i->class_definition;
    definition.class_name = i->name;
    if (host_class_define(JS_GetRuntime(realm), i->host_class, &definition))
        return -1;
    JSValue above = i->parent ? interface_prototype(realm, i->parent) : JS_UNDEFINED;
    if (JS_IsException(above))
        return -1;
    JSValue prototype = i->parent ? JS_NewObjectProto(realm, above) : JS_NewObject(realm);
    if (JS_IsException(prototype))
        return -1;
    JSValue super = parent_constructor(realm, i);
    JSValue constructor =
        JS_IsException(super)
            ? JS_EXCEPTION
            : JS_NewCFunction3(realm, i->constructor ? i->constructor : illegal_constructor, i->name,
                               i->constructor_length, JS_CFUNC_constructor, 0, super, 0);
    JS_FreeValue(realm, super);
    if (JS_IsException(constructor) || JS_SetConstructor(realm, constructor, prototype) < 0 ||
        JS_SetPropertyFunctionList(realm, prototype, i->prototype, i->prototype_count) < 0 ||
        JS_SetPropertyFunctionList(realm, constructor, i->statics, i->static_count) < 0 ||
        JS_DefinePropertyValue(realm, prototype, to_string_tag_atom(), JS_NewString(realm, i->name),
                               JS_PROP_CONFIGURABLE) < 0) {
        JS_FreeValue(realm, constructor);
        JS_FreeValue(realm, prototype);
        return -1;
    }
    JS_FreeValue(realm, constructor);
    JS_SetClassProto(realm, host_class_id(i->host_class), prototype);
    atomic_store_explicit(&interfaces[i->host_class], i, memory_order_relaxed);
    return 0;
}

/* The prototype if it is there, borrowed: the realm keeps it. Else undefined or null. */
static JSValue built_prototype(JSContext *realm, const struct interface *i)
{
    JSClassID id = host_class_id(i->host_class);
    if (!JS_IsRegisteredClass(JS_GetRuntime(realm), id))
        return JS_UNDEFINED;
    JSValue prototype = JS_GetClassProto(realm, id);
    JS_FreeValue(realm, prototype);
    return prototype;
}

JSValue interface_prototype(JSContext *realm, const struct interface *i)
{
    JSValue prototype = built_prototype(realm, i);
    if (JS_IsObject(prototype))
        return prototype;
    return build(realm, i) ? JS_EXCEPTION : built_prototype(realm, i);
}

JSValue interface_constructor(JSContext *realm, const struct interface *i)
{
    JSValue prototype = interface_prototype(realm, i);
    if (JS_IsException(prototype))
        return prototype;
    return JS_GetPropertyStr(realm, prototype, "constructor");
}

JSValue interface_object(JSContext *realm, const struct interface *i, void *opaque)
{
    JSValue prototype = interface_prototype(realm, i);
    if (JS_IsException(prototype))
        return prototype;
    JSValue object = JS_NewObjectProtoClass(realm, prototype, host_class_id(i->host_class));
    if (!JS_IsException(object))
        JS_SetOpaque(object, opaque);
    return object;
}

JSValue interface_object_from(JSContext *realm, const struct interface *i, JSValueConst new_target, void *opaque)
{
    if (JS_IsUndefined(new_target))
        return interface_object(realm, i, opaque);
    JSValue fallback = interface_prototype(realm, i);
    if (JS_IsException(fallback))
        return fallback;
    JSValue prototype = JS_GetPropertyStr(realm, new_target, "prototype");
    if (JS_IsException(prototype))
        return prototype;
    JSValue object = JS_NewObjectProtoClass(realm, JS_IsObject(prototype) ? prototype : fallback,
                                            host_class_id(i->host_class));
    JS_FreeValue(realm, prototype);
    if (!JS_IsException(object))
        JS_SetOpaque(object, opaque);
    return object;
}

bool interface_object_is_as_new(JSContext *realm, JSValueConst object)
{
    return object_is_as_new(realm, object);
}

void *interface_peek(JSValueConst value, const struct interface *i)
{
    enum host_class c;
    void *opaque = host_object_opaque(value, &c);
    if (c == i->host_class || !opaque)
        return opaque;
    const struct interface *own = atomic_load_explicit(&interfaces[c], memory_order_relaxed);
    while (own && own != i)
        own = own->parent;
    return own ? opaque : NULL;
}

void *interface_opaque(JSContext *realm, JSValueConst value, const struct interface *i)
{
    enum host_class c;
    void *opaque = host_object_opaque(value, &c);
    if (c != i->host_class)
        opaque = interface_peek(value, i);
    if (!opaque)
        JS_ThrowTypeError(realm, "Illegal invocation: not of type %s", i->name);
    return opaque;
}

int interface_prepare_iterator(JSContext *realm, const struct interface *i)
{
    JSValue prototype = interface_prototype(realm, i);
    if (JS_IsException(prototype))
        return -1;
    JSAtom constructor = JS_NewAtom(realm, "constructor");
    JSPropertyDescriptor d;
    int has_constructor = JS_GetOwnProperty(realm, &d, prototype, constructor), failed = 0;
    if (has_constructor > 0) {
        JS_FreeValue(realm, d.value);
        JSValue general = interface_iterator_prototype(realm);
        failed = JS_DeleteProperty(realm, prototype, constructor, 0) < 0 ||
                 JS_SetPrototype(realm, prototype, general) < 0;
        JS_FreeValue(realm, general);
    }
    JS_FreeAtom(realm, constructor);
    return failed || has_constructor < 0 ? -1 : 0;
}

JSValue interface_build(JSContext *realm, const struct lazy_property *self)
{
    return interface_constructor(realm, self->data);
}

int host_class_define(JSRuntime *runtime, enum host_class c, const JSClassDef *definition)
{
    JSClassID id = host_class_id(c);
    if (JS_IsRegisteredClass(runtime, id))
        return 0;
    return JS_NewClass(runtime, id, definition) < 0 ? -1 : 0;
}
