/* Races that were found, and advice: told apart, put together by position, and kept until the run
 * has ended.
 *
 * Lock order: the lock is a leaf, but for the locks of sites and blocks. Taken only when there is
 * something to tell. */
#include "detect/access.h"

#include "base/assert.h"
#include "memory/block_access.h"
#include "memory/shared_block.h"

#include <pthread.h>
#include <stdlib.h>

struct known_range {
    struct known_range *next;
    const uint8_t *address;
    uint64_t size;
};

static struct {
    pthread_mutex_t lock;
    struct race *first, **last;
    struct race *left; /* of runs that have ended */
    uint64_t count, dropped;
    struct advice *advice, **advice_last;
    struct known_range *acknowledged;
} found = {.lock = PTHREAD_MUTEX_INITIALIZER};

void races_open(void)
{
    found.first = found.left = NULL;
    found.last = &found.first;
    found.advice = NULL;
    found.advice_last = &found.advice;
    found.acknowledged = NULL;
    found.count = found.dropped = 0;
}

static void free_races(struct race *r)
{
    while (r) {
        struct race *next = r->next_race;
        free(r);
        r = next;
    }
}

void races_close(void)
{
    free_races(found.first);
    free_races(found.left);
    while (found.advice) {
        struct advice *a = found.advice;
        found.advice = a->next_advice;
        free(a);
    }
    while (found.acknowledged) {
        struct known_range *k = found.acknowledged;
        found.acknowledged = k->next;
        free(k);
    }
}

/* They stay until the end, because a thread may still come to confirm one. */
void races_leave(void *run)
{
    static char none;
    pthread_mutex_lock(&found.lock);
    for (struct race **link = &found.first; *link;) {
        struct race *r = *link;
        if (r->run != run) {
            link = &r->next_race;
            continue;
        }
        *link = r->next_race;
        r->next_race = found.left;
        found.left = r;
        found.count--;
    }
    found.last = &found.first;
    while (*found.last)
        found.last = &(*found.last)->next_race;
    for (struct advice *v = found.advice; v; v = v->next_advice)
        if (v->run == run)
            v->run = &none;
    pthread_mutex_unlock(&found.lock);
}

uint64_t races_dropped(void)
{
    return found.dropped;
}

void detect_acknowledge(const void *address, uint64_t size)
{
    struct known_range *k = malloc(sizeof *k);
    hd_assert(k);
    *k = (struct known_range){.address = address, .size = size};
    pthread_mutex_lock(&found.lock);
    k->next = found.acknowledged;
    found.acknowledged = k;
    pthread_mutex_unlock(&found.lock);
}

/* ---- which class ---- */

static bool writes(enum lane_list list)
{
    return list == LANE_WRITE || list == LANE_SC_WRITE;
}

/* Whether the plain access that `c` stands for may still be under way: the thread has announced
 * nothing since. */
static bool may_be_pending(const struct conflict *c)
{
    const struct detect_thread *other = detect_thread_of(stamp_thread(c->stamp));
    /* acquire: pairs with the release in detect_access */
    const uint8_t *pending =
        atomic_load_explicit(&((struct detect_thread *)other)->pending, memory_order_acquire);
    if (!pending || detect_settings.exact || c->list == LANE_SC_WRITE || c->list == LANE_SC_READ)
        return false;
    if (stamp_size_code(c->stamp) == MANNER_SIZE_RANGE)
        return pending < c->to;
    return pending < c->to && pending + 8 > c->from;
}

static enum race_class classify(const struct access *a, const struct conflict *c)
{
    bool claim =
        a->kind == OBSERVE_EXCLUSIVE || (c->list == LANE_WRITE && c->stamp & MANNER_EXCLUSIVE);
    if (claim)
        return RACE_EXCLUSIVE;
    if (writes(c->list) && writes(a->list))
        return RACE_OBSERVED;
    if (writes(a->list)) /* the read came first */
        return may_be_pending(c) ? RACE_UNDECIDED : RACE_UNORDERED;
    if (!c->last)
        return RACE_UNORDERED;
    if (may_be_pending(c))
        return RACE_UNDECIDED;
    /* Another write may slip in before a plain read that has only been announced: races_confirm
     * looks again. */
    return a->atomic || detect_settings.exact ? RACE_OBSERVED : RACE_UNDECIDED;
}

/* ---- what is told ---- */

static enum observe_kind kind_of_list(enum lane_list list)
{
    return writes(list) ? OBSERVE_WRITE : OBSERVE_READ;
}

static void fill_party(struct race_party *p, const struct detect_thread *t, uint64_t stamp,
                       uint32_t site, enum lane_list list)
{
    uint32_t manner = stamp_manner(stamp);
    bool plain = list == LANE_WRITE || list == LANE_READ;
    p->agent = t->agent;
    p->thread = t->id;
    p->name = t->name;
    p->kind = t->kind;
    p->access =
        list == LANE_WRITE && manner & MANNER_EXCLUSIVE ? OBSERVE_EXCLUSIVE : kind_of_list(list);
    p->atomic = !plain;
    p->update = list == LANE_WRITE && manner & MANNER_UPDATE;
    p->view = (enum observe_view)(manner >> MANNER_VIEW_SHIFT & 15);
    p->site = site;
    p->view_offset = manner & MANNER_WHOLE_VIEW ? 0 : UINT64_MAX;
}

static void fill_older(struct race *r, const struct conflict *c, const struct block_note *block)
{
    const struct detect_thread *t = detect_thread_of(stamp_thread(c->stamp));
    unsigned code = stamp_size_code(c->stamp);
    fill_party(&r->older, t, c->stamp, c->site, c->list);
    uint64_t at = (uint64_t)(c->from - block->bytes);
    r->older.whole = code != MANNER_SIZE_RANGE;
    r->older.size = r->older.whole ? (uint64_t)1 << code : (uint64_t)(c->to - c->from);
    r->older.offset = r->older.whole ? at & ~(r->older.size - 1) : at;
    /* relaxed: a hint */
    const uint8_t *spun =
        atomic_load_explicit(&((struct detect_thread *)t)->spinning, memory_order_relaxed);
    r->older.repeated = c->list == LANE_READ && spun && spun < c->to && spun + 8 > c->from;
}

static void fill_newer(struct race *r, const struct access *a, const struct block_note *block)
{
    fill_party(&r->newer, a->thread, a->stamp, a->site, a->list);
    r->newer.access = a->kind;
    r->newer.whole = true;
    r->newer.offset = (uint64_t)(a->address - block->bytes);
    r->newer.size = a->size;
    if (a->view_offset != UINT64_MAX && a->view_offset <= r->newer.offset)
        r->newer.view_offset = r->newer.offset - a->view_offset;
    const void *spun = atomic_load_explicit(&a->thread->spinning, memory_order_relaxed);
    r->newer.repeated = a->list == LANE_READ && spun == a->address;
}

/* The value of an aligned cell of 1, 2, 4 or 8 bytes, or of unaligned bytes one by one. */
static uint64_t read_value(const uint8_t *address, unsigned size)
{
    uint64_t value = 0;
    if (((uintptr_t)address & (size - 1)) == 0 && (size & (size - 1)) == 0)
        return atomics_load(address, size);
    for (unsigned i = size; i-- > 0;)
        value = value << 8 | atomics_load(address + i, 1);
    return value;
}

static void fill_values(struct race *r, const struct access *a)
{
    if (a->size > 8)
        return;
    r->has_values = true;
    r->value_size = (uint8_t)a->size;
    r->before = a->atomic ? a->before : read_value(a->address, (unsigned)a->size);
    if (a->atomic && a->kind != OBSERVE_READ) {
        r->after = read_value(a->address, (unsigned)a->size);
        r->has_after = true;
    }
}

static void fill_syncs(struct race *r, const struct access *a, const struct conflict *c)
{
    const struct detect_thread *t = a->thread, *other = detect_thread_of(stamp_thread(c->stamp));
    uint64_t known = clock_of(&t->clock, other->id);
    detect_log_read(other, known, &r->last);
    if (other->id < CLOCK_DENSE && t->last_receiver_time[other->id] == known)
        r->last_receiver = t->last_receiver_site[other->id];
    detect_log_read(other, stamp_time(c->stamp), &r->next);
}

static void describe(struct race *r, const struct access *a, const struct conflict *c)
{
    struct block_note block;
    if (!blocks_find(a->address, &block))
        block = (struct block_note){.bytes = a->address};
    r->block = block.id;
    r->block_size = block.size;
    r->block_site = block.site;
    r->block_agent = block.agent;
    r->last = r->next = (struct race_sync){0};
    r->last_receiver = 0;
    r->has_values = r->has_after = false;
    const uint8_t *from = c->from > a->address ? c->from : a->address, *end = a->address + a->size;
    r->offset = (uint64_t)(from - block.bytes);
    r->size = (uint64_t)((c->to < end ? c->to : end) - from);
    fill_older(r, c, &block);
    fill_newer(r, a, &block);
    fill_values(r, a);
    r->left_by_older = r->has_values && c->last && writes(c->list) && !may_be_pending(c) &&
                       r->older.offset == r->newer.offset && r->older.size == r->newer.size;
    fill_syncs(r, a, c);
}

/* ---- finding the same again ---- */

static bool same_side(const struct race_party *p, uint32_t position, bool atomic,
                      enum observe_kind kind)
{
    return site_position(p->site) == position && p->atomic == atomic &&
           (p->access == kind || (p->atomic && p->access != OBSERVE_READ && kind != OBSERVE_READ));
}

static struct race *find(void *run, const struct access *a, const struct conflict *c)
{
    bool atomic = c->list == LANE_SC_WRITE || c->list == LANE_SC_READ;
    enum observe_kind kind = c->list == LANE_WRITE && c->stamp & MANNER_EXCLUSIVE
                                 ? OBSERVE_EXCLUSIVE
                                 : kind_of_list(c->list);
    uint32_t older = site_position(c->site), newer = site_position(a->site);
    for (struct race *r = found.first; r; r = r->next_race) {
        if (r->run != run)
            continue;
        if ((same_side(&r->older, older, atomic, kind) &&
             same_side(&r->newer, newer, a->atomic, a->kind)) ||
            (same_side(&r->newer, older, atomic, kind) &&
             same_side(&r->older, newer, a->atomic, a->kind)))
            return r;
    }
    return NULL;
}

static bool is_acknowledged(const struct conflict *c)
{
    for (const struct known_range *k = found.acknowledged; k; k = k->next)
        if (c->from >= k->address && c->to <= k->address + k->size)
            return true;
    return false;
}

static struct race *add(void *run)
{
    if (found.count == DETECT_RACES) {
        found.dropped++;
        return NULL;
    }
    struct race *r = calloc(1, sizeof *r);
    hd_assert(r);
    r->run = run;
    r->class = RACE_CLASSES;
    *found.last = r;
    found.last = &r->next_race;
    found.count++;
    return r;
}

/* The class that says most stays. */
static bool says_more(enum race_class class, enum race_class than)
{
    static const int weight[] = {[RACE_OBSERVED] = 3,
                                 [RACE_UNDECIDED] = 2,
                                 [RACE_UNORDERED] = 1,
                                 [RACE_EXCLUSIVE] = 4,
                                 [RACE_CLASSES] = 0};
    return weight[class] > weight[than];
}

static void await_end(struct detect_thread *t, struct race *r, const struct access *a,
                      const struct conflict *c)
{
    bool sees = !a->atomic && !writes(a->list) && c->last && r->class == RACE_UNDECIDED &&
                !may_be_pending(c);
    bool wrote =
        a->list == LANE_WRITE && a->kind == OBSERVE_WRITE && r->has_values && !r->has_after;
    if (detect_settings.exact && !wrote)
        return;
    for (unsigned i = 0; (sees || wrote) && i < DETECT_CONFIRM; i++) {
        struct confirmation *k = &t->confirm[i];
        if (k->race)
            continue;
        *k = (struct confirmation){.race = r,
                                   .cell = c->cell,
                                   .byte = c->byte,
                                   .seen = sees ? c->stamp : 0,
                                   .address = a->address};
        k->list = c->list;
        t->fast = false;
        return;
    }
}

static void advise(struct advice wanted, const struct race_party *spinner,
                   const struct race_party *other)
{
    wanted.site = spinner->site;
    wanted.agent = spinner->name;
    wanted.agent_kind = spinner->kind;
    wanted.other_site = other->site;
    wanted.other_agent = other->name;
    for (struct advice *v = found.advice; v; v = v->next_advice)
        if (v->run == wanted.run && v->kind == wanted.kind &&
            site_position(v->site) == site_position(wanted.site)) {
            v->count++;
            return;
        }
    struct advice *v = malloc(sizeof *v);
    hd_assert(v);
    *v = wanted;
    v->count = 1;
    v->next_advice = NULL;
    *found.advice_last = v;
    found.advice_last = &v->next_advice;
}

static void advise_spin(const struct race *r)
{
    const struct race_party *spinner = r->older.repeated ? &r->older : &r->newer,
                            *other = r->older.repeated ? &r->newer : &r->older;
    if (spinner->repeated)
        advise((struct advice){.run = r->run,
                               .kind = ADVICE_PLAIN_SPIN,
                               .block = r->block,
                               .offset = r->offset,
                               .size = r->size},
               spinner, other);
}

static void report(struct access *a, const struct conflict *c)
{
    enum race_class class = classify(a, c);
    struct detect_thread *other = detect_thread_of(stamp_thread(c->stamp));
    void *run = a->thread->run ? a->thread->run : other->run;
    struct race *r = find(run, a, c);
    bool fresh = !r;
    if (!r && !(r = add(run)))
        return;
    r->count++;
    if (says_more(class, r->class)) {
        describe(r, a, c);
        r->class = class;
        advise_spin(r);
    }
    if (fresh)
        r->acknowledged = is_acknowledged(c);
    await_end(a->thread, r, a, c);
}

void races_report(struct access *a)
{
    pthread_mutex_lock(&found.lock);
    for (unsigned i = 0; i < a->count; i++)
        report(a, &a->conflicts[i]);
    pthread_mutex_unlock(&found.lock);
}

void races_advise(struct detect_thread *t, enum advice_kind kind, const void *address,
                  uint64_t size, uint32_t site, uint32_t other_site,
                  const struct detect_thread *other)
{
    struct block_note block;
    bool known = blocks_find(address, &block);
    struct advice wanted = {
        .run = t->run  ? t->run
               : other ? other->run
                       : NULL,
        .kind = kind,
        .block = known ? block.id : 0,
        .offset = known ? (uint64_t)((const uint8_t *)address - block.bytes) : 0,
        .size = size,
    };
    struct race_party one = {.site = site, .name = t->name, .kind = t->kind},
                      two = {.site = other_site, .name = other ? other->name : NULL};
    pthread_mutex_lock(&found.lock);
    advise(wanted, &one, &two);
    pthread_mutex_unlock(&found.lock);
}

/* ---- when the access is surely done ---- */

static void confirm(struct confirmation *k)
{
    struct lane *l = atomic_load_explicit(&k->cell->control, memory_order_acquire) & CELL_SPLIT
                         ? shadow_lane(k->cell, k->byte)
                         : &k->cell->lane;
    uint64_t now = atomic_load_explicit(&l->epoch[k->list], memory_order_relaxed);
    uint64_t atomic = atomic_load_explicit(&l->epoch[LANE_SC_WRITE], memory_order_relaxed);
    bool hidden = k->list == LANE_WRITE && atomic && !(atomic & MANNER_STALE);
    if (k->seen && stamp_same_epoch(now, k->seen) && !hidden) {
        if (says_more(RACE_OBSERVED, k->race->class))
            k->race->class = RACE_OBSERVED;
    } else if (!k->seen && !k->race->has_after) {
        k->race->after = read_value(k->address, k->race->value_size);
        k->race->has_after = true;
    }
    k->race = NULL;
}

void races_confirm(struct detect_thread *t)
{
    pthread_mutex_lock(&found.lock);
    for (unsigned i = 0; i < DETECT_CONFIRM; i++)
        if (t->confirm[i].race)
            confirm(&t->confirm[i]);
    t->fast = true;
    pthread_mutex_unlock(&found.lock);
}

/* ---- after the run ---- */

const struct race *detect_races(void *run)
{
    struct race *r = found.first;
    while (r && r->run != run)
        r = r->next_race;
    return r;
}

const struct race *detect_next_race(const struct race *r)
{
    void *run = r->run;
    do
        r = r->next_race;
    while (r && r->run != run);
    return r;
}

const struct advice *detect_advice(void *run)
{
    sections_advise(run);
    struct advice *v = found.advice;
    while (v && v->run != run)
        v = v->next_advice;
    return v;
}

const struct advice *detect_next_advice(const struct advice *v)
{
    void *run = v->run;
    do
        v = v->next_advice;
    while (v && v->run != run);
    return v;
}
