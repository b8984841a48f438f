# The two who part from a waiter do so by accesses that are not atomic.
1i\
static inline unsigned plain_or(unsigned *word, unsigned bit) { unsigned old = *word; *word = old | bit; return old; }
s/atomic_fetch_or_explicit(&w->parting, \([A-Z_]*\), memory_order_acq_rel)/plain_or((unsigned *)(void *)\&w->parting, \1)/
