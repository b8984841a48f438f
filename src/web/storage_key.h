/* Storage keys (Storage standard, "obtain a storage key"): which realms have broadcast channels,
 * locks, caches, shared and service workers in common. With partitions (knob `partition_storage`,
 * on unless said otherwise) a frame shares only with what stands below a page of the same site.
 *
 * Threads: own, unless said otherwise. Texts are malloc'd. */
#ifndef HEDDLE_WEB_STORAGE_KEY_H
#define HEDDLE_WEB_STORAGE_KEY_H

#include <stdbool.h>

struct browsing_context;
struct origin;
struct realm;
struct web;

/* The key as a text that is equal for realms that share. A realm of an opaque origin shares with
 * nobody. */
char *storage_key_of(const struct realm *r);

/* True for an opaque origin: what is stored under a key is refused to it. */
bool storage_key_is_opaque(const struct realm *r);

/* The site of the page at the top of the realm's tab, or of its creator's. */
char *storage_top_site(const struct realm *r);

/* The same for what is shown in the context; NULL: it is the top itself. Any thread. */
char *storage_top_site_of(struct browsing_context *c);

/* The key of an environment of that origin below a page of that site (NULL = its own); NULL for an
 * opaque one. Any thread. */
char *storage_key_for(const struct web *web, struct origin *o, const char *top_site);

/* The same for what will be shown in the context (NULL = a new tab). Any thread. */
char *storage_key_in(const struct web *web, struct browsing_context *c, struct origin *o);

#endif
