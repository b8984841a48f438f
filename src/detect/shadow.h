/* Shadow memory: for every four shared bytes a cell that remembers who accessed them last.
 *
 * The cells lie in one reservation of addresses, sixteen bytes for each shared byte, touched only
 * where shared blocks are accessed. An access that covers a part of a cell splits it: then each
 * byte has a lane of its own, three of them in a second reservation. A byte of the shared range
 * that no second agent can know of yet is not recorded at all.
 *
 * Ownership: the process has one shadow, between shadow_open and shadow_close. Threads: any.
 * Lock order: the lock of one cell, or of two with rising addresses; under it, rarely, the leaves
 * of detect.h. Ordering guarantees: everything in a cell but `epoch` is read and written under its
 * lock; `epoch` and `site` are written under it and read anywhere (relaxed: whoever sees its own
 * epoch has written it itself). Progress guarantees: a cell's lock is held for some tens of
 * nanoseconds, without system calls. */
#ifndef HEDDLE_DETECT_SHADOW_H
#define HEDDLE_DETECT_SHADOW_H

#include "memory/shared_range.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct past;

/* ---- stamps: who accessed, and when ----
 *
 * A stamp is one word: thread (20 bits), time (33 bits), manner (11 bits). 0 = nobody. */
#define STAMP_MANNER_BITS 11
#define STAMP_TIME_BITS 33
#define STAMP_THREAD_SHIFT (STAMP_MANNER_BITS + STAMP_TIME_BITS)
#define STAMP_TIME_MAX (((uint64_t)1 << STAMP_TIME_BITS) - 1)
#define STAMP_THREAD_MAX (((uint32_t)1 << 20) - 1)

enum {
    MANNER_SIZE = 7,       /* log2 of the size; */
    MANNER_SIZE_RANGE = 4, /* part of a longer or unaligned access */
    MANNER_VIEW_SHIFT = 3, /* four bits: enum observe_view */
    MANNER_ALONE = 1 << 7, /* plain accesses and seq-cst reads: nobody has come in between since */
    MANNER_STALE = 1 << 7, /* seq-cst write: overwritten by a plain one */
    MANNER_EXCLUSIVE = 1 << 8, /* plain write: no write, but heddle.exclusive */
    MANNER_TAINTED = 1 << 8,   /* seq-cst write: it raced with a write whose moment is not known */
    MANNER_UPDATE = 1 << 9,    /* plain write: of what the thread had just read there */
    MANNER_QUIET = 1 << 9,     /* seq-cst write: nobody else has come here since */
    MANNER_WHOLE_VIEW = 1 << 10, /* the view begins where the block does */
};

static inline uint32_t stamp_thread(uint64_t stamp)
{
    return (uint32_t)(stamp >> STAMP_THREAD_SHIFT);
}

static inline uint64_t stamp_time(uint64_t stamp)
{
    return (stamp >> STAMP_MANNER_BITS) & STAMP_TIME_MAX;
}

static inline uint32_t stamp_manner(uint64_t stamp)
{
    return (uint32_t)(stamp & ((1u << STAMP_MANNER_BITS) - 1));
}

static inline unsigned stamp_size_code(uint64_t stamp)
{
    return (unsigned)(stamp & MANNER_SIZE);
}

static inline bool stamp_same_epoch(uint64_t a, uint64_t b)
{
    return (a ^ b) >> STAMP_MANNER_BITS == 0;
}

/* ---- lanes ---- */

enum lane_list { LANE_WRITE, LANE_READ, LANE_SC_WRITE, LANE_SC_READ, LANE_LISTS };

struct lane_stamp {
    uint64_t stamp;
    uint32_t site;
    enum lane_list list;
};

/* What does not fit into a lane: the other stamps of lists with several. */
struct lane_more {
    uint32_t count, capacity;
    struct lane_stamp items[];
};

struct lane {
    _Atomic uint64_t epoch[LANE_LISTS]; /* the newest stamp of each list */
    _Atomic uint32_t site[LANE_LISTS];  /* relaxed: written under the lock */
    uintptr_t attached; /* struct past * of the newest seq-cst write, or with bit 0 struct
                           lane_attached * */
};

struct lane_attached {
    struct past *past;
    struct lane_more *more;
};

enum {
    CELL_LOCKED = 1,
    CELL_SPLIT = 2,
    CELL_USED = 64,      /* it remembers something */
    CELL_WRITTEN = 4,    /* plainly, ever */
    CELL_SC_WRITTEN = 8, /* with Atomics, ever */
    CELL_USE_ADVISED = 16,
    CELL_SIZE_ADVISED = 32,
};

struct cell {
    _Atomic uint32_t control;
    uint32_t unused;
    struct lane lane; /* of all four bytes, or of the first when split */
};

_Static_assert(sizeof(struct cell) == 64, "16 bytes of shadow for each shared byte");

#define CELL_BYTES 4u
#define CELL_FURTHER_LANES 3u

/* ---- the shadow ---- */

extern struct cell *shadow_cells;   /* NULL while closed */
extern struct lane *shadow_further; /* three for each cell */
extern uintptr_t shadow_base;       /* the first shared byte that has a shadow */
extern uint64_t shadow_limit;       /* how many have one from there on */

bool shadow_open(void); /* false: the system has no such room of addresses */
void shadow_close(void);

static inline uint64_t shadow_offset(const void *address)
{
    return (uintptr_t)address - shadow_base;
}

static inline bool shadow_holds(const void *address, uint64_t size)
{
    return shadow_offset(address) < shadow_limit && size <= shadow_limit - shadow_offset(address);
}

static inline struct cell *shadow_cell(const void *address)
{
    return shadow_cells + shadow_offset(address) / CELL_BYTES;
}

static inline struct lane *shadow_lane(struct cell *c, unsigned byte)
{
    return byte ? shadow_further + (size_t)(c - shadow_cells) * CELL_FURTHER_LANES + byte - 1
                : &c->lane;
}

static inline const void *shadow_address(const struct cell *c)
{
    return (const void *)(shadow_base + (uintptr_t)(c - shadow_cells) * CELL_BYTES);
}

/* Bytes from here on are known to several agents / to nobody any more (the stamps go with that; no
 * access may be under way). */
void shadow_share(const void *address, uint64_t size);
void shadow_forget(const void *address, uint64_t size);

bool shadow_is_shared(const void *address);

/* To be asked before a cell is written: false when the memory limit is reached; the access is then
 * counted as dropped. */
bool shadow_admit(struct cell *c);

void cell_lock_slowly(struct cell *c);

static inline void cell_lock(struct cell *c)
{
    /* acquire: pairs with the release in cell_unlock */
    if (__builtin_expect(atomic_fetch_or_explicit(&c->control, CELL_LOCKED, memory_order_acquire) &
                             CELL_LOCKED,
                         0))
        cell_lock_slowly(c);
}

static inline void cell_unlock(struct cell *c)
{
    uint32_t control = atomic_load_explicit(&c->control, memory_order_relaxed);
    /* release: pairs with the acquire in cell_lock; others only try to set the bit that is set, so
     * that nothing of theirs is lost */
    atomic_store_explicit(&c->control, control & ~(uint32_t)CELL_LOCKED, memory_order_release);
}

/* Under the lock: gives each byte a lane of its own. */
void cell_split(struct cell *c);

struct past *lane_past(const struct lane *l);
void lane_set_past(struct lane *l, struct past *p); /* takes the reference; gives up the old one */
struct lane_more *lane_more(const struct lane *l);
void lane_push(struct lane *l, struct lane_stamp s);
void lane_clear_more(struct lane *l);

struct shadow_figures {
    uint64_t bytes;   /* of shadow memory that was touched */
    uint64_t limit;   /* bytes */
    uint64_t dropped; /* accesses that could not be recorded */
};
struct shadow_figures shadow_figures(void);
void shadow_set_memory_limit(uint64_t bytes);

#endif
