#include "base/buffer.h"
#include "report/report.h"

#include "golden.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char scenario_text[] = "title: Two at a gate\n"
                                    "teaches: 164\n"
                                    "seed: 7\n"
                                    "windows:\n"
                                    "  page: |\n"
                                    "    new Worker('w.js');\n"
                                    "expect:\n"
                                    "  log:\n"
                                    "    - page: ready\n"
                                    "    - page: counter is 2000\n"
                                    "      shows: 164\n"
                                    "  cells: {counter: 2000}\n";

static void collect(void *context, const char *text, size_t length)
{
    buffer_add_bytes(context, text, length);
}

static void assert_text(const char *actual, const char *expected, int line)
{
    bool equal = strcmp(actual, expected) == 0;
    if (!equal)
        fprintf(stderr, "\nline %d: got:\n%s\nexpected:\n%s\n", line, actual, expected);
    CU_assertImplementation(equal, (unsigned)line, "texts are equal", __FILE__, "", CU_FALSE);
}
#define ASSERT_TEXT(actual, expected) assert_text((actual), (expected), __LINE__)

static plan *load(const char *text, const char *path)
{
    plan *p;
    load_errors errors;
    scenario_load_text(path, text, strlen(text), &p, &errors);
    CU_ASSERT_EQUAL_FATAL(errors.count, 0);
    load_errors_release(&errors);
    return p;
}

static observation_record console(const char *agent, const char *kind, console_level level,
                                  const char *text)
{
    return (observation_record){.kind = OBSERVATION_CONSOLE,
                                .agent = agent,
                                .agent_kind = kind,
                                .level = level,
                                .text = text,
                                .time_ns = 1500000,
                                .where = {"https://scenario.test/", 1, 3}};
}

static const observation_party deadlock_parties[] = {
    {.agent = "left",
     .agent_kind = "dedicated-worker",
     .doing = "Atomics.wait",
     .where = {"https://scenario.test/", 1, 5},
     .has_cell = true,
     .block = 1,
     .byte_offset = 4,
     .cell = "gate",
     .value = "1",
     .since_ns = 12003000},
    {.agent = "page", .doing = NULL, .since_ns = 1000},
};

/* Everything that a run can produce, so that the golden texts show every form. */
static observation *eventful_run(uint64_t wall_ns)
{
    observation *o = observation_create();
    observation_record records[] = {
        console("page", "window", CONSOLE_LOG, "ready"),
        console("left", "dedicated-worker", CONSOLE_WARN, "two\nlines"),
        console("page", "window", CONSOLE_ERROR, "bell \a and tab\t."),
        {.kind = OBSERVATION_ERROR,
         .finding = FINDING_UNCAUGHT_ERROR,
         .agent = "page",
         .agent_kind = "window",
         .text = "TypeError: no",
         .stack = "at f (https://scenario.test/:1:5)\nat <anonymous>",
         .where = {"https://scenario.test/", 1, 5}},
        {.kind = OBSERVATION_FINDING,
         .finding = FINDING_DEADLOCK,
         .text = "2 agents are blocked for ever",
         .parties = (observation_party *)deadlock_parties,
         .party_count = 2},
        {.kind = OBSERVATION_EXIT,
         .agent = "left",
         .agent_kind = "dedicated-worker",
         .text = "terminated"},
    };
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
        observation_add(o, &records[i]);
    observation_set_cell(o, &(observation_cell){"counter", "2000", "Int32Array", 1, 0});
    o->seed = 7;
    o->end = RUN_END_DEADLOCK;
    o->agents = 2;
    o->shared_blocks = 1;
    o->wall_ns = wall_ns;
    return o;
}

static observation *calm_run(void)
{
    observation *o = observation_create();
    observation_record records[] = {console("page", "window", CONSOLE_LOG, "ready"),
                                    console("page", "window", CONSOLE_LOG, "counter is 2000")};
    for (size_t i = 0; i < 2; i++)
        observation_add(o, &records[i]);
    observation_set_cell(o, &(observation_cell){"counter", "2000", "Int32Array", 1, 0});
    o->seed = 7;
    o->agents = 1;
    o->wall_ns = 12400000;
    return o;
}

static void run(reporter *r, const plan *p, observation *o, uint64_t iteration, uint64_t iterations)
{
    report_begin(r, p, iteration, iterations);
    for (size_t i = 0; i < o->count; i++)
        report_record(r, &o->records[i]);
    verdict *v = expect_check(p, o);
    report_end(r, p, o, v);
    verdict_free(v);
    observation_free(o);
}

static buffer out;
static plan *gate;

static reporter *start(report_options o, const char *path)
{
    buffer_clear(&out);
    gate = load(scenario_text, path);
    o.sink = collect;
    o.context = &out;
    return report_create(&o);
}

static int finish(reporter *r)
{
    int exit_code = report_finish(r, true);
    report_free(r);
    plan_free(gate);
    return exit_code;
}

static void test_run_that_holds(void)
{
    reporter *r = start((report_options){0}, "gate.yaml");
    run(r, gate, calm_run(), 1, 1);
    CU_ASSERT_EQUAL(finish(r), 0);
    ASSERT_TEXT(buffer_text(&out), HOLDS_TEXT);
}

static void test_run_that_fails(void)
{
    reporter *r = start((report_options){0}, "scenarios/a gate.yaml");
    run(r, gate, eventful_run(2340000000), 1, 1);
    CU_ASSERT_EQUAL(finish(r), 1);
    ASSERT_TEXT(buffer_text(&out), FAILS_TEXT);
}

static void test_times_and_colours(void)
{
    reporter *r = start((report_options){.times = true, .colours = true}, "gate.yaml");
    run(r, gate, calm_run(), 1, 1);
    CU_ASSERT_EQUAL(finish(r), 0);
    ASSERT_TEXT(buffer_text(&out), COLOURED_TEXT);
}

static void test_several_files(void)
{
    reporter *r = start((report_options){.quiet = true}, "gate.yaml");
    run(r, gate, calm_run(), 1, 1);
    run(r, gate, eventful_run(1000000), 1, 1);
    report_not_run(r, gate, "needs the npm package ringbuf.js, which is not installed");
    plan *none;
    load_errors errors;
    CU_ASSERT_EQUAL(scenario_load_text("bad.yaml", "title: [", 8, &none, &errors), STATUS_INVALID);
    report_load_errors(r, "bad.yaml", &errors);
    load_errors_release(&errors);
    CU_ASSERT_EQUAL(finish(r), 3);
    ASSERT_TEXT(buffer_text(&out), SEVERAL_TEXT);
}

static void test_repeated_runs(void)
{
    reporter *r = start((report_options){0}, "gate.yaml");
    for (uint64_t i = 1; i <= 5; i++)
        run(r, gate, calm_run(), i, 5);
    ASSERT_TEXT(buffer_text(&out), "✓ Two at a gate · gate.yaml · 5 of 5 runs hold · 62 ms\n");
    buffer_clear(&out);
    for (uint64_t i = 1; i <= 3; i++)
        run(r, gate, i == 1 ? calm_run() : eventful_run(0), i, 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "✗ fails · 1 of 3 expectations not met"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(buffer_text(&out), "\n✗ Two at a gate · gate.yaml · 1 of 3 runs hold · 12 ms\n"));
    const char *first = strstr(buffer_text(&out), "Two at a gate · gate.yaml\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    CU_ASSERT_PTR_NULL(
        strstr(first + 1, "Two at a gate · gate.yaml\n")); /* one failing run is shown */
    CU_ASSERT_EQUAL(finish(r), 1);
}

static void test_other_seed_is_repeated(void)
{
    reporter *r = start((report_options){.command = "heddle run --pure"}, "it's.yaml");
    observation *o = eventful_run(0);
    o->seed = 99;
    run(r, gate, o, 1, 1);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(buffer_text(&out), "\n  again   heddle run --pure 'it'\\''s.yaml' --seed 99\n"));
    finish(r);
}

static void test_time_limit(void)
{
    reporter *r = start((report_options){0}, "gate.yaml");
    observation *o = calm_run();
    o->end = RUN_END_TIME_LIMIT;
    run(r, gate, o, 1, 1);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(buffer_text(&out), "\n! time limit reached · all 3 expectations · 1 agent"));
    CU_ASSERT_EQUAL(finish(r), 4);
}

static void test_progress(void)
{
    reporter *r = start((report_options){.terminal = true}, "gate.yaml");
    report_progress(r, "Two at a gate", 1200000000, 2, 17);
    ASSERT_TEXT(buffer_text(&out), "\r\033[K… 2 of 17 · Two at a gate · 1 s");
    buffer_clear(&out);
    run(r, gate, calm_run(), 1, 1);
    CU_ASSERT_EQUAL(strncmp(buffer_text(&out), "\r\033[KTwo at a gate", 17), 0);
    finish(r);
    r = start((report_options){0}, "gate.yaml");
    report_progress(r, "Two at a gate", 1200000000, 1, 1);
    ASSERT_TEXT(buffer_text(&out), "");
    finish(r);
}

static void test_json_lines(void)
{
    reporter *r = start((report_options){.format = REPORT_JSON}, "gate.yaml");
    run(r, gate, eventful_run(1000000), 1, 1);
    CU_ASSERT_EQUAL(finish(r), 1);
    ASSERT_TEXT(buffer_text(&out), JSON_TEXT);
}

static void test_junit(void)
{
    char path[] = "heddle-junit-XXXXXX";
    int file = mkstemp(path);
    CU_ASSERT_FATAL(file >= 0);
    reporter *r = start((report_options){.quiet = true}, "scenarios/<gate>.yaml");
    run(r, gate, calm_run(), 1, 1);
    run(r, gate, eventful_run(1000000), 1, 1);
    report_not_run(r, gate, "needs \"x\"");
    CU_ASSERT_EQUAL(report_write_junit(r, path), STATUS_OK);
    CU_ASSERT_EQUAL(report_write_junit(r, "/nowhere/at/all.xml"), STATUS_IO);
    finish(r);
    char text[4096] = "";
    CU_ASSERT(read(file, text, sizeof text - 1) > 0);
    ASSERT_TEXT(text, JUNIT_TEXT);
    close(file);
    unlink(path);
}

int main(void)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 70;
    CU_pSuite suite = CU_add_suite("report", NULL, NULL);
    CU_add_test(suite, "a run that holds", test_run_that_holds);
    CU_add_test(suite, "a run that fails", test_run_that_fails);
    CU_add_test(suite, "times and colours", test_times_and_colours);
    CU_add_test(suite, "several files", test_several_files);
    CU_add_test(suite, "repeated runs", test_repeated_runs);
    CU_add_test(suite, "another seed", test_other_seed_is_repeated);
    CU_add_test(suite, "time limit", test_time_limit);
    CU_add_test(suite, "progress", test_progress);
    CU_add_test(suite, "JSON lines", test_json_lines);
    CU_add_test(suite, "JUnit", test_junit);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    buffer_release(&out);
    return failures == 0 ? 0 : 1;
}
