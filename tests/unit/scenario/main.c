#include "suites.h"

#include <CUnit/Basic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void assert_text_equal(const char *actual, const char *expected, const char *file, int line)
{
    bool equal = actual != NULL && strcmp(actual, expected) == 0;
    if (!equal)
        fprintf(stderr, "\n%s:%d: got:\n%s\nexpected:\n%s\n", file, line,
                actual == NULL ? "(nothing)" : actual, expected);
    CU_assertImplementation(equal, (unsigned)line, "texts are equal", file, "", CU_FALSE);
}

int main(void)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 70;
    add_load_suite();
    add_resources_suite();
    add_expect_suite();
    add_schema_suite();
    add_code_suite();
    add_source_map_suite();
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? 0 : 1;
}
