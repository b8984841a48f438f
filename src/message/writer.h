/* The inside of serialization, shared by its files. */
#ifndef HEDDLE_MESSAGE_WRITER_H
#define HEDDLE_MESSAGE_WRITER_H

#include "message/format.h"
#include "message/message.h"

#include <string.h>

/* One serialization. A getter may start another one, which then has memory of its own. */
struct writer {
    JSContext *realm;
    uint8_t *start, *at, *end; /* in the engine's heap */
    /* The memory of R-SC-01: every object met, a reference each, because a getter's result could die and another object take its
     * address. The transferred ones come first. */
    JSValue *objects;
    uint32_t object_count, object_capacity, transfer_count;
    uint32_t *table; /* index + 1 by address, once there are many */
    uint32_t table_mask;
    bool referred; /* some object was met twice */
    struct attachment *attachments;
    uint32_t attachment_count, attachment_capacity;
};

/* All of them: 0, or -1 with an exception. */
int write_value(struct writer *w, JSValueConst value);
int write_special_object(struct writer *w, JSValueConst object, int kind);
int write_properties(struct writer *w, JSValueConst object);
int writer_remember(struct writer *w, JSValueConst object);
int writer_attach(struct writer *w, const struct attachment *a, uint32_t *index);
int writer_grow(struct writer *w, size_t size);

/* "… could not be cloned." */
int writer_refuse(struct writer *w, JSValueConst value, const char *why);

static inline int writer_reserve(struct writer *w, size_t size)
{
    return (size_t)(w->end - w->at) >= size ? 0 : writer_grow(w, size);
}

/* The following need room reserved before. */
static inline void put_byte(struct writer *w, unsigned value)
{
    *w->at++ = (uint8_t)value;
}

static inline void put_word(struct writer *w, uint32_t value)
{
    memcpy(w->at, &value, sizeof(value));
    w->at += sizeof(value);
}

static inline void put_bytes(struct writer *w, const void *bytes, size_t size)
{
    memcpy(w->at, bytes, size);
    w->at += size;
}

#endif
