#include "litmus/search.h"

#include <string.h>

/* ---- bytes ---- */

static void mark_bytes(search *s, unsigned block, unsigned offset, unsigned size)
{
    for (unsigned b = 0; b < size; b++)
        s->byte_index[block][offset + b] = 1;
}

bool candidate_number_bytes(search *s)
{
    for (size_t b = 0; b < s->program->block_count; b++)
        memset(s->byte_index[b], 0, sizeof s->byte_index[b]);
    for (size_t a = 0; a < s->program->agent_count; a++)
        for (size_t p = 0; p < s->paths[a].count; p++)
            for (size_t e = 0; e < s->paths[a].paths[p].event_count; e++) {
                const litmus_event *event = &s->paths[a].paths[p].events[e];
                mark_bytes(s, event->block, event->offset, event->size);
            }
    for (size_t i = 0; i < s->program->slot_count; i++)
        if (s->program->slots[i].final) {
            const litmus_step *read = &s->program->slots[i].read;
            mark_bytes(s, read->place.block, read->place.offset,
                       litmus_elements[read->element].size);
        }
    s->byte_count = 0;
    for (size_t b = 0; b < s->program->block_count; b++)
        for (size_t o = 0; o < LITMUS_BLOCK_SIZE; o++)
            if (s->byte_index[b][o] != 0) {
                if (s->byte_count == SEARCH_BYTES)
                    return false;
                s->byte_index[b][o] = (int16_t)s->byte_count++;
            }
    return true;
}

/* ---- events ---- */

static void add_observer(search *s)
{
    const litmus_program *p = s->program;
    for (size_t i = 0; i < p->slot_count; i++) {
        if (!p->slots[i].final)
            continue;
        const litmus_step *read = &p->slots[i].read;
        s->observer[i] = (litmus_event){.kind = EVENT_READ,
                                        .agent = (uint8_t)p->agent_count,
                                        .element = read->element,
                                        .size = litmus_elements[read->element].size,
                                        .tear_free = read->tear_free,
                                        .big_endian = read->big_endian,
                                        .block = read->place.block,
                                        .offset = read->place.offset,
                                        .step = read};
        s->events[s->event_count++] = &s->observer[i];
    }
}

static bool collect_events(search *s)
{
    const litmus_program *p = s->program;
    size_t total = 0;
    for (size_t i = 0; i < p->slot_count; i++)
        total += p->slots[i].final;
    for (size_t a = 0; a < p->agent_count; a++)
        total += s->chosen[a]->event_count;
    if (total > SEARCH_EVENTS) {
        load_error_add(s->errors, p->file, 0, 0,
                       "too many events: one execution has %zu, more than %d", total,
                       SEARCH_EVENTS);
        s->failed = s->stopped = true;
        return false;
    }
    s->event_count = 0;
    for (size_t a = 0; a < p->agent_count; a++) {
        s->base[a] = (uint8_t)s->event_count;
        for (size_t e = 0; e < s->chosen[a]->event_count; e++)
            s->events[s->event_count++] = &s->chosen[a]->events[e];
    }
    s->base[p->agent_count] = (uint8_t)s->event_count;
    add_observer(s);
    return true;
}

static void index_accesses(search *s)
{
    s->reads = s->writes = s->atomics = 0;
    s->atomic_count = s->plain_count = 0;
    memset(s->writers, 0, s->byte_count * sizeof s->writers[0]);
    for (unsigned e = 0; e < s->event_count; e++) {
        const litmus_event *event = s->events[e];
        bool writes = event->kind == EVENT_WRITE || event->kind == EVENT_MODIFY;
        bool reads = event->kind == EVENT_READ || event->kind == EVENT_MODIFY;
        s->same_range_writes[e] = s->conflicts[e] = 0;
        if (!reads && !writes)
            continue;
        s->first_byte[e] = (uint16_t)s->byte_index[event->block][event->offset];
        s->atomics |= event->atomic ? graph_bit(e) : 0;
        if (reads) {
            s->reads |= graph_bit(e);
            if (event->atomic)
                s->atomic_reads[s->atomic_count++] = (uint8_t)e;
            else
                s->plain_reads[s->plain_count++] = (uint8_t)e;
        }
        if (!writes)
            continue;
        s->writes |= graph_bit(e);
        for (unsigned b = 0; b < event->size; b++)
            s->writers[s->first_byte[e] + b] |= graph_bit(e);
    }
}

static void find_uniform(search *s)
{
    s->uniform = 0;
    for (uint64_t left = s->reads; left != 0; left &= left - 1) {
        unsigned read = (unsigned)__builtin_ctzll(left);
        const uint64_t *writers = &s->writers[s->first_byte[read]];
        bool same = true;
        for (unsigned b = 1; b < s->events[read]->size; b++)
            same = same && writers[b] == writers[0];
        s->uniform |= same ? graph_bit(read) : 0;
    }
}

static void relate_accesses(search *s)
{
    uint64_t accesses = s->reads | s->writes;
    for (uint64_t left = s->writes; left != 0; left &= left - 1) {
        unsigned w = (unsigned)__builtin_ctzll(left);
        const litmus_event *write = s->events[w];
        for (uint64_t others = accesses & ~graph_bit(w); others != 0; others &= others - 1) {
            unsigned e = (unsigned)__builtin_ctzll(others);
            const litmus_event *event = s->events[e];
            bool equal = candidate_equal_ranges(write, event);
            bool meet = write->block == event->block &&
                        write->offset < event->offset + event->size &&
                        event->offset < write->offset + write->size;
            if (equal && write->atomic)
                s->same_range_writes[e] |= graph_bit(w);
            if (meet && !(equal && write->atomic && event->atomic) && (s->writes >> e & 1))
                s->conflicts[e] |= graph_bit(w);
        }
    }
}

/* ---- what is certain ---- */

static bool has_events(const search *s, size_t agent)
{
    return s->base[agent + 1] > s->base[agent];
}

static void order_agents(const search *s, litmus_graph *hb)
{
    size_t agents = s->program->agent_count;
    memset(hb, 0, sizeof *hb);
    for (unsigned e = 1; e < s->event_count; e++) {
        size_t a = s->events[e]->agent;
        if (s->events[e - 1]->agent == a)
            graph_add(hb, e - 1, e);
    }
    for (size_t a = 1; a < agents; a++) {
        if (has_events(s, 0) && has_events(s, a))
            graph_add(hb, s->base[1] - 1u, s->base[a]);
    }
    for (size_t a = 0; a < agents; a++)
        if (has_events(s, a) && s->base[agents] < s->event_count)
            graph_add(hb, s->base[a + 1] - 1u, s->base[agents]);
}

static bool fit_starts(const search *s, litmus_graph *hb)
{
    uint64_t started = 0;
    for (unsigned e = 0; e < s->event_count; e++)
        if (s->events[e]->kind == EVENT_START) {
            unsigned agent = s->events[e]->block;
            started |= graph_bit(agent);
            if (has_events(s, agent) && !graph_add(hb, e, s->base[agent]))
                return false;
        }
    for (size_t a = 1; a < s->program->agent_count; a++)
        if (s->program->agents[a].started &&
            (s->chosen[a]->end == PATH_NOT_STARTED) == (started >> a & 1))
            return false;
    return true;
}

static bool fit_messages(search *s, litmus_graph *hb)
{
    uint8_t posted[LITMUS_CHANNELS] = {0}, received[LITMUS_CHANNELS] = {0};
    for (unsigned e = 0; e < s->event_count; e++)
        if (s->events[e]->kind == EVENT_POST)
            s->posts[s->events[e]->block][posted[s->events[e]->block]++] = (int8_t)e;
    for (unsigned e = 0; e < s->event_count; e++) {
        if (s->events[e]->kind != EVENT_RECEIVE)
            continue;
        unsigned channel = s->events[e]->block, number = received[channel]++;
        if (number >= posted[channel] || !graph_add(hb, (unsigned)s->posts[channel][number], e))
            return false;
    }
    for (size_t a = 1; a < s->program->agent_count; a++)
        if (s->chosen[a]->end == PATH_LISTENS) {
            unsigned channel = s->chosen[a]->where->place.block;
            if (posted[channel] > received[channel])
                return false;
        }
    return true;
}

static bool collect_lists(search *s)
{
    s->list_count = 0;
    for (unsigned e = 0; e < s->event_count; e++) {
        const litmus_event *event = s->events[e];
        if (event->section == SECTION_NONE)
            continue;
        size_t l = 0;
        while (l < s->list_count &&
               (s->lists[l].block != event->block || s->lists[l].offset != event->offset))
            l++;
        if (l == SEARCH_LISTS)
            return false;
        if (l == s->list_count)
            s->lists[s->list_count++] =
                (search_list){.block = event->block, .offset = event->offset};
        s->lists[l].sections[s->lists[l].count++] = (uint8_t)e;
    }
    return true;
}

/* Writes whose bytes depend on no read. */
static void find_constants(search *s)
{
    s->constant = s->known_reads = s->known_writes = s->guessed = 0;
    s->assigned = 0;
    for (uint64_t left = s->writes; left != 0; left &= left - 1) {
        unsigned e = (unsigned)__builtin_ctzll(left);
        uint64_t raw;
        if (values_written(s, e, &raw) == VALUE_KNOWN)
            s->constant |= graph_bit(e);
    }
    s->known_writes = s->constant;
    s->known_reads = 0;
}

bool candidate_build(search *s, litmus_graph *hb)
{
    if (!collect_events(s))
        return false;
    order_agents(s, hb);
    if (!fit_starts(s, hb) || !fit_messages(s, hb) || !collect_lists(s))
        return false;
    index_accesses(s);
    relate_accesses(s);
    find_uniform(s);
    find_constants(s);
    s->constraint_total = 0;
    s->has_failure = false;
    for (size_t a = 0; a < s->program->agent_count; a++) {
        s->constraint_total += s->chosen[a]->constraint_count;
        s->has_failure |= s->chosen[a]->end == PATH_FAILS;
    }
    return true;
}
