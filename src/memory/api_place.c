/* See api_place.h. */
#include "memory/api_place.h"

#include <dlfcn.h>
#include <stdio.h>

static OBSERVE_THREAD const void *place;

static uintptr_t top(void *context)
{
    (void)context;
    return (uintptr_t)place;
}

static unsigned keys(void *context, uintptr_t out[OBSERVE_FRAMES])
{
    (void)context;
    out[0] = (uintptr_t)place;
    return 1;
}

static void frames(void *context, void (*visit)(void *, const struct observe_frame *), void *to)
{
    char text[256];
    Dl_info info = {0};
    (void)context;
    if (dladdr(place, &info) && info.dli_sname)
        snprintf(text, sizeof text, "%s+%#lx", info.dli_sname,
                 (unsigned long)((const char *)place - (const char *)info.dli_saddr));
    else if (info.dli_fname) /* as addr2line -e takes it */
        snprintf(text, sizeof text, "%s+%#lx", info.dli_fname,
                 (unsigned long)((const char *)place - (const char *)info.dli_fbase));
    else
        snprintf(text, sizeof text, "%p", place);
    visit(to, &(struct observe_frame){.function = text});
}

static enum observe_view view(void *context, const void *address, const void **base)
{
    (void)context;
    *base = address;
    return OBSERVE_VIEW_NONE;
}

static const struct observe_locator locator = {keys, top, frames, view};

void api_place_set(const void *caller)
{
    place = caller;
    if (!observe_locator)
        observe_set_locator(&locator, NULL);
}
