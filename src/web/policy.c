#include "web/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- structured fields (RFC 9651), as far as these headers use them ---- */

static const char *skip_spaces(const char *at)
{
    while (*at == ' ')
        at++;
    return at;
}

static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~:/", c));
}

static const char *skip_string(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && !*++at)
            return NULL;
    return *at ? at + 1 : NULL;
}

/* One bare item; NULL when there is none. */
static const char *skip_bare_item(const char *at)
{
    if (*at == '"')
        return skip_string(at);
    if (*at == '?')
        return at[1] == '0' || at[1] == '1' ? at + 2 : NULL;
    const char *start = at;
    while (is_token_char(*at))
        at++;
    return at > start ? at : NULL;
}

/* Parameters up to the end of the field; false when something else follows. */
static bool only_parameters(const char *at)
{
    while (*at == ';') {
        at = skip_spaces(at + 1);
        const char *key = at;
        while ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') ||
               (*at && strchr("_-.*", *at)))
            at++;
        if (at == key)
            return false;
        if (*at == '=' && !(at = skip_bare_item(at + 1)))
            return false;
    }
    return !*skip_spaces(at);
}

/* An item that is a token: copied, its length; 0 when the field is anything else. */
static size_t item_token(const char *field, char *out, size_t room)
{
    const char *start = skip_spaces(field), *end = start;
    if (!((*start >= 'a' && *start <= 'z') || (*start >= 'A' && *start <= 'Z') || *start == '*'))
        return 0;
    while (is_token_char(*end))
        end++;
    size_t length = (size_t)(end - start);
    if (length >= room || !only_parameters(end))
        return 0;
    memcpy(out, start, length);
    out[length] = 0;
    return length;
}

static bool item_is_true(const char *field)
{
    const char *at = skip_spaces(field);
    return at[0] == '?' && at[1] == '1' && only_parameters(at + 2);
}

/* ---- sandbox ---- */

unsigned sandbox_parse(const char *tokens)
{
    static const struct {
        const char *name;
        unsigned allows;
    } keywords[] = {
        {"allow-popups", SANDBOX_AUXILIARY_NAVIGATION},
        {"allow-top-navigation", SANDBOX_TOP_NAVIGATION},
        {"allow-same-origin", SANDBOX_ORIGIN},
        {"allow-scripts", SANDBOX_SCRIPTS},
        {"allow-popups-to-escape-sandbox", SANDBOX_PROPAGATES},
        {"allow-modals", SANDBOX_MODALS},
        {"allow-forms", SANDBOX_FORMS},
    };
    unsigned flags = SANDBOX_NAVIGATION | SANDBOX_AUXILIARY_NAVIGATION | SANDBOX_TOP_NAVIGATION |
                     SANDBOX_ORIGIN | SANDBOX_SCRIPTS | SANDBOX_DOMAIN | SANDBOX_PROPAGATES |
                     SANDBOX_MODALS | SANDBOX_FORMS;
    while (*tokens) {
        size_t length = strcspn(tokens, " \t\n\f\r");
        for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
            if (strlen(keywords[i].name) == length &&
                !strncasecmp(keywords[i].name, tokens, length))
                flags &= ~keywords[i].allows;
        tokens += length;
        tokens += strspn(tokens, " \t\n\f\r");
    }
    return flags;
}

/* The `sandbox` directive of a Content-Security-Policy; 0 without one. */
static unsigned csp_sandbox(const char *value)
{
    while (*value) {
        value += strspn(value, " ;");
        size_t length = strcspn(value, ";");
        if (length >= 7 && !strncasecmp(value, "sandbox", 7) && (length == 7 || value[7] == ' ')) {
            char *tokens = strndup(value + 7, length - 7);
            unsigned flags = tokens ? sandbox_parse(tokens + strspn(tokens, " ")) : 0;
            free(tokens);
            return flags;
        }
        value += length;
    }
    return 0;
}

/* ---- headers ---- */

static enum opener_policy read_opener(const char *value)
{
    char token[64];
    if (!item_token(value, token, sizeof token))
        return COOP_UNSAFE_NONE;
    for (enum opener_policy p = COOP_UNSAFE_NONE; p < COOP_COUNT; p++)
        if (p != COOP_SAME_ORIGIN_PLUS_COEP && !strcmp(token, opener_policy_name(p)))
            return p;
    return COOP_UNSAFE_NONE;
}

static enum embedder_policy read_embedder(const char *value)
{
    char token[64];
    if (!item_token(value, token, sizeof token))
        return COEP_UNSAFE_NONE;
    return !strcmp(token, "require-corp")     ? COEP_REQUIRE_CORP
           : !strcmp(token, "credentialless") ? COEP_CREDENTIALLESS
                                              : COEP_UNSAFE_NONE;
}

static enum resource_policy read_resource(const char *value)
{
    return !strcmp(value, "same-origin")    ? CORP_SAME_ORIGIN
           : !strcmp(value, "same-site")    ? CORP_SAME_SITE
           : !strcmp(value, "cross-origin") ? CORP_CROSS_ORIGIN
                                            : CORP_NONE;
}

/* A header that is sent twice is one list; no item of these headers is one, so that it does not
 * parse. */
static const char *single(const struct header_list *l, const char *name)
{
    const char *found = NULL;
    for (size_t i = 0; i < l->count; i++) {
        if (strcasecmp(l->items[i].name, name))
            continue;
        if (found)
            return "";
        found = l->items[i].value;
    }
    return found ? found : "";
}

void policy_from_headers(const struct header_list *headers, bool secure, struct policy *out)
{
    *out = (struct policy){
        .resource = read_resource(single(headers, "Cross-Origin-Resource-Policy")),
        .cross_origin_shared = *single(headers, "Access-Control-Allow-Origin") != 0,
        .isolation_denied =
            strstr(single(headers, "Permissions-Policy"), "cross-origin-isolated=()") != NULL,
    };
    for (size_t i = 0; i < headers->count; i++)
        if (!strcasecmp(headers->items[i].name, "Content-Security-Policy"))
            out->sandbox |= csp_sandbox(headers->items[i].value);
    if (!secure)
        return;
    out->embedder = read_embedder(single(headers, "Cross-Origin-Embedder-Policy"));
    out->opener = read_opener(single(headers, "Cross-Origin-Opener-Policy"));
    if (out->opener == COOP_SAME_ORIGIN && embedder_policy_isolates(out->embedder))
        out->opener = COOP_SAME_ORIGIN_PLUS_COEP;
    out->origin_keyed = item_is_true(single(headers, "Origin-Agent-Cluster"));
}

struct policy policy_of_scenario(void)
{
    return (struct policy){.opener = COOP_SAME_ORIGIN_PLUS_COEP, .embedder = COEP_REQUIRE_CORP};
}

/* ---- comparisons ---- */

bool opener_policies_match(enum opener_policy a, const struct origin *a_origin,
                           enum opener_policy b, const struct origin *b_origin)
{
    if (a == COOP_UNSAFE_NONE && b == COOP_UNSAFE_NONE)
        return true;
    if (a == COOP_UNSAFE_NONE || b == COOP_UNSAFE_NONE)
        return false;
    return a == b && origin_same(a_origin, b_origin);
}

bool opener_policy_switches(bool initial_blank, enum opener_policy active,
                            const struct origin *active_origin, enum opener_policy response,
                            const struct origin *response_origin)
{
    if (initial_blank) {
        if (response == COOP_NOOPENER_ALLOW_POPUPS)
            return true;
        if ((active == COOP_SAME_ORIGIN_ALLOW_POPUPS || active == COOP_NOOPENER_ALLOW_POPUPS) &&
            response == COOP_UNSAFE_NONE)
            return false;
    }
    return !opener_policies_match(active, active_origin, response, response_origin);
}

bool resource_policy_allows(const struct policy *response, struct origin *origin,
                            struct origin *embedder, enum embedder_policy policy,
                            bool for_navigation)
{
    enum resource_policy p = response->resource;
    if (origin_same(origin, embedder) || (!for_navigation && response->cross_origin_shared))
        return true;
    if (for_navigation && policy == COEP_UNSAFE_NONE)
        return true;
    if (p == CORP_NONE) /* credentialless: loaded without credentials; a navigation is held to
                           require-corp */
        p = policy == COEP_REQUIRE_CORP || (policy == COEP_CREDENTIALLESS && for_navigation)
                ? CORP_SAME_ORIGIN
                : CORP_CROSS_ORIGIN;
    return p == CORP_CROSS_ORIGIN || (p == CORP_SAME_SITE && origin_same_site(origin, embedder));
}

const char *opener_policy_name(enum opener_policy p)
{
    static const char *const names[COOP_COUNT] = {"unsafe-none", "same-origin-allow-popups",
                                                  "same-origin", "same-origin-plus-COEP",
                                                  "noopener-allow-popups"};
    return names[p];
}

const char *embedder_policy_name(enum embedder_policy p)
{
    static const char *const names[] = {"unsafe-none", "require-corp", "credentialless"};
    return names[p];
}
