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

void rcu_thread_register(void);
void rcu_thread_unregister(void);

static inline void rcu_read_begin(void)
{
    urcu_memb_read_lock();
}

static inline void rcu_read_end(void)
{
    urcu_memb_read_unlock();
}

/* A wait-free queue: any number of threads push, one thread pops. */
typedef struct rcu_queue {
    struct cds_wfcq_head head;
    struct cds_wfcq_tail tail;
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
