/* Every file of scenarios/litmus/ is as it says, and would be found out if it lied. */
#include "suites.h"

#include "litmus/verdict.h"
#include "scenario/folder.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

static void fail(const char *file, const char *why)
{
    fprintf(stderr, "\n%s: %s", file, why);
    CU_FAIL("a litmus file");
}

static void judge(litmus_program *p, litmus_verdict *verdict, region *memory)
{
    load_errors errors = {0};
    litmus_result result;
    if (litmus_judge(p, NULL, memory, &result, verdict, &errors) != STATUS_OK)
        fail(p->file, "cannot be checked");
    load_errors_release(&errors);
}

/* Says the opposite of each expectation in turn; that must fail. */
static void lie(litmus_program *p, region *memory)
{
    litmus_verdict verdict;
    for (size_t i = 0; i < p->question_count; i++) {
        litmus_question_kind kind = p->questions[i].kind;
        p->questions[i].kind = kind == LITMUS_FORBIDDEN ? LITMUS_EXISTS : LITMUS_FORBIDDEN;
        judge(p, &verdict, memory);
        if (verdict.failed == 0)
            fail(p->file, "the opposite of a question holds too");
        p->questions[i].kind = kind;
    }
    litmus_answer_flag *flags[] = {&p->race_free, &p->sequential, &p->on_x86};
    for (size_t i = 0; i < 3; i++) {
        litmus_answer_flag said = *flags[i];
        if (said == LITMUS_UNASKED)
            continue;
        *flags[i] = said == LITMUS_YES ? LITMUS_NO : LITMUS_YES;
        judge(p, &verdict, memory);
        if (verdict.failed == 0)
            fail(p->file, "the opposite of yes or no holds too");
        *flags[i] = said;
    }
}

static void test_library(void)
{
    region *memory = region_create();
    text_list files;
    CU_ASSERT_EQUAL_FATAL(
        folder_list_litmus(memory, HEDDLE_SOURCE_FOLDER "/scenarios/litmus", &files), STATUS_OK);
    CU_ASSERT_TRUE(files.count >= 70);
    for (size_t i = 0; i < files.count; i++) {
        load_errors errors = {0};
        region *each = region_create();
        litmus_verdict verdict;
        litmus_program *p = litmus_program_load(files.items[i], &errors);
        if (p == NULL) {
            fail(files.items[i], "cannot be read");
        } else {
            judge(p, &verdict, each);
            if (verdict.failed + verdict.undecided > 0)
                fail(p->file, "is not as it says");
            if (verdict.count == 0 || p->why.count == 0)
                fail(p->file, "says nothing");
            lie(p, each);
        }
        load_errors_release(&errors);
        litmus_program_free(p);
        region_free(each);
    }
    region_free(memory);
}

void add_library_suite(void)
{
    CU_pSuite suite = CU_add_suite("library", NULL, NULL);
    CU_add_test(suite, "every file holds, and its opposite does not", test_library);
}
