/* The files of a checkout of test262, and how one of them is run. */
#ifndef HEDDLE_CLI_TEST262_SUITE_H
#define HEDDLE_CLI_TEST262_SUITE_H

#include "base/region.h"
#include "base/status.h"
#include "cli/test262_expect.h"

struct test262_suite {
    region *memory;
    const char *folder;  /* absolute, of the checkout */
    const char **paths;  /* of tests, relative to the folder `test`, sorted */
    size_t count, capacity;
};

/* Adds a file, the tests of a folder, or, after '@', what the lines of a list name. Names are relative to the checkout or to its folder
 * `test`. STATUS_NOT_FOUND when there is nothing of that name. */
status test262_suite_add(struct test262_suite *s, const char *name);

/* Sorts the tests and drops those named twice. */
void test262_suite_sort(struct test262_suite *s);

/* What came of one file in one mode. */
struct test262_outcome {
    uint8_t mode; /* enum test262_mode */
    uint8_t kind; /* enum test262_kind; set last: the process may not come that far */
    char reason[246];
};
enum test262_kind { TEST262_NOT_RUN, TEST262_PASSED, TEST262_FAILED, TEST262_SKIPPED };

#define TEST262_MODES 2 /* at most so many outcomes per file */

struct test262_file {
    int count; /* of outcomes */
    struct test262_outcome outcomes[TEST262_MODES];
};

/* Runs a file in every mode it asks for; the number of outcomes. Called in a process of its own; keeps the harness's texts. */
int test262_suite_run(const struct test262_suite *s, const char *path, const struct test262_expectations *e,
                      uint64_t time_limit, struct test262_outcome *out);

#endif
