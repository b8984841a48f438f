#include "scenario/runner.h"

#include "agent/world.h"
#include "detect/detect.h"
#include "engine/engine.h"
#include "engine/atomics.h"
#include "memory/shared_block.h"
#include "memory/waiter_list.h"
#include "platform/clock.h"
#include "scenario/files.h"
#include "scenario/races.h"
#include "web/program.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct registered_cell {
    struct registered_cell *next;
    char *name;
    struct shared_block *block;
    uint64_t offset;
    int element;
};

struct run {
    const plan *plan;
    const struct run_options *options;
    observation *observation;
    struct registered_cell *cells;
    int64_t started;
    uint64_t blocks_before; /* the id of the last block of earlier runs */
};

/* ---- notices become records ---- */

static void add(struct run *run, const observation_record *record)
{
    const observation_record *added = observation_add(run->observation, record);
    if (run->options->record)
        run->options->record(run->options->context, added);
}

static void add_cell(struct run *run, const struct notice *n)
{
    struct registered_cell *c = calloc(1, sizeof *c);
    if (!c)
        return;
    c->name = strdup(n->text);
    c->block = shared_block_ref(n->block);
    c->offset = n->byte_offset;
    c->element = n->element;
    c->next = run->cells;
    run->cells = c;
}

static void sink(struct world *w, struct notice *n, void *context)
{
    static const observation_kind kinds[] = {
        [NOTICE_CONSOLE] = OBSERVATION_CONSOLE,
        [NOTICE_ERROR] = OBSERVATION_ERROR,
        [NOTICE_FINDING] = OBSERVATION_FINDING,
        [NOTICE_EXIT] = OBSERVATION_EXIT,
    };
    struct run *run = context;
    (void)w;
    if (n->kind == NOTICE_CELL) {
        add_cell(run, n);
        shared_block_unref(n->block);
        return;
    }
    char *file = files_localize(run->plan, n->file), *stack = files_localize(run->plan, n->stack);
    observation_record record = {
        .kind = kinds[n->kind],
        .time_ns = (uint64_t)n->time,
        .agent = n->agent ? n->agent->name : NULL,
        .agent_kind = n->agent ? agent_kind_name(n->agent->kind) : NULL,
        .text = n->text,
        .stack = stack,
        .where = {file, n->line, n->column},
        .level = (console_level)n->level,
        .finding = (finding_kind)n->finding,
    };
    add(run, &record);
    free(file);
    free(stack);
}

/* ---- deadlock: who waits where ---- */

struct party_list {
    const struct run *run;
    const struct world *world;
    observation_party *items;
    size_t count, capacity;
};

static observation_party *party_list_next(struct party_list *list)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 8;
        list->items = realloc(list->items, list->capacity * sizeof *list->items);
    }
    return &list->items[list->count++];
}

static void add_party(const struct waiter_view *sight, void *context)
{
    struct party_list *list = context;
    if (!sight->parker)
        return;
    const struct agent *a = sight->parker->owner;
    if (a->world != list->world)
        return;
    char value[32];
    uint8_t *cell = shared_block_bytes(sight->block) + sight->offset;
    if (sight->size == 8)
        snprintf(value, sizeof value, "%" PRId64, *(int64_t *)cell);
    else
        snprintf(value, sizeof value, "%" PRId32, *(int32_t *)cell);
    char file[512];
    uint32_t line = 0, column = 0;
    bool placed = atomics_wait_place(sight->site, file, sizeof file, &line, &column);
    *party_list_next(list) = (observation_party){
        .agent = a->name,
        .agent_kind = agent_kind_name(a->kind),
        .doing = "Atomics.wait",
        .where = placed ? (source_position){files_localize(list->run->plan, file), line, column} : (source_position){0},
        .has_cell = true,
        .block = shared_block_id(sight->block), /* name_cells makes it the run's own number */
        .byte_offset = sight->offset,
        .value = strdup(value),
        .since_ns = (uint64_t)sight->since,
    };
}

/* Agents blocked in something that has no cell. */
static void add_cell_less(struct parker *p, enum park_kind kind, void *context)
{
    struct party_list *list = context;
    const struct agent *a = p->owner;
    if (kind != PARK_BLOCKED)
        return;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].agent == a->name)
            return;
    *party_list_next(list) = (observation_party){
        .agent = a->name,
        .agent_kind = agent_kind_name(a->kind),
        .doing = "heddle.barrier",
        .since_ns = (uint64_t)p->since,
    };
}

static void name_cells(const struct run *run, struct party_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        for (const struct registered_cell *c = run->cells; c; c = c->next)
            if (shared_block_id(c->block) == list->items[i].block && c->offset == list->items[i].byte_offset)
                list->items[i].cell = c->name;
        list->items[i].block -= run->blocks_before;
    }
}

static void report_deadlock(struct run *run, struct world *w)
{
    struct party_list list = {.run = run, .world = w};
    char text[128];
    waiter_visit(add_party, &list);
    crowd_visit(&w->crowd, add_cell_less, &list);
    name_cells(run, &list);
    snprintf(text, sizeof text, "%zu %s blocked for ever: nobody is left to wake %s", list.count,
             list.count == 1 ? "agent is" : "agents are", list.count == 1 ? "it" : "them");
    observation_record record = {
        .kind = OBSERVATION_FINDING,
        .finding = FINDING_DEADLOCK,
        .time_ns = (uint64_t)crowd_now(&w->crowd),
        .text = text,
        .where = list.count ? list.items[0].where : (source_position){0},
        .parties = list.items,
        .party_count = list.count,
    };
    add(run, &record);
    for (size_t i = 0; i < list.count; i++) {
        free((char *)list.items[i].value);
        free((char *)list.items[i].where.file);
    }
    free(list.items);
}

static void report_time_limit(struct run *run, struct world *w)
{
    observation_record record = {
        .kind = OBSERVATION_FINDING,
        .finding = FINDING_TIME_LIMIT,
        .time_ns = (uint64_t)crowd_now(&w->crowd),
        .text = "the run reached its time limit and was ended",
    };
    add(run, &record);
}

/* ---- the end ---- */

static void read_cell(struct run *run, const struct registered_cell *c)
{
    static const char *const names[] = {"Uint8ClampedArray", "Int8Array",      "Uint8Array",   "Int16Array",
                                        "Uint16Array",       "Int32Array",     "Uint32Array",  "BigInt64Array",
                                        "BigUint64Array",    "Float16Array",   "Float32Array", "Float64Array"};
    const uint8_t *at = shared_block_bytes(c->block) + c->offset;
    char value[64];
    switch (c->element) {
    case 0:
    case 2:
        snprintf(value, sizeof value, "%u", *at);
        break;
    case 1:
        snprintf(value, sizeof value, "%d", *(const int8_t *)at);
        break;
    case 3:
        snprintf(value, sizeof value, "%d", *(const int16_t *)at);
        break;
    case 4:
        snprintf(value, sizeof value, "%u", *(const uint16_t *)at);
        break;
    case 5:
        snprintf(value, sizeof value, "%d", *(const int32_t *)at);
        break;
    case 6:
        snprintf(value, sizeof value, "%u", *(const uint32_t *)at);
        break;
    case 7:
        snprintf(value, sizeof value, "%" PRId64, *(const int64_t *)at);
        break;
    case 8:
        snprintf(value, sizeof value, "%" PRIu64, *(const uint64_t *)at);
        break;
    case 10:
        snprintf(value, sizeof value, "%.9g", (double)*(const float *)at);
        break;
    case 11:
        snprintf(value, sizeof value, "%.17g", *(const double *)at);
        break;
    default:
        snprintf(value, sizeof value, "0x%04x", *(const uint16_t *)at);
    }
    observation_cell cell = {
        .name = c->name,
        .value = value,
        .type = names[c->element],
        .block = shared_block_id(c->block) - run->blocks_before,
        .byte_offset = c->offset,
    };
    observation_set_cell(run->observation, &cell);
}

static void ended(struct world *w, enum world_end end, void *context)
{
    static const run_end ends[] = {
        [WORLD_IDLE] = RUN_END_IDLE,
        [WORLD_DEADLOCK] = RUN_END_DEADLOCK,
        [WORLD_TIME_LIMIT] = RUN_END_TIME_LIMIT,
        [WORLD_INTERRUPTED] = RUN_END_INTERRUPTED,
    };
    struct run *run = context;
    run->observation->end = ends[end];
    run->observation->virtual_ns = (uint64_t)crowd_now(&w->crowd);
    if (end == WORLD_DEADLOCK)
        report_deadlock(run, w);
    else if (end == WORLD_TIME_LIMIT)
        report_time_limit(run, w);
}

static void tick(struct world *w, void *context)
{
    struct run *run = context;
    if (run->options->interrupt && *run->options->interrupt)
        world_stop(w);
    if (run->options->tick)
        run->options->tick(run->options->context, (uint64_t)(clock_monotonic() - run->started));
}

static void release_cells(struct run *run)
{
    while (run->cells) {
        struct registered_cell *c = run->cells;
        run->cells = c->next;
        read_cell(run, c);
        shared_block_unref(c->block);
        free(c->name);
        free(c);
    }
}

/* ---- the run ---- */

/* What agents load from: as long as the world. */
struct served {
    struct resource_loader loader;
    struct web web;
};

static status start_windows(struct run *run, struct world *w)
{
    for (size_t i = 0; i < run->plan->window_count; i++) {
        const plan_window *window = &run->plan->windows[i];
        struct window_options options = {
            .name = window->name,
            .document_url = window->url,
            .url = window->script->url,
            .script = window->script->text,
            .script_length = window->script->length,
            .module = window->module,
        };
        struct agent *agent;
        status s = run->options->main_is_worker ? lone_worker_start(w, &options, &agent)
                                                : window_start(w, &options, &agent);
        if (s != STATUS_OK)
            return s;
        agent_unref(agent);
    }
    return STATUS_OK;
}

/* ---- races ---- */

static const char *cell_name(void *context, uint64_t block, uint64_t offset)
{
    const struct run *run = context;
    for (const struct registered_cell *c = run->cells; c; c = c->next)
        if (shared_block_id(c->block) == block && c->offset == offset)
            return c->name;
    return NULL;
}

static void add_finding(void *context, const observation_record *record)
{
    add(context, record);
}

static bool open_detector(const struct run_options *options, observation *out)
{
    struct detect_options wanted = {.memory_limit = options->race_memory};
    out->races_off = NULL;
    if (options->no_races)
        out->races_off = "switched off";
    else if (strcmp(engine_variant(), "observed") != 0)
        out->races_off = "the plain engine";
    else if (detect_open(&wanted) != STATUS_OK)
        out->races_off = "no room of addresses for the shadow memory";
    out->races_watched = !out->races_off;
    return out->races_watched;
}

static void tell_races(struct run *run, struct world *w)
{
    struct races_job job = {
        .plan = run->plan,
        .run = w,
        .blocks_before = run->blocks_before,
        .time_ns = run->observation->virtual_ns,
        .fail_on = run->options->fail_on ? run->options->fail_on : FAIL_ON_DEFAULT,
        .suppressions = run->options->suppressions,
        .observation = run->observation,
        .cell_name = cell_name,
        .add = add_finding,
        .context = run,
    };
    races_record(&job);
}

status scenario_run(const plan *p, const struct run_options *options, observation *out)
{
    struct run run = {.plan = p, .options = options, .observation = out, .started = clock_monotonic()};
    struct served *served = malloc(sizeof *served);
    if (!served)
        return STATUS_NO_MEMORY;
    served->loader = (struct resource_loader){files_load, files_find_package, (void *)p, files_find_required, files_is_commonjs};
    served->web = (struct web){&served->loader, options->pure};
    uint64_t seed = options->seed ? options->seed : p->seed;
    bool real = options->real_clock || p->clock == PLAN_CLOCK_REAL;
    struct world *w = world_create(real ? CROWD_CLOCK_REAL : CROWD_CLOCK_VIRTUAL, seed);
    if (!w) {
        free(served);
        return STATUS_NO_MEMORY;
    }
    w->host = &served->web;
    w->heap_limit = p->limits.heap_mb << 20;
    w->stack_limit = p->limits.stack_kb << 10;
    w->agent_limit = (uint32_t)p->limits.agents;
    bool watched = open_detector(options, out);
    struct world_watch watch = {sink, ended, tick, &run};
    run.blocks_before = shared_block_last_id();
    status s = start_windows(&run, w);
    world_run(w, p->limits.time_ms * 1000000, options->wall_limit_ms * 1000000, &watch);
    if (watched)
        tell_races(&run, w);
    release_cells(&run);
    if (watched)
        detect_close(w, w->agents != NULL);
    out->seed = seed;
    out->agents = w->agents_started;
    out->shared_blocks = shared_block_last_id() - run.blocks_before;
    out->wall_ns = (uint64_t)(clock_monotonic() - run.started);
    /* What an agent still runs in stays; so does what the loader reads. */
    out->stuck = w->agents != NULL;
    if (!out->stuck) {
        world_free(w);
        free(served);
    }
    return s;
}
