/* Why an outcome is forbidden. Every candidate that would give it, valid or not, is taken from the
 * search before anything is read; reads get one source each (of whole ranges first, byte by byte
 * when no such choice gives the outcome). Of all candidates the one that comes furthest through the
 * axioms is explained: an order that cannot exist is nearer than a read of what was overwritten. */
#include "litmus/search.h"
#include "litmus/witness.h"

#include <string.h>

enum { MOST_CANDIDATES = 400000, MOST_EDGES = 512 };

/* The axioms in the order in which a candidate is judged. */
enum flaw { FLAW_CYCLE, FLAW_COHERENCE, FLAW_TEAR, FLAW_ORDER, FLAW_NONE };

enum reason {
    BECAUSE_AGENT, /* agent order */
    BECAUSE_HOST,  /* start, message, critical sections */
    BECAUSE_SYNCHRONIZES,
    BECAUSE_INITIAL,    /* from: reads the initial value that `to` overwrites */
    BECAUSE_REPLACED,   /* (b): `third` reads `to`, and `from` happens before it too */
    BECAUSE_OVERWRITES, /* (c): from reads `third`, which happens before the write `to` */
    BECAUSE_BEFORE, /* (a): `to` may not stand between from … : from before the write it rivals */
    BECAUSE_AFTER,  /* (a): read `from` of `third` stands before its rival `to` */
    BECAUSE_TRIED
};

struct edge {
    uint8_t from, to, third, reason;
};

struct explanation {
    const litmus_question *question;
    buffer text; /* of the best candidate */
    enum flaw best;
    size_t best_events;
    uint64_t candidates, tried;
    bool by_bytes, exhausted;

    /* the candidate at hand */
    search *s;
    litmus_graph base; /* happens-before without what is read */
    litmus_graph hb, order;
    struct edge edges[MOST_EDGES];
    size_t edge_count;
};

/* ---- words ---- */

static void name_event(struct explanation *x, unsigned event)
{
    buffer_format(&x->text, "e%u", event + 1);
}

static void write_place(struct explanation *x, unsigned event)
{
    const litmus_event *e = x->s->events[event];
    litmus_place_write(x->s->program, e->step, e->offset, &x->text);
}

static void write_events(struct explanation *x)
{
    search *s = x->s;
    for (unsigned i = 0; i < s->event_count; i++) {
        const litmus_event *e = s->events[i];
        const char *name =
            e->agent < s->program->agent_count ? s->program->agents[e->agent].name : "(final)";
        buffer_format(&x->text, "  e%-3u %-8s ", i + 1, name);
        litmus_event_write(s->program, e, s->read[i], s->written[i], &x->text);
        buffer_format(&x->text, "  (%s", e->size == 0 ? "" : e->atomic ? "atomic" : "plain");
        bool reads = s->reads >> i & 1;
        for (unsigned b = 0; reads && b < e->size; b++) {
            int source = s->sources[i][b];
            if (b > 0 && source == s->sources[i][b - 1])
                continue;
            if (source == LITMUS_INIT)
                buffer_add(&x->text, ", the initial value");
            else
                buffer_format(&x->text, ", from e%d", source + 1);
        }
        buffer_add(&x->text, ")\n");
    }
    buffer_add(&x->text, "\n");
}

static void write_edge(struct explanation *x, const struct edge *e)
{
    buffer_add(&x->text, "  ");
    name_event(x, e->from);
    buffer_add(&x->text, " → ");
    name_event(x, e->to);
    buffer_add(&x->text, "  ");
    switch (e->reason) {
    case BECAUSE_AGENT:
        buffer_add(&x->text, "one agent does one before the other (agent order)");
        break;
    case BECAUSE_HOST:
        buffer_add(&x->text, "a start, a message or a critical section orders them");
        break;
    case BECAUSE_SYNCHRONIZES:
        buffer_format(
            &x->text,
            "e%u reads what e%u wrote, both atomic, the same bytes: e%u synchronizes with it",
            e->to + 1, e->from + 1, e->from + 1);
        break;
    case BECAUSE_INITIAL:
        buffer_format(&x->text, "e%u reads the initial value of ", e->from + 1);
        write_place(x, e->from);
        buffer_format(&x->text, ", so it comes before e%u overwrites that", e->to + 1);
        break;
    case BECAUSE_REPLACED:
        buffer_format(&x->text,
                      "e%u reads e%u and not e%u, though both happen before it: e%u was replaced",
                      e->third + 1, e->to + 1, e->from + 1, e->from + 1);
        break;
    case BECAUSE_OVERWRITES:
        buffer_format(
            &x->text,
            "e%u still reads e%u, which happens before e%u: it comes before that overwrites it",
            e->from + 1, e->third + 1, e->to + 1);
        break;
    case BECAUSE_BEFORE:
        buffer_format(&x->text,
                      "e%u reads e%u, so e%u, which comes before that read, comes before e%u",
                      e->third + 1, e->to + 1, e->from + 1, e->to + 1);
        break;
    case BECAUSE_AFTER:
        buffer_format(&x->text,
                      "e%u reads e%u, so e%u, which comes after that, comes after e%u too",
                      e->from + 1, e->third + 1, e->to + 1, e->from + 1);
        break;
    default:
        buffer_add(&x->text, "suppose it");
        break;
    }
    buffer_add(&x->text, "\n");
}

/* The shortest way from `from` to `to` over the edges; its length, 0 when there is none. */
static size_t find_way(const struct explanation *x, unsigned from, unsigned to, uint16_t *way)
{
    int16_t by[LITMUS_EVENTS];
    uint8_t queue[LITMUS_EVENTS];
    size_t first = 0, last = 0, length = 0;
    memset(by, -1, sizeof by);
    queue[last++] = (uint8_t)from;
    while (first < last && by[to] < 0) {
        unsigned at = queue[first++];
        for (size_t i = 0; i < x->edge_count; i++) {
            const struct edge *e = &x->edges[i];
            if (e->from != at || by[e->to] >= 0 || e->to == from)
                continue;
            by[e->to] = (int16_t)i;
            queue[last++] = e->to;
        }
    }
    if (by[to] < 0)
        return 0;
    for (unsigned at = to; at != from; at = x->edges[by[at]].from)
        way[length++] = (uint16_t)by[at];
    for (size_t i = 0; i < length / 2; i++) {
        uint16_t t = way[i];
        way[i] = way[length - 1 - i];
        way[length - 1 - i] = t;
    }
    return length;
}

/* The circle that `closing` closes. */
static void write_circle(struct explanation *x, const struct edge *closing)
{
    uint16_t way[LITMUS_EVENTS];
    size_t length = find_way(x, closing->to, closing->from, way);
    for (size_t i = 0; i < length; i++)
        write_edge(x, &x->edges[way[i]]);
    write_edge(x, closing);
    buffer_add(&x->text, "  a circle: ");
    for (size_t i = 0; i < length; i++)
        buffer_format(&x->text, "e%u → ", x->edges[way[i]].from + 1);
    buffer_format(&x->text, "e%u → e%u\n", closing->from + 1, closing->to + 1);
}

/* ---- the relations, edge by edge ---- */

static void note(struct explanation *x, struct edge e)
{
    if (x->edge_count < MOST_EDGES)
        x->edges[x->edge_count++] = e;
}

static void note_base(struct explanation *x)
{
    search *s = x->s;
    x->edge_count = 0;
    for (unsigned a = 0; a < s->event_count; a++)
        for (uint64_t left = x->base.after[a]; left != 0; left &= left - 1) {
            unsigned b = (unsigned)__builtin_ctzll(left);
            if ((x->base.after[a] & x->base.before[b]) == 0)
                note(x, (struct edge){(uint8_t)a, (uint8_t)b, 0,
                                      s->events[a]->agent == s->events[b]->agent ? BECAUSE_AGENT
                                                                                 : BECAUSE_HOST});
        }
}

/* Happens-before with what is read. False: a circle, which was written if `say`. */
static bool grow_happens_before(struct explanation *x, bool say)
{
    search *s = x->s;
    x->hb = x->base;
    note_base(x);
    for (size_t i = 0; i < s->atomic_count; i++) {
        unsigned read = s->atomic_reads[i];
        s->synchronizer[read] = LITMUS_INIT;
        for (unsigned b = 0; b < s->events[read]->size; b++) {
            int source = s->sources[read][b];
            if (source < 0 || !(s->same_range_writes[read] >> source & 1))
                continue;
            s->synchronizer[read] = (int8_t)source;
            struct edge e = {(uint8_t)source, (uint8_t)read, 0, BECAUSE_SYNCHRONIZES};
            if (!graph_add(&x->hb, (unsigned)source, read)) {
                if (say) {
                    buffer_add(&x->text, "It breaks the rule that happens-before has no circle "
                                         "(ECMA-262 sec-valid-executions):\n\n");
                    write_circle(x, &e);
                }
                return false;
            }
            note(x, e);
        }
    }
    return true;
}

static void write_hidden(struct explanation *x, unsigned read, int source, int other)
{
    buffer_format(&x->text,
                  "It breaks Coherent Reads (ECMA-262 sec-coherent-reads):\n\n  e%u reads ",
                  read + 1);
    write_place(x, read);
    if (source == LITMUS_INIT)
        buffer_add(&x->text, " from the initial value");
    else
        buffer_format(&x->text, " from e%d", source + 1);
    if (other < 0)
        buffer_format(&x->text, ", but happens before e%d itself\n", source + 1);
    else
        buffer_format(&x->text, ", but e%d replaced that value and happens before e%u:\n",
                      other + 1, read + 1);
    uint16_t way[LITMUS_EVENTS];
    size_t length = other < 0 ? find_way(x, read, (unsigned)source, way)
                              : find_way(x, (unsigned)other, read, way);
    for (size_t i = 0; i < length; i++)
        write_edge(x, &x->edges[way[i]]);
}

static bool is_coherent(struct explanation *x, bool say)
{
    search *s = x->s;
    for (uint64_t left = s->reads; left != 0; left &= left - 1) {
        unsigned read = (unsigned)__builtin_ctzll(left);
        for (unsigned b = 0; b < s->events[read]->size; b++) {
            int source = s->sources[read][b];
            uint64_t between = s->writers[s->first_byte[read] + b] & x->hb.before[read];
            bool later = source >= 0 && graph_has(&x->hb, read, (unsigned)source);
            if (source >= 0)
                between &= x->hb.after[source];
            if (!later && between == 0)
                continue;
            if (say)
                write_hidden(x, read, source, later ? -1 : __builtin_ctzll(between));
            return false;
        }
    }
    return true;
}

static bool is_tear_free(struct explanation *x, bool say)
{
    search *s = x->s;
    for (uint64_t left = s->reads; left != 0; left &= left - 1) {
        unsigned read = (unsigned)__builtin_ctzll(left);
        const litmus_event *e = s->events[read];
        int whole = LITMUS_INIT;
        bool initial = false;
        for (unsigned b = 0; b < e->size && e->tear_free; b++) {
            int source = s->sources[read][b];
            initial |= source == LITMUS_INIT;
            if (source < 0 || !s->events[source]->tear_free ||
                !candidate_equal_ranges(e, s->events[source]))
                continue;
            if (whole != LITMUS_INIT && whole != source) {
                if (say)
                    buffer_format(
                        &x->text,
                        "It breaks Tear Free Reads (ECMA-262 sec-tear-free-aligned-reads): "
                        "e%u mixes bytes of e%d and e%d, which both write the whole element\n",
                        read + 1, whole + 1, source + 1);
                return false;
            }
            whole = source;
        }
        if (initial && whole != LITMUS_INIT && s->options->tearing == LITMUS_TEARING_NONE) {
            if (say)
                buffer_format(&x->text,
                              "e%u mixes bytes of the initial value and e%d, which "
                              "--init-tearing=none rules out\n",
                              read + 1, whole + 1);
            return false;
        }
    }
    return true;
}

/* ---- the memory order ---- */

/* False: the edge closes a circle, which was written if `say`. */
static bool force(struct explanation *x, struct edge e, bool say)
{
    if (graph_has(&x->order, e.from, e.to))
        return true;
    if (graph_add(&x->order, e.from, e.to)) {
        note(x, e);
        return true;
    }
    if (say)
        write_circle(x, &e);
    return false;
}

static bool force_read(struct explanation *x, unsigned read, bool say)
{
    search *s = x->s;
    const litmus_event *e = s->events[read];
    uint64_t rivals = e->atomic ? s->same_range_writes[read] & ~graph_bit(read) : 0;
    for (unsigned b = 0; b < e->size; b++) {
        int source = s->sources[read][b];
        if (b > 0 && source == s->sources[read][b - 1])
            continue;
        if (source == LITMUS_INIT) {
            for (uint64_t left = rivals; left != 0; left &= left - 1)
                if (!force(x,
                           (struct edge){(uint8_t)read, (uint8_t)__builtin_ctzll(left), 0,
                                         BECAUSE_INITIAL},
                           say))
                    return false;
            continue;
        }
        if (!graph_has(&x->hb, (unsigned)source, read))
            continue;
        uint64_t self = graph_bit((unsigned)source);
        uint64_t earlier =
            s->atomics & self ? s->same_range_writes[source] & x->hb.before[read] & ~self : 0;
        for (; earlier != 0; earlier &= earlier - 1)
            if (!force(x,
                       (struct edge){(uint8_t)__builtin_ctzll(earlier), (uint8_t)source,
                                     (uint8_t)read, BECAUSE_REPLACED},
                       say))
                return false;
        uint64_t later = rivals & x->hb.after[source] & ~self;
        for (; later != 0; later &= later - 1)
            if (!force(x,
                       (struct edge){(uint8_t)read, (uint8_t)__builtin_ctzll(later),
                                     (uint8_t)source, BECAUSE_OVERWRITES},
                       say))
                return false;
    }
    return true;
}

/* Case (a), where one half of the choice is impossible already. `open` gets a choice that is left.
 */
static bool force_choices(struct explanation *x, bool say, struct edge open[2])
{
    search *s = x->s;
    for (bool changed = true; changed;) {
        changed = false;
        open[0].reason = BECAUSE_AGENT;
        for (size_t i = 0; i < s->atomic_count; i++) {
            unsigned read = s->atomic_reads[i];
            int write = s->synchronizer[read];
            if (write == LITMUS_INIT)
                continue;
            uint64_t rivals =
                s->same_range_writes[read] & ~graph_bit(read) & ~graph_bit((unsigned)write);
            for (; rivals != 0; rivals &= rivals - 1) {
                unsigned other = (unsigned)__builtin_ctzll(rivals);
                if (graph_has(&x->order, other, (unsigned)write) ||
                    graph_has(&x->order, read, other))
                    continue;
                struct edge before = {(uint8_t)other, (uint8_t)write, (uint8_t)read,
                                      BECAUSE_BEFORE};
                struct edge after = {(uint8_t)read, (uint8_t)other, (uint8_t)write, BECAUSE_AFTER};
                bool no_before = graph_has(&x->order, (unsigned)write, other);
                bool no_after = graph_has(&x->order, other, read);
                if (!no_before && !no_after) {
                    open[0] = before;
                    open[1] = after;
                    continue;
                }
                changed = true;
                if (!force(x, no_before ? after : before, say))
                    return false;
            }
        }
    }
    return true;
}

static bool has_order(struct explanation *x, bool say);

/* Both halves of a choice fail, each for its own reason. */
static bool try_halves(struct explanation *x, bool say, const struct edge open[2])
{
    for (int half = 0; half < 2; half++) {
        litmus_graph kept = x->order;
        size_t edges = x->edge_count;
        struct edge e = open[half];
        struct edge rest[2];
        e.reason = BECAUSE_TRIED;
        if (say)
            buffer_format(&x->text, "%s e%u → e%u:\n", half == 0 ? "Suppose" : "Or else",
                          e.from + 1, e.to + 1);
        bool good = force(x, e, say) && force_choices(x, say, rest);
        if (good && rest[0].reason != BECAUSE_AGENT)
            good = try_halves(x, say, rest);
        x->order = kept;
        x->edge_count = edges;
        if (good)
            return true;
    }
    return false;
}

static bool has_order(struct explanation *x, bool say)
{
    search *s = x->s;
    struct edge open[2];
    x->order = x->hb;
    for (uint64_t left = s->reads; left != 0; left &= left - 1)
        if (!force_read(x, (unsigned)__builtin_ctzll(left), say))
            return false;
    if (!force_choices(x, say, open))
        return false;
    return open[0].reason == BECAUSE_AGENT || try_halves(x, say, open);
}

/* ---- candidates ---- */

static enum flaw judge(struct explanation *x, bool say)
{
    if (!grow_happens_before(x, say))
        return FLAW_CYCLE;
    if (!is_coherent(x, say))
        return FLAW_COHERENCE;
    if (!is_tear_free(x, say))
        return FLAW_TEAR;
    if (say)
        buffer_add(&x->text,
                   "It breaks Sequentially Consistent Atomics (ECMA-262 sec-memory-order): "
                   "there is no order of all events\nin which every atomic read sees the last "
                   "atomic write before it. That order would need\n\n");
    return has_order(x, say) ? FLAW_NONE : FLAW_ORDER;
}

static bool gives_outcome(struct explanation *x)
{
    search *s = x->s;
    const litmus_program *p = s->program;
    litmus_value slots[LITMUS_SLOTS];
    size_t observer = s->base[p->agent_count];
    for (unsigned a = 0; a < p->agent_count; a++)
        for (size_t c = 0; c < s->chosen[a]->constraint_count; c++) {
            const litmus_constraint *k = &s->chosen[a]->constraints[c];
            litmus_value value;
            if (values_of_node(s, a, k->node, &value) != VALUE_KNOWN ||
                !litmus_constraint_holds(k, value))
                return false;
        }
    for (size_t i = 0; i < p->slot_count; i++) {
        const litmus_slot *slot = &p->slots[i];
        if (slot->final) {
            const litmus_event *e = s->events[observer];
            uint64_t raw = s->read[observer++];
            slots[i] = litmus_decode((litmus_element)e->element,
                                     e->big_endian ? litmus_swap(raw, e->size) : raw);
        } else if (values_of_node(s, slot->agent, s->chosen[slot->agent]->registers[slot->reg],
                                  &slots[i]) != VALUE_KNOWN) {
            return false;
        }
    }
    return litmus_question_holds(x->question, slots, p->slot_count);
}

static void consider(search *s, void *context)
{
    struct explanation *x = context;
    if (!gives_outcome(x))
        return;
    x->candidates++;
    enum flaw flaw = judge(x, false);
    if (flaw == FLAW_NONE || (x->best != FLAW_NONE && flaw <= x->best &&
                              !(flaw == x->best && s->event_count < x->best_events)))
        return;
    x->best = flaw;
    x->best_events = s->event_count;
    buffer_clear(&x->text);
    write_events(x);
    judge(x, true);
}

static void choose_sources(struct explanation *x, uint64_t left);

static void choose_bytes(struct explanation *x, uint64_t rest, unsigned read, unsigned byte)
{
    search *s = x->s;
    if (byte == s->events[read]->size) {
        choose_sources(x, rest);
        return;
    }
    s->sources[read][byte] = LITMUS_INIT;
    choose_bytes(x, rest, read, byte + 1);
    uint64_t writers = s->writers[s->first_byte[read] + byte] & ~graph_bit(read);
    for (; writers != 0; writers &= writers - 1) {
        s->sources[read][byte] = (int8_t)__builtin_ctzll(writers);
        choose_bytes(x, rest, read, byte + 1);
    }
}

static void choose_whole(struct explanation *x, uint64_t rest, unsigned read)
{
    search *s = x->s;
    unsigned size = s->events[read]->size;
    memset(s->sources[read], LITMUS_INIT, sizeof s->sources[read]);
    choose_sources(x, rest);
    uint64_t writers = s->writers[s->first_byte[read]] & ~graph_bit(read);
    for (unsigned b = 1; b < size; b++)
        writers &= s->writers[s->first_byte[read] + b];
    for (; writers != 0; writers &= writers - 1) {
        memset(s->sources[read], __builtin_ctzll(writers), size);
        choose_sources(x, rest);
    }
}

static void choose_sources(struct explanation *x, uint64_t left)
{
    search *s = x->s;
    if (++x->tried > MOST_CANDIDATES) {
        x->exhausted = true;
        s->stopped = true;
    }
    if (s->stopped)
        return;
    if (left == 0) {
        s->assigned = s->reads;
        values_solve(s, consider, x);
        return;
    }
    unsigned read = (unsigned)__builtin_ctzll(left);
    if (x->by_bytes)
        choose_bytes(x, left & (left - 1), read, 0);
    else
        choose_whole(x, left & (left - 1), read);
}

static void take_candidate(search *s, const litmus_graph *hb)
{
    struct explanation *x = s->candidate_context;
    if (s->has_failure)
        return;
    x->s = s;
    x->base = *hb;
    choose_sources(x, s->reads);
}

static bool look(struct explanation *x, const litmus_program *p, const litmus_options *options,
                 region *memory, load_errors *errors)
{
    litmus_result result;
    search *s = search_create(p, options, memory, &result, errors);
    s->candidate = take_candidate;
    s->candidate_context = x;
    return search_run(s);
}

bool litmus_explain(const litmus_program *p, const litmus_options *options,
                    const litmus_question *q, region *memory, buffer *out, load_errors *errors)
{
    struct explanation *x = region_allocate(memory, sizeof *x);
    x->question = q;
    x->best = FLAW_NONE;
    bool good = look(x, p, options, memory, errors);
    if (good && x->candidates == 0 && !x->exhausted) {
        x->by_bytes = true;
        x->tried = 0;
        good = look(x, p, options, memory, errors);
    }
    bool found = good && x->best != FLAW_NONE;
    if (found && x->candidates == 1)
        buffer_add(out, "Only one choice of what is read gives these values:\n\n");
    else if (found)
        buffer_format(
            out, "%llu choices of what is read give these values. The one that breaks least:\n\n",
            (unsigned long long)x->candidates);
    else if (x->exhausted)
        buffer_add(out, "There are too many choices of what is read to say why.\n");
    else
        buffer_add(out, "No choice of what is read gives these values at all.\n");
    if (found)
        buffer_add(out, buffer_text(&x->text));
    buffer_release(&x->text);
    return found;
}
