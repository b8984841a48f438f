#include "web/muted_scripts.h"

#include "engine/js.h"
#include "web/resource.h"

#include <stdlib.h>
#include <string.h>

struct muted_script {
    struct muted_script *next;
    char url[];
};

void muted_scripts_note(struct realm *r, const char *url, const struct resource *answer)
{
    if (answer->type != RESPONSE_OPAQUE || muted_scripts_has(r, url))
        return;
    struct muted_script *m = malloc(sizeof *m + strlen(url) + 1);
    if (!m)
        return;
    strcpy(m->url, url);
    m->next = r->muted_scripts;
    r->muted_scripts = m;
}

bool muted_scripts_has(const struct realm *r, const char *url)
{
    for (const struct muted_script *m = r->muted_scripts; m; m = m->next)
        if (!strcmp(m->url, url))
            return true;
    return false;
}

bool muted_scripts_runs(struct realm *r)
{
    if (!r->muted_scripts)
        return false;
    struct source_place place = source_place_now(r->js, 0);
    const char *url = place.file != JS_ATOM_NULL ? JS_AtomToCString(r->js, place.file) : NULL;
    bool muted = url && muted_scripts_has(r, url);
    JS_FreeCString(r->js, url);
    JS_FreeAtom(r->js, place.file);
    return muted;
}

void muted_scripts_free(struct realm *r)
{
    while (r->muted_scripts) {
        struct muted_script *m = r->muted_scripts;
        r->muted_scripts = m->next;
        free(m);
    }
}
