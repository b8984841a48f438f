/* Only the stress suite, with an atomic store that lacks its fence: it has to be caught within a
 * second. */
#include "suites.h"

#include <CUnit/Basic.h>

int main(void)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 70;
    add_stress_suite();
    CU_pSuite suite = CU_get_suite("stress");
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_test(suite, CU_get_test(suite, "atomic store"));
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? 0 : 1;
}
