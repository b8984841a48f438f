#ifndef HEDDLE_TESTS_ATOMICS_SUITES_H
#define HEDDLE_TESTS_ATOMICS_SUITES_H

#include <stdio.h>
#include <string.h>

#include <CUnit/Basic.h>

void atomics_order_suite(void);
void atomics_waiting_suite(void);
void shared_buffer_suite(void);

static inline void expect_text(const char *actual, const char *expected, int line)
{
    int equal = strcmp(actual, expected) == 0;
    if (!equal) {
        fprintf(stderr, "\nline %d: got:\n%sexpected:\n%s\n", line, actual, expected);
    }
    CU_assertImplementation(equal, (unsigned)line, "the logs are equal", __FILE__, "", CU_FALSE);
}
#define EXPECT(actual, expected) expect_text((actual), (expected), __LINE__)

#endif
