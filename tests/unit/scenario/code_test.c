/* Code frames, comments that accept a race, and lists of known races. */
#include "suites.h"

#include "scenario/code_frame.h"
#include "scenario/suppressions.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void assert_change(const char *line, const char *at, enum code_access access,
                          const char *expected)
{
    uint32_t column = at ? (uint32_t)(strstr(line, at) - line) + 1 : 1;
    char *got = code_with_atomics(line, column, access);
    bool equal = got && expected ? !strcmp(got, expected) : got == expected;
    if (!equal)
        printf("\n%s\n  gives %s\n  not   %s", line, got ? got : "nothing",
               expected ? expected : "nothing");
    CU_ASSERT(equal);
    free(got);
}

static void test_updates(void)
{
    assert_change("  cells[0]++;", "++", CODE_UPDATE, "  Atomics.add(cells, 0, 1);");
    assert_change("cells[i + 1]--", "--", CODE_UPDATE, "Atomics.sub(cells, i + 1, 1)");
    assert_change("this.cells[at(2)] += n * 2;", "+=", CODE_UPDATE,
                  "Atomics.add(this.cells, at(2), n * 2);");
    assert_change("x[0] = x[0] + 1; // more", "=", CODE_UPDATE, "Atomics.add(x, 0, 1); // more");
    assert_change("x[0] |= flag", "|=", CODE_UPDATE, "Atomics.or(x, 0, flag)");
    assert_change("x[0] = y[0] + 1;", "=", CODE_WRITE, "Atomics.store(x, 0, y[0] + 1);");
}

static void test_reads_and_writes(void)
{
    assert_change("while (flag[0] === 0);", "[", CODE_READ, "while (Atomics.load(flag, 0) === 0);");
    assert_change("log(a[1], b[2]);", "[2", CODE_READ, "log(a[1], Atomics.load(b, 2));");
    assert_change("a[b[1]] = 3;", "=", CODE_WRITE, "Atomics.store(a, b[1], 3);");
    assert_change("for (const x of cells) sum += x;", "of", CODE_READ, NULL);
    assert_change("", NULL, CODE_READ, NULL);
    assert_change("cells[", "[", CODE_READ, NULL);
    assert_change("]", "]", CODE_WRITE, NULL);
    CU_ASSERT_PTR_NULL(code_with_atomics(NULL, 1, CODE_READ));
}

static void assert_reason(const char *line, const char *expected)
{
    char *got = code_accepts(line);
    CU_ASSERT(got && expected ? !strcmp(got, expected) : got == expected);
    free(got);
}

static void test_comments(void)
{
    assert_reason("count[0]++; // heddle: unordered — only statistics", "only statistics");
    assert_reason("count[0]++; /* heddle: unordered: a guess */ more();", "a guess");
    assert_reason("count[0]++; // heddle: unordered", "");
    assert_reason("heddle: unordered", NULL);
    assert_reason("count[0]++;", NULL);
    assert_reason(NULL, NULL);
}

static char *file_with(const char *text)
{
    char *path = strdup("/tmp/heddle-known-XXXXXX");
    int file = mkstemp(path);
    CU_ASSERT_FATAL(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    close(file);
    return path;
}

static void test_known_races(void)
{
    char *path = file_with("# what we know\n\nrace a.js:3 b.js:7:2 -- statistics\nunordered "
                           "lib/c.js:9 -- shown only\n");
    struct suppressions *s;
    buffer out = {0};
    source_position a = {"scripts/a.js", 3, 5}, b = {"b.js", 7, 2}, c = {"lib/c.js", 9, 1};
    CU_ASSERT_EQUAL_FATAL(suppressions_load(path, &s, &out), STATUS_OK);
    CU_ASSERT_PTR_NULL(suppressions_find(s, "observed", a, c));
    const char *reason = suppressions_find(s, "observed", b, a);
    CU_ASSERT(reason && strstr(reason, ":3: statistics"));
    CU_ASSERT_PTR_NULL(suppressions_find(s, "observed", c, b));
    suppressions_write_unused(s, &out);
    CU_ASSERT(strstr(buffer_text(&out), ":4: unused: no race at lib/c.js:9") &&
              !strstr(buffer_text(&out), ":3:"));
    buffer_release(&out);
    suppressions_free(s);
    unlink(path);
    free(path);
}

static void assert_refused(const char *text, const char *expected)
{
    char *path = file_with(text);
    struct suppressions *s;
    buffer errors = {0};
    CU_ASSERT_EQUAL(suppressions_load(path, &s, &errors), STATUS_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&errors), expected));
    buffer_release(&errors);
    unlink(path);
    free(path);
}

static void test_bad_lists(void)
{
    struct suppressions *s;
    buffer errors = {0};
    assert_refused("race a.js:3\n", ":1:12: expected \" -- \" and a reason");
    assert_refused("\nrace a.js:3 -- \n", ":2:");
    assert_refused("clash a.js:3 -- why\n", ":1:1: expected race, observed,");
    assert_refused("race a.js -- why\n", ":1:6: expected one or two places");
    assert_refused("race a.js:1 b.js:2 c.js:3 -- why\n", ":1:20: expected one or two places");
    assert_refused("race -- why\n", "expected a place");
    CU_ASSERT_EQUAL(suppressions_load("/nowhere/list", &s, &errors), STATUS_IO);
    buffer_release(&errors);
}

void add_code_suite(void)
{
    CU_pSuite suite = CU_add_suite("code", NULL, NULL);
    CU_add_test(suite, "updates with Atomics", test_updates);
    CU_add_test(suite, "reads and writes with Atomics", test_reads_and_writes);
    CU_add_test(suite, "comments that accept a race", test_comments);
    CU_add_test(suite, "a list of known races", test_known_races);
    CU_add_test(suite, "mistakes in such a list", test_bad_lists);
}
