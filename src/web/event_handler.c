/* Event handlers (HTML 8.1.8.1): the attributes `on<type>` of objects and of elements in a document's text. */
#include "web/dom.h"
#include "web/event_listeners.h"
#include "web/realm.h"
#include "web/window_proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- whose handler it is ---- */

/* The handlers that a body element shares with its window: those of WindowEventHandlers, and six more. */
static bool is_of_window(enum event_type type)
{
    static const enum event_type types[] = {
        EVENT_BLUR, EVENT_ERROR, EVENT_FOCUS, EVENT_LOAD, EVENT_RESIZE, EVENT_SCROLL, EVENT_AFTERPRINT, EVENT_BEFOREPRINT,
        EVENT_BEFOREUNLOAD, EVENT_HASHCHANGE, EVENT_LANGUAGECHANGE, EVENT_MESSAGE, EVENT_MESSAGEERROR, EVENT_OFFLINE,
        EVENT_ONLINE, EVENT_PAGEHIDE, EVENT_PAGESHOW, EVENT_POPSTATE, EVENT_REJECTIONHANDLED, EVENT_STORAGE,
        EVENT_UNHANDLEDREJECTION, EVENT_UNLOAD};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i] == type)
            return true;
    return false;
}

/* HTML "determine the target of an event handler". NULL: there is none, since its document has no window. */
static struct event_listeners **listeners_for(JSContext *js, JSValueConst self, enum event_type type)
{
    const struct dom_node *n = dom_node_of(self);
    if (!n || !(dom_is(n, "body") || dom_is(n, "frameset")) || !is_of_window(type))
        return event_listeners_or_throw(js, self);
    return page_of(n->realm) ? &n->realm->listeners : NULL;
}

static int64_t find_handler(const struct event_listeners *l, int type)
{
    for (uint32_t i = 0; l && i < l->count; i++)
        if (l->items[i].handler && !l->items[i].removed && l->items[i].known == type)
            return i;
    return -1;
}

/* ---- attributes of objects ---- */

JSValue event_handler_get(JSContext *js, JSValueConst self, int type)
{
    struct event_listeners **at = listeners_for(js, self, (enum event_type)type);
    if (!at)
        return JS_HasException(js) ? JS_EXCEPTION : JS_NULL;
    int64_t index = find_handler(*at, type);
    if (index < 0)
        return JS_NULL;
    event_handler_compile(js, *at, (uint32_t)index);
    return JS_DupValue(js, (*at)->items[index].callback);
}

/* A handler takes its place in the order when it first becomes an object, keeps it while it stays one, and loses it with null. */
static int assign(JSContext *js, struct event_listeners **at, JSValueConst value, int type, bool raw)
{
    int64_t index = find_handler(*at, type);
    if (!JS_IsObject(value)) {
        if (index >= 0)
            event_listener_remove(js, *at, (uint32_t)index);
        return 0;
    }
    if (index >= 0) {
        JSValue old = (*at)->items[index].callback;
        (*at)->items[index].callback = JS_DupValue(js, value);
        (*at)->items[index].raw = raw;
        JS_FreeValue(js, old);
        return 0;
    }
    JSAtom atom = JS_NewAtom(js, event_type_name((enum event_type)type));
    struct listener *l = atom == JS_ATOM_NULL ? NULL : event_listener_append(js, at);
    if (!l) {
        JS_FreeAtom(js, atom);
        return -1;
    }
    *l = (struct listener){
        .type = atom, .known = (uint8_t)type, .handler = true, .raw = raw, .callback = JS_DupValue(js, value)};
    return 0;
}

JSValue event_handler_set(JSContext *js, JSValueConst self, JSValueConst value, int type)
{
    struct event_listeners **at = listeners_for(js, self, (enum event_type)type);
    if (!at)
        return JS_HasException(js) ? JS_EXCEPTION : JS_UNDEFINED;
    if (assign(js, at, value, type, false) < 0)
        return JS_EXCEPTION;
    const struct event_target *t = event_target_of(js, self);
    if (t && t->hooks && t->hooks->handler_assigned)
        t->hooks->handler_assigned(js, self, (enum event_type)type);
    event_target_changed(js, self);
    return JS_UNDEFINED;
}

/* ---- attributes of elements ---- */

/* The type that "onclick" is for; EVENT_OTHER when it is no handler's name. */
static enum event_type type_of_attribute(const char *attribute)
{
    if (strncmp(attribute, "on", 2))
        return EVENT_OTHER;
    for (int t = EVENT_OTHER + 1; t < EVENT_TYPE_COUNT; t++)
        if (!strcasecmp(event_type_name((enum event_type)t), attribute + 2))
            return (enum event_type)t;
    return EVENT_OTHER;
}

int event_handler_set_text(JSContext *js, struct dom_node *element, const char *attribute, const char *text)
{
    enum event_type type = type_of_attribute(attribute);
    struct event_listeners **at = type ? listeners_for(js, element->self, type) : NULL;
    if (!at)
        return 0;
    if (!text)
        return assign(js, at, JS_NULL, type, false);
    JSValue parts[] = {JS_NewString(js, text), JS_DupValue(js, element->self)};
    JSValue raw = JS_NewArrayFrom(js, 2, parts);
    int failed = JS_IsException(raw) ? -1 : assign(js, at, raw, type, true);
    JS_FreeValue(js, raw);
    return failed;
}

/* Whether the text is a function's body and nothing that only looks like one inside the braces that will stand around it. */
static bool is_body(JSContext *js, const char *parameters, JSValueConst body)
{
    JSValue global = JS_GetGlobalObject(js), constructor = JS_GetPropertyStr(js, global, "Function");
    JSValue arguments[] = {JS_NewString(js, parameters), JS_DupValue(js, body)};
    JSValue function = JS_CallConstructor(js, constructor, 2, arguments);
    bool good = !JS_IsException(function);
    JS_FreeValue(js, function);
    JS_FreeValue(js, arguments[0]);
    JS_FreeValue(js, arguments[1]);
    JS_FreeValue(js, constructor);
    JS_FreeValue(js, global);
    return good;
}

/* The function, whose scope are the element and its document; an exception for a text that is none. */
static JSValue compile(JSContext *js, enum event_type type, bool of_window, JSValueConst body, JSValueConst element)
{
    const struct dom_node *n = dom_node_of(element);
    const char *parameters = of_window && type == EVENT_ERROR ? "event, source, lineno, colno, error" : "event";
    const char *text = is_body(js, parameters, body) ? JS_ToCString(js, body) : NULL;
    char *source = NULL;
    if (!text)
        return JS_EXCEPTION;
    char name[64];
    size_t length = (size_t)snprintf(name, sizeof name, "on%s", event_type_name(type));
    for (size_t i = 0; i < length; i++)
        name[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 32 : name[i]);
    int size = asprintf(&source, "(function () { with (arguments[0]) with (arguments[1]) return function %s(%s) {\n%s\n}; })", name,
                        parameters, text);
    JS_FreeCString(js, text);
    /* The text stands on the second line, and that is the attribute's. */
    JSValue maker = size < 0 ? JS_ThrowOutOfMemory(js)
                             : script_run_at(js, source, (size_t)size, n->realm->url, n->line > 1 ? n->line - 1 : 1);
    free(source);
    struct page *p = page_of(n->realm);
    JSValue scopes[] = {p ? page_document_object(p) : JS_NewObject(js), JS_DupValue(js, element)};
    JSValue function = JS_IsException(maker) ? JS_EXCEPTION : JS_Call(js, maker, JS_UNDEFINED, 2, scopes);
    JS_FreeValue(js, scopes[0]);
    JS_FreeValue(js, scopes[1]);
    JS_FreeValue(js, maker);
    return function;
}

void event_handler_compile(JSContext *js, struct event_listeners *l, uint32_t index)
{
    if (!l->items[index].raw)
        return;
    JSValue raw = l->items[index].callback;
    l->items[index].callback = JS_NULL;
    l->items[index].raw = false;
    JSValue body = JS_GetPropertyUint32(js, raw, 0), element = JS_GetPropertyUint32(js, raw, 1);
    struct realm *r = dom_node_of(element)->realm;
    JSValue function = compile(r->js, (enum event_type)l->items[index].known, l == r->listeners, body, element);
    if (JS_IsException(function)) {
        realm_report_exception(r);
        function = JS_NULL;
    }
    if (index < l->count && !l->items[index].removed && JS_IsNull(l->items[index].callback))
        l->items[index].callback = function;
    else
        JS_FreeValue(js, function);
    JS_FreeValue(js, body);
    JS_FreeValue(js, element);
    JS_FreeValue(js, raw);
}
