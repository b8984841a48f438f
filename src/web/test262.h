/* One test of the suite test262, run in a world of its own as INTERPRETING.md says: a main agent with a realm that has nothing of the web
 * but setTimeout, and a real agent for every $262.agent.
 *
 * Threads: the caller becomes the world's warden; tests may run at the same time on several threads. Blocking: until the test has a result
 * or its time is up. */
#ifndef HEDDLE_WEB_TEST262_H
#define HEDDLE_WEB_TEST262_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum test262_phase { TEST262_POSITIVE, TEST262_PARSE, TEST262_RESOLUTION, TEST262_RUNTIME };

/* A source text; a zero byte follows it. */
struct test262_text {
    const char *path; /* absolute */
    const char *text;
    size_t length;
};

struct test262_case {
    struct test262_text source; /* with its "use strict" */
    const struct test262_text *const *harness; /* run before it, in this order */
    size_t harness_count;
    bool module, async;
    bool can_block;              /* [[CanBlock]] of the main agent */
    enum test262_phase negative; /* where the error is expected */
    const char *negative_type;   /* name of its constructor */
    uint64_t time_limit;         /* ns of the machine's time */
};

struct test262_result {
    bool passed;
    char reason[240]; /* of a failure */
};

void test262_run(const struct test262_case *test, struct test262_result *result);

#endif
