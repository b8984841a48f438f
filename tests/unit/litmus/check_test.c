/* Single facts about the checker, the machines and the explanations. */
#include "suites.h"

#include "litmus/verdict.h"
#include "litmus/witness.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELLS                                                                                      \
    "shared: |\n  const x = new Int32Array(new SharedArrayBuffer(4));\n"                           \
    "  const y = new Int32Array(new SharedArrayBuffer(4));\nagents:\n"
#define SB_ATOMIC                                                                                  \
    "litmus: SB\n" CELLS                                                                           \
    "  a: |\n    Atomics.store(x, 0, 1);\n    const r0 = Atomics.load(y, 0);\n"                    \
    "  b: |\n    Atomics.store(y, 0, 1);\n    const r1 = Atomics.load(x, 0);\n"

static litmus_program *read(const char *text)
{
    load_errors errors = {0};
    litmus_program *p = litmus_program_read("t.yaml", text, strlen(text), &errors);
    if (p == NULL) {
        buffer said = {0};
        load_errors_write(&errors, &said);
        fprintf(stderr, "\n%s", buffer_text(&said));
        abort();
    }
    return p;
}

static size_t outcomes_of(const char *text, const litmus_options *options)
{
    litmus_program *p = read(text);
    region *memory = region_create();
    load_errors errors = {0};
    litmus_result result;
    CU_ASSERT_EQUAL(litmus_check(p, options, memory, &result, &errors), STATUS_OK);
    size_t count = result.count;
    region_free(memory);
    litmus_program_free(p);
    return count;
}

/* Each axiom does something: without it there are more outcomes. */
static void test_axioms_are_needed(void)
{
    litmus_options without_order = {.without_order = true};
    CU_ASSERT_EQUAL(outcomes_of(SB_ATOMIC, NULL), 3);
    CU_ASSERT_EQUAL(outcomes_of(SB_ATOMIC, &without_order), 4);
    const char *read_back = "litmus: t\n" CELLS "  a: |\n    x[0] = 1;\n    const r0 = x[0];\n";
    litmus_options without_coherence = {.without_coherence = true};
    CU_ASSERT_EQUAL(outcomes_of(read_back, NULL), 1);
    CU_ASSERT_EQUAL(outcomes_of(read_back, &without_coherence), 2);
    const char *torn = "litmus: t\n" CELLS "  a: |\n    x[0] = 1;\n  b: |\n    x[0] = 256;\n"
                       "  c: |\n    const r0 = x[0];\ninit-tearing: none\n";
    litmus_options whole = {.tearing = LITMUS_TEARING_NONE};
    litmus_options without_tear_free = {.tearing = LITMUS_TEARING_NONE, .without_tear_free = true};
    CU_ASSERT_EQUAL(outcomes_of(torn, &whole), 3);
    CU_ASSERT_EQUAL(outcomes_of(torn, &without_tear_free), 4);
}

static void test_bounds_are_said(void)
{
    litmus_program *p = read(SB_ATOMIC "exists: r0 === 1 && r1 === 1\nrace-free: yes\n");
    region *memory = region_create();
    load_errors errors = {0};
    litmus_result result;
    litmus_verdict verdict;
    litmus_options few = {.most_outcomes = 1};
    CU_ASSERT_EQUAL(litmus_judge(p, &few, memory, &result, &verdict, &errors), STATUS_OK);
    CU_ASSERT_FALSE(result.complete);
    CU_ASSERT_EQUAL(verdict.undecided, 2);
    CU_ASSERT_EQUAL(verdict.failed, 0);
    region_free(memory);
    litmus_program_free(p);
}

static void explain(const char *program, const char *outcome, const char *const *expected)
{
    litmus_program *p = read(program);
    region *memory = region_create();
    load_errors errors = {0};
    litmus_question q;
    buffer out = {0};
    CU_ASSERT_TRUE_FATAL(litmus_question_read(p, outcome, &q, &errors));
    const litmus_execution *x = litmus_witness_find(p, NULL, &q, memory, &errors);
    if (x != NULL)
        litmus_witness_text(x, &out);
    else
        litmus_explain(p, NULL, &q, memory, &out, &errors);
    for (; *expected != NULL; expected++) {
        CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), *expected));
        if (strstr(buffer_text(&out), *expected) == NULL)
            fprintf(stderr, "\nno \"%s\" in:\n%s", *expected, buffer_text(&out));
    }
    if (x != NULL) {
        buffer_clear(&out);
        litmus_witness_json(x, &out);
        litmus_witness_dot(x, &out);
        CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "\"memoryOrder\":["));
        CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "digraph"));
    }
    buffer_release(&out);
    load_errors_release(&errors);
    region_free(memory);
    litmus_program_free(p);
}

static void test_explanations(void)
{
    explain(SB_ATOMIC, "r0=0 r1=0",
            (const char *const[]){"Sequentially Consistent Atomics",
                                  "a circle: e1 → e2 → e3 → e4 → e1", NULL});
    explain(SB_ATOMIC, "r0=1, r1=0",
            (const char *const[]){"synchronizes with   e3 → e2", "from the initial value", NULL});
    explain("litmus: t\n" CELLS "  a: |\n    x[0] = 1;\n    const r0 = x[0];\n", "r0=0",
            (const char *const[]){"Coherent Reads", "e1 replaced that value", NULL});
    explain("litmus: t\n" CELLS "  a: |\n    const r0 = x[0];\n    x[0] = 1;\n", "r0=1",
            (const char *const[]){"Coherent Reads", "happens before e2 itself", NULL});
    explain("litmus: t\n" CELLS
            "  a: |\n    const r0 = Atomics.load(x, 0);\n    Atomics.store(x, 0, 1);\n",
            "r0=1", (const char *const[]){"no circle", "synchronizes", NULL});
    explain("litmus: t\n" CELLS "  a: |\n    x[0] = 1;\n  b: |\n    x[0] = 256;\n"
            "  c: |\n    const r0 = x[0];\n",
            "r0=257", (const char *const[]){"Tear Free Reads", NULL});
    explain("litmus: t\n" CELLS "  a: |\n    x[0] = 1;\n  c: |\n    const r0 = x[0];\n", "r0=7",
            (const char *const[]){"No choice of what is read gives these values", NULL});
}

static void test_conditions(void)
{
    litmus_program *p = read(SB_ATOMIC);
    load_errors errors = {0};
    litmus_question q;
    litmus_value slots[2] = {litmus_number(0), litmus_number(1)};
    CU_ASSERT_TRUE(litmus_question_read(p, "r0=0 r1=1", &q, &errors));
    CU_ASSERT_TRUE(litmus_question_holds(&q, slots, 2));
    CU_ASSERT_TRUE(litmus_question_read(p, "a.r0 === 0 ? r1 > 1 : true", &q, &errors));
    CU_ASSERT_FALSE(litmus_question_holds(&q, slots, 2));
    CU_ASSERT_TRUE(litmus_question_read(p, "r0 || r1 && !r0", &q, &errors));
    CU_ASSERT_TRUE(litmus_question_holds(&q, slots, 2));
    CU_ASSERT_FALSE(litmus_question_read(p, "x[0] === 1", &q, &errors));
    CU_ASSERT_FALSE(litmus_question_read(p, "nothing", &q, &errors));
    CU_ASSERT_EQUAL(errors.count, 2);
    load_errors_release(&errors);
    litmus_program_free(p);
}

void add_check_suite(void)
{
    CU_pSuite suite = CU_add_suite("checker", NULL, NULL);
    CU_add_test(suite, "every axiom is needed", test_axioms_are_needed);
    CU_add_test(suite, "bounds are said", test_bounds_are_said);
    CU_add_test(suite, "explanations", test_explanations);
    CU_add_test(suite, "conditions", test_conditions);
}
