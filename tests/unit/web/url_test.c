/* URLs from outside: what parses, to what text, and what the setters make of it. */
#include "web/url.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_text(const char *what, char *got, const char *expected)
{
    bool same = got && expected ? strcmp(got, expected) == 0 : got == expected;
    if (!same)
        fprintf(stderr, "%s: expected %s, got %s\n", what, expected ? expected : "no URL",
                got ? got : "no URL");
    CU_ASSERT_TRUE(same);
    free(got);
}

struct resolving {
    const char *base, *relative, *expected;
};

static void resolve_all(const struct resolving *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_text(list[i].relative, url_resolve(list[i].base, list[i].relative),
                    list[i].expected);
}

#define RESOLVE_ALL(list) resolve_all(list, sizeof(list) / sizeof *(list))

static void relative_references(void)
{
    static const char base[] = "https://scenario.test/jobs/main.js?x#y";
    static const struct resolving list[] = {
        {base, "worker.js", "https://scenario.test/jobs/worker.js"},
        {base, "./worker.js", "https://scenario.test/jobs/worker.js"},
        {base, "../lib/a.mjs", "https://scenario.test/lib/a.mjs"},
        {base, "../../../a", "https://scenario.test/a"},
        {base, "/a/b/./c/%2e%2E/d", "https://scenario.test/a/b/d"},
        {base, "", "https://scenario.test/jobs/main.js?x"},
        {base, "?q='\"", "https://scenario.test/jobs/main.js?q=%27%22"},
        {base, "#frag ment", "https://scenario.test/jobs/main.js?x#frag%20ment"},
        {base, "//other.test:443/z", "https://other.test/z"},
        {base, "\\\\other.test\\z", "https://other.test/z"},
        {base, " a\n\tb.js ", "https://scenario.test/jobs/ab.js"},
        {base, "data:text/javascript,postMessage(1) // x",
         "data:text/javascript,postMessage(1) // x"},
        {base, "blob:https://scenario.test/1-2", "blob:https://scenario.test/1-2"},
        {"about:blank", "#a", "about:blank#a"},
        {"about:blank", "a", NULL},
        {NULL, "worker.js", NULL},
        {NULL, "file:///C|/x/../y", "file:///C:/y"},
        {"file:///C:/a/b", "/c", "file:///C:/c"},
        {NULL, "web+demo:/.//not-a-host/", "web+demo:/.//not-a-host/"},
    };
    RESOLVE_ALL(list);
}

static void hosts(void)
{
    static const struct resolving list[] = {
        {NULL, "HTTP://EXAMPLE.com:80/", "http://example.com/"},
        {NULL, "http://192.0x00A80001/", "http://192.168.0.1/"},
        {NULL, "http://4294967295/", "http://255.255.255.255/"},
        {NULL, "http://4294967296/", NULL},
        {NULL, "http://1.2.3.09/", NULL},
        {NULL, "http://a.5/", NULL},
        {NULL, "http://[1:0::]/", "http://[1::]/"},
        {NULL, "http://[::127.0.0.1]/", "http://[::7f00:1]/"},
        {NULL, "http://[1:2:3:4:5:6:7]/", NULL},
        {NULL, "http://[::1", NULL},
        {NULL, "http://a b/", NULL},
        {NULL, "http://a%00b/", NULL},
        {NULL, "http://%65xample.com/", "http://example.com/"},
        {NULL, "http://", NULL},
        {NULL, "foo://A b", NULL},
        {NULL, "foo://A%20b", "foo://A%20b"},
        {NULL, "http://u:p:q@h@x/", "http://u:p%3Aq%40h@x/"},
        {NULL, "http://x:65536/", NULL},
        {NULL, "http://x:8a/", NULL},
    };
    RESOLVE_ALL(list);
}

static void names_outside_ascii(void)
{
    static const struct resolving list[] = {
        {NULL,
         "https://b\xc3\xbc"
         "cher.test/",
         "https://xn--bcher-kva.test/"},
        {NULL,
         "https://B\xc3\x9c"
         "CHER.test/",
         "https://xn--bcher-kva.test/"},
        {NULL, "https://fa\xc3\x9f.de/", "https://xn--fa-hia.de/"},
        {NULL,
         "https://a\xe3\x80\x82"
         "b/",
         "https://a.b/"},
        {NULL, "https://\xff/", NULL},
    };
    RESOLVE_ALL(list);
}

static void origins(void)
{
    static const char *const list[][2] = {
        {"https://scenario.test/a", "https://scenario.test"},
        {"https://scenario.test:8443/a", "https://scenario.test:8443"},
        {"blob:https://scenario.test/uuid", "https://scenario.test"},
        {"blob:data:x", "null"},
        {"data:,x", "null"},
        {"file:///a", "null"},
        {"not a url", "null"},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        expect_text(list[i][0], url_origin(list[i][0]), list[i][1]);
}

static void setters(void)
{
    static const struct {
        const char *url;
        enum url_part part;
        const char *value, *expected;
    } list[] = {
        {"https://a/", URL_PROTOCOL, "http", "http://a/"},
        {"https://a/", URL_PROTOCOL, "foo", "https://a/"},
        {"https://a:80/", URL_PROTOCOL, "http:", "http://a/"},
        {"https://a/", URL_USERNAME, "m:e", "https://m%3Ae@a/"},
        {"file:///a", URL_USERNAME, "me", "file:///a"},
        {"https://me@a/", URL_USERNAME, "", "https://a/"},
        {"https://a/", URL_HOST, "b:81/c", "https://b:81/"},
        {"https://a:9/", URL_HOSTNAME, "b:81", "https://a:9/"},
        {"https://a:9/", URL_HOSTNAME, "b", "https://b:9/"},
        {"https://a/", URL_HOST, "", "https://a/"},
        {"data:x", URL_HOST, "b", "data:x"},
        {"https://a:9/", URL_PORT, "443", "https://a/"},
        {"https://a/", URL_PORT, "81x", "https://a:81/"},
        {"https://a/", URL_PORT, "x", "https://a/"},
        {"https://a/b", URL_PATHNAME, "c?d#e", "https://a/c%3Fd%23e"},
        {"https://a/b?c", URL_SEARCH, "", "https://a/b"},
        {"https://a/b", URL_SEARCH, "?x#y", "https://a/b?x%23y"},
        {"https://a/b", URL_HASH, "#x y", "https://a/b#x%20y"},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        struct url u;
        CU_ASSERT_TRUE_FATAL(url_parse(list[i].url, strlen(list[i].url), NULL, &u));
        url_set(&u, list[i].part, list[i].value, strlen(list[i].value));
        buffer out = {0};
        url_serialize(&u, false, &out);
        expect_text(list[i].value, out.text, list[i].expected);
        url_release(&u);
    }
}

static void add_pair(void *context, const buffer *name, const buffer *value)
{
    buffer_format(context, "[%s|%s]", buffer_text(name), buffer_text(value));
}

static void form_pairs(void)
{
    static const char text[] = "a=1&&b=%41+%zz&c&=d&a=2=3";
    buffer out = {0};
    url_form_parse(text, strlen(text), add_pair, &out);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), "[a|1][b|A %zz][c|][|d][a|2=3]");
    buffer_clear(&out);
    url_form_add(&out, "a b*-._~(\xc3\xa4)", 12);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), "a+b*-._%7E%28%C3%A4%29");
    buffer_release(&out);
}

int main(void)
{
    static CU_TestInfo tests[] = {{"relative references", relative_references},
                                  {"hosts", hosts},
                                  {"names outside ASCII", names_outside_ascii},
                                  {"origins", origins},
                                  {"setters", setters},
                                  {"form pairs", form_pairs},
                                  CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"url", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() || CU_register_suites(suites))
        return 99;
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    bool failed = CU_get_number_of_failures() > 0;
    CU_cleanup_registry();
    return failed;
}
