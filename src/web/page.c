#include "web/page.h"

#include "agent/world.h"
#include "base/finding.h"
#include "web/error_report.h"
#include "web/event.h"
#include "web/globals.h"
#include "web/navigable.h"
#include "web/web_agent.h"
#include "web/window_proxy.h"
#include "web/service_worker.h"
#include "web/worker.h"

#include <stdlib.h>
#include <string.h>

/* ---- the pages of an agent ---- */

static struct page *page_in(struct agent *a, struct browsing_context *c)
{
    struct page *p = web_agent_of(a)->pages;
    while (p && (p->document->context != c || p->stored))
        p = p->next;
    return p;
}

static void unlink_page(struct page *p)
{
    struct page **link = &web_agent_of(p->realm->agent)->pages;
    while (*link != p)
        link = &(*link)->next;
    *link = p->next;
}

void page_announce(struct page *p)
{
    struct document *d = p->document;
    char *label = context_label(d->context);
    struct notice n = {.kind = NOTICE_REALM,
                       .text = label                ? label
                               : d->context->parent ? "frame"
                                                    : "window",
                       .file = d->url,
                       .origin = d->origin->text,
                       .rule = d->place.rule,
                       .line = d->context->id,
                       .column = group_id(d->context->group),
                       .level = d->isolated};
    world_notice(p->realm->agent->world, p->realm->agent, &n);
    free(label);
}

/* `client`: reserved for it, taken; NULL = none yet. */
static struct page *page_new(struct agent *a, struct document *d,
                             struct service_worker_client *client)
{
    struct page *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    struct realm_options options = {.kind = GLOBAL_WINDOW,
                                    .url = d->url,
                                    .origin = d->origin,
                                    .policy = d->policy,
                                    .may_isolate = d->isolated,
                                    .secure = context_is_secure(d->context, d->origin),
                                    .document = d,
                                    .client = client};
    p->document = document_ref(d);
    p->object = JS_UNDEFINED;
    p->state = JS_UNINITIALIZED;
    p->salvageable = true;
    d->page = p;
    p->realm = realm_create(a, &options);
    if (!p->realm) {
        if (client)
            service_worker_client_gone(client);
        d->page = NULL;
        document_unref(d);
        free(p);
        return NULL;
    }
    p->next = web_agent_of(a)->pages;
    web_agent_of(a)->pages = p;
    return p;
}

struct service_worker_client *page_client(const struct document *d)
{
    return d->page ? realm_client(d->page->realm) : NULL;
}

/* ---- tasks of a document ---- */

struct page_task {
    struct task task;
    struct document *document; /* counted */
    void (*run)(struct page *p, void *context);
    void (*release)(void *context); /* NULL: it is not the task's */
    void *context;
};

static void page_task_drop(struct task *t)
{
    struct page_task *x = caa_container_of(t, struct page_task, task);
    if (x->release)
        x->release(x->context);
    document_unref(x->document);
    free(x);
}

static void page_task_run(struct task *t, struct agent *a)
{
    struct page_task *x = caa_container_of(t, struct page_task, task);
    (void)a;
    if (x->document->page)
        x->run(x->document->page, x->context);
    page_task_drop(t);
}

void page_queue(struct page *p, enum task_source source, void (*run)(struct page *p, void *context),
                void *context)
{
    page_queue_owned(p, source, run, context, NULL);
}

static struct page_task *page_task_new(struct page *p, enum task_source source,
                                       void (*run)(struct page *p, void *context), void *context,
                                       void (*release)(void *context))
{
    struct page_task *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->task.run = page_task_run;
    x->task.drop = page_task_drop;
    x->task.source = source;
    x->task.activity = activity_ref(p->document->activity);
    x->document = document_ref(p->document);
    x->run = run;
    x->release = release;
    x->context = context;
    return x;
}

void page_queue_owned(struct page *p, enum task_source source,
                      void (*run)(struct page *p, void *context), void *context,
                      void (*release)(void *context))
{
    struct page_task *x = page_task_new(p, source, run, context, release);
    if (x)
        agent_queue(p->realm->agent, &x->task);
}

/* ---- loading ---- */

static void fire_at_window(struct page *p, const char *type)
{
    if (event_target_fire_simple(p->realm->js, JS_UNDEFINED, type) < 0)
        realm_report_exception(p->realm);
}

void page_fire_at_document(struct page *p, const char *type)
{
    if (!JS_IsUndefined(p->object) && event_target_fire_simple(p->realm->js, p->object, type) < 0)
        realm_report_exception(p->realm);
}

void page_fire_focus(struct page *p, bool focused)
{
    fire_at_window(p, focused ? "focus" : "blur");
}

void page_fire_transition(struct page *p, const char *type, bool persisted)
{
    if (event_target_fire_page_transition(p->realm->js, JS_UNDEFINED, type, persisted) < 0)
        realm_report_exception(p->realm);
}

static void set_readiness(struct page *p, enum readiness r)
{
    p->readiness = r;
    page_fire_at_document(p, "readystatechange");
}

static void has_loaded(struct page *p)
{
    if (p->loads)
        loading_ended(p->document->context->user_agent);
    p->loads = false;
}

static void open_messages(struct page *p, void *context)
{
    (void)context;
    service_worker_open_messages(p->realm);
}

static void finish_loading(struct page *p, void *context)
{
    struct page_task *opening;
    (void)context;
    if (p->readiness == PAGE_COMPLETE)
        return;
    set_readiness(p, PAGE_COMPLETE);
    fire_at_window(p, "load");
    if (!p->document->page)
        return; /* a listener ended the document */
    p->page_showing = true;
    page_fire_transition(p, "pageshow", false); /* R-LIFE-05 */
    if (!p->document->page)
        return;
    has_loaded(p);
    navigable_tell_container(p->document->context);
    /* Posted, too: behind what the container is told. */
    if ((opening = page_task_new(p, TASK_DOM_MANIPULATION, open_messages, NULL, NULL)))
        agent_post(p->realm->agent, &opening->task);
}

static void consider_finishing(struct page *p)
{
    if (p->readiness != PAGE_INTERACTIVE || p->delays || p->finishing || p->destroyed)
        return;
    p->finishing = true;
    struct page_task *x = page_task_new(p, TASK_DOM_MANIPULATION, finish_loading, NULL, NULL);
    if (x) /* before what else has come meanwhile: when "load" comes depends on the page alone */
        agent_queue_first(p->realm->agent, &x->task);
}

void page_hold_load(struct page *p)
{
    p->delays++;
}

void page_release_load(struct page *p)
{
    p->delays--;
    consider_finishing(p);
}

static void content_loaded(struct page *p, void *context)
{
    (void)context;
    page_fire_at_document(p, "DOMContentLoaded");
    if (p->document->page)
        fire_at_window(p, "DOMContentLoaded"); /* it bubbles */
    if (!p->document->page)
        return;
    page_release_load(p);
    if (!p->finishing) /* else they wait for "load", which is next: whoever made a frame listens
                          from then on */
        service_worker_open_messages(p->realm);
}

void page_parsed(struct page *p)
{
    p->parsing = false;
    set_readiness(p, PAGE_INTERACTIVE);
    page_hold_load(p);
    page_queue(p, TASK_DOM_MANIPULATION, content_loaded, NULL);
}

/* ---- beginning ---- */

static void run_only_script(struct page *p, const struct navigation *n)
{
    struct realm *r = p->realm;
    p->parsing = true;
    if (!(p->document->sandbox & SANDBOX_SCRIPTS)) {
        if (!realm_run_script(r, n->text, n->length, n->script_url ? n->script_url : n->url,
                              n->module))
            realm_report_exception(r);
        agent_checkpoint(r->agent);
    }
    if (p->document->page)
        page_parsed(p);
}

static void run_content(struct page *p, struct navigation *n)
{
    if (n->source == PAGE_BLANK) {
        page_parsed(p);
    } else if (!n->is_html) {
        run_only_script(p, n);
    } else if (!html_parser_start(p, n->text ? n->text : "", n->text ? n->length : 0)) {
        struct notice notice = {.kind = NOTICE_ERROR,
                                .finding = FINDING_SCRIPT_ERROR,
                                .text = "a page cannot be parsed: out of memory"};
        world_notice(p->realm->agent->world, p->realm->agent, &notice);
    }
}

/* R-WIN-01: the Window of the initial blank document serves the first document that is same origin.
 */
static bool take_over(struct page *p, struct document *d, struct service_worker_client *client)
{
    struct document *old = p->document;
    if (!old->initial_blank || !origin_same_domain(old->origin, d->origin) ||
        old->place.agent != d->place.agent)
        return false;
    struct realm *r = p->realm;
    old->activity->state = ACTIVITY_ENDED;
    old->page = NULL;
    d->page = p;
    p->document = document_ref(d);
    document_unref(r->document);
    r->document = document_ref(d);
    char *url = strdup(d->url);
    free(r->url);
    r->url = url;
    free(r->base); /* the blank document's was its creator's */
    r->base = NULL;
    origin_unref(r->origin);
    r->origin = origin_ref(d->origin);
    r->policy = d->policy;
    r->cross_origin_isolated = d->isolated;
    p->readiness = PAGE_LOADING;
    p->finishing = false;
    window_place_release(old->context->user_agent, &old->place);
    document_unref(old);
    service_worker_client_turn(r, client);
    return true;
}

static void begin_late(struct timer *t, struct agent *a)
{
    page_begin(caa_container_of(t, struct navigation, timer), a);
}

static void never_begin(struct timer *t)
{
    navigation_free(caa_container_of(t, struct navigation, timer));
}

/* A page that no resource holds can be made again. */
static void keep_source(struct document *d, struct navigation *n)
{
    context_unref(n->context);
    n->context = NULL;
    d->made_of = n;
}

void page_begin(struct navigation *n, struct agent *a)
{
    if (n->delay_ns > 0) {
        n->timer = (struct timer){.index = SIZE_MAX, .fire = begin_late, .drop = never_begin};
        timer_start(a, &n->timer, n->delay_ns);
        n->delay_ns = 0;
        return;
    }
    struct document *d = n->document;
    struct page *old = page_in(a, d->context), *p = NULL;
    if (d->activity->state == ACTIVITY_ENDED || context_is_closed(d->context)) {
        navigation_free(n);
        return;
    }
    if (old && take_over(old, d, n->client))
        p = old;
    else if (old)
        page_end(a, old->document, n->end);
    struct service_worker_client *client = p ? page_client(d) : n->client;
    if (client && !d->context->parent) /* a tab that is opened has the focus */
        service_worker_client_focus(client);
    if (!p)
        p = page_new(a, d, n->client);
    n->client = NULL;
    history_state_unref(d->state);
    d->state = n->state;
    n->state = NULL;
    if (p) {
        free(p->realm
                 ->base); /* of the initial document, whose Window this one may have taken over */
        p->realm->base = d->base ? strdup(d->base) : NULL;
        page_announce(p);
        p->loads = n->loads;
        n->loads = false;
    }
    n->document = NULL;
    bool keep = n->source == PAGE_SRCDOC || n->source == PAGE_SCRIPT;
    if (keep) /* first: a script may ask for the page again */
        keep_source(d, n);
    if (p)
        run_content(p, n);
    if (!keep)
        navigation_free(n);
    document_unref(d);
}

struct page *page_create_blank(struct agent *a, struct browsing_context *c, struct page *creator,
                               unsigned sandbox)
{
    struct document *from = creator->document, *top;
    struct user_agent *u = c->user_agent;
    struct window_place place = {0};
    if (sandbox & SANDBOX_ORIGIN) /* an agent of its own would only be made to be left again */
        return NULL;
    if (window_place_obtain(u, c->group, from->origin, false, a->name, a, &place) != STATUS_OK)
        return NULL;
    if (place.agent != a) {
        window_place_release(u, &place);
        agent_unref(place.agent);
        return NULL;
    }
    struct document *d = document_create(c, place, origin_ref(from->origin), "about:blank");
    if (!d)
        return NULL;
    d->initial_blank = true;
    d->policy = from->policy;
    d->policy.opener = COOP_UNSAFE_NONE;
    d->base = strdup(from->base ? from->base : from->url);
    d->sandbox = sandbox;
    d->isolated = group_isolation(c->group) == ISOLATION_CONCRETE &&
                  document_may_isolate(c, d->origin, &d->policy, true) && from->isolated;
    top = c->parent ? NULL : context_document(context_top(from->context));
    if (top && origin_same(top->origin, from->origin)) /* R-WIN-04 */
        d->policy.opener = top->policy.opener;
    document_unref(top);
    struct service_worker_client *client = service_worker_client_reserve(a->world);
    service_worker_client_inherit(client, realm_client(creator->realm));
    struct page *p = page_new(a, d, client);
    if (p) {
        p->realm->base = strdup(d->base);
        p->readiness = PAGE_COMPLETE;
        context_set_document(c, d);
        session_history_commit(c, d, d->url, NULL, HISTORY_REPLACE, false);
    }
    document_unref(d);
    return p;
}

/* ---- ending ---- */

bool page_may_unload(struct agent *a, struct browsing_context *c)
{
    struct page *p = page_in(a, c);
    if (!p || p->document->initial_blank)
        return true;
    int canceled = event_target_fire_before_unload(p->realm->js, JS_UNDEFINED);
    if (canceled < 0)
        realm_report_exception(p->realm);
    return canceled <= 0 && p->document->page;
}

/* R-LIFE-04: ports lose their other end, queued tasks go, workers lose their owner. The realm's
 * values stay until no listener runs. */
static void destroy(struct page *p)
{
    struct document *d = p->document;
    struct realm *r = p->realm;
    p->destroyed = true;
    has_loaded(p);
    d->activity->state = ACTIVITY_ENDED;
    d->page = NULL;
    timers_clear_realm(r);
    fetches_clear(r);
    requests_clear(r);
    cache_additions_clear(r);
    service_worker_jobs_clear(r);
    service_worker_waits_clear(r);
    service_worker_client_end(r);
    ports_close_realm(r);
    workers_orphan_realm(r);
    page_release_nodes(p);
    html_parser_free(p->parser);
    window_proxy_detach(r);
    unlink_page(p);
    JS_FreeValue(r->js, p->object);
    JS_FreeValue(r->js, p->state);
    free(p->title);
    free(p->referrer);
    free(p);
    realm_bury(r);
    window_place_release(d->context->user_agent, &d->place);
    document_unref(d);
}

/* R-LIFE-03: before the page around them. */
static void end_frames(struct browsing_context *c)
{
    for (size_t i = context_child_count(c); i-- > 0;) {
        struct browsing_context *child = context_child(c, i);
        if (child)
            navigable_end(child, true, true);
        context_unref(child);
    }
}

void page_end(struct agent *a, struct document *d, enum page_end end)
{
    struct page *p = d->page;
    (void)a;
    if (!p) { /* still on its way */
        d->activity->state = ACTIVITY_ENDED;
        return;
    }
    if (p->stored && end != PAGE_END_DISCARD)
        end = PAGE_END_DISCARD; /* it was left before */
    if (end == PAGE_END_LEAVE && !p->destroyed) {
        unsigned why_not = page_why_not_kept(p);
        if (!why_not) {
            page_store(p);
            return;
        }
        atomic_store_explicit(&d->why_not_kept, why_not, memory_order_relaxed);
    }
    bool unload = end != PAGE_END_DISCARD && !d->initial_blank && !p->destroyed;
    if (unload)
        end_frames(d->context);
    if (unload && d->page) { /* R-LIFE-02 */
        bool showing = p->page_showing;
        p->page_showing = false;
        p->salvageable = false;
        if (showing)
            page_fire_transition(p, "pagehide", false);
        bool was_hidden = d->hidden;
        d->hidden = true;
        if (d->page && !was_hidden)
            page_fire_at_document(p, "visibilitychange");
        if (d->page)
            fire_at_window(p, "unload");
    }
    if (d->page)
        destroy(d->page);
}

void pages_end(struct agent *a)
{
    struct page *p;
    while ((p = web_agent_of(a)->pages)) {
        struct document *d = p->document;
        web_agent_of(a)->pages = p->next;
        page_release_nodes(p);
        html_parser_free(p->parser);
        JS_FreeValue(p->realm->js, p->object);
        JS_FreeValue(p->realm->js, p->state);
        d->page = NULL;
        d->activity->state = ACTIVITY_ENDED;
        free(p->title);
        free(p->referrer);
        free(p);
        window_place_release(d->context->user_agent, &d->place);
        document_unref(d);
    }
}
