/* The shared declarations: const memory = new SharedArrayBuffer(8); const x = new
 * Int32Array(memory, 4, 1); and the first values, which the agent that made them writes before all
 * others begin. */
#include "litmus/parser.h"

#include <string.h>

/* A whole number from 0 to `most`. */
static unsigned read_count(litmus_parser *p, const char *what, unsigned most)
{
    litmus_token t = p->token;
    if (t.kind != TOKEN_NUMBER || t.value.kind != LITMUS_NUMBER) {
        parser_expected(p, what);
        return 0;
    }
    parser_next(p);
    double number = t.value.number;
    if (!(number >= 0 && number <= most && (double)(unsigned)number == number)) {
        litmus_lexer_error(&p->lexer, &t, "expected %s, a whole number from 0 to %u, found `%.*s`",
                           what, most, (int)t.length, t.text);
        return 0;
    }
    return (unsigned)number;
}

static int find_block(const litmus_program *program, const litmus_token *t)
{
    for (size_t i = 0; t->kind == TOKEN_NAME && i < program->block_count; i++)
        if (program->blocks[i].name != NULL && parser_same_text(t, program->blocks[i].name))
            return (int)i;
    return -1;
}

static void check_new_name(litmus_parser *p, const litmus_token *t)
{
    if (t->kind != TOKEN_NAME || parser_is_word(t))
        litmus_lexer_error(&p->lexer, t, "expected a name, found `%.*s`", (int)t->length, t->text);
    else if (parser_view(p, t) >= 0 || find_block(p->program, t) >= 0)
        litmus_lexer_error(&p->lexer, t, "`%.*s` is declared twice", (int)t->length, t->text);
}

/* SharedArrayBuffer(N), `new` already read. */
static unsigned new_block(litmus_parser *p, const char *name)
{
    litmus_program *program = p->program;
    parser_expect(p, "SharedArrayBuffer", "after new");
    parser_expect(p, "(", "after SharedArrayBuffer");
    unsigned size = read_count(p, "the block's length in bytes", LITMUS_BLOCK_SIZE);
    parser_expect(p, ")", "after the length");
    if (program->block_count == LITMUS_BLOCKS) {
        litmus_lexer_error(&p->lexer, &p->token, "more than %d blocks", LITMUS_BLOCKS);
        return 0;
    }
    program->blocks[program->block_count] = (litmus_block){name, (uint16_t)size};
    return (unsigned)program->block_count++;
}

static unsigned view_block(litmus_parser *p)
{
    if (parser_accept(p, "new"))
        return new_block(p, NULL);
    int block = find_block(p->program, &p->token);
    if (block < 0) {
        parser_expected(p, "a shared block: its name, or new SharedArrayBuffer(BYTES)");
        return 0;
    }
    parser_next(p);
    return (unsigned)block;
}

/* Int32Array or DataView at the current token: -1 DataView, -2 none. */
static int view_element(const litmus_token *t)
{
    if (parser_same_text(t, "DataView"))
        return -1;
    for (int i = 0; i < LITMUS_ELEMENT_COUNT; i++) {
        size_t n = strlen(litmus_elements[i].name);
        if (t->length == n + 5 && memcmp(t->text, litmus_elements[i].name, n) == 0 &&
            memcmp(t->text + n, "Array", 5) == 0)
            return i;
    }
    return -2;
}

static void view_range(litmus_parser *p, litmus_view *v, unsigned size, const litmus_token *at)
{
    unsigned block_size = p->program->blocks[v->block].size;
    unsigned offset = 0, length;
    if (parser_accept(p, ","))
        offset = read_count(p, "the byte offset", LITMUS_BLOCK_SIZE);
    if (offset % size != 0)
        litmus_lexer_error(&p->lexer, at,
                           "byte offset %u is no multiple of the element's %u bytes: JavaScript "
                           "refuses it (a DataView may stand anywhere)",
                           offset, size);
    bool counted = parser_accept(p, ",");
    length = counted ? read_count(p, "the length", LITMUS_BLOCK_SIZE)
                     : (offset <= block_size ? (block_size - offset) / size : 0);
    if (!counted && offset <= block_size && (block_size - offset) % size != 0)
        litmus_lexer_error(&p->lexer, at, "the block's %u bytes from %u on are no multiple of %u",
                           block_size, offset, size);
    if (offset + length * size > block_size || length == 0)
        litmus_lexer_error(&p->lexer, at,
                           "bytes %u to %u do not lie within the block, which has %u bytes", offset,
                           offset + length * size, block_size);
    v->offset = (uint16_t)offset;
    v->length = (uint16_t)length;
}

static void new_view(litmus_parser *p, const char *name)
{
    litmus_token type = p->token;
    int element = view_element(&type);
    if (element == -2) {
        parser_expected(p, "SharedArrayBuffer, DataView or a typed array such as Int32Array");
        return;
    }
    parser_next(p);
    parser_expect(p, "(", "after the view's type");
    litmus_view v = {.name = name, .data_view = element == -1};
    v.element = element < 0 ? LITMUS_UINT8 : (litmus_element)element;
    v.block = (uint8_t)view_block(p);
    if (p->lexer.failed)
        return;
    view_range(p, &v, litmus_elements[v.element].size, &type);
    parser_expect(p, ")", "at the end of the view");
    if (p->program->view_count == LITMUS_VIEWS)
        litmus_lexer_error(&p->lexer, &type, "more than %d views", LITMUS_VIEWS);
    if (!p->lexer.failed)
        p->program->views[p->program->view_count++] = v;
}

static void declare_one(litmus_parser *p)
{
    litmus_token name = p->token;
    check_new_name(p, &name);
    parser_next(p);
    parser_expect(p, "=", "after the name");
    parser_expect(p, "new", "before the block or view");
    if (p->lexer.failed)
        return;
    const char *text = parser_copy(p, &name);
    if (parser_at(p, "SharedArrayBuffer"))
        new_block(p, text);
    else
        new_view(p, text);
}

void parser_setup(litmus_parser *p)
{
    while (p->token.kind != TOKEN_END && !parser_at(p, "function")) {
        if (!parser_accept(p, "const")) {
            parser_statement(p);
            continue;
        }
        do
            declare_one(p);
        while (parser_accept(p, ","));
        parser_expect(p, ";", "after the declaration");
    }
    parser_end_agent(p, &p->token);
}
