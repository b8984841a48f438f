#include "suites.h"

#include "scenario/load.h"
#include "scenario/network.h"

#include <stdlib.h>
#include <string.h>

#define TITLE "title: t\nwindows: [{script: x()}]\n"

static plan *load(const char *text, buffer *errors_text)
{
    plan *p;
    load_errors errors;
    scenario_load_text("test.yaml", text, strlen(text), &p, &errors);
    load_errors_write(&errors, errors_text);
    load_errors_release(&errors);
    return p;
}

static void assert_errors(const char *text, const char *expected, int line)
{
    buffer errors = {0};
    plan *p = load(text, &errors);
    assert_text_equal(buffer_text(&errors), expected, __FILE__, line);
    CU_ASSERT_PTR_NULL(p);
    plan_free(p);
    buffer_release(&errors);
}
#define ASSERT_ERRORS(text, expected) assert_errors(TITLE text, (expected), __LINE__)

static plan *load_good(const char *text)
{
    buffer errors = {0};
    plan *p = load(text, &errors);
    ASSERT_TEXT(buffer_text(&errors), "");
    buffer_release(&errors);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    return p;
}

static void test_origins(void)
{
    plan *p = load_good("title: t\n"
                        "origins:\n"
                        "  app: https://APP.example:443\n"
                        "  plain: http://plain.example\n"
                        "  local: http://localhost:8080/\n"
                        "  lab: {url: 'http://lab.example', secure: true}\n"
                        "public_suffixes: [example]\n"
                        "windows: {page: {url: 'app:/a/../main?x#y', script: x()}}\n");
    static const struct {
        const char *name, *origin;
        bool secure;
    } expected[] = {{"app", "https://app.example", true},
                    {"plain", "http://plain.example", false},
                    {"local", "http://localhost:8080", true},
                    {"lab", "http://lab.example", true}};
    CU_ASSERT_EQUAL_FATAL(p->origin_count, 4);
    for (size_t i = 0; i < 4; i++) {
        ASSERT_TEXT(p->origins[i].name, expected[i].name);
        ASSERT_TEXT(p->origins[i].origin, expected[i].origin);
        CU_ASSERT_EQUAL(p->origins[i].secure, expected[i].secure);
    }
    CU_ASSERT_EQUAL_FATAL(p->public_suffixes.count, 1);
    ASSERT_TEXT(p->public_suffixes.items[0], "example");
    ASSERT_TEXT(p->windows[0].url, "https://app.example/main?x#y");
    plan_free(p);
    ASSERT_ERRORS(
        "origins: {https: 'https://a.example', b: 'https://b.example/path', c: nonsense}\n",
        "test.yaml:3:11: expected a name of letters, digits, - and _ that is no scheme of URLs, "
        "found \"https\"\n"
        "test.yaml:3:42: expected an origin such as https://app.example, without a path, found "
        "\"https://b.example/path\"\n"
        "test.yaml:3:71: expected an origin such as https://app.example, without a path, found "
        "\"nonsense\"\n");
    ASSERT_ERRORS("origins:\n  a: https://a.example\n  b: https://a.example:443\n",
                  "test.yaml:5:6: this is the origin \"a\" of line 4 again\n");
}

static const char everything[] =
    "title: t\n"
    "origins: {app: 'https://app.example'}\n"
    "resources:\n"
    "  app:/main:\n"
    "    html: |\n"
    "      <script>x()</script>\n"
    "    headers:\n"
    "      Cross-Origin-Opener-Policy: same-origin\n"
    "      Set-Cookie: [a=1, b=2]\n"
    "    delay_ms: 20\n"
    "  app:/short.js: x()\n"
    "  app:/short: some text\n"
    "  /here.json: {json: '{\"n\": 1}', type: application/json}\n"
    "  https://cdn.example/bytes: {base64: 'AAEC', methods: [GET]}\n"
    "  app:/old: {redirect: 'app:/main', status: 301}\n"
    "  app:/down: {fail: network, delay_ms: 5}\n"
    "  app:/gone: {status: 404}\n"
    "  app:/sw.js:\n"
    "    headers: {Cache-Control: no-cache}\n"
    "    versions:\n"
    "      - {script: one()}\n"
    "      - {script: two(), headers: {Cache-Control: no-store}, delay_ms: 7}\n"
    "windows: [{script: x()}]\n";

static void test_everything_is_read(void)
{
    plan *p = load_good(everything);
    CU_ASSERT_EQUAL_FATAL(p->resource_count, 9);
    const plan_resource *main = plan_find_resource(p, "https://app.example/main?q#f");
    CU_ASSERT_PTR_NOT_NULL_FATAL(main);
    CU_ASSERT_EQUAL(main->versions[0].header_count, 3);
    ASSERT_TEXT(main->versions[0].headers[2].value, "b=2");
    CU_ASSERT_EQUAL(main->versions[0].delay_ms, 20);
    source_position where = plan_locate(p, "https://app.example/main", 1, 9);
    CU_ASSERT_EQUAL(where.line, 6);
    CU_ASSERT_EQUAL(where.column, 15);
    const plan_resource *old = plan_find_resource(p, "https://app.example/old");
    CU_ASSERT_EQUAL(old->versions[0].status, 301);
    ASSERT_TEXT(old->versions[0].headers[0].value, "https://app.example/main");
    CU_ASSERT_PTR_NULL(plan_find_resource(p, "https://app.example/main/below"));
    plan_free(p);
}

static void test_wrong_resources(void)
{
    ASSERT_ERRORS("origins: {app: 'https://app.example'}\nresources: {'ap:/x': text}\n",
                  "test.yaml:4:13: no origin is named \"ap\"; did you mean \"app\"?\n");
    ASSERT_ERRORS("resources:\n  /x: {body: a, script: b()}\n",
                  "test.yaml:4:14: an answer has one body: \"script\" or \"body\"\n");
    ASSERT_ERRORS("resources:\n  /x: {headers: {Cross-Origin-Opener-Polcy: same-origin}}\n",
                  "test.yaml:4:18: unknown header \"Cross-Origin-Opener-Polcy\"; did you mean "
                  "\"cross-origin-opener-policy\"?\n");
    ASSERT_ERRORS("resources:\n  /x: {headers: {Cross-Origin-Embedder-Policy: require-copr}}\n",
                  "test.yaml:4:48: \"require-copr\" is no value of Cross-Origin-Embedder-Policy; "
                  "did you mean "
                  "\"require-corp\"?\n");
    ASSERT_ERRORS("resources:\n  /x: {headers: {'a b': c}}\n",
                  "test.yaml:4:18: expected the name of a header, found \"a b\"\n");
    ASSERT_ERRORS(
        "resources:\n  /x: {headers: {X-Own: \"a\\nb\"}}\n",
        "test.yaml:4:25: expected the value of a header: one line without spaces around it\n");
    ASSERT_ERRORS("resources:\n  /x: {json: '{1'}\n",
                  "test.yaml:4:14: expected JSON, such as '{\"n\": 1}', found something else\n");
    ASSERT_ERRORS("resources:\n  /x: {base64: '!'}\n", "test.yaml:4:16: expected base64\n");
    ASSERT_ERRORS("resources:\n  /x: {from: no/such.txt}\n",
                  "test.yaml:4:14: the file \"no/such.txt\" does not exist\n");
    ASSERT_ERRORS("resources:\n  /x/: {folder: no/such}\n",
                  "test.yaml:4:17: the folder \"no/such\" does not exist\n");
    ASSERT_ERRORS("resources:\n  /x: {redirect: /y, status: 200}\n",
                  "test.yaml:4:30: expected 301, 302, 303, 307 or 308 for a redirect, found 200\n");
    ASSERT_ERRORS(
        "resources:\n  /x: {fail: network, status: 404}\n",
        "test.yaml:4:14: what fails with a network error has no body, status or redirect\n");
    ASSERT_ERRORS("resources:\n  /x: {fail: maybe}\n",
                  "test.yaml:4:14: expected a kind of failure: network, found \"maybe\"\n");
    ASSERT_ERRORS("resources:\n  /x: a\n  /y/../x: b\n",
                  "test.yaml:5:3: https://scenario.test/x is declared in line 4 already\n");
    ASSERT_ERRORS("resources:\n  /x: {body: a, versions: [{body: b}]}\n",
                  "test.yaml:4:14: the body stands in each of \"versions\", not beside them\n");
    ASSERT_ERRORS("resources:\n  /x: {hedaers: {}}\n",
                  "test.yaml:4:8: unknown key \"hedaers\"; did you mean \"headers\"?\n");
    ASSERT_ERRORS(
        "files: {x.js: a()}\nresources: {/x.js: b()}\n",
        "test.yaml:4:13: https://scenario.test/x.js is declared under \"files\" already\n");
}

/* ---- what the network answers ---- */

static status ask_as(const struct resource_loader *l, const char *url, const char *method,
                     bool preflight, struct resource *out)
{
    const struct network_request q = {.url = url, .method = method, .preflight = preflight};
    *out = (struct resource){0};
    return l->load(l->context, &q, out);
}

static status ask(const struct resource_loader *l, const char *url, struct resource *out)
{
    return ask_as(l, url, "GET", false, out);
}

static void test_answers(void)
{
    plan *p = load_good(everything);
    struct network *n = network_create(p);
    struct resource_loader l = network_loader(n);
    struct resource r;
    CU_ASSERT_EQUAL(ask(&l, "https://scenario.test/here.json", &r), STATUS_OK);
    ASSERT_TEXT(r.bytes, "{\"n\": 1}");
    resource_release(&r);
    CU_ASSERT_EQUAL(ask(&l, "https://cdn.example/bytes", &r), STATUS_OK);
    CU_ASSERT_EQUAL(r.length, 3);
    resource_release(&r);
    CU_ASSERT_EQUAL(ask_as(&l, "https://cdn.example/bytes", "PUT", false, &r), STATUS_OK);
    CU_ASSERT_EQUAL(r.status, 405);
    resource_release(&r);
    CU_ASSERT_EQUAL(ask(&l, "https://app.example/down", &r), STATUS_IO);
    CU_ASSERT_EQUAL(r.delay_ns, 5000000);
    resource_release(&r);
    CU_ASSERT_EQUAL(ask(&l, "https://app.example/mian", &r), STATUS_NOT_FOUND);
    ASSERT_TEXT(r.error, "nothing is declared there; near it: https://app.example/main");
    resource_release(&r);
    CU_ASSERT_EQUAL(ask(&l, "https://scenario.test/main", &r), STATUS_NOT_FOUND);
    ASSERT_TEXT(r.error, "nothing is declared there; near it: https://app.example/main");
    resource_release(&r);
    network_free(n);
    plan_free(p);
}

static void test_versions(void)
{
    static const char *const expected[] = {"one()", "two()", "two()"};
    plan *p = load_good(everything);
    struct network *n = network_create(p);
    struct resource_loader l = network_loader(n);
    struct resource r = {0};
    CU_ASSERT_EQUAL(ask_as(&l, "https://app.example/sw.js", "OPTIONS", true, &r), STATUS_OK);
    resource_release(&r);
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(ask(&l, "https://app.example/sw.js", &r), STATUS_OK);
        ASSERT_TEXT(r.bytes, expected[i]);
        char *control = resource_header(&r, "cache-control");
        ASSERT_TEXT(control, i == 0 ? "no-cache" : "no-store");
        free(control);
        resource_release(&r);
    }
    network_free(n);
    plan_free(p);
}

static void test_folder(void)
{
    plan *p = load_good("title: t\n"
                        "resources: {/tests/: {folder: " HEDDLE_SOURCE_FOLDER
                        "/tests, headers: {X-Own: here}}}\n"
                        "windows: [{script: x()}]\n");
    struct network *n = network_create(p);
    struct resource_loader l = network_loader(n);
    struct resource r;
    CU_ASSERT_EQUAL(ask(&l, "https://scenario.test/tests/unit/scenario/suites%2Eh?x", &r),
                    STATUS_OK);
    CU_ASSERT_TRUE(r.length > 100);
    char *own = resource_header(&r, "X-Own");
    ASSERT_TEXT(own, "here");
    free(own);
    resource_release(&r);
    CU_ASSERT_EQUAL(ask(&l, "https://scenario.test/tests/no/such", &r), STATUS_NOT_FOUND);
    resource_release(&r);
    CU_ASSERT_EQUAL(ask(&l, "https://scenario.test/tests/unit%2F..%2F..%2Fdev", &r),
                    STATUS_NOT_FOUND);
    resource_release(&r);
    network_free(n);
    plan_free(p);
}

void add_resources_suite(void)
{
    CU_pSuite suite = CU_add_suite("resources", NULL, NULL);
    CU_add_test(suite, "origins", test_origins);
    CU_add_test(suite, "everything is read", test_everything_is_read);
    CU_add_test(suite, "wrong resources", test_wrong_resources);
    CU_add_test(suite, "answers", test_answers);
    CU_add_test(suite, "versions", test_versions);
    CU_add_test(suite, "folder", test_folder);
}
