/* Accesses: what is checked, what is remembered, and in which order (detect.h).
 *
 * A lane remembers, for its bytes, the last plain write, and of plain reads, seq-cst writes and
 * seq-cst reads every one that no later one of its list made superfluous: one that happens before
 * another of the same list (and, if seq-cst, the same range) can be forgotten, since whatever is
 * unordered with it is unordered with the later one too. A plain write makes all of them
 * superfluous, because it conflicts with everything. So nothing is ever evicted by chance, and the
 * first race on a byte is always found. */
#include "detect/access.h"

#include "base/assert.h"
#include "memory/block_access.h"

#define SPIN 1000u

struct detect_options detect_settings;

static uint64_t load(const struct lane *l, enum lane_list list)
{
    return atomic_load_explicit(&((struct lane *)l)->epoch[list], memory_order_relaxed);
}

static uint32_t site_of(const struct lane *l, enum lane_list list)
{
    return atomic_load_explicit(&((struct lane *)l)->site[list], memory_order_relaxed);
}

static void set_site(struct lane *l, enum lane_list list, uint32_t site)
{
    atomic_store_explicit(&l->site[list], site, memory_order_relaxed);
}

static void store(struct lane *l, enum lane_list list, uint64_t stamp)
{
    atomic_store_explicit(&l->epoch[list], stamp, memory_order_relaxed);
}

/* ---- checking ---- */

/* The write that stands in the lane's bytes, as far as the detector knows. */
static uint64_t last_write(const struct lane *l, enum lane_list *list)
{
    uint64_t atomic = load(l, LANE_SC_WRITE);
    *list = atomic && !(atomic & MANNER_STALE) && !WITHOUT(LAST_WRITE) ? LANE_SC_WRITE : LANE_WRITE;
    return *list == LANE_SC_WRITE ? atomic : load(l, LANE_WRITE);
}

static struct conflict *conflict_of(struct access *a, uint64_t stamp, enum lane_list list,
                                    uint32_t site)
{
    for (unsigned i = 0; i < a->count; i++) {
        struct conflict *c = &a->conflicts[i];
        if (stamp_same_epoch(c->stamp, stamp) && c->list == list && c->site == site)
            return c;
    }
    if (a->count == ACCESS_CONFLICTS) { /* rare enough to be told under the cell's lock */
        races_report(a);
        a->count = 0;
    }
    struct conflict *c = &a->conflicts[a->count++];
    *c = (struct conflict){.stamp = stamp, .site = site, .list = list};
    return c;
}

struct spot {
    struct cell *cell;
    struct lane *lane;
    unsigned byte, bytes; /* of the cell */
};

static void conflict_add(struct access *a, const struct spot *at, uint64_t stamp,
                         enum lane_list list, uint32_t site)
{
    struct conflict *c = conflict_of(a, stamp, list, site);
    const uint8_t *from = (const uint8_t *)shadow_address(at->cell) + at->byte;
    enum lane_list last;
    if (!c->cell) {
        c->cell = at->cell;
        c->byte = at->byte;
        c->from = from;
    }
    c->to = from + at->bytes;
    c->last |= stamp_same_epoch(last_write(at->lane, &last), stamp) && last == list;
}

static bool conflicts(const struct access *a, uint64_t stamp, enum lane_list list)
{
    bool other_size =
        stamp_size_code(stamp) != stamp_size_code(a->stamp) && !WITHOUT(OTHER_RANGE_RACES);
    switch (a->list) {
    case LANE_READ:
        return list == LANE_WRITE || list == LANE_SC_WRITE;
    case LANE_WRITE:
        return true;
    case LANE_SC_READ:
        return list == LANE_WRITE || (list == LANE_SC_WRITE && other_size);
    case LANE_SC_WRITE:
        return list == LANE_WRITE || list == LANE_READ || other_size;
    case LANE_LISTS:
        break;
    }
    return false;
}

static void check_stamp(struct access *a, const struct spot *at, uint64_t stamp,
                        enum lane_list list, uint32_t site)
{
    if (stamp && conflicts(a, stamp, list) && !detect_ordered(a->thread, stamp))
        conflict_add(a, at, stamp, list, site);
}

static void check(struct access *a, const struct spot *at)
{
    const struct lane *l = at->lane;
    const struct lane_more *more = lane_more(l);
    for (int list = 0; list < LANE_LISTS; list++) {
        uint64_t stamp = load(l, (enum lane_list)list);
        if (list != LANE_SC_WRITE || !(stamp & MANNER_STALE))
            check_stamp(a, at, stamp, (enum lane_list)list, site_of(l, (enum lane_list)list));
    }
    for (uint32_t i = 0; more && i < more->count; i++)
        check_stamp(a, at, more->items[i].stamp, more->items[i].list, more->items[i].site);
}

/* ---- remembering ---- */

/* What a newer stamp of the same list makes superfluous. */
static bool superseded(const struct access *a, uint64_t stamp, enum lane_list list)
{
    if (list != a->list || !detect_ordered(a->thread, stamp))
        return false;
    return list == LANE_READ || stamp_size_code(stamp) == stamp_size_code(a->stamp);
}

static void drop_superseded(struct lane *l, const struct access *a)
{
    struct lane_more *more = lane_more(l);
    uint32_t kept = 0;
    if (!more)
        return;
    for (uint32_t i = 0; i < more->count; i++)
        if (!superseded(a, more->items[i].stamp, more->items[i].list))
            more->items[kept++] = more->items[i];
    more->count = kept;
    if (!kept)
        lane_clear_more(l);
}

/* The newest of its list stands in the lane itself, the others behind it. */
static void remember_newest(struct lane *l, const struct access *a)
{
    uint64_t before = load(l, a->list);
    drop_superseded(l, a);
    if ((WITHOUT(READERS) && a->list == LANE_READ) ||
        (WITHOUT(ATOMIC_WRITERS) && a->list == LANE_SC_WRITE))
        before = 0;
    if (before && !superseded(a, before, a->list) &&
        !(a->list == LANE_SC_WRITE && before & MANNER_STALE))
        lane_push(l, (struct lane_stamp){before, site_of(l, a->list), a->list});
    store(l, a->list, a->stamp);
    set_site(l, a->list, a->site);
}

/* Whoever comes next to one of the thread's own stamps takes the long way. */
static void no_longer_alone(struct lane *l, enum lane_list list, const struct detect_thread *t)
{
    uint64_t stamp = load(l, list), alone = list == LANE_SC_WRITE ? MANNER_QUIET : MANNER_ALONE;
    if (stamp & alone && stamp_thread(stamp) != t->id)
        store(l, list, stamp & ~alone);
}

/* A seq-cst write before this plain one stays for those who may read it still: until the plain one
 * is done, if both are ordered; for ever, if they race. When agents run one at a time neither is
 * so. */
static void overwrite_atomic(struct lane *l, const struct access *a)
{
    uint64_t atomic = load(l, LANE_SC_WRITE);
    if (!atomic || WITHOUT(OVERWRITE))
        return;
    if (detect_settings.exact) {
        store(l, LANE_SC_WRITE, 0);
        lane_set_past(l, NULL);
        return;
    }
    uint64_t tainted =
        atomic & MANNER_TAINTED || !detect_ordered(a->thread, atomic) ? MANNER_TAINTED : 0;
    store(l, LANE_SC_WRITE, (atomic & ~(uint64_t)MANNER_QUIET) | MANNER_STALE | tainted);
}

/* A claim of exclusive use is no write: it stands beside the last one, until the next. */
static void remember_claim(struct lane *l, const struct access *a)
{
    struct lane_more *more = lane_more(l);
    for (int list = 0; list < LANE_LISTS; list++)
        no_longer_alone(l, (enum lane_list)list, a->thread);
    for (uint32_t i = 0; more && i < more->count; i++)
        if (more->items[i].list == LANE_WRITE && detect_ordered(a->thread, more->items[i].stamp)) {
            more->items[i] = (struct lane_stamp){a->stamp, a->site, LANE_WRITE};
            return;
        }
    lane_push(l, (struct lane_stamp){a->stamp, a->site, LANE_WRITE});
}

/* The moment of an unordered plain write is not known, and so not which of the two stands there. */
static void taint(struct lane *l, const struct access *a)
{
    uint64_t plain = load(l, LANE_WRITE);
    if (!detect_settings.exact && plain && !detect_ordered(a->thread, plain))
        store(l, LANE_SC_WRITE, load(l, LANE_SC_WRITE) | MANNER_TAINTED);
}

static void remember(struct lane *l, const struct access *a)
{
    switch (a->list) {
    case LANE_WRITE:
        if (a->kind == OBSERVE_EXCLUSIVE) {
            remember_claim(l, a);
            return;
        }
        lane_clear_more(l);
        overwrite_atomic(l, a);
        store(l, LANE_READ, 0);
        store(l, LANE_SC_READ, 0);
        store(l, LANE_WRITE, a->stamp);
        set_site(l, LANE_WRITE, a->site);
        return;
    case LANE_READ:
        no_longer_alone(l, LANE_WRITE, a->thread);
        no_longer_alone(l, LANE_SC_WRITE, a->thread);
        remember_newest(l, a);
        return;
    case LANE_SC_READ:
        no_longer_alone(l, LANE_WRITE, a->thread);
        no_longer_alone(l, LANE_SC_WRITE, a->thread);
        remember_newest(l, a);
        return;
    case LANE_SC_WRITE:
        no_longer_alone(l, LANE_WRITE, a->thread);
        no_longer_alone(l, LANE_READ, a->thread);
        no_longer_alone(l, LANE_SC_READ, a->thread);
        remember_newest(l, a);
        taint(l, a);
        return;
    case LANE_LISTS:
        break;
    }
}

/* ---- learning from what an atomic read has read ---- */

static void learn(struct access *a, const struct lane *l)
{
    struct detect_thread *t = a->thread;
    uint64_t atomic = load(l, LANE_SC_WRITE), plain = load(l, LANE_WRITE);
    bool equal = stamp_size_code(atomic) == stamp_size_code(a->stamp) || WITHOUT(EQUAL_RANGE);
    if (!atomic || !equal || WITHOUT(LEARN) || (WITHOUT(MODIFY_PUBLISHES) && !lane_past(l)) ||
        (WITHOUT(MODIFY_LEARNS) && a->kind == OBSERVE_RMW))
        return;
    bool loose = atomic & MANNER_TAINTED;
    if (atomic & MANNER_STALE && !loose) {
        if (detect_ordered(t, plain))
            return; /* it has seen the plain write, or a later one */
        loose = true;
    }
    t->loose_reads += loose;
    detect_learn(t, stamp_thread(atomic), stamp_time(atomic), lane_past(l), a->site);
}

/* ---- the cells of an access ---- */

static void visit_lane(struct access *a, const struct spot *at)
{
    check(a, at);
    remember(at->lane, a);
}

static inline __attribute__((always_inline)) void
for_spots(struct access *a, struct cell *c, unsigned from, unsigned to,
          void (*visit)(struct access *, const struct spot *))
{
    if (!(atomic_load_explicit(&c->control, memory_order_relaxed) & CELL_SPLIT)) {
        visit(a, &(struct spot){c, &c->lane, from, to - from});
        return;
    }
    for (unsigned byte = from; byte < to; byte++)
        visit(a, &(struct spot){c, shadow_lane(c, byte), byte, 1});
}

/* Under the lock. */
static void prepare_cell(struct cell *c, unsigned from, unsigned to, uint32_t flag)
{
    uint32_t control = atomic_load_explicit(&c->control, memory_order_relaxed);
    if (!(control & CELL_SPLIT) && (from != 0 || to != CELL_BYTES) && !WITHOUT(SPLIT))
        cell_split(c);
    if ((control & flag) != flag)
        atomic_fetch_or_explicit(&c->control, flag, memory_order_relaxed);
}

static void mixed_use(struct access *a, struct cell *c)
{
    uint32_t control = atomic_load_explicit(&c->control, memory_order_relaxed);
    enum lane_list other = a->list == LANE_WRITE ? LANE_SC_WRITE : LANE_WRITE;
    uint64_t stamp = load(&c->lane, other);
    if ((control & (CELL_WRITTEN | CELL_SC_WRITTEN | CELL_USE_ADVISED)) !=
            (CELL_WRITTEN | CELL_SC_WRITTEN) ||
        !stamp || stamp_thread(stamp) == a->thread->id)
        return;
    atomic_fetch_or_explicit(&c->control, CELL_USE_ADVISED, memory_order_relaxed);
    races_advise(a->thread, ADVICE_MIXED_USE, shadow_address(c), CELL_BYTES, a->site,
                 site_of(&c->lane, other), detect_thread_of(stamp_thread(stamp)));
}

static void mixed_size(struct access *a, const struct spot *at)
{
    uint64_t stamp = load(at->lane, LANE_SC_WRITE);
    if (!stamp || stamp_size_code(stamp) == stamp_size_code(a->stamp) ||
        atomic_fetch_or_explicit(&at->cell->control, CELL_SIZE_ADVISED, memory_order_relaxed) &
            CELL_SIZE_ADVISED)
        return;
    races_advise(a->thread, ADVICE_MIXED_SIZE, shadow_address(at->cell), CELL_BYTES, a->site,
                 site_of(at->lane, LANE_SC_WRITE), detect_thread_of(stamp_thread(stamp)));
}

/* ---- making an access ---- */

static unsigned size_code(const void *address, uint64_t size)
{
    bool one = size == 1 || size == 2 || size == 4 || size == 8;
    if (!one || (uintptr_t)address & (size - 1))
        return MANNER_SIZE_RANGE;
    return (unsigned)__builtin_ctz((unsigned)size);
}

static struct here here(struct detect_thread *t, const void *address, uint32_t *line)
{
    struct site_here site = site_now(&t->sites);
    struct here h = {.site = site.site, .view_offset = UINT64_MAX};
    const void *base = NULL;
    if (observe_locator)
        h.view = observe_locator->view(observe_locator_context, address, &base);
    if (h.view)
        h.view_offset = (uint64_t)((const uint8_t *)address - (const uint8_t *)base);
    *line = site.line;
    return h;
}

/* Everything but the conflicts, which are many bytes and seldom any. */
static void begin(struct access *a, struct detect_thread *t, const struct here *h,
                  const void *address, uint64_t size, enum observe_kind kind, enum lane_list list)
{
    a->kind = kind;
    a->list = list;
    a->atomic = list == LANE_SC_READ || list == LANE_SC_WRITE;
    a->count = 0;
    a->thread = t;
    a->address = address;
    a->size = size;
    uint64_t offset = 0;
    a->stamp = t->epoch | size_code(address, size) | (uint64_t)h->view << MANNER_VIEW_SHIFT;
    if (h->view && shared_block_of(address, &offset) && offset == h->view_offset)
        a->stamp |= MANNER_WHOLE_VIEW;
    a->site = h->site;
    a->view_offset = h->view_offset;
}

/* A write by the statement that has just read there. */
static void note_update(struct access *a, uint32_t line)
{
    struct detect_thread *t = a->thread;
    if (a->kind == OBSERVE_READ) {
        t->read_address = a->address;
        t->read_line = line;
    } else if (a->kind == OBSERVE_WRITE && t->read_address == a->address && line &&
               t->read_line == line) {
        a->stamp |= MANNER_UPDATE;
    }
}

static void note_top(struct detect_thread *t, uint32_t site)
{
    uintptr_t top = observe_locator ? observe_locator->top(observe_locator_context) : 0;
    t->tops[top / 4 % DETECT_TOPS].top = top;
    t->tops[top / 4 % DETECT_TOPS].site = site;
}

/* ---- unordered accesses ---- */

static void plain_cells(struct access *a)
{
    uint64_t from = shadow_offset(a->address), to = from + a->size;
    while (from < to) {
        struct cell *c = shadow_cells + from / CELL_BYTES;
        unsigned first = (unsigned)(from % CELL_BYTES);
        uint64_t left = to - from;
        unsigned last = left < CELL_BYTES - first ? first + (unsigned)left : CELL_BYTES;
        if (shadow_admit(c)) {
            cell_lock(c);
            prepare_cell(c, first, last,
                         a->kind == OBSERVE_WRITE ? CELL_USED | CELL_WRITTEN : CELL_USED);
            if (a->kind == OBSERVE_WRITE)
                mixed_use(a, c);
            for_spots(a, c, first, last, visit_lane);
            cell_unlock(c);
        }
        from += last - first;
    }
}

static void __attribute__((noinline))
access_slowly(struct detect_thread *t, const void *address, uint64_t size, enum observe_kind kind)
{
    struct access a;
    if (!t || !t->id)
        t = detect_current();
    if (!t->fast)
        races_confirm(t);
    if (!size || !shadow_holds(address, size) || !shadow_is_shared(address))
        return;
    uint32_t line;
    struct here h = here(t, address, &line);
    begin(&a, t, &h, address, size, kind, kind == OBSERVE_READ ? LANE_READ : LANE_WRITE);
    a.stamp |= MANNER_ALONE | (kind == OBSERVE_EXCLUSIVE ? MANNER_EXCLUSIVE : 0);
    note_update(&a, line);
    note_top(t, a.site);
    t->accesses++;
    plain_cells(&a);
    if (a.count)
        races_report(&a);
}

/* A write has a name of its own: the last one is what others may read. */
static bool same_top(const struct detect_thread *t, uint32_t site)
{
    uintptr_t top = observe_locator ? observe_locator->top(observe_locator_context) : 0;
    return t->tops[top / 4 % DETECT_TOPS].top == top && t->tops[top / 4 % DETECT_TOPS].site == site;
}

/* Same thread, same epoch, and nobody came in between: nothing new. */
static bool known(const struct detect_thread *t, const struct lane *l, enum observe_kind kind)
{
    uint64_t written = load(l, LANE_WRITE);
    if (stamp_same_epoch(written, t->epoch) && written & MANNER_ALONE)
        return kind == OBSERVE_READ || same_top(t, site_of(l, LANE_WRITE));
    uint64_t read = kind == OBSERVE_READ ? load(l, LANE_READ) : 0;
    return stamp_same_epoch(read, t->epoch) && read & MANNER_ALONE;
}

static bool cell_known(const struct detect_thread *t, struct cell *c, unsigned byte, uint64_t size,
                       enum observe_kind kind)
{
    /* acquire: pairs with the release in cell_split */
    uint32_t control = atomic_load_explicit(&c->control, memory_order_acquire);
    if (!(control & CELL_SPLIT))
        return size == CELL_BYTES && known(t, &c->lane, kind);
    return size == 1 && known(t, shadow_lane(c, byte), kind);
}

static void __attribute__((noinline)) spin(struct detect_thread *t, const void *address)
{
    uint32_t site = site_now(&t->sites).site;
    if (!shadow_holds(address, 1))
        return;
    atomic_store_explicit(&t->spin_site, site, memory_order_relaxed);
    atomic_store_explicit(&t->spinning, address, memory_order_relaxed);
    struct cell *c = shadow_cell(address);
    uint64_t write = load(&c->lane, LANE_WRITE);
    bool by_another = write && stamp_thread(write) != t->id && !detect_ordered(t, write);
    if (by_another)
        races_advise(t, ADVICE_PLAIN_SPIN, address, CELL_BYTES, site, site_of(&c->lane, LANE_WRITE),
                     detect_thread_of(stamp_thread(write)));
}

void detect_access(const void *address, uint64_t size, enum observe_kind kind)
{
    struct detect_thread *t = detect_self;
    if (__builtin_expect(!t, 0)) {
        access_slowly(t, address, size, kind);
        return;
    }
    /* relaxed: its own */
    if (atomic_load_explicit(&t->pending, memory_order_relaxed) != address ||
        kind != OBSERVE_READ) {
        /* release: pairs with the acquire in races.c */
        atomic_store_explicit(&t->pending, address, memory_order_release);
        t->repeats = 0;
    } else if (__builtin_expect(++t->repeats == SPIN, 0)) {
        spin(t, address);
    }
    uint64_t offset = shadow_offset(address);
    bool simple = t->fast && kind != OBSERVE_EXCLUSIVE && offset < shadow_limit;
    if (simple && size == 8 && offset % 8 == 0) {
        struct cell *c = shadow_cells + offset / CELL_BYTES;
        if (cell_known(t, c, 0, CELL_BYTES, kind) && cell_known(t, c + 1, 0, CELL_BYTES, kind)) {
            t->accesses++;
            return;
        }
    } else if (simple && offset % CELL_BYTES + size <= CELL_BYTES) {
        if (cell_known(t, shadow_cells + offset / CELL_BYTES, offset % CELL_BYTES, size, kind)) {
            t->accesses++;
            return;
        }
    }
    access_slowly(t, address, size, kind);
}

/* ---- seq-cst accesses ---- */

static bool is_used(struct cell *c)
{
    return atomic_load_explicit(&c->control, memory_order_relaxed) & CELL_USED;
}

/* Nothing is remembered of a cell that is not shared, or for which there was no room. */
static bool enters(struct detect_thread *t, const void *address, struct cell *c, unsigned size)
{
    if (is_used(c) && (size <= CELL_BYTES || is_used(c + 1))) {
        t->accesses++;
        return true;
    }
    if (!shadow_is_shared(address))
        return false;
    t->accesses++;
    return shadow_admit(c) && (size <= CELL_BYTES || shadow_admit(c + 1));
}

void detect_atomic_begin(const void *address, unsigned size)
{
    struct detect_thread *t = detect_current();
    if (!t->fast)
        races_confirm(t);
    t->repeats = 0;
    /* release: pairs with the acquire in races.c: plain accesses before this one are done */
    atomic_store_explicit(&t->pending, NULL, memory_order_release);
    t->held[0] = t->held[1] = NULL;
    if (!shadow_holds(address, size))
        return;
    struct cell *c = shadow_cell(address);
    if (!enters(t, address, c, size))
        return;
    cell_lock(c);
    t->held[0] = c;
    if (size == 8) {
        cell_lock(c + 1);
        t->held[1] = c + 1;
    }
    t->before = atomics_load(address, size);
}

static void learn_spot(struct access *a, const struct spot *at)
{
    learn(a, at->lane);
}

static void mixed_spot(struct access *a, const struct spot *at)
{
    mixed_size(a, at);
}

/* Another name for "everything in the lane is fine with that past". */
static void publish_spot(struct access *a, const struct spot *at)
{
    if (lane_past(at->lane) != a->thread->past) /* counting costs more than looking */
        lane_set_past(at->lane, past_ref(a->thread->past));
}

static inline __attribute__((always_inline)) void
atomic_cells(struct access *a, unsigned first, unsigned last,
             void (*visit)(struct access *, const struct spot *))
{
    struct detect_thread *t = a->thread;
    for (unsigned i = 0; i < DETECT_HELD && t->held[i]; i++)
        for_spots(a, t->held[i], first, last, visit);
}

static void release_held(struct detect_thread *t)
{
    if (t->held[1])
        cell_unlock(t->held[1]);
    cell_unlock(t->held[0]);
    t->held[0] = t->held[1] = NULL;
}

/* The thread has read the cell so in this epoch, and nobody has written since. */
static bool atomic_known(const struct detect_thread *t)
{
    const struct cell *c = t->held[0];
    uint64_t read = load(&c->lane, LANE_SC_READ);
    return !t->held[1] &&
           !(atomic_load_explicit(&((struct cell *)c)->control, memory_order_relaxed) &
             CELL_SPLIT) &&
           stamp_same_epoch(read, t->epoch) && read & MANNER_ALONE && stamp_size_code(read) == 2 &&
           !t->section;
}

/* The thread has written the cell before, from the same place, has learnt nothing since, and nobody
 * else has been here: only the time of the write is new. */
static bool atomic_again(struct detect_thread *t, const void *address)
{
    struct lane *l = &t->held[0]->lane;
    uint64_t written = load(l, LANE_SC_WRITE);
    uint32_t site = site_of(l, LANE_SC_WRITE);
    if (t->held[1] || stamp_thread(written) != t->id || !(written & MANNER_QUIET) ||
        written & (MANNER_STALE | MANNER_TAINTED) || stamp_size_code(written) != 2 ||
        l->attached != (uintptr_t)t->past || !t->past || !same_top(t, site) ||
        atomic_load_explicit(&t->held[0]->control, memory_order_relaxed) & CELL_SPLIT)
        return false;
    store(l, LANE_SC_WRITE, t->epoch | stamp_manner(written));
    detect_tick(t, SYNC_ATOMIC, site, address);
    return true;
}

void detect_atomic_end(const void *address, unsigned size, enum observe_kind kind)
{
    struct detect_thread *t = detect_self;
    struct access a;
    uint32_t line;
    if (!t->held[0])
        return;
    if (kind == OBSERVE_READ && size == CELL_BYTES && atomic_known(t)) {
        release_held(t);
        return;
    }
    if (kind != OBSERVE_READ && size == CELL_BYTES && atomic_again(t, address)) {
        release_held(t);
        return;
    }
    struct here h = here(t, address, &line);
    begin(&a, t, &h, address, size, kind, kind == OBSERVE_READ ? LANE_SC_READ : LANE_SC_WRITE);
    a.before = t->before;
    a.stamp |= kind == OBSERVE_READ ? MANNER_ALONE : MANNER_QUIET;
    note_top(t, a.site);
    unsigned first = (unsigned)((uintptr_t)address % CELL_BYTES),
             last = size >= CELL_BYTES ? CELL_BYTES : first + size;
    for (unsigned i = 0; i < DETECT_HELD && t->held[i]; i++) {
        prepare_cell(t->held[i], first, last,
                     kind == OBSERVE_READ ? CELL_USED : CELL_USED | CELL_SC_WRITTEN);
        mixed_use(&a, t->held[i]);
    }
    if (kind != OBSERVE_WRITE || WITHOUT(COPY_AT_STORE))
        atomic_cells(&a, first, last, learn_spot); /* what has been read happens before the read */
    atomic_cells(&a, first, last, mixed_spot);
    atomic_cells(&a, first, last, visit_lane);
    if (kind != OBSERVE_READ && !(WITHOUT(MODIFY_PUBLISHES) && kind == OBSERVE_RMW)) {
        detect_past(t);
        atomic_cells(&a, first, last, publish_spot);
        if (!WITHOUT(STORE_TICKS))
            detect_tick(t, SYNC_ATOMIC, a.site, address);
    }
    release_held(t);
    if (t->section && kind == OBSERVE_READ)
        sections_waited(t, a.site);
    if (a.count)
        races_report(&a);
}
