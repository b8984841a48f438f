#include "web/navigable.h"

#include "agent/world.h"
#include "web/mime_type.h"
#include "web/program.h"
#include "web/resource.h"
#include "web/service_worker_registry.h"
#include "web/shared_worker_manager.h"
#include "web/storage_key.h"
#include "web/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *url, const char *end)
{
    size_t n = strcspn(url, "?#"), m = strlen(end);
    return n >= m && !strncmp(url + n - m, end, m);
}

static bool origin_is_secure(const struct user_agent *u, const struct origin *o)
{
    return !o->opaque && origin_text_is_secure(u->world->host, o->text);
}

/* A tab that is not open yet is the top itself. */
static bool will_be_secure(const struct navigation *n, const struct origin *o)
{
    return n->context ? context_is_secure(n->context, o) : origin_is_secure(n->user_agent, o);
}

struct navigation *navigation_new(struct user_agent *u, const char *url)
{
    struct navigation *n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    n->user_agent = u;
    n->url = strdup(url);
    n->timer.index = SIZE_MAX;
    return n;
}

static void start_loading(struct navigation *n)
{
    if (!n->loads) /* relaxed: only the way down is looked for */
        atomic_fetch_add_explicit(&n->user_agent->loading, 1, memory_order_relaxed);
    n->loads = true;
}

void loading_ended(struct user_agent *u)
{
    /* release: pairs with the acquire of whoever asks what still loads */
    if (atomic_fetch_sub_explicit(&u->loading, 1, memory_order_release) == 1)
        shared_workers_loading_ended(u->world);
}

void navigation_free(struct navigation *n)
{
    if (n->loads)
        loading_ended(n->user_agent);
    if (n->client)
        service_worker_client_gone(n->client);
    context_unref(n->context);
    context_unref(n->opener);
    origin_unref(n->initiator);
    document_unref(n->document);
    history_state_unref(n->state);
    free(n->label);
    free(n->target_name);
    free(n->url);
    free(n->text);
    free(n->script_url);
    free(n->initiator_base);
    free(n);
}

void navigation_set_initiator(struct navigation *n, const struct document *d)
{
    origin_unref(n->initiator);
    n->initiator = origin_ref(d->origin);
    n->initiator_policy = d->policy;
    free(n->initiator_base);
    n->initiator_base = strdup(d->base ? d->base : d->url);
    if (n->client || !d->page)
        return;
    /* What has no request of its own has the controller of whoever made it (R-SV-10). */
    n->client = service_worker_client_reserve(n->user_agent->world);
    service_worker_client_inherit(n->client, page_client(d));
}

struct navigation *navigation_again(const struct document *d)
{
    const struct navigation *old = d->made_of;
    struct navigation *n = navigation_new(d->context->user_agent, d->url);
    if (!n)
        return NULL;
    n->context = context_ref(d->context);
    n->replace = n->is_reload = true;
    n->state = history_state_ref(d->state);
    navigation_set_initiator(n, d);
    if (!old)
        return n;
    n->source = old->source;
    n->text = malloc(old->length + 1);
    if (n->text)
        memcpy(n->text, old->text, old->length + 1);
    n->length = n->text ? old->length : 0;
    n->module = old->module;
    n->script_url = old->script_url ? strdup(old->script_url) : NULL;
    return n;
}

/* ---- telling others ---- */

struct errand {
    struct task task;
    struct browsing_context *context; /* counted */
    struct document *document;        /* counted, or NULL */
    enum page_end end;
};

static void errand_drop(struct task *t)
{
    struct errand *e = caa_container_of(t, struct errand, task);
    document_unref(e->document);
    context_unref(e->context);
    free(e);
}

static void send(struct agent *to, struct browsing_context *c, struct document *d,
                 enum page_end end, void (*run)(struct task *, struct agent *))
{
    struct errand *e = calloc(1, sizeof *e);
    if (!e)
        return;
    e->task.run = run;
    e->task.drop = errand_drop;
    e->task.source = TASK_DOM_MANIPULATION;
    e->context = context_ref(c);
    e->document = d ? document_ref(d) : NULL;
    e->end = end;
    agent_post(to, &e->task);
}

static void loaded_run(struct task *t, struct agent *a)
{
    page_frame_loaded(a, caa_container_of(t, struct errand, task)->context);
    errand_drop(t);
}

void navigable_tell_container(struct browsing_context *c)
{
    struct document *around = c->parent ? context_document(c->parent) : NULL;
    if (around)
        send(around->place.agent, c, NULL, PAGE_END_DISCARD, loaded_run);
    document_unref(around);
}

static void end_run(struct task *t, struct agent *a)
{
    struct errand *e = caa_container_of(t, struct errand, task);
    page_end(a, e->document, e->end);
    errand_drop(t);
}

static void end_document(struct document *d, enum page_end end)
{
    if (d->place.agent == agent_current())
        page_end(d->place.agent, d, end);
    else
        send(d->place.agent, d->context, d, end, end_run);
}

void navigable_leave(struct document *d)
{
    end_document(d, PAGE_END_LEAVE);
}

void navigable_dispose(struct document *d)
{
    send(d->place.agent, d->context, d, PAGE_END_DISCARD, end_run);
}

/* Frames first, the page around them last (R-LIFE-03). */
void navigable_end(struct browsing_context *c, bool unload, bool discard)
{
    for (size_t i = context_child_count(c); i-- > 0;) {
        struct browsing_context *child = context_child(c, i);
        if (child)
            navigable_end(child, unload, true);
        context_unref(child);
    }
    struct document *d = context_document(c);
    if (d)
        end_document(d, unload ? PAGE_END_UNLOAD : PAGE_END_DISCARD);
    if (discard)
        context_discard(c);
    else
        context_set_document(c, NULL);
    document_unref(d);
}

/* ---- what the user does to a tab ---- */

static void reload_run(struct task *t, struct agent *a)
{
    struct document *d = caa_container_of(t, struct errand, task)->document;
    struct navigation *n = d->page ? navigation_again(d) : NULL;
    (void)a;
    if (n)
        navigable_navigate(n);
    errand_drop(t);
}

void navigable_reload(struct document *d)
{
    send(d->place.agent, d->context, d, PAGE_END_DISCARD, reload_run);
}

static struct navigation *exchange_discarded(struct browsing_context *c, struct navigation *n)
{
    pthread_mutex_lock(&c->user_agent->lock);
    struct navigation *before = c->discarded_page;
    c->discarded_page = n;
    pthread_mutex_unlock(&c->user_agent->lock);
    return before;
}

static void discard_run(struct task *t, struct agent *a)
{
    struct errand *e = caa_container_of(t, struct errand, task);
    struct navigation *n = e->document->page ? navigation_again(e->document) : NULL, *before;
    (void)a;
    if (n) {
        context_unref(n->context); /* which holds it */
        n->context = NULL;
        n->after_discard = true;
        before = exchange_discarded(e->context, n);
        if (before)
            navigation_free(before);
        navigable_end(e->context, false, false);
    }
    errand_drop(t);
}

void navigable_discard(struct document *d)
{
    send(d->place.agent, d->context, d, PAGE_END_DISCARD, discard_run);
}

bool navigable_revive(struct browsing_context *c)
{
    struct navigation *n = exchange_discarded(c, NULL);
    if (!n)
        return false;
    n->context = context_ref(c);
    navigation_begin(n);
    return true;
}

/* ---- what the response means ---- */

static void complain(struct navigation *n, const char *why)
{
    char text[1024];
    snprintf(text, sizeof text, "%s cannot be shown: %s", n->url, why);
    struct notice notice = {.kind = NOTICE_CONSOLE, .level = 3, .text = text};
    world_notice(n->user_agent->world, agent_current(), &notice);
}

/* Loading failed: an error page, which nobody can look into. */
static void fail(struct navigation *n, const char *why)
{
    complain(n, why);
    if (n->context) {
        navigable_end(n->context, true, false);
        navigable_tell_container(n->context);
    }
    navigation_free(n);
}

static bool is_blank(const char *url)
{
    return !strncmp(url, "about:blank", 11) && (!url[11] || url[11] == '?' || url[11] == '#');
}

static bool has_local_scheme(const char *url)
{
    return !strncmp(url, "about:", 6) || !strncmp(url, "data:", 5) || !strncmp(url, "blob:", 5);
}

/* An initiator's origin in another agent: an object of its own, because document.domain changes it.
 */
static struct origin *inherit_origin(const struct navigation *n)
{
    if (!n->initiator)
        return origin_opaque();
    bool elsewhere = !n->context && !n->opener;
    return elsewhere && !n->initiator->opaque ? origin_of_url(n->initiator->text)
                                              : origin_ref(n->initiator);
}

/* HTML "determine the origin" (R-OR-01..06). */
static struct origin *determine_origin(const struct navigation *n, unsigned sandbox)
{
    if (sandbox & SANDBOX_ORIGIN)
        return origin_opaque();
    if (n->source == PAGE_SRCDOC || is_blank(n->url))
        return inherit_origin(n);
    return origin_of_url(n->url);
}

static unsigned determine_sandbox(const struct navigation *n, const struct policy *policy)
{
    unsigned flags = policy->sandbox;
    if (n->context)
        flags |= context_container_sandbox(n->context) | n->context->popup_sandbox;
    struct document *around =
        n->context && n->context->parent ? context_document(n->context->parent) : NULL;
    flags |= around ? around->sandbox : 0;
    document_unref(around);
    return flags;
}

/* R-COEP-02 and the resource policy of a framed response; NULL when it may be shown. */
static const char *refused_by_embedder(const struct navigation *n, const struct policy *policy,
                                       struct origin *origin)
{
    struct document *around =
        n->context && n->context->parent ? context_document(n->context->parent) : NULL;
    const char *why = NULL;
    if (around && !n->context->credentialless && n->source == PAGE_FETCHED && !is_blank(n->url)) {
        if (embedder_policy_isolates(around->policy.embedder) &&
            !embedder_policy_isolates(policy->embedder))
            why = "the page around it has an embedder policy and the frame has none (R-COEP-02)";
        else if (!has_local_scheme(n->url) &&
                 !resource_policy_allows(policy, origin, around->origin, around->policy.embedder,
                                         true))
            why = "its Cross-Origin-Resource-Policy does not let that page embed it (R-COEP-04)";
    }
    document_unref(around);
    return why;
}

/* A new tab for the response: in the opener's group when there is one, else in a group of its own
 * (R-WIN-05). */
static struct browsing_context *new_tab(struct navigation *n, struct browsing_context *opener,
                                        enum isolation_mode isolation, const char *name,
                                        unsigned popup_sandbox)
{
    struct context_options o = {.opener = opener,
                                .name = name,
                                .label = n->label,
                                .auxiliary = opener != NULL,
                                .popup_sandbox = popup_sandbox,
                                .isolation = isolation};
    return context_create(n->user_agent, &o);
}

static enum isolation_mode isolation_of(struct navigation *n, enum opener_policy p)
{
    return p == COOP_SAME_ORIGIN_PLUS_COEP ? n->user_agent->isolation_mode
                                           : ISOLATION_NONE; /* R-COOP-06 */
}

/* R-COOP-05: the tab goes on in another group; who held the old window sees it closed. */
static bool switch_group(struct navigation *n, enum opener_policy p)
{
    struct browsing_context *old = n->context;
    char *label = context_label(old);
    free(n->label);
    n->label = label;
    n->context = new_tab(n, NULL, isolation_of(n, p), NULL, old->popup_sandbox);
    if (n->context)
        session_history_move(old, n->context);
    navigable_end(old, true, true);
    context_unref(old);
    return n->context != NULL;
}

/* R-COOP-03..06. False when out of memory. */
static bool choose_group(struct navigation *n, const struct policy *policy,
                         const struct origin *origin)
{
    if (n->context && n->context->parent)
        return true;
    struct document *active = n->context  ? context_document(n->context)
                              : n->opener ? context_document(n->opener)
                                          : NULL;
    bool initial = !n->context || (active && active->initial_blank), ok = true;
    if (!n->context) {
        bool stays = active && !opener_policy_switches(true, active->policy.opener, active->origin,
                                                       policy->opener, origin);
        n->context = new_tab(n, stays ? n->opener : NULL, isolation_of(n, policy->opener),
                             n->target_name, 0);
        ok = n->context != NULL;
    } else if (active && opener_policy_switches(initial, active->policy.opener, active->origin,
                                                policy->opener, origin)) {
        ok = switch_group(n, policy->opener);
    }
    document_unref(active);
    return ok;
}

static void begin_run(struct task *t, struct agent *a)
{
    page_begin(caa_container_of(t, struct navigation, task), a);
}

static void begin_drop(struct task *t)
{
    navigation_free(caa_container_of(t, struct navigation, task));
}

static char *agent_label(const struct navigation *n, const struct origin *origin)
{
    char *label = context_label(n->context);
    if (label)
        return label;
    return strdup(origin->opaque ? "frame" : origin->host);
}

/* What can be gone back to is kept if it can be (R-LIFE-02). */
static void commit_history(struct navigation *n, const struct document *old, struct document *d)
{
    bool replaces = n->replace || !old || old->initial_blank;
    enum history_handling handling = n->handling == HISTORY_TRAVERSE ? HISTORY_TRAVERSE
                                     : replaces                      ? HISTORY_REPLACE
                                                                     : HISTORY_PUSH;
    n->end = handling == HISTORY_REPLACE || n->context->parent ? PAGE_END_UNLOAD : PAGE_END_LEAVE;
    session_history_commit(n->context, d, n->url, n->state, handling, false);
}

/* R-AG-11, and off it goes. */
static void dispatch(struct navigation *n, struct origin *origin, const struct policy *policy,
                     unsigned sandbox)
{
    struct window_place place = {0};
    char *label = agent_label(n, origin);
    struct agent *self = agent_current();
    status s = window_place_obtain(n->user_agent, n->context->group, origin, policy->origin_keyed,
                                   label, self, &place);
    free(label);
    if (s != STATUS_OK) {
        origin_unref(origin);
        fail(n, status_text(s));
        return;
    }
    struct document *old = context_document(n->context);
    struct document *d = document_create(n->context, place, origin, n->url);
    if (!d) {
        document_unref(old);
        fail(n, "out of memory");
        return;
    }
    d->policy = *policy;
    d->sandbox = sandbox;
    d->no_store = n->no_store;
    d->was_discarded = n->after_discard;
    d->not_restored = n->not_restored;
    d->navigation_type = n->is_history ? "back_forward" : n->is_reload ? "reload" : "navigate";
    d->isolated =
        group_isolation(n->context->group) == ISOLATION_CONCRETE &&
        document_may_isolate(n->context, origin, policy, context_allows_isolation(n->context));
    d->base = n->source == PAGE_SRCDOC || is_blank(n->url)
                  ? strdup(n->initiator_base ? n->initiator_base : "about:blank")
                  : NULL;
    commit_history(n, old, d);
    if (old &&
        old->place.agent != place.agent) /* else the agent itself does it when the new one begins */
        end_document(old, n->end);
    document_unref(old);
    n->document = d;
    n->task.run = begin_run;
    n->task.drop = begin_drop;
    n->task.source = TASK_NETWORKING;
    context_set_document(n->context, d);
    agent_post(place.agent, &n->task);
}

/* HTML "ongoing navigation": a later one ends those that have no answer yet. */
static void set_ongoing(struct navigation *n)
{
    if (n->context && !n->number)
        n->number = 1 + atomic_fetch_add_explicit(&n->context->ongoing, 1, memory_order_relaxed);
}

static bool is_overtaken(const struct navigation *n)
{
    return n->context &&
           (context_is_closed(n->context) ||
            n->number != atomic_load_explicit(&n->context->ongoing, memory_order_relaxed));
}

static void respond(struct navigation *n, const struct policy *response)
{
    struct policy policy = *response;
    if (is_overtaken(n)) {
        navigation_free(n);
        return;
    }
    unsigned sandbox = determine_sandbox(n, &policy);
    bool top = !n->context || !n->context->parent;
    if (top && policy.opener != COOP_UNSAFE_NONE && sandbox) { /* R-COOP-07 */
        fail(n, "a sandboxed window may not have a Cross-Origin-Opener-Policy (R-COOP-07)");
        return;
    }
    struct origin *origin = determine_origin(n, sandbox), *served = origin_of_url(n->url);
    const char *refused = refused_by_embedder(n, &policy, served);
    origin_unref(served);
    if (refused || !choose_group(n, &policy, origin)) {
        origin_unref(origin);
        fail(n, refused ? refused : "out of memory");
        return;
    }
    dispatch(n, origin, &policy, sandbox);
}

/* ---- loading ---- */

static void load(struct navigation *n);

#define MOST_REDIRECTS 20

/* HTML "create navigation params by fetching": redirects are followed by hand, so that each step
 * may be answered by a service worker. True when the navigation goes on elsewhere, or nowhere. */
static bool follow_redirect(struct navigation *n, const struct resource *r)
{
    bool redirect = r->status == 301 || r->status == 302 || r->status == 303 || r->status == 307 ||
                    r->status == 308;
    char *location = redirect ? resource_header(r, "Location") : NULL,
         *next = location ? url_resolve(n->url, location) : NULL;
    const char *fragment = strchr(n->url, '#');
    if (!location)
        return false;
    bool http = next && !strncmp(next, "http", 4);
    free(location);
    if (!http || ++n->redirects > MOST_REDIRECTS) {
        free(next);
        fail(n, http ? "it redirects more than 20 times"
                     : "it redirects to a URL that is not http(s)");
        return true;
    }
    if (fragment && !strchr(next, '#') && asprintf(&location, "%s%s", next, fragment) > 0) {
        free(next);
        next = location;
    }
    char *before = url_origin(n->url), *after = url_origin(next);
    if (n->client && (!before || !after || strcmp(before, after))) /* another environment */
        n->client = service_worker_client_redirect(n->client);
    free(before);
    free(after);
    free(n->url);
    n->url = next;
    load(n);
    return true;
}

/* Takes the answer's body and judges by its headers. */
static void answered(void *context, status s, struct resource *r)
{
    struct navigation *n = context;
    struct policy policy = n->initiator_policy;
    if (is_overtaken(n)) {
        navigation_free(n);
        return;
    }
    if (s != STATUS_OK) {
        fail(n, r->error ? r->error : status_text(s));
        return;
    }
    if (follow_redirect(n, r))
        return;
    char *type = resource_header(r, "Content-Type"), *cache = resource_header(r, "Cache-Control");
    n->no_store = header_tokens_contain(cache, "no-store");
    free(cache);
    n->module = ends_with(r->url, ".mjs");
    n->is_html = !type || !mime_type_is_javascript(type);
    free(type);
    n->text = r->bytes;
    n->length = r->length;
    r->bytes = NULL;
    if (!has_local_scheme(n->url)) {
        struct origin *origin = origin_of_url(n->url);
        policy_from_headers(&r->headers, will_be_secure(n, origin), &policy);
        origin_unref(origin);
    } else {
        policy.sandbox = 0;
    }
    respond(n, &policy);
}

static void never_answered(void *context)
{
    navigation_free(context);
}

/* The storage key that the new document will have; NULL when it shares with nobody. */
static char *future_storage_key(const struct navigation *n)
{
    struct origin *o = origin_of_url(n->url);
    unsigned sandbox = n->context ? context_container_sandbox(n->context) : 0;
    bool apart = (sandbox & SANDBOX_ORIGIN) || o->opaque || !will_be_secure(n, o);
    char *key = apart ? NULL : storage_key_in(n->user_agent->world->host, n->context, o);
    origin_unref(o);
    return key;
}

/* The initial blank document's Window will serve a document of its origin, as the same client
 * (R-WIN-01). */
static void reserve_client(struct navigation *n)
{
    struct document *d = n->context ? context_document(n->context) : NULL;
    struct service_worker_client *initial = NULL;
    struct origin *o = origin_of_url(n->url);
    if (d && d->initial_blank && d->place.agent == agent_current() &&
        origin_same_domain(d->origin, o))
        initial = page_client(d);
    if (initial && n->client) {
        service_worker_client_gone(n->client);
        n->client = NULL;
    }
    if (!n->client)
        n->client = service_worker_client_reserve_as(n->user_agent->world, initial);
    origin_unref(o);
    document_unref(d);
}

/* Mixed Content "should fetching request be blocked", for frames. */
static bool is_mixed_content(const struct navigation *n)
{
    if (!n->context || !n->context->parent || strncmp(n->url, "http:", 5))
        return false;
    struct origin *o = origin_of_url(n->url);
    bool secure = origin_is_secure(n->user_agent, o), around_is = false;
    origin_unref(o);
    for (struct browsing_context *c = n->context->parent; c && !secure && !around_is;
         c = c->parent) {
        struct document *d = context_document(c);
        around_is = d && origin_is_secure(n->user_agent, d->origin);
        document_unref(d);
    }
    return around_is;
}

/* Frames ask with the origin of the page around them, tabs are the user's. */
static void load(struct navigation *n)
{
    struct request q = {.url = n->url,
                        .mode = MODE_NAVIGATE,
                        .redirect = REDIRECT_MANUAL,
                        .credentials = CREDENTIALS_INCLUDE,
                        .destination = n->context && n->context->parent ? "iframe" : "document",
                        .is_reload = n->is_reload,
                        .is_history = n->is_history};
    struct agent *a = agent_current();
    start_loading(n);
    if (is_mixed_content(n)) {
        fail(n, "it is not secure, and the page around it is (mixed content)");
        return;
    }
    if (a) {
        char *key = future_storage_key(n);
        bool local = has_local_scheme(n->url);
        if (!local)
            reserve_client(n);
        q.reserved = local ? NULL : n->client;
        q.storage_key = key;
        if (n->client && !local && !key)
            service_worker_client_inherit(n->client, NULL);
        resource_fetch(a, &q, answered, never_answered, n);
        free(key);
        return;
    }
    struct resource r;
    status s = resource_request(n->user_agent->world, &q, &r);
    n->delay_ns += r.delay_ns;
    answered(n, s, &r);
    resource_release(&r);
}

void navigation_begin(struct navigation *n)
{
    set_ongoing(n);
    if (n->source == PAGE_FETCHED && is_blank(n->url))
        n->source = PAGE_BLANK;
    if (n->source == PAGE_FETCHED) {
        load(n);
        return;
    }
    struct policy policy = n->source == PAGE_SCRIPT ? policy_of_scenario() : n->initiator_policy;
    n->is_html = n->source != PAGE_SCRIPT;
    policy.sandbox = 0;
    policy.origin_keyed = false; /* R-AG-14 */
    respond(n, &policy);
}

/* ---- the windows that a run begins with ---- */

static bool has_feature(const char *features, const char *wanted)
{
    return features && strstr(features, wanted);
}

status window_start(struct user_agent *u, const struct window_options *o)
{
    struct navigation *n = navigation_new(u, o->url);
    if (!n)
        return STATUS_NO_MEMORY;
    n->label = strdup(o->name);
    n->target_name = o->target ? strdup(o->target) : NULL;
    if (o->script) {
        n->source = PAGE_SCRIPT;
        n->text = malloc(o->script_length + 1);
        memcpy(n->text, o->script, o->script_length);
        n->text[o->script_length] = 0;
        n->length = o->script_length;
        n->script_url = strdup(o->script_url);
        n->module = o->module;
    }
    bool apart = o->noopener || has_feature(o->features, "noopener") ||
                 has_feature(o->features, "noreferrer");
    if (o->opener && !apart)
        n->opener = user_agent_find(u, o->opener);
    navigation_begin(n);
    return STATUS_OK;
}

static void navigate_run(struct task *t, struct agent *a)
{
    struct navigation *n = caa_container_of(t, struct navigation, task);
    if (page_may_unload(a, n->context))
        navigation_begin(n);
    else
        navigation_free(n);
}

void navigable_navigate(struct navigation *n)
{
    struct document *d = context_document(n->context);
    n->task.run = navigate_run;
    n->task.drop = begin_drop;
    n->task.source = TASK_NETWORKING;
    set_ongoing(n);
    struct agent *to = d ? d->place.agent : agent_current();
    if (to)
        agent_post(to, &n->task);
    else
        navigation_begin(n);
    document_unref(d);
}
