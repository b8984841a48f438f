#include "scenario/check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A whole number as scripts write it: 12, -3, 7n. False when the text is none or has more than 30
 * digits. */
static bool read_integer(const char *text, __int128 *value)
{
    bool negative = *text == '-';
    text += negative || *text == '+';
    size_t length = strspn(text, "0123456789");
    const char *rest = text + length;
    if (length == 0 || length > 30 || (*rest != '\0' && strcmp(rest, "n") != 0))
        return false;
    __int128 sum = 0;
    for (size_t i = 0; i < length; i++)
        sum = sum * 10 + (text[i] - '0');
    *value = negative ? -sum : sum;
    return true;
}

/* Compares by value where both are numbers. False when they cannot be compared. NaN equals NaN
 * only. */
static bool compare_values(const char *a, const char *b, int *result)
{
    __int128 x, y;
    if (read_integer(a, &x) && read_integer(b, &y)) {
        *result = x < y ? -1 : x > y;
        return true;
    }
    char *end_a, *end_b;
    double p = strtod(a, &end_a), q = strtod(b, &end_b);
    if (*a == '\0' || *b == '\0' || *end_a != '\0' || *end_b != '\0' || isnan(p) != isnan(q))
        return false;
    *result = isnan(p) ? 0 : p < q ? -1 : p > q;
    return true;
}

static bool value_is(const char *actual, const char *expected)
{
    int result;
    return strcmp(actual, expected) == 0 ||
           (compare_values(actual, expected, &result) && result == 0);
}

static bool cell_holds(const expect_cell *cell, const char *value)
{
    int result;
    bool allowed = cell->one_of.count == 0;
    for (size_t i = 0; i < cell->one_of.count; i++)
        allowed = allowed || value_is(value, cell->one_of.items[i]);
    if (cell->minimum != NULL && (!compare_values(value, cell->minimum, &result) || result < 0))
        return false;
    if (cell->maximum != NULL && (!compare_values(value, cell->maximum, &result) || result > 0))
        return false;
    return allowed;
}

static void explain_cell(buffer *out, const check_run *run, const expect_cell *cell,
                         const observation_cell *seen)
{
    buffer_add(out, "expected  ");
    for (size_t i = 0; i < cell->one_of.count; i++)
        buffer_format(out, "%s%s", i == 0 ? "" : " or ", cell->one_of.items[i]);
    if (cell->minimum != NULL)
        buffer_format(out, "%sat least %s", cell->one_of.count > 0 ? ", " : "", cell->minimum);
    if (cell->maximum != NULL)
        buffer_format(out, "%sat most %s",
                      cell->one_of.count > 0 || cell->minimum != NULL ? ", " : "", cell->maximum);
    buffer_add(out, "\ngot       ");
    if (seen != NULL) {
        buffer_format(out, "%s  (%s, block %" PRIu64 ", byte %" PRIu64 ")", seen->value, seen->type,
                      seen->block, seen->byte_offset);
        return;
    }
    buffer_format(out, "no cell: no script called heddle.cell(\"%s\", ...)", cell->name);
    for (size_t i = 0; i < run->seen->cell_count; i++)
        buffer_format(out, "%s%s", i == 0 ? "\nnear      registered are " : ", ",
                      run->seen->cells[i].name);
}

void check_cells(check_run *run)
{
    const plan_expect *e = &run->plan->expect;
    for (size_t i = 0; i < e->cell_count; i++) {
        const expect_cell *cell = &e->cells[i];
        const observation_cell *seen = observation_find_cell(run->seen, cell->name);
        char what[128];
        snprintf(what, sizeof what, "cell %s", cell->name);
        buffer explanation = {0};
        bool held = seen != NULL && cell_holds(cell, seen->value);
        if (!held)
            explain_cell(&explanation, run, cell, seen);
        check_add(run, VERDICT_CELLS, what, held ? NULL : buffer_text(&explanation), cell->shows,
                  cell->declared);
        buffer_release(&explanation);
    }
}

static bool is_found(const observation_record *record)
{
    return record->kind == OBSERVATION_ERROR || record->kind == OBSERVATION_FINDING;
}

static bool agent_takes_part(const observation_record *record, const char *agent)
{
    if (record->agent != NULL && strcmp(record->agent, agent) == 0)
        return true;
    for (size_t i = 0; i < record->party_count; i++)
        if (record->parties[i].agent != NULL && strcmp(record->parties[i].agent, agent) == 0)
            return true;
    return false;
}

/* "file:line" or "file:line:column"; the file may be given without its leading folders. */
static bool position_is(source_position position, const char *wanted)
{
    if (position.file == NULL || position.line == 0)
        return false;
    char with_line[512], with_column[512];
    snprintf(with_line, sizeof with_line, "%s:%u", position.file, position.line);
    snprintf(with_column, sizeof with_column, "%s:%u:%u", position.file, position.line,
             position.column);
    const char *const forms[] = {with_line, with_column};
    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(forms[i]), tail = strlen(wanted);
        if (tail > length || strcmp(forms[i] + length - tail, wanted) != 0)
            continue;
        if (tail == length || forms[i][length - tail - 1] == '/')
            return true;
    }
    return false;
}

static bool finding_is_at(const check_run *run, const observation_record *record,
                          const char *wanted)
{
    source_position in_file =
        plan_locate(run->plan, record->where.file, record->where.line, record->where.column);
    if (position_is(record->where, wanted) || position_is(in_file, wanted))
        return true;
    for (size_t i = 0; i < record->party_count; i++) {
        source_position where = record->parties[i].where;
        if (position_is(where, wanted) ||
            position_is(plan_locate(run->plan, where.file, where.line, where.column), wanted))
            return true;
    }
    return false;
}

static bool finding_matches(const check_run *run, const expect_finding *expected,
                            const observation_record *record)
{
    if (!is_found(record) || record->finding != expected->kind)
        return false;
    for (size_t i = 0; i < expected->agents.count; i++)
        if (!agent_takes_part(record, expected->agents.items[i]))
            return false;
    if (expected->text != NULL && strstr(record->text, expected->text) == NULL)
        return false;
    return expected->where == NULL || finding_is_at(run, record, expected->where);
}

static void explain_finding(buffer *out, const check_run *run, const expect_finding *expected,
                            uint64_t found)
{
    buffer_add(out, "expected  ");
    if (expected->minimum == expected->maximum)
        buffer_format(out, "%" PRIu64 " × ", expected->minimum);
    else if (expected->minimum > 1 || expected->maximum != UINT64_MAX)
        buffer_format(out, "%" PRIu64 " or more × ", expected->minimum);
    buffer_add(out, finding_name(expected->kind));
    for (size_t i = 0; i < expected->agents.count; i++)
        buffer_format(out, "%s%s", i == 0 ? " of " : ", ", expected->agents.items[i]);
    if (expected->where != NULL)
        buffer_format(out, " at %s", expected->where);
    if (expected->text != NULL)
        buffer_format(out, " with \"%s\"", expected->text);
    if (expected->maximum != UINT64_MAX && expected->minimum != expected->maximum)
        buffer_format(out, ", at most %" PRIu64, expected->maximum);
    if (found > 0) {
        buffer_format(out, "\ngot       %" PRIu64, found);
        return;
    }
    buffer_add(out, "\ngot       none");
    for (size_t i = 0; i < run->seen->count; i++) {
        const observation_record *record = &run->seen->records[i];
        if (!is_found(record) || record->finding != expected->kind)
            continue;
        buffer_add(out, "\nnear      ");
        match_describe_record(record, out);
        if (record->where.line > 0)
            buffer_format(out, "  (%s:%u:%u)", record->where.file, record->where.line,
                          record->where.column);
        return;
    }
}

/* What only the race detector finds. */
void check_findings(check_run *run)
{
    const plan_expect *e = &run->plan->expect;
    for (size_t i = 0; i < e->finding_count; i++) {
        const expect_finding *expected = &e->findings[i];
        if (finding_is_of_races(expected->kind) && run->seen->races_off != NULL) {
            run->verdict->unchecked++;
            continue;
        }
        uint64_t found = 0;
        for (size_t k = 0; k < run->seen->count; k++)
            if (finding_matches(run, expected, &run->seen->records[k])) {
                run->covered[k] = true;
                found++;
            }
        char what[64];
        snprintf(what, sizeof what, "finding %s", finding_name(expected->kind));
        buffer explanation = {0};
        bool held = found >= expected->minimum && found <= expected->maximum;
        if (!held)
            explain_finding(&explanation, run, expected, found);
        check_add(run, VERDICT_FINDINGS, what, held ? NULL : buffer_text(&explanation),
                  expected->shows, expected->declared);
        buffer_release(&explanation);
    }
}

/* The exit code that the run would have without declarations. */
static int bare_exit_code(const observation *o)
{
    bool bound = o->end == RUN_END_TIME_LIMIT;
    for (size_t i = 0; i < o->count; i++) {
        if (o->records[i].tolerated)
            continue;
        if (is_found(&o->records[i]) && o->records[i].finding != FINDING_TIME_LIMIT)
            return EXIT_FINDING;
        bound = bound || is_found(&o->records[i]);
    }
    return bound ? EXIT_BOUND : EXIT_HOLDS;
}

static const char *agent_end(const observation *o, const char *agent)
{
    const char *how = "alive";
    for (size_t i = 0; i < o->count; i++)
        if (o->records[i].kind == OBSERVATION_EXIT && o->records[i].agent != NULL &&
            strcmp(o->records[i].agent, agent) == 0)
            how = o->records[i].text;
    return how;
}

static void check_end(check_run *run, const char *what, const char *expected, const char *got,
                      source_position declared)
{
    buffer explanation = {0};
    bool held = strcmp(expected, got) == 0;
    if (!held)
        buffer_format(&explanation, "expected  %s\ngot       %s", expected, got);
    check_add(run, VERDICT_EXIT, what, held ? NULL : buffer_text(&explanation),
              run->plan->expect.exit.shows, declared);
    buffer_release(&explanation);
}

void check_exit(check_run *run)
{
    const expect_exit *x = &run->plan->expect.exit;
    if (!x->present)
        return;
    if (x->run != NULL)
        check_end(run, "end of the run", x->run, run_end_name(run->seen->end), x->declared);
    if (x->code >= 0) {
        char expected[16], got[16];
        snprintf(expected, sizeof expected, "%d", x->code);
        snprintf(got, sizeof got, "%d", bare_exit_code(run->seen));
        check_end(run, "exit code", expected, got, x->declared);
    }
    for (size_t i = 0; i < x->agent_count; i++) {
        char what[128];
        snprintf(what, sizeof what, "end of %s", x->agents[i].agent);
        check_end(run, what, x->agents[i].how, agent_end(run->seen, x->agents[i].agent),
                  x->agents[i].declared);
    }
}

/* `exit: deadlock` and `exit: time-limit` declare the finding that they are the end of. */
static void cover_declared_end(check_run *run)
{
    const expect_exit *x = &run->plan->expect.exit;
    finding_kind kind;
    if (x->run == NULL || !finding_from_name(x->run, &kind))
        return;
    for (size_t i = 0; i < run->seen->count; i++)
        if (is_found(&run->seen->records[i]) && run->seen->records[i].finding == kind)
            run->covered[i] = true;
}

void check_undeclared(check_run *run)
{
    const observation *o = run->seen;
    bool bound_declared = false;
    cover_declared_end(run);
    for (size_t i = 0; i < o->count; i++) {
        const observation_record *record = &o->records[i];
        if (!is_found(record))
            continue;
        if (run->covered[i]) {
            run->verdict->declared_findings++;
            bound_declared = bound_declared || record->finding == FINDING_TIME_LIMIT;
        } else if (record->finding == FINDING_TIME_LIMIT) {
            run->verdict->bound_reached = true;
        } else if (!record->tolerated) {
            check_add(run, VERDICT_UNDECLARED, finding_name(record->finding), record->text,
                      (number_list){NULL, 0}, (source_position){0})
                ->record = record;
        }
    }
    if (o->end == RUN_END_TIME_LIMIT && !bound_declared)
        run->verdict->bound_reached = true;
    const expect_exit *x = &run->plan->expect.exit;
    if (x->code == EXIT_BOUND || (x->run != NULL && strcmp(x->run, "time-limit") == 0))
        run->verdict->bound_reached = false;
}
