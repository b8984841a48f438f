/* A C thread that waits, notifies and uses shared blocks: attached by itself (include/heddle/shared_memory.h), or an agent of a run
 * (include/heddle/run.h). Made and freed by its own thread; the parker outlives every wait. */
#ifndef HEDDLE_MEMORY_NATIVE_THREAD_H
#define HEDDLE_MEMORY_NATIVE_THREAD_H

#include "memory/shared_block.h"
#include "platform/crowd.h"

#include <stdatomic.h>

/* A block that JavaScript and C know by the same name. */
struct named_block {
    const char *name;
    struct shared_block *block;
};

struct named_blocks {
    const struct named_block *items;
    size_t count;
};

/* NULL: none has that name. */
struct shared_block *named_block_find(const struct named_blocks *blocks, const char *name);

struct hd_thread {
    struct parker *parker;
    const _Atomic bool *doomed; /* acquire: pairs with the release of who ends its agent; NULL: nobody does */
    struct named_blocks blocks; /* of its run */
    struct parker own_parker;   /* of an attached thread */
};

#endif
