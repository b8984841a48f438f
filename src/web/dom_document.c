/* The Document interface: finding, making and what a page says of itself (DOM 4.5, HTML 3.1). */
#include "engine/host_class.h"
#include "web/dom_interface.h"
#include "web/event_object.h"
#include "web/idl.h"
#include "web/web_agent.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* With the elements that every document has. */
static JSValue document_new(JSContext *js)
{
    JSValue document = dom_node_new(js, &document_interface, NODE_DOCUMENT, NULL, NULL);
    struct dom_node *root = dom_node_of(document);
    JSValue html = root ? dom_element_new(js, "html") : JS_EXCEPTION, head = JS_UNDEFINED,
            body = JS_UNDEFINED;
    if (!JS_IsException(html)) {
        head = dom_element_new(js, "head");
        body = dom_element_new(js, "body");
    }
    bool ok = dom_node_of(html) && dom_node_of(head) && dom_node_of(body) &&
              !dom_insert(js, root, dom_node_of(html), 0) &&
              !dom_insert(js, dom_node_of(html), dom_node_of(head), 0) &&
              !dom_insert(js, dom_node_of(html), dom_node_of(body), 1);
    JS_FreeValue(js, html);
    JS_FreeValue(js, head);
    JS_FreeValue(js, body);
    if (ok)
        return document;
    JS_FreeValue(js, document);
    return JS_EXCEPTION;
}

JSValue page_document_object(struct page *p)
{
    if (JS_IsUndefined(p->object)) {
        JSValue document = document_new(p->realm->js);
        if (JS_IsException(document))
            return document;
        p->object = document;
    }
    return JS_DupValue(p->realm->js, p->object);
}

void page_release_nodes(struct page *p)
{
    scripts_release(p);
    frames_release(p);
}

static struct page *this_page(JSContext *js, JSValueConst self)
{
    struct dom_node *n = dom_this(js, self, &document_interface);
    struct page *p = n ? page_of(n->realm) : NULL;
    return p && JS_VALUE_GET_PTR(p->object) == JS_VALUE_GET_PTR(self) ? p : NULL;
}

static struct dom_node *find_tag(struct dom_node *root, const char *tag)
{
    struct dom_node *n = root;
    while (n && !dom_is(n, tag))
        n = dom_next(n, root);
    return n;
}

static JSValue get_by_tag(JSContext *js, JSValueConst self, int which)
{
    static const char *const tags[] = {"html", "head", "body"};
    struct dom_node *n = dom_this(js, self, &document_interface);
    return n ? dom_node_value(js, find_tag(n, tags[which])) : JS_EXCEPTION;
}

static JSValue get_title(JSContext *js, JSValueConst self)
{
    struct dom_node *n = dom_this(js, self, &document_interface),
                    *title = n ? find_tag(n, "title") : NULL;
    if (!n)
        return JS_EXCEPTION;
    char *text = title ? dom_text(title) : NULL;
    JSValue value = JS_NewString(js, text ? text : "");
    free(text);
    return value;
}

static JSValue set_title(JSContext *js, JSValueConst self, JSValueConst value)
{
    struct dom_node *n = dom_this(js, self, &document_interface),
                    *title = n ? find_tag(n, "title") : NULL;
    struct dom_node *head = n ? find_tag(n, "head") : NULL;
    if (!n)
        return JS_EXCEPTION;
    JSValue made = JS_UNDEFINED;
    if (!title && head) {
        made = dom_element_new(js, "title");
        title = dom_node_of(made);
        if (!title || dom_insert(js, head, title, UINT32_MAX))
            return JS_EXCEPTION;
    }
    JSValue result = title ? dom_set_text_content(js, title->self, value) : JS_UNDEFINED;
    JS_FreeValue(js, made);
    return result;
}

static JSValue get_ready_state(JSContext *js, JSValueConst self)
{
    static const char *const names[] = {"loading", "interactive", "complete"};
    struct page *p = this_page(js, self);
    return JS_NewString(js, names[p ? p->readiness : PAGE_COMPLETE]);
}

static JSValue get_visibility(JSContext *js, JSValueConst self, int as_flag)
{
    struct page *p = this_page(js, self);
    bool hidden = !p || !document_is_visible(p->document);
    return as_flag ? JS_NewBool(js, hidden) : JS_NewString(js, hidden ? "hidden" : "visible");
}

static JSValue get_was_discarded(JSContext *js, JSValueConst self)
{
    struct page *p = this_page(js, self);
    return JS_NewBool(js, p && p->document->was_discarded);
}

static JSValue get_url(JSContext *js, JSValueConst self)
{
    struct dom_node *n = dom_this(js, self, &document_interface);
    return n ? JS_NewString(js, n->realm->url) : JS_EXCEPTION;
}

static JSValue get_base_uri(JSContext *js, JSValueConst self)
{
    struct dom_node *n = dom_this(js, self, &document_interface);
    return n ? JS_NewString(js, realm_base(n->realm)) : JS_EXCEPTION;
}

static JSValue get_referrer(JSContext *js, JSValueConst self)
{
    struct page *p = this_page(js, self);
    return JS_NewString(js, p && p->referrer ? p->referrer : "");
}

static JSValue get_default_view(JSContext *js, JSValueConst self)
{
    struct page *p = this_page(js, self);
    return p ? realm_global_this(p->realm->js) : JS_NULL;
}

static JSValue get_current_script(JSContext *js, JSValueConst self)
{
    struct page *p = this_page(js, self);
    return dom_node_value(js, p ? p->current_script : NULL);
}

static JSValue get_location(JSContext *js, JSValueConst self)
{
    struct page *p = this_page(js, self);
    if (!p)
        return JS_NULL;
    JSValue window = realm_global_this(p->realm->js),
            location = JS_GetPropertyStr(p->realm->js, window, "location");
    JS_FreeValue(js, window);
    return location;
}

static JSValue set_location(JSContext *js, JSValueConst self, JSValueConst value)
{
    struct page *p = this_page(js, self);
    if (!p)
        return JS_UNDEFINED;
    JSValue window = realm_global_this(p->realm->js);
    int failed = JS_SetPropertyStr(p->realm->js, window, "location", JS_DupValue(js, value)) < 0;
    JS_FreeValue(js, window);
    return failed ? JS_EXCEPTION : JS_UNDEFINED;
}

/* R-OR-12. */
static JSValue get_domain(JSContext *js, JSValueConst self)
{
    struct dom_node *n = dom_this(js, self, &document_interface);
    if (!n)
        return JS_EXCEPTION;
    const struct origin *o = n->realm->origin;
    return JS_NewString(js, o->domain ? o->domain : o->opaque ? "" : o->host);
}

static JSValue set_domain(JSContext *js, JSValueConst self, JSValueConst value)
{
    struct page *p = this_page(js, self);
    const char *text = JS_ToCString(js, value);
    if (!text)
        return JS_EXCEPTION;
    JSValue result = JS_UNDEFINED;
    if (!p || (p->document->sandbox & SANDBOX_DOMAIN) || p->realm->origin->opaque)
        result = throw_dom_exception(js, "SecurityError",
                                     "document.domain may not be set here (R-OR-12)");
    else if (!origin_may_relax_to(p->realm->origin, text))
        result = throw_dom_exception(
            js, "SecurityError",
            "'%s' is not a suffix of '%s' that document.domain may have (R-OR-12)", text,
            p->realm->origin->host);
    else if (!p->realm->agent->cluster->origin_keyed) { /* R-AG-16: else nothing happens */
        free(p->realm->origin->domain);
        p->realm->origin->domain = strdup(text);
    }
    JS_FreeCString(js, text);
    return result;
}

static JSValue create_element(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                              int which)
{
    struct dom_node *n = dom_this(js, self, &document_interface);
    const char *tag = n ? JS_ToCString(js, count > which ? arguments[which] : JS_UNDEFINED) : NULL;
    if (!tag)
        return JS_EXCEPTION;
    JSValue element = dom_element_new(n->realm->js, tag);
    JS_FreeCString(js, tag);
    return element;
}

static JSValue create_text_node(JSContext *js, JSValueConst self, int count,
                                JSValueConst *arguments)
{
    struct dom_node *n = dom_this(js, self, &document_interface);
    const char *text = n ? JS_ToCString(js, count ? arguments[0] : JS_UNDEFINED) : NULL;
    if (!text)
        return JS_EXCEPTION;
    JSValue node = dom_text_new(n->realm->js, text);
    JS_FreeCString(js, text);
    return node;
}

/* DOM "createEvent": the legacy names of interfaces, without case. */
static JSValue create_event(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    static const struct {
        const char *name;
        const struct interface *interface;
        int slots;
    } kinds[] = {
        {"event", &event_interface, 0},       {"events", &event_interface, 0},
        {"htmlevents", &event_interface, 0},  {"svgevents", &event_interface, 0},
        {"customevent", &custom_event_interface, CUSTOM_SLOTS},
        {"messageevent", &message_event_interface, MESSAGE_SLOTS},
    };
    struct dom_node *n = dom_this(js, self, &document_interface);
    const char *name = n && idl_arguments(js, "createEvent", count, 1) ? JS_ToCString(js, arguments[0]) : NULL;
    size_t i = 0;
    if (!name)
        return JS_EXCEPTION;
    while (i < sizeof kinds / sizeof *kinds && strcasecmp(kinds[i].name, name))
        i++;
    struct event *e;
    JSValue event = i < sizeof kinds / sizeof *kinds
                        ? event_new(n->realm->js, kinds[i].interface, JS_UNDEFINED, kinds[i].slots, &e)
                        : throw_dom_exception(js, "NotSupportedError", "createEvent: there are no events called %s", name);
    if (!JS_IsException(event))
        e->time = agent_now(n->realm->agent);
    JS_FreeCString(js, name);
    return event;
}

static JSValue get_element_by_id(JSContext *js, JSValueConst self, int count,
                                 JSValueConst *arguments)
{
    struct dom_node *root = dom_this(js, self, &document_interface), *n = root;
    const char *id = root ? JS_ToCString(js, count ? arguments[0] : JS_UNDEFINED) : NULL;
    if (!id)
        return JS_EXCEPTION;
    for (; n; n = dom_next(n, root)) {
        const char *own = n->kind == NODE_ELEMENT ? dom_attribute(n, "id") : NULL;
        if (own && *own && !strcmp(own, id))
            break;
    }
    JS_FreeCString(js, id);
    return dom_node_value(js, n);
}

static JSValue get_scripts(JSContext *js, JSValueConst self)
{
    struct dom_node *root = dom_this(js, self, &document_interface);
    return root ? dom_query(js, root, "script", true) : JS_EXCEPTION;
}

static JSValue has_focus(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)count;
    (void)arguments;
    const struct page *p = this_page(js, self);
    return JS_NewBool(js, p && document_is_visible(p->document) && context_has_focus(p->document->context));
}

static const JSCFunctionListEntry document_prototype[] = {
    ATTRIBUTE_MAGIC("documentElement", get_by_tag, NULL, 0),
    ATTRIBUTE_MAGIC("head", get_by_tag, NULL, 1),
    ATTRIBUTE_MAGIC("body", get_by_tag, NULL, 2),
    ATTRIBUTE("title", get_title, set_title),
    ATTRIBUTE("readyState", get_ready_state, NULL),
    ATTRIBUTE_MAGIC("visibilityState", get_visibility, NULL, 0),
    ATTRIBUTE_MAGIC("hidden", get_visibility, NULL, 1),
    ATTRIBUTE("wasDiscarded", get_was_discarded, NULL),
    ATTRIBUTE("URL", get_url, NULL),
    ATTRIBUTE("documentURI", get_url, NULL),
    ATTRIBUTE("baseURI", get_base_uri, NULL),
    ATTRIBUTE("referrer", get_referrer, NULL),
    ATTRIBUTE("defaultView", get_default_view, NULL),
    ATTRIBUTE("currentScript", get_current_script, NULL),
    ATTRIBUTE("scripts", get_scripts, NULL),
    ATTRIBUTE("location", get_location, set_location),
    ATTRIBUTE("domain", get_domain, set_domain),
    METHOD_MAGIC("createElement", 1, create_element, 0),
    METHOD_MAGIC("createElementNS", 2, create_element, 1),
    METHOD("createTextNode", 1, create_text_node),
    METHOD("getElementById", 1, get_element_by_id),
    METHOD("getElementsByTagName", 1, dom_by_tag_name),
    METHOD_MAGIC("querySelector", 1, dom_query_method, 0),
    METHOD_MAGIC("querySelectorAll", 1, dom_query_method, 1),
    METHOD("hasFocus", 0, has_focus),
    METHOD("createEvent", 1, create_event),
    GLOBAL_EVENT_HANDLERS,
    EVENT_HANDLER_ATTRIBUTE("readystatechange", EVENT_READYSTATECHANGE),
    EVENT_HANDLER_ATTRIBUTE("visibilitychange", EVENT_VISIBILITYCHANGE),
};

const struct interface document_interface = {
    .host_class = HOST_CLASS_DOCUMENT,
    .name = "Document",
    .parent = &node_interface,
    .class_definition = DOM_CLASS_DEFINITION,
    ENTRIES(document_prototype),
};
