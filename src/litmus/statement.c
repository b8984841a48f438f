/* Statements. Assignments are statements only. */
#include "litmus/parser.h"

/* The operator of `+=` and its like; -1 when the token is none. */
static int compound_operator(const litmus_parser *p)
{
    static const struct {
        const char *sign;
        int operation;
    } signs[] = {{"+=", LITMUS_ADD},          {"-=", LITMUS_SUBTRACT},  {"*=", LITMUS_MULTIPLY},
                 {"/=", LITMUS_DIVIDE},       {"%=", LITMUS_REMAINDER}, {"&=", LITMUS_BIT_AND},
                 {"|=", LITMUS_BIT_OR},       {"^=", LITMUS_BIT_XOR},   {"<<=", LITMUS_SHIFT_LEFT},
                 {">>=", LITMUS_SHIFT_RIGHT}, {"++", LITMUS_ADD},       {"--", LITMUS_SUBTRACT}};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (parser_at(p, signs[i].sign))
            return signs[i].operation;
    return -1;
}

/* The right side of `= value`, `+= value`, `++`: the register with the new value. `current` holds
 * the old one where the sign needs it. */
static unsigned assigned_value(litmus_parser *p, unsigned current, int operation, int target)
{
    litmus_token sign = p->token;
    bool step = parser_at(p, "++") || parser_at(p, "--");
    if (operation < 0)
        parser_expect(p, "=", "or another assignment");
    else
        parser_next(p);
    if (operation < 0)
        return parser_expression(p, target);
    unsigned operand;
    if (step) {
        operand = parser_register(p);
        litmus_step *one = parser_emit(p, CODE_CONSTANT, &sign);
        one->target = (uint8_t)operand;
        one->constant = litmus_number(1);
    } else {
        operand = parser_expression(p, -1);
    }
    unsigned reg = target >= 0 ? (unsigned)target : parser_register(p);
    litmus_step *s = parser_emit(p, CODE_OPERATE, &sign);
    s->operation = (uint8_t)operation;
    s->left = (uint8_t)current;
    s->right = (uint8_t)operand;
    s->target = (uint8_t)reg;
    return reg;
}

static void view_statement(litmus_parser *p, int view)
{
    litmus_token at = p->token;
    parser_next(p);
    if (parser_at(p, ".")) {
        parser_data_view_call(p, view);
        return;
    }
    litmus_step access = {.target = LITMUS_NO_REGISTER,
                          .left = LITMUS_NO_REGISTER,
                          .right = LITMUS_NO_REGISTER,
                          .place.index = LITMUS_NO_REGISTER,
                          .line = at.line,
                          .column = at.column};
    parser_place(p, view, &access);
    int operation = compound_operator(p);
    unsigned current = 0;
    if (operation >= 0) {
        current = parser_register(p);
        access.code = CODE_READ;
        access.target = (uint8_t)current;
        *parser_emit(p, CODE_READ, &at) = access;
        access.target = LITMUS_NO_REGISTER;
    }
    access.left = (uint8_t)assigned_value(p, current, operation, -1);
    access.code = CODE_WRITE;
    *parser_emit(p, CODE_WRITE, &at) = access;
}

static void variable_statement(litmus_parser *p)
{
    litmus_token t = p->token;
    const parser_name *name = parser_find(p, &t);
    if (name == NULL) {
        parser_unknown(p, "a statement: an assignment, an access to a view, if, for, post, start");
        return;
    }
    if (name->constant)
        litmus_lexer_error(&p->lexer, &t, "`%.*s` is const: declare it with let to assign it",
                           (int)t.length, t.text);
    unsigned reg = name->reg;
    parser_next(p);
    assigned_value(p, reg, compound_operator(p), (int)reg);
}

static void set_undefined(litmus_parser *p, unsigned reg, const litmus_token *at)
{
    litmus_step *s = parser_emit(p, CODE_CONSTANT, at);
    s->target = (uint8_t)reg;
    s->constant = (litmus_value){.kind = LITMUS_UNDEFINED};
}

/* const a = …, b = …;  let c; */
static void declaration(litmus_parser *p)
{
    bool constant = parser_at(p, "const");
    parser_next(p);
    do {
        litmus_token name = p->token;
        if (name.kind != TOKEN_NAME) {
            parser_expected(p, "a name");
            return;
        }
        parser_next(p);
        /* The register exists before its name: the value may not mention it. */
        unsigned reg = parser_register(p);
        if (parser_accept(p, "="))
            parser_expression(p, (int)reg);
        else if (constant)
            parser_expected(p, "`=` and a value");
        else
            set_undefined(p, reg, &name);
        p->next_register = reg;
        parser_declare(p, &name, constant);
    } while (parser_accept(p, ","));
}

/* A statement without the sign at its end; also the first and last part of a for. */
static void simple_statement(litmus_parser *p)
{
    litmus_token t = p->token;
    int view = parser_view(p, &t);
    if (parser_at(p, "const") || parser_at(p, "let"))
        declaration(p);
    else if (view >= 0)
        view_statement(p, view);
    else if (parser_at(p, "post"))
        parser_post(p);
    else if (parser_at(p, "start"))
        parser_start_agent(p);
    else if (parser_at(p, "Atomics") || parser_at(p, "await") || parser_at(p, "receive"))
        parser_expression(p, -1);
    else
        variable_statement(p);
}

/* Variables declared since `names` are gone, their registers free. */
static void close_scope(litmus_parser *p, size_t names, unsigned registers)
{
    p->name_count = names;
    p->next_register = registers;
}

static void block(litmus_parser *p)
{
    size_t names = p->name_count;
    unsigned registers = p->next_register;
    parser_next(p);
    p->block_depth++;
    while (!parser_at(p, "}") && p->token.kind != TOKEN_END)
        parser_statement(p);
    p->block_depth--;
    parser_expect(p, "}", "at the end of the block");
    close_scope(p, names, registers);
}

static void if_statement(litmus_parser *p)
{
    litmus_token at = p->token;
    unsigned mark = p->next_register;
    parser_next(p);
    parser_expect(p, "(", "after if");
    unsigned condition = parser_expression(p, -1);
    parser_expect(p, ")", "after the condition");
    size_t otherwise = p->agent->step_count;
    parser_emit(p, CODE_JUMP_IF_FALSE, &at)->left = (uint8_t)condition;
    p->next_register = mark;
    p->block_depth++;
    parser_statement(p);
    if (parser_accept(p, "else")) {
        size_t end = p->agent->step_count;
        parser_emit(p, CODE_JUMP, &at);
        parser_land(p, otherwise);
        parser_statement(p);
        parser_land(p, end);
    } else {
        parser_land(p, otherwise);
    }
    p->block_depth--;
}

static void leave_loop(litmus_parser *p, bool again, const litmus_token *at)
{
    if (p->loop_depth == 0)
        litmus_lexer_error(&p->lexer, at, "`%.*s` stands in no loop", (int)at->length, at->text);
    if (p->exit_count == PARSER_EXITS)
        litmus_lexer_error(&p->lexer, at, "more than %d exits", PARSER_EXITS);
    if (p->lexer.failed)
        return;
    p->exits[p->exit_count++] = (parser_exit){(uint16_t)p->agent->step_count, again};
    parser_emit(p, CODE_JUMP, at);
}

/* Those of the innermost loop that continue, or break, go to the next step. */
static void land_exits(litmus_parser *p, size_t first, bool again)
{
    for (size_t i = first; i < p->exit_count; i++)
        if (p->exits[i].again == again)
            parser_land(p, p->exits[i].step);
    if (!again)
        p->exit_count = first;
}

/* Test, body, update; the update is written before the body and so jumped over. */
static void for_statement(litmus_parser *p)
{
    litmus_token at = p->token;
    size_t names = p->name_count;
    unsigned registers = p->next_register;
    size_t first_exit = p->exit_count;
    parser_next(p);
    parser_expect(p, "(", "after for");
    p->block_depth++;
    p->loop_depth++;
    if (!parser_at(p, ";"))
        simple_statement(p);
    parser_expect(p, ";", "after the first part of for");
    unsigned mark = p->next_register;
    size_t test = parser_label(p);
    parser_emit(p, CODE_COUNT_TURN, &at);
    if (parser_at(p, ";"))
        litmus_lexer_error(&p->lexer, &p->token,
                           "expected the condition of a bounded loop, such as i < 3, found `;`");
    unsigned condition = parser_expression(p, -1);
    parser_expect(p, ";", "after the condition of for");
    size_t out = p->agent->step_count;
    parser_emit(p, CODE_JUMP_IF_FALSE, &at)->left = (uint8_t)condition;
    p->next_register = mark;
    size_t enter = p->agent->step_count;
    parser_emit(p, CODE_JUMP, &at);
    size_t update = parser_label(p);
    if (!parser_at(p, ")"))
        simple_statement(p);
    parser_expect(p, ")", "after the last part of for");
    parser_emit(p, CODE_JUMP, &at)->destination = (uint16_t)test;
    parser_land(p, enter);
    p->next_register = mark;
    parser_statement(p);
    land_exits(p, first_exit, true);
    parser_emit(p, CODE_JUMP, &at)->destination = (uint16_t)update;
    parser_land(p, out);
    land_exits(p, first_exit, false);
    p->block_depth--;
    p->loop_depth--;
    close_scope(p, names, registers);
}

static bool refuse(litmus_parser *p)
{
    if (parser_at(p, "while") || parser_at(p, "do"))
        litmus_lexer_error(&p->lexer, &p->token,
                           "expected a bounded loop, for (let i = 0; i < N; i++): every turn of a "
                           "loop is an execution of its own, and `%.*s` has no last one",
                           (int)p->token.length, p->token.text);
    else if (parser_at(p, "var"))
        litmus_lexer_error(&p->lexer, &p->token, "expected let or const, found `var`");
    else
        return false;
    parser_next(p);
    return true;
}

void parser_statement(litmus_parser *p)
{
    litmus_token at = p->token;
    if (refuse(p) || !parser_enter(p))
        return;
    unsigned mark = p->next_register;
    size_t names = p->name_count;
    if (parser_at(p, "{")) {
        block(p);
    } else if (parser_at(p, "if")) {
        if_statement(p);
    } else if (parser_at(p, "for")) {
        for_statement(p);
    } else if (parser_accept(p, "break")) {
        leave_loop(p, false, &at);
        parser_expect(p, ";", "after break");
    } else if (parser_accept(p, "continue")) {
        leave_loop(p, true, &at);
        parser_expect(p, ";", "after continue");
    } else if (!parser_accept(p, ";")) {
        simple_statement(p);
        parser_expect(p, ";", "at the end of the statement");
    }
    p->depth--;
    if (p->name_count == names)
        p->next_register = mark; /* temporaries of this statement */
    else
        p->next_register = p->names[p->name_count - 1].reg + 1u;
}
