#include "web/mime_type.h"

#include <string.h>
#include <strings.h>

static const char token[] =
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static void add_lower(buffer *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c >= 'A' && c <= 'Z')
            c |= 32;
        buffer_add_bytes(out, &c, 1);
    }
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && strchr(" \t\n\r", *at) && *at)
        at++;
    return at;
}

static const char *before_space(const char *from, const char *end)
{
    while (end > from && strchr(" \t\n\r", end[-1]) && end[-1])
        end--;
    return end;
}

static const char *find(const char *at, const char *end, const char *stops)
{
    while (at < end && (!*at || !strchr(stops, *at)))
        at++;
    return at;
}

static bool is_token(const char *from, const char *end)
{
    const char *at = from;
    while (at < end && *at && strchr(token, *at))
        at++;
    return at == end && from < end;
}

/* Fetch "collect an HTTP quoted string" with the extract-value flag; behind its closing quote. */
static const char *collect_quoted(const char *at, const char *end, buffer *value)
{
    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\' && at + 1 < end)
            at++;
        buffer_add_bytes(value, at, 1);
    }
    return at < end ? at + 1 : at;
}

static bool is_quotable(const buffer *value)
{
    for (size_t i = 0; i < value->length; i++) {
        unsigned char c = (unsigned char)value->text[i];
        if (c != '\t' && (c < 0x20 || c == 0x7f))
            return false;
    }
    return true;
}

static void serialize_value(const buffer *value, buffer *out)
{
    if (is_token(buffer_text(value), buffer_text(value) + value->length)) {
        buffer_add_bytes(out, value->text, value->length);
        return;
    }
    buffer_add(out, "\"");
    for (size_t i = 0; i < value->length; i++) {
        if (strchr("\"\\", value->text[i]) && value->text[i])
            buffer_add(out, "\\");
        buffer_add_bytes(out, &value->text[i], 1);
    }
    buffer_add(out, "\"");
}

/* The first parameter of a name counts. */
static void add_parameter(struct mime_type *t, const char *name, size_t length, const buffer *value)
{
    buffer begin = {0};
    buffer_add(&begin, ";");
    add_lower(&begin, name, length);
    buffer_add(&begin, "=");
    if (!strstr(buffer_text(&t->parameters), begin.text)) {
        buffer_add(&t->parameters, begin.text);
        serialize_value(value, &t->parameters);
        if (!strcmp(begin.text, ";charset="))
            buffer_add_bytes(&t->charset, buffer_text(value), value->length);
    }
    buffer_release(&begin);
}

static void parse_parameters(const char *at, const char *end, struct mime_type *t)
{
    while (at < end) {
        const char *name = skip_space(at + 1, end);
        at = find(name, end, ";=");
        if (at >= end || *at == ';')
            continue;
        const char *name_end = at++;
        buffer value = {0};
        bool quoted = at < end && *at == '"';
        if (quoted) {
            at = find(collect_quoted(at, end, &value), end, ";");
        } else {
            const char *from = at;
            at = find(at, end, ";");
            buffer_add_bytes(&value, from, (size_t)(before_space(from, at) - from));
        }
        if (is_token(name, name_end) && (quoted || value.length) && is_quotable(&value))
            add_parameter(t, name, (size_t)(name_end - name), &value);
        buffer_release(&value);
    }
}

bool mime_type_parse(const char *text, size_t length, struct mime_type *out)
{
    *out = (struct mime_type){0};
    const char *at = skip_space(text, text + length), *end = before_space(at, text + length);
    const char *slash = find(at, end, "/"),
               *semicolon = slash < end ? find(slash + 1, end, ";") : end;
    if (slash >= end || !is_token(at, slash) ||
        !is_token(slash + 1, before_space(slash + 1, semicolon)))
        return false;
    add_lower(&out->essence, at, (size_t)(before_space(slash + 1, semicolon) - at));
    parse_parameters(semicolon, end, out);
    return true;
}

void mime_type_release(struct mime_type *t)
{
    buffer_release(&t->essence);
    buffer_release(&t->parameters);
    buffer_release(&t->charset);
}

static bool matches(const char *text, bool (*wanted)(const char *essence))
{
    struct mime_type t;
    if (!text || !mime_type_parse(text, strlen(text), &t))
        return false;
    bool result = wanted(t.essence.text);
    mime_type_release(&t);
    return result;
}

static bool is_javascript(const char *essence)
{
    static const char *const names[] = {"application/ecmascript",
                                        "application/javascript",
                                        "application/x-ecmascript",
                                        "application/x-javascript",
                                        "text/ecmascript",
                                        "text/javascript",
                                        "text/javascript1.0",
                                        "text/javascript1.1",
                                        "text/javascript1.2",
                                        "text/javascript1.3",
                                        "text/javascript1.4",
                                        "text/javascript1.5",
                                        "text/jscript",
                                        "text/livescript",
                                        "text/x-ecmascript",
                                        "text/x-javascript"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i], essence))
            return true;
    return false;
}

static bool is_json(const char *essence)
{
    size_t length = strlen(essence);
    return !strcmp(essence, "application/json") || !strcmp(essence, "text/json") ||
           (length > 5 && !strcmp(essence + length - 5, "+json"));
}

bool mime_type_is_javascript(const char *text)
{
    return matches(text, is_javascript);
}

bool mime_type_is_json(const char *text)
{
    return matches(text, is_json);
}

const char *mime_type_of_path(const char *path)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        {".html", "text/html;charset=utf-8"},
        {".htm", "text/html;charset=utf-8"},
        {".xhtml", "application/xhtml+xml"},
        {".js", "text/javascript"},
        {".mjs", "text/javascript"},
        {".cjs", "text/javascript"},
        {".json", "application/json"},
        {".txt", "text/plain;charset=utf-8"},
        {".css", "text/css"},
        {".xml", "application/xml"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".wasm", "application/wasm"},
        {".csv", "text/csv"},
        {".bin", "application/octet-stream"},
    };
    size_t length = strcspn(path, "?#");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t ending = strlen(types[i].ending);
        if (length > ending && !strncasecmp(path + length - ending, types[i].ending, ending))
            return types[i].type;
    }
    return NULL;
}
