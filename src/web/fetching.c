/* The algorithms of the Fetch Standard behind resource_request: "main fetch", "scheme fetch", "HTTP
 * fetch", redirects, the CORS check and preflight, the cross-origin resource policy check. Names as
 * there. */
#include "agent/world.h"
#include "base/assert.h"
#include "web/base64.h"
#include "web/blob.h"
#include "web/mime_type.h"
#include "web/origin.h"
#include "web/resource.h"
#include "web/url.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_REDIRECTS 20

/* A request under way. */
struct fetching {
    struct world *world;
    const struct request *request;
    struct resource *out;
    struct url url;            /* the current one */
    char *url_origin, *origin; /* of the current URL; the client's, which redirects may taint */
    const char *method;
    enum response_type tainting; /* basic, CORS or opaque */
    unsigned redirects;
    int64_t delay_ns;
};

static status network_error(struct fetching *f, status s, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static status network_error(struct fetching *f, status s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *why = NULL;
    if (vasprintf(&why, format, arguments) < 0)
        why = NULL;
    va_end(arguments);
    f->delay_ns += f->out->delay_ns;
    resource_release(f->out);
    f->out->error = why;
    f->out->type = RESPONSE_ERROR;
    return s;
}

static bool is_http(const struct url *u)
{
    return !strcmp(buffer_text(&u->scheme), "http") || !strcmp(buffer_text(&u->scheme), "https");
}

/* Opaque origins are equal to none: whoever asks from one is another. */
static bool same_origin(const char *a, const char *b)
{
    return !strcmp(a, b) && strcmp(a, "null") != 0;
}

static char *serialized(const struct url *u, bool exclude_fragment)
{
    buffer text = {0};
    url_serialize(u, exclude_fragment, &text);
    return text.text;
}

/* ---- data: and blob: ---- */

static void set_body(struct resource *out, buffer *body)
{
    buffer_add(body, "");
    out->bytes = body->text;
    out->length = body->length;
    out->status = 200;
}

/* Fetch "data: URL processor": the text before the comma says the type, and whether the rest is
 * base64. */
static bool read_data_url(const char *text, size_t length, buffer *type, buffer *body)
{
    const char *comma = memchr(text, ',', length);
    if (!comma)
        return false;
    size_t head = (size_t)(comma - text);
    while (head && text[head - 1] == ' ')
        head--;
    percent_decode(comma + 1, length - (size_t)(comma + 1 - text), body);
    if (head >= 6 && !strncasecmp(text + head - 6, "base64", 6)) {
        size_t before = head - 6;
        while (before && text[before - 1] == ' ')
            before--;
        if (before && text[before - 1] == ';') {
            buffer decoded = {0};
            bool good = base64_decode(buffer_text(body), body->length, &decoded);
            buffer_release(body);
            *body = decoded;
            if (!good)
                return false;
            head = before - 1;
        }
    }
    buffer_add(type, head && *text == ';' ? "text/plain" : "");
    buffer_add_bytes(type, text, head);
    return true;
}

static status fetch_data(struct fetching *f)
{
    buffer type = {0}, body = {0};
    char *text = serialized(&f->url, true);
    bool good = read_data_url(text + 5, strlen(text) - 5, &type, &body);
    free(text);
    if (good) {
        struct mime_type parsed;
        if (mime_type_parse(buffer_text(&type), type.length, &parsed)) {
            buffer_clear(&type);
            buffer_format(&type, "%s%s", parsed.essence.text, buffer_text(&parsed.parameters));
            mime_type_release(&parsed);
        } else {
            buffer_clear(&type);
            buffer_add(&type, "text/plain;charset=US-ASCII");
        }
        set_body(f->out, &body);
        header_list_append(&f->out->headers, "Content-Type", type.text);
    } else {
        buffer_release(&body);
    }
    buffer_release(&type);
    return good ? STATUS_OK : network_error(f, STATUS_NOT_FOUND, "the data: URL cannot be read");
}

static status fetch_blob(struct fetching *f)
{
    char *text = serialized(&f->url, true), *type = NULL, length[32];
    bool get = !strcmp(f->method, "GET");
    status s = get ? blob_url_lookup(f->world, text, &f->out->bytes, &f->out->length, &type)
                   : STATUS_STATE;
    free(text);
    if (s != STATUS_OK)
        return network_error(f, s,
                             get ? "nothing is registered under this blob: URL"
                                 : "a blob: URL can only be got");
    f->out->status = 200;
    snprintf(length, sizeof length, "%zu", f->out->length);
    header_list_append(&f->out->headers, "Content-Length", length);
    header_list_append(&f->out->headers, "Content-Type", type);
    free(type);
    return STATUS_OK;
}

/* ---- CORS ---- */

static bool with_credentials(const struct fetching *f)
{
    enum request_credentials c = f->request->credentials;
    return c == CREDENTIALS_INCLUDE ||
           (c == CREDENTIALS_SAME_ORIGIN && f->tainting == RESPONSE_BASIC);
}

/* Fetch "CORS check": NULL, or why it fails (malloc'd). */
static char *cors_check(const struct fetching *f, const struct resource *r)
{
    char *allowed = resource_header(r, "Access-Control-Allow-Origin"), *why = NULL;
    if (!allowed) {
        if (asprintf(&why, "the answer has no Access-Control-Allow-Origin for %s", f->origin) < 0)
            why = NULL;
    } else if (with_credentials(f) || strcmp(allowed, "*")) {
        char *credentials = resource_header(r, "Access-Control-Allow-Credentials");
        int written = 0;
        if (strcmp(allowed, f->origin))
            written =
                asprintf(&why, "its Access-Control-Allow-Origin is %s, not %s", allowed, f->origin);
        else if (with_credentials(f) && (!credentials || strcmp(credentials, "true")))
            written = asprintf(&why, "it does not allow credentials");
        if (written < 0)
            why = NULL;
        free(credentials);
    }
    free(allowed);
    return why;
}

static bool is_safelisted_method(const char *method)
{
    return !strcmp(method, "GET") || !strcmp(method, "HEAD") || !strcmp(method, "POST");
}

static const char *unsafe_header(const struct request *q, size_t *from)
{
    for (; q->headers && *from < q->headers->count; ++*from)
        if (!header_is_cors_safelisted(q->headers->items[*from].name,
                                       q->headers->items[*from].value))
            return q->headers->items[(*from)++].name;
    return NULL;
}

/* The header has the token, or a wildcard that counts. */
static bool list_allows(const struct fetching *f, const struct resource *r, const char *header,
                        const char *token, bool star)
{
    char *list = resource_header(r, header);
    bool allowed = header_tokens_contain(list, token) ||
                   (star && !with_credentials(f) && header_tokens_contain(list, "*"));
    free(list);
    return allowed;
}

/* Fetch "append a request `Origin` header". */
static void add_origin(const struct fetching *f, struct header_list *headers)
{
    bool reads = !strcmp(f->method, "GET") || !strcmp(f->method, "HEAD");
    if (f->tainting == RESPONSE_CORS || (!reads && f->request->mode != MODE_NO_CORS))
        header_list_set(headers, "Origin", f->origin);
}

static void add_headers(const struct fetching *f, struct header_list *headers)
{
    if (f->request->headers)
        header_list_copy(headers, f->request->headers);
    add_origin(f, headers);
}

static void add_preflight_headers(const struct fetching *f, struct header_list *headers)
{
    buffer names = {0};
    size_t from = 0;
    header_list_set(headers, "Origin", f->origin);
    header_list_set(headers, "Access-Control-Request-Method", f->method);
    for (const char *name; (name = unsafe_header(f->request, &from));)
        buffer_format(&names, "%s%s", names.length ? "," : "", name);
    if (names.length)
        header_list_set(headers, "Access-Control-Request-Headers", buffer_text(&names));
    buffer_release(&names);
}

/* Fetch "CORS-preflight fetch": the resource answers it with its own headers, at once and with an
 * ok status. */
static status preflight(struct fetching *f, const char *url)
{
    const struct resource_loader *loader = ((const struct web *)f->world->host)->loader;
    struct resource answer = {0};
    struct network_request q = {url, "OPTIONS", NULL, true};
    struct header_list headers = {0};
    add_preflight_headers(f, &headers);
    q.headers = &headers;
    status s = loader->load(loader->context, &q, &answer);
    header_list_release(&headers);
    if (s != STATUS_OK) {
        s = network_error(f, s, "%s", answer.error ? answer.error : status_text(s));
        resource_release(&answer);
        return s;
    }
    char *why = cors_check(f, &answer);
    if (why)
        s = network_error(f, STATUS_STATE, "the preflight is refused: %s", why);
    free(why);
    if (s == STATUS_OK && !is_safelisted_method(f->method) &&
        !list_allows(f, &answer, "Access-Control-Allow-Methods", f->method, true))
        s = network_error(f, STATUS_STATE,
                          "the preflight is refused: Access-Control-Allow-Methods does not name %s",
                          f->method);
    size_t from = 0;
    for (const char *name; s == STATUS_OK && (name = unsafe_header(f->request, &from));) {
        bool star = strcasecmp(name, "Authorization") != 0;
        if (!list_allows(f, &answer, "Access-Control-Allow-Headers", name, star))
            s = network_error(
                f, STATUS_STATE,
                "the preflight is refused: Access-Control-Allow-Headers does not name %s", name);
    }
    resource_release(&answer);
    return s;
}

static bool needs_preflight(const struct fetching *f)
{
    size_t from = 0;
    return f->tainting == RESPONSE_CORS &&
           (!is_safelisted_method(f->method) || unsafe_header(f->request, &from));
}

static bool same_site(const char *a, const char *b)
{
    struct origin *left = origin_of_url(a), *right = origin_of_url(b);
    bool same = left && right && origin_same_site(left, right);
    origin_unref(left);
    origin_unref(right);
    return same;
}

/* Fetch "cross-origin resource policy check" for what is used without CORS (R-COEP-04). */
static bool policy_allows(const struct fetching *f, const struct resource *r)
{
    if (f->tainting != RESPONSE_OPAQUE || same_origin(f->url_origin, f->origin))
        return true;
    char *policy = resource_header(r, "Cross-Origin-Resource-Policy");
    bool allowed = !f->request->require_corp;
    if (policy && !strcmp(policy, "same-origin"))
        allowed = false;
    else if (policy && !strcmp(policy, "same-site"))
        allowed = same_site(f->url_origin, f->origin);
    else if (policy && !strcmp(policy, "cross-origin"))
        allowed = true;
    free(policy);
    return allowed;
}

/* ---- HTTP ---- */

static bool is_redirect(unsigned code)
{
    return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

static status main_fetch(struct fetching *f);

static void set_url(struct fetching *f, struct url *to)
{
    url_release(&f->url);
    f->url = *to;
    char *text = serialized(&f->url, false);
    free(f->url_origin);
    f->url_origin = url_origin(text);
    if (!f->url_origin)
        f->url_origin = strdup("null");
    free(text);
}

/* Fetch "HTTP-redirect fetch". */
static status follow_redirect(struct fetching *f, const char *location)
{
    unsigned code = f->out->status;
    struct url next;
    if (!url_parse(location, strlen(location), &f->url, &next))
        return network_error(f, STATUS_STATE, "it redirects to \"%s\", which is no URL", location);
    if (!next.has_fragment && f->url.has_fragment) {
        next.has_fragment = true;
        buffer_add(&next.fragment, buffer_text(&f->url.fragment));
    }
    char *text = serialized(&next, false), *origin = url_origin(text);
    bool credentials = next.username.length || next.password.length,
         other = !same_origin(origin ? origin : "null", f->url_origin);
    const char *why = NULL;
    if (!is_http(&next))
        why = "it redirects to a URL that is not http(s)";
    else if (++f->redirects > MOST_REDIRECTS)
        why = "it redirects more than 20 times";
    else if (credentials && (f->tainting == RESPONSE_CORS ||
                             (f->request->mode == MODE_CORS && !same_origin(f->origin, origin))))
        why = "it redirects to a URL with a user name";
    else if (f->request->mode == MODE_CORS && other && !same_origin(f->origin, f->url_origin)) {
        free(f->origin); /* "tainted origin": nobody can tell any more who asks */
        f->origin = strdup("null");
    }
    free(text);
    free(origin);
    if (why) {
        url_release(&next);
        return network_error(f, STATUS_STATE, "%s", why);
    }
    if ((code <= 302 && !strcmp(f->method, "POST")) ||
        (code == 303 && strcmp(f->method, "GET") && strcmp(f->method, "HEAD")))
        f->method = "GET";
    f->delay_ns += f->out->delay_ns;
    resource_release(f->out);
    set_url(f, &next);
    return main_fetch(f);
}

static status http_fetch(struct fetching *f)
{
    const struct resource_loader *loader = ((const struct web *)f->world->host)->loader;
    char *url = serialized(&f->url, true), *location = NULL;
    status s = needs_preflight(f) ? preflight(f, url) : STATUS_OK;
    if (s == STATUS_OK) {
        struct header_list headers = {0};
        add_headers(f, &headers);
        struct network_request q = {url, f->method, &headers, false};
        s = loader->load(loader->context, &q, f->out);
        header_list_release(&headers);
        if (s != STATUS_OK)
            f->out->type = RESPONSE_ERROR;
    }
    free(url);
    if (s != STATUS_OK)
        return s;
    char *why = f->tainting == RESPONSE_CORS ? cors_check(f, f->out) : NULL;
    if (why)
        s = network_error(f, STATUS_STATE, "%s", why);
    else if (!policy_allows(f, f->out))
        s = network_error(f, STATUS_STATE,
                          "its Cross-Origin-Resource-Policy does not allow %s to use it",
                          f->origin);
    free(why);
    if (s == STATUS_OK && is_redirect(f->out->status))
        location = resource_header(f->out, "Location");
    if (location && f->request->redirect == REDIRECT_ERROR)
        s = network_error(f, STATUS_STATE, "it redirects to %s, and the request forbids that",
                          location);
    else if (location && f->request->redirect == REDIRECT_MANUAL)
        f->tainting = RESPONSE_OPAQUE_REDIRECT;
    else if (location)
        s = follow_redirect(f, location);
    free(location);
    if (s == STATUS_OK && !strcmp(f->method, "HEAD")) {
        f->out->length = 0;
        f->out->bytes[0] = 0;
    }
    return s;
}

/* ---- main fetch ---- */

static status scheme_fetch(struct fetching *f)
{
    const char *scheme = buffer_text(&f->url.scheme);
    if (!strcmp(scheme, "data"))
        return fetch_data(f);
    if (!strcmp(scheme, "blob"))
        return fetch_blob(f);
    if (is_http(&f->url))
        return http_fetch(f);
    if (!strcmp(scheme, "about") && !strcmp(buffer_text(&f->url.path), "blank")) {
        buffer nothing = {0};
        set_body(f->out, &nothing);
        header_list_append(&f->out->headers, "Content-Type", "text/html;charset=utf-8");
        return STATUS_OK;
    }
    return network_error(f, STATUS_NOT_FOUND, "nothing is fetched by the scheme \"%s\"", scheme);
}

static status main_fetch(struct fetching *f)
{
    const struct request *q = f->request;
    const char *scheme = buffer_text(&f->url.scheme);
    /* Who knows a blob: URL of an opaque origin has it from that very origin. */
    bool blob = !strcmp(scheme, "blob") && !strcmp(f->url_origin, f->origin);
    bool own = (blob || same_origin(f->url_origin, f->origin)) && f->tainting == RESPONSE_BASIC;
    if (own || !strcmp(scheme, "data") || q->mode == MODE_NAVIGATE)
        return scheme_fetch(f);
    if (q->mode == MODE_SAME_ORIGIN)
        return network_error(f, STATUS_STATE, "it is not of the same origin as %s", f->origin);
    if (q->mode == MODE_NO_CORS) {
        if (q->redirect != REDIRECT_FOLLOW)
            return network_error(f, STATUS_STATE, "the mode no-cors follows redirects only");
        f->tainting = RESPONSE_OPAQUE;
        return scheme_fetch(f);
    }
    if (!is_http(&f->url))
        return network_error(f, STATUS_STATE, "another origin is asked by http(s) only");
    f->tainting = RESPONSE_CORS;
    return scheme_fetch(f);
}

/* Fetch "should be blocked due to nosniff". */
static bool is_sniffed(const struct fetching *f)
{
    if (f->request->use != USE_SCRIPT)
        return false;
    char *options = resource_header(f->out, "X-Content-Type-Options"),
         *type = resource_header(f->out, "Content-Type");
    bool blocked = options && !strcasecmp(options, "nosniff") && !mime_type_is_javascript(type);
    free(options);
    free(type);
    return blocked;
}

status resource_request(struct world *w, const struct request *q, struct resource *out)
{
    *out = (struct resource){0};
    struct fetching f = {.world = w,
                         .request = q,
                         .out = out,
                         .method = q->method ? q->method : "GET",
                         .tainting = RESPONSE_BASIC};
    struct url u;
    if (!url_parse(q->url, strlen(q->url), NULL, &u))
        return network_error(&f, STATUS_NOT_FOUND, "it is no URL");
    url_init(&f.url);
    set_url(&f, &u);
    f.origin = strdup(q->origin ? q->origin : f.url_origin);
    hd_assert(f.origin);
    status s = main_fetch(&f);
    if (s == STATUS_OK && is_sniffed(&f))
        s = network_error(&f, STATUS_STATE,
                          "it is no script, and its X-Content-Type-Options is nosniff");
    out->delay_ns += f.delay_ns;
    if (s == STATUS_OK) {
        out->url = serialized(&f.url, false);
        out->type = f.tainting;
        out->redirected = f.redirects > 0;
        out->with_credentials = with_credentials(&f);
    }
    url_release(&f.url);
    free(f.url_origin);
    free(f.origin);
    return s;
}
