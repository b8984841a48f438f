#include "web/inspect_layout.h"

#include "base/assert.h"
#include "web/inspect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t inspect_width(const char *text, size_t length)
{
    size_t width = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        width += (c & 0xc0) != 0x80;
        width += c >= 0xf0; /* a surrogate pair */
    }
    return width;
}

void entries_add(struct entries *e, buffer *text)
{
    if (e->count == e->capacity) {
        e->capacity = e->capacity ? e->capacity * 2 : 8;
        e->list = realloc(e->list, e->capacity * sizeof *e->list);
        hd_assert(e->list);
    }
    buffer_add(text, "");
    e->list[e->count++] =
        (struct entry){text->text, text->length, inspect_width(text->text, text->length)};
    *text = (buffer){0};
}

void entries_add_text(struct entries *e, const char *text)
{
    buffer b = {0};
    buffer_add(&b, text);
    entries_add(e, &b);
}

void entries_release(struct entries *e)
{
    for (size_t i = 0; i < e->count; i++)
        free(e->list[i].text);
    free(e->list);
    *e = (struct entries){0};
}

/* How many columns make the entries look about square. */
static size_t columns_for(double longest, double total, size_t count, size_t entries,
                          size_t indentation)
{
    double bias = sqrt(longest - total / (double)entries);
    double width = fmax(longest - 3 - bias, 1);
    double columns = round(sqrt(2.5 * width * (double)count) / width);
    columns = fmin(columns, floor((INSPECT_COLUMNS - (double)indentation) / longest));
    columns = fmin(columns, INSPECT_COMPACT * 4);
    return columns < 1 ? 1 : (size_t)fmin(columns, 15);
}

static void add_row(const struct entries *e, size_t from, size_t to, const size_t *widths,
                    bool right, struct entries *rows)
{
    buffer row = {0};
    for (size_t i = from; i < to; i++) {
        const struct entry *x = &e->list[i];
        bool last = i + 1 == to;
        size_t pad = widths[i - from] - 2 - x->width;
        if (right)
            buffer_add_repeated(&row, ' ', pad);
        buffer_add_bytes(&row, x->text, x->length);
        if (!last)
            buffer_add(&row, ", ");
        if (!right && !last)
            buffer_add_repeated(&row, ' ', pad);
    }
    entries_add(rows, &row);
}

/* Arrays of more than six entries are set in columns where that saves lines. */
static bool group(struct entries *e, const struct layout *how)
{
    size_t count =
        e->count > INSPECT_ITEMS ? e->count - 1 : e->count; /* without "... more items" */
    size_t total = 0, longest = 0, widths[16];
    for (size_t i = 0; i < count; i++) {
        total += e->list[i].width + 2;
        if (e->list[i].width > longest)
            longest = e->list[i].width;
    }
    size_t column = longest + 2;
    if (column * 3 + how->indentation >= INSPECT_COLUMNS ||
        ((double)total / (double)column <= 5 && longest > 6))
        return false;
    size_t columns = columns_for((double)column, (double)total, count, e->count, how->indentation);
    if (columns <= 1)
        return false;
    for (size_t i = 0; i < columns; i++) {
        widths[i] = 0;
        for (size_t j = i; j < count; j += columns)
            if (e->list[j].width > widths[i])
                widths[i] = e->list[j].width;
        widths[i] += 2;
    }
    struct entries rows = {0};
    for (size_t i = 0; i < count; i += columns)
        add_row(e, i, i + columns < count ? i + columns : count, widths, how->numbers, &rows);
    if (count < e->count)
        entries_add_text(&rows, e->list[count].text);
    entries_release(e);
    *e = rows;
    return true;
}

static bool fits_one_line(const struct entries *e, const struct layout *how)
{
    size_t total =
        e->count + how->indentation + strlen(how->open) + strlen(how->base) + 10 + e->count;
    for (size_t i = 0; i < e->count && total <= INSPECT_COLUMNS; i++) {
        total += e->list[i].width;
        if (strchr(e->list[i].text, '\n'))
            return false;
    }
    return total <= INSPECT_COLUMNS && !strchr(how->base, '\n');
}

void layout_entries(struct entries *e, const struct layout *how, buffer *out)
{
    bool grouped = how->array && e->count > 6 && group(e, how);
    bool one_line = !grouped && how->innermost && fits_one_line(e, how);
    if (*how->base)
        buffer_format(out, "%s ", how->base);
    buffer_add(out, how->open);
    for (size_t i = 0; i < e->count; i++) {
        if (i)
            buffer_add(out, ",");
        buffer_add(out, one_line ? " " : "\n");
        if (!one_line)
            buffer_add_repeated(out, ' ', how->indentation + 2);
        buffer_add_bytes(out, e->list[i].text, e->list[i].length);
    }
    buffer_add(out, one_line ? " " : "\n");
    if (!one_line)
        buffer_add_repeated(out, ' ', how->indentation);
    buffer_add(out, how->close);
}
