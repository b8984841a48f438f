/* Percent-encoding and application/x-www-form-urlencoded
 * (https://url.spec.whatwg.org/#percent-encoded-bytes). */
#include "web/url.h"

#include <string.h>

static bool in(const char *set, unsigned char c)
{
    return strchr(set, c) != NULL;
}

/* Each set of the standard is an earlier one and some more. `c` is printable ASCII. */
static bool in_set(unsigned char c, enum percent_set set)
{
    switch (set) {
    case PERCENT_C0:
        return false;
    case PERCENT_FRAGMENT:
        return in(" \"<>`", c);
    case PERCENT_QUERY:
        return in(" \"#<>", c);
    case PERCENT_SPECIAL_QUERY:
        return in(" \"#<>'", c);
    case PERCENT_PATH:
        return in(" \"#<>?^`{}", c);
    case PERCENT_USERINFO:
        return in(" \"#<>?^`{}/:;=@[\\]|", c);
    case PERCENT_FORM:
        return !((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || in("*-._", c));
    }
    return false;
}

void percent_encode(buffer *out, unsigned char byte, enum percent_set set)
{
    static const char digits[] = "0123456789ABCDEF";
    if (byte >= 0x20 && byte < 0x7f && !in_set(byte, set)) {
        buffer_add_bytes(out, &byte, 1);
        return;
    }
    char text[3] = {'%', digits[byte >> 4], digits[byte & 15]};
    buffer_add_bytes(out, text, 3);
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 32);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void percent_decode(const char *text, size_t length, buffer *out)
{
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '%' && i + 2 < length && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
            byte = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
            i += 2;
        }
        buffer_add_bytes(out, &byte, 1);
    }
}

static void form_decode(const char *text, size_t length, buffer *out)
{
    buffer spaced = {0};
    buffer_add_bytes(&spaced, text, length);
    for (size_t i = 0; i < length; i++)
        if (spaced.text[i] == '+')
            spaced.text[i] = ' ';
    buffer_clear(out);
    percent_decode(spaced.text, length, out);
    buffer_release(&spaced);
}

void url_form_parse(const char *text, size_t length, url_pair_function *each, void *context)
{
    buffer name = {0}, value = {0};
    const char *end = text + length;
    while (text < end) {
        const char *ampersand = memchr(text, '&', (size_t)(end - text));
        const char *stop = ampersand ? ampersand : end;
        const char *equals = memchr(text, '=', (size_t)(stop - text));
        if (stop > text) {
            form_decode(text, (size_t)((equals ? equals : stop) - text), &name);
            form_decode(equals ? equals + 1 : stop, equals ? (size_t)(stop - equals - 1) : 0,
                        &value);
            each(context, &name, &value);
        }
        text = stop + 1;
    }
    buffer_release(&name);
    buffer_release(&value);
}

void url_form_add(buffer *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == ' ')
            buffer_add(out, "+");
        else
            percent_encode(out, (unsigned char)text[i], PERCENT_FORM);
    }
}
