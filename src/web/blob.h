/* Blob URLs of a run. Any thread. */
#ifndef HEDDLE_WEB_BLOB_H
#define HEDDLE_WEB_BLOB_H

#include "base/status.h"

#include <stddef.h>

struct world;

/* The bytes behind "blob:https://scenario.test/<uuid>": malloc'd copies with a zero byte behind, STATUS_NOT_FOUND. */
status blob_url_lookup(struct world *w, const char *url, char **bytes, size_t *length, char **type);

#endif
