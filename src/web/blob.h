/* Blobs (File API) and the blob URLs of a run.
 *
 * Ownership: the bytes of a Blob are constant and counted; a blob URL holds them until it is
 * revoked or the realm that made it ends. Threads: the URL store may be asked by any; the rest is a
 * realm's own. Blocking: a short lock. Lock order: the store's lock is a leaf. */
#ifndef HEDDLE_WEB_BLOB_H
#define HEDDLE_WEB_BLOB_H

#include "base/status.h"

#include <stddef.h>

struct world;
struct realm;

/* The bytes behind "blob:https://scenario.test/<uuid>": malloc'd copies with a zero byte behind,
 * STATUS_NOT_FOUND. */
status blob_url_lookup(struct world *w, const char *url, char **bytes, size_t *length, char **type);

/* A URL that is none is nobody's concern. */
void blob_url_revoke(struct world *w, const char *url);

/* The realm ends: its blob URLs with it. */
void blob_urls_release(struct realm *r);

#endif
