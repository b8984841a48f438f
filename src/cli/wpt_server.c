#include "cli/wpt_server.h"

#include "cli/wpt_handler.h"
#include "cli/wpt_substitute.h"
#include "cli/wpt_suite.h"
#include "web/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* One request on its way to an answer. */
struct answer {
    const struct wpt_server *server;
    const struct network_request *request;
    char *path, *query; /* percent-decoded path below the checkout; what is behind '?', or "" */
    bool substitute;
    region *memory;
    struct resource *out;
};

/* A network is slower than an event loop: several tests tell nothing on one that answers at once,
 * or depend on how threads are scheduled. Of the virtual clock, so it costs no time. */
#define LATENCY_NS 10000000

static const char *media_type(const char *path)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        {".html", "text/html"},
        {".htm", "text/html"},
        {".js", "text/javascript"},
        {".mjs", "text/javascript"},
        {".json", "application/json"},
        {".txt", "text/plain"},
        {".css", "text/css"},
        {".xml", "application/xml"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".xhtml", "application/xhtml+xml"},
        {".wasm", "application/wasm"},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (wpt_ends_with(path, types[i].ending))
            return types[i].type;
    return "application/octet-stream";
}

static char *file_path(const struct answer *a, const char *path)
{
    return region_format(a->memory, "%s/%s", a->server->folder, path);
}

/* ---- headers ---- */

static void add_header_lines(struct answer *a, char *text)
{
    for (char *line = text; *line;) {
        size_t length = strcspn(line, "\r\n");
        char *next = line + length + strspn(line + length, "\r\n"),
             *colon = memchr(line, ':', length);
        line[length] = 0;
        if (colon) {
            *colon = 0;
            header_list_set(&a->out->headers, line, colon + 1 + strspn(colon + 1, " \t"));
        }
        line = next;
    }
}

/* A file of headers, substituted when its name says so. */
static void add_header_file(struct answer *a, const char *path, bool substitute)
{
    size_t length;
    char *text = wpt_read_file(file_path(a, path), &length);
    buffer replaced = {0};
    if (!text)
        return;
    if (substitute) {
        wpt_substitute(text, length, a->request->url, &replaced);
        add_header_lines(a, region_text(a->memory, buffer_text(&replaced)));
    } else {
        add_header_lines(a, text);
    }
    buffer_release(&replaced);
    free(text);
}

static void add_headers_of(struct answer *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    add_header_file(a, region_format(a->memory, "%.*s__dir__.headers", folder, path), false);
    add_header_file(a, region_format(a->memory, "%s.headers", path), false);
    add_header_file(a, region_format(a->memory, "%s.sub.headers", path), true);
}

/* ---- pipes: ?pipe=sub|header(name,value)|status(404)|trickle(d1) ---- */

static void run_pipe(struct answer *a, const char *text)
{
    char name[128], value[512] = "";
    unsigned code;
    double seconds;
    if (!strncmp(text, "sub", 3))
        a->substitute = true;
    else if (sscanf(text, "header(%127[^,],%511[^)])", name, value) >= 1)
        header_list_set(&a->out->headers, name, value + strspn(value, " "));
    else if (sscanf(text, "status(%u)", &code) == 1)
        a->out->status = code;
    else if (sscanf(text, "trickle(d%lf", &seconds) == 1)
        a->out->delay_ns += (int64_t)(seconds * 1e9);
}

static void run_pipes(struct answer *a)
{
    buffer pipes = {0};
    char *state = NULL;
    if (!strstr(a->query, "pipe="))
        return;
    wpt_substitute("{{GET[pipe]}}", 13, a->request->url, &pipes);
    for (char *pipe = strtok_r(region_text(a->memory, buffer_text(&pipes)), "|", &state); pipe;
         pipe = strtok_r(NULL, "|", &state))
        run_pipe(a, pipe);
    buffer_release(&pipes);
}

/* ---- bodies ---- */

static status answer_text(struct answer *a, const char *text, size_t length, const char *type)
{
    buffer replaced = {0};
    if (a->substitute) {
        wpt_substitute(text, length, a->request->url, &replaced);
        text = buffer_text(&replaced);
        length = replaced.length;
    }
    a->out->bytes = malloc(length + 1);
    if (a->out->bytes) {
        memcpy(a->out->bytes, text, length);
        a->out->bytes[a->out->length = length] = 0;
    }
    buffer_release(&replaced);
    if (!header_list_has(&a->out->headers, "Content-Type"))
        header_list_set(&a->out->headers, "Content-Type", type);
    return a->out->bytes ? STATUS_OK : STATUS_NO_MEMORY;
}

/* The harness asks this file how to report. */
static const char report_script[] =
    "setup({output: false});\n"
    "if (self === self.top) add_completion_callback((tests, status) => console.log('" WPT_RESULTS
    "' + JSON.stringify({\n"
    "  status: status.status, message: status.message, tests: tests.map(t => [t.name, t.status, "
    "t.message])})));\n";

/* The text of the script that a generated page is for: "a.any" + ".js"; NULL when there is none.
 * `stem` ends before `ending`. */
static char *script_of(struct answer *a, const char *ending, char **script)
{
    size_t length, stem = strlen(a->path) - strlen(ending);
    if (!wpt_ends_with(a->path, ending))
        return NULL;
    *script = region_format(a->memory, "%.*s.js", (int)stem, a->path);
    return wpt_read_file(file_path(a, *script), &length);
}

static void add_scripts(const struct wpt_meta *m, const char *before, const char *after,
                        buffer *out)
{
    for (size_t i = 0; i < m->script_count; i++)
        buffer_format(out, "%s%s%s", before, m->scripts[i], after);
}

static void begin_page(const struct wpt_meta *m, buffer *out)
{
    buffer_format(out, "<!doctype html>\n<meta charset=utf-8>\n<title>%s</title>\n",
                  m->title ? m->title : "");
    if (m->is_long)
        buffer_add(out, "<meta name=\"timeout\" content=\"long\">\n");
    buffer_add(out, "<script src=\"/resources/testharness.js\"></script>\n"
                    "<script src=\"/resources/testharnessreport.js\"></script>\n");
}

static void window_page(const struct wpt_meta *m, const char *script, buffer *out)
{
    begin_page(m, out);
    buffer_add(out,
               "<script>self.GLOBAL = {isWindow() { return true; }, isWorker() { return false; }, "
               "isShadowRealm() { return false; }};</script>\n");
    add_scripts(m, "<script src=\"", "\"></script>\n", out);
    buffer_format(out, "<div id=log></div>\n<script src=\"/%s\"></script>\n", script);
}

/* A page that starts a worker and takes over its results; `start` is the expression of the worker,
 * with %s for its script. */
static void worker_page(const struct wpt_meta *m, const char *start, const char *script,
                        buffer *out)
{
    begin_page(m, out);
    buffer_add(out, "<div id=log></div>\n<script>\n");
    buffer_format(out, start, script);
    buffer_add(out, "\n</script>\n");
}

static const char dedicated[] = "fetch_tests_from_worker(new Worker('/%s' + location.search));";
static const char shared[] = "fetch_tests_from_worker(new SharedWorker('/%s' + location.search));";
static const char service[] =
    "(async () => { const scope = 'does/not/exist', script = '/%s' + location.search;\n"
    "  let registration = await navigator.serviceWorker.getRegistration(scope);\n"
    "  if (registration) await registration.unregister();\n"
    "  registration = await navigator.serviceWorker.register(script, {scope});\n"
    "  fetch_tests_from_worker(registration.installing); })();";

/* "a.any.worker.js": what a worker of the script "a.any.js" runs. */
static void worker_script(const struct wpt_meta *m, const char *script, buffer *out)
{
    if (m->title) {
        buffer_add(out, "self.META_TITLE = \"");
        for (const char *at = m->title; *at; at++)
            buffer_format(out, "%s%c", *at == '"' || *at == '\\' ? "\\" : "", *at);
        buffer_add(out, "\";\n");
    }
    buffer_add(out, "self.GLOBAL = {isWindow() { return false; }, isWorker() { return true; }, "
                    "isShadowRealm() { return false; }};\n"
                    "importScripts(\"/resources/testharness.js\");\n");
    add_scripts(m, "importScripts(\"", "\");\n", out);
    buffer_format(out, "importScripts(\"/%s\");\ndone();\n", script);
}

/* The pages and scripts that exist only for another script. STATUS_NOT_FOUND when `path` is none of
 * them. */
static status answer_generated(struct answer *a)
{
    static const struct {
        const char *ending, *worker, *inner; /* of the page; how its worker is started; "ANY" +
                                                inner is the worker's script */
    } pages[] = {
        {".any.worker.html", dedicated, ".any.worker.js"},
        {".any.sharedworker.html", shared, ".any.worker.js"},
        {".any.serviceworker.html", service, ".any.worker.js"},
        {".worker.html", dedicated, ".worker.js"},
        {".any.html", NULL, NULL},
        {".window.html", NULL, NULL},
    };
    struct wpt_meta m = {0};
    buffer out = {0};
    char *script, *text = NULL;
    const char *type = "text/html";
    for (size_t i = 0; i < sizeof pages / sizeof pages[0] && !text; i++) {
        /* The script keeps what is before the first of the endings: ".any", ".window" or ".worker".
         */
        const char *last = strchr(pages[i].ending + 1, '.');
        if (!wpt_ends_with(a->path, pages[i].ending) || !(text = script_of(a, last, &script)))
            continue;
        wpt_meta_read(a->memory, text, &m);
        if (pages[i].worker)
            worker_page(&m, pages[i].worker,
                        region_format(a->memory, "%.*s%s",
                                      (int)(strlen(a->path) - strlen(pages[i].ending)), a->path,
                                      pages[i].inner),
                        &out);
        else
            window_page(&m, script, &out);
    }
    if (!text && wpt_ends_with(a->path, ".any.worker.js") &&
        (text = script_of(a, ".worker.js", &script))) {
        wpt_meta_read(a->memory, text, &m);
        worker_script(&m, script, &out);
        type = "text/javascript";
    }
    if (!text)
        return STATUS_NOT_FOUND;
    free(text);
    add_headers_of(a, script);
    status s = answer_text(a, buffer_text(&out), out.length, type);
    buffer_release(&out);
    return s;
}

/* A file that has the status line and the headers, too: the suite's ".asis". */
static status answer_as_is(struct answer *a, char *text, size_t length)
{
    char *line = memmem(text, length, "\n", 1), *body = memmem(text, length, "\n\n", 2),
         *spaced = memmem(text, length, "\r\n\r\n", 4);
    body = !body || (spaced && spaced < body) ? spaced : body;
    if (!line || !body || sscanf(text, "HTTP/%*s %u", &a->out->status) != 1)
        return STATUS_IO;
    size_t head = (size_t)(body - text);
    body += body == spaced ? 4 : 2;
    add_header_lines(a, region_copy(a->memory, line + 1,
                                    line < text + head ? head - (size_t)(line + 1 - text) : 0));
    return answer_text(a, body, length - (size_t)(body - text), "text/html");
}

static status answer_file(struct answer *a)
{
    size_t length;
    if (wpt_ends_with(a->path, ".py") && access(file_path(a, a->path), R_OK) == 0)
        return wpt_handle(a->server->folder, file_path(a, a->path), a->request, a->out);
    char *text = wpt_read_file(file_path(a, a->path), &length);
    if (text && wpt_ends_with(a->path, ".asis")) {
        status s = answer_as_is(a, text, length);
        free(text);
        return s;
    }
    if (!text)
        return answer_generated(a);
    a->substitute |= strstr(a->path, ".sub.") != NULL;
    add_headers_of(a, a->path);
    status s = answer_text(a, text, length, media_type(a->path));
    free(text);
    return s;
}

/* ---- requests ---- */

static bool is_host_of_ours(const char *url)
{
    struct url u;
    buffer host = {0};
    bool ours = false;
    if (url_parse(url, strlen(url), NULL, &u)) {
        url_get(&u, URL_HOSTNAME, &host);
        const char *name = buffer_text(&host);
        ours = (wpt_ends_with(name, WPT_HOST)) && strncmp(name, "nonexistent.", 12) != 0;
    }
    buffer_release(&host);
    url_release(&u);
    return ours;
}

static status load(void *context, const struct network_request *q, struct resource *out)
{
    struct answer a = {.server = context, .request = q, .memory = region_create(), .out = out};
    const char *path = strstr(q->url, "://");
    status s = STATUS_NOT_FOUND;
    path = path ? strchr(path + 3, '/') : NULL;
    if (path && is_host_of_ours(q->url)) {
        a.path = region_text(a.memory, path + 1);
        a.query = a.path + strcspn(a.path, "?#");
        a.query += *a.query == '?' ? (*a.query = 0, 1) : (*a.query = 0, 0);
        buffer decoded = {0};
        percent_decode(a.path, strlen(a.path), &decoded);
        a.path = region_text(a.memory, buffer_text(&decoded));
        buffer_release(&decoded);
        out->status = 200;
        out->delay_ns = LATENCY_NS;
        run_pipes(&a);
        if (!strcmp(a.path, "resources/WebIDLParser.js"))
            a.path = region_text(a.memory, "resources/webidl2/lib/webidl2.js");
        if (!strcmp(a.path, "resources/testharnessreport.js"))
            s = answer_text(&a, report_script, sizeof report_script - 1, "text/javascript");
        else if (!strstr(a.path, ".."))
            s = answer_file(&a);
        if (s == STATUS_NOT_FOUND) {
            out->status = 404;
            s = answer_text(&a, "not found", 9, "text/plain");
        }
    }
    region_free(a.memory);
    return s;
}

static char *find_no_package(void *context, const char *referrer, const char *specifier)
{
    (void)context;
    (void)referrer;
    (void)specifier;
    return NULL;
}

const struct resource_loader wpt_loader = {.load = load, .find_package = find_no_package};

char *wpt_page_url(const char *path)
{
    char *url = NULL;
    bool secure = strstr(path, ".https.") || strstr(path, ".serviceworker.");
    const char *host = strstr(path, ".www.") ? "www." WPT_HOST : WPT_HOST;
    return asprintf(&url, "%s://%s:%s/%s", secure ? "https" : "http", host,
                    secure ? "8443" : "8000", path) < 0
               ? NULL
               : url;
}
