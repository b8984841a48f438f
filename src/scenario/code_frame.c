#include "scenario/code_frame.h"

#include "scenario/source_maps.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- lines ---- */

static char *nth_line(const char *text, size_t length, uint32_t number)
{
    const char *at = text, *end = text + length;
    for (uint32_t i = 1; i < number && at < end; i++) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        at = feed ? feed + 1 : end;
    }
    const char *feed = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    return at < end ? strndup(at, (size_t)((feed ? feed : end) - at)) : NULL;
}

static char *line_of_file(const char *path, uint32_t number)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;
    ssize_t length = -1;
    for (uint32_t i = 0; file && i < number; i++)
        length = getline(&text, &room, file);
    if (file)
        fclose(file);
    if (length < 0) {
        free(text);
        return NULL;
    }
    text[strcspn(text, "\r\n")] = 0;
    return text;
}

char *code_line_of(const char *content, const char *path, uint32_t number)
{
    return content ? nth_line(content, strlen(content), number) : line_of_file(path, number);
}

char *code_line(const plan *p, source_position where)
{
    if (!where.file || !where.line)
        return NULL;
    source_position original;
    char *text = NULL;
    if (source_maps_find(p, where.file, where.line, where.column, &original, &text))
        return text;
    const plan_script *script = plan_find_script(p, where.file);
    return script ? nth_line(script->text, script->length, where.line)
                  : line_of_file(where.file, where.line);
}

/* ---- rewriting ---- */

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '.' || c == '#' ||
           (unsigned char)c > 127;
}

/* The bracket that closes the one at `open`; NULL when the line has none. */
static const char *closing(const char *open)
{
    int depth = 0;
    for (const char *s = open; *s; s++) {
        depth += *s == '[' || *s == '(' || *s == '{';
        depth -= *s == ']' || *s == ')' || *s == '}';
        if (!depth)
            return s;
    }
    return NULL;
}

static const char *opening(const char *line, const char *close)
{
    int depth = 0;
    for (const char *s = close; s >= line; s--) {
        depth += *s == ']' || *s == ')' || *s == '}';
        depth -= *s == '[' || *s == '(' || *s == '{';
        if (!depth)
            return s;
    }
    return NULL;
}

/* An element: name[index]. */
struct element {
    const char *name, *open, *close;
};

static bool element_at(const char *line, const char *open, struct element *out)
{
    const char *name = open;
    while (name > line && is_name(name[-1]))
        name--;
    *out = (struct element){name, open, open ? closing(open) : NULL};
    return open && name < open && *open == '[' && out->close;
}

static const char *skip_spaces(const char *s)
{
    return s + strspn(s, " \t");
}

/* Where the expression that starts at `s` ends on this line. */
static const char *expression_end(const char *s)
{
    int depth = 0;
    for (; *s; s++) {
        if (depth == 0 && (strchr(";,)]}", *s) || (s[0] == '/' && s[1] == '/')))
            break;
        depth += *s == '[' || *s == '(' || *s == '{';
        depth -= *s == ']' || *s == ')' || *s == '}';
    }
    while (s[-1] == ' ' || s[-1] == '\t')
        s--;
    return s;
}

static char *replaced(const char *line, const char *from, const char *to, const buffer *by)
{
    buffer out = {0};
    buffer_add_bytes(&out, line, (size_t)(from - line));
    buffer_add(&out, buffer_text(by));
    buffer_add(&out, to);
    return out.text;
}

static void add_call(buffer *out, const char *function, const struct element *e)
{
    buffer_format(out, "Atomics.%s(%.*s, %.*s", function, (int)(e->open - e->name), e->name,
                  (int)(e->close - e->open - 1), e->open + 1);
}

/* The element nearest to `column`: reads stand at their bracket, writes at their operator behind
 * it. */
static bool find_element(const char *line, uint32_t column, bool write, struct element *out)
{
    size_t length = strlen(line), at = column ? column - 1 : 0;
    if (at >= length)
        at = length ? length - 1 : 0;
    if (!write && line[at] == '[')
        return element_at(line, line + at, out);
    for (const char *s = line + at; write && s > line; s--)
        if (*s == ']')
            return element_at(line, opening(line, s), out);
    for (const char *s = line + at; *s; s++)
        if (*s == '[' && element_at(line, s, out))
            return true;
    return false;
}

static char *read_with_atomics(const char *line, uint32_t column)
{
    struct element e;
    buffer call = {0};
    if (!find_element(line, column, false, &e))
        return NULL;
    add_call(&call, "load", &e);
    buffer_add(&call, ")");
    char *result = replaced(line, e.name, e.close + 1, &call);
    buffer_release(&call);
    return result;
}

static const struct {
    const char *operator, * function;
} operators[] = {{"+", "add"}, {"-", "sub"}, {"&", "and"}, {"|", "or"}, {"^", "xor"}};

static const char *function_of(const char *text, size_t *length)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (*text == *operators[i].operator) {
            *length = 1;
            return operators[i].function;
        }
    return NULL;
}

/* name[i]++, name[i] += e, name[i] = name[i] + e */
static char *update_with_atomics(const char *line, const struct element *e)
{
    const char *after = skip_spaces(e->close + 1), *from = NULL, *function = NULL, *end = NULL;
    size_t length;
    buffer call = {0};
    if ((after[0] == '+' && after[1] == '+') || (after[0] == '-' && after[1] == '-')) {
        add_call(&call, *after == '+' ? "add" : "sub", e);
        buffer_add(&call, ", 1)");
        char *result = replaced(line, e->name, after + 2, &call);
        buffer_release(&call);
        return result;
    }
    if ((function = function_of(after, &length)) && after[length] == '=') {
        from = skip_spaces(after + length + 1);
    } else if (*after == '=' && after[1] != '=') {
        const char *again = skip_spaces(after + 1);
        size_t element = (size_t)(e->close + 1 - e->name);
        if (strncmp(again, e->name, element))
            return NULL;
        again = skip_spaces(again + element);
        if (!(function = function_of(again, &length)))
            return NULL;
        from = skip_spaces(again + length);
    }
    if (!from)
        return NULL;
    end = expression_end(from);
    add_call(&call, function, e);
    buffer_format(&call, ", %.*s)", (int)(end - from), from);
    char *result = replaced(line, e->name, end, &call);
    buffer_release(&call);
    return result;
}

static char *write_with_atomics(const char *line, const struct element *e)
{
    const char *after = skip_spaces(e->close + 1);
    buffer call = {0};
    if (*after != '=' || after[1] == '=')
        return NULL;
    const char *from = skip_spaces(after + 1), *end = expression_end(from);
    add_call(&call, "store", e);
    buffer_format(&call, ", %.*s)", (int)(end - from), from);
    char *result = replaced(line, e->name, end, &call);
    buffer_release(&call);
    return result;
}

char *code_with_atomics(const char *line, uint32_t column, enum code_access access)
{
    struct element e;
    char *result;
    if (!line)
        return NULL;
    if (access == CODE_READ && !find_element(line, column, false, &e))
        return NULL;
    if (access != CODE_READ && !find_element(line, column, true, &e))
        return NULL;
    if ((result = update_with_atomics(line, &e)))
        return result;
    return access == CODE_READ ? read_with_atomics(line, column) : write_with_atomics(line, &e);
}

/* ---- comments ---- */

char *code_accepts(const char *line)
{
    static const char words[] = "heddle: unordered";
    const char *comment = line ? strstr(line, "//") : NULL,
               *found = comment ? strstr(comment, words) : NULL;
    if (!found && line && (comment = strstr(line, "/*")))
        found = strstr(comment, words);
    if (!found)
        return NULL;
    found += sizeof words - 1;
    while (*found == ' ' || *found == '-' || *found == ':' || *found == ',' ||
           !strncmp(found, "—", 3))
        found += *found & (char)0x80 ? 3 : 1;
    char *reason = strdup(found), *end = strstr(reason, "*/");
    if (end)
        *end = 0;
    for (size_t length = strlen(reason); length && isspace((unsigned char)reason[length - 1]);
         length--)
        reason[length - 1] = 0;
    return reason;
}

void code_frame_add(buffer *out, char mark, uint32_t number, const char *line)
{
    buffer_format(out, "%c %4u │ %s\n", mark, number, line);
}
