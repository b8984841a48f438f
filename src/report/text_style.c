#include "report/reporter.h"

#include <string.h>

static const char *const escapes[] = {
    [TEXT_PLAIN] = "",
    [TEXT_DIM] = "\033[2m",
    [TEXT_BOLD] = "\033[1m",
    [TEXT_GREEN] = "\033[32m",
    [TEXT_RED] = "\033[31m",
    [TEXT_YELLOW] = "\033[33m",
    [TEXT_AGENT] = "\033[36m",
    [TEXT_AGENT + 1] = "\033[35m",
    [TEXT_AGENT + 2] = "\033[34m",
    [TEXT_AGENT + 3] = "\033[33m",
    [TEXT_AGENT + 4] = "\033[32m",
    [TEXT_AGENT + 5] = "\033[96m",
};

enum { AGENT_COLOURS = 6 };

static void open_colour(reporter *r, unsigned colour)
{
    if (r->options.colours)
        buffer_add(&r->line, escapes[colour]);
}

static void close_colour(reporter *r, unsigned colour)
{
    if (r->options.colours && colour != TEXT_PLAIN)
        buffer_add(&r->line, "\033[0m");
}

void text_add(reporter *r, unsigned colour, const char *text)
{
    open_colour(r, colour);
    buffer_add(&r->line, text);
    close_colour(r, colour);
}

uint32_t text_width(const char *text)
{
    uint32_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

void text_add_column(reporter *r, unsigned colour, const char *text, uint32_t width)
{
    uint32_t used = text_width(text);
    text_add(r, colour, text);
    if (used < width)
        buffer_add_repeated(&r->line, ' ', width - used);
}

/* A control character would move the cursor or change colours: its picture (U+2400 and following)
 * is shown instead. */
void text_add_safely(reporter *r, unsigned colour, const char *text, size_t length)
{
    open_colour(r, colour);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\t' || (c >= 0x20 && c != 0x7F))
            buffer_add_bytes(&r->line, &text[i], 1);
        else
            buffer_add_bytes(&r->line,
                             (char[]){'\xE2', '\x90', (char)(0x80 + (c == 0x7F ? 0x21 : c))}, 3);
    }
    close_colour(r, colour);
}

unsigned text_agent_colour(reporter *r, const char *agent)
{
    size_t i = 0;
    while (i < r->agent_count && strcmp(r->agents[i], agent) != 0)
        i++;
    if (i == r->agent_count && i < 4 * AGENT_COLOURS) { /* later agents share colours anyway */
        r->agents = region_grow(r->memory, r->agents, r->agent_count, &r->agent_capacity,
                                sizeof *r->agents);
        r->agents[r->agent_count++] = region_text(r->memory, agent);
    }
    return TEXT_AGENT + (unsigned)(i % AGENT_COLOURS);
}

static void widen(uint32_t *width, const char *text)
{
    uint32_t needed = text_width(text);
    if (needed > *width && needed <= 32)
        *width = needed;
}

static void add_separator(reporter *r)
{
    text_add(r, TEXT_DIM, " │ ");
}

void text_add_prefix(reporter *r, const observation_record *record)
{
    const char *agent = record->agent == NULL ? "" : record->agent;
    const char *kind = record->agent_kind == NULL ? "" : record->agent_kind;
    widen(&r->name_width, agent);
    widen(&r->kind_width, kind);
    if (r->options.times) {
        buffer time = {0};
        buffer_format(&time, "%12.3f ms  ", (double)record->time_ns / 1e6);
        text_add(r, TEXT_DIM, buffer_text(&time));
        buffer_release(&time);
    }
    text_add_column(r, text_agent_colour(r, agent), agent, r->name_width);
    buffer_add(&r->line, "  ");
    text_add_column(r, TEXT_DIM, kind, r->kind_width);
    add_separator(r);
}

void text_add_blank_prefix(reporter *r)
{
    buffer_add_repeated(&r->line, ' ',
                        r->name_width + 2 + r->kind_width + (r->options.times ? 17 : 0));
    add_separator(r);
}

#define DATA_URL_SHOWN 32

void text_add_position(reporter *r, source_position where)
{
    buffer text = {0};
    const char *file = where.file == NULL ? "unknown place" : where.file;
    if (strncmp(file, "data:", 5) == 0 && strlen(file) > DATA_URL_SHOWN)
        buffer_format(&text, "%.*s…", DATA_URL_SHOWN, file); /* the whole script is no name */
    else
        buffer_add(&text, file);
    if (where.line > 0)
        buffer_format(&text, ":%u", where.line);
    if (where.line > 0 && where.column > 0)
        buffer_format(&text, ":%u", where.column);
    text_add(r, TEXT_DIM, buffer_text(&text));
    buffer_release(&text);
}
