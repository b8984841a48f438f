/* The one door to liburcu: read-copy-update (flavour urcu-memb) and the queue of event loops.
 *
 * Debian's liburcu is not instrumented, so under ThreadSanitizer this header states the edges that
 * the library makes: what was done before a push happens before what is done after the pop of the
 * same node. Threads that use read sections register first and unregister last. A read section
 * never runs JavaScript and never blocks. */
#ifndef HEDDLE_PLATFORM_RCU_H
#define HEDDLE_PLATFORM_RCU_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__SANITIZE_THREAD__)
#define RCU_STATES_EDGES 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RCU_STATES_EDGES 1
#endif
#endif

#ifdef RCU_STATES_EDGES
void __tsan_acquire(void *);
void __tsan_release(void *);
#define rcu_edge_acquire(p) __tsan_acquire(p)
#define rcu_edge_release(p) __tsan_release(p)
#else
#define rcu_edge_acquire(p) ((void)(p))
#define rcu_edge_release(p) ((void)(p))
#endif

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <urcu/urcu-memb.h>
#include <urcu/call-rcu.h>
#include <urcu/rculfhash.h>
#include <urcu/wfcqueue.h>
#pragma GCC diagnostic pop

/* Stands for all read sections that have ended: a callback of rcu_defer comes after those that had
 * begun before it. */
extern char rcu_grace_edge;

void rcu_thread_register(void);
void rcu_thread_unregister(void);

static inline void rcu_read_begin(void)
{
    urcu_memb_read_lock();
}

static inline void rcu_read_end(void)
{
    rcu_edge_release(&rcu_grace_edge);
    urcu_memb_read_unlock();
}

/* Memory that readers may still look at: `run` is called on a thread of the library after every
 * read section that had begun has ended. Embedded in what it frees. By a registered thread; does
 * not block. */
struct rcu_deferred {
    struct rcu_head head;
    void (*run)(struct rcu_deferred *);
};

void rcu_defer(struct rcu_deferred *d, void (*run)(struct rcu_deferred *));

/* Waits until nothing deferred is left to run. Blocks; not within a read section; never on an
 * agent's path. */
void rcu_settle(void);

/* A hash table for any number of readers and writers, growing by itself (rculfhash). All calls but
 * make and free are made by registered threads within a read section; they are lock-free. What was
 * done before rcu_table_add happens before what the finder does with the node. Nodes are embedded
 * by the caller and freed through rcu_defer after their removal. */
struct rcu_table;
typedef struct cds_lfht_node rcu_table_node;
typedef bool (*rcu_table_match)(rcu_table_node *node, const void *key);

struct rcu_table *rcu_table_make(void);   /* NULL when out of memory */
void rcu_table_free(struct rcu_table *t); /* empty, and nobody reads; outside read sections */
rcu_table_node *rcu_table_find(struct rcu_table *t, unsigned long hash, rcu_table_match match,
                               const void *key);

/* The node with this key: `node`, or the one that was there first. */
rcu_table_node *rcu_table_add(struct rcu_table *t, unsigned long hash, rcu_table_match match,
                              const void *key, rcu_table_node *node);

/* By whoever owns the node's membership: once. */
void rcu_table_remove(struct rcu_table *t, rcu_table_node *node);

void rcu_table_each(struct rcu_table *t, void (*visit)(rcu_table_node *, void *), void *context);

/* What different threads write at the same time stays this many bytes apart (a pair of cache lines,
 * which processors fetch together). */
#define RCU_APART 128

/* A wait-free queue: any number of threads push, one thread pops. */
typedef struct rcu_queue {
    struct cds_wfcq_head head; /* the consumer's */
    char apart[RCU_APART];
    struct cds_wfcq_tail tail; /* the producers' */
} rcu_queue;

typedef struct cds_wfcq_node rcu_queue_node;

void rcu_queue_init(rcu_queue *q);

/* Wait-free. Everything the caller did before happens before the pop's return. True if the queue
 * was not empty before. */
bool rcu_queue_push(rcu_queue *q, rcu_queue_node *node);

/* By the one consumer. NULL when empty. May wait a few instructions for a push that has begun. */
rcu_queue_node *rcu_queue_pop(rcu_queue *q);

/* True if a push may have happened that no pop has taken. Any thread. */
bool rcu_queue_filled(rcu_queue *q);

#endif
