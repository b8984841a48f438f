#include "suites.h"

#include "scenario/folder.h"
#include "scenario/load.h"
#include "scenario/syllabus.h"

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

static void test_syllabus_page(void)
{
    region *memory = region_create();
    text_list files;
    CU_ASSERT_EQUAL(folder_list_scenarios(memory, HEDDLE_SOURCE_FOLDER "/scenarios", &files),
                    STATUS_OK);
    syllabus_catalogue *catalogue = syllabus_create();
    for (size_t i = 0; i < files.count; i++) {
        plan *p;
        load_errors errors;
        scenario_load(files.items[i], &p, &errors);
        report_errors(&errors);
        if (p == NULL)
            continue;
        check_ties(p);
        syllabus_add(catalogue, p, files.items[i] + strlen(HEDDLE_SOURCE_FOLDER "/"));
        plan_free(p);
    }
    buffer page = {0};
    syllabus_write(catalogue, &page);
    check_generated(HEDDLE_SOURCE_FOLDER "/tests/syllabus.md", &page);
    buffer_release(&page);
    syllabus_free(catalogue);
    region_free(memory);
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
}
