#include "web/storage_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool storage_key_is_opaque(const struct realm *r)
{
    return r->origin->opaque;
}

char *storage_key_of(const struct realm *r)
{
    char opaque[64];
    if (!storage_key_is_opaque(r))
        return strdup(r->origin->text);
    snprintf(opaque, sizeof opaque, "opaque %u %p", r->agent->id, (const void *)r);
    return strdup(opaque);
}
