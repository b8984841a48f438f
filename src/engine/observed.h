/* What the observed variant reports: every access of the engine to the shared range, before it
 * happens.
 *
 * The engine is compiled with -fsanitize=thread but linked with callbacks.c instead of the
 * sanitizer's runtime. Accesses to private memory cost one compare; accesses to the shared range
 * call engine_observed_access, which src/engine supplies. */
#ifndef HEDDLE_ENGINE_OBSERVED_H
#define HEDDLE_ENGINE_OBSERVED_H

#include <stddef.h>

enum engine_access_kind {
    ENGINE_READ,       /* one load of `size` bytes */
    ENGINE_WRITE,      /* one store of `size` bytes */
    ENGINE_BULK_READ,  /* part of a copy, comparison or search of `size` bytes, in no promised order
                        */
    ENGINE_BULK_WRITE, /* part of a copy or fill of `size` bytes */
};

/* Called on the agent's thread, before the access; the whole of [address, address + size) lies in
 * the shared range. A copy within the range is a bulk read and then a bulk write. What the call
 * reads from the range it may not expect to be what the engine will read. It must not call
 * JavaScript and must return. */
void engine_observed_access(const void *address, size_t size, enum engine_access_kind kind);

#endif
