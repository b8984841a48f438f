/* A region: memory for many small things that die together (a plan, a verdict, an observation).
 *
 * Ownership: whoever makes the region frees it, and everything in it at once. Threads: one at a
 * time; nothing is locked. Blocking: never. Errors: when the process has no memory left the region
 * asserts, because its users describe a run before or after it happens and have nothing sensible
 * left to do. */
#ifndef HEDDLE_BASE_REGION_H
#define HEDDLE_BASE_REGION_H

#include <stdarg.h>
#include <stddef.h>

typedef struct region region;

region *region_create(void);
void region_free(region *r); /* NULL is allowed */

/* `size` zeroed bytes, aligned for any type. */
void *region_allocate(region *r, size_t size);

/* A copy of `length` bytes with a NUL behind them. */
char *region_copy(region *r, const char *text, size_t length);
char *region_text(region *r, const char *text); /* NULL gives NULL */
char *region_format(region *r, const char *format, ...)
    __attribute__((format(printf, 2, 3), nonnull(2)));

/* Makes room for one more element in an array that grows by doubling; `*capacity` counts elements.
 * The old array stays in the region until that is freed. */
void *region_grow(region *r, void *array, size_t count, size_t *capacity, size_t element_size);

#endif
