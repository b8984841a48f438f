#include "cli/wpt_substitute.h"

#include "web/url.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* The ports of the suite's server, by scheme: the first and the second. */
static const struct {
    const char *scheme;
    unsigned ports[2];
} schemes[] = {{"http", {8000, 8001}},
               {"https", {8443, 8444}},
               {"ws", {8666, 8666}},
               {"wss", {8889, 8889}},
               {"h2", {9000, 9000}}};

/* The names that {{domains[…]}} and {{hosts[…][…]}} know; "" is the host itself. */
static const struct {
    const char *name, *prefix;
} subdomains[] = {{"", ""},
                  {"www", "www."},
                  {"www1", "www1."},
                  {"www2", "www2."},
                  {"天気の良い日", "xn--n8j6ds53lwwkrqhv28a."},
                  {"élève", "xn--lve-6lad."},
                  {"nonexistent", "nonexistent."}};

/* An expression "name[first][second]"; the keys may be empty, NULL = absent. */
struct expression {
    char name[32], keys[2][64];
    int key_count;
};

static bool parse(const char *text, size_t length, struct expression *e)
{
    size_t at = 0, start = 0;
    memset(e, 0, sizeof *e);
    while (at < length && text[at] != '[' && text[at] != '(')
        at++;
    if (at >= sizeof e->name)
        return false;
    memcpy(e->name, text, at);
    while (at < length && text[at] == '[' && e->key_count < 2) {
        const char *end = memchr(text + at, ']', length - at);
        start = at + 1;
        if (!end || (size_t)(end - text) - start >= sizeof e->keys[0])
            return false;
        memcpy(e->keys[e->key_count++], text + start, (size_t)(end - text) - start);
        at = (size_t)(end - text) + 1;
    }
    return at == length || text[at] == '(';
}

static bool add_host(const char *subdomain, const char *host, buffer *out)
{
    for (size_t i = 0; i < sizeof subdomains / sizeof subdomains[0]; i++)
        if (!strcmp(subdomain, subdomains[i].name)) {
            buffer_format(out, "%s%s", subdomains[i].prefix, host);
            return true;
        }
    return false;
}

unsigned wpt_port(const char *scheme, bool second)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (!strcmp(scheme, schemes[i].scheme))
            return schemes[i].ports[second];
    return 0;
}

static bool add_port(const char *scheme, const char *index, buffer *out)
{
    unsigned port = wpt_port(scheme, *index == '1');
    if (port)
        buffer_format(out, "%u", port);
    return port != 0;
}

/* {{location[host]}} and its kin. */
static bool add_location(const char *key, const char *request, buffer *out)
{
    static const struct {
        const char *name;
        enum url_part part;
    } parts[] = {{"scheme", URL_PROTOCOL}, {"host", URL_HOST},     {"hostname", URL_HOSTNAME},
                 {"port", URL_PORT},       {"path", URL_PATHNAME}, {"pathname", URL_PATHNAME},
                 {"query", URL_SEARCH}};
    struct url u;
    bool known = false;
    if (!url_parse(request, strlen(request), NULL, &u))
        return false;
    if (!strcmp(key, "server")) {
        url_get(&u, URL_PROTOCOL, out);
        buffer_add(out, "//");
        url_get(&u, URL_HOST, out);
        known = true;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !known; i++)
        if (!strcmp(key, parts[i].name)) {
            url_get(&u, parts[i].part, out);
            known = true;
        }
    if (known && !strcmp(key, "scheme") && out->length)
        out->text[--out->length] = 0; /* the colon */
    url_release(&u);
    return known;
}

/* {{GET[name]}}: the first parameter of that name, percent-decoded. */
static bool add_parameter(const char *key, const char *request, buffer *out)
{
    const char *at = strchr(request, '?');
    size_t length = strlen(key);
    for (at = at ? at + 1 : ""; *at && *at != '#';
         at += strcspn(at, "&#") + (at[strcspn(at, "&#")] == '&')) {
        if (strncmp(at, key, length) || at[length] != '=')
            continue;
        at += length + 1;
        percent_decode(at, strcspn(at, "&#"), out);
        return true;
    }
    return false;
}

static bool add_value(const struct expression *e, const char *request, buffer *out)
{
    static _Atomic unsigned tokens; /* relaxed: each is used once */
    const char *first = e->keys[0], *second = e->keys[1];
    if (!strcmp(e->name, "host"))
        return add_host("", WPT_HOST, out);
    if (!strcmp(e->name, "domains"))
        return add_host(first, WPT_HOST, out);
    if (!strcmp(e->name, "hosts"))
        return add_host(second, !strcmp(first, "alt") ? WPT_OTHER_HOST : WPT_HOST, out);
    if (!strcmp(e->name, "ports"))
        return add_port(first, second, out);
    if (!strcmp(e->name, "location"))
        return add_location(first, request, out);
    if (!strcmp(e->name, "GET"))
        return add_parameter(first, request, out);
    if (strcmp(e->name, "uuid"))
        return false;
    buffer_format(out, "00000000-0000-4000-8000-%012u",
                  atomic_fetch_add_explicit(&tokens, 1, memory_order_relaxed));
    return true;
}

void wpt_substitute(const char *text, size_t length, const char *url, buffer *out)
{
    const char *end = text + length;
    while (text < end) {
        const char *open = memmem(text, (size_t)(end - text), "{{", 2);
        const char *close = open ? memmem(open, (size_t)(end - open), "}}", 2) : NULL;
        struct expression e;
        if (!close) {
            buffer_add_bytes(out, text, (size_t)(end - text));
            return;
        }
        buffer_add_bytes(out, text, (size_t)(open - text));
        if (parse(open + 2, (size_t)(close - open) - 2, &e) && add_value(&e, url, out)) {
            text = close + 2;
        } else {
            buffer_add_bytes(out, open, 2);
            text = open + 2;
        }
    }
}
