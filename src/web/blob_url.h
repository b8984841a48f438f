/* The store of blob URLs and the counted bytes behind them; names no engine type. See blob.h. */
#ifndef HEDDLE_WEB_BLOB_URL_H
#define HEDDLE_WEB_BLOB_URL_H

#include "web/blob.h"

#include <stdatomic.h>

struct blob_bytes {
    _Atomic unsigned references; /* relaxed up, acq_rel down: the last one frees */
    size_t length;
    char bytes[];
};

/* One reference; the bytes are copied. */
struct blob_bytes *blob_bytes_new(const char *bytes, size_t length);
struct blob_bytes *blob_bytes_ref(struct blob_bytes *b);
void blob_bytes_unref(struct blob_bytes *b);

/* Registers `length` bytes from `offset` under `url`, for as long as `owner` lives. */
void blob_url_add(struct world *w, const void *owner, const char *url, struct blob_bytes *b,
                  size_t offset, size_t length, const char *type);

#endif
