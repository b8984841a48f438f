/* The user agent of a run and its browsing contexts: tabs, popups and frames, in groups (HTML 7.3;
 * R-WIN-01, R-WIN-04, R-WIN-05).
 *
 * HTML tells a navigable (the tab or frame) from its browsing context (what a WindowProxy stands
 * for); they part only when an opener policy moves a tab to another group (R-COOP-05). Here they
 * are one object, and such a switch makes a new one that takes the tab's place.
 *
 * Ownership: contexts, groups and documents are counted. A context holds its parent, its children,
 * its active document and its opener; context_discard breaks the circle. user_agent_free discards
 * what is left. Threads: any. What may change is guarded by the user agent's lock. Lock order: the
 * user agent's lock, then the world's registry (an agent is started under it, so that nobody sees a
 * key without one). Never held while JavaScript runs. Ordering guarantees: 1. Who finds a document
 * through context_document sees it as it was when it was made active.
 *  2. A window agent ends only when no document uses it and none is on its way to it
 * (window_place). Progress: every operation is short but for window_place_obtain, which may start a
 * thread. */
#ifndef HEDDLE_WEB_BROWSING_CONTEXT_H
#define HEDDLE_WEB_BROWSING_CONTEXT_H

#include "agent/agent.h"
#include "agent/cluster.h"
#include "web/origin.h"
#include "web/policy.h"
#include "web/session_history.h"

#include <pthread.h>

struct context_group;
struct cluster_slot;
struct document;

struct user_agent {
    struct world *world;
    pthread_mutex_t lock;
    struct browsing_context *
        *tops; /* open top-level contexts, one reference each, in order of opening */
    size_t top_count, top_capacity;
    uint32_t contexts_made, groups_made;
    _Atomic uint32_t loading; /* documents on their way or not completely loaded; release down, acquire to look */
    enum isolation_mode isolation_mode; /* of isolated groups: R-COOP-06, knob; constant */
    bool origin_keyed_by_default;       /* R-AG-17, knob; constant */
    _Atomic uint32_t focused; /* id of the tab that has the system's focus; 0: none. The newest one, until somebody moves it. Relaxed */
};

struct browsing_context {
    /* Constant. */
    _Atomic uint32_t references; /* relaxed up, acq_rel down */
    struct user_agent *user_agent;
    struct context_group *group;     /* counted */
    struct browsing_context *parent; /* counted; NULL = top-level */
    uint32_t id;
    bool auxiliary;         /* made by window.open */
    bool credentialless;    /* iframe credentialless */
    unsigned popup_sandbox; /* flags that a popup has of its opener */
    /* The lock. */
    struct browsing_context **children; /* one reference each, in tree order */
    size_t child_count, child_capacity;
    struct browsing_context *opener; /* counted, NULL = none */
    struct document *document; /* active; counted; NULL: nothing is loaded yet, or loading failed */
    char *name;                /* the target name; "" = none */
    char *label;               /* what reports call it; NULL = its name or address */
    unsigned container_sandbox; /* frames: what the container's attributes say, as of its last
                                   navigation */
    bool container_allows_isolation;
    struct session_history history;
    _Atomic unsigned ongoing; /* the number of its last navigation; relaxed: whoever is overtaken hears of it in its next task */
    bool discarded; /* also `closed` */
    bool closing;
    struct navigation *discarded_page; /* to load it again; NULL: it was not discarded */
};

struct user_agent *user_agent_create(struct world *w);
void user_agent_free(struct user_agent *u);

/* A new context: in its parent's group, in its opener's, or in a new one with that mode. One
 * reference; NULL when out of memory. Texts are copied. */
struct context_options {
    struct browsing_context *parent, *opener;
    struct browsing_context *group_of; /* popup without an opener link that stays in the group; NULL
                                          = the parent's or opener's */
    const char *name, *label;
    size_t index; /* among the parent's children */
    bool auxiliary, credentialless;
    unsigned popup_sandbox;
    enum isolation_mode isolation; /* of a new group */
};
struct browsing_context *context_create(struct user_agent *u,
                                        const struct context_options *options);

struct browsing_context *context_ref(struct browsing_context *c);
void context_unref(struct browsing_context *c); /* NULL is allowed */

/* Takes it and everything below it out of the tree; they are `closed` from now on. Idempotent. */
void context_discard(struct browsing_context *c);

/* Marks it as about to close; false when it was already. */
bool context_begin_closing(struct browsing_context *c);

struct browsing_context *context_top(struct browsing_context *c); /* borrowed */

/* All of these return a new reference, or NULL. */
struct browsing_context *user_agent_top(struct user_agent *u, size_t index); /* in order of opening */
struct browsing_context *context_child(struct browsing_context *c, size_t index);
struct browsing_context *context_child_named(struct browsing_context *c, const char *name);
struct browsing_context *context_opener(struct browsing_context *c);
/* HTML "find a navigable by target name" within the group; keywords are the caller's. */
struct browsing_context *context_find(struct browsing_context *from, const char *name);
struct document *context_document(struct browsing_context *c);
/* Whether it is the tab that has the focus. */
static inline bool context_has_focus(const struct browsing_context *c)
{
    return atomic_load_explicit(&c->user_agent->focused, memory_order_relaxed) == c->id;
}

/* A top-level context by the name that reports give it. */
struct browsing_context *user_agent_find(struct user_agent *u, const char *label);

size_t context_child_count(struct browsing_context *c);
bool context_is_closed(struct browsing_context *c);
void context_disown(struct browsing_context *c);
void context_rename(struct browsing_context *c, const char *name);
char *context_name(struct browsing_context *c); /* malloc'd */
char *context_label(
    struct browsing_context *c); /* malloc'd: what reports call it, NULL when nothing was given */

/* Frames: the container's sandbox flags, and whether it has allow="cross-origin-isolated"; they
 * hold for every later navigation too. */
void context_set_container(struct browsing_context *c, unsigned sandbox, bool allows_isolation);
unsigned context_container_sandbox(struct browsing_context *c);
bool context_allows_isolation(struct browsing_context *c);

/* Makes `d` (NULL = none) the active document. A discarded context takes none: false. */
bool context_set_document(struct browsing_context *c, struct document *d);

/* ---- groups and their window agents (R-AG-11..18): agent_cluster.c ---- */

struct context_group *group_create(struct user_agent *u, enum isolation_mode isolation);
struct context_group *group_ref(struct context_group *g);
void group_unref(struct context_group *g);
enum isolation_mode group_isolation(const struct context_group *g);
uint32_t group_id(const struct context_group *g);

/* One use of a window agent: by a document or by one on its way. */
struct window_place {
    struct agent *agent; /* one reference */
    struct cluster_slot *slot;
    const char *rule; /* which step decided: "R-AG-11.1: keyed by site" */
};

/* HTML "obtain a similar-origin window agent" (R-AG-11): the agent for an origin in the group,
 * started if there is none. `label` names a new agent. STATUS_LIMIT, STATUS_NO_MEMORY. */
status window_place_obtain(struct user_agent *u, struct context_group *g, struct origin *o,
                           bool wants_origin_key, const char *label, struct agent *creator,
                           struct window_place *out);
/* One more use of the same. */
void window_place_share(struct user_agent *u, const struct window_place *p);
/* Gives the use back; the last one lets the agent end. The reference to the agent stays the
 * caller's. Idempotent. */
void window_place_release(struct user_agent *u, struct window_place *p);

/* web_agent.c: starts the thread of a window agent that has no document yet. */
status window_agent_start(struct world *w, const char *name, struct agent *creator,
                          struct agent_cluster *cluster, struct agent **out);

#endif
