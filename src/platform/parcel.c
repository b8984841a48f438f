#include "platform/parcel.h"

#include <pthread.h>
#include <stdlib.h>

/* Bytes: a message that carries a number or a short text; what glibc's quickest lists of free
 * pieces still take. */
#define PARCEL_SMALL 120u
#define PARCEL_KEPT 64u /* at most 8 KiB for a thread */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

void *parcel_new(size_t size)
{
    return malloc(size);
}

void parcel_free(void *parcel, size_t size)
{
    (void)size;
    free(parcel);
}

#else

struct kept {
    void *parcels[PARCEL_KEPT];
    unsigned count;
};

static _Thread_local struct kept *kept;
static pthread_key_t at_exit;
static pthread_once_t at_exit_made = PTHREAD_ONCE_INIT;

static void give_back(struct kept *k)
{
    while (k->count)
        free(k->parcels[--k->count]);
}

static void thread_ends(void *value)
{
    kept = NULL;
    give_back(value);
    free(value);
}

static void make_at_exit(void)
{
    pthread_key_create(&at_exit, thread_ends);
}

static struct kept *begin_keeping(void)
{
    struct kept *k = malloc(sizeof *k);
    pthread_once(&at_exit_made, make_at_exit);
    if (!k)
        return NULL;
    k->count = 0;
    if (pthread_setspecific(at_exit, k)) {
        free(k);
        return NULL;
    }
    return kept = k;
}

void *parcel_new(size_t size)
{
    struct kept *k = kept;
    if (size > PARCEL_SMALL)
        return malloc(size);
    return k && k->count ? k->parcels[--k->count] : malloc(PARCEL_SMALL);
}

void parcel_free(void *parcel, size_t size)
{
    struct kept *k = kept;
    if (size > PARCEL_SMALL || (!k && !(k = begin_keeping()))) {
        free(parcel);
        return;
    }
    if (k->count == PARCEL_KEPT)
        give_back(k);
    k->parcels[k->count++] = parcel;
}

#endif
