/* Promises that are settled by a task: what the standards write as "in parallel" and "queue a task
 * to resolve the promise". Own thread. */
#ifndef HEDDLE_WEB_LATER_H
#define HEDDLE_WEB_LATER_H

#include "web/realm.h"

/* A promise that a networking task resolves with `value` (taken), or rejects with the pending
 * exception when that is one. */
JSValue promise_later(struct realm *r, JSValue value);

/* Before the engine is freed: those promises stay as they are. */
void later_clear(struct realm *r);

#endif
