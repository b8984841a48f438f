/* The predicates of a worker's life, row by row, and all facts against the invariant. */
#include "web/worker_lifetime.h"

#include "../support/broken.h"

#include <CUnit/Basic.h>
#include <stdio.h>

#define SECOND INT64_C(1000000000)

static struct worker_facts dedicated(bool owner_is_active)
{
    return (struct worker_facts){.owners = 1,
                                 .owner_is_active = owner_is_active,
                                 .has_outside_ports = true,
                                 .extended_timeout = 30 * SECOND,
                                 .between_loads = 5 * SECOND};
}

static struct worker_facts shared(size_t owners, bool owner_is_active)
{
    struct worker_facts f = dedicated(owner_is_active);
    f.shared = true;
    f.owners = owners;
    return f;
}

static const char *fate(struct worker_facts f, bool lingers)
{
    static const char *const names[] = {"runs", "stands", "closes"};
    return names[worker_fate(&f, lingers)];
}

/* shows R-WL-02, R-WL-03, R-WL-05, R-WL-06 */
static void test_dedicated(void)
{
    struct worker_facts f = dedicated(true);
    CU_ASSERT_STRING_EQUAL(fate(f, false), "runs");
    f.has_outside_ports = false; /* R-WL-08: nobody can reach it any more */
    f.has_work = true;
    CU_ASSERT_STRING_EQUAL(fate(f, false), "runs");
    f.has_work = false;
    CU_ASSERT_STRING_EQUAL(fate(f, false), "closes");
    CU_ASSERT_STRING_EQUAL(fate(f, true), "runs"); /* it may be closed, and need not */
    CU_ASSERT_STRING_EQUAL(fate(dedicated(false), false), "stands");
    f = dedicated(false);
    f.owner_is_needed = true; /* its owner is a worker, which is needed */
    CU_ASSERT_STRING_EQUAL(fate(f, false), "runs");
    f.owner_is_needed = false;
    f.owners = 0;
    CU_ASSERT_STRING_EQUAL(fate(f, false), "closes");
    CU_ASSERT_STRING_EQUAL(fate(f, true), "closes");
}

/* shows R-WL-01, R-WL-04 */
static void test_shared(void)
{
    CU_ASSERT_STRING_EQUAL(fate(shared(2, true), false), "runs");
    CU_ASSERT_STRING_EQUAL(fate(shared(2, false), false), "stands");
    CU_ASSERT_STRING_EQUAL(fate(shared(0, false), false), "closes");
    struct worker_facts f = shared(0, false);
    f.something_loads = true;
    f.alone_for = 5 * SECOND;
    CU_ASSERT_STRING_EQUAL(fate(f, false), "closes");
    CU_ASSERT_STRING_EQUAL(fate(f, true), "stands");
    CU_ASSERT_EQUAL(worker_fate_changes_in(&f), 1);
    f.alone_for++;
    CU_ASSERT_STRING_EQUAL(fate(f, true), "closes");
    f = shared(0, false);
    f.wants_extended_lifetime = true;
    f.alone_for = 29 * SECOND;
    CU_ASSERT_STRING_EQUAL(fate(f, false), "runs");
    CU_ASSERT_EQUAL(worker_fate_changes_in(&f), SECOND);
    f.alone_for = 30 * SECOND;
    CU_ASSERT_STRING_EQUAL(fate(f, false), "closes");
    f = shared(1, false); /* its page is kept: it goes on for a while, then it stands */
    f.wants_extended_lifetime = true;
    f.inactive_for = 10 * SECOND;
    CU_ASSERT_STRING_EQUAL(fate(f, false), "runs");
    f.inactive_for = 30 * SECOND;
    CU_ASSERT_STRING_EQUAL(fate(f, false), "stands");
    CU_ASSERT_EQUAL(worker_fate_changes_in(&f), -1);
}

/* Whatever the facts: protected, then needed, then permissible; what stands is neither needed nor
 * without permission. worker_lifetime asserts the first half itself. */
static void test_invariant(void)
{
    static const int64_t times[] = {0, 5 * SECOND, 30 * SECOND, INT64_MAX};
    for (unsigned bits = 0; bits < 1u << 8; bits++)
        for (size_t owners = 0; owners < 3; owners++)
            for (int t = 0; t < 16; t++) {
                struct worker_facts f = {.shared = bits & 1,
                                         .wants_extended_lifetime = bits & 2,
                                         .owners = owners,
                                         .owner_is_active = owners && (bits & 4),
                                         .owner_is_needed = owners && (bits & 8),
                                         .owner_is_extended = owners && (bits & 16),
                                         .has_outside_ports = bits & 32,
                                         .has_work = bits & 64,
                                         .something_loads = bits & 128,
                                         .inactive_for = times[t % 4],
                                         .alone_for = times[t / 4],
                                         .extended_timeout = 30 * SECOND,
                                         .between_loads = 5 * SECOND};
                struct worker_lifetime l = worker_lifetime(&f);
                CU_ASSERT_TRUE(!l.suspendable || (l.permissible && !l.needed));
                CU_ASSERT_TRUE(worker_fate(&f, true) != WORKER_CLOSES || !l.permissible);
                CU_ASSERT_TRUE(worker_fate(&f, true) == WORKER_CLOSES ||
                               worker_fate(&f, false) == WORKER_CLOSES ||
                               worker_fate(&f, true) == worker_fate(&f, false));
            }
}

/* shows INV-11: facts that contradict each other, as a worker whose owner set is empty while an owner is active. */
static void be_needed_by_nobody(void)
{
    struct worker_facts f = dedicated(true);
    f.owners = 0;
    worker_lifetime(&f);
}

static void test_contradiction(void)
{
    CU_ASSERT(breaks(be_needed_by_nobody, "R-WL-02"));
}

int main(void)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 70;
    CU_pSuite suite = CU_add_suite("worker lifetime", NULL, NULL);
    CU_add_test(suite, "dedicated workers", test_dedicated);
    CU_add_test(suite, "shared workers", test_shared);
    CU_add_test(suite, "the invariant", test_invariant);
    CU_add_test(suite, "the invariant broken", test_contradiction);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? 0 : 1;
}
