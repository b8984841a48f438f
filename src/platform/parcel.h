/* Pieces of memory, of up to 2 KiB, that one thread makes and another frees, as messages do.
 *
 * The C library's allocator pays for that with a cache line that both threads write at every piece.
 * Here each thread keeps some of the pieces it was to free and makes its own next ones of them;
 * what it has too much of goes, a magazine at a time, to a depot, where threads that make more than
 * they free get theirs.
 *
 * Ownership: as with malloc. What a thread has kept is given back when it ends; the depots', half a
 * MiB at most for each of five sizes, stays with the process. Threads: any. Lock order: the depot's
 * lock is a leaf. Ordering: what was done with a piece before it was freed happens before what its
 * next owner does. Blocking: for a few instructions of another thread, once in 16 to 62 pieces.
 * Sanitizer builds use the C library alone, so that they see every piece. */
#ifndef HEDDLE_PLATFORM_PARCEL_H
#define HEDDLE_PLATFORM_PARCEL_H

#include <stddef.h>

/* NULL when there is no memory. */
void *parcel_new(size_t size);

/* `size` as it was asked for. */
void parcel_free(void *parcel, size_t size);

#endif
