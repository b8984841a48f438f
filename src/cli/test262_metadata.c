#include "cli/test262_metadata.h"

#include <string.h>

bool test262_words_have(const struct test262_words *w, const char *word)
{
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->items[i], word) == 0)
            return true;
    return false;
}

static bool is_break(char c)
{
    return c == '\n' || c == '\r';
}

/* A top-level key starts in the first column; its value reaches up to the next one. */
static const char *find_key(const char *front, const char *end, const char *key, const char **value_end)
{
    size_t length = strlen(key);
    const char *found = NULL;
    for (const char *at = front; at < end; at++) {
        bool line_starts = at == front || is_break(at[-1]);
        if (!line_starts || *at == ' ' || *at == '-' || *at == '#' || is_break(*at))
            continue;
        if (found) {
            *value_end = at;
            return found;
        }
        if ((size_t)(end - at) > length && strncmp(at, key, length) == 0 && at[length] == ':')
            found = at + length + 1;
    }
    *value_end = end;
    return found;
}

/* The words of a YAML list in either style: [a, b] or one "- a" per line. */
static void read_words(region *memory, const char *at, const char *end, struct test262_words *out)
{
    static const char separators[] = " \t\r\n[],\"'";
    while (at && at < end) {
        if (strchr(separators, *at)) {
            at++;
            continue;
        }
        const char *from = at;
        if (*at == '#') {
            while (at < end && !is_break(*at))
                at++;
            continue;
        }
        while (at < end && !strchr(separators, *at))
            at++;
        if (at - from == 1 && *from == '-')
            continue;
        out->items = region_grow(memory, out->items, out->count, &out->capacity, sizeof *out->items);
        out->items[out->count++] = region_copy(memory, from, (size_t)(at - from));
    }
}

static enum test262_phase phase_of(const char *name)
{
    if (strcmp(name, "parse") == 0)
        return TEST262_PARSE;
    return strcmp(name, "resolution") == 0 ? TEST262_RESOLUTION : TEST262_RUNTIME;
}

static void read_negative(const struct test262_words *w, struct test262_metadata *out)
{
    for (size_t i = 0; i + 1 < w->count; i++) {
        if (strcmp(w->items[i], "phase:") == 0)
            out->negative = phase_of(w->items[i + 1]);
        if (strcmp(w->items[i], "type:") == 0)
            out->negative_type = w->items[i + 1];
    }
}

void test262_metadata_read(region *memory, const char *text, struct test262_metadata *out)
{
    *out = (struct test262_metadata){0};
    const char *front = strstr(text, "/*---"), *end = front ? strstr(front, "---*/") : NULL;
    if (!end)
        return;
    front += 5;
    const char *value_end;
    struct test262_words negative = {0};
    const char *value = find_key(front, end, "flags", &value_end);
    read_words(memory, value, value_end, &out->flags);
    value = find_key(front, end, "includes", &value_end);
    read_words(memory, value, value_end, &out->includes);
    value = find_key(front, end, "features", &value_end);
    read_words(memory, value, value_end, &out->features);
    value = find_key(front, end, "negative", &value_end);
    read_words(memory, value, value_end, &negative);
    read_negative(&negative, out);
}
