#include "cli/test262_expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    const char *name, *reason;
    enum test262_mode mode;
};

struct entries {
    struct entry *items;
    size_t count, capacity;
};

struct test262_expectations {
    region *memory;
    struct entries features, folders, failures; /* failures are sorted by name */
};

const char *test262_mode_name(enum test262_mode mode)
{
    static const char *const names[] = {"sloppy", "strict", "module", ""};
    return names[mode];
}

static bool mode_of(const char *name, enum test262_mode *mode)
{
    for (int m = TEST262_SLOPPY; m <= TEST262_ANY_MODE; m++)
        if (strcmp(name, test262_mode_name((enum test262_mode)m)) == 0) {
            *mode = (enum test262_mode)m;
            return true;
        }
    return false;
}

static void add(struct test262_expectations *e, struct entries *list, const char *name, const char *reason, enum test262_mode mode)
{
    list->items = region_grow(e->memory, list->items, list->count, &list->capacity, sizeof *list->items);
    list->items[list->count++] = (struct entry){region_text(e->memory, name), reason, mode};
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* NULL when the line is right, else what is wrong with it. `reason` is the one above. */
static const char *read_entry(struct test262_expectations *e, char *line, const char *reason)
{
    char first[512], second[512] = "", third[8] = "";
    int words = sscanf(line, "%511s %511s %7s", first, second, third);
    enum test262_mode mode = TEST262_ANY_MODE;
    if (!reason)
        return "an entry needs a reason above it: a line that begins with '='";
    if (words == 3)
        return "too many words";
    if (strcmp(first, "feature") == 0 && words == 2)
        add(e, &e->features, second, reason, mode);
    else if (strcmp(first, "folder") == 0 && words == 2)
        add(e, &e->folders, second, reason, mode);
    else if (mode_of(second, &mode))
        add(e, &e->failures, first, reason, mode);
    else
        return "the second word must be sloppy, strict or module";
    return NULL;
}

static status read_lines(struct test262_expectations *e, FILE *in, const char *file)
{
    char *line = NULL;
    size_t size = 0;
    const char *reason = NULL, *wrong = NULL;
    unsigned number = 0;
    while (!wrong && getline(&line, &size, in) >= 0) {
        number++;
        line[strcspn(line, "\r\n")] = 0;
        if (*line == '=')
            reason = region_text(e->memory, line + 1 + strspn(line + 1, " "));
        else if (*line && *line != '#')
            wrong = read_entry(e, line, reason);
    }
    free(line);
    if (wrong)
        fprintf(stderr, "heddle test262: %s:%u: %s\n", file, number, wrong);
    return wrong ? STATUS_INVALID : STATUS_OK;
}

status test262_expect_load(region *memory, const char *file, struct test262_expectations **out)
{
    FILE *in = fopen(file, "r");
    if (!in)
        return STATUS_NOT_FOUND;
    struct test262_expectations *e = region_allocate(memory, sizeof *e);
    e->memory = memory;
    status s = read_lines(e, in, file);
    fclose(in);
    if (e->failures.count)
        qsort(e->failures.items, e->failures.count, sizeof *e->failures.items, by_name);
    *out = e;
    return s;
}

const char *test262_expect_skip(const struct test262_expectations *e, const char *path, const struct test262_metadata *m)
{
    for (size_t i = 0; e && i < e->features.count; i++)
        if (test262_words_have(&m->features, e->features.items[i].name))
            return e->features.items[i].reason;
    for (size_t i = 0; e && i < e->folders.count; i++) {
        size_t length = strlen(e->folders.items[i].name);
        if (strncmp(path, e->folders.items[i].name, length) == 0 && path[length] == '/')
            return e->folders.items[i].reason;
    }
    return NULL;
}

const char *test262_expect_failure(const struct test262_expectations *e, const char *path, enum test262_mode mode)
{
    struct entry key = {.name = path};
    if (!e || !e->failures.count)
        return NULL;
    const struct entry *all = e->failures.items, *end = all + e->failures.count;
    const struct entry *at = bsearch(&key, all, e->failures.count, sizeof *all, by_name);
    while (at && at > all && strcmp(at[-1].name, path) == 0)
        at--;
    for (; at && at < end && strcmp(at->name, path) == 0; at++)
        if (at->mode == TEST262_ANY_MODE || at->mode == mode)
            return at->reason;
    return NULL;
}
