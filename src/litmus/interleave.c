#include "litmus/interleave.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

/* Steps that touch nothing shared are taken at once: no other agent can tell when. A state is one
 * run of bytes, so that it can be compared and copied as a whole; `machine` knows where its parts
 * lie. */
enum { BUFFERED = 16 }; /* writes of one agent on their way; more than a test has */

enum mode { RUNNING, ASLEEP, ENDED, NOT_STARTED };

struct pending {
    uint16_t at; /* byte in the state's memory */
    uint8_t size;
    uint64_t raw;
};

struct agent_state {
    uint16_t pc;
    uint8_t mode;
    uint8_t buffered;
    uint16_t asleep_at;
    struct pending buffer[BUFFERED];
};

struct post {
    uint8_t count, taken;
    litmus_value values[LITMUS_EVENTS]; /* a path has no more posts */
};

struct machine {
    litmus_result *result;
    const litmus_program *program;
    region *memory;
    bool buffers;
    uint16_t block_base[LITMUS_BLOCKS];
    size_t bytes; /* of all blocks */
    size_t queue_at, posts_at, agents_at, registers_at[LITMUS_AGENTS], state_size;
    uint8_t **table; /* states that were seen */
    size_t table_size, seen;
    uint64_t most_states, beyond;
    bool complete;
};

static struct agent_state *agent_of(const struct machine *m, uint8_t *state, size_t agent)
{
    return (struct agent_state *)(void *)(state + m->agents_at) + agent;
}

static litmus_value *registers_of(const struct machine *m, uint8_t *state, size_t agent)
{
    return (litmus_value *)(void *)(state + m->registers_at[agent]);
}

static struct post *channel_of(const struct machine *m, uint8_t *state, size_t channel)
{
    return (struct post *)(void *)(state + m->posts_at) + channel;
}

static void lay_out(struct machine *m)
{
    const litmus_program *p = m->program;
    for (size_t b = 0; b < p->block_count; b++) {
        m->block_base[b] = (uint16_t)m->bytes;
        m->bytes += (p->blocks[b].size + 7u) & ~7u;
    }
    m->queue_at = m->bytes; /* one count and the agents asleep, first come first */
    m->posts_at = m->queue_at + 16;
    m->agents_at = m->posts_at + p->channel_count * sizeof(struct post);
    m->state_size = m->agents_at + p->agent_count * sizeof(struct agent_state);
    for (size_t a = 0; a < p->agent_count; a++) {
        m->registers_at[a] = m->state_size;
        m->state_size += p->agents[a].register_count * sizeof(litmus_value);
    }
    m->state_size = (m->state_size + 7u) & ~(size_t)7u;
}

/* ---- memory ---- */

static uint64_t load(const uint8_t *state, unsigned at, unsigned size)
{
    uint64_t raw = 0;
    memcpy(&raw, state + at, size);
    return raw;
}

static void drain_one(const struct machine *m, uint8_t *state, size_t agent)
{
    struct agent_state *a = agent_of(m, state, agent);
    memcpy(state + a->buffer[0].at, &a->buffer[0].raw, a->buffer[0].size);
    a->buffered--;
    memmove(&a->buffer[0], &a->buffer[1], a->buffered * sizeof a->buffer[0]);
    memset(&a->buffer[a->buffered], 0, sizeof a->buffer[0]); /* equal states are equal bytes */
}

/* What the agent reads there. False: a write in the buffer covers a part only, so that the read has
 * to wait for it. */
static bool read_memory(const struct machine *m, uint8_t *state, size_t agent, unsigned at,
                        unsigned size, uint64_t *raw)
{
    const struct agent_state *a = agent_of(m, state, agent);
    for (size_t i = a->buffered; i > 0; i--) {
        const struct pending *w = &a->buffer[i - 1];
        if (w->at >= at + size || at >= w->at + w->size)
            continue;
        if (w->at > at || w->at + w->size < at + size)
            return false;
        *raw = w->raw >> (at - w->at) * 8;
        if (size < 8)
            *raw &= ((uint64_t)1 << size * 8) - 1;
        return true;
    }
    *raw = load(state, at, size);
    return true;
}

static litmus_value decode(const litmus_step *s, uint64_t raw)
{
    unsigned size = litmus_elements[s->element].size;
    return litmus_decode((litmus_element)s->element, s->big_endian ? litmus_swap(raw, size) : raw);
}

/* The checker has refused programs in which this can fail. */
static uint64_t encode(const litmus_step *s, litmus_value value)
{
    uint64_t raw = 0;
    (void)litmus_encode((litmus_element)s->element, value, &raw);
    return s->big_endian ? litmus_swap(raw, litmus_elements[s->element].size) : raw;
}

/* False: the index lies outside. The checker refuses such a program if it gets to its end. */
static bool find_place(const struct machine *m, const litmus_step *s, const litmus_value *registers,
                       unsigned *at)
{
    *at = m->block_base[s->place.block] + s->place.offset;
    if (s->place.index == LITMUS_NO_REGISTER)
        return true;
    const litmus_value *index = &registers[s->place.index];
    if (index->kind != LITMUS_NUMBER || !(index->number >= 0 && index->number < s->place.count))
        return false;
    *at += (unsigned)index->number * s->place.scale;
    return true;
}

/* ---- steps ---- */

static bool is_local(const litmus_step *s)
{
    return s->code <= CODE_COUNT_TURN;
}

/* Up to the next step that others can see. */
static void run_local(const struct machine *m, uint8_t *state, size_t agent)
{
    struct agent_state *a = agent_of(m, state, agent);
    litmus_value *r = registers_of(m, state, agent);
    const litmus_step *steps = m->program->agents[agent].steps;
    while (is_local(&steps[a->pc])) {
        const litmus_step *s = &steps[a->pc++];
        if (s->code == CODE_CONSTANT)
            r[s->target] = s->constant;
        else if (s->code == CODE_MOVE)
            r[s->target] = r[s->left];
        else if (s->code == CODE_OPERATE)
            (void)litmus_operate(s->operation, r[s->left], r[s->right], &r[s->target]);
        else if (s->code == CODE_JUMP ||
                 (s->code != CODE_COUNT_TURN &&
                  litmus_truth(r[s->left]) == (s->code == CODE_JUMP_IF_TRUE)))
            a->pc = s->destination;
    }
    if (steps[a->pc].code == CODE_END)
        a->mode = ENDED;
}

static void modify(uint8_t *state, const litmus_step *s, unsigned at, litmus_value *r)
{
    unsigned size = litmus_elements[s->element].size;
    litmus_value old = decode(s, load(state, at, size)), new = old;
    if (s->code == CODE_EXCHANGE)
        new = r[s->left];
    else if (s->code == CODE_MODIFY)
        (void)litmus_operate(s->operation, old, r[s->left], &new);
    else if (encode(s, r[s->left]) == encode(s, old))
        new = r[s->right];
    uint64_t raw = encode(s, new);
    memcpy(state + at, &raw, size);
    r[s->target] = old;
}

static void fall_asleep(const struct machine *m, uint8_t *state, size_t agent, unsigned at)
{
    uint8_t *queue = state + m->queue_at;
    queue[1 + queue[0]++] = (uint8_t)agent;
    agent_of(m, state, agent)->mode = ASLEEP;
    agent_of(m, state, agent)->asleep_at = (uint16_t)at;
}

static void wake(const struct machine *m, uint8_t *state, size_t position, litmus_text answer)
{
    uint8_t *queue = state + m->queue_at;
    size_t agent = queue[1 + position];
    struct agent_state *a = agent_of(m, state, agent);
    memmove(queue + 1 + position, queue + 2 + position, queue[0] - position - 1u);
    queue[queue[0]--] = 0;
    a->mode = RUNNING;
    a->asleep_at = 0;
    const litmus_step *s = &m->program->agents[agent].steps[a->pc++];
    registers_of(m, state, agent)[s->target] = litmus_answer(answer);
    run_local(m, state, agent);
}

static void notify(const struct machine *m, uint8_t *state, const litmus_step *s, unsigned at,
                   litmus_value *r)
{
    const uint8_t *queue = state + m->queue_at;
    double most = s->left == LITMUS_NO_REGISTER ? LITMUS_AGENTS : r[s->left].number;
    unsigned woken = 0;
    for (size_t i = 0; i < queue[0] && woken < most;) {
        if (agent_of(m, state, queue[1 + i])->asleep_at != at) {
            i++;
            continue;
        }
        wake(m, state, i, LITMUS_OK);
        woken++;
    }
    r[s->target] = litmus_number(woken);
}

static bool is_write(const litmus_step *s)
{
    return s->code == CODE_WRITE && !s->atomic;
}

/* Takes the agent's next step. False: it cannot now (a message is missing, the buffer is in the
 * way).
 */
static bool take_step(const struct machine *m, uint8_t *state, size_t agent)
{
    struct agent_state *a = agent_of(m, state, agent);
    litmus_value *r = registers_of(m, state, agent);
    const litmus_step *s = &m->program->agents[agent].steps[a->pc];
    unsigned size = litmus_elements[s->element].size, at = 0;
    uint64_t raw;
    if (s->code >= CODE_READ && s->code <= CODE_NOTIFY && !find_place(m, s, r, &at))
        return false;
    if (s->code != CODE_READ && !is_write(s) && a->buffered > 0)
        return false;
    switch (s->code) {
    case CODE_READ:
        if (!read_memory(m, state, agent, at, size, &raw))
            return false;
        r[s->target] = decode(s, raw);
        break;
    case CODE_WRITE:
        raw = encode(s, r[s->left]);
        if (m->buffers && is_write(s)) {
            if (a->buffered == BUFFERED)
                return false;
            a->buffer[a->buffered++] = (struct pending){(uint16_t)at, (uint8_t)size, raw};
        } else {
            memcpy(state + at, &raw, size);
        }
        break;
    case CODE_WAIT:
        if (load(state, at, size) == encode(s, r[s->left])) {
            fall_asleep(m, state, agent, at);
            return true;
        }
        r[s->target] = litmus_answer(LITMUS_NOT_EQUAL);
        break;
    case CODE_NOTIFY:
        notify(m, state, s, at, r);
        break;
    case CODE_POST: {
        struct post *c = channel_of(m, state, s->place.block);
        if (c->count < LITMUS_EVENTS)
            c->values[c->count++] = s->left == LITMUS_NO_REGISTER ? (litmus_value){0} : r[s->left];
        break;
    }
    case CODE_RECEIVE: {
        struct post *c = channel_of(m, state, s->place.block);
        if (c->taken == c->count)
            return false;
        r[s->target] = c->values[c->taken++];
        break;
    }
    case CODE_START:
        agent_of(m, state, s->place.block)->mode = RUNNING;
        run_local(m, state, s->place.block);
        break;
    default:
        modify(state, s, at, r);
        break;
    }
    a->pc++;
    run_local(m, state, agent);
    return true;
}

/* ---- outcomes ---- */

static void add_outcome(struct machine *m, uint8_t *state)
{
    const litmus_program *p = m->program;
    litmus_value slots[LITMUS_SLOTS];
    for (size_t a = 0; a < p->agent_count; a++) {
        struct agent_state *agent = agent_of(m, state, a);
        const litmus_step *s = &p->agents[a].steps[agent->pc];
        bool stuck = agent->mode == ASLEEP || agent->mode == RUNNING;
        if (stuck && s->target != LITMUS_NO_REGISTER)
            registers_of(m, state, a)[s->target].kind = LITMUS_ASLEEP;
    }
    for (size_t i = 0; i < p->slot_count; i++) {
        const litmus_slot *slot = &p->slots[i];
        unsigned at;
        if (slot->final && find_place(m, &slot->read, NULL, &at))
            slots[i] =
                decode(&slot->read, load(state, at, litmus_elements[slot->read.element].size));
        else
            slots[i] = registers_of(m, state, slot->agent)[slot->reg];
        if (slots[i].kind == LITMUS_ASLEEP)
            slots[i] = (litmus_value){.kind = LITMUS_ASLEEP};
    }
    litmus_outcome *o = litmus_result_find(m->result, slots);
    if (o == NULL)
        m->beyond++;
    else if (m->buffers)
        o->on_x86 = true;
    else
        o->sequential = true;
}

/* ---- the walk ---- */

static uint64_t hash_of(const uint8_t *state, size_t size)
{
    uint64_t h = 0x9e3779b97f4a7c15;
    for (size_t i = 0; i + 8 <= size; i += 8) {
        uint64_t word;
        memcpy(&word, state + i, 8);
        h = (h ^ word) * 0xff51afd7ed558ccd;
        h ^= h >> 29;
    }
    return h;
}

static uint8_t **find_entry(const struct machine *m, const uint8_t *state)
{
    size_t i = hash_of(state, m->state_size) & (m->table_size - 1);
    while (m->table[i] != NULL && memcmp(m->table[i], state, m->state_size) != 0)
        i = (i + 1) & (m->table_size - 1);
    return &m->table[i];
}

/* False when the state was seen before, or there were too many. */
static bool remember(struct machine *m, const uint8_t *state)
{
    if (m->seen * 2 >= m->table_size) {
        uint8_t **old = m->table;
        size_t old_size = m->table_size;
        m->table_size = old_size == 0 ? 64 : old_size * 4;
        m->table = region_allocate(m->memory, m->table_size * sizeof *m->table);
        for (size_t i = 0; i < old_size; i++)
            if (old[i] != NULL)
                *find_entry(m, old[i]) = old[i];
    }
    uint8_t **entry = find_entry(m, state);
    if (*entry != NULL)
        return false;
    if (m->seen == m->most_states) {
        m->complete = false;
        return false;
    }
    *entry = (uint8_t *)region_copy(m->memory, (const char *)state, m->state_size);
    m->seen++;
    return true;
}

static void explore(struct machine *m, const uint8_t *state);

/* One thing that can happen to an agent: kind 0 its next step, 1 a buffered write reaches memory, 2
 * its wait times out. */
static bool act(struct machine *m, uint8_t *next, size_t agent, int kind)
{
    struct agent_state *a = agent_of(m, next, agent);
    const litmus_step *s = &m->program->agents[agent].steps[a->pc];
    if (kind == 0)
        return a->mode == RUNNING && take_step(m, next, agent);
    if (kind == 1) {
        if (a->buffered == 0)
            return false;
        drain_one(m, next, agent);
        return true;
    }
    if (a->mode != ASLEEP || !s->timed)
        return false;
    const uint8_t *queue = next + m->queue_at;
    size_t position = 0;
    while (queue[1 + position] != agent)
        position++;
    wake(m, next, position, LITMUS_TIMED_OUT);
    return true;
}

static void explore(struct machine *m, const uint8_t *state)
{
    if (!remember(m, state))
        return;
    uint8_t *next = malloc(m->state_size);
    hd_assert(next != NULL);
    bool moved = false;
    for (size_t agent = 1; agent < m->program->agent_count; agent++)
        for (int kind = 0; kind < 3; kind++) {
            memcpy(next, state, m->state_size);
            if (!act(m, next, agent, kind))
                continue;
            moved = true;
            explore(m, next);
        }
    if (!moved) {
        memcpy(next, state, m->state_size);
        add_outcome(m, next);
    }
    free(next);
}

/* The setup runs alone; then whoever is not started by another begins. */
static void begin(struct machine *m, uint8_t *state)
{
    bool buffers = m->buffers;
    for (size_t a = 1; a < m->program->agent_count; a++)
        if (m->program->agents[a].started)
            agent_of(m, state, a)->mode = NOT_STARTED;
        else
            run_local(m, state, a);
    m->buffers = false;
    run_local(m, state, 0);
    while (agent_of(m, state, 0)->mode == RUNNING && take_step(m, state, 0))
        ;
    m->buffers = buffers;
}

bool litmus_interleave(litmus_result *r, litmus_machine kind, uint64_t most_states,
                       uint64_t *beyond)
{
    struct machine m = {.result = r,
                        .program = r->program,
                        .memory = region_create(),
                        .buffers = kind == LITMUS_X86,
                        .most_states = most_states > 0 ? most_states : 300000,
                        .complete = true};
    lay_out(&m);
    uint8_t *state = region_allocate(m.memory, m.state_size);
    begin(&m, state);
    explore(&m, state);
    region_free(m.memory);
    if (beyond != NULL)
        *beyond = m.beyond;
    return m.complete;
}
