/* {{…}} in what the server of web-platform-tests sends: hosts, domains, ports, and parts of the
 * request.
 *
 * Threads: any. Blocking: never. */
#ifndef HEDDLE_CLI_WPT_SUBSTITUTE_H
#define HEDDLE_CLI_WPT_SUBSTITUTE_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

#define WPT_HOST "web-platform.test"
#define WPT_OTHER_HOST "not-web-platform.test"

/* The suite's port of a scheme, the first or the second; 0 for other schemes. */
unsigned wpt_port(const char *scheme, bool second);

/* `text` with everything in double braces replaced, appended to `out`; what is not known stays as
 * it is. `url` is the request's. */
void wpt_substitute(const char *text, size_t length, const char *url, buffer *out);

#endif
