#include "scenarios.h"

#include "base/buffer.h"
#include "scenario/expect.h"
#include "scenario/load.h"
#include "scenario/runner.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

/* Runs a scenario given as text; it must hold. */
static void holds(const char *text)
{
    struct run_options options = {.wall_limit_ms = 20000};
    load_errors errors;
    plan *p = NULL;
    status s = scenario_load_text("heddle.yaml", text, strlen(text), &p, &errors);
    for (size_t i = 0; i < errors.count; i++)
        fprintf(stderr, "\n%u: %s", errors.items[i].where.line, errors.items[i].message);
    load_errors_release(&errors);
    CU_ASSERT_EQUAL_FATAL(s, STATUS_OK);
    observation *o = observation_create();
    CU_ASSERT_EQUAL(scenario_run(p, &options, o), STATUS_OK);
    verdict *v = expect_check(p, o);
    for (size_t i = 0; i < v->count; i++)
        if (!v->lines[i].held && !v->lines[i].consequence)
            fprintf(stderr, "\n  %s\n    %s", v->lines[i].what, v->lines[i].explanation);
    CU_ASSERT_EQUAL(v->exit_code, EXIT_HOLDS);
    verdict_free(v);
    observation_free(o);
    plan_free(p);
}

void test_heddle_compares_and_describes(void)
{
    holds("title: t\n"
          "windows:\n"
          "  page:\n"
          "    url: /a/page.html?q=1\n"
          "    script: |\n"
          "      const said = work => { try { work(); return 'nothing'; } catch (e) { return e.name + ', ' + e.message; } };\n"
          "      heddle.log(said(() => heddle.assertEqual(1, 2, 'one')));\n"
          "      heddle.log(said(() => heddle.assertEqual('1', 1n)));\n"
          "      heddle.log(said(() => heddle.assertEqual([1, {a: 2}], [1, {a: 2}])));\n"
          "      heddle.log(said(() => heddle.assertEqual(NaN, NaN)));\n"
          "      heddle.log(said(() => heddle.cell('x', new Int8Array(1), 0)));\n"
          "      heddle.log(said(() => heddle.cell('x', new Int8Array(new SharedArrayBuffer(1)), 1)));\n"
          "      heddle.log(said(() => heddle.cell('x', 1, 0)));\n"
          "      heddle.log(said(() => heddle.barrier('x')) + '; ' + said(() => heddle.barrier('x', 0)));\n"
          "      const {agent, kind, id, cluster, canBlock, realm} = heddle.whoami();\n"
          "      heddle.log([agent, kind, id, cluster, canBlock, realm].join());\n"
          "      heddle.log([location, location.pathname, location.search, location.host, navigator.language].join());\n"
          "expect:\n"
          "  log:\n"
          "    - 'Error, one: expected 2, got 1'\n"
          "    - 'Error, expected 1n, got \"1\"'\n"
          "    - nothing\n"
          "    - nothing\n"
          "    - match: ^TypeError.*SharedArrayBuffer\n"
          "    - match: ^RangeError\n"
          "    - match: ^TypeError\n"
          "    - match: ^TypeError.*; RangeError\n"
          "    - 'page,window,1,1,false,https://scenario.test/a/page.html?q=1'\n"
          "    - 'https://scenario.test/a/page.html?q=1,/a/page.html,?q=1,scenario.test,en'\n"
          "  errors: []\n");
}

/* One who is terminated while it waits does not count any more; neither does one who ends with a promise pending. */
void test_barrier_is_left_by_the_terminated(void)
{
    holds("title: t\n"
          "files:\n"
          "  waits.js: |\n"
          "    postMessage(0); heddle.barrier('three', 3); heddle.log('never');\n"
          "  pair.js: |\n"
          "    heddle.barrier('three', 3); heddle.log('met');\n"
          "windows:\n"
          "  page: |\n"
          "    const gone = new Worker('waits.js', { name: 'gone' });\n"
          "    gone.onmessage = () => {\n"
          "      heddle.barrier('never', 2);\n"
          "      setTimeout(() => {\n"
          "        gone.terminate();\n"
          "        setTimeout(() => {\n"
          "          for (const name of ['left', 'right']) new Worker('pair.js', { name });\n"
          "          heddle.barrier('three', 3).then(() => heddle.log('page'));\n"
          "        }, 1000);\n"
          "      }, 1000);\n"
          "    };\n"
          "expect:\n"
          "  log: [{unordered: ['left: met', 'right: met', 'page: page']}]\n"
          "  exit: {run: idle, agents: {gone: terminated}}\n"
          "  errors: []\n");
}

/* Spinning and sleeping in a barrier end with the run. */
void test_heddle_is_interrupted(void)
{
    holds("title: t\n"
          "limits: {time_ms: 100}\n"
          "files:\n"
          "  spin.js: try { heddle.spinFor(1e9); } finally { heddle.log('never'); }\n"
          "  wait.js: try { heddle.barrier('nobody', 2); } finally { heddle.log('never'); }\n"
          "windows:\n"
          "  page: for (const name of ['spin', 'wait']) new Worker(name + '.js', { name });\n"
          "expect:\n"
          "  log: []\n"
          "  findings: [time-limit]\n"
          "  exit: {run: time-limit, agents: {spin: run ended, wait: run ended}}\n");
    holds("title: t\n"
          "files:\n"
          "  wait.js: heddle.barrier('nobody', 2);\n"
          "windows:\n"
          "  page: |\n    new Worker('wait.js', { name: 'alone' });\n"
          "expect:\n"
          "  findings: [{kind: deadlock, agents: [alone], text: 1 agent is blocked}]\n"
          "  exit: deadlock\n");
}
