/* The inside of a document: its realm, its nodes and how far loading has come (HTML 7.3.1, 13.2.7;
 * R-LIFE-02..05). Own thread. */
#ifndef HEDDLE_WEB_PAGE_H
#define HEDDLE_WEB_PAGE_H

#include "web/document.h"
#include "web/realm.h"

struct dom_node;
struct html_parser;
struct pending_script;
struct navigation;

enum readiness { PAGE_LOADING, PAGE_INTERACTIVE, PAGE_COMPLETE };

struct page {
    struct document *document; /* counted */
    struct realm *realm;
    struct page *next; /* of the agent */
    JSValue object;    /* the Document; undefined until somebody asks */
    enum readiness readiness;
    uint32_t delays; /* what delays the load event */
    bool parsing, parsing_text, finishing, page_showing, destroyed;
    bool loads; /* counted in user_agent.loading */
    bool salvageable, stored; /* stored: in the back/forward cache, and not what the tab shows */
    JSValue state;            /* history.state; uninitialized until asked for */
    struct html_parser *parser;
    struct dom_node
        *current_script; /* document.currentScript; its object is held by whoever runs it */
    struct pending_script *scripts; /* that wait for their text or their turn */
    struct dom_node *frames;        /* connected iframes, through next_frame */
    char *title;
    char *referrer;
};

/* The page of a realm's document; NULL for workers and once it is destroyed. */
static inline struct page *page_of(struct realm *r)
{
    return r->document ? r->document->page : NULL;
}

/* An initial about:blank document in the calling agent, for a frame or popup made by `creator`
 * (R-WIN-01, R-WIN-04). NULL when it cannot be made here: a sandboxed frame's has an origin of its
 * own. */
struct page *page_create_blank(struct agent *a, struct browsing_context *c, struct page *creator,
                               unsigned sandbox);

/* Lets the run know of the document: who is where (heddle topology). */
void page_announce(struct page *p);

/* "Delay the load event": each hold needs its release, which may end the loading. */
void page_hold_load(struct page *p);
void page_release_load(struct page *p);

/* The parser is through: deferred scripts have run. DOMContentLoaded is next. */
void page_parsed(struct page *p);

/* A plain event at the Document; pagehide and pageshow at the window. They run JavaScript: the page may be gone afterwards. */
void page_fire_at_document(struct page *p, const char *type);
void page_fire_focus(struct page *p, bool focused);
void page_fire_transition(struct page *p, const char *type, bool persisted);

/* The agent ends: lets go of everything its pages hold. */
void pages_end(struct agent *a);

/* dom.c: the Document object, a new reference. */
JSValue page_document_object(struct page *p);
/* dom.c: frees what the nodes hold outside the heap and discards the frames. */
void page_release_nodes(struct page *p);

/* html_parser.c: runs the page's HTML; the text is copied. False when out of memory. */
bool html_parser_start(struct page *p, const char *text, size_t length);
void html_parser_free(struct html_parser *x);

/* A task of the page's document, which runs only while that is fully active. `context` is the
 * callback's. */
struct page_task;
void page_queue(struct page *p, enum task_source source, void (*run)(struct page *p, void *context),
                void *context);
/* The same; `release` gets the context when the task has run or was dropped. */
void page_queue_owned(struct page *p, enum task_source source,
                      void (*run)(struct page *p, void *context), void *context,
                      void (*release)(void *context));

/* page_lifecycle.c: why a page that is left cannot be kept for the way back, a set, empty when it can
 * (R-LIFE-08). */
unsigned page_why_not_kept(struct page *p);
/* Takes one out of such a set: its name, NULL when none is left. */
const char *page_reason(unsigned *set);
/* Into the back/forward cache and out of it (R-LIFE-05, R-LIFE-06). They run JavaScript. */
void page_store(struct page *p);
void page_restore(struct page *p);

#endif
