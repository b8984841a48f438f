/* How much shared memory an engine's objects keep alive. Own thread. */
#ifndef HEDDLE_ENGINE_SHARED_BUFFER_H
#define HEDDLE_ENGINE_SHARED_BUFFER_H

#include "engine/engine.h"

struct shared_buffer_figures {
    size_t blocks;
    uint64_t bytes; /* as far as they may grow */
};
/* The agent cluster that the engine's shared blocks belong to (R-SAB-31), before it has any; 0 without this call. */
void engine_set_cluster(struct engine *e, uint32_t cluster);

struct shared_buffer_figures engine_shared_buffers(const struct engine *e);

#endif
