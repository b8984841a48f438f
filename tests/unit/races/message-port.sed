# Nothing orders the ends of a channel.
s/memory_order_acq_rel/memory_order_relaxed/
