/* See waiter_list.h for ownership, lock order and guarantees. */
#include "memory/waiter_list.h"

#include "base/assert.h"
#include "memory/block_access.h"
#include "memory/shared_block_internal.h"
#include "observe/hooks.h"
#include "platform/lock.h"
#include "platform/rcu.h"
#include "platform/thread.h"

#include <stdlib.h>

struct waiter_record {
    rcu_table_node node;
    struct shared_block *block;
    uint64_t offset;
    lock lock;
    struct waiter_link *first, *last;    /* lock */
    struct waiter_record *next_of_block; /* constant once pushed */
    struct rcu_deferred deferred;
};

enum fate {
    FATE_LISTED,
    FATE_TAKEN,   /* by a notify, which will touch it once more: state or settle */
    FATE_REMOVED, /* nobody but its owner touches it any more */
};

struct sync_waiter {
    struct waiter_link link;
    struct parker *parker;
    _Atomic bool woken; /* release by the notifier, its last access; acquire by the waiter */
};

/* ---- finding a list ---- */

static struct rcu_table *table;
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void table_make(void)
{
    table = rcu_table_make();
    hd_assert(table);
}

struct key {
    const struct shared_block *block;
    uint64_t offset;
};

static bool key_matches(rcu_table_node *node, const void *key)
{
    const struct waiter_record *r = caa_container_of(node, struct waiter_record, node);
    const struct key *k = key;
    return r->block == k->block && r->offset == k->offset;
}

static unsigned long key_hash(const struct key *k)
{
    /* the finaliser of splitmix64 */
    uint64_t x = shared_block_id(k->block) * 0x9e3779b97f4a7c15u + k->offset;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static void record_free(struct rcu_deferred *d)
{
    free(caa_container_of(d, struct waiter_record, deferred));
}

static struct waiter_record *record_make(const struct key *k, unsigned long hash)
{
    struct waiter_record *fresh = calloc(1, sizeof *fresh);
    hd_assert(fresh);
    fresh->block = (struct shared_block *)k->block;
    fresh->offset = k->offset;
    rcu_table_node *node = rcu_table_add(table, hash, key_matches, k, &fresh->node);
    if (node != &fresh->node) {
        free(fresh);
        return caa_container_of(node, struct waiter_record, node);
    }
    /* release: pairs with the acquire in waiter_records_end */
    fresh->next_of_block = atomic_load_explicit(&fresh->block->records, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&fresh->block->records, &fresh->next_of_block,
                                                  fresh, memory_order_release,
                                                  memory_order_relaxed))
        ;
    return fresh;
}

/* The list that this thread used last: most threads wait and notify on one cell for long. The
 * block's number, which no other block ever has, stands for the block: who has a reference to that
 * one may use the list, however long ago it was found. */
static THREAD_LOCAL struct {
    uint64_t block, offset; /* block 0 = none yet */
    struct waiter_record *record;
} last;

static struct waiter_record *record_find(struct shared_block *block, uint64_t offset)
{
    pthread_once(&table_once, table_make);
    struct key k = {block, offset};
    unsigned long hash = key_hash(&k);
    rcu_read_begin();
    rcu_table_node *node = rcu_table_find(table, hash, key_matches, &k);
    struct waiter_record *r =
        node ? caa_container_of(node, struct waiter_record, node) : record_make(&k, hash);
    rcu_read_end();
    return r;
}

/* Stays valid outside the read section, because the caller has a reference to the block. */
static struct waiter_record *record_of(struct shared_block *block, uint64_t offset)
{
    uint64_t id = shared_block_id(block);
    if (last.block != id || last.offset != offset) {
        last.record = record_find(block, offset);
        last.block = id;
        last.offset = offset;
    }
    return last.record;
}

void waiter_records_end(struct shared_block *block)
{
    /* acquire: pairs with the release in record_make */
    struct waiter_record *r = atomic_load_explicit(&block->records, memory_order_acquire);
    while (r) {
        struct waiter_record *next = r->next_of_block;
        hd_assert(!r->first);
        rcu_read_begin();
        rcu_table_remove(table, &r->node);
        rcu_read_end();
        rcu_defer(&r->deferred, record_free);
        r = next;
    }
}

/* ---- critical sections ---- */

static void section_enter(struct waiter_record *r)
{
    lock_enter(&r->lock);
    OBSERVE(section_enter, r->block, r->offset);
}

static void section_leave(struct waiter_record *r)
{
    OBSERVE(section_leave, r->block, r->offset);
    lock_leave(&r->lock);
}

static void fate_set(struct waiter_link *w, enum fate fate)
{
    /* release: pairs with the acquire in waiter_cancel_async, which looks before it takes the lock
     */
    atomic_store_explicit(&w->fate, (uint8_t)fate, memory_order_release);
}

static enum fate fate_of(const struct waiter_link *w)
{
    return (enum fate)atomic_load_explicit(&w->fate, memory_order_acquire);
}

static void link_append(struct waiter_record *r, struct waiter_link *w)
{
    w->record = r;
    fate_set(w, FATE_LISTED);
    w->next = NULL;
    w->previous = r->last;
    if (r->last)
        r->last->next = w;
    else
        r->first = w;
    r->last = w;
}

static void link_remove(struct waiter_link *w, enum fate fate)
{
    struct waiter_record *r = w->record;
    if (w->next)
        w->next->previous = w->previous;
    else
        r->last = w->previous;
    if (w->previous)
        w->previous->next = w->next;
    else
        r->first = w->next;
    fate_set(w, fate);
}

static bool is_doomed(const struct waiter_link *w)
{
    /* acquire: pairs with the release of whoever terminates the agent */
    return w->doomed && atomic_load_explicit(w->doomed, memory_order_acquire);
}

/* Compares and, if equal, appends: one critical section. */
static bool enrol(struct shared_block *block, uint64_t offset, int64_t expected,
                  struct waiter_link *w)
{
    struct waiter_record *r = record_of(block, offset);
    section_enter(r);
    uint8_t *cell = shared_block_bytes(block) + offset;
    OBSERVE(atomic_begin, cell, w->size);
    uint64_t value = atomics_load(cell, w->size);
    OBSERVE(atomic_end, cell, w->size, OBSERVE_READ);
    bool equal = w->size == 4 ? (uint32_t)value == (uint32_t)expected : value == (uint64_t)expected;
    if (equal)
        link_append(r, w);
    section_leave(r);
    return equal;
}

static void check_cell(const struct shared_block *block, uint64_t offset, unsigned size)
{
    uint64_t length = shared_block_byte_length_unordered(block);
    hd_assert((size == 4 || size == 8) && offset % size == 0);
    hd_assert(offset < length && size <= length - offset);
}

/* ---- waiting ---- */

static bool is_woken(void *context)
{
    struct sync_waiter *w = context;
    /* acquire: pairs with the release in waiter_notify */
    return atomic_load_explicit(&w->woken, memory_order_acquire);
}

static bool is_woken_or_doomed(void *context)
{
    struct sync_waiter *w = context;
    return is_woken(w) || is_doomed(&w->link);
}

/* The waiter has seen its deadline or its doom: whoever removes it from the list first decides. */
static enum wait_result give_up(struct sync_waiter *w)
{
    struct waiter_record *r = w->link.record;
    section_enter(r);
    bool doomed = is_doomed(&w->link);
    enum fate fate = fate_of(&w->link);
    if (fate == FATE_LISTED)
        link_remove(&w->link, FATE_REMOVED);
    section_leave(r);
    if (fate != FATE_TAKEN)
        return doomed ? WAIT_TERMINATED : WAIT_TIMED_OUT;
    /* The notifier is about to store `woken` into this frame. */
    while (!is_woken(w))
        parker_park(w->parker, PARK_BLOCKED, CROWD_NEVER, is_woken, w);
    return WAIT_OK;
}

/* Without a time-out the clock is not read: a hand-over takes less than ten times as long. */
static int64_t deadline_of(const struct crowd *c, int64_t timeout)
{
    if (timeout == CROWD_NEVER)
        return CROWD_NEVER;
    int64_t now = crowd_now(c);
    return timeout >= CROWD_NEVER - now ? CROWD_NEVER : now + timeout;
}

enum wait_result waiter_wait(struct shared_block *block, uint64_t offset, unsigned size,
                             int64_t expected, int64_t timeout, struct parker *parker,
                             const _Atomic bool *doomed, void *site)
{
    check_cell(block, offset, size);
    int64_t deadline = deadline_of(parker->crowd, timeout);
    struct sync_waiter w = {.link = {.doomed = doomed, .site = site}, .parker = parker};
    w.link.size = (uint8_t)size;
    parker->is_known = true;
    if (!enrol(block, offset, expected, &w.link))
        return WAIT_NOT_EQUAL;
    while (!is_woken(&w)) {
        enum park_result parked =
            parker_park(parker, PARK_BLOCKED, deadline, is_woken_or_doomed, &w);
        if (!is_woken(&w) && (parked == PARK_DEADLINE || is_doomed(&w.link)))
            return give_up(&w);
    }
    if (observe_active()) {
        /* sec-dowait enters the critical section once more; for all else `woken` has ordered enough
         */
        section_enter(w.link.record);
        section_leave(w.link.record);
    }
    return WAIT_OK;
}

enum wait_result waiter_enrol_async(struct shared_block *block, uint64_t offset, unsigned size,
                                    int64_t expected, struct async_waiter *w)
{
    check_cell(block, offset, size);
    w->link = (struct waiter_link){.doomed = w->doomed, .site = w->site, .async = true};
    w->link.size = (uint8_t)size;
    shared_block_ref(block); /* before a notifier can see it */
    if (enrol(block, offset, expected, &w->link))
        return WAIT_OK;
    shared_block_unref(block);
    return WAIT_NOT_EQUAL;
}

/* Removes it unless a notify was faster. Once that has taken the waiter, its reference may be gone,
 * and with it the block; the list is still there for who has seen the waiter listed within the same
 * read section. */
static bool cancel(struct waiter_link *w)
{
    if (fate_of(w) == FATE_TAKEN)
        return false;
    struct waiter_record *r = w->record;
    lock_enter(&r->lock);
    enum fate fate = fate_of(w);
    if (fate != FATE_TAKEN)
        OBSERVE(section_enter, r->block, r->offset);
    if (fate == FATE_LISTED)
        link_remove(w, FATE_REMOVED);
    if (fate != FATE_TAKEN)
        OBSERVE(section_leave, r->block, r->offset);
    lock_leave(&r->lock);
    return fate != FATE_TAKEN;
}

bool waiter_cancel_async(struct async_waiter *w)
{
    rcu_read_begin();
    bool cancelled = cancel(&w->link);
    rcu_read_end();
    if (cancelled)
        shared_block_unref(w->link.record->block);
    return cancelled;
}

/* ---- notifying ---- */

/* Moves up to `count` waiters from the queue to a list of the caller's; the doomed leave the queue
 * and are not counted. */
static uint64_t take(struct waiter_record *r, uint64_t count, struct waiter_link **taken)
{
    uint64_t woken = 0;
    struct waiter_link *next, **end = taken;
    for (struct waiter_link *w = r->first; w && woken < count; w = next) {
        next = w->next;
        if (is_doomed(w)) {
            link_remove(w, FATE_REMOVED);
            continue;
        }
        link_remove(w, FATE_TAKEN);
        w->next = NULL;
        *end = w;
        end = &w->next;
        woken++;
    }
    return woken;
}

static void wake(struct waiter_link *link)
{
    if (link->async) {
        struct async_waiter *w = caa_container_of(link, struct async_waiter, link);
        struct shared_block *block = link->record->block;
        w->settle(w);
        shared_block_unref(block);
        return;
    }
    struct sync_waiter *w = caa_container_of(link, struct sync_waiter, link);
    struct parker *parker = w->parker; /* `w` is gone as soon as it is woken */
    /* The woken thread may end and its agent be given up before it is unparked here: parkers are
     * freed through rcu_defer. */
    rcu_read_begin();
    /* release: pairs with the acquire in is_woken */
    atomic_store_explicit(&w->woken, true, memory_order_release);
    parker_unpark(parker, PARK_BLOCKED);
    rcu_read_end();
}

uint64_t waiter_notify(struct shared_block *block, uint64_t offset, uint64_t count)
{
    struct waiter_record *r = record_of(block, offset);
    struct waiter_link *taken = NULL;
    section_enter(r);
    uint64_t woken = take(r, count, &taken);
    section_leave(r);
    while (taken) {
        struct waiter_link *next = taken->next;
        wake(taken);
        taken = next;
    }
    return woken;
}

/* ---- reports ---- */

struct visit {
    void (*call)(const struct waiter_view *, void *);
    void *context;
};

static void visit_record(rcu_table_node *node, void *context)
{
    struct waiter_record *r = caa_container_of(node, struct waiter_record, node);
    const struct visit *v = context;
    lock_enter(&r->lock);
    for (struct waiter_link *w = r->first; w; w = w->next) {
        struct waiter_view view = {.block = r->block,
                                   .offset = r->offset,
                                   .size = w->size,
                                   .site = w->site,
                                   .doomed = is_doomed(w)};
        if (w->async) {
            view.async = caa_container_of(w, struct async_waiter, link);
            view.since = view.async->since;
        } else {
            view.parker = caa_container_of(w, struct sync_waiter, link)->parker;
            view.since = view.parker->since;
        }
        v->call(&view, v->context);
    }
    lock_leave(&r->lock);
}

void waiter_visit(void (*visit)(const struct waiter_view *, void *), void *context)
{
    pthread_once(&table_once, table_make);
    struct visit v = {visit, context};
    rcu_read_begin();
    rcu_table_each(table, visit_record, &v);
    rcu_read_end();
}
