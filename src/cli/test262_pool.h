/* Runs the tests of a suite in several processes at once, so that one that hangs or crashes costs nothing but itself.
 *
 * Ownership: the results lie in memory shared with the processes; the caller frees the pool. Threads: one; must not have been used with
 * agents before, because it forks. Blocking: until every test has run. */
#ifndef HEDDLE_CLI_TEST262_POOL_H
#define HEDDLE_CLI_TEST262_POOL_H

#include "cli/test262_suite.h"

struct test262_file {
    _Atomic uint32_t count; /* of outcomes; release by the process that ran it, acquire by the parent; 0 = not yet */
    struct test262_outcome outcomes[TEST262_MODES];
};

struct test262_pool;

struct test262_pool_options {
    const struct test262_suite *suite;
    const struct test262_expectations *expectations;
    unsigned jobs;
    uint64_t time_limit; /* ns for one test */
    /* Now and then while tests run: how many are done. False ends the run. */
    bool (*tick)(void *context, size_t done);
    void *context;
};

struct test262_pool *test262_pool_create(const struct test262_pool_options *options);
void test262_pool_free(struct test262_pool *p);

/* Runs everything; false when `tick` ended it. */
bool test262_pool_run(struct test262_pool *p);

const struct test262_file *test262_pool_file(const struct test262_pool *p, size_t index);

#endif
