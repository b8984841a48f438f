#include "web/header_list.h"

#include "base/assert.h"
#include "web/mime_type.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- the list ---- */

void header_list_release(struct header_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->items[i].name);
        free(l->items[i].value);
    }
    free(l->items);
    *l = (struct header_list){0};
}

static void add(struct header_list *l, const char *name, const char *value)
{
    if (l->count == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 4;
        l->items = realloc(l->items, l->capacity * sizeof *l->items);
        hd_assert(l->items);
    }
    struct header h = {strdup(name), strdup(value)};
    hd_assert(h.name && h.value);
    l->items[l->count++] = h;
}

void header_list_copy(struct header_list *to, const struct header_list *from)
{
    for (size_t i = 0; i < from->count; i++)
        add(to, from->items[i].name, from->items[i].value);
}

static size_t find(const struct header_list *l, const char *name, size_t from)
{
    while (from < l->count && strcasecmp(l->items[from].name, name))
        from++;
    return from;
}

/* A name that is there already is written as before. */
void header_list_append(struct header_list *l, const char *name, const char *value)
{
    size_t known = find(l, name, 0);
    add(l, known < l->count ? l->items[known].name : name, value);
}

/* Removes every header of that name from the index on. */
static void delete_from(struct header_list *l, const char *name, size_t from)
{
    for (size_t i; (i = find(l, name, from)) < l->count;) {
        free(l->items[i].name);
        free(l->items[i].value);
        memmove(&l->items[i], &l->items[i + 1], (--l->count - i) * sizeof *l->items);
    }
}

void header_list_set(struct header_list *l, const char *name, const char *value)
{
    size_t first = find(l, name, 0);
    if (first == l->count) {
        add(l, name, value);
        return;
    }
    free(l->items[first].value);
    l->items[first].value = strdup(value);
    hd_assert(l->items[first].value);
    delete_from(l, name, first + 1);
}

void header_list_delete(struct header_list *l, const char *name)
{
    delete_from(l, name, 0);
}

bool header_list_has(const struct header_list *l, const char *name)
{
    return find(l, name, 0) < l->count;
}

bool header_list_get(const struct header_list *l, const char *name, buffer *out)
{
    bool found = false;
    for (size_t i = 0; (i = find(l, name, i)) < l->count; i++) {
        buffer_add(out, found ? ", " : "");
        buffer_add(out, l->items[i].value);
        found = true;
    }
    return found;
}

static int compare_names(const void *a, const void *b)
{
    return strcasecmp(*(char *const *)a, *(char *const *)b);
}

static void lower_case(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text |= 32;
}

void header_list_sort_and_combine(const struct header_list *l, struct header_list *to)
{
    const char **names = malloc((l->count + 1) * sizeof *names);
    hd_assert(names);
    for (size_t i = 0; i < l->count; i++)
        names[i] = l->items[i].name;
    qsort(names, l->count, sizeof *names, compare_names);
    for (size_t i = 0; i < l->count; i++) {
        if (i > 0 && !strcasecmp(names[i], names[i - 1]))
            continue;
        if (!strcasecmp(names[i], "set-cookie")) {
            for (size_t k = 0; (k = find(l, names[i], k)) < l->count; k++)
                add(to, "set-cookie", l->items[k].value);
            continue;
        }
        buffer value = {0};
        header_list_get(l, names[i], &value);
        add(to, names[i], buffer_text(&value));
        lower_case(to->items[to->count - 1].name);
        buffer_release(&value);
    }
    free(names);
}

/* ---- texts ---- */

bool header_name_is_valid(const char *name)
{
    static const char token[] =
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return *name && !name[strspn(name, token)];
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool header_value_is_valid(const char *value, size_t length)
{
    if (length && (is_space(value[0]) || is_space(value[length - 1])))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!value[i] || value[i] == '\n' || value[i] == '\r')
            return false;
    return true;
}

size_t header_value_normalize(char *value, size_t length)
{
    size_t from = 0;
    while (length && is_space(value[length - 1]))
        length--;
    while (from < length && is_space(value[from]))
        from++;
    memmove(value, value + from, length - from);
    value[length - from] = 0;
    return length - from;
}

bool header_tokens_contain(const char *list, const char *token)
{
    size_t length = strlen(token);
    for (const char *at = list; at && *at; at += strcspn(at, ",")) {
        at += strspn(at, ", \t");
        size_t size = strcspn(at, ",");
        while (size && (at[size - 1] == ' ' || at[size - 1] == '\t'))
            size--;
        if (size == length && !strncasecmp(at, token, length))
            return true;
    }
    return false;
}

/* ---- lists of the standard ---- */

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names && strcasecmp(*names, name))
        names++;
    return *names != NULL;
}

bool header_is_forbidden_for_requests(const char *name, const char *value)
{
    static const char *const names[] = {"Accept-Charset",
                                        "Accept-Encoding",
                                        "Access-Control-Request-Headers",
                                        "Access-Control-Request-Method",
                                        "Connection",
                                        "Content-Length",
                                        "Cookie",
                                        "Cookie2",
                                        "Date",
                                        "DNT",
                                        "Expect",
                                        "Host",
                                        "Keep-Alive",
                                        "Origin",
                                        "Referer",
                                        "Set-Cookie",
                                        "TE",
                                        "Trailer",
                                        "Transfer-Encoding",
                                        "Upgrade",
                                        "Via",
                                        NULL};
    static const char *const overrides[] = {"X-HTTP-Method", "X-HTTP-Method-Override",
                                            "X-Method-Override", NULL};
    if (is_one_of(name, names) || !strncasecmp(name, "proxy-", 6) || !strncasecmp(name, "sec-", 4))
        return true;
    return is_one_of(name, overrides) &&
           (header_tokens_contain(value, "CONNECT") || header_tokens_contain(value, "TRACE") ||
            header_tokens_contain(value, "TRACK"));
}

bool header_is_forbidden_for_responses(const char *name)
{
    static const char *const names[] = {"Set-Cookie", "Set-Cookie2", NULL};
    return is_one_of(name, names);
}

bool header_is_no_cors_safelisted_name(const char *name)
{
    static const char *const names[] = {"Accept", "Accept-Language", "Content-Language",
                                        "Content-Type", NULL};
    return is_one_of(name, names);
}

bool header_is_privileged_no_cors(const char *name)
{
    return !strcasecmp(name, "Range");
}

static bool has_unsafe_byte(const char *value)
{
    for (; *value; value++)
        if (((unsigned char)*value < 0x20 && *value != '\t') ||
            strchr("\"():<>?@[\\]{}\x7f", *value))
            return true;
    return false;
}

static bool is_language_text(const char *value)
{
    return !value[strspn(value,
                         "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ *,-.;=")];
}

static bool is_simple_type(const char *value)
{
    struct mime_type type;
    bool simple = false;
    if (!has_unsafe_byte(value) && mime_type_parse(value, strlen(value), &type)) {
        const char *essence = buffer_text(&type.essence);
        simple = !strcmp(essence, "application/x-www-form-urlencoded") ||
                 !strcmp(essence, "multipart/form-data") || !strcmp(essence, "text/plain");
        mime_type_release(&type);
    }
    return simple;
}

bool header_is_no_cors_safelisted(const char *name, const char *value)
{
    if (strlen(value) > 128)
        return false;
    if (!strcasecmp(name, "accept"))
        return !has_unsafe_byte(value);
    if (!strcasecmp(name, "accept-language") || !strcasecmp(name, "content-language"))
        return is_language_text(value);
    return !strcasecmp(name, "content-type") && is_simple_type(value);
}

bool header_is_cors_safelisted(const char *name, const char *value)
{
    if (!strcasecmp(name, "range")) { /* "a simple range header value": from a first byte on */
        if (strlen(value) > 128 || strncmp(value, "bytes=", 6))
            return false;
        size_t first = strspn(value + 6, "0123456789");
        const char *rest = value + 6 + first;
        return first && *rest == '-' && !rest[1 + strspn(rest + 1, "0123456789")];
    }
    return header_is_no_cors_safelisted(name, value);
}

bool header_is_cors_safelisted_for_responses(const char *name)
{
    static const char *const names[] = {
        "Cache-Control", "Content-Language", "Content-Length", "Content-Type",
        "Expires",       "Last-Modified",    "Pragma",         NULL};
    return is_one_of(name, names);
}
