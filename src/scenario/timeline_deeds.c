#include "scenario/timeline_deeds.h"

#include "agent/cluster.h"
#include "agent/safe_point.h"
#include "base/assert.h"
#include "web/acts.h"
#include "web/document.h"
#include "web/navigable.h"
#include "web/page_lifecycle.h"
#include "web/push.h"
#include "web/resource.h"
#include "web/service_worker_registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void deeds_start(struct deeds *d, const plan *p, struct world *w)
{
    *d = (struct deeds){.plan = p, .world = w};
    pthread_mutex_init(&d->lock, NULL);
}

void deeds_release(struct deeds *d)
{
    for (size_t i = 0; i < d->name_count; i++)
        free(d->names[i]);
    for (size_t i = 0; i < d->watch_count; i++) {
        free(d->watches[i].who);
        cluster_unref(d->watches[i].cluster);
    }
    free(d->names);
    free(d->watches);
    pthread_mutex_destroy(&d->lock);
}

/* ---- agents by name ---- */

static bool knows(const struct deeds *d, const char *name)
{
    for (size_t i = 0; i < d->name_count; i++)
        if (!strcmp(d->names[i], name))
            return true;
    return false;
}

void deeds_note_agent(struct deeds *d, const char *name)
{
    pthread_mutex_lock(&d->lock);
    if (!knows(d, name)) {
        if (d->name_count == d->name_capacity) {
            d->name_capacity = d->name_capacity ? d->name_capacity * 2 : 8;
            d->names = realloc(d->names, d->name_capacity * sizeof *d->names);
            hd_assert(d->names);
        }
        d->names[d->name_count++] = strdup(name);
    }
    pthread_mutex_unlock(&d->lock);
}

/* The oldest agent of that name that lives; a new reference, or NULL. */
static struct agent *find_named_agent(struct world *w, const char *name)
{
    struct agent *found = NULL;
    pthread_mutex_lock(&w->registry);
    for (struct agent *a = w->agents; a; a = a->next)
        if (!strcmp(a->name, name) && agent_life(a) < AGENT_TERMINATED && (!found || a->id < found->id))
            found = a;
    if (found)
        agent_ref(found);
    pthread_mutex_unlock(&w->registry);
    return found;
}

/* What the window of that name shows; a new reference, or NULL. */
static struct document *find_document(struct world *w, const char *name)
{
    struct browsing_context *c = user_agent_find(((const struct web *)w->host)->user_agent, name);
    struct document *d = c ? context_document(c) : NULL;
    context_unref(c);
    return d;
}

/* The window of that name, if what it showed was discarded; a new reference, or NULL. */
static struct browsing_context *find_discarded(struct world *w, const char *name)
{
    struct user_agent *u = ((const struct web *)w->host)->user_agent;
    struct browsing_context *c = user_agent_find(u, name);
    pthread_mutex_lock(&u->lock);
    bool discarded = c && c->discarded_page;
    pthread_mutex_unlock(&u->lock);
    if (discarded)
        return c;
    context_unref(c);
    return NULL;
}

/* By the agent's own name, or that of a window in it. */
static struct agent *find_agent(struct world *w, const char *name)
{
    struct agent *a = find_named_agent(w, name);
    struct document *d = a ? NULL : find_document(w, name);
    if (d && agent_life(d->place.agent) < AGENT_TERMINATED)
        a = agent_ref(d->place.agent);
    document_unref(d);
    return a;
}

static void say_unknown(struct deeds *d, const char *name, buffer *text)
{
    buffer_format(text, "no agent has ever been named \"%s\"", name);
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < d->name_count && i < 12; i++)
        buffer_format(text, "%s%s", i ? ", " : "; there were ", d->names[i]);
    pthread_mutex_unlock(&d->lock);
}

static bool existed(struct deeds *d, const char *name)
{
    pthread_mutex_lock(&d->lock);
    bool known = knows(d, name);
    pthread_mutex_unlock(&d->lock);
    return known;
}

/* ---- clusters under watch ---- */

static struct cluster_watch *watch_of(struct deeds *d, const struct agent *a)
{
    for (size_t i = 0; i < d->watch_count; i++)
        if (d->watches[i].cluster == a->cluster)
            return &d->watches[i];
    d->watches = realloc(d->watches, (d->watch_count + 1) * sizeof *d->watches);
    hd_assert(d->watches);
    d->watches[d->watch_count] = (struct cluster_watch){cluster_ref(a->cluster), CROWD_NEVER, strdup(a->name), false};
    return &d->watches[d->watch_count++];
}

static void notice_rule(struct deeds *d, const char *text)
{
    struct notice n = {.kind = NOTICE_FINDING, .finding = FINDING_RULE_BROKEN, .text = text};
    world_notice(d->world, NULL, &n);
}

static bool is_partly_paused(struct deeds *d, const struct cluster_watch *c)
{
    struct cluster_census census = cluster_census(d->world, c->cluster);
    return census.suspended && census.suspended < census.alive;
}

/* Invariant 9: a cluster is active or deactivated as a whole. */
static void watch_pause(struct deeds *d, const struct agent *a)
{
    struct cluster_watch *c = watch_of(d, a);
    bool partly = is_partly_paused(d, c);
    int64_t now = crowd_now(&d->world->crowd);
    if (partly && c->partly_since == CROWD_NEVER)
        c->partly_since = now;
    if (partly || c->partly_since == CROWD_NEVER)
        return;
    int64_t lasted = now - c->partly_since;
    c->partly_since = CROWD_NEVER;
    if (lasted <= (int64_t)d->plan->knobs.pause_bound_ms * 1000000)
        return;
    char text[256];
    snprintf(text, sizeof text, "R-CR-01: %s stood still for %lld ms while other agents of its cluster went on", c->who,
             (long long)(lasted / 1000000));
    notice_rule(d, text);
}

void deeds_review(struct deeds *d, bool complete)
{
    char text[256];
    for (size_t i = 0; i < d->watch_count; i++) {
        struct cluster_watch *c = &d->watches[i];
        size_t alive = cluster_census(d->world, c->cluster).alive;
        if (complete && c->partly_since != CROWD_NEVER && is_partly_paused(d, c)) {
            snprintf(text, sizeof text, "R-CR-01: %s stands still for ever while other agents of its cluster go on", c->who);
            notice_rule(d, text);
        }
        if (c->killed && alive) { /* invariant 10 */
            snprintf(text, sizeof text, "R-CR-02: %zu agents of the cluster of %s outlived its end from outside", alive, c->who);
            notice_rule(d, text);
        }
    }
}

/* ---- deeds ---- */

/* The other strategy that ECMA-262 allows and no browser has. */
static void kill_and_tell(struct deeds *d, struct agent *victim, const char *reason)
{
    struct world *w = d->world;
    agent_terminate(victim, reason);
    pthread_mutex_lock(&w->registry);
    for (struct agent *a = w->agents; a; a = a->next)
        if (a->cluster == victim->cluster && agent_life(a) == AGENT_ALIVE)
            act_tell_death(a, victim->name, reason);
    pthread_mutex_unlock(&w->registry);
}

static void kill_agent(struct deeds *d, struct agent *a, const char *reason)
{
    if (d->plan->knobs.cluster_kill_notifies) {
        kill_and_tell(d, a, reason);
        return;
    }
    watch_of(d, a)->killed = true;
    cluster_kill(d->world, a->cluster, reason);
}

static void navigate(struct browsing_context *context, const char *url)
{
    struct navigation *n = navigation_new(context->user_agent, url);
    if (!n)
        return;
    n->context = context_ref(context);
    navigable_navigate(n);
}

/* R-SV-18: everything goes but what is stored. */
static void shut_down(struct deeds *d)
{
    struct user_agent *u = ((const struct web *)d->world->host)->user_agent;
    struct browsing_context *top;
    service_workers_shut_down(d->world);
    for (;;) {
        pthread_mutex_lock(&u->lock);
        top = u->top_count ? context_ref(u->tops[0]) : NULL;
        pthread_mutex_unlock(&u->lock);
        if (!top)
            return;
        context_begin_closing(top);
        navigable_end(top, true, true);
        context_unref(top);
    }
}

static unsigned sources_of(const char *name)
{
    static const struct {
        const char *name;
        unsigned sources;
    } all[] = {
        {"timer", 1u << TASK_TIMER},
        {"networking", 1u << TASK_NETWORKING},
        {"user-interaction", 1u << TASK_USER_INTERACTION},
        {"dom-manipulation", 1u << TASK_DOM_MANIPULATION},
    };
    for (size_t i = 0; name && i < sizeof all / sizeof all[0]; i++)
        if (!strcmp(name, all[i].name))
            return all[i].sources;
    return 1u << TASK_POSTED_MESSAGE | 1u << TASK_UNSHIPPED_PORT | 1u << TASK_SHIPPED_PORT;
}

void deed_do(struct deeds *d, const plan_moment *m, const struct deed_subject *subject)
{
    struct agent *a = subject->agent;
    struct browsing_context *context = subject->document ? subject->document->context : NULL;
    switch (m->deed) {
    case DEED_CLICK:
        act_fire(subject->document, "click", m->target);
        break;
    case DEED_EVENT:
        act_fire(subject->document, m->type, m->target);
        break;
    case DEED_HIDE:
        navigable_change(context, PAGE_HIDE);
        break;
    case DEED_SHOW:
        navigable_change(context, PAGE_SHOW);
        break;
    case DEED_FOCUS:
        user_agent_focus(context->user_agent, context);
        break;
    case DEED_FREEZE:
        if (!subject->refused)
            navigable_change(context, PAGE_FREEZE);
        break;
    case DEED_UNFREEZE:
        navigable_change(context, PAGE_UNFREEZE);
        break;
    case DEED_STORE:
        if (subject->refused)
            navigable_end(context, true, false);
        else
            navigable_change(context, PAGE_STORE);
        if (!subject->refused && subject->in_part)
            watch_of(d, a)->partly_since = crowd_now(&d->world->crowd);
        break;
    case DEED_RESTORE:
        if (!subject->discarded)
            navigable_change(context, PAGE_RESTORE);
        else
            navigable_revive(subject->discarded);
        break;
    case DEED_NAVIGATE:
        navigate(context, m->url);
        break;
    case DEED_BACK:
    case DEED_FORWARD:
        history_go(context, m->deed == DEED_BACK ? -1 : 1);
        break;
    case DEED_PUSH:
        service_worker_push(d->world, m->url, m->type ? m->type : "push", m->data);
        break;
    case DEED_SHUT_DOWN:
        shut_down(d);
        break;
    case DEED_RELOAD:
        navigable_reload(subject->document);
        break;
    case DEED_DISCARD:
        navigable_discard(subject->document);
        break;
    case DEED_CLOSE:
        if (context_begin_closing(context))
            navigable_end(context, true, true);
        break;
    case DEED_GC:
        act_collect(a);
        break;
    case DEED_REPLACE_SCOPE:
        act_replace_scope(a);
        break;
    case DEED_TERMINATE:
        agent_terminate(a, "terminated");
        break;
    case DEED_ABORT:
        agent_abort_script(a);
        break;
    case DEED_KILL:
        kill_agent(d, a, m->reason ? m->reason : "killed");
        break;
    case DEED_OOM:
        kill_agent(d, a, "out of memory");
        break;
    case DEED_DELAY:
        act_hold(a, sources_of(m->source), crowd_now(&d->world->crowd) + (int64_t)m->for_ms * 1000000);
        break;
    case DEED_DROP:
        act_lose(a, (uint32_t)m->count);
        break;
    case DEED_CLOCK_JUMP:
        crowd_leap(&d->world->crowd, (int64_t)m->for_ms * 1000000);
        break;
    case DEED_PAUSE:
        agent_suspend(a);
        watch_pause(d, a);
        break;
    case DEED_RESUME:
        agent_resume(a);
        watch_pause(d, a);
        break;
    case DEED_PAUSE_CLUSTER:
    case DEED_RESUME_CLUSTER:
        cluster_suspend(d->world, a->cluster, m->deed == DEED_PAUSE_CLUSTER);
        watch_pause(d, a);
        break;
    case DEED_NONE:
    case DEED_COUNT:
        hd_assert(false);
    }
}

/* A pause of one agent stops its thread, and whoever shares it. */
static void name_companions(struct deeds *d, const struct agent *a, buffer *text)
{
    bool first = true;
    pthread_mutex_lock(&d->world->registry);
    for (const struct agent *other = d->world->agents; other; other = other->next)
        if (other != a && other->carrier == a->carrier && agent_life(other) < AGENT_TERMINATED) {
            buffer_format(text, "%s%s", first ? ": it stops its thread, and so " : ", ", other->name);
            first = false;
        }
    pthread_mutex_unlock(&d->world->registry);
}

static void describe(struct deeds *d, const plan_moment *m, const struct agent *a, buffer *text)
{
    size_t alive = cluster_census(d->world, a->cluster).alive;
    bool kills = m->deed == DEED_KILL || m->deed == DEED_OOM;
    if (m->type)
        buffer_format(text, ": %s", m->type);
    if (m->deed == DEED_PAUSE && a->carrier)
        name_companions(d, a, text);
    if (kills && d->plan->knobs.cluster_kill_notifies)
        buffer_format(text, ": it alone; its cluster is told");
    else if (kills || m->deed == DEED_PAUSE_CLUSTER || m->deed == DEED_RESUME_CLUSTER)
        buffer_format(text, alive == 1 ? ": the one agent of its cluster" : ": all %zu agents of its cluster", alive);
}

void deed_subject_release(struct deed_subject *subject)
{
    context_unref(subject->discarded);
    agent_unref(subject->agent);
    document_unref(subject->document);
}

static void find_subject(struct deeds *d, const plan_moment *m, struct deed_subject *subject)
{
    bool window = !strcmp(plan_deed_needs(m->deed), "window");
    *subject = (struct deed_subject){0};
    if (!window) {
        subject->agent = find_agent(d->world, m->subject);
        return;
    }
    subject->document = find_document(d->world, m->subject);
    if (!subject->document && m->deed == DEED_RESTORE)
        subject->discarded = find_discarded(d->world, m->subject);
    if (subject->document && agent_life(subject->document->place.agent) < AGENT_TERMINATED)
        subject->agent = agent_ref(subject->document->place.agent);
}

/* May the page be frozen, or kept? */
static void judge(struct deeds *d, const plan_moment *m, struct deed_subject *subject, buffer *text)
{
    bool store = m->deed == DEED_STORE, freeze = m->deed == DEED_FREEZE;
    plan_cache cache = d->plan->knobs.cache;
    subject->in_part = (store || freeze) && document_shares_cluster(subject->document);
    subject->refused = (freeze && subject->in_part) || (store && cache == CACHE_OFF) || (store && cache == CACHE_ON && subject->in_part);
    if (subject->refused && freeze)
        buffer_add(text, ": refused, since another tab of its cluster goes on (R-PL-05)");
    else if (subject->refused)
        buffer_add(text, cache == CACHE_OFF ? ": not kept, since nothing is" : ": not kept, since another tab of its cluster goes on (R-CR-05)");
}

bool deed_prepare(struct deeds *d, const plan_moment *m, struct deed_subject *subject, buffer *text)
{
    find_subject(d, m, subject);
    buffer_format(text, "%s%s%s", plan_deed_name(m->deed), *m->subject ? " " : "", m->subject);
    if (m->url)
        buffer_format(text, ": %s", m->url);
    if (m->for_ms)
        buffer_format(text, ": %s%s%llu ms", m->source ? m->source : "", m->source ? " for " : "", (unsigned long long)m->for_ms);
    if (m->deed == DEED_PUSH && !service_worker_is_active_at(d->world, m->url)) {
        buffer_add(text, ": no service worker is active there");
        return false;
    }
    if (subject->discarded || !*plan_deed_needs(m->deed))
        return true;
    if (subject->agent) {
        describe(d, m, subject->agent, text);
        judge(d, m, subject, text);
        return true;
    }
    buffer_add(text, ": ");
    if (existed(d, m->subject) || !strcmp(plan_deed_needs(m->deed), "window"))
        buffer_format(text, "%s had ended", m->subject);
    else
        say_unknown(d, m->subject, text);
    return false;
}

/* ---- expectations ---- */

static const char *state_of(struct deeds *d, const char *name)
{
    struct agent *a = find_agent(d->world, name);
    if (!a)
        return existed(d, name) ? "dead" : NULL;
    /* acquire: pairs with the release of whoever changed it */
    uint32_t parked = atomic_load_explicit(&a->parker->state, memory_order_acquire);
    const char *state = agent_is_suspended(a)    ? "paused"
                        : parked == PARK_BLOCKED ? "blocked"
                        : parked == PARK_IDLE    ? "idle"
                                                 : "running";
    agent_unref(a);
    return state;
}

static bool is_as(const char *found, plan_agent_state wanted)
{
    if (wanted == AGENT_STATE_ALIVE)
        return strcmp(found, "dead") != 0;
    return !strcmp(found, plan_agent_state_name(wanted));
}

bool deed_look(struct deeds *d, const plan_moment *m, buffer *text)
{
    for (plan_agent_state s = 0; s < AGENT_STATE_COUNT; s++)
        for (size_t i = 0; i < m->states[s].count; i++) {
            const char *name = m->states[s].items[i], *found = state_of(d, name);
            if (found && is_as(found, s))
                continue;
            if (text->length)
                buffer_add(text, "\n");
            buffer_format(text, "expected  %s is %s\ngot       ", name, plan_agent_state_name(s));
            if (found)
                buffer_format(text, "%s is %s", name, found);
            else
                say_unknown(d, name, text);
        }
    return text->length == 0;
}
