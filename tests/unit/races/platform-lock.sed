# Who has slept for the lock does not see what its last holder did.
s/LOCK_AWAITED, memory_order_acquire/LOCK_AWAITED, memory_order_relaxed/
