#include "cli/test262_suite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- finding tests ---- */

static bool is_test(const char *name)
{
    size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".js") == 0 && !strstr(name, "_FIXTURE");
}

static void add_test(struct test262_suite *s, const char *path)
{
    s->paths = region_grow(s->memory, s->paths, s->count, &s->capacity, sizeof *s->paths);
    s->paths[s->count++] = path;
}

/* Some file systems do not say it in the entry. */
static bool is_folder(const struct test262_suite *s, const struct dirent *entry, const char *path)
{
    struct stat about;
    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
        return entry->d_type == DT_DIR;
    return stat(region_format(s->memory, "%s/test/%s", s->folder, path), &about) == 0 &&
           S_ISDIR(about.st_mode);
}

static void add_folder(struct test262_suite *s, const char *path)
{
    DIR *d = opendir(region_format(s->memory, "%s/test/%s", s->folder, path));
    for (struct dirent *entry; d && (entry = readdir(d));) {
        if (entry->d_name[0] == '.')
            continue;
        const char *inner = *path ? region_format(s->memory, "%s/%s", path, entry->d_name)
                                  : region_text(s->memory, entry->d_name);
        if (is_folder(s, entry, inner))
            add_folder(s, inner);
        else if (is_test(entry->d_name))
            add_test(s, inner);
    }
    if (d)
        closedir(d);
}

static status add_list(struct test262_suite *s, const char *file)
{
    FILE *in = fopen(file, "r");
    if (!in)
        return STATUS_NOT_FOUND;
    char *line = NULL;
    size_t size = 0;
    status result = STATUS_OK;
    while (result == STATUS_OK && getline(&line, &size, in) >= 0) {
        line[strcspn(line, "\r\n")] = 0;
        if (*line && *line != '#')
            result = test262_suite_add(s, line);
        if (result != STATUS_OK)
            fprintf(stderr, "heddle test262: %s: there is no %s\n", file, line);
    }
    free(line);
    fclose(in);
    return result;
}

status test262_suite_add(struct test262_suite *s, const char *name)
{
    struct stat about;
    if (*name == '@')
        return add_list(s, name + 1);
    if (strncmp(name, "test/", 5) == 0)
        name += 5;
    char *path = region_text(s->memory, strcmp(name, "test") == 0 ? "" : name);
    while (*path && path[strlen(path) - 1] == '/')
        path[strlen(path) - 1] = 0;
    if (stat(region_format(s->memory, "%s/test/%s", s->folder, path), &about) != 0)
        return STATUS_NOT_FOUND;
    if (S_ISDIR(about.st_mode))
        add_folder(s, path);
    else
        add_test(s, path);
    return STATUS_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void test262_suite_sort(struct test262_suite *s)
{
    size_t kept = 0;
    if (s->count)
        qsort(s->paths, s->count, sizeof *s->paths, by_text);
    for (size_t i = 0; i < s->count; i++)
        if (!kept || strcmp(s->paths[kept - 1], s->paths[i]) != 0)
            s->paths[kept++] = s->paths[i];
    s->count = kept;
}

/* ---- reading files ---- */

/* The file's text after `prefix`, with a zero byte behind; NULL when it cannot be read. */
static char *read_text(const char *path, const char *prefix, size_t *length)
{
    FILE *in = fopen(path, "rb");
    struct stat about;
    if (!in || fstat(fileno(in), &about) != 0) {
        if (in)
            fclose(in);
        return NULL;
    }
    size_t before = strlen(prefix);
    char *text = malloc(before + (size_t)about.st_size + 1);
    if (text) {
        memcpy(text, prefix, before);
        *length = before + fread(text + before, 1, (size_t)about.st_size, in);
        text[*length] = 0;
    }
    fclose(in);
    return text;
}

/* A harness file; each is read once in a process. NULL when there is none of that name. */
static const struct test262_text *harness_file(const struct test262_suite *s, const char *name)
{
    static struct {
        const char *name;
        struct test262_text text;
    } known[256];
    static size_t count;
    for (size_t i = 0; i < count; i++)
        if (strcmp(known[i].name, name) == 0)
            return &known[i].text;
    if (count == sizeof known / sizeof *known)
        return NULL;
    const char *path = region_format(s->memory, "%s/harness/%s", s->folder, name);
    struct test262_text *text = &known[count].text;
    text->path = path;
    text->text = read_text(path, "", &text->length);
    if (!text->text)
        return NULL;
    known[count++].name = region_text(s->memory, name);
    return text;
}

/* ---- running one ---- */

#define HARNESS_LIMIT 32

static bool choose_harness(const struct test262_suite *s, const struct test262_metadata *m, struct test262_case *test,
                           const struct test262_text **harness, struct test262_outcome *o)
{
    const char *names[HARNESS_LIMIT] = {"assert.js", "sta.js", "doneprintHandle.js"};
    size_t count = test->async ? 3 : 2;
    if (test262_words_have(&m->flags, "raw"))
        return true;
    for (size_t i = 0; i < m->includes.count && count < HARNESS_LIMIT; i++)
        names[count++] = m->includes.items[i];
    for (size_t i = 0; i < count; i++)
        if (!(harness[i] = harness_file(s, names[i]))) {
            snprintf(o->reason, sizeof o->reason, "there is no harness/%s", names[i]);
            return false;
        }
    test->harness = harness;
    test->harness_count = count;
    return true;
}

static void run_mode(const struct test262_suite *s, const char *path, const struct test262_metadata *m,
                     enum test262_mode mode, uint64_t time_limit, struct test262_outcome *o)
{
    const struct test262_text *harness[HARNESS_LIMIT];
    char file[4096];
    snprintf(file, sizeof file, "%s/test/%s", s->folder, path);
    struct test262_case test = {
        .module = mode == TEST262_MODULE,
        .async = test262_words_have(&m->flags, "async"),
        .can_block = !test262_words_have(&m->flags, "CanBlockIsFalse"),
        .negative = m->negative,
        .negative_type = m->negative_type,
        .time_limit = time_limit,
    };
    o->mode = (uint8_t)mode;
    if (!choose_harness(s, m, &test, harness, o)) {
        o->kind = TEST262_FAILED;
        return;
    }
    test.source.path = file;
    char *text = read_text(file, mode == TEST262_STRICT ? "\"use strict\";\n" : "", &test.source.length);
    test.source.text = text;
    struct test262_result result = {0};
    test262_run(&test, &result);
    free(text);
    snprintf(o->reason, sizeof o->reason, "%s", result.reason);
    o->kind = result.passed ? TEST262_PASSED : TEST262_FAILED;
}

static int choose_modes(const struct test262_metadata *m, enum test262_mode modes[TEST262_MODES])
{
    modes[0] = TEST262_SLOPPY;
    modes[1] = TEST262_STRICT;
    if (test262_words_have(&m->flags, "module"))
        modes[0] = TEST262_MODULE;
    else if (test262_words_have(&m->flags, "onlyStrict"))
        modes[0] = TEST262_STRICT;
    else if (!test262_words_have(&m->flags, "noStrict") && !test262_words_have(&m->flags, "raw"))
        return 2;
    return 1;
}

int test262_suite_run(const struct test262_suite *s, const char *path, const struct test262_expectations *e,
                      uint64_t time_limit, struct test262_outcome *out)
{
    region *memory = region_create();
    size_t length;
    char *text = read_text(region_format(memory, "%s/test/%s", s->folder, path), "", &length);
    struct test262_metadata m;
    test262_metadata_read(memory, text ? text : "", &m);
    free(text);
    enum test262_mode modes[TEST262_MODES];
    int count = choose_modes(&m, modes);
    const char *skip = test262_expect_skip(e, path, &m);
    for (int i = 0; i < count; i++) {
        if (text && !skip) {
            run_mode(s, path, &m, modes[i], time_limit, &out[i]);
            continue;
        }
        out[i].mode = (uint8_t)modes[i];
        out[i].kind = skip ? TEST262_SKIPPED : TEST262_FAILED;
        snprintf(out[i].reason, sizeof out[i].reason, "%s", skip ? skip : "cannot be read");
    }
    region_free(memory);
    return count;
}
