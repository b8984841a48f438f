/* The caches of a run, as several agents use them at once. */
#include "agent/world.h"
#include "web/cache_store.h"

#include <CUnit/Basic.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "https://a.test"
#define THREADS 4
#define ROUNDS 400

static void put(struct stored_cache *c, const char *url, const char *text)
{
    struct resource r = {
        .bytes = strdup(text), .length = strlen(text), .url = strdup(url), .status = 200};
    cache_put(c, url, NULL, &r);
    CU_ASSERT_PTR_NULL(r.bytes);
}

static bool keep_text(void *context, const char *url, const struct header_list *headers,
                      const struct resource *answer)
{
    (void)url;
    (void)headers;
    snprintf(context, 32, "%s", answer->bytes);
    return true;
}

static void test_names_and_holders(void)
{
    struct world *w = world_create(CROWD_CLOCK_VIRTUAL, 1);
    char text[32] = "";
    CU_ASSERT_PTR_NULL(cache_open(w, KEY, "v1", false));
    struct stored_cache *c = cache_open(w, KEY, "v1", true),
                        *other = cache_open(w, "https://b.test", "v1", true);
    put(c, "https://a.test/x#f", "one");
    put(c, "https://a.test/x", "two");
    struct cache_query q = {.url = "https://a.test/x#g"};
    cache_match(other, &q, keep_text, text);
    CU_ASSERT_STRING_EQUAL(text, "");
    cache_match(c, &q, keep_text, text);
    CU_ASSERT_STRING_EQUAL(text, "two");
    CU_ASSERT_TRUE(cache_delete(w, KEY, "v1") && !cache_delete(w, KEY, "v1"));
    CU_ASSERT_PTR_NULL(cache_open(w, KEY, "v1", false));
    cache_match(c, &q, keep_text, text); /* whoever has it open keeps it */
    CU_ASSERT_STRING_EQUAL(text, "two");
    CU_ASSERT_TRUE(cache_remove(c, &q) && !cache_remove(c, &q));
    cache_unref(c);
    cache_unref(other);
    world_run(w, 0, 0, &(struct world_watch){0});
    world_free(w);
}

struct worker {
    struct world *world;
    unsigned number;
    pthread_t thread;
};

static _Atomic unsigned wrong; /* relaxed: read when all have ended */

/* What is read under a URL is always a whole answer that somebody put there. */
static bool check_text(void *context, const char *url, const struct header_list *headers,
                       const struct resource *answer)
{
    (void)context;
    (void)url;
    (void)headers;
    if (strncmp(answer->bytes, "from ", 5) || strlen(answer->bytes) != answer->length)
        atomic_fetch_add_explicit(&wrong, 1, memory_order_relaxed);
    return true;
}

static void *work(void *argument)
{
    struct worker *me = argument;
    char url[64], text[32];
    snprintf(text, sizeof text, "from %u", me->number);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct stored_cache *c = cache_open(me->world, KEY, "shared", true);
        snprintf(url, sizeof url, "https://a.test/%u", i % 7);
        struct resource r = {
            .bytes = strdup(text), .length = strlen(text), .url = strdup(url), .status = 200};
        struct cache_query one = {.url = url}, all = {0};
        cache_put(c, url, NULL, &r);
        cache_match(c, &all, check_text, NULL);
        if (i % 5 == me->number)
            cache_remove(c, &one);
        if (i % 31 == 0)
            cache_delete(me->world, KEY, "shared");
        cache_unref(c);
    }
    return NULL;
}

static void test_many_threads(void)
{
    struct world *w = world_create(CROWD_CLOCK_VIRTUAL, 1);
    struct worker workers[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.world = w, .number = i};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    CU_ASSERT_EQUAL(atomic_load_explicit(&wrong, memory_order_relaxed), 0);
    world_run(w, 0, 0, &(struct world_watch){0});
    world_free(w);
}

int main(void)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 70;
    CU_pSuite suite = CU_add_suite("cache store", NULL, NULL);
    CU_add_test(suite, "names and holders", test_names_and_holders);
    CU_add_test(suite, "many threads", test_many_threads);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? 0 : 1;
}
