/* HTML files: parsed by gumbo as a whole, then put into the document node by node, so that scripts
 * run where they stand (HTML 13.2). */
#include "web/dom.h"
#include "web/web_agent.h"

#include <gumbo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct html_parser {
    struct realm *realm;
    char *text;
    GumboOutput *output;
    const GumboNode *at; /* the next node to put in; NULL at the end */
    JSValue *open;       /* the elements that it goes into, outermost first */
    uint32_t depth, capacity;
    bool ignored; /* something would have been rendered */
};

static bool is_known(const GumboElement *e)
{
    switch (e->tag) {
    case GUMBO_TAG_HTML:
    case GUMBO_TAG_HEAD:
    case GUMBO_TAG_BODY:
    case GUMBO_TAG_TITLE:
    case GUMBO_TAG_META:
    case GUMBO_TAG_LINK:
    case GUMBO_TAG_SCRIPT:
    case GUMBO_TAG_IFRAME:
        return true;
    default:
        return false;
    }
}

static bool push(struct html_parser *x, JSValue element)
{
    if (x->depth == x->capacity) {
        uint32_t capacity = x->capacity ? x->capacity * 2 : 16;
        JSValue *grown = realloc(x->open, capacity * sizeof *grown);
        if (!grown)
            return false;
        x->open = grown;
        x->capacity = capacity;
    }
    x->open[x->depth++] = element;
    return true;
}

static const GumboVector *children_of(const GumboNode *n)
{
    return n->type == GUMBO_NODE_DOCUMENT  ? &n->v.document.children
           : n->type == GUMBO_NODE_ELEMENT ? &n->v.element.children
                                           : NULL;
}

/* Leaves finished elements behind. */
static void advance(struct page *p, struct html_parser *x)
{
    const GumboNode *n = x->at;
    while (n->parent) {
        const GumboVector *around = children_of(n->parent);
        size_t next = n->index_within_parent + 1;
        if (around && next < around->length) {
            x->at = around->data[next];
            return;
        }
        n = n->parent;
        JS_FreeValue(p->realm->js, x->open[--x->depth]);
    }
    x->at = NULL;
}

static JSValue element_of(struct page *p, const GumboElement *e)
{
    JSContext *js = p->realm->js;
    GumboStringPiece tag = e->original_tag;
    char name[64];
    if (e->tag == GUMBO_TAG_UNKNOWN)
        gumbo_tag_from_original_text(&tag);
    snprintf(name, sizeof name, "%.*s", e->tag == GUMBO_TAG_UNKNOWN ? (int)tag.length : 63,
             e->tag == GUMBO_TAG_UNKNOWN ? tag.data : gumbo_normalized_tagname(e->tag));
    JSValue object = dom_element_new(js, name);
    struct dom_node *n = dom_node_of(object);
    for (unsigned i = 0; n && i < e->attributes.length; i++) {
        const GumboAttribute *a = e->attributes.data[i];
        dom_set_attribute(js, n, a->name, a->value);
    }
    return object;
}

/* html, head and body are there already when the document was made. */
static struct dom_node *standing_element(struct html_parser *x, const GumboElement *e)
{
    struct dom_node *parent = dom_node_of(x->open[x->depth - 1]);
    if (e->tag != GUMBO_TAG_HTML && e->tag != GUMBO_TAG_HEAD && e->tag != GUMBO_TAG_BODY)
        return NULL;
    for (uint32_t i = 0; i < parent->child_count; i++) {
        struct dom_node *n = dom_node_of(parent->children[i]);
        if (dom_is(n, gumbo_normalized_tagname(e->tag)))
            return n;
    }
    return NULL;
}

/* An element with everything that is known before it is connected. True when the parser has to wait
 * for its script. */
static bool put_element(struct page *p, struct html_parser *x, const GumboNode *node)
{
    JSContext *js = p->realm->js;
    const GumboElement *e = &node->v.element;
    struct document *d = document_ref(p->document);
    struct dom_node *standing = standing_element(x, e);
    JSValue object = standing ? JS_DupValue(js, standing->self) : element_of(p, e);
    struct dom_node *n = dom_node_of(object), *parent = dom_node_of(x->open[x->depth - 1]);
    bool waits = false, goes_down = n && e->children.length && e->tag != GUMBO_TAG_SCRIPT;
    x->ignored |= !is_known(e);
    if (n && e->tag == GUMBO_TAG_SCRIPT) {
        n->parser_inserted = true;
        for (unsigned i = 0; i < e->children.length; i++) {
            const GumboNode *child = e->children.data[i];
            JSValue text = dom_text_new(js, child->v.text.text);
            n->line = i ? n->line : child->v.text.start_pos.line;
            if (dom_node_of(text))
                dom_insert(js, n, dom_node_of(text), UINT32_MAX);
            JS_FreeValue(js, text);
        }
    }
    if (n && standing) {
        for (unsigned i = 0; i < e->attributes.length; i++) {
            const GumboAttribute *a = e->attributes.data[i];
            dom_set_attribute(js, n, a->name, a->value);
        }
    } else if (n) {
        dom_insert(js, parent, n, UINT32_MAX);
    }
    if (d->page && goes_down && push(x, JS_DupValue(js, object)))
        x->at = e->children.data[0];
    else if (d->page)
        advance(p, x);
    if (d->page && n && e->tag == GUMBO_TAG_SCRIPT) {
        waits = script_of_parser(p, n);
        if (d->page)
            n->parser_inserted = false;
    }
    JS_FreeValue(js, object);
    document_unref(d);
    return waits;
}

static void put_text(struct page *p, struct html_parser *x, const GumboNode *node)
{
    JSContext *js = p->realm->js;
    struct dom_node *parent = dom_node_of(x->open[x->depth - 1]);
    if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_CDATA) {
        x->ignored |= !dom_is(parent, "title");
        JSValue text = dom_text_new(js, node->v.text.text);
        if (dom_node_of(text))
            dom_insert(js, parent, dom_node_of(text), UINT32_MAX);
        JS_FreeValue(js, text);
    }
    advance(p, x);
}

static void say_ignored(struct page *p)
{
    char text[512];
    snprintf(text, sizeof text,
             "%s: only scripts, frames and the title do something here; nothing is rendered",
             p->document->url);
    struct notice n = {.kind = NOTICE_CONSOLE, .level = 4, .text = text};
    world_notice(p->realm->agent->world, p->realm->agent, &n);
}

void html_parser_continue(struct page *p)
{
    struct document *d = document_ref(p->document);
    while (d->page && p->parser->at) {
        struct html_parser *x = p->parser;
        if (x->at->type == GUMBO_NODE_ELEMENT || x->at->type == GUMBO_NODE_TEMPLATE) {
            if (put_element(p, x, x->at)) {
                document_unref(d);
                return;
            }
        } else {
            put_text(p, x, x->at);
        }
    }
    if (d->page) {
        bool ignored = p->parser->ignored;
        html_parser_free(p->parser);
        p->parser = NULL;
        if (ignored && !web_of(p->realm->agent)->pure)
            say_ignored(p);
        scripts_after_parsing(p);
    }
    document_unref(d);
}

bool html_parser_start(struct page *p, const char *text, size_t length)
{
    struct html_parser *x = calloc(1, sizeof *x);
    if (!x)
        return false;
    x->realm = p->realm;
    x->text = malloc(length + 1);
    if (x->text) {
        memcpy(x->text, text, length);
        x->text[length] = 0;
        x->output = gumbo_parse_with_options(&kGumboDefaultOptions, x->text, length);
    }
    JSValue document = x->output ? page_document_object(p) : JS_EXCEPTION;
    if (JS_IsException(document) || !push(x, document)) {
        p->parser = NULL;
        html_parser_free(x);
        return false;
    }
    const GumboVector *top = children_of(x->output->document);
    x->at = top->length ? top->data[0] : NULL;
    p->parser = x;
    p->parsing = p->parsing_text = true;
    html_parser_continue(p);
    return true;
}

void html_parser_free(struct html_parser *x)
{
    if (!x)
        return;
    while (x->depth)
        JS_FreeValue(x->realm->js, x->open[--x->depth]);
    if (x->output)
        gumbo_destroy_output(&kGumboDefaultOptions, x->output);
    free(x->open);
    free(x->text);
    free(x);
}
