/* How agents ask the network: synchronously, or with an answer that comes as a task. What is
 * answered: web/fetching.c. */
#include "web/resource.h"

#include "agent/pause.h"
#include "agent/world.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "base/console_level.h"
#include "web/decode.h"
#include "web/mime_type.h"
#include "web/service_worker_fetch.h"
#include "web/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void resource_release(struct resource *r)
{
    free(r->bytes);
    free(r->url);
    free(r->status_text);
    free(r->error);
    header_list_release(&r->headers);
    *r = (struct resource){0};
}

static char *copy_text(const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    hd_assert(copy || !text);
    return copy;
}

void resource_copy(struct resource *to, const struct resource *from)
{
    *to = *from;
    to->bytes = malloc(from->length + 1);
    hd_assert(to->bytes);
    if (from->length)
        memcpy(to->bytes, from->bytes, from->length);
    to->bytes[from->length] = 0;
    to->url = copy_text(from->url);
    to->status_text = copy_text(from->status_text);
    to->error = copy_text(from->error);
    to->headers = (struct header_list){0};
    header_list_copy(&to->headers, &from->headers);
}

char *resource_header(const struct resource *r, const char *name)
{
    buffer value = {0};
    if (!header_list_get(&r->headers, name, &value))
        return NULL;
    buffer_add(&value, "");
    return value.text; /* the buffer's memory is the C library's */
}

bool resource_is_ok(const struct resource *r)
{
    return r->status >= 200 && r->status <= 299;
}

bool resource_shows_header(const struct resource *r, const char *name)
{
    if (r->filtered)
        return true;
    if (header_is_forbidden_for_responses(name) || r->type == RESPONSE_OPAQUE ||
        r->type == RESPONSE_OPAQUE_REDIRECT)
        return false;
    if (r->type != RESPONSE_CORS || header_is_cors_safelisted_for_responses(name))
        return true;
    char *exposed = resource_header(r, "Access-Control-Expose-Headers");
    bool shown = header_tokens_contain(exposed, name) ||
                 (!r->with_credentials && header_tokens_contain(exposed, "*"));
    free(exposed);
    return shown;
}

/* ---- what a service worker answers ---- */

#define MOST_REDIRECTS 20

/* A copy of a request, for as long as somebody thinks about it. */
struct kept_request {
    struct request q;
    struct header_list headers;
    unsigned redirects;
};

static void kept_free(struct kept_request *k)
{
    if (!k)
        return;
    free((char *)k->q.url);
    free((char *)k->q.method);
    free((char *)k->q.origin);
    free((char *)k->q.storage_key);
    free((char *)k->q.client_id);
    free((char *)k->q.body);
    header_list_release(&k->headers);
    free(k);
}

static struct kept_request *keep(const struct request *q)
{
    struct kept_request *k = calloc(1, sizeof *k);
    hd_assert(k);
    k->q = *q;
    k->q.url = copy_text(q->url);
    k->q.method = copy_text(q->method);
    k->q.origin = copy_text(q->origin);
    k->q.storage_key = copy_text(q->storage_key);
    k->q.client_id = copy_text(q->client_id);
    if (q->body) {
        char *body = malloc(q->body_length + 1);
        hd_assert(body);
        memcpy(body, q->body, q->body_length);
        k->q.body = body;
    }
    if (q->headers)
        header_list_copy(&k->headers, q->headers);
    k->q.headers = q->headers ? &k->headers : NULL;
    return k;
}

static void fail(struct resource *r, const char *why)
{
    resource_release(r);
    r->type = RESPONSE_ERROR;
    r->error = copy_text(why);
}

/* Fetch "HTTP fetch", behind the service worker: what becomes of a redirect that it answered with.
 * True when the new URL is to be asked. */
static bool goes_on(struct kept_request *k, status *s, struct resource *r)
{
    bool redirect = *s == STATUS_OK && (r->status == 301 || r->status == 302 || r->status == 303 ||
                                        r->status == 307 || r->status == 308);
    char *location = redirect ? resource_header(r, "Location") : NULL,
         *next = location ? url_resolve(k->q.url, location) : NULL;
    bool follows = next && k->q.redirect == REDIRECT_FOLLOW && k->redirects++ < MOST_REDIRECTS;
    if (follows) {
        free((char *)k->q.url);
        k->q.url = next;
        next = NULL;
        resource_release(r);
    } else if (location && k->q.redirect != REDIRECT_MANUAL) {
        fail(r, k->q.redirect == REDIRECT_ERROR
                    ? "the service worker redirects it, and the request forbids that"
                    : "the service worker redirects it more than 20 times, or to no URL");
        *s = STATUS_STATE;
    } else if (location) {
        r->type = RESPONSE_OPAQUE_REDIRECT;
    }
    if (follows && strncmp(k->q.url, "http", 4)) {
        fail(r, "the service worker redirects it to a URL that is not http(s)");
        *s = STATUS_STATE;
        follows = false;
    }
    free(location);
    free(next);
    return follows;
}

bool resource_handled(struct agent *a, const struct request *q, status *s, struct resource *out)
{
    if (!q->client && !q->reserved)
        return false;
    struct kept_request *k = keep(q);
    bool handled, again = false;
    do {
        handled = service_worker_ask(a, &k->q, s, out);
        if (!handled && again) {
            *s = resource_request(a->world, &k->q, out);
            handled = true;
            again = false;
        } else {
            again = handled && goes_on(k, s, out);
        }
    } while (again);
    if (handled && *s == STATUS_OK && k->redirects)
        out->redirected = true;
    kept_free(k);
    return handled;
}

/* ---- synchronously ---- */

status resource_load(struct agent *a, const struct request *q, struct resource *out)
{
    status s;
    if (!resource_handled(a, q, &s, out))
        s = resource_request(a->world, q, out);
    if (out->delay_ns > 0 && !agent_pause(a, out->delay_ns)) {
        resource_release(out);
        return STATUS_STATE;
    }
    return s;
}

static bool starts(const char *text, const char *beginning)
{
    return text && !strncasecmp(text, beginning, strlen(beginning));
}

/* Fetch "should be blocked due to its MIME type", HTML "fetch a classic worker script" and its
 * neighbours. */
static bool has_type_of_script(const struct resource *r, enum script_kind kind, const char *type)
{
    switch (kind) {
    case SCRIPT_OF_DOCUMENT:
        return !starts(type, "audio/") && !starts(type, "image/") && !starts(type, "video/") &&
               !starts(type, "text/csv");
    case SCRIPT_OF_WORKER:
        return mime_type_is_javascript(type) || !starts(r->url, "http");
    default:
        return mime_type_is_javascript(type);
    }
}

static status refuse(struct resource *r, const char *format, const char *what)
{
    char *why = NULL;
    if (asprintf(&why, format, what) < 0)
        why = NULL;
    resource_release(r);
    r->error = why;
    return STATUS_STATE;
}

static bool is_ascii(const char *bytes, size_t length)
{
    unsigned char all = 0;
    for (size_t i = 0; i < length; i++)
        all |= (unsigned char)bytes[i];
    return all < 0x80;
}

/* The text of a script: documents go by what the server says, all others are UTF-8; a byte order
 * mark counts before either, and what is not well-formed becomes U+FFFD. */
static void decode_script(struct resource *r, enum script_kind kind, const char *type)
{
    struct mime_type t = {0};
    struct decoder d = {.encoding = ENCODING_COUNT};
    buffer text = {0};
    if (kind == SCRIPT_OF_DOCUMENT && type && mime_type_parse(type, strlen(type), &t))
        d.encoding = encoding_of_label(buffer_text(&t.charset), t.charset.length);
    mime_type_release(&t);
    if (kind == SCRIPT_OF_DOCUMENT && r->length >= 2 && !memcmp(r->bytes, "\xff\xfe", 2))
        d.encoding = ENCODING_UTF_16LE;
    else if (kind == SCRIPT_OF_DOCUMENT && r->length >= 2 && !memcmp(r->bytes, "\xfe\xff", 2))
        d.encoding = ENCODING_UTF_16BE;
    else if (d.encoding == ENCODING_COUNT)
        d.encoding = ENCODING_UTF_8;
    bool wide = d.encoding == ENCODING_UTF_16LE || d.encoding == ENCODING_UTF_16BE;
    if (!wide && is_ascii(r->bytes, r->length))
        return;
    decoder_feed(&d, (const uint8_t *)r->bytes, r->length, &text);
    decoder_end(&d, &text);
    buffer_add(&text, "");
    free(r->bytes);
    r->bytes = text.text; /* the buffer's memory is the C library's */
    r->length = text.length;
}

status script_load(struct agent *a, const struct request *q, enum script_kind kind,
                   struct resource *out)
{
    status s = resource_load(a, q, out);
    return s == STATUS_OK ? script_check(kind, out) : s;
}

status script_check(enum script_kind kind, struct resource *out)
{
    status s = STATUS_OK;
    char *type = resource_header(out, "Content-Type"), code[16];
    snprintf(code, sizeof code, "%u", out->status);
    if (!resource_is_ok(out))
        s = refuse(out, "the answer has the status %s", code);
    else if (!has_type_of_script(out, kind, type))
        s = refuse(out, "%s is not the type of a script",
                   type ? type : "an answer without Content-Type");
    if (s == STATUS_OK)
        decode_script(out, kind, type);
    free(type);
    return s;
}

/* ---- as a task ---- */

struct resource_fetch {
    struct timer timer;
    struct task task;
    struct agent *agent;
    struct activity *activity;     /* of the document that asks; counted, or NULL */
    struct kept_request *request;  /* while a service worker may answer it */
    struct handled_fetch *handled; /* counted: the same */
    bool dropped;                  /* the agent ends: nothing will come any more */
    bool queued, cancelled;        /* the task is in the loop's queue; nobody wants it any more */
    status status;
    struct resource resource;
    void (*done)(void *context, status s, struct resource *r);
    void (*drop)(void *context);
    void *context;
};

static void fetch_free(struct resource_fetch *f)
{
    resource_release(&f->resource);
    activity_unref(f->activity);
    kept_free(f->request);
    if (f->handled)
        handled_fetch_forget(f->handled);
    free(f);
}

static void fetch_answer(struct task *t, struct agent *a)
{
    struct resource_fetch *f = caa_container_of(t, struct resource_fetch, task);
    (void)a;
    if (f->request && f->request->redirects && f->status == STATUS_OK)
        f->resource.redirected = true;
    if (!f->cancelled)
        f->done(f->context, f->status, &f->resource);
    fetch_free(f);
}

static void fetch_drop(struct resource_fetch *f)
{
    if (!f->cancelled && !f->drop) { /* whoever asked still knows it, and cancels it */
        f->dropped = true;
        return;
    }
    if (!f->cancelled)
        f->drop(f->context);
    fetch_free(f);
}

static void fetch_task_drop(struct task *t)
{
    fetch_drop(caa_container_of(t, struct resource_fetch, task));
}

static void timer_drop(struct timer *t)
{
    fetch_drop(caa_container_of(t, struct resource_fetch, timer));
}

/* The answer has come: from here on it is a task among others (R-EL-01). */
static void timer_fire(struct timer *t, struct agent *a)
{
    struct resource_fetch *f = caa_container_of(t, struct resource_fetch, timer);
    f->queued = true;
    f->task.activity = f->activity ? activity_ref(f->activity) : NULL;
    agent_queue(a, &f->task);
}

static void ask_network(struct resource_fetch *f, const struct request *q)
{
    f->status = resource_request(f->agent->world, q, &f->resource);
    if (f->resource.delay_ns > 0)
        timer_start(f->agent, &f->timer, f->resource.delay_ns);
    else
        timer_fire(&f->timer, f->agent);
}

static void worker_answered(void *holder, status s, struct resource *r);

static bool ask_worker(struct resource_fetch *f)
{
    f->handled = service_worker_offer(f->agent, &f->request->q, f, worker_answered);
    if (!f->handled)
        return false;
    timer_start(f->agent, &f->timer, CROWD_NEVER); /* never fires: it lets go when the agent ends */
    return true;
}

static void worker_answered(void *holder, status s, struct resource *r)
{
    struct resource_fetch *f = holder;
    timer_cancel(f->agent, &f->timer);
    handled_fetch_unref(f->handled);
    f->handled = NULL;
    if (s == STATUS_NOT_FOUND && !r->error) {
        ask_network(f, &f->request->q);
    } else if (goes_on(f->request, &s, r)) {
        if (!ask_worker(f))
            ask_network(f, &f->request->q);
    } else {
        f->status = s;
        f->resource = *r;
        *r = (struct resource){0};
        timer_fire(&f->timer, f->agent);
    }
}

struct resource_fetch *resource_fetch(struct agent *a, const struct request *q,
                                      void (*done)(void *context, status s, struct resource *r),
                                      void (*drop)(void *context), void *context)
{
    struct resource_fetch *f = calloc(1, sizeof *f);
    hd_assert(f);
    f->timer = (struct timer){.index = SIZE_MAX, .fire = timer_fire, .drop = timer_drop};
    f->task =
        (struct task){.run = fetch_answer, .drop = fetch_task_drop, .source = TASK_NETWORKING};
    f->agent = a;
    f->activity = q->activity ? activity_ref(q->activity) : NULL;
    f->done = done;
    f->drop = drop;
    f->context = context;
    f->request = q->client || q->reserved ? keep(q) : NULL;
    if (!f->request || !ask_worker(f))
        ask_network(f, q);
    return f;
}

void resource_fetch_cancel(struct resource_fetch *f)
{
    f->cancelled = true;
    if (f->queued && !f->dropped)
        return;
    if (!f->dropped)
        timer_cancel(f->agent, &f->timer);
    fetch_free(f);
}

/* ---- for people ---- */

void resource_warn(struct agent *a, const char *what, const char *url, status s,
                   const struct resource *r)
{
    if (s == STATUS_OK || s == STATUS_IO)
        return;
    buffer text = {0};
    buffer_format(&text, "%s of %s failed: %s", what, url, r->error ? r->error : status_text(s));
    struct notice n = {.kind = NOTICE_CONSOLE, .level = CONSOLE_WARN, .text = text.text};
    world_notice(a->world, a, &n);
    buffer_release(&text);
}

bool origin_text_is_trustworthy(const char *origin)
{
    static const char local[] = "localhost";
    if (!starts(origin, "http://"))
        return strcmp(origin, "null") != 0;
    const char *host = origin + strlen("http://");
    size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":"),
           tail = sizeof local - 1;
    bool named = length >= tail && !strncmp(host + length - tail, local, tail) &&
                 (length == tail || host[length - tail - 1] == '.');
    return named || !strncmp(host, "127.", 4) || !strncmp(host, "[::1]", 5);
}

bool origin_text_is_secure(const struct web *web, const char *origin)
{
    for (size_t i = 0; i < web->origin_count; i++)
        if (!strcmp(web->origins[i].origin, origin))
            return web->origins[i].secure;
    return origin_text_is_trustworthy(origin);
}
