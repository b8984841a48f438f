#include "suites.h"

#include <CUnit/Basic.h>

int main(void)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 70;
    add_value_suite();
    add_language_suite();
    add_check_suite();
    add_oracle_suite();
    add_generate_suite();
    add_library_suite();
    add_stress_suite();
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? 0 : 1;
}
