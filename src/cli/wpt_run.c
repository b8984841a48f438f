#include "cli/wpt_run.h"

#include "agent/world.h"
#include "base/buffer.h"
#include "base/finding.h"
#include "cli/wpt_handler.h"
#include "web/browsing_context.h"
#include "web/program.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the run's clock: more than the harness gives a long test. */
#define CLOCK_LIMIT_NS UINT64_C(70000000000)

/* ---- results ---- */

const char *wpt_result_next(const struct wpt_result *r, const char *at, struct wpt_subtest *out)
{
    at = at ? at : r->records;
    if (at >= r->records + r->used)
        return NULL;
    out->status = (enum wpt_status) * at;
    out->name = at + 1;
    out->message = out->name + strlen(out->name) + 1;
    return out->message + strlen(out->message) + 1;
}

static void add_subtest(struct wpt_result *r, int outcome, const char *name, const char *message)
{
    size_t name_size = strlen(name) + 1, message_size = strlen(message) + 1;
    if (sizeof *r + r->used + 1 + name_size + message_size > WPT_RESULT_SIZE) {
        r->is_full = true;
        return;
    }
    char *to = r->records + r->used;
    *to = (char)outcome;
    memcpy(to + 1, name, name_size);
    memcpy(to + 1 + name_size, message, message_size);
    r->used += (uint32_t)(1 + name_size + message_size);
    r->count++;
}

static const char *text_of(const cJSON *item)
{
    const char *text = cJSON_GetStringValue(item);
    return text ? text : "";
}

static void read_results(struct wpt_result *r, const char *json)
{
    cJSON *all = cJSON_Parse(json);
    const cJSON *test;
    cJSON_ArrayForEach(test, cJSON_GetObjectItem(all, "tests"))
    {
        add_subtest(r, (int)cJSON_GetNumberValue(cJSON_GetArrayItem(test, 1)),
                    text_of(cJSON_GetArrayItem(test, 0)), text_of(cJSON_GetArrayItem(test, 2)));
    }
    r->harness = (uint8_t)cJSON_GetNumberValue(cJSON_GetObjectItem(all, "status"));
    snprintf(r->message, sizeof r->message, "%s", text_of(cJSON_GetObjectItem(all, "message")));
    r->has_ended = all != NULL;
    cJSON_Delete(all);
}

/* ---- the run ---- */

struct listener {
    struct wpt_result *result;
    bool tells_console;
};

static void sink(struct world *w, struct notice *n, void *context)
{
    const struct listener *l = context;
    struct wpt_result *r = l->result;
    if (r->has_ended)
        return;
    if (n->kind == NOTICE_CONSOLE && !strncmp(n->text, WPT_RESULTS, sizeof WPT_RESULTS - 1)) {
        read_results(r, n->text + sizeof WPT_RESULTS - 1);
        world_stop(w);
    } else if (n->kind == NOTICE_CONSOLE && l->tells_console) {
        fprintf(stderr, "console: %s\n", n->text);
    } else if (n->kind == NOTICE_ERROR && n->text) {
        if (l->tells_console)
            fprintf(stderr, "error: %s\n", n->text);
        if (!*r->message) /* told only when no results come */
            snprintf(r->message, sizeof r->message, "%s", n->text);
    }
}

static void explain_silence(struct wpt_result *r, enum world_end end)
{
    char last[sizeof r->message];
    static const char *const ends[] = {
        [WORLD_IDLE] = "the page came to rest without results",
        [WORLD_DEADLOCK] = "agents are blocked for ever",
        [WORLD_TIME_LIMIT] = "no results within the time limit",
        [WORLD_INTERRUPTED] = "interrupted",
    };
    memcpy(last, r->message, sizeof last);
    snprintf(r->message, sizeof r->message, "%s%s%.200s", ends[end], *last ? ": " : "", last);
}

void wpt_run(const struct wpt_server *server, const struct wpt_test *test, uint64_t time_limit,
             bool tells_console, struct wpt_result *result)
{
    struct resource_loader loader = wpt_loader;
    struct web web = {.loader = &loader, .pure = true, .webassembly_stub = true};
    struct world *w = world_create(CROWD_CLOCK_VIRTUAL, 1);
    char *url = wpt_page_url(test->path);
    if (!w || !url || !(web.user_agent = user_agent_create(w))) {
        snprintf(result->message, sizeof result->message, "out of memory");
        return; /* the process ends soon */
    }
    loader.context = (void *)server;
    wpt_handlers_begin();
    w->host = &web;
    struct window_options options = {.name = "page", .url = url};
    status s = window_start(web.user_agent, &options);
    struct listener listener = {result, tells_console};
    const struct world_watch watch = {.sink = sink, .context = &listener};
    enum world_end end = world_run(w, CLOCK_LIMIT_NS, time_limit, &watch);
    if (!result->has_ended)
        explain_silence(result, s == STATUS_OK ? end : WORLD_INTERRUPTED);
    free(url);
    if (w->agents)
        return; /* a thread that did not end still uses all this */
    user_agent_free(web.user_agent);
    world_free(w);
}
