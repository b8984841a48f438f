/* What the registry's calls ask of workers' agents. */
#ifndef HEDDLE_WEB_SERVICE_WORKER_AGENT_H
#define HEDDLE_WEB_SERVICE_WORKER_AGENT_H

#include "web/service_worker_registry.h"

/* Under the registry's lock. */
void *worker_host_made(struct service_worker *w);
void worker_host_forgotten(void *host);
void worker_host_terminate(struct service_worker *w);

/* Not under it. */
void worker_host_run(struct service_worker *w);
void worker_host_settled_down(struct service_worker *w);

/* service_worker_events.c: queue the event's task in the worker's agent; not under a lock. */
void service_worker_dispatch_lifecycle(struct service_worker *w,
                                       enum service_worker_lifecycle event);
void service_worker_dispatch_fetch(struct service_worker *w, struct handled_fetch *h);

#endif
