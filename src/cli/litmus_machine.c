/* heddle litmus --stress and --engine. */
#include "cli/litmus.h"

#include "litmus/emit.h"
#include "platform/clock.h"
#include "scenario/load.h"
#include "scenario/runner.h"

#include <stdio.h>

static void show_progress(void *context, uint64_t iterations, double seconds)
{
    const struct litmus_command *c = context;
    if (c->progress && seconds > 0.5)
        fprintf(stderr, "\r\033[K%.1f million iterations in %.0f s", (double)iterations / 1e6,
                seconds);
}

bool litmus_run_stress(const struct litmus_command *c, const litmus_result *allowed, region *memory,
                       litmus_stress_result *result)
{
    litmus_stress_options options = {.seconds = c->iterations > 0 ? 0 : c->seconds,
                                     .iterations = c->iterations,
                                     .seed = c->seed,
                                     .interrupt = c->interrupt,
                                     .tick = show_progress,
                                     .context = (void *)(uintptr_t)c};
    status s = litmus_stress(allowed, &options, memory, result);
    if (c->progress)
        fputs("\r\033[K", stderr);
    if (s == STATUS_STATE)
        fprintf(
            stderr,
            "heddle litmus: %s waits, notifies, posts or starts: --engine runs it, --stress does "
            "not\n",
            allowed->program->file);
    else if (s == STATUS_INVALID)
        fprintf(stderr,
                "heddle litmus: %s: a bound was reached, so that nothing is known to be "
                "forbidden: not run\n",
                allowed->program->file);
    else if (s != STATUS_OK)
        fprintf(stderr, "heddle litmus: %s: %s\n", allowed->program->file, status_text(s));
    return s == STATUS_OK;
}

/* ---- through the engine ---- */

struct engine_run {
    const struct litmus_command *command;
    const litmus_result *allowed;
    region *memory;
    litmus_stress_result *result;
    bool failed;
};

static void on_record(void *context, const observation_record *record)
{
    struct engine_run *r = context;
    litmus_value slots[LITMUS_SLOTS];
    uint64_t count;
    const char *text = record->text == NULL ? "" : record->text;
    if (record->kind == OBSERVATION_EXIT)
        return;
    if (record->kind != OBSERVATION_CONSOLE) {
        fprintf(stderr, "heddle litmus: %s: %s\n", r->allowed->program->file, text);
        r->failed = true;
    } else if (litmus_emit_read(r->allowed->program, text, slots, &count)) {
        litmus_stress_add(r->result, r->allowed, r->memory, slots, count, 0, 0);
    } else if (sscanf(text, "iterations %llu", (unsigned long long *)&count) == 1) {
        r->result->iterations = count;
    }
}

/* An agent that may sleep or listen for ever would keep its instance, and with it the batch. */
static bool may_hang(const litmus_result *allowed)
{
    for (size_t i = 0; i < allowed->count; i++)
        for (size_t s = 0; s < allowed->program->slot_count; s++)
            if (allowed->outcomes[i].slots[s].kind == LITMUS_ASLEEP)
                return true;
    return false;
}

static void run_plan(struct engine_run *r, const plan *p)
{
    struct run_options options = {
        .interrupt = r->command->interrupt, .record = on_record, .real_clock = true, .no_races = true, .context = r};
    observation *o = observation_create();
    int64_t start = clock_monotonic();
    r->failed |= scenario_run(p, &options, o) != STATUS_OK;
    r->result->seconds = (double)(clock_monotonic() - start) / 1e9;
    r->result->interrupted = o->end == RUN_END_INTERRUPTED;
    observation_free(o);
}

bool litmus_run_engine(const struct litmus_command *c, const litmus_result *allowed, region *memory,
                       litmus_stress_result *result)
{
    struct engine_run r = {c, allowed, memory, result, false};
    load_errors errors = {0};
    buffer text = {0};
    plan *p;
    *result = (litmus_stress_result){.seed = c->seed};
    if (may_hang(allowed)) {
        fprintf(stderr, "heddle litmus: %s: an agent may sleep for ever, and so would --engine\n",
                allowed->program->file);
        return false;
    }
    litmus_emit(allowed->program, c->engine_seconds, 0, &text);
    if (scenario_load_text(allowed->program->file, buffer_text(&text), text.length, &p, &errors) ==
        STATUS_OK) {
        run_plan(&r, p);
        plan_free(p);
    } else {
        litmus_print_errors(&errors);
        r.failed = true;
    }
    load_errors_release(&errors);
    buffer_release(&text);
    litmus_stress_sort(result);
    return !r.failed;
}
