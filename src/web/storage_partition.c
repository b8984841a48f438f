/* The keys of environments that are not there yet: see storage_key.h. */
#include "web/storage_key.h"

#include "base/buffer.h"
#include "web/document.h"
#include "web/resource.h"

#include <stdlib.h>
#include <string.h>

char *storage_top_site_of(struct browsing_context *c)
{
    struct browsing_context *top = context_top(c);
    struct document *d = top == c ? NULL : context_document(top);
    char *site = d ? strdup(origin_site(d->origin)) : NULL;
    document_unref(d);
    return site;
}

char *storage_key_for(const struct web *web, struct origin *o, const char *top_site)
{
    if (o->opaque)
        return NULL;
    if (web->knobs.storage_is_shared || !top_site || !strcmp(top_site, origin_site(o)))
        return strdup(o->text);
    buffer key = {0};
    buffer_format(&key, "%s^%s", o->text, top_site);
    return key.text; /* the buffer's memory is the C library's */
}

char *storage_key_in(const struct web *web, struct browsing_context *c, struct origin *o)
{
    char *site = c ? storage_top_site_of(c) : NULL, *key = storage_key_for(web, o, site);
    free(site);
    return key;
}
