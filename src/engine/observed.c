/* The observed variant's accesses, handed to whoever watches. In the plain variant nobody calls this. */
#include "engine/observed.h"

#include "observe/hooks.h"

#include <stdbool.h>

void engine_observed_access(const void *address, size_t size, enum engine_access_kind kind)
{
    bool writes = kind == ENGINE_WRITE || kind == ENGINE_BULK_WRITE;

    OBSERVE(access, address, size, writes ? OBSERVE_WRITE : OBSERVE_READ);
}
