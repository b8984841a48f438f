#include "report/reporter.h"

#include "base/assert.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

reporter *report_create(const report_options *options)
{
    region *memory = region_create();
    reporter *r = region_allocate(memory, sizeof *r);
    r->memory = memory;
    r->options = *options;
    r->options.command =
        region_text(memory, options->command == NULL ? "heddle run" : options->command);
    return r;
}

void report_free(reporter *r)
{
    if (r == NULL)
        return;
    buffer_release(&r->held_back);
    buffer_release(&r->line);
    buffer_release(&r->sarif);
    region_free(r->memory);
}

void reporter_write(reporter *r, const char *text, size_t length)
{
    if (length == 0)
        return;
    if (r->progress_shown) {
        r->options.sink(r->options.context, "\r\033[K", 4);
        r->progress_shown = false;
    }
    r->anything_written = true;
    r->options.sink(r->options.context, text, length);
}

void reporter_write_line(reporter *r)
{
    bool blank = r->line.length == 0;
    if (blank && r->after_blank) /* one is enough */
        return;
    r->after_blank = blank;
    buffer_add(&r->line, "\n");
    /* Several files or several runs: only what fails is worth its lines. */
    bool hold_back = r->plan != NULL && (r->options.quiet || r->iterations > 1) &&
                     r->options.format == REPORT_TEXT;
    if (hold_back)
        buffer_add_bytes(&r->held_back, buffer_text(&r->line), r->line.length);
    else
        reporter_write(r, buffer_text(&r->line), r->line.length);
    buffer_clear(&r->line);
}

void reporter_add_duration(buffer *out, uint64_t ns)
{
    if (ns < 10000000)
        buffer_format(out, "%.1f ms", (double)ns / 1e6);
    else if (ns < 1000000000)
        buffer_format(out, "%.0f ms", (double)ns / 1e6);
    else
        buffer_format(out, "%.2f s", (double)ns / 1e9);
}

const char *result_outcome_name(result_outcome outcome)
{
    static const char *const names[] = {"holds",       "fails",   "bound",
                                        "interrupted", "invalid", "not-run"};
    return names[outcome];
}

/* A file name as one word of a shell command. */
static void add_shell_word(buffer *out, const char *word)
{
    static const char safe[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+@:,=";
    if (word[0] != '\0' && word[strspn(word, safe)] == '\0') {
        buffer_add(out, word);
        return;
    }
    buffer_add(out, "'");
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            buffer_add(out, "'\\''");
        else
            buffer_add_bytes(out, word, 1);
    }
    buffer_add(out, "'");
}

const char *reporter_again(reporter *r, const char *file, const plan *p, const observation *o)
{
    buffer command = {0};
    buffer_format(&command, "%s ", r->options.command);
    add_shell_word(&command, file);
    if (p != NULL && o != NULL && o->seed != p->seed)
        buffer_format(&command, " --seed %" PRIu64, o->seed);
    const char *text = region_text(r->memory, buffer_text(&command));
    buffer_release(&command);
    return text;
}

static scenario_result *add_result(reporter *r, const char *file, const char *title)
{
    scenario_result *result = region_allocate(r->memory, sizeof *result);
    result->file = region_text(r->memory, file);
    result->title = region_text(r->memory, title);
    *(r->last == NULL ? &r->first : &r->last->next) = result;
    r->last = result;
    return result;
}

static void add_failure(reporter *r, scenario_result *result, const char *what, const char *details)
{
    result_failure **end = &result->failures;
    while (*end != NULL)
        end = &(*end)->next;
    *end = region_allocate(r->memory, sizeof **end);
    (*end)->what = region_text(r->memory, what);
    (*end)->details = region_text(r->memory, details);
}

static bool is_json(const reporter *r)
{
    return r->options.format == REPORT_JSON;
}

void report_begin(reporter *r, const plan *p, uint64_t iteration, uint64_t iterations)
{
    hd_assert(r->plan == NULL); /* one run at a time */
    r->plan = p;
    r->iteration = iteration;
    r->iterations = iterations;
    r->console_lines = 0;
    buffer_clear(&r->held_back);
    if (iteration == 1)
        add_result(r, p->file, p->title);
    (is_json(r) ? lines_begin : text_begin)(r);
}

void report_record(reporter *r, const observation_record *record)
{
    hd_assert(r->plan != NULL);
    r->console_lines += record->kind == OBSERVATION_CONSOLE;
    if (r->options.sarif)
        sarif_record(r, record);
    (is_json(r) ? lines_record : text_record)(r, record);
}

static result_outcome outcome_of(const verdict *v)
{
    switch (v->exit_code) {
    case EXIT_HOLDS:
        return RESULT_HOLDS;
    case EXIT_BOUND:
        return RESULT_BOUND;
    case EXIT_INTERRUPTED:
        return RESULT_INTERRUPTED;
    default:
        return RESULT_FAILS;
    }
}

static void keep_failures(reporter *r, scenario_result *result, const verdict *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (!v->lines[i].held && !v->lines[i].consequence)
            add_failure(r, result, v->lines[i].what, v->lines[i].explanation);
    if (v->bound_reached)
        add_failure(r, result, "time limit",
                    "the run reached its time limit before it came to an end");
    if (v->interrupted)
        add_failure(r, result, "interrupted", "the run was interrupted before it came to an end");
}

void report_end(reporter *r, const plan *p, const observation *o, const verdict *v)
{
    hd_assert(r->plan == p && r->last != NULL);
    scenario_result *result = r->last;
    result->runs++;
    result->wall_ns += o->wall_ns;
    if (result->again == NULL)
        result->again = reporter_again(r, p->file, p, o);
    if (v->exit_code != EXIT_HOLDS) {
        if (result->failed_runs++ == 0) {
            result->again = reporter_again(r, p->file, p, o);
            keep_failures(r, result, v);
        }
    }
    int worse = exit_code_worse(result->exit_code, v->exit_code);
    if (worse != result->exit_code) {
        result->exit_code = worse;
        result->outcome = outcome_of(v);
    }
    (is_json(r) ? lines_end : text_end)(r, o, v, result);
    r->plan = NULL;
}

void report_load_errors(reporter *r, const char *file, const load_errors *errors)
{
    scenario_result *result = add_result(r, file, file);
    result->outcome = RESULT_INVALID;
    result->exit_code = EXIT_INVALID;
    result->again = reporter_again(r, file, NULL, NULL);
    buffer text = {0};
    load_errors_write(errors, &text);
    add_failure(r, result, "cannot be loaded", buffer_text(&text));
    buffer_release(&text);
    (is_json(r) ? lines_load_errors : text_load_errors)(r, file, errors);
}

void report_not_run(reporter *r, const plan *p, const char *reason)
{
    scenario_result *result = add_result(r, p->file, p->title);
    result->outcome = RESULT_NOT_RUN;
    result->again = reporter_again(r, p->file, NULL, NULL);
    add_failure(r, result, "not run", reason);
    (is_json(r) ? lines_not_run : text_not_run)(r, result, reason);
}

void report_left_out(reporter *r, const plan *p, const char *reason)
{
    report_not_run(r, p, reason);
    r->last->left_out = true;
}

void report_progress(reporter *r, const char *title, uint64_t elapsed_ns, size_t index,
                     size_t total)
{
    if (r->options.terminal && !is_json(r))
        text_progress(r, title, elapsed_ns, index, total);
}

int report_finish(reporter *r, bool not_run_fails)
{
    int exit_code = EXIT_HOLDS;
    for (const scenario_result *s = r->first; s != NULL; s = s->next) {
        bool absent = s->outcome == RESULT_NOT_RUN && !s->left_out;
        int code = absent && not_run_fails ? EXIT_FINDING : s->exit_code;
        exit_code = exit_code_worse(exit_code, code);
    }
    if (is_json(r))
        lines_summary(r, exit_code);
    else
        text_summary(r);
    return exit_code;
}
