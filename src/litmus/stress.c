/* Threads, batches and counting.
 *
 * Ownership: one crew per call; each worker owns its code, its columns and its table of outcomes
 * while the others run, and its part of the instances while they are counted and reset. Lock order:
 * none.
 *
 * Ordering guarantees:
 *  1. What a worker wrote before crew_meet happens before what any of them does after it: the
 *     counter's acq_rel increments form one chain, which the release store of `round` ends and its
 *     acquire loads read. So columns, cells and the chosen mode are plain data on either side.
 *  2. Between two meetings the cells are touched only by stress_code_run, whose order is the
 *     program's.
 *
 * Progress: a worker spins in crew_meet until all have come; when there are more workers than CPUs
 * it yields its CPU meanwhile. */
#include "litmus/stress.h"

#include "base/assert.h"
#include "litmus/stress_code.h"
#include "platform/clock.h"
#include "platform/cpu.h"
#include "platform/pages.h"
#include "platform/thread.h"

#include <math.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH_MOST = 1000,
    LINE = 64,
    APART = 128,  /* the neighbour of a line may be fetched with it */
    TABLE = 4096, /* outcomes of one worker */
    DEADLINE_TICKS = 1500
};

enum meeting { MEET_PER_BATCH, MEET_PER_INSTANCE, MEET_AT_MOMENT };

static const struct mode {
    const char *name;
    size_t batch;
    enum meeting meeting;
    bool lines;    /* every block on a cache line of its own; else packed */
    bool shuffled; /* instances in a random order */
    bool owners;   /* worker a resets block a, so that its line is in its cache */
    bool preload;  /* workers touch a random half of the cells first */
    bool free;     /* the system chooses the CPUs */
} modes[] = {
    {"batch of 256, packed, owners reset", 256, MEET_PER_BATCH, false, false, true, false, false},
    {"batch of 1000, packed", 1000, MEET_PER_BATCH, false, false, false, false, false},
    {"batch of 256, packed, threads free", 256, MEET_PER_BATCH, false, false, false, false, true},
    {"batch of 1000, packed, shuffled", 1000, MEET_PER_BATCH, false, true, false, false, false},
    {"batch of 1000, own lines", 1000, MEET_PER_BATCH, true, false, false, false, false},
    {"batch of 1000, own lines, owners reset", 1000, MEET_PER_BATCH, true, false, true, false,
     false},
    {"batch of 1000, own lines, shuffled, preload", 1000, MEET_PER_BATCH, true, true, false, true,
     false},
    {"barrier before each instance", 256, MEET_PER_INSTANCE, true, false, false, false, false},
    {"time base before each instance", 256, MEET_AT_MOMENT, true, false, false, false, false},
};
enum { MODES = sizeof modes / sizeof modes[0], SHARED_MODES = 7 /* usable with fewer CPUs too */ };

/* One outcome as a worker counts it. `key` says all when the outcome is at most two raw values;
 * else `slots` are compared too. */
struct entry {
    uint64_t key, count;
    const litmus_value *slots;
    uint64_t first;
    uint8_t mode;
    bool used, weak;
};

struct crew;

/* Workers and the words at which they meet have cache lines of their own. */
struct worker {
    alignas(APART) struct crew *crew;
    size_t number;
    thread handle;
    stress_code code;
    struct entry *table;
    region *memory; /* its own, for new outcomes */
    uint64_t weak[MODES];
    uint64_t uncounted; /* of outcomes for which the table had no place */
    uint64_t random;
    uint64_t base; /* iterations before this batch */
    size_t placed; /* the mode whose addresses the code has */
};

struct crew {
    const litmus_program *program;
    const litmus_result *allowed;
    const litmus_stress_options *options;
    litmus_stress_result *result;
    size_t count, usable_modes;
    bool yields;
    struct worker workers[LITMUS_AGENTS];
    alignas(APART) _Atomic uint32_t arrived; /* acq_rel increments; pairs with each other */
    _Atomic uint32_t round;  /* release store by the last, acquire loads by the rest */
    _Atomic uint64_t moment; /* MEET_AT_MOMENT: relaxed, published by `round` */

    /* Written by worker 0 while the others count, read by them after the next meeting. */
    alignas(APART) size_t next_mode;
    bool stop;
    int64_t start, slice_start;

    /* Written by worker 0 between the two meetings with which a mode begins. */
    size_t mode;
    size_t batch;
    stress_layout layout;
    uint32_t place[BATCH_MOST];
    uint8_t *cells;
    size_t cells_size;
    uint8_t initial[LITMUS_BLOCKS][LITMUS_BLOCK_SIZE];
    bool zero[LITMUS_BLOCKS];                   /* which of them are 0 throughout */
    const stress_column *columns[LITMUS_SLOTS]; /* NULL: a final value */
    bool finals; /* outcomes have some: cells are read before they are reset */
    bool exact;  /* two raw values at most: their key is the outcome */
};

/* ---- meeting ---- */

static void crew_meet(struct crew *c)
{
    /* relaxed: own value of the last meeting, ordered by it */
    uint32_t round = atomic_load_explicit(&c->round, memory_order_relaxed);
    /* acq_rel: pairs with the increments of the others */
    if (atomic_fetch_add_explicit(&c->arrived, 1, memory_order_acq_rel) + 1 == c->count) {
        atomic_store_explicit(&c->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&c->moment, cpu_ticks() + DEADLINE_TICKS, memory_order_relaxed);
        /* release: pairs with the acquire below */
        atomic_store_explicit(&c->round, round + 1, memory_order_release);
        return;
    }
    for (unsigned spins = 0; atomic_load_explicit(&c->round, memory_order_acquire) == round;
         spins++) {
        if (c->yields || spins > 20000)
            sched_yield();
        else
            cpu_pause();
    }
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* ---- layouts ---- */

static size_t packed_stride(unsigned size)
{
    size_t stride = 1;
    while (stride < size && stride < 8)
        stride *= 2;
    return size <= 8 ? stride : (size + 7u) & ~(size_t)7;
}

static void lay_out(struct crew *c)
{
    const struct mode *m = &modes[c->mode];
    size_t at = 0;
    for (size_t b = 0; b < c->program->block_count; b++) {
        size_t size = c->program->blocks[b].size;
        size_t stride = m->lines ? (size + LINE - 1) / LINE * LINE : packed_stride((unsigned)size);
        c->layout.base[b] = c->cells + at;
        c->layout.stride[b] = stride;
        at += (stride * BATCH_MOST + LINE - 1) / LINE * LINE;
    }
    hd_assert(at <= c->cells_size);
    c->batch = m->batch;
    c->layout.place = c->place;
    c->layout.in_order = !m->shuffled;
    for (uint32_t i = 0; i < c->batch; i++)
        c->place[i] = i;
    for (size_t i = c->batch; m->shuffled && i > 1; i--) {
        size_t k = next_random(&c->workers[0].random) % i;
        uint32_t other = c->place[k];
        c->place[k] = c->place[i - 1];
        c->place[i - 1] = other;
    }
}

static size_t cells_needed(const litmus_program *p)
{
    size_t at = 0;
    for (size_t b = 0; b < p->block_count; b++)
        at += ((p->blocks[b].size + LINE - 1u) / LINE + 1) * LINE * BATCH_MOST;
    return at;
}

static void reset_block(struct crew *c, size_t block, size_t first, size_t end)
{
    size_t size = c->program->blocks[block].size, stride = c->layout.stride[block];
    uint8_t *base = c->layout.base[block];
    if (stride == size && !modes[c->mode].shuffled && c->zero[block])
        memset(base + first * stride, 0, (end - first) * stride);
    else
        for (size_t i = first; i < end; i++)
            memcpy(base + c->place[i] * stride, c->initial[block], size);
}

static void reset_cells(struct crew *c, size_t worker, size_t first, size_t end)
{
    for (size_t b = 0; b < c->program->block_count; b++)
        if (!modes[c->mode].owners)
            reset_block(c, b, first, end);
        else if (b % c->count == worker)
            reset_block(c, b, 0, c->batch);
}

static void touch_cells(struct worker *w)
{
    struct crew *c = w->crew;
    for (size_t b = 0; b < c->program->block_count; b++)
        for (size_t i = 0; i < c->batch; i++)
            if (next_random(&w->random) & 1)
                __builtin_prefetch(c->layout.base[b] + c->place[i] * c->layout.stride[b]);
}

/* ---- counting ---- */

static uint64_t raw_final(const struct crew *c, const litmus_step *s, size_t instance)
{
    uint64_t raw = 0;
    memcpy(&raw,
           c->layout.base[s->place.block] + c->place[instance] * c->layout.stride[s->place.block] +
               s->place.offset,
           litmus_elements[s->element].size);
    return raw;
}

static litmus_value slot_of(const struct crew *c, size_t slot, size_t instance)
{
    const stress_column *column = c->columns[slot];
    if (column != NULL)
        return column->raw != NULL ? litmus_number((int32_t)column->raw[instance])
                                   : column->values[instance];
    const litmus_step *s = &c->program->slots[slot].read;
    uint64_t raw = raw_final(c, s, instance);
    return litmus_decode((litmus_element)s->element,
                         s->big_endian ? litmus_swap(raw, litmus_elements[s->element].size) : raw);
}

static uint64_t key_of(const struct crew *c, size_t instance)
{
    uint64_t key = 0;
    if (c->exact && c->program->slot_count == 2)
        return (uint64_t)c->columns[0]->raw[instance] << 32 ^ c->columns[1]->raw[instance];
    for (size_t s = 0; s < c->program->slot_count; s++) {
        const stress_column *column = c->columns[s];
        if (column != NULL && column->raw != NULL)
            key = (key << 32 | key >> 32) ^ column->raw[instance];
        else if (column != NULL)
            key = key * 0xff51afd7ed558ccd ^ column->values[instance].bits;
        else
            key = key * 0xff51afd7ed558ccd ^ raw_final(c, &c->program->slots[s].read, instance);
        if (!c->exact)
            key = (key ^ key >> 29) * 0x9e3779b97f4a7c15;
    }
    return key;
}

static bool has_slots(const struct crew *c, const struct entry *e, size_t instance)
{
    for (size_t s = 0; s < c->program->slot_count; s++)
        if (!litmus_same(e->slots[s], slot_of(c, s, instance)))
            return false;
    return true;
}

static void fill_entry(struct worker *w, struct entry *e, uint64_t key, size_t instance)
{
    const struct crew *c = w->crew;
    size_t count = c->program->slot_count;
    litmus_value *slots = region_allocate(w->memory, (count + 1) * sizeof *slots);
    for (size_t s = 0; s < count; s++)
        slots[s] = slot_of(c, s, instance);
    const litmus_outcome *o = litmus_result_find(c->allowed, slots);
    *e = (struct entry){.key = key,
                        .slots = slots,
                        .first = w->base + instance,
                        .mode = (uint8_t)c->mode,
                        .used = true,
                        .weak = o == NULL || !o->sequential};
}

static void count_instance(struct worker *w, size_t instance)
{
    const struct crew *c = w->crew;
    uint64_t key = key_of(c, instance), h = (key * 0x9e3779b97f4a7c15) >> 40;
    for (size_t tries = 0; tries < TABLE; tries++) {
        struct entry *e = &w->table[(h + tries) % TABLE];
        if (!e->used)
            fill_entry(w, e, key, instance);
        else if (e->key != key || (!c->exact && !has_slots(c, e, instance)))
            continue;
        e->count++;
        w->weak[c->mode] += e->weak;
        return;
    }
    w->uncounted++;
}

static void find_columns(struct crew *c)
{
    size_t raws = 0;
    for (size_t s = 0; s < c->program->slot_count; s++) {
        const litmus_slot *slot = &c->program->slots[s];
        c->finals |= slot->final;
        if (slot->final)
            continue;
        const stress_code *code = &c->workers[slot->agent - 1].code;
        const stress_column *column = code->columns;
        while (column->reg != slot->reg)
            column++;
        c->columns[s] = column;
        raws += column->raw != NULL;
    }
    c->exact = raws == c->program->slot_count && raws <= 2;
}

/* ---- a batch ---- */

static void run_batch(struct worker *w)
{
    struct crew *c = w->crew;
    const struct mode *m = &modes[c->mode];
    if (m->meeting == MEET_PER_BATCH) {
        for (uint64_t skew = next_random(&w->random) % 64; skew > 0; skew--)
            __asm__ volatile("");
        stress_code_run(&w->code, &c->layout, 0, c->batch);
        return;
    }
    for (size_t i = 0; i < c->batch; i++) {
        crew_meet(c);
        uint64_t moment = atomic_load_explicit(&c->moment, memory_order_relaxed);
        while (m->meeting == MEET_AT_MOMENT && cpu_ticks() < moment)
            ;
        stress_code_run(&w->code, &c->layout, i, i + 1);
    }
}

static bool is_over(const struct crew *c, double elapsed)
{
    const litmus_stress_options *o = c->options;
    uint64_t done = c->workers[0].base;
    if (o->interrupt != NULL && *o->interrupt)
        return true;
    return (o->seconds > 0 && elapsed >= o->seconds) ||
           (o->iterations > 0 && done >= o->iterations);
}

/* Worker 0 decides whether there is another batch, and in which mode. */
static void plan_next(struct crew *c)
{
    enum { SLICE_NS = 20000000 };
    litmus_stress_result *r = c->result;
    const litmus_stress_options *o = c->options;
    litmus_stress_mode *mode = &r->modes[c->mode];
    int64_t now = clock_monotonic();
    r->seconds = (double)(now - c->start) / 1e9;
    r->iterations = c->workers[0].base;
    mode->iterations += c->batch;
    c->stop = is_over(c, r->seconds);
    if (!c->stop && now - c->slice_start < SLICE_NS)
        return;
    mode->seconds += (double)(now - c->slice_start) / 1e9;
    c->slice_start = now;
    if (o->tick != NULL)
        o->tick(o->context, r->iterations, r->seconds);
    if (!o->one_mode)
        c->next_mode = (c->mode + 1) % c->usable_modes;
}

static void begin_mode(struct worker *w)
{
    struct crew *c = w->crew;
    w->placed = c->next_mode;
    if (w->number == 0) {
        c->mode = c->next_mode;
        lay_out(c);
    }
    crew_meet(c);
    stress_code_place(&w->code, &c->layout);
    if (c->yields || modes[c->mode].free)
        cpu_unpin();
    else
        cpu_pin((unsigned)w->number);
    reset_cells(c, w->number, c->batch * w->number / c->count,
                c->batch * (w->number + 1) / c->count);
    crew_meet(c);
}

static void work(struct worker *w)
{
    struct crew *c = w->crew;
    while (!c->stop) {
        if (w->placed != c->next_mode)
            begin_mode(w);
        if (modes[c->mode].preload)
            touch_cells(w);
        run_batch(w);
        crew_meet(c); /* everyone is done */
        size_t first = c->batch * w->number / c->count;
        size_t end = c->batch * (w->number + 1) / c->count;
        for (size_t i = first; i < end; i++)
            count_instance(w, i);
        if (modes[c->mode].owners && c->finals)
            crew_meet(c); /* everyone has read what others reset */
        reset_cells(c, w->number, first, end);
        w->base += c->batch;
        if (w->number == 0)
            plan_next(c);
        crew_meet(c); /* counted, reset and planned */
    }
}

static void run_worker(void *context)
{
    struct worker *w = context;
    thread_name("litmus");
    crew_meet(w->crew); /* all are there, or it is over */
    work(w);
}

/* ---- the whole ---- */

static void run_setup(struct crew *c, region *memory)
{
    stress_code code;
    static const uint32_t zero;
    stress_layout layout = {.place = &zero};
    for (size_t b = 0; b < c->program->block_count; b++)
        layout.base[b] = c->initial[b];
    if (!stress_code_make(c->program, 0, 1, memory, &code))
        return; /* refused before */
    stress_code_place(&code, &layout);
    stress_code_run(&code, &layout, 0, 1);
    for (size_t b = 0; b < c->program->block_count; b++) {
        static const uint8_t nothing[LITMUS_BLOCK_SIZE];
        c->zero[b] = memcmp(c->initial[b], nothing, sizeof nothing) == 0;
    }
}

static bool make_codes(struct crew *c, region *memory)
{
    stress_code setup;
    if (!stress_code_make(c->program, 0, 1, memory, &setup))
        return false;
    for (size_t i = 0; i < c->count; i++) {
        struct worker *w = &c->workers[i];
        if (c->program->agents[i + 1].started ||
            !stress_code_make(c->program, i + 1, BATCH_MOST, memory, &w->code))
            return false;
        w->crew = c;
        w->number = i;
        w->placed = MODES;
        w->table = region_allocate(memory, TABLE * sizeof *w->table);
        w->memory = region_create();
    }
    return true;
}

static void plan_first(struct crew *c)
{
    litmus_stress_result *r = c->result;
    c->usable_modes = c->yields ? SHARED_MODES : MODES;
    c->next_mode = c->options->one_mode ? (size_t)c->options->only_mode % c->usable_modes : 0;
    c->start = c->slice_start = clock_monotonic();
    r->mode_count = MODES;
    for (size_t i = 0; i < MODES; i++)
        r->modes[i].name = modes[i].name;
}

static bool run_crew(struct crew *c)
{
    size_t missing = c->count;
    while (missing > 0 && thread_start(&c->workers[missing - 1].handle, NULL, (size_t)256 << 10,
                                       run_worker, &c->workers[missing - 1]) == STATUS_OK)
        missing--;
    if (missing > 0) { /* come in place of those who cannot, and send the others home */
        c->stop = true;
        /* acq_rel: as one of the crew, see crew_meet */
        atomic_fetch_add_explicit(&c->arrived, (uint32_t)missing - 1, memory_order_acq_rel);
        crew_meet(c);
    }
    for (size_t i = missing; i < c->count; i++)
        thread_join(&c->workers[i].handle);
    return missing == 0;
}

static void collect(const struct crew *c, region *memory, litmus_stress_result *r)
{
    r->interrupted = c->options->interrupt != NULL && *c->options->interrupt;
    for (size_t i = 0; i < c->count; i++) {
        r->uncounted += c->workers[i].uncounted;
        for (size_t m = 0; m < MODES; m++)
            r->modes[m].weak += c->workers[i].weak[m];
    }
    for (size_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < TABLE; k++) {
            const struct entry *e = &c->workers[i].table[k];
            if (e->used)
                litmus_stress_add(r, c->allowed, memory, e->slots, e->count, e->first, e->mode);
        }
    litmus_stress_sort(r);
}

static void free_workers(struct crew *c)
{
    for (size_t i = 0; i < c->count; i++)
        region_free(c->workers[i].memory);
}

status litmus_stress(const litmus_result *allowed, const litmus_stress_options *options,
                     region *memory, litmus_stress_result *result)
{
    *result = (litmus_stress_result){.seed = options->seed};
    uint8_t *space = region_allocate(memory, sizeof(struct crew) + APART);
    struct crew *c = (struct crew *)(void *)(space + (APART - (uintptr_t)space % APART));
    c->program = allowed->program;
    c->allowed = allowed;
    c->options = options;
    c->result = result;
    c->count = c->program->agent_count - 1;
    c->yields = c->count > cpu_allowed();
    c->cells_size = cells_needed(c->program);
    void *cells;
    if (!allowed->complete) /* nobody knows what is forbidden, nor whether all indices are right */
        return STATUS_INVALID;
    status s = make_codes(c, memory) ? pages_reserve(c->cells_size, &cells) : STATUS_STATE;
    if (s != STATUS_OK) {
        free_workers(c);
        return s;
    }
    c->cells = cells;
    run_setup(c, memory);
    find_columns(c);
    for (size_t i = 0; i < c->count; i++)
        c->workers[i].random = (options->seed + i + 1) * 0x9e3779b97f4a7c15 | 1;
    plan_first(c);
    bool complete = run_crew(c);
    if (complete)
        collect(c, memory, result);
    pages_unmap(c->cells, c->cells_size);
    free_workers(c);
    return complete ? STATUS_OK : STATUS_LIMIT;
}

void litmus_stress_add(litmus_stress_result *r, const litmus_result *allowed, region *memory,
                       const litmus_value *slots, uint64_t count, uint64_t first, unsigned mode)
{
    size_t slot_count = allowed->program->slot_count, i = 0;
    for (; i < r->count; i++) {
        size_t s = 0;
        while (s < slot_count && litmus_same(r->outcomes[i].slots[s], slots[s]))
            s++;
        if (s == slot_count)
            break;
    }
    if (i == r->count) {
        r->outcomes = region_grow(memory, r->outcomes, r->count, &r->capacity, sizeof *r->outcomes);
        litmus_value *copy = region_allocate(memory, slot_count * sizeof *copy);
        memcpy(copy, slots, slot_count * sizeof *copy);
        r->outcomes[r->count++] =
            (litmus_stress_outcome){.slots = copy,
                                    .allowed = litmus_result_find(allowed, slots),
                                    .first = first,
                                    .mode = (uint8_t)mode};
    }
    litmus_stress_outcome *o = &r->outcomes[i];
    o->count += count;
    if (first < o->first) {
        o->first = first;
        o->mode = (uint8_t)mode;
    }
    if (o->allowed == NULL)
        r->forbidden += count;
}

static int compare_counts(const void *left, const void *right)
{
    const litmus_stress_outcome *a = left, *b = right;
    return a->count > b->count ? -1 : a->count < b->count;
}

void litmus_stress_sort(litmus_stress_result *r)
{
    if (r->count > 1)
        qsort(r->outcomes, r->count, sizeof *r->outcomes, compare_counts);
}
