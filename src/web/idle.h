/* Idle callbacks (the requestIdleCallback specification; R-IDLE-01, R-IDLE-02). Own thread. */
#ifndef HEDDLE_WEB_IDLE_H
#define HEDDLE_WEB_IDLE_H

#include "web/realm.h"

extern const struct interface idle_deadline_interface;

/* The agent's loop has nothing to run: starts an idle period in its windows. True when that gave it something. */
bool idle_period_start(struct agent *a);

/* Before the realm's values go. */
void idle_clear(struct realm *r);

#endif
