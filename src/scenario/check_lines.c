#include "scenario/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const number_list shows_nothing = {NULL, 0};

static void add_row(buffer *out, const char *label, const char *text)
{
    buffer_format(out, "%s%-8s  %s", out->length == 0 ? "" : "\n", label, text);
}

static void add_record_row(buffer *out, const char *label, const observation_record *record)
{
    buffer shown = {0};
    match_describe_record(record, &shown);
    add_row(out, label, buffer_text(&shown));
    buffer_release(&shown);
}

static void add_expected_row(buffer *out, const expect_line *line, uint64_t missing)
{
    buffer shown = {0};
    match_describe_line(line, &shown);
    if (line->times > 1)
        buffer_format(&shown, "  (%" PRIu64 " times; %" PRIu64 " came)", line->times,
                      line->times - missing);
    add_row(out, "expected", buffer_text(&shown));
    buffer_release(&shown);
}

/* A caret under the first character in which two shown lines differ, when they are alike up to
 * there. */
static void add_caret_row(buffer *out, const expect_line *line, const observation_record *record)
{
    if (line->pattern != NULL)
        return;
    buffer expected = {0}, got = {0};
    match_describe_line(line, &expected);
    match_describe_record(record, &got);
    const char *a = buffer_text(&expected), *b = buffer_text(&got);
    size_t same = 0, column = 0;
    for (; a[same] != '\0' && a[same] == b[same]; same++)
        column += ((unsigned char)a[same] & 0xC0) != 0x80;
    if (same >= 4 && (a[same] != '\0' || b[same] != '\0')) {
        buffer_add(out, "\n");
        buffer_add_repeated(out, ' ', 10 + column);
        buffer_add(out, "^ differs from here");
    }
    buffer_release(&expected);
    buffer_release(&got);
}

/* The record, from `first` to `end`, that fails a line by the least: its text is right. */
static size_t find_almost(const expect_line *line, const record_list *records, size_t first,
                          size_t end, match_result *how)
{
    size_t best = SIZE_MAX;
    *how = MATCH_TEXT_DIFFERS;
    for (size_t i = first; i < end; i++) {
        match_result result = match_line(line, records->items[i]);
        if (result < *how) {
            *how = result;
            best = i;
        }
    }
    return best;
}

static void add_almost_row(buffer *out, const expect_line *line, const observation_record *record,
                           size_t number, match_result how, const char *where)
{
    char text[256];
    uint64_t ms = record->time_ns / 1000000;
    if (how == MATCH_EQUAL)
        snprintf(text, sizeof text, "this line comes %s, as line %zu", where, number);
    else if (how == MATCH_TIME_DIFFERS)
        snprintf(text, sizeof text, "line %zu says this, but at %" PRIu64 " ms", number, ms);
    else if (how == MATCH_LEVEL_DIFFERS)
        snprintf(text, sizeof text, "line %zu says this, but by console.%s", number,
                 console_level_name(record->level));
    else
        snprintf(text, sizeof text, "line %zu says this, but \"%s\" is who says it, not \"%s\"",
                 number, record->agent == NULL ? "" : record->agent, line->agent);
    add_row(out, "but", text);
}

/* What helps a reader most: the line comes elsewhere, comes almost so, or this one is nearest. */
static void add_hint(buffer *out, const expect_line *line, const record_list *records, size_t next)
{
    match_result how;
    size_t at = find_almost(line, records, next, records->count, &how);
    if (at != SIZE_MAX) {
        add_almost_row(out, line, records->items[at], at + 1, how, "later");
        return;
    }
    at = match_nearest(line, records, next);
    if (at == SIZE_MAX || at == next)
        return;
    buffer shown = {0};
    match_describe_record(records->items[at], &shown);
    buffer_format(&shown, "  (line %zu)", at + 1);
    add_row(out, "near", buffer_text(&shown));
    buffer_release(&shown);
}

static void explain_mismatch(buffer *out, const expect_line *line, uint64_t missing,
                             const record_list *records, size_t next)
{
    if (next > 0)
        add_record_row(out, "after", records->items[next - 1]);
    add_expected_row(out, line, missing);
    if (next < records->count) {
        add_record_row(out, "got", records->items[next]);
        add_caret_row(out, line, records->items[next]);
    } else {
        add_row(out, "got", records->count == 0 ? "nothing at all" : "nothing more");
    }
    add_hint(out, line, records, next);
}

/* What a sequence of lines is called in verdicts. */
static void name_sequence(buffer *out, verdict_topic topic, const expect_sequence *sequence)
{
    if (topic == VERDICT_CONSOLE)
        buffer_format(out, "console of %s", sequence->agent);
    else
        buffer_add(out, "log");
}

typedef struct walk {
    check_run *run;
    verdict_topic topic;
    const char *name;
    record_list records;
    size_t next;   /* the first record that no line has taken */
    size_t number; /* of the expected line, from 1 */
    bool broken;   /* a line has failed: the rest cannot be judged */
} walk;

static void walk_add(walk *w, const expect_line *line, const char *explanation, bool consequence)
{
    char what[128];
    snprintf(what, sizeof what, "%s line %zu", w->name, w->number);
    check_add(w->run, w->topic, what, explanation, line->shows, line->declared)->consequence =
        consequence;
    w->number++;
}

static void walk_line(walk *w, const expect_line *line)
{
    uint64_t missing = line->times;
    while (missing > 0 && w->next < w->records.count &&
           match_line(line, w->records.items[w->next]) == MATCH_EQUAL) {
        w->next++;
        missing--;
    }
    if (missing == 0) {
        walk_add(w, line, NULL, false);
        return;
    }
    buffer explanation = {0};
    explain_mismatch(&explanation, line, missing, &w->records, w->next);
    walk_add(w, line, buffer_text(&explanation), false);
    buffer_release(&explanation);
    w->broken = true;
}

static void explain_group_miss(buffer *out, const walk *w, const expect_line *line,
                               uint64_t missing, size_t count, const size_t *owner)
{
    add_expected_row(out, line, missing);
    for (size_t i = 0; i < count; i++)
        if (owner[i] == SIZE_MAX) {
            add_record_row(out, "got", w->records.items[w->next + i]);
            add_caret_row(out, line, w->records.items[w->next + i]);
            break;
        }
    if (count == 0)
        add_row(out, "got", "nothing more");
    add_hint(out, line, &w->records, w->next + count);
}

static void walk_group(walk *w, const expect_step *step)
{
    expect_lines lines = {step->lines, step->count};
    uint64_t wanted = 0;
    for (size_t i = 0; i < step->count; i++)
        wanted += step->lines[i].times;
    size_t left = w->records.count - w->next, count = wanted < left ? (size_t)wanted : left;
    region *scratch = region_create();
    size_t *owner = region_allocate(scratch, (count + 1) * sizeof *owner);
    uint64_t *missing = region_allocate(scratch, (step->count + 1) * sizeof *missing);
    bool complete = match_assign(&lines, &w->records, w->next, count, owner, missing);
    for (size_t i = 0; i < step->count; i++) {
        if (missing[i] == 0) {
            walk_add(w, &step->lines[i], NULL, false);
            continue;
        }
        buffer explanation = {0};
        explain_group_miss(&explanation, w, &step->lines[i], missing[i], count, owner);
        walk_add(w, &step->lines[i], buffer_text(&explanation), w->broken);
        buffer_release(&explanation);
        w->broken = true;
    }
    if (complete)
        w->next += count;
    region_free(scratch);
}

static void walk_end(walk *w, const expect_sequence *sequence)
{
    char what[128];
    bool complete = w->next == w->records.count;
    snprintf(what, sizeof what, "%s complete", w->name);
    if (complete && sequence->count > 0)
        return; /* the lines have said it */
    buffer explanation = {0};
    if (!complete) {
        if (w->next > 0)
            add_record_row(&explanation, "after", w->records.items[w->next - 1]);
        add_row(&explanation, "expected", w->next == 0 ? "nothing" : "nothing more");
        add_record_row(&explanation, "got", w->records.items[w->next]);
        if (w->records.count - w->next > 1)
            buffer_format(&explanation, "  (and %zu more)", w->records.count - w->next - 1);
    }
    check_add(w->run, w->topic, what, complete ? NULL : buffer_text(&explanation), shows_nothing,
              sequence->declared);
    buffer_release(&explanation);
}

void check_sequence(check_run *run, verdict_topic topic, const expect_sequence *sequence)
{
    region *scratch = region_create();
    buffer name = {0};
    name_sequence(&name, topic, sequence);
    walk w = {.run = run, .topic = topic, .name = buffer_text(&name), .number = 1};
    w.records = match_select(scratch, run->seen, OBSERVATION_CONSOLE, sequence->agent);
    for (size_t i = 0; i < sequence->count; i++) {
        const expect_step *step = &sequence->steps[i];
        for (size_t k = 0; w.broken && k < step->count; k++)
            walk_add(&w, &step->lines[k], "an earlier line differs", true);
        if (w.broken)
            continue;
        if (step->group)
            walk_group(&w, step);
        else
            walk_line(&w, &step->lines[0]);
    }
    if (!w.broken)
        walk_end(&w, sequence);
    buffer_release(&name);
    region_free(scratch);
}

/* Takes `times` records from `from` on; the position behind the last, SIZE_MAX when there are not
 * so many. */
static size_t follow_line(const expect_line *line, const record_list *records, size_t from,
                          bool *taken)
{
    uint64_t missing = line->times;
    for (size_t i = from; i < records->count; i++) {
        if (taken[i] || match_line(line, records->items[i]) != MATCH_EQUAL)
            continue;
        taken[i] = true;
        if (--missing == 0)
            return i + 1;
    }
    return SIZE_MAX;
}

static void explain_order(buffer *out, const expect_line *line, const record_list *records,
                          size_t from)
{
    if (from > 0)
        add_record_row(out, "after", records->items[from - 1]);
    add_expected_row(out, line, line->times);
    match_result how;
    size_t earlier = find_almost(line, records, 0, from, &how);
    if (earlier != SIZE_MAX)
        add_almost_row(out, line, records->items[earlier], earlier + 1, how, "earlier");
    else
        add_hint(out, line, records, from);
}

void check_order(check_run *run, const expect_sequence *chain, size_t number)
{
    region *scratch = region_create();
    record_list records = match_select(scratch, run->seen, OBSERVATION_CONSOLE, NULL);
    bool *taken = region_allocate(scratch, records.count + 1);
    bool broken = false;
    size_t from = 0, line_number = 1;
    for (size_t i = 0; i < chain->count; i++) {
        const expect_step *step = &chain->steps[i];
        size_t furthest = from;
        for (size_t k = 0; k < step->count; k++, line_number++) {
            const expect_line *line = &step->lines[k];
            char what[64];
            snprintf(what, sizeof what, "order %zu line %zu", number, line_number);
            size_t end = broken ? SIZE_MAX : follow_line(line, &records, from, taken);
            buffer explanation = {0};
            if (broken)
                buffer_add(&explanation, "an earlier line is missing");
            else if (end == SIZE_MAX)
                explain_order(&explanation, line, &records, from);
            const char *text = end == SIZE_MAX ? buffer_text(&explanation) : NULL;
            check_add(run, VERDICT_ORDER, what, text, line->shows, line->declared)->consequence =
                broken;
            buffer_release(&explanation);
            if (end == SIZE_MAX)
                broken = true;
            else if (end > furthest)
                furthest = end;
        }
        from = furthest;
    }
    region_free(scratch);
}

static void explain_missing(buffer *out, const expect_line *line, uint64_t missing,
                            const record_list *records)
{
    add_expected_row(out, line, missing);
    if (records->count == 0)
        add_row(out, "got", "nothing at all");
    match_result how;
    size_t at = find_almost(line, records, 0, records->count, &how);
    if (at != SIZE_MAX && how != MATCH_EQUAL) {
        add_almost_row(out, line, records->items[at], at + 1, how, "");
        return;
    }
    at = match_nearest(line, records, 0);
    if (at != SIZE_MAX && missing == line->times)
        add_record_row(out, "near", records->items[at]);
}

/* Lines that must be there in any order, among records of one kind. `owner` as in match_assign. */
static void check_presence(check_run *run, verdict_topic topic, const char *name,
                           const expect_lines *lines, const record_list *records, size_t *owner,
                           region *scratch)
{
    uint64_t *missing = region_allocate(scratch, (lines->count + 1) * sizeof *missing);
    match_assign(lines, records, 0, records->count, owner, missing);
    for (size_t i = 0; i < lines->count; i++) {
        const expect_line *line = &lines->items[i];
        char what[64];
        snprintf(what, sizeof what, "%s %zu", name, i + 1);
        buffer explanation = {0};
        if (missing[i] > 0)
            explain_missing(&explanation, line, missing[i], records);
        check_add(run, topic, what, missing[i] > 0 ? buffer_text(&explanation) : NULL, line->shows,
                  line->declared);
        buffer_release(&explanation);
    }
}

void check_unordered(check_run *run)
{
    region *scratch = region_create();
    record_list records = match_select(scratch, run->seen, OBSERVATION_CONSOLE, NULL);
    size_t *owner = region_allocate(scratch, (records.count + 1) * sizeof *owner);
    check_presence(run, VERDICT_UNORDERED, "unordered line", &run->plan->expect.unordered, &records,
                   owner, scratch);
    region_free(scratch);
}

void check_errors(check_run *run)
{
    const plan_expect *e = &run->plan->expect;
    if (!e->has_errors)
        return;
    region *scratch = region_create();
    record_list records = match_select(scratch, run->seen, OBSERVATION_ERROR, NULL);
    size_t *owner = region_allocate(scratch, (records.count + 1) * sizeof *owner);
    check_presence(run, VERDICT_ERRORS, "error", &e->errors, &records, owner, scratch);
    for (size_t i = 0; i < records.count; i++)
        if (owner[i] != SIZE_MAX)
            run->covered[records.items[i] - run->seen->records] = true;
    if (e->errors.count == 0 && records.count == 0)
        check_add(run, VERDICT_ERRORS, "no uncaught error", NULL, shows_nothing,
                  (source_position){0});
    region_free(scratch);
}

void check_never(check_run *run)
{
    const expect_lines *lines = &run->plan->expect.never;
    region *scratch = region_create();
    record_list records = match_select(scratch, run->seen, OBSERVATION_CONSOLE, NULL);
    for (size_t i = 0; i < lines->count; i++) {
        const expect_line *line = &lines->items[i];
        char what[64];
        snprintf(what, sizeof what, "never line %zu", i + 1);
        buffer explanation = {0};
        for (size_t k = 0; k < records.count && explanation.length == 0; k++) {
            if (match_line(line, records.items[k]) != MATCH_EQUAL)
                continue;
            add_row(&explanation, "expected", "never: ");
            match_describe_line(line, &explanation);
            add_record_row(&explanation, "got", records.items[k]);
            buffer_format(&explanation, "  (line %zu)", k + 1);
        }
        check_add(run, VERDICT_NEVER, what,
                  explanation.length > 0 ? buffer_text(&explanation) : NULL, line->shows,
                  line->declared);
        buffer_release(&explanation);
    }
    region_free(scratch);
}
