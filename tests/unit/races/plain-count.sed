# A count of references that is not atomic.
s/atomic_fetch_sub_explicit(&\([a-z]*\)->references, 1, memory_order_acq_rel)/(*(uint32_t *)(void *)\&\1->references)--/
