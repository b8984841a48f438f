/* Scripts and frames: the elements that do something (HTML 4.12.1 "prepare the script
 * element", 4.8.5 "the iframe element"). */
#include "web/dom.h"
#include "web/error_report.h"
#include "web/event.h"
#include "web/muted_scripts.h"
#include "web/navigable.h"
#include "web/resource.h"
#include "web/service_worker.h"
#include "web/url.h"
#include "web/web_agent.h"
#include "web/window_proxy.h"

#include <stdlib.h>
#include <string.h>

/* ---- scripts ---- */

/* A script that waits for its text or its turn; of the page until it has run. */
struct pending_script {
    struct pending_script *next;
    JSValue element; /* held */
    char *url, *text;
    size_t length;
    uint32_t line;
    bool module, blocks_parser, deferred, failed, ready;
    struct page *page;
    struct resource_fetch *fetch; /* under way */
};

static bool equals_any(const char *text, const char *const *list)
{
    for (; *list; list++)
        if (!strcasecmp(text, *list))
            return true;
    return false;
}

/* The kind that the type attribute names: 0 none that runs, 1 classic, 2 module. */
static int script_kind(const struct dom_node *n)
{
    static const char *const classic[] = {"",
                                          "text/javascript",
                                          "application/javascript",
                                          "text/ecmascript",
                                          "application/ecmascript",
                                          NULL};
    const char *type = dom_attribute(n, "type");
    return !type || equals_any(type, classic) ? 1 : !strcasecmp(type, "module") ? 2 : 0;
}

static void fire(struct dom_node *n, const char *type)
{
    if (event_target_fire_simple(n->realm->js, n->self, type) < 0)
        realm_report_exception(n->realm);
}

static void pending_free(struct page *p, struct pending_script *s)
{
    if (s->fetch)
        resource_fetch_cancel(s->fetch);
    JS_FreeValue(p->realm->js, s->element);
    free(s->url);
    free(s->text);
    free(s);
}

static void forget(struct page *p, struct pending_script *s)
{
    struct pending_script **link = &p->scripts;
    while (*link && *link != s)
        link = &(*link)->next;
    if (*link)
        *link = s->next;
    pending_free(p, s);
}

void scripts_release(struct page *p)
{
    while (p->scripts)
        forget(p, p->scripts);
}

/* HTML "execute the script element". */
static void execute(struct page *p, struct pending_script *s)
{
    struct realm *r = p->realm;
    struct dom_node *n = dom_node_of(s->element), *before = p->current_script;
    struct document *d = document_ref(p->document);
    if (s->failed) {
        fire(n, "error");
    } else {
        bool ok;
        p->current_script = s->module ? NULL : n;
        r->module_script = s->module;
        if (s->module) {
            ok = realm_run_script(r, s->text, s->length, s->url, true);
        } else {
            JSValue result =
                script_run_at(r->js, s->text, s->length, s->url, s->line ? s->line : 1);
            ok = !JS_IsException(result);
            JS_FreeValue(r->js, result);
        }
        if (!ok)
            realm_report_exception(r);
        if (d->page)
            p->current_script = before;
        if (engine_stack_is_empty(r->agent->engine))
            agent_checkpoint(r->agent);
        if (d->page && dom_attribute(n, "src"))
            fire(n, "load");
    }
    document_unref(d);
}

static void run_fetched(struct page *p, void *context);

static void inline_text(struct page *p, struct dom_node *n, struct pending_script *s)
{
    s->text = dom_text(n);
    s->length = strlen(s->text);
    s->url = strdup(p->document->url);
    s->line = n->line;
}

/* The text has come, or will not. */
static void script_answered(void *context, status s, struct resource *r)
{
    struct pending_script *x = context;
    struct page *p = x->page;
    x->fetch = NULL;
    if (s == STATUS_OK)
        s = script_check(x->module ? SCRIPT_MODULE : SCRIPT_OF_DOCUMENT, r);
    if (s == STATUS_OK) {
        if (!x->module)
            muted_scripts_note(p->realm, x->url, r);
        x->text = r->bytes;
        x->length = r->length;
        r->bytes = NULL;
    } else {
        resource_warn(p->realm->agent, "loading the script", x->url, s, r);
        x->failed = true;
    }
    x->ready = true;
    if (!x->deferred)
        run_fetched(p, x);
    else if (!p->parsing_text)
        scripts_after_parsing(p);
}

/* HTML "fetch a classic script" and "fetch an external module script graph": without waiting. */
static void fetch_text(struct page *p, struct dom_node *n, struct pending_script *s)
{
    const char *src = dom_attribute(n, "src"), *cors = dom_attribute(n, "crossorigin");
    s->url = *src ? url_resolve(realm_base(p->realm), src) : NULL;
    if (!s->url)
        s->url = strdup("about:invalid");
    struct request q = {.url = s->url,
                        .origin = p->realm->origin->text,
                        .mode = s->module || cors ? MODE_CORS : MODE_NO_CORS,
                        .use = USE_SCRIPT,
                        .require_corp = p->realm->policy.embedder == COEP_REQUIRE_CORP,
                        .credentials = s->module || cors ? CREDENTIALS_SAME_ORIGIN
                                                         : CREDENTIALS_INCLUDE,
                        .destination = "script",
                        .client = realm_client(p->realm)};
    s->fetch = resource_fetch(p->realm->agent, &q, script_answered, NULL, s);
}

static void run_fetched(struct page *p, void *context)
{
    struct pending_script *s = context;
    struct document *d = document_ref(p->document);
    bool blocks = s->blocks_parser;
    execute(p, s);
    if (d->page) {
        forget(p, s);
        if (blocks)
            html_parser_continue(p);
        else
            page_release_load(p);
    }
    document_unref(d);
}

/* Makes the script pending; NULL when it is none that runs. */
static struct pending_script *prepare(JSContext *js, struct page *p, struct dom_node *n)
{
    int kind = script_kind(n);
    bool has_src = dom_attribute(n, "src") != NULL;
    if (n->already_started || (p->document->sandbox & SANDBOX_SCRIPTS) || !kind ||
        (kind == 1 && dom_attribute(n, "nomodule")))
        return NULL;
    if (!has_src && !n->child_count)
        return NULL;
    struct pending_script *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    n->already_started = true;
    s->element = JS_DupValue(js, n->self);
    s->module = kind == 2;
    s->page = p;
    struct pending_script **end = &p->scripts;
    while (*end)
        end = &(*end)->next;
    *end = s;
    return s;
}

/* Runs when its text is there, or as a task of its own: nothing waits for it. */
static void run_later(struct page *p, struct dom_node *n, struct pending_script *s)
{
    if (!s->blocks_parser && !s->deferred)
        page_hold_load(p);
    if (dom_attribute(n, "src")) {
        fetch_text(p, n, s);
        return;
    }
    inline_text(p, n, s);
    s->ready = true;
    if (!s->deferred)
        page_queue(p, TASK_NETWORKING, run_fetched, s);
}

static void run_inline(struct page *p, struct dom_node *n, struct pending_script *s)
{
    struct document *d = document_ref(p->document);
    inline_text(p, n, s);
    execute(p, s);
    if (d->page)
        forget(p, s);
    document_unref(d);
}

bool script_of_parser(struct page *p, struct dom_node *n)
{
    struct pending_script *s = prepare(p->realm->js, p, n);
    if (!s)
        return false;
    bool external = dom_attribute(n, "src") != NULL, async = dom_attribute(n, "async") != NULL;
    if (!external && !s->module) {
        run_inline(p, n, s);
        return false;
    }
    s->deferred = !async && (s->module || dom_attribute(n, "defer"));
    s->blocks_parser = !async && !s->deferred;
    bool waits = s->blocks_parser;
    run_later(p, n, s);
    return waits;
}

void scripts_after_parsing(struct page *p)
{
    struct document *d = document_ref(p->document);
    struct pending_script *s;
    p->parsing_text = false;
    do {
        for (s = p->scripts; s && !s->deferred; s = s->next)
            continue;
        if (s && !s->ready) { /* script_answered goes on */
            document_unref(d);
            return;
        }
        if (s) {
            execute(p, s);
            if (d->page)
                forget(p, s);
        }
    } while (s && d->page);
    if (d->page)
        page_parsed(p);
    document_unref(d);
}

static void script_connected(JSContext *js, struct dom_node *n)
{
    struct page *p = page_of(n->realm);
    if (!p || n->parser_inserted)
        return;
    struct pending_script *s = prepare(js, p, n);
    if (s && (s->module || dom_attribute(n, "src")))
        run_later(p, n, s);
    else if (s)
        run_inline(p, n, s);
}

/* ---- frames ---- */

static unsigned frame_sandbox(const struct dom_node *n)
{
    const char *tokens = dom_attribute(n, "sandbox");
    return tokens ? sandbox_parse(tokens) : 0;
}

static bool frame_allows_isolation(const struct dom_node *n)
{
    const char *allow = dom_attribute(n, "allow");
    return allow && strstr(allow, "cross-origin-isolated");
}

/* Frames are in tree order (R-RN-02). */
static size_t frame_index(const struct dom_node *n)
{
    const struct dom_node *root = n, *parent;
    size_t index = 0;
    while ((parent = dom_parent(root)))
        root = parent;
    for (const struct dom_node *x = dom_next(root, root); x && x != n; x = dom_next(x, root))
        index += x->content != NULL;
    return index;
}

/* HTML "process the iframe attributes". `initial`: the blank page that was just made; NULL = it is
 * not new, or has none. */
static void frame_navigate(struct page *p, struct dom_node *n, struct page *initial)
{
    const char *srcdoc = dom_attribute(n, "srcdoc"), *src = dom_attribute(n, "src");
    char *url = srcdoc        ? strdup("about:srcdoc")
                : src && *src ? url_resolve(realm_base(p->realm), src)
                              : NULL;
    bool blank = !url || (!srcdoc && !strncmp(url, "about:blank", 11));
    if (blank && initial) {
        free(url);
        page_announce(initial);
        fire(n, "load"); /* the initial document is what was asked for */
        return;
    }
    struct navigation *navigation =
        navigation_new(n->content->user_agent, url ? url : "about:blank");
    free(url);
    if (!navigation)
        return;
    navigation->context = context_ref(n->content);
    context_set_container(n->content, frame_sandbox(n), frame_allows_isolation(n));
    navigation_set_initiator(navigation, p->document);
    if (srcdoc) {
        navigation->source = PAGE_SRCDOC;
        navigation->text = strdup(srcdoc);
        navigation->length = strlen(srcdoc);
    } else if (blank) {
        navigation->source = PAGE_BLANK;
    }
    if (!n->frame_loading) {
        n->frame_loading = true;
        page_hold_load(p);
    }
    navigation_begin(navigation);
}

static void frame_connected(JSContext *js, struct dom_node *n)
{
    struct page *p = page_of(n->realm);
    (void)js;
    if (!p || n->content)
        return;
    const char *name = dom_attribute(n, "name"), *id = dom_attribute(n, "id");
    struct context_options o = {.parent = p->document->context,
                                .name = name,
                                .label = name && *name ? NULL : id,
                                .index = frame_index(n),
                                .credentialless = dom_attribute(n, "credentialless") != NULL};
    n->content = context_create(p->document->context->user_agent, &o);
    if (!n->content)
        return;
    n->next_frame = p->frames;
    p->frames = n;
    struct page *blank =
        page_create_blank(p->realm->agent, n->content, p, frame_sandbox(n) | p->document->sandbox);
    frame_navigate(p, n, blank);
}

static void frame_let_go(struct page *p, struct dom_node *n)
{
    struct browsing_context *c = n->content;
    bool loading = n->frame_loading;
    n->content = NULL;
    n->frame_loading = false;
    if (p) {
        struct dom_node **link = &p->frames;
        while (*link && *link != n)
            link = &(*link)->next_frame;
        if (*link)
            *link = n->next_frame;
    }
    navigable_end(c, false, true); /* R-LIFE-07 */
    context_unref(c);
    if (p && loading && !p->destroyed)
        page_release_load(p);
}

void frames_release(struct page *p)
{
    while (p->frames) {
        struct dom_node *n = p->frames;
        p->frames = n->next_frame;
        struct browsing_context *c = n->content;
        n->content = NULL;
        if (p->destroyed)
            navigable_end(c, true, true);
        else
            context_discard(c); /* the run ends */
        context_unref(c);
    }
}

void page_frame_loaded(struct agent *a, struct browsing_context *frame)
{
    for (struct page *p = web_agent_of(a)->pages; p; p = p->next) {
        struct dom_node *n = p->frames;
        while (n && n->content != frame)
            n = n->next_frame;
        if (!n)
            continue;
        struct document *d = document_ref(p->document);
        JSValue self = JS_DupValue(p->realm->js, n->self);
        fire(n, "load");
        if (d->page && n->frame_loading) {
            n->frame_loading = false;
            page_release_load(p);
        }
        JS_FreeValue(p->realm->js, self);
        document_unref(d);
        return;
    }
}

/* ---- what the tree tells ---- */

void element_connected(JSContext *js, struct dom_node *n)
{
    if (!dom_is_connected(n))
        return;
    if (dom_is(n, "script"))
        script_connected(js, n);
    else if (dom_is(n, "iframe"))
        frame_connected(js, n);
}

void element_disconnected(JSContext *js, struct dom_node *n)
{
    (void)js;
    if (n->content)
        frame_let_go(page_of(n->realm), n);
}

void element_attribute_changed(JSContext *js, struct dom_node *n, const char *name)
{
    struct page *p = page_of(n->realm);
    if (!strncmp(name, "on", 2))
        event_handler_set_text(js, n, name, dom_attribute(n, name));
    if (!p)
        return;
    if (n->content &&
        (!strcmp(name, "srcdoc") || (!strcmp(name, "src") && !dom_attribute(n, "srcdoc"))))
        frame_navigate(p, n, NULL);
    else if (n->content && !strcmp(name, "name"))
        context_rename(n->content, dom_attribute(n, "name") ? dom_attribute(n, "name") : "");
    else if (!strcmp(name, "src") && dom_is(n, "script") && dom_is_connected(n))
        script_connected(js, n);
}

/* ---- attributes ---- */

#define SHOWN (JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE)

enum { HAS_TEXT, HAS_URL, HAS_FLAG };

static const struct {
    const char *name;
    int kind;
} attributes[] = {{"src", HAS_URL},    {"type", HAS_TEXT},           {"async", HAS_FLAG},
                  {"defer", HAS_FLAG}, {"srcdoc", HAS_TEXT},         {"sandbox", HAS_TEXT},
                  {"allow", HAS_TEXT}, {"credentialless", HAS_FLAG}, {"nomodule", HAS_FLAG},
                  {"name", HAS_TEXT}};

static JSValue get(JSContext *js, JSValueConst self, int which)
{
    struct dom_node *n = dom_this(js, self, &html_element_interface);
    const char *value = n ? dom_attribute(n, attributes[which].name) : NULL;
    if (!n)
        return JS_EXCEPTION;
    if (attributes[which].kind == HAS_FLAG)
        return JS_NewBool(js, value != NULL);
    char *url = value && attributes[which].kind == HAS_URL
                    ? url_resolve(realm_base(n->realm), value)
                    : NULL;
    JSValue text = JS_NewString(js, url ? url : value ? value : "");
    free(url);
    return text;
}

static JSValue set(JSContext *js, JSValueConst self, JSValueConst value, int which)
{
    struct dom_node *n = dom_this(js, self, &html_element_interface);
    if (!n)
        return JS_EXCEPTION;
    if (attributes[which].kind == HAS_FLAG && !JS_ToBool(js, value)) {
        for (uint32_t i = 0; i < n->attribute_count; i++)
            if (!strcmp(n->attributes[i].name, attributes[which].name)) {
                js_free(js, n->attributes[i].name);
                js_free(js, n->attributes[i].value);
                n->attributes[i] = n->attributes[--n->attribute_count];
                break;
            }
        return JS_UNDEFINED;
    }
    const char *text = JS_ToCString(js, value);
    int failed = text ? dom_set_attribute(js, n, attributes[which].name,
                                          attributes[which].kind == HAS_FLAG ? "" : text)
                      : -1;
    JS_FreeCString(js, text);
    return failed ? JS_EXCEPTION : JS_UNDEFINED;
}

static JSValue get_text(JSContext *js, JSValueConst self)
{
    return JS_GetPropertyStr(js, self, "textContent");
}

static JSValue set_text(JSContext *js, JSValueConst self, JSValueConst value)
{
    return JS_SetPropertyStr(js, self, "textContent", JS_DupValue(js, value)) < 0 ? JS_EXCEPTION
                                                                                  : JS_UNDEFINED;
}

#define REFLECT(name, which) JS_CGETSET_MAGIC_DEF2(name, get, set, which, SHOWN)
#define ENTRIES(list) .prototype = (list), .prototype_count = (int)(sizeof(list) / sizeof(list)[0])

static const JSCFunctionListEntry script_prototype[] = {
    REFLECT("src", 0),   REFLECT("type", 1),     REFLECT("async", 2),
    REFLECT("defer", 3), REFLECT("noModule", 8), JS_CGETSET_DEF2("text", get_text, set_text, SHOWN),
};

const struct interface html_script_element_interface = {
    .host_class = HOST_CLASS_HTML_SCRIPT_ELEMENT,
    .name = "HTMLScriptElement",
    .parent = &html_element_interface,
    .class_definition = DOM_CLASS_DEFINITION,
    ENTRIES(script_prototype),
};

static JSValue get_content_window(JSContext *js, JSValueConst self)
{
    struct dom_node *n = dom_this(js, self, &html_iframe_element_interface);
    return n ? window_proxy_for(js, n->content) : JS_EXCEPTION;
}

static JSValue get_content_document(JSContext *js, JSValueConst self)
{
    struct dom_node *n = dom_this(js, self, &html_iframe_element_interface);
    if (!n)
        return JS_EXCEPTION;
    JSValue window = window_proxy_for(js, n->content);
    struct realm *r = window_proxy_realm(window);
    struct page *p = r ? page_of(r) : NULL;
    JSValue document = p && realm_is_accessible(js, r) ? page_document_object(p) : JS_NULL;
    JS_FreeValue(js, window);
    return document;
}

static const JSCFunctionListEntry iframe_prototype[] = {
    REFLECT("src", 0),
    REFLECT("srcdoc", 4),
    REFLECT("sandbox", 5),
    REFLECT("allow", 6),
    REFLECT("credentialless", 7),
    REFLECT("name", 9),
    JS_CGETSET_DEF2("contentWindow", get_content_window, NULL, SHOWN),
    JS_CGETSET_DEF2("contentDocument", get_content_document, NULL, SHOWN),
};

const struct interface html_iframe_element_interface = {
    .host_class = HOST_CLASS_HTML_IFRAME_ELEMENT,
    .name = "HTMLIFrameElement",
    .parent = &html_element_interface,
    .class_definition = DOM_CLASS_DEFINITION,
    ENTRIES(iframe_prototype),
};
