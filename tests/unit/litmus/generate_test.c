/* Programs from circles, and sweeps over annotations. */
#include "suites.h"

#include "litmus/generate.h"
#include "litmus/sweep.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

static litmus_program *generate(const char *name, bool atomic)
{
    const char *const *edges = litmus_shape(name);
    size_t count = 0;
    char error[200];
    buffer text = {0};
    load_errors errors = {0};
    while (count < 8 && edges[count] != NULL)
        count++;
    CU_ASSERT_EQUAL(litmus_generate(edges, count, name, atomic, &text, error, sizeof error),
                    STATUS_OK);
    litmus_program *p = litmus_program_read(name, buffer_text(&text), text.length, &errors);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    buffer_release(&text);
    return p;
}

static bool is_allowed(const litmus_program *p)
{
    region *memory = region_create();
    load_errors errors = {0};
    litmus_result r;
    bool allowed = false;
    CU_ASSERT_EQUAL(litmus_check(p, NULL, memory, &r, &errors), STATUS_OK);
    for (size_t i = 0; i < r.count; i++)
        allowed |= litmus_question_holds(&p->questions[0], r.outcomes[i].slots, p->slot_count);
    region_free(memory);
    return allowed;
}

/* Of every shape the outcome is allowed with plain accesses and forbidden with atomic ones. */
static void test_shapes(void)
{
    for (size_t i = 0; litmus_shape_name(i) != NULL; i++)
        for (int atomic = 0; atomic < 2; atomic++) {
            litmus_program *p = generate(litmus_shape_name(i), atomic);
            if (is_allowed(p) == (atomic != 0))
                fprintf(stderr, "\n%s, atomic %d", litmus_shape_name(i), atomic);
            CU_ASSERT_EQUAL(is_allowed(p), atomic == 0);
            litmus_program_free(p);
        }
}

/* Making an access plain never forbids what was allowed: why looking one step down finds what is
 * minimal. */
static void test_sweeps(void)
{
    for (size_t i = 0; litmus_shape_name(i) != NULL; i++) {
        litmus_program *p = generate(litmus_shape_name(i), false);
        region *memory = region_create();
        load_errors errors = {0};
        litmus_sweep s;
        CU_ASSERT_EQUAL_FATAL(litmus_sweep_run(p, &p->questions[0], memory, &s, &errors),
                              STATUS_OK);
        CU_ASSERT_EQUAL(s.way_count, (size_t)1 << s.access_count);
        CU_ASSERT_TRUE(s.minimal >= 1);
        for (size_t w = 0; w < s.way_count; w++)
            for (size_t b = 0; b < s.access_count; b++)
                CU_ASSERT_TRUE(!s.ways[w].allowed || s.ways[w & ~((size_t)1 << b)].allowed);
        if (strcmp(p->name, "MP") == 0) { /* the flag alone */
            CU_ASSERT_EQUAL(s.minimal, 1);
            CU_ASSERT_TRUE(s.ways[2 | 4].minimal);
        }
        region_free(memory);
        litmus_program_free(p);
    }
}

static bool count_program(void *context, const buffer *text)
{
    size_t *count = context;
    ++*count;
    (void)text;
    return *count < 100;
}

static void test_all_programs(void)
{
    litmus_bound one = {1, 1, 1}, two = {2, 2, 2};
    size_t count = 0;
    litmus_generate_all(&one, count_program, &count);
    CU_ASSERT_EQUAL(count, 2); /* a read, plain or atomic */
    count = 0;
    litmus_generate_all(&two, count_program, &count);
    CU_ASSERT_EQUAL(count, 100); /* stopped */
}

static void test_refusals(void)
{
    char error[200];
    buffer text = {0};
    static const char *const cases[][3] = {{"Rfe", "Rfe", "Rfe ends with a read"},
                                           {"PosWW", "PosWW", "two agents"},
                                           {"PodWQ", "Fre", "'PodWQ' is no edge"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_EQUAL(litmus_generate(cases[i], 2, "t", false, &text, error, sizeof error),
                        STATUS_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(error, cases[i][2]));
    }
    buffer_release(&text);
}

void add_generate_suite(void)
{
    CU_pSuite suite = CU_add_suite("generator", NULL, NULL);
    CU_add_test(suite, "shapes", test_shapes);
    CU_add_test(suite, "sweeps", test_sweeps);
    CU_add_test(suite, "all programs", test_all_programs);
    CU_add_test(suite, "what is no circle", test_refusals);
}
