#include "scenario/needs.h"

#include "engine/engine.h"
#include "scenario/files.h"

#include <string.h>

const char *needs_missing(const plan *p, bool *left_out)
{
    for (size_t i = 0; i < p->needs.count; i++) {
        const char *need = p->needs.items[i];
        *left_out = !strcmp(need, PLAN_NEEDS_TAIL_CALLS);
        if (*left_out ? !engine_has_tail_calls() : !files_has_package(p, need))
            return need;
    }
    return NULL;
}
