#include "litmus/lexer.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

litmus_lexer litmus_lexer_start(const litmus_source *source, const char *file, load_errors *errors)
{
    return (litmus_lexer){.next = source->text,
                          .end = source->text + source->length,
                          .file = file,
                          .line = source->line,
                          .column = source->column,
                          .indent = source->indent,
                          .errors = errors};
}

void litmus_lexer_error(litmus_lexer *l, const litmus_token *at, const char *format, ...)
{
    if (l->failed)
        return;
    char message[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    load_error_add(l->errors, l->file, at->line, at->column, "%s", message);
    l->failed = true;
}

bool litmus_token_is(const litmus_token *t, const char *text)
{
    return (t->kind == TOKEN_NAME || t->kind == TOKEN_SIGN) && t->length == strlen(text) &&
           memcmp(t->text, text, t->length) == 0;
}

static void advance(litmus_lexer *l)
{
    char c = *l->next++;
    if (c == '\n') {
        l->line++;
        l->column = l->indent;
    } else if (((unsigned char)c & 0xC0) != 0x80) {
        l->column++;
    }
}

static bool at(const litmus_lexer *l, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(l->end - l->next) >= length && memcmp(l->next, text, length) == 0;
}

/* A place for an error that has no token yet. */
static litmus_token here(const litmus_lexer *l)
{
    return (litmus_token){
        .kind = TOKEN_SIGN, .text = l->next, .line = l->line, .column = l->column};
}

static void skip_comment(litmus_lexer *l)
{
    litmus_token start = here(l);
    while (l->next < l->end && !at(l, "*/"))
        advance(l);
    if (l->next == l->end) {
        litmus_lexer_error(l, &start, "this comment has no end: expected */");
        return;
    }
    advance(l);
    advance(l);
}

static void skip_blanks(litmus_lexer *l)
{
    while (l->next < l->end && !l->failed) {
        if (isspace((unsigned char)*l->next)) {
            advance(l);
        } else if (at(l, "//")) {
            while (l->next < l->end && *l->next != '\n')
                advance(l);
        } else if (at(l, "/*")) {
            skip_comment(l);
        } else {
            return;
        }
    }
}

static bool is_name_character(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static void read_bigint(litmus_lexer *l, litmus_token *t, const char *digits, int base)
{
    char *end;
    errno = 0;
    unsigned long long magnitude = strtoull(digits, &end, base);
    if (*end != '\0' || errno == ERANGE)
        litmus_lexer_error(l, t, "expected a BigInt of at most 64 bits");
    t->value = litmus_bigint(false, magnitude);
}

static void read_number(litmus_lexer *l, litmus_token *t)
{
    char digits[48];
    size_t n = 0;
    bool hexadecimal = at(l, "0x") || at(l, "0X"), big = false;
    while (l->next < l->end && !big) {
        char c = *l->next;
        bool exponent_sign = (c == '+' || c == '-') && n > 0 && !hexadecimal &&
                             (digits[n - 1] == 'e' || digits[n - 1] == 'E');
        if (!isalnum((unsigned char)c) && c != '.' && c != '_' && !exponent_sign)
            break;
        big = c == 'n';
        if (c != '_' && !big && n + 1 < sizeof digits)
            digits[n++] = c;
        advance(l);
    }
    digits[n] = '\0';
    t->kind = TOKEN_NUMBER;
    t->length = (size_t)(l->next - t->text);
    if (big) {
        read_bigint(l, t, digits, hexadecimal ? 16 : 10);
        return;
    }
    char *end;
    double number = hexadecimal ? (double)strtoull(digits + 2, &end, 16) : strtod(digits, &end);
    bool octal = !hexadecimal && n > 1 && digits[0] == '0' && isdigit((unsigned char)digits[1]);
    if (*end != '\0' || octal || (hexadecimal && (n < 3 || n > 15)))
        litmus_lexer_error(l, t, "expected a number, found `%.*s`", (int)t->length, t->text);
    t->value = litmus_number(number);
}

static void read_string(litmus_lexer *l, litmus_token *t)
{
    char quote = *l->next;
    advance(l);
    t->kind = TOKEN_STRING;
    t->text = l->next;
    while (l->next < l->end && *l->next != quote && *l->next != '\n' && *l->next != '\\')
        advance(l);
    t->length = (size_t)(l->next - t->text);
    if (l->next == l->end || *l->next != quote)
        litmus_lexer_error(l, t, "this text has no end: expected %c (and no escapes)", quote);
    else
        advance(l);
}

static void read_sign(litmus_lexer *l, litmus_token *t)
{
    static const char *const signs[] = {
        ">>>=", "===", "!==", ">>>", "<<=", ">>=", "**=", "&&=", "||=", "=>",
        "==",   "!=",  "<=",  ">=",  "&&",  "||",  "++",  "--",  "+=",  "-=",
        "*=",   "/=",  "%=",  "&=",  "|=",  "^=",  "<<",  ">>",  "**"};
    t->kind = TOKEN_SIGN;
    t->length = 1;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (at(l, signs[i])) {
            t->length = strlen(signs[i]);
            break;
        }
    unsigned char c = (unsigned char)*l->next;
    if (strchr("(){}[];,<>+-*/%&|^!~?:=.", c) == NULL || c == '\0') {
        while (t->length < 4 && l->next + t->length < l->end &&
               ((unsigned char)l->next[t->length] & 0xC0) == 0x80)
            t->length++;
        if (isprint(c) || c >= 0xC0)
            litmus_lexer_error(l, t, "`%.*s` has no meaning in a litmus program", (int)t->length,
                               t->text);
        else
            litmus_lexer_error(l, t, "the character 0x%02x has no meaning in a litmus program", c);
    }
    for (size_t i = 0; i < t->length; i++)
        advance(l);
}

litmus_token litmus_lexer_next(litmus_lexer *l)
{
    skip_blanks(l);
    litmus_token t = {.kind = TOKEN_END, .text = l->next, .line = l->line, .column = l->column};
    if (l->failed || l->next >= l->end)
        return t;
    char c = *l->next;
    if (isdigit((unsigned char)c) ||
        (c == '.' && l->next + 1 < l->end && isdigit((unsigned char)l->next[1]))) {
        read_number(l, &t);
    } else if (is_name_character(c)) {
        t.kind = TOKEN_NAME;
        while (l->next < l->end && is_name_character(*l->next))
            advance(l);
        t.length = (size_t)(l->next - t.text);
    } else if (c == '"' || c == '\'') {
        read_string(l, &t);
    } else {
        read_sign(l, &t);
    }
    if (l->failed)
        t.kind = TOKEN_END;
    return t;
}
