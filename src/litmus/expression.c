/* Expressions: operators by precedence, the rest in access.c. Nothing in an expression assigns to a
 * variable, so that a variable's register can stand for its value. */
#include "litmus/parser.h"

#include <math.h>
#include <string.h>

static const struct operator_entry {
    const char *sign;
    uint8_t level; /* higher binds tighter */
    uint8_t operation;
} operators[] = {
    {"|", 3, LITMUS_BIT_OR},
    {"^", 4, LITMUS_BIT_XOR},
    {"&", 5, LITMUS_BIT_AND},
    {"===", 6, LITMUS_EQUAL},
    {"!==", 6, LITMUS_UNEQUAL},
    {"<", 7, LITMUS_LESS},
    {"<=", 7, LITMUS_LESS_EQUAL},
    {">", 7, LITMUS_GREATER},
    {">=", 7, LITMUS_GREATER_EQUAL},
    {"<<", 8, LITMUS_SHIFT_LEFT},
    {">>", 8, LITMUS_SHIFT_RIGHT},
    {">>>", 8, LITMUS_SHIFT_RIGHT_UNSIGNED},
    {"+", 9, LITMUS_ADD},
    {"-", 9, LITMUS_SUBTRACT},
    {"*", 10, LITMUS_MULTIPLY},
    {"/", 10, LITMUS_DIVIDE},
    {"%", 10, LITMUS_REMAINDER},
};

static unsigned constant(litmus_parser *p, litmus_value value, const litmus_token *at)
{
    unsigned reg = parser_register(p);
    litmus_step *s = parser_emit(p, CODE_CONSTANT, at);
    s->target = (uint8_t)reg;
    s->constant = value;
    return reg;
}

static unsigned move(litmus_parser *p, unsigned from, unsigned to, const litmus_token *at)
{
    litmus_step *s = parser_emit(p, CODE_MOVE, at);
    s->target = (uint8_t)to;
    s->left = (uint8_t)from;
    return to;
}

static unsigned operate(litmus_parser *p, unsigned operation, unsigned left, unsigned right,
                        const litmus_token *at)
{
    unsigned reg = parser_register(p);
    litmus_step *s = parser_emit(p, CODE_OPERATE, at);
    s->operation = (uint8_t)operation;
    s->left = (uint8_t)left;
    s->right = (uint8_t)right;
    s->target = (uint8_t)reg;
    return reg;
}

static unsigned read_string(litmus_parser *p)
{
    static const char *const answers[] = {"ok", "not-equal", "timed-out"};
    litmus_token t = p->token;
    for (unsigned i = 0; i < 3; i++)
        if (parser_same_text(&t, answers[i])) {
            parser_next(p);
            return constant(p, litmus_answer((litmus_text)i), &t);
        }
    litmus_lexer_error(&p->lexer, &t,
                       "expected one of the answers of Atomics.wait: \"ok\", \"not-equal\", "
                       "\"timed-out\"; found \"%.*s\"",
                       (int)(t.length > 40 ? 40 : t.length), t.text);
    return 0;
}

static unsigned read_conversion(litmus_parser *p, unsigned operation)
{
    litmus_token at = p->token;
    parser_next(p);
    parser_expect(p, "(", "after the conversion");
    unsigned operand = parser_expression(p, -1);
    parser_expect(p, ")", "after the value to convert");
    return operate(p, operation, operand, operand, &at);
}

/* In a condition: "r0", "left.r0", or a view's cell, which means its final value. */
static unsigned read_slot(litmus_parser *p)
{
    litmus_token first = p->token, last = first;
    parser_next(p);
    if (parser_at(p, ".")) {
        parser_next(p);
        last = p->token;
        parser_next(p);
    }
    int found = -1, count = 0;
    for (size_t i = 0; i < p->program->slot_count; i++) {
        const litmus_slot *s = &p->program->slots[i];
        if (s->final)
            continue;
        const litmus_agent *a = &p->program->agents[s->agent];
        bool same_agent = last.text == first.text || parser_same_text(&first, a->name);
        if (same_agent && parser_same_text(&last, a->registers[s->reg].name)) {
            found = (int)i;
            count++;
        }
    }
    if (count == 0)
        litmus_lexer_error(&p->lexer, &first,
                           "expected a register of an agent or a cell, found `%.*s`",
                           (int)(last.text + last.length - first.text), first.text);
    else if (count > 1)
        litmus_lexer_error(&p->lexer, &first,
                           "more than one agent has a register `%.*s`: write AGENT.%.*s",
                           (int)first.length, first.text, (int)first.length, first.text);
    return found < 0 ? 0 : (unsigned)found;
}

static unsigned read_variable(litmus_parser *p)
{
    litmus_token t = p->token;
    const parser_name *name = parser_find(p, &t);
    if (name == NULL) {
        parser_unknown(p,
                       "a value: a number, a register, a view's cell or an operation of Atomics");
        return 0;
    }
    parser_next(p);
    return name->reg;
}

static unsigned read_name(litmus_parser *p)
{
    litmus_token t = p->token;
    static const struct word {
        const char *text;
        litmus_value value;
    } words[] = {
        {"true", {.kind = LITMUS_BOOLEAN, .bits = 1}},
        {"false", {.kind = LITMUS_BOOLEAN}},
        {"undefined", {.kind = LITMUS_UNDEFINED}},
        {"NaN", {.kind = LITMUS_NUMBER, .number = (double)NAN}},
        {"Infinity", {.kind = LITMUS_NUMBER, .number = (double)INFINITY}},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (parser_same_text(&t, words[i].text)) {
            parser_next(p);
            return constant(p, words[i].value, &t);
        }
    if (p->question && parser_same_text(&t, "asleep")) {
        parser_next(p);
        return constant(p, (litmus_value){.kind = LITMUS_ASLEEP}, &t);
    }
    if (parser_at(p, "Number"))
        return read_conversion(p, LITMUS_TO_NUMBER);
    if (parser_at(p, "BigInt"))
        return read_conversion(p, LITMUS_TO_BIGINT);
    int view = parser_view(p, &t);
    if (view >= 0)
        return parser_read_view(p, view);
    if (p->question)
        return read_slot(p);
    if (parser_at(p, "Atomics"))
        return parser_atomics(p);
    if (parser_accept(p, "await") || parser_at(p, "receive")) {
        if (!parser_at(p, "receive"))
            parser_expected(p, "`receive` after await");
        return parser_receive(p);
    }
    return read_variable(p);
}

static unsigned primary(litmus_parser *p)
{
    litmus_token t = p->token;
    if (t.kind == TOKEN_NUMBER) {
        parser_next(p);
        return constant(p, t.value, &t);
    }
    if (t.kind == TOKEN_STRING)
        return read_string(p);
    if (t.kind == TOKEN_NAME)
        return read_name(p);
    if (parser_accept(p, "(")) {
        unsigned reg = parser_expression(p, -1);
        parser_expect(p, ")", "at the end of this bracket");
        return reg;
    }
    parser_expected(p, "a value");
    return 0;
}

static unsigned unary(litmus_parser *p)
{
    static const struct operator_entry signs[] = {{"!", 0, LITMUS_NOT},
                                                  {"-", 0, LITMUS_NEGATE},
                                                  {"~", 0, LITMUS_BIT_NOT},
                                                  {"+", 0, LITMUS_TO_NUMBER}};
    litmus_token at = p->token;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (parser_at(p, signs[i].sign)) {
            parser_next(p);
            if (!parser_enter(p))
                return 0;
            bool literal = p->token.kind == TOKEN_NUMBER && signs[i].operation == LITMUS_NEGATE;
            unsigned operand = unary(p);
            p->depth--;
            litmus_step *last =
                p->agent->step_count > 0 ? &p->agent->steps[p->agent->step_count - 1] : NULL;
            if (literal && last != NULL && last->code == CODE_CONSTANT && last->target == operand &&
                litmus_operate(LITMUS_NEGATE, last->constant, last->constant, &last->constant))
                return operand;
            return operate(p, signs[i].operation, operand, operand, &at);
        }
    return primary(p);
}

static const struct operator_entry *binary_operator(litmus_parser *p, unsigned level)
{
    if (parser_at(p, "==") || parser_at(p, "!="))
        litmus_lexer_error(&p->lexer, &p->token, "write `%.*s=`: litmus programs compare strictly",
                           (int)p->token.length, p->token.text);
    if (parser_at(p, "=") && p->question)
        litmus_lexer_error(&p->lexer, &p->token, "expected `===` between two values, found `=`");
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (operators[i].level >= level && parser_at(p, operators[i].sign))
            return &operators[i];
    return NULL;
}

static unsigned binary(litmus_parser *p, unsigned level)
{
    if (!parser_enter(p))
        return 0;
    unsigned mark = p->next_register;
    const struct operator_entry *o;
    unsigned left = unary(p);
    while (!p->lexer.failed && (o = binary_operator(p, level)) != NULL) {
        litmus_token at = p->token;
        parser_next(p);
        unsigned right = binary(p, o->level + 1u);
        /* The operands' registers are free again, and the result may take one of them. */
        p->next_register = mark;
        left = operate(p, o->operation, left, right, &at);
    }
    p->depth--;
    return left;
}

/* a && b, a || b: the value of the operand that decided. */
static unsigned logical(litmus_parser *p, bool conjunction)
{
    enum { TERMS = 32 };
    unsigned mark = p->next_register;
    unsigned left = conjunction ? binary(p, 3) : logical(p, true);
    const char *sign = conjunction ? "&&" : "||";
    if (!parser_at(p, sign))
        return left;
    p->next_register = mark;
    unsigned result = parser_register(p);
    if (left != result)
        move(p, left, result, &p->token);
    size_t jumps[TERMS], count = 0;
    while (!p->lexer.failed && parser_at(p, sign)) {
        litmus_token at = p->token;
        parser_next(p);
        if (count == TERMS) {
            litmus_lexer_error(&p->lexer, &at, "more than %d terms", TERMS);
            break;
        }
        jumps[count++] = p->agent->step_count;
        parser_emit(p, conjunction ? CODE_JUMP_IF_FALSE : CODE_JUMP_IF_TRUE, &at)->left =
            (uint8_t)result;
        unsigned right = conjunction ? binary(p, 3) : logical(p, true);
        move(p, right, result, &at);
        p->next_register = result + 1;
    }
    for (size_t i = 0; i < count; i++)
        parser_land(p, jumps[i]);
    return result;
}

static unsigned conditional(litmus_parser *p)
{
    litmus_token at = p->token;
    unsigned mark = p->next_register;
    unsigned condition = logical(p, false);
    if (!parser_accept(p, "?"))
        return condition;
    size_t otherwise = p->agent->step_count;
    parser_emit(p, CODE_JUMP_IF_FALSE, &at)->left = (uint8_t)condition;
    p->next_register = mark;
    unsigned result = parser_register(p);
    move(p, parser_expression(p, -1), result, &at);
    size_t end = p->agent->step_count;
    parser_emit(p, CODE_JUMP, &at);
    parser_expect(p, ":", "between the two values of ?:");
    parser_land(p, otherwise);
    p->next_register = result + 1;
    move(p, parser_expression(p, -1), result, &at);
    parser_land(p, end);
    p->next_register = result + 1;
    return result;
}

unsigned parser_expression(litmus_parser *p, int target)
{
    if (!parser_enter(p))
        return 0;
    size_t before = p->agent->step_count;
    unsigned mark = p->next_register;
    unsigned reg = conditional(p);
    p->depth--;
    if (target < 0 || p->lexer.failed || reg == (unsigned)target)
        return reg;
    /* A temporary that was written last need not be moved: it is written where it is wanted. */
    litmus_step *last = &p->agent->steps[p->agent->step_count - 1];
    if (reg < mark || p->agent->step_count == before || p->agent->step_count <= p->last_label ||
        last->target != reg)
        return move(p, reg, (unsigned)target, &p->token);
    last->target = (uint8_t)target;
    return (unsigned)target;
}
