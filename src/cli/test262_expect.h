/* The file that lists what is known to fail in test262, and what is not run, each with its reason:
 *
 *     # a comment
 *     = the reason for all entries up to the next reason
 *     feature decorators                            every test with this feature is left out
 *     folder intl402                                every test in this folder is left out
 *     built-ins/Array/from/x.js                     fails
 *     language/statements/y.js strict               fails in this mode: sloppy, strict or module
 *
 * Paths are relative to the suite's folder `test`. */
#ifndef HEDDLE_CLI_TEST262_EXPECT_H
#define HEDDLE_CLI_TEST262_EXPECT_H

#include "base/region.h"
#include "base/status.h"
#include "cli/test262_metadata.h"

enum test262_mode { TEST262_SLOPPY, TEST262_STRICT, TEST262_MODULE, TEST262_ANY_MODE };
const char *test262_mode_name(enum test262_mode mode);

struct test262_expectations;

/* STATUS_NOT_FOUND, or STATUS_INVALID after one line about it on standard error. `memory` keeps what is read. */
status test262_expect_load(region *memory, const char *file, struct test262_expectations **out);

/* Why a test is left out, NULL when it is to be run. `e` may be NULL: nothing is expected then. */
const char *test262_expect_skip(const struct test262_expectations *e, const char *path, const struct test262_metadata *m);

/* Why a test is expected to fail in this mode, NULL when it is not. */
const char *test262_expect_failure(const struct test262_expectations *e, const char *path, enum test262_mode mode);

#endif
