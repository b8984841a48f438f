/* Header lists, MIME types, and the algorithms of the Fetch Standard behind the virtual network. */
#include "agent/world.h"
#include "web/mime_type.h"
#include "web/resource.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_text(const char *actual, const char *expected, int line)
{
    bool equal = actual && !strcmp(actual, expected);
    if (!equal)
        fprintf(stderr, "\n%s:%d: got: %s\nexpected: %s\n", __FILE__, line,
                actual ? actual : "(nothing)", expected);
    CU_assertImplementation(equal, (unsigned)line, "texts are equal", __FILE__, "", CU_FALSE);
}
#define ASSERT_TEXT(actual, expected) assert_text((actual), (expected), __LINE__)

/* ---- header lists ---- */

static void test_header_list(void)
{
    struct header_list l = {0}, sorted = {0};
    header_list_append(&l, "X-Two", "2");
    header_list_append(&l, "Set-Cookie", "a");
    header_list_append(&l, "x-two", "3");
    header_list_append(&l, "Accept", "*/*");
    header_list_append(&l, "set-cookie", "b");
    ASSERT_TEXT(l.items[2].name, "X-Two");
    header_list_sort_and_combine(&l, &sorted);
    buffer all = {0};
    for (size_t i = 0; i < sorted.count; i++)
        buffer_format(&all, "%s=%s;", sorted.items[i].name, sorted.items[i].value);
    ASSERT_TEXT(buffer_text(&all), "accept=*/*;set-cookie=a;set-cookie=b;x-two=2, 3;");
    header_list_set(&l, "X-TWO", "4");
    CU_ASSERT_EQUAL(l.count, 4);
    header_list_delete(&l, "SET-COOKIE");
    CU_ASSERT_EQUAL(l.count, 2);
    CU_ASSERT_TRUE(header_list_has(&l, "x-two"));
    buffer_release(&all);
    header_list_release(&l);
    header_list_release(&sorted);
}

static void test_header_texts(void)
{
    char value[] = " \t a b \r\n";
    CU_ASSERT_EQUAL(header_value_normalize(value, strlen(value)), 3);
    ASSERT_TEXT(value, "a b");
    CU_ASSERT_TRUE(header_name_is_valid("X-Own_1") && !header_name_is_valid("") &&
                   !header_name_is_valid("a:b"));
    CU_ASSERT_TRUE(header_is_forbidden_for_requests("COOKIE", "") &&
                   header_is_forbidden_for_requests("Sec-Own", ""));
    CU_ASSERT_TRUE(header_is_forbidden_for_requests("X-HTTP-Method", "GET, trace") &&
                   !header_is_forbidden_for_requests("X-HTTP-Method", "GET"));
    CU_ASSERT_TRUE(header_is_cors_safelisted("Content-Type", "text/plain;charset=utf-8") &&
                   !header_is_cors_safelisted("Content-Type", "application/json"));
    CU_ASSERT_TRUE(header_is_cors_safelisted("range", "bytes=0-") &&
                   !header_is_cors_safelisted("range", "bytes=-5"));
    CU_ASSERT_TRUE(header_tokens_contain("a, B ,c", "b") && !header_tokens_contain("ab,c", "a") &&
                   !header_tokens_contain(NULL, "a"));
}

/* ---- MIME types ---- */

static void assert_type(const char *text, const char *expected, int line)
{
    struct mime_type t;
    buffer all = {0};
    if (mime_type_parse(text, strlen(text), &t)) {
        buffer_format(&all, "%s%s", buffer_text(&t.essence), buffer_text(&t.parameters));
        mime_type_release(&t);
    } else {
        buffer_add(&all, "none");
    }
    assert_text(buffer_text(&all), expected, line);
    buffer_release(&all);
}
#define ASSERT_TYPE(text, expected) assert_type((text), (expected), __LINE__)

static void test_mime_types(void)
{
    ASSERT_TYPE(" Text/HTML ; Charset=\"utf-8\" ; charset=x;a=b c",
                "text/html;charset=utf-8;a=\"b c\"");
    ASSERT_TYPE("text/html;;;a=\"x\\\"y\"z;b", "text/html;a=\"x\\\"y\"");
    ASSERT_TYPE("text/html;a=;b=\"\"", "text/html;b=\"\"");
    ASSERT_TYPE("text", "none");
    ASSERT_TYPE("text/", "none");
    ASSERT_TYPE("te xt/html", "none");
    CU_ASSERT_TRUE(mime_type_is_javascript("text/javascript; charset=x") &&
                   !mime_type_is_javascript("text/plain"));
    CU_ASSERT_TRUE(mime_type_is_json("application/ld+json") && !mime_type_is_json(NULL));
    ASSERT_TEXT(mime_type_of_path("/a/b.MJS?x.png"), "text/javascript");
    CU_ASSERT_PTR_NULL(mime_type_of_path("/a/b"));
}

/* ---- requests ---- */

/* A network of a few answers: path, status, headers as "name: value\n" lines. */
static const struct served {
    const char *url;
    unsigned status;
    const char *headers;
} served[] = {
    {"https://a.test/plain", 200, "X-Own: 1\nSet-Cookie: s\n"},
    {"https://a.test/to-b", 302, "Location: https://b.test/open\n"},
    {"https://a.test/to-closed", 302, "Location: https://b.test/closed\n"},
    {"https://a.test/loop", 302, "Location: /loop\n"},
    {"https://a.test/to-file", 302, "Location: file:///x\n"},
    {"https://a.test/to-user", 302, "Location: https://me@b.test/open\n"},
    {"https://a.test/fragment", 302, "Location: /plain\n"},
    {"https://b.test/open", 200,
     "Access-Control-Allow-Origin: *\nX-Own: 1\nX-Shown: 2\nAccess-Control-Expose-Headers: "
     "x-shown\n"},
    {"https://b.test/closed", 200, "X-Own: 1\n"},
    {"https://b.test/for-a", 200,
     "Access-Control-Allow-Origin: https://a.test\nAccess-Control-Allow-Methods: PUT\n"
     "Access-Control-Allow-Headers: X-Mine\n"},
    {"https://b.test/to-a", 302,
     "Access-Control-Allow-Origin: *\nLocation: https://a.test/plain\n"},
    {"https://b.test/corp", 200, "Cross-Origin-Resource-Policy: cross-origin\n"},
    {"https://b.test/own", 200, "Cross-Origin-Resource-Policy: same-origin\n"},
    {"https://b.test/nosniff", 200, "X-Content-Type-Options: nosniff\nContent-Type: text/plain\n"},
};

static void set_headers(struct resource *out, const char *lines)
{
    while (*lines) {
        size_t name = strcspn(lines, ":"), value = strcspn(lines + name + 2, "\n");
        char *n = strndup(lines, name), *v = strndup(lines + name + 2, value);
        header_list_append(&out->headers, n, v);
        free(n);
        free(v);
        lines += name + value + 3;
    }
}

static status load(void *context, const struct network_request *q, struct resource *out)
{
    for (size_t i = 0; i < sizeof served / sizeof *served; i++)
        if (!strcmp(served[i].url, q->url)) {
            out->status = served[i].status;
            out->bytes = strdup("body");
            out->length = 4;
            out->delay_ns = 10;
            set_headers(out, served[i].headers);
            return STATUS_OK;
        }
    return STATUS_NOT_FOUND;
}

/* "type status url", or "error: why". */
static void assert_answer(const struct request *q, const char *expected, int line)
{
    static const char *const types[] = {"basic", "cors",   "default",
                                        "error", "opaque", "opaqueredirect"};
    static const struct resource_loader loader = {.load = load};
    static struct web web = {.loader = &loader};
    struct world *w = world_create(CROWD_CLOCK_VIRTUAL, 1);
    struct request asked = *q;
    struct resource r;
    w->host = &web;
    asked.origin = asked.origin ? asked.origin : "https://a.test";
    status s = resource_request(w, &asked, &r);
    buffer text = {0};
    if (s == STATUS_OK)
        buffer_format(&text, "%s %u %s%s%s", types[r.type], r.status, r.url,
                      r.redirected ? " redirected" : "",
                      resource_shows_header(&r, "X-Own") ? " shows" : "");
    else
        buffer_format(&text, "error: %s", r.error ? r.error : status_text(s));
    assert_text(buffer_text(&text), expected, line);
    buffer_release(&text);
    resource_release(&r);
    world_run(w, 0, 0, &(struct world_watch){0});
    world_free(w);
}
#define ASSERT_ANSWER(expected, ...)                                                               \
    assert_answer(&(struct request){__VA_ARGS__}, (expected), __LINE__)

static void test_modes(void)
{
    ASSERT_ANSWER("basic 200 https://a.test/plain#f shows", .url = "https://a.test/plain#f",
                  .mode = MODE_CORS);
    ASSERT_ANSWER("error: not found", .url = "https://a.test/nothing", .mode = MODE_CORS);
    ASSERT_ANSWER("cors 200 https://b.test/open", .url = "https://b.test/open", .mode = MODE_CORS);
    ASSERT_ANSWER("error: the answer has no Access-Control-Allow-Origin for https://a.test",
                  .url = "https://b.test/closed", .mode = MODE_CORS);
    ASSERT_ANSWER("error: its Access-Control-Allow-Origin is *, not https://a.test",
                  .url = "https://b.test/open", .mode = MODE_CORS,
                  .credentials = CREDENTIALS_INCLUDE);
    ASSERT_ANSWER("opaque 200 https://b.test/closed", .url = "https://b.test/closed",
                  .mode = MODE_NO_CORS);
    ASSERT_ANSWER("error: it is not of the same origin as https://a.test",
                  .url = "https://b.test/open", .mode = MODE_SAME_ORIGIN);
    ASSERT_ANSWER("basic 200 https://b.test/closed shows", .url = "https://b.test/closed",
                  .mode = MODE_NAVIGATE);
    ASSERT_ANSWER("error: it is no script, and its X-Content-Type-Options is nosniff",
                  .url = "https://b.test/nosniff", .mode = MODE_NO_CORS, .use = USE_SCRIPT);
    ASSERT_ANSWER("error: nothing is fetched by the scheme \"ftp\"", .url = "ftp://a.test/x",
                  .mode = MODE_NAVIGATE);
}

static void test_preflight(void)
{
    struct header_list mine = {0}, other = {0};
    header_list_append(&mine, "X-Mine", "1");
    header_list_append(&other, "X-Other", "1");
    ASSERT_ANSWER("cors 200 https://b.test/for-a", .url = "https://b.test/for-a", .mode = MODE_CORS,
                  .method = "PUT", .headers = &mine);
    ASSERT_ANSWER(
        "error: the preflight is refused: Access-Control-Allow-Methods does not name DELETE",
        .url = "https://b.test/for-a", .mode = MODE_CORS, .method = "DELETE");
    ASSERT_ANSWER(
        "error: the preflight is refused: Access-Control-Allow-Headers does not name X-Other",
        .url = "https://b.test/for-a", .mode = MODE_CORS, .headers = &other);
    header_list_release(&mine);
    header_list_release(&other);
}

static void test_redirects(void)
{
    ASSERT_ANSWER("cors 200 https://b.test/open redirected", .url = "https://a.test/to-b",
                  .mode = MODE_CORS);
    ASSERT_ANSWER("error: the answer has no Access-Control-Allow-Origin for https://a.test",
                  .url = "https://a.test/to-closed", .mode = MODE_CORS);
    ASSERT_ANSWER("error: it is not of the same origin as https://a.test",
                  .url = "https://a.test/to-b", .mode = MODE_SAME_ORIGIN);
    ASSERT_ANSWER("error: it redirects more than 20 times", .url = "https://a.test/loop",
                  .mode = MODE_CORS);
    ASSERT_ANSWER("error: it redirects to a URL that is not http(s)",
                  .url = "https://a.test/to-file", .mode = MODE_NO_CORS);
    ASSERT_ANSWER("error: it redirects to a URL with a user name", .url = "https://a.test/to-user",
                  .mode = MODE_CORS);
    ASSERT_ANSWER("basic 200 https://a.test/plain#f redirected shows",
                  .url = "https://a.test/fragment#f", .mode = MODE_CORS);
    ASSERT_ANSWER("opaqueredirect 302 https://a.test/to-b", .url = "https://a.test/to-b",
                  .mode = MODE_CORS, .redirect = REDIRECT_MANUAL);
    ASSERT_ANSWER("error: it redirects to https://b.test/open, and the request forbids that",
                  .url = "https://a.test/to-b", .mode = MODE_CORS, .redirect = REDIRECT_ERROR);
    /* Back at home the origin is tainted: even the own server is asked by CORS. */
    ASSERT_ANSWER("error: the answer has no Access-Control-Allow-Origin for null",
                  .url = "https://b.test/to-a", .mode = MODE_CORS);
}

/* shows R-COEP-04 */
static void test_resource_policy(void)
{
    ASSERT_ANSWER("error: its Cross-Origin-Resource-Policy does not allow https://a.test to use it",
                  .url = "https://b.test/own", .mode = MODE_NO_CORS);
    ASSERT_ANSWER("error: its Cross-Origin-Resource-Policy does not allow https://a.test to use it",
                  .url = "https://b.test/closed", .mode = MODE_NO_CORS, .require_corp = true);
    ASSERT_ANSWER("opaque 200 https://b.test/corp", .url = "https://b.test/corp",
                  .mode = MODE_NO_CORS, .require_corp = true);
    ASSERT_ANSWER("cors 200 https://b.test/open", .url = "https://b.test/open", .mode = MODE_CORS,
                  .require_corp = true);
}

static void assert_data(const char *url, const char *type, const char *body, int line)
{
    static struct web web;
    struct world *w = world_create(CROWD_CLOCK_VIRTUAL, 1);
    struct request q = {.url = url, .origin = "https://a.test", .mode = MODE_CORS};
    struct resource r;
    w->host = &web;
    status s = resource_request(w, &q, &r);
    char *header = s == STATUS_OK ? resource_header(&r, "content-type") : NULL;
    assert_text(s == STATUS_OK ? header : r.error, type, line);
    if (s == STATUS_OK)
        assert_text(r.bytes, body, line);
    free(header);
    resource_release(&r);
    world_run(w, 0, 0, &(struct world_watch){0});
    world_free(w);
}
#define ASSERT_DATA(url, type, body) assert_data((url), (type), (body), __LINE__)

static void test_data_urls(void)
{
    ASSERT_DATA("data:,a%20b#c", "text/plain;charset=US-ASCII", "a b");
    ASSERT_DATA("data:;charset=utf-8,x", "text/plain;charset=utf-8", "x");
    ASSERT_DATA("data:Text/JavaScript;base64,YSAg", "text/javascript", "a  ");
    ASSERT_DATA("data:text/html ; BASE64 ,YQ", "text/html", "a");
    ASSERT_DATA("data:nonsense,x", "text/plain;charset=US-ASCII", "x");
    ASSERT_DATA("data:text/plain", "the data: URL cannot be read", "");
    ASSERT_DATA("data:;base64,!", "the data: URL cannot be read", "");
}

int main(void)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 70;
    CU_pSuite suite = CU_add_suite("fetching", NULL, NULL);
    CU_add_test(suite, "header lists", test_header_list);
    CU_add_test(suite, "names and values of headers", test_header_texts);
    CU_add_test(suite, "MIME types", test_mime_types);
    CU_add_test(suite, "modes", test_modes);
    CU_add_test(suite, "preflight", test_preflight);
    CU_add_test(suite, "redirects", test_redirects);
    CU_add_test(suite, "resource policy", test_resource_policy);
    CU_add_test(suite, "data: URLs", test_data_urls);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? 0 : 1;
}
