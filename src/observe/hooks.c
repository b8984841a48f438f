#include "observe/hooks.h"

const struct observe_hooks *_Atomic observe_installed;

void observe_install(const struct observe_hooks *hooks)
{
    /* release: pairs with the acquire in OBSERVE: what the table points to is complete */
    atomic_store_explicit(&observe_installed, hooks, memory_order_release);
}

OBSERVE_THREAD const struct observe_locator *observe_locator;
OBSERVE_THREAD void *observe_locator_context;

void observe_set_locator(const struct observe_locator *locator, void *context)
{
    observe_locator = locator;
    observe_locator_context = context;
}
