#include "scenario/build.h"

#include "scenario/format.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LARGEST_FILE ((long)64 << 20)

source_position build_position(const builder *b, const yaml_node *node)
{
    return (source_position){b->plan->file, node->line, node->column};
}

/* Without the line feed that ends a block scalar. */
const char *build_text(builder *b, const yaml_node *node)
{
    if (node == NULL)
        return NULL;
    size_t length = node->length;
    while (!node->plain && length > 0 && node->text[length - 1] == '\n')
        length--;
    return region_copy(b->memory, node->text, length);
}

text_list build_texts(builder *b, const yaml_node *node)
{
    text_list list = {0};
    if (node == NULL)
        return list;
    size_t count = node->shape == YAML_LIST ? node->count : 1;
    list.items = region_allocate(b->memory, (count + 1) * sizeof *list.items);
    for (size_t i = 0; i < count; i++)
        list.items[list.count++] = build_text(b, node->shape == YAML_LIST ? node->items[i] : node);
    return list;
}

uint64_t build_number(const yaml_node *node, uint64_t absent)
{
    uint64_t number = absent;
    if (node != NULL)
        schema_number(node->text, &number);
    return number;
}

static number_list build_numbers(builder *b, const yaml_node *node)
{
    number_list list = {0};
    if (node == NULL)
        return list;
    size_t count = node->shape == YAML_LIST ? node->count : 1;
    list.items = region_allocate(b->memory, (count + 1) * sizeof *list.items);
    for (size_t i = 0; i < count; i++) {
        const yaml_node *item = node->shape == YAML_LIST ? node->items[i] : node;
        uint32_t number = (uint32_t)build_number(item, 0);
        for (size_t k = 0; k < list.count; k++)
            if (list.items[k] == number)
                load_error_add(b->errors, b->plan->file, item->line, item->column,
                               "the number %u stands here a second time", number);
        list.items[list.count++] = number;
    }
    return list;
}

/* The schema has seen to it that they are rules. */
static text_list build_rules(builder *b, const yaml_node *node)
{
    text_list list = build_texts(b, node);
    for (size_t i = 1; i < list.count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(list.items[i], list.items[k]) == 0)
                load_error_add(b->errors, b->plan->file, node->items[i]->line, node->items[i]->column,
                               "the rule %s stands here a second time", list.items[i]);
    return list;
}

static bool contains(const number_list *list, uint32_t number)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] == number)
            return true;
    return false;
}

number_list build_shows(builder *b, const yaml_node *node)
{
    number_list list = build_numbers(b, node);
    for (size_t i = 0; i < list.count; i++) {
        const yaml_node *item = node->shape == YAML_LIST ? node->items[i] : node;
        if (!contains(&b->plan->teaches, list.items[i]))
            load_error_add(b->errors, b->plan->file, item->line, item->column,
                           "%u is shown here but \"teaches\" does not list it", list.items[i]);
    }
    return list;
}

status build_read_file(region *memory, const char *path, const char **text, size_t *length)
{
    struct stat about; /* first: to open a pipe would wait for its writer */
    if (stat(path, &about) != 0)
        return errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_IO;
    if (about.st_size > LARGEST_FILE)
        return STATUS_LIMIT;
    errno = S_ISDIR(about.st_mode) ? EISDIR : ENOTSUP;
    FILE *file = S_ISREG(about.st_mode) ? fopen(path, "rbe") : NULL;
    if (file == NULL)
        return STATUS_IO;
    char *bytes = region_allocate(memory, (size_t)about.st_size + 1);
    *length = fread(bytes, 1, (size_t)about.st_size, file);
    *text = bytes;
    status s = ferror(file) ? STATUS_IO : STATUS_OK;
    fclose(file);
    return s;
}

const char *build_why_unreadable(status s)
{
    if (s == STATUS_NOT_FOUND)
        return "does not exist";
    if (s == STATUS_LIMIT)
        return "is larger than 64 MiB";
    switch (errno) {
    case EACCES:
        return "cannot be read: permission denied";
    case EISDIR:
        return "is a folder";
    case ENOTSUP:
        return "is no regular file";
    default:
        return "cannot be read: input/output error";
    }
}

static bool has_scheme(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    return n > 0 && strncmp(text + n, "://", 3) == 0;
}

const char *build_url(region *memory, const char *path_or_url)
{
    if (has_scheme(path_or_url))
        return path_or_url;
    char *url = region_format(memory, "%s%s", SCENARIO_BASE_URL, path_or_url);
    size_t base = strlen(SCENARIO_BASE_URL),
           end = base; /* url[0..end) is done and ends with a slash */
    for (const char *rest = url + base; *rest != '\0';) {
        size_t segment = strcspn(rest, "/");
        bool last = rest[segment] == '\0';
        if (segment == 2 && rest[0] == '.' && rest[1] == '.') {
            while (end > base && url[--end - 1] != '/') {
            }
        } else if (segment > 0 && !(segment == 1 && rest[0] == '.')) {
            memmove(url + end, rest, segment + (last ? 0 : 1));
            end += segment + (last ? 0 : 1);
        }
        rest += segment + (last ? 0 : 1);
    }
    url[end] = '\0';
    return url;
}

static plan_script *add_script(builder *b, const char *url, const yaml_node *node)
{
    plan *p = b->plan;
    plan_script *script = region_allocate(b->memory, sizeof *script);
    script->url = url;
    script->declared = build_position(b, node);
    script->source_line = 1;
    p->scripts = region_grow(b->memory, p->scripts, p->script_count, &b->script_capacity,
                             sizeof *p->scripts);
    p->scripts[p->script_count++] = script;
    return script;
}

/* The lines of an inline script must be lines of the file, or no error in it could be found. */
static void fill_inline(builder *b, plan_script *script, const yaml_node *node)
{
    bool one_line = node->line == node->text_line && strchr(node->text, '\n') == NULL;
    if (!node->literal && !one_line)
        load_error_add(
            b->errors, b->plan->file, node->line, node->column,
            "expected a script of several lines after a |, which keeps its lines as they are");
    script->text = region_copy(b->memory, node->text, node->length);
    script->length = node->length;
    script->source_file = b->plan->file;
    script->source_line = node->text_line;
    script->source_indent = node->text_column - 1;
}

const char *build_path(builder *b, const yaml_node *node)
{
    const char *name = build_text(b, node);
    return name[0] == '/' || strcmp(b->plan->directory, ".") == 0
               ? name
               : region_format(b->memory, "%s/%s", b->plan->directory, name);
}

static void fill_from_disk(builder *b, plan_script *script, const yaml_node *node)
{
    const char *path = build_path(b, node);
    status s = build_read_file(b->memory, path, &script->text, &script->length);
    script->source_file = path;
    if (s == STATUS_OK)
        return;
    script->text = "";
    load_error_add(b->errors, b->plan->file, node->line, node->column, "the file \"%s\" %s", path,
                   build_why_unreadable(s));
}

plan_script *build_script(builder *b, const char *url, const yaml_node *node)
{
    plan_script *script = add_script(b, url, node);
    fill_inline(b, script, node);
    return script;
}

plan_script *build_script_from_disk(builder *b, const char *url, const yaml_node *node)
{
    plan_script *script = add_script(b, url, node);
    fill_from_disk(b, script, node);
    return script;
}

static void build_files(builder *b, const yaml_node *node)
{
    plan *p = b->plan;
    if (node == NULL)
        return;
    p->files = region_allocate(b->memory, (node->count + 1) * sizeof *p->files);
    for (size_t i = 0; i < node->count; i++) {
        const yaml_node *key = node->pairs[i].key, *value = node->pairs[i].value;
        const char *path = build_text(b, key), *url = build_url(b->memory, path);
        for (size_t k = 0; k < p->file_count; k++)
            if (strcmp(p->files[k].script->url, url) == 0)
                load_error_add(b->errors, p->file, key->line, key->column,
                               "\"%s\" and \"%s\" are the same path", p->files[k].path, path);
        plan_script *script = value->shape == YAML_MAP ? build_script_from_disk(b, url, yaml_tree_find(value, "from"))
                                                       : build_script(b, url, value);
        p->files[p->file_count++] = (plan_file){path, script};
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

static bool looks_like_file_name(const yaml_node *node)
{
    return !node->literal && strpbrk(node->text, " \t\n;(){}=\"'`") == NULL &&
           (ends_with(node->text, ".js") || ends_with(node->text, ".mjs") ||
            ends_with(node->text, ".cjs"));
}

/* The address under which a window's own script is evaluated: the document's, as in a browser, made
 * unique when two windows show the same document. */
static const char *inline_url(builder *b, const plan_window *w)
{
    if (plan_find_script(b->plan, w->url) == NULL)
        return w->url;
    return region_format(b->memory, "%s#%s", w->url, w->name);
}

static void build_window_script(builder *b, plan_window *w, const yaml_node *node)
{
    const plan_file *declared = node->literal ? NULL : plan_find_file(b->plan, node->text);
    if (declared != NULL) {
        w->script = declared->script;
    } else if (looks_like_file_name(node)) {
        w->script = build_script_from_disk(b, build_url(b->memory, build_text(b, node)), node);
    } else {
        w->script = build_script(b, inline_url(b, w), node);
        return;
    }
    w->module = ends_with(node->text, ".mjs");
}

static const char *optional_text(builder *b, const yaml_node *map, const char *key)
{
    const yaml_node *node = yaml_tree_find(map, key);
    return node == NULL ? NULL : build_text(b, node);
}

/* Only an earlier window can open one. */
static void build_window_opener(builder *b, plan_window *w, const yaml_node *node)
{
    const plan *p = b->plan;
    const yaml_node *opener = yaml_tree_find(node, "opener"), *noopener = yaml_tree_find(node, "noopener");
    w->opener = optional_text(b, node, "opener");
    w->target = optional_text(b, node, "target");
    w->features = optional_text(b, node, "features");
    w->noopener = noopener != NULL && strcmp(noopener->text, "true") == 0;
    bool found = w->opener == NULL;
    for (size_t i = 0; i < p->window_count && !found; i++)
        found = strcmp(p->windows[i].name, w->opener) == 0;
    if (!found)
        load_error_add(b->errors, p->file, opener->line, opener->column, "expected the name of an earlier window, found \"%s\"",
                       w->opener);
}

static void build_window(builder *b, const yaml_node *key, const yaml_node *node, size_t total)
{
    plan *p = b->plan;
    plan_window *w = &p->windows[p->window_count];
    const yaml_node *script = node, *name = key, *url = NULL, *module = NULL;
    if (node->shape == YAML_MAP) {
        script = yaml_tree_find(node, "script");
        url = yaml_tree_find(node, "url");
        module = yaml_tree_find(node, "module");
        const yaml_node *inner = yaml_tree_find(node, "name");
        if (key != NULL && inner != NULL)
            load_error_add(b->errors, p->file, inner->line, inner->column,
                           "this window has its name already: \"%s\", in line %u", key->text,
                           key->line);
        name = key == NULL ? inner : key;
    }
    w->declared = build_position(b, node);
    w->url = url == NULL ? NULL : build_address(b, url);
    if (w->url == NULL)
        w->url = SCENARIO_BASE_URL;
    if (name != NULL)
        w->name = build_text(b, name);
    else
        w->name =
            total == 1 ? "window" : region_format(b->memory, "window-%zu", p->window_count + 1);
    for (size_t i = 0; i < p->window_count; i++)
        if (strcmp(p->windows[i].name, w->name) == 0) {
            const yaml_node *at = name == NULL ? node : name;
            load_error_add(b->errors, p->file, at->line, at->column,
                           "a window named \"%s\" stands in line %u already", w->name,
                           p->windows[i].declared.line);
        }
    if (script != NULL)
        build_window_script(b, w, script);
    else if (url == NULL)
        load_error_add(b->errors, p->file, node->line, node->column,
                       "expected \"script\", or a \"url\" whose resource is the page");
    if (node->shape == YAML_MAP)
        build_window_opener(b, w, node);
    if (module != NULL)
        w->module = strcmp(module->text, "true") == 0;
    p->window_count++;
}

static void build_windows(builder *b, const yaml_node *node)
{
    b->plan->windows = region_allocate(b->memory, (node->count + 1) * sizeof *b->plan->windows);
    for (size_t i = 0; i < node->count; i++) {
        if (node->shape == YAML_LIST)
            build_window(b, NULL, node->items[i], node->count);
        else
            build_window(b, node->pairs[i].key, node->pairs[i].value, node->count);
    }
}

static void build_limits(plan *p, const yaml_node *node)
{
    if (node == NULL)
        return;
    p->limits = (plan_limits){
        .time_ms = build_number(yaml_tree_find(node, "time_ms"), 0),
        .heap_mb = build_number(yaml_tree_find(node, "heap_mb"), 0),
        .stack_kb = build_number(yaml_tree_find(node, "stack_kb"), 0),
        .agents = build_number(yaml_tree_find(node, "agents"), 0),
    };
}

static plan_mark build_mark(const yaml_node *node)
{
    if (node == NULL)
        return PLAN_MARK_NONE;
    for (plan_mark m = PLAN_MARK_AGREES; m < PLAN_MARK_WRONG; m++)
        if (strcmp(plan_mark_text(m), node->text) == 0)
            return m;
    return PLAN_MARK_WRONG;
}

void plan_build(plan *p, const yaml_node *root, load_errors *errors)
{
    builder b = {.plan = p, .memory = p->memory, .errors = errors};
    p->title = build_text(&b, yaml_tree_find(root, "title"));
    p->about = build_texts(&b, yaml_tree_find(root, "about"));
    p->teaches = build_numbers(&b, yaml_tree_find(root, "teaches"));
    p->rules = build_rules(&b, yaml_tree_find(root, "rules"));
    p->seeds = build_texts(&b, yaml_tree_find(root, "seeds"));
    p->mark = build_mark(yaml_tree_find(root, "mark"));
    for (plan_lesson l = 0; l < PLAN_LESSON_COUNT; l++)
        p->lessons[l] = build_texts(&b, yaml_tree_find(root, plan_lesson_name(l)));
    p->seed = build_number(yaml_tree_find(root, "seed"), 1);
    p->repeat = build_number(yaml_tree_find(root, "repeat"), 1);
    const yaml_node *clock = yaml_tree_find(root, "clock");
    p->clock =
        clock != NULL && strcmp(clock->text, "real") == 0 ? PLAN_CLOCK_REAL : PLAN_CLOCK_VIRTUAL;
    build_limits(p, yaml_tree_find(root, "limits"));
    p->needs = build_texts(&b, yaml_tree_find(root, "needs"));
    build_files(&b, yaml_tree_find(root, "files"));
    build_origins(&b, yaml_tree_find(root, "origins"), yaml_tree_find(root, "public_suffixes"));
    build_resources(&b, yaml_tree_find(root, "resources"));
    build_windows(&b, yaml_tree_find(root, "windows"));
    build_timeline(&b, yaml_tree_find(root, "timeline"));
    build_dialogs(&b, yaml_tree_find(root, "dialogs"));
    build_knobs(&b, yaml_tree_find(root, "knobs"));
    const yaml_node *expect = yaml_tree_find(root, "expect");
    if (expect != NULL)
        build_expect(&b, expect);
}
