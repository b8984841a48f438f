/* The inside of the litmus parser: one pass over the text, code as it goes. Its files: parser.c
 * (names, registers, code), expression.c, access.c (what touches memory), statement.c, declare.c
 * (shared blocks and views).
 *
 * After the first error everything unwinds: the lexer gives only TOKEN_END then. */
#ifndef HEDDLE_LITMUS_PARSER_H
#define HEDDLE_LITMUS_PARSER_H

#include "litmus/lexer.h"
#include "litmus/program.h"

enum { PARSER_NAMES = 96, PARSER_LOOPS = 8, PARSER_EXITS = 32, PARSER_DEPTH = 40 };

typedef struct parser_name {
    const char *text;
    size_t length;
    uint8_t reg;
    bool constant; /* declared with const */
} parser_name;

typedef struct parser_exit {
    uint16_t step; /* a jump whose destination is open */
    bool again;    /* continue; else break */
} parser_exit;

typedef struct litmus_parser {
    litmus_program *program;
    litmus_lexer lexer;
    litmus_token token;  /* the one to be read next */
    litmus_agent *agent; /* whose code is being made */
    uint8_t agent_index;
    bool question; /* a condition: names are slots, memory means final values */
    parser_name names[PARSER_NAMES];
    size_t name_count;
    unsigned next_register; /* temporaries lie above the variables */
    size_t last_label;      /* no step before this one may be taken back */
    unsigned depth;         /* of nesting, against deep recursion */
    unsigned block_depth;   /* 0: the top of the agent */
    parser_exit exits[PARSER_EXITS];
    size_t exit_count;
    unsigned loop_depth;
} litmus_parser;

/* ---- parser.c ---- */
void parser_start(litmus_parser *p, litmus_program *program, const litmus_source *source,
                  load_errors *errors);
void parser_set_agent(litmus_parser *p, uint8_t agent);
void parser_next(litmus_parser *p);
bool parser_at(const litmus_parser *p, const char *text);
bool parser_accept(litmus_parser *p, const char *text);
void parser_expect(litmus_parser *p, const char *text, const char *where);
/* "expected WHAT, found `…`" at the current token. */
void parser_expected(litmus_parser *p, const char *what);
/* The same at a name that nobody has declared, which says so where a view is meant. */
void parser_unknown(litmus_parser *p, const char *what);
bool parser_enter(litmus_parser *p); /* one level deeper; false after an error */
char *parser_copy(litmus_parser *p, const litmus_token *t);
litmus_step *parser_emit(litmus_parser *p, litmus_code code, const litmus_token *at);
size_t parser_label(litmus_parser *p);           /* the next step can be jumped to */
void parser_land(litmus_parser *p, size_t jump); /* the jump goes to the next step */
unsigned parser_register(litmus_parser *p);
const parser_name *parser_find(const litmus_parser *p, const litmus_token *t);
unsigned parser_declare(litmus_parser *p, const litmus_token *t, bool constant);
int parser_view(const litmus_parser *p, const litmus_token *t);
bool parser_is_word(const litmus_token *t); /* a word of the language: no name */
bool parser_same_text(const litmus_token *t, const char *text);
void parser_end_agent(litmus_parser *p, const litmus_token *at);

/* ---- expression.c: the register that holds the value; `target` < 0: any, perhaps a variable's
 * ---- */
unsigned parser_expression(litmus_parser *p, int target);

/* ---- access.c ---- */
/* view[…] and view.getX(…): place, element and kind of the access that begins at the view's name.
 */
void parser_place(litmus_parser *p, int view, litmus_step *access);
unsigned parser_read_view(litmus_parser *p, int view);
unsigned parser_atomics(litmus_parser *p);
unsigned parser_data_view_call(litmus_parser *p, int view);
unsigned parser_receive(litmus_parser *p);
void parser_post(litmus_parser *p);
void parser_start_agent(litmus_parser *p);

/* ---- statement.c ---- */
void parser_statement(litmus_parser *p);

/* ---- declare.c ---- */
/* Blocks, views and first values, up to TOKEN_END or, in a .js file, the first `function`. */
void parser_setup(litmus_parser *p);

#endif
