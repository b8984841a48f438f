/* What touches shared memory or other agents: cells, Atomics, DataView, messages. */
#include "litmus/parser.h"

#include <math.h>
#include <string.h>

static void access_kind(litmus_step *s, litmus_element element, bool atomic, bool typed_array)
{
    const litmus_element_facts *facts = &litmus_elements[element];
    s->element = (uint8_t)element;
    s->atomic = atomic;
    /* ECMA-262 sec-istearfree: unclamped integers in any order, BigInts only when seq-cst */
    s->tear_free = typed_array && (facts->tear_free || (facts->big && atomic));
}

/* The value of `reg`, a temporary at or above `mark`, if the step just made is its constant, which
 * is then taken back. */
static bool take_constant(litmus_parser *p, unsigned reg, unsigned mark, double *number)
{
    litmus_agent *a = p->agent;
    if (reg < mark || a->step_count == 0 || a->step_count <= p->last_label)
        return false;
    litmus_step *last = &a->steps[a->step_count - 1];
    if (last->code != CODE_CONSTANT || last->target != reg || last->constant.kind != LITMUS_NUMBER)
        return false;
    *number = last->constant.number;
    a->step_count--;
    return true;
}

/* The index expression at the current token, into `s`. `base` and `count` say which indices exist.
 */
static void read_index(litmus_parser *p, const litmus_view *v, litmus_step *s, uint16_t count,
                       uint8_t scale)
{
    litmus_token at = p->token;
    unsigned mark = p->next_register;
    unsigned reg = parser_expression(p, -1);
    double number;
    s->place.block = v->block;
    s->place.offset = v->offset;
    s->place.count = count;
    s->place.scale = scale;
    if (p->lexer.failed)
        return;
    if (!take_constant(p, reg, mark, &number)) {
        s->place.index = (uint8_t)reg;
        if (p->question)
            litmus_lexer_error(&p->lexer, &at, "expected a constant index of `%s`", v->name);
        return;
    }
    p->next_register = mark;
    if (!(number >= 0 && number < count && trunc(number) == number)) {
        litmus_lexer_error(&p->lexer, &at, "index %g is out of range: `%s` has %s0 to %d", number,
                           v->name, v->data_view ? "byte offsets " : "indices ", count - 1);
        return;
    }
    s->place.offset = (uint16_t)(s->place.offset + (unsigned)number * scale);
}

void parser_place(litmus_parser *p, int view, litmus_step *s)
{
    const litmus_view *v = &p->program->views[view];
    if (v->data_view) {
        parser_expected(p, "a get or set method of the DataView");
        return;
    }
    parser_expect(p, "[", "after the view's name");
    s->place.view = (uint8_t)view;
    access_kind(s, v->element, false, true);
    read_index(p, v, s, v->length, litmus_elements[v->element].size);
    parser_expect(p, "]", "after the index");
}

/* A new final slot for a cell, or the one that it has. */
static unsigned final_slot(litmus_parser *p, const litmus_step *read, const litmus_token *at)
{
    litmus_program *program = p->program;
    for (size_t i = 0; i < program->slot_count; i++) {
        const litmus_slot *s = &program->slots[i];
        if (s->final && s->read.place.view == read->place.view &&
            s->read.place.offset == read->place.offset && s->read.element == read->element)
            return (unsigned)i;
    }
    if (program->slot_count == LITMUS_SLOTS) {
        litmus_lexer_error(&p->lexer, at, "an outcome has more than %d values", LITMUS_SLOTS);
        return 0;
    }
    buffer name = {0};
    litmus_place_write(program, read, read->place.offset, &name);
    litmus_slot *s = &program->slots[program->slot_count];
    *s = (litmus_slot){.final = true, .read = *read};
    s->read.code = CODE_READ;
    s->name = region_text(program->memory, buffer_text(&name));
    buffer_release(&name);
    return (unsigned)program->slot_count++;
}

unsigned parser_read_view(litmus_parser *p, int view)
{
    litmus_token at = p->token;
    parser_next(p);
    if (parser_at(p, "."))
        return parser_data_view_call(p, view);
    litmus_step read = {.code = CODE_READ,
                        .left = LITMUS_NO_REGISTER,
                        .right = LITMUS_NO_REGISTER,
                        .place.index = LITMUS_NO_REGISTER,
                        .line = at.line,
                        .column = at.column};
    parser_place(p, view, &read);
    if (p->question)
        return final_slot(p, &read, &at);
    unsigned reg = parser_register(p);
    read.target = (uint8_t)reg;
    *parser_emit(p, CODE_READ, &at) = read;
    return reg;
}

/* ---- DataView ---- */

/* getInt32 or setInt32: the element, or -1. */
static int data_view_element(const litmus_token *t)
{
    for (int i = 0; i < LITMUS_ELEMENT_COUNT; i++)
        if (i != LITMUS_UINT8_CLAMPED && t->length > 3 &&
            t->length - 3 == strlen(litmus_elements[i].name) &&
            memcmp(t->text + 3, litmus_elements[i].name, t->length - 3) == 0)
            return i;
    return -1;
}

static bool read_endianness(litmus_parser *p)
{
    if (!parser_accept(p, ","))
        return true;
    bool little = parser_at(p, "true");
    if (!little && !parser_at(p, "false"))
        parser_expected(p, "true (little endian) or false (big endian)");
    else
        parser_next(p);
    return !little;
}

unsigned parser_data_view_call(litmus_parser *p, int view)
{
    const litmus_view *v = &p->program->views[view];
    parser_expect(p, ".", "after the view's name");
    litmus_token method = p->token;
    bool set = method.length > 3 && memcmp(method.text, "set", 3) == 0;
    bool get = method.length > 3 && memcmp(method.text, "get", 3) == 0;
    int element = data_view_element(&method);
    if (!v->data_view || method.kind != TOKEN_NAME || !(set || get) || element < 0) {
        parser_expected(p, v->data_view ? "a DataView method such as getInt32 or setInt32"
                                        : "`[` after the view's name");
        return 0;
    }
    if (set && p->question) {
        litmus_lexer_error(&p->lexer, &method, "a condition cannot write");
        return 0;
    }
    parser_next(p);
    parser_expect(p, "(", "after the method's name");
    unsigned size = litmus_elements[element].size;
    litmus_step access = {.code = set ? CODE_WRITE : CODE_READ,
                          .target = LITMUS_NO_REGISTER,
                          .left = LITMUS_NO_REGISTER,
                          .right = LITMUS_NO_REGISTER,
                          .place = {.view = (uint8_t)view, .index = LITMUS_NO_REGISTER},
                          .line = method.line,
                          .column = method.column};
    access_kind(&access, (litmus_element)element, false, false);
    if (v->length < size) {
        litmus_lexer_error(&p->lexer, &method, "`%s` has only %u bytes", v->name, v->length);
        return 0;
    }
    read_index(p, v, &access, (uint16_t)(v->length - size + 1), 1);
    if (set) {
        parser_expect(p, ",", "between byte offset and value");
        access.left = (uint8_t)parser_expression(p, -1);
    }
    access.big_endian = read_endianness(p) && size > 1;
    parser_expect(p, ")", "at the end of the call");
    if (p->question)
        return final_slot(p, &access, &method);
    if (get)
        access.target = (uint8_t)parser_register(p);
    *parser_emit(p, CODE_READ, &method) = access;
    return set ? access.left : access.target;
}

/* ---- Atomics ---- */

static const struct atomics_entry {
    const char *name;
    uint8_t code, operation;
    uint8_t values; /* arguments after the index */
} atomics[] = {
    {"load", CODE_READ, 0, 0},
    {"store", CODE_WRITE, 0, 1},
    {"add", CODE_MODIFY, LITMUS_ADD, 1},
    {"sub", CODE_MODIFY, LITMUS_SUBTRACT, 1},
    {"and", CODE_MODIFY, LITMUS_BIT_AND, 1},
    {"or", CODE_MODIFY, LITMUS_BIT_OR, 1},
    {"xor", CODE_MODIFY, LITMUS_BIT_XOR, 1},
    {"exchange", CODE_EXCHANGE, 0, 1},
    {"compareExchange", CODE_COMPARE_EXCHANGE, 0, 2},
    {"wait", CODE_WAIT, 0, 1},
    {"notify", CODE_NOTIFY, 0, 0},
};

static const struct atomics_entry *find_operation(litmus_parser *p)
{
    for (size_t i = 0; i < sizeof atomics / sizeof atomics[0]; i++)
        if (parser_at(p, atomics[i].name))
            return &atomics[i];
    parser_expected(p,
                    "load, store, add, sub, and, or, xor, exchange, compareExchange, wait, notify "
                    "or pause");
    return NULL;
}

static void check_atomic_view(litmus_parser *p, const litmus_token *at, int view, unsigned code)
{
    const litmus_view *v = &p->program->views[view];
    bool waits = code == CODE_WAIT || code == CODE_NOTIFY;
    if (v->data_view)
        litmus_lexer_error(&p->lexer, at, "Atomics needs a typed array; `%s` is a DataView",
                           v->name);
    else if (waits && v->element != LITMUS_INT32 && v->element != LITMUS_BIGINT64)
        litmus_lexer_error(&p->lexer, at,
                           "wait and notify need an Int32Array or a BigInt64Array; `%s` is a "
                           "%sArray",
                           v->name, litmus_elements[v->element].name);
    else if (!litmus_elements[v->element].atomic)
        litmus_lexer_error(&p->lexer, at, "Atomics needs an array of integers; `%s` is a %sArray",
                           v->name, litmus_elements[v->element].name);
}

static int read_atomic_view(litmus_parser *p, unsigned code)
{
    litmus_token at = p->token;
    int view = parser_view(p, &at);
    if (view < 0) {
        parser_expected(p, "the name of a view");
        return -1;
    }
    check_atomic_view(p, &at, view, code);
    parser_next(p);
    return p->lexer.failed ? -1 : view;
}

/* A value as the element can hold it: what the operation gives to memory. */
static unsigned read_operand(litmus_parser *p, const litmus_step *s)
{
    litmus_token at = p->token;
    parser_expect(p, ",", "before the next value");
    unsigned reg = parser_expression(p, -1);
    if (s->code != CODE_MODIFY)
        return reg;
    unsigned converted = parser_register(p);
    litmus_step *c = parser_emit(p, CODE_OPERATE, &at);
    c->operation = (uint8_t)(LITMUS_FIRST_CONVERSION + s->element);
    c->left = c->right = (uint8_t)reg;
    c->target = (uint8_t)converted;
    return converted;
}

static void read_wait_extras(litmus_parser *p, litmus_step *s)
{
    if (s->code == CODE_WAIT && parser_accept(p, ",")) {
        s->timed = !parser_at(p, "Infinity");
        parser_expression(p, -1);
    }
    if (s->code == CODE_NOTIFY && parser_accept(p, ","))
        s->left = (uint8_t)parser_expression(p, -1);
}

/* Atomics.pause() does nothing that the model knows. */
static unsigned read_pause(litmus_parser *p)
{
    litmus_token at = p->token;
    parser_next(p);
    parser_expect(p, "(", "after pause");
    parser_expect(p, ")", "after pause(");
    unsigned reg = parser_register(p);
    parser_emit(p, CODE_CONSTANT, &at)->target = (uint8_t)reg;
    return reg;
}

unsigned parser_atomics(litmus_parser *p)
{
    litmus_token at = p->token;
    parser_next(p);
    parser_expect(p, ".", "after Atomics");
    if (parser_at(p, "pause"))
        return read_pause(p);
    const struct atomics_entry *entry = find_operation(p);
    if (entry == NULL)
        return 0;
    parser_next(p);
    parser_expect(p, "(", "after the operation");
    int view = read_atomic_view(p, entry->code);
    if (view < 0)
        return 0;
    const litmus_view *v = &p->program->views[view];
    litmus_step s = {.code = entry->code,
                     .operation = entry->operation,
                     .target = LITMUS_NO_REGISTER,
                     .left = LITMUS_NO_REGISTER,
                     .right = LITMUS_NO_REGISTER,
                     .place = {.view = (uint8_t)view, .index = LITMUS_NO_REGISTER},
                     .line = at.line,
                     .column = at.column};
    access_kind(&s, v->element, true, true);
    parser_expect(p, ",", "after the view");
    read_index(p, v, &s, v->length, litmus_elements[v->element].size);
    if (entry->values > 0)
        s.left = (uint8_t)read_operand(p, &s);
    if (entry->values > 1)
        s.right = (uint8_t)read_operand(p, &s);
    read_wait_extras(p, &s);
    parser_expect(p, ")", "at the end of the call");
    if (s.code != CODE_WRITE)
        s.target = (uint8_t)parser_register(p);
    *parser_emit(p, CODE_READ, &at) = s;
    return s.code == CODE_WRITE ? s.left : s.target;
}

/* ---- messages and starts: the edges of the host ---- */

static unsigned read_channel(litmus_parser *p)
{
    litmus_program *program = p->program;
    litmus_token t = p->token;
    if (t.kind != TOKEN_STRING) {
        parser_expected(p, "the channel's name, a text in quotes");
        return 0;
    }
    parser_next(p);
    for (size_t i = 0; i < program->channel_count; i++)
        if (parser_same_text(&t, program->channels[i]))
            return (unsigned)i;
    if (program->channel_count == LITMUS_CHANNELS) {
        litmus_lexer_error(&p->lexer, &t, "more than %d channels", LITMUS_CHANNELS);
        return 0;
    }
    program->channels[program->channel_count] = parser_copy(p, &t);
    return (unsigned)program->channel_count++;
}

unsigned parser_receive(litmus_parser *p)
{
    litmus_token at = p->token;
    parser_next(p);
    parser_expect(p, "(", "after receive");
    unsigned channel = read_channel(p);
    parser_expect(p, ")", "after the channel's name");
    unsigned reg = parser_register(p);
    litmus_step *s = parser_emit(p, CODE_RECEIVE, &at);
    s->target = (uint8_t)reg;
    s->place.block = (uint8_t)channel;
    return reg;
}

void parser_post(litmus_parser *p)
{
    litmus_token at = p->token;
    parser_next(p);
    parser_expect(p, "(", "after post");
    unsigned channel = read_channel(p);
    unsigned value = parser_accept(p, ",") ? parser_expression(p, -1) : LITMUS_NO_REGISTER;
    parser_expect(p, ")", "at the end of post");
    litmus_step *s = parser_emit(p, CODE_POST, &at);
    s->left = (uint8_t)value;
    s->place.block = (uint8_t)channel;
}

void parser_start_agent(litmus_parser *p)
{
    litmus_token at = p->token;
    parser_next(p);
    parser_expect(p, "(", "after start");
    litmus_token name = p->token;
    size_t agent = 1;
    while (agent < p->program->agent_count &&
           !(name.kind == TOKEN_STRING && parser_same_text(&name, p->program->agents[agent].name)))
        agent++;
    if (agent == p->program->agent_count || agent == p->agent_index) {
        parser_expected(p, "the name of another agent, a text in quotes");
        return;
    }
    parser_next(p);
    parser_expect(p, ")", "after the agent's name");
    if (p->program->agents[agent].started)
        litmus_lexer_error(&p->lexer, &at, "agent %s is started twice",
                           p->program->agents[agent].name);
    p->program->agents[agent].started = true;
    parser_emit(p, CODE_START, &at)->place.block = (uint8_t)agent;
}
