#include "web/window.h"

#include "base/buffer.h"
#include "engine/interface.h"
#include "message/message.h"
#include "web/dom.h"
#include "web/error_report.h"
#include "web/event.h"
#include "web/globals.h"
#include "web/message_delivery.h"
#include "web/idl.h"
#include "web/navigable.h"
#include "web/page.h"
#include "web/page_lifecycle.h"
#include "web/service_worker_registry.h"
#include "web/url.h"
#include "web/web_agent.h"
#include "web/window_proxy.h"

#include <stdlib.h>
#include <string.h>

struct browsing_context *window_this(JSContext *js, JSValueConst self)
{
    struct browsing_context *c = window_proxy_context(self);
    struct realm *r = realm_of(js);
    if (c)
        return c;
    if (r->document)
        return r->document->context;
    JS_ThrowTypeError(js, "Illegal invocation: not of type Window");
    return NULL;
}

/* ---- postMessage (R-WM-01, R-WM-02, R-SAB-22) ---- */

/* What travels with a message to a window. */
struct window_letter {
    struct browsing_context *source; /* counted */
    struct origin *target;           /* counted; NULL = any */
    struct document *document;       /* counted: whose window was addressed */
    char origin[];                   /* the sender's, serialized */
};

static void letter_free(struct window_letter *l)
{
    context_unref(l->source);
    origin_unref(l->target);
    document_unref(l->document);
    free(l);
}

static void letter_drop(struct task *t)
{
    struct message *m = message_of_task(t);
    letter_free(m->target);
    message_lose(m, LOST_ENDED);
}

/* The origin is compared now, with the document that is there (trap 15). */
static void letter_run(struct task *t, struct agent *a)
{
    struct message *m = message_of_task(t);
    struct window_letter *l = m->target;
    struct page *p = l->document->page;
    (void)a;
    if (p && (!l->target || origin_same(l->target, p->document->origin))) {
        JSValue source = window_proxy_for(p->realm->js, l->source);
        m->target = NULL;
        message_deliver(p->realm, JS_UNDEFINED, m, l->origin, source);
        JS_FreeValue(p->realm->js, source);
    } else {
        message_lose(m, p ? LOST_ORIGIN : LOST_ENDED);
    }
    letter_free(l);
}

struct post_options {
    struct origin *target;
    JSValue transfer;
};

static int read_target(JSContext *js, JSValueConst value, struct realm *sender, struct origin **out)
{
    const char *text = JS_ToCString(js, value);
    struct url u;
    int failed = -1;
    *out = NULL;
    if (!text)
        return -1;
    if (!strcmp(text, "*")) {
        failed = 0;
    } else if (!strcmp(text, "/")) {
        *out = origin_ref(sender->origin);
        failed = 0;
    } else if (url_parse(text, strlen(text), NULL, &u)) {
        url_release(&u);
        *out = origin_of_url(text);
        failed = 0;
    } else {
        throw_dom_exception(js, "SyntaxError", "'%s' is not a target origin", text);
    }
    JS_FreeCString(js, text);
    return failed;
}

/* (message, targetOrigin, transfer) or (message, { targetOrigin, transfer }). */
/* sequence<object>, and no dictionary that has one. */
static JSValue transfer_sequence(JSContext *js, JSValueConst value)
{
    int iterable = JS_IsObject(value) ? idl_is_iterable(js, value) : 0;
    if (iterable < 0)
        return JS_EXCEPTION;
    return iterable ? message_transfer_list(js, value) : JS_ThrowTypeError(js, "postMessage: the transfer list is not a sequence");
}

static int read_post_options(JSContext *js, int count, JSValueConst *arguments,
                             struct realm *sender, struct post_options *o)
{
    *o = (struct post_options){.transfer = JS_UNDEFINED};
    bool dictionary = count < 2 || JS_IsObject(arguments[1]) || JS_IsUndefined(arguments[1]) ||
                      JS_IsNull(arguments[1]);
    JSValue target = dictionary && count > 1 && JS_IsObject(arguments[1])
                         ? JS_GetPropertyStr(js, arguments[1], "targetOrigin")
                     : !dictionary ? JS_DupValue(js, arguments[1])
                                   : JS_UNDEFINED;
    if (JS_IsException(target))
        return -1;
    if (JS_IsUndefined(target))
        o->target = origin_ref(sender->origin);
    int failed = JS_IsUndefined(target) ? 0 : read_target(js, target, sender, &o->target);
    JS_FreeValue(js, target);
    if (failed)
        return -1;
    if (dictionary)
        o->transfer = count > 1 && JS_IsObject(arguments[1])
                          ? message_transfer_option(js, arguments[1])
                          : JS_UNDEFINED;
    else if (count > 2 && !JS_IsUndefined(arguments[2]))
        o->transfer = transfer_sequence(js, arguments[2]);
    if (!JS_IsException(o->transfer))
        return 0;
    origin_unref(o->target);
    return -1;
}

static JSValue post_message(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct browsing_context *c = window_this(js, self);
    struct realm *sender = realm_caller(js);
    struct post_options o;
    struct message *m;
    if (!c)
        return JS_EXCEPTION;
    if (count < 1)
        return JS_ThrowTypeError(js, "postMessage: 1 argument required, but only 0 present");
    if (read_post_options(js, count, arguments, sender, &o))
        return JS_EXCEPTION;
    int failed = message_serialize(js, arguments[0], o.transfer, &m);
    JS_FreeValue(js, o.transfer);
    struct document *d = failed ? NULL : context_document(c);
    struct window_letter *l = d ? calloc(1, sizeof *l + strlen(sender->origin->text) + 1) : NULL;
    if (!l) { /* thrown, or nobody is there */
        if (!failed)
            message_lose(m, LOST_UNHEARD);
        origin_unref(o.target);
        document_unref(d);
        return failed ? JS_EXCEPTION : JS_UNDEFINED;
    }
    strcpy(l->origin, sender->origin->text);
    l->source = sender->document ? context_ref(sender->document->context) : NULL;
    l->target = o.target;
    l->document = d;
    m->target = l;
    m->task.run = letter_run;
    m->task.drop = letter_drop;
    m->task.source = TASK_POSTED_MESSAGE;
    m->task.activity = activity_ref(d->activity);
    agent_post(d->place.agent, &m->task);
    return JS_UNDEFINED;
}

/* ---- close, focus, blur, stop ---- */

/* Nothing is rendered; but service workers see which of their windows had the focus last. */
static JSValue window_focus(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct browsing_context *c = window_this(js, self);
    (void)count;
    (void)arguments;
    if (!c)
        return JS_EXCEPTION;
    struct document *d = context_document(c);
    struct service_worker_client *client =
        d && d->place.agent == realm_of(js)->agent ? page_client(d) : NULL;
    if (client)
        service_worker_client_focus(client);
    document_unref(d);
    if (!c->parent && !context_is_closed(c))
        user_agent_focus(c->user_agent, c);
    return JS_UNDEFINED;
}

struct closing {
    struct task task;
    struct browsing_context *context; /* counted */
};

static void closing_drop(struct task *t)
{
    struct closing *x = caa_container_of(t, struct closing, task);
    context_unref(x->context);
    free(x);
}

static void closing_run(struct task *t, struct agent *a)
{
    struct closing *x = caa_container_of(t, struct closing, task);
    (void)a;
    navigable_end(x->context, true, true);
    closing_drop(t);
}

static JSValue window_close(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct browsing_context *c = window_this(js, self);
    (void)count;
    (void)arguments;
    if (!c)
        return JS_EXCEPTION;
    if (c->parent || !context_begin_closing(c))
        return JS_UNDEFINED;
    struct closing *x = calloc(1, sizeof *x);
    struct document *d = context_document(c);
    if (x) {
        x->task.run = closing_run;
        x->task.drop = closing_drop;
        x->task.source = TASK_DOM_MANIPULATION;
        x->context = context_ref(c);
        agent_post(d ? d->place.agent : realm_of(js)->agent, &x->task);
    }
    document_unref(d);
    return JS_UNDEFINED;
}

static JSValue do_nothing(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)js;
    (void)self;
    (void)count;
    (void)arguments;
    return JS_UNDEFINED;
}

/* ---- what strangers may use ---- */

const char *window_member_name(enum window_member m)
{
    static const char *const names[WINDOW_MEMBER_COUNT] = {
        "window", "self",   "location", "close",  "closed", "focus",      "blur",
        "frames", "length", "top",      "opener", "parent", "postMessage"};
    return names[m];
}

static enum window_member find_member(JSContext *js, JSAtom name)
{
    const char *text = JS_AtomToCString(js, name);
    int m = 0;
    while (text && m < WINDOW_MEMBER_COUNT &&
           strcmp(text, window_member_name((enum window_member)m)))
        m++;
    JS_FreeCString(js, text);
    return text ? (enum window_member)m : WINDOW_MEMBER_COUNT;
}

static JSValue proxy_and_unref(JSContext *js, struct browsing_context *c)
{
    JSValue proxy = window_proxy_for(js, c);
    context_unref(c);
    return proxy;
}

static JSValue member_value(JSContext *js, struct browsing_context *c, enum window_member m)
{
    switch (m) {
    case MEMBER_WINDOW:
    case MEMBER_SELF:
    case MEMBER_FRAMES:
        return window_proxy_for(js, c);
    case MEMBER_LOCATION:
        return location_view(js, c);
    case MEMBER_CLOSED:
        return JS_NewBool(js, context_is_closed(c));
    case MEMBER_LENGTH:
        return JS_NewInt64(js, (int64_t)context_child_count(c));
    case MEMBER_TOP:
        return context_is_closed(c) ? JS_NULL : window_proxy_for(js, context_top(c));
    case MEMBER_PARENT:
        return context_is_closed(c) ? JS_NULL : window_proxy_for(js, c->parent ? c->parent : c);
    case MEMBER_OPENER:
        return proxy_and_unref(js, context_opener(c));
    case MEMBER_CLOSE:
        return JS_NewCFunction(js, window_close, "close", 0);
    case MEMBER_FOCUS:
        return JS_NewCFunction(js, do_nothing, "focus", 0);
    case MEMBER_BLUR:
        return JS_NewCFunction(js, do_nothing, "blur", 0);
    case MEMBER_POST_MESSAGE:
        return JS_NewCFunction(js, post_message, "postMessage", 1);
    default:
        return JS_UNDEFINED;
    }
}

JSValue window_member(JSContext *js, struct browsing_context *c, JSAtom name)
{
    return member_value(js, c, find_member(js, name));
}

int window_member_set(JSContext *js, struct browsing_context *c, JSAtom name, JSValueConst value)
{
    if (find_member(js, name) != MEMBER_LOCATION) {
        throw_cross_origin(js, name);
        return -1;
    }
    return location_assign(js, c, value, false) < 0 ? -1 : 1;
}

/* ---- the window's own accessors ---- */

static JSValue get_member(JSContext *js, JSValueConst self, int m)
{
    struct browsing_context *c = window_this(js, self);
    return c ? member_value(js, c, (enum window_member)m) : JS_EXCEPTION;
}

/* Web IDL [Replaceable]: an assignment puts a plain property in place of the accessor. */
static JSValue replace(JSContext *js, JSValueConst value, const char *name)
{
    JSValue global = JS_GetGlobalObject(js);
    int failed =
        JS_DefinePropertyValueStr(js, global, name, JS_DupValue(js, value), JS_PROP_C_W_E) < 0;
    JS_FreeValue(js, global);
    return failed ? JS_EXCEPTION : JS_UNDEFINED;
}

static JSValue replace_member(JSContext *js, JSValueConst self, JSValueConst value, int m)
{
    (void)self;
    return replace(js, value, window_member_name((enum window_member)m));
}

/* Setting it to null cuts the link. */
static JSValue set_opener(JSContext *js, JSValueConst self, JSValueConst value, int m)
{
    struct browsing_context *c = window_this(js, self);
    if (!c)
        return JS_EXCEPTION;
    if (!JS_IsNull(value))
        return replace_member(js, self, value, m);
    context_disown(c);
    return JS_UNDEFINED;
}

static JSValue get_name(JSContext *js, JSValueConst self)
{
    struct browsing_context *c = window_this(js, self);
    char *name = c ? context_name(c) : NULL;
    JSValue value = name ? JS_NewString(js, name) : JS_EXCEPTION;
    free(name);
    return value;
}

static JSValue set_name(JSContext *js, JSValueConst self, JSValueConst value)
{
    struct browsing_context *c = window_this(js, self);
    const char *name = c ? JS_ToCString(js, value) : NULL;
    if (!name)
        return JS_EXCEPTION;
    context_rename(c, name);
    JS_FreeCString(js, name);
    return JS_UNDEFINED;
}

static JSValue get_document(JSContext *js, JSValueConst self)
{
    struct page *p = page_of(realm_of(js));
    (void)self;
    return p ? page_document_object(p) : JS_NULL;
}

/* The element around the window, for those who may look at the page around it. */
static JSValue get_frame_element(JSContext *js, JSValueConst self)
{
    struct browsing_context *c = window_this(js, self);
    if (!c)
        return JS_EXCEPTION;
    for (struct page *p = web_agent_of(realm_of(js)->agent)->pages; p; p = p->next)
        for (struct dom_node *n = p->frames; n; n = n->next_frame)
            if (n->content == c)
                return realm_is_accessible(js, p->realm) ? JS_DupValue(js, n->self) : JS_NULL;
    return JS_NULL;
}

static JSValue get_origin_agent_cluster(JSContext *js, JSValueConst self)
{
    (void)self;
    return JS_NewBool(js, realm_of(js)->agent->cluster->origin_keyed ||
                              realm_of(js)->origin->opaque); /* R-AG-15 */
}

/* ---- open (HTML 7.2.2.1; R-WIN-04..06) ---- */

struct open_request {
    struct browsing_context *from;
    struct page *page; /* of the caller */
    char *url;         /* NULL = none given */
    char *target;
    bool noopener;
};

/* "noopener" and "noreferrer" as words of the features, not said to be no. */
static bool feature_set(const char *features, const char *wanted)
{
    size_t length = strlen(wanted);
    while (*features) {
        features += strspn(features, " ,\t\n");
        size_t n = strcspn(features, ", \t\n=");
        bool same = n == length && !strncasecmp(features, wanted, n);
        features += n;
        bool no = false;
        if (*features == '=') {
            size_t value = strcspn(++features, ", \t\n");
            no = (value == 1 && *features == '0') ||
                 (value == 2 && !strncasecmp(features, "no", 2)) ||
                 (value == 5 && !strncasecmp(features, "false", 5));
            features += value;
        }
        if (same && !no)
            return true;
    }
    return false;
}

static int read_text(JSContext *js, int count, JSValueConst *arguments, int which,
                     const char *missing, char **out)
{
    if (count <= which || JS_IsUndefined(arguments[which])) {
        *out = strdup(missing);
        return 0;
    }
    const char *text = JS_ToCString(js, arguments[which]);
    *out = text ? strdup(text) : NULL;
    JS_FreeCString(js, text);
    return text ? 0 : -1;
}

static struct navigation *navigation_from(struct page *p, const char *url)
{
    struct navigation *n = navigation_new(p->document->context->user_agent, url);
    if (n)
        navigation_set_initiator(n, p->document);
    return n;
}

/* The window of a name or keyword, a new reference; NULL: a new one is to be made. */
static struct browsing_context *choose(const struct open_request *o)
{
    if (!*o->target || !strcasecmp(o->target, "_blank"))
        return NULL;
    if (!strcasecmp(o->target, "_self"))
        return context_ref(o->from);
    if (!strcasecmp(o->target, "_parent"))
        return context_ref(o->from->parent ? o->from->parent : o->from);
    if (!strcasecmp(o->target, "_top"))
        return context_ref(context_top(o->from));
    return context_find(o->from, o->target);
}

/* A group of its own, and nobody to talk to (R-WIN-05). */
static JSValue open_apart(const struct open_request *o)
{
    struct navigation *n = navigation_from(o->page, o->url ? o->url : "about:blank");
    if (n) {
        if (*o->target && *o->target != '_')
            n->target_name = strdup(o->target);
        if (!o->url)
            n->source = PAGE_BLANK;
        navigation_begin(n);
    }
    return JS_NULL;
}

static JSValue open_auxiliary(JSContext *js, const struct open_request *o)
{
    unsigned sandbox = o->page->document->sandbox;
    struct context_options options = {
        .opener = o->from,
        .name = *o->target && *o->target != '_' ? o->target : NULL,
        .auxiliary = true,
        .popup_sandbox = sandbox & SANDBOX_PROPAGATES ? sandbox : 0}; /* R-WIN-06 */
    struct browsing_context *c = context_create(o->from->user_agent, &options);
    if (!c)
        return JS_ThrowOutOfMemory(js);
    struct page *blank =
        page_create_blank(o->page->realm->agent, c, o->page, options.popup_sandbox);
    if (o->url && strncmp(o->url, "about:blank", 11)) {
        struct navigation *n = navigation_from(o->page, o->url);
        if (n) {
            n->context = context_ref(c);
            navigable_navigate(n);
        }
    } else if (blank) {
        page_announce(blank);
    }
    return proxy_and_unref(js, c);
}

static bool is_cross_origin_below_coop(const struct open_request *o)
{
    struct document *top = context_document(context_top(o->from));
    bool below = top &&
                 (top->policy.opener == COOP_SAME_ORIGIN ||
                  top->policy.opener == COOP_SAME_ORIGIN_PLUS_COEP) &&
                 !origin_same(top->origin, o->page->document->origin);
    document_unref(top);
    return below;
}

static JSValue open_chosen(JSContext *js, struct open_request *o)
{
    struct browsing_context *existing =
        o->noopener && (!*o->target || *o->target != '_') ? NULL : choose(o);
    if (existing) {
        struct navigation *n = o->url ? navigation_from(o->page, o->url) : NULL;
        if (n) {
            n->context = context_ref(existing);
            navigable_navigate(n);
        }
        return o->noopener ? (context_unref(existing), JS_NULL) : proxy_and_unref(js, existing);
    }
    if (o->page->document->sandbox & SANDBOX_AUXILIARY_NAVIGATION) /* R-WIN-06 */
        return JS_NULL;
    return o->noopener || is_cross_origin_below_coop(o) ? open_apart(o) : open_auxiliary(js, o);
}

static JSValue window_open(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct realm *r = realm_of(js);
    struct open_request o = {.page = page_of(r)};
    char *text = NULL, *features = NULL;
    (void)self;
    if (!o.page)
        return JS_NULL;
    o.from = o.page->document->context;
    JSValue result = JS_EXCEPTION;
    if (!read_text(js, count, arguments, 0, "", &text) &&
        !read_text(js, count, arguments, 1, "_blank", &o.target) &&
        !read_text(js, count, arguments, 2, "", &features)) {
        o.noopener = feature_set(features, "noopener") || feature_set(features, "noreferrer");
        o.url = *text ? url_resolve(realm_base(realm_caller(js)), text) : NULL;
        result =
            *text && !o.url
                ? throw_dom_exception(js, "SyntaxError",
                                      "'%s' is not a URL that a window can be opened with", text)
                : open_chosen(js, &o);
    }
    free(text);
    free(features);
    free(o.url);
    free(o.target);
    return result;
}

/* ---- tables ---- */

#define METHOD(name, length, function) JS_CFUNC_DEF2(name, length, function, JS_PROP_C_W_E)
#define SHOWN (JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE)
#define MEMBER(name, setter, m) JS_CGETSET_MAGIC_DEF2(name, get_member, setter, m, SHOWN)

/* DOM "the current event" of a window: [Replaceable]. */
static JSValue get_event(JSContext *js, JSValueConst self)
{
    (void)self;
    return JS_DupValue(js, realm_of(js)->current_event);
}

static JSValue set_event(JSContext *js, JSValueConst self, JSValueConst value)
{
    (void)self;
    return JS_DefinePropertyValueStr(js, realm_of(js)->global, "event", JS_DupValue(js, value), JS_PROP_C_W_E) < 0 ? JS_EXCEPTION
                                                                                                                : JS_UNDEFINED;
}

const JSCFunctionListEntry window_functions[] = {
    JS_CGETSET_MAGIC_DEF2("window", get_member, NULL, MEMBER_WINDOW, JS_PROP_ENUMERABLE),
    JS_CGETSET_MAGIC_DEF2("top", get_member, NULL, MEMBER_TOP, JS_PROP_ENUMERABLE),
    JS_CGETSET_DEF2("document", get_document, NULL, JS_PROP_ENUMERABLE),
    JS_CGETSET_DEF2("location", location_of_window, location_set, JS_PROP_ENUMERABLE),
    MEMBER("self", replace_member, MEMBER_SELF),
    MEMBER("frames", replace_member, MEMBER_FRAMES),
    MEMBER("length", replace_member, MEMBER_LENGTH),
    MEMBER("parent", replace_member, MEMBER_PARENT),
    MEMBER("opener", set_opener, MEMBER_OPENER),
    MEMBER("closed", NULL, MEMBER_CLOSED),
    JS_CGETSET_DEF2("name", get_name, set_name, SHOWN),
    JS_CGETSET_DEF2("frameElement", get_frame_element, NULL, SHOWN),
    JS_CGETSET_DEF2("originAgentCluster", get_origin_agent_cluster, NULL, SHOWN),
    JS_CGETSET_DEF2("history", window_history, NULL, SHOWN),
    METHOD("open", 0, window_open),
    METHOD("close", 0, window_close),
    METHOD("focus", 0, window_focus),
    METHOD("blur", 0, do_nothing),
    METHOD("stop", 0, do_nothing),
    METHOD("postMessage", 1, post_message),
    JS_CGETSET_DEF2("event", get_event, set_event, JS_PROP_CONFIGURABLE),
    GLOBAL_EVENT_HANDLERS,
    WINDOW_EVENT_HANDLERS,
};
const int window_function_count = sizeof window_functions / sizeof window_functions[0];
