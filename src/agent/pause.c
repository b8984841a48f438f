#include "agent/pause.h"

static bool is_doomed(void *context)
{
    struct agent *a = context;
    /* acquire: pairs with the release in agent_terminate */
    return atomic_load_explicit(&a->doomed, memory_order_acquire);
}

bool agent_pause(struct agent *a, int64_t ns)
{
    int64_t now = agent_now(a), deadline = ns > CROWD_LATEST - now ? CROWD_LATEST : now + ns;
    while (!is_doomed(a) && agent_now(a) < deadline)
        if (parker_park(a->parker, PARK_BLOCKED, deadline, is_doomed, a) == PARK_DEADLINE)
            break;
    return !is_doomed(a);
}
