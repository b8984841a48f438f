#include "suites.h"

#include "base/buffer.h"
#include "scenario/expect.h"
#include "scenario/load.h"

#include <stdlib.h>
#include <string.h>

/* One run of the fixture: a plan made of `expect` and an observation that tests fill. */
typedef struct fixture {
    plan *plan;
    observation *seen;
    verdict *verdict;
    buffer failures; /* "what\nexplanation\n" of every failed line that is no consequence */
} fixture;

static fixture start(const char *expect)
{
    fixture f = {.seen = observation_create()};
    buffer text = {0};
    load_errors errors;
    buffer_format(&text, "title: t\nteaches: [1, 2, 3]\nwindows: [{script: a()}]\n%s%s",
                  *expect == '\0' ? "" : "expect:\n", expect);
    scenario_load_text("t.yaml", buffer_text(&text), text.length, &f.plan, &errors);
    buffer problems = {0};
    load_errors_write(&errors, &problems);
    ASSERT_TEXT(buffer_text(&problems), "");
    buffer_release(&problems);
    load_errors_release(&errors);
    buffer_release(&text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f.plan);
    return f;
}

static void say_at(fixture *f, const char *agent, const char *text, console_level level,
                   uint64_t ms)
{
    observation_add(f->seen, &(observation_record){.kind = OBSERVATION_CONSOLE,
                                                   .agent = agent,
                                                   .agent_kind = "window",
                                                   .text = text,
                                                   .level = level,
                                                   .time_ns = ms * 1000000});
}

static void say(fixture *f, const char *agent, const char *text)
{
    say_at(f, agent, text, CONSOLE_LOG, 0);
}

static void find(fixture *f, observation_kind kind, finding_kind finding, const char *agent,
                 const char *text)
{
    observation_add(f->seen, &(observation_record){.kind = kind,
                                                   .finding = finding,
                                                   .agent = agent,
                                                   .text = text,
                                                   .where = {"https://scenario.test/", 3, 9}});
}

static const char *check(fixture *f)
{
    verdict_free(f->verdict);
    f->verdict = expect_check(f->plan, f->seen);
    buffer_clear(&f->failures);
    for (size_t i = 0; i < f->verdict->count; i++) {
        const verdict_line *line = &f->verdict->lines[i];
        if (!line->held && !line->consequence)
            buffer_format(&f->failures, "%s\n%s\n", line->what, line->explanation);
    }
    return buffer_text(&f->failures);
}

static void finish(fixture *f)
{
    verdict_free(f->verdict);
    observation_free(f->seen);
    plan_free(f->plan);
    buffer_release(&f->failures);
}

/* One run with these values of two cells; what failed in it. */
static const char *next_outcome(fixture *f, outcome_tally *t, const char *x, const char *y, bool last)
{
    observation_set_cell(f->seen, &(observation_cell){.name = "x", .value = x});
    observation_set_cell(f->seen, &(observation_cell){.name = "y", .value = y});
    verdict *v = expect_check_next(f->plan, f->seen, t, last);
    buffer_clear(&f->failures);
    for (size_t i = 0; i < v->count; i++)
        if (!v->lines[i].held)
            buffer_format(&f->failures, "%s\n%s\n", v->lines[i].what, v->lines[i].explanation);
    verdict_free(v);
    return buffer_text(&f->failures);
}

static void test_outcomes(void)
{
    fixture f = start("  outcomes:\n    cells: [x, y]\n"
                      "    allowed: [0 1, {is: 1 0, count: {min: 2}}, {is: 1 1, count: {max: 1}}]\n");
    outcome_tally *t = outcome_tally_create(f.plan);
    ASSERT_TEXT(next_outcome(&f, t, "1", "0", false), "");
    ASSERT_TEXT(next_outcome(&f, t, "1", "1", false), "");
    ASSERT_TEXT(next_outcome(&f, t, "0", "0", false),
                "the outcome\nexpected  0 1 | 1 0 | 1 1\ngot       0 0\n");
    ASSERT_TEXT(next_outcome(&f, t, "1", "1", true),
                "outcome 1 0\nexpected  at least 2 of 4 runs\nseen      0 × 0 1, 1 × 1 0, 2 × 1 1\n"
                "outcome 1 1\nexpected  0 to 1 of 4 runs\nseen      0 × 0 1, 1 × 1 0, 2 × 1 1\n");
    outcome_tally_free(t);
    finish(&f);
    f = start("  outcomes:\n    allowed: ['a, b']\n");
    say(&f, "page", "a");
    say(&f, "page", "b");
    ASSERT_TEXT(check(&f), "");
    say(&f, "page", "c");
    ASSERT_TEXT(check(&f), "the outcome\nexpected  a, b\ngot       a, b, c\n");
    finish(&f);
}

static void test_nothing_expected(void)
{
    fixture f = start("");
    say(&f, "page", "hello");
    ASSERT_TEXT(check(&f), "");
    CU_ASSERT_EQUAL(f.verdict->exit_code, EXIT_HOLDS);
    CU_ASSERT_EQUAL(f.verdict->count, 0);
    finish(&f);
}

static void test_log_forms_hold(void)
{
    fixture f = start("  log:\n"
                      "    - bare text\n"
                      "    - 'page: named text'\n"
                      "    - page: short form\n"
                      "      shows: 2\n"
                      "    - {match: '^n = [0-9]+$', agent: left, level: warn}\n"
                      "    - {text: tick, times: 3, after_ms: 10, before_ms: 20}\n"
                      "    - unordered: [left: a, right: b]\n"
                      "      shows: [1, 3]\n"
                      "    - |\n"
                      "      two\n"
                      "      lines\n"
                      "    - 42\n");
    say(&f, "page", "bare text");
    say(&f, "page", "named text");
    say(&f, "page", "short form");
    say_at(&f, "left", "n = 17", CONSOLE_WARN, 3);
    for (int i = 0; i < 3; i++)
        say_at(&f, "page", "tick", CONSOLE_LOG, 15);
    say(&f, "right", "b");
    say(&f, "left", "a");
    say(&f, "page", "two\nlines");
    say(&f, "page", "42");
    ASSERT_TEXT(check(&f), "");
    CU_ASSERT_EQUAL(f.verdict->held, 9);
    CU_ASSERT_EQUAL(f.verdict->exit_code, EXIT_HOLDS);
    CU_ASSERT_EQUAL_FATAL(f.verdict->lines[2].shows.count, 1);
    CU_ASSERT_EQUAL(f.verdict->lines[2].shows.items[0], 2);
    CU_ASSERT_EQUAL(f.verdict->lines[5].shows.count, 2);
    CU_ASSERT_TRUE(verdict_number_holds(f.verdict, 2));
    CU_ASSERT_FALSE(verdict_number_holds(f.verdict, 4));
    finish(&f);
}

static void test_log_as_block_text(void)
{
    fixture f = start("  log: |\n    page: one\n    two\n");
    say(&f, "page", "one");
    say(&f, "page", "2");
    ASSERT_TEXT(check(&f), "log line 2\n"
                           "after     page: one\n"
                           "expected  two\n"
                           "got       page: 2\n");
    CU_ASSERT_EQUAL(f.verdict->lines[1].declared.line, 7);
    CU_ASSERT_EQUAL(f.verdict->lines[1].declared.column, 5);
    CU_ASSERT_EQUAL(f.verdict->exit_code, EXIT_FINDING);
    finish(&f);
}

static void test_log_differs(void)
{
    fixture f = start("  log: ['page: counter is 2000', 'page: done']\n");
    say(&f, "page", "counter is 1999");
    say(&f, "page", "done");
    ASSERT_TEXT(check(&f), "log line 1\n"
                           "expected  page: counter is 2000\n"
                           "got       page: counter is 1999\n"
                           "                           ^ differs from here\n");
    CU_ASSERT_EQUAL(f.verdict->failed, 2);
    CU_ASSERT_TRUE(f.verdict->lines[1].consequence);
    finish(&f);
}

static void test_log_order_differs(void)
{
    fixture f = start("  log: [a, b, c]\n");
    say(&f, "page", "b");
    say(&f, "page", "a");
    ASSERT_TEXT(
        check(&f),
        "log line 1\nexpected  a\ngot       page: b\nbut       this line comes later, as line 2\n");
    finish(&f);
}

static void test_log_too_short_and_too_long(void)
{
    fixture f = start("  log: [a, {text: b, times: 2}]\n");
    ASSERT_TEXT(check(&f), "log line 1\nexpected  a\ngot       nothing at all\n");
    say(&f, "page", "a");
    say(&f, "page", "b");
    ASSERT_TEXT(
        check(&f),
        "log line 2\nafter     page: b\nexpected  b  (2 times; 1 came)\ngot       nothing more\n");
    say(&f, "page", "b");
    ASSERT_TEXT(check(&f), "");
    say(&f, "page", "x");
    say(&f, "page", "y");
    ASSERT_TEXT(check(&f), "log complete\nafter     page: b\nexpected  nothing more\ngot       "
                           "page: x  (and 1 more)\n");
    finish(&f);
}

static void test_log_almost(void)
{
    fixture f = start("  log: [{text: a, agent: left}]\n");
    say(&f, "right", "a");
    ASSERT_TEXT(check(&f),
                "log line 1\nexpected  left: a\ngot       right: a\n"
                "but       line 1 says this, but \"right\" is who says it, not \"left\"\n");
    finish(&f);
    f = start("  log: [{text: a, level: error}]\n");
    say_at(&f, "page", "a", CONSOLE_WARN, 0);
    ASSERT_TEXT(check(&f), "log line 1\nexpected  a  (by console.error)\ngot       page: a\n"
                           "but       line 1 says this, but by console.warn\n");
    finish(&f);
    f = start("  log: [{text: a, after_ms: 100}]\n");
    say_at(&f, "page", "a", CONSOLE_LOG, 99);
    ASSERT_TEXT(check(&f), "log line 1\nexpected  a  (not before 100 ms)\ngot       page: a\n"
                           "but       line 1 says this, but at 99 ms\n");
    finish(&f);
}

static void test_log_group_misses(void)
{
    fixture f = start("  log: [{unordered: [a, b]}, c]\n");
    say(&f, "page", "b");
    say(&f, "page", "x");
    say(&f, "page", "c");
    ASSERT_TEXT(check(&f), "log line 1\nexpected  a\ngot       page: x\n");
    CU_ASSERT_TRUE(f.verdict->lines[1].held);
    CU_ASSERT_TRUE(f.verdict->lines[2].consequence);
    finish(&f);
}

static void test_nothing_happens(void)
{
    fixture f = start("  log: [a, {text: b, shows: 2}]\n  never: [{text: c, shows: 1}]\n");
    check(&f);
    CU_ASSERT_FALSE(verdict_number_holds(f.verdict, 2));
    CU_ASSERT_TRUE(verdict_number_holds(f.verdict, 1));
    finish(&f);
}

static void test_empty_log(void)
{
    fixture f = start("  log: []\n");
    ASSERT_TEXT(check(&f), "");
    CU_ASSERT_EQUAL(f.verdict->held, 1);
    say(&f, "page", "x");
    ASSERT_TEXT(check(&f), "log complete\nexpected  nothing\ngot       page: x\n");
    finish(&f);
}

static void test_console_of_agents(void)
{
    fixture f = start("  console:\n    left: [a, b]\n    right: []\n");
    say(&f, "left", "a");
    say(&f, "page", "between");
    say(&f, "left", "b");
    ASSERT_TEXT(check(&f), "");
    say(&f, "right", "x");
    ASSERT_TEXT(check(&f), "console of right complete\nexpected  nothing\ngot       right: x\n");
    finish(&f);
}

static void test_order(void)
{
    fixture f = start("  order:\n    - [a, b, c]\n    - [b, d]\n");
    const char *const lines[] = {"a", "x", "b", "d", "c"};
    for (size_t i = 0; i < 5; i++)
        say(&f, "page", lines[i]);
    ASSERT_TEXT(check(&f), "");
    CU_ASSERT_EQUAL(f.verdict->held, 5);
    finish(&f);
    f = start("  order: [b, a, c]\n");
    for (size_t i = 0; i < 5; i++)
        say(&f, "page", lines[i]);
    ASSERT_TEXT(check(&f), "order 1 line 2\nafter     page: b\nexpected  a\nbut       this line "
                           "comes earlier, as line 1\n");
    finish(&f);
}

static void test_unordered_moves_lines_to_fit(void)
{
    fixture f = start("  unordered: [a, {text: a, agent: left}, {match: '^[ab]$'}]\n");
    say(&f, "left", "a");
    say(&f, "right", "b");
    say(&f, "right", "a");
    ASSERT_TEXT(check(&f), "");
    finish(&f);
    f = start("  unordered: [{text: counting to 1000, times: 2}]\n");
    say(&f, "left", "counting to 1001");
    ASSERT_TEXT(check(&f), "unordered line 1\nexpected  counting to 1000  (2 times; 0 came)\n"
                           "near      left: counting to 1001\n");
    finish(&f);
}

static void test_never(void)
{
    fixture f = start("  never: [b]\n");
    say(&f, "page", "a");
    ASSERT_TEXT(check(&f), "");
    say(&f, "page", "b");
    ASSERT_TEXT(check(&f), "never line 1\nexpected  never: b\ngot       page: b  (line 2)\n");
    finish(&f);
}

static void test_errors(void)
{
    fixture f = start("  errors: ['page: TypeError: no']\n");
    ASSERT_TEXT(check(&f), "error 1\nexpected  page: TypeError: no\ngot       nothing at all\n");
    find(&f, OBSERVATION_ERROR, FINDING_UNCAUGHT_ERROR, "page", "TypeError: no");
    ASSERT_TEXT(check(&f), "");
    CU_ASSERT_EQUAL(f.verdict->declared_findings, 1);
    CU_ASSERT_EQUAL(f.verdict->exit_code, EXIT_HOLDS);
    find(&f, OBSERVATION_ERROR, FINDING_UNHANDLED_REJECTION, "page", "Error: other");
    ASSERT_TEXT(check(&f), "unhandled-rejection\nError: other\n");
    CU_ASSERT_EQUAL(f.verdict->exit_code, EXIT_FINDING);
    finish(&f);
}

static void test_cells(void)
{
    fixture f = start("  cells:\n    n: 2000\n    f: {is: [1.5, NaN]}\n    big: {min: -1, max: "
                      "18446744073709551615}\n");
    observation_set_cell(f.seen, &(observation_cell){"n", "7", "Int32Array", 1, 4});
    observation_set_cell(f.seen, &(observation_cell){"n", "2000", "Int32Array", 1, 4});
    observation_set_cell(f.seen, &(observation_cell){"f", "NaN", "Float64Array", 1, 8});
    observation_set_cell(
        f.seen, &(observation_cell){"big", "18446744073709551615", "BigUint64Array", 1, 16});
    ASSERT_TEXT(check(&f), "");
    observation_set_cell(f.seen, &(observation_cell){"n", "1999", "Int32Array", 1, 4});
    observation_set_cell(f.seen, &(observation_cell){"big", "-2", "BigInt64Array", 1, 16});
    ASSERT_TEXT(check(&f), "cell n\nexpected  2000\ngot       1999  (Int32Array, block 1, byte 4)\n"
                           "cell big\nexpected  at least -1, at most 18446744073709551615\n"
                           "got       -2  (BigInt64Array, block 1, byte 16)\n");
    finish(&f);
    f = start("  cells: {counter: 1}\n");
    observation_set_cell(f.seen, &(observation_cell){"count", "1", "Int32Array", 1, 4});
    ASSERT_TEXT(check(&f), "cell counter\nexpected  1\ngot       no cell: no script called "
                           "heddle.cell(\"counter\", ...)\n"
                           "near      registered are count\n");
    finish(&f);
}

static void test_findings(void)
{
    fixture f =
        start("  findings:\n    - {kind: deadlock, agents: [left, right], where: 't.yaml:3:29'}\n");
    observation_party parties[] = {{.agent = "left"},
                                   {.agent = "right", .where = {"https://scenario.test/", 1, 10}}};
    observation_add(f.seen, &(observation_record){.kind = OBSERVATION_FINDING,
                                                  .finding = FINDING_DEADLOCK,
                                                  .text = "2 agents wait for ever",
                                                  .parties = parties,
                                                  .party_count = 2});
    f.seen->end = RUN_END_DEADLOCK;
    ASSERT_TEXT(check(&f), "");
    CU_ASSERT_EQUAL(f.verdict->exit_code, EXIT_HOLDS);
    finish(&f);
    f = start("  findings: [{kind: uncaught-error, count: 2}, deadlock]\n");
    find(&f, OBSERVATION_ERROR, FINDING_UNCAUGHT_ERROR, "page", "Error: x");
    ASSERT_TEXT(check(&f), "finding uncaught-error\nexpected  2 × uncaught-error\ngot       1\n"
                           "finding deadlock\nexpected  deadlock\ngot       none\n");
    finish(&f);
}

static void test_exit(void)
{
    fixture f = start("  exit: {run: idle, code: 0, agents: {left: terminated}, shows: 1}\n");
    observation_add(f.seen, &(observation_record){
                                .kind = OBSERVATION_EXIT, .agent = "left", .text = "terminated"});
    ASSERT_TEXT(check(&f), "");
    CU_ASSERT_EQUAL(f.verdict->held, 3);
    f.seen->end = RUN_END_DEADLOCK;
    ASSERT_TEXT(check(&f), "end of the run\nexpected  idle\ngot       deadlock\n");
    finish(&f);
    f = start("  exit: deadlock\n");
    find(&f, OBSERVATION_FINDING, FINDING_DEADLOCK, NULL, "waits");
    f.seen->end = RUN_END_DEADLOCK;
    ASSERT_TEXT(check(&f), "");
    finish(&f);
}

static void test_bounds_and_interruption(void)
{
    fixture f = start("");
    f.seen->end = RUN_END_TIME_LIMIT;
    find(&f, OBSERVATION_FINDING, FINDING_TIME_LIMIT, NULL, "1000 ms are over");
    ASSERT_TEXT(check(&f), "");
    CU_ASSERT_EQUAL(f.verdict->exit_code, EXIT_BOUND);
    find(&f, OBSERVATION_ERROR, FINDING_UNCAUGHT_ERROR, "page", "Error: x");
    check(&f);
    CU_ASSERT_EQUAL(f.verdict->exit_code, EXIT_FINDING);
    finish(&f);
    f = start("  exit: time-limit\n");
    f.seen->end = RUN_END_TIME_LIMIT;
    find(&f, OBSERVATION_FINDING, FINDING_TIME_LIMIT, NULL, "1000 ms are over");
    ASSERT_TEXT(check(&f), "");
    CU_ASSERT_EQUAL(f.verdict->exit_code, EXIT_HOLDS);
    finish(&f);
    f = start("  log: [a]\n");
    f.seen->end = RUN_END_INTERRUPTED;
    ASSERT_TEXT(check(&f), "");
    CU_ASSERT_EQUAL(f.verdict->exit_code, EXIT_INTERRUPTED);
    finish(&f);
}

static void test_exit_codes_together(void)
{
    CU_ASSERT_EQUAL(exit_code_worse(EXIT_HOLDS, EXIT_BOUND), EXIT_BOUND);
    CU_ASSERT_EQUAL(exit_code_worse(EXIT_FINDING, EXIT_BOUND), EXIT_FINDING);
    CU_ASSERT_EQUAL(exit_code_worse(EXIT_FINDING, EXIT_INVALID), EXIT_INVALID);
    CU_ASSERT_EQUAL(exit_code_worse(EXIT_INTERNAL, EXIT_INVALID), EXIT_INTERNAL);
    CU_ASSERT_EQUAL(exit_code_worse(EXIT_HOLDS, EXIT_HOLDS), EXIT_HOLDS);
}

void add_expect_suite(void)
{
    CU_pSuite suite = CU_add_suite("expect", NULL, NULL);
    CU_add_test(suite, "outcomes of several runs", test_outcomes);
    CU_add_test(suite, "nothing expected", test_nothing_expected);
    CU_add_test(suite, "all forms of a log line hold", test_log_forms_hold);
    CU_add_test(suite, "log as block text", test_log_as_block_text);
    CU_add_test(suite, "log differs", test_log_differs);
    CU_add_test(suite, "log order differs", test_log_order_differs);
    CU_add_test(suite, "log too short and too long", test_log_too_short_and_too_long);
    CU_add_test(suite, "log almost right", test_log_almost);
    CU_add_test(suite, "unordered group in a log", test_log_group_misses);
    CU_add_test(suite, "nothing happens", test_nothing_happens);
    CU_add_test(suite, "empty log", test_empty_log);
    CU_add_test(suite, "console of agents", test_console_of_agents);
    CU_add_test(suite, "order", test_order);
    CU_add_test(suite, "unordered", test_unordered_moves_lines_to_fit);
    CU_add_test(suite, "never", test_never);
    CU_add_test(suite, "errors", test_errors);
    CU_add_test(suite, "cells", test_cells);
    CU_add_test(suite, "findings", test_findings);
    CU_add_test(suite, "exit", test_exit);
    CU_add_test(suite, "bounds and interruption", test_bounds_and_interruption);
    CU_add_test(suite, "exit codes together", test_exit_codes_together);
}
