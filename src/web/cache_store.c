#include "web/cache_store.h"

#include "agent/world.h"
#include "base/assert.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char *url; /* without a fragment */
    struct header_list headers;
    struct resource answer;
};

/* The caches of a run. */
struct cache_store {
    struct world_part part;
    pthread_mutex_t lock;
    struct stored_cache *caches; /* lock; in the order of their making */
};

struct stored_cache {
    struct stored_cache *next; /* while it has its name */
    struct cache_store *store;
    char *key, *name;
    unsigned references;
    struct entry **entries;
    size_t count, capacity;
};

/* ---- caches by name ---- */

static struct stored_cache **find(struct cache_store *s, const char *key, const char *name)
{
    struct stored_cache **at = &s->caches;
    while (*at && (strcmp((*at)->key, key) || strcmp((*at)->name, name)))
        at = &(*at)->next;
    return at;
}

static void free_entry(struct entry *e)
{
    free(e->url);
    header_list_release(&e->headers);
    resource_release(&e->answer);
    free(e);
}

/* Under the lock. */
static void unref(struct stored_cache *c)
{
    if (--c->references)
        return;
    for (size_t i = 0; i < c->count; i++)
        free_entry(c->entries[i]);
    free(c->entries);
    free(c->key);
    free(c->name);
    free(c);
}

void cache_ref(struct stored_cache *c)
{
    pthread_mutex_lock(&c->store->lock);
    c->references++;
    pthread_mutex_unlock(&c->store->lock);
}

void cache_unref(struct stored_cache *c)
{
    struct cache_store *s = c->store;
    pthread_mutex_lock(&s->lock);
    unref(c);
    pthread_mutex_unlock(&s->lock);
}

static struct world_part *store_make(void)
{
    struct cache_store *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    pthread_mutex_init(&s->lock, NULL);
    return &s->part;
}

static void store_free(struct world_part *part)
{
    struct cache_store *s = caa_container_of(part, struct cache_store, part);
    while (s->caches) {
        struct stored_cache *c = s->caches;
        s->caches = c->next;
        unref(c);
    }
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static struct cache_store *store_of(struct world *w)
{
    static const struct world_part_kind kind = {store_make, store_free};
    struct world_part *part = world_part(w, &kind);
    hd_assert(part);
    return caa_container_of(part, struct cache_store, part);
}

struct stored_cache *cache_open(struct world *w, const char *key, const char *name, bool create)
{
    struct cache_store *s = store_of(w);
    pthread_mutex_lock(&s->lock);
    struct stored_cache **at = find(s, key, name);
    if (!*at && create) {
        struct stored_cache *c = calloc(1, sizeof *c);
        hd_assert(c);
        c->store = s;
        c->key = strdup(key);
        c->name = strdup(name);
        c->references = 1;
        *at = c;
    }
    struct stored_cache *found = *at;
    if (found)
        found->references++;
    pthread_mutex_unlock(&s->lock);
    return found;
}

bool cache_delete(struct world *w, const char *key, const char *name)
{
    struct cache_store *s = store_of(w);
    pthread_mutex_lock(&s->lock);
    struct stored_cache **at = find(s, key, name), *c = *at;
    if (c) {
        *at = c->next;
        unref(c);
    }
    pthread_mutex_unlock(&s->lock);
    return c != NULL;
}

void cache_names(struct world *w, const char *key, void (*visit)(void *context, const char *name),
                 void *context)
{
    struct cache_store *s = store_of(w);
    pthread_mutex_lock(&s->lock);
    for (const struct stored_cache *c = s->caches; c; c = c->next)
        if (!strcmp(c->key, key))
            visit(context, c->name);
    pthread_mutex_unlock(&s->lock);
}

/* ---- "request matches cached item" ---- */

static bool same_url(const char *a, const char *b, bool ignore_search)
{
    const char *ends = ignore_search ? "?#" : "#";
    size_t length = strcspn(a, ends);
    return length == strcspn(b, ends) && !strncmp(a, b, length);
}

static bool same_header(const struct header_list *a, const struct header_list *b, const char *name)
{
    buffer left = {0}, right = {0};
    bool in_a = a && header_list_get(a, name, &left), in_b = b && header_list_get(b, name, &right);
    bool same = in_a == in_b && !strcmp(buffer_text(&left), buffer_text(&right));
    buffer_release(&left);
    buffer_release(&right);
    return same;
}

bool cache_vary_alike(const struct resource *answer, const struct header_list *asked,
                      const struct header_list *query)
{
    char *vary = resource_header(answer, "Vary");
    bool alike = true;
    for (char *rest = vary, *name; alike && rest && (name = strtok_r(rest, ", \t", &rest));)
        alike = strcmp(name, "*") && same_header(asked, query, name);
    free(vary);
    return alike;
}

static bool matches(const struct entry *e, const struct cache_query *q)
{
    return !q->url || (same_url(e->url, q->url, q->ignore_search) &&
                       (q->ignore_vary || cache_vary_alike(&e->answer, &e->headers, q->headers)));
}

void cache_match(struct stored_cache *c, const struct cache_query *q,
                 bool (*visit)(void *context, const char *url, const struct header_list *headers,
                               const struct resource *answer),
                 void *context)
{
    pthread_mutex_lock(&c->store->lock);
    for (size_t i = 0; i < c->count; i++)
        if (matches(c->entries[i], q) &&
            !visit(context, c->entries[i]->url, &c->entries[i]->headers, &c->entries[i]->answer))
            break;
    pthread_mutex_unlock(&c->store->lock);
}

static bool remove_matching(struct stored_cache *c, const struct cache_query *q)
{
    size_t kept = 0, count = c->count;
    for (size_t i = 0; i < count; i++)
        if (matches(c->entries[i], q))
            free_entry(c->entries[i]);
        else
            c->entries[kept++] = c->entries[i];
    c->count = kept;
    return kept < count;
}

bool cache_remove(struct stored_cache *c, const struct cache_query *q)
{
    pthread_mutex_lock(&c->store->lock);
    bool removed = remove_matching(c, q);
    pthread_mutex_unlock(&c->store->lock);
    return removed;
}

void cache_put(struct stored_cache *c, const char *url, const struct header_list *headers,
               struct resource *answer)
{
    struct entry *e = calloc(1, sizeof *e);
    hd_assert(e);
    e->url = strndup(url, strcspn(url, "#"));
    hd_assert(e->url);
    if (headers)
        header_list_copy(&e->headers, headers);
    e->answer = *answer;
    *answer = (struct resource){0};
    struct cache_query q = {.url = e->url, .headers = headers};
    pthread_mutex_lock(&c->store->lock);
    remove_matching(c, &q);
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? c->capacity * 2 : 4;
        c->entries = realloc(c->entries, c->capacity * sizeof(struct entry *));
        hd_assert(c->entries);
    }
    c->entries[c->count++] = e;
    pthread_mutex_unlock(&c->store->lock);
}
