/* The suites of the scenario module's test program; each file registers its own. */
#ifndef HEDDLE_TESTS_UNIT_SCENARIO_SUITES_H
#define HEDDLE_TESTS_UNIT_SCENARIO_SUITES_H

#include <CUnit/CUnit.h>

/* Asserts that two texts are equal and shows both when they are not. */
void assert_text_equal(const char *actual, const char *expected, const char *file, int line);
#define ASSERT_TEXT(actual, expected) assert_text_equal((actual), (expected), __FILE__, __LINE__)

void add_load_suite(void);
void add_resources_suite(void);
void add_expect_suite(void);
void add_schema_suite(void);
void add_code_suite(void);
void add_source_map_suite(void);

#endif
