# The last holder of a link does not see what the other did.
s/memory_order_acq_rel/memory_order_relaxed/
