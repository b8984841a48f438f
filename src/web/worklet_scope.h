/* A worklet's global scopes as agents, and the letters between them and their owner: the inside of worklet.h. */
#ifndef HEDDLE_WEB_WORKLET_SCOPE_H
#define HEDDLE_WEB_WORKLET_SCOPE_H

#include "web/worklet.h"

#include <stdatomic.h>

/* How a scope's news finds the worklet. */
struct worklet_tie {
    _Atomic uint32_t references; /* relaxed up, acq_rel down */
    struct worklet *worklet;     /* owner's thread: NULL once it has ended */
};
struct worklet_tie *worklet_tie_ref(struct worklet_tie *t);
void worklet_tie_unref(struct worklet_tie *t);

/* The text of a module, fetched once for all scopes (R-WT-01). Counted, constant. */
struct module_text {
    _Atomic uint32_t references; /* relaxed up, acq_rel down */
    char *url, *bytes;
    size_t length;
};
struct module_text *module_text_new(const char *url, const char *bytes, size_t length);
struct module_text *module_text_ref(struct module_text *t);
void module_text_unref(struct module_text *t);

struct worklet_order {
    struct task task;
    struct worklet_letter letter;
    struct module_text *text; /* counted; of WORKLET_MODULE */
};
struct worklet_order *worklet_order_new(const struct worklet_letter *letter);

struct worklet_news {
    struct task task;
    struct worklet_letter letter;
    struct worklet_tie *tie; /* counted */
};
struct worklet_news *worklet_news_new(struct worklet_tie *tie, const struct worklet_letter *letter);

void worklet_letter_release(struct worklet_letter *l);

struct worklet_scope_start {
    enum worklet_kind kind;
    struct agent *owner;
    struct worklet_tie *tie;
    const char *url; /* of the owner's document */
    const char *origin; /* the owner's, which asks for its modules */
    uint32_t number;
    bool cross_origin_isolated;
};

/* Starts the agent: one reference for the caller. NULL when no further one can be started. */
struct agent *worklet_scope_start(const struct worklet_scope_start *start);

#endif
