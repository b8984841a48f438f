/* A strict partial order on at most 64 events, kept transitively closed: one word of successors and
 * one of predecessors per event. Threads: any. */
#ifndef HEDDLE_LITMUS_GRAPH_H
#define HEDDLE_LITMUS_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct litmus_graph {
    uint64_t after[64];  /* everything that comes later */
    uint64_t before[64]; /* everything that comes earlier */
} litmus_graph;

static inline uint64_t graph_bit(unsigned event)
{
    return (uint64_t)1 << event;
}

static inline void graph_copy(litmus_graph *to, const litmus_graph *from, size_t events)
{
    memcpy(to->after, from->after, events * sizeof from->after[0]);
    memcpy(to->before, from->before, events * sizeof from->before[0]);
}

static inline bool graph_has(const litmus_graph *g, unsigned earlier, unsigned later)
{
    return g->after[earlier] >> later & 1;
}

/* Puts each of `earlier` before each of `later`: the one with all that comes before it, the other
 * with all that comes after it. False, with nothing changed, when that would close a cycle. */
static inline bool graph_join(litmus_graph *g, uint64_t earlier, uint64_t later)
{
    if ((earlier & later) != 0)
        return false;
    for (uint64_t left = earlier; left != 0; left &= left - 1)
        g->after[__builtin_ctzll(left)] |= later;
    for (uint64_t left = later; left != 0; left &= left - 1)
        g->before[__builtin_ctzll(left)] |= earlier;
    return true;
}

static inline bool graph_add(litmus_graph *g, unsigned earlier, unsigned later)
{
    return graph_has(g, earlier, later) || graph_join(g, g->before[earlier] | graph_bit(earlier),
                                                      g->after[later] | graph_bit(later));
}

/* The event before each of a set, in one step. */
static inline bool graph_add_later(litmus_graph *g, unsigned earlier, uint64_t set)
{
    uint64_t later = set &= ~g->after[earlier];
    for (; set != 0; set &= set - 1)
        later |= g->after[__builtin_ctzll(set)];
    return later == 0 || graph_join(g, g->before[earlier] | graph_bit(earlier), later);
}

/* Each of a set before the event. */
static inline bool graph_add_earlier(litmus_graph *g, uint64_t set, unsigned later)
{
    uint64_t earlier = set &= ~g->before[later];
    for (; set != 0; set &= set - 1)
        earlier |= g->before[__builtin_ctzll(set)];
    return earlier == 0 || graph_join(g, earlier, g->after[later] | graph_bit(later));
}

#endif
