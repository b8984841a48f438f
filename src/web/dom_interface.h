/* Shared by the files that define the interfaces of nodes. */
#ifndef HEDDLE_WEB_DOM_INTERFACE_H
#define HEDDLE_WEB_DOM_INTERFACE_H

#include "web/dom.h"

/* A node of that interface without parent. */
JSValue dom_node_new(JSContext *js, const struct interface *i, enum node_kind kind,
                     const char *name, const char *text);

/* The object of a node, a new reference; null for NULL. */
JSValue dom_node_value(JSContext *js, const struct dom_node *n);

/* Accessor and methods that several interfaces have. */
JSValue dom_set_text_content(JSContext *js, JSValueConst self, JSValueConst value);
JSValue dom_query_method(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                         int all);
JSValue dom_by_tag_name(JSContext *js, JSValueConst self, int count, JSValueConst *arguments);

#define SHOWN (JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE)
#define ATTRIBUTE(name, get, set) JS_CGETSET_DEF2(name, get, set, SHOWN)
#define ATTRIBUTE_MAGIC(name, get, set, magic) JS_CGETSET_MAGIC_DEF2(name, get, set, magic, SHOWN)
#define METHOD(name, length, function) JS_CFUNC_DEF2(name, length, function, JS_PROP_C_W_E)
#define ENTRIES(list) .prototype = (list), .prototype_count = (int)(sizeof(list) / sizeof(list)[0])

#define METHOD_MAGIC(name, length, function, magic)                                                \
    {                                                                                              \
        name, JS_PROP_C_W_E, JS_DEF_CFUNC, magic, .u = {                                           \
            .func = {length, JS_CFUNC_generic_magic, {.generic_magic = function}}                  \
        }                                                                                          \
    }

#endif
