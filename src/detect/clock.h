/* Vector clocks: for each thread, how much of it is known to have happened before (ECMA-262
 * sec-happens-before, as a vector of times).
 *
 * The first CLOCK_DENSE threads have a place each; further ones stand in a sorted list, so that ten
 * thousand agents who have heard of few others stay small. A past is what a thread knew at one
 * moment, without its own time: while it learns nothing new, all that it sends shares one.
 *
 * Ownership: a clock belongs to its thread; pasts are counted and immutable. Threads: a clock is
 * for one at a time; pasts for any. Errors: asserts when the process has no memory left. */
#ifndef HEDDLE_DETECT_CLOCK_H
#define HEDDLE_DETECT_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define CLOCK_DENSE 64u

struct clock_entry {
    uint64_t time;
    uint32_t thread;
};

struct clock {
    uint64_t dense[CLOCK_DENSE];
    uint32_t used; /* dense entries from here on are 0 */
    uint32_t count, capacity;
    struct clock_entry *more; /* by thread */
};

struct past {
    _Atomic uint32_t references; /* relaxed up, acq_rel down: the last one frees */
    uint32_t used, count;
    struct clock_entry *more; /* within the same allocation */
    uint64_t dense[];
};

void clock_release(struct clock *c);

uint64_t clock_of_further(const struct clock *c, uint32_t thread);

static inline uint64_t clock_of(const struct clock *c, uint32_t thread)
{
    return thread < CLOCK_DENSE ? c->dense[thread] : clock_of_further(c, thread);
}

/* True when that was news. */
bool clock_raise(struct clock *c, uint32_t thread, uint64_t time);
bool clock_join(struct clock *c, const struct past *p);

/* What `c` knows, one reference. */
struct past *clock_past(const struct clock *c);
struct past *past_ref(struct past *p);
void past_unref(struct past *p); /* NULL is allowed */

#endif
