#include "platform/parcel.h"

#include <stdlib.h>

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

#include "platform/lock.h"

#include <pthread.h>
#include <stdbool.h>

/* Bytes: a message that carries a number or a short text; what glibc's quickest lists of free
 * pieces still take. */
#define PARCEL_SMALL 120u
#define MAGAZINE 62u   /* parcels; a magazine is 512 bytes */
#define DEPOT_MOST 64u /* full magazines: half a MiB */
#define AHEAD 4u       /* parcels that are fetched from another core's cache before their turn */

struct magazine {
    struct magazine *next;
    unsigned count;
    void *parcels[MAGAZINE];
};

/* A thread's own: `other` is empty or full. While `loaded` is neither, nothing else is touched. */
struct kept {
    struct magazine *loaded, *other; /* NULL = none */
    bool returned;                   /* at the thread's end */
};

/* Full magazines on their way from threads that free to threads that make. The lock orders what was
 * done with a parcel before it was freed before what its next owner does. */
static struct {
    lock lock;
    struct magazine *_Atomic full; /* lock; relaxed when only asked whether there is one */
    unsigned count;                /* lock */
} depot;

static _Thread_local struct kept kept;
static pthread_key_t at_exit;
static pthread_once_t at_exit_made = PTHREAD_ONCE_INIT;

static void magazine_empty(struct magazine *m)
{
    while (m->count)
        free(m->parcels[--m->count]);
}

static void magazine_free(struct magazine *m)
{
    if (m)
        magazine_empty(m);
    free(m);
}

static void thread_ends(void *value)
{
    struct kept *k = value;
    magazine_free(k->loaded);
    magazine_free(k->other);
    *k = (struct kept){NULL, NULL, false};
}

static void make_at_exit(void)
{
    pthread_key_create(&at_exit, thread_ends);
}

/* Before a thread's first magazine: false when nobody would free it at the thread's end. */
static bool may_keep(struct kept *k)
{
    if (!k->returned) {
        pthread_once(&at_exit_made, make_at_exit);
        k->returned = pthread_setspecific(at_exit, k) == 0;
    }
    return k->returned;
}

static struct magazine *depot_take(void)
{
    struct magazine *m;
    if (!atomic_load_explicit(&depot.full, memory_order_relaxed))
        return NULL;
    lock_enter(&depot.lock);
    if ((m = atomic_load_explicit(&depot.full, memory_order_relaxed))) {
        atomic_store_explicit(&depot.full, m->next, memory_order_relaxed);
        depot.count--;
    }
    lock_leave(&depot.lock);
    return m;
}

static bool depot_give(struct magazine *m)
{
    lock_enter(&depot.lock);
    bool taken = depot.count < DEPOT_MOST;
    if (taken) {
        m->next = atomic_load_explicit(&depot.full, memory_order_relaxed);
        atomic_store_explicit(&depot.full, m, memory_order_relaxed);
        depot.count++;
    }
    lock_leave(&depot.lock);
    return taken;
}

static void swap(struct kept *k)
{
    struct magazine *m = k->loaded;
    k->loaded = k->other;
    k->other = m;
}

/* `loaded` is empty: loads one that is not. False when there is none. */
static bool reload(struct kept *k)
{
    if (!k->other || !k->other->count) {
        struct magazine *full = may_keep(k) ? depot_take() : NULL;
        if (!full)
            return false;
        free(k->other);
        k->other = full;
        for (unsigned i = 1; i <= AHEAD; i++)
            __builtin_prefetch(full->parcels[MAGAZINE - i], 1);
    }
    swap(k);
    return true;
}

/* `loaded` is full: loads one that is empty. False when there is no memory for one. */
static bool unload(struct kept *k)
{
    struct magazine *m = k->other;
    if (m && m->count && depot_give(m))
        m = NULL;
    if (m) {
        magazine_empty(m);
    } else if ((m = may_keep(k) ? malloc(sizeof *m) : NULL)) {
        m->count = 0;
    }
    k->other = m;
    swap(k);
    return m;
}

void *parcel_new(size_t size)
{
    struct kept *k = &kept;
    if (size > PARCEL_SMALL)
        return malloc(size);
    if ((!k->loaded || !k->loaded->count) && !reload(k))
        return malloc(PARCEL_SMALL);
    struct magazine *m = k->loaded;
    unsigned left = --m->count;
    if (left >= AHEAD)
        __builtin_prefetch(m->parcels[left - AHEAD], 1);
    return m->parcels[left];
}

void parcel_free(void *parcel, size_t size)
{
    struct kept *k = &kept;
    if (size > PARCEL_SMALL || ((!k->loaded || k->loaded->count == MAGAZINE) && !unload(k))) {
        free(parcel);
        return;
    }
    k->loaded->parcels[k->loaded->count++] = parcel;
}

#endif
