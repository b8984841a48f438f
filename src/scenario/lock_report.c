#include "scenario/lock_report.h"

#include "agent/world.h"
#include "base/buffer.h"
#include "scenario/files.h"
#include "web/lock_manager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct holder {
    char *key, *name, *agent;
};

struct report {
    const plan *plan;
    struct holder *holders;
    size_t holder_count, holder_capacity;
    observation_party *items;
    size_t count, capacity;
};

static void *grown(void *items, size_t *capacity, size_t size)
{
    *capacity = *capacity ? *capacity * 2 : 8;
    return realloc(items, *capacity * size);
}

static void add_holder(struct report *r, const struct lock_view *view)
{
    if (r->holder_count == r->holder_capacity)
        r->holders = grown(r->holders, &r->holder_capacity, sizeof *r->holders);
    r->holders[r->holder_count++] = (struct holder){strdup(view->key), strdup(view->name), strdup(view->agent->name)};
}

/* "navigator.locks.request("printer"), held by left" */
static char *describe(const struct report *r, const struct lock_view *view)
{
    buffer text = {0};
    const char *before = ", held by ";
    buffer_format(&text, "navigator.locks.request(\"%s\")", view->name);
    for (size_t i = 0; i < r->holder_count; i++) {
        const struct holder *h = &r->holders[i];
        if (strcmp(h->key, view->key) || strcmp(h->name, view->name))
            continue;
        buffer_format(&text, "%s%s", before, h->agent);
        before = ", ";
    }
    char *copy = strdup(buffer_text(&text));
    buffer_release(&text);
    return copy;
}

/* The holders are visited first. */
static void look(const struct lock_view *view, void *context)
{
    struct report *r = context;
    if (view->held) {
        add_holder(r, view);
        return;
    }
    if (r->count == r->capacity)
        r->items = grown(r->items, &r->capacity, sizeof *r->items);
    r->items[r->count++] = (observation_party){
        .agent = view->agent->name,
        .agent_kind = agent_kind_name(view->agent->kind),
        .doing = describe(r, view),
        .where = {view->file ? files_localize(r->plan, view->file) : NULL, view->line, view->column},
        .since_ns = (uint64_t)view->since,
    };
}

static void release(struct report *r)
{
    for (size_t i = 0; i < r->holder_count; i++) {
        free(r->holders[i].key);
        free(r->holders[i].name);
        free(r->holders[i].agent);
    }
    free(r->holders);
    for (size_t i = 0; i < r->count; i++) {
        free((char *)r->items[i].doing);
        free((char *)r->items[i].where.file);
    }
    free(r->items);
}

void lock_report(const plan *p, struct world *w, void (*add)(void *, const observation_record *), void *context)
{
    struct report r = {.plan = p};
    char text[128];
    lock_visit(w, NULL, look, &r);
    snprintf(text, sizeof text, "%zu %s for a lock %s never granted", r.count, r.count == 1 ? "request" : "requests",
             r.count == 1 ? "was" : "were");
    observation_record record = {
        .kind = OBSERVATION_FINDING,
        .finding = FINDING_LOCK_WAIT,
        .time_ns = (uint64_t)crowd_now(&w->crowd),
        .text = text,
        .where = r.count ? r.items[0].where : (source_position){0},
        .parties = r.items,
        .party_count = r.count,
    };
    if (r.count)
        add(context, &record);
    release(&r);
}
