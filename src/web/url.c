/* The basic URL parser (https://url.spec.whatwg.org/#concept-basic-url-parser): one function per
 * state. It works on bytes instead of code points: every decision falls on ASCII, and the rest is
 * percent-encoded byte by byte. */
#include "web/url_parser.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum step { NEXT, AGAIN, DONE, FAIL };

#define END (-1)

struct parser {
    struct url *url;
    const struct url *base;
    const char *text; /* without tabs and newlines */
    size_t length, position;
    enum url_state state, override;
    bool at_sign_seen, inside_brackets, password_token_seen;
    buffer part; /* the standard's "buffer" */
};

/* ---- small predicates ---- */

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(int c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static char to_lower(int c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
}

static bool equals(const buffer *b, const char *text)
{
    return strcmp(buffer_text(b), text) == 0;
}

static void add_byte(buffer *b, int c)
{
    char byte = (char)c;
    buffer_add_bytes(b, &byte, 1);
}

static void copy(buffer *to, const buffer *from)
{
    buffer_clear(to);
    buffer_add_bytes(to, buffer_text(from), from->length);
}

/* The default port of a special scheme, 0 for "file", -1 for what is not special. */
static int special_port(const char *scheme)
{
    static const struct {
        const char *scheme;
        int port;
    } special[] = {{"https", 443}, {"http", 80}, {"file", 0},
                   {"ws", 80},     {"wss", 443}, {"ftp", 21}};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (strcmp(scheme, special[i].scheme) == 0)
            return special[i].port;
    return -1;
}

bool url_is_special(const struct url *u)
{
    return special_port(buffer_text(&u->scheme)) >= 0;
}

static bool has_credentials(const struct url *u)
{
    return u->username.length || u->password.length;
}

static bool is_drive_letter(const char *s, size_t length)
{
    return length == 2 && is_alpha((unsigned char)s[0]) && (s[1] == ':' || s[1] == '|');
}

/* "starts with a Windows drive letter" */
static bool starts_with_drive_letter(const char *s, size_t length)
{
    return length >= 2 && is_drive_letter(s, 2) && (length == 2 || strchr("/\\?#", s[2]));
}

/* ---- the path as a list of segments; serialized it is "/" before each ---- */

static void path_append(struct url *u, const char *segment, size_t length)
{
    add_byte(&u->path, '/');
    buffer_add_bytes(&u->path, segment, length);
}

static void path_shorten(struct url *u)
{
    char *text = u->path.text;
    if (u->path.length == 0)
        return;
    if (equals(&u->scheme, "file") && u->path.length == 3 && is_alpha((unsigned char)text[1]) &&
        text[2] == ':')
        return;
    char *last = strrchr(text, '/');
    *last = 0;
    u->path.length = (size_t)(last - text);
}

/* A segment's dots, "%2e" counting as one; 0 when it holds anything else. */
static int count_dots(const buffer *b)
{
    const char *s = buffer_text(b);
    int dots = 0;
    for (size_t i = 0; i < b->length; dots++) {
        if (s[i] == '.')
            i++;
        else if (s[i] == '%' && s[i + 1] == '2' && (s[i + 2] | 32) == 'e')
            i += 3;
        else
            return 0;
    }
    return dots;
}

/* ---- the states ---- */

static bool remaining_starts_with(const struct parser *p, char c)
{
    return p->position + 1 < p->length && p->text[p->position + 1] == c;
}

static enum step go(struct parser *p, enum url_state next, enum step how)
{
    p->state = next;
    return how;
}

static enum step go_query(struct parser *p)
{
    buffer_clear(&p->url->query);
    p->url->has_query = true;
    return go(p, URL_STATE_QUERY, NEXT);
}

static enum step go_fragment(struct parser *p)
{
    buffer_clear(&p->url->fragment);
    p->url->has_fragment = true;
    return go(p, URL_STATE_FRAGMENT, NEXT);
}

static bool ends_authority(const struct parser *p, int c)
{
    return c == END || c == '/' || c == '?' || c == '#' || (c == '\\' && url_is_special(p->url));
}

static enum step scheme_start_state(struct parser *p, int c)
{
    if (is_alpha(c)) {
        add_byte(&p->part, to_lower(c));
        return go(p, URL_STATE_SCHEME, NEXT);
    }
    return p->override ? FAIL : go(p, URL_STATE_NO_SCHEME, AGAIN);
}

/* The scheme setter's part of the scheme state. */
static enum step override_scheme(struct parser *p)
{
    struct url *u = p->url;
    const char *scheme = buffer_text(&p->part);
    if (url_is_special(u) != (special_port(scheme) >= 0))
        return DONE;
    if ((has_credentials(u) || u->port >= 0) && strcmp(scheme, "file") == 0)
        return DONE;
    if (equals(&u->scheme, "file") && u->host.length == 0)
        return DONE;
    copy(&u->scheme, &p->part);
    if (u->port == special_port(scheme))
        u->port = -1;
    return DONE;
}

static enum step scheme_end(struct parser *p)
{
    struct url *u = p->url;
    copy(&u->scheme, &p->part);
    buffer_clear(&p->part);
    if (equals(&u->scheme, "file"))
        return go(p, URL_STATE_FILE_START, NEXT);
    if (url_is_special(u)) {
        bool same = p->base && equals(&p->base->scheme, buffer_text(&u->scheme));
        return go(
            p, same ? URL_STATE_SPECIAL_RELATIVE_OR_AUTHORITY : URL_STATE_SPECIAL_AUTHORITY_SLASHES,
            NEXT);
    }
    if (remaining_starts_with(p, '/')) {
        p->position++;
        return go(p, URL_STATE_PATH_OR_AUTHORITY, NEXT);
    }
    u->opaque_path = true;
    return go(p, URL_STATE_OPAQUE_PATH, NEXT);
}

static enum step scheme_state(struct parser *p, int c)
{
    if (is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.') {
        add_byte(&p->part, to_lower(c));
        return NEXT;
    }
    if (c == ':')
        return p->override ? override_scheme(p) : scheme_end(p);
    if (p->override)
        return FAIL;
    buffer_clear(&p->part);
    p->position = 0;
    return go(p, URL_STATE_NO_SCHEME, AGAIN);
}

static void copy_path_and_query(struct url *u, const struct url *base)
{
    copy(&u->path, &base->path);
    u->opaque_path = base->opaque_path;
    copy(&u->query, &base->query);
    u->has_query = base->has_query;
}

static void copy_host(struct url *u, const struct url *base)
{
    copy(&u->host, &base->host);
    u->has_host = base->has_host;
}

static void copy_authority(struct url *u, const struct url *base)
{
    copy(&u->username, &base->username);
    copy(&u->password, &base->password);
    copy_host(u, base);
    u->port = base->port;
}

static void drop_query(struct url *u)
{
    buffer_clear(&u->query);
    u->has_query = false;
}

static enum step no_scheme_state(struct parser *p, int c)
{
    if (!p->base || (p->base->opaque_path && c != '#'))
        return FAIL;
    if (p->base->opaque_path) {
        copy(&p->url->scheme, &p->base->scheme);
        copy_path_and_query(p->url, p->base);
        return go_fragment(p);
    }
    return go(p, equals(&p->base->scheme, "file") ? URL_STATE_FILE_START : URL_STATE_RELATIVE,
              AGAIN);
}

static enum step special_relative_or_authority_state(struct parser *p, int c)
{
    if (c != '/' || !remaining_starts_with(p, '/'))
        return go(p, URL_STATE_RELATIVE, AGAIN);
    p->position++;
    return go(p, URL_STATE_SPECIAL_AUTHORITY_IGNORE_SLASHES, NEXT);
}

static enum step relative_state(struct parser *p, int c)
{
    struct url *u = p->url;
    copy(&u->scheme, &p->base->scheme);
    if (c == '/' || (c == '\\' && url_is_special(u)))
        return go(p, URL_STATE_RELATIVE_SLASH, NEXT);
    copy_authority(u, p->base);
    copy_path_and_query(u, p->base);
    if (c == '?')
        return go_query(p);
    if (c == '#')
        return go_fragment(p);
    if (c == END)
        return NEXT;
    drop_query(u);
    path_shorten(u);
    return go(p, URL_STATE_PATH, AGAIN);
}

static enum step relative_slash_state(struct parser *p, int c)
{
    if (url_is_special(p->url) && (c == '/' || c == '\\'))
        return go(p, URL_STATE_SPECIAL_AUTHORITY_IGNORE_SLASHES, NEXT);
    if (c == '/')
        return go(p, URL_STATE_AUTHORITY, NEXT);
    copy_authority(p->url, p->base);
    return go(p, URL_STATE_PATH, AGAIN);
}

static enum step special_authority_slashes_state(struct parser *p, int c)
{
    if (c != '/' || !remaining_starts_with(p, '/'))
        return go(p, URL_STATE_SPECIAL_AUTHORITY_IGNORE_SLASHES, AGAIN);
    p->position++;
    return go(p, URL_STATE_SPECIAL_AUTHORITY_IGNORE_SLASHES, NEXT);
}

/* What stands before an "@" belongs to the credentials; an earlier "@" is part of them. */
static void add_credentials(struct parser *p)
{
    if (p->at_sign_seen)
        buffer_add(p->password_token_seen ? &p->url->password : &p->url->username, "%40");
    p->at_sign_seen = true;
    for (size_t i = 0; i < p->part.length; i++) {
        if (p->part.text[i] == ':' && !p->password_token_seen)
            p->password_token_seen = true;
        else
            percent_encode(p->password_token_seen ? &p->url->password : &p->url->username,
                           (unsigned char)p->part.text[i], PERCENT_USERINFO);
    }
    buffer_clear(&p->part);
}

static enum step authority_state(struct parser *p, int c)
{
    if (c == '@') {
        add_credentials(p);
        return NEXT;
    }
    if (!ends_authority(p, c)) {
        add_byte(&p->part, c);
        return NEXT;
    }
    if (p->at_sign_seen && p->part.length == 0)
        return FAIL;
    p->position -= p->part.length;
    buffer_clear(&p->part);
    return go(p, URL_STATE_HOST, AGAIN);
}

static bool take_host(struct parser *p)
{
    buffer host = {0};
    bool parsed =
        url_host_parse(buffer_text(&p->part), p->part.length, !url_is_special(p->url), &host);
    if (parsed) {
        copy(&p->url->host, &host);
        p->url->has_host = true;
        buffer_clear(&p->part);
    }
    buffer_release(&host);
    return parsed;
}

static enum step host_state(struct parser *p, int c)
{
    struct url *u = p->url;
    if (p->override && equals(&u->scheme, "file"))
        return go(p, URL_STATE_FILE_HOST, AGAIN);
    if (c == ':' && !p->inside_brackets) {
        if (p->part.length == 0 || p->override == URL_STATE_HOSTNAME || !take_host(p))
            return FAIL;
        return go(p, URL_STATE_PORT, NEXT);
    }
    if (!ends_authority(p, c)) {
        if (c == '[' || c == ']')
            p->inside_brackets = c == '[';
        add_byte(&p->part, c);
        return NEXT;
    }
    if (p->part.length == 0 &&
        (url_is_special(u) || (p->override && (has_credentials(u) || u->port >= 0))))
        return FAIL;
    if (!take_host(p))
        return FAIL;
    return go(p, URL_STATE_PATH_START, p->override ? DONE : AGAIN);
}

static enum step port_state(struct parser *p, int c)
{
    if (is_digit(c)) {
        add_byte(&p->part, c);
        return NEXT;
    }
    if (!ends_authority(p, c) && !p->override)
        return FAIL;
    if (p->part.length) {
        long port = 0;
        for (size_t i = 0; i < p->part.length; i++) {
            port = port * 10 + (p->part.text[i] - '0');
            if (port > 65535)
                return FAIL;
        }
        p->url->port = port == special_port(buffer_text(&p->url->scheme)) ? -1 : (int)port;
        buffer_clear(&p->part);
        if (p->override)
            return DONE;
    }
    return p->override ? FAIL : go(p, URL_STATE_PATH_START, AGAIN);
}

static enum step file_state(struct parser *p, int c)
{
    struct url *u = p->url;
    buffer_clear(&u->scheme);
    buffer_add(&u->scheme, "file");
    u->has_host = true;
    if (c == '/' || c == '\\')
        return go(p, URL_STATE_FILE_SLASH, NEXT);
    if (!p->base || !equals(&p->base->scheme, "file"))
        return go(p, URL_STATE_PATH, AGAIN);
    copy_host(u, p->base);
    copy_path_and_query(u, p->base);
    if (c == '?')
        return go_query(p);
    if (c == '#')
        return go_fragment(p);
    if (c == END)
        return NEXT;
    drop_query(u);
    if (starts_with_drive_letter(p->text + p->position, p->length - p->position))
        buffer_clear(&u->path);
    else
        path_shorten(u);
    return go(p, URL_STATE_PATH, AGAIN);
}

static enum step file_slash_state(struct parser *p, int c)
{
    if (c == '/' || c == '\\')
        return go(p, URL_STATE_FILE_HOST, NEXT);
    if (p->base && equals(&p->base->scheme, "file")) {
        copy_host(p->url, p->base);
        const char *path = buffer_text(&p->base->path);
        if (!starts_with_drive_letter(p->text + p->position, p->length - p->position) &&
            path[0] == '/' && is_alpha((unsigned char)path[1]) && path[2] == ':' &&
            (path[3] == '/' || !path[3]))
            path_append(p->url, path + 1, 2);
    }
    return go(p, URL_STATE_PATH, AGAIN);
}

static enum step file_host_state(struct parser *p, int c)
{
    struct url *u = p->url;
    if (c != END && c != '/' && c != '\\' && c != '?' && c != '#') {
        add_byte(&p->part, c);
        return NEXT;
    }
    if (!p->override && is_drive_letter(buffer_text(&p->part), p->part.length))
        return go(p, URL_STATE_PATH, AGAIN);
    if (p->part.length == 0)
        buffer_clear(&u->host);
    else if (!take_host(p))
        return FAIL;
    if (equals(&u->host, "localhost"))
        buffer_clear(&u->host);
    u->has_host = true;
    return go(p, URL_STATE_PATH_START, p->override ? DONE : AGAIN);
}

static enum step path_start_state(struct parser *p, int c)
{
    struct url *u = p->url;
    if (url_is_special(u))
        return go(p, URL_STATE_PATH, c == '/' || c == '\\' ? NEXT : AGAIN);
    if (!p->override && c == '?')
        return go_query(p);
    if (!p->override && c == '#')
        return go_fragment(p);
    if (c != END)
        return go(p, URL_STATE_PATH, c == '/' ? NEXT : AGAIN);
    if (p->override && !u->has_host)
        path_append(u, "", 0);
    return NEXT;
}

static void end_segment(struct parser *p, bool slash)
{
    struct url *u = p->url;
    int dots = count_dots(&p->part);
    if (dots == 1 || dots == 2) {
        if (dots == 2)
            path_shorten(u);
        if (!slash)
            path_append(u, "", 0);
    } else {
        if (equals(&u->scheme, "file") && u->path.length == 0 &&
            is_drive_letter(buffer_text(&p->part), p->part.length))
            p->part.text[1] = ':';
        path_append(u, buffer_text(&p->part), p->part.length);
    }
    buffer_clear(&p->part);
}

static enum step path_state(struct parser *p, int c)
{
    bool slash = c == '/' || (c == '\\' && url_is_special(p->url));
    if (c != END && !slash && (p->override || (c != '?' && c != '#'))) {
        percent_encode(&p->part, (unsigned char)c, PERCENT_PATH);
        return NEXT;
    }
    end_segment(p, slash);
    return c == '?' ? go_query(p) : c == '#' ? go_fragment(p) : NEXT;
}

static enum step opaque_path_state(struct parser *p, int c)
{
    if (c == '?')
        return go_query(p);
    if (c == '#')
        return go_fragment(p);
    if (c == ' ' && (remaining_starts_with(p, '?') || remaining_starts_with(p, '#')))
        buffer_add(&p->url->path, "%20");
    else if (c != END)
        percent_encode(&p->url->path, (unsigned char)c, PERCENT_C0);
    return NEXT;
}

static enum step query_state(struct parser *p, int c)
{
    if (c == '#' && !p->override)
        return go_fragment(p);
    if (c != END)
        percent_encode(&p->url->query, (unsigned char)c,
                       url_is_special(p->url) ? PERCENT_SPECIAL_QUERY : PERCENT_QUERY);
    return NEXT;
}

static enum step fragment_state(struct parser *p, int c)
{
    if (c != END)
        percent_encode(&p->url->fragment, (unsigned char)c, PERCENT_FRAGMENT);
    return NEXT;
}

static enum step run_state(struct parser *p, int c)
{
    switch (p->state) {
    case URL_STATE_SCHEME_START:
        return scheme_start_state(p, c);
    case URL_STATE_SCHEME:
        return scheme_state(p, c);
    case URL_STATE_NO_SCHEME:
        return no_scheme_state(p, c);
    case URL_STATE_SPECIAL_RELATIVE_OR_AUTHORITY:
        return special_relative_or_authority_state(p, c);
    case URL_STATE_PATH_OR_AUTHORITY:
        return c == '/' ? go(p, URL_STATE_AUTHORITY, NEXT) : go(p, URL_STATE_PATH, AGAIN);
    case URL_STATE_RELATIVE:
        return relative_state(p, c);
    case URL_STATE_RELATIVE_SLASH:
        return relative_slash_state(p, c);
    case URL_STATE_SPECIAL_AUTHORITY_SLASHES:
        return special_authority_slashes_state(p, c);
    case URL_STATE_SPECIAL_AUTHORITY_IGNORE_SLASHES:
        return c == '/' || c == '\\' ? NEXT : go(p, URL_STATE_AUTHORITY, AGAIN);
    case URL_STATE_AUTHORITY:
        return authority_state(p, c);
    case URL_STATE_HOST:
    case URL_STATE_HOSTNAME:
        return host_state(p, c);
    case URL_STATE_PORT:
        return port_state(p, c);
    case URL_STATE_FILE_START:
        return file_state(p, c);
    case URL_STATE_FILE_SLASH:
        return file_slash_state(p, c);
    case URL_STATE_FILE_HOST:
        return file_host_state(p, c);
    case URL_STATE_PATH_START:
        return path_start_state(p, c);
    case URL_STATE_PATH:
        return path_state(p, c);
    case URL_STATE_OPAQUE_PATH:
        return opaque_path_state(p, c);
    case URL_STATE_QUERY:
        return query_state(p, c);
    case URL_STATE_FRAGMENT:
        return fragment_state(p, c);
    case URL_STATE_NO_OVERRIDE:
        break;
    }
    hd_assert(!"a URL parser without a state");
    return FAIL;
}

static bool run(struct parser *p)
{
    enum step step = NEXT;
    for (;;) {
        int c = p->position < p->length ? (unsigned char)p->text[p->position] : END;
        step = run_state(p, c);
        if (step == DONE || step == FAIL)
            break;
        if (step == NEXT) {
            if (c == END)
                break;
            p->position++;
        }
    }
    buffer_release(&p->part);
    return step != FAIL;
}

/* Runs the parser over `text`; tabs and newlines are not part of a URL. */
bool url_basic_parse(struct url *u, const char *text, size_t length, const struct url *base,
                     enum url_state override)
{
    char *clean = malloc(length + 1);
    hd_assert(clean);
    size_t kept = 0;
    for (size_t i = 0; i < length; i++)
        if (text[i] != '\t' && text[i] != '\n' && text[i] != '\r')
            clean[kept++] = text[i];
    clean[kept] = 0;
    struct parser p = {.url = u,
                       .base = base,
                       .text = clean,
                       .length = kept,
                       .state = override ? override : URL_STATE_SCHEME_START,
                       .override = override};
    bool parsed = run(&p);
    free(clean);
    return parsed;
}

/* ---- the interface ---- */

void url_init(struct url *u)
{
    memset(u, 0, sizeof *u);
    u->port = -1;
}

void url_release(struct url *u)
{
    buffer *parts[] = {&u->scheme, &u->username, &u->password, &u->host,
                       &u->path,   &u->query,    &u->fragment};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buffer_release(parts[i]);
    url_init(u);
}

bool url_parse(const char *text, size_t length, const struct url *base, struct url *out)
{
    url_init(out);
    while (length && (unsigned char)*text <= ' ')
        text++, length--;
    while (length && (unsigned char)text[length - 1] <= ' ')
        length--;
    if (url_basic_parse(out, text, length, base, URL_STATE_NO_OVERRIDE))
        return true;
    url_release(out);
    return false;
}

char *url_resolve(const char *base, const char *relative)
{
    struct url parsed_base, parsed;
    if (base && !url_parse(base, strlen(base), NULL, &parsed_base))
        return NULL;
    buffer out = {0};
    if (url_parse(relative, strlen(relative), base ? &parsed_base : NULL, &parsed)) {
        url_serialize(&parsed, false, &out);
        url_release(&parsed);
    }
    if (base)
        url_release(&parsed_base);
    return out.text;
}

char *url_origin(const char *text)
{
    struct url parsed;
    buffer out = {0};
    if (url_parse(text, strlen(text), NULL, &parsed)) {
        url_serialize_origin(&parsed, &out);
        url_release(&parsed);
    } else {
        buffer_add(&out, "null");
    }
    return out.text;
}
