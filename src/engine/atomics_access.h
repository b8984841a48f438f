/* What atomics.c and atomics_wait.c share. */
#ifndef HEDDLE_ENGINE_ATOMICS_ACCESS_H
#define HEDDLE_ENGINE_ATOMICS_ACCESS_H

#include "engine/buffer_access.h"

/* ECMA-262 sec-validateintegertypedarray, waitable = false; `writes`: the buffer must not be
 * immutable. False with an exception. */
bool atomics_validate(JSContext *realm, JSValueConst array, bool writes, struct integer_view *view);

/* ECMA-262 sec-validateatomicaccess: the element that `request` means. False with an exception. May
 * run JavaScript; the length that counts is the one in `view`. */
bool atomics_index(JSContext *realm, JSValueConst request, const struct integer_view *view,
                   uint32_t *index);

JSCFunction atomics_js_wait, atomics_js_wait_async, atomics_js_notify;

#endif
