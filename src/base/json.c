#include "base/json.h"

#include "base/assert.h"

#include <inttypes.h>
#include <string.h>

json_writer json_start(buffer *out, bool indented)
{
    return (json_writer){.out = out, .indented = indented};
}

static void line_break(json_writer *w)
{
    if (!w->indented)
        return;
    buffer_add(w->out, "\n");
    buffer_add_repeated(w->out, ' ', 2u * w->depth);
}

static void before_value(json_writer *w)
{
    if (w->after_name) {
        w->after_name = false;
        return;
    }
    if (w->depth == 0)
        return;
    if (w->filled[w->depth])
        buffer_add(w->out, ",");
    w->filled[w->depth] = true;
    line_break(w);
}

static void open_level(json_writer *w, const char *bracket)
{
    before_value(w);
    buffer_add(w->out, bracket);
    w->depth++;
    hd_assert(w->depth < sizeof w->filled);
    w->filled[w->depth] = false;
}

static void close_level(json_writer *w, const char *bracket)
{
    hd_assert(w->depth > 0 && !w->after_name);
    bool filled = w->filled[w->depth];
    w->depth--;
    if (filled)
        line_break(w);
    buffer_add(w->out, bracket);
}

void json_open_object(json_writer *w)
{
    open_level(w, "{");
}

void json_close_object(json_writer *w)
{
    close_level(w, "}");
}

void json_open_array(json_writer *w)
{
    open_level(w, "[");
}

void json_close_array(json_writer *w)
{
    close_level(w, "]");
}

/* The length of the UTF-8 sequence at `s`, 0 when there is none. Surrogates (the bytes ED A0..BF
 * xx) count as sequences: the caller escapes them. */
static size_t sequence_length(const unsigned char *s, size_t left)
{
    size_t length = s[0] < 0x80   ? 1
                    : s[0] < 0xC2 ? 0
                    : s[0] < 0xE0 ? 2
                    : s[0] < 0xF0 ? 3
                    : s[0] < 0xF5 ? 4
                                  : 0;
    if (length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90) ||
        (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return length;
}

static void add_control(buffer *out, unsigned char c)
{
    static const char *const short_forms[] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};
    if (c < sizeof short_forms / sizeof short_forms[0] && short_forms[c] != NULL)
        buffer_add(out, short_forms[c]);
    else
        buffer_format(out, "\\u%04x", c);
}

static void add_quoted(buffer *out, const char *text, size_t length)
{
    buffer_add(out, "\"");
    const unsigned char *s = (const unsigned char *)text;
    for (size_t i = 0; i < length;) {
        size_t n = sequence_length(s + i, length - i);
        if (n == 0) {
            buffer_add(out, "\xEF\xBF\xBD");
            i++;
            continue;
        }
        if (n == 1 && (s[i] < 0x20 || s[i] == 0x7F))
            add_control(out, s[i]);
        else if (n == 1 && (s[i] == '"' || s[i] == '\\'))
            buffer_format(out, "\\%c", s[i]);
        else if (n == 3 && s[i] == 0xED && s[i + 1] >= 0xA0)
            buffer_format(out, "\\u%04x",
                          0xD000u | (unsigned)(s[i + 1] & 0x3F) << 6 | (s[i + 2] & 0x3F));
        else
            buffer_add_bytes(out, s + i, n);
        i += n;
    }
    buffer_add(out, "\"");
}

void json_name(json_writer *w, const char *name)
{
    hd_assert(w->depth > 0 && !w->after_name);
    before_value(w);
    add_quoted(w->out, name, strlen(name));
    buffer_add(w->out, w->indented ? ": " : ":");
    w->after_name = true;
}

void json_text_bytes(json_writer *w, const char *text, size_t length)
{
    before_value(w);
    add_quoted(w->out, text, length);
}

void json_text(json_writer *w, const char *text)
{
    if (text == NULL)
        json_raw(w, "null");
    else
        json_text_bytes(w, text, strlen(text));
}

void json_number(json_writer *w, int64_t value)
{
    before_value(w);
    buffer_format(w->out, "%" PRId64, value);
}

void json_unsigned(json_writer *w, uint64_t value)
{
    before_value(w);
    buffer_format(w->out, "%" PRIu64, value);
}

void json_flag(json_writer *w, bool value)
{
    json_raw(w, value ? "true" : "false");
}

void json_raw(json_writer *w, const char *json)
{
    before_value(w);
    buffer_add(w->out, json);
}
