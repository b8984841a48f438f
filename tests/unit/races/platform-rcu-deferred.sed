# The edge from the end of read sections to what was deferred is not stated.
s/^    rcu_edge_acquire(&rcu_grace_edge);//
s/^    rcu_edge_acquire(head);//
