#include "scenario/suppressions.h"

#include "base/region.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct entry {
    uint32_t line;
    const char *class;
    const char *places[2]; /* the second may be NULL */
    const char *reason;
};

struct suppressions {
    region *memory;
    const char *file;
    struct entry *entries;
    size_t count, capacity;
    _Atomic bool *used; /* by entry; relaxed: read when every job has ended. Shared with the processes of --jobs */
};

static const char *const classes[] = {"race", "observed", "unordered", "undecided", "exclusive"};

static bool is_class(const char *word)
{
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (!strcmp(word, classes[i]))
            return true;
    return false;
}

/* "file:line" or "file:line:column" */
static bool is_place(const char *word)
{
    const char *colon = strrchr(word, ':');
    return colon && colon > word && colon[1] && colon[1 + strspn(colon + 1, "0123456789")] == 0;
}

static bool complain(const struct suppressions *s, uint32_t line, size_t column, buffer *errors,
                     const char *what)
{
    buffer_format(errors, "%s:%u:%zu: %s\n", s->file, line, column + 1, what);
    return false;
}

static bool add_entry(struct suppressions *s, struct entry e)
{
    s->entries = region_grow(s->memory, s->entries, s->count, &s->capacity, sizeof *s->entries);
    s->entries[s->count++] = e;
    return true;
}

static bool read_entry(struct suppressions *s, char *text, uint32_t line, buffer *errors)
{
    struct entry e = {.line = line};
    char *reason = strstr(text, " -- "), *rest = NULL;
    if (!reason || !reason[4 + strspn(reason + 4, " \t")])
        return complain(s, line, strlen(text), errors, "expected \" -- \" and a reason");
    e.reason = region_text(s->memory, reason + 4 + strspn(reason + 4, " \t"));
    *reason = 0;
    char *word = strtok_r(text, " \t", &rest);
    if (!word || !is_class(word))
        return complain(s, line, 0, errors,
                        "expected race, observed, unordered, undecided or exclusive");
    e.class = region_text(s->memory, word);
    for (int i = 0; (word = strtok_r(NULL, " \t", &rest)); i++) {
        if (i == 2 || !is_place(word))
            return complain(s, line, (size_t)(word - text), errors,
                            "expected one or two places like worker.js:3 or worker.js:3:9");
        e.places[i] = region_text(s->memory, word);
    }
    return e.places[0]
               ? add_entry(s, e)
               : complain(s, line, strlen(text), errors, "expected a place like worker.js:3");
}

static bool read_lines(struct suppressions *s, FILE *file, buffer *errors)
{
    char *text = NULL;
    size_t room = 0;
    bool good = true;
    for (uint32_t line = 1; getline(&text, &room, file) >= 0; line++) {
        text[strcspn(text, "\r\n")] = 0;
        if (text[0] != '#' && text[strspn(text, " \t")])
            good &= read_entry(s, text, line, errors);
    }
    free(text);
    return good;
}

static bool share_marks(struct suppressions *s)
{
    size_t size = s->count ? s->count : 1;
    void *marks = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    s->used = marks == MAP_FAILED ? NULL : marks;
    return s->used;
}

status suppressions_load(const char *path, struct suppressions **out, buffer *errors)
{
    FILE *file = fopen(path, "r");
    *out = NULL;
    if (!file) {
        buffer_format(errors, "%s: cannot be read\n", path);
        return STATUS_IO;
    }
    region *memory = region_create();
    struct suppressions *s = region_allocate(memory, sizeof *s);
    s->memory = memory;
    s->file = region_text(memory, path);
    bool good = read_lines(s, file, errors);
    fclose(file);
    if (!good || !share_marks(s)) {
        region_free(memory);
        return good ? STATUS_NO_MEMORY : STATUS_INVALID;
    }
    *out = s;
    return STATUS_OK;
}

void suppressions_free(struct suppressions *s)
{
    if (!s)
        return;
    munmap((void *)s->used, s->count ? s->count : 1);
    region_free(s->memory);
}

static bool is_at(source_position where, const char *wanted)
{
    char forms[2][512];
    snprintf(forms[0], sizeof forms[0], "%s:%u", where.file ? where.file : "", where.line);
    snprintf(forms[1], sizeof forms[1], "%s:%u:%u", where.file ? where.file : "", where.line,
             where.column);
    for (int i = 0; i < 2; i++) {
        size_t length = strlen(forms[i]), tail = strlen(wanted);
        if (tail <= length && !strcmp(forms[i] + length - tail, wanted) &&
            (tail == length || forms[i][length - tail - 1] == '/'))
            return true;
    }
    return false;
}

static bool covers(const struct entry *e, const char *class, source_position one,
                   source_position two)
{
    if (strcmp(e->class, "race") && strcmp(e->class, class))
        return false;
    if (!e->places[1])
        return is_at(one, e->places[0]) || is_at(two, e->places[0]);
    return (is_at(one, e->places[0]) && is_at(two, e->places[1])) ||
           (is_at(one, e->places[1]) && is_at(two, e->places[0]));
}

const char *suppressions_find(struct suppressions *s, const char *class, source_position one,
                              source_position two)
{
    for (size_t i = 0; s && i < s->count; i++)
        if (covers(&s->entries[i], class, one, two)) {
            atomic_store_explicit(&s->used[i], true, memory_order_relaxed);
            return region_format(s->memory, "%s:%u: %s", s->file, s->entries[i].line,
                                 s->entries[i].reason);
        }
    return NULL;
}

void suppressions_write_unused(const struct suppressions *s, buffer *out)
{
    for (size_t i = 0; s && i < s->count; i++)
        if (!atomic_load_explicit(&s->used[i], memory_order_relaxed))
            buffer_format(out, "%s:%u: unused: no race at %s%s%s\n", s->file, s->entries[i].line,
                          s->entries[i].places[0], s->entries[i].places[1] ? " and " : "",
                          s->entries[i].places[1] ? s->entries[i].places[1] : "");
}
