#include "agent/activity.h"

#include <stdlib.h>

struct activity *activity_create(void)
{
    struct activity *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    atomic_init(&x->references, 1);
    x->state = ACTIVITY_ACTIVE;
    return x;
}

struct activity *activity_ref(struct activity *x)
{
    atomic_fetch_add_explicit(&x->references, 1, memory_order_relaxed);
    return x;
}

void activity_unref(struct activity *x)
{
    /* acq_rel: the last holder frees what all others have finished with */
    if (x && atomic_fetch_sub_explicit(&x->references, 1, memory_order_acq_rel) == 1)
        free(x);
}
