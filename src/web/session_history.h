/* Session history (HTML 7.4.6): which pages a tab and its frames have shown, in steps that back and
 * forward go through, without JavaScript.
 *
 * Each browsing context has entries, each with the step at which it came; what a context shows at a
 * step is its last entry up to there. The step of now belongs to the tab at the top. Entries of one
 * document (fragments, pushState) have its document state in common; a document that was not kept
 * is made again from it.
 *
 * Ownership: entries belong to their context and hold documents; session_history_release lets go of
 * them. Threads: any that is counted awake. Lock order: under the user agent's lock, nothing else.
 * Documents are destroyed and state is given back outside of it. */
#ifndef HEDDLE_WEB_SESSION_HISTORY_H
#define HEDDLE_WEB_SESSION_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct browsing_context;
struct document;
struct history_entry;
struct message;

/* What pushState was given, serialized for storage. Counted; constant. */
struct history_state;
struct history_state *history_state_new(struct message *m); /* takes it */
struct history_state *history_state_ref(struct history_state *s);
void history_state_unref(struct history_state *s); /* NULL is allowed */
/* Own thread of the one active document that has this entry. */
struct message *history_state_message(struct history_state *s);

/* The history of one context; zero-filled is empty. */
struct session_history {
    struct history_entry *entries; /* by step */
    size_t count, capacity;
    int step; /* tops: of now */
    uint32_t states_made;
};

enum history_handling { HISTORY_PUSH, HISTORY_REPLACE, HISTORY_TRAVERSE };

/* The context shows the document under the URL from now on: `d` is another one than before, or
 * (`same`) the same one under another URL or state. What lay ahead is forgotten by a push. Texts
 * are copied, `state` (NULL = null) gets one more reference. */
void session_history_commit(struct browsing_context *c, struct document *d, const char *url,
                            struct history_state *state, enum history_handling handling, bool same);

/* How many steps back and forward can go through, in all. */
size_t session_history_length(struct browsing_context *c);

/* What one context has to show at another step. Counted, the URL malloc'd. */
struct history_change {
    struct browsing_context *context;
    struct document *document; /* which may not be there any more */
    struct history_state *state;
    char *url;
    bool same; /* the document does not change */
};
void history_change_release(struct history_change *x);

/* So many steps on (or back): the changes that this makes, malloc'd; none when there is no such
 * step. */
size_t session_history_go(struct browsing_context *c, int delta, struct history_change **changes);

/* The tab goes on as another context (R-COOP-05). */
void session_history_move(struct browsing_context *from, struct browsing_context *to);

/* The context is discarded. */
void session_history_release(struct browsing_context *c);

#endif
