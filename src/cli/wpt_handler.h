/* The request handlers of web-platform-tests: Python programs, which a python3 of the machine runs.
 *
 * Ownership: as each function says. Threads: any; one request at a time, the others wait. Blocking:
 * until the handler answered. The process of handlers starts with the first request and ends with
 * the process that asked. */
#ifndef HEDDLE_CLI_WPT_HANDLER_H
#define HEDDLE_CLI_WPT_HANDLER_H

#include "base/status.h"
#include "web/resource.h"

/* Another test begins: what handlers kept for the one before is gone. Before its agents start. */
void wpt_handlers_begin(void);

/* Asks the handler in the file `path` (absolute, inside the checkout `folder`) and fills in status,
 * headers, bytes and delay. STATUS_IO with `error` when no handler can be run. */
status wpt_handle(const char *folder, const char *path, const struct network_request *q,
                  struct resource *out);

#endif
