# The two who part from a waiter do not see what the other did.
s/memory_order_acq_rel/memory_order_relaxed/
