#include "web/dom_interface.h"

#include "base/buffer.h"
#include "engine/host_class.h"
#include "web/event_object.h"
#include "web/web_agent.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- nodes ---- */

void dom_finalize(JSRuntime *runtime, JSValueConst value)
{
    JSClassID id;
    struct dom_node *n = JS_GetAnyOpaque(value, &id);
    if (!n)
        return;
    event_target_release(runtime, &n->target);
    JS_FreeValueRT(runtime, n->parent);
    for (uint32_t i = 0; i < n->child_count; i++)
        JS_FreeValueRT(runtime, n->children[i]);
    for (uint32_t i = 0; i < n->attribute_count; i++) {
        js_free_rt(runtime, n->attributes[i].name);
        js_free_rt(runtime, n->attributes[i].value);
    }
    js_free_rt(runtime, n->attributes);
    js_free_rt(runtime, n->children);
    js_free_rt(runtime, n->name);
    js_free_rt(runtime, n->text);
    js_free_rt(runtime, n);
}

void dom_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    JSClassID id;
    struct dom_node *n = JS_GetAnyOpaque(value, &id);
    if (!n)
        return;
    event_target_mark(runtime, &n->target, mark);
    JS_MarkValue(runtime, n->parent, mark);
    for (uint32_t i = 0; i < n->child_count; i++)
        JS_MarkValue(runtime, n->children[i], mark);
}

struct dom_node *dom_node_of(JSValueConst value)
{
    return interface_peek(value, &node_interface);
}

struct dom_node *dom_this(JSContext *js, JSValueConst value, const struct interface *i)
{
    return interface_opaque(js, value, i);
}

/* DOM "get the parent": the parent, and of a document its window, but for `load`. */
static JSValue get_the_parent(JSContext *js, JSValueConst target, JSValueConst event)
{
    const struct dom_node *n = dom_node_of(target);
    if (n->kind != NODE_DOCUMENT)
        return JS_DupValue(js, n->parent);
    const struct event *e = event_peek(event);
    return !page_of(n->realm) || (e && e->known == EVENT_LOAD) ? JS_UNDEFINED : realm_global_this(n->realm->js);
}

static const struct event_target_hooks hooks = {.parent = get_the_parent};

JSValue dom_node_new(JSContext *js, const struct interface *i, enum node_kind kind,
                     const char *name, const char *text)
{
    struct dom_node *n = js_mallocz(js, sizeof *n);
    JSValue object = n ? interface_object(js, i, n) : JS_EXCEPTION;
    if (JS_IsException(object)) {
        js_free(js, n);
        return object;
    }
    n->target.hooks = &hooks;
    n->kind = kind;
    n->realm = realm_of(js);
    n->self = object;
    n->parent = JS_UNDEFINED;
    n->name = name ? js_strdup(js, name) : NULL;
    n->text = text ? js_strdup(js, text) : NULL;
    return object;
}

JSValue dom_element_new(JSContext *js, const char *tag)
{
    char name[64];
    size_t length = 0;
    for (; tag[length] && length < sizeof name - 1; length++)
        name[length] = (char)tolower((unsigned char)tag[length]);
    name[length] = 0;
    const struct interface *i = !strcmp(name, "script")   ? &html_script_element_interface
                                : !strcmp(name, "iframe") ? &html_iframe_element_interface
                                : !strcmp(name, "body")   ? &html_body_element_interface
                                : !strcmp(name, "frameset") ? &html_frame_set_element_interface
                                                          : &html_element_interface;
    return dom_node_new(js, i, NODE_ELEMENT, name, NULL);
}

JSValue dom_text_new(JSContext *js, const char *text)
{
    return dom_node_new(js, &text_interface, NODE_TEXT, NULL, text);
}

struct dom_node *dom_parent(const struct dom_node *n)
{
    return JS_IsUndefined(n->parent) ? NULL : dom_node_of(n->parent);
}

bool dom_is(const struct dom_node *n, const char *tag)
{
    return n->kind == NODE_ELEMENT && !strcmp(n->name, tag);
}

bool dom_is_connected(const struct dom_node *n)
{
    for (; n; n = dom_parent(n))
        if (n->kind == NODE_DOCUMENT)
            return true;
    return false;
}

static uint32_t index_of(const struct dom_node *parent, const struct dom_node *child)
{
    uint32_t i = 0;
    while (i < parent->child_count && dom_node_of(parent->children[i]) != child)
        i++;
    return i;
}

struct dom_node *dom_next(const struct dom_node *n, const struct dom_node *root)
{
    if (n->child_count)
        return dom_node_of(n->children[0]);
    while (n != root) {
        const struct dom_node *parent = dom_parent(n);
        if (!parent)
            return NULL;
        uint32_t next = index_of(parent, n) + 1;
        if (next < parent->child_count)
            return dom_node_of(parent->children[next]);
        n = parent;
    }
    return NULL;
}

/* ---- the tree ---- */

static bool holds(const struct dom_node *ancestor, const struct dom_node *n)
{
    for (; n; n = dom_parent(n))
        if (n == ancestor)
            return true;
    return false;
}

/* Tells every element of a subtree that it came or went. The list is made first: what runs may
 * change the tree. */
static void tell_all(JSContext *js, struct dom_node *root,
                     void (*tell)(JSContext *, struct dom_node *))
{
    uint32_t count = 0, at = 0;
    for (struct dom_node *n = root; n; n = dom_next(n, root))
        count += n->kind == NODE_ELEMENT;
    JSValue *values = count ? js_malloc(js, count * sizeof *values) : NULL;
    if (!values)
        return;
    for (struct dom_node *n = root; n; n = dom_next(n, root))
        if (n->kind == NODE_ELEMENT)
            values[at++] = JS_DupValue(js, n->self);
    for (uint32_t i = 0; i < count; i++) {
        tell(js, dom_node_of(values[i]));
        JS_FreeValue(js, values[i]);
    }
    js_free(js, values);
}

void dom_remove(JSContext *js, struct dom_node *n)
{
    struct dom_node *parent = dom_parent(n);
    if (!parent)
        return;
    JSValue self = JS_DupValue(js, n->self), above = n->parent;
    bool connected = dom_is_connected(n);
    uint32_t i = index_of(parent, n);
    JS_FreeValue(js, parent->children[i]);
    memmove(parent->children + i, parent->children + i + 1,
            (parent->child_count - i - 1) * sizeof(JSValue));
    parent->child_count--;
    n->parent = JS_UNDEFINED;
    JS_FreeValue(js, above);
    if (connected)
        tell_all(js, n, element_disconnected);
    JS_FreeValue(js, self);
}

int dom_insert(JSContext *js, struct dom_node *parent, struct dom_node *child, uint32_t index)
{
    if (parent->kind == NODE_TEXT || child->kind == NODE_DOCUMENT || holds(child, parent)) {
        throw_dom_exception(js, "HierarchyRequestError", "The new child cannot be put there.");
        return -1;
    }
    if (dom_parent(child) == parent && index_of(parent, child) < index && index != UINT32_MAX)
        index--;
    dom_remove(js, child);
    if (parent->child_count == parent->child_capacity) {
        uint32_t capacity = parent->child_capacity ? parent->child_capacity * 2 : 4;
        JSValue *grown = js_realloc(js, parent->children, capacity * sizeof *grown);
        if (!grown)
            return -1;
        parent->children = grown;
        parent->child_capacity = capacity;
    }
    if (index > parent->child_count)
        index = parent->child_count;
    memmove(parent->children + index + 1, parent->children + index,
            (parent->child_count - index) * sizeof(JSValue));
    parent->children[index] = JS_DupValue(js, child->self);
    parent->child_count++;
    child->parent = JS_DupValue(js, parent->self);
    child->realm = parent->realm;
    if (dom_is_connected(child))
        tell_all(js, child, element_connected);
    else if (dom_is(parent, "script") && dom_is_connected(parent))
        element_connected(js, parent);
    return 0;
}

static void append_text(const struct dom_node *n, buffer *out)
{
    if (n->kind == NODE_TEXT)
        buffer_add(out, n->text);
    for (uint32_t i = 0; i < n->child_count; i++)
        append_text(dom_node_of(n->children[i]), out);
}

char *dom_text(const struct dom_node *n)
{
    buffer text = {0};
    append_text(n, &text);
    char *copy = strdup(buffer_text(&text));
    buffer_release(&text);
    return copy;
}

/* ---- attributes ---- */

const char *dom_attribute(const struct dom_node *n, const char *name)
{
    for (uint32_t i = 0; i < n->attribute_count; i++)
        if (!strcmp(n->attributes[i].name, name))
            return n->attributes[i].value;
    return NULL;
}

int dom_set_attribute(JSContext *js, struct dom_node *n, const char *name, const char *value)
{
    char *copy = js_strdup(js, value);
    if (!copy)
        return -1;
    uint32_t i = 0;
    while (i < n->attribute_count && strcmp(n->attributes[i].name, name))
        i++;
    if (i < n->attribute_count) {
        js_free(js, n->attributes[i].value);
    } else {
        if (n->attribute_count == n->attribute_capacity) {
            uint32_t capacity = n->attribute_capacity ? n->attribute_capacity * 2 : 4;
            struct attribute *grown = js_realloc(js, n->attributes, capacity * sizeof *grown);
            if (!grown) {
                js_free(js, copy);
                return -1;
            }
            n->attributes = grown;
            n->attribute_capacity = capacity;
        }
        n->attributes[i].name = js_strdup(js, name);
        n->attribute_count++;
    }
    n->attributes[i].value = copy;
    element_attribute_changed(js, n, name);
    return 0;
}

static void remove_attribute(JSContext *js, struct dom_node *n, const char *name)
{
    for (uint32_t i = 0; i < n->attribute_count; i++) {
        if (strcmp(n->attributes[i].name, name))
            continue;
        js_free(js, n->attributes[i].name);
        js_free(js, n->attributes[i].value);
        n->attributes[i] = n->attributes[--n->attribute_count];
        return;
    }
}

/* ---- Node ---- */

JSValue dom_node_value(JSContext *js, const struct dom_node *n)
{
    return n ? JS_DupValue(js, n->self) : JS_NULL;
}

enum { NODE_PARENT, NODE_FIRST, NODE_LAST, NODE_NEXT, NODE_PREVIOUS, NODE_PARENT_ELEMENT };

static JSValue get_relative(JSContext *js, JSValueConst self, int which)
{
    struct dom_node *n = dom_this(js, self, &node_interface), *parent = n ? dom_parent(n) : NULL;
    if (!n)
        return JS_EXCEPTION;
    uint32_t at = parent ? index_of(parent, n) : 0;
    switch (which) {
    case NODE_PARENT:
        return dom_node_value(js, parent);
    case NODE_PARENT_ELEMENT:
        return dom_node_value(js, parent && parent->kind == NODE_ELEMENT ? parent : NULL);
    case NODE_FIRST:
        return n->child_count ? JS_DupValue(js, n->children[0]) : JS_NULL;
    case NODE_LAST:
        return n->child_count ? JS_DupValue(js, n->children[n->child_count - 1]) : JS_NULL;
    case NODE_NEXT:
        return parent && at + 1 < parent->child_count ? JS_DupValue(js, parent->children[at + 1])
                                                      : JS_NULL;
    default:
        return parent && at > 0 ? JS_DupValue(js, parent->children[at - 1]) : JS_NULL;
    }
}

static JSValue get_child_nodes(JSContext *js, JSValueConst self, int elements_only)
{
    struct dom_node *n = dom_this(js, self, &node_interface);
    JSValue list = n ? JS_NewArray(js) : JS_EXCEPTION;
    uint32_t count = 0;
    for (uint32_t i = 0; n && i < n->child_count; i++)
        if (!elements_only || dom_node_of(n->children[i])->kind == NODE_ELEMENT)
            JS_DefinePropertyValueUint32(js, list, count++, JS_DupValue(js, n->children[i]),
                                         JS_PROP_C_W_E);
    return list;
}

static JSValue get_node_type(JSContext *js, JSValueConst self)
{
    struct dom_node *n = dom_this(js, self, &node_interface);
    return n ? JS_NewInt32(js, n->kind) : JS_EXCEPTION;
}

static JSValue upper_case(JSContext *js, const char *text)
{
    char copy[64];
    size_t i = 0;
    for (; text[i] && i < sizeof copy - 1; i++)
        copy[i] = (char)toupper((unsigned char)text[i]);
    return JS_NewStringLen(js, copy, i);
}

static JSValue get_node_name(JSContext *js, JSValueConst self)
{
    struct dom_node *n = dom_this(js, self, &node_interface);
    if (!n)
        return JS_EXCEPTION;
    return n->kind == NODE_ELEMENT ? upper_case(js, n->name)
                                   : JS_NewString(js, n->kind == NODE_TEXT ? "#text" : "#document");
}

static JSValue get_is_connected(JSContext *js, JSValueConst self)
{
    struct dom_node *n = dom_this(js, self, &node_interface);
    return n ? JS_NewBool(js, dom_is_connected(n)) : JS_EXCEPTION;
}

static JSValue get_owner_document(JSContext *js, JSValueConst self)
{
    struct dom_node *n = dom_this(js, self, &node_interface);
    if (!n)
        return JS_EXCEPTION;
    struct page *p = page_of(n->realm);
    return p && n->kind != NODE_DOCUMENT ? page_document_object(p) : JS_NULL;
}

static JSValue get_text_content(JSContext *js, JSValueConst self)
{
    struct dom_node *n = dom_this(js, self, &node_interface);
    if (!n)
        return JS_EXCEPTION;
    if (n->kind == NODE_DOCUMENT)
        return JS_NULL;
    char *text = dom_text(n);
    JSValue value = JS_NewString(js, text);
    free(text);
    return value;
}

JSValue dom_set_text_content(JSContext *js, JSValueConst self, JSValueConst value)
{
    struct dom_node *n = dom_this(js, self, &node_interface);
    const char *text = n && !JS_IsNull(value) ? JS_ToCString(js, value) : NULL;
    if (!n || (!text && !JS_IsNull(value)))
        return JS_EXCEPTION;
    if (n->kind == NODE_TEXT) {
        char *copy = js_strdup(js, text ? text : "");
        js_free(js, n->text);
        n->text = copy;
    } else if (n->kind == NODE_ELEMENT) {
        while (n->child_count)
            dom_remove(js, dom_node_of(n->children[0]));
        if (text && *text) {
            JSValue child = dom_text_new(js, text);
            if (!JS_IsException(child))
                dom_insert(js, n, dom_node_of(child), 0);
            JS_FreeValue(js, child);
        }
    }
    JS_FreeCString(js, text);
    return JS_UNDEFINED;
}

static struct dom_node *node_argument(JSContext *js, int count, JSValueConst *arguments, int which)
{
    if (count > which)
        return dom_this(js, arguments[which], &node_interface);
    JS_ThrowTypeError(js, "%d arguments required, but only %d present", which + 1, count);
    return NULL;
}

static JSValue insert_before(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct dom_node *n = dom_this(js, self, &node_interface),
                    *child = n ? node_argument(js, count, arguments, 0) : NULL;
    if (!child)
        return JS_EXCEPTION;
    uint32_t index = UINT32_MAX;
    if (count > 1 && !JS_IsNull(arguments[1]) && !JS_IsUndefined(arguments[1])) {
        struct dom_node *before = dom_this(js, arguments[1], &node_interface);
        if (!before)
            return JS_EXCEPTION;
        if (dom_parent(before) != n)
            return throw_dom_exception(js, "NotFoundError",
                                       "The node to insert before is not a child of this node.");
        index = index_of(n, before);
    }
    return dom_insert(js, n, child, index) ? JS_EXCEPTION : JS_DupValue(js, arguments[0]);
}

static JSValue append_child(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    return insert_before(js, self, count > 1 ? 1 : count, arguments);
}

static JSValue remove_child(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct dom_node *n = dom_this(js, self, &node_interface),
                    *child = n ? node_argument(js, count, arguments, 0) : NULL;
    if (!child)
        return JS_EXCEPTION;
    if (dom_parent(child) != n)
        return throw_dom_exception(js, "NotFoundError",
                                   "The node to be removed is not a child of this node.");
    dom_remove(js, child);
    return JS_DupValue(js, arguments[0]);
}

static JSValue replace_child(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct dom_node *n = dom_this(js, self, &node_interface),
                    *child = n ? node_argument(js, count, arguments, 0) : NULL;
    struct dom_node *old = child ? node_argument(js, count, arguments, 1) : NULL;
    if (!old)
        return JS_EXCEPTION;
    if (dom_parent(old) != n)
        return throw_dom_exception(js, "NotFoundError",
                                   "The node to be replaced is not a child of this node.");
    uint32_t index = index_of(n, old);
    dom_remove(js, old);
    return dom_insert(js, n, child, index) ? JS_EXCEPTION : JS_DupValue(js, arguments[1]);
}

static JSValue node_contains(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct dom_node *n = dom_this(js, self, &node_interface),
                    *other = count ? dom_node_of(arguments[0]) : NULL;
    return n ? JS_NewBool(js, other && holds(n, other)) : JS_EXCEPTION;
}

static const JSCFunctionListEntry node_prototype[] = {
    ATTRIBUTE_MAGIC("parentNode", get_relative, NULL, NODE_PARENT),
    ATTRIBUTE_MAGIC("parentElement", get_relative, NULL, NODE_PARENT_ELEMENT),
    ATTRIBUTE_MAGIC("firstChild", get_relative, NULL, NODE_FIRST),
    ATTRIBUTE_MAGIC("lastChild", get_relative, NULL, NODE_LAST),
    ATTRIBUTE_MAGIC("nextSibling", get_relative, NULL, NODE_NEXT),
    ATTRIBUTE_MAGIC("previousSibling", get_relative, NULL, NODE_PREVIOUS),
    ATTRIBUTE_MAGIC("childNodes", get_child_nodes, NULL, 0),
    ATTRIBUTE("nodeType", get_node_type, NULL),
    ATTRIBUTE("nodeName", get_node_name, NULL),
    ATTRIBUTE("isConnected", get_is_connected, NULL),
    ATTRIBUTE("ownerDocument", get_owner_document, NULL),
    ATTRIBUTE("textContent", get_text_content, dom_set_text_content),
    METHOD("appendChild", 1, append_child),
    METHOD("insertBefore", 2, insert_before),
    METHOD("removeChild", 1, remove_child),
    METHOD("replaceChild", 2, replace_child),
    METHOD("contains", 1, node_contains),
};

const struct interface node_interface = {
    .host_class = HOST_CLASS_NODE,
    .name = "Node",
    .parent = &event_target_interface,
    .class_definition = DOM_CLASS_DEFINITION,
    ENTRIES(node_prototype),
};

static const JSCFunctionListEntry text_prototype[] = {
    ATTRIBUTE("data", get_text_content, dom_set_text_content)};

const struct interface text_interface = {
    .host_class = HOST_CLASS_TEXT,
    .name = "Text",
    .parent = &node_interface,
    .class_definition = DOM_CLASS_DEFINITION,
    ENTRIES(text_prototype),
};

/* ---- Element ---- */

static JSValue get_tag_name(JSContext *js, JSValueConst self)
{
    struct dom_node *n = dom_this(js, self, &element_interface);
    return n ? upper_case(js, n->name) : JS_EXCEPTION;
}

static JSValue get_local_name(JSContext *js, JSValueConst self)
{
    struct dom_node *n = dom_this(js, self, &element_interface);
    return n ? JS_NewString(js, n->name) : JS_EXCEPTION;
}

/* Attribute names of HTML elements are in lower case. */
static char *attribute_name(JSContext *js, JSValueConst value)
{
    const char *text = JS_ToCString(js, value);
    char *name = text ? strdup(text) : NULL;
    JS_FreeCString(js, text);
    for (char *c = name; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return name;
}

static JSValue get_attribute(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                             int ask_only)
{
    struct dom_node *n = dom_this(js, self, &element_interface);
    char *name = n ? attribute_name(js, count ? arguments[0] : JS_UNDEFINED) : NULL;
    if (!name)
        return JS_EXCEPTION;
    const char *value = dom_attribute(n, name);
    free(name);
    return ask_only ? JS_NewBool(js, value != NULL) : value ? JS_NewString(js, value) : JS_NULL;
}

static JSValue set_attribute(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct dom_node *n = dom_this(js, self, &element_interface);
    if (!n)
        return JS_EXCEPTION;
    if (count < 2)
        return JS_ThrowTypeError(js, "setAttribute: 2 arguments required, but only %d present",
                                 count);
    char *name = attribute_name(js, arguments[0]);
    const char *value = name ? JS_ToCString(js, arguments[1]) : NULL;
    int failed = value ? dom_set_attribute(js, n, name, value) : -1;
    JS_FreeCString(js, value);
    free(name);
    return failed ? JS_EXCEPTION : JS_UNDEFINED;
}

static JSValue remove_attribute_method(JSContext *js, JSValueConst self, int count,
                                       JSValueConst *arguments)
{
    struct dom_node *n = dom_this(js, self, &element_interface);
    char *name = n ? attribute_name(js, count ? arguments[0] : JS_UNDEFINED) : NULL;
    if (!name)
        return JS_EXCEPTION;
    remove_attribute(js, n, name);
    element_attribute_changed(js, n, name);
    free(name);
    return JS_UNDEFINED;
}

/* Nodes, or texts that become nodes. */
static JSValue append(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct dom_node *n = dom_this(js, self, &node_interface);
    for (int i = 0; n && i < count; i++) {
        JSValue child = JS_DupValue(js, arguments[i]);
        if (!dom_node_of(child)) {
            const char *text = JS_ToCString(js, child);
            JS_FreeValue(js, child);
            child = text ? dom_text_new(js, text) : JS_EXCEPTION;
            JS_FreeCString(js, text);
        }
        int failed = JS_IsException(child) ? -1 : dom_insert(js, n, dom_node_of(child), UINT32_MAX);
        JS_FreeValue(js, child);
        if (failed)
            return JS_EXCEPTION;
    }
    return n ? JS_UNDEFINED : JS_EXCEPTION;
}

static JSValue remove_self(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct dom_node *n = dom_this(js, self, &node_interface);
    (void)count;
    (void)arguments;
    if (!n)
        return JS_EXCEPTION;
    dom_remove(js, n);
    return JS_UNDEFINED;
}

/* ---- finding ---- */

/* One compound of a simple selector: tag, #id, .class, [name], [name=value], in any number. */
static bool matches(const struct dom_node *n, const char *selector, size_t length)
{
    const char *at = selector, *end = selector + length;
    if (n->kind != NODE_ELEMENT)
        return false;
    while (at < end) {
        char kind = strchr("#.[", *at) ? *at++ : 't';
        size_t part = kind == '[' ? strcspn(at, "]") : strcspn(at, "#.[");
        if (part > (size_t)(end - at))
            part = (size_t)(end - at);
        char *text = strndup(at, part), *equals = kind == '[' && text ? strchr(text, '=') : NULL;
        const char *value = NULL;
        bool ok = true;
        if (kind == 't') {
            ok = !strcmp(text, "*") || !strcasecmp(text, n->name);
        } else if (kind == '#') {
            value = dom_attribute(n, "id");
            ok = value && !strcmp(value, text);
        } else if (kind == '.') {
            value = dom_attribute(n, "class");
            const char *found = value ? strstr(value, text) : NULL;
            ok = found && (found == value || found[-1] == ' ') &&
                 (!found[part] || found[part] == ' ');
        } else {
            if (equals)
                *equals++ = 0;
            value = dom_attribute(n, text);
            size_t quoted = equals && (*equals == '"' || *equals == '\'') ? 1 : 0;
            ok = value && (!equals || (strlen(equals) >= 2 * quoted &&
                                       strlen(value) == strlen(equals) - 2 * quoted &&
                                       !strncmp(value, equals + quoted, strlen(value))));
        }
        free(text);
        if (!ok)
            return false;
        at += part + (kind == '[');
    }
    return true;
}

static bool matches_any(const struct dom_node *n, const char *list)
{
    while (*list) {
        list += strspn(list, " ,");
        size_t length = strcspn(list, ",");
        size_t trimmed = length;
        while (trimmed && list[trimmed - 1] == ' ')
            trimmed--;
        if (trimmed && matches(n, list, trimmed))
            return true;
        list += length;
    }
    return false;
}

JSValue dom_query(JSContext *js, struct dom_node *root, const char *selector, bool all)
{
    JSValue list = all ? JS_NewArray(js) : JS_NULL;
    uint32_t count = 0;
    for (struct dom_node *n = dom_next(root, root); n; n = dom_next(n, root)) {
        if (!matches_any(n, selector))
            continue;
        if (!all)
            return JS_DupValue(js, n->self);
        JS_DefinePropertyValueUint32(js, list, count++, JS_DupValue(js, n->self), JS_PROP_C_W_E);
    }
    return list;
}

/* Selectors with combinators or pseudo-classes are not understood, and that is said. */
JSValue dom_query_method(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                         int all)
{
    struct dom_node *n = dom_this(js, self, &node_interface);
    const char *selector = n ? JS_ToCString(js, count ? arguments[0] : JS_UNDEFINED) : NULL;
    if (!selector)
        return JS_EXCEPTION;
    JSValue found =
        strpbrk(selector, ">+~:")
            ? throw_dom_exception(js, "SyntaxError",
                                  "'%s': only simple selectors are understood here", selector)
            : dom_query(js, n, selector, all);
    JS_FreeCString(js, selector);
    return found;
}

JSValue dom_by_tag_name(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    return dom_query_method(js, self, count, arguments, true);
}

/* ---- reflected attributes ---- */

static const char *const reflected[] = {"id", "class", "name", "title", "lang"};

static JSValue get_reflected(JSContext *js, JSValueConst self, int which)
{
    struct dom_node *n = dom_this(js, self, &element_interface);
    const char *value = n ? dom_attribute(n, reflected[which]) : NULL;
    return n ? JS_NewString(js, value ? value : "") : JS_EXCEPTION;
}

static JSValue set_reflected(JSContext *js, JSValueConst self, JSValueConst value, int which)
{
    struct dom_node *n = dom_this(js, self, &element_interface);
    const char *text = n ? JS_ToCString(js, value) : NULL;
    int failed = text ? dom_set_attribute(js, n, reflected[which], text) : -1;
    JS_FreeCString(js, text);
    return failed ? JS_EXCEPTION : JS_UNDEFINED;
}

#define REFLECTED(name, which) ATTRIBUTE_MAGIC(name, get_reflected, set_reflected, which)
static const JSCFunctionListEntry element_prototype[] = {
    ATTRIBUTE("tagName", get_tag_name, NULL),
    ATTRIBUTE("localName", get_local_name, NULL),
    REFLECTED("id", 0),
    REFLECTED("className", 1),
    ATTRIBUTE_MAGIC("children", get_child_nodes, NULL, 1),
    METHOD_MAGIC("getAttribute", 1, get_attribute, 0),
    METHOD_MAGIC("hasAttribute", 1, get_attribute, 1),
    METHOD("setAttribute", 2, set_attribute),
    METHOD("removeAttribute", 1, remove_attribute_method),
    METHOD("append", 0, append),
    METHOD("remove", 0, remove_self),
    METHOD_MAGIC("querySelector", 1, dom_query_method, 0),
    METHOD_MAGIC("querySelectorAll", 1, dom_query_method, 1),
    METHOD("getElementsByTagName", 1, dom_by_tag_name),
};

const struct interface element_interface = {
    .host_class = HOST_CLASS_ELEMENT,
    .name = "Element",
    .parent = &node_interface,
    .class_definition = DOM_CLASS_DEFINITION,
    ENTRIES(element_prototype),
};

static const JSCFunctionListEntry html_element_prototype[] = {
    REFLECTED("name", 2),
    REFLECTED("title", 3),
    REFLECTED("lang", 4),
    GLOBAL_EVENT_HANDLERS,
};

const struct interface html_element_interface = {
    .host_class = HOST_CLASS_HTML_ELEMENT,
    .name = "HTMLElement",
    .parent = &element_interface,
    .class_definition = DOM_CLASS_DEFINITION,
    ENTRIES(html_element_prototype),
};

static const JSCFunctionListEntry body_prototype[] = {WINDOW_EVENT_HANDLERS};

const struct interface html_body_element_interface = {
    .host_class = HOST_CLASS_HTML_BODY_ELEMENT,
    .name = "HTMLBodyElement",
    .parent = &html_element_interface,
    .class_definition = DOM_CLASS_DEFINITION,
    ENTRIES(body_prototype),
};

const struct interface html_frame_set_element_interface = {
    .host_class = HOST_CLASS_HTML_FRAME_SET_ELEMENT,
    .name = "HTMLFrameSetElement",
    .parent = &html_element_interface,
    .class_definition = DOM_CLASS_DEFINITION,
    ENTRIES(body_prototype),
};
