/* Where scripts come from: the resources of a run, by URL. No real network is ever touched.
 *
 * Threads: any; a loader is called by many agents at once. Blocking: reads files. */
#ifndef HEDDLE_WEB_RESOURCE_H
#define HEDDLE_WEB_RESOURCE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct world;

struct resource {
    char *bytes; /* malloc'd, a zero byte behind them; the caller frees */
    size_t length;
};

/* What the run serves under http(s) URLs. STATUS_NOT_FOUND when there is nothing. */
struct resource_loader {
    status (*load)(void *context, const char *url, struct resource *out);
    /* The URL that a bare module specifier ("ringbuf.js") stands for, or a relative one within a package, malloc'd; NULL when there
     * is none, or it stands for no other than itself. */
    char *(*find_package)(void *context, const char *referrer, const char *specifier);
    void *context;
    /* For CommonJS, or both NULL: what require() stands for, malloc'd, NULL when there is none; and whether a script that is imported
     * is CommonJS. */
    char *(*find_required)(void *context, const char *referrer, const char *specifier);
    bool (*is_commonjs)(void *context, const char *url, const struct resource *resource);
};

/* The world's `host`: constant while agents run. */
struct web {
    const struct resource_loader *loader;
    bool pure; /* no `heddle` global */
};

/* Loads http(s), data: and blob: URLs. */
status resource_load(struct world *w, const char *url, struct resource *out);

#endif
