/* wait, waitAsync and notify, within one agent and between several (ECMA-262 sec-dowait,
 * sec-atomics.notify). */
#include "js_agents.h"
#include "suites.h"

#define PRELUDE                                                                                    \
    "const check = (name, ok) => { if (ok !== true) report('wrong: ' + name); };\n"                \
    "const thrown = f => { try { f(); } catch (e) { return e.constructor.name; } return 'none'; "  \
    "};\n"                                                                                         \
    "let log = ''; const noting = (name, v) => ({ valueOf() { log += name; return v; } });\n"      \
    "const noted = f => { log = ''; const e = thrown(f); return log + ' ' + e; };\n"               \
    "const a = new Int32Array(sab), b = new BigInt64Array(sab);\n"

static const char *run(struct js_run *r, int count, const char *const *scripts)
{
    return js_run(r, count, scripts);
}

/* shows R-FP-06 */
static void test_order_of_checks(void)
{
    EXPECT(js_eval(PRELUDE
                   "for (const name of ['wait', 'waitAsync']) {\n"
                   "  const f = (i, v, t) => noted(() => Atomics[name](a, noting('i', i), "
                   "noting('v', v), noting('t', t)));\n"
                   "  check(name + ' order', f(0, 1, 0) === 'ivt none');\n"
                   "  check(name + ' index', f(-1, 0n, 0n) === 'i RangeError' && f(256, 0n, 0n) "
                   "=== 'i RangeError');\n"
                   "  check(name + ' value', f(0, 0n, 0n) === 'iv TypeError' && f(0, Symbol(), 0n) "
                   "=== 'iv TypeError');\n"
                   "  check(name + ' timeout', f(0, 0, 0n) === 'ivt TypeError' && f(0, 0, "
                   "Symbol()) === 'ivt TypeError');\n"
                   "  check(name + ' big', noted(() => Atomics[name](b, 0, noting('v', 0), "
                   "noting('t', 0))) === 'v TypeError');\n"
                   "}\n"
                   "check('not-equal', Atomics.wait(a, 0, 1) === 'not-equal' && Atomics.wait(b, 0, "
                   "1n) === 'not-equal');\n"
                   "check('value wraps', Atomics.wait(a, 0, 2 ** 32, 0) === 'timed-out');\n"
                   "check('big value wraps', Atomics.wait(b, 0, 2n ** 64n, 0) === 'timed-out');\n"
                   "for (const t of [0, -1, -Infinity, null, '0', false, 0.001, 5])\n"
                   "  check('timeout ' + t, Atomics.wait(a, 0, 0, t) === 'timed-out');\n"
                   "b[0] = 2n ** 40n;\n"
                   "check('all 64 bits count', Atomics.wait(b, 0, 0n, 0) === 'not-equal' && "
                   "Atomics.wait(a, 0, 0, 0) === 'timed-out');\n"
                   "b[0] = 0n;\n"),
           "");
}

/* shows R-AG-09 */
static void test_agent_that_cannot_block(void)
{
    struct js_run r = {.cannot_block = true};
    const char *script =
        PRELUDE "const f = (i, v, t) => noted(() => Atomics.wait(a, noting('i', i), noting('v', "
                "v), noting('t', t)));\n"
                "check('last of all checks', f(0, 1, 0) === 'ivt TypeError');\n"
                "check('after the index', f(-1, 1, 0) === 'i RangeError');\n"
                "check('waitAsync may', Atomics.waitAsync(a, 0, 1).value === 'not-equal');\n";

    EXPECT(run(&r, 1, &script), "");
}

/* shows R-FP-07, R-JB-04 */
static void test_results_of_wait_async(void)
{
    EXPECT(
        js_eval(
            PRELUDE
            "const r = Atomics.waitAsync(a, 0, 1);\n"
            "check('keys', Object.keys(r).join() === 'async,value' && r.async === false && "
            "r.value === 'not-equal');\n"
            "const d = Object.getOwnPropertyDescriptor(r, 'async');\n"
            "check('attributes', d.writable && d.enumerable && d.configurable);\n"
            "const s = Atomics.waitAsync(a, 0, 0, 0);\n"
            "check('no time', s.async === false && s.value === 'timed-out');\n"
            "check('not-equal first', Atomics.waitAsync(a, 0, 1, 0).value === 'not-equal');\n"
            "const p = Atomics.waitAsync(a, 0, 0);\n"
            "check('promise', Object.keys(p).join() === 'async,value' && p.async === true && "
            "p.value instanceof Promise);\n"
            "check('proto', Object.getPrototypeOf(p) === Object.prototype);\n"
            "check('notify', Atomics.notify(a, 0) === 1);\n"
            "p.value.then(v => report('woken ' + v));\n"
            "Atomics.waitAsync(b, 4, 0n, 30000).value.then(v => report('b ' + v));\n"
            "Atomics.waitAsync(a, 2, 0, 20000).value.then(v => report('a ' + v));\n"
            "Atomics.waitAsync(a, 5, 0, 1e-9).value.then(v => report('soon ' + v));\n"
            "Atomics.waitAsync(a, 6, 0, 10000).value.then(v => { report('first ' + v); check('one "
            "left', Atomics.notify(a, 2) === 1); });\n"
            "check('none', Atomics.notify(a, 1) === 0);\n"),
        "0: woken ok\n0: soon timed-out\n0: first timed-out\n0: a ok\n0: b timed-out\n");
}

/* Promises settle within notify, their reactions run as microtasks, in the order of waiting. */
static void test_order_of_settling(void)
{
    EXPECT(js_eval(PRELUDE "for (let i = 0; i < 4; i++) Atomics.waitAsync(a, 0, 0).value.then(v => "
                           "report(i + ' ' + v));\n"
                           "Promise.resolve().then(() => report('microtask of before'));\n"
                           "check('two', Atomics.notify(a, 0, 2) === 2);\n"
                           "Promise.resolve().then(() => { report('microtask of after'); "
                           "check('rest', Atomics.notify(a, 0) === 2); });\n"
                           "report('script ends');\n"),
           "0: script ends\n0: microtask of before\n0: 0 ok\n0: 1 ok\n0: microtask of after\n0: 2 "
           "ok\n0: 3 ok\n");
}

static void test_one_list_for_every_view(void)
{
    EXPECT(js_eval(PRELUDE "const c = new Int32Array(sab, 8);\n"
                           "Atomics.waitAsync(a, 2, 0).value.then(v => report('int ' + v));\n"
                           "Atomics.waitAsync(b, 1, 0n).value.then(v => report('big ' + v));\n"
                           "Atomics.waitAsync(c, 0, 0).value.then(v => report('offset ' + v));\n"
                           "check('by big', Atomics.notify(b, 1, 1) === 1);\n"
                           "check('by offset', Atomics.notify(c, 0) === 2);\n"
                           "const other = new SharedArrayBuffer(16);\n"
                           "Atomics.waitAsync(new Int32Array(other), 2, 0);\n"
                           "check('another block', Atomics.notify(a, 2) === 0);\n"),
           "0: int ok\n0: big ok\n0: offset ok\n");
}

static void test_two_agents(void)
{
    struct js_run r = {0};
    const char *scripts[] = {"const a = new Int32Array(sab);\n"
                             "for (let i = 0; i < 100; i++) {\n"
                             "  while (Atomics.wait(a, 0, i) === 'timed-out');\n"
                             "  Atomics.store(a, 1, i + 1); Atomics.notify(a, 1);\n"
                             "}\n"
                             "report('pong ' + a[0]);\n",
                             "const a = new Int32Array(sab);\n"
                             "for (let i = 0; i < 100; i++) {\n"
                             "  Atomics.add(a, 0, 1); Atomics.notify(a, 0);\n"
                             "  while (Atomics.load(a, 1) === i) Atomics.wait(a, 1, i);\n"
                             "}\n"
                             "Atomics.store(a, 2, 1); Atomics.notify(a, 2);\n"};

    EXPECT(run(&r, 2, scripts), "0: pong 100\n");
    CU_ASSERT_EQUAL(r.end, WORLD_IDLE);
}

/* shows R-FP-08: six waiters come one after the other, by time, which jumps; they are woken in that order. */
static void test_first_come_first_served(void)
{
    struct js_run r = {0};
    const char *waiter =
        "const a = new Int32Array(sab);\n"
        "Atomics.wait(a, 9, 0, 5000 * (6 - me));\n"
        "if (Atomics.wait(a, 0, 0) === 'ok') report(Atomics.load(a, 1));\n"
        "Atomics.add(a, 1, 1); Atomics.notify(a, 1);\n"; /* the next may report from here on */
    const char *scripts[] = {waiter,
                             waiter,
                             waiter,
                             waiter,
                             waiter,
                             waiter,
                             "const a = new Int32Array(sab);\n"
                             "Atomics.wait(a, 9, 0, 100000);\n"
                             "for (let i = 0; i < 6; i++) {\n"
                             "  if (Atomics.notify(a, 0, 1) !== 1) report('nobody');\n"
                             "  Atomics.wait(a, 1, i);\n"
                             "}\n"};

    EXPECT(run(&r, 7, scripts), "5: 0\n4: 1\n3: 2\n2: 3\n1: 4\n0: 5\n");
    CU_ASSERT_EQUAL(r.end, WORLD_IDLE);
}

/* shows R-JB-03, R-JB-04. Promises of another agent are settled by jobs there, also when a time-out was set. */
static void test_wait_async_between_agents(void)
{
    struct js_run r = {0};
    const char *scripts[] = {"const a = new Int32Array(sab);\n"
                             "const p = [Atomics.waitAsync(a, 0, 0), Atomics.waitAsync(a, 0, 0, "
                             "1e9), Atomics.waitAsync(a, 0, 0, 50000)];\n"
                             "p.forEach((r, i) => r.value.then(v => report(i + ' ' + v)));\n"
                             "Atomics.store(a, 1, 1); Atomics.notify(a, 1);\n",
                             "const a = new Int32Array(sab);\n"
                             "Atomics.wait(a, 1, 0);\n"
                             "Atomics.wait(a, 9, 0, 100000);\n" /* past the third one's time */
                             "if (Atomics.notify(a, 0) !== 2) report('wrong count');\n"};

    EXPECT(run(&r, 2, scripts), "0: 2 timed-out\n0: 0 ok\n0: 1 ok\n");
    CU_ASSERT_EQUAL(r.end, WORLD_IDLE);
}

static void test_deadlock_is_told(void)
{
    struct js_run r = {0};
    const char *scripts[] = {
        "const a = new Int32Array(sab);\n\nAtomics.wait(a, 3, 0);\nreport('woken');",
        "report('done');"};

    EXPECT(run(&r, 2, scripts), "1: done\n");
    CU_ASSERT_EQUAL(r.end, WORLD_DEADLOCK);
    CU_ASSERT_STRING_EQUAL(r.blocked, "test.js:3 offset 12;");
}

/* shows R-WK-06. A terminated agent leaves its wait without finally, and is counted by no notify. */
static void test_termination_while_waiting(void)
{
    struct js_run r = {0};
    const char *scripts[] = {"const a = new Int32Array(sab);\n"
                             "Atomics.waitAsync(a, 0, 0).value.then(() => report('promise'));\n"
                             "Atomics.store(a, 1, 1); Atomics.notify(a, 1);\n"
                             "try { Atomics.wait(a, 0, 0); } catch (e) { report('caught'); } "
                             "finally { report('finally'); }\n",
                             "const a = new Int32Array(sab);\n"
                             "Atomics.wait(a, 1, 0);\n"
                             "Atomics.wait(a, 9, 0, 100000);\n"
                             "terminate(0);\n"
                             "report('notified ' + Atomics.notify(a, 0));\n"};

    EXPECT(run(&r, 2, scripts), "1: notified 0\n");
    CU_ASSERT_EQUAL(r.end, WORLD_IDLE);
}

/* Notifiers and time-outs race for the same waiters while agents end: every waiter gets one result
 * or none. */
static void test_races(void)
{
    const char *waiter = "const a = new Int32Array(sab);\n"
                         "let pending = 0, results = 0;\n"
                         "const again = n => { if (n) Atomics.waitAsync(a, n % 4, 0, n % 3 ? 0.5 : "
                         "20).value.then(v => again(n - 1)); };\n"
                         "for (let i = 0; i < 8; i++) again(200);\n";
    const char *notifier = "const a = new Int32Array(sab);\n"
                           "for (let i = 0; i < 3000; i++) { Atomics.notify(a, i % 4, 1 + i % 3); "
                           "Atomics.wait(a, 20, 0, 0); }\n"
                           "if (me === 3) terminate(1);\n";
    const char *scripts[] = {waiter, waiter, notifier, notifier};

    for (int walked = 0; walked < 2; walked++) {
        struct js_run r = {.walked = walked};
        EXPECT(run(&r, 4, scripts), "");
        CU_ASSERT_EQUAL(r.end, WORLD_IDLE);
    }
}

void atomics_waiting_suite(void)
{
    CU_pSuite s = CU_add_suite("atomics: waiting", NULL, NULL);
    CU_add_test(s, "order of checks", test_order_of_checks);
    CU_add_test(s, "an agent that cannot block", test_agent_that_cannot_block);
    CU_add_test(s, "results of waitAsync", test_results_of_wait_async);
    CU_add_test(s, "order of settling", test_order_of_settling);
    CU_add_test(s, "one list for every view", test_one_list_for_every_view);
    CU_add_test(s, "two agents", test_two_agents);
    CU_add_test(s, "first come, first served", test_first_come_first_served);
    CU_add_test(s, "waitAsync between agents", test_wait_async_between_agents);
    CU_add_test(s, "a deadlock is told with its place", test_deadlock_is_told);
    CU_add_test(s, "termination while waiting", test_termination_while_waiting);
    CU_add_test(s, "races of notify, time-out and end", test_races);
}
