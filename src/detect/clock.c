#include "detect/clock.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

void clock_release(struct clock *c)
{
    free(c->more);
    *c = (struct clock){.used = 0};
}

/* Where `thread` stands in the list, or would. */
static uint32_t place_of(const struct clock *c, uint32_t thread)
{
    uint32_t low = 0, high = c->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (c->more[middle].thread < thread)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t clock_of_further(const struct clock *c, uint32_t thread)
{
    uint32_t place = place_of(c, thread);
    return place < c->count && c->more[place].thread == thread ? c->more[place].time : 0;
}

static bool raise_dense(struct clock *c, uint32_t thread, uint64_t time)
{
    if (c->dense[thread] >= time)
        return false;
    c->dense[thread] = time;
    if (c->used <= thread)
        c->used = thread + 1;
    return true;
}

static void make_room(struct clock *c, uint32_t further)
{
    if (c->count + further <= c->capacity)
        return;
    while (c->capacity < c->count + further)
        c->capacity = c->capacity ? c->capacity * 2 : 8;
    c->more = realloc(c->more, c->capacity * sizeof *c->more);
    hd_assert(c->more);
}

bool clock_raise(struct clock *c, uint32_t thread, uint64_t time)
{
    if (thread < CLOCK_DENSE)
        return raise_dense(c, thread, time);
    uint32_t place = place_of(c, thread);
    if (place < c->count && c->more[place].thread == thread) {
        bool news = c->more[place].time < time;
        if (news)
            c->more[place].time = time;
        return news;
    }
    if (!time)
        return false;
    make_room(c, 1);
    memmove(c->more + place + 1, c->more + place, (c->count - place) * sizeof *c->more);
    c->more[place] = (struct clock_entry){time, thread};
    c->count++;
    return true;
}

/* Raises what both lists have, and counts what only `p` has. */
static bool raise_common(struct clock *c, const struct past *p, uint32_t *missing)
{
    bool news = false;
    uint32_t i = 0;
    for (uint32_t j = 0; j < p->count; j++) {
        while (i < c->count && c->more[i].thread < p->more[j].thread)
            i++;
        if (i == c->count || c->more[i].thread != p->more[j].thread) {
            ++*missing;
        } else if (c->more[i].time < p->more[j].time) {
            c->more[i].time = p->more[j].time;
            news = true;
        }
    }
    return news;
}

/* Both lists are in the order of threads: one pass, from the end, so that nothing is overwritten. */
static void insert_missing(struct clock *c, const struct past *p, uint32_t missing)
{
    make_room(c, missing);
    uint32_t i = c->count, j = p->count, to = c->count + missing;
    c->count = to;
    while (to > i) {
        bool own = i > 0 && c->more[i - 1].thread >= p->more[j - 1].thread;
        if (own && c->more[i - 1].thread == p->more[j - 1].thread)
            j--;
        c->more[--to] = own ? c->more[--i] : p->more[--j];
    }
}

bool clock_join(struct clock *c, const struct past *p)
{
    bool news = false;
    for (uint32_t i = 0; i < p->used; i++)
        if (p->dense[i] > c->dense[i]) {
            c->dense[i] = p->dense[i];
            news = true;
        }
    if (p->used > c->used)
        c->used = p->used;
    uint32_t missing = 0;
    news |= raise_common(c, p, &missing);
    if (missing)
        insert_missing(c, p, missing);
    return news || missing;
}

struct past *clock_past(const struct clock *c)
{
    size_t dense = c->used * sizeof(uint64_t);
    struct past *p = malloc(sizeof *p + dense + c->count * sizeof *c->more);
    hd_assert(p);
    atomic_store_explicit(&p->references, 1, memory_order_relaxed); /* nobody else's yet */
    p->used = c->used;
    p->count = c->count;
    p->more = (struct clock_entry *)((char *)p->dense + dense);
    memcpy(p->dense, c->dense, dense);
    if (c->count)
        memcpy(p->more, c->more, c->count * sizeof *c->more);
    return p;
}

struct past *past_ref(struct past *p)
{
    atomic_fetch_add_explicit(&p->references, 1, memory_order_relaxed);
    return p;
}

void past_unref(struct past *p)
{
    /* acq_rel: pairs with itself: whoever frees has what the others read behind it */
    if (p && atomic_fetch_sub_explicit(&p->references, 1, memory_order_acq_rel) == 1)
        free(p);
}
