#include "program_run.h"

#include "agent/world.h"
#include "base/buffer.h"
#include "base/finding.h"
#include "web/browsing_context.h"
#include "web/program.h"
#include "web/resource.h"

#include <stdlib.h>
#include <string.h>

static void sink(struct world *w, struct notice *n, void *context)
{
    buffer *out = context;
    if (n->kind == NOTICE_CONSOLE)
        buffer_format(out, "%s\n", n->text);
    if (n->kind == NOTICE_ERROR)
        buffer_format(out, "error %s: %s\n", finding_name((finding_kind)n->finding), n->text);
}

static status load_nothing(void *context, const struct network_request *q, struct resource *out)
{
    return STATUS_NOT_FOUND;
}

static char *find_nothing(void *context, const char *referrer, const char *specifier)
{
    return NULL;
}

char *program_run(const char *script)
{
    static const struct resource_loader loader = {.load = load_nothing, .find_package = find_nothing};
    static struct web web = {.loader = &loader};
    struct world *w = world_create(CROWD_CLOCK_VIRTUAL, 1);
    struct window_options options = {
        .name = "main",
        .url = "https://scenario.test/test.js",
        .script_url = "https://scenario.test/test.js",
        .script = script,
        .script_length = strlen(script),
    };
    buffer out = {0};
    struct world_watch watch = {.sink = sink, .context = &out};
    web.user_agent = user_agent_create(w);
    w->host = &web;
    if (window_start(web.user_agent, &options) == STATUS_OK) {
        enum world_end end = world_run(w, 0, UINT64_C(20000000000), &watch);
        if (end != WORLD_IDLE)
            buffer_format(&out, "ended with %d\n", end);
    }
    user_agent_free(web.user_agent);
    world_free(w);
    char *text = strdup(buffer_text(&out));
    buffer_release(&out);
    return text;
}
