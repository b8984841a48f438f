#include "scenarios.h"

#include "base/buffer.h"
#include "engine/engine.h"
#include "scenario/expect.h"
#include "scenario/files.h"
#include "scenario/folder.h"
#include "scenario/load.h"
#include "scenario/needs.h"
#include "scenario/runner.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER HEDDLE_SOURCE_FOLDER "/scenarios"
/* A program that polls is many times slower under a sanitizer. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WALL_LIMIT_MS 600000
#else
#define WALL_LIMIT_MS 60000
#endif
/* An emptied script may leave the others waiting for it in a loop. */
#define EMPTIED_LIMIT_MS 3000
#define NUMBERS_MOST 32

static void fail(const char *file, const char *why)
{
    fprintf(stderr, "\n%s: %s", file + strlen(FOLDER) + 1, why);
    CU_assertImplementation(CU_FALSE, __LINE__, why, file, "", CU_FALSE);
}

static plan *load(const char *file)
{
    load_errors errors;
    plan *p = NULL;
    if (scenario_load(file, &p, &errors) != STATUS_OK) {
        buffer text = {0};
        load_errors_write(&errors, &text);
        fail(file, buffer_text(&text));
        buffer_release(&text);
    }
    load_errors_release(&errors);
    return p;
}

static void each_scenario(void (*visit)(const char *file, plan *p))
{
    region *memory = region_create();
    text_list files = {0};
    CU_ASSERT_EQUAL(folder_list_scenarios(memory, FOLDER, &files), STATUS_OK);
    for (size_t i = 0; i < files.count; i++) {
        plan *p = strstr(files.items[i], scenarios_wanted) ? load(files.items[i]) : NULL;
        bool left_out = false;
        const char *missing = p ? needs_missing(p, &left_out) : NULL;
        if (p && !missing)
            visit(files.items[i], p);
        else if (p && !left_out && getenv("CI"))
            fail(files.items[i], "its packages are not installed (./dev setup)");
        else if (p)
            fprintf(stderr, "\n%s: not run, there is no %s",
                    files.items[i] + strlen(FOLDER) + 1, missing);
        plan_free(p);
    }
    region_free(memory);
}

/* ---- every scenario holds ---- */

static void print_failures(const char *file, const verdict *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (!v->lines[i].held && !v->lines[i].consequence)
            fprintf(stderr, "\n  %s\n    %s", v->lines[i].what, v->lines[i].explanation);
    fail(file, "does not hold");
}

static void run_once(const char *file, plan *p)
{
    struct run_options options = {.wall_limit_ms = WALL_LIMIT_MS};
    observation *o = observation_create();
    CU_ASSERT_EQUAL(scenario_run(p, &options, o), STATUS_OK);
    verdict *v = expect_check(p, o);
    if (v->exit_code != EXIT_HOLDS)
        print_failures(file, v);
    else
        CU_PASS("holds");
    verdict_free(v);
    observation_free(o);
}

void test_every_scenario_holds(void)
{
    each_scenario(run_once);
}

/* ---- and would not without its scripts ---- */

/* Runs the scenario with one script emptied; notes which numbers fail then, and returns whether anything does. */
static bool run_without(const char *file, size_t script, bool *failed)
{
    struct run_options options = {.wall_limit_ms = EMPTIED_LIMIT_MS};
    plan *p = load(file);
    plan_empty_script(p, script);
    observation *o = observation_create();
    CU_ASSERT_EQUAL(scenario_run(p, &options, o), STATUS_OK);
    verdict *v = expect_check(p, o);
    for (size_t i = 0; i < p->teaches.count && i < NUMBERS_MOST; i++)
        if (!verdict_number_holds(v, p->teaches.items[i]))
            failed[i] = true;
    bool any = v->exit_code != EXIT_HOLDS;
    verdict_free(v);
    observation_free(o);
    plan_free(p);
    return any;
}

/* What it expects of the race detector is checked in the observed variant only. */
static bool asks_for_races(const plan *p)
{
    for (size_t i = 0; i < p->expect.finding_count; i++)
        if (finding_is_of_races(p->expect.findings[i].kind))
            return true;
    return false;
}

static void without_each_script(const char *file, plan *p)
{
    if (strcmp(engine_variant(), "observed") != 0 && asks_for_races(p))
        return;
    bool failed[NUMBERS_MOST] = {false};
    char text[256];
    for (size_t i = 0; i < p->script_count; i++) {
        if (run_without(file, i, failed))
            continue;
        snprintf(text, sizeof text, "everything holds although %s is empty",
                 p->scripts[i]->url);
        fail(file, text);
    }
    for (size_t i = 0; i < p->teaches.count && i < NUMBERS_MOST; i++)
        if (!failed[i]) {
            snprintf(text, sizeof text, "number %u holds whichever script is empty",
                     p->teaches.items[i]);
            fail(file, text);
        }
}

void test_numbers_depend_on_scripts(void)
{
    each_scenario(without_each_script);
}
