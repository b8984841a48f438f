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
    if ((sources >> SEARCH_INIT & 1) && atomic && /* (c): Init happens before every write */
        !graph_add_later(order, read, rivals))
        return false;
    sources &= hb->before[read] & ~graph_bit(SEARCH_INIT);
    for (; sources != 0; sources &= sources - 1) {
        unsigned write = (unsigned)__builtin_ctzll(sources);
        uint64_t earlier = s->atomics >> write & 1
                               ? s->same_range_writes[write] & hb->before[read] & ~graph_bit(write)
                               : 0;
        uint64_t later = atomic ? rivals & hb->after[write] & ~graph_bit(write) : 0;
        if (!graph_add_earlier(order, earlier, write) || /* (b) */
            !graph_add_later(order, read, later))        /* (c) */
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
    if (rivals != 0)
        o->clauses[o->count++] = (order_clause){rivals, (uint8_t)write, (uint8_t)read};
}

/* Makes the choices of one clause that only one half is left of, and forgets those that are made.
 * False: none is left of one. */
static bool settle(litmus_graph *order, order_clause *k, bool *changed)
{
    uint64_t open = k->rivals & ~(order->before[k->write] | order->after[k->read]);
    uint64_t later = open & order->after[k->write], earlier = open & order->before[k->read];
    if ((later & earlier) != 0)
        return false;
    k->rivals = open & ~(later | earlier);
    *changed |= (later | earlier) != 0;
    return graph_add_later(order, k->read, later) && graph_add_earlier(order, earlier, k->write);
}

/* All clauses, until nothing follows any more. */
static bool propagate(order_state *o)
{
    for (bool changed = true; changed;) {
        changed = false;
        size_t kept = 0;
        for (size_t i = 0; i < o->count; i++) {
            order_clause k = o->clauses[i];
            if (!settle(&o->graph, &k, &changed))
                return false;
            if (k.rivals != 0)
                o->clauses[kept++] = k;
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

/* Tries both halves of what propagation has left open. */
static bool decide(order_state *o, size_t events)
{
    if (o->count == 0)
        return true;
    order_clause k = o->clauses[0];
    unsigned rival = (unsigned)__builtin_ctzll(k.rivals);
    order_state other;
    copy_state(&other, o, events);
    if (graph_add(&other.graph, rival, k.write) && propagate(&other) && decide(&other, events)) {
        graph_copy(&o->graph, &other.graph, events);
        return true;
    }
    return graph_add(&o->graph, k.read, rival) && propagate(o) && decide(o, events);
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
    if (!propagate(&o) || !decide(&o, s->event_count))
        return false;
    graph_copy(order, &o.graph, s->event_count);
    return true;
}
