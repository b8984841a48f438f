/* What response headers say about a document or a worker: opener and embedder policies, keying,
 * resource policy, sandbox (HTML 7.1.3, 7.1.4, 7.1.2, 7.1.5; Fetch "CORP"; R-COOP-01, R-COEP-01,
 * R-AG-13).
 *
 * Plain values. Threads: any. */
#ifndef HEDDLE_WEB_POLICY_H
#define HEDDLE_WEB_POLICY_H

#include "web/header_list.h"
#include "web/origin.h"

enum opener_policy {
    COOP_UNSAFE_NONE,
    COOP_SAME_ORIGIN_ALLOW_POPUPS,
    COOP_SAME_ORIGIN,
    COOP_SAME_ORIGIN_PLUS_COEP, /* `same-origin` whose response has an embedder policy compatible
                                   with isolation */
    COOP_NOOPENER_ALLOW_POPUPS,
    COOP_COUNT
};

enum embedder_policy { COEP_UNSAFE_NONE, COEP_REQUIRE_CORP, COEP_CREDENTIALLESS };

enum resource_policy { CORP_NONE, CORP_SAME_ORIGIN, CORP_SAME_SITE, CORP_CROSS_ORIGIN };

/* HTML "sandboxing flag set": what is forbidden. */
enum sandbox_flag {
    SANDBOX_NAVIGATION = 1 << 0,
    SANDBOX_AUXILIARY_NAVIGATION = 1 << 1, /* allow-popups */
    SANDBOX_TOP_NAVIGATION = 1 << 2,       /* allow-top-navigation */
    SANDBOX_ORIGIN = 1 << 3,               /* allow-same-origin */
    SANDBOX_SCRIPTS = 1 << 4,              /* allow-scripts */
    SANDBOX_DOMAIN = 1 << 5,
    SANDBOX_PROPAGATES = 1 << 6, /* allow-popups-to-escape-sandbox */
    SANDBOX_MODALS = 1 << 7,     /* allow-modals */
    SANDBOX_FORMS = 1 << 8,
};

struct policy {
    enum opener_policy opener;
    enum embedder_policy embedder;
    enum resource_policy resource;
    bool origin_keyed;        /* Origin-Agent-Cluster: ?1 */
    bool isolation_denied;    /* Permissions-Policy: cross-origin-isolated=() */
    bool cross_origin_shared; /* Access-Control-Allow-Origin names anyone: usable by CORS */
    unsigned sandbox;         /* Content-Security-Policy: sandbox; 0 = none */
};

/* Headers that cannot be parsed, or do not count in a context that is not secure, leave the
 * default: they fail open (R-COEP-01). */
void policy_from_headers(const struct header_list *headers, bool secure, struct policy *out);

/* What a program without declared origins is sent with. */
struct policy policy_of_scenario(void);

/* HTML "parse a sandboxing directive": the flags that the tokens leave set. */
unsigned sandbox_parse(const char *tokens);

static inline bool embedder_policy_isolates(enum embedder_policy p)
{
    return p != COEP_UNSAFE_NONE;
}

/* R-COOP-02. */
bool opener_policies_match(enum opener_policy a, const struct origin *a_origin,
                           enum opener_policy b, const struct origin *b_origin);

/* R-COOP-03, R-COOP-04: whether a top-level navigation from the active document to the response
 * needs another browsing context group. */
bool opener_policy_switches(bool initial_blank, enum opener_policy active,
                            const struct origin *active_origin, enum opener_policy response,
                            const struct origin *response_origin);

/* Fetch "cross-origin resource policy check" (R-COEP-04): whether a response of `origin` may be
 * used by `embedder`. */
bool resource_policy_allows(const struct policy *response, struct origin *origin,
                            struct origin *embedder, enum embedder_policy policy,
                            bool for_navigation);

const char *opener_policy_name(enum opener_policy p);
const char *embedder_policy_name(enum embedder_policy p);

#endif
