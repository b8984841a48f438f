/* What the conductor does to agents, and what it sees of them. On the conductor's thread, which is counted awake, without its lock; but for
 * deeds_note_agent. */
#ifndef HEDDLE_SCENARIO_TIMELINE_DEEDS_H
#define HEDDLE_SCENARIO_TIMELINE_DEEDS_H

#include "agent/world.h"
#include "base/buffer.h"
#include "scenario/plan.h"

/* A cluster that was paused in part, or killed. */
struct cluster_watch {
    struct agent_cluster *cluster; /* counted */
    int64_t partly_since; /* CROWD_NEVER: all of it moves, or nothing */
    char *who;            /* whose pause it was */
    bool killed;
};

struct deeds {
    const plan *plan;
    struct world *world;
    struct cluster_watch *watches;
    size_t watch_count;
    pthread_mutex_t lock; /* a leaf: names */
    char **names;         /* of every agent that was ever started */
    size_t name_count, name_capacity;
};

void deeds_start(struct deeds *d, const plan *p, struct world *w);

/* Any thread: an agent of that name was started. */
void deeds_note_agent(struct deeds *d, const char *name);

/* Whom a deed is about: counted references. */
struct deed_subject {
    struct agent *agent;       /* not NULL when the deed can be done, but for a tab without a page and for the clock */
    struct document *document; /* what the window shows; NULL for agents */
    struct browsing_context *discarded; /* DEED_RESTORE: the tab whose page was discarded; then there is no agent */
    bool in_part;              /* freezing or keeping it stops a part of its cluster */
    bool refused;              /* the rules forbid to freeze or keep it; the text says which */
};

/* Finds the subject and says in a few words what will be done; false when it cannot be, with the reason. */
bool deed_prepare(struct deeds *d, const plan_moment *m, struct deed_subject *subject, buffer *text);
void deed_do(struct deeds *d, const plan_moment *m, const struct deed_subject *subject);
void deed_subject_release(struct deed_subject *subject);

/* Compares who is found how; false with an explanation. */
bool deed_look(struct deeds *d, const plan_moment *m, buffer *text);

/* At the end: rules that stay broken become findings. */
void deeds_review(struct deeds *d, bool complete);
void deeds_release(struct deeds *d);

#endif
