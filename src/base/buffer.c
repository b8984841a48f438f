#include "base/buffer.h"

#include "base/assert.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(buffer *b, size_t more)
{
    hd_assert(more < SIZE_MAX / 2 - b->length);
    size_t needed = b->length + more + 1;
    if (needed <= b->capacity)
        return;
    size_t capacity = b->capacity == 0 ? 128 : b->capacity;
    while (capacity < needed)
        capacity *= 2;
    char *text = realloc(b->text, capacity);
    hd_assert(text != NULL);
    b->text = text;
    b->capacity = capacity;
}

void buffer_add_bytes(buffer *b, const void *bytes, size_t length)
{
    reserve(b, length);
    if (length > 0)
        memcpy(b->text + b->length, bytes, length);
    b->length += length;
    b->text[b->length] = '\0';
}

void buffer_add(buffer *b, const char *text)
{
    buffer_add_bytes(b, text, strlen(text));
}

void buffer_add_repeated(buffer *b, char c, size_t times)
{
    reserve(b, times);
    memset(b->text + b->length, c, times);
    b->length += times;
    b->text[b->length] = '\0';
}

void buffer_format(buffer *b, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    hd_assert(length >= 0);
    reserve(b, (size_t)length);
    va_start(arguments, format);
    vsnprintf(b->text + b->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    b->length += (size_t)length;
}

void buffer_clear(buffer *b)
{
    b->length = 0;
    if (b->text != NULL)
        b->text[0] = '\0';
}

void buffer_release(buffer *b)
{
    free(b->text);
    *b = (buffer){0};
}

const char *buffer_text(const buffer *b)
{
    return b->text == NULL ? "" : b->text;
}
