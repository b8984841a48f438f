#include "oracle.h"

#include "base/assert.h"

#include <string.h>

enum { INIT = -1 };

struct event {
    const litmus_step *step;
    int agent, place; /* in agent order */
    int offset, size; /* bytes, of all blocks in a row */
    bool reads, writes, atomic, whole;
    bool success; /* compareExchange */
    int sources[8];
    int64_t read, written;
    bool known, busy;
};

struct oracle {
    const litmus_program *program;
    oracle_set *out;
    struct event events[ORACLE_EVENTS];
    int count;
    int block_base[LITMUS_BLOCKS];
    bool hb[ORACLE_EVENTS][ORACLE_EVENTS], sw[ORACLE_EVENTS][ORACLE_EVENTS];
    int order[ORACLE_EVENTS]; /* position of each event in the memory order */
    double registers[LITMUS_AGENTS][LITMUS_REGISTERS];
    bool circular;
};

/* ---- the outcome sets ---- */

const oracle_outcome *oracle_find(const oracle_set *set, const double *slots, size_t count)
{
    for (size_t i = 0; i < set->count; i++)
        if (memcmp(set->items[i].slots, slots, count * sizeof *slots) == 0)
            return &set->items[i];
    return NULL;
}

static void add_outcome(oracle_set *set, const double *slots, size_t count, bool racy)
{
    oracle_outcome *o = (oracle_outcome *)(uintptr_t)oracle_find(set, slots, count);
    set->racy |= racy;
    if (o == NULL && set->count == ORACLE_OUTCOMES) {
        set->too_many = true;
        return;
    }
    if (o == NULL) {
        o = &set->items[set->count++];
        *o = (oracle_outcome){.racy = false};
        memcpy(o->slots, slots, count * sizeof *slots);
    }
    o->racy |= racy;
}

/* ---- events ---- */

static bool is_access(const litmus_step *s)
{
    return s->code >= CODE_READ && s->code <= CODE_COMPARE_EXCHANGE;
}

static void make_events(struct oracle *o)
{
    const litmus_program *p = o->program;
    int base = 0;
    for (size_t b = 0; b < p->block_count; b++) {
        o->block_base[b] = base;
        base += p->blocks[b].size;
    }
    for (size_t a = 0; a < p->agent_count; a++)
        for (size_t i = 0; i < p->agents[a].step_count; i++) {
            const litmus_step *s = &p->agents[a].steps[i];
            if (!is_access(s))
                continue;
            hd_assert(o->count < ORACLE_EVENTS);
            struct event *e = &o->events[o->count++];
            *e = (struct event){.step = s,
                                .agent = (int)a,
                                .place = (int)i,
                                .offset = o->block_base[s->place.block] + s->place.offset,
                                .size = litmus_elements[s->element].size,
                                .reads = s->code != CODE_WRITE,
                                .writes = s->code != CODE_READ,
                                .atomic = s->atomic,
                                .whole = s->tear_free};
        }
    for (size_t i = 0; i < p->slot_count; i++) /* the observer */
        if (p->slots[i].final) {
            const litmus_step *s = &p->slots[i].read;
            o->events[o->count++] =
                (struct event){.step = s,
                               .agent = LITMUS_AGENTS,
                               .place = (int)i,
                               .offset = o->block_base[s->place.block] + s->place.offset,
                               .size = litmus_elements[s->element].size,
                               .reads = true,
                               .whole = s->tear_free};
        }
}

static bool same_range(const struct event *a, const struct event *b)
{
    return a->offset == b->offset && a->size == b->size;
}

static bool overlap(const struct event *a, const struct event *b)
{
    return a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

/* ---- values: bytes as signed little-endian numbers; only small integers occur ---- */

static int64_t narrow(int64_t value, int size)
{
    return (int64_t)((uint64_t)value << (64 - size * 8)) >> (64 - size * 8);
}

/* The operand of a step: the constant, converted or not, that was put into its register. */
static int64_t operand(const struct oracle *o, const struct event *e, unsigned reg)
{
    const litmus_step *s = e->step, *first = o->program->agents[e->agent].steps;
    while (--s >= first) {
        if (s->target != reg)
            continue;
        if (s->code == CODE_CONSTANT)
            return (int64_t)s->constant.number;
        reg = s->left; /* a conversion */
    }
    hd_assert(false);
}

static int64_t written_value(struct oracle *o, int i);

static int64_t read_value(struct oracle *o, int i)
{
    struct event *e = &o->events[i];
    if (e->known)
        return e->read;
    if (e->busy) {
        o->circular = true;
        return 0;
    }
    e->busy = true;
    int64_t value = 0;
    for (int b = 0; b < e->size; b++) {
        if (e->sources[b] == INIT)
            continue;
        const struct event *w = &o->events[e->sources[b]];
        uint64_t bytes = (uint64_t)written_value(o, e->sources[b]);
        value |= (int64_t)((bytes >> (e->offset + b - w->offset) * 8 & 0xff) << b * 8);
    }
    e->busy = false;
    e->read = narrow(value, e->size);
    e->known = !o->circular;
    return e->read;
}

static int64_t written_value(struct oracle *o, int i)
{
    const struct event *e = &o->events[i];
    const litmus_step *s = e->step;
    if (s->code == CODE_COMPARE_EXCHANGE)
        return narrow(operand(o, e, s->right), e->size);
    int64_t value = operand(o, e, s->left);
    if (s->code == CODE_MODIFY) {
        int64_t old = read_value(o, i), given = narrow(value, e->size);
        value = s->operation == LITMUS_ADD        ? old + given
                : s->operation == LITMUS_SUBTRACT ? old - given
                : s->operation == LITMUS_BIT_OR   ? (old | given)
                : s->operation == LITMUS_BIT_AND  ? (old & given)
                                                  : (old ^ given);
    }
    return narrow(value, e->size);
}

static bool values_fit(struct oracle *o)
{
    o->circular = false;
    for (int i = 0; i < o->count; i++)
        o->events[i].known = o->events[i].busy = false;
    for (int i = 0; i < o->count; i++) {
        struct event *e = &o->events[i];
        int64_t value = e->reads ? read_value(o, i) : 0;
        if (o->circular)
            return false;
        if (e->step->code == CODE_COMPARE_EXCHANGE &&
            (value == narrow(operand(o, e, e->step->left), e->size)) != e->success)
            return false;
    }
    return true;
}

/* ---- axioms ---- */

static void relate(struct oracle *o)
{
    int n = o->count;
    memset(o->hb, 0, sizeof o->hb);
    memset(o->sw, 0, sizeof o->sw);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            const struct event *a = &o->events[i], *b = &o->events[j];
            o->hb[i][j] = (a->agent == b->agent && a->place < b->place) ||
                          (a->agent == 0 && b->agent != 0) || /* the setup comes first */
                          (b->agent == LITMUS_AGENTS && a->agent != LITMUS_AGENTS);
        }
    for (int r = 0; r < n; r++)
        for (int b = 0; o->events[r].reads && b < o->events[r].size; b++) {
            int w = o->events[r].sources[b];
            if (w != INIT && o->events[w].atomic && o->events[r].atomic &&
                same_range(&o->events[w], &o->events[r]))
                o->hb[w][r] = o->sw[w][r] = true;
        }
    for (int k = 0; k < n; k++)
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                o->hb[i][j] |= o->hb[i][k] && o->hb[k][j];
}

static bool happens_before(const struct oracle *o, int a, int b)
{
    return a == INIT || (b != INIT && o->hb[a][b]);
}

static bool reads_hold(const struct oracle *o)
{
    for (int r = 0; r < o->count; r++) {
        const struct event *e = &o->events[r];
        int whole = INIT;
        if (o->hb[r][r])
            return false;
        for (int b = 0; e->reads && b < e->size; b++) {
            int w = e->sources[b];
            if (w != INIT && o->hb[r][w])
                return false;
            for (int v = 0; v < o->count; v++) {
                const struct event *other = &o->events[v];
                bool covers = other->writes && other->offset <= e->offset + b &&
                              e->offset + b < other->offset + other->size;
                if (v != w && covers && happens_before(o, w, v) && o->hb[v][r])
                    return false;
            }
            if (w == INIT || !e->whole || !o->events[w].whole || !same_range(e, &o->events[w]))
                continue;
            if (whole != INIT && whole != w)
                return false;
            whole = w;
        }
    }
    return true;
}

/* For one order of all events, each of the three cases as it stands in the text. */
static bool order_holds(const struct oracle *o)
{
    for (int r = 0; r < o->count; r++) {
        const struct event *R = &o->events[r];
        for (int b = 0; R->reads && b < R->size; b++) {
            int w = R->sources[b];
            for (int v = 0; v < o->count; v++) {
                const struct event *V = &o->events[v];
                bool between = v != r && v != w && V->writes && V->atomic &&
                               (w == INIT || o->order[w] < o->order[v]) &&
                               o->order[v] < o->order[r];
                if (!between)
                    continue;
                if (w != INIT && o->sw[w][r] && same_range(V, R))
                    return false;
                if (w != INIT && o->hb[w][r] && o->hb[v][r] && o->events[w].atomic &&
                    same_range(&o->events[w], V))
                    return false;
                if (happens_before(o, w, r) && happens_before(o, w, v) && R->atomic &&
                    same_range(V, R))
                    return false;
            }
        }
    }
    return true;
}

static bool some_order_holds(struct oracle *o, int position, unsigned placed)
{
    if (position == o->count)
        return order_holds(o);
    for (int e = 0; e < o->count; e++) {
        bool ready = !(placed >> e & 1);
        for (int before = 0; before < o->count; before++)
            ready = ready && (!o->hb[before][e] || (placed >> before & 1));
        if (!ready)
            continue;
        o->order[e] = position;
        if (some_order_holds(o, position + 1, placed | 1u << e))
            return true;
    }
    return false;
}

static bool reads_from(const struct event *r, int w)
{
    for (int b = 0; r->reads && b < r->size; b++)
        if (r->sources[b] == w)
            return true;
    return false;
}

static bool has_data_race(const struct oracle *o)
{
    for (int i = 0; i < o->count; i++)
        for (int j = 0; j < i; j++) {
            const struct event *a = &o->events[i], *b = &o->events[j];
            if (o->hb[i][j] || o->hb[j][i])
                continue;
            bool race =
                (a->writes && b->writes && overlap(a, b)) || reads_from(a, j) || reads_from(b, i);
            if (race && !(a->atomic && b->atomic && same_range(a, b)))
                return true;
        }
    return false;
}

static void judge(struct oracle *o)
{
    double slots[LITMUS_SLOTS] = {0};
    if (!values_fit(o))
        return;
    relate(o);
    if (!reads_hold(o) || !some_order_holds(o, 0, 0))
        return;
    for (size_t i = 0; i < o->program->slot_count; i++) {
        const litmus_slot *slot = &o->program->slots[i];
        for (int e = 0; e < o->count; e++) {
            const struct event *event = &o->events[e];
            bool mine = slot->final
                            ? event->agent == LITMUS_AGENTS && event->place == (int)i
                            : event->agent == slot->agent && event->step->target == slot->reg;
            if (mine)
                slots[i] = (double)event->read;
        }
    }
    add_outcome(o->out, slots, o->program->slot_count, has_data_race(o));
}

static void choose(struct oracle *o, int event, int byte)
{
    if (event == o->count) {
        judge(o);
        return;
    }
    struct event *e = &o->events[event];
    if (!e->reads || byte == e->size) {
        choose(o, event + 1, 0);
        return;
    }
    for (int w = INIT; w < o->count; w++) {
        const struct event *source = w == INIT ? NULL : &o->events[w];
        if (w == event ||
            (source != NULL && (!source->writes || source->offset > e->offset + byte ||
                                e->offset + byte >= source->offset + source->size)))
            continue;
        e->sources[byte] = w;
        choose(o, event, byte + 1);
    }
}

void oracle_allowed(const litmus_program *p, oracle_set *out)
{
    static struct oracle o; /* one test thread */
    o = (struct oracle){.program = p, .out = out};
    out->count = 0;
    out->racy = out->too_many = false;
    make_events(&o);
    int exchanges[ORACLE_EVENTS], count = 0;
    for (int e = 0; e < o.count; e++)
        if (o.events[e].step->code == CODE_COMPARE_EXCHANGE)
            exchanges[count++] = e;
    for (int flags = 0; flags < 1 << count; flags++) {
        for (int i = 0; i < count; i++)
            o.events[exchanges[i]].success = o.events[exchanges[i]].writes = flags >> i & 1;
        choose(&o, 0, 0);
    }
}

/* ---- interleavings ---- */

struct machine {
    struct oracle o;
    uint8_t memory[LITMUS_BLOCK_SIZE];
    oracle_access made[ORACLE_EVENTS]; /* so far, in their order */
    size_t made_count;
    void (*visit)(void *context, const oracle_access *accesses,
                  size_t count); /* NULL: outcomes are wanted */
    void *context;
};

static void interleave(struct machine *m, unsigned done)
{
    struct oracle *o = &m->o;
    bool moved = false;
    for (int e = 0; e < o->count; e++) {
        struct event *event = &o->events[e];
        bool first = event->agent != LITMUS_AGENTS && !(done >> e & 1);
        for (int k = 0; first && k < e; k++)
            first =
                (o->events[k].agent != event->agent && o->events[k].agent != 0) || (done >> k & 1);
        if (!first)
            continue;
        moved = true;
        uint8_t saved[8];
        uint64_t bytes = 0;
        memcpy(saved, m->memory + event->offset, (size_t)event->size);
        memcpy(&bytes, saved, (size_t)event->size);
        event->read = narrow((int64_t)bytes, event->size);
        event->known = true;
        bool writes = event->step->code != CODE_READ;
        if (event->step->code == CODE_COMPARE_EXCHANGE)
            writes = event->read == narrow(operand(o, event, event->step->left), event->size);
        if (writes) {
            bytes = (uint64_t)written_value(o, e);
            memcpy(m->memory + event->offset, &bytes, (size_t)event->size);
        }
        int64_t read = event->read;
        m->made[m->made_count++] = (oracle_access){.agent = event->agent,
                                                   .offset = event->offset,
                                                   .size = event->size,
                                                   .reads = event->reads,
                                                   .writes = writes,
                                                   .atomic = event->atomic};
        interleave(m, done | 1u << e);
        m->made_count--;
        event->read = read;
        memcpy(m->memory + event->offset, saved, (size_t)event->size);
    }
    if (moved)
        return;
    if (m->visit != NULL) {
        m->visit(m->context, m->made, m->made_count);
        return;
    }
    double slots[LITMUS_SLOTS] = {0};
    for (size_t i = 0; i < o->program->slot_count; i++)
        for (int e = 0; e < o->count; e++) {
            const litmus_slot *slot = &o->program->slots[i];
            struct event *event = &o->events[e];
            uint64_t bytes = 0;
            memcpy(&bytes, m->memory + event->offset, (size_t)event->size);
            if (slot->final && event->agent == LITMUS_AGENTS && event->place == (int)i)
                slots[i] = (double)narrow((int64_t)bytes, event->size);
            if (!slot->final && event->agent == slot->agent && event->step->target == slot->reg)
                slots[i] = (double)event->read;
        }
    add_outcome(o->out, slots, o->program->slot_count, false);
}

void oracle_interleaved(const litmus_program *p, oracle_set *out)
{
    static struct machine m;
    m = (struct machine){.o = {.program = p, .out = out}};
    out->count = 0;
    out->racy = out->too_many = false;
    make_events(&m.o);
    interleave(&m, 0);
}

void oracle_each_interleaving(const litmus_program *p,
                              void (*visit)(void *context, const oracle_access *accesses,
                                            size_t count),
                              void *context)
{
    static struct machine m;
    m = (struct machine){.o = {.program = p}, .visit = visit, .context = context};
    make_events(&m.o);
    interleave(&m, 0);
}
