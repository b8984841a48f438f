#include "report/reporter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WORKER_KIND_WIDTH 16 /* "dedicated-worker" */

/* Columns are wide enough from the start for what the scripts are likely to create, so that lines
 * do not jump. */
static void choose_columns(reporter *r)
{
    r->name_width = r->plan->moment_count > 0 ? 8 : 6; /* "timeline" */
    r->kind_width = 6;
    for (size_t i = 0; i < r->plan->window_count; i++) {
        uint32_t width = text_width(r->plan->windows[i].name);
        if (width > r->name_width && width <= 32)
            r->name_width = width;
    }
    for (size_t i = 0; i < r->plan->script_count; i++)
        if (strstr(r->plan->scripts[i]->text, "Worker(") != NULL)
            r->kind_width = WORKER_KIND_WIDTH;
}

void text_begin(reporter *r)
{
    choose_columns(r);
    if (strcmp(r->plan->title, r->plan->file) == 0)
        return; /* a bare script needs no heading */
    if (r->anything_written && r->held_back.length == 0 && !r->options.quiet && r->iterations == 1)
        reporter_write_line(r);
    text_add(r, TEXT_BOLD, r->plan->title);
    text_add(r, TEXT_DIM, " · ");
    text_add(r, TEXT_DIM, r->plan->file);
    reporter_write_line(r);
    reporter_write_line(r);
}

static const char *level_mark(console_level level, unsigned *colour)
{
    *colour = TEXT_PLAIN;
    switch (level) {
    case CONSOLE_WARN:
        *colour = TEXT_YELLOW;
        return "warning: ";
    case CONSOLE_ERROR:
        *colour = TEXT_RED;
        return "error: ";
    case CONSOLE_DEBUG:
        *colour = TEXT_DIM;
        return "debug: ";
    default:
        return "";
    }
}

static void write_console(reporter *r, const observation_record *record)
{
    unsigned colour;
    const char *text = record->text;
    text_add_prefix(r, record);
    const char *mark = level_mark(record->level, &colour);
    text_add(r, colour, mark);
    for (;;) {
        size_t length = strcspn(text, "\n");
        text_add_safely(r, TEXT_PLAIN, text, length);
        reporter_write_line(r);
        if (text[length] == '\0' || text[length + 1] == '\0')
            return;
        text += length + 1;
        text_add_blank_prefix(r);
        buffer_add_repeated(&r->line, ' ', strlen(mark));
    }
}

/* What the timeline does stands between the lines; what it expects is told by the verdict. */
static void write_moment(reporter *r, const observation_record *record)
{
    if (r->plan->timeline[record->moment].deed == DEED_NONE)
        return;
    text_add_prefix(r, record);
    text_add(r, record->held ? TEXT_DIM : TEXT_RED, record->text);
    reporter_write_line(r);
}

void text_record(reporter *r, const observation_record *record)
{
    if (record->kind == OBSERVATION_CONSOLE)
        write_console(r, record);
    else if (record->kind == OBSERVATION_MOMENT)
        write_moment(r, record);
    else if (record->kind != OBSERVATION_EXIT)
        text_finding(r, record);
}

static void add_count(buffer *out, uint64_t count, const char *one, const char *many)
{
    buffer_format(out, "%" PRIu64 " %s", count, count == 1 ? one : many);
}

static void add_verdict_words(reporter *r, const verdict *v)
{
    buffer *out = &r->line;
    if (v->interrupted)
        text_add(r, TEXT_YELLOW, "! interrupted");
    else if (v->failed > 0)
        text_add(r, TEXT_RED, "✗ fails");
    else if (v->bound_reached)
        text_add(r, TEXT_YELLOW, "! time limit reached");
    else
        text_add(r, TEXT_GREEN, "✓ holds");
    size_t undeclared = 0, all = 0, failed = 0;
    for (size_t i = 0; i < v->count; i++) {
        bool is_expectation = v->lines[i].topic != VERDICT_UNDECLARED;
        undeclared += !is_expectation;
        all += is_expectation;
        failed += is_expectation && !v->lines[i].held;
    }
    if (failed > 0)
        buffer_format(out, " · %zu of %zu expectations not met", failed, all);
    else if (all > 0)
        buffer_format(out, " · %s%zu expectation%s", all == 1 ? "" : "all ", all,
                      all == 1 ? "" : "s");
    if (undeclared > 0) {
        buffer_add(out, " · ");
        add_count(out, undeclared, r->plan->is_script ? "finding" : "undeclared finding",
                  r->plan->is_script ? "findings" : "undeclared findings");
    }
    if (v->declared_findings > 0) {
        buffer_add(out, " · ");
        add_count(out, v->declared_findings, "declared finding", "declared findings");
    }
}

static void write_verdict(reporter *r, const observation *o, const verdict *v)
{
    buffer *out = &r->line;
    add_verdict_words(r, v);
    buffer_add(out, " · ");
    add_count(out, o->agents, "agent", "agents");
    if (o->shared_blocks > 0) {
        buffer_add(out, " · ");
        add_count(out, o->shared_blocks, "shared block", "shared blocks");
    }
    buffer_add(out, " · ");
    reporter_add_duration(out, o->wall_ns);
    buffer_format(out, " · seed %" PRIu64 "%s", o->seed,
                  r->plan->clock == PLAN_CLOCK_REAL ? " · real clock" : "");
    reporter_write_line(r);
}

static void write_explanation(reporter *r, const char *text)
{
    for (;;) {
        size_t length = strcspn(text, "\n");
        buffer_add(&r->line, "    ");
        text_add_safely(r, TEXT_PLAIN, text, length);
        reporter_write_line(r);
        if (text[length] == '\0')
            return;
        text += length + 1;
    }
}

static void write_failure(reporter *r, const verdict_line *line)
{
    buffer_add(&r->line, "  ");
    text_add(r, TEXT_RED, "✗ ");
    text_add(r, TEXT_BOLD, line->what);
    if (line->topic == VERDICT_UNDECLARED) {
        if (!r->plan->is_script)
            buffer_add(&r->line, " · found, but the scenario does not declare it");
    } else if (line->declared.line > 0) {
        buffer_add(&r->line, " · ");
        text_add_position(r, line->declared);
    }
    for (size_t i = 0; i < line->shows.count; i++)
        buffer_format(&r->line, "%s%u%s", i == 0 ? " · shows " : ", ", line->shows.items[i], "");
    reporter_write_line(r);
    if (line->topic == VERDICT_UNDECLARED) {
        buffer_add(&r->line, "    ");
        if (line->record->agent != NULL)
            buffer_format(&r->line, "%s: ", line->record->agent);
        text_add_safely(r, TEXT_PLAIN, line->explanation, strcspn(line->explanation, "\n"));
        reporter_write_line(r);
        return;
    }
    write_explanation(r, line->explanation);
}

static void write_failures(reporter *r, const verdict *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (!v->lines[i].held && !v->lines[i].consequence) {
            reporter_write_line(r);
            write_failure(r, &v->lines[i]);
        }
    if (v->failed > 0)
        reporter_write_line(r);
}

/* Which statements were compared with the run: a reader must never take silence for a proof. */
static void write_checked(reporter *r, const verdict *v)
{
    uint64_t counts[VERDICT_TOPIC_COUNT] = {0};
    for (size_t i = 0; i < v->count; i++)
        counts[v->lines[i].topic]++;
    buffer text = {0};
    buffer_add(&text, "  checked ");
    for (verdict_topic t = 0; t < VERDICT_UNDECLARED; t++)
        if (counts[t] > 0)
            buffer_format(&text, "%s (%" PRIu64 "), ", verdict_topic_name(t), counts[t]);
    buffer_add(&text, r->plan->is_script ? "for findings of every kind" : "undeclared findings");
    text_add(r, TEXT_DIM, buffer_text(&text));
    reporter_write_line(r);
    buffer_release(&text);
}

static void add_grouped(buffer *out, uint64_t number)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            buffer_add(out, ",");
        buffer_add_bytes(out, &digits[i], 1);
    }
}

static void add_counted(buffer *out, uint64_t count, const char *one, const char *many)
{
    buffer_add(out, " · ");
    add_grouped(out, count);
    buffer_format(out, " %s", count == 1 ? one : many);
}

/* A reader must never take silence for a proof: whether races were looked for, and in what. */
static void write_races(reporter *r, const observation *o, const verdict *v)
{
    buffer text = {0};
    if (o->races_watched) {
        buffer_add(&text, "  race detection on");
        add_counted(&text, o->agents, "agent", "agents");
        add_counted(&text, o->shared_accesses, "shared access", "shared accesses");
        add_counted(&text, o->blocks_watched, "block", "blocks");
        add_counted(&text, o->races - o->races_accepted, "race", "races");
        if (o->races_accepted > 0)
            add_counted(&text, o->races_accepted, "meant", "meant");
    } else {
        buffer_format(&text, "  race detection off: %s", o->races_off == NULL ? "not asked for" : o->races_off);
        if (v->unchecked > 0)
            add_counted(&text, v->unchecked, "expectation of races not checked", "expectations of races not checked");
    }
    text_add(r, TEXT_DIM, buffer_text(&text));
    reporter_write_line(r);
    buffer_clear(&text);
    for (const char *note = o->races_note; note != NULL && *note != '\0'; note += strcspn(note, "\n") + 1) {
        buffer_format(&r->line, "  note    %.*s", (int)strcspn(note, "\n"), note);
        reporter_write_line(r);
    }
    buffer_release(&text);
}

static void write_result_line(reporter *r, const scenario_result *result)
{
    static const struct {
        const char *mark;
        unsigned colour;
    } marks[] = {{"✓ ", TEXT_GREEN},  {"✗ ", TEXT_RED}, {"! ", TEXT_YELLOW},
                 {"! ", TEXT_YELLOW}, {"✗ ", TEXT_RED}, {"– ", TEXT_YELLOW}};
    text_add(r, marks[result->outcome].colour, marks[result->outcome].mark);
    buffer_add(&r->line, result->title);
    text_add(r, TEXT_DIM, " · ");
    text_add(r, TEXT_DIM, result->file);
    if (result->runs > 1)
        buffer_format(&r->line, " · %" PRIu64 " of %" PRIu64 " runs hold",
                      result->runs - result->failed_runs, result->runs);
    if (result->runs > 0) {
        buffer_add(&r->line, " · ");
        reporter_add_duration(&r->line, result->wall_ns);
    }
}

void text_end(reporter *r, const observation *o, const verdict *v, const scenario_result *result)
{
    bool one_of_many = r->options.quiet || r->iterations > 1;
    if (r->console_lines > 0 || o->races > 0 || (o->count > 0 && v->failed > 0))
        reporter_write_line(r);
    write_verdict(r, o, v);
    write_failures(r, v);
    write_checked(r, v);
    write_races(r, o, v);
    if (v->exit_code != EXIT_HOLDS) {
        text_add(r, TEXT_DIM, "  again   ");
        buffer_add(&r->line, result->again);
        reporter_write_line(r);
    }
    if (!one_of_many)
        return;
    /* The first run that fails is shown whole; of those that hold one line is enough. */
    if (v->exit_code != EXIT_HOLDS && result->failed_runs == 1) {
        buffer_add(&r->held_back, "\n");
        reporter_write(r, buffer_text(&r->held_back), r->held_back.length);
    }
    buffer_clear(&r->held_back);
    if (r->iteration < r->iterations && !v->interrupted)
        return;
    write_result_line(r, result);
    buffer_add(&r->line, "\n");
    reporter_write(r, buffer_text(&r->line), r->line.length);
    buffer_clear(&r->line);
}

void text_load_errors(reporter *r, const char *file, const load_errors *errors)
{
    text_add(r, TEXT_RED, "✗ ");
    buffer_format(&r->line, "%s cannot be loaded", file);
    reporter_write_line(r);
    for (size_t i = 0; i < errors->count; i++) {
        const load_error *e = &errors->items[i];
        buffer_add(&r->line, "  ");
        text_add_position(r, e->where);
        buffer_add(&r->line, ": ");
        text_add_safely(r, TEXT_PLAIN, e->message, strlen(e->message));
        reporter_write_line(r);
    }
}

void text_not_run(reporter *r, const scenario_result *result, const char *reason)
{
    write_result_line(r, result);
    buffer_format(&r->line, " · not run: %s", reason);
    reporter_write_line(r);
}

void text_progress(reporter *r, const char *title, uint64_t elapsed_ns, size_t index, size_t total)
{
    buffer text = {0};
    buffer_add(&text, "\r\033[K… ");
    if (total > 1)
        buffer_format(&text, "%zu of %zu · ", index, total);
    uint32_t width = r->options.width == 0 ? 100 : r->options.width;
    size_t shown = strlen(title);
    if (shown + 40 > width) /* a progress line that wraps could not be erased */
        shown = width > 60 ? width - 40 : 20;
    while (shown > 0 && shown < strlen(title) && ((unsigned char)title[shown] & 0xC0) == 0x80)
        shown--;
    buffer_add_bytes(&text, title, shown < strlen(title) ? shown : strlen(title));
    buffer_format(&text, " · %.0f s", (double)elapsed_ns / 1e9);
    r->options.sink(r->options.context, buffer_text(&text), text.length);
    r->progress_shown = true;
    buffer_release(&text);
}

static void write_summary_failure(reporter *r, const scenario_result *s)
{
    size_t more = 0;
    for (const result_failure *f = s->failures->next; f != NULL; f = f->next)
        more++;
    text_add(r, s->outcome == RESULT_NOT_RUN ? TEXT_YELLOW : TEXT_RED,
             s->outcome == RESULT_NOT_RUN ? "– " : "✗ ");
    buffer_format(&r->line, "%s: ", s->title);
    buffer_add(&r->line, s->failures->what);
    if (s->outcome == RESULT_NOT_RUN)
        buffer_format(&r->line, ", %s", s->failures->details);
    if (more > 0)
        buffer_format(&r->line, " and %zu more", more);
    text_add(r, TEXT_DIM, " · again: ");
    buffer_add(&r->line, s->again);
    reporter_write_line(r);
}

void text_summary(reporter *r)
{
    size_t total = 0, counts[RESULT_NOT_RUN + 1] = {0};
    uint64_t wall_ns = 0;
    for (const scenario_result *s = r->first; s != NULL; s = s->next) {
        total++;
        counts[s->outcome]++;
        wall_ns += s->wall_ns;
    }
    if (total < 2)
        return;
    reporter_write_line(r);
    for (const scenario_result *s = r->first; s != NULL; s = s->next)
        if (s->outcome != RESULT_HOLDS)
            write_summary_failure(r, s);
    if (counts[RESULT_HOLDS] < total)
        reporter_write_line(r);
    buffer *out = &r->line;
    buffer_format(out, "%zu scenarios · %zu %s", total, counts[RESULT_HOLDS],
                  counts[RESULT_HOLDS] == 1 ? "holds" : "hold");
    static const struct {
        result_outcome outcome;
        const char *one, *many;
    } words[] = {{RESULT_FAILS, "fails", "fail"},
                 {RESULT_BOUND, "reached its time limit", "reached their time limits"},
                 {RESULT_INTERRUPTED, "interrupted", "interrupted"},
                 {RESULT_INVALID, "cannot be loaded", "cannot be loaded"},
                 {RESULT_NOT_RUN, "not run", "not run"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t count = counts[words[i].outcome];
        if (count > 0)
            buffer_format(out, " · %zu %s", count, count == 1 ? words[i].one : words[i].many);
    }
    buffer_add(out, " · ");
    reporter_add_duration(out, wall_ns);
    reporter_write_line(r);
}
