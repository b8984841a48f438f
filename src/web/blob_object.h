/* The Blob interface. Own thread. */
#ifndef HEDDLE_WEB_BLOB_OBJECT_H
#define HEDDLE_WEB_BLOB_OBJECT_H

#include "engine/interface.h"

struct realm;

extern const struct interface blob_interface;

/* URL.createObjectURL: a string, or a TypeError for what is no Blob. */
JSValue blob_url_create(struct realm *r, JSValueConst value);

#endif
