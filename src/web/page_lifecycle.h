/* Documents that stop and go on: visibility, freezing and the back/forward cache (R-PL-01, R-PL-02, R-PL-05, R-LIFE-05, R-LIFE-06, R-TM-11).
 *
 * A document that stands still has no runnable tasks, its timers do not advance, and the workers it owns are suspended.
 *
 * Threads: page_* on the agent's own thread; navigable_change from any thread that is counted awake. */
#ifndef HEDDLE_WEB_PAGE_LIFECYCLE_H
#define HEDDLE_WEB_PAGE_LIFECYCLE_H

#include "web/document.h"

enum page_change {
    PAGE_HIDE,     /* visibility hidden */
    PAGE_SHOW,     /* visible again */
    PAGE_FREEZE,   /* R-PL-01: `freeze`, and nothing runs any more */
    PAGE_UNFREEZE, /* R-PL-02: everything runs, `resume` first */
    PAGE_STORE,    /* into the back/forward cache: pagehide (persisted), hidden, frozen */
    PAGE_FOCUS,    /* the user turns to it */
    PAGE_BLUR,     /* and away from it */
    PAGE_RESTORE,  /* out of it: resumed, visible, pageshow (persisted) */
};

/* Has it done to what the tab shows and to the frames in it, each by a task of its own agent. */
void navigable_change(struct browsing_context *c, enum page_change change);

/* Gives the tab the system's focus, and takes it from the one that had it: `blur` there, `focus` here (R-PL-04: a visible page is active
 * with the focus, passive without). NULL: nobody has it. Any thread counted awake. */
void user_agent_focus(struct user_agent *u, struct browsing_context *top);

#endif
