/* The outcomes that were found: a list, and a hash table over it. */
#include "litmus/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_OUTCOMES 100000

static uint64_t hash_of(const litmus_value *slots, size_t count)
{
    uint64_t h = 0x9e3779b97f4a7c15;
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = slots[i].bits;
        if (slots[i].kind == LITMUS_NUMBER && isnan(slots[i].number))
            bits = 1; /* every NaN is the same outcome */
        h = (h ^ bits ^ (uint64_t)slots[i].kind << 56 ^ (uint64_t)slots[i].negative << 48) *
            0xff51afd7ed558ccd;
        h ^= h >> 32;
    }
    return h;
}

static bool same_slots(const litmus_value *a, const litmus_value *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!litmus_same(a[i], b[i]))
            return false;
    return true;
}

/* The place in the table where these values are, or would be. An entry is an index plus one, below
 * the upper half of the hash, so that few are followed in vain. */
static uint64_t *find_entry(const litmus_result *r, const litmus_value *slots, uint64_t hash)
{
    size_t count = r->program->slot_count;
    size_t i = hash & (r->table_size - 1);
    while (r->table[i] != 0 &&
           (r->table[i] >> 32 != hash >> 32 ||
            !same_slots(r->outcomes[(uint32_t)r->table[i] - 1].slots, slots, count)))
        i = (i + 1) & (r->table_size - 1);
    return &r->table[i];
}

static void put(litmus_result *r, size_t outcome)
{
    uint64_t hash = hash_of(r->outcomes[outcome].slots, r->program->slot_count);
    *find_entry(r, r->outcomes[outcome].slots, hash) = (hash >> 32 << 32) | (outcome + 1);
}

static void grow_table(litmus_result *r, region *memory)
{
    r->table_size = r->table_size == 0 ? 32 : r->table_size * 4;
    r->table = region_allocate(memory, r->table_size * sizeof *r->table);
    for (size_t i = 0; i < r->count; i++)
        put(r, i);
}

litmus_outcome *outcomes_add(search *s, const litmus_value *slots)
{
    litmus_result *r = s->result;
    size_t bytes = s->program->slot_count * sizeof *slots;
    uint64_t most = s->options->most_outcomes > 0 ? s->options->most_outcomes : MOST_OUTCOMES;
    if (r->count * 2 >= r->table_size)
        grow_table(r, s->memory);
    uint64_t hash = hash_of(slots, s->program->slot_count), *entry = find_entry(r, slots, hash);
    if (*entry == 0) {
        if (r->count == most)
            return NULL;
        r->outcomes =
            region_grow(s->memory, r->outcomes, r->count, &r->capacity, sizeof *r->outcomes);
        litmus_value *copy = region_allocate(s->memory, bytes);
        memcpy(copy, slots, bytes);
        r->outcomes[r->count++] = (litmus_outcome){.slots = copy};
        *entry = (hash >> 32 << 32) | r->count;
    }
    return &r->outcomes[(uint32_t)*entry - 1];
}

litmus_outcome *litmus_result_find(const litmus_result *r, const litmus_value *slots)
{
    uint64_t hash = hash_of(slots, r->program->slot_count);
    uint32_t entry = r->table_size == 0 ? 0 : (uint32_t)*find_entry(r, slots, hash);
    return entry == 0 ? NULL : &r->outcomes[entry - 1];
}

static int compare_values(const litmus_value *a, const litmus_value *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->kind == LITMUS_NUMBER && a->number != b->number) /* NaN last */
        return isnan(a->number)                            ? !isnan(b->number)
               : isnan(b->number) || a->number < b->number ? -1
                                                           : 1;
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    if (a->bits == b->bits || a->kind == LITMUS_NUMBER)
        return 0;
    return (a->bits < b->bits) != (a->negative != 0) ? -1 : 1;
}

static int compare_outcomes(const void *left, const void *right, void *count)
{
    const litmus_outcome *a = left, *b = right;
    for (size_t i = 0; i < *(const size_t *)count; i++) {
        int c = compare_values(&a->slots[i], &b->slots[i]);
        if (c != 0)
            return c;
    }
    return 0;
}

void litmus_result_sort(litmus_result *r)
{
    size_t count = r->program->slot_count;
    if (r->count == 0)
        return;
    qsort_r(r->outcomes, r->count, sizeof *r->outcomes, compare_outcomes, &count);
    memset(r->table, 0, r->table_size * sizeof *r->table);
    for (size_t i = 0; i < r->count; i++)
        put(r, i);
}
