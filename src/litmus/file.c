/* Litmus files: YAML with the key `litmus`, or JavaScript with that YAML in its first comment. */
#include "base/yaml_tree.h"
#include "litmus/parser.h"
#include "litmus/read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAXIMUM_LENGTH ((size_t)1 << 20)

struct file {
    litmus_program *program;
    const yaml_node *root;
    load_errors *errors;
    litmus_source script; /* .js: the text behind the comment */
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_script(const char *path)
{
    return ends_with(path, ".js") || ends_with(path, ".mjs");
}

/* ---- keys ---- */

static const struct key {
    const char *name;
    const char *about; /* what its value is */
    bool yaml_only;
} keys[] = {
    {"litmus", "the shape's name, e.g. SB", false},
    {"title", "a title", false},
    {"about", "paragraphs", false},
    {"shared", "the shared declarations, JavaScript", true},
    {"agents", "a map from agents' names to JavaScript", true},
    {"exists", "a condition that some allowed outcome satisfies, or a list of them", false},
    {"forbidden", "a condition that no allowed outcome satisfies, or a list of them", false},
    {"always", "a condition that every allowed outcome satisfies, or a list of them", false},
    {"show", "cells whose final values belong to the outcome", false},
    {"race-free", "yes or no", false},
    {"sequential", "yes or no: is every allowed outcome sequentially consistent", false},
    {"on-x86", "yes or no: can x86-TSO show the first `exists`", false},
    {"init-tearing", "spec or none", false},
    {"why", "paragraphs", false},
    {"see", "references", false},
};

static void error_at(struct file *f, const yaml_node *node, const char *message, const char *text)
{
    load_error_add(f->errors, f->program->file, node->line, node->column, message, text);
}

static void check_keys(struct file *f)
{
    for (size_t i = 0; i < f->root->count; i++) {
        const yaml_node *key = f->root->pairs[i].key;
        size_t k = 0;
        while (k < sizeof keys / sizeof keys[0] && strcmp(keys[k].name, key->text) != 0)
            k++;
        if (k == sizeof keys / sizeof keys[0])
            error_at(f, key,
                     "unknown key \"%s\"; expected litmus, title, about, shared, agents, exists, "
                     "forbidden, always, show, race-free, sequential, on-x86, init-tearing, why or "
                     "see",
                     key->text);
        else if (keys[k].yaml_only && f->script.text != NULL)
            error_at(f, key, "\"%s\" has no place here: the JavaScript below the comment says it",
                     key->text);
    }
}

static const char *text_of(struct file *f, const char *key, bool required)
{
    const yaml_node *node = yaml_tree_find(f->root, key);
    if (node != NULL && node->shape == YAML_SCALAR && node->length > 0)
        return region_text(f->program->memory, node->text);
    if (node != NULL)
        error_at(f, node, "expected a text under \"%s\"", key);
    else if (required)
        error_at(f, f->root, "expected the key \"%s\"", key);
    return NULL;
}

/* A text is a list of one. Calls `each` for every scalar. */
static void for_each(struct file *f, const char *key,
                     void (*each)(struct file *, const yaml_node *, void *), void *context)
{
    const yaml_node *node = yaml_tree_find(f->root, key);
    if (node == NULL)
        return;
    if (node->shape == YAML_SCALAR) {
        each(f, node, context);
        return;
    }
    for (size_t i = 0; node->shape == YAML_LIST && i < node->count; i++)
        if (node->items[i]->shape == YAML_SCALAR)
            each(f, node->items[i], context);
        else
            error_at(f, node->items[i], "expected a text in the list \"%s\"", key);
    if (node->shape == YAML_MAP)
        error_at(f, node, "expected a text or a list of texts under \"%s\"", key);
}

static void add_text(struct file *f, const yaml_node *node, void *context)
{
    litmus_texts *list = context;
    const char **items =
        region_allocate(f->program->memory, (list->count + 1) * sizeof *list->items);
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof *items);
    items[list->count] = region_text(f->program->memory, node->text);
    *list = (litmus_texts){items, list->count + 1};
}

static litmus_answer_flag flag_of(struct file *f, const char *key, const char *yes, const char *no,
                                  source_position *where)
{
    const yaml_node *node = yaml_tree_find(f->root, key);
    if (node == NULL)
        return LITMUS_UNASKED;
    if (where != NULL)
        *where = (source_position){f->program->file, node->line, node->column};
    if (node->shape == YAML_SCALAR && strcmp(node->text, yes) == 0)
        return LITMUS_YES;
    if (node->shape == YAML_SCALAR && strcmp(node->text, no) == 0)
        return LITMUS_NO;
    load_error_add(f->errors, f->program->file, node->line, node->column,
                   "expected %s or %s under \"%s\"", yes, no, key);
    return LITMUS_UNASKED;
}

/* ---- code ---- */

static litmus_source source_of(const yaml_node *node)
{
    return (litmus_source){node->text, node->length, node->text_line, node->text_column,
                           node->literal ? node->text_column : 1};
}

static bool new_agent(struct file *f, const char *name, uint32_t line, uint32_t column)
{
    litmus_program *p = f->program;
    for (size_t i = 0; i < p->agent_count; i++)
        if (strcmp(p->agents[i].name, name) == 0) {
            load_error_add(f->errors, p->file, line, column, "a second agent is called %s", name);
            return false;
        }
    if (p->agent_count == LITMUS_AGENTS) {
        load_error_add(f->errors, p->file, line, column, "more than %d agents", LITMUS_AGENTS - 1);
        return false;
    }
    p->agents[p->agent_count++].name = name;
    return true;
}

static void read_setup(struct file *f, const litmus_source *source)
{
    litmus_parser parser;
    f->program->setup_text = region_copy(f->program->memory, source->text, source->length);
    parser_start(&parser, f->program, source, f->errors);
    parser_set_agent(&parser, 0);
    parser_setup(&parser);
}

static void read_agent(struct file *f, size_t agent, const litmus_source *source)
{
    litmus_parser parser;
    litmus_agent *a = &f->program->agents[agent];
    a->text = region_copy(f->program->memory, source->text, source->length);
    a->line = source->line;
    a->indent = source->indent;
    parser_start(&parser, f->program, source, f->errors);
    parser_set_agent(&parser, (uint8_t)agent);
    while (parser.token.kind != TOKEN_END)
        parser_statement(&parser);
    parser_end_agent(&parser, &parser.token);
}

static bool is_name(const char *text)
{
    size_t n = strlen(text);
    bool good = n > 0 && n < 32 && strchr("0123456789", text[0]) == NULL;
    for (size_t i = 0; i < n; i++)
        good = good && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$",
                              text[i]) != NULL;
    return good;
}

static void read_yaml_agents(struct file *f)
{
    const yaml_node *shared = yaml_tree_find(f->root, "shared");
    const yaml_node *agents = yaml_tree_find(f->root, "agents");
    if (shared == NULL || shared->shape != YAML_SCALAR) {
        error_at(f, shared == NULL ? f->root : shared,
                 "expected the shared declarations under \"%s\"", "shared");
        return;
    }
    if (agents == NULL || agents->shape != YAML_MAP || agents->count == 0) {
        error_at(f, agents == NULL ? f->root : agents,
                 "expected a map from agents' names to their JavaScript under \"%s\"", "agents");
        return;
    }
    litmus_source source = source_of(shared);
    for (size_t i = 0; i < agents->count; i++) {
        const yaml_node *key = agents->pairs[i].key, *value = agents->pairs[i].value;
        if (!is_name(key->text))
            error_at(f, key, "expected a name of letters and digits, found \"%s\"", key->text);
        else if (value->shape != YAML_SCALAR)
            error_at(f, value, "expected the JavaScript of agent %s", key->text);
        else
            new_agent(f, region_text(f->program->memory, key->text), key->line, key->column);
    }
    if (f->errors->count > 0)
        return;
    read_setup(f, &source);
    for (size_t i = 0; i < agents->count && f->errors->count == 0; i++) {
        source = source_of(agents->pairs[i].value);
        read_agent(f, i + 1, &source);
    }
}

/* ---- the form of a script: declarations, then one function per agent ---- */

struct function {
    litmus_token name;
    litmus_source body;
};

/* `function NAME() {` … `}`: remembers where the body stands. */
static bool skim_function(litmus_parser *p, struct function *f)
{
    parser_expect(p, "function", "at the start of an agent");
    f->name = p->token;
    if (f->name.kind != TOKEN_NAME || parser_is_word(&f->name))
        parser_expected(p, "the agent's name");
    else
        parser_next(p);
    parser_expect(p, "(", "after the agent's name");
    parser_expect(p, ")", "after `(`: an agent takes no arguments");
    if (!parser_at(p, "{"))
        parser_expected(p, "`{`");
    f->body = (litmus_source){p->lexer.next, 0, p->lexer.line, p->lexer.column, 1};
    parser_next(p);
    for (unsigned open = 1; open > 0 && p->token.kind != TOKEN_END;) {
        open += parser_at(p, "{");
        open -= parser_at(p, "}");
        f->body.length = (size_t)(p->token.text - f->body.text);
        if (open > 0)
            parser_next(p);
    }
    parser_expect(p, "}", "at the end of the agent");
    return !p->lexer.failed;
}

static void read_script_agents(struct file *f)
{
    struct function functions[LITMUS_AGENTS];
    size_t count = 0;
    litmus_parser p;
    parser_start(&p, f->program, &f->script, f->errors);
    /* Names first: start("right") may stand before right. */
    while (p.token.kind != TOKEN_END && !parser_at(&p, "function"))
        parser_next(&p);
    litmus_source setup = f->script;
    setup.length = (size_t)(p.token.text - setup.text);
    while (p.token.kind != TOKEN_END && !p.lexer.failed) {
        struct function one;
        if (!skim_function(&p, &one))
            return;
        if (!new_agent(f, region_copy(f->program->memory, one.name.text, one.name.length),
                       one.name.line, one.name.column))
            return;
        functions[count++] = one;
    }
    if (count == 0)
        litmus_lexer_error(&p.lexer, &p.token, "expected a function for each agent");
    if (p.lexer.failed)
        return;
    read_setup(f, &setup);
    for (size_t i = 0; i < count && f->errors->count == 0; i++)
        read_agent(f, i + 1, &functions[i].body);
}

/* ---- what an outcome is made of ---- */

static bool register_is_unique(const litmus_program *p, size_t agent, const char *name)
{
    for (size_t i = 1; i < p->agent_count; i++)
        for (size_t r = 0; i != agent && r < p->agents[i].register_count; r++)
            if (p->agents[i].registers[r].shown &&
                strcmp(p->agents[i].registers[r].name, name) == 0)
                return false;
    return true;
}

static void make_slots(struct file *f)
{
    litmus_program *p = f->program;
    for (size_t i = 1; i < p->agent_count; i++)
        for (size_t r = 0; r < p->agents[i].register_count; r++) {
            const litmus_register *reg = &p->agents[i].registers[r];
            if (!reg->shown)
                continue;
            if (p->slot_count == LITMUS_SLOTS) {
                load_error_add(f->errors, p->file, p->agents[i].line, 1,
                               "an outcome has more than %d values", LITMUS_SLOTS);
                return;
            }
            p->slots[p->slot_count++] = (litmus_slot){
                .agent = (uint8_t)i,
                .reg = (uint8_t)r,
                .name = register_is_unique(p, i, reg->name)
                            ? reg->name
                            : region_format(p->memory, "%s.%s", p->agents[i].name, reg->name)};
        }
}

struct asking {
    litmus_question_kind kind;
    bool show;
};

static void add_question(struct file *f, const yaml_node *node, void *context)
{
    const struct asking *a = context;
    litmus_source source = source_of(node);
    if (!litmus_program_add_question(f->program, a->kind, &source, f->errors))
        return;
    if (a->show) /* only its slots were wanted */
        f->program->question_count--;
}

static void read_questions(struct file *f)
{
    litmus_program *p = f->program;
    for_each(f, "exists", add_question, &(struct asking){LITMUS_EXISTS, false});
    for_each(f, "forbidden", add_question, &(struct asking){LITMUS_FORBIDDEN, false});
    for_each(f, "always", add_question, &(struct asking){LITMUS_ALWAYS, false});
    for_each(f, "show", add_question, &(struct asking){LITMUS_ALWAYS, true});
    p->race_free = flag_of(f, "race-free", "yes", "no", &p->race_free_where);
    p->sequential = flag_of(f, "sequential", "yes", "no", &p->sequential_where);
    p->on_x86 = flag_of(f, "on-x86", "yes", "no", &p->on_x86_where);
    p->spec_tearing = flag_of(f, "init-tearing", "spec", "none", NULL);
    if (f->errors->count == 0 && p->slot_count == 0)
        error_at(f, f->root,
                 "expected something to look at: a register (%s) or a cell in a question",
                 "const r0 = …");
    if (f->errors->count == 0 && p->on_x86 != LITMUS_UNASKED &&
        (p->question_count == 0 || p->questions[0].kind != LITMUS_EXISTS))
        load_error_add(f->errors, p->file, p->on_x86_where.line, p->on_x86_where.column,
                       "\"on-x86\" is about the first `exists`, and there is none");
}

/* ---- messages: one sender and one receiver ---- */

static void check_channels(struct file *f)
{
    litmus_program *p = f->program;
    for (size_t c = 0; c < p->channel_count; c++)
        for (unsigned code = CODE_POST; code <= CODE_RECEIVE; code++) {
            size_t user = LITMUS_AGENTS;
            for (size_t a = 0; a < p->agent_count; a++)
                for (size_t i = 0; i < p->agents[a].step_count; i++) {
                    const litmus_step *s = &p->agents[a].steps[i];
                    if (s->code != code || s->place.block != c)
                        continue;
                    if (user != LITMUS_AGENTS && user != a)
                        load_error_add(f->errors, p->file, s->line, s->column,
                                       "two agents %s channel \"%s\": a channel has one sender and "
                                       "one receiver",
                                       code == CODE_POST ? "post to" : "receive from",
                                       p->channels[c]);
                    user = a;
                }
        }
}

/* ---- reading ---- */

/* The YAML in the first comment of a script, on lines of its own; the comment's lines before it are
 * empty lines of the YAML, so that places agree. */
static bool split_script(struct file *f, region *memory, const char *text, size_t length,
                         const char **yaml, size_t *yaml_length)
{
    const char *start = text, *end = text + length;
    while (start < end && strchr(" \t\r\n", *start) != NULL)
        start++;
    if (end - start < 2 || memcmp(start, "/*", 2) != 0) {
        load_error_add(f->errors, f->program->file, 1, 1,
                       "expected a comment /* litmus: NAME … */ at the start");
        return false;
    }
    const char *close = memmem(start, (size_t)(end - start), "*/", 2);
    if (close == NULL) {
        load_error_add(f->errors, f->program->file, 1, 1, "this comment has no end: expected */");
        return false;
    }
    char *copy = region_copy(memory, text, (size_t)(close - text));
    for (const char *c = text; c < start + 2; c++)
        if (*c != '\n')
            copy[c - text] = ' ';
    *yaml = copy;
    *yaml_length = (size_t)(close - text);
    f->script = (litmus_source){close + 2, (size_t)(end - close) - 2, 1, 1, 1};
    for (const char *c = text; c < close + 2; c++) {
        f->script.line += *c == '\n';
        f->script.column = *c == '\n' ? 1 : f->script.column + 1;
    }
    return true;
}

static void read_tree(struct file *f)
{
    litmus_program *p = f->program;
    check_keys(f);
    p->name = text_of(f, "litmus", true);
    p->title = text_of(f, "title", false);
    for_each(f, "about", add_text, &p->about);
    for_each(f, "why", add_text, &p->why);
    for_each(f, "see", add_text, &p->see);
    p->agents[0].name = "setup";
    p->agent_count = 1;
    if (f->errors->count == 0 && f->script.text != NULL)
        read_script_agents(f);
    else if (f->errors->count == 0)
        read_yaml_agents(f);
    if (f->errors->count == 0)
        check_channels(f);
    if (f->errors->count == 0)
        make_slots(f);
    if (f->errors->count == 0)
        read_questions(f);
    if (p->title == NULL)
        p->title = p->name;
}

litmus_program *litmus_program_read(const char *path, const char *text, size_t length,
                                    load_errors *errors)
{
    region *memory = region_create();
    litmus_program *p = region_allocate(memory, sizeof *p);
    p->memory = memory;
    p->file = region_text(memory, path);
    struct file f = {.program = p, .errors = errors};
    const char *yaml = text;
    size_t yaml_length = length;
    bool good = !is_script(path) || split_script(&f, memory, text, length, &yaml, &yaml_length);
    size_t before = errors->count;
    f.root = good ? yaml_tree_read(memory, yaml, yaml_length, path, "a litmus program", errors) : NULL;
    if (f.root != NULL && f.root->shape != YAML_MAP)
        error_at(&f, f.root, "expected a map that begins with litmus: NAME%s", "");
    else if (f.root != NULL)
        read_tree(&f);
    if (good && errors->count == before)
        return p;
    litmus_program_free(p);
    return NULL;
}

litmus_program *litmus_program_load(const char *path, load_errors *errors)
{
    struct stat about;
    errno = ENOTSUP; /* a pipe would make it wait */
    FILE *file = stat(path, &about) == 0 && !S_ISREG(about.st_mode) ? NULL : fopen(path, "rb");
    char *text = file == NULL ? NULL : malloc(MAXIMUM_LENGTH + 1);
    size_t length = text == NULL ? 0 : fread(text, 1, MAXIMUM_LENGTH + 1, file);
    litmus_program *p = NULL;
    if (file == NULL)
        load_error_add(errors, path, 0, 0, "%s",
                       errno == ENOENT    ? "there is no such file"
                       : errno == ENOTSUP ? "it is no regular file"
                                          : strerror(errno));
    else if (ferror(file))
        load_error_add(errors, path, 0, 0, "the file cannot be read");
    else if (length > MAXIMUM_LENGTH)
        load_error_add(errors, path, 0, 0, "larger than 1 MiB, too large for a litmus file");
    else
        p = litmus_program_read(path, text, length, errors);
    if (file != NULL)
        fclose(file);
    free(text);
    return p;
}

bool litmus_is_litmus(const char *path, const char *text, size_t length)
{
    const char *c = text, *end = text + length;
    bool script = is_script(path);
    for (;;) {
        while (c < end && strchr(" \t\r\n", *c) != NULL)
            c++;
        if (script && end - c > 2 && memcmp(c, "/*", 2) == 0) {
            c += 2;
            script = false;
            continue;
        }
        if (c < end && *c == '#' && !is_script(path)) {
            while (c < end && *c != '\n')
                c++;
            continue;
        }
        return !script && end - c > 7 && memcmp(c, "litmus:", 7) == 0;
    }
}
