/* The observed variant's accesses, handed to whoever watches. In the plain variant nobody calls this. */
#include "engine/observed.h"

#include "memory/shared_block.h"
#include "observe/hooks.h"

#include <stdbool.h>

void engine_observed_access(const void *address, size_t size, enum engine_access_kind kind)
{
    if (!observe_active())
        return;
    uint64_t offset;
    struct shared_block *block = shared_block_of(address, &offset);
    bool writes = kind == ENGINE_WRITE || kind == ENGINE_BULK_WRITE;
    if (block)
        OBSERVE(access, block, offset, size, writes ? OBSERVE_WRITE : OBSERVE_READ, OBSERVE_UNORDERED);
}
