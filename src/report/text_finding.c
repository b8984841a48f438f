#include "report/reporter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static source_position locate(const reporter *r, source_position where)
{
    return plan_locate(r->plan, where.file, where.line, where.column);
}

static void add_cell(reporter *r, const observation_party *party)
{
    if (party->cell != NULL)
        buffer_format(&r->line, "on cell \"%s\" ", party->cell);
    else
        buffer_add(&r->line, "on a cell ");
    buffer_format(&r->line, "(block %" PRIu64 ", byte %" PRIu64, party->block, party->byte_offset);
    if (party->value != NULL)
        buffer_format(&r->line, ", value %s", party->value);
    buffer_add(&r->line, ")");
}

/* Who waits where, on what, since when: two short lines for each agent. */
static void write_party(reporter *r, const observation_party *party, uint32_t width)
{
    const char *agent = party->agent == NULL ? "?" : party->agent;
    text_add_blank_prefix(r);
    buffer_add(&r->line, "  ");
    text_add_column(r, text_agent_colour(r, agent), agent, width);
    buffer_format(&r->line, "  %s", party->doing == NULL ? "waits" : "waits in ");
    if (party->doing != NULL)
        buffer_add(&r->line, party->doing);
    if (party->where.line > 0) {
        buffer_add(&r->line, " at ");
        text_add_position(r, locate(r, party->where));
    }
    reporter_write_line(r);
    text_add_blank_prefix(r);
    buffer_add_repeated(&r->line, ' ', width + 4);
    if (party->has_cell) {
        add_cell(r, party);
        buffer_add(&r->line, ", ");
    }
    buffer_format(&r->line, "since %.3f ms", (double)party->since_ns / 1e6);
    reporter_write_line(r);
}

/* The length of ":12" or ":12:5" at `text`, 0 when there is none. */
static size_t read_place(const char *text, uint32_t *line, uint32_t *column)
{
    int length = 0, longer = 0;
    *column = 0;
    if (sscanf(text, ":%9" SCNu32 "%n", line, &length) != 1)
        return 0;
    if (sscanf(text + length, ":%9" SCNu32 "%n", column, &longer) == 1)
        length += longer;
    return (size_t)length;
}

void text_add_located(const reporter *r, const char *text, size_t length, buffer *out)
{
    for (size_t i = 0; i < length;) {
        const plan_script *found = NULL;
        uint32_t line = 0, column = 0;
        size_t url_length = 0, place = 0;
        for (size_t k = 0; k < r->plan->script_count && place == 0; k++) {
            found = r->plan->scripts[k];
            url_length = strlen(found->url);
            if (url_length < length - i && strncmp(text + i, found->url, url_length) == 0)
                place = read_place(text + i + url_length, &line, &column);
        }
        if (place == 0) {
            buffer_add_bytes(out, text + i++, 1);
            continue;
        }
        source_position where = plan_locate(r->plan, found->url, line, column);
        buffer_format(out, "%s:%u", where.file, where.line);
        if (where.column > 0)
            buffer_format(out, ":%u", where.column);
        i += url_length + place;
    }
}

static void write_text_lines(reporter *r, const char *text, unsigned colour, const char *indent)
{
    for (;;) {
        size_t length = strcspn(text, "\n");
        if (length > 0) {
            text_add_blank_prefix(r);
            buffer_add(&r->line, indent);
            buffer located = {0};
            text_add_located(r, text, length, &located);
            text_add_safely(r, colour, buffer_text(&located), located.length);
            buffer_release(&located);
            reporter_write_line(r);
        }
        if (text[length] == '\0')
            return;
        text += length + 1;
    }
}

void text_finding(reporter *r, const observation_record *record)
{
    if (record->race != NULL) {
        text_race(r, record);
        return;
    }
    if (record->finding >= FINDING_PLAIN_SPIN && record->finding <= FINDING_PLAIN_WAIT) {
        text_advice(r, record);
        return;
    }
    size_t first = strcspn(record->text, "\n");
    text_add_prefix(r, record);
    text_add(r, TEXT_RED, finding_name(record->finding));
    buffer_add(&r->line, ": ");
    text_add_safely(r, TEXT_PLAIN, record->text, first);
    reporter_write_line(r);
    if (record->text[first] != '\0')
        write_text_lines(r, record->text + first + 1, TEXT_PLAIN, "  ");
    if (record->where.line > 0) {
        text_add_blank_prefix(r);
        buffer_add(&r->line, "  at ");
        text_add_position(r, locate(r, record->where));
        reporter_write_line(r);
    }
    if (record->stack != NULL)
        write_text_lines(r, record->stack, TEXT_DIM, "  ");
    uint32_t width = 0;
    for (size_t i = 0; i < record->party_count; i++) {
        uint32_t needed =
            record->parties[i].agent == NULL ? 1 : text_width(record->parties[i].agent);
        width = needed > width ? needed : width;
    }
    for (size_t i = 0; i < record->party_count; i++)
        write_party(r, &record->parties[i], width);
}
