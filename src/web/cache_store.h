/* What the caches of a run hold (Service Workers, section 5), without JavaScript: per storage key
 * named caches, each a list of requests with their answers. Kept in memory; the bytes are copied in
 * and out.
 *
 * Ownership: the store is a part of the world; a cache is counted: one reference for its name, the
 * others for those who have it open. Threads: any. Blocking: a short lock. Lock order: the stores'
 * lock is a leaf; visitors run under it and must not touch the engine. */
#ifndef HEDDLE_WEB_CACHE_STORE_H
#define HEDDLE_WEB_CACHE_STORE_H

#include "web/resource.h"

struct world;
struct stored_cache;

/* What is looked for. Borrowed. */
struct cache_query {
    const char *url;                   /* NULL: everything */
    const struct header_list *headers; /* NULL = none */
    bool ignore_search, ignore_vary;   /* whoever asks has looked at the method */
};

/* The cache of that name, made if need be; NULL when it is not there. One reference. */
struct stored_cache *cache_open(struct world *w, const char *key, const char *name, bool create);
void cache_ref(struct stored_cache *c);
void cache_unref(struct stored_cache *c);

/* True when there was one of that name. Who has it open keeps it. */
bool cache_delete(struct world *w, const char *key, const char *name);

/* In the order of their making. */
void cache_names(struct world *w, const char *key, void (*visit)(void *context, const char *name),
                 void *context);

/* Every header that the answer's Vary names is the same in the request it was got with and in
 * another. */
bool cache_vary_alike(const struct resource *answer, const struct header_list *asked,
                      const struct header_list *query);

/* Replaces what matches the request and adds the answer behind the others; takes it. */
void cache_put(struct stored_cache *c, const char *url, const struct header_list *headers,
               struct resource *answer);

/* Visits what matches, in the order of putting, until a visitor returns false. */
void cache_match(struct stored_cache *c, const struct cache_query *q,
                 bool (*visit)(void *context, const char *url, const struct header_list *headers,
                               const struct resource *answer),
                 void *context);

/* True when something was removed. */
bool cache_remove(struct stored_cache *c, const struct cache_query *q);

#endif
