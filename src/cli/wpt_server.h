/* What the server of web-platform-tests answers, from a checkout: files with their .headers, pages
 * generated for scripts, {{…}} in files named ".sub.", and the pipes sub, header, status and
 * trickle of a query. Programs in Python are not run: they are not there.
 *
 * The virtual hosts are web-platform.test, its subdomains and not-web-platform.test, at the ports
 * of the suite's own documentation.
 *
 * Threads: any, many at once. Blocking: reads files. */
#ifndef HEDDLE_CLI_WPT_SERVER_H
#define HEDDLE_CLI_WPT_SERVER_H

#include "web/resource.h"

struct wpt_server {
    const char *folder; /* absolute, of the checkout */
};

/* The loader of a test's world; its context is the server. */
extern const struct resource_loader wpt_loader;

/* The page of a test: its path, with the scheme that its name asks for; malloc'd. */
char *wpt_page_url(const char *path);

/* What the harness tells of its results begins with this, as one line of a window's console. */
#define WPT_RESULTS "heddle-wpt-results "

#endif
