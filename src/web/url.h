/* URLs as the URL Standard defines them: parsing, resolving, serializing and changing single parts.
 *
 * The parser is the standard's own state machine: no library of Debian implements it (libcurl and
 * liburiparser follow RFC 3986). What needs tables, the names outside ASCII (UTS 46), is libidn2's
 * work; it is loaded when such a name first appears.
 *
 * Ownership: a struct url owns its texts; url_release frees them. Threads: any, one at a time per
 * url. Blocking: never, but for the loading of libidn2. Texts are UTF-8 without lone surrogates;
 * parsed parts contain no zero byte. */
#ifndef HEDDLE_WEB_URL_H
#define HEDDLE_WEB_URL_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* https://url.spec.whatwg.org/#concept-url. Zero-filled with port -1 is what url_init makes. */
struct url {
    buffer scheme; /* "https", without the colon */
    buffer username, password;
    buffer host;     /* serialized; has_host tells null from empty */
    buffer path;     /* serialized: "" or "/a/b", or the opaque text */
    buffer query;    /* without "?" */
    buffer fragment; /* without "#" */
    int port;        /* -1 = null, also for the scheme's default */
    bool has_host, has_query, has_fragment, opaque_path;
};

void url_init(struct url *u);
void url_release(struct url *u);

/* Parses `text` against `base` (NULL = none) into `out`, which need not be initialized. False when
 * it does not parse; `out` is empty then. */
bool url_parse(const char *text, size_t length, const struct url *base, struct url *out);

/* url_parse with both as zero-terminated text and a serialized result, malloc'd; NULL when it does
 * not parse. `base` may be NULL. */
char *url_resolve(const char *base, const char *relative);

/* The serialized origin of a URL given as text ("https://scenario.test", "null" for opaque ones);
 * malloc'd. */
char *url_origin(const char *text);

/* Serializers: they append to `out`. */
void url_serialize(const struct url *u, bool exclude_fragment, buffer *out);
void url_serialize_origin(const struct url *u, buffer *out);

bool url_is_special(const struct url *u);

/* The setters of the URL interface, by what they change. A value that does not fit leaves the URL
 * as it was. */
enum url_part {
    URL_PROTOCOL,
    URL_USERNAME,
    URL_PASSWORD,
    URL_HOST,
    URL_HOSTNAME,
    URL_PORT,
    URL_PATHNAME,
    URL_SEARCH,
    URL_HASH,
};
void url_set(struct url *u, enum url_part part, const char *value, size_t length);
/* What the getter of that name returns, appended to `out`. */
void url_get(const struct url *u, enum url_part part, buffer *out);

/* ---- shared by the parser's files ---- */

enum percent_set {
    PERCENT_C0,
    PERCENT_FRAGMENT,
    PERCENT_QUERY,
    PERCENT_SPECIAL_QUERY,
    PERCENT_PATH,
    PERCENT_USERINFO,
    PERCENT_FORM,
};
/* Appends one byte of UTF-8, percent-encoded when it belongs to the set. */
void percent_encode(buffer *out, unsigned char byte, enum percent_set set);
/* Percent-decodes `length` bytes into `out`. */
void percent_decode(const char *text, size_t length, buffer *out);

/* The host parser: appends the serialized host. `opaque` for schemes that are not special. False
 * when it does not parse. */
bool url_host_parse(const char *text, size_t length, bool opaque, buffer *out);

/* application/x-www-form-urlencoded: "a=1&b=2" to pairs and back. */
typedef void url_pair_function(void *context, const buffer *name, const buffer *value);
void url_form_parse(const char *text, size_t length, url_pair_function *each, void *context);
void url_form_add(buffer *out, const char *text, size_t length);

#endif
