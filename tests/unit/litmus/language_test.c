/* The language from outside: what is wrong is said with its place, and never computed. */
#include "suites.h"

#include "litmus/check.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#define SHARED                                                                                     \
    "litmus: t\nshared: |\n  const x = new Int32Array(new SharedArrayBuffer(8));\nagents:\n"

/* What reading and checking a text says; "" when nothing is wrong. */
static void assert_says(const char *path, const char *text, const char *expected)
{
    load_errors errors = {0};
    buffer said = {0};
    litmus_program *p = litmus_program_read(path, text, strlen(text), &errors);
    if (p != NULL) {
        region *memory = region_create();
        litmus_result result;
        litmus_check(p, NULL, memory, &result, &errors);
        region_free(memory);
    }
    load_errors_write(&errors, &said);
    bool right = strstr(buffer_text(&said), expected) != NULL && (*expected || !said.length);
    if (!right)
        fprintf(stderr, "\nexpected: %s\nsaid:     %s\n", expected, buffer_text(&said));
    CU_ASSERT_TRUE(right);
    CU_ASSERT_TRUE((p != NULL) || errors.count > 0);
    load_errors_release(&errors);
    buffer_release(&said);
    litmus_program_free(p);
}

#define AGENT(code) SHARED "  a: |\n    " code "\n"
#define SAYS(code, expected) assert_says("t.yaml", AGENT(code), expected)

static void test_loops_and_limits(void)
{
    SAYS("let r0 = 0; while (x[0] === 0) r0 = 1;", "t.yaml:6:17: expected a bounded loop");
    SAYS("let r0 = 0; for (;;) r0 = 1;", "t.yaml:6:23: expected the condition of a bounded loop");
    SAYS("let r0 = 0; for (let i = 0; i < 1; i += 0) r0 = 1;", "is it unbounded?");
    SAYS("let r0 = 0; for (let i = 0; x[0] === 0; i++) r0 = 1;", "unbounded?");
    SAYS("let r0 = 0; for (let i = 0; i < 64; i++) x[0] = i;", "more than 63 events on one path");
    SAYS("let r0 = 0; for (let i = 0; i < 3; i++) r0 += x[i % 2];", "");
}

static void test_places(void)
{
    SAYS("const r0 = z[0];", "t.yaml:6:16: there is no view `z`: declare it before the agents");
    SAYS("const r0 = z;", "t.yaml:6:16: expected a value: a number, a register, a view's cell");
    SAYS("if (x[0]) { z[0] = 1; }", "t.yaml:6:17: there is no view `z`");
    SAYS("z[0] = 1;", "t.yaml:6:5: there is no view `z`");
    SAYS("const r0 = x[2];", "t.yaml:6:18: index 2 is out of range: `x` has indices 0 to 1");
    SAYS("const r0 = x[-1];", "t.yaml:6:18: index -1 is out of range");
    SAYS("const r0 = x[x[0] + 5];", "out of range");
    SAYS("let i = 3; const r0 = x[i];", "t.yaml:6:27: this index is out of range");
    SAYS("x[0] = 1n; const r0 = 1;", "this array takes Numbers, no BigInts");
    SAYS("const r0 = x[0] + 1n;", "JavaScript refuses");
    SAYS("const r0 = 1; if (x[0] === 0) { const t = x[1] + 1n; }", "JavaScript refuses");
    SAYS("const r0 = 1; if (x[0] === 7) { const t = x[1] + 1n; }", "");
    SAYS("const r0 = Atomics.wait(x, 0, 0, 5);", "");
}

static void test_declarations(void)
{
    const char *tail = "\nagents:\n  a: |\n    const r0 = 1;\n";
    static const char *const cases[][2] = {
        {"const x = new Int32Array(new SharedArrayBuffer(6));", "no multiple of 4"},
        {"const x = new Int32Array(memory, 0, 1);", "t.yaml:3:28: expected a shared block"},
        {"const m = new SharedArrayBuffer(8); const x = new Int32Array(m, 2, 1);",
         "byte offset 2 is no multiple of the element's 4 bytes"},
        {"const m = new SharedArrayBuffer(8); const x = new Int32Array(m, 4, 2);",
         "bytes 4 to 12 do not lie within the block, which has 8 bytes"},
        {"const x = new Int32Array(new ArrayBuffer(8));", "expected `SharedArrayBuffer` after new"},
        {"const x = new Float32Array(new SharedArrayBuffer(4)); Atomics.store(x, 0, 1);",
         "Atomics needs an array of integers; `x` is a Float32Array"},
        {"const x = new Int8Array(new SharedArrayBuffer(4)); Atomics.notify(x, 0);",
         "wait and notify need an Int32Array or a BigInt64Array"},
        {"const m = new SharedArrayBuffer(1000);", "a whole number from 0 to 256"},
        {"const x = 1;", "expected `new` before the block or view"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[500];
        snprintf(text, sizeof text, "litmus: t\nshared: |\n  %s%s", cases[i][0], tail);
        assert_says("t.yaml", text, cases[i][1]);
    }
}

static void test_questions(void)
{
    assert_says("t.yaml", AGENT("const r0 = x[0];") "exists: r1 === 0\n",
                "t.yaml:7:9: expected a register of an agent or a cell, found `r1`");
    assert_says("t.yaml", AGENT("const r0 = x[0];") "exists: r0 == 0\n", "write `===`");
    assert_says("t.yaml", AGENT("const r0 = x[0];") "exists: r0 === 0 &&\n", "expected a value");
    assert_says("t.yaml", AGENT("const r0 = x[0];") "exist: r0 === 0\n",
                "t.yaml:7:1: unknown key \"exist\"");
    assert_says("t.yaml", AGENT("x[0] = 1;"), "expected something to look at");
    assert_says("t.yaml", AGENT("const r0 = x[0];") "on-x86: yes\n", "there is none");
    assert_says("t.yaml", AGENT("const r0 = x[0];") "race-free: maybe\n", "expected yes or no");
}

static void test_scripts(void)
{
    const char *good = "/* litmus: MP\n   exists: r0 === 1 && r1 === 0 */\n"
                       "const x = new Int32Array(new SharedArrayBuffer(8));\n"
                       "function left() { x[0] = 1; x[1] = 1; }\n"
                       "function right() {\n  const r0 = x[1];\n  const r1 = x[0];\n}\n";
    assert_says("t.js", good, "");
    assert_says("t.js", "const x = 1;", "t.js:1:1: expected a comment /* litmus: NAME");
    assert_says("t.js", "/* litmus: MP */\nfunction left() { y[0] = 1; }\n",
                "t.js:2:19: there is no view `y`");
    assert_says("t.js", "/* litmus: MP */\nfunction left() { let r0 = 1;\n", "expected `}`");
    assert_says("t.js", "/* litmus: MP\n   exists: 1 ===\n*/\nfunction left() { let r0 = 1; }\n",
                "t.js:2:");
    CU_ASSERT_TRUE(litmus_is_litmus("t.js", good, strlen(good)));
    CU_ASSERT_FALSE(litmus_is_litmus("t.js", "let a;", 6));
    CU_ASSERT_TRUE(litmus_is_litmus("t.yaml", "# c\nlitmus: SB\n", 15));
    CU_ASSERT_FALSE(litmus_is_litmus("t.yaml", "title: t\n", 9));
}

static void test_depth(void)
{
    char text[6000] = SHARED "  a: |\n    const r0 = ";
    memset(text + strlen(text), '(', 4000);
    assert_says("t.yaml", text, "nested deeper than");
}

void add_language_suite(void)
{
    CU_pSuite suite = CU_add_suite("language", NULL, NULL);
    CU_add_test(suite, "loops and limits", test_loops_and_limits);
    CU_add_test(suite, "places", test_places);
    CU_add_test(suite, "declarations", test_declarations);
    CU_add_test(suite, "questions", test_questions);
    CU_add_test(suite, "scripts", test_scripts);
    CU_add_test(suite, "depth", test_depth);
}
