/* The Blob and File interfaces. Own thread. */
#ifndef HEDDLE_WEB_BLOB_OBJECT_H
#define HEDDLE_WEB_BLOB_OBJECT_H

#include "engine/interface.h"

struct realm;

extern const struct interface blob_interface;
extern const struct interface file_interface;

/* A Blob of all the bytes (taken), of that type (copied). */
struct blob_bytes;
JSValue blob_from_bytes(JSContext *js, struct blob_bytes *bytes, const char *type);

/* The inside of a Blob, borrowed; false for other values. */
struct blob_view {
    struct blob_bytes *bytes;
    size_t offset, length;
    const char *type;
};
bool blob_view(JSValueConst value, struct blob_view *out);


/* URL.createObjectURL: a string, or a TypeError for what is no Blob. */
JSValue blob_url_create(struct realm *r, JSValueConst value);

#endif
