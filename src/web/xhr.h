/* XMLHttpRequest (its own standard), asynchronous and synchronous, and ProgressEvent. responseType
 * "document" gives null: nothing parses documents for scripts. Own thread. */
#ifndef HEDDLE_WEB_XHR_H
#define HEDDLE_WEB_XHR_H

#include "engine/interface.h"

extern const struct interface progress_event_interface;

/* Fires a trusted ProgressEvent. 1 canceled, 0 not, -1 with an exception. */
int progress_event_fire(JSContext *js, JSValueConst target, const char *type, double loaded,
                        double total);

#endif
