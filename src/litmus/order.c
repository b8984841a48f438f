/* Sequentially consistent atomics (ECMA-262 sec-memory-order): a total order of all events that
 * contains happens-before and in which no seq-cst write of the same range comes between a write and
 * its read, in the three cases that the text names.
 *
 * With happens-before known, two of the cases say at once which way a pair must stand. Only the
 * first leaves a choice: for a write W that a read R synchronizes with and any other write V of
 * their range, V before W or R before V. Choices of which one half is impossible are made at once;
 * what is left is tried both ways. */
#include "litmus/search.h"

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
        uint64_t earlier = s->atomics >> write & 1
                               ? s->same_range_writes[write] & hb->before[read] & ~graph_bit(write)
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

static void add_clauses(const search *s, unsigned read, order_state *o)
{
    int write = s->synchronizer[read];
    if (write == LITMUS_INIT)
        return;
    uint64_t rivals = s->same_range_writes[read] & ~graph_bit(read) & ~graph_bit((unsigned)write);
    /* Writes that are known to come before W or after R are no rivals. */
    for (rivals &= ~(o->graph.before[write] | o->graph.after[read]); rivals != 0;
         rivals &= rivals - 1)
        o->clauses[o->count++] =
            (order_clause){(uint8_t)__builtin_ctzll(rivals), (uint8_t)write, (uint8_t)read};
}

/* Makes every choice that only one half is left of. False: none is left of one. */
static bool propagate(order_state *o)
{
    litmus_graph *order = &o->graph;
    for (bool changed = true; changed;) {
        changed = false;
        size_t kept = 0;
        for (size_t i = 0; i < o->count; i++) {
            order_clause k = o->clauses[i];
            if (graph_has(order, k.other, k.write) || graph_has(order, k.read, k.other))
                continue;
            bool first = !graph_has(order, k.write, k.other);
            bool second = !graph_has(order, k.other, k.read);
            if (!first && !second)
                return false;
            if (first && second) {
                o->clauses[kept++] = k;
                continue;
            }
            changed = true;
            if (first ? !graph_add(order, k.other, k.write) : !graph_add(order, k.read, k.other))
                return false;
        }
        o->count = kept;
    }
    return true;
}

static void copy_state(order_state *to, const order_state *from, size_t events)
{
    graph_copy(&to->graph, &from->graph, events);
    to->count = from->count;
    memcpy(to->clauses, from->clauses, from->count * sizeof from->clauses[0]);
}

/* Tries both halves of what propagation leaves open. */
static bool decide(order_state *o, size_t events)
{
    if (!propagate(o))
        return false;
    if (o->count == 0)
        return true;
    order_clause k = o->clauses[0];
    order_state other;
    copy_state(&other, o, events);
    if (graph_add(&other.graph, k.other, k.write) && decide(&other, events)) {
        graph_copy(&o->graph, &other.graph, events);
        return true;
    }
    return graph_add(&o->graph, k.read, k.other) && decide(o, events);
}

void order_begin(const search *s, const litmus_graph *hb, order_state *state)
{
    graph_copy(&state->graph, hb, s->event_count);
    state->count = 0;
}

/* The cases (b) and (c) for all reads whose known sources are more than a synchronizing write: for
 * that one, case (a) says the same. */
static bool force_all(const search *s, const litmus_graph *hb, litmus_graph *order)
{
    for (uint64_t left = s->reads; left != 0; left &= left - 1) {
        unsigned read = (unsigned)__builtin_ctzll(left);
        uint64_t sources = s->source_mask[read];
        if ((s->atomics >> read & 1) && s->synchronizer[read] != LITMUS_INIT)
            sources &= ~graph_bit((unsigned)s->synchronizer[read]);
        if (sources != 0 && !add_forced(s, hb, read, order))
            return false;
    }
    return true;
}

bool order_extend(const search *s, const litmus_graph *hb, const order_state *before, unsigned read,
                  order_state *after)
{
    int write = s->synchronizer[read];
    copy_state(after, before, s->event_count);
    if (write != LITMUS_INIT && !graph_add(&after->graph, (unsigned)write, read))
        return false;
    if (!force_all(s, hb, &after->graph))
        return false;
    add_clauses(s, read, after);
    if (!propagate(after))
        return false;
    if (after->count == 0)
        return true;
    order_state trial;
    copy_state(&trial, after, s->event_count);
    return decide(&trial, s->event_count);
}

bool order_exists(const search *s, const litmus_graph *hb, litmus_graph *order)
{
    order_state o;
    order_begin(s, hb, &o);
    if (!force_all(s, hb, &o.graph))
        return false;
    for (uint64_t left = s->reads & s->atomics; left != 0; left &= left - 1)
        add_clauses(s, (unsigned)__builtin_ctzll(left), &o);
    if (!decide(&o, s->event_count))
        return false;
    graph_copy(order, &o.graph, s->event_count);
    return true;
}
