/* Web IDL interfaces written in C: a constructor, a prototype and what they inherit, built when first touched. */
#ifndef HEDDLE_ENGINE_INTERFACE_H
#define HEDDLE_ENGINE_INTERFACE_H

#include "engine/host_class.h"
#include "engine/js.h"

struct interface {
    enum host_class host_class;
    const char *name;
    const struct interface *parent; /* NULL = none */
    JSClassDef class_definition;    /* class_name is `name` */
    JSCFunction *constructor;       /* called with new.target as this; NULL: "Illegal constructor" TypeError */
    int constructor_length;
    const JSCFunctionListEntry *prototype; /* methods and accessors; enumerable as Web IDL says is up to the entries */
    int prototype_count;
    const JSCFunctionListEntry *statics;
    int static_count;
};

/* The interface's prototype object in this realm, built on first use. Borrowed; JS_EXCEPTION when out of memory. */
JSValue interface_prototype(JSContext *realm, const struct interface *i);

/* The constructor object; a new reference. */
JSValue interface_constructor(JSContext *realm, const struct interface *i);

/* A new platform object with `opaque`, prototype from the realm. */
JSValue interface_object(JSContext *realm, const struct interface *i, void *opaque);

/* The same inside a constructor: the prototype comes from new_target (sec-ordinarycreatefromconstructor). */
JSValue interface_object_from(JSContext *realm, const struct interface *i, JSValueConst new_target, void *opaque);

/* Whether no JavaScript can tell this platform object from a new one, but for what its opaque holds: nobody but the caller refers to
 * it, not even weakly, and its prototype and properties are as they were. Then its maker may use it again. */
bool interface_object_is_as_new(JSContext *realm, JSValueConst object);

/* The opaque of `value` if it is of this interface or one that inherits it, else NULL with a TypeError. */
void *interface_opaque(JSContext *realm, JSValueConst value, const struct interface *i);
/* The same without an exception. */
void *interface_peek(JSValueConst value, const struct interface *i);

/* lazy_property.build for a global constructor: .data = the interface. */
JSValue interface_build(JSContext *realm, const struct lazy_property *self);

#define INTERFACE_PROPERTY(i) {(i).name, interface_build, &(i)}

/* Makes the prototype of an interface that of iterators: without constructor, inheriting %IteratorPrototype%. 0, or -1 with an exception. */
int interface_prepare_iterator(JSContext *realm, const struct interface *i);

/* %Iterator.prototype%; a new reference. */
JSValue interface_iterator_prototype(JSContext *realm);

/* Throws a DOMException, e.g. ("DataCloneError", "..."). Returns JS_EXCEPTION. */
JSValue throw_dom_exception(JSContext *realm, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
