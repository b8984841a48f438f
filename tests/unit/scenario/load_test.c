#include "suites.h"

#include "scenario/load.h"

#include <stdlib.h>
#include <string.h>

/* Loads a text as test.yaml; the errors as one text, "" when there are none. */
static plan *load(const char *text, buffer *errors_text)
{
    plan *p;
    load_errors errors;
    status s = scenario_load_text("test.yaml", text, strlen(text), &p, &errors);
    CU_ASSERT_EQUAL(s == STATUS_OK, p != NULL);
    CU_ASSERT_EQUAL(s == STATUS_OK, errors.count == 0);
    load_errors_write(&errors, errors_text);
    load_errors_release(&errors);
    return p;
}

static void assert_errors(const char *text, const char *expected, int line)
{
    buffer errors = {0};
    plan *p = load(text, &errors);
    assert_text_equal(buffer_text(&errors), expected, __FILE__, line);
    plan_free(p);
    buffer_release(&errors);
}
#define ASSERT_ERRORS(text, expected) assert_errors((text), (expected), __LINE__)

static plan *load_good(const char *text)
{
    buffer errors = {0};
    plan *p = load(text, &errors);
    ASSERT_TEXT(buffer_text(&errors), "");
    buffer_release(&errors);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    return p;
}

static void test_smallest_scenario(void)
{
    plan *p = load_good("title: Hello\nwindows:\n  - script: console.log(1)\n");
    ASSERT_TEXT(p->title, "Hello");
    CU_ASSERT_EQUAL(p->seed, 1);
    CU_ASSERT_EQUAL(p->repeat, 1);
    CU_ASSERT_EQUAL(p->clock, PLAN_CLOCK_VIRTUAL);
    CU_ASSERT_EQUAL_FATAL(p->window_count, 1);
    ASSERT_TEXT(p->windows[0].name, "window");
    ASSERT_TEXT(p->windows[0].url, "https://scenario.test/");
    ASSERT_TEXT(p->windows[0].script->text, "console.log(1)");
    CU_ASSERT_FALSE(p->expect.has_log);
    plan_free(p);
}

static void test_errors_have_places(void)
{
    ASSERT_ERRORS("", "test.yaml:1:1: the file is empty; expected a scenario: a map with title, windows, expect\n");
    ASSERT_ERRORS("titel: x\nwindows: [{script: a()}]\n",
                  "test.yaml:1:1: unknown key \"titel\"; did you mean \"title\"?\n"
                  "test.yaml:1:1: the key \"title\" is missing: the scenario's name in a few words\n");
}

void add_load_suite(void)
{
    CU_pSuite suite = CU_add_suite("load", NULL, NULL);
    CU_add_test(suite, "smallest scenario", test_smallest_scenario);
    CU_add_test(suite, "errors have places", test_errors_have_places);
}
