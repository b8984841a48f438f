/* A document, as far as other agents may look at it; its inside (web/page.h) belongs to its agent.
 *
 * Ownership: counted. Constant once it was made active, but for `inside`, which its agent's thread
 * sets and reads, and `activity`. */
#ifndef HEDDLE_WEB_DOCUMENT_H
#define HEDDLE_WEB_DOCUMENT_H

#include "web/browsing_context.h"

struct page;

struct document {
    _Atomic uint32_t references;      /* relaxed up, acq_rel down */
    struct browsing_context *context; /* counted */
    struct window_place place;
    struct activity *activity; /* counted */
    struct origin *origin;     /* counted */
    struct policy policy;
    unsigned sandbox; /* active flags */
    char *url;        /* as loaded; own thread: history may change it */
    char *base;       /* the API base URL; of blank and srcdoc documents the creator's */
    struct history_state *state; /* own thread: of the entry that shows it; counted, NULL = null */
    _Atomic unsigned why_not_kept; /* page_why_not_kept, when it was left; relaxed: read by who goes back to it */
    unsigned not_restored;         /* the same of the document that this one stands for; constant */
    const char *navigation_type;   /* "navigate", "reload" or "back_forward"; constant */
    bool initial_blank;
    bool was_discarded; /* R-PL-03 */
    bool hidden;       /* own thread */
    bool no_store;     /* Cache-Control */
    bool isolated;     /* cross-origin isolated capability (R-COI-01) */
    struct page *page; /* own thread */
    /* Own thread: what a page that no resource holds was made of, to make it again; NULL for
     * fetched ones. */
    struct navigation *made_of;
};

/* A document that is not active yet; takes `place` and one reference of `origin`. NULL when out of
 * memory: they are given back then. */
struct document *document_create(struct browsing_context *c, struct window_place place,
                                 struct origin *origin, const char *url);
struct document *document_ref(struct document *d);
void document_unref(struct document *d); /* NULL is allowed */

/* Nothing is hidden before a timeline hides it. */
static inline bool document_is_visible(const struct document *d)
{
    return !d->hidden;
}

/* Whether another tab has a document in the same agent cluster (R-CR-05). Any thread. */
bool document_shares_cluster(const struct document *d);

/* HTML "secure context" (R-SW-04): whether a document of that origin in the context is one. The page at the top decides, since its
 * address is the top-level creation URL. */
bool context_is_secure(struct browsing_context *c, const struct origin *origin);

/* HTML "allowed to use" the feature cross-origin-isolated, for a document of that origin in the
 * context (R-COI-01); `allowed` says whether its container has allow="cross-origin-isolated". */
bool document_may_isolate(struct browsing_context *c, const struct origin *origin,
                          const struct policy *policy, bool allowed);

#endif
