/* What the registry's calls ask of workers' agents. Under the registry's lock. */
#ifndef HEDDLE_WEB_SERVICE_WORKER_AGENT_H
#define HEDDLE_WEB_SERVICE_WORKER_AGENT_H

#include "web/service_worker_registry.h"

void *worker_host_made(struct service_worker *w);
void worker_host_forgotten(void *host);
void worker_host_run(struct service_worker *w);
void worker_host_dispatch(struct service_worker *w, enum service_worker_lifecycle event);
void worker_host_terminate(struct service_worker *w);

/* service_worker_events.c: queues the event's task in the worker's agent; not under a lock. */
void service_worker_dispatch_lifecycle(struct service_worker *w,
                                       enum service_worker_lifecycle event);

#endif
