/* The stress runner. This program is compiled with a copy of stress_code.c whose atomic store lacks
 * its fence when BROKEN_STORE_TEST is defined: that must be noticed. */
#include "suites.h"

#include "litmus/stress.h"
#include "litmus/verdict.h"
#include "platform/cpu.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run(const char *text, const litmus_stress_options *options, status expected,
                void (*look)(const litmus_result *, const litmus_stress_result *))
{
    load_errors errors = {0};
    region *memory = region_create();
    litmus_result result;
    litmus_verdict verdict;
    litmus_stress_result seen;
    litmus_program *p = litmus_program_read("t.yaml", text, strlen(text), &errors);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_EQUAL_FATAL(litmus_judge(p, NULL, memory, &result, &verdict, &errors), STATUS_OK);
    CU_ASSERT_EQUAL(litmus_stress(&result, options, memory, &seen), expected);
    if (expected == STATUS_OK)
        look(&result, &seen);
    litmus_program_free(p);
    region_free(memory);
}

#define SHARED                                                                                     \
    "litmus: t\nshared: |\n  const x = new Int32Array(new SharedArrayBuffer(4));\n"                \
    "  const y = new Int32Array(new SharedArrayBuffer(4));\n"
#define SB(write, read)                                                                            \
    SHARED "agents:\n"                                                                             \
           "  a: |\n    " write("x") "\n    const r0 = " read(                                     \
               "y") ";\n"                                                                          \
                    "  b: |\n    " write("y") "\n    const r1 = " read("x") ";\n"
#define PLAIN_WRITE(cell) cell "[0] = 1;"
#define PLAIN_READ(cell) cell "[0]"
#define ATOMIC_WRITE(cell) "Atomics.store(" cell ", 0, 1);"
#define ATOMIC_READ(cell) "Atomics.load(" cell ", 0)"

static void counts_add_up(const litmus_result *r, const litmus_stress_result *seen)
{
    uint64_t total = 0, weak = 0, modes = 0;
    for (size_t i = 0; i < seen->count; i++) {
        total += seen->outcomes[i].count;
        CU_ASSERT_PTR_NOT_NULL(seen->outcomes[i].allowed);
        if (seen->outcomes[i].allowed != NULL && !seen->outcomes[i].allowed->sequential)
            weak += seen->outcomes[i].count;
    }
    for (size_t i = 0; i < seen->mode_count; i++) {
        modes += seen->modes[i].iterations;
        weak -= seen->modes[i].weak;
    }
    CU_ASSERT_EQUAL(total, seen->iterations);
    CU_ASSERT_EQUAL(modes, seen->iterations);
    CU_ASSERT_EQUAL(weak, 0);
    CU_ASSERT_TRUE(seen->iterations >= 200000);
    CU_ASSERT_EQUAL(seen->forbidden, 0);
    (void)r;
}

static void test_counts(void)
{
    litmus_stress_options options = {.iterations = 200000, .seed = 3};
    run(SB(PLAIN_WRITE, PLAIN_READ), &options, STATUS_OK, counts_add_up);
    run(SB(ATOMIC_WRITE, ATOMIC_READ), &options, STATUS_OK, counts_add_up);
    /* Every kind of step, values of every register, the cells' first values and their last ones. */
    run(SHARED "  const d = new DataView(new SharedArrayBuffer(16));\n"
               "  const q = new BigInt64Array(new SharedArrayBuffer(16));\n"
               "  x[0] = 5;\n  q[1] = -1n;\n"
               "agents:\n"
               "  a: |\n    let r0 = Atomics.add(x, 0, 2);\n    for (let i = 0; i < 2; i++)\n"
               "      q[i] = 3n;\n    if (r0 > 5)\n      r0 = -r0;\n    d.setInt32(1, 258);\n"
               "  b: |\n    const r1 = Atomics.compareExchange(x, 0, 5, 9);\n"
               "    const r2 = Atomics.exchange(q, 0, 8n);\n    const r3 = d.getInt32(1);\n"
               "show: [\"x[0] === 0\", \"q[1] === 0n\"]\n",
        &options, STATUS_OK, counts_add_up);
}

static void test_refusals(void)
{
    litmus_stress_options options = {.iterations = 1000};
    run(SHARED "agents:\n  a: |\n    const r0 = Atomics.wait(x, 0, 0);\n  b: |\n    "
               "Atomics.notify(x, 0);\n",
        &options, STATUS_STATE, counts_add_up);
}

static void is_broken(const litmus_result *r, const litmus_stress_result *seen)
{
    (void)r;
#ifdef LITMUS_BROKEN_STORE
    CU_ASSERT_TRUE(seen->forbidden > 0);
    fprintf(stderr, "\n  a store without its fence: %llu forbidden of %llu",
            (unsigned long long)seen->forbidden, (unsigned long long)seen->iterations);
#else
    CU_ASSERT_EQUAL(seen->forbidden, 0);
#endif
}

/* On one CPU nothing can be seen. */
static void test_atomic_store(void)
{
    litmus_stress_options options = {.seconds = 1, .seed = 1};
    if (cpu_allowed() > 1)
        run(SB(ATOMIC_WRITE, ATOMIC_READ), &options, STATUS_OK, is_broken);
}

void add_stress_suite(void)
{
    CU_pSuite suite = CU_add_suite("stress", NULL, NULL);
    CU_add_test(suite, "counts add up", test_counts);
    CU_add_test(suite, "what only the engine runs", test_refusals);
    CU_add_test(suite, "atomic store", test_atomic_store);
}
