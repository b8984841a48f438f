#include "suites.h"

#include "scenario/folder.h"
#include "scenario/load.h"
#include "scenario/rules.h"
#include "scenario/syllabus.h"

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The repository's folder, absolute. */
#ifndef HEDDLE_SOURCE_FOLDER
#error "the build passes the source folder"
#endif

static void read_file(const char *path, buffer *out)
{
    FILE *file = fopen(path, "rb");
    char chunk[4096];
    size_t n;
    while (file != NULL && (n = fread(chunk, 1, sizeof chunk, file)) > 0)
        buffer_add_bytes(out, chunk, n);
    if (file != NULL)
        fclose(file);
}

/* Compares a committed file with what it is generated from. HEDDLE_WRITE=1 writes it anew instead.
 */
static void check_generated(const char *path, const buffer *generated)
{
    if (getenv("HEDDLE_WRITE") != NULL) {
        FILE *file = fopen(path, "wb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        CU_ASSERT_EQUAL(fwrite(buffer_text(generated), 1, generated->length, file),
                        generated->length);
        fclose(file);
    }
    buffer committed = {0};
    read_file(path, &committed);
    bool equal = strcmp(buffer_text(&committed), buffer_text(generated)) == 0;
    if (!equal)
        fprintf(stderr, "%s is out of date: run this program with HEDDLE_WRITE=1\n", path);
    CU_ASSERT_TRUE(equal);
    buffer_release(&committed);
}

/* Editors use the committed copy, the loader its table: they must be the same. `heddle schema`
 * writes a new copy. */
static void test_committed_schema(void)
{
    buffer generated = {0};
    scenario_write_schema(&generated);
    check_generated(HEDDLE_SOURCE_FOLDER "/scenarios/scenario.schema.json", &generated);
    buffer_release(&generated);
}

static void report_errors(load_errors *errors)
{
    buffer text = {0};
    load_errors_write(errors, &text);
    ASSERT_TEXT(buffer_text(&text), "");
    buffer_release(&text);
    load_errors_release(errors);
}

/* What a scenario claims to teach, one of its expectations must show. */
static void check_ties(const plan *p)
{
    for (size_t i = 0; i < p->teaches.count; i++) {
        bool shown = syllabus_is_shown(p, p->teaches.items[i]);
        if (!shown)
            fprintf(stderr, "%s: teaches %u, but no expectation shows it\n", p->file,
                    p->teaches.items[i]);
        CU_ASSERT_TRUE(shown);
    }
}

#define IN_TREE(path) ((path) + strlen(HEDDLE_SOURCE_FOLDER "/"))

static void visit_scenarios(void (*visit)(void *context, const plan *p, const char *path), void *context)
{
    region *memory = region_create();
    text_list files;
    CU_ASSERT_EQUAL(folder_list_scenarios(memory, HEDDLE_SOURCE_FOLDER "/scenarios", &files),
                    STATUS_OK);
    for (size_t i = 0; i < files.count; i++) {
        plan *p;
        load_errors errors;
        scenario_load(files.items[i], &p, &errors);
        report_errors(&errors);
        if (p == NULL)
            continue;
        visit(context, p, IN_TREE(files.items[i]));
        plan_free(p);
    }
    region_free(memory);
}

static void add_to_syllabus(void *catalogue, const plan *p, const char *path)
{
    check_ties(p);
    syllabus_add(catalogue, p, path);
}

static void test_syllabus_page(void)
{
    syllabus_catalogue *catalogue = syllabus_create();
    visit_scenarios(add_to_syllabus, catalogue);
    buffer page = {0};
    syllabus_write(catalogue, &page);
    check_generated(HEDDLE_SOURCE_FOLDER "/tests/syllabus.md", &page);
    buffer_release(&page);
    syllabus_free(catalogue);
}

static void add_to_rules(void *catalogue, const plan *p, const char *path)
{
    rules_add(catalogue, p, path);
}

/* The tests whose comments may name rules, in the order of their names. */
static text_list tests;
static region *tests_memory;

static int visit_test(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)where;
    static size_t capacity;
    static const char *const kinds[] = {".c", ".js", ".yaml", ".sh"};
    const char *end = strrchr(path, '.');
    for (size_t i = 0; kind == FTW_F && end != NULL && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(end, kinds[i]) == 0) {
            tests.items = region_grow(tests_memory, tests.items, tests.count, &capacity, sizeof *tests.items);
            tests.items[tests.count++] = region_text(tests_memory, path);
        }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_tests(rule_catalogue *catalogue)
{
    tests_memory = region_create();
    CU_ASSERT_EQUAL(nftw(HEDDLE_SOURCE_FOLDER "/tests", visit_test, 16, FTW_PHYS), 0);
    qsort(tests.items, tests.count, sizeof *tests.items, by_name);
    buffer unknown = {0};
    for (size_t i = 0; i < tests.count; i++) {
        buffer text = {0};
        read_file(tests.items[i], &text);
        rules_add_test(catalogue, buffer_text(&text), IN_TREE(tests.items[i]), &unknown);
        buffer_release(&text);
    }
    ASSERT_TEXT(buffer_text(&unknown), "");
    buffer_release(&unknown);
    region_free(tests_memory);
}

static void test_rules_page(void)
{
    rule_catalogue *catalogue = rules_create();
    visit_scenarios(add_to_rules, catalogue);
    add_tests(catalogue);
    buffer text = {0};
    rules_check(catalogue, &text);
    ASSERT_TEXT(buffer_text(&text), "");
    buffer_release(&text);
    rules_write(catalogue, &text);
    check_generated(HEDDLE_SOURCE_FOLDER "/tests/rules.md", &text);
    buffer_release(&text);
    rules_free(catalogue);
}

/* Not as one word, or this file would be said to show the rules that it makes an example of. */
#define SAYS "sho" "ws "

/* What a test's comment names is found, over lines and commas, and nothing else. */
static void test_rules_in_comments(void)
{
    rule_catalogue *catalogue = rules_create();
    buffer unknown = {0}, page = {0};
    rules_add_test(catalogue, "/* " SAYS "R-AG-01, R-AG-02,\n * INV-14 and more R-AG-03 */ /* " SAYS "R-NO-01 */ // shows it",
                   "tests/a.c", &unknown);
    rules_add_test(catalogue, "# " SAYS "TRAP-22\n", "tests/b.yaml", &unknown);
    ASSERT_TEXT(buffer_text(&unknown), "tests/a.c: no rule is named R-NO-01\n");
    rules_write(catalogue, &page);
    const char *text = buffer_text(&page);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "| R-AG-02 | a dedicated worker agent has one realm and may block | [tests/a.c](../tests/a.c) |"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "| INV-14 |"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "[tests/b.yaml](../tests/b.yaml) |\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "and is a cluster of its own | [tests"));
    rules_check(catalogue, &unknown);
    CU_ASSERT_PTR_NULL(strstr(buffer_text(&unknown), "R-AG-01 is not shown"));
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&unknown), "R-AG-03 is not shown"));
    buffer_release(&page);
    buffer_release(&unknown);
    rules_free(catalogue);
}

static void test_first_light(void)
{
    plan *p;
    load_errors errors;
    CU_ASSERT_EQUAL(scenario_load(HEDDLE_SOURCE_FOLDER "/scenarios/first-light.yaml", &p, &errors),
                    STATUS_OK);
    report_errors(&errors);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_EQUAL(p->script_count, 3);
    CU_ASSERT_EQUAL(p->expect.log.count, 3);
    ASSERT_TEXT(p->windows[0].name, "page");
    plan_free(p);
}

/* The example that the page about the format shows must be a scenario. */
static void test_documented_example(void)
{
    buffer page = {0};
    read_file(HEDDLE_SOURCE_FOLDER "/scenarios/README.md", &page);
    const char *start = strstr(buffer_text(&page), "```yaml\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(start);
    start += strlen("```yaml\n");
    const char *end = strstr(start, "```");
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    plan *p;
    load_errors errors;
    scenario_load_text("example.yaml", start, (size_t)(end - start), &p, &errors);
    report_errors(&errors);
    plan_free(p);
    buffer_release(&page);
}

void add_schema_suite(void)
{
    CU_pSuite suite = CU_add_suite("schema", NULL, NULL);
    CU_add_test(suite, "the committed JSON Schema is the generated one", test_committed_schema);
    CU_add_test(suite, "the documented example loads", test_documented_example);
    CU_add_test(suite, "first light loads", test_first_light);
    CU_add_test(suite, "the committed syllabus page is the generated one", test_syllabus_page);
    CU_add_test(suite, "the committed rules page is the generated one", test_rules_page);
    CU_add_test(suite, "comments of tests name rules", test_rules_in_comments);
}
