#include "cli/wpt_suite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const struct wpt_global wpt_globals[] = {
    {"window", ".html"},
    {"dedicatedworker", ".worker.html"},
    {"sharedworker", ".sharedworker.html"},
    {"serviceworker", ".serviceworker.html"},
};
const size_t wpt_global_count = sizeof wpt_globals / sizeof wpt_globals[0];

char *wpt_read_file(const char *path, size_t *length)
{
    FILE *in = fopen(path, "rb");
    struct stat about;
    char *text = NULL;
    if (in && fstat(fileno(in), &about) == 0 && S_ISREG(about.st_mode))
        text = malloc((size_t)about.st_size + 1);
    if (text) {
        *length = fread(text, 1, (size_t)about.st_size, in);
        text[*length] = 0;
    }
    if (in)
        fclose(in);
    return text;
}

bool wpt_ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && !strcmp(text + length - tail, ending);
}

/* ---- what a script says of itself ---- */

static void add_text(region *memory, const char ***list, size_t *count, size_t *capacity,
                     const char *text)
{
    *list = region_grow(memory, *list, *count, capacity, sizeof **list);
    (*list)[(*count)++] = text;
}

static void read_meta(region *memory, const char *key, size_t key_length, const char *value,
                      struct wpt_meta *m)
{
    if (!strncmp(key, "script", key_length))
        add_text(memory, &m->scripts, &m->script_count, &m->script_capacity, value);
    else if (!strncmp(key, "variant", key_length))
        add_text(memory, &m->variants, &m->variant_count, &m->variant_capacity, value);
    else if (!strncmp(key, "global", key_length))
        m->globals = value;
    else if (!strncmp(key, "title", key_length))
        m->title = value;
    else if (!strncmp(key, "timeout", key_length))
        m->is_long = !strcmp(value, "long");
}

void wpt_meta_read(region *memory, const char *text, struct wpt_meta *out)
{
    static const char mark[] = "// META: ";
    for (size_t line; !strncmp(text, "//", 2); text += line + (text[line] != 0)) {
        line = strcspn(text, "\n");
        const char *equals = memchr(text, '=', line);
        if (strncmp(text, mark, sizeof mark - 1) || !equals)
            continue;
        const char *key = text + sizeof mark - 1;
        size_t end = line - (line && text[line - 1] == '\r');
        read_meta(memory, key, (size_t)(equals - key),
                  region_copy(memory, equals + 1, end - (size_t)(equals + 1 - text)), out);
    }
}

static bool names_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
        while (*at == ' ')
            at++;
        if (!strncmp(at, word, length) && (!at[length] || at[length] == ',' || at[length] == ' '))
            return true;
    }
    return false;
}

/* `global=` names globals, "worker" for all kinds of worker; without it, windows and dedicated
 * workers. */
static bool wants(const struct wpt_meta *m, const struct wpt_global *g)
{
    const char *list = m->globals ? m->globals : "window,dedicatedworker";
    return names_word(list, g->name) || (strstr(g->name, "worker") && names_word(list, "worker"));
}

/* ---- finding tests ---- */

static void add_test(struct wpt_suite *s, const char *path, const char *variant, bool is_long)
{
    s->tests = region_grow(s->memory, s->tests, s->count, &s->capacity, sizeof *s->tests);
    s->tests[s->count++] =
        (struct wpt_test){region_format(s->memory, "%s%s", path, variant), is_long};
}

static void add_variants(struct wpt_suite *s, const char *page, const struct wpt_meta *m)
{
    for (size_t i = 0; i < m->variant_count; i++)
        add_test(s, page, m->variants[i], m->is_long);
    if (!m->variant_count)
        add_test(s, page, "", m->is_long);
}

static void add_script(struct wpt_suite *s, const char *path, const char *text)
{
    struct wpt_meta m = {0};
    wpt_meta_read(s->memory, text, &m);
    char *stem = region_copy(s->memory, path, strlen(path) - 3);
    if (!wpt_ends_with(path, ".any.js")) {
        add_variants(s, region_format(s->memory, "%s.html", stem), &m);
        return;
    }
    for (size_t i = 0; i < wpt_global_count; i++)
        if (wants(&m, &wpt_globals[i]))
            add_variants(s, region_format(s->memory, "%s%s", stem, wpt_globals[i].ending), &m);
}

/* The value of content="…" in the <meta> element that begins at `at`. */
static const char *meta_content(struct wpt_suite *s, const char *at)
{
    const char *end = strchr(at, '>'), *content = strstr(at, "content=");
    if (!end || !content || content > end)
        return "";
    content += 8;
    char quote = *content == '"' || *content == '\'' ? *content++ : ' ';
    size_t length = 0;
    while (content[length] && content[length] != quote && content[length] != '>')
        length++;
    return region_copy(s->memory, content, length);
}

/* A page is a test when it loads the harness. */
static void add_page(struct wpt_suite *s, const char *path, const char *text)
{
    struct wpt_meta m = {0};
    if (!strstr(text, "/resources/testharness.js"))
        return;
    for (const char *at = text; (at = strstr(at, "<meta")); at++) {
        const char *end = strchr(at, '>'), *name = strstr(at, "name=");
        if (!end || !name || name > end)
            continue;
        name += 5 + (name[5] == '"' || name[5] == '\'');
        if (!strncmp(name, "timeout", 7))
            m.is_long = !strcmp(meta_content(s, at), "long");
        else if (!strncmp(name, "variant", 7))
            add_text(s->memory, &m.variants, &m.variant_count, &m.variant_capacity,
                     meta_content(s, at));
    }
    add_variants(s, path, &m);
}

static bool is_page(const char *name)
{
    return (wpt_ends_with(name, ".html") || wpt_ends_with(name, ".htm")) &&
           !strstr(name, "-manual.") && !strstr(name, "-ref.");
}

static bool is_script(const char *name)
{
    return wpt_ends_with(name, ".any.js") || wpt_ends_with(name, ".window.js") ||
           wpt_ends_with(name, ".worker.js");
}

static void add_file(struct wpt_suite *s, const char *path)
{
    size_t length;
    char *text = is_script(path) || is_page(path)
                     ? wpt_read_file(region_format(s->memory, "%s/%s", s->folder, path), &length)
                     : NULL;
    if (text && is_script(path))
        add_script(s, path, text);
    else if (text)
        add_page(s, path, text);
    free(text);
}

/* Folders of what tests load are no tests themselves. */
static bool holds_tests(const char *name)
{
    static const char *const others[] = {"resources", "support", "tools", "common", "test_data"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (!strcmp(name, others[i]))
            return false;
    return name[0] != '.';
}

static void add_folder(struct wpt_suite *s, const char *path)
{
    DIR *d = opendir(region_format(s->memory, "%s/%s", s->folder, path));
    for (struct dirent *entry; d && (entry = readdir(d));) {
        const char *inner =
            region_format(s->memory, "%s%s%s", path, *path ? "/" : "", entry->d_name);
        if (entry->d_type == DT_DIR && holds_tests(entry->d_name))
            add_folder(s, inner);
        else if (entry->d_type == DT_REG)
            add_file(s, inner);
    }
    if (d)
        closedir(d);
}

static status add_list(struct wpt_suite *s, const char *file)
{
    FILE *in = fopen(file, "r");
    char *line = NULL;
    size_t size = 0;
    status result = in ? STATUS_OK : STATUS_NOT_FOUND;
    while (result == STATUS_OK && getline(&line, &size, in) >= 0) {
        line[strcspn(line, "\r\n")] = 0;
        if (*line && *line != '#')
            result = wpt_suite_add(s, line);
        if (result != STATUS_OK)
            fprintf(stderr, "heddle wpt: %s: there is no %s\n", file, line);
    }
    free(line);
    if (in)
        fclose(in);
    return result;
}

/* A generated page, named as results name it: the tests of its script that are called so. */
static status add_generated(struct wpt_suite *s, const char *name)
{
    const char *mark = strstr(name, ".any.");
    size_t before = s->count, kept = s->count,
           stem = mark ? (size_t)(mark - name) + 4 : strcspn(name, "?");
    if (!mark && stem > 5)
        stem -= 5; /* ".html" */
    add_file(s, region_format(s->memory, "%.*s.js", (int)stem, name));
    for (size_t i = before; i < s->count; i++) {
        size_t length = strlen(name);
        if (!strncmp(s->tests[i].path, name, length) &&
            (!s->tests[i].path[length] || s->tests[i].path[length] == '?'))
            s->tests[kept++] = s->tests[i];
    }
    s->count = kept;
    return kept > before ? STATUS_OK : STATUS_NOT_FOUND;
}

status wpt_suite_add(struct wpt_suite *s, const char *name)
{
    struct stat about;
    if (*name == '@')
        return add_list(s, name + 1);
    char *path = region_text(s->memory, name);
    while (*path && path[strlen(path) - 1] == '/')
        path[strlen(path) - 1] = 0;
    if (stat(region_format(s->memory, "%s/%s", s->folder, path), &about) != 0)
        return add_generated(s, path);
    if (S_ISDIR(about.st_mode))
        add_folder(s, path);
    else
        add_file(s, path);
    return STATUS_OK;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct wpt_test *)a)->path, ((const struct wpt_test *)b)->path);
}

void wpt_suite_sort(struct wpt_suite *s)
{
    size_t kept = 0;
    if (s->count)
        qsort(s->tests, s->count, sizeof *s->tests, by_path);
    for (size_t i = 0; i < s->count; i++)
        if (!kept || strcmp(s->tests[kept - 1].path, s->tests[i].path) != 0)
            s->tests[kept++] = s->tests[i];
    s->count = kept;
}
