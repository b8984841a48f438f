/* The walk over the candidate executions:
 *
 *   a path for every agent → an order of the critical sections of every waiter list → for every
 *   seq-cst read the write that it synchronizes with, or none → sources for the bytes of every
 * read, each read for itself → values → an outcome
 *
 * Happens-before grows until the synchronizing writes are chosen and is final then; what breaks an
 * axiom before that breaks it for ever, so it is asked after every choice. */
#include "litmus/search.h"

#include "base/assert.h"

#include <string.h>

static bool spend(search *s)
{
    if (s->steps_left == 0) {
        s->stopped = true;
        s->result->complete = false;
        return false;
    }
    s->steps_left--;
    return !s->stopped;
}

/* ---- what a byte of a read may come from ---- */

/* Coherent reads (sec-coherent-reads): not from a write that comes later, nor from one that another
 * write of the byte replaced before the read. Of the writes that would synchronize, only the chosen
 * one. */
static uint64_t byte_sources(const search *s, const litmus_graph *hb, unsigned read, unsigned byte)
{
    uint64_t writers = s->writers[s->first_byte[read] + byte];
    uint64_t open = writers & ~graph_bit(read), sources = 0;
    if (s->atomics >> read & 1) {
        uint64_t others = s->same_range_writes[read];
        if (s->synchronizer[read] != LITMUS_INIT)
            others &= ~graph_bit((unsigned)s->synchronizer[read]);
        open &= ~others;
    }
    if (s->options->without_coherence)
        return open | graph_bit(SEARCH_INIT);
    uint64_t earlier = writers & hb->before[read];
    for (open &= ~hb->after[read]; open != 0; open &= open - 1) {
        unsigned w = (unsigned)__builtin_ctzll(open);
        if ((earlier & hb->after[w]) == 0)
            sources |= graph_bit(w);
    }
    return earlier == 0 ? sources | graph_bit(SEARCH_INIT) : sources;
}

/* After happens-before has grown: every byte still has a source, the synchronizing write is still
 * one of them; bytes with one source left get it. */
static bool narrow(search *s, const litmus_graph *hb, unsigned read)
{
    unsigned size = s->events[read]->size;
    int chosen = s->synchronizer[read];
    uint64_t mask = 0, all = 0;
    bool single = true;
    unsigned same = s->uniform >> read & 1 ? size : 1; /* bytes with the same sources */
    for (unsigned b = 0; b < size; b += same) {
        uint64_t sources = byte_sources(s, hb, read, b);
        if (sources == 0)
            return false;
        all |= sources;
        if ((sources & (sources - 1)) == 0) {
            mask |= sources;
            memset(&s->sources[read][b],
                   sources >> SEARCH_INIT & 1 ? LITMUS_INIT : __builtin_ctzll(sources), same);
        } else {
            single = false;
        }
    }
    if (chosen != LITMUS_INIT) {
        if (!(all >> chosen & 1))
            return false;
        mask |= graph_bit((unsigned)chosen);
    }
    s->source_mask[read] = mask;
    if (single)
        s->assigned |= graph_bit(read);
    else
        s->assigned &= ~graph_bit(read);
    return true;
}

/* ---- leaves ---- */

static bool slot_values(search *s, litmus_value *slots)
{
    const litmus_program *p = s->program;
    size_t observer = s->base[p->agent_count];
    for (size_t i = 0; i < p->slot_count; i++) {
        const litmus_slot *slot = &p->slots[i];
        if (slot->final) {
            const litmus_event *e = s->events[observer];
            uint64_t raw = s->read[observer++];
            slots[i] = litmus_decode((litmus_element)e->element,
                                     e->big_endian ? litmus_swap(raw, e->size) : raw);
            continue;
        }
        unsigned node = s->chosen[slot->agent]->registers[slot->reg];
        value_state state = values_of_node(s, slot->agent, node, &slots[i]);
        if (state == VALUE_REFUSED)
            values_refuse(s);
        if (state != VALUE_KNOWN)
            return false;
    }
    return true;
}

static void refuse_path(search *s)
{
    for (size_t a = 0; a < s->program->agent_count && !s->failed; a++) {
        const litmus_path *path = s->chosen[a];
        if (path->end != PATH_FAILS)
            continue;
        load_error_add(s->errors, s->program->file, path->where->line, path->where->column, "%s",
                       path->failure);
        s->failed = s->stopped = true;
    }
}

static void note_race(search *s)
{
    litmus_result *r = s->result;
    if (r->racy)
        return;
    r->racy = true;
    for (int i = 0; i < 2; i++) {
        const litmus_event *e = s->events[s->race[i]];
        r->race.steps[i] = e->step;
        r->race.agents[i] = e->agent;
        r->race.kinds[i] = e->kind;
        r->race.offsets[i] = e->offset;
    }
    r->race.different_ranges = s->events[s->race[0]]->atomic && s->events[s->race[1]]->atomic;
}

static void fill_order(const search *s, const litmus_graph *order, litmus_execution *x)
{
    uint64_t done = 0, all = (graph_bit((unsigned)s->event_count) - 1);
    for (size_t n = 0; n < s->event_count; n++)
        for (unsigned e = 0; e < s->event_count; e++)
            if (!(done >> e & 1) && (order->before[e] & all & ~done) == 0) {
                x->order[n] = (uint8_t)e;
                done |= graph_bit(e);
                break;
            }
}

static void visit(search *s, const litmus_graph *hb, const litmus_value *slots)
{
    const litmus_options *o = s->options;
    if (o->visit == NULL || (o->wanted != NULL && !o->wanted(o->context, slots)))
        return;
    litmus_execution x = {.program = s->program,
                          .event_count = s->event_count,
                          .happens_before = hb,
                          .slots = slots,
                          .racy = s->racy,
                          .thin_air = s->thin_air,
                          .torn_initial = s->torn,
                          .race = {s->race[0], s->race[1]}};
    litmus_graph order;
    if (o->without_order)
        graph_copy(&order, hb, s->event_count);
    else
        hd_assert(order_exists(s, hb, &order));
    fill_order(s, &order, &x);
    memcpy(x.events, s->events, sizeof x.events);
    memcpy(x.sources, s->sources, sizeof x.sources);
    memcpy(x.read, s->read, sizeof x.read);
    memcpy(x.written, s->written, sizeof x.written);
    for (size_t i = 0; i < s->atomic_count; i++) {
        unsigned read = s->atomic_reads[i];
        if (s->synchronizer[read] != LITMUS_INIT)
            x.synchronizes[s->synchronizer[read]] |= graph_bit(read);
    }
    o->visit(o->context, &x);
}

static bool constraints_hold(search *s)
{
    for (unsigned a = 0; a < s->program->agent_count; a++)
        for (size_t c = 0; c < s->chosen[a]->constraint_count; c++) {
            const litmus_constraint *constraint = &s->chosen[a]->constraints[c];
            litmus_value value;
            value_state state = values_of_node(s, a, constraint->node, &value);
            if (state == VALUE_REFUSED)
                values_refuse(s);
            if (state != VALUE_KNOWN || !litmus_constraint_holds(constraint, value))
                return false;
        }
    return true;
}

static void found_values(search *s, void *context)
{
    const litmus_graph *hb = context;
    litmus_value slots[LITMUS_SLOTS];
    if (!constraints_hold(s))
        return;
    if (s->has_failure) {
        refuse_path(s);
        return;
    }
    if (!slot_values(s, slots))
        return;
    litmus_outcome *o = outcomes_add(s, slots);
    if (o == NULL) {
        s->stopped = true;
        s->result->complete = false;
        return;
    }
    if (o->executions++ == 0) {
        o->thin_air = s->thin_air;
        o->torn_initial = s->torn;
    }
    o->thin_air &= s->thin_air;
    o->torn_initial &= s->torn;
    s->result->executions++;
    if (s->racy) {
        o->racy_executions++;
        note_race(s);
    }
    visit(s, hb, slots);
}

static void leaf(search *s, const litmus_graph *hb, bool ordering)
{
    litmus_graph order;
    if (!spend(s))
        return;
    if (ordering && !s->options->without_order && !order_exists(s, hb, &order))
        return;
    values_solve(s, found_values, (void *)(uintptr_t)hb);
}

/* ---- the ways to read ---- */

struct reading {
    search *s;
    const litmus_graph *hb;
    unsigned read;
    uint64_t bytes[8]; /* sources per byte */
    search_choice way;
    int whole;         /* the tear-free write of the whole range, or -2 */
    bool some_initial; /* a byte of the initial value */
    size_t first;      /* choices of this read */
};

static uint16_t byte_key(const search *s, const litmus_event *e, unsigned byte, int source)
{
    if (source == LITMUS_INIT)
        return 0;
    if (!(s->constant >> source & 1))
        return (uint16_t)(256 + source);
    unsigned shift = (unsigned)(e->offset + byte - s->events[source]->offset) * 8;
    return (uint16_t)(s->written[source] >> shift & 0xff);
}

/* Does reading from this source ask something of the memory order that is not known yet? */
static bool asks_order(const search *s, const litmus_graph *hb, unsigned read, int source)
{
    bool atomic = s->atomics >> read & 1;
    uint64_t rivals = atomic ? s->same_range_writes[read] & ~graph_bit(read) : 0;
    if (source == LITMUS_INIT)
        return (rivals & ~hb->after[read]) != 0;
    if (!graph_has(hb, (unsigned)source, read))
        return false;
    uint64_t self = graph_bit((unsigned)source);
    if (s->atomics >> source & 1) {
        uint64_t earlier = s->same_range_writes[source] & hb->before[read] & ~self;
        if ((earlier & ~hb->before[source]) != 0)
            return true;
    }
    return (rivals & hb->after[source] & ~self & ~hb->after[read]) != 0;
}

/* sec-data-races, for a read and a write that it reads from. */
static bool races(const search *s, const litmus_graph *hb, unsigned read, int source)
{
    if (source == LITMUS_INIT || graph_has(hb, (unsigned)source, read))
        return false;
    bool both = (s->atomics >> read & 1) && (s->atomics >> source & 1);
    return !(both && candidate_equal_ranges(s->events[read], s->events[source]));
}

static bool same_way(const search_choice *a, const search_choice *b, unsigned size)
{
    return a->ordering == b->ordering &&
           (a->partner == LITMUS_INIT) == (b->partner == LITMUS_INIT) && a->torn == b->torn &&
           memcmp(a->key, b->key, size * sizeof a->key[0]) == 0;
}

static void keep_way(struct reading *r)
{
    search *s = r->s;
    const litmus_event *e = s->events[r->read];
    int chosen = s->synchronizer[r->read];
    if (e->atomic && chosen != LITMUS_INIT && !(r->way.mask >> chosen & 1))
        return;
    r->way.torn = e->tear_free && r->some_initial && r->whole >= 0;
    for (size_t i = r->first; i < s->choice_count; i++)
        if (same_way(&s->choices[i], &r->way, e->size))
            return;
    if (s->choice_count == s->choice_capacity)
        s->choices = region_grow(s->memory, s->choices, s->choice_count, &s->choice_capacity,
                                 sizeof *s->choices);
    s->choices[s->choice_count++] = r->way;
}

static void read_byte(struct reading *r, unsigned byte);

/* Tear-free reads (sec-tear-free-aligned-reads): of the tear-free writes of the very range, one. */
static void read_byte_from(struct reading *r, unsigned byte, int source)
{
    search *s = r->s;
    const litmus_event *e = s->events[r->read];
    struct reading before = *r;
    bool initial = source == LITMUS_INIT;
    bool whole = !initial && e->tear_free && s->events[source]->tear_free &&
                 candidate_equal_ranges(e, s->events[source]);
    if (initial && s->options->tearing == LITMUS_TEARING_NONE && e->tear_free) {
        if (r->whole >= 0 && !s->options->without_tear_free)
            return;
        r->whole = LITMUS_INIT;
    }
    if (whole && !s->options->without_tear_free && r->whole != -2 && r->whole != source)
        return;
    if (whole)
        r->whole = source;
    r->some_initial |= initial;
    r->way.sources[byte] = (int8_t)source;
    r->way.key[byte] = byte_key(s, e, byte, source);
    uint64_t bit = graph_bit(initial ? SEARCH_INIT : (unsigned)source);
    if (!(r->way.mask & bit) && asks_order(s, r->hb, r->read, source))
        r->way.ordering |= bit;
    r->way.mask |= bit;
    if (races(s, r->hb, r->read, source))
        r->way.partner = (int8_t)source;
    read_byte(r, byte + 1);
    *r = before;
}

static void read_byte(struct reading *r, unsigned byte)
{
    if (byte == r->s->events[r->read]->size) {
        keep_way(r);
        return;
    }
    for (uint64_t left = r->bytes[byte]; left != 0 && spend(r->s); left &= left - 1) {
        unsigned source = (unsigned)__builtin_ctzll(left);
        read_byte_from(r, byte, source == SEARCH_INIT ? LITMUS_INIT : (int)source);
    }
}

/* The one way of an atomic read each of whose bytes has one source. What that asks of the memory
 * order was known when the last synchronizing write was chosen: order_extend has seen to it. */
static void add_only_way(search *s, const litmus_graph *hb, unsigned read)
{
    search_choice way = {.mask = s->source_mask[read], .partner = LITMUS_INIT};
    memcpy(way.sources, s->sources[read], sizeof way.sources);
    for (uint64_t left = way.mask; left != 0; left &= left - 1) {
        unsigned bit = (unsigned)__builtin_ctzll(left);
        int source = bit == SEARCH_INIT ? LITMUS_INIT : (int)bit;
        if (races(s, hb, read, source))
            way.partner = (int8_t)source;
    }
    if (s->choice_count == s->choice_capacity)
        s->choices = region_grow(s->memory, s->choices, s->choice_count, &s->choice_capacity,
                                 sizeof *s->choices);
    s->choices[s->choice_count++] = way;
}

/* Adds every way to read, as far as they differ. False: there is none. */
static bool find_ways(search *s, const litmus_graph *hb, unsigned read)
{
    /* Of one source all bytes are the same write's or all initial: neither torn nor mixed. */
    if ((s->assigned >> read & 1) && (s->source_mask[read] & (s->source_mask[read] - 1)) == 0) {
        add_only_way(s, hb, read);
        return true;
    }
    struct reading r = {.s = s,
                        .hb = hb,
                        .read = read,
                        .way = {.partner = LITMUS_INIT},
                        .whole = -2,
                        .first = s->choice_count};
    for (unsigned b = 0; b < s->events[read]->size; b++)
        r.bytes[b] = b > 0 && (s->uniform >> read & 1) ? r.bytes[0] : byte_sources(s, hb, read, b);
    read_byte(&r, 0);
    return s->choice_count > r.first;
}

static void choose_ways(search *s, const litmus_graph *hb, size_t position, bool ordering)
{
    if (position == s->read_count) {
        leaf(s, hb, ordering);
        return;
    }
    unsigned read = s->read_order[position];
    bool racy = s->racy, torn = s->torn;
    for (size_t i = s->first_choice[position]; i < s->first_choice[position + 1] && !s->stopped;
         i++) {
        const search_choice *c = &s->choices[i];
        memcpy(s->sources[read], c->sources, sizeof c->sources);
        s->source_mask[read] = c->mask;
        s->assigned |= graph_bit(read);
        if (c->partner != LITMUS_INIT && !racy) {
            s->racy = true;
            s->race[0] = (uint8_t)c->partner;
            s->race[1] = (uint8_t)read;
        }
        s->torn = torn || c->torn;
        choose_ways(s, hb, position + 1, ordering || c->ordering != 0);
        s->racy = racy;
        s->torn = torn;
    }
}

static void find_write_race(search *s, const litmus_graph *hb)
{
    s->racy = s->torn = false;
    for (uint64_t left = s->writes; left != 0 && !s->racy; left &= left - 1) {
        unsigned w = (unsigned)__builtin_ctzll(left);
        uint64_t rivals = s->conflicts[w] & ~hb->before[w] & ~hb->after[w];
        if (rivals != 0) {
            s->racy = true;
            s->race[0] = (uint8_t)w;
            s->race[1] = (uint8_t)__builtin_ctzll(rivals);
        }
    }
}

/* Happens-before is final. */
static void read_everything(search *s, const litmus_graph *hb)
{
    uint64_t masks[LITMUS_EVENTS];
    size_t size = s->event_count * sizeof masks[0];
    memcpy(masks, s->source_mask, size);
    uint64_t assigned = s->assigned;
    s->result->candidates++;
    find_write_race(s, hb);
    s->choice_count = s->read_count = 0;
    bool possible = true;
    for (uint64_t left = s->reads; left != 0 && possible; left &= left - 1) {
        unsigned read = (unsigned)__builtin_ctzll(left);
        s->first_choice[s->read_count] = s->choice_count;
        s->read_order[s->read_count++] = (uint8_t)read;
        possible = find_ways(s, hb, read);
    }
    s->first_choice[s->read_count] = s->choice_count;
    if (possible && !s->stopped)
        choose_ways(s, hb, 0, false);
    memcpy(s->source_mask, masks, size);
    s->assigned = assigned;
}

/* ---- synchronizing writes ---- */

static void synchronize(search *s, const litmus_graph *hb, const order_state *order,
                        size_t position);

static bool is_still_valid(search *s, const litmus_graph *hb, const order_state *before,
                           size_t position, order_state *after)
{
    for (size_t i = 0; i <= position; i++)
        if (!narrow(s, hb, s->atomic_reads[i]))
            return false;
    if (!s->options->without_order &&
        !order_extend(s, hb, before, s->atomic_reads[position], after))
        return false;
    return s->constraint_total == 0 || values_may_hold(s);
}

static void synchronize_with(search *s, const litmus_graph *hb, const order_state *before,
                             size_t position, int write)
{
    unsigned read = s->atomic_reads[position];
    litmus_graph grown;
    order_state order;
    s->synchronizer[read] = (int8_t)write;
    if (write != LITMUS_INIT && !graph_has(hb, (unsigned)write, read)) {
        graph_copy(&grown, hb, s->event_count);
        if (!graph_add(&grown, (unsigned)write, read))
            return;
        hb = &grown;
    }
    if (is_still_valid(s, hb, before, position, &order))
        synchronize(s, hb, &order, position + 1);
}

static void synchronize(search *s, const litmus_graph *hb, const order_state *order,
                        size_t position)
{
    if (!spend(s))
        return;
    if (position == s->atomic_count) {
        read_everything(s, hb);
        return;
    }
    unsigned read = s->atomic_reads[position];
    uint64_t assigned = s->assigned;
    synchronize_with(s, hb, order, position, LITMUS_INIT);
    for (uint64_t left = s->same_range_writes[read] & ~graph_bit(read); left != 0; left &= left - 1)
        synchronize_with(s, hb, order, position, __builtin_ctzll(left));
    s->synchronizer[read] = LITMUS_INIT;
    s->source_mask[read] = 0;
    s->assigned = assigned & ~graph_bit(read);
}

static void begin_synchronizing(search *s, const litmus_graph *hb)
{
    order_state order;
    memset(s->source_mask, 0, s->event_count * sizeof s->source_mask[0]);
    memset(s->synchronizer, LITMUS_INIT, sizeof s->synchronizer);
    s->assigned = 0;
    order_begin(s, hb, &order);
    if (s->candidate != NULL)
        s->candidate(s, hb);
    else
        synchronize(s, hb, &order, 0);
}

/* ---- critical sections (sec-entercriticalsection, sec-leavecriticalsection) ---- */

/* Who sleeps on the list, in the order of arrival, and who was taken off but has not come back. */
struct queue {
    uint8_t agents[LITMUS_AGENTS];
    size_t count;
    uint64_t woken;
};

static bool remove_from_queue(struct queue *q, size_t position)
{
    if (position >= q->count)
        return false;
    q->count--;
    for (size_t i = position; i < q->count; i++)
        q->agents[i] = q->agents[i + 1];
    return true;
}

static bool run_section(struct queue *q, const litmus_event *e)
{
    switch (e->section) {
    case SECTION_SLEEP:
        q->agents[q->count++] = e->agent;
        return true;
    case SECTION_NOTIFY:
        if (e->woken != (e->most < q->count ? e->most : q->count))
            return false;
        for (unsigned i = 0; i < e->woken; i++) {
            q->woken |= graph_bit(q->agents[0]);
            remove_from_queue(q, 0);
        }
        return true;
    case SECTION_WOKEN:
        if (!(q->woken >> e->agent & 1))
            return false;
        q->woken &= ~graph_bit(e->agent);
        return true;
    case SECTION_TIMEOUT: {
        size_t position = 0;
        while (position < q->count && q->agents[position] != e->agent)
            position++;
        return remove_from_queue(q, position);
    }
    default:
        return true;
    }
}

static void order_list(search *s, const litmus_graph *hb, size_t list);

static void order_sections(search *s, const litmus_graph *hb, size_t list, uint64_t placed,
                           int last, const struct queue *queue)
{
    const search_list *l = &s->lists[list];
    uint64_t members = 0;
    for (size_t i = 0; i < l->count; i++)
        members |= graph_bit(l->sections[i]);
    if (placed == members) {
        if (queue->woken == 0)
            order_list(s, hb, list + 1);
        return;
    }
    for (uint64_t left = members & ~placed; left != 0 && spend(s); left &= left - 1) {
        unsigned e = (unsigned)__builtin_ctzll(left);
        struct queue next = *queue;
        litmus_graph grown;
        if ((hb->before[e] & members & ~placed) != 0 || !run_section(&next, s->events[e]))
            continue;
        graph_copy(&grown, hb, s->event_count);
        if (last < 0 || graph_add(&grown, (unsigned)last, e))
            order_sections(s, &grown, list, placed | graph_bit(e), (int)e, &next);
    }
}

static void order_list(search *s, const litmus_graph *hb, size_t list)
{
    struct queue empty = {.count = 0};
    if (list == s->list_count)
        begin_synchronizing(s, hb);
    else
        order_sections(s, hb, list, 0, -1, &empty);
}

/* ---- paths ---- */

static void choose_paths(search *s, size_t agent)
{
    litmus_graph hb;
    if (agent < s->program->agent_count) {
        for (size_t i = 0; i < s->paths[agent].count && spend(s); i++) {
            s->chosen[agent] = &s->paths[agent].paths[i];
            choose_paths(s, agent + 1);
        }
        return;
    }
    if (candidate_build(s, &hb))
        order_list(s, &hb, 0);
}

static bool find_paths(search *s)
{
    for (size_t a = 0; a < s->program->agent_count; a++)
        if (!litmus_paths_find(s->program, a, s->memory, &s->paths[a], s->errors))
            return false;
    if (candidate_number_bytes(s))
        return true;
    load_error_add(s->errors, s->program->file, 0, 0, "the agents touch more than %d bytes",
                   SEARCH_BYTES);
    return false;
}

search *search_create(const litmus_program *p, const litmus_options *options, region *memory,
                      litmus_result *result, load_errors *errors)
{
    static const litmus_options defaults;
    *result = (litmus_result){.program = p, .complete = true};
    search *s = region_allocate(memory, sizeof *s);
    s->program = p;
    s->options = options == NULL ? &defaults : options;
    s->memory = memory;
    s->errors = errors;
    s->result = result;
    s->steps_left = s->options->most_steps > 0 ? s->options->most_steps : 200000000;
    return s;
}

bool search_run(search *s)
{
    if (!find_paths(s))
        return false;
    values_collect_domain(s);
    choose_paths(s, 0);
    return !s->failed;
}

status litmus_check(const litmus_program *p, const litmus_options *options, region *memory,
                    litmus_result *result, load_errors *errors)
{
    search *s = search_create(p, options, memory, result, errors);
    return search_run(s) ? STATUS_OK : STATUS_INVALID;
}
