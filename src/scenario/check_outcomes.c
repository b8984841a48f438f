/* What the runs of a scenario came to: each of them one of the allowed outcomes, and each outcome
 * as often as it was declared. */
#include "scenario/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct outcome_tally {
    region *memory;
    uint64_t runs;
    uint64_t *counts; /* of the plan's outcomes */
};

outcome_tally *outcome_tally_create(const plan *p)
{
    region *memory = region_create();
    outcome_tally *t = region_allocate(memory, sizeof *t);
    t->memory = memory;
    t->counts = region_allocate(memory, (p->expect.outcomes.count + 1) * sizeof *t->counts);
    return t;
}

void outcome_tally_free(outcome_tally *t)
{
    if (t != NULL)
        region_free(t->memory);
}

static void add_part(buffer *out, const char *text, const char *before)
{
    buffer_format(out, "%s%s", out->length > 0 ? before : "", text);
}

/* The cells' values with spaces between them, or the lines of output with commas. */
static void describe_outcome(const expect_outcomes *e, const observation *o, buffer *out)
{
    for (size_t i = 0; i < e->cells.count; i++) {
        const observation_cell *cell = observation_find_cell(o, e->cells.items[i]);
        add_part(out, cell == NULL ? "?" : cell->value, " ");
    }
    for (size_t i = 0; e->cells.count == 0 && i < o->count; i++)
        if (o->records[i].kind == OBSERVATION_CONSOLE)
            add_part(out, o->records[i].text, ", ");
}

static expect_outcome *find_outcome(const expect_outcomes *e, const char *text)
{
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->items[i].text, text) == 0)
            return &e->items[i];
    return NULL;
}

static void add_seen(const expect_outcomes *e, const outcome_tally *t, buffer *out)
{
    const char *before = "\nseen      ";
    for (size_t i = 0; i < e->count; i++) {
        buffer_format(out, "%s%" PRIu64 " × %s", before, t->counts[i], e->items[i].text);
        before = ", ";
    }
}

/* After the last run. */
static void check_count(check_run *run, const outcome_tally *t, size_t i)
{
    const expect_outcomes *e = &run->plan->expect.outcomes;
    const expect_outcome *outcome = &e->items[i];
    buffer explanation = {0};
    char what[160];
    if (outcome->minimum == 0 && outcome->maximum == UINT64_MAX)
        return;
    bool held = t->counts[i] >= outcome->minimum && t->counts[i] <= outcome->maximum;
    if (!held && outcome->maximum == UINT64_MAX)
        buffer_format(&explanation, "expected  at least %" PRIu64 " of %" PRIu64 " runs",
                      outcome->minimum, t->runs);
    else if (!held)
        buffer_format(&explanation, "expected  %" PRIu64 " to %" PRIu64 " of %" PRIu64 " runs",
                      outcome->minimum, outcome->maximum, t->runs);
    if (!held)
        add_seen(e, t, &explanation);
    snprintf(what, sizeof what, "outcome %s", outcome->text);
    check_add(run, VERDICT_OUTCOMES, what, held ? NULL : buffer_text(&explanation), outcome->shows,
              outcome->declared);
    buffer_release(&explanation);
}

void check_outcomes(check_run *run, outcome_tally *t, bool last)
{
    const expect_outcomes *e = &run->plan->expect.outcomes;
    if (e->count == 0)
        return;
    buffer text = {0}, explanation = {0};
    describe_outcome(e, run->seen, &text);
    const expect_outcome *found = find_outcome(e, buffer_text(&text));
    for (size_t i = 0; found == NULL && i < e->count; i++)
        buffer_format(&explanation, "%s%s", i == 0 ? "expected  " : " | ", e->items[i].text);
    if (found == NULL)
        buffer_format(&explanation, "\ngot       %s", buffer_text(&text));
    check_add(run, VERDICT_OUTCOMES, "the outcome",
              found == NULL ? buffer_text(&explanation) : NULL, e->shows, e->declared);
    if (t != NULL) {
        t->runs++;
        t->counts[found == NULL ? e->count : (size_t)(found - e->items)]++;
    }
    for (size_t i = 0; t != NULL && last && i < e->count; i++)
        check_count(run, t, i);
    buffer_release(&explanation);
    buffer_release(&text);
}
