#include "platform/rcu.h"

#include "base/assert.h"
#include "platform/cpu.h"
#include "platform/futex.h"

#include <limits.h>
#include <sched.h>
#include <stdatomic.h>

#define PUSH_SPINS 256u

char rcu_grace_edge;

void rcu_thread_register(void)
{
    urcu_memb_register_thread();
}

void rcu_thread_unregister(void)
{
    urcu_memb_unregister_thread();
}

void rcu_queue_init(rcu_queue *q)
{
    cds_wfcq_init(&q->head, &q->tail);
}

bool rcu_queue_push(rcu_queue *q, rcu_queue_node *node)
{
    cds_wfcq_node_init(node);
    rcu_edge_release(node);
    return cds_wfcq_enqueue(&q->head, &q->tail, node);
}

/* The library's own waiting would sleep 10 ms for a push that is a few instructions short of its
 * end. */
rcu_queue_node *rcu_queue_pop(rcu_queue *q)
{
    rcu_queue_node *node;
    for (unsigned tries = 1;
         (node = __cds_wfcq_dequeue_nonblocking(&q->head, &q->tail)) == CDS_WFCQ_WOULDBLOCK;
         tries++) {
        if (tries % PUSH_SPINS)
            cpu_pause();
        else
            sched_yield(); /* its thread was interrupted in the middle */
    }
    if (node) {
        __builtin_prefetch(q->head.node.next); /* another core wrote it, and it is next */
        rcu_edge_acquire(node);
    }
    return node;
}

bool rcu_queue_filled(rcu_queue *q)
{
    return !cds_wfcq_empty(&q->head, &q->tail);
}

/* How much of what was deferred has not run. The library's own barrier would also wait for other
 * users of it. */
static _Atomic uint32_t deferred;

static void run_deferred(struct rcu_head *head)
{
    rcu_edge_acquire(head);
    rcu_edge_acquire(&rcu_grace_edge);
    struct rcu_deferred *d = caa_container_of(head, struct rcu_deferred, head);
    d->run(d);
    /* release: pairs with the acquire in rcu_settle */
    if (atomic_fetch_sub_explicit(&deferred, 1, memory_order_release) == 1)
        futex_wake(&deferred, INT_MAX);
}

void rcu_defer(struct rcu_deferred *d, void (*run)(struct rcu_deferred *))
{
    d->run = run;
    atomic_fetch_add_explicit(&deferred, 1, memory_order_relaxed);
    rcu_edge_release(&d->head);
    urcu_memb_call_rcu(&d->head, run_deferred);
}

void rcu_settle(void)
{
    uint32_t left;
    /* acquire: pairs with the release in run_deferred */
    while ((left = atomic_load_explicit(&deferred, memory_order_acquire)) != 0)
        futex_wait(&deferred, left, FUTEX_NEVER);
}

/* The library's table under a name of ours: rcu_table is never defined. */
static struct cds_lfht *inner(struct rcu_table *t)
{
    return (struct cds_lfht *)t;
}

/* The library grows a table on a thread of its own, to which no edge can be stated: under ThreadSanitizer the table is
 * large from the start instead. */
#ifdef RCU_STATES_EDGES
enum { TABLE_SIZE = 4096, TABLE_FLAGS = 0 };
#else
enum { TABLE_SIZE = 64, TABLE_FLAGS = CDS_LFHT_AUTO_RESIZE };
#endif

struct rcu_table *rcu_table_make(void)
{
    return (struct rcu_table *)cds_lfht_new_flavor(TABLE_SIZE, TABLE_SIZE, 0, TABLE_FLAGS, &urcu_memb_flavor, NULL);
}

void rcu_table_free(struct rcu_table *t)
{
    int error = cds_lfht_destroy(inner(t), NULL);
    hd_assert(error == 0);
}

struct probe {
    rcu_table_match match;
    const void *key;
};

static int probe_match(struct cds_lfht_node *node, const void *key)
{
    const struct probe *p = key;
    rcu_edge_acquire(node);
    return p->match(node, p->key);
}

rcu_table_node *rcu_table_find(struct rcu_table *t, unsigned long hash, rcu_table_match match,
                               const void *key)
{
    struct probe p = {match, key};
    struct cds_lfht_iter at;
    cds_lfht_lookup(inner(t), hash, probe_match, &p, &at);
    return cds_lfht_iter_get_node(&at);
}

rcu_table_node *rcu_table_add(struct rcu_table *t, unsigned long hash, rcu_table_match match,
                              const void *key, rcu_table_node *node)
{
    struct probe p = {match, key};
    cds_lfht_node_init(node);
    rcu_edge_release(node);
    return cds_lfht_add_unique(inner(t), hash, probe_match, &p, node);
}

void rcu_table_remove(struct rcu_table *t, rcu_table_node *node)
{
    int error = cds_lfht_del(inner(t), node);
    hd_assert(error == 0);
}

void rcu_table_each(struct rcu_table *t, void (*visit)(rcu_table_node *, void *), void *context)
{
    struct cds_lfht_iter at;
    rcu_table_node *node;
    cds_lfht_for_each(inner(t), &at, node)
    {
        rcu_edge_acquire(node);
        visit(node, context);
    }
}
