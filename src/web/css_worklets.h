/* Paint, layout and animation worklets of a window, and the calls that the user agent makes into them. Own thread. */
#ifndef HEDDLE_WEB_CSS_WORKLETS_H
#define HEDDLE_WEB_CSS_WORKLETS_H

#include "web/realm.h"

/* Calls the method of the class that is registered under `name` (paint, layout or animate, by the kind: enum worklet_kind) with the values
 * of the array `arguments`, in one scope after the other. The promise of its result, or an exception. */
JSValue css_worklet_call(JSContext *js, int kind, JSValueConst name, JSValueConst arguments);

/* Before the engine is freed. */
void css_worklets_clear(struct realm *r);

#endif
