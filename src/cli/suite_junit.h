/* The results of a conformance suite as JUnit XML.
 *
 * Threads: one. Blocking: writes a file. */
#ifndef HEDDLE_CLI_SUITE_JUNIT_H
#define HEDDLE_CLI_SUITE_JUNIT_H

#include "base/buffer.h"

#include <stddef.h>

enum suite_case { SUITE_PASSED, SUITE_FAILED, SUITE_SKIPPED };

/* One test case, appended to `cases`. `message` may be NULL for one that passed. */
void suite_junit_add(buffer *cases, const char *suite, const char *name, enum suite_case result,
                     const char *message);

/* The whole file. EXIT_HOLDS, or EXIT_INTERNAL after one line on standard error. */
int suite_junit_write(const char *file, const char *suite, size_t tests, size_t failures,
                      size_t skipped, const buffer *cases);

#endif
