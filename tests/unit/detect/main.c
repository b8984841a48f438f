#include "program.h"

#include "platform/rcu.h"

#include <CUnit/Basic.h>

int main(void)
{
    rcu_thread_register();
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 70;
    CU_pSuite suite = CU_add_suite("race detector", NULL, NULL);
    add_clock_tests(suite);
    add_named_tests(suite);
    add_thread_tests(suite);
    add_generated_tests(suite);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    rcu_settle();
    rcu_thread_unregister();
    return failures == 0 ? 0 : 1;
}
