/* Serializable platform objects ([Serializable], HTML 2.7.1): the interfaces whose objects structured clone can rebuild.
 *
 * Ownership: what a serializer makes is the message's, and constant. Threads: serializing and
 * rebuilding on the agent's own, dropping on any. */
#ifndef HEDDLE_WEB_SERIALIZABLE_H
#define HEDDLE_WEB_SERIALIZABLE_H

#include "engine/host_class.h"
#include "message/envelope.h"

/* Embedded first in whatever an interface keeps of its object. */
struct serialized {
    struct platform_value value;
    const struct serializable *kind;
};

struct serializable {
    enum host_class host_class;
    /* The serialization steps; `kind` is filled in by the caller. NULL without an exception: DataCloneError. */
    struct serialized *(*serialize)(JSContext *js, JSValueConst object);
    /* The deserialization steps: a new object or an exception. */
    JSValue (*deserialize)(JSContext *js, const struct serialized *value);
};

extern const struct serializable blob_serializable;   /* web/blob.c */
extern const struct serializable file_serializable;   /* the same */
extern const struct serializable module_serializable; /* web/webassembly.c */

/* For message/message.h. */
struct platform_value *platform_object_serialize(JSContext *js, JSValueConst object);
JSValue platform_object_deserialize(JSContext *js, const struct platform_value *value);

#endif
