/* The public face of scenarios and runs (include/heddle/scenario.h, run.h). */
#include "scenario/expect.h"
#include "scenario/load.h"
#include "scenario/runner.h"

#include "heddle/heddle.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SAME_STATUS(name) _Static_assert((int)HD_##name == (int)STATUS_##name, "public statuses are the inner ones")
SAME_STATUS(OK);
SAME_STATUS(NO_MEMORY);
SAME_STATUS(INVALID);
SAME_STATUS(NOT_FOUND);
SAME_STATUS(RANGE);
SAME_STATUS(IO);
SAME_STATUS(STATE);
SAME_STATUS(LIMIT);

struct hd_scenario {
    plan *plan;
    _Atomic bool kept; /* a thread was left behind that may still read the plan; relaxed: only ever set, read when no run goes on */
};

struct hd_run {
    observation *observation;
    verdict *verdict;
};

const char *hd_status_text(hd_status s)
{
    return status_text((status)s);
}

const char *hd_version(void)
{
    return HEDDLE_VERSION;
}

void hd_text_free(char *text)
{
    free(text);
}

/* ---- scenarios ---- */

static hd_status wrap(status s, plan *p, hd_scenario **out)
{
    struct hd_scenario *scenario = s == STATUS_OK ? calloc(1, sizeof *scenario) : NULL;
    *out = scenario;
    if (s == STATUS_OK && !scenario) {
        plan_free(p);
        return HD_NO_MEMORY;
    }
    if (scenario)
        scenario->plan = p;
    return (hd_status)s;
}

static bool is_script(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (!strcmp(dot, ".js") || !strcmp(dot, ".mjs") || !strcmp(dot, ".cjs"));
}

hd_status hd_scenario_load(const char *path, hd_scenario **out, char **errors)
{
    plan *p = NULL;
    load_errors found = {0};
    status s = is_script(path) ? scenario_from_script(path, &p, &found) : scenario_load(path, &p, &found);
    if (errors) {
        buffer text = {0};
        *errors = NULL;
        if (s != STATUS_OK) {
            load_errors_write(&found, &text);
            *errors = text.text; /* a buffer's memory is the C library's */
        }
    }
    load_errors_release(&found);
    return wrap(s, p, out);
}

hd_status hd_scenario_from_text(const char *name, const char *text, size_t length, hd_scenario **out)
{
    return wrap(STATUS_OK, scenario_from_text(name, text, length), out);
}

void hd_scenario_free(hd_scenario *scenario)
{
    if (!scenario)
        return;
    if (!atomic_load_explicit(&scenario->kept, memory_order_relaxed))
        plan_free(scenario->plan);
    free(scenario);
}

const char *hd_scenario_title(const hd_scenario *scenario)
{
    return scenario->plan->title;
}

/* ---- runs ---- */

static hd_record public_record(const observation_record *r)
{
    bool found = r->kind == OBSERVATION_ERROR || r->kind == OBSERVATION_FINDING;
    return (hd_record){
        .kind = (hd_record_kind)r->kind,
        .time_ns = r->time_ns,
        .agent = r->agent,
        .agent_kind = r->agent_kind,
        .text = r->text,
        .finding = found ? finding_name(r->finding) : NULL,
        .stack = r->stack,
        .file = r->where.file,
        .line = r->where.line,
        .column = r->where.column,
    };
}

static void hand_over(void *context, const observation_record *record)
{
    const hd_run_options *options = context;
    hd_record shown = public_record(record);
    options->record(options->context, &shown);
}

hd_status hd_scenario_run(const struct hd_scenario *scenario, const hd_run_options *options, hd_run **out)
{
    static const hd_run_options none;
    const hd_run_options *asked = options ? options : &none;
    struct run_options inner = {
        .main_is_worker = asked->main_is_worker,
        .pure = asked->pure,
        .real_clock = asked->real_clock,
        .seed = asked->seed,
        .wall_limit_ms = asked->timeout_ms,
        .record = asked->record ? hand_over : NULL,
        .context = (void *)asked,
        .blocks = asked->blocks,
        .block_count = asked->block_count,
        .native_agents = asked->native_agents,
        .native_agent_count = asked->native_agent_count,
    };
    struct hd_run *run = calloc(1, sizeof *run);
    *out = NULL;
    if (!run)
        return HD_NO_MEMORY;
    run->observation = observation_create();
    status s = scenario_run(scenario->plan, &inner, run->observation);
    if (run->observation->stuck)
        atomic_store_explicit(&((struct hd_scenario *)scenario)->kept, true, memory_order_relaxed);
    run->verdict = expect_check(scenario->plan, run->observation);
    if (s == STATUS_OK)
        *out = run;
    else
        hd_run_free(run);
    return (hd_status)s;
}

void hd_run_free(hd_run *run)
{
    if (!run)
        return;
    verdict_free(run->verdict);
    observation_free(run->observation);
    free(run);
}

int hd_run_exit_code(const hd_run *run)
{
    return run->verdict->exit_code;
}

const char *hd_run_end(const hd_run *run)
{
    return run_end_name(run->observation->end);
}

size_t hd_run_record_count(const hd_run *run)
{
    return run->observation->count;
}

hd_status hd_run_record(const hd_run *run, size_t index, hd_record *out)
{
    if (index >= run->observation->count)
        return HD_RANGE;
    *out = public_record(&run->observation->records[index]);
    return HD_OK;
}

size_t hd_run_verdict_count(const hd_run *run)
{
    return run->verdict->count;
}

hd_status hd_run_verdict(const hd_run *run, size_t index, hd_verdict_line *out)
{
    if (index >= run->verdict->count)
        return HD_RANGE;
    const verdict_line *line = &run->verdict->lines[index];
    *out = (hd_verdict_line){
        .held = line->held,
        .topic = verdict_topic_key(line->topic),
        .what = line->what,
        .explanation = line->explanation,
        .file = line->declared.file,
        .line = line->declared.line,
        .column = line->declared.column,
    };
    return HD_OK;
}

const char *hd_run_cell(const hd_run *run, const char *name)
{
    const observation_cell *cell = observation_find_cell(run->observation, name);
    return cell ? cell->value : NULL;
}
