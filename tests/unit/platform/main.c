#include "suites.h"

#include "platform/rcu.h"

#include <CUnit/Basic.h>

int main(void)
{
    rcu_thread_register();
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 70;
    add_crowd_suite();
    add_lock_suite();
    add_parcel_suite();
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    rcu_settle();
    rcu_thread_unregister();
    return failures == 0 ? 0 : 1;
}
