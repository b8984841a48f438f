/* `history` (HTML 7.2.5) and what going through it does to a document (HTML "apply the history
 * step"). Own thread. */
#include "web/history.h"

#include "base/assert.h"
#include "engine/host_class.h"
#include "message/message.h"
#include "web/error_report.h"
#include "web/event.h"
#include "web/event_object.h"
#include "web/idl.h"
#include "web/navigable.h"
#include "web/url.h"
#include "web/web_agent.h"
#include "web/window.h"

#include <stdlib.h>
#include <string.h>

/* ---- the document moves within itself ---- */

static void set_url(struct page *p, const char *url)
{
    char *own = strdup(url), *shared = strdup(url);
    free(p->realm->url);
    p->realm->url = own;
    free(p->document->url);
    p->document->url = shared;
}

static void set_state(struct page *p, struct history_state *state)
{
    struct history_state *before = p->document->state;
    p->document->state = history_state_ref(state);
    history_state_unref(before);
    JS_FreeValue(p->realm->js, p->state);
    p->state = JS_UNINITIALIZED;
}

static JSValue state_value(struct page *p)
{
    JSContext *js = p->realm->js;
    if (JS_IsUninitialized(p->state)) {
        struct history_state *s = p->document->state;
        p->state = s ? message_deserialize(js, history_state_message(s), NULL) : JS_NULL;
        if (JS_IsException(p->state)) {
            JS_FreeValue(js, JS_GetException(js));
            p->state = JS_NULL;
        }
    }
    return JS_DupValue(js, p->state);
}

static void dispatch_at_window(struct page *p, JSValue event)
{
    JSContext *js = p->realm->js;
    JSValue global = JS_GetGlobalObject(js);
    if (JS_IsException(event) || event_dispatch(js, global, event) < 0)
        realm_report_exception(p->realm);
    JS_FreeValue(js, global);
    JS_FreeValue(js, event);
}

static void fire_pop_state(struct page *p)
{
    struct event *e;
    JSValue event = event_new_trusted(p->realm->js, &pop_state_event_interface, "popstate",
                                      POP_STATE_SLOTS, &e);
    if (!JS_IsException(event))
        e->slots[POP_STATE_STATE] = state_value(p);
    dispatch_at_window(p, event);
}

struct hash_change {
    char *before, *after;
};

static void fire_hash_change(struct page *p, void *context)
{
    struct hash_change *h = context;
    struct event *e;
    JSContext *js = p->realm->js;
    JSValue event =
        event_new_trusted(js, &hash_change_event_interface, "hashchange", HASH_CHANGE_SLOTS, &e);
    if (!JS_IsException(event)) {
        e->slots[HASH_CHANGE_OLD] = JS_NewString(js, h->before);
        e->slots[HASH_CHANGE_NEW] = JS_NewString(js, h->after);
    }
    dispatch_at_window(p, event);
}

static void forget_hash_change(void *context)
{
    struct hash_change *h = context;
    free(h->before);
    free(h->after);
    free(h);
}

/* HTML "update document for history step application": the URL first, then `popstate` at once and
 * `hashchange` as a task. */
static void show(struct page *p, const char *url, struct history_state *state)
{
    const char *from = strchr(p->document->url, '#'), *to = strchr(url, '#');
    bool hash_changed = strcmp(from ? from : "", to ? to : "") != 0;
    struct hash_change *h = malloc(sizeof *h);
    hd_assert(h);
    *h = (struct hash_change){strdup(p->document->url), strdup(url)};
    struct document *d = document_ref(p->document);
    set_url(p, url);
    set_state(p, state);
    fire_pop_state(p);
    if (d->page && hash_changed)
        page_queue_owned(d->page, TASK_DOM_MANIPULATION, fire_hash_change, h, forget_hash_change);
    else
        forget_hash_change(h);
    document_unref(d);
}

void history_go_to_fragment(struct page *p, const char *url, bool replace)
{
    bool same = !strcmp(p->document->url, url);
    session_history_commit(p->document->context, p->document, url, NULL,
                           replace || same ? HISTORY_REPLACE : HISTORY_PUSH, true);
    show(p, url, NULL);
}

/* ---- back and forward ---- */

struct step_task {
    struct task task;
    struct history_change change;
    struct navigation *navigation; /* to load the page again; NULL: not made yet */
};

static void step_drop(struct task *t)
{
    struct step_task *x = caa_container_of(t, struct step_task, task);
    history_change_release(&x->change);
    if (x->navigation)
        navigation_free(x->navigation);
    free(x);
}

static void load_again(struct step_task *x)
{
    struct navigation *n = navigation_again(x->change.document);
    if (!n)
        return;
    context_unref(n->context);
    n->context = context_ref(x->change.context);
    free(n->url);
    n->url = strdup(x->change.url);
    n->handling = HISTORY_TRAVERSE;
    history_state_unref(n->state);
    n->state = history_state_ref(x->change.state);
    n->is_reload = false;
    n->is_history = true;
    n->not_restored = atomic_load_explicit(&x->change.document->why_not_kept, memory_order_relaxed);
    navigation_begin(n);
}

/* In the agent of the document that is gone back to: it may have been kept there. */
static void revive_run(struct task *t, struct agent *a)
{
    struct step_task *x = caa_container_of(t, struct step_task, task);
    struct document *d = x->change.document;
    (void)a;
    if (d->page && d->page->stored && d->context == x->change.context) {
        struct document *old = context_document(d->context);
        if (context_set_document(d->context, d)) {
            if (old)
                navigable_leave(old);
            if (d->page)
                page_restore(d->page);
            if (d->page && strcmp(d->url, x->change.url))
                show(d->page, x->change.url, x->change.state);
        }
        document_unref(old);
    } else {
        load_again(x);
    }
    step_drop(t);
}

static void post_step(struct agent *to, struct step_task *x,
                      void (*run)(struct task *, struct agent *))
{
    x->task = (struct task){.run = run, .drop = step_drop, .source = TASK_DOM_MANIPULATION};
    agent_post(to, &x->task);
}

/* In the agent of what is shown now, which may want to stay. */
static void step_run(struct task *t, struct agent *a)
{
    struct step_task *x = caa_container_of(t, struct step_task, task);
    struct document *active = context_document(x->change.context), *d = x->change.document;
    if (active && active->place.agent != a) { /* it has gone on meanwhile */
        post_step(active->place.agent, x, step_run);
    } else if (active && active->page && active == d) {
        show(active->page, x->change.url, x->change.state);
        step_drop(t);
    } else if (active && !page_may_unload(a, x->change.context)) {
        step_drop(t);
    } else if (agent_life(d->place.agent) == AGENT_ALIVE && d->place.agent != a) {
        post_step(d->place.agent, x, revive_run);
    } else {
        revive_run(t, a);
    }
    document_unref(active);
}

void history_go(struct browsing_context *c, int delta)
{
    struct history_change *changes;
    size_t count = session_history_go(c, delta, &changes);
    for (size_t i = 0; i < count; i++) {
        struct step_task *x = calloc(1, sizeof *x);
        hd_assert(x);
        x->change = changes[i];
        struct document *active = context_document(x->change.context);
        struct agent *to = active ? active->place.agent : x->change.document->place.agent;
        post_step(to, x, step_run);
        document_unref(active);
    }
    free(changes);
}

/* ---- History ---- */

struct history {
    struct realm *realm;
};

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    js_free_rt(runtime, interface_peek(value, &history_interface));
}

/* The page, while it is fully active; NULL with a SecurityError. */
static struct page *history_page(JSContext *js, JSValueConst self)
{
    const struct history *h = interface_opaque(js, self, &history_interface);
    struct page *p = h ? page_of(h->realm) : NULL;
    if (h && !p)
        throw_dom_exception(js, "SecurityError", "the document of this history is not active");
    return p;
}

static JSValue get_length(JSContext *js, JSValueConst self)
{
    struct page *p = history_page(js, self);
    return p ? JS_NewInt64(js, (int64_t)session_history_length(p->document->context))
             : JS_EXCEPTION;
}

static JSValue get_state(JSContext *js, JSValueConst self)
{
    struct page *p = history_page(js, self);
    return p ? state_value(p) : JS_EXCEPTION;
}

static JSValue get_scroll_restoration(JSContext *js, JSValueConst self)
{
    return history_page(js, self) ? JS_NewString(js, "auto") : JS_EXCEPTION;
}

struct go_task {
    struct task task;
    struct browsing_context *context; /* counted */
    int delta;
};

static void go_drop(struct task *t)
{
    struct go_task *x = caa_container_of(t, struct go_task, task);
    context_unref(x->context);
    free(x);
}

static void go_run(struct task *t, struct agent *a)
{
    struct go_task *x = caa_container_of(t, struct go_task, task);
    (void)a;
    if (!context_is_closed(x->context))
        history_go(x->context, x->delta);
    go_drop(t);
}

/* HTML "delta traverse": a task of its own; nothing moves while the script goes on. */
static JSValue traverse(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                        int delta)
{
    struct page *p = history_page(js, self);
    int32_t by = delta;
    if (!p || (!delta && count && JS_ToInt32(js, &by, arguments[0])))
        return JS_EXCEPTION;
    if (!by) {
        struct navigation *n = navigation_again(p->document);
        if (n)
            navigable_navigate(n);
        return JS_UNDEFINED;
    }
    struct go_task *x = calloc(1, sizeof *x);
    hd_assert(x);
    x->task = (struct task){.run = go_run, .drop = go_drop, .source = TASK_DOM_MANIPULATION};
    x->context = context_ref(p->document->context);
    x->delta = by;
    agent_queue(p->realm->agent, &x->task);
    return JS_UNDEFINED;
}

/* HTML "can have its URL rewritten". */
static bool may_show(const struct document *d, const char *url)
{
    struct url a, b;
    if (!url_parse(d->url, strlen(d->url), NULL, &a))
        return false;
    bool parsed = url_parse(url, strlen(url), NULL, &b), may = parsed;
    if (parsed) {
        char *before = url_origin(d->url), *after = url_origin(url);
        bool http = !strncmp(url, "http", 4);
        may = !strcmp(buffer_text(&a.username), buffer_text(&b.username)) &&
              !strcmp(buffer_text(&a.password), buffer_text(&b.password)) &&
              (http ? before && after && !strcmp(before, after)
                    : strcspn(d->url, "#") == strcspn(url, "#") &&
                          !strncmp(d->url, url, strcspn(url, "#")));
        free(before);
        free(after);
        url_release(&b);
    }
    url_release(&a);
    return may;
}

/* StructuredSerializeForStorage: shared memory cannot be stored (R-SAB-02). NULL with an
 * exception. */
static struct history_state *serialize(JSContext *js, JSValueConst value)
{
    struct message *m;
    if (message_serialize(js, value, JS_UNDEFINED, &m))
        return NULL;
    for (uint32_t i = 0; i < m->attachment_count; i++)
        if (m->attachments[i].kind == ATTACHMENT_BLOCK) {
            message_lose(m, LOST_UNSENT);
            throw_dom_exception(js, "DataCloneError",
                                "a SharedArrayBuffer cannot be kept in the session history");
            return NULL;
        }
    m->for_several = true;
    return history_state_new(m);
}

/* The URL of the third argument, malloc'd; NULL with an exception. */
static char *new_url(JSContext *js, struct page *p, int count, JSValueConst *arguments)
{
    if (count < 3 || JS_IsUndefined(arguments[2]) || JS_IsNull(arguments[2]))
        return strdup(p->document->url);
    char *text = idl_text(js, arguments[2]),
         *url = text ? url_resolve(realm_base(p->realm), text) : NULL;
    if (text && (!url || !may_show(p->document, url))) {
        throw_dom_exception(js, "SecurityError", "the history cannot show '%s' for this document",
                            text);
        free(url);
        url = NULL;
    }
    free(text);
    return url;
}

static JSValue set_entry(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                         int replace)
{
    struct page *p = history_page(js, self);
    if (!p || !idl_arguments(js, replace ? "replaceState" : "pushState", count, 2))
        return JS_EXCEPTION;
    struct history_state *state = serialize(js, arguments[0]);
    char *url = state ? new_url(js, p, count, arguments) : NULL;
    if (url) {
        bool replaces = replace || p->document->initial_blank;
        session_history_commit(p->document->context, p->document, url, state,
                               replaces ? HISTORY_REPLACE : HISTORY_PUSH, true);
        set_url(p, url);
        set_state(p, state);
    }
    history_state_unref(state);
    bool failed = !url;
    free(url);
    return failed ? JS_EXCEPTION : JS_UNDEFINED;
}

static const JSCFunctionListEntry prototype[] = {
    IDL_ATTRIBUTE("length", get_length, NULL),
    IDL_ATTRIBUTE("scrollRestoration", get_scroll_restoration, NULL),
    IDL_ATTRIBUTE("state", get_state, NULL),
    IDL_METHOD_MAGIC("go", 0, traverse, 0),
    IDL_METHOD_MAGIC("back", 0, traverse, -1),
    IDL_METHOD_MAGIC("forward", 0, traverse, 1),
    IDL_METHOD_MAGIC("pushState", 2, set_entry, false),
    IDL_METHOD_MAGIC("replaceState", 2, set_entry, true),
};

const struct interface history_interface = {
    .host_class = HOST_CLASS_HISTORY,
    .name = "History",
    .class_definition = {.finalizer = finalize},
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
};

JSValue window_history(JSContext *js, JSValueConst self)
{
    struct realm *r = realm_of(js);
    JSValue *kept = &r->window_parts[WINDOW_HISTORY];
    (void)self;
    if (!JS_IsObject(*kept)) {
        struct history *h = js_malloc(js, sizeof *h);
        if (!h)
            return JS_EXCEPTION;
        h->realm = r;
        JSValue object = interface_object(js, &history_interface, h);
        if (JS_IsException(object)) {
            js_free(js, h);
            return object;
        }
        *kept = object;
    }
    return JS_DupValue(js, *kept);
}
