/* The words of a litmus text: JavaScript's, as far as the subset goes. Every token knows its place
 * in the file. Threads: any. Blocking: never. */
#ifndef HEDDLE_LITMUS_LEXER_H
#define HEDDLE_LITMUS_LEXER_H

#include "base/load_error.h"
#include "litmus/value.h"

typedef enum litmus_token_kind {
    TOKEN_END,
    TOKEN_NAME, /* words of the language too */
    TOKEN_NUMBER,
    TOKEN_STRING,
    TOKEN_SIGN
} litmus_token_kind;

typedef struct litmus_token {
    litmus_token_kind kind;
    const char *text; /* in the source; not NUL-terminated. A string is without its quotes */
    size_t length;
    litmus_value value; /* TOKEN_NUMBER */
    uint32_t line, column;
} litmus_token;

typedef struct litmus_lexer {
    const char *next, *end;
    const char *file;
    uint32_t line, column; /* of `next` */
    uint32_t indent;       /* column of the first character of every further line */
    load_errors *errors;
    bool failed; /* an error was added: only TOKEN_END comes from now on */
} litmus_lexer;

/* A piece of JavaScript and where it stands. */
typedef struct litmus_source {
    const char *text;
    size_t length;
    uint32_t line, column; /* of its first character */
    uint32_t indent;       /* column of the first character of its further lines */
} litmus_source;

litmus_lexer litmus_lexer_start(const litmus_source *source, const char *file, load_errors *errors);
litmus_token litmus_lexer_next(litmus_lexer *l);

/* Adds an error at a token unless one was added before. */
void litmus_lexer_error(litmus_lexer *l, const litmus_token *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool litmus_token_is(const litmus_token *t, const char *text);

#endif
