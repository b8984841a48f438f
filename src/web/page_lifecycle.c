#include "web/page_lifecycle.h"

#include "agent/safe_point.h"
#include "agent/world.h"
#include "web/event.h"
#include "web/frames.h"
#include "web/globals.h"
#include "web/page.h"
#include "web/service_worker.h"
#include "web/web_agent.h"
#include "web/window_proxy.h"
#include "web/worker.h"

#include <stdlib.h>

struct change_task {
    struct task task;
    struct document *document; /* counted */
    enum page_change change;
};

/* ---- one document ---- */

static void set_visibility(struct page *p, bool hidden)
{
    if (p->document->hidden == hidden)
        return;
    p->document->hidden = hidden;
    if (realm_client(p->realm))
        service_worker_client_set_visible(realm_client(p->realm), !hidden);
    page_fire_at_document(p, "visibilitychange");
    if (!hidden && p->document->page)
        frames_resume(p->realm);
}

static bool is_frozen(const struct page *p)
{
    return p->document->activity->state == ACTIVITY_SUSPENDED;
}

static void freeze(struct page *p)
{
    struct document *d = p->document;
    if (is_frozen(p))
        return;
    d->activity->state = ACTIVITY_SUSPENDED;
    page_fire_at_document(p, "freeze");
    if (!d->page)
        return;
    timers_suspend_realm(p->realm);
    workers_suspend_realm(p->realm, true);
}

static void unfreeze(struct page *p)
{
    struct document *d = p->document;
    if (!is_frozen(p))
        return;
    page_fire_at_document(p, "resume");
    if (!d->page)
        return;
    d->activity->state = ACTIVITY_ACTIVE;
    timers_resume_realm(p->realm);
    workers_suspend_realm(p->realm, false);
    frames_resume(p->realm);
}

static void store(struct page *p)
{
    struct document *d = p->document;
    if (p->page_showing) {
        p->page_showing = false;
        page_fire_transition(p, "pagehide", true);
    }
    if (d->page)
        set_visibility(p, true);
    if (d->page)
        broadcast_channels_set_eligible(p->realm, false); /* R-LIFE-06 */
    if (d->page)
        freeze(p);
}

static bool has_unload_listener(const struct realm *r)
{
    return event_target_listens(&(struct event_target){.listeners = r->listeners}, EVENT_UNLOAD);
}

/* The names are HTML's, but for what only this user agent does not keep. */
static const char *const reasons[] = {
    "bfcache-off", "parser-aborted", "outstanding-network-request", "unload-listener", "lock", "sharedworker", "frames",
    "response-cache-control-no-store", "non-trivial-browsing-context-group"};
#define REASON_COUNT (sizeof reasons / sizeof *reasons)

unsigned page_why_not_kept(struct page *p)
{
    const struct realm *r = p->realm;
    const struct web_knobs *knobs = &web_of(r->agent)->knobs;
    const bool found[REASON_COUNT] = {
        knobs->bfcache == BFCACHE_OFF,
        p->readiness != PAGE_COMPLETE,
        r->fetches || r->requests,
        has_unload_listener(r),
        r->lock_demands != NULL,
        r->owns_shared_workers,
        p->frames != NULL,
        p->document->no_store,
        knobs->bfcache == BFCACHE_ON && document_shares_cluster(p->document), /* R-CR-05 */
    };
    unsigned set = 0;
    for (size_t i = 0; i < REASON_COUNT; i++)
        set |= (unsigned)found[i] << i;
    return set;
}

const char *page_reason(unsigned *set)
{
    for (size_t i = 0; i < REASON_COUNT; i++)
        if (*set >> i & 1) {
            *set &= ~(1u << i);
            return reasons[i];
        }
    return NULL;
}

void page_store(struct page *p)
{
    struct document *d = document_ref(p->document);
    store(p);
    if (d->page) {
        p->stored = true;
        window_proxy_detach(p->realm);
    }
    document_unref(d);
}

static void restore(struct page *p);

void page_restore(struct page *p)
{
    p->stored = false;
    if (window_proxy_attach(p->realm) < 0)
        realm_report_exception(p->realm);
    restore(p);
}

static void restore(struct page *p)
{
    struct document *d = p->document;
    broadcast_channels_set_eligible(p->realm, true);
    unfreeze(p);
    if (!d->page)
        return;
    p->page_showing = true;
    set_visibility(p, false);
    if (d->page)
        page_fire_transition(p, "pageshow", true);
}

static void set_focus(struct page *p, bool focused)
{
    if (focused && realm_client(p->realm))
        service_worker_client_focus(realm_client(p->realm));
    page_fire_focus(p, focused);
}

static void change(struct page *p, enum page_change change)
{
    switch (change) {
    case PAGE_FOCUS:
    case PAGE_BLUR:
        set_focus(p, change == PAGE_FOCUS);
        break;
    case PAGE_HIDE:
        if (context_has_focus(p->document->context)) {
            atomic_store_explicit(&p->document->context->user_agent->focused, 0, memory_order_relaxed);
            set_focus(p, false);
        }
        if (p->document->page)
            set_visibility(p, true);
        break;
    case PAGE_SHOW:
        set_visibility(p, false);
        break;
    case PAGE_FREEZE:
        freeze(p);
        break;
    case PAGE_UNFREEZE:
        unfreeze(p);
        break;
    case PAGE_STORE:
        store(p);
        break;
    case PAGE_RESTORE:
        restore(p);
        break;
    }
}

/* ---- a tab and its frames ---- */

static void drop(struct task *t)
{
    struct change_task *c = caa_container_of(t, struct change_task, task);
    document_unref(c->document);
    free(c);
}

static void run(struct task *t, struct agent *a)
{
    struct change_task *c = caa_container_of(t, struct change_task, task);
    (void)a;
    if (c->document->page)
        change(c->document->page, c->change);
    drop(t);
}

static void post_change(struct document *d, enum page_change change)
{
    struct change_task *c = calloc(1, sizeof *c);
    if (!c)
        return;
    c->task = (struct task){.run = run, .drop = drop, .source = TASK_DOM_MANIPULATION};
    c->document = document_ref(d);
    c->change = change;
    agent_post(d->place.agent, &c->task);
}

static void post_focus(struct browsing_context *c, enum page_change change)
{
    struct document *d = context_document(c);
    if (d)
        post_change(d, change);
    document_unref(d);
}

void user_agent_focus(struct user_agent *u, struct browsing_context *top)
{
    uint32_t id = top ? top->id : 0, before = atomic_exchange_explicit(&u->focused, id, memory_order_relaxed);
    struct browsing_context *c;
    for (size_t i = 0; before != id && (c = user_agent_top(u, i)); i++) {
        if (c->id == before)
            post_focus(c, PAGE_BLUR);
        context_unref(c);
    }
    if (top && before != id)
        post_focus(top, PAGE_FOCUS);
}

/* Frames stop before the page around them and go on after it. */
void navigable_change(struct browsing_context *c, enum page_change change)
{
    bool inward = change == PAGE_SHOW || change == PAGE_UNFREEZE || change == PAGE_RESTORE;
    struct document *d = context_document(c);
    if (d && inward)
        post_change(d, change);
    for (size_t i = 0, count = context_child_count(c); i < count; i++) {
        struct browsing_context *child = context_child(c, i);
        if (child)
            navigable_change(child, change);
        context_unref(child);
    }
    if (d && !inward)
        post_change(d, change);
    document_unref(d);
}
