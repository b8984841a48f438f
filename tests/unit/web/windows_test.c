/* Origins, sites, policies and the choice of a window's agent, from the outside. */
#include "agent/world.h"
#include "web/browsing_context.h"
#include "web/policy.h"

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

/* ---- origins (shows R-OR-02, R-OR-05, R-OR-06, R-OR-10, R-OR-11, R-OR-12) ---- */

static bool same(const char *a, const char *b)
{
    struct origin *x = origin_of_url(a), *y = origin_of_url(b);
    bool result = origin_same(x, y);
    CU_ASSERT_EQUAL(result, origin_same(y, x));
    CU_ASSERT_EQUAL(result, origin_same_domain(x, y)); /* nobody has set a domain */
    origin_unref(x);
    origin_unref(y);
    return result;
}

static void test_same_origin(void)
{
    CU_ASSERT_TRUE(same("https://a.example/x", "https://a.example:443/y"));
    CU_ASSERT_FALSE(same("https://a.example", "http://a.example"));
    CU_ASSERT_FALSE(same("https://a.example", "https://b.a.example"));
    CU_ASSERT_FALSE(same("https://a.example", "https://a.example:8443"));
    CU_ASSERT_FALSE(same("data:,x", "data:,x"));
    CU_ASSERT_FALSE(same("about:blank", "about:blank"));
    CU_ASSERT_TRUE(same("blob:https://a.example/8c1a", "https://a.example"));
}

static void test_domains(void)
{
    struct origin *a = origin_of_url("https://a.site.example"),
                  *b = origin_of_url("https://b.site.example"),
                  *c = origin_of_url("https://a.site.example:81");
    CU_ASSERT_FALSE(origin_same_domain(a, b));
    a->domain = strdup("site.example");
    CU_ASSERT_FALSE(origin_same_domain(a, b)); /* one side only */
    CU_ASSERT_FALSE(origin_same_domain(a, c));
    b->domain = strdup("site.example");
    c->domain = strdup("site.example");
    CU_ASSERT_TRUE(origin_same_domain(a, b));
    CU_ASSERT_TRUE(origin_same_domain(a, c)); /* ports do not count then */
    CU_ASSERT_FALSE(origin_same(a, b));
    CU_ASSERT_TRUE(origin_may_relax_to(a, "a.site.example"));
    CU_ASSERT_TRUE(origin_may_relax_to(a, "site.example"));
    CU_ASSERT_FALSE(origin_may_relax_to(a, "example"));
    CU_ASSERT_FALSE(origin_may_relax_to(a, "ite.example"));
    CU_ASSERT_FALSE(origin_may_relax_to(a, "b.site.example"));
    CU_ASSERT_FALSE(origin_may_relax_to(a, ""));
    origin_unref(a);
    origin_unref(b);
    origin_unref(c);
}

static void assert_site(const char *url, const char *site)
{
    struct origin *o = origin_of_url(url);
    CU_ASSERT_STRING_EQUAL(origin_site(o), site);
    origin_unref(o);
}

static void test_sites(void)
{
    static const char *const extra[] = {"shared.example"};
    assert_site("https://www.app.example", "https://app.example");
    assert_site("https://a.b.co.uk:81", "https://b.co.uk");
    assert_site("https://co.uk", "https://co.uk");
    assert_site("http://localhost:8000", "http://localhost");
    assert_site("http://127.0.0.1", "http://127.0.0.1");
    assert_site("https://x.user.shared.example", "https://shared.example");
    origin_set_public_suffixes(extra, 1);
    assert_site("https://x.user.shared.example", "https://user.shared.example");
    assert_site("https://shared.example", "https://shared.example");
    origin_set_public_suffixes(NULL, 0);
    struct origin *a = origin_opaque(), *b = origin_opaque();
    CU_ASSERT_FALSE(origin_same_site(a, b));
    CU_ASSERT_TRUE(origin_same_site(a, a));
    origin_unref(a);
    origin_unref(b);
}

/* ---- policies ---- */

static struct policy parse(const char *name, const char *value, bool secure)
{
    struct header_list l = {0};
    struct policy p;
    header_list_append(&l, name, value);
    policy_from_headers(&l, secure, &p);
    header_list_release(&l);
    return p;
}

/* shows R-COEP-01, R-COOP-01, R-AG-13 */
static void test_policy_headers(void)
{
    static const char coep[] = "Cross-Origin-Embedder-Policy",
                      coop[] = "cross-origin-opener-policy", oac[] = "Origin-Agent-Cluster";
    CU_ASSERT_EQUAL(parse(coep, "require-corp", true).embedder, COEP_REQUIRE_CORP);
    CU_ASSERT_EQUAL(parse(coep, " credentialless; report-to=\"x\"", true).embedder,
                    COEP_CREDENTIALLESS);
    CU_ASSERT_EQUAL(parse(coep, "require-corp", false).embedder, COEP_UNSAFE_NONE);
    CU_ASSERT_EQUAL(parse(coep, "require-corp, require-corp", true).embedder, COEP_UNSAFE_NONE);
    CU_ASSERT_EQUAL(parse(coep, "\"require-corp\"", true).embedder, COEP_UNSAFE_NONE);
    CU_ASSERT_EQUAL(parse(coep, "require-corps", true).embedder, COEP_UNSAFE_NONE);
    CU_ASSERT_EQUAL(parse(coop, "same-origin", true).opener, COOP_SAME_ORIGIN);
    CU_ASSERT_EQUAL(parse(coop, "same-origin-allow-popups;a=?1", true).opener,
                    COOP_SAME_ORIGIN_ALLOW_POPUPS);
    CU_ASSERT_EQUAL(parse(coop, "noopener-allow-popups", true).opener, COOP_NOOPENER_ALLOW_POPUPS);
    CU_ASSERT_EQUAL(parse(coop, "same-origin-plus-COEP", true).opener, COOP_UNSAFE_NONE);
    CU_ASSERT_EQUAL(parse(coop, "same-origin same-origin", true).opener, COOP_UNSAFE_NONE);
    CU_ASSERT_EQUAL(parse(coop, "same-origin", false).opener, COOP_UNSAFE_NONE);
    CU_ASSERT_TRUE(parse(oac, "?1", true).origin_keyed);
    CU_ASSERT_TRUE(parse(oac, "?1; why=testing", true).origin_keyed);
    CU_ASSERT_FALSE(parse(oac, "?0", true).origin_keyed);
    CU_ASSERT_FALSE(parse(oac, "1", true).origin_keyed);
    CU_ASSERT_FALSE(parse(oac, "?1, ?1", true).origin_keyed);
    CU_ASSERT_FALSE(parse(oac, "?1", false).origin_keyed);
}

static void test_plus_coep(void)
{
    struct header_list l = {0};
    struct policy p;
    header_list_append(&l, "Cross-Origin-Opener-Policy", "same-origin");
    header_list_append(&l, "Cross-Origin-Embedder-Policy", "credentialless");
    policy_from_headers(&l, true, &p);
    CU_ASSERT_EQUAL(p.opener, COOP_SAME_ORIGIN_PLUS_COEP);
    header_list_append(&l, "Cross-Origin-Embedder-Policy", "credentialless"); /* twice is a list */
    policy_from_headers(&l, true, &p);
    CU_ASSERT_EQUAL(p.opener, COOP_SAME_ORIGIN);
    header_list_release(&l);
}

static void test_sandbox(void)
{
    CU_ASSERT_TRUE(sandbox_parse("") & SANDBOX_SCRIPTS);
    CU_ASSERT_TRUE(sandbox_parse("allow-scripts") & SANDBOX_ORIGIN);
    CU_ASSERT_FALSE(sandbox_parse("allow-scripts") & SANDBOX_SCRIPTS);
    CU_ASSERT_FALSE(sandbox_parse(" Allow-Same-Origin\tallow-popups ") &
                    (SANDBOX_ORIGIN | SANDBOX_AUXILIARY_NAVIGATION));
    CU_ASSERT_TRUE(sandbox_parse("allow-popups") & SANDBOX_PROPAGATES);
    struct policy p =
        parse("Content-Security-Policy", "default-src 'self'; sandbox allow-scripts", true);
    CU_ASSERT_TRUE(p.sandbox & SANDBOX_ORIGIN);
    CU_ASSERT_FALSE(p.sandbox & SANDBOX_SCRIPTS);
    CU_ASSERT_EQUAL(parse("Content-Security-Policy", "default-src 'self'", true).sandbox, 0);
}

/* The tables of section 1.7: K keeps the group, S switches, k keeps it for the same origin only.
 * shows R-COOP-02, R-COOP-03, R-COOP-04 */
static void assert_table(bool popup, const char *const rows[COOP_COUNT])
{
    struct origin *a = origin_of_url("https://a.example"), *b = origin_of_url("https://b.example");
    static const enum opener_policy order[] = {COOP_UNSAFE_NONE, COOP_SAME_ORIGIN_ALLOW_POPUPS,
                                               COOP_SAME_ORIGIN, COOP_SAME_ORIGIN_PLUS_COEP,
                                               COOP_NOOPENER_ALLOW_POPUPS};
    for (int i = 0; i < COOP_COUNT; i++)
        for (int k = 0; k < COOP_COUNT; k++) {
            char wanted = rows[i][k];
            CU_ASSERT_EQUAL(opener_policy_switches(popup, order[i], a, order[k], a), wanted == 'S');
            CU_ASSERT_EQUAL(opener_policy_switches(popup, order[i], a, order[k], b), wanted != 'K');
        }
    origin_unref(a);
    origin_unref(b);
}

static void test_opener_tables(void)
{
    static const char *const popups[] = {"KSSSS", "KkSSS", "SSkSS", "SSSkS", "KSSSS"};
    static const char *const navigations[] = {"KSSSS", "SkSSS", "SSkSS", "SSSkS", "SSSSk"};
    assert_table(true, popups);
    assert_table(false, navigations);
}

/* ---- obtaining a window agent (R-AG-11..18) ---- */

struct place_test {
    struct world *world;
    struct user_agent *user_agent;
    struct context_group *group;
    struct window_place places[8];
    size_t count;
};

static struct agent *obtain(struct place_test *t, const char *url, bool wants_key)
{
    struct origin *o = origin_of_url(url);
    struct window_place *p = &t->places[t->count++];
    CU_ASSERT_EQUAL_FATAL(
        window_place_obtain(t->user_agent, t->group, o, wants_key, "window", NULL, p), STATUS_OK);
    origin_unref(o);
    return p->agent;
}

static void place_begin(struct place_test *t, enum isolation_mode isolation)
{
    *t = (struct place_test){.world = world_create(CROWD_CLOCK_VIRTUAL, 1)};
    t->user_agent = user_agent_create(t->world);
    t->group = group_create(t->user_agent, isolation);
}

static void place_end(struct place_test *t)
{
    struct world_watch watch = {0};
    for (size_t i = 0; i < t->count; i++) {
        window_place_release(t->user_agent, &t->places[i]);
        agent_unref(t->places[i].agent);
    }
    world_run(t->world, 0, UINT64_C(10000000000), &watch);
    group_unref(t->group);
    user_agent_free(t->user_agent);
    world_free(t->world);
}

/* shows INV-03, R-AG-08, R-AG-12, R-AG-13, R-AG-15, R-CL-17 */
static void test_keys(void)
{
    struct place_test t;
    place_begin(&t, ISOLATION_NONE);
    struct agent *a = obtain(&t, "https://a.site.example", false);
    CU_ASSERT_PTR_EQUAL(obtain(&t, "https://b.site.example", false), a);
    CU_ASSERT_PTR_EQUAL(obtain(&t, "https://a.site.example", true),
                        a); /* it was keyed by site before */
    struct agent *c = obtain(&t, "https://c.site.example", true);
    CU_ASSERT_PTR_NOT_EQUAL(c, a);
    CU_ASSERT_TRUE(c->cluster->origin_keyed);
    CU_ASSERT_FALSE(a->cluster->origin_keyed);
    CU_ASSERT_PTR_EQUAL(obtain(&t, "https://c.site.example", false), c); /* and by origin */
    CU_ASSERT_PTR_NOT_EQUAL(obtain(&t, "http://a.site.example", false), a);
    CU_ASSERT_PTR_NOT_EQUAL(obtain(&t, "data:,x", false), obtain(&t, "data:,x", false));
    place_end(&t);
}

/* shows R-AG-11, R-AG-15, R-CL-18 */
static void test_isolated_keys(void)
{
    struct place_test t;
    place_begin(&t, ISOLATION_CONCRETE);
    struct agent *a = obtain(&t, "https://a.site.example", false);
    CU_ASSERT_PTR_NOT_EQUAL(obtain(&t, "https://b.site.example", false), a);
    CU_ASSERT_PTR_EQUAL(obtain(&t, "https://a.site.example", false), a);
    CU_ASSERT_TRUE(a->cluster->origin_keyed);
    CU_ASSERT_EQUAL(a->cluster->isolation, ISOLATION_CONCRETE);
    place_end(&t);
}

/* shows R-AG-17, R-AG-18 */
static void test_knob_and_reuse(void)
{
    struct place_test t;
    place_begin(&t, ISOLATION_NONE);
    t.user_agent->origin_keyed_by_default = true;
    struct agent *a = obtain(&t, "https://a.site.example", false);
    CU_ASSERT_PTR_NOT_EQUAL(obtain(&t, "https://b.site.example", false), a);
    window_place_release(t.user_agent, &t.places[0]);
    CU_ASSERT_PTR_NOT_EQUAL(obtain(&t, "https://a.site.example", false),
                            a); /* nobody can reach the old one */
    CU_ASSERT_TRUE(t.places[2].agent->cluster->origin_keyed);
    place_end(&t);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite origins = CU_add_suite("origins", NULL, NULL),
              policies = CU_add_suite("policies", NULL, NULL),
              agents = CU_add_suite("window agents", NULL, NULL);
    CU_add_test(origins, "same origin", test_same_origin);
    CU_add_test(origins, "document.domain", test_domains);
    CU_add_test(origins, "sites", test_sites);
    CU_add_test(policies, "headers", test_policy_headers);
    CU_add_test(policies, "same-origin plus COEP", test_plus_coep);
    CU_add_test(policies, "sandbox", test_sandbox);
    CU_add_test(policies, "opener policies", test_opener_tables);
    CU_add_test(agents, "keys", test_keys);
    CU_add_test(agents, "isolated groups", test_isolated_keys);
    CU_add_test(agents, "the knob, and a key used again", test_knob_and_reuse);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
