#include "scenario/runner.h"

#include "agent/world.h"
#include "detect/detect.h"
#include "engine/engine.h"
#include "engine/atomics.h"
#include "memory/shared_block.h"
#include "memory/waiter_list.h"
#include "platform/clock.h"
#include "scenario/deadlock_report.h"
#include "scenario/files.h"
#include "scenario/lock_report.h"
#include "scenario/natives.h"
#include "scenario/network.h"
#include "web/browsing_context.h"
#include "scenario/timeline.h"
#include "scenario/races.h"
#include "web/program.h"
#include "web/timers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 2000 /* with agents that do not end; what they run in is kept */

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
    struct timeline *timeline; /* NULL: the plan has none */
    struct named_blocks blocks;
};

/* ---- notices become records ---- */

/* A run without a time limit ends when its clock has jumped so often, or has left so many lines: then it would go on for ever, a timer at
 * a time. */
#define MOST_JUMPS 100000
#define MOST_RECORDS 1000000

static bool has_own_bound(const struct run *run)
{
    return run->plan->limits.time_ms || run->options->wall_limit_ms;
}

static void add(struct run *run, const observation_record *record)
{
    const observation_record *added = observation_add(run->observation, record);
    if (run->options->record)
        run->options->record(run->options->context, added);
}

static void add_record(void *context, const observation_record *record)
{
    add(context, record);
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

static void add_realm(struct run *run, const struct notice *n)
{
    const struct agent *a = n->agent;
    const struct agent_cluster *c = a->cluster;
    observation_realm realm = {
        .name = n->text,
        .url = n->file,
        .origin = n->origin,
        .agent = a->name,
        .agent_kind = agent_kind_name(a->kind),
        .rule = n->rule,
        .key = c->key,
        .isolation = isolation_mode_name(c->isolation),
        .agent_id = a->id,
        .cluster = c->id,
        .context = n->line,
        .group = n->column,
        .can_block = a->can_block,
        .origin_keyed = c->origin_keyed,
        .isolated = n->level,
    };
    observation_add_realm(run->observation, &realm);
}

static void sink(struct world *w, struct notice *n, void *context)
{
    static const observation_kind kinds[] = {
        [NOTICE_CONSOLE] = OBSERVATION_CONSOLE,
        [NOTICE_ERROR] = OBSERVATION_ERROR,
        [NOTICE_FINDING] = OBSERVATION_FINDING,
        [NOTICE_EXIT] = OBSERVATION_EXIT,
        [NOTICE_MOMENT] = OBSERVATION_MOMENT,
    };
    struct run *run = context;
    if (run->observation->count == MOST_RECORDS && !has_own_bound(run))
        crowd_reach_limit(&w->crowd);
    if (n->kind == NOTICE_CELL) {
        add_cell(run, n);
        shared_block_unref(n->block);
        return;
    }
    if (n->kind == NOTICE_REALM) {
        add_realm(run, n);
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
    if (n->kind == NOTICE_MOMENT) {
        record.agent = "timeline";
        record.moment = n->line;
        record.held = n->level;
        record.where = run->plan->timeline[n->line].declared;
        record.level = CONSOLE_LOG;
    }
    add(run, &record);
    free(file);
    free(stack);
}

/* ---- a bound of the run ---- */

/* Which timer of which agent comes next, and would for ever. */
static void describe_next_timer(const struct world *w, observation_record *record, char *text, size_t size)
{
    const struct parker *p = crowd_next_due((struct crowd *)&w->crowd);
    const struct agent *a = p ? p->owner : NULL;
    struct timer_sight timer;
    snprintf(text, size, "the clock has jumped %d times and the run has not ended", MOST_JUMPS);
    size_t length = strlen(text);
    if (!a)
        return;
    record->agent = a->name;
    record->agent_kind = agent_kind_name(a->kind);
    if (!a->timers.count || !timer_look(a->timers.heap[0], &timer)) {
        snprintf(text + length, size - length, ": %s waits once more", a->name);
        return;
    }
    snprintf(text + length, size - length, timer.repeats ? ": setInterval(…, %d) of %s is never cleared" : ": setTimeout(…, %d) of %s comes again and again",
             timer.timeout, a->name);
    record->where = (source_position){timer.file, timer.line, timer.column};
}

static void report_time_limit(struct run *run, struct world *w)
{
    char text[512];
    observation_record record = {
        .kind = OBSERVATION_FINDING,
        .finding = FINDING_TIME_LIMIT,
        .time_ns = (uint64_t)crowd_now(&w->crowd),
        .text = text,
    };
    if (w->crowd.jumps_used_up)
        describe_next_timer(w, &record, text, sizeof text);
    else if (!has_own_bound(run))
        snprintf(text, sizeof text, "the run has left %d lines and has not ended", MOST_RECORDS);
    else
        snprintf(text, sizeof text, "the run reached its time limit and was ended");
    char *file = files_localize(run->plan, record.where.file);
    record.where.file = file;
    add(run, &record);
    free(file);
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

static const char *cell_name(void *context, uint64_t block, uint64_t offset)
{
    const struct run *run = context;
    for (const struct registered_cell *c = run->cells; c; c = c->next)
        if (shared_block_id(c->block) == block && c->offset == offset)
            return c->name;
    return NULL;
}

static uint32_t cell_references(void *context, const struct shared_block *block)
{
    const struct run *run = context;
    uint32_t count = 0;
    for (const struct registered_cell *c = run->cells; c; c = c->next)
        count += c->block == block;
    return count;
}

static void report_blocked(struct run *run, struct world *w, enum world_end end)
{
    struct deadlock_job job = {
        .plan = run->plan,
        .world = w,
        .blocks_before = run->blocks_before,
        .observation = run->observation,
        .races_watched = run->observation->races_watched,
        .cell_name = cell_name,
        .references = cell_references,
        .add = add_record,
        .context = run,
    };
    if (end == WORLD_DEADLOCK)
        deadlock_report_all(&job);
    else
        deadlock_report_part(&job);
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
    timeline_stop(run->timeline, end == WORLD_IDLE || end == WORLD_DEADLOCK);
    run->observation->end = ends[end];
    run->observation->virtual_ns = (uint64_t)crowd_now(&w->crowd);
    if (end == WORLD_DEADLOCK || end == WORLD_TIME_LIMIT)
        report_blocked(run, w, end);
    if (end == WORLD_DEADLOCK || end == WORLD_IDLE)
        lock_report(run->plan, w, add_record, run);
    if (end == WORLD_TIME_LIMIT)
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
    struct network *network;
    struct resource_loader loader;
    struct web web;
    struct dialog_answer dialogs[]; /* the plan's */
};

static status start_windows(struct run *run, struct world *w, struct user_agent *u)
{
    for (size_t i = 0; i < run->plan->window_count; i++) {
        const plan_window *window = &run->plan->windows[i];
        struct window_options options = {
            .name = window->name,
            .url = window->url,
            .script_url = window->script ? window->script->url : NULL,
            .script = window->script ? window->script->text : NULL,
            .script_length = window->script ? window->script->length : 0,
            .module = window->module,
            .opener = window->opener,
            .target = window->target,
            .features = window->features,
            .noopener = window->noopener,
        };
        struct agent *agent = NULL;
        status s = run->options->main_is_worker && window->script ? lone_worker_start(w, &options, &agent)
                                                                   : window_start(u, &options);
        if (s != STATUS_OK)
            return s;
        agent_unref(agent);
    }
    return STATUS_OK;
}

static status start_native_agents(struct run *run, struct world *w)
{
    status s = STATUS_OK;
    for (size_t i = 0; i < run->options->native_agent_count && s == STATUS_OK; i++)
        s = natives_start(w, &run->options->native_agents[i], &run->blocks);
    return s;
}

static status start_agents(struct run *run, struct world *w, struct user_agent *u)
{
    status s = natives_make_blocks(run->options->blocks, run->options->block_count, &run->blocks);
    if (s == STATUS_OK)
        s = timeline_start(run->plan, w, &run->timeline);
    if (s == STATUS_OK)
        s = u ? start_windows(run, w, u) : STATUS_NO_MEMORY;
    return s == STATUS_OK ? start_native_agents(run, w) : s;
}

static void fill_dialogs(const plan *p, struct dialog_answer *out)
{
    for (size_t i = 0; i < p->dialog_count; i++) {
        const plan_dialog *d = &p->dialogs[i];
        out[i] = (struct dialog_answer){
            .window = d->window, .text = d->text, .accepts = d->accepts, .delay_ns = (int64_t)d->delay_ms * 1000000};
    }
}

/* ---- races ---- */

static void add_finding(void *context, const observation_record *record)
{
    add(context, record);
}

static bool open_detector(const struct run *run, observation *out)
{
    const struct run_options *options = run->options;
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

static struct web_knobs web_knobs(const plan_knobs *k)
{
    return (struct web_knobs){
        .timer_slack = (int64_t)k->timer_slack_ms * 1000000,
        .hidden_throttle = (int64_t)k->hidden_throttle_ms * 1000000,
        .timer_clamp = (int32_t)k->timer_clamp_ms,
        .timer_level_inherits = k->timer_level_inherits,
        .shared_port_starts = k->shared_port_starts,
        .early_messages_lost = k->early_messages_lost,
        .starts_hidden = k->starts_hidden,
        .service_workers_isolate = k->service_workers_isolate,
        .worklets_isolate = k->worklets_isolate,
        .css_scopes = (uint32_t)k->worklet_scopes,
        .bfcache = k->cache == CACHE_OFF ? BFCACHE_OFF : k->cache == CACHE_IN_PART ? BFCACHE_IN_PART : BFCACHE_ON,
        .sw_idle = (int64_t)k->sw_idle_ms * 1000000,
        .sw_event_limit = (int64_t)k->sw_event_limit_ms * 1000000,
        .storage_is_shared = k->storage_is_shared,
        .extended_lifetime = (int64_t)k->extended_lifetime_ms * 1000000,
        .between_loads = (int64_t)k->between_loads_ms * 1000000,
        .orphans_linger = k->orphans_linger,
    };
}

status scenario_run(const plan *p, const struct run_options *options, observation *out)
{
    struct run run = {.plan = p, .options = options, .observation = out, .started = clock_monotonic()};
    struct served *served = malloc(sizeof *served + p->dialog_count * sizeof served->dialogs[0]);
    if (!served)
        return STATUS_NO_MEMORY;
    served->network = network_create(p);
    fill_dialogs(p, served->dialogs);
    served->loader = network_loader(served->network);
    served->web = (struct web){
        .loader = &served->loader,
        .pure = options->pure,
        .origins = network_origins(served->network),
        .origin_count = p->origin_count,
        .public_suffixes = p->public_suffixes.items,
        .public_suffix_count = p->public_suffixes.count,
        .fps = (unsigned)p->knobs.fps,
        .knobs = web_knobs(&p->knobs),
        .dialogs = served->dialogs,
        .dialog_count = p->dialog_count,
    };
    uint64_t seed = options->seed ? options->seed : p->seed;
    if (p->expect.outcomes.count)
        seed += options->iteration;
    bool real = options->real_clock || p->clock == PLAN_CLOCK_REAL;
    struct world *w = world_create(real ? CROWD_CLOCK_REAL : CROWD_CLOCK_VIRTUAL, seed);
    if (!w) {
        network_free(served->network);
        free(served);
        return STATUS_NO_MEMORY;
    }
    struct user_agent *user_agent = user_agent_create(w);
    if (user_agent) {
        user_agent->isolation_mode = p->knobs.isolation_is_logical ? ISOLATION_LOGICAL : ISOLATION_CONCRETE;
        user_agent->origin_keyed_by_default = p->knobs.origin_keyed_by_default;
    }
    served->web.user_agent = user_agent;
    served->web.blocks = &run.blocks;
    w->host = &served->web;
    w->heap_limit = p->limits.heap_mb << 20;
    w->stack_limit = p->limits.stack_kb << 10;
    w->agent_limit = (uint32_t)p->limits.agents;
    w->patience_ms = PATIENCE_MS;
    bool watched = open_detector(&run, out);
    struct world_watch watch = {sink, ended, tick, &run};
    origin_set_public_suffixes(p->public_suffixes.items, p->public_suffixes.count);
    run.blocks_before = shared_block_last_id();
    if (!has_own_bound(&run))
        crowd_set_jump_limit(&w->crowd, MOST_JUMPS);
    w->watchdog = (int64_t)p->knobs.script_watchdog_ms * 1000000;
    w->long_task = (int64_t)p->knobs.long_task_ms * 1000000;
    w->pool_threads = (unsigned)p->knobs.pool_threads;
    w->microtask_limit = p->knobs.microtask_limit;
    w->queue_policy = (enum queue_policy)p->knobs.queue_policy;
    status s = start_agents(&run, w, user_agent);
    world_run(w, p->limits.time_ms * 1000000, options->wall_limit_ms * 1000000, &watch);
    timeline_free(run.timeline);
    if (watched)
        tell_races(&run, w);
    release_cells(&run);
    if (!w->agents)
        natives_free_blocks(&run.blocks);
    out->seed = seed;
    out->agents = w->agents_started;
    out->shared_blocks = shared_block_last_id() - run.blocks_before;
    out->wall_ns = (uint64_t)(clock_monotonic() - run.started);
    /* What an agent still runs in stays; so does what the loader reads. */
    out->stuck = w->agents != NULL;
    if (!out->stuck) {
        user_agent_free(user_agent);
        world_free(w);
        network_free(served->network);
        free(served);
    }
    if (watched)
        detect_close(w, out->stuck);
    return s;
}
