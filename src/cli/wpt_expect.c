#include "cli/wpt_expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    const char *text; /* as in the file */
    const char *reason;
    bool seen; /* in a result */
};

struct entries {
    struct entry *items;
    size_t count, capacity;
};

struct wpt_expectations {
    struct entries left_out, failures; /* failures are sorted */
};

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->text, ((const struct entry *)b)->text);
}

static void add(region *memory, struct entries *list, const char *text, const char *reason)
{
    list->items =
        region_grow(memory, list->items, list->count, &list->capacity, sizeof *list->items);
    list->items[list->count++] = (struct entry){region_text(memory, text), reason, false};
}

static status read_lines(region *memory, struct wpt_expectations *e, FILE *in, const char *file)
{
    static const char leave[] = "leave ";
    char *line = NULL;
    size_t size = 0;
    const char *reason = NULL;
    status s = STATUS_OK;
    for (unsigned number = 1; s == STATUS_OK && getline(&line, &size, in) >= 0; number++) {
        line[strcspn(line, "\r\n")] = 0;
        if (*line == '=') {
            reason = region_text(memory, line + 1 + strspn(line + 1, " "));
        } else if (*line && *line != '#' && !reason) {
            fprintf(stderr,
                    "heddle wpt: %s:%u: an entry needs a reason above it: a line that begins with "
                    "'='\n",
                    file, number);
            s = STATUS_INVALID;
        } else if (!strncmp(line, leave, sizeof leave - 1)) {
            add(memory, &e->left_out, line + sizeof leave - 1, reason);
        } else if (*line && *line != '#') {
            add(memory, &e->failures, line, reason);
        }
    }
    free(line);
    return s;
}

status wpt_expect_load(region *memory, const char *file, struct wpt_expectations **out)
{
    FILE *in = fopen(file, "r");
    if (!in)
        return STATUS_NOT_FOUND;
    struct wpt_expectations *e = region_allocate(memory, sizeof *e);
    status s = read_lines(memory, e, in, file);
    fclose(in);
    if (e->failures.count)
        qsort(e->failures.items, e->failures.count, sizeof *e->failures.items, by_text);
    *out = e;
    return s;
}

const char *wpt_expect_left_out(const struct wpt_expectations *e, const char *path)
{
    for (size_t i = 0; e && i < e->left_out.count; i++)
        if (!strncmp(path, e->left_out.items[i].text, strlen(e->left_out.items[i].text)))
            return e->left_out.items[i].reason;
    return NULL;
}

void wpt_expect_write(const char *path, const char *name, buffer *out)
{
    buffer_add(out, path);
    buffer_add(out, name ? " :: " : "");
    for (; name && *name; name++) {
        if (*name == '\n' || *name == '\\')
            buffer_add(out, *name == '\n' ? "\\n" : "\\\\");
        else if (*name != '\r')
            buffer_add_bytes(out, name, 1);
    }
}

const char *wpt_expect_failure(struct wpt_expectations *e, const char *path, const char *name)
{
    buffer text = {0};
    if (!e)
        return NULL;
    wpt_expect_write(path, name, &text);
    struct entry key = {.text = buffer_text(&text)};
    struct entry *found =
        e->failures.count ? bsearch(&key, e->failures.items, e->failures.count, sizeof key, by_text)
                          : NULL;
    buffer_release(&text);
    if (found)
        found->seen = true;
    return found ? found->reason : NULL;
}

const char *wpt_expect_unseen(const struct wpt_expectations *e, size_t *at)
{
    while (e && *at < e->failures.count) {
        const struct entry *x = &e->failures.items[(*at)++];
        if (!x->seen)
            return x->text;
    }
    return NULL;
}
