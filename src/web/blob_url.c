#include "web/blob_url.h"

#include "base/assert.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct blob_bytes *blob_bytes_new(const char *bytes, size_t length)
{
    struct blob_bytes *b = malloc(sizeof *b + length);
    hd_assert(b);
    atomic_init(&b->references, 1);
    b->length = length;
    if (length)
        memcpy(b->bytes, bytes, length);
    return b;
}

struct blob_bytes *blob_bytes_ref(struct blob_bytes *b)
{
    atomic_fetch_add_explicit(&b->references, 1, memory_order_relaxed);
    return b;
}

void blob_bytes_unref(struct blob_bytes *b)
{
    /* acq_rel: pairs with the other holders' decrements, so that their reads are over */
    if (atomic_fetch_sub_explicit(&b->references, 1, memory_order_acq_rel) == 1)
        free(b);
}

struct entry {
    struct entry *next;
    struct world *world;
    const void *owner;
    struct blob_bytes *bytes;
    size_t offset, length;
    char *type;
    char url[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *entries; /* lock */

static void free_entry(struct entry *e)
{
    blob_bytes_unref(e->bytes);
    free(e->type);
    free(e);
}

void blob_url_add(struct world *w, const void *owner, const char *url, struct blob_bytes *b,
                  size_t offset, size_t length, const char *type)
{
    struct entry *e = malloc(sizeof *e + strlen(url) + 1);
    hd_assert(e);
    *e = (struct entry){
        .world = w, .owner = owner, .bytes = blob_bytes_ref(b), .offset = offset, .length = length};
    e->type = strdup(type);
    hd_assert(e->type);
    strcpy(e->url, url);
    pthread_mutex_lock(&lock);
    e->next = entries;
    entries = e;
    pthread_mutex_unlock(&lock);
}

/* A fragment is not part of what names a blob. Under the lock. */
static struct entry **find(struct world *w, const char *url)
{
    size_t length = strcspn(url, "#");
    struct entry **at = &entries;
    while (*at && ((*at)->world != w || strlen((*at)->url) != length ||
                   strncmp((*at)->url, url, length) != 0))
        at = &(*at)->next;
    return at;
}

status blob_url_lookup(struct world *w, const char *url, char **bytes, size_t *length, char **type)
{
    status result = STATUS_NOT_FOUND;
    pthread_mutex_lock(&lock);
    const struct entry *e = *find(w, url);
    if (e) {
        *bytes = malloc(e->length + 1);
        *type = strdup(e->type);
        hd_assert(*bytes && *type);
        memcpy(*bytes, e->bytes->bytes + e->offset, e->length);
        (*bytes)[e->length] = 0;
        *length = e->length;
        result = STATUS_OK;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

void blob_url_revoke(struct world *w, const char *url)
{
    pthread_mutex_lock(&lock);
    struct entry **at = find(w, url), *e = *at;
    if (e && !strchr(url, '#'))
        *at = e->next;
    else
        e = NULL;
    pthread_mutex_unlock(&lock);
    if (e)
        free_entry(e);
}

void blob_urls_release(struct realm *r)
{
    struct entry *gone = NULL;
    pthread_mutex_lock(&lock);
    for (struct entry **at = &entries; *at;) {
        struct entry *e = *at;
        if (e->owner != r) {
            at = &e->next;
            continue;
        }
        *at = e->next;
        e->next = gone;
        gone = e;
    }
    pthread_mutex_unlock(&lock);
    while (gone) {
        struct entry *next = gone->next;
        free_entry(gone);
        gone = next;
    }
}
