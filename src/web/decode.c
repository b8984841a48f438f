#include "web/decode.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *label;
    enum encoding encoding;
} labels[] = {
    {"unicode-1-1-utf-8", ENCODING_UTF_8},
    {"unicode11utf8", ENCODING_UTF_8},
    {"unicode20utf8", ENCODING_UTF_8},
    {"utf-8", ENCODING_UTF_8},
    {"utf8", ENCODING_UTF_8},
    {"x-unicode20utf8", ENCODING_UTF_8},
    {"csunicode", ENCODING_UTF_16LE},
    {"iso-10646-ucs-2", ENCODING_UTF_16LE},
    {"ucs-2", ENCODING_UTF_16LE},
    {"unicode", ENCODING_UTF_16LE},
    {"unicodefeff", ENCODING_UTF_16LE},
    {"utf-16", ENCODING_UTF_16LE},
    {"utf-16le", ENCODING_UTF_16LE},
    {"unicodefffe", ENCODING_UTF_16BE},
    {"utf-16be", ENCODING_UTF_16BE},
    {"ansi_x3.4-1968", ENCODING_WINDOWS_1252},
    {"ascii", ENCODING_WINDOWS_1252},
    {"cp1252", ENCODING_WINDOWS_1252},
    {"cp819", ENCODING_WINDOWS_1252},
    {"csisolatin1", ENCODING_WINDOWS_1252},
    {"ibm819", ENCODING_WINDOWS_1252},
    {"iso-8859-1", ENCODING_WINDOWS_1252},
    {"iso-ir-100", ENCODING_WINDOWS_1252},
    {"iso8859-1", ENCODING_WINDOWS_1252},
    {"iso88591", ENCODING_WINDOWS_1252},
    {"iso_8859-1", ENCODING_WINDOWS_1252},
    {"iso_8859-1:1987", ENCODING_WINDOWS_1252},
    {"l1", ENCODING_WINDOWS_1252},
    {"latin1", ENCODING_WINDOWS_1252},
    {"us-ascii", ENCODING_WINDOWS_1252},
    {"windows-1252", ENCODING_WINDOWS_1252},
    {"x-cp1252", ENCODING_WINDOWS_1252},
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

enum encoding encoding_of_label(const char *label, size_t length)
{
    while (length && is_space(*label))
        label++, length--;
    while (length && is_space(label[length - 1]))
        length--;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (strlen(labels[i].label) == length && strncasecmp(label, labels[i].label, length) == 0)
            return labels[i].encoding;
    return ENCODING_COUNT;
}

const char *encoding_name(enum encoding e)
{
    static const char *const names[] = {"utf-8", "utf-16le", "utf-16be", "windows-1252"};
    return names[e];
}

static void emit(struct decoder *d, uint32_t c, buffer *out)
{
    bool bom = c == 0xfeff && !d->bom_seen && !d->keep_bom && d->encoding != ENCODING_WINDOWS_1252;
    d->bom_seen = true;
    if (bom)
        return;
    unsigned char text[4];
    size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length - 1; i > 0; i--, c >>= 6)
        text[i] = (unsigned char)(0x80 | (c & 0x3f));
    text[0] = (unsigned char)(first[length] | c);
    buffer_add_bytes(out, text, length);
}

static void error(struct decoder *d, buffer *out)
{
    d->failed = d->failed || d->fatal;
    emit(d, 0xfffd, out);
}

/* ---- UTF-8 (https://encoding.spec.whatwg.org/#utf-8-decoder) ---- */

static void utf8_first(struct decoder *d, uint8_t byte, buffer *out)
{
    d->lower = 0x80;
    d->upper = 0xbf;
    if (byte < 0x80) {
        emit(d, byte, out);
    } else if (byte >= 0xc2 && byte <= 0xdf) {
        d->needed = 1;
        d->code_point = byte & 0x1f;
    } else if (byte >= 0xe0 && byte <= 0xef) {
        d->lower = byte == 0xe0 ? 0xa0 : 0x80;
        d->upper = byte == 0xed ? 0x9f : 0xbf;
        d->needed = 2;
        d->code_point = byte & 0xf;
    } else if (byte >= 0xf0 && byte <= 0xf4) {
        d->lower = byte == 0xf0 ? 0x90 : 0x80;
        d->upper = byte == 0xf4 ? 0x8f : 0xbf;
        d->needed = 3;
        d->code_point = byte & 7;
    } else {
        error(d, out);
    }
}

static void utf8_byte(struct decoder *d, uint8_t byte, buffer *out)
{
    if (d->needed == 0) {
        utf8_first(d, byte, out);
        return;
    }
    if (byte < d->lower || byte > d->upper) {
        d->needed = d->seen = 0;
        error(d, out);
        utf8_first(d, byte, out); /* the byte begins something of its own */
        return;
    }
    d->lower = 0x80;
    d->upper = 0xbf;
    d->code_point = d->code_point << 6 | (byte & 0x3f);
    if (++d->seen == d->needed) {
        d->needed = d->seen = 0;
        emit(d, d->code_point, out);
    }
}

static void utf8_feed(struct decoder *d, const uint8_t *bytes, size_t length, buffer *out)
{
    for (size_t i = 0; i < length;) {
        size_t run = i;
        while (d->needed == 0 && run < length && bytes[run] < 0x80)
            run++;
        if (run > i) {
            buffer_add_bytes(out, bytes + i, run - i);
            d->bom_seen = true;
            i = run;
        } else {
            utf8_byte(d, bytes[i++], out);
        }
    }
}

/* ---- UTF-16 ---- */

static void utf16_unit(struct decoder *d, uint16_t unit, buffer *out)
{
    bool trail = (unit & 0xfc00) == 0xdc00;
    if (d->has_lead) {
        d->has_lead = false;
        if (trail) {
            emit(d, 0x10000 + ((uint32_t)(d->lead & 0x3ff) << 10 | (unit & 0x3ff)), out);
            return;
        }
        error(d, out);
    }
    if ((unit & 0xfc00) == 0xd800) {
        d->has_lead = true;
        d->lead = unit;
    } else if (trail) {
        error(d, out);
    } else {
        emit(d, unit, out);
    }
}

static void utf16_feed(struct decoder *d, const uint8_t *bytes, size_t length, buffer *out)
{
    for (size_t i = 0; i < length; i++) {
        if (!d->has_byte) {
            d->has_byte = true;
            d->byte = bytes[i];
            continue;
        }
        d->has_byte = false;
        unsigned low = d->encoding == ENCODING_UTF_16LE ? d->byte : bytes[i];
        unsigned high = d->encoding == ENCODING_UTF_16LE ? bytes[i] : d->byte;
        utf16_unit(d, (uint16_t)(high << 8 | low), out);
    }
}

static void windows_1252_feed(struct decoder *d, const uint8_t *bytes, size_t length, buffer *out)
{
    static const uint16_t high[32] = {
        0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
        0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};
    for (size_t i = 0; i < length; i++)
        emit(d, (bytes[i] & 0xe0) == 0x80 ? high[bytes[i] & 31] : bytes[i], out);
}

void decoder_feed(struct decoder *d, const uint8_t *bytes, size_t length, buffer *out)
{
    switch (d->encoding) {
    case ENCODING_UTF_8:
        utf8_feed(d, bytes, length, out);
        return;
    case ENCODING_UTF_16LE:
    case ENCODING_UTF_16BE:
        utf16_feed(d, bytes, length, out);
        return;
    default:
        windows_1252_feed(d, bytes, length, out);
        return;
    }
}

void decoder_end(struct decoder *d, buffer *out)
{
    if (d->needed || d->has_byte || d->has_lead)
        error(d, out);
    d->needed = d->seen = 0;
    d->has_byte = d->has_lead = false;
}
