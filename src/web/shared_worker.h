/* Shared workers: the SharedWorker interface and what a SharedWorkerGlobalScope has of its own (R-AG-03, R-SW-*, R-MP-04). */
#ifndef HEDDLE_WEB_SHARED_WORKER_H
#define HEDDLE_WEB_SHARED_WORKER_H

#include "engine/interface.h"

extern const struct interface shared_worker_interface;

/* Of the global object. */
extern const JSCFunctionListEntry shared_worker_global[];
extern const int shared_worker_global_count;

struct realm;
/* The document of this realm is fully active again, or not any more: its workers stand still when none of their owners is (R-WL-07). Own
 * thread. */
void shared_workers_owner_active(struct realm *r, bool active);
/* The document of this realm ends: it owns no worker any more, and its SharedWorker objects hear nothing. Before the engine is freed. */
void shared_workers_clear(struct realm *r);

#endif
