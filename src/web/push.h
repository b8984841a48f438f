/* Functional events that come from outside of every program: push and its like (R-SV-08, R-SV-12).
 * This header names no engine type. */
#ifndef HEDDLE_WEB_PUSH_H
#define HEDDLE_WEB_PUSH_H

#include <stdbool.h>

struct world;

/* An event of that type for the worker whose scope the URL lies in; "push" has `data` (NULL =
 * none), "notificationclick" lets the worker open and focus windows. False: no worker is active
 * there. Any thread that is counted awake. */
bool service_worker_is_active_at(struct world *w, const char *url);
bool service_worker_push(struct world *w, const char *url, const char *type, const char *data);

#endif
