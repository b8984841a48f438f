/* Small pieces of memory that one thread makes and another frees, as messages do.
 *
 * The C library's allocator pays for that with a cache line that both threads write at every piece.
 * Here each thread keeps a few of the pieces it was to free: it makes its own next ones of them,
 * and gives back the surplus all at once.
 *
 * Ownership: as with malloc. Threads: any; what a thread has kept is given back when it ends.
 * Blocking: none. Sanitizer builds use the C library alone, so that they see every piece. */
#ifndef HEDDLE_PLATFORM_PARCEL_H
#define HEDDLE_PLATFORM_PARCEL_H

#include <stddef.h>

/* NULL when there is no memory. */
void *parcel_new(size_t size);

/* `size` as it was asked for. */
void parcel_free(void *parcel, size_t size);

#endif
