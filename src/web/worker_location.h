#ifndef HEDDLE_WEB_WORKER_LOCATION_H
#define HEDDLE_WEB_WORKER_LOCATION_H

#include "engine/interface.h"

extern const struct interface worker_location_interface;
JSValue worker_location_build(JSContext *js, const struct lazy_property *self);

#endif
