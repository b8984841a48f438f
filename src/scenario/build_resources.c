/* `origins` and `resources`: the virtual network that a scenario declares. */
#include "scenario/build.h"

#include "base/spelling.h"
#include "scenario/format.h"
#include "web/base64.h"
#include "web/header_list.h"
#include "web/mime_type.h"
#include "web/resource.h"
#include "web/url.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define ERROR_AT(b, node, ...)                                                                     \
    load_error_add((b)->errors, (b)->plan->file, (node)->line, (node)->column, __VA_ARGS__)

static bool flag_of(const yaml_node *node)
{
    return strcmp(node->text, "true") == 0;
}

/* ---- origins ---- */

static bool is_scheme(const char *name)
{
    static const char *const schemes[] = {"http", "https", "data", "blob",      "about",
                                          "file", "ws",    "wss",  "javascript"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strcasecmp(schemes[i], name) == 0)
            return true;
    return false;
}

static bool is_name(const char *text)
{
    size_t letters =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return letters > 0 && text[letters] == '\0' && !is_scheme(text);
}

/* The serialized origin that a text names, or NULL: a URL that has more than an origin is none. */
static const char *read_origin(builder *b, const char *text)
{
    struct url u;
    const char *origin = NULL;
    if (!url_parse(text, strlen(text), NULL, &u))
        return NULL;
    bool http =
        strcmp(buffer_text(&u.scheme), "https") == 0 || strcmp(buffer_text(&u.scheme), "http") == 0;
    if (http && strcmp(buffer_text(&u.path), "/") == 0 && !u.has_query && !u.has_fragment &&
        u.username.length == 0) {
        buffer serialized = {0};
        url_serialize_origin(&u, &serialized);
        origin = region_text(b->memory, buffer_text(&serialized));
        buffer_release(&serialized);
    }
    url_release(&u);
    return origin;
}

static void build_origin(builder *b, const yaml_node *key, const yaml_node *value)
{
    plan *p = b->plan;
    bool map = value->shape == YAML_MAP;
    const yaml_node *url = map ? yaml_tree_find(value, "url") : value,
                    *secure = map ? yaml_tree_find(value, "secure") : NULL;
    const char *name = build_text(b, key), *text = build_text(b, url),
               *origin = read_origin(b, text);
    if (!is_name(name))
        ERROR_AT(
            b, key,
            "expected a name of letters, digits, - and _ that is no scheme of URLs, found \"%s\"",
            name);
    if (origin == NULL) {
        ERROR_AT(b, url,
                 "expected an origin such as https://app.example, without a path, found \"%s\"",
                 text);
        return;
    }
    for (size_t i = 0; i < p->origin_count; i++)
        if (strcmp(p->origins[i].origin, origin) == 0)
            ERROR_AT(b, url, "this is the origin \"%s\" of line %u again", p->origins[i].name,
                     p->origins[i].declared.line);
    p->origins[p->origin_count++] = (plan_origin){
        .name = name,
        .origin = origin,
        .secure = secure == NULL ? origin_text_is_trustworthy(origin) : flag_of(secure),
        .declared = build_position(b, key),
    };
}

void build_origins(builder *b, const yaml_node *origins, const yaml_node *public_suffixes)
{
    b->plan->public_suffixes = build_texts(b, public_suffixes);
    if (origins == NULL)
        return;
    b->plan->origins = region_allocate(b->memory, (origins->count + 1) * sizeof *b->plan->origins);
    for (size_t i = 0; i < origins->count; i++)
        build_origin(b, origins->pairs[i].key, origins->pairs[i].value);
}

/* ---- addresses ---- */

static const plan_origin *find_origin(const plan *p, const char *name)
{
    for (size_t i = 0; i < p->origin_count; i++)
        if (strcmp(p->origins[i].name, name) == 0)
            return &p->origins[i];
    return NULL;
}

static void add_unknown_origin(builder *b, const yaml_node *node, const char *name)
{
    const plan *p = b->plan;
    const char **names = region_allocate(b->memory, (p->origin_count + 1) * sizeof *names);
    for (size_t i = 0; i < p->origin_count; i++)
        names[i] = p->origins[i].name;
    const char *near = spelling_nearest(name, names, p->origin_count);
    if (near != NULL)
        ERROR_AT(b, node, "no origin is named \"%s\"; did you mean \"%s\"?", name, near);
    else
        ERROR_AT(b, node,
                 "no origin is named \"%s\"; expected a path, a URL, or a name that stands under "
                 "\"origins\"",
                 name);
}

const char *build_address(builder *b, const yaml_node *node)
{
    const char *text = build_text(b, node), *base = SCENARIO_BASE_URL;
    size_t name_length = strcspn(text, ":/?#");
    char *name = region_copy(b->memory, text, name_length);
    const plan_origin *origin = find_origin(b->plan, name);
    if (text[name_length] == ':' && origin != NULL) {
        base = origin->origin;
        text += name_length + 1;
    } else if (text[name_length] == ':' && !is_scheme(name)) {
        add_unknown_origin(b, node, name);
        return NULL;
    }
    char *resolved = url_resolve(base, text);
    if (resolved == NULL)
        ERROR_AT(b, node,
                 "expected an address: a path, a URL, or name:/path with the name of an origin, "
                 "found \"%s\"",
                 node->text);
    const char *url = region_text(b->memory, resolved);
    free(resolved);
    return url;
}

/* ---- headers ---- */

static const char *known_header(const char *name)
{
    static const char *const known[] = {"access-control-allow-credentials",
                                        "access-control-allow-headers",
                                        "access-control-allow-methods",
                                        "access-control-allow-origin",
                                        "access-control-expose-headers",
                                        "cache-control",
                                        "content-disposition",
                                        "content-language",
                                        "content-length",
                                        "content-security-policy",
                                        "content-type",
                                        "cross-origin-embedder-policy",
                                        "cross-origin-opener-policy",
                                        "cross-origin-resource-policy",
                                        "date",
                                        "etag",
                                        "expires",
                                        "last-modified",
                                        "location",
                                        "origin-agent-cluster",
                                        "permissions-policy",
                                        "referrer-policy",
                                        "service-worker-allowed",
                                        "set-cookie",
                                        "vary",
                                        "x-content-type-options"};
    char lower[64];
    size_t length = strlen(name);
    if (length >= sizeof lower)
        return NULL;
    for (size_t i = 0; i <= length; i++)
        lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 32 : name[i]);
    return spelling_nearest(lower, known, sizeof known / sizeof *known);
}

static void check_header_name(builder *b, const yaml_node *key)
{
    const char *near = known_header(key->text);
    if (!header_name_is_valid(key->text))
        ERROR_AT(b, key, "expected the name of a header, found \"%s\"", key->text);
    else if (near != NULL && strcasecmp(near, key->text) != 0)
        ERROR_AT(b, key, "unknown header \"%s\"; did you mean \"%s\"?", key->text, near);
}

/* What decides about clusters. Browsers take a value that they do not know for none at all, and say
 * nothing. */
static const struct {
    const char *name, *values[5];
} policy_headers[] = {
    {"cross-origin-embedder-policy", {"unsafe-none", "require-corp", "credentialless"}},
    {"cross-origin-opener-policy",
     {"unsafe-none", "same-origin-allow-popups", "same-origin", "noopener-allow-popups"}},
    {"cross-origin-resource-policy", {"same-origin", "same-site", "cross-origin"}},
};

static void check_header_value(builder *b, const yaml_node *key, const yaml_node *item)
{
    for (size_t i = 0; i < sizeof policy_headers / sizeof *policy_headers; i++) {
        const char *const *values = policy_headers[i].values;
        size_t count = 0;
        while (values[count] != NULL)
            count++;
        if (strcasecmp(policy_headers[i].name, key->text) != 0)
            continue;
        const char *near = spelling_nearest(item->text, values, count);
        if (near != NULL && strcmp(near, item->text) != 0)
            ERROR_AT(b, item, "\"%s\" is no value of %s; did you mean \"%s\"?", item->text,
                     key->text, near);
    }
}

static bool values_are_texts(builder *b, const yaml_node *key, const yaml_node *value)
{
    size_t count = value->shape == YAML_LIST ? value->count : 1;
    for (size_t i = 0; i < count; i++) {
        const yaml_node *item = value->shape == YAML_LIST ? value->items[i] : value;
        const char *text = build_text(b, item);
        if (!header_value_is_valid(text, strlen(text))) {
            ERROR_AT(b, item, "expected the value of a header: one line without spaces around it");
            return false;
        }
        check_header_value(b, key, item);
    }
    return true;
}

/* `common` first; a header that the answer has itself replaces it. */
static void build_headers(builder *b, plan_answer *a, const plan_answer *common,
                          const yaml_node *node)
{
    size_t most = common->header_count, count = 0;
    for (size_t i = 0; node != NULL && i < node->count; i++)
        most += node->pairs[i].value->shape == YAML_LIST ? node->pairs[i].value->count : 1;
    plan_header *headers = region_allocate(b->memory, (most + 1) * sizeof *headers);
    for (size_t i = 0; i < common->header_count; i++) {
        bool replaced = false;
        for (size_t k = 0; node != NULL && k < node->count; k++)
            replaced =
                replaced || strcasecmp(node->pairs[k].key->text, common->headers[i].name) == 0;
        if (!replaced)
            headers[count++] = common->headers[i];
    }
    for (size_t i = 0; node != NULL && i < node->count; i++) {
        const yaml_node *key = node->pairs[i].key, *value = node->pairs[i].value;
        check_header_name(b, key);
        if (!values_are_texts(b, key, value))
            continue;
        text_list values = build_texts(b, value);
        for (size_t k = 0; k < values.count; k++)
            headers[count++] = (plan_header){build_text(b, key), values.items[k]};
    }
    a->headers = headers;
    a->header_count = count;
}

/* ---- bodies ---- */

static const char *const body_kinds[] = {"html", "script", "body", "json", "base64", "from"};
#define BODY_KINDS (sizeof body_kinds / sizeof *body_kinds)

/* The body of an answer; NULL when it has none. */
static const yaml_node *find_body(const yaml_node *node, const char **kind)
{
    for (size_t i = 0; i < BODY_KINDS; i++) {
        const yaml_node *body = yaml_tree_find(node, *kind = body_kinds[i]);
        if (body != NULL)
            return body;
    }
    return NULL;
}

static void check_one_body(builder *b, const yaml_node *node, const yaml_node *found,
                           const char *kind)
{
    for (size_t i = 0; i < BODY_KINDS; i++) {
        const yaml_node *body = yaml_tree_find(node, body_kinds[i]);
        if (body != NULL && body != found)
            ERROR_AT(b, body, "an answer has one body: \"%s\" or \"%s\"", kind, body_kinds[i]);
    }
}

static void build_text_body(builder *b, plan_answer *a, const yaml_node *node)
{
    a->bytes = region_copy(b->memory, node->text, node->length);
    a->length = node->length;
}

static void build_json(builder *b, plan_answer *a, const yaml_node *node)
{
    cJSON *tree = cJSON_ParseWithOpts(node->text, NULL, 1);
    if (tree == NULL)
        ERROR_AT(b, node, "expected JSON, such as '{\"n\": 1}', found something else");
    cJSON_Delete(tree);
    build_text_body(b, a, node);
}

static void build_base64(builder *b, plan_answer *a, const yaml_node *node)
{
    buffer bytes = {0};
    if (!base64_decode(node->text, node->length, &bytes))
        ERROR_AT(b, node, "expected base64");
    a->bytes = region_copy(b->memory, buffer_text(&bytes), bytes.length);
    a->length = bytes.length;
    buffer_release(&bytes);
}

static bool is_code(const char *type)
{
    return mime_type_is_javascript(type) || (type != NULL && strncmp(type, "text/html", 9) == 0);
}

static void build_from(builder *b, plan_answer *a, const char *url, const yaml_node *node)
{
    a->type = mime_type_of_path(node->text);
    if (is_code(a->type)) {
        a->script = build_script_from_disk(b, url, node);
        return;
    }
    const char *path = build_path(b, node);
    status s = build_read_file(b->memory, path, &a->bytes, &a->length);
    if (s != STATUS_OK)
        ERROR_AT(b, node, "the file \"%s\" %s", path,
                 s == STATUS_NOT_FOUND ? "does not exist" : "cannot be read");
}

static void build_body(builder *b, plan_answer *a, const char *url, const char *kind,
                       const yaml_node *node)
{
    if (strcmp(kind, "html") == 0 || strcmp(kind, "script") == 0) {
        a->type = kind[0] == 'h' ? "text/html;charset=utf-8" : "text/javascript";
        a->script = build_script(b, url, node);
    } else if (strcmp(kind, "from") == 0) {
        build_from(b, a, url, node);
    } else if (strcmp(kind, "base64") == 0) {
        a->type = "application/octet-stream";
        build_base64(b, a, node);
    } else if (strcmp(kind, "json") == 0) {
        a->type = "application/json";
        build_json(b, a, node);
    } else {
        a->type = "text/plain;charset=UTF-8";
        build_text_body(b, a, node);
    }
}

/* ---- answers ---- */

static bool is_redirect(uint64_t code)
{
    return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

static void build_redirect(builder *b, plan_answer *a, const yaml_node *to, const yaml_node *code,
                           const yaml_node *body)
{
    const char *location = build_address(b, to);
    a->status = (unsigned)build_number(code, 302);
    if (!is_redirect(a->status))
        ERROR_AT(b, code, "expected 301, 302, 303, 307 or 308 for a redirect, found %s",
                 code->text);
    if (body != NULL)
        ERROR_AT(b, body, "a redirect has no body");
    if (location == NULL)
        return;
    plan_header *headers = region_allocate(b->memory, (a->header_count + 1) * sizeof *headers);
    for (size_t i = 0; i < a->header_count; i++)
        headers[i] = a->headers[i];
    headers[a->header_count++] = (plan_header){"Location", location};
    a->headers = headers;
}

static plan_answer build_answer(builder *b, const char *url, const yaml_node *node,
                                const plan_answer *common)
{
    plan_answer a = {
        .bytes = "", .status = common->status, .type = common->type, .delay_ms = common->delay_ms};
    const char *kind = NULL;
    const yaml_node *body = find_body(node, &kind), *type = yaml_tree_find(node, "type");
    const yaml_node *code = yaml_tree_find(node, "status"), *fail = yaml_tree_find(node, "fail");
    const yaml_node *redirect = yaml_tree_find(node, "redirect");
    check_one_body(b, node, body, kind);
    if (body != NULL)
        build_body(b, &a, url, kind, body);
    if (type != NULL)
        a.type = build_text(b, type);
    a.status = (unsigned)build_number(code, a.status);
    a.delay_ms = build_number(yaml_tree_find(node, "delay_ms"), a.delay_ms);
    build_headers(b, &a, common, yaml_tree_find(node, "headers"));
    if (redirect != NULL)
        build_redirect(b, &a, redirect, code, body);
    a.fails = fail != NULL;
    if (fail != NULL && (body != NULL || redirect != NULL || code != NULL))
        ERROR_AT(b, fail, "what fails with a network error has no body, status or redirect");
    return a;
}

static void build_versions(builder *b, plan_resource *r, const yaml_node *node,
                           const plan_answer *common)
{
    r->versions = region_allocate(b->memory, node->count * sizeof *r->versions);
    for (size_t i = 0; i < node->count; i++) {
        const char *url =
            i == 0 ? r->url : region_format(b->memory, "%s#version-%zu", r->url, i + 1);
        r->versions[r->version_count++] = build_answer(b, url, node->items[i], common);
    }
}

static void build_folder(builder *b, plan_resource *r, const yaml_node *node)
{
    const char *path = build_path(b, node);
    struct stat about;
    if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
        ERROR_AT(b, node, "the folder \"%s\" does not exist", path);
    if (r->url[strlen(r->url) - 1] != '/')
        ERROR_AT(b, node, "a folder is served below an address that ends with /, not at %s",
                 r->url);
    r->folder = path;
}

/* What may not stand beside what. */
static void check_parts(builder *b, const yaml_node *node)
{
    const yaml_node *versions = yaml_tree_find(node, "versions"),
                    *folder = yaml_tree_find(node, "folder");
    const char *kind = NULL;
    const yaml_node *body = find_body(node, &kind);
    if (versions != NULL && body != NULL)
        ERROR_AT(b, body, "the body stands in each of \"versions\", not beside them");
    if (folder != NULL && (body != NULL || versions != NULL))
        ERROR_AT(b, folder, "a folder has neither a body nor versions");
}

static void build_resource(builder *b, plan_resource *r, const yaml_node *value)
{
    static const plan_answer plain = {.status = 200};
    if (value->shape == YAML_SCALAR) { /* the short form: a text whose type is its name's */
        plan_answer a = {.status = 200, .type = mime_type_of_path(r->url)};
        if (is_code(a.type))
            a.script = build_script(b, r->url, value);
        else
            build_text_body(b, &a, value);
        if (a.type == NULL)
            a.type = "text/plain;charset=UTF-8";
        r->versions = region_allocate(b->memory, sizeof a);
        r->versions[r->version_count++] = a;
        return;
    }
    const yaml_node *versions = yaml_tree_find(value, "versions"),
                    *folder = yaml_tree_find(value, "folder");
    check_parts(b, value);
    plan_answer common = build_answer(b, r->url, value, &plain);
    r->methods = build_texts(b, yaml_tree_find(value, "methods"));
    if (folder != NULL)
        build_folder(b, r, folder);
    if (versions != NULL) {
        build_versions(b, r, versions, &common);
    } else {
        r->versions = region_allocate(b->memory, sizeof common);
        r->versions[r->version_count++] = common;
    }
}

void build_resources(builder *b, const yaml_node *node)
{
    plan *p = b->plan;
    if (node == NULL)
        return;
    p->resources = region_allocate(b->memory, (node->count + 1) * sizeof *p->resources);
    for (size_t i = 0; i < node->count; i++) {
        const yaml_node *key = node->pairs[i].key;
        const char *url = build_address(b, key);
        if (url == NULL)
            continue;
        if (strncmp(url, "http", 4) != 0 || strchr(url, '#') != NULL) {
            ERROR_AT(b, key, "expected an http(s) address without a fragment, found \"%s\"",
                     key->text);
            continue;
        }
        for (size_t k = 0; k < p->resource_count; k++)
            if (strcmp(p->resources[k].url, url) == 0)
                ERROR_AT(b, key, "%s is declared in line %u already", url,
                         p->resources[k].declared.line);
        const plan_file *file = plan_find_file(p, url);
        if (file != NULL && strcmp(file->script->url, url) == 0)
            ERROR_AT(b, key, "%s is declared under \"files\" already", url);
        plan_resource *r = &p->resources[p->resource_count++];
        r->url = url;
        r->declared = build_position(b, key);
        build_resource(b, r, node->pairs[i].value);
    }
}
