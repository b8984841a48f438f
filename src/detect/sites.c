/* See sites.h. */
#include "detect/sites.h"

#include "base/assert.h"
#include "base/region.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct site {
    uint32_t count, position;
    uint32_t places[OBSERVE_FRAMES];
};

/* Numbered things that are found by their content: open addressing over indices. */
struct index {
    uint32_t *slots; /* number, 0 = free */
    uint32_t capacity, used;
};

static struct {
    pthread_mutex_t lock;
    region *memory;
    struct site_place **places; /* by number */
    struct site **sites;
    size_t place_count, place_capacity, site_count, site_capacity; /* numbers in use: [1, count) */
    struct index place_index, site_index;
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; text && *text; text++)
        hash = mix(hash, (unsigned char)*text);
    return mix(hash, 256);
}

void sites_open(void)
{
    pthread_mutex_lock(&table.lock);
    table.memory = region_create();
    table.place_count = table.site_count = 1;
    table.place_capacity = table.site_capacity = 64;
    table.places =
        region_allocate(table.memory, table.place_capacity * sizeof(struct site_place *));
    table.sites = region_allocate(table.memory, table.site_capacity * sizeof(struct site *));
    pthread_mutex_unlock(&table.lock);
}

void sites_close(void)
{
    pthread_mutex_lock(&table.lock);
    region_free(table.memory);
    free(table.place_index.slots);
    free(table.site_index.slots);
    table.memory = NULL;
    table.places = NULL;
    table.sites = NULL;
    table.place_capacity = table.site_capacity = table.place_count = table.site_count = 0;
    table.place_index = table.site_index = (struct index){0};
    pthread_mutex_unlock(&table.lock);
}

/* ---- under the lock ---- */

static uint64_t hash_place(const struct site_place *p)
{
    return mix(mix(hash_text(hash_text(7, p->file), p->function), p->line), p->column);
}

static uint64_t hash_site(const struct site *s)
{
    uint64_t hash = s->count;
    for (uint32_t i = 0; i < s->count; i++)
        hash = mix(hash, s->places[i]);
    return hash;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static bool same_place(const struct site_place *a, const struct site_place *b)
{
    return a->line == b->line && a->column == b->column && same_text(a->file, b->file) &&
           same_text(a->function, b->function);
}

static bool same_site(const struct site *a, const struct site *b)
{
    return a->count == b->count && !memcmp(a->places, b->places, a->count * sizeof a->places[0]);
}

static uint64_t hash_numbered(const struct index *index, uint32_t number)
{
    return index == &table.place_index ? hash_place(table.places[number])
                                       : hash_site(table.sites[number]);
}

static void index_put(struct index *index, uint32_t number)
{
    uint32_t slot = (uint32_t)hash_numbered(index, number) & (index->capacity - 1);
    while (index->slots[slot])
        slot = (slot + 1) & (index->capacity - 1);
    index->slots[slot] = number;
}

static void index_make_room(struct index *index)
{
    if (index->used * 2 < index->capacity)
        return;
    uint32_t *old = index->slots, count = index->capacity;
    index->capacity = count ? count * 2 : 64;
    index->slots = calloc(index->capacity, sizeof *index->slots);
    hd_assert(index->slots);
    for (uint32_t i = 0; i < count; i++)
        if (old[i])
            index_put(index, old[i]);
    free(old);
}

static uint32_t place_number(const struct observe_frame *frame)
{
    struct site_place wanted = {frame->function ? frame->function : "", frame->file, frame->line,
                                frame->column};
    index_make_room(&table.place_index);
    uint32_t mask = table.place_index.capacity - 1, slot = (uint32_t)hash_place(&wanted) & mask;
    for (; table.place_index.slots[slot]; slot = (slot + 1) & mask)
        if (same_place(table.places[table.place_index.slots[slot]], &wanted))
            return table.place_index.slots[slot];
    table.places = region_grow(table.memory, table.places, table.place_count, &table.place_capacity,
                               sizeof(struct site_place *));
    struct site_place *p = table.places[table.place_count] =
        region_allocate(table.memory, sizeof *p);
    *p = (struct site_place){region_text(table.memory, wanted.function),
                             region_text(table.memory, wanted.file), wanted.line, wanted.column};
    uint32_t number = (uint32_t)table.place_count++;
    table.place_index.slots[slot] = number;
    table.place_index.used++;
    return number;
}

static uint32_t site_number(struct site *wanted)
{
    index_make_room(&table.site_index);
    uint32_t mask = table.site_index.capacity - 1, slot = (uint32_t)hash_site(wanted) & mask;
    for (; table.site_index.slots[slot]; slot = (slot + 1) & mask)
        if (same_site(table.sites[table.site_index.slots[slot]], wanted))
            return table.site_index.slots[slot];
    table.sites = region_grow(table.memory, table.sites, table.site_count, &table.site_capacity,
                              sizeof(struct site *));
    struct site *s = table.sites[table.site_count] = region_allocate(table.memory, sizeof *s);
    *s = *wanted;
    for (uint32_t i = 0; i < s->count && !s->position; i++)
        if (table.places[s->places[i]]->file)
            s->position = s->places[i];
    if (!s->position && s->count)
        s->position = s->places[0];
    uint32_t number = (uint32_t)table.site_count++;
    table.site_index.slots[slot] = number;
    table.site_index.used++;
    return number;
}

static void add_frame(void *context, const struct observe_frame *frame)
{
    struct site *s = context;
    if (s->count < OBSERVE_FRAMES)
        s->places[s->count++] = place_number(frame);
}

/* ---- the interface ---- */

static struct site_here site_make(void)
{
    struct site s = {0};
    struct site_here here = {0, 0};
    pthread_mutex_lock(&table.lock);
    observe_locator->frames(observe_locator_context, add_frame, &s);
    if (s.count) {
        here.site = site_number(&s);
        here.line = table.places[table.sites[here.site]->position]->line;
    }
    pthread_mutex_unlock(&table.lock);
    return here;
}

struct site_here site_now(struct site_cache *cache)
{
    uintptr_t keys[OBSERVE_FRAMES];
    if (!observe_locator)
        return (struct site_here){0, 0};
    unsigned count = observe_locator->keys(observe_locator_context, keys);
    if (!count)
        return (struct site_here){0, 0};
    uint64_t hash = count;
    for (unsigned i = 0; i < count; i++)
        hash = mix(hash, keys[i]);
    unsigned slot = (unsigned)hash & (SITE_CACHE - 1);
    if (cache->entries[slot].key != hash) {
        cache->entries[slot].here = site_make();
        cache->entries[slot].key = hash;
    }
    return cache->entries[slot].here;
}

uint32_t site_outside(const char *what)
{
    struct site s = {0};
    struct observe_frame frame = {.function = what};
    pthread_mutex_lock(&table.lock);
    add_frame(&s, &frame);
    uint32_t number = site_number(&s);
    pthread_mutex_unlock(&table.lock);
    return number;
}

const struct site_place *site_frame(uint32_t site, unsigned depth)
{
    const struct site_place *place = NULL;
    pthread_mutex_lock(&table.lock);
    if (site && site < table.site_count && depth < table.sites[site]->count)
        place = table.places[table.sites[site]->places[depth]];
    pthread_mutex_unlock(&table.lock);
    return place;
}

uint32_t site_position(uint32_t site)
{
    pthread_mutex_lock(&table.lock);
    uint32_t position = site && site < table.site_count ? table.sites[site]->position : 0;
    pthread_mutex_unlock(&table.lock);
    return position;
}
