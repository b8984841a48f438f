#include "web/resource.h"

#include "agent/world.h"
#include "web/blob.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decodes in place; the new length. */
static size_t percent_decode(char *text, size_t length)
{
    size_t to = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '%' && i + 2 < length && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            text[to++] = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            text[to++] = text[i];
        }
    }
    text[to] = 0;
    return to;
}

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Forgiving-base64 decode (Infra) in place; SIZE_MAX for text that is none. */
static size_t base64_decode(char *text, size_t length)
{
    size_t digits = 0, to = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < length; i++) {
        if (strchr(" \t\n\f\r", text[i]) && text[i])
            continue;
        if (text[i] == '=')
            break;
        int d = base64_digit(text[i]);
        if (d < 0)
            return SIZE_MAX;
        bits = bits << 6 | (unsigned)d;
        if (++digits % 4 != 1)
            text[to++] = (char)(bits >> (digits % 4 == 2 ? 4 : digits % 4 == 3 ? 2 : 0));
    }
    text[to] = 0;
    return digits % 4 == 1 ? SIZE_MAX : to;
}

/* Fetch, "data: URL processor". The media type does not matter here: who loads a script takes it as one. */
static status load_data(const char *url, struct resource *out)
{
    const char *comma = strchr(url, ',');
    if (!comma)
        return STATUS_NOT_FOUND;
    const char *end = strchr(comma, '#');
    out->length = end ? (size_t)(end - comma - 1) : strlen(comma + 1);
    out->bytes = strndup(comma + 1, out->length);
    if (!out->bytes)
        return STATUS_NO_MEMORY;
    out->length = percent_decode(out->bytes, out->length);
    const char *type_end = comma;
    while (type_end > url && type_end[-1] == ' ')
        type_end--;
    if (type_end - url >= 7 && !strncasecmp(type_end - 6, "base64", 6) && memchr(url, ';', (size_t)(type_end - url)))
        out->length = base64_decode(out->bytes, out->length);
    if (out->length == SIZE_MAX) {
        free(out->bytes);
        return STATUS_NOT_FOUND;
    }
    return STATUS_OK;
}

static status load_blob(struct world *w, const char *url, struct resource *out)
{
    char *type = NULL;
    status s = blob_url_lookup(w, url, &out->bytes, &out->length, &type);
    free(type);
    return s;
}

status resource_load(struct world *w, const char *url, struct resource *out)
{
    const struct web *web = w->host;
    if (!strncmp(url, "data:", 5))
        return load_data(url, out);
    if (!strncmp(url, "blob:", 5))
        return load_blob(w, url, out);
    return web->loader->load(web->loader->context, url, out);
}
