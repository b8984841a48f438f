#include "web/worklet.h"

#include "agent/world.h"
#include "message/message.h"
#include "message/port.h"
#include "web/idl.h"
#include "web/mime_type.h"
#include "web/resource.h"
#include "web/service_worker.h"
#include "web/url.h"
#include "web/web_agent.h"
#include "web/worklet_scope.h"

#include <stdlib.h>
#include <string.h>

struct added_module {
    struct added_module *next;
    struct module_text *text;
};

struct ticket {
    struct ticket *next;
    uint32_t id;
    unsigned left;
    bool settled;
    JSValue resolving[2];
};

struct worklet {
    struct worklet *next; /* of the realm */
    struct realm *realm;
    enum worklet_kind kind;
    unsigned wanted, count;
    struct agent **scopes; /* counted */
    struct worklet_tie *tie;
    const struct worklet_owner_calls *calls;
    void *holder;
    struct added_module *modules; /* in the order of adding (R-WT-02) */
    struct addition *additions;   /* whose module is being fetched */
    struct ticket *tickets;
    uint32_t last_ticket;
};

/* ---- news ---- */

struct worklet_tie *worklet_tie_ref(struct worklet_tie *t)
{
    atomic_fetch_add_explicit(&t->references, 1, memory_order_relaxed);
    return t;
}

void worklet_tie_unref(struct worklet_tie *t)
{
    if (atomic_fetch_sub_explicit(&t->references, 1, memory_order_acq_rel) == 1)
        free(t);
}

void worklet_letter_release(struct worklet_letter *l)
{
    if (l->message)
        message_lose(l->message, LOST_ENDED);
    if (l->port)
        port_release(l->port);
    l->message = NULL;
    l->port = NULL;
}

static struct ticket **find_ticket(struct worklet *w, uint32_t id)
{
    struct ticket **link = &w->tickets;
    while (*link && (*link)->id != id)
        link = &(*link)->next;
    return link;
}

/* The value that came with a letter; an exception when it cannot be rebuilt. */
static JSValue value_of(JSContext *js, struct worklet_letter *l)
{
    return l->message ? message_deserialize(js, l->message, NULL) : JS_UNDEFINED;
}

/* Settles with a value, which is taken. */
static void settle(struct worklet *w, struct ticket *t, bool fulfil, JSValue value)
{
    JSContext *js = w->realm->js;
    t->settled = true;
    JSValue result = JS_Call(js, t->resolving[!fulfil], JS_UNDEFINED, 1, (JSValueConst *)&value);
    if (JS_IsException(result))
        realm_report_exception(w->realm);
    JS_FreeValue(js, result);
    JS_FreeValue(js, value);
}

static void ticket_free(struct worklet *w, struct ticket **link)
{
    struct ticket *t = *link;
    *link = t->next;
    JS_FreeValue(w->realm->js, t->resolving[0]);
    JS_FreeValue(w->realm->js, t->resolving[1]);
    free(t);
}

static void answered(struct worklet *w, struct worklet_letter *l)
{
    struct ticket **link = find_ticket(w, l->id), *t = *link;
    JSContext *js = w->realm->js;
    if (!t)
        return;
    bool last = --t->left == 0;
    if (!t->settled && (last || l->what == WORKLET_REFUSED)) {
        JSValue value = value_of(js, l);
        bool lost = JS_IsException(value);
        settle(w, t, !lost && l->what == WORKLET_DONE, lost ? JS_GetException(js) : value);
    }
    if (last)
        ticket_free(w, find_ticket(w, l->id));
}

static void news_drop(struct task *t)
{
    struct worklet_news *n = caa_container_of(t, struct worklet_news, task);
    worklet_letter_release(&n->letter);
    worklet_tie_unref(n->tie);
    free(n);
}

static void news_run(struct task *t, struct agent *a)
{
    struct worklet_news *n = caa_container_of(t, struct worklet_news, task);
    struct worklet *w = n->tie->worklet;
    (void)a;
    if (w && n->letter.what < WORKLET_WHAT_OWN)
        answered(w, &n->letter);
    else if (w)
        w->calls->hear(w->holder, w, &n->letter);
    news_drop(t);
}

struct worklet_news *worklet_news_new(struct worklet_tie *tie, const struct worklet_letter *letter)
{
    struct worklet_news *n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    n->task = (struct task){.run = news_run, .drop = news_drop, .source = TASK_NETWORKING};
    n->tie = worklet_tie_ref(tie);
    n->letter = *letter;
    return n;
}

/* ---- scopes ---- */

static struct agent *make_scope(struct worklet *w)
{
    struct realm *r = w->realm;
    struct worklet_scope_start start = {
        .kind = w->kind,
        .owner = r->agent,
        .tie = w->tie,
        .url = r->url,
        .origin = r->origin->text,
        .number = ++r->worklet_scopes_made,
        .cross_origin_isolated = (w->kind == WORKLET_AUDIO || web_of(r->agent)->knobs.worklets_isolate) && r->cross_origin_isolated, /* R-COI-05 */
    };
    return worklet_scope_start(&start);
}

static void order_module(struct agent *scope, struct module_text *text, uint32_t ticket)
{
    struct worklet_order *o = worklet_order_new(&(struct worklet_letter){.what = WORKLET_MODULE, .id = ticket});
    if (!o)
        return;
    o->text = module_text_ref(text);
    agent_post(scope, &o->task);
}

/* False when no further agent can be started. */
static bool ensure_scopes(struct worklet *w)
{
    if (!w->scopes)
        w->scopes = calloc(w->wanted, sizeof(struct agent *));
    while (w->scopes && w->count < w->wanted) {
        struct agent *scope = make_scope(w);
        if (!scope)
            return false;
        w->scopes[w->count++] = scope;
        if (w->calls->scope_made)
            w->calls->scope_made(w->holder, w, w->count - 1);
    }
    return w->scopes;
}

struct agent *worklet_agent(const struct worklet *w, unsigned scope)
{
    return w->scopes[scope];
}

unsigned worklet_scope_count(const struct worklet *w)
{
    return w->count;
}

void worklet_order(struct worklet *w, unsigned scope, const struct worklet_letter *letter)
{
    struct worklet_letter lost = *letter;
    struct worklet_order *o = scope < w->count ? worklet_order_new(letter) : NULL;
    if (o)
        agent_post(w->scopes[scope], &o->task);
    else
        worklet_letter_release(&lost);
}

void worklet_replace_scope(struct worklet *w, unsigned scope)
{
    struct agent *fresh = make_scope(w);
    if (!fresh)
        return;
    agent_terminate(w->scopes[scope], "terminated");
    agent_unref(w->scopes[scope]);
    w->scopes[scope] = fresh;
    if (w->calls->scope_made)
        w->calls->scope_made(w->holder, w, scope);
    for (struct added_module *m = w->modules; m; m = m->next)
        order_module(fresh, m->text, 0);
}

void worklets_replace_scope(struct realm *r, const struct agent *scope)
{
    for (struct worklet *w = r->worklets; w; w = w->next)
        for (unsigned i = 0; i < w->count; i++)
            if (w->scopes[i] == scope) {
                worklet_replace_scope(w, i);
                return;
            }
}

/* ---- tickets ---- */

JSValue worklet_ticket(struct worklet *w, unsigned answers, uint32_t *id)
{
    JSContext *js = w->realm->js;
    struct ticket *t = calloc(1, sizeof *t);
    if (!t)
        return JS_ThrowOutOfMemory(js);
    JSValue promise = JS_NewPromiseCapability(js, t->resolving);
    if (JS_IsException(promise)) {
        free(t);
        return promise;
    }
    t->id = *id = ++w->last_ticket;
    t->left = answers;
    t->next = w->tickets;
    w->tickets = t;
    return promise;
}

/* ---- addModule ---- */

/* A module on its way; the fetch calls exactly one of `done` and `drop`, or is canceled by the end of the worklet. */
struct addition {
    struct addition *next, *previous;
    struct worklet *worklet;
    struct resource_fetch *fetch;
    uint32_t ticket;
    char *url;
};

static void addition_free(struct addition *x)
{
    *(x->previous ? &x->previous->next : &x->worklet->additions) = x->next;
    if (x->next)
        x->next->previous = x->previous;
    free(x->url);
    free(x);
}

static struct module_text *find_text(const struct worklet *w, const char *url)
{
    struct added_module *m = w->modules;
    while (m && strcmp(m->text->url, url))
        m = m->next;
    return m ? m->text : NULL;
}

static struct module_text *keep_text(struct worklet *w, const char *url, const struct resource *r)
{
    struct added_module *m = calloc(1, sizeof *m), **end = &w->modules;
    struct module_text *t = m ? module_text_new(url, r->bytes, r->length) : NULL;
    if (!t) {
        free(m);
        return NULL;
    }
    m->text = t;
    while (*end)
        end = &(*end)->next;
    *end = m;
    return t;
}

static void refuse(struct worklet *w, uint32_t id, const char *name, const char *message)
{
    struct ticket **link = find_ticket(w, id);
    JSContext *js = w->realm->js;
    if (!*link)
        return;
    throw_dom_exception(js, name, "%s", message);
    settle(w, *link, false, JS_GetException(js));
    ticket_free(w, find_ticket(w, id));
}

static void give_to_all(struct worklet *w, struct module_text *text, uint32_t ticket)
{
    for (unsigned i = 0; i < w->count; i++)
        order_module(w->scopes[i], text, ticket);
}

static void fetched(void *context, status s, struct resource *r)
{
    struct addition *x = context;
    struct worklet *w = x->worklet;
    struct module_text *text = find_text(w, x->url);
    char *type = s == STATUS_OK ? resource_header(r, "content-type") : NULL;
    bool usable = s == STATUS_OK && resource_is_ok(r) && mime_type_is_javascript(type);
    free(type);
    if (!text && usable)
        text = keep_text(w, x->url, r);
    if (text) {
        give_to_all(w, text, x->ticket);
    } else {
        resource_warn(w->realm->agent, "the worklet's module", x->url, s, r);
        refuse(w, x->ticket, "AbortError", "the module could not be loaded");
    }
    addition_free(x);
}

static void fetch_dropped(void *context)
{
    addition_free(context);
}

static int start_fetch(struct worklet *w, const char *url, enum request_credentials credentials, uint32_t ticket)
{
    struct addition *x = calloc(1, sizeof *x);
    if (!x)
        return -1;
    *x = (struct addition){.next = w->additions, .worklet = w, .ticket = ticket, .url = strdup(url)};
    if (x->next)
        x->next->previous = x;
    w->additions = x;
    struct request q = {.url = x->url, .origin = w->realm->origin->text, .mode = MODE_CORS, .credentials = credentials, .use = USE_SCRIPT,
                        .client = realm_client(w->realm)};
    x->fetch = resource_fetch(w->realm->agent, &q, fetched, fetch_dropped, x);
    if (x->fetch)
        return 0;
    addition_free(x);
    return -1;
}

/* WorkletOptions: credentials. */
static int read_credentials(JSContext *js, JSValueConst value, enum request_credentials *out)
{
    JSValueConst dictionary;
    *out = CREDENTIALS_SAME_ORIGIN;
    if (idl_dictionary(js, value, &dictionary))
        return -1;
    JSValue member = idl_member(js, dictionary, "credentials");
    if (JS_IsUndefined(member))
        return 0;
    const char *text = JS_IsException(member) ? NULL : JS_ToCString(js, member);
    JS_FreeValue(js, member);
    if (!text)
        return -1;
    bool omit = !strcmp(text, "omit"), include = !strcmp(text, "include"), same = !strcmp(text, "same-origin");
    if (!omit && !include && !same)
        JS_ThrowTypeError(js, "'%s' is no value of the option credentials", text);
    JS_FreeCString(js, text);
    *out = omit ? CREDENTIALS_OMIT : include ? CREDENTIALS_INCLUDE : CREDENTIALS_SAME_ORIGIN;
    return omit || include || same ? 0 : -1;
}

static JSValue add_url(JSContext *js, struct worklet *w, const char *url, enum request_credentials credentials)
{
    uint32_t id;
    if (!ensure_scopes(w))
        return JS_ThrowRangeError(js, "no further worklet scope can be started: too many agents");
    JSValue promise = worklet_ticket(w, w->count, &id);
    if (JS_IsException(promise))
        return promise;
    struct module_text *text = find_text(w, url);
    if (text)
        give_to_all(w, text, id);
    else if (start_fetch(w, url, credentials, id))
        refuse(w, id, "AbortError", "out of memory");
    return promise;
}

JSValue worklet_add_module(JSContext *js, struct worklet *w, int count, JSValueConst *arguments)
{
    enum request_credentials credentials;
    if (!idl_arguments(js, "addModule", count, 1))
        return JS_EXCEPTION;
    const char *text = JS_ToCString(js, arguments[0]);
    if (!text || read_credentials(js, count > 1 ? arguments[1] : JS_UNDEFINED, &credentials)) {
        JS_FreeCString(js, text);
        return JS_EXCEPTION;
    }
    char *url = url_resolve(realm_base(w->realm), text);
    JSValue promise = url ? add_url(js, w, url, credentials)
                          : throw_dom_exception(js, "SyntaxError", "'%s' is not a URL that a module can be loaded from", text);
    free(url);
    JS_FreeCString(js, text);
    return promise;
}

/* ---- beginning and end ---- */

struct worklet *worklet_new(struct realm *owner, enum worklet_kind kind, unsigned scopes, const struct worklet_owner_calls *calls,
                            void *holder)
{
    struct worklet *w = calloc(1, sizeof *w);
    struct worklet_tie *tie = w ? calloc(1, sizeof *tie) : NULL;
    if (!tie) {
        free(w);
        return NULL;
    }
    atomic_init(&tie->references, 1);
    tie->worklet = w;
    *w = (struct worklet){.next = owner->worklets, .realm = owner, .kind = kind, .wanted = scopes, .tie = tie, .calls = calls, .holder = holder};
    owner->worklets = w;
    return w;
}

static void worklet_free(struct worklet *w)
{
    w->calls->ended(w->holder);
    w->tie->worklet = NULL;
    worklet_tie_unref(w->tie);
    for (unsigned i = 0; i < w->count; i++) {
        agent_terminate(w->scopes[i], "orphaned");
        agent_unref(w->scopes[i]);
    }
    free(w->scopes);
    while (w->additions) {
        resource_fetch_cancel(w->additions->fetch);
        addition_free(w->additions);
    }
    while (w->tickets)
        ticket_free(w, &w->tickets);
    while (w->modules) {
        struct added_module *m = w->modules;
        w->modules = m->next;
        module_text_unref(m->text);
        free(m);
    }
    free(w);
}

void worklets_clear(struct realm *r)
{
    while (r->worklets) {
        struct worklet *w = r->worklets;
        r->worklets = w->next;
        worklet_free(w);
    }
}

/* ---- the Worklet interface ---- */

static JSValue add_module(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    const struct worklet_object *o = interface_opaque(js, self, &worklet_interface);
    JSValue promise = o && o->worklet ? worklet_add_module(js, o->worklet, count, arguments) : JS_EXCEPTION;
    if (o && !o->worklet)
        throw_dom_exception(js, "InvalidStateError", "the worklet's document is gone");
    return JS_IsException(promise) ? idl_rejected(js) : promise;
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    struct worklet_object *o = interface_peek(value, &worklet_interface);
    js_free_rt(runtime, o);
}

static const JSCFunctionListEntry prototype[] = {JS_CFUNC_DEF2("addModule", 1, add_module, JS_PROP_C_W_E)};

const struct interface worklet_interface = {
    .host_class = HOST_CLASS_WORKLET,
    .name = "Worklet",
    .class_definition = {.finalizer = finalize},
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof prototype[0],
};
