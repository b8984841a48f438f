/* Leaves out one rule of the detector after the other: each time a named test fails, and it is the
 * one that bears the rule's name. */
#include "program.h"

#include "detect/mutant.h"
#include "platform/rcu.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

enum mutant detect_mutant = MUTANT_COUNT;

static const struct {
    const char *rule, *test;
} mutants[] = {
#define X(name, test) {#name, test},
    MUTANT_LIST(X)
#undef X
};

static void test_mutants(void)
{
    CU_ASSERT_FALSE(named_test_breaks(NULL));
    for (int i = 0; i < MUTANT_COUNT; i++) {
        detect_mutant = (enum mutant)i;
        bool breaks = named_test_breaks(mutants[i].test);
        detect_mutant = MUTANT_COUNT;
        if (!breaks)
            printf("\nwithout %s the test \"%s\" still holds", mutants[i].rule, mutants[i].test);
        CU_ASSERT(breaks);
    }
}

int main(void)
{
    rcu_thread_register();
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 70;
    CU_pSuite suite = CU_add_suite("race detector, rules left out", NULL, NULL);
    CU_add_test(suite, "each rule has a test that needs it", test_mutants);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    rcu_settle();
    rcu_thread_unregister();
    return failures == 0 ? 0 : 1;
}
