/* The parts of a URL: what the interface's getters return and its setters change, and the
 * serializers. */
#include "web/url_parser.h"

#include <string.h>

static bool equals(const buffer *b, const char *text)
{
    return strcmp(buffer_text(b), text) == 0;
}

static bool has_credentials(const struct url *u)
{
    return u->username.length || u->password.length;
}

static bool cannot_have_credentials_or_port(const struct url *u)
{
    return u->host.length == 0 || equals(&u->scheme, "file");
}

static void set_credentials(struct url *u, buffer *which, const char *value, size_t length)
{
    if (cannot_have_credentials_or_port(u))
        return;
    buffer_clear(which);
    for (size_t i = 0; i < length; i++)
        percent_encode(which, (unsigned char)value[i], PERCENT_USERINFO);
}

static void set_protocol(struct url *u, const char *value, size_t length)
{
    buffer with_colon = {0};
    buffer_add_bytes(&with_colon, value, length);
    buffer_add(&with_colon, ":");
    url_basic_parse(u, with_colon.text, with_colon.length, NULL, URL_STATE_SCHEME_START);
    buffer_release(&with_colon);
}

/* Search and hash: the same but for the sign before them. */
static void set_tail(struct url *u, buffer *which, bool *has, enum url_state state,
                     const char *value, size_t length)
{
    buffer_clear(which);
    *has = length > 0;
    if (length == 0)
        return;
    size_t sign = *value == (state == URL_STATE_QUERY ? '?' : '#');
    url_basic_parse(u, value + sign, length - sign, NULL, state);
}

void url_set(struct url *u, enum url_part part, const char *value, size_t length)
{
    switch (part) {
    case URL_PROTOCOL:
        set_protocol(u, value, length);
        return;
    case URL_USERNAME:
        set_credentials(u, &u->username, value, length);
        return;
    case URL_PASSWORD:
        set_credentials(u, &u->password, value, length);
        return;
    case URL_HOST:
    case URL_HOSTNAME:
        if (!u->opaque_path)
            url_basic_parse(u, value, length, NULL,
                            part == URL_HOST ? URL_STATE_HOST : URL_STATE_HOSTNAME);
        return;
    case URL_PORT:
        if (cannot_have_credentials_or_port(u))
            return;
        if (length == 0)
            u->port = -1;
        else
            url_basic_parse(u, value, length, NULL, URL_STATE_PORT);
        return;
    case URL_PATHNAME:
        if (u->opaque_path)
            return;
        buffer_clear(&u->path);
        url_basic_parse(u, value, length, NULL, URL_STATE_PATH_START);
        return;
    case URL_SEARCH:
        set_tail(u, &u->query, &u->has_query, URL_STATE_QUERY, value, length);
        return;
    case URL_HASH:
        set_tail(u, &u->fragment, &u->has_fragment, URL_STATE_FRAGMENT, value, length);
        return;
    }
}

static void add_host(const struct url *u, buffer *out)
{
    buffer_add(out, buffer_text(&u->host));
    if (u->port >= 0)
        buffer_format(out, ":%d", u->port);
}

static void add_signed(buffer *out, const char *sign, const buffer *text)
{
    if (text->length) {
        buffer_add(out, sign);
        buffer_add(out, text->text);
    }
}

void url_get(const struct url *u, enum url_part part, buffer *out)
{
    switch (part) {
    case URL_PROTOCOL:
        buffer_format(out, "%s:", buffer_text(&u->scheme));
        return;
    case URL_USERNAME:
        buffer_add(out, buffer_text(&u->username));
        return;
    case URL_PASSWORD:
        buffer_add(out, buffer_text(&u->password));
        return;
    case URL_HOST:
        add_host(u, out);
        return;
    case URL_HOSTNAME:
        buffer_add(out, buffer_text(&u->host));
        return;
    case URL_PORT:
        if (u->port >= 0)
            buffer_format(out, "%d", u->port);
        return;
    case URL_PATHNAME:
        buffer_add(out, buffer_text(&u->path));
        return;
    case URL_SEARCH:
        add_signed(out, "?", &u->query);
        return;
    case URL_HASH:
        add_signed(out, "#", &u->fragment);
        return;
    }
}

void url_serialize(const struct url *u, bool exclude_fragment, buffer *out)
{
    buffer_format(out, "%s:", buffer_text(&u->scheme));
    if (u->has_host) {
        buffer_add(out, "//");
        if (has_credentials(u)) {
            buffer_add(out, buffer_text(&u->username));
            add_signed(out, ":", &u->password);
            buffer_add(out, "@");
        }
        add_host(u, out);
    } else if (!u->opaque_path && strncmp(buffer_text(&u->path), "//", 2) == 0) {
        /* Or the path would read as an authority. */
        buffer_add(out, "/.");
    }
    buffer_add(out, buffer_text(&u->path));
    if (u->has_query)
        buffer_format(out, "?%s", buffer_text(&u->query));
    if (u->has_fragment && !exclude_fragment)
        buffer_format(out, "#%s", buffer_text(&u->fragment));
}

void url_serialize_origin(const struct url *u, buffer *out)
{
    struct url inner;
    if (equals(&u->scheme, "blob")) {
        if (url_parse(buffer_text(&u->path), u->path.length, NULL, &inner)) {
            bool web = equals(&inner.scheme, "http") || equals(&inner.scheme, "https");
            if (web)
                url_serialize_origin(&inner, out);
            url_release(&inner);
            if (web)
                return;
        }
    } else if (url_is_special(u) && !equals(&u->scheme, "file")) {
        buffer_format(out, "%s://", buffer_text(&u->scheme));
        add_host(u, out);
        return;
    }
    buffer_add(out, "null");
}
