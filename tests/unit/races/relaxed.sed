# Nobody sees what others did before.
s/memory_order_acq_rel/memory_order_relaxed/
