/* See shadow.h. */
#include "detect/shadow.h"

#include "base/assert.h"
#include "detect/clock.h"
#include "platform/cpu.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LINE_BITS                                                                                  \
    6 /* blocks are aligned to 64 bytes, so that a bit for each 64 bytes says whether they are     \
         shared */
#define PAGE_BITS 12 /* of shadow: 256 shared bytes */
#define SHARED_PER_PAGE (CELL_BYTES << (PAGE_BITS - LINE_BITS))

/* memory/block_place.c takes the last of the largest runs first. */
#define FIRST_BLOCKS (SHARED_RANGE_SIZE - ((uintptr_t)1 << 31))

#define MEMORY_LIMIT ((uint64_t)2 << 30)

struct cell *shadow_cells;
struct lane *shadow_further;
uintptr_t shadow_base;
uint64_t shadow_limit;

static _Atomic uint64_t *shared_lines;  /* relaxed: set before whoever is told of the block, cleared
                                           after everybody has let go */
static _Atomic uint64_t *touched_pages; /* relaxed: only ever set while the page's blocks live */
static _Atomic uint64_t touched_bytes, dropped; /* relaxed: statistics */
static _Atomic uint64_t shared_start,
    shared_end; /* relaxed: every byte that was ever shared lies between */
static uint64_t memory_limit = MEMORY_LIMIT;

/* ---- the reservations ---- */

static void *reserve(size_t size)
{
    void *got = mmap(NULL, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED)
        return NULL;
    madvise(got, size, MADV_NOHUGEPAGE); /* memory by touched page only */
    return got;
}

static size_t cells_size(uint64_t bytes)
{
    return bytes / CELL_BYTES * sizeof(struct cell);
}

static size_t further_size(uint64_t bytes)
{
    return bytes / CELL_BYTES * CELL_FURTHER_LANES * sizeof(struct lane);
}

static size_t lines_size(uint64_t bytes)
{
    return bytes >> LINE_BITS >> 3;
}

static size_t pages_size(uint64_t bytes)
{
    return bytes / SHARED_PER_PAGE >> 3;
}

static bool open_for(uint64_t bytes)
{
    shadow_cells = reserve(cells_size(bytes));
    shadow_further = shadow_cells ? reserve(further_size(bytes)) : NULL;
    shared_lines = shadow_further ? reserve(lines_size(bytes)) : NULL;
    touched_pages = shared_lines ? reserve(pages_size(bytes)) : NULL;
    shadow_limit = bytes;
    shadow_base = SHARED_RANGE_BASE + (bytes < SHARED_RANGE_SIZE ? FIRST_BLOCKS : 0);
    if (!touched_pages)
        shadow_close();
    return touched_pages != NULL;
}

/* Where addresses are scarce (a sanitizer, a limit) only a part of the range has a shadow: the one
 * where blocks lie first. */
bool shadow_open(void)
{
#if defined(__SANITIZE_THREAD__)
    uint64_t bytes = (uint64_t)1 << 28;
#else
    uint64_t bytes = SHARED_RANGE_SIZE;
#endif
    atomic_store_explicit(&touched_bytes, 0, memory_order_relaxed);
    atomic_store_explicit(&dropped, 0, memory_order_relaxed);
    atomic_store_explicit(&shared_start, SHARED_RANGE_SIZE, memory_order_relaxed);
    atomic_store_explicit(&shared_end, 0, memory_order_relaxed);
    if (open_for(bytes))
        return true;
    for (bytes = (uint64_t)1 << 31; bytes >= (uint64_t)1 << 24; bytes >>= 1)
        if (open_for(bytes))
            return true;
    return false;
}

/* ---- what is shared ---- */

static void note_extent(uint64_t start, uint64_t end)
{
    uint64_t before = atomic_load_explicit(&shared_end, memory_order_relaxed);
    while (before < end &&
           !atomic_compare_exchange_weak_explicit(&shared_end, &before, end, memory_order_relaxed,
                                                  memory_order_relaxed))
        ;
    before = atomic_load_explicit(&shared_start, memory_order_relaxed);
    while (before > start &&
           !atomic_compare_exchange_weak_explicit(&shared_start, &before, start,
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
}

void shadow_share(const void *address, uint64_t size)
{
    if (shadow_offset(address) >= shadow_limit)
        return;
    note_extent(shadow_offset(address), shadow_offset(address) + size);
    uint64_t first = shadow_offset(address) >> LINE_BITS,
             last = (shadow_offset(address) + (size ? size - 1 : 0)) >> LINE_BITS;
    for (uint64_t line = first; line <= last && line < shadow_limit >> LINE_BITS; line++) {
        bool whole = line % 64 == 0 && last - line >= 63;
        atomic_fetch_or_explicit(&shared_lines[line / 64],
                                 whole ? UINT64_MAX : (uint64_t)1 << line % 64,
                                 memory_order_relaxed);
        line += whole ? 63 : 0;
    }
}

bool shadow_is_shared(const void *address)
{
    uint64_t line = shadow_offset(address) >> LINE_BITS;
    return line < shadow_limit >> LINE_BITS &&
           atomic_load_explicit(&shared_lines[line / 64], memory_order_relaxed) >> line % 64 & 1;
}

static void lane_clear(struct lane *l)
{
    if (l->attached & 1) {
        struct lane_attached *a = (struct lane_attached *)(l->attached & ~(uintptr_t)1);
        past_unref(a->past);
        free(a->more);
        free(a);
    } else {
        past_unref((struct past *)l->attached);
    }
    for (int i = 0; i < LANE_LISTS; i++) {
        atomic_store_explicit(&l->epoch[i], 0, memory_order_relaxed);
        atomic_store_explicit(&l->site[i], 0, memory_order_relaxed);
    }
    l->attached = 0;
}

static void cell_clear(struct cell *c)
{
    uint32_t control = atomic_load_explicit(&c->control, memory_order_relaxed);
    if (!control)
        return;
    if (control & CELL_SPLIT)
        for (unsigned byte = 1; byte <= CELL_FURTHER_LANES; byte++)
            lane_clear(shadow_lane(c, byte));
    lane_clear(&c->lane);
    atomic_store_explicit(&c->control, 0, memory_order_relaxed);
}

/* The part of one touched page of shadow that belongs to [from, to). */
static void forget_page(uint64_t page, uint64_t from, uint64_t to)
{
    uint64_t start = page * SHARED_PER_PAGE, end = start + SHARED_PER_PAGE;
    bool whole = from <= start && to >= end;
    for (uint64_t at = from > start ? from : start; at < end && at < to; at += CELL_BYTES)
        cell_clear(shadow_cells + at / CELL_BYTES);
    if (!whole)
        return;
    size_t cells = SHARED_PER_PAGE / CELL_BYTES;
    madvise(shadow_cells + page * cells, cells * sizeof(struct cell), MADV_DONTNEED);
    atomic_fetch_and_explicit(&touched_pages[page / 64], ~((uint64_t)1 << page % 64),
                              memory_order_relaxed);
    atomic_fetch_sub_explicit(&touched_bytes, cells * sizeof(struct cell), memory_order_relaxed);
}

static void forget_cells(uint64_t from, uint64_t to)
{
    for (uint64_t page = from / SHARED_PER_PAGE; page * SHARED_PER_PAGE < to; page++) {
        uint64_t word = atomic_load_explicit(&touched_pages[page / 64], memory_order_relaxed);
        if (!word)
            page |= 63; /* the next word */
        else if (word >> page % 64 & 1)
            forget_page(page, from, to);
    }
}

void shadow_forget(const void *address, uint64_t size)
{
    uint64_t from = shadow_offset(address), to = (from + size + 63) & ~(uint64_t)63;
    if (to > shadow_limit)
        to = shadow_limit;
    if (from >= to || !shared_lines)
        return;
    forget_cells(from, to);
    for (uint64_t line = from >> LINE_BITS; line < to >> LINE_BITS; line++) {
        if (line % 64 == 0 && (to >> LINE_BITS) - line >= 64) {
            if (atomic_load_explicit(&shared_lines[line / 64], memory_order_relaxed))
                atomic_store_explicit(&shared_lines[line / 64], 0, memory_order_relaxed);
            line += 63;
        } else {
            atomic_fetch_and_explicit(&shared_lines[line / 64], ~((uint64_t)1 << line % 64),
                                      memory_order_relaxed);
        }
    }
}

static void give_back(void *at, size_t size)
{
    if (at)
        munmap(at, size);
}

void shadow_close(void)
{
    uint64_t end = atomic_load_explicit(&shared_end, memory_order_relaxed);
    if (touched_pages) /* for what the cells refer to */
        forget_cells(atomic_load_explicit(&shared_start, memory_order_relaxed),
                     end < shadow_limit ? end : shadow_limit);
    give_back(shadow_cells, cells_size(shadow_limit));
    give_back(shadow_further, further_size(shadow_limit));
    give_back(shared_lines, lines_size(shadow_limit));
    give_back(touched_pages, pages_size(shadow_limit));
    shadow_cells = NULL;
    shadow_further = NULL;
    shared_lines = touched_pages = NULL;
}

/* ---- memory ---- */

bool shadow_admit(struct cell *c)
{
    uint64_t page = (uint64_t)((uintptr_t)c - (uintptr_t)shadow_cells) >> PAGE_BITS,
             bit = (uint64_t)1 << page % 64;
    if (__builtin_expect(
            atomic_load_explicit(&touched_pages[page / 64], memory_order_relaxed) & bit, bit))
        return true;
    if (atomic_load_explicit(&touched_bytes, memory_order_relaxed) + ((uint64_t)1 << PAGE_BITS) >
        memory_limit) {
        atomic_fetch_add_explicit(&dropped, 1, memory_order_relaxed);
        return false;
    }
    if (!(atomic_fetch_or_explicit(&touched_pages[page / 64], bit, memory_order_relaxed) & bit))
        atomic_fetch_add_explicit(&touched_bytes, (uint64_t)1 << PAGE_BITS, memory_order_relaxed);
    return true;
}

struct shadow_figures shadow_figures(void)
{
    return (struct shadow_figures){
        .bytes = atomic_load_explicit(&touched_bytes, memory_order_relaxed),
        .limit = memory_limit,
        .dropped = atomic_load_explicit(&dropped, memory_order_relaxed),
    };
}

void shadow_set_memory_limit(uint64_t bytes)
{
    memory_limit = bytes ? bytes : MEMORY_LIMIT;
}

/* ---- cells ---- */

void cell_lock_slowly(struct cell *c)
{
    unsigned tries = 0;
    do {
        while (atomic_load_explicit(&c->control, memory_order_relaxed) & CELL_LOCKED) {
            if (++tries % 64)
                cpu_pause();
            else
                sched_yield(); /* the holder may have lost its processor */
        }
        /* acquire: pairs with the release in cell_unlock */
    } while (atomic_fetch_or_explicit(&c->control, CELL_LOCKED, memory_order_acquire) &
             CELL_LOCKED);
}

static void lane_copy(struct lane *to, const struct lane *from)
{
    for (int i = 0; i < LANE_LISTS; i++) {
        uint64_t stamp =
            atomic_load_explicit(&((struct lane *)from)->epoch[i], memory_order_relaxed);
        atomic_store_explicit(&to->epoch[i], stamp, memory_order_relaxed);
        atomic_store_explicit(
            &to->site[i],
            atomic_load_explicit(&((struct lane *)from)->site[i], memory_order_relaxed),
            memory_order_relaxed);
    }
    to->attached = 0;
    if (lane_past(from))
        lane_set_past(to, past_ref(lane_past(from)));
    const struct lane_more *more = lane_more(from);
    for (uint32_t i = 0; more && i < more->count; i++)
        lane_push(to, more->items[i]);
}

void cell_split(struct cell *c)
{
    for (unsigned byte = 1; byte <= CELL_FURTHER_LANES; byte++)
        lane_copy(shadow_lane(c, byte), &c->lane);
    /* release: pairs with the acquire of who reads lanes without the lock */
    atomic_fetch_or_explicit(&c->control, CELL_SPLIT, memory_order_release);
    atomic_fetch_add_explicit(&touched_bytes, CELL_FURTHER_LANES * sizeof(struct lane),
                              memory_order_relaxed);
}

static struct lane_attached *attached_of(const struct lane *l)
{
    return l->attached & 1 ? (struct lane_attached *)(l->attached & ~(uintptr_t)1) : NULL;
}

struct past *lane_past(const struct lane *l)
{
    const struct lane_attached *a = attached_of(l);
    return a ? a->past : (struct past *)l->attached;
}

void lane_set_past(struct lane *l, struct past *p)
{
    struct lane_attached *a = attached_of(l);
    past_unref(lane_past(l));
    if (a)
        a->past = p;
    else
        l->attached = (uintptr_t)p;
}

struct lane_more *lane_more(const struct lane *l)
{
    const struct lane_attached *a = attached_of(l);
    return a ? a->more : NULL;
}

void lane_push(struct lane *l, struct lane_stamp s)
{
    struct lane_attached *a = attached_of(l);
    if (!a) {
        a = calloc(1, sizeof *a);
        hd_assert(a);
        a->past = (struct past *)l->attached;
        l->attached = (uintptr_t)a | 1;
    }
    struct lane_more *m = a->more;
    if (!m || m->count == m->capacity) {
        uint32_t capacity = m ? m->capacity * 2 : 4;
        m = realloc(m, sizeof *m + capacity * sizeof m->items[0]);
        hd_assert(m);
        if (!a->more)
            m->count = 0;
        m->capacity = capacity;
        a->more = m;
    }
    m->items[m->count++] = s;
}

void lane_clear_more(struct lane *l)
{
    struct lane_attached *a = attached_of(l);
    if (!a)
        return;
    l->attached = (uintptr_t)a->past;
    free(a->more);
    free(a);
}
