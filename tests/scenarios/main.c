/* Runs the scenarios of this repository. A first argument limits the test to scenarios whose path
 * contains it. */
#include "scenarios.h"

#include <CUnit/Basic.h>

const char *scenarios_wanted = "";

int main(int count, char **arguments)
{
    if (count > 1)
        scenarios_wanted = arguments[1];
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 70;
    CU_pSuite suite = CU_add_suite("scenarios", NULL, NULL);
    CU_add_test(suite, "every scenario holds", test_every_scenario_holds);
    CU_add_test(suite, "every taught number depends on the scripts",
                test_numbers_depend_on_scripts);
    CU_add_test(suite, "heddle.assertEqual, cell, whoami, location", test_heddle_compares_and_describes);
    CU_add_test(suite, "a barrier is left by the terminated", test_barrier_is_left_by_the_terminated);
    CU_add_test(suite, "spinning and waiting are interrupted", test_heddle_is_interrupted);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? 0 : 1;
}
