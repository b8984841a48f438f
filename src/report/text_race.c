/* A race as text: who did what where, then what can come of it, why nothing orders the two, what to
 * change, and last the clause. */
#include "report/reporter.h"

#include <inttypes.h>
#include <string.h>

#define LABEL 9 /* columns of "nearest  " and its kin */

static source_position locate(const reporter *r, source_position where)
{
    return plan_locate(r->plan, where.file, where.line, where.column);
}

static uint32_t width_of(const reporter *r)
{
    uint32_t width = r->options.width ? r->options.width : 100;
    return width < 60 ? 60 : width > 110 ? 110 : width;
}

static void begin_line(reporter *r, const char *label)
{
    buffer_add(&r->line, "  ");
    text_add_column(r, TEXT_BOLD, label, LABEL);
}

/* A paragraph, wrapped between words. */
static void write_paragraph(reporter *r, const char *label, const char *text)
{
    uint32_t room = width_of(r) - 2 - LABEL, used = 0;
    begin_line(r, label);
    while (*text) {
        size_t length = strcspn(text, " ");
        char word[512];
        size_t kept = length < sizeof word - 1 ? length : sizeof word - 1;
        memcpy(word, text, kept);
        word[kept] = 0;
        uint32_t width = text_width(word);
        if (used && used + 1 + width > room) {
            reporter_write_line(r);
            begin_line(r, "");
            used = 0;
        }
        if (used)
            buffer_add(&r->line, " ");
        text_add_safely(r, TEXT_PLAIN, word, kept);
        used += width + (used > 0);
        text += length + (text[length] == ' ');
    }
    reporter_write_line(r);
}

/* Lines that stay as they are: code frames. The first is a paragraph. */
static void write_frame(reporter *r, const char *label, const char *text)
{
    size_t first = strcspn(text, "\n");
    buffer head = {0};
    buffer_add_bytes(&head, text, first);
    write_paragraph(r, label, buffer_text(&head));
    buffer_release(&head);
    for (text += first; *text == '\n' && text[1];) {
        size_t length = strcspn(++text, "\n");
        begin_line(r, "");
        unsigned colour = *text == '+' ? TEXT_GREEN : *text == '-' ? TEXT_RED : TEXT_PLAIN;
        text_add_safely(r, colour, text, length);
        reporter_write_line(r);
        text += length;
    }
}

static void add_element(reporter *r, const observation_party *p)
{
    buffer *out = &r->line;
    if (p->cell != NULL)
        buffer_format(out, "cell \"%s\" = ", p->cell);
    if (p->has_index)
        buffer_format(out, "%s[%" PRIu64 "]", p->array, p->index);
    else if (p->array != NULL)
        buffer_format(out, "%s of %s", p->byte_size == 1 ? "one byte" : "several bytes", p->array);
    else
        buffer_add(out, "memory");
    if (p->byte_size == 1)
        buffer_format(out, ", byte %" PRIu64, p->byte_offset);
    else
        buffer_format(out, ", bytes %" PRIu64 "–%" PRIu64, p->byte_offset,
                      p->byte_offset + p->byte_size - 1);
    if (p->before != NULL && p->after != NULL && strcmp(p->before, p->after) != 0)
        buffer_format(out, ": %s → %s", p->before, p->after);
    else if (p->before != NULL)
        buffer_format(out, ": %s", p->before);
    else if (p->after != NULL)
        buffer_format(out, ": → %s", p->after);
}

static void write_stack(reporter *r, const char *stack)
{
    for (;;) {
        size_t length = strcspn(stack, "\n");
        begin_line(r, "");
        buffer located = {0};
        text_add_located(r, stack, length, &located);
        text_add_safely(r, TEXT_DIM, buffer_text(&located), located.length);
        buffer_release(&located);
        reporter_write_line(r);
        if (stack[length] == '\0')
            return;
        stack += length + 1;
    }
}

static void write_party(reporter *r, const observation_party *p)
{
    begin_line(r, "");
    text_add(r, text_agent_colour(r, p->agent), p->agent);
    buffer_format(&r->line, " (%s) %s  ", p->agent_kind, p->doing);
    add_element(r, p);
    reporter_write_line(r);
    if (p->stack != NULL)
        write_stack(r, p->stack);
}

static void write_block(reporter *r, const observation_race *race)
{
    begin_line(r, "");
    buffer_format(&r->line, "both in block %" PRIu64 " (%" PRIu64 " bytes)", race->block,
                  race->block_size);
    if (race->allocated.line > 0) {
        buffer_add(&r->line, ", made at ");
        text_add_position(r, locate(r, race->allocated));
    }
    reporter_write_line(r);
}

static const char *class_words(const char *class)
{
    if (strcmp(class, "observed") == 0)
        return "observed race";
    if (strcmp(class, "unordered") == 0)
        return "unordered conflict: no race in this run, but one in another";
    if (strcmp(class, "undecided") == 0)
        return "race, or unordered conflict: a native run cannot tell which write the plain read "
               "saw";
    return "heddle.exclusive() does not hold";
}

static void write_head(reporter *r, const observation_race *race)
{
    text_add(r, race->accepted ? TEXT_DIM : TEXT_RED, race->accepted ? "race, meant" : "race");
    buffer_add(&r->line, ": ");
    text_add(r, TEXT_BOLD, race->consequence);
    buffer_format(&r->line, " · %s", class_words(race->class));
    if (race->count > 1)
        buffer_format(&r->line, " · %" PRIu64 " times", race->count);
    reporter_write_line(r);
}

/* Known and meant: it stays listed, in three lines. */
static void write_accepted(reporter *r, const observation_record *record)
{
    write_head(r, record->race);
    for (size_t i = 0; i < record->party_count; i++) {
        const observation_party *p = &record->parties[i];
        begin_line(r, "");
        text_add(r, text_agent_colour(r, p->agent), p->agent);
        buffer_format(&r->line, " %s ", p->doing);
        add_element(r, p);
        if (p->where.line > 0) {
            buffer_add(&r->line, " at ");
            text_add_position(r, locate(r, p->where));
        }
        reporter_write_line(r);
    }
    write_paragraph(r, "meant", record->race->accepted);
}

/* What needs no second access to be dubious. */
void text_advice(reporter *r, const observation_record *record)
{
    reporter_write_line(r);
    text_add(r, TEXT_YELLOW, finding_name(record->finding));
    buffer_format(&r->line, ": %s", finding_about(record->finding));
    reporter_write_line(r);
    begin_line(r, "");
    text_add(r, text_agent_colour(r, record->agent), record->agent);
    buffer_format(&r->line, " (%s) at ", record->agent_kind);
    text_add_position(r, locate(r, record->where));
    reporter_write_line(r);
    write_paragraph(r, "so", record->text);
}

void text_race(reporter *r, const observation_record *record)
{
    const observation_race *race = record->race;
    reporter_write_line(r);
    if (race->accepted != NULL) {
        write_accepted(r, record);
        return;
    }
    write_head(r, race);
    for (size_t i = 0; i < record->party_count; i++)
        write_party(r, &record->parties[i]);
    write_block(r, race);
    write_paragraph(r, "so", race->happens);
    write_paragraph(r, "order", race->because);
    write_paragraph(r, "", race->missing);
    write_frame(r, "change", race->remedy);
    write_paragraph(r, "rule", race->rule);
}
