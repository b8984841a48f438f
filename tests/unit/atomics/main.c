#include "suites.h"

int main(void)
{
    CU_initialize_registry();
    atomics_order_suite();
    atomics_waiting_suite();
    shared_buffer_suite();
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? 1 : 0;
}
