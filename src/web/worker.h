/* Dedicated workers: the Worker interface, the worker's global scope and the channel between them (R-WK-*). */
#ifndef HEDDLE_WEB_WORKER_H
#define HEDDLE_WEB_WORKER_H

#include "web/realm.h"

extern const struct interface worker_interface;

/* R-ER-02: an error that nobody handled in the worker `r` climbs to its owner. False if there is no owner left to take it. Copies the
 * report. */
bool worker_report_error(struct realm *r, const struct error_report *report);

/* Ends all workers of an agent that ends itself (R-WK-04, eager orphans), on its thread. */
void workers_orphan(struct agent *owner);

#endif
