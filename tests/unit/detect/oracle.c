/* The definition, as it stands in ECMA-262 (sec-happens-before, sec-races, sec-data-races), by
 * brute force over every pair of events. Nothing here is shared with the detector. */
#include "program.h"

#include <string.h>

typedef bool relation[MOST_EVENTS][MOST_EVENTS];

static bool reads(const struct event *e)
{
    return e->kind == READ || e->kind == LOAD || e->kind == MODIFY || e->kind == WAIT;
}

static bool writes(const struct event *e)
{
    return e->kind == WRITE || e->kind == STORE || e->kind == MODIFY;
}

static bool is_memory(const struct event *e)
{
    return reads(e) || writes(e);
}

static bool seq_cst(const struct event *e)
{
    return e->kind == LOAD || e->kind == STORE || e->kind == MODIFY || e->kind == WAIT;
}

static bool covers(const struct event *e, unsigned byte)
{
    return is_memory(e) && byte >= e->offset && byte < e->offset + e->size;
}

static bool overlap(const struct event *a, const struct event *b)
{
    return a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

static bool equal_range(const struct event *a, const struct event *b)
{
    return a->offset == b->offset && a->size == b->size;
}

/* The event that wrote what `reader` found in that byte, or -1 for the initial zero: the programs
 * run one event at a time. */
static int source_of(const struct program *p, unsigned reader, unsigned byte)
{
    for (int i = (int)reader - 1; i >= 0; i--)
        if (writes(&p->events[i]) && covers(&p->events[i], byte))
            return i;
    return -1;
}

/* is-…-reads-from, filled before anything else. */
static relation from;

static void fill_reads_from(const struct program *p)
{
    memset(from, 0, sizeof from);
    for (unsigned i = 0; i < p->count; i++) {
        const struct event *r = &p->events[i];
        for (unsigned byte = r->offset; reads(r) && byte < r->offset + r->size; byte++) {
            int source = source_of(p, i, byte);
            if (source >= 0)
                from[i][source] = true;
        }
    }
}

static bool is_section(const struct event *e)
{
    return e->kind == SECTION || e->kind == WAIT;
}

static bool synchronizes_with(const struct program *p, unsigned first, unsigned second)
{
    const struct event *a = &p->events[first], *b = &p->events[second];
    if (writes(a) && seq_cst(a) && reads(b) && seq_cst(b) && equal_range(a, b) &&
        from[second][first])
        return true;
    if (is_section(a) && is_section(b) && a->offset == b->offset)
        return true;
    if (a->kind == SEND && b->kind == RECEIVE && a->number == b->number)
        return true;
    if (a->kind == START && b->agent == a->number)
        return true;
    /* The length is a block of its own, changed and read atomically: whoever sees a length comes
     * after the last grow. */
    if (a->kind == GROW && (b->kind == GROW || b->kind == LENGTH)) {
        for (unsigned between = first + 1; between < second; between++)
            if (p->events[between].kind == GROW)
                return false;
        return true;
    }
    return false;
}

static void happens_before(const struct program *p, relation hb)
{
    memset(hb, 0, sizeof(relation));
    for (unsigned i = 0; i < p->count; i++)
        for (unsigned k = i + 1; k < p->count; k++)
            hb[i][k] = p->events[i].agent == p->events[k].agent || synchronizes_with(p, i, k);
    for (unsigned via = 0; via < p->count; via++)
        for (unsigned i = 0; i < p->count; i++)
            for (unsigned k = 0; hb[i][via] && k < p->count; k++)
                hb[i][k] |= hb[via][k];
}

static enum verdict judge(const struct program *p, relation hb, unsigned first, unsigned second)
{
    const struct event *a = &p->events[first], *b = &p->events[second];
    if (!is_memory(a) || !is_memory(b) || !overlap(a, b) || hb[first][second])
        return FREE;
    if (seq_cst(a) && seq_cst(b) && equal_range(a, b))
        return FREE;
    if (writes(a) && writes(b))
        return OBSERVED;
    if (from[second][first])
        return OBSERVED;
    return writes(a) || writes(b) ? UNORDERED : FREE;
}

void oracle_judge(const struct program *p, struct findings *out)
{
    static relation hb;
    memset(out, 0, sizeof *out);
    fill_reads_from(p);
    happens_before(p, hb);
    for (unsigned i = 0; i < p->count; i++)
        for (unsigned k = i + 1; k < p->count; k++)
            out->pair[i][k] = judge(p, hb, i, k);
}
