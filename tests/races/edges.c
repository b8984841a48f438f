/* The host's edges: a program that each of them orders is silent, and no longer is when that kind
 * of edge is left out. */
#include "detect/detect.h"
#include "scenario/expect.h"
#include "scenario/load.h"
#include "scenario/runner.h"

#include <CUnit/Basic.h>
#include <stdio.h>

static enum observe_edge_kind left_out;
static const struct observe_hooks *whole;

static struct observe_edge *send_but_one(enum observe_edge_kind kind)
{
    return kind == left_out ? NULL : whole->edge_send(kind);
}

/* How many races the program has; its expectations hold in any case. */
static uint64_t races_of(const char *name, bool without, enum observe_edge_kind kind)
{
    static struct observe_hooks hooks;
    char path[512];
    plan *p;
    load_errors errors = {0};
    struct run_options options = {.fail_on = 16, .wall_limit_ms = 20000};
    snprintf(path, sizeof path, "%s/edges/%s.yaml", HEDDLE_RACES_FOLDER, name);
    CU_ASSERT_EQUAL_FATAL(scenario_load(path, &p, &errors), STATUS_OK);
    /* Opened before the run opens it, so that the table can be exchanged. */
    CU_ASSERT_EQUAL_FATAL(detect_open(NULL), STATUS_OK);
    whole = atomic_load(&observe_installed);
    hooks = *whole;
    hooks.edge_send = send_but_one;
    left_out = kind;
    if (without)
        observe_install(&hooks);
    observation *o = observation_create();
    CU_ASSERT_EQUAL(scenario_run(p, &options, o), STATUS_OK);
    verdict *v = expect_check(p, o);
    CU_ASSERT_EQUAL(v->exit_code, EXIT_HOLDS);
    uint64_t races = o->races;
    verdict_free(v);
    observation_free(o);
    detect_close(NULL, false);
    plan_free(p);
    load_errors_release(&errors);
    return races;
}

static void check_edge(const char *name, enum observe_edge_kind kind)
{
    CU_ASSERT_EQUAL(races_of(name, false, kind), 0);
    CU_ASSERT(races_of(name, true, kind) > 0);
}

static void test_message(void)
{
    check_edge("message", OBSERVE_MESSAGE);
}

static void test_barrier(void)
{
    check_edge("barrier", OBSERVE_BARRIER);
}

static void test_settlement(void)
{
    check_edge("settlement", OBSERVE_SETTLEMENT);
}

int main(void)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 70;
    CU_pSuite suite = CU_add_suite("edges of the host", NULL, NULL);
    CU_add_test(suite, "a message orders", test_message);
    CU_add_test(suite, "heddle.barrier orders", test_barrier);
    CU_add_test(suite, "a settled promise orders", test_settlement);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? 0 : 1;
}
