/* The nodes of a document, as few as scripts need: elements, texts, scripts and frames (DOM 4,
 * HTML 4.12.1, 4.8.5). Nothing is rendered; elements of other kinds are kept with their attributes
 * and do nothing.
 *
 * Ownership: a node is the inside of its object. Parent and children hold each other's objects;
 * garbage collection sees the circle. Threads: the agent's own. */
#ifndef HEDDLE_WEB_DOM_H
#define HEDDLE_WEB_DOM_H

#include "web/event_target.h"
#include "web/page.h"

enum node_kind { NODE_ELEMENT = 1, NODE_TEXT = 3, NODE_DOCUMENT = 9 };

struct attribute {
    char *name, *value;
};

struct dom_node {
    struct event_target target; /* first: see event_target.h */
    enum node_kind kind;
    struct realm *realm;
    JSValue self;   /* the object, not counted */
    JSValue parent; /* undefined = none */
    JSValue *children;
    uint32_t child_count, child_capacity;
    char *name; /* elements: the tag in lower case */
    char *text; /* texts */
    struct attribute *attributes;
    uint32_t attribute_count, attribute_capacity;
    /* scripts */
    bool already_started, parser_inserted;
    uint32_t line; /* of the text in the HTML file, 0 = unknown */
    /* frames, while they are connected */
    struct browsing_context *content; /* counted */
    bool frame_loading;               /* delays the page's load event */
    struct dom_node *next_frame;
};

extern const struct interface node_interface;
extern const struct interface element_interface;
extern const struct interface html_element_interface;
extern const struct interface html_body_element_interface;
extern const struct interface html_frame_set_element_interface;
extern const struct interface html_script_element_interface;
extern const struct interface html_iframe_element_interface;
extern const struct interface text_interface;
extern const struct interface document_interface;

/* For the interfaces' definitions. */
void dom_finalize(JSRuntime *runtime, JSValueConst value);
void dom_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark);
#define DOM_CLASS_DEFINITION                                                                       \
    {                                                                                              \
        .finalizer = dom_finalize, .gc_mark = dom_mark                                             \
    }

/* The inside of a node's object; NULL for other values, dom_this with a TypeError. */
struct dom_node *dom_node_of(JSValueConst value);
struct dom_node *dom_this(JSContext *js, JSValueConst value, const struct interface *i);

/* New nodes without parent: an exception when out of memory. */
JSValue dom_element_new(JSContext *js, const char *tag);
JSValue dom_text_new(JSContext *js, const char *text);

struct dom_node *dom_parent(const struct dom_node *n);
bool dom_is(const struct dom_node *n, const char *tag);
bool dom_is_connected(const struct dom_node *n);

/* The next node in tree order below `root`; NULL at the end. */
struct dom_node *dom_next(const struct dom_node *n, const struct dom_node *root);

/* Inserts with HTML's insertion steps; `index` beyond the end: last. 0, or -1 with an exception. */
int dom_insert(JSContext *js, struct dom_node *parent, struct dom_node *child, uint32_t index);
void dom_remove(JSContext *js, struct dom_node *n);

const char *dom_attribute(const struct dom_node *n, const char *name); /* NULL = not there */
int dom_set_attribute(JSContext *js, struct dom_node *n, const char *name, const char *value);

/* The concatenated texts below, malloc'd. */
char *dom_text(const struct dom_node *n);

/* html_elements.c: what happens when elements enter and leave a document, and when attributes
 * change. */
void element_connected(JSContext *js, struct dom_node *n);
void element_disconnected(JSContext *js, struct dom_node *n);
void element_attribute_changed(JSContext *js, struct dom_node *n, const char *name);

/* html_elements.c: a script that the parser found, in its place. True when the parser has to wait
 * for it. */
bool script_of_parser(struct page *p, struct dom_node *script);
/* Runs the deferred scripts, then ends the parsing. */
void scripts_after_parsing(struct page *p);
/* html_parser.c */
void html_parser_continue(struct page *p);
/* html_elements.c: frees what scripts under way hold. */
void scripts_release(struct page *p);
void frames_release(struct page *p);

JSValue dom_query(JSContext *js, struct dom_node *root, const char *selector, bool all);

#endif
