#include "base/assert.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Atomic uint64_t run_seed; /* relaxed: only printed */

void assert_set_seed(uint64_t seed)
{
    atomic_store_explicit(&run_seed, seed, memory_order_relaxed);
}

_Noreturn void assert_failed(const char *file, int line, const char *expression)
{
    char text[512];
    int n = snprintf(text, sizeof text, "heddle: internal error: %s:%d: assertion failed: %s (seed %" PRIu64 ")\n",
                     file, line, expression, atomic_load_explicit(&run_seed, memory_order_relaxed));
    if (n > 0)
        (void)!write(2, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
    _exit(70);
}
