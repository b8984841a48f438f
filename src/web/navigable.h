/* Navigation (HTML 7.4): from a URL to a document in the agent where it belongs, and what ends
 * documents.
 *
 * Threads: navigable_navigate where it says; what is posted runs in the agent of the document
 * concerned. */
#ifndef HEDDLE_WEB_NAVIGABLE_H
#define HEDDLE_WEB_NAVIGABLE_H

#include "web/document.h"

enum page_source {
    PAGE_FETCHED, /* the resource at the URL: HTML, or a script that is the page's only one */
    PAGE_SRCDOC,  /* `text` is HTML */
    PAGE_BLANK,
    PAGE_SCRIPT, /* `text` is the page's only script */
};

/* How a document ends. */
enum page_end {
    PAGE_END_DISCARD, /* no event tells */
    PAGE_END_UNLOAD,  /* pagehide, unload */
    PAGE_END_LEAVE,   /* it is kept for the way back if it can be, else as PAGE_END_UNLOAD */
};

/* A navigation under way. It owns everything in it. */
struct navigation {
    struct task task; /* on its way to the new document's agent */
    struct user_agent *user_agent;
    struct browsing_context
        *context;              /* counted; NULL: a new tab, made when the response is known */
    char *label, *target_name; /* of a new tab */
    char *url;
    enum page_source source;
    char *text; /* zero byte behind it */
    size_t length;
    bool is_html, module;
    char *script_url;
    /* Whoever began it. */
    struct origin *initiator; /* counted; NULL = the user */
    struct policy initiator_policy;
    char *initiator_base;
    struct browsing_context *opener; /* new tabs that stay in the opener's group: counted */
    bool after_discard; /* the document that it makes was discarded before (R-PL-03) */
    bool replace, is_reload, is_history, no_store, loads; /* loads: counted in user_agent.loading */
    unsigned not_restored; /* why what is gone back to was not kept: page_why_not_kept */
    enum history_handling handling; /* HISTORY_PUSH: unless `replace`, or there is nothing to go back to */
    struct history_state *state;    /* of the entry that is gone to; counted, NULL = null */
    enum page_end end;              /* of what was shown before; once decided */
    unsigned number, redirects; /* number: in its context, from 1; 0: it has not begun */
    struct service_worker_client *client; /* reserved for the new document; NULL until it is */
    /* Once decided. */
    struct document *document;
    int64_t delay_ns; /* still to pass before the document may begin: the warden cannot wait */
    struct timer timer;
};

struct navigation *navigation_new(struct user_agent *u, const char *url);
/* One thing less is loading: see user_agent.loading. */
void loading_ended(struct user_agent *u);

/* The same page again, asked for by the document itself (HTML "reload"): the resource, or what it
 * was made of. Own thread. */
struct navigation *navigation_again(const struct document *d);
void navigation_free(struct navigation *n);

/* The user loads the page again. Any thread counted awake. */
void navigable_reload(struct document *d);

/* The browser discards a tab: no event tells, and nothing is left but what is needed to load it again (R-PL-03). Any thread counted awake. */
void navigable_discard(struct document *d);
/* The user looks at it again; false when it was not discarded. */
bool navigable_revive(struct browsing_context *c);

/* Who begins it: a document of the calling agent. */
void navigation_set_initiator(struct navigation *n, const struct document *d);

/* HTML "navigate" from where the URL is known: loads, decides about policies, group and agent, and
 * sends the document there. Takes n. On the thread of any agent, or the warden's before the world
 * runs. */
void navigation_begin(struct navigation *n);

/* The same in the agent of the context's active document, which asks beforeunload first. Takes n.
 */
void navigable_navigate(struct navigation *n);

/* Ends whatever a tab or frame shows, and the frames below it: with pagehide and unload when
 * `unload`, and takes the context out of the tree when `discard`. Any thread counted awake; the
 * work is done in the agents concerned. */
void navigable_end(struct browsing_context *c, bool unload, bool discard);

/* A document that is shown no more ends in its agent: it is left, or it was kept and nothing leads
 * to it. Any thread counted awake. */
void navigable_leave(struct document *d);
void navigable_dispose(struct document *d);

/* history.c: so many steps back (below 0) or forward in the tab of the context. Any thread counted
 * awake. */
void history_go(struct browsing_context *c, int delta);

/* Tells the page around a frame that the frame has loaded, or that loading failed. Any thread
 * counted awake. */
void navigable_tell_container(struct browsing_context *c);

/* page.c, by the task of a navigation: makes the document. Takes n. */
void page_begin(struct navigation *n, struct agent *a);
/* page.c: the agent's document of the context ends. `d`: only that one. */
void page_end(struct agent *a, struct document *d, enum page_end end);
/* page.c: asks beforeunload; false when somebody stays. */
bool page_may_unload(struct agent *a, struct browsing_context *c);
/* page.c: the document as a client of service workers, NULL when it is none. Own thread. */
struct service_worker_client *page_client(const struct document *d);
/* page.c: a frame has loaded. */
void page_frame_loaded(struct agent *a, struct browsing_context *frame);

#endif
