/* Dedicated workers: the Worker interface, its link to the worker, and what a
 * DedicatedWorkerGlobalScope has of its own (R-WK-*). */
#ifndef HEDDLE_WEB_WORKER_H
#define HEDDLE_WEB_WORKER_H

#include "web/realm.h"

struct worker_link;

/* R-ER-02: an error that nobody handled in the worker, or in one of its own, climbs to the owner.
 * `thrower` is the agent it comes from. False if there is no owner left to take it. Copies the
 * report. Worker's thread. */
bool worker_report_error(struct worker_link *l, struct agent *thrower,
                         const struct error_report *report);

/* R-LIFE-04, R-LIFE-07: those of one document. */
void workers_orphan_realm(struct realm *r);

/* The workers that a realm owns stand still or go on, with all that they have made themselves (R-LIFE-06, R-PL-01). Own. */
void workers_suspend_realm(struct realm *r, bool suspended);

/* The garbage of the agent was collected: workers that nobody can reach any more may end (R-WL-08). Own. */
void workers_collected(struct agent *owner);

/* Ends all workers of an agent that ends itself (R-WK-04, eager orphans), on its thread. */
void workers_orphan(struct agent *owner);

#endif
