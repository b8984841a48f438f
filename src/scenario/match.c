#include "scenario/match.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_LENGTH ((size_t)160)
#define COMPARED_LENGTH ((size_t)80)   /* of a text, for likeness */
#define COMPARED_RECORDS ((size_t)500) /* looked at for the nearest one */

static size_t length_without_feed(const char *text)
{
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '\n')
        length--;
    return length;
}

static bool text_is(const char *expected, const char *actual, size_t actual_length)
{
    return strlen(expected) == actual_length && memcmp(expected, actual, actual_length) == 0;
}

static bool text_matches(const expect_line *line, const observation_record *record)
{
    size_t length = length_without_feed(record->text);
    size_t name_length = record->agent == NULL ? 0 : strlen(record->agent);
    bool may_name = line->agent == NULL && record->agent != NULL;
    if (line->pattern == NULL) {
        if (text_is(line->text, record->text, length))
            return true;
        return may_name && strncmp(line->text, record->agent, name_length) == 0 &&
               strncmp(line->text + name_length, ": ", 2) == 0 &&
               text_is(line->text + name_length + 2, record->text, length);
    }
    if (regexec(line->pattern, record->text, 0, NULL, 0) == 0)
        return true;
    if (!may_name)
        return false;
    buffer named = {0};
    buffer_format(&named, "%s: %s", record->agent, record->text);
    bool found = regexec(line->pattern, buffer_text(&named), 0, NULL, 0) == 0;
    buffer_release(&named);
    return found;
}

match_result match_line(const expect_line *line, const observation_record *record)
{
    if (!text_matches(line, record))
        return MATCH_TEXT_DIFFERS;
    if (line->agent != NULL && (record->agent == NULL || strcmp(line->agent, record->agent) != 0))
        return MATCH_AGENT_DIFFERS;
    if (line->level != NULL && strcmp(line->level, console_level_name(record->level)) != 0)
        return MATCH_LEVEL_DIFFERS;
    uint64_t ms = record->time_ns / 1000000;
    if ((line->after_ms >= 0 && ms < (uint64_t)line->after_ms) ||
        (line->before_ms >= 0 && ms >= (uint64_t)line->before_ms))
        return MATCH_TIME_DIFFERS;
    return MATCH_EQUAL;
}

typedef struct assignment {
    const expect_lines *lines;
    const record_list *records;
    size_t first, count;
    size_t *owner;
    bool *visited; /* per line, within one search */
} assignment;

/* Finds one more record for a line, moving records between lines where that helps (an augmenting
 * path). */
static bool take_one_more(assignment *a, size_t line)
{
    if (a->visited[line])
        return false;
    a->visited[line] = true;
    for (size_t i = 0; i < a->count; i++) {
        if (a->owner[i] == line ||
            match_line(&a->lines->items[line], a->records->items[a->first + i]) != MATCH_EQUAL)
            continue;
        if (a->owner[i] == SIZE_MAX || take_one_more(a, a->owner[i])) {
            a->owner[i] = line;
            return true;
        }
    }
    return false;
}

bool match_assign(const expect_lines *lines, const record_list *records, size_t first, size_t count,
                  size_t *owner, uint64_t *missing)
{
    region *scratch = region_create();
    assignment a = {lines, records, first,
                    count, owner,   region_allocate(scratch, lines->count + 1)};
    bool complete = true;
    for (size_t i = 0; i < count; i++)
        owner[i] = SIZE_MAX;
    for (size_t l = 0; l < lines->count; l++) {
        missing[l] = lines->items[l].times;
        for (size_t i = 0; i < count && missing[l] > 0; i++)
            if (owner[i] == SIZE_MAX &&
                match_line(&lines->items[l], records->items[first + i]) == MATCH_EQUAL) {
                owner[i] = l;
                missing[l]--;
            }
    }
    for (size_t l = 0; l < lines->count; l++) {
        while (missing[l] > 0) {
            memset(a.visited, 0, lines->count);
            if (!take_one_more(&a, l))
                break;
            missing[l]--;
        }
        complete = complete && missing[l] == 0;
    }
    region_free(scratch);
    return complete;
}

record_list match_select(region *memory, const observation *o, observation_kind kind,
                         const char *agent)
{
    record_list list = {.items = region_allocate(memory, (o->count + 1) * sizeof *list.items)};
    for (size_t i = 0; i < o->count; i++) {
        const observation_record *record = &o->records[i];
        bool same_agent =
            agent == NULL || (record->agent != NULL && strcmp(record->agent, agent) == 0);
        if (record->kind == kind && same_agent)
            list.items[list.count++] = record;
    }
    return list;
}

/* One line of at most SHOWN_LENGTH bytes; never cuts a character. */
static void add_shown(buffer *out, const char *text)
{
    size_t length = length_without_feed(text), shown = length;
    if (shown > SHOWN_LENGTH) {
        shown = SHOWN_LENGTH;
        while (shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80)
            shown--;
    }
    for (size_t i = 0; i < shown; i++) {
        if (text[i] == '\n')
            buffer_add(out, "↵");
        else
            buffer_add_bytes(out, &text[i], 1);
    }
    if (shown < length)
        buffer_add(out, "…");
}

void match_describe_record(const observation_record *record, buffer *out)
{
    if (record->agent != NULL)
        buffer_format(out, "%s: ", record->agent);
    add_shown(out, record->text);
}

void match_describe_line(const expect_line *line, buffer *out)
{
    if (line->agent != NULL)
        buffer_format(out, "%s: ", line->agent);
    if (line->match != NULL)
        buffer_add(out, "a line that matches /");
    add_shown(out, line->match != NULL ? line->match : line->text);
    if (line->match != NULL)
        buffer_add(out, "/");
    if (line->level != NULL)
        buffer_format(out, "  (by console.%s)", line->level);
    if (line->after_ms >= 0)
        buffer_format(out, "  (not before %" PRId64 " ms)", line->after_ms);
    if (line->before_ms >= 0)
        buffer_format(out, "  (before %" PRId64 " ms)", line->before_ms);
}

/* The length of the longest common subsequence of two short texts. */
static size_t common_length(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[2][81] = {{0}};
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 2], *above = rows[(i + 1) % 2];
        row[0] = 0;
        for (size_t j = 1; j <= m; j++) {
            if (a[i - 1] == b[j - 1])
                row[j] = above[j - 1] + 1;
            else
                row[j] = above[j] > row[j - 1] ? above[j] : row[j - 1];
        }
    }
    return rows[n % 2][m];
}

/* 0 to 100: how much of the longer text the two have in common. */
static size_t likeness(const char *a, const char *b)
{
    size_t n = strnlen(a, COMPARED_LENGTH), m = strnlen(b, COMPARED_LENGTH), longer = n > m ? n : m;
    return longer == 0 ? 0 : 100 * common_length(a, n, b, m) / longer;
}

size_t match_nearest(const expect_line *line, const record_list *records, size_t first)
{
    if (line->pattern != NULL)
        return SIZE_MAX;
    size_t best = SIZE_MAX, best_likeness = 59; /* less is no help to a reader */
    for (size_t i = first; i < records->count && i - first < COMPARED_RECORDS; i++) {
        const observation_record *record = records->items[i];
        size_t found = likeness(line->text, record->text);
        if (line->agent == NULL && record->agent != NULL) {
            buffer named = {0};
            buffer_format(&named, "%s: %s", record->agent, record->text);
            size_t with_name = likeness(line->text, buffer_text(&named));
            found = with_name > found ? with_name : found;
            buffer_release(&named);
        }
        if (found > best_likeness) {
            best = i;
            best_likeness = found;
        }
    }
    return best;
}
