/* What the timeline came to: every moment was reached, every deed could be done, and what had to hold did. */
#include "scenario/check.h"

#include <stdio.h>
#include <string.h>

static const char *const never_came[] = {
    [TRIGGER_START] = "the run ended before this moment",
    [TRIGGER_LOG] = "the line that it waits for did not come, or the run ended first",
    [TRIGGER_AGENT_STARTED] = "the agent that it waits for was not started, or the run ended first",
    [TRIGGER_AGENT_ENDED] = "the agent that it waits for did not end, or the run ended first",
};

/* Where the moment stands in the observation, SIZE_MAX when it never came. */
static size_t find_moment(const observation *o, size_t number)
{
    for (size_t i = 0; i < o->count; i++)
        if (o->records[i].kind == OBSERVATION_MOMENT && o->records[i].moment == number)
            return i;
    return SIZE_MAX;
}

/* The lines that had come when the moment was there. */
static record_list lines_until(region *memory, const observation *o, size_t end)
{
    record_list list = {region_allocate(memory, (end + 1) * sizeof *list.items), 0};
    for (size_t i = 0; i < end; i++)
        if (o->records[i].kind == OBSERVATION_CONSOLE)
            list.items[list.count++] = &o->records[i];
    return list;
}

static void add_line(buffer *out, const char *label, const expect_line *line)
{
    if (out->length > 0)
        buffer_add(out, "\n");
    buffer_format(out, "%s  ", label);
    match_describe_line(line, out);
}

static void check_received(const check_run *run, const plan_moment *m, size_t end, buffer *out)
{
    region *scratch = region_create();
    record_list records = lines_until(scratch, run->seen, end);
    size_t *owner = region_allocate(scratch, (records.count + 1) * sizeof *owner);
    uint64_t *missing = region_allocate(scratch, (m->received.count + 1) * sizeof *missing);
    match_assign(&m->received, &records, 0, records.count, owner, missing);
    for (size_t i = 0; i < m->received.count; i++)
        if (missing[i] > 0)
            add_line(out, "not yet  ", &m->received.items[i]);
    for (size_t i = 0; i < m->not_received.count; i++)
        for (size_t k = 0; k < records.count; k++)
            if (match_line(&m->not_received.items[i], records.items[k]) == MATCH_EQUAL) {
                add_line(out, "too early", &m->not_received.items[i]);
                break;
            }
    region_free(scratch);
}

static void name_moment(const plan_moment *m, size_t number, char *what, size_t size)
{
    if (m->deed == DEED_NONE)
        snprintf(what, size, "moment %zu", number + 1);
    else
        snprintf(what, size, "moment %zu, %s %s", number + 1, plan_deed_name(m->deed), m->subject);
}

static void check_moment(check_run *run, size_t number)
{
    const plan_moment *m = &run->plan->timeline[number];
    size_t at = find_moment(run->seen, number);
    buffer explanation = {0};
    char what[160];
    if (at == SIZE_MAX) {
        buffer_add(&explanation, never_came[m->trigger]);
    } else {
        if (!run->seen->records[at].held)
            buffer_add(&explanation, run->seen->records[at].text);
        check_received(run, m, at, &explanation);
    }
    name_moment(m, number, what, sizeof what);
    check_add(run, VERDICT_TIMELINE, what, explanation.length > 0 ? buffer_text(&explanation) : NULL, m->shows, m->declared);
    buffer_release(&explanation);
}

void check_timeline(check_run *run)
{
    for (size_t i = 0; i < run->plan->moment_count; i++)
        check_moment(run, i);
}
