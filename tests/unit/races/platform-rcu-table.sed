# The edge from adding to a table to finding in it is not stated.
s/^ *rcu_edge_acquire(node);//
