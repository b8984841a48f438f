#include "litmus/parser.h"

#include <string.h>

void parser_start(litmus_parser *p, litmus_program *program, const litmus_source *source,
                  load_errors *errors)
{
    *p = (litmus_parser){.program = program,
                         .lexer = litmus_lexer_start(source, program->file, errors)};
    parser_next(p);
}

void parser_set_agent(litmus_parser *p, uint8_t agent)
{
    p->agent = &p->program->agents[agent];
    p->agent_index = agent;
    p->name_count = 0;
    p->next_register = 0;
    p->last_label = 0;
    p->block_depth = p->loop_depth = 0;
    p->exit_count = 0;
    if (p->agent->steps == NULL)
        p->agent->steps =
            region_allocate(p->program->memory, LITMUS_STEPS * sizeof *p->agent->steps);
}

void parser_next(litmus_parser *p)
{
    p->token = litmus_lexer_next(&p->lexer);
}

bool parser_at(const litmus_parser *p, const char *text)
{
    return litmus_token_is(&p->token, text);
}

bool parser_accept(litmus_parser *p, const char *text)
{
    if (!parser_at(p, text))
        return false;
    parser_next(p);
    return true;
}

void parser_expected(litmus_parser *p, const char *what)
{
    if (p->token.kind == TOKEN_END)
        litmus_lexer_error(&p->lexer, &p->token, "expected %s, found the end of the text", what);
    else
        litmus_lexer_error(&p->lexer, &p->token, "expected %s, found `%.*s`", what,
                           (int)(p->token.length > 60 ? 60 : p->token.length), p->token.text);
    parser_next(p);
}

/* A name before `[` can only be meant as a view. */
static bool is_meant_as_view(const litmus_parser *p)
{
    const char *c = p->lexer.next;
    while (c < p->lexer.end && (*c == ' ' || *c == '\t'))
        c++;
    return p->token.kind == TOKEN_NAME && c < p->lexer.end && *c == '[';
}

void parser_unknown(litmus_parser *p, const char *what)
{
    if (!is_meant_as_view(p)) {
        parser_expected(p, what);
        return;
    }
    litmus_lexer_error(&p->lexer, &p->token, "there is no view `%.*s`: declare it before the agents",
                       (int)(p->token.length > 60 ? 60 : p->token.length), p->token.text);
    parser_next(p);
}

void parser_expect(litmus_parser *p, const char *text, const char *where)
{
    if (parser_accept(p, text))
        return;
    char what[120];
    size_t n = strlen(text);
    memcpy(what, "`", 1);
    memcpy(what + 1, text, n);
    what[n + 1] = '`';
    what[n + 2] = ' ';
    strncpy(what + n + 3, where, sizeof what - n - 4);
    what[sizeof what - 1] = '\0';
    parser_expected(p, what);
}

bool parser_enter(litmus_parser *p)
{
    if (++p->depth > PARSER_DEPTH)
        litmus_lexer_error(&p->lexer, &p->token, "nested deeper than %d levels", PARSER_DEPTH);
    if (p->lexer.failed)
        p->token.kind = TOKEN_END;
    return !p->lexer.failed;
}

char *parser_copy(litmus_parser *p, const litmus_token *t)
{
    return region_copy(p->program->memory, t->text, t->length);
}

litmus_step *parser_emit(litmus_parser *p, litmus_code code, const litmus_token *at)
{
    if (p->agent->step_count >= LITMUS_STEPS - 1) { /* room for the end */
        litmus_lexer_error(&p->lexer, at, "more than %d steps in one agent", LITMUS_STEPS);
        p->agent->step_count = 0; /* never run: the program is given up */
    }
    litmus_step *s = &p->agent->steps[p->agent->step_count++];
    *s = (litmus_step){.code = (uint8_t)code,
                       .target = LITMUS_NO_REGISTER,
                       .left = LITMUS_NO_REGISTER,
                       .right = LITMUS_NO_REGISTER,
                       .place.index = LITMUS_NO_REGISTER,
                       .line = at->line,
                       .column = at->column};
    return s;
}

size_t parser_label(litmus_parser *p)
{
    p->last_label = p->agent->step_count;
    return p->last_label;
}

void parser_land(litmus_parser *p, size_t jump)
{
    p->agent->steps[jump].destination = (uint16_t)parser_label(p);
}

unsigned parser_register(litmus_parser *p)
{
    if (p->next_register >= LITMUS_REGISTERS) {
        litmus_lexer_error(&p->lexer, &p->token, "more than %d values at once in one agent",
                           LITMUS_REGISTERS);
        return 0;
    }
    unsigned reg = p->next_register++;
    if (reg >= p->agent->register_count)
        p->agent->register_count = reg + 1;
    return reg;
}

bool parser_same_text(const litmus_token *t, const char *text)
{
    return strlen(text) == t->length && memcmp(t->text, text, t->length) == 0;
}

const parser_name *parser_find(const litmus_parser *p, const litmus_token *t)
{
    for (size_t i = p->name_count; i > 0; i--) {
        const parser_name *n = &p->names[i - 1];
        if (n->length == t->length && memcmp(n->text, t->text, t->length) == 0)
            return n;
    }
    return NULL;
}

bool parser_is_word(const litmus_token *t)
{
    static const char *const words[] = {
        "const",   "let",      "var",     "if",       "else",   "for",    "while",     "do",
        "break",   "continue", "return",  "function", "true",   "false",  "undefined", "null",
        "new",     "await",    "async",   "class",    "switch", "case",   "try",       "catch",
        "throw",   "typeof",   "void",    "delete",   "in",     "of",     "this",      "yield",
        "Atomics", "post",     "receive", "start",    "Number", "BigInt", "NaN",       "Infinity"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (parser_same_text(t, words[i]))
            return true;
    return false;
}

unsigned parser_declare(litmus_parser *p, const litmus_token *t, bool constant)
{
    if (parser_is_word(t) || parser_view(p, t) >= 0)
        litmus_lexer_error(&p->lexer, t, "the name `%.*s` is taken", (int)t->length, t->text);
    if (p->block_depth == 0 && parser_find(p, t) != NULL)
        litmus_lexer_error(&p->lexer, t, "`%.*s` is declared twice", (int)t->length, t->text);
    if (p->name_count == PARSER_NAMES)
        litmus_lexer_error(&p->lexer, t, "more than %d names", PARSER_NAMES);
    unsigned reg = parser_register(p);
    if (p->lexer.failed)
        return reg;
    p->names[p->name_count++] = (parser_name){t->text, t->length, (uint8_t)reg, constant};
    if (p->block_depth == 0 && p->agent_index > 0)
        p->agent->registers[reg] = (litmus_register){parser_copy(p, t), true};
    return reg;
}

int parser_view(const litmus_parser *p, const litmus_token *t)
{
    for (size_t i = 0; t->kind == TOKEN_NAME && i < p->program->view_count; i++)
        if (parser_same_text(t, p->program->views[i].name))
            return (int)i;
    return -1;
}

void parser_end_agent(litmus_parser *p, const litmus_token *at)
{
    for (size_t i = 0; i < p->exit_count; i++) /* return */
        parser_land(p, p->exits[i].step);
    p->exit_count = 0;
    parser_emit(p, CODE_END, at);
}
