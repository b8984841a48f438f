/* Strings between JavaScript and the web part's C code, and the bytes behind BufferSources. Own
 * thread. */
#ifndef HEDDLE_WEB_TEXT_H
#define HEDDLE_WEB_TEXT_H

#include "base/buffer.h"
#include "quickjs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Appends a value converted to USVString, as UTF-8. 0, or -1 with an exception. */
int text_add_usv(JSContext *js, JSValueConst value, buffer *out);

/* A new string; takes the buffer's text. */
JSValue text_new(JSContext *js, buffer *text);

/* Web IDL BufferSource: an ArrayBuffer, a view, or with [AllowShared] one on a SharedArrayBuffer.
 */
struct shared_block;
struct buffer_source {
    uint8_t *bytes; /* NULL when shared: use the block */
    size_t length;
    struct shared_block *block; /* borrowed; NULL = not shared */
    uint64_t offset;            /* in the block */
};

/* 0, or -1 with a TypeError for what is no BufferSource (or is shared where that is not allowed). A
 * detached buffer has no bytes. */
int buffer_source_get(JSContext *js, JSValueConst value, bool allow_shared,
                      struct buffer_source *out);

/* Appends the bytes; of shared ones, what was read at that moment. */
void buffer_source_read(const struct buffer_source *source, buffer *out);

/* `length` bytes to the beginning. */
void buffer_source_write(const struct buffer_source *target, const void *bytes, size_t length);

#endif
