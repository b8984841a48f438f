/* Source maps: places of a generated script become places of its source. */
#include "suites.h"

#include "scenario/source_map.h"

#include <CUnit/CUnit.h>
#include <string.h>

static struct source_map *read(const char *json)
{
    return source_map_read(json, strlen(json));
}

/* Line 1 comes from a.ts:1 and, from column 5 on, a.ts:3:9; line 2 has no original until column 9; line 3 comes from b.ts:2. */
static const char map[] = "{\"version\": 3, \"sourceRoot\": \"src\", \"sources\": [\"a.ts\", \"b.ts\"],"
                          " \"sourcesContent\": [\"one\\ntwo\\nthree\", null],"
                          " \"names\": [\"n\"], \"mappings\": \"AAAA,IAEQA;A,QAAA;ACDR\"}";

static void check(const struct source_map *m, uint32_t line, uint32_t column, const char *source, uint32_t source_line,
                  uint32_t source_column)
{
    struct source_map_place place;
    CU_ASSERT_TRUE_FATAL(source_map_find(m, line, column, &place));
    CU_ASSERT_STRING_EQUAL(place.source, source);
    CU_ASSERT_EQUAL(place.line, source_line);
    CU_ASSERT_EQUAL(place.column, source_column);
}

static void test_places(void)
{
    struct source_map *m = read(map);
    struct source_map_place place;
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    check(m, 1, 1, "src/a.ts", 1, 1);
    check(m, 1, 4, "src/a.ts", 1, 1);
    check(m, 1, 5, "src/a.ts", 3, 9);
    check(m, 1, 500, "src/a.ts", 3, 9);
    check(m, 2, 9, "src/a.ts", 3, 9);
    check(m, 3, 1, "src/b.ts", 2, 1);
    CU_ASSERT_FALSE(source_map_find(m, 2, 3, &place)); /* generated, without an original */
    CU_ASSERT_FALSE(source_map_find(m, 4, 1, &place));
    CU_ASSERT_FALSE(source_map_find(m, 0, 0, &place));
    CU_ASSERT_TRUE(source_map_find(m, 1, 1, &place));
    CU_ASSERT_STRING_EQUAL(place.content, "one\ntwo\nthree");
    CU_ASSERT_TRUE(source_map_find(m, 3, 1, &place));
    CU_ASSERT_PTR_NULL(place.content);
    source_map_free(m);
}

/* What is no map is none, whatever is wrong with it. */
static void test_refused(void)
{
    static const char *const wrong[] = {
        "",
        "no JSON",
        "[]",
        "{}",
        "{\"version\": 3}",
        "{\"version\": 2, \"sources\": [\"a\"], \"mappings\": \"AAAA\"}",
        "{\"version\": 3, \"sources\": [\"a\"], \"mappings\": 5}",
        "{\"version\": 3, \"sources\": [\"a\"], \"mappings\": \"A!AA\"}",
        "{\"version\": 3, \"sources\": [\"a\"], \"mappings\": \"AA\"}",       /* a source without its place */
        "{\"version\": 3, \"sources\": [\"a\"], \"mappings\": \"ACAA\"}",     /* no such source */
        "{\"version\": 3, \"sources\": [], \"mappings\": \"AAAA\"}",
        "{\"version\": 3, \"sources\": [\"a\"], \"mappings\": \"DAAA\"}",     /* a column before the first */
        "{\"version\": 3, \"sources\": [\"a\"], \"mappings\": \"gggggggggggA\"}", /* too large */
        "{\"version\": 3, \"sources\": [\"a\"], \"mappings\": \"AAAAAA\"}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT_PTR_NULL(read(wrong[i]));
    struct source_map *m = read("{\"version\": 3, \"sources\": [null], \"mappings\": \";;AAAA;\"}");
    CU_ASSERT_PTR_NOT_NULL(m);
    source_map_free(m);
}

static void check_url(const char *script, const char *expected)
{
    const char *url = "";
    size_t length = source_map_url(script, strlen(script), &url);
    CU_ASSERT_EQUAL(length, strlen(expected));
    CU_ASSERT_EQUAL(strncmp(url, expected, length), 0);
}

static void test_comments(void)
{
    check_url("code();\n//# sourceMappingURL=x.js.map\n", "x.js.map");
    check_url("//# sourceMappingURL=old.map\ncode();\n//# sourceMappingURL=new.map", "new.map");
    check_url("body {}\n/*# sourceMappingURL=x.map */", "x.map");
    check_url("const text = '# sourceMappingURL=none';", "");
    check_url("# sourceMappingURL=none", "");
    check_url("", "");
}

void add_source_map_suite(void)
{
    CU_pSuite suite = CU_add_suite("source maps", NULL, NULL);
    CU_add_test(suite, "places", test_places);
    CU_add_test(suite, "what is no map", test_refused);
    CU_add_test(suite, "the comment", test_comments);
}
