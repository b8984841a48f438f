/* What the detector knows of blocks: where they were made, the order of critical sections on their
 * waiter lists, the order of grows.
 *
 * Lock order: a stripe's lock is a leaf; a length's is held from length_begin to length_end, in
 * which nothing else is taken but by the hooks' own bookkeeping. A section is changed under its
 * waiter list's lock alone. */
#include "detect/access.h"

#include "base/assert.h"
#include "memory/shared_block.h"

#include <pthread.h>
#include <stdlib.h>

/* The past that was handed on last, to whoever comes next. */
struct hand_over {
    struct past *past; /* NULL: nobody yet */
    uint32_t thread;
    uint64_t time;
};

struct section {
    struct section *next; /* of the block */
    uint64_t offset;
    struct hand_over last;
    void *run;          /* of whoever waited */
    uint32_t wait_site; /* where somebody waited first, 0 = nobody */
    uint32_t wait_thread;
};

struct note {
    struct note *next; /* in its bucket */
    const struct shared_block *block;
    struct block_note seen;
    bool shared;
    pthread_mutex_t length_lock;
    struct hand_over length;
    struct section *sections; /* stripe's lock */
};

#define STRIPES 64u
#define BUCKETS 64u /* in each stripe */

static struct stripe {
    pthread_mutex_t lock;
    struct note *buckets[BUCKETS];
} stripes[STRIPES];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic uint64_t shared_count; /* relaxed: a statistic */

static void init(void)
{
    for (unsigned i = 0; i < STRIPES; i++)
        pthread_mutex_init(&stripes[i].lock, NULL);
}

static uint64_t hash_of(const struct shared_block *block)
{
    return ((uint64_t)(uintptr_t)block >> 6) * 0x9e3779b97f4a7c15u;
}

static struct stripe *stripe_of(const struct shared_block *block)
{
    return &stripes[hash_of(block) >> 58];
}

static struct note **bucket_of(struct stripe *s, const struct shared_block *block)
{
    return &s->buckets[hash_of(block) >> 52 & (BUCKETS - 1)];
}

static struct note *note_find(struct stripe *s, const struct shared_block *block)
{
    struct note *n = *bucket_of(s, block);
    while (n && n->block != block)
        n = n->next;
    return n;
}

/* Also of blocks that were made before the detector was there. */
static struct note *note_get(struct stripe *s, struct shared_block *block)
{
    struct note *n = note_find(s, block);
    if (n)
        return n;
    n = calloc(1, sizeof *n);
    hd_assert(n);
    n->block = block;
    n->seen = (struct block_note){.id = shared_block_id(block),
                                  .size = shared_block_max(block),
                                  .bytes = shared_block_bytes(block)};
    pthread_mutex_init(&n->length_lock, NULL);
    struct note **bucket = bucket_of(s, block);
    n->next = *bucket;
    *bucket = n;
    return n;
}

static void note_free(struct note *n)
{
    while (n->sections) {
        struct section *s = n->sections;
        n->sections = s->next;
        past_unref(s->last.past);
        free(s);
    }
    past_unref(n->length.past);
    pthread_mutex_destroy(&n->length_lock);
    free(n);
}

void blocks_open(void)
{
    pthread_once(&once, init);
    atomic_store_explicit(&shared_count, 0, memory_order_relaxed);
}

void blocks_close(void)
{
    for (unsigned i = 0; i < STRIPES; i++)
        for (unsigned k = 0; k < BUCKETS; k++)
            while (stripes[i].buckets[k]) {
                struct note *n = stripes[i].buckets[k];
                stripes[i].buckets[k] = n->next;
                note_free(n);
            }
}

void blocks_begin(struct shared_block *block)
{
    struct detect_thread *t = detect_current();
    uint32_t site = site_now(&t->sites).site;
    struct stripe *s = stripe_of(block);
    pthread_mutex_lock(&s->lock);
    struct note *n = note_get(s, block);
    n->seen.site = site;
    n->seen.agent = t->agent;
    pthread_mutex_unlock(&s->lock);
}

void blocks_share(struct shared_block *block)
{
    struct stripe *s = stripe_of(block);
    pthread_mutex_lock(&s->lock);
    struct note *n = note_get(s, block);
    bool before = n->shared;
    n->shared = true;
    pthread_mutex_unlock(&s->lock);
    if (before)
        return;
    atomic_fetch_add_explicit(&shared_count, 1, memory_order_relaxed);
    shadow_share(shared_block_bytes(block), shared_block_max(block));
}

uint64_t blocks_shared(void)
{
    return atomic_load_explicit(&shared_count, memory_order_relaxed);
}

bool blocks_find(const void *address, struct block_note *out)
{
    struct shared_block *block = shared_block_of(address, NULL);
    if (!block)
        return false;
    struct stripe *s = stripe_of(block);
    pthread_mutex_lock(&s->lock);
    struct note *n = note_find(s, block);
    if (n)
        *out = n->seen;
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* ---- handing over ---- */

static void take_over(struct detect_thread *t, const struct hand_over *h, uint32_t site)
{
    if (h->past && !WITHOUT(ENTER))
        detect_learn(t, h->thread, h->time, h->past, site);
}

static void leave_behind(struct detect_thread *t, struct hand_over *h, unsigned kind, uint32_t site,
                         const void *address)
{
    past_unref(h->past);
    h->thread = t->id;
    h->past = detect_hand_on(t, kind, site, address, &h->time);
}

/* ---- critical sections ---- */

static struct section *section_get(struct shared_block *block, uint64_t offset)
{
    struct stripe *s = stripe_of(block);
    pthread_mutex_lock(&s->lock);
    struct note *n = note_get(s, block);
    struct section *x = n->sections;
    while (x && x->offset != offset)
        x = x->next;
    if (!x) {
        x = calloc(1, sizeof *x);
        hd_assert(x);
        x->offset = offset;
        x->next = n->sections;
        n->sections = x;
    }
    pthread_mutex_unlock(&s->lock);
    return x;
}

static void rest(struct detect_thread *t)
{
    if (!t->fast)
        races_confirm(t);
    /* release: pairs with the acquire in races.c: plain accesses before this are done */
    atomic_store_explicit(&t->pending, NULL, memory_order_release);
}

void sections_enter(struct shared_block *block, uint64_t offset)
{
    struct detect_thread *t = detect_current();
    rest(t);
    t->section = section_get(block, offset);
    take_over(t, &t->section->last, site_now(&t->sites).site);
}

void sections_leave(struct shared_block *block, uint64_t offset)
{
    struct detect_thread *t = detect_current();
    struct section *x = t->section ? t->section : section_get(block, offset);
    if (!WITHOUT(LEAVE))
        leave_behind(t, &x->last, SYNC_SECTION, site_now(&t->sites).site,
                     shared_block_bytes(block) + offset);
    t->section = NULL;
}

void sections_waited(struct detect_thread *t, uint32_t site)
{
    if (t->section->wait_site)
        return;
    t->section->run = t->run;
    t->section->wait_site = site;
    t->section->wait_thread = t->id;
}

static void advise_wait(const struct note *n, const struct section *x)
{
    const uint8_t *address = n->seen.bytes + x->offset;
    if (!shadow_holds(address, CELL_BYTES))
        return;
    struct cell *c = shadow_cell(address);
    uint32_t control = atomic_load_explicit(&c->control, memory_order_relaxed);
    uint64_t write = atomic_load_explicit(&c->lane.epoch[LANE_WRITE], memory_order_relaxed);
    if ((control & (CELL_WRITTEN | CELL_SC_WRITTEN)) == CELL_WRITTEN)
        races_advise(detect_thread_of(x->wait_thread), ADVICE_PLAIN_WAIT, address, CELL_BYTES,
                     x->wait_site,
                     atomic_load_explicit(&c->lane.site[LANE_WRITE], memory_order_relaxed),
                     write ? detect_thread_of(stamp_thread(write)) : NULL);
}

static void advise_waits(const struct note *n, void *run)
{
    for (const struct section *x = n->sections; x; x = x->next)
        if (x->wait_site && x->run == run)
            advise_wait(n, x);
}

void sections_advise(void *run)
{
    /* After the run: nobody changes the buckets of its blocks. */
    for (unsigned i = 0; i < STRIPES; i++)
        for (unsigned k = 0; k < BUCKETS; k++)
            for (const struct note *n = stripes[i].buckets[k]; n; n = n->next)
                advise_waits(n, run);
}

void blocks_end(struct shared_block *block)
{
    struct stripe *s = stripe_of(block);
    pthread_mutex_lock(&s->lock);
    struct note *n = note_find(s, block);
    pthread_mutex_unlock(&s->lock);
    if (!n)
        return;
    for (const struct section *x = n->sections; x; x = x->next)
        if (x->wait_site)
            advise_wait(n, x);
    pthread_mutex_lock(&s->lock);
    struct note **link = bucket_of(s, block);
    while (*link != n)
        link = &(*link)->next;
    *link = n->next;
    pthread_mutex_unlock(&s->lock);
    if (n->shared)
        shadow_forget(n->seen.bytes, n->seen.size);
    note_free(n);
}

/* ---- lengths ---- */

static struct note *length_note(struct shared_block *block)
{
    struct stripe *s = stripe_of(block);
    pthread_mutex_lock(&s->lock);
    struct note *n = note_get(s, block);
    pthread_mutex_unlock(&s->lock);
    return n; /* lives as long as the block, to which the caller has a reference */
}

void lengths_begin(struct shared_block *block)
{
    pthread_mutex_lock(&length_note(block)->length_lock);
}

void lengths_end(struct shared_block *block, enum observe_kind kind)
{
    struct detect_thread *t = detect_current();
    struct note *n = length_note(block);
    uint32_t site = site_now(&t->sites).site;
    rest(t);
    take_over(t, &n->length, site);
    if (kind != OBSERVE_READ && !WITHOUT(LENGTH))
        leave_behind(t, &n->length, SYNC_LENGTH, site, NULL);
    pthread_mutex_unlock(&n->length_lock);
}
