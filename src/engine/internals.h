/* Accessors to the engine's internal structures (internals.c), for src/engine alone. */
#ifndef HEDDLE_ENGINE_INTERNALS_H
#define HEDDLE_ENGINE_INTERNALS_H

#include "quickjs.h"

/* Keeps the ids of host classes free in a new runtime. */
void host_class_reserve(JSRuntime *runtime);

/* Builds DOMException in this realm: its constructor, or an exception. Once per realm. */
JSValue dom_exception_constructor(JSContext *realm);
bool dom_exception_is_built(JSContext *realm);

/* The innermost frame of JavaScript code, `skip` left out; `*file` is a new reference. */
bool stack_place(JSContext *realm, unsigned skip, JSAtom *file, uint32_t *line, uint32_t *column);

bool stack_is_empty(JSRuntime *runtime);

/* %Symbol.toStringTag% as a property key; never freed. */
JSAtom to_string_tag_atom(void);

#endif
