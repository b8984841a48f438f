#include "platform/rcu.h"

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

rcu_queue_node *rcu_queue_pop(rcu_queue *q)
{
    rcu_queue_node *node = __cds_wfcq_dequeue_blocking(&q->head, &q->tail);
    if (node)
        rcu_edge_acquire(node);
    return node;
}

bool rcu_queue_filled(rcu_queue *q)
{
    return !cds_wfcq_empty(&q->head, &q->tail);
}
