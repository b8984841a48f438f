#include "suites.h"

#include "scenario/load.h"

#include <stdio.h>
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

static void test_everything_is_read(void)
{
    plan *p = load_good("title: All\n"
                        "about: |\n"
                        "  One.\n"
                        "  Two.\n"
                        "teaches: [17, 149]\n"
                        "seeds: [000, \"002\"]\n"
                        "mark: ~\n"
                        "says: a\n"
                        "beware: [b, c]\n"
                        "seed: 0xFF\n"
                        "clock: real\n"
                        "schedule: native\n"
                        "repeat: 3\n"
                        "limits: {time_ms: 2000, heap_mb: 64, stack_kb: 256, agents: 16}\n"
                        "needs: ringbuf.js\n"
                        "files:\n"
                        "  ./lib/../worker.mjs: |\n"
                        "    post()\n"
                        "  https://scenario.test/data.js: 'x'\n"
                        "windows:\n"
                        "  - {name: page, url: /a/index.html, script: worker.mjs}\n"
                        "  - {script: 'b()', module: true}\n");
    ASSERT_TEXT(p->about.items[0], "One.\nTwo.");
    CU_ASSERT_EQUAL(p->teaches.count, 2);
    ASSERT_TEXT(p->seeds.items[0], "000");
    CU_ASSERT_EQUAL(p->mark, PLAN_MARK_CONDITIONAL);
    ASSERT_TEXT(p->lessons[PLAN_LESSON_SAYS].items[0], "a");
    ASSERT_TEXT(p->lessons[PLAN_LESSON_BEWARE].items[1], "c");
    CU_ASSERT_EQUAL(p->lessons[PLAN_LESSON_SEE].count, 0);
    CU_ASSERT_EQUAL(p->seed, 255);
    CU_ASSERT_EQUAL(p->clock, PLAN_CLOCK_REAL);
    CU_ASSERT_EQUAL(p->repeat, 3);
    CU_ASSERT_EQUAL(p->limits.time_ms, 2000);
    CU_ASSERT_EQUAL(p->limits.heap_mb, 64);
    CU_ASSERT_EQUAL(p->limits.stack_kb, 256);
    CU_ASSERT_EQUAL(p->limits.agents, 16);
    ASSERT_TEXT(p->needs.items[0], "ringbuf.js");
    CU_ASSERT_EQUAL(p->file_count, 2);
    const plan_file *worker = plan_find_file(p, "https://scenario.test/worker.mjs?once#top");
    CU_ASSERT_PTR_NOT_NULL_FATAL(worker);
    ASSERT_TEXT(worker->script->url, "https://scenario.test/worker.mjs");
    CU_ASSERT_PTR_NOT_NULL(plan_find_file(p, "data.js"));
    CU_ASSERT_PTR_NULL(plan_find_file(p, "other.js"));
    CU_ASSERT_PTR_EQUAL(p->windows[0].script, worker->script);
    CU_ASSERT_TRUE(p->windows[0].module);
    ASSERT_TEXT(p->windows[0].url, "https://scenario.test/a/index.html");
    ASSERT_TEXT(p->windows[1].name, "window-2");
    CU_ASSERT_TRUE(p->windows[1].module);
    CU_ASSERT_EQUAL(p->script_count, 3);
    plan_free(p);
}

static void test_windows_as_map(void)
{
    plan *p = load_good(
        "title: t\nwindows:\n  left: a()\n  right:\n    script: |\n      b()\n      c()\n");
    CU_ASSERT_EQUAL_FATAL(p->window_count, 2);
    ASSERT_TEXT(p->windows[0].name, "left");
    ASSERT_TEXT(p->windows[1].name, "right");
    ASSERT_TEXT(p->windows[0].script->url, "https://scenario.test/");
    ASSERT_TEXT(p->windows[1].script->url, "https://scenario.test/#right");
    plan_free(p);
}

/* Asserts that line and column of a script are found at a line of the file that holds the wanted
 * text. */
static void assert_place(const plan *p, const char *url, uint32_t line, uint32_t column,
                         uint32_t in_line, uint32_t in_column, int test_line)
{
    source_position where = plan_locate(p, url, line, column);
    CU_assertImplementation(where.line == in_line && where.column == in_column, (unsigned)test_line,
                            "the place in the file is right", __FILE__, "", CU_FALSE);
    if (where.line != in_line || where.column != in_column)
        fprintf(stderr, "line %d: got %u:%u, expected %u:%u\n", test_line, where.line, where.column,
                in_line, in_column);
}
#define ASSERT_PLACE(p, url, line, column, in_line, in_column)                                     \
    assert_place(p, url, line, column, in_line, in_column, __LINE__)

static void test_inline_scripts_keep_their_lines(void)
{
    plan *p = load_good("title: t\n"               /* 1 */
                        "files:\n"                 /* 2 */
                        "  a.js: |  # a comment\n" /* 3 */
                        "\n"                       /* 4 */
                        "      first()\n"          /* 5 */
                        "        second()\n"       /* 6 */
                        "  b.js: |2\n"             /* 7 */
                        "      indented()\n"       /* 8 */
                        "  c.js: plain()\n"        /* 9 */
                        "  d.js:\n"                /* 10 */
                        "    'quoted()'\n"         /* 11 */
                        "  é.js: |-\r\n"           /* 12 */
                        "      crlf()\r\n"         /* 13 */
                        "      last()\r\n"         /* 14 */
                        "  f.js: {from: " HEDDLE_SOURCE_FOLDER "/scenarios/scenario.schema.json}\n"
                        "windows: [{script: \"w()\"}]\n");
    ASSERT_TEXT(plan_find_file(p, "a.js")->script->text, "\nfirst()\n  second()\n");
    ASSERT_PLACE(p, "https://scenario.test/a.js", 2, 1, 5, 7);
    ASSERT_PLACE(p, "https://scenario.test/a.js", 3, 3, 6, 9);
    ASSERT_TEXT(plan_find_file(p, "b.js")->script->text, "  indented()\n");
    ASSERT_PLACE(p, "https://scenario.test/b.js", 1, 3, 8, 7);
    ASSERT_PLACE(p, "https://scenario.test/c.js", 1, 1, 9, 9);
    ASSERT_PLACE(p, "https://scenario.test/d.js", 1, 1, 11, 6);
    ASSERT_TEXT(plan_find_file(p, "é.js")->script->text, "crlf()\nlast()");
    ASSERT_PLACE(p, "https://scenario.test/é.js", 2, 1, 14, 7);
    ASSERT_PLACE(p, "https://scenario.test/", 1, 1, 16, 21);
    ASSERT_PLACE(p, "https://elsewhere.test/x.js", 3, 4, 3, 4);
    plan_free(p);
}

static void test_anchors_and_aliases(void)
{
    plan *p = load_good("title: &t Twice\nabout: *t\nwindows: [{script: a()}]\n");
    ASSERT_TEXT(p->about.items[0], "Twice");
    plan_free(p);
    ASSERT_ERRORS("title: *x\n", "test.yaml:1:8: no anchor &x stands before this alias\n");
    ASSERT_ERRORS("a: &x\n  b: *x\n",
                  "test.yaml:2:6: this alias stands inside the very thing it names\n");
    ASSERT_ERRORS("a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                  "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                  "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n",
                  "test.yaml:6:4: more than 1000000 values, aliases included\n");
}

#define GOOD "title: t\nwindows: [{script: a()}]\n"

static void test_broken_yaml(void)
{
    ASSERT_ERRORS("", "test.yaml:1:1: the file is empty; expected a scenario\n");
    ASSERT_ERRORS("title: [1, 2\nseed: 3\n", "test.yaml:2:5: not valid YAML: did not find expected "
                                             "',' or ']' (while parsing a flow sequence that "
                                             "starts in line 1)\n");
    ASSERT_ERRORS("title: t\n\tseed: 3\n",
                  "test.yaml:2:1: a tab stands here, but YAML indents with blanks only\n");
    ASSERT_ERRORS(
        "title: t\ntitle: u\n",
        "test.yaml:2:1: the key \"title\" stands here a second time; the first is in line 1\n");
    ASSERT_ERRORS("title: \xff\n",
                  "test.yaml:1:8: expected UTF-8 text: invalid leading UTF-8 octet\n");
    ASSERT_ERRORS("title: \"a\\0b\"\n",
                  "test.yaml:1:8: a NUL character cannot be part of this file\n");
    ASSERT_ERRORS(GOOD "---\n" GOOD,
                  "test.yaml:3:1: a second document starts here; a file holds one\n");
    ASSERT_ERRORS("title: !mine t\n",
                  "test.yaml:1:8: tags of one's own (!...) have no meaning here\n");
    ASSERT_ERRORS("[a, b]: c\n", "test.yaml:1:1: expected a text as key, found a list\n");
    ASSERT_ERRORS(
        "- a\n",
        "test.yaml:1:1: expected a scenario: a map with title, windows, expect, found a list\n");
}

static void test_deep_nesting(void)
{
    char text[4000];
    memset(text, '[', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ASSERT_ERRORS(text, "test.yaml:1:33: nested too deep\n");
}

static void test_unknown_keys(void)
{
    ASSERT_ERRORS(
        "titel: x\nwindows: [{script: a()}]\n",
        "test.yaml:1:1: unknown key \"titel\"; did you mean \"title\"?\n"
        "test.yaml:1:1: the key \"title\" is missing: the scenario's name in a few words\n");
    ASSERT_ERRORS(GOOD "limits: {\n  time: 3, banana: 4}\n",
                  "test.yaml:4:3: unknown key \"time\"; did you mean \"time_ms\"?\n"
                  "test.yaml:4:12: unknown key \"banana\"; expected one of time_ms, heap_mb, "
                  "stack_kb, agents\n");
    ASSERT_ERRORS(GOOD "expect: {unorderd: []}\n",
                  "test.yaml:3:10: unknown key \"unorderd\"; did you mean \"unordered\"?\n");
}

static void test_wrong_types_and_values(void)
{
    ASSERT_ERRORS("title: {a: b}\nwindows: {}\nseed: -1\n",
                  "test.yaml:1:8: expected a text, found a map\n"
                  "test.yaml:2:10: expected at least one window, found a map\n"
                  "test.yaml:3:7: expected a whole number from 0, found \"-1\"\n");
    ASSERT_ERRORS("title:\nwindows: a()\nclock: fast\n",
                  "test.yaml:1:7: expected a text, found nothing\n"
                  "test.yaml:2:10: expected a list of windows, or a map from names to windows, "
                  "found \"a()\"\n"
                  "test.yaml:3:8: expected one of the clocks: virtual or real, found \"fast\"\n");
    ASSERT_ERRORS(
        GOOD "teaches: [1, 184]\nrepeat: \"3\"\nseeds: 004\nmark: yes\nschedule: random\n",
        "test.yaml:3:14: expected a syllabus number from 1 to 183, found \"184\"\n"
        "test.yaml:4:9: expected a whole number from 1 to 1000000, found \"3\"\n"
        "test.yaml:5:8: expected one of the seed texts: 000, 001, 002 or 003, found \"004\"\n"
        "test.yaml:6:7: expected one of the marks: ✓, ~ or ✗, found \"yes\"\n"
        "test.yaml:7:11: expected a schedule: native, found \"random\"\n");
    ASSERT_ERRORS("title: t\nwindows:\n  - name: x\n",
                  "test.yaml:3:5: expected \"script\", or a \"url\" whose resource is the page\n");
    ASSERT_ERRORS("title: t\nwindows:\n  - name: x\n    script: a()\n  - script: a()\n    opener: y\n",
                  "test.yaml:6:13: expected the name of an earlier window, found \"y\"\n");
    ASSERT_ERRORS("title: t\nwindows:\n  - script: a()\n    module: yes\n",
                  "test.yaml:4:13: expected true or false, found \"yes\"\n");
    ASSERT_ERRORS(
        GOOD "seed: 18446744073709551616\n",
        "test.yaml:3:7: expected a whole number from 0, found \"18446744073709551616\"\n");
}

static void test_meaning(void)
{
    ASSERT_ERRORS(GOOD "teaches: [3, 3]\n",
                  "test.yaml:3:14: the number 3 stands here a second time\n");
    ASSERT_ERRORS("title: t\nfiles: {a.js: x, /a.js: y}\nwindows: [{name: p, script: a()}, {name: "
                  "p, script: b()}]\n",
                  "test.yaml:2:18: \"a.js\" and \"/a.js\" are the same path\n"
                  "test.yaml:3:42: a window named \"p\" stands in line 3 already\n");
    ASSERT_ERRORS("title: t\nwindows:\n  - script: gone.js\n",
                  "test.yaml:3:13: the file \"gone.js\" does not exist\n");
    ASSERT_ERRORS(
        "title: t\nfiles:\n  a.js: {from: gone.js}\nwindows:\n  p: >\n    folded()\n    text()\n",
        "test.yaml:3:16: the file \"gone.js\" does not exist\n"
        "test.yaml:5:6: expected a script of several lines after a |, which keeps its lines as "
        "they are\n");
    ASSERT_ERRORS("title: t\nwindows: {p: {name: q, script: a()}}\n",
                  "test.yaml:2:21: this window has its name already: \"p\", in line 2\n");
}

#define EXPECT "title: t\nteaches: 2\nwindows: [{script: a()}]\nexpect:\n"

static void test_expectations(void)
{
    ASSERT_ERRORS(EXPECT "  log: [{text: a, shows: [2, 9]}]\n",
                  "test.yaml:5:30: 9 is shown here but \"teaches\" does not list it\n");
    ASSERT_ERRORS(EXPECT "  never: [{match: '('}]\n",
                  "test.yaml:5:19: not a regular expression: Unmatched ( or \\(\n");
    ASSERT_ERRORS(EXPECT
                  "  log:\n    - {text: a, match: b}\n    - {agent: x}\n    - {text: a, agnet: x}\n"
                  "    - {page: a, left: b}\n    - {text: a, after_ms: 5, before_ms: 5}\n",
                  "test.yaml:6:24: either \"text\" or \"match\", not both\n"
                  "test.yaml:7:7: expected \"text\" or \"match\", or the short form agent: text\n"
                  "test.yaml:8:17: unknown key \"agnet\"; a line has text or match, agent, level, "
                  "after_ms, before_ms, "
                  "times, shows, or is written short as agent: text\n"
                  "test.yaml:9:17: unknown key \"left\"; a line has text or match, agent, level, "
                  "after_ms, before_ms, "
                  "times, shows, or is written short as agent: text\n"
                  "test.yaml:10:41: no moment is before 5 ms and after 5 ms\n");
    ASSERT_ERRORS(EXPECT "  log: [{unordered: [], shows: 2}, {unordered: [a], text: b}]\n",
                  "test.yaml:5:21: expected at least one line\n"
                  "test.yaml:5:53: unknown key \"text\" beside \"unordered\"; only \"shows\" can "
                  "stand there\n");
    ASSERT_ERRORS(
        EXPECT "  order: [[a, b], c]\n",
        "test.yaml:5:19: \"order\" is either a list of lines or a list of lists, not a mixture\n");
    ASSERT_ERRORS(EXPECT "  order: [[a]]\n", "test.yaml:5:11: an order needs two lines at least\n");
    ASSERT_ERRORS(EXPECT "  cells: {n: {shows: 2}, m: {}}\n",
                  "test.yaml:5:14: expected the cell's value: is, min or max\n"
                  "test.yaml:5:29: expected the cell's value: is, min or max\n");
    ASSERT_ERRORS(EXPECT "  findings: [collision, {kind: deadlock, count: {min: 3, max: 2}}]\n",
                  "test.yaml:5:14: expected a kind of finding that can be detected: race, plain-spin, mixed-use, "
                  "mixed-size, plain-wait, deadlock, lost-lock, lock-wait, uncaught-error, forbidden-wait, "
                  "unhandled-rejection, heap-exhausted, stack-exhausted, script-error, "
                  "script-aborted, rule-broken, long-task, starved or time-limit, found \"collision\"\n");
    ASSERT_ERRORS(EXPECT "  findings: [{kind: deadlock, count: {min: 3, max: 2}}]\n",
                  "test.yaml:5:38: \"min\" is larger than \"max\"\n");
    ASSERT_ERRORS(EXPECT "  outcomes: {allowed: [a, {is: b, count: {min: 3, max: 2}}, a]}\n",
                  "test.yaml:5:42: \"min\" is larger than \"max\"\n"
                  "test.yaml:5:61: the outcome \"a\" stands here a second time\n");
    ASSERT_ERRORS(EXPECT "  outcomes: {cells: []}\n",
                  "test.yaml:5:13: the key \"allowed\" is missing: what a run may come to, and nothing else\n"
                  "test.yaml:5:21: expected a list of names, found a list\n");
    ASSERT_ERRORS(
        EXPECT "  exit: sometime\n",
        "test.yaml:5:9: expected how the run ends: idle, deadlock, time-limit, 0, 1 or 4, found "
        "\"sometime\"\n");
}

#define TIMELINE "title: t\nlimits: {time_ms: 5000}\nwindows: {page: 1}\ntimeline:\n"

static void test_timeline(void)
{
    ASSERT_ERRORS(TIMELINE "  - {act: click, window: page}\n", "test.yaml:5:5: expected one of at, after and when\n");
    ASSERT_ERRORS(TIMELINE "  - {at: 1}\n", "test.yaml:5:5: expected one of act, fault and expect\n");
    ASSERT_ERRORS(TIMELINE "  - {at: 1, when: x, act: gc, fault: kill, agent: page}\n",
                  "test.yaml:5:19: a moment has one of at, after and when, not two\n"
                  "test.yaml:5:38: a moment has one of act, fault and expect, not two\n");
    ASSERT_ERRORS(TIMELINE "  - {at: 5000, act: gc, agent: page}\n  - {when: x, wait_ms: 6000, act: gc, agent: page}\n",
                  "test.yaml:5:10: this moment never comes: the run ends at 5000 ms (limits, time_ms)\n"
                  "test.yaml:6:24: this moment never comes: the run ends at 5000 ms (limits, time_ms)\n");
    ASSERT_ERRORS(TIMELINE "  - {at: 1, wait_ms: 2, act: gc, agent: page}\n",
                  "test.yaml:5:22: \"at\" is the moment itself; wait_ms goes with after and when\n");
    ASSERT_ERRORS(TIMELINE "  - {at: 1, act: kill, agent: page}\n", "test.yaml:5:18: \"kill\" is no act; write fault: kill\n");
    ASSERT_ERRORS(TIMELINE "  - {at: 1, act: click, window: pane}\n", "test.yaml:5:33: no window is named \"pane\"\n");
    ASSERT_ERRORS(TIMELINE "  - {at: 1, fault: kill, window: page}\n",
                  "test.yaml:5:20: kill needs \"agent\"\ntest.yaml:5:34: kill is about an agent\n");
    ASSERT_ERRORS(TIMELINE "  - {at: 1, act: event, window: page}\n", "test.yaml:5:18: event needs \"type\"\n");
    ASSERT_ERRORS(TIMELINE "  - {at: 1, act: click, window: page, type: x, reason: y}\n",
                  "test.yaml:5:45: only act: event and act: push have a type\ntest.yaml:5:56: only fault: kill has a reason\n");
    ASSERT_ERRORS(TIMELINE "  - {at: 1, expect: {}}\n",
                  "test.yaml:5:21: expected what must hold: alive, dead, blocked, idle, paused, received or not_received\n");
    ASSERT_ERRORS(TIMELINE "  - {after: {log: x, ended: y}, act: gc, agent: z}\n",
                  "test.yaml:5:29: a moment has one of log, started and ended, not two\n");
    ASSERT_ERRORS(TIMELINE "  - {at: 1, act: navigate, window: page, for_ms: 3}\n  - {at: 1, act: click, window: page, url: /x, source: timer}\n",
                  "test.yaml:5:18: navigate needs \"url\"\n"
                  "test.yaml:5:50: only delay and clock-jump last for so long\n"
                  "test.yaml:6:44: only act: navigate and act: push have an address\n"
                  "test.yaml:6:56: only fault: delay has a source\n");
    ASSERT_ERRORS(TIMELINE "  - {at: 1, fault: delay, agent: a, source: mail, for_ms: 1}\n",
                  "test.yaml:5:45: expected a source of tasks: message, timer, networking, user-interaction or dom-manipulation, found \"mail\"\n");
    ASSERT_ERRORS(TIMELINE "  - {at: 1, fault: delay, agent: a}\n  - {at: 1, fault: clock-jump, agent: a, for_ms: 5}\n",
                  "test.yaml:5:20: delay needs \"for_ms\"\n"
                  "test.yaml:6:39: clock-jump is about no agent and no window\n");
    ASSERT_ERRORS("title: t\nwindows: {page: 1}\nknobs: {queue_policy: lifo, bfcache: maybe, worklet_scopes: 0}\n",
                  "test.yaml:3:23: expected how a loop picks a source: fifo-global, round-robin, weighted or random, found \"lifo\"\n"
                  "test.yaml:3:38: expected which pages are kept: on, off or in-part, found \"maybe\"\n"
                  "test.yaml:3:61: expected a number of scopes from 1 to 16, found \"0\"\n");
    plan_free(load_good(TIMELINE "  - {when: {match: a.b, times: 2}, act: gc, agent: page}\n"));
    plan *p = load_good(TIMELINE "  - {at: 1, act: navigate, window: page, url: next}\n  - {at: 2, fault: delay, agent: a, source: timer, for_ms: 7}\n"
                                 "knobs: {queue_policy: random, bfcache: in-part, timer_clamp_ms: 9, visible: false}\n");
    ASSERT_TEXT(p->timeline[0].url, "https://scenario.test/next");
    ASSERT_TEXT(p->timeline[1].source, "timer");
    CU_ASSERT_EQUAL(p->timeline[1].for_ms, 7);
    CU_ASSERT_EQUAL(p->knobs.queue_policy, 3);
    CU_ASSERT_EQUAL(p->knobs.cache, CACHE_IN_PART);
    CU_ASSERT_EQUAL(p->knobs.timer_clamp_ms, 9);
    CU_ASSERT_TRUE(p->knobs.starts_hidden);
    plan_free(p);
    ASSERT_ERRORS("title: t\nwindows: {page: 1}\nknobs: {fpss: 1}\n",
                  "test.yaml:3:9: unknown key \"fpss\"; did you mean \"fps\"?\n");
}

static void test_rules(void)
{
    plan *p = load_good("title: t\nwindows: {page: 1}\nrules: [R-CL-01, TRAP-22, INV-09]\n");
    CU_ASSERT_EQUAL_FATAL(p->rules.count, 3);
    ASSERT_TEXT(p->rules.items[1], "TRAP-22");
    plan_free(p);
    ASSERT_ERRORS("title: t\nwindows: {page: 1}\nrules: [R-CL-01, R-CL-1, rule 7, R-CL-01]\n",
                  "test.yaml:3:18: expected a rule of tests/rules.md, such as R-CL-01, found \"R-CL-1\"; did you mean \"R-CL-01\"?\n"
                  "test.yaml:3:26: expected a rule of tests/rules.md, such as R-CL-01, found \"rule 7\"\n");
    ASSERT_ERRORS("title: t\nwindows: {page: 1}\nrules: [R-CL-01, R-CL-01]\n",
                  "test.yaml:3:18: the rule R-CL-01 stands here a second time\n");
    ASSERT_ERRORS("title: t\nwindows: {page: 1}\nrules: {R-CL-01: yes}\n",
                  "test.yaml:3:8: expected a rule or a list of rules, found a map\n");
}

static void test_missing_file(void)
{
    plan *p;
    load_errors errors;
    CU_ASSERT_EQUAL(scenario_load("no/such.yaml", &p, &errors), STATUS_NOT_FOUND);
    CU_ASSERT_PTR_NULL(p);
    buffer text = {0};
    load_errors_write(&errors, &text);
    ASSERT_TEXT(buffer_text(&text), "no/such.yaml: there is no such file\n");
    buffer_clear(&text);
    load_errors_release(&errors);
    CU_ASSERT_EQUAL(scenario_load("/", &p, &errors), STATUS_IO);
    load_errors_write(&errors, &text);
    ASSERT_TEXT(buffer_text(&text), "/: it is a folder\n");
    load_errors_release(&errors);
    buffer_release(&text);
}

static void test_bare_script(void)
{
    plan *p;
    load_errors errors;
    CU_ASSERT_EQUAL(scenario_from_script("no/such.js", &p, &errors), STATUS_NOT_FOUND);
    CU_ASSERT_EQUAL(errors.count, 1);
    load_errors_release(&errors);
    CU_ASSERT_EQUAL(
        scenario_from_script(HEDDLE_SOURCE_FOLDER "/scenarios/first-light.yaml", &p, &errors),
        STATUS_OK);
    load_errors_release(&errors);
    ASSERT_TEXT(p->windows[0].script->url, "https://scenario.test/first-light.yaml");
    source_position where = plan_locate(p, p->windows[0].script->url, 4, 5);
    CU_ASSERT_EQUAL(where.line, 4);
    CU_ASSERT_EQUAL(where.column, 5);
    plan_empty_script(p, 0);
    ASSERT_TEXT(p->windows[0].script->text, "");
    plan_free(p);
}

void add_load_suite(void)
{
    CU_pSuite suite = CU_add_suite("load", NULL, NULL);
    CU_add_test(suite, "smallest scenario", test_smallest_scenario);
    CU_add_test(suite, "everything is read", test_everything_is_read);
    CU_add_test(suite, "windows as a map", test_windows_as_map);
    CU_add_test(suite, "inline scripts keep their lines", test_inline_scripts_keep_their_lines);
    CU_add_test(suite, "anchors and aliases", test_anchors_and_aliases);
    CU_add_test(suite, "broken YAML", test_broken_yaml);
    CU_add_test(suite, "deep nesting", test_deep_nesting);
    CU_add_test(suite, "unknown keys", test_unknown_keys);
    CU_add_test(suite, "wrong types and values", test_wrong_types_and_values);
    CU_add_test(suite, "meaning", test_meaning);
    CU_add_test(suite, "expectations", test_expectations);
    CU_add_test(suite, "timeline and knobs", test_timeline);
    CU_add_test(suite, "rules", test_rules);
    CU_add_test(suite, "missing file", test_missing_file);
    CU_add_test(suite, "bare script", test_bare_script);
}
