/* The file that lists what is known to fail in web-platform-tests, and what is not run, each with
 * its reason:
 *
 *     # a comment
 *     = the reason for all entries up to the next reason
 *     leave workers/semantics/navigation     no test whose name begins so is run
 *     webmessaging/x.html                    has no results, or an error of the harness
 *     webmessaging/x.html :: a name          this subtest fails
 *
 * A line break in a name is written as \n, a backslash as \\. */
#ifndef HEDDLE_CLI_WPT_EXPECT_H
#define HEDDLE_CLI_WPT_EXPECT_H

#include "base/buffer.h"
#include "base/region.h"
#include "base/status.h"

#include <stdbool.h>

struct wpt_expectations;

/* STATUS_NOT_FOUND, or STATUS_INVALID after one line about it on standard error. `memory` keeps
 * what is read. */
status wpt_expect_load(region *memory, const char *file, struct wpt_expectations **out);

/* Why a test is left out, NULL when it is to be run. `e` may be NULL: nothing is expected then. */
const char *wpt_expect_left_out(const struct wpt_expectations *e, const char *path);

/* Why a subtest is expected to fail; name NULL: the test as a whole. NULL when it is not. */
const char *wpt_expect_failure(struct wpt_expectations *e, const char *path, const char *name);

/* The entries that were never asked for: the first that is one from `*at` on, which is then behind
 * it; NULL at the end. */
const char *wpt_expect_unseen(const struct wpt_expectations *e, size_t *at);

/* The entry of a failure, as the file has it. */
void wpt_expect_write(const char *path, const char *name, buffer *out);

#endif
