/* How the entries of a printed object are put on lines. */
#ifndef HEDDLE_WEB_INSPECT_LAYOUT_H
#define HEDDLE_WEB_INSPECT_LAYOUT_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

enum { INSPECT_COLUMNS = 80, INSPECT_COMPACT = 3, INSPECT_ITEMS = 100 };

struct entry {
    char *text;
    size_t length, width;
};

struct entries {
    struct entry *list;
    size_t count, capacity;
};

/* Takes the buffer's text. */
void entries_add(struct entries *e, buffer *text);
void entries_add_text(struct entries *e, const char *text);
void entries_release(struct entries *e);

struct layout {
    const char *base, *open, *close; /* "" where there is none */
    size_t indentation;
    bool innermost;      /* few enough levels within for one line */
    bool array, numbers; /* numbers: every entry is one, so they are set flush right */
};

/* Appends "base open entry, entry close" on one or several lines. Changes the entries. */
void layout_entries(struct entries *e, const struct layout *how, buffer *out);

#endif
