#include "web/storage_key.h"

#include "web/document.h"
#include "web/web_agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool storage_key_is_opaque(const struct realm *r)
{
    return r->origin->opaque;
}

/* NULL: the realm is at the top itself. Its own site is not asked for where nobody needs it. */
static char *site_above(const struct realm *r)
{
    const struct web_agent *web = web_agent_of(r->agent);
    return r->document     ? storage_top_site_of(r->document->context)
           : web->top_site ? strdup(web->top_site)
                           : NULL;
}

char *storage_top_site(const struct realm *r)
{
    char *site = site_above(r);
    return site ? site : strdup(origin_site(r->origin));
}

char *storage_key_of(const struct realm *r)
{
    char opaque[64];
    if (r->kind == GLOBAL_SERVICE_WORKER)
        return strdup(web_agent_of(r->agent)->storage_key);
    if (!storage_key_is_opaque(r)) {
        char *site = site_above(r), *key = storage_key_for(web_of(r->agent), r->origin, site);
        free(site);
        return key;
    }
    snprintf(opaque, sizeof opaque, "opaque %u %p", r->agent->id, (const void *)r);
    return strdup(opaque);
}
