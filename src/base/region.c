#include "base/region.h"

#include "base/assert.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)16384)

typedef struct block {
    struct block *next;
    alignas(max_align_t) unsigned char bytes[];
} block;

struct region {
    block *blocks;
    unsigned char *free_bytes;
    size_t free_count;
};

region *region_create(void)
{
    region *r = calloc(1, sizeof *r);
    hd_assert(r != NULL);
    return r;
}

void region_free(region *r)
{
    if (r == NULL)
        return;
    for (block *b = r->blocks; b != NULL;) {
        block *next = b->next;
        free(b);
        b = next;
    }
    free(r);
}

static block *add_block(region *r, size_t size)
{
    hd_assert(size < SIZE_MAX - sizeof(block));
    block *b = calloc(1, sizeof *b + size);
    hd_assert(b != NULL);
    b->next = r->blocks;
    r->blocks = b;
    return b;
}

void *region_allocate(region *r, size_t size)
{
    hd_assert(size < SIZE_MAX - alignof(max_align_t));
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (size > BLOCK_SIZE / 4)
        return add_block(r, size)->bytes;
    if (size > r->free_count) {
        r->free_bytes = add_block(r, BLOCK_SIZE)->bytes;
        r->free_count = BLOCK_SIZE;
    }
    void *result = r->free_bytes;
    r->free_bytes += size;
    r->free_count -= size;
    return result;
}

char *region_copy(region *r, const char *text, size_t length)
{
    char *copy = region_allocate(r, length + 1);
    if (length > 0)
        memcpy(copy, text, length);
    return copy;
}

char *region_text(region *r, const char *text)
{
    return text == NULL ? NULL : region_copy(r, text, strlen(text));
}

char *region_format(region *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    hd_assert(length >= 0);
    char *text = region_allocate(r, (size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void *region_grow(region *r, void *array, size_t count, size_t *capacity, size_t element_size)
{
    if (count < *capacity)
        return array;
    size_t wanted = *capacity == 0 ? 8 : *capacity * 2;
    hd_assert(wanted > count && wanted < SIZE_MAX / element_size);
    void *larger = region_allocate(r, wanted * element_size);
    if (count > 0)
        memcpy(larger, array, count * element_size);
    *capacity = wanted;
    return larger;
}
