/* How much shared memory an engine's objects keep alive. Own thread. */
#ifndef HEDDLE_ENGINE_SHARED_BUFFER_H
#define HEDDLE_ENGINE_SHARED_BUFFER_H

#include "engine/engine.h"

struct shared_buffer_figures {
    size_t blocks;
    uint64_t bytes; /* as far as they may grow */
};
struct shared_buffer_figures engine_shared_buffers(const struct engine *e);

#endif
