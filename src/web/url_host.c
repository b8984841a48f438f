/* The host parser (https://url.spec.whatwg.org/#host-parsing): names, IPv4 numbers in every
 * spelling, IPv6 addresses, opaque hosts. */
#include "web/url.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

static bool is_forbidden_host(unsigned char c)
{
    return c == 0 || (c < 0x80 && strchr("\t\n\r #/:<>?@[\\]^|", c));
}

static bool is_forbidden_domain(unsigned char c)
{
    return is_forbidden_host(c) || c <= 0x1f || c == '%' || c == 0x7f;
}

/* libidn2's idn2_lookup_u8, or NULL where the library is missing. */
static int (*idn2_lookup)(const uint8_t *, uint8_t **, int);
static void (*idn2_release)(void *);

static void load_idn2(void)
{
    void *library = dlopen("libidn2.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
    *(void **)&idn2_release = dlsym(library, "idn2_free");
    *(void **)&idn2_lookup = idn2_release ? dlsym(library, "idn2_lookup_u8") : NULL;
}

enum { IDN2_NFC_INPUT = 1, IDN2_NONTRANSITIONAL = 8 };

/* UTS 46 ToASCII as the standard parametrizes it; false for a name it rejects. */
static bool unicode_to_ascii(const buffer *name, buffer *out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_idn2);
    if (!idn2_lookup)
        return false;
    uint8_t *ascii = NULL;
    int error = idn2_lookup((const uint8_t *)buffer_text(name), &ascii,
                            IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (error || !ascii)
        return false;
    buffer_add(out, (const char *)ascii);
    idn2_release(ascii);
    return out->length > 0;
}

static bool has_punycode_label(const char *s)
{
    for (const char *label = s; label; label = strchr(label, '.')) {
        label += *label == '.';
        if (strncasecmp(label, "xn--", 4) == 0)
            return true;
    }
    return false;
}

static bool domain_to_ascii(const buffer *name, buffer *out)
{
    bool ascii = !has_punycode_label(buffer_text(name));
    for (size_t i = 0; i < name->length; i++)
        ascii = ascii && (unsigned char)name->text[i] < 0x80;
    if (!ascii)
        return memchr(name->text, 0, name->length) == NULL && unicode_to_ascii(name, out);
    for (size_t i = 0; i < name->length; i++) {
        char c = name->text[i];
        c = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
        buffer_add_bytes(out, &c, 1);
    }
    return true;
}

/* ---- IPv4 ---- */

/* One part of an address: decimal, 0x… or 0…; false when it is none of them. Larger numbers than
 * 2^40 are as good as that. */
static bool ipv4_number(const char *s, size_t length, uint64_t *out)
{
    unsigned base = 10;
    if (length == 0)
        return false;
    if (length >= 2 && s[0] == '0' && (s[1] | 32) == 'x')
        base = 16, s += 2, length -= 2;
    else if (length >= 2 && s[0] == '0')
        base = 8, s++, length--;
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned c = (unsigned char)s[i],
                 digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
        if (digit >= base || (c > '9' && (c | 32) < 'a'))
            return false;
        value = value * base + digit;
        if (value > (uint64_t)1 << 40)
            value = (uint64_t)1 << 40;
    }
    *out = value;
    return true;
}

static size_t without_final_dot(const buffer *host)
{
    return host->length && host->text[host->length - 1] == '.' ? host->length - 1 : host->length;
}

static bool ends_in_a_number(const buffer *host)
{
    size_t length = without_final_dot(host), start = length;
    if (length == 0)
        return false;
    while (start > 0 && host->text[start - 1] != '.')
        start--;
    size_t digits = strspn(host->text + start, "0123456789");
    uint64_t value;
    return (start + digits >= length && length > start) ||
           ipv4_number(host->text + start, length - start, &value);
}

static bool ipv4_parse(const buffer *host, buffer *out)
{
    uint64_t numbers[4], address = 0;
    size_t count = 0, length = without_final_dot(host);
    for (size_t start = 0; start <= length; count++) {
        const char *dot = memchr(host->text + start, '.', length - start);
        size_t end = dot ? (size_t)(dot - host->text) : length;
        if (count == 4 || !ipv4_number(host->text + start, end - start, &numbers[count]))
            return false;
        start = end + 1;
    }
    for (size_t i = 0; i < count; i++) {
        bool last = i + 1 == count;
        if (numbers[i] >= (last ? (uint64_t)1 << (8 * (5 - count)) : 256))
            return false;
        address += last ? numbers[i] : numbers[i] << (8 * (3 - i));
    }
    buffer_format(out, "%u.%u.%u.%u", (unsigned)(address >> 24), (unsigned)(address >> 16) & 255,
                  (unsigned)(address >> 8) & 255, (unsigned)address & 255);
    return true;
}

/* ---- IPv6 ---- */

static int hex_value(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* The dotted tail; it fills two pieces. */
static bool ipv6_dotted(const char *s, const char *end, uint16_t piece[8], int *index)
{
    int seen = 0;
    if (*index > 6)
        return false;
    while (s < end) {
        int value = -1;
        if (seen > 0) {
            if (*s != '.' || seen >= 4)
                return false;
            s++;
        }
        if (s >= end || *s < '0' || *s > '9')
            return false;
        for (; s < end && *s >= '0' && *s <= '9'; s++) {
            if (value == 0)
                return false;
            value = (value < 0 ? 0 : value * 10) + (*s - '0');
            if (value > 255)
                return false;
        }
        piece[*index] = (uint16_t)(piece[*index] * 256 + value);
        seen++;
        if (seen == 2 || seen == 4)
            ++*index;
    }
    return seen == 4;
}

static bool ipv6_pieces(const char *s, const char *end, uint16_t piece[8], int *index,
                        int *compress)
{
    if (s < end && *s == ':') {
        if (end - s < 2 || s[1] != ':')
            return false;
        s += 2;
        *compress = ++*index;
    }
    while (s < end) {
        if (*index == 8)
            return false;
        if (*s == ':') {
            if (*compress >= 0)
                return false;
            s++;
            *compress = ++*index;
            continue;
        }
        const char *start = s;
        int value = 0;
        for (; s < end && s - start < 4 && hex_value(*s) >= 0; s++)
            value = value * 16 + hex_value(*s);
        if (s < end && *s == '.')
            return s > start && ipv6_dotted(start, end, piece, index);
        if (s < end && *s == ':') {
            if (++s == end)
                return false;
        } else if (s < end) {
            return false;
        }
        piece[(*index)++] = (uint16_t)value;
    }
    return true;
}

/* The longest run of two or more zero pieces, -1 when there is none. */
static int ipv6_longest_zeros(const uint16_t piece[8], int *length)
{
    int best = -1;
    *length = 1;
    for (int i = 0; i < 8; i++) {
        int n = 0;
        while (i + n < 8 && piece[i + n] == 0)
            n++;
        if (n > *length)
            best = i, *length = n;
        i += n;
    }
    return best;
}

static bool ipv6_parse(const char *s, size_t length, buffer *out)
{
    uint16_t piece[8] = {0};
    int index = 0, compress = -1;
    if (!ipv6_pieces(s, s + length, piece, &index, &compress))
        return false;
    if (compress >= 0) {
        int tail = index - compress;
        memmove(piece + 8 - tail, piece + compress, (size_t)tail * sizeof *piece);
        memset(piece + compress, 0, (size_t)(8 - tail - compress) * sizeof *piece);
    } else if (index != 8) {
        return false;
    }
    int zeros, skip = ipv6_longest_zeros(piece, &zeros);
    buffer_add(out, "[");
    for (int i = 0; i < 8; i++) {
        if (i == skip) {
            buffer_add(out, i == 0 ? "::" : ":");
            i += zeros - 1;
            continue;
        }
        buffer_format(out, "%x%s", piece[i], i < 7 ? ":" : "");
    }
    buffer_add(out, "]");
    return true;
}

/* ---- the host parser ---- */

static bool opaque_host_parse(const char *text, size_t length, buffer *out)
{
    for (size_t i = 0; i < length; i++)
        if (is_forbidden_host((unsigned char)text[i]))
            return false;
    buffer_add(out, "");
    for (size_t i = 0; i < length; i++)
        percent_encode(out, (unsigned char)text[i], PERCENT_C0);
    return true;
}

static bool domain_parse(const buffer *name, buffer *out)
{
    buffer ascii = {0};
    bool good = domain_to_ascii(name, &ascii) && ascii.length > 0;
    for (size_t i = 0; good && i < ascii.length; i++)
        good = !is_forbidden_domain((unsigned char)ascii.text[i]);
    if (good && ends_in_a_number(&ascii))
        good = ipv4_parse(&ascii, out);
    else if (good)
        buffer_add_bytes(out, ascii.text, ascii.length);
    buffer_release(&ascii);
    return good;
}

bool url_host_parse(const char *text, size_t length, bool opaque, buffer *out)
{
    if (length && *text == '[')
        return text[length - 1] == ']' && ipv6_parse(text + 1, length - 2, out);
    if (opaque)
        return opaque_host_parse(text, length, out);
    buffer name = {0};
    percent_decode(text, length, &name);
    bool good = name.length > 0 && domain_parse(&name, out);
    buffer_release(&name);
    return good;
}
