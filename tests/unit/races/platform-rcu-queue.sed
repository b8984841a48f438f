# The edge from push to pop is not stated.
s/^    rcu_edge_release(node);//
