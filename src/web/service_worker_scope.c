/* Which scripts may be registered for which scopes (Service Workers, "register(scriptURL,
 * options)", "Start Register", "Update"; R-SV-01). */
#include "web/service_worker_registry.h"
#include "web/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The path has an escaped slash or backslash: scopes compare as texts, so that nothing may hide in
 * them. */
static bool hides_slashes(const char *path)
{
    for (const char *at = path; (at = strchr(at, '%')); at++)
        if (!strncasecmp(at, "%2f", 3) || !strncasecmp(at, "%5c", 3))
            return true;
    return false;
}

/* `text` against `base`, without fragment, http(s) and of that origin; malloc'd, NULL with *error.
 */
static char *own_url(const char *base, const char *text, const char *origin,
                     enum service_worker_outcome *error)
{
    struct url b, u;
    char *result = NULL;
    *error = OUTCOME_TYPE_ERROR;
    if (!url_parse(base, strlen(base), NULL, &b))
        return NULL;
    if (url_parse(text, strlen(text), &b, &u)) {
        buffer serialized = {0}, own = {0};
        url_serialize(&u, true, &serialized);
        url_serialize_origin(&u, &own);
        bool http =
            !strcmp(buffer_text(&u.scheme), "http") || !strcmp(buffer_text(&u.scheme), "https");
        if (http && !hides_slashes(buffer_text(&u.path))) {
            *error = OUTCOME_SECURITY_ERROR;
            if (!strcmp(buffer_text(&own), origin))
                result = strdup(serialized.text);
        }
        buffer_release(&serialized);
        buffer_release(&own);
        url_release(&u);
    }
    url_release(&b);
    return result;
}

char *service_worker_script_url(const char *base, const char *script, const char *origin,
                                bool secure, enum service_worker_outcome *error)
{
    char *url = own_url(base, script, origin, error);
    if (url && !secure) {
        *error = OUTCOME_SECURITY_ERROR;
        free(url);
        return NULL;
    }
    return url;
}

char *service_worker_scope_url(const char *base, const char *script_url, const char *scope,
                               const char *origin, enum service_worker_outcome *error)
{
    return scope ? own_url(base, scope, origin, error) : own_url(script_url, "./", origin, error);
}

/* The length of "https://host" of a serialized URL. */
static size_t origin_length(const char *url)
{
    const char *host = strstr(url, "://");
    return host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/") : 0;
}

bool service_worker_may_control(const char *script_url, const char *scope, const char *allowed)
{
    char *widest = url_resolve(script_url, allowed ? allowed : "./");
    if (!widest)
        return false;
    size_t origin = origin_length(script_url), length = strcspn(widest, "?#");
    bool own = length >= origin &&
               !strncmp(widest, script_url, origin); /* another origin allows nothing */
    bool below = own && !strncmp(scope, widest, length);
    free(widest);
    return below;
}
