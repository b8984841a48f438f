/* Sequentially consistent atomics (ECMA-262 sec-memory-order): a total order of all events that
 * contains happens-before and in which no seq-cst write of the same range comes between a write and
 * its read, in the three cases that the text names.
 *
 * With happens-before known, two of the cases say at once which way a pair must stand. Only the
 * first leaves a choice: for a write W that a read R synchronizes with and any other write V of
 * their range, V before W or R before V. Choices of which one half is impossible are made at once;
 * what is left is tried both ways. */
#include "litmus/search.h"

enum { CLAUSES = LITMUS_EVENTS * LITMUS_EVENTS };

struct clause {
    uint8_t other, write, read; /* other before write, or read before other */
};

struct clauses {
    struct clause items[CLAUSES];
    size_t count;
};

/* For each source W of R, the cases (b) and (c). */
static bool add_forced(const search *s, const litmus_graph *hb, unsigned read, litmus_graph *order)
{
    bool atomic = s->atomics >> read & 1;
    uint64_t rivals = s->same_range_writes[read] & ~graph_bit(read);
    uint64_t sources = s->source_mask[read];
    if ((sources >> SEARCH_INIT & 1) && atomic) /* (c): Init happens before every write */
        for (uint64_t left = rivals; left != 0; left &= left - 1)
            if (!graph_add(order, read, (unsigned)__builtin_ctzll(left)))
                return false;
    sources &= hb->before[read] & ~graph_bit(SEARCH_INIT);
    for (; sources != 0; sources &= sources - 1) {
        unsigned write = (unsigned)__builtin_ctzll(sources);
        uint64_t earlier = s->atomics >> write & 1 ? s->same_range_writes[write] & hb->before[read] &
                                                         ~graph_bit(write)
                                                   : 0;
        for (; earlier != 0; earlier &= earlier - 1) /* (b) */
            if (!graph_add(order, (unsigned)__builtin_ctzll(earlier), write))
                return false;
        uint64_t later = atomic ? rivals & hb->after[write] & ~graph_bit(write) : 0;
        for (; later != 0; later &= later - 1) /* (c) */
            if (!graph_add(order, read, (unsigned)__builtin_ctzll(later)))
                return false;
    }
    return true;
}

static void add_clauses(const search *s, unsigned read, struct clauses *c)
{
    int write = s->synchronizer[read];
    if (write == LITMUS_INIT)
        return;
    uint64_t rivals = s->same_range_writes[read] & ~graph_bit(read) & ~graph_bit((unsigned)write);
    for (; rivals != 0 && c->count < CLAUSES; rivals &= rivals - 1)
        c->items[c->count++] =
            (struct clause){(uint8_t)__builtin_ctzll(rivals), (uint8_t)write, (uint8_t)read};
}

/* Makes every choice that only one half is left of. False: none is left of one. */
static bool propagate(litmus_graph *order, struct clauses *c)
{
    for (bool changed = true; changed;) {
        changed = false;
        size_t kept = 0;
        for (size_t i = 0; i < c->count; i++) {
            struct clause k = c->items[i];
            if (graph_has(order, k.other, k.write) || graph_has(order, k.read, k.other))
                continue;
            bool first = !graph_has(order, k.write, k.other);
            bool second = !graph_has(order, k.other, k.read);
            if (!first && !second)
                return false;
            if (first && second) {
                c->items[kept++] = k;
                continue;
            }
            changed = true;
            if (first ? !graph_add(order, k.other, k.write) : !graph_add(order, k.read, k.other))
                return false;
        }
        c->count = kept;
    }
    return true;
}

static bool decide(litmus_graph *order, struct clauses *c, size_t events)
{
    if (!propagate(order, c))
        return false;
    if (c->count == 0)
        return true;
    struct clause k = c->items[0];
    litmus_graph copy;
    struct clauses rest = {.count = c->count};
    graph_copy(&copy, order, events);
    memcpy(rest.items, c->items, c->count * sizeof c->items[0]);
    if (graph_add(&copy, k.other, k.write) && decide(&copy, &rest, events)) {
        graph_copy(order, &copy, events);
        return true;
    }
    return graph_add(order, k.read, k.other) && decide(order, c, events);
}

bool order_exists(const search *s, const litmus_graph *hb, litmus_graph *order)
{
    struct clauses c;
    c.count = 0;
    graph_copy(order, hb, s->event_count);
    for (uint64_t left = s->reads; left != 0; left &= left - 1) {
        unsigned read = (unsigned)__builtin_ctzll(left);
        if (s->source_mask[read] == 0)
            continue;
        if (!add_forced(s, hb, read, order))
            return false;
        if (s->atomics >> read & 1)
            add_clauses(s, read, &c);
    }
    return decide(order, &c, s->event_count);
}
