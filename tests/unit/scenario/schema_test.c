#include "suites.h"

#include "scenario/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The repository's folder: the test is started from the build folder. */
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

/* Editors use the committed copy, the loader its table: they must be the same. `heddle schema` writes a new copy. */
static void test_committed_schema(void)
{
    buffer committed = {0}, generated = {0};
    read_file(HEDDLE_SOURCE_FOLDER "/scenarios/scenario.schema.json", &committed);
    scenario_write_schema(&generated);
    ASSERT_TEXT(buffer_text(&committed), buffer_text(&generated));
    buffer_release(&committed);
    buffer_release(&generated);
}

static void test_first_light(void)
{
    plan *p;
    load_errors errors;
    CU_ASSERT_EQUAL(scenario_load(HEDDLE_SOURCE_FOLDER "/scenarios/first-light.yaml", &p, &errors), STATUS_OK);
    buffer text = {0};
    load_errors_write(&errors, &text);
    ASSERT_TEXT(buffer_text(&text), "");
    buffer_release(&text);
    load_errors_release(&errors);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_EQUAL(p->script_count, 3);
    CU_ASSERT_EQUAL(p->expect.log.count, 3);
    ASSERT_TEXT(p->windows[0].name, "page");
    plan_free(p);
}

void add_schema_suite(void)
{
    CU_pSuite suite = CU_add_suite("schema", NULL, NULL);
    CU_add_test(suite, "the committed JSON Schema is the generated one", test_committed_schema);
    CU_add_test(suite, "first light loads", test_first_light);
}
