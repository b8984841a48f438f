/* Timers: a heap ordered by due time, then by order of starting (R-TM-06). Own thread only. */
#include "agent/event_loop.h"
#include "base/assert.h"

#include <stdlib.h>

static bool earlier(const struct timer *a, const struct timer *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void place(struct timer_queue *q, size_t i, struct timer *t)
{
    q->heap[i] = t;
    t->index = i;
}

static void rise(struct timer_queue *q, size_t i, struct timer *t)
{
    while (i && earlier(t, q->heap[(i - 1) / 2])) {
        place(q, i, q->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    place(q, i, t);
}

static void sink(struct timer_queue *q, size_t i, struct timer *t)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= q->count)
            break;
        if (child + 1 < q->count && earlier(q->heap[child + 1], q->heap[child]))
            child++;
        if (!earlier(q->heap[child], t))
            break;
        place(q, i, q->heap[child]);
        i = child;
    }
    place(q, i, t);
}

void timer_start(struct agent *a, struct timer *t, int64_t delay_ns)
{
    struct timer_queue *q = &a->timers;
    if (q->count == q->capacity) {
        q->capacity = q->capacity ? q->capacity * 2 : 8;
        q->heap = realloc(q->heap, q->capacity * sizeof(struct timer *));
        hd_assert(q->heap);
    }
    int64_t now = agent_now(a);
    t->due = delay_ns > CROWD_NEVER - now ? CROWD_NEVER - 1 : now + delay_ns;
    t->order = q->next_order++;
    q->patient += t->is_patient;
    rise(q, q->count++, t);
}

static void take_out(struct timer_queue *q, struct timer *t)
{
    size_t i = t->index;
    struct timer *last = q->heap[--q->count];
    t->index = SIZE_MAX;
    q->patient -= t->is_patient;
    if (last == t)
        return;
    if (i && earlier(last, q->heap[(i - 1) / 2]))
        rise(q, i, last);
    else
        sink(q, i, last);
}

void timer_cancel(struct agent *a, struct timer *t)
{
    if (t->index != SIZE_MAX)
        take_out(&a->timers, t);
}

int64_t agent_next_timer(const struct agent *a)
{
    return a->timers.count ? a->timers.heap[0]->due : CROWD_NEVER;
}

struct timer *timers_take_due(struct agent *a)
{
    if (!a->timers.count || a->timers.heap[0]->due > agent_now(a))
        return NULL;
    struct timer *t = a->timers.heap[0];
    take_out(&a->timers, t);
    hd_invariant("R-TM-06", !a->timers.count || !earlier(a->timers.heap[0], t)); /* equal delays fire in the order of the calls */
    return t;
}

void timers_shift(struct agent *a, int64_t ns)
{
    for (size_t i = 0; i < a->timers.count; i++) {
        struct timer *t = a->timers.heap[i];
        t->due = ns > CROWD_NEVER - 1 - t->due ? CROWD_NEVER - 1 : t->due + ns;
    }
}

void timers_clear(struct agent *a)
{
    while (a->timers.count) {
        struct timer *t = a->timers.heap[0];
        take_out(&a->timers, t);
        t->drop(t);
    }
    free(a->timers.heap);
}
