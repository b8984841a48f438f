/* Storage keys (Storage standard, "obtain a storage key"): which realms have broadcast channels, locks and shared workers in common. */
#ifndef HEDDLE_WEB_STORAGE_KEY_H
#define HEDDLE_WEB_STORAGE_KEY_H

#include "web/realm.h"

/* The key as a text that is equal for realms that share, malloc'd. A realm of an opaque origin shares with nobody. */
char *storage_key_of(const struct realm *r);

/* True for an opaque origin: what is stored under a key is refused to it. */
bool storage_key_is_opaque(const struct realm *r);

#endif
