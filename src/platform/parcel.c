#include "platform/parcel.h"

#include <stdlib.h>

/* The test of this file has the sanitizers look at the other half. */
#if (defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)) && !defined(PARCELS_ARE_KEPT)

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
#include "platform/thread.h"

#include <pthread.h>
#include <stdbool.h>

/* A class of parcels: those of up to 120, 248, 504, 1016 or 2040 bytes. A number or a short text
 * takes the first, an object of 1 KiB the last; with the C library's own eight bytes they are
 * powers of two. */
#define CLASSES 5u
#define LARGEST(c) (((size_t)128 << (c)) - 8)
#define MAGAZINE 62u /* parcels at most; a magazine is 512 bytes */
#define AHEAD 4u     /* parcels that are fetched from another core's cache before their turn */

static const struct {
    unsigned char magazine; /* parcels in a full one: up to 32 KiB */
    unsigned char depot;    /* full ones in the depot: half a MiB */
} most[CLASSES] = {{MAGAZINE, 64}, {MAGAZINE, 32}, {32, 32}, {32, 16}, {16, 16}};

struct magazine {
    struct magazine *next;
    unsigned count;
    void *parcels[MAGAZINE];
};

/* A thread's own, of one class: `other` is empty or full. While `loaded` is neither, nothing else
 * is touched. */
struct kept {
    struct magazine *loaded, *other; /* NULL = none */
};

struct keeper {
    struct kept kept[CLASSES];
    bool returned; /* at the thread's end */
};

/* Full magazines on their way from threads that free to threads that make. The lock orders what was
 * done with a parcel before it was freed before what its next owner does. */
static struct depot {
    lock lock;
    struct magazine *_Atomic full; /* lock; relaxed when only asked whether there is one */
    unsigned count;                /* lock */
} depots[CLASSES];

static THREAD_LOCAL struct keeper keeper;
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
    struct keeper *k = value;
    for (unsigned c = 0; c < CLASSES; c++) {
        magazine_free(k->kept[c].loaded);
        magazine_free(k->kept[c].other);
    }
    *k = (struct keeper){.returned = false};
}

static void make_at_exit(void)
{
    pthread_key_create(&at_exit, thread_ends);
}

/* Before a thread's first magazine: false when nobody would free it at the thread's end. */
static bool may_keep(struct keeper *k)
{
    if (!k->returned) {
        pthread_once(&at_exit_made, make_at_exit);
        k->returned = pthread_setspecific(at_exit, k) == 0;
    }
    return k->returned;
}

static struct magazine *depot_take(struct depot *d)
{
    struct magazine *m;
    if (!atomic_load_explicit(&d->full, memory_order_relaxed))
        return NULL;
    lock_enter(&d->lock);
    if ((m = atomic_load_explicit(&d->full, memory_order_relaxed))) {
        atomic_store_explicit(&d->full, m->next, memory_order_relaxed);
        d->count--;
    }
    lock_leave(&d->lock);
    return m;
}

static bool depot_give(struct depot *d, struct magazine *m, unsigned limit)
{
    lock_enter(&d->lock);
    bool taken = d->count < limit;
    if (taken) {
        m->next = atomic_load_explicit(&d->full, memory_order_relaxed);
        atomic_store_explicit(&d->full, m, memory_order_relaxed);
        d->count++;
    }
    lock_leave(&d->lock);
    return taken;
}

static void swap(struct kept *k)
{
    struct magazine *m = k->loaded;
    k->loaded = k->other;
    k->other = m;
}

/* `loaded` is empty: loads one that is not. False when there is none. */
static bool reload(unsigned c)
{
    struct kept *k = &keeper.kept[c];
    if (!k->other || !k->other->count) {
        struct magazine *full = may_keep(&keeper) ? depot_take(&depots[c]) : NULL;
        if (!full)
            return false;
        free(k->other);
        k->other = full;
        for (unsigned i = 1; i <= AHEAD; i++)
            __builtin_prefetch(full->parcels[full->count - i], 1);
    }
    swap(k);
    return true;
}

/* `loaded` is full: loads one that is empty. False when there is no memory for one. */
static bool unload(unsigned c)
{
    struct kept *k = &keeper.kept[c];
    struct magazine *m = k->other;
    if (m && m->count && depot_give(&depots[c], m, most[c].depot))
        m = NULL;
    if (m) {
        magazine_empty(m);
    } else if ((m = may_keep(&keeper) ? malloc(sizeof *m) : NULL)) {
        m->count = 0;
    }
    k->other = m;
    swap(k);
    return m;
}

static inline unsigned class_of(size_t size)
{
    size_t units = (size + 7) >> 7;
    return units ? 64u - (unsigned)__builtin_clzl(units) : 0;
}

void *parcel_new(size_t size)
{
    unsigned c = class_of(size);
    if (c >= CLASSES)
        return malloc(size);
    struct kept *k = &keeper.kept[c];
    if ((!k->loaded || !k->loaded->count) && !reload(c))
        return malloc(LARGEST(c));
    struct magazine *m = k->loaded;
    unsigned left = --m->count;
    if (left >= AHEAD)
        __builtin_prefetch(m->parcels[left - AHEAD], 1);
    return m->parcels[left];
}

void parcel_free(void *parcel, size_t size)
{
    unsigned c = class_of(size);
    if (c >= CLASSES) {
        free(parcel);
        return;
    }
    struct kept *k = &keeper.kept[c];
    if ((!k->loaded || k->loaded->count == most[c].magazine) && !unload(c))
        free(parcel);
    else
        k->loaded->parcels[k->loaded->count++] = parcel;
}

#endif
