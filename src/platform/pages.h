/* Pages of memory from the system: reserving ranges of addresses, guarding, filling and returning
 * them.
 *
 * Threads: any; two callers never work on the same range at once. Blocking: as long as the system
 * takes. Sizes are bytes; addresses and sizes that are not multiples of a page are widened (guards,
 * populating) or narrowed (returning) to whole pages. */
#ifndef HEDDLE_PLATFORM_PAGES_H
#define HEDDLE_PLATFORM_PAGES_H

#include "base/status.h"

#include <stddef.h>

#define PAGE_SIZE ((size_t)4096)
#define PAGE_HUGE ((size_t)2 << 20)

/* A readable and writable range whose memory is committed when touched. It may be far larger than
 * the machine's memory. STATUS_NO_MEMORY when the address space or the number of mappings is used
 * up. */
status pages_reserve(size_t size, void **out);
void pages_unmap(void *address, size_t size);

/* Any access to the range faults from now on. STATUS_NO_MEMORY. */
status pages_guard(void *address, size_t size);

/* Advice: the system may, or may not, back the range with huge pages. Says nothing when that is not
 * to be had. */
void pages_huge(void *address, size_t size);
void pages_no_huge(void *address, size_t size);

/* Commits the range in one call: cheaper than a fault per page. Does nothing where the system does
 * not offer it. */
void pages_populate(void *address, size_t size);

/* Gives the memory back; the range reads as zero again. */
void pages_discard(void *address, size_t size);

/* Bytes of memory that the range occupies now. For tests and benchmarks. */
size_t pages_resident(void *address, size_t size);

#endif
