/* For gcc, which has no ignore list: the hottest functions of the engine that never touch the bytes of a buffer, redeclared
 * before their definition so that they are left uninstrumented in the observed variant. Included before the engine's text. */
#ifndef HEDDLE_ENGINE_OBSERVED_EXEMPT_H
#define HEDDLE_ENGINE_OBSERVED_EXEMPT_H

#include "quickjs.h"

#define EXEMPT __attribute__((no_sanitize("thread")))

EXEMPT static JSValue JS_CallInternal(JSContext *, JSValueConst, JSValueConst, JSValueConst, int, JSValueConst *, int);

#undef EXEMPT

#endif
