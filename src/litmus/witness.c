#include "litmus/witness.h"

#include "base/json.h"

#include <string.h>

/* ---- finding ---- */

struct wanted {
    const litmus_question *question;
    size_t slot_count;
    litmus_execution *best;
    litmus_graph *graph;
    unsigned best_flaws;
    bool found;
};

static bool is_wanted(void *context, const litmus_value *slots)
{
    const struct wanted *w = context;
    return litmus_question_holds(w->question, slots, w->slot_count);
}

/* Reads from writes that stand behind them in the memory order: allowed, and hard to follow. */
static unsigned count_backward(const litmus_execution *x)
{
    uint8_t place[LITMUS_EVENTS];
    unsigned count = 0;
    for (size_t i = 0; i < x->event_count; i++)
        place[x->order[i]] = (uint8_t)i;
    for (size_t i = 0; i < x->event_count; i++) {
        const litmus_event *e = x->events[i];
        bool reads = e->kind == EVENT_READ || e->kind == EVENT_MODIFY;
        for (unsigned b = 0; reads && b < e->size; b++)
            count += x->sources[i][b] >= 0 && place[x->sources[i][b]] > place[i];
    }
    return count;
}

static void keep(void *context, const litmus_execution *x)
{
    struct wanted *w = context;
    unsigned flaws =
        x->thin_air * 4000u + x->torn_initial * 2000u + x->racy * 1000u + count_backward(x);
    if (w->found && flaws >= w->best_flaws)
        return;
    w->found = true;
    w->best_flaws = flaws;
    litmus_value *slots = (litmus_value *)(uintptr_t)w->best->slots;
    memcpy(slots, x->slots, w->slot_count * sizeof *slots);
    *w->best = *x;
    *w->graph = *x->happens_before;
    w->best->happens_before = w->graph;
    w->best->slots = slots;
}

const litmus_execution *litmus_witness_find(const litmus_program *p, const litmus_options *options,
                                            const litmus_question *q, region *memory,
                                            load_errors *errors)
{
    litmus_options chosen = options == NULL ? (litmus_options){0} : *options;
    litmus_result result;
    struct wanted w = {.question = q, .slot_count = p->slot_count};
    w.best = region_allocate(memory, sizeof *w.best);
    w.best->slots = region_allocate(memory, LITMUS_SLOTS * sizeof(litmus_value));
    w.graph = region_allocate(memory, sizeof *w.graph);
    chosen.wanted = is_wanted;
    chosen.visit = keep;
    chosen.context = &w;
    if (litmus_check(p, &chosen, memory, &result, errors) != STATUS_OK)
        return NULL;
    if (!w.found)
        return NULL;
    /* The events lie in the search, which is nobody's business any more. */
    for (size_t i = 0; i < w.best->event_count; i++) {
        litmus_event *copy = region_allocate(memory, sizeof *copy);
        *copy = *w.best->events[i];
        w.best->events[i] = copy;
    }
    return w.best;
}

/* ---- words ---- */

static void add_value(const litmus_event *e, uint64_t raw, buffer *out)
{
    litmus_value_write(
        litmus_decode((litmus_element)e->element, e->big_endian ? litmus_swap(raw, e->size) : raw),
        out);
}

void litmus_event_write(const litmus_program *p, const litmus_event *e, uint64_t read,
                        uint64_t written, buffer *out)
{
    static const char *const sections[] = {[SECTION_LOOK] = "waits: ",
                                           [SECTION_SLEEP] = "falls asleep: ",
                                           [SECTION_WOKEN] = "is woken",
                                           [SECTION_TIMEOUT] = "times out",
                                           [SECTION_NOTIFY] = "notifies: wakes "};
    switch (e->kind) {
    case EVENT_READ:
        buffer_add(out, e->section == SECTION_NONE ? "" : sections[e->section]);
        buffer_add(out, "reads ");
        litmus_place_write(p, e->step, e->offset, out);
        buffer_add(out, " = ");
        add_value(e, read, out);
        break;
    case EVENT_WRITE:
        buffer_add(out, "writes ");
        litmus_place_write(p, e->step, e->offset, out);
        buffer_add(out, " = ");
        add_value(e, written, out);
        break;
    case EVENT_MODIFY:
        buffer_add(out, "modifies ");
        litmus_place_write(p, e->step, e->offset, out);
        buffer_add(out, " from ");
        add_value(e, read, out);
        buffer_add(out, " to ");
        add_value(e, written, out);
        break;
    case EVENT_SECTION:
        buffer_add(out, sections[e->section]);
        if (e->section == SECTION_NOTIFY)
            buffer_format(out, "%u", e->woken);
        break;
    case EVENT_POST:
        buffer_format(out, "posts to \"%s\"", p->channels[e->block]);
        break;
    case EVENT_RECEIVE:
        buffer_format(out, "receives from \"%s\"", p->channels[e->block]);
        break;
    default:
        buffer_format(out, "starts %s", p->agents[e->block].name);
        break;
    }
}

static const char *agent_name(const litmus_execution *x, size_t event)
{
    size_t agent = x->events[event]->agent;
    return agent < x->program->agent_count ? x->program->agents[agent].name : "(final)";
}

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void pad(buffer *out, size_t used, size_t width)
{
    if (used < width)
        buffer_add_repeated(out, ' ', width - used);
}

/* "from e1", "bytes 0–1 from e1, 2–3 from the initial value". */
static void add_sources(const litmus_execution *x, size_t event, buffer *out)
{
    const litmus_event *e = x->events[event];
    bool read = e->size > 0 && (e->kind == EVENT_READ || e->kind == EVENT_MODIFY);
    for (unsigned b = 0; read && b < e->size;) {
        unsigned end = b + 1;
        int source = x->sources[event][b];
        while (end < e->size && x->sources[event][end] == source)
            end++;
        buffer_add(out, b == 0 ? "" : ", ");
        if (b > 0 || end < e->size)
            buffer_format(out, end - b == 1 ? "byte %u " : "bytes %u–%u ", b, end - 1);
        if (source == LITMUS_INIT)
            buffer_add(out, "from the initial value");
        else
            buffer_format(out, "from e%d", source + 1);
        b = end;
    }
}

static bool is_pair(const litmus_execution *x, size_t a, size_t b)
{
    return x->happens_before->after[a] >> b & 1;
}

/* Not implied by two others of the relation. */
static bool is_direct(const litmus_execution *x, size_t a, size_t b)
{
    return (x->happens_before->after[a] & x->happens_before->before[b]) == 0;
}

static void add_pairs(const litmus_execution *x, const char *title, bool synchronizes, buffer *out)
{
    size_t count = 0;
    pad(out, 0, 2);
    buffer_add(out, title);
    pad(out, width_of(title), 20);
    for (size_t a = 0; a < x->event_count; a++)
        for (size_t b = 0; b < x->event_count; b++) {
            bool same = x->events[a]->agent == x->events[b]->agent;
            bool wanted = synchronizes ? (x->synchronizes[a] >> b & 1) != 0
                                       : is_pair(x, a, b) && is_direct(x, a, b) && !same &&
                                             !(x->synchronizes[a] >> b & 1);
            if (wanted)
                buffer_format(out, "%se%zu → e%zu", count++ > 0 ? ", " : "", a + 1, b + 1);
        }
    buffer_add(out, count == 0 ? "nothing\n" : "\n");
}

void litmus_witness_text(const litmus_execution *x, buffer *out)
{
    buffer text = {0};
    size_t names = 0, words = 0;
    for (size_t i = 0; i < x->event_count; i++) {
        buffer_clear(&text);
        litmus_event_write(x->program, x->events[i], x->read[i], x->written[i], &text);
        size_t width = width_of(buffer_text(&text)), name = width_of(agent_name(x, i));
        words = width > words ? width : words;
        names = name > names ? name : names;
    }
    for (size_t i = 0; i < x->event_count; i++) {
        const litmus_event *e = x->events[i];
        buffer_clear(&text);
        litmus_event_write(x->program, e, x->read[i], x->written[i], &text);
        buffer_format(out, "  e%-3zu %s", i + 1, agent_name(x, i));
        pad(out, width_of(agent_name(x, i)), names + 2);
        buffer_add(out, buffer_text(&text));
        pad(out, width_of(buffer_text(&text)), words + 2);
        buffer_format(out, "%-8s", e->size == 0 ? "" : e->atomic ? "atomic" : "plain");
        add_sources(x, i, out);
        buffer_add(out, "\n");
    }
    buffer_add(out, "\n");
    add_pairs(x, "synchronizes with", true, out);
    add_pairs(x, "other edges", false, out);
    buffer_add(out,
               "  happens before      agent order (from top to bottom in each agent) and these\n"
               "  one memory order    ");
    for (size_t i = 0; i < x->event_count; i++)
        buffer_format(out, "%se%u", i > 0 ? " " : "", x->order[i] + 1);
    buffer_add(out, "\n");
    if (x->racy)
        buffer_format(out, "  a data race         e%u and e%u: neither happens before the other\n",
                      x->race[0] + 1, x->race[1] + 1);
    if (x->thin_air)
        buffer_add(out,
                   "  out of thin air     a value comes from a circle of reads: the text allows "
                   "it, no machine does it\n");
    if (x->torn_initial)
        buffer_add(out,
                   "  torn                a read mixes bytes of the initial value with bytes of "
                   "a write\n");
    buffer_release(&text);
}

/* ---- programs and pictures ---- */

static void add_event_json(const litmus_execution *x, size_t i, json_writer *w)
{
    const litmus_event *e = x->events[i];
    buffer text = {0};
    litmus_event_write(x->program, e, x->read[i], x->written[i], &text);
    json_open_object(w);
    json_name(w, "event");
    json_unsigned(w, i + 1);
    json_name(w, "agent");
    json_text(w, agent_name(x, i));
    json_name(w, "does");
    json_text(w, buffer_text(&text));
    json_name(w, "order");
    json_text(w, e->size == 0 ? "synchronize" : e->atomic ? "seq-cst" : "unordered");
    json_name(w, "line");
    json_unsigned(w, e->step->line);
    if (e->size > 0) {
        json_name(w, "block");
        json_unsigned(w, e->block);
        json_name(w, "byteIndex");
        json_unsigned(w, e->offset);
        json_name(w, "elementSize");
        json_unsigned(w, e->size);
        json_name(w, "noTear");
        json_flag(w, e->tear_free);
    }
    if (e->size > 0 && e->kind != EVENT_WRITE) {
        json_name(w, "readsBytesFrom"); /* event numbers, 0: the initial value */
        json_open_array(w);
        for (unsigned b = 0; b < e->size; b++)
            json_unsigned(w, (uint64_t)(x->sources[i][b] + 1));
        json_close_array(w);
    }
    json_close_object(w);
    buffer_release(&text);
}

static void add_relation(const litmus_execution *x, const char *name, bool synchronizes,
                         json_writer *w)
{
    json_name(w, name);
    json_open_array(w);
    for (size_t a = 0; a < x->event_count; a++)
        for (size_t b = 0; b < x->event_count; b++)
            if (synchronizes ? (x->synchronizes[a] >> b & 1) != 0 : is_pair(x, a, b)) {
                json_open_array(w);
                json_unsigned(w, a + 1);
                json_unsigned(w, b + 1);
                json_close_array(w);
            }
    json_close_array(w);
}

void litmus_witness_json(const litmus_execution *x, buffer *out)
{
    json_writer w = json_start(out, false);
    json_open_object(&w);
    json_name(&w, "events");
    json_open_array(&w);
    for (size_t i = 0; i < x->event_count; i++)
        add_event_json(x, i, &w);
    json_close_array(&w);
    add_relation(x, "synchronizesWith", true, &w);
    add_relation(x, "happensBefore", false, &w);
    json_name(&w, "memoryOrder");
    json_open_array(&w);
    for (size_t i = 0; i < x->event_count; i++)
        json_unsigned(&w, x->order[i] + 1u);
    json_close_array(&w);
    json_name(&w, "dataRace");
    json_open_array(&w);
    for (size_t i = 0; x->racy && i < 2; i++)
        json_unsigned(&w, x->race[i] + 1u);
    json_close_array(&w);
    json_name(&w, "outOfThinAir");
    json_flag(&w, x->thin_air);
    json_name(&w, "tornInitialValue");
    json_flag(&w, x->torn_initial);
    json_close_object(&w);
    buffer_add(out, "\n");
}

static void add_read_edges(const litmus_execution *x, size_t i, buffer *out)
{
    const litmus_event *e = x->events[i];
    uint64_t done = 0;
    bool initial = false;
    for (unsigned b = 0; e->kind != EVENT_WRITE && b < e->size; b++) {
        int source = x->sources[i][b];
        if (source == LITMUS_INIT && !initial) {
            buffer_format(out, "  init -> e%zu [label=\"rf\", color=red, constraint=false];\n",
                          i + 1);
            initial = true;
        } else if (source >= 0 && !(done >> source & 1)) {
            buffer_format(out, "  e%d -> e%zu [label=\"%s\", color=%s];\n", source + 1, i + 1,
                          x->synchronizes[source] >> i & 1 ? "rf, sw" : "rf",
                          x->synchronizes[source] >> i & 1 ? "blue" : "red");
            done |= (uint64_t)1 << source;
        }
    }
}

void litmus_witness_dot(const litmus_execution *x, buffer *out)
{
    buffer_format(out,
                  "digraph \"%s\" {\n  node [shape=box, fontname=\"monospace\"];\n"
                  "  init [label=\"initial values\", style=dashed];\n",
                  x->program->name);
    for (size_t a = 0; a <= x->program->agent_count; a++) {
        int last = -1;
        for (size_t i = 0; i < x->event_count; i++) {
            if (x->events[i]->agent != a)
                continue;
            buffer text = {0};
            litmus_event_write(x->program, x->events[i], x->read[i], x->written[i], &text);
            if (last < 0)
                buffer_format(out, "  subgraph cluster_%zu {\n    label=\"%s\";\n", a,
                              agent_name(x, i));
            buffer_format(out, "    e%zu [label=\"e%zu: ", i + 1, i + 1);
            for (const char *c = buffer_text(&text); *c != '\0'; c++)
                buffer_format(out, *c == '"' ? "\\%c" : "%c", *c);
            buffer_format(out, "\"%s];\n", x->events[i]->atomic ? ", penwidth=2" : "");
            if (last >= 0)
                buffer_format(out, "    e%d -> e%zu [label=\"po\"];\n", last + 1, i + 1);
            last = (int)i;
            buffer_release(&text);
        }
        if (last >= 0)
            buffer_add(out, "  }\n");
    }
    for (size_t i = 0; i < x->event_count; i++)
        add_read_edges(x, i, out);
    buffer_add(out, "}\n");
}
