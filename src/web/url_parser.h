/* Between the URL parser (url.c) and the setters and serializers (url_parts.c). */
#ifndef HEDDLE_WEB_URL_PARSER_H
#define HEDDLE_WEB_URL_PARSER_H

#include "web/url.h"

enum url_state {
    URL_STATE_NO_OVERRIDE,
    URL_STATE_SCHEME_START,
    URL_STATE_SCHEME,
    URL_STATE_NO_SCHEME,
    URL_STATE_SPECIAL_RELATIVE_OR_AUTHORITY,
    URL_STATE_PATH_OR_AUTHORITY,
    URL_STATE_RELATIVE,
    URL_STATE_RELATIVE_SLASH,
    URL_STATE_SPECIAL_AUTHORITY_SLASHES,
    URL_STATE_SPECIAL_AUTHORITY_IGNORE_SLASHES,
    URL_STATE_AUTHORITY,
    URL_STATE_HOST,
    URL_STATE_HOSTNAME,
    URL_STATE_PORT,
    URL_STATE_FILE_START,
    URL_STATE_FILE_SLASH,
    URL_STATE_FILE_HOST,
    URL_STATE_PATH_START,
    URL_STATE_PATH,
    URL_STATE_OPAQUE_PATH,
    URL_STATE_QUERY,
    URL_STATE_FRAGMENT,
};

/* The basic URL parser; with an override it changes the one part of `u` that starts in that state.
 * False when the text does not parse. */
bool url_basic_parse(struct url *u, const char *text, size_t length, const struct url *base,
                     enum url_state override);

#endif
