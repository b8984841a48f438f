#include "web/document.h"

#include "agent/world.h"
#include "web/navigable.h"
#include "web/resource.h"

#include <stdlib.h>
#include <string.h>

struct document *document_create(struct browsing_context *c, struct window_place place,
                                 struct origin *origin, const char *url)
{
    struct document *d = calloc(1, sizeof *d);
    struct activity *activity = activity_create();
    if (!d || !activity) {
        free(d);
        activity_unref(activity);
        origin_unref(origin);
        window_place_release(c->user_agent, &place);
        agent_unref(place.agent);
        return NULL;
    }
    atomic_store_explicit(&d->references, 1, memory_order_relaxed);
    d->context = context_ref(c);
    d->place = place;
    d->activity = activity;
    d->origin = origin;
    d->url = strdup(url);
    d->hidden = ((const struct web *)c->user_agent->world->host)->knobs.starts_hidden; /* R-RN-01 */
    return d;
}

struct document *document_ref(struct document *d)
{
    atomic_fetch_add_explicit(&d->references, 1, memory_order_relaxed);
    return d;
}

void document_unref(struct document *d)
{
    /* acq_rel: the last holder sees what all others did */
    if (!d || atomic_fetch_sub_explicit(&d->references, 1, memory_order_acq_rel) > 1)
        return;
    window_place_release(d->context->user_agent, &d->place);
    agent_unref(d->place.agent);
    context_unref(d->context);
    activity_unref(d->activity);
    origin_unref(d->origin);
    history_state_unref(d->state);
    if (d->made_of)
        navigation_free(d->made_of);
    free(d->url);
    free(d->base);
    free(d);
}

bool context_is_secure(struct browsing_context *c, const struct origin *origin)
{
    const struct web *web = c->user_agent->world->host;
    struct document *above = c->parent ? context_document(context_top(c)) : NULL;
    const struct origin *o = above ? above->origin : origin;
    bool secure = o->opaque || origin_text_is_secure(web, o->text);
    document_unref(above);
    return secure;
}

bool document_may_isolate(struct browsing_context *c, const struct origin *origin,
                          const struct policy *policy, bool allowed)
{
    if (policy->isolation_denied)
        return false;
    if (!c->parent)
        return true;
    struct document *above = context_document(c->parent);
    bool may = above && above->isolated && (allowed || origin_same(above->origin, origin));
    document_unref(above);
    return may;
}

bool document_shares_cluster(const struct document *d)
{
    struct user_agent *u = d->context->user_agent;
    const struct browsing_context *own = context_top(d->context);
    bool shares = false;
    pthread_mutex_lock(&u->lock);
    for (size_t i = 0; i < u->top_count; i++) {
        const struct document *other = u->tops[i] == own ? NULL : u->tops[i]->document;
        shares = shares ||
                 (other && other->place.agent && other->place.agent->cluster == d->place.agent->cluster);
    }
    pthread_mutex_unlock(&u->lock);
    return shares;
}
