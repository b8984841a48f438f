/* The tests of a checkout of web-platform-tests: which there are, and in which globals each runs.
 *
 * Ownership: everything lies in `memory`. Threads: one. Blocking: reads files. */
#ifndef HEDDLE_CLI_WPT_SUITE_H
#define HEDDLE_CLI_WPT_SUITE_H

#include "base/region.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* What the header comment of a script says. */
struct wpt_meta {
    const char **scripts, **variants;
    size_t script_count, script_capacity, variant_count, variant_capacity;
    const char *title, *globals; /* NULL = not said */
    bool is_long;                /* timeout=long */
};

struct wpt_test {
    const char *path; /* what the test is called: a path below the checkout, with its variant */
    bool is_long;
};

struct wpt_suite {
    region *memory;
    const char *folder; /* absolute, of the checkout */
    struct wpt_test *tests;
    size_t count, capacity;
};

/* Adds a test, the tests of a file or of a folder, or, after '@', what the lines of a list name;
 * names are relative to the checkout. STATUS_NOT_FOUND when there is no such file or folder. */
status wpt_suite_add(struct wpt_suite *s, const char *name);

/* Sorts the tests and drops those named twice. */
void wpt_suite_sort(struct wpt_suite *s);

/* The header comment of a script: lines "// META: key=value" from the first line on. */
void wpt_meta_read(region *memory, const char *text, struct wpt_meta *out);

/* The globals that generated pages stand for: "foo.any.js" is run by "foo.any.html",
 * "foo.any.worker.html" and so on. */
struct wpt_global {
    const char *name;   /* in META: global= */
    const char *ending; /* of the page, behind "foo.any" */
};
extern const struct wpt_global wpt_globals[];
extern const size_t wpt_global_count;

/* A whole file with a zero byte behind it, malloc'd; NULL when it cannot be read. */
char *wpt_read_file(const char *path, size_t *length);

bool wpt_ends_with(const char *text, const char *ending);

#endif
