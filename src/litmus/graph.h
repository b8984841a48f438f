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

/* False, with nothing changed, when that would close a cycle. */
static inline bool graph_add(litmus_graph *g, unsigned earlier, unsigned later)
{
    if (earlier == later || graph_has(g, later, earlier))
        return false;
    if (graph_has(g, earlier, later))
        return true;
    uint64_t befores = g->before[earlier] | graph_bit(earlier);
    uint64_t afters = g->after[later] | graph_bit(later);
    for (uint64_t left = befores; left != 0; left &= left - 1)
        g->after[__builtin_ctzll(left)] |= afters;
    for (uint64_t left = afters; left != 0; left &= left - 1)
        g->before[__builtin_ctzll(left)] |= befores;
    return true;
}

#endif
