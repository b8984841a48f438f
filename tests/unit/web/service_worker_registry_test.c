/* Registrations, their workers and states, driven from outside: what the registry asks for is
 * written down, and answered by the test. */
#include "agent/world.h"
#include "base/buffer.h"
#include "web/resource.h"
#include "web/service_worker_inside.h"
#include "web/service_worker_registry.h"

#include "../support/broken.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "https://a.test"
#define SCOPE "https://a.test/app/"
#define SCRIPT "https://a.test/app/sw.js"

static struct world *world;
static buffer told; /* what was asked for and told since the last look */
static struct service_worker_job *job;
static struct service_worker *running; /* one reference */

static void assert_told(const char *expected, int line)
{
    bool equal = !strcmp(buffer_text(&told), expected);
    if (!equal)
        fprintf(stderr, "\n%s:%d: told: %s\nexpected: %s\n", __FILE__, line, buffer_text(&told),
                expected);
    CU_assertImplementation(equal, (unsigned)line, "told", __FILE__, "", CU_FALSE);
    buffer_clear(&told);
}
#define ASSERT_TOLD(expected) assert_told((expected), __LINE__)

static void fetch(struct service_worker_job *j)
{
    job = j;
    buffer_add(&told, "fetch ");
}

static void run(struct service_worker *w)
{
    if (running)
        buffer_add(&told, "and ");
    running = service_worker_ref(w);
    buffer_add(&told, "run ");
}

static void dispatch(struct service_worker *w, enum service_worker_lifecycle event)
{
    (void)w;
    buffer_add(&told, event == LIFECYCLE_INSTALL ? "install " : "activate ");
}

static void terminate(struct service_worker *w)
{
    (void)w;
    buffer_add(&told, "terminate ");
}

static void settled(void *holder, enum service_worker_outcome outcome,
                    struct service_worker_registration *r)
{
    static const char *const names[] = {"registration", "true", "false", "TypeError",
                                        "SecurityError"};
    (void)r;
    buffer_format(&told, "%s:%s ", (const char *)holder, names[outcome]);
}

static void state_changed(struct service_worker_client *c, struct service_worker *w,
                          enum service_worker_state s)
{
    (void)w;
    if (strcmp(service_worker_client_holder(c), "watch"))
        return;
    buffer_format(&told, "%s ", service_worker_state_name(s));
}

static void update_found(struct service_worker_client *c, struct service_worker_registration *r)
{
    (void)r;
    if (strcmp(service_worker_client_holder(c), "watch"))
        return;
    buffer_add(&told, "updatefound ");
}

static void controller_changed(struct service_worker_client *c)
{
    buffer_format(&told, "controller:%s ", (const char *)service_worker_client_holder(c));
}

static void ready(struct service_worker_client *c, struct service_worker_registration *r)
{
    (void)r;
    buffer_format(&told, "ready:%s ", (const char *)service_worker_client_holder(c));
}

static void slots_changed(struct service_worker_client *c, struct service_worker_registration *r)
{
    CU_ASSERT_TRUE(c && r);
}

static void settled_down(struct service_worker *w)
{
    CU_ASSERT_TRUE(service_worker_state_now(w) >= SERVICE_WORKER_ACTIVATED);
}

static void handle_fetch(struct service_worker *w, struct handled_fetch *h)
{
    CU_ASSERT_TRUE(w && h);
}

static void client_found(void *holder, struct service_worker_client *c, bool elsewhere)
{
    buffer_format(&told, "%s:%s ", (const char *)holder,
                  c           ? (const char *)service_worker_client_holder(c)
                  : elsewhere ? "elsewhere"
                              : "nobody");
}

static void *made(struct service_worker *w)
{
    return w;
}

static void forgotten(void *host)
{
    CU_ASSERT_PTR_NOT_NULL(host);
}

static const struct service_worker_calls calls = {
    .fetch = fetch,
    .run = run,
    .dispatch = dispatch,
    .terminate = terminate,
    .settled = settled,
    .state_changed = state_changed,
    .slots_changed = slots_changed,
    .update_found = update_found,
    .made = made,
    .forgotten = forgotten,
    .controller_changed = controller_changed,
    .ready = ready,
    .settled_down = settled_down,
    .handle_fetch = handle_fetch,
    .client_found = client_found,
};
static const struct policy no_policy;

static struct service_worker_client *watch; /* outside of every scope: hears what all hear */

static void begin(void)
{
    world = world_create(CROWD_CLOCK_VIRTUAL, 1);
    service_workers_use(world, &calls);
    watch = service_worker_client_new(world, KEY, "https://a.test/elsewhere", "watch");
    buffer_clear(&told);
}

static void end(void)
{
    service_worker_client_gone(watch);
    world_run(world, 0, 0, &(struct world_watch){0});
    world_free(world);
    buffer_release(&told);
}

static void ask(const char *holder, const char *scope, const char *script)
{
    struct service_worker_request q = {
        .storage_key = KEY, .scope = scope, .script_url = script, .holder = (void *)holder};
    service_worker_register(world, &q);
}

static struct service_worker *take_running(void)
{
    struct service_worker *w = running;
    running = NULL;
    return w;
}

/* Brings a worker with that script to its install event. */
static struct service_worker *bring_up(const char *script)
{
    service_worker_fetched(job, script, strlen(script), NULL, &no_policy);
    struct service_worker *w = take_running();
    service_worker_evaluated(w, true, true);
    return w;
}

/* shows R-SV-03, R-SV-04, R-SV-05, R-SV-07 */
static void test_first_worker(void)
{
    begin();
    struct service_worker_client *page =
        service_worker_client_new(world, KEY, SCOPE "page", "page");
    ask("one", SCOPE, SCRIPT);
    ASSERT_TOLD("fetch ");
    struct service_worker *w = bring_up("v1");
    ASSERT_TOLD("run installing one:registration updatefound install ");
    service_worker_event_ended(w, LIFECYCLE_INSTALL, true);
    ASSERT_TOLD("installed activating ready:page activate ");
    CU_ASSERT_PTR_NULL(
        service_worker_controller(page)); /* loaded before: not controlled (R-SV-09) */
    service_worker_event_ended(w, LIFECYCLE_ACTIVATE, false); /* shows trap 12 */
    ASSERT_TOLD("activated ");
    struct service_worker_client *later = service_worker_client_new(world, KEY, SCOPE "x", "later");
    struct service_worker *controller = service_worker_controller(later);
    CU_ASSERT_PTR_EQUAL(controller, w);
    service_worker_unref(controller);
    CU_ASSERT_TRUE(service_worker_claim_clients(w));
    ASSERT_TOLD("controller:page ");
    ask("again", SCOPE, SCRIPT);
    ASSERT_TOLD("again:registration ");
    service_worker_client_gone(page);
    service_worker_client_gone(later);
    service_worker_unref(w);
    end();
}

/* shows INV-12, R-SV-06, R-SV-09 */
static void test_waiting(void)
{
    begin();
    ask("one", SCOPE, SCRIPT);
    struct service_worker *first = bring_up("v1");
    service_worker_event_ended(first, LIFECYCLE_INSTALL, true);
    service_worker_event_ended(first, LIFECYCLE_ACTIVATE, true);
    struct service_worker_client *page = service_worker_client_new(world, KEY, SCOPE, "page");
    buffer_clear(&told);
    struct service_worker_request q = {.storage_key = KEY, .scope = SCOPE, .holder = "update"};
    service_worker_update(world, &q);
    service_worker_fetched(job, "v1", 2, NULL, &no_policy);
    ASSERT_TOLD("fetch update:registration "); /* the same bytes: no new worker */
    service_worker_update(world, &q);
    struct service_worker *second = bring_up("v2");
    service_worker_event_ended(second, LIFECYCLE_INSTALL, true);
    ASSERT_TOLD(
        "fetch run installing update:registration updatefound install installed "); /* the page
                                                                                       keeps the old
                                                                                       one */
    service_worker_update(world, &q);
    struct service_worker *third = bring_up("v3");
    service_worker_event_ended(third, LIFECYCLE_INSTALL, true);
    ASSERT_TOLD("fetch run installing update:registration updatefound install terminate redundant "
                "installed ");
    service_worker_event_began(first);
    service_worker_skip_waiting(third);
    ASSERT_TOLD(""); /* the active one has an event */
    service_worker_event_finished(first);
    ASSERT_TOLD("terminate redundant activating ready:page controller:page activate ");
    CU_ASSERT_FALSE(service_worker_claim_clients(first));
    service_worker_client_gone(page);
    service_worker_unref(first);
    service_worker_unref(second);
    service_worker_unref(third);
    end();
}

static void test_last_client_leaves(void)
{
    begin();
    ask("one", SCOPE, SCRIPT);
    struct service_worker *first = bring_up("v1");
    service_worker_event_ended(first, LIFECYCLE_INSTALL, true);
    service_worker_event_ended(first, LIFECYCLE_ACTIVATE, true);
    struct service_worker_client *page = service_worker_client_new(world, KEY, SCOPE, "page");
    ask("two", SCOPE, "https://a.test/app/other.js");
    struct service_worker *second = bring_up("v1");
    service_worker_event_ended(second, LIFECYCLE_INSTALL, true);
    buffer_clear(&told);
    service_worker_client_gone(page);
    ASSERT_TOLD("terminate redundant activating activate ");
    service_worker_unref(first);
    service_worker_unref(second);
    end();
}

/* shows R-SV-02, R-SV-04, R-SV-05 */
static void test_failures(void)
{
    begin();
    ask("one", SCOPE, SCRIPT);
    ask("same", SCOPE, SCRIPT);
    ask("other", SCOPE, "https://a.test/app/other.js");
    ask("elsewhere", "https://a.test/app/below/", SCRIPT);
    ASSERT_TOLD("fetch fetch ");
    service_worker_fetch_failed(job, OUTCOME_TYPE_ERROR); /* of the other scope */
    ASSERT_TOLD("elsewhere:TypeError ");
    end();
    begin();
    ask("one", SCOPE, SCRIPT);
    struct service_worker_job *first = job;
    ask("same", SCOPE, SCRIPT);
    ask("other", SCOPE, "https://a.test/app/other.js");
    service_worker_fetch_failed(first, OUTCOME_TYPE_ERROR);
    ASSERT_TOLD("fetch one:TypeError same:TypeError fetch "); /* the next job begins */
    service_worker_fetched(job, "throw", 5, NULL, &no_policy);
    struct service_worker *w = take_running();
    service_worker_evaluated(w, false, true);
    ASSERT_TOLD("run terminate other:TypeError ");
    CU_ASSERT_PTR_NULL(service_worker_match(world, KEY, SCOPE));
    service_worker_unref(w);
    ask("three", SCOPE, SCRIPT);
    w = bring_up("v1");
    service_worker_event_ended(w, LIFECYCLE_INSTALL, false);
    ASSERT_TOLD("fetch run installing three:registration updatefound install terminate redundant ");
    CU_ASSERT_PTR_NULL(service_worker_match(world, KEY, SCOPE));
    service_worker_unref(w);
    ask("wide", "https://a.test/", SCRIPT);
    service_worker_fetched(job, "v1", 2, NULL, &no_policy);
    ASSERT_TOLD("fetch wide:SecurityError ");
    ask("wide", "https://a.test/", SCRIPT);
    service_worker_fetched(job, "v1", 2, "/", &no_policy);
    ASSERT_TOLD("fetch run ");
    service_worker_unref(take_running());
    end();
}

/* shows R-SV-17 */
static void test_unregister(void)
{
    begin();
    struct service_worker_request q = {.storage_key = KEY, .scope = SCOPE, .holder = "gone"};
    service_worker_unregister(world, &q);
    ASSERT_TOLD("gone:false ");
    ask("one", SCOPE, SCRIPT);
    struct service_worker *w = bring_up("v1");
    service_worker_event_ended(w, LIFECYCLE_INSTALL, true);
    service_worker_event_ended(w, LIFECYCLE_ACTIVATE, true);
    struct service_worker_client *page = service_worker_client_new(world, KEY, SCOPE, "page");
    buffer_clear(&told);
    service_worker_unregister(world, &q);
    ASSERT_TOLD("gone:true "); /* the page keeps its worker */
    CU_ASSERT_PTR_NULL(service_worker_match(world, KEY, SCOPE));
    service_worker_client_gone(page);
    ASSERT_TOLD("terminate redundant ");
    service_worker_unref(w);
    end();
}

static void assert_scope(const char *script, const char *scope, bool secure, const char *expected,
                         int line)
{
    enum service_worker_outcome error = OUTCOME_TRUE;
    char *url = service_worker_script_url("https://a.test/dir/page", script, "https://a.test",
                                          secure, &error);
    char *own = url ? service_worker_scope_url("https://a.test/dir/page", url, scope,
                                               "https://a.test", &error)
                    : NULL;
    const char *got = own ? own : error == OUTCOME_TYPE_ERROR ? "TypeError" : "SecurityError";
    if (strcmp(got, expected))
        fprintf(stderr, "\n%s:%d: got %s\nexpected %s\n", __FILE__, line, got, expected);
    CU_assertImplementation(!strcmp(got, expected), (unsigned)line, "scope", __FILE__, "",
                            CU_FALSE);
    free(url);
    free(own);
}
#define ASSERT_SCOPE(script, scope, secure, expected)                                              \
    assert_scope((script), (scope), (secure), (expected), __LINE__)

/* shows R-SV-01 */
static void test_scopes(void)
{
    ASSERT_SCOPE("sw.js#x", NULL, true, "https://a.test/dir/");
    ASSERT_SCOPE("/sw.js?v", "deep/#f", true, "https://a.test/dir/deep/");
    ASSERT_SCOPE("sw.js", NULL, false, "SecurityError");
    ASSERT_SCOPE("https://b.test/sw.js", NULL, true, "SecurityError");
    ASSERT_SCOPE("sw.js", "https://b.test/", true, "SecurityError");
    ASSERT_SCOPE("data:text/javascript,0", NULL, true, "TypeError");
    ASSERT_SCOPE("a%2Fsw.js", NULL, true, "TypeError");
    ASSERT_SCOPE("sw.js", "x%5c", true, "TypeError");
    CU_ASSERT_TRUE(service_worker_may_control(SCRIPT, SCOPE "x", NULL));
    CU_ASSERT_FALSE(service_worker_may_control(SCRIPT, "https://a.test/", NULL));
    CU_ASSERT_TRUE(service_worker_may_control(SCRIPT, "https://a.test/", "/"));
    CU_ASSERT_FALSE(service_worker_may_control(SCRIPT, SCOPE, "https://b.test/"));
    begin();
    ask("one", "https://a.test/app/deep/", SCRIPT);
    struct service_worker *deep = bring_up("v1");
    service_worker_event_ended(deep, LIFECYCLE_INSTALL, true);
    ask("two", SCOPE, SCRIPT);
    struct service_worker *wide = bring_up("v1");
    service_worker_event_ended(wide, LIFECYCLE_INSTALL, true);
    static const struct {
        const char *url, *scope;
    } matches[] = {
        {SCOPE "deep/x", SCOPE "deep/"}, {SCOPE "deep", SCOPE}, {"https://a.test/appx", NULL}};
    for (size_t i = 0; i < 3; i++) {
        struct service_worker_registration *r = service_worker_match(world, KEY, matches[i].url);
        CU_ASSERT_EQUAL(r == NULL, matches[i].scope == NULL);
        if (r) {
            CU_ASSERT_STRING_EQUAL(service_worker_scope(r), matches[i].scope);
            service_worker_registration_unref(r);
        }
    }
    CU_ASSERT_PTR_NULL(service_worker_match(world, "https://b.test", SCOPE));
    service_worker_unref(deep);
    service_worker_unref(wide);
    end();
}

static char *id_of(const struct service_worker_client *c)
{
    static char id[SERVICE_WORKER_CLIENT_ID_SIZE];
    service_worker_client_id(c, id);
    return id;
}

/* shows R-SV-10, R-SV-16 */
static void test_reserved_clients(void)
{
    begin();
    ask("one", SCOPE, SCRIPT);
    struct service_worker *w = bring_up("v1");
    struct service_worker_client *early = service_worker_client_reserve(world);
    CU_ASSERT_PTR_NULL(service_worker_for_reserved(early, KEY, SCOPE "page"));
    service_worker_event_ended(w, LIFECYCLE_INSTALL, true);
    service_worker_event_ended(w, LIFECYCLE_ACTIVATE, true);
    struct service_worker_client *page = service_worker_client_reserve(world),
                                 *blank = service_worker_client_reserve(world),
                                 *lost = service_worker_client_reserve(world);
    struct service_worker *asked = service_worker_for_reserved(page, KEY, SCOPE "page");
    CU_ASSERT_PTR_EQUAL(asked, w);
    service_worker_unref(asked);
    service_worker_client_inherit(blank, page);
    buffer_clear(&told);
    service_worker_client_await(world, KEY, id_of(page), "page");
    service_worker_client_await(world, "https://b.test", id_of(page), "stranger");
    service_worker_client_await(world, KEY, id_of(lost), "lost");
    service_worker_client_await(world, KEY, "no id", "nobody");
    ASSERT_TOLD("nobody:nobody "); /* the others are on their way */
    struct service_worker_client_options o = {
        .storage_key = KEY, .url = SCOPE "page", .holder = (void *)"the page"};
    service_worker_client_enter(page, &o);
    ASSERT_TOLD("page:the page stranger:elsewhere ");
    service_worker_client_gone(lost);
    ASSERT_TOLD("lost:nobody ");
    o = (struct service_worker_client_options){
        .storage_key = KEY, .url = SCOPE "early", .holder = (void *)"early"};
    service_worker_client_enter(early, &o);
    CU_ASSERT_PTR_NULL(service_worker_controller(early)); /* asked before there was one */
    struct service_worker *inherited = service_worker_controller(blank);
    CU_ASSERT_PTR_EQUAL(inherited, w);
    service_worker_unref(inherited);
    struct service_worker_client *initial =
        service_worker_client_new(world, KEY, "about:blank", "initial");
    char before[SERVICE_WORKER_CLIENT_ID_SIZE];
    service_worker_client_id(initial, before);
    service_worker_client_become(initial, blank, SCOPE "late"); /* takes the other one */
    CU_ASSERT_STRING_EQUAL(id_of(initial), before);
    inherited = service_worker_controller(initial);
    CU_ASSERT_PTR_EQUAL(inherited, w);
    service_worker_unref(inherited);
    service_worker_client_gone(early);
    service_worker_client_gone(page);
    service_worker_client_gone(initial);
    service_worker_unref(w);
    end();
}

/* shows R-SV-18 */
static void test_shut_down(void)
{
    begin();
    ask("one", SCOPE, SCRIPT);
    struct service_worker *first = bring_up("v1");
    service_worker_event_ended(first, LIFECYCLE_INSTALL, true);
    service_worker_event_ended(first, LIFECYCLE_ACTIVATE, true);
    struct service_worker_client *page = service_worker_client_new(world, KEY, SCOPE, "page");
    ask("two", SCOPE, "https://a.test/app/second.js");
    struct service_worker *second = bring_up("v2");
    service_worker_event_ended(second, LIFECYCLE_INSTALL, true);
    ask("three", SCOPE, "https://a.test/app/third.js");
    struct service_worker *third = bring_up("v3");
    buffer_clear(&told);
    service_workers_shut_down(world);
    ASSERT_TOLD("terminate terminate terminate "); /* nobody is left who could hear more */
    CU_ASSERT_EQUAL(service_worker_state_now(first), SERVICE_WORKER_REDUNDANT);
    CU_ASSERT_EQUAL(service_worker_state_now(second), SERVICE_WORKER_ACTIVATED);
    CU_ASSERT_EQUAL(service_worker_state_now(third), SERVICE_WORKER_REDUNDANT);
    service_worker_event_ended(third, LIFECYCLE_INSTALL, false);
    ask("four", SCOPE, "https://a.test/app/fourth.js");
    ASSERT_TOLD("fetch "); /* the scope's jobs go on */
    service_worker_client_gone(page);
    service_worker_unref(first);
    service_worker_unref(second);
    service_worker_unref(third);
    end();
}

static struct resource script_of(const char *text)
{
    return (struct resource){.bytes = (char *)text, .length = strlen(text)};
}

/* shows R-SV-04: what a worker imports counts, too */
static void test_imports(void)
{
    begin();
    ask("one", SCOPE, SCRIPT);
    service_worker_fetched(job, "v1", 2, NULL, &no_policy);
    struct service_worker *first = take_running();
    struct resource out = {0}, lib = script_of("lib 1"), other = script_of("lib 2");
    CU_ASSERT_EQUAL(service_worker_find_import(first, "lib.js", &out), IMPORT_MAY_BE_FETCHED);
    service_worker_store_import(first, "lib.js", &lib);
    service_worker_evaluated(first, true, true);
    service_worker_event_ended(first, LIFECYCLE_INSTALL, true);
    service_worker_event_ended(first, LIFECYCLE_ACTIVATE, true);
    CU_ASSERT_EQUAL(service_worker_find_import(first, "late.js", &out), IMPORT_TOO_LATE);
    CU_ASSERT_EQUAL(service_worker_find_import(first, "lib.js", &out), IMPORT_STORED);
    CU_ASSERT_STRING_EQUAL(out.bytes, "lib 1");
    resource_release(&out);
    struct service_worker_request q = {.storage_key = KEY, .scope = SCOPE, .holder = "update"};
    const struct resource *answers[] = {&lib, &other};
    for (int i = 0; i < 2; i++) {
        buffer_clear(&told);
        service_worker_update(world, &q);
        char *url = service_worker_job_next_import(job, "v1", 2);
        CU_ASSERT_STRING_EQUAL(url, "lib.js");
        free(url);
        service_worker_import_fetched(job, "lib.js", answers[i]);
        CU_ASSERT_PTR_NULL(service_worker_job_next_import(job, "v1", 2));
        service_worker_fetched(job, "v1", 2, NULL, &no_policy);
        ASSERT_TOLD(i ? "fetch run " : "fetch update:registration ");
    }
    struct service_worker *second = take_running();
    CU_ASSERT_EQUAL(service_worker_find_import(second, "lib.js", &out), IMPORT_STORED);
    CU_ASSERT_STRING_EQUAL(out.bytes, "lib 2"); /* what was fetched to compare is what runs */
    resource_release(&out);
    service_worker_unref(first);
    service_worker_unref(second);
    end();
}

/* ---- the invariant broken (shows INV-12) ---- */

static void go_back(void)
{
    begin();
    ask("first", SCOPE, SCRIPT);
    struct service_worker *w = bring_up(SCRIPT);
    registry_enter(w->registration->registry);
    worker_set_state(w, SERVICE_WORKER_PARSED);
}

/* A second one gets to where one is being installed. */
static void install_two(void)
{
    begin();
    ask("first", SCOPE, SCRIPT);
    service_worker_fetched(job, SCRIPT, strlen(SCRIPT), NULL, &no_policy);
    struct service_worker *w = take_running();
    w->registration->slots[SLOT_INSTALLING] = w;
    service_worker_evaluated(w, true, true);
}

static void test_broken(void)
{
    CU_ASSERT(breaks(go_back, "R-SV-05"));
    CU_ASSERT(breaks(install_two, "R-SV-05"));
}

int main(void)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 70;
    CU_pSuite suite = CU_add_suite("service worker registry", NULL, NULL);
    CU_add_test(suite, "the first worker of a scope", test_first_worker);
    CU_add_test(suite, "waiting, updates, skipWaiting", test_waiting);
    CU_add_test(suite, "the last client leaves", test_last_client_leaves);
    CU_add_test(suite, "jobs and failures", test_failures);
    CU_add_test(suite, "unregister", test_unregister);
    CU_add_test(suite, "scopes", test_scopes);
    CU_add_test(suite, "clients on their way", test_reserved_clients);
    CU_add_test(suite, "imported scripts", test_imports);
    CU_add_test(suite, "the invariant broken", test_broken);
    CU_add_test(suite, "the browser ends", test_shut_down);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? 0 : 1;
}
