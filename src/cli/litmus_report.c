#include "cli/litmus_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 100, SHOWN = 24 };

static bool colours;

void litmus_report_colours(bool on)
{
    colours = on;
}

void litmus_report_paint(buffer *out, litmus_colour colour, const char *text)
{
    static const char *const escapes[] = {"\033[2m", "\033[1m", "\033[32m", "\033[31m", "\033[33m"};
    buffer_format(out, "%s%s%s", colours ? escapes[colour] : "", text, colours ? "\033[0m" : "");
}

/* ---- text in columns ---- */

static size_t width_of(const char *text, size_t length)
{
    size_t width = 0;
    for (size_t i = 0; i < length; i++)
        width += ((unsigned char)text[i] & 0xC0) != 0x80;
    return width;
}

static void pad(buffer *out, size_t used, size_t width)
{
    if (used < width)
        buffer_add_repeated(out, ' ', width - used);
}

void litmus_report_wrap(buffer *out, const char *text, unsigned indent)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t blanks = strspn(text, " \n"), length = strcspn(text + blanks, " \n");
        const char *word = text + blanks;
        text = word + length;
        size_t width = width_of(word, length);
        if (length == 0)
            break;
        if (column > 0 && column + 1 + width > COLUMNS) {
            buffer_add(out, "\n");
            column = 0;
        }
        if (column == 0)
            buffer_add_repeated(out, ' ', indent);
        else
            buffer_add(out, " ");
        column += column == 0 ? indent + width : 1 + width;
        buffer_add_bytes(out, word, length);
    }
    buffer_add(out, "\n");
}

static void add_paragraphs(buffer *out, const litmus_texts *texts, unsigned indent)
{
    for (size_t i = 0; i < texts->count; i++)
        litmus_report_wrap(out, texts->items[i], indent);
}

/* Line `number` of a text; its length, or -1 behind the end. */
static int line_of(const char *text, size_t number, const char **line)
{
    for (; number > 0 && *text != '\0'; number--) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    *line = text;
    return *text == '\0' ? -1 : (int)strcspn(text, "\n");
}

static void add_code(buffer *out, const char *text)
{
    const char *line;
    int length;
    for (size_t i = 0; (length = line_of(text, i, &line)) >= 0; i++)
        if (length > 0)
            buffer_format(out, "    %.*s\n", length, line);
}

/* The agents side by side. */
static void add_agents(buffer *out, const litmus_program *p)
{
    size_t widths[LITMUS_AGENTS] = {0}, lines = 0;
    const char *line;
    for (size_t a = 1; a < p->agent_count; a++) {
        int length;
        size_t n = 0;
        widths[a] = strlen(p->agents[a].name);
        while ((length = line_of(p->agents[a].text, n, &line)) >= 0) {
            size_t width = width_of(line, (size_t)length);
            widths[a] = width > widths[a] ? width : widths[a];
            n++;
        }
        lines = n > lines ? n : lines;
    }
    for (size_t i = 0; i <= lines; i++) {
        buffer_add(out, "    ");
        for (size_t a = 1; a < p->agent_count; a++) {
            const char *text = p->agents[a].name;
            int length = (int)strlen(text);
            if (i > 0 && (length = line_of(p->agents[a].text, i - 1, &text)) < 0)
                length = 0;
            char name[64];
            snprintf(name, sizeof name, "%s", p->agents[a].name);
            if (i == 0)
                litmus_report_paint(out, LITMUS_BOLD, name);
            else
                buffer_add_bytes(out, text, (size_t)length);
            if (a + 1 < p->agent_count) {
                pad(out, width_of(text, (size_t)length), widths[a]);
                litmus_report_paint(out, LITMUS_DIM, " │ ");
            }
        }
        buffer_add(out, "\n");
    }
}

static void add_head(buffer *out, const litmus_program *p)
{
    litmus_report_paint(out, LITMUS_BOLD, p->name);
    if (strcmp(p->title, p->name) != 0)
        buffer_format(out, " · %s", p->title);
    buffer_add(out, " · ");
    litmus_report_paint(out, LITMUS_DIM, p->file);
    buffer_add(out, "\n");
    add_paragraphs(out, &p->about, 0);
    buffer_add(out, "\n");
    add_code(out, p->setup_text);
    buffer_add(out, "\n");
    add_agents(out, p);
    buffer_add(out, "\n");
}

/* ---- outcomes ---- */

/* Which questions an outcome is an answer to. */
static void add_notes(buffer *out, const litmus_found *f, const litmus_outcome *o)
{
    const litmus_program *p = f->program;
    const char *separator = "  ← ";
    if (o->thin_air) {
        buffer_add(out, "  out of thin air");
        separator = ", ";
    }
    if (o->torn_initial) {
        buffer_add(out, "  mixes bytes of the initial value with bytes of a write");
        separator = ", ";
    }
    for (size_t i = 0; i < p->question_count; i++) {
        const litmus_question *q = &p->questions[i];
        if (q->kind == LITMUS_ALWAYS || !litmus_question_holds(q, o->slots, p->slot_count))
            continue;
        buffer_format(out, "%s%s", separator,
                      q->kind == LITMUS_EXISTS ? "exists" : "the file forbids it");
        separator = ", ";
    }
}

static void slot_widths(const litmus_found *f, size_t *widths)
{
    const litmus_program *p = f->program;
    buffer text = {0};
    for (size_t s = 0; s < p->slot_count; s++) {
        widths[s] = width_of(p->slots[s].name, strlen(p->slots[s].name));
        for (size_t i = 0; i < f->result->count; i++) {
            buffer_clear(&text);
            litmus_value_write(f->result->outcomes[i].slots[s], &text);
            size_t width = width_of(buffer_text(&text), text.length);
            widths[s] = width > widths[s] ? width : widths[s];
        }
    }
    buffer_release(&text);
}

static void add_slots(buffer *out, const litmus_program *p, const litmus_value *slots,
                      const size_t *widths)
{
    buffer text = {0};
    buffer_add(out, "    ");
    for (size_t s = 0; s < p->slot_count; s++) {
        buffer_clear(&text);
        if (slots == NULL)
            buffer_add(&text, p->slots[s].name);
        else
            litmus_value_write(slots[s], &text);
        buffer_add(out, s > 0 ? "  " : "");
        pad(out, width_of(buffer_text(&text), text.length), widths[s]);
        buffer_add(out, buffer_text(&text));
    }
    litmus_report_paint(out, LITMUS_DIM, " │ ");
    buffer_release(&text);
}

static const char *yes_or_no(bool yes)
{
    return yes ? "yes" : "no";
}

static void add_outcomes(buffer *out, const litmus_found *f)
{
    const litmus_result *r = f->result;
    size_t widths[LITMUS_SLOTS], shown = f->all || r->count <= SHOWN ? r->count : SHOWN, weak = 0;
    slot_widths(f, widths);
    add_slots(out, f->program, NULL, widths);
    litmus_report_paint(out, LITMUS_DIM, "sequential  on x86  data race\n");
    for (size_t i = 0; i < r->count; i++) {
        const litmus_outcome *o = &r->outcomes[i];
        weak += !o->sequential;
        if (i >= shown)
            continue;
        add_slots(out, f->program, o->slots, widths);
        const char *sequential = o->sequential ? "yes" : r->interleaved ? "no" : "?";
        const char *x86 = o->on_x86 ? "yes" : r->on_x86_known ? "no" : "?";
        buffer_format(out, "%-10s  %-6s  %s", sequential, x86, yes_or_no(o->racy_executions > 0));
        buffer notes = {0};
        add_notes(&notes, f, o);
        pad(out, o->racy_executions > 0 ? 3 : 2, notes.length > 0 ? 9 : 0);
        litmus_report_paint(out, LITMUS_YELLOW, buffer_text(&notes));
        buffer_release(&notes);
        buffer_add(out, "\n");
    }
    if (shown < r->count)
        buffer_format(out, "    … and %zu more (--all shows them)\n", r->count - shown);
    buffer_format(out, "    %zu outcome%s allowed", r->count, r->count == 1 ? " is" : "s are");
    if (weak > 0)
        buffer_format(out, ", %zu of them not sequentially consistent", weak);
    buffer_format(out, "%s.\n",
                  r->complete ? "" : " so far: a bound was reached, and there may be more");
    buffer_add(out, "\n");
}

static void add_race(buffer *out, const litmus_result *r)
{
    buffer text = {0};
    if (!r->racy) {
        buffer_add(out, r->complete ? "Free of data races: only sequentially consistent outcomes "
                                      "are allowed (ECMA-262, Data Race Freedom).\n\n"
                                    : "No data race was found so far.\n\n");
        return;
    }
    buffer_add(&text, "A data race: ");
    litmus_race_write(r, &text);
    buffer_add(&text, ".");
    litmus_report_wrap(out, buffer_text(&text), 0);
    buffer_add(out, "\n");
    buffer_release(&text);
}

static void add_verdict(buffer *out, const litmus_found *f)
{
    const litmus_verdict *v = f->verdict;
    for (size_t i = 0; i < v->count; i++) {
        const litmus_verdict_line *line = &v->lines[i];
        litmus_report_paint(out, line->held ? LITMUS_GREEN : LITMUS_RED, line->held ? "✓ " : "✗ ");
        buffer_format(out, "%s\n", line->what);
        if (!line->held) {
            buffer_format(out, "  %s (%s:%u:%u)\n", line->explanation, line->where.file,
                          line->where.line, line->where.column);
        }
    }
}

/* ---- stress ---- */

static void add_count(buffer *out, uint64_t count)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            buffer_add(out, ",");
        buffer_add_bytes(out, &digits[i], 1);
    }
}

static const litmus_stress_outcome *seen(const litmus_stress_result *s, const litmus_outcome *o)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->outcomes[i].allowed == o)
            return &s->outcomes[i];
    return NULL;
}

static void add_frequency(buffer *out, uint64_t count, uint64_t of)
{
    double share = of == 0 ? 0 : 100.0 * (double)count / (double)of;
    buffer_format(out, share >= 0.01 || count == 0 ? "%8.2f %%" : " <0.01 %%", share);
}

static void add_grade(buffer *out, const litmus_result *r, const litmus_outcome *o, bool was_seen)
{
    if (o == NULL)
        litmus_report_paint(out, LITMUS_RED, "FORBIDDEN and seen");
    else if (was_seen && o->sequential)
        buffer_add(out, "allowed and seen");
    else if (was_seen)
        litmus_report_paint(out, LITMUS_YELLOW, "allowed and seen, not sequentially consistent");
    else if (!r->on_x86_known && !o->on_x86)
        buffer_add(out, "allowed, not seen");
    else
        litmus_report_paint(out, LITMUS_DIM,
                            o->on_x86 ? "allowed, not seen (possible on this machine)"
                                      : "allowed, not seen (not possible on x86)");
}

static void add_stress_row(buffer *out, const litmus_found *f, const litmus_stress_result *s,
                           const litmus_value *slots, const litmus_outcome *allowed, uint64_t count,
                           const size_t *widths)
{
    buffer number = {0};
    add_slots(out, f->program, slots, widths);
    add_count(&number, count);
    pad(out, number.length, 15);
    buffer_add(out, buffer_text(&number));
    buffer_release(&number);
    buffer_add(out, "  ");
    add_frequency(out, count, s->iterations);
    buffer_add(out, "  ");
    add_grade(out, f->result, allowed, count > 0);
    buffer_add(out, "\n");
}

static void add_modes(buffer *out, const litmus_stress_result *s)
{
    for (size_t i = 0; i < s->mode_count; i++) {
        const litmus_stress_mode *m = &s->modes[i];
        if (m->iterations == 0)
            continue;
        buffer line = {0};
        buffer_format(&line, "    %s", m->name);
        pad(&line, width_of(buffer_text(&line), line.length), 46);
        buffer_format(&line,
                      "%8.2f M/s   not sequential: ", (double)m->iterations / m->seconds / 1e6);
        add_frequency(&line, m->weak, m->iterations);
        buffer_add(&line, "\n");
        litmus_report_paint(out, LITMUS_DIM, buffer_text(&line));
        buffer_release(&line);
    }
}

static void add_stress(buffer *out, const litmus_found *f, const litmus_stress_result *s,
                       const char *where)
{
    const litmus_result *r = f->result;
    size_t widths[LITMUS_SLOTS], unseen = 0;
    slot_widths(f, widths);
    buffer_format(out, "%s: ", where);
    add_count(out, s->iterations);
    buffer_format(out, " iterations in %.2f s, %.1f million a second, seed %llu%s\n", s->seconds,
                  s->seconds > 0 ? (double)s->iterations / s->seconds / 1e6 : 0,
                  (unsigned long long)s->seed, s->interrupted ? " (interrupted)" : "");
    add_slots(out, f->program, NULL, widths);
    litmus_report_paint(out, LITMUS_DIM, "          times   frequency  grade\n");
    for (size_t i = 0; i < s->count && (f->all || i < SHOWN || !s->outcomes[i].allowed); i++)
        add_stress_row(out, f, s, s->outcomes[i].slots, s->outcomes[i].allowed,
                       s->outcomes[i].count, widths);
    for (size_t i = 0; i < r->count; i++) {
        if (seen(s, &r->outcomes[i]) != NULL)
            continue;
        if (f->all || unseen < SHOWN)
            add_stress_row(out, f, s, r->outcomes[i].slots, &r->outcomes[i], 0, widths);
        unseen++;
    }
    if (!f->all && unseen > SHOWN)
        buffer_format(out, "    … and %zu more that are allowed and were not seen\n",
                      unseen - SHOWN);
    add_modes(out, s);
    for (size_t i = 0; i < s->count; i++)
        if (s->outcomes[i].allowed == NULL && r->complete) {
            buffer_add(out, "  ");
            litmus_report_paint(out, LITMUS_RED, "✗ ");
            buffer_add(out, "forbidden and seen: ");
            litmus_outcome_write(f->program, s->outcomes[i].slots, out);
            buffer_format(out, ", first in iteration %llu, %llu times in all\n",
                          (unsigned long long)s->outcomes[i].first,
                          (unsigned long long)s->outcomes[i].count);
        }
    buffer_add(out, "\n");
}

/* ---- the whole ---- */

void litmus_report_text(const litmus_found *f, buffer *out)
{
    add_head(out, f->program);
    add_outcomes(out, f);
    add_race(out, f->result);
    if (f->stress != NULL)
        add_stress(out, f, f->stress, "On this machine's threads");
    if (f->engine != NULL)
        add_stress(out, f, f->engine, "Through the JavaScript engine");
    if (f->story != NULL)
        buffer_format(out, "%s\n", f->story);
    if (f->program->why.count > 0) {
        add_paragraphs(out, &f->program->why, 0);
        buffer_add(out, "\n");
    }
    for (size_t i = 0; i < f->program->see.count; i++) {
        litmus_report_paint(out, LITMUS_DIM, i == 0 ? "See " : ", ");
        litmus_report_paint(out, LITMUS_DIM, f->program->see.items[i]);
    }
    if (f->program->see.count > 0)
        buffer_add(out, "\n\n");
    add_verdict(out, f);
}

/* ---- tables of folders ---- */

void litmus_report_header(buffer *out)
{
    litmus_report_paint(
        out, LITMUS_DIM,
        "name                      agents  outcomes  not sequential  on x86  race     time  "
        "verdict\n");
}

void litmus_report_row(const litmus_found *f, buffer *out)
{
    const litmus_result *r = f->result;
    size_t weak = 0, shown = 0;
    for (size_t i = 0; i < r->count; i++) {
        weak += !r->outcomes[i].sequential;
        shown += !r->outcomes[i].sequential && r->outcomes[i].on_x86;
    }
    buffer_add(out, f->program->name);
    pad(out, width_of(f->program->name, strlen(f->program->name)), 26);
    buffer_format(out, "%6zu  %8zu  %14zu  %6zu  %-4s %6.2f ms  ", f->program->agent_count - 1,
                  r->count, weak, shown, yes_or_no(r->racy), f->check_seconds * 1e3);
    if (f->verdict->failed == 0 && f->verdict->undecided == 0) {
        litmus_report_paint(out, LITMUS_GREEN, "✓ ");
        buffer_add(out, f->program->title);
    } else {
        for (size_t i = 0; i < f->verdict->count; i++) {
            const litmus_verdict_line *line = &f->verdict->lines[i];
            if (line->held)
                continue;
            litmus_report_paint(out, LITMUS_RED, "✗ ");
            buffer_format(out, "%s: %s (%s:%u:%u) ", line->what, line->explanation,
                          line->where.file, line->where.line, line->where.column);
        }
    }
    if (f->stress != NULL) {
        buffer_add(out, "  ");
        add_count(out, f->stress->iterations);
        buffer_add(out, " iterations");
        if (f->stress->forbidden > 0)
            litmus_report_paint(out, LITMUS_RED, ", FORBIDDEN and seen");
    }
    buffer_add(out, "\n");
}
