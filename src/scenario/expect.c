#include "scenario/expect.h"

#include "base/assert.h"
#include "scenario/check.h"

static const char *const topic_names[] = {
    [VERDICT_LOG] = "the whole log in order",
    [VERDICT_CONSOLE] = "the console of single agents",
    [VERDICT_ORDER] = "the order of lines",
    [VERDICT_UNORDERED] = "lines in any order",
    [VERDICT_NEVER] = "lines that must not come",
    [VERDICT_ERRORS] = "uncaught errors",
    [VERDICT_CELLS] = "shared cells",
    [VERDICT_FINDINGS] = "declared findings",
    [VERDICT_TOPOLOGY] = "who is where",
    [VERDICT_EXIT] = "how the run ends",
    [VERDICT_TIMELINE] = "moments of the timeline",
    [VERDICT_OUTCOMES] = "outcomes",
    [VERDICT_UNDECLARED] = "undeclared findings",
};

const char *verdict_topic_name(verdict_topic topic)
{
    hd_assert(topic < VERDICT_TOPIC_COUNT);
    return topic_names[topic];
}

const char *verdict_topic_key(verdict_topic topic)
{
    static const char *const keys[] = {"log",    "console", "order",    "unordered", "never",
                                       "errors", "cells",   "findings", "topology",  "exit", "timeline", "outcomes", "undeclared"};
    hd_assert(topic < VERDICT_TOPIC_COUNT);
    return keys[topic];
}

verdict_line *check_add(check_run *run, verdict_topic topic, const char *what,
                        const char *explanation, number_list shows, source_position declared)
{
    verdict *v = run->verdict;
    v->lines = region_grow(v->memory, v->lines, v->count, &v->capacity, sizeof *v->lines);
    verdict_line *line = &v->lines[v->count++];
    *line = (verdict_line){
        .topic = topic,
        .held = explanation == NULL,
        .what = region_text(v->memory, what),
        .explanation = region_text(v->memory, explanation == NULL ? "" : explanation),
        .shows = shows,
        .declared = declared,
    };
    *(line->held ? &v->held : &v->failed) += 1;
    return line;
}

static void check_output(check_run *run)
{
    const plan_expect *e = &run->plan->expect;
    if (e->has_log)
        check_sequence(run, VERDICT_LOG, &e->log);
    for (size_t i = 0; i < e->console_count; i++)
        check_sequence(run, VERDICT_CONSOLE, &e->console[i]);
    for (size_t i = 0; i < e->order_count; i++)
        check_order(run, &e->order[i], i + 1);
    check_unordered(run);
}

static int exit_code_of(const verdict *v)
{
    if (v->interrupted)
        return EXIT_INTERRUPTED;
    if (v->failed > 0)
        return EXIT_FINDING;
    return v->bound_reached ? EXIT_BOUND : EXIT_HOLDS;
}

verdict *expect_check(const plan *p, const observation *o)
{
    return expect_check_next(p, o, NULL, true);
}

verdict *expect_check_next(const plan *p, const observation *o, outcome_tally *t, bool last)
{
    region *memory = region_create();
    verdict *v = region_allocate(memory, sizeof *v);
    v->memory = memory;
    check_run run = {.plan = p, .seen = o, .verdict = v, .memory = memory};
    run.covered = region_allocate(memory, o->count + 1);
    v->interrupted = o->end == RUN_END_INTERRUPTED;
    /* What an interrupted run has not done yet cannot be held against it; what it has found still
     * counts. */
    if (!v->interrupted)
        check_output(&run);
    check_never(&run);
    check_errors(&run);
    check_findings(&run);
    if (!v->interrupted) {
        check_timeline(&run);
        check_cells(&run);
        check_topology(&run);
        check_outcomes(&run, t, last);
        check_exit(&run);
    }
    check_undeclared(&run);
    v->exit_code = exit_code_of(v);
    return v;
}

void verdict_free(verdict *v)
{
    if (v != NULL)
        region_free(v->memory);
}

bool verdict_number_holds(const verdict *v, uint32_t number)
{
    bool shown = false;
    for (size_t i = 0; i < v->count; i++)
        for (size_t k = 0; k < v->lines[i].shows.count; k++) {
            if (v->lines[i].shows.items[k] != number)
                continue;
            if (!v->lines[i].held)
                return false;
            shown = true;
        }
    return shown;
}

int exit_code_worse(int a, int b)
{
    static const int by_weight[] = {EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_USAGE,
                                    EXIT_INVALID,  EXIT_FINDING,     EXIT_BOUND};
    for (size_t i = 0; i < sizeof by_weight / sizeof by_weight[0]; i++)
        if (a == by_weight[i] || b == by_weight[i])
            return by_weight[i];
    return EXIT_HOLDS;
}
