/* Accessors to the engine's internal structures (internals.c), for src/engine alone. */
#ifndef HEDDLE_ENGINE_INTERNALS_H
#define HEDDLE_ENGINE_INTERNALS_H

#include "engine/host_class.h"

/* Keeps the ids of host classes free in a new runtime. */
void host_class_reserve(JSRuntime *runtime);

/* Builds DOMException in this realm: its constructor, or an exception. Once per realm. */
JSValue dom_exception_constructor(JSContext *realm);
bool dom_exception_is_built(JSContext *realm);

/* The innermost frame of JavaScript code, `skip` left out; `*file` is a new reference. */
bool stack_place(JSContext *realm, unsigned skip, JSAtom *file, uint32_t *line, uint32_t *column);

/* The realm of the function that the oldest job will call; NULL when that is not known. */
JSContext *next_job_realm(JSRuntime *runtime);
void next_job_drop(JSRuntime *runtime);

bool stack_is_empty(JSRuntime *runtime);
bool checkpoint_is_due(JSRuntime *runtime); /* jobs or kept objects are there */

/* A host class's opaque data and, in `*c`, the class; NULL and HOST_CLASS_COUNT for any other value. */
void *host_object_opaque(JSValueConst value, enum host_class *c);

/* Whether no JavaScript can tell the object from a new one of its class: nobody but the caller refers to it, not even weakly, and
 * it has the class's prototype in this realm and no properties. */
bool object_is_as_new(JSContext *realm, JSValueConst object);

/* %Symbol.toStringTag% as a property key; never freed. */
JSAtom to_string_tag_atom(void);

#endif
