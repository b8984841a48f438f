#include "scenario/network.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/spelling.h"
#include "scenario/files.h"
#include "web/mime_type.h"
#include "web/url.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct network {
    const plan *plan;
    struct declared_origin *origins;
    _Atomic uint64_t fetches[]; /* per resource: relaxed, each fetch takes one number */
};

struct network *network_create(const plan *p)
{
    struct network *n = calloc(1, sizeof *n + p->resource_count * sizeof n->fetches[0]);
    hd_assert(n);
    n->plan = p;
    n->origins = calloc(p->origin_count + 1, sizeof *n->origins);
    hd_assert(n->origins);
    for (size_t i = 0; i < p->origin_count; i++)
        n->origins[i] = (struct declared_origin){p->origins[i].origin, p->origins[i].secure};
    return n;
}

void network_free(struct network *n)
{
    free(n->origins);
    free(n);
}

const struct declared_origin *network_origins(const struct network *n)
{
    return n->origins;
}

/* ---- answers ---- */

static void set_body(struct resource *out, const char *bytes, size_t length)
{
    out->bytes = malloc(length + 1);
    hd_assert(out->bytes);
    if (length)
        memcpy(out->bytes, bytes, length);
    out->bytes[out->length = length] = 0;
}

static void set_headers(struct resource *out, const plan_answer *a, const char *type)
{
    for (size_t i = 0; i < a->header_count; i++)
        header_list_append(&out->headers, a->headers[i].name, a->headers[i].value);
    if (type && !header_list_has(&out->headers, "Content-Type"))
        header_list_append(&out->headers, "Content-Type", type);
}

static bool knows_method(const plan_resource *r, const char *method)
{
    bool known = r->methods.count == 0;
    for (size_t i = 0; i < r->methods.count; i++)
        known = known || !strcmp(r->methods.items[i], method);
    return known;
}

static const plan_answer *next_version(struct network *n, const plan_resource *r, bool preflight)
{
    _Atomic uint64_t *fetches = &n->fetches[r - n->plan->resources];
    uint64_t i = preflight ? atomic_load_explicit(fetches, memory_order_relaxed)
                           : atomic_fetch_add_explicit(fetches, 1, memory_order_relaxed);
    return &r->versions[i < r->version_count ? i : r->version_count - 1];
}

/* The path of a file below the folder, percent-decoded; malloc'd, NULL for one that would lead out
 * of it. */
static char *path_below(const plan_resource *r, const char *url)
{
    const char *rest = url + strlen(r->url);
    buffer name = {0}, path = {0};
    percent_decode(rest, strcspn(rest, "?#"), &name);
    buffer_format(&path, "%s/%s", r->folder, buffer_text(&name));
    bool leads_out = strstr(path.text + strlen(r->folder), "/../") != NULL;
    buffer_release(&name);
    if (leads_out)
        buffer_release(&path);
    return path.text;
}

static status answer_from_folder(const plan_resource *r, const plan_answer *a, const char *url,
                                 struct resource *out)
{
    char *path = path_below(r, url);
    status s = path ? files_read(path, &out->bytes, &out->length) : STATUS_NOT_FOUND;
    if (s == STATUS_NOT_FOUND &&
        asprintf(&out->error, "the folder %s has no such file", r->folder) < 0)
        out->error = NULL;
    if (s == STATUS_OK) {
        out->status = a->status;
        set_headers(out, a, a->type ? a->type : mime_type_of_path(path));
    }
    free(path);
    return s;
}

static status answer(struct network *n, const plan_resource *r, const char *url, const char *method,
                     bool preflight, struct resource *out)
{
    const plan_answer *a = next_version(n, r, preflight);
    out->delay_ns = (int64_t)a->delay_ms * 1000000;
    if (a->fails) {
        out->error = strdup("it is declared to fail");
        return STATUS_IO;
    }
    if (!preflight && !knows_method(r, method)) {
        out->status = 405;
        set_body(out, "", 0);
        return STATUS_OK;
    }
    if (r->folder && !preflight)
        return answer_from_folder(r, a, url, out);
    out->status = a->status;
    set_body(out, a->script ? a->script->text : a->bytes,
             a->script ? a->script->length : a->length);
    set_headers(out, a, a->type);
    return STATUS_OK;
}

/* A program without declared origins is sent with the headers that isolate it (its files at least,
 * and what lies beside it). */
static status answer_from_files(const plan *p, const char *url, struct resource *out)
{
    status s = files_load(p, url, &out->bytes, &out->length);
    if (s != STATUS_OK)
        return s;
    const char *type = mime_type_of_path(url);
    out->status = 200;
    header_list_append(&out->headers, "Content-Type", type ? type : "text/javascript");
    header_list_append(&out->headers, "Cross-Origin-Opener-Policy", "same-origin");
    header_list_append(&out->headers, "Cross-Origin-Embedder-Policy", "require-corp");
    return STATUS_OK;
}

/* ---- nothing there ---- */

/* The length of the part before the path. */
static size_t origin_length(const char *url)
{
    const char *host = strstr(url, "://");
    return host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/") : 0;
}

/* Another path of the origin that is spelled nearly so, or the same path elsewhere. */
static bool is_near(const char *url, const char *known)
{
    size_t distance, own = origin_length(url), other = origin_length(known);
    if (own == other && !strncmp(url, known, own))
        return spelling_is_near(url + own, known + own, &distance);
    return !strcmp(url + own, known + other);
}

static void add_known(buffer *text, const char *url, size_t *count)
{
    buffer_format(text, "%s%s", (*count)++ ? ", " : "", url);
}

/* What a person may have meant: near addresses, else all there are of that origin while they are
 * few. */
static char *nothing_there(const plan *p, const char *url)
{
    buffer text = {0}, near = {0};
    size_t count = 0;
    for (size_t i = 0; i < p->resource_count; i++)
        if (is_near(url, p->resources[i].url))
            add_known(&near, p->resources[i].url, &count);
    for (size_t i = 0; i < p->file_count; i++)
        if (is_near(url, p->files[i].script->url))
            add_known(&near, p->files[i].script->url, &count);
    buffer_add(&text, "nothing is declared there");
    if (count) {
        buffer_format(&text, "; near it: %s", buffer_text(&near));
    } else if (p->resource_count + p->file_count == 0) {
        buffer_add(&text, ", and the scenario declares no resources");
    } else if (p->resource_count + p->file_count <= 8) {
        for (size_t i = 0; i < p->resource_count; i++)
            add_known(&near, p->resources[i].url, &count);
        for (size_t i = 0; i < p->file_count; i++)
            add_known(&near, p->files[i].script->url, &count);
        buffer_format(&text, "; declared: %s", buffer_text(&near));
    }
    buffer_release(&near);
    return text.text; /* the buffer's memory is the C library's */
}

static status load(void *context, const struct network_request *q, struct resource *out)
{
    struct network *n = context;
    const plan_resource *r = plan_find_resource(n->plan, q->url);
    if (r)
        return answer(n, r, q->url, q->method, q->preflight, out);
    status s = answer_from_files(n->plan, q->url, out);
    if (s == STATUS_NOT_FOUND)
        out->error = nothing_there(n->plan, q->url);
    return s;
}

/* ---- packages ---- */

static char *find_package(void *context, const char *referrer, const char *specifier)
{
    return files_find_package(((struct network *)context)->plan, referrer, specifier);
}

static char *find_required(void *context, const char *referrer, const char *specifier)
{
    return files_find_required(((struct network *)context)->plan, referrer, specifier);
}

static bool is_commonjs(void *context, const char *url, const struct resource *resource)
{
    return files_is_commonjs(((struct network *)context)->plan, url, resource);
}

struct resource_loader network_loader(struct network *n)
{
    return (struct resource_loader){load, find_package, n, find_required, is_commonjs};
}
