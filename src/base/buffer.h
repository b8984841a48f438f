/* A growing piece of text: what reports and messages are composed in.
 *
 * A zero-filled `buffer` is empty and valid; `buffer_clear` empties it, `buffer_release` also gives
 * its memory back. Threads: one at a time. Blocking: never. Errors: asserts when the process has no
 * memory left. */
#ifndef HEDDLE_BASE_BUFFER_H
#define HEDDLE_BASE_BUFFER_H

#include <stddef.h>

typedef struct buffer {
    char *text; /* NUL-terminated once anything was added, else NULL: read it through buffer_text */
    size_t length;
    size_t capacity;
} buffer;

void buffer_add(buffer *b, const char *text);
void buffer_add_bytes(buffer *b, const void *bytes, size_t length);
void buffer_add_repeated(buffer *b, char c, size_t times);
void buffer_format(buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3), nonnull(2)));
void buffer_clear(buffer *b);
void buffer_release(buffer *b);

/* The text so far; "" when nothing was added. Valid until the next change. */
const char *buffer_text(const buffer *b);

#endif
