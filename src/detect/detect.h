/* The race detector: finds every data race of a run by the definition of ECMA-262 (sec-races,
 * sec-data-races), while it runs.
 *
 * It fills the hook table of observe/hooks.h. What it follows is happens-before: the order within
 * each agent; from the seq-cst write that a seq-cst read of the same range has read to that read;
 * from each critical section on a waiter list to the next; and the host's edges (messages, starts,
 * ends, settlements, barriers). Two accesses that overlap, one of them a write, are a conflict when
 * neither happens before the other; seq-cst accesses of equal range never are.
 *
 * Ownership: the process has one detector, opened by the first run and closed with the last; races
 * belong to it until their run is given up. Threads: open and close one at a time; the hooks on
 * every thread. Lock order: a waiter list's lock, then one cell (or two by address), then the locks
 * of sections, races and sites, which are leaves.
 *
 * Ordering guarantees:
 *  1. Seq-cst accesses of one cell happen under its lock, together with what is remembered of them,
 * so that the write which each has read is known.
 *  2. An access is remembered before it happens. Between the two another agent's access may slip
 * in; where that makes a difference, a native run says so (RACE_UNDECIDED) and later readers are
 * given more order than they may have, never less. Progress guarantees: no lock is shared by
 * accesses of different cells. */
#ifndef HEDDLE_DETECT_DETECT_H
#define HEDDLE_DETECT_DETECT_H

#include "base/status.h"
#include "detect/sites.h"
#include "observe/hooks.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum race_class {
    RACE_OBSERVED,  /* the definition holds in this execution */
    RACE_UNORDERED, /* no order, but the read did not see this write: another execution has the race
                     */
    RACE_UNDECIDED, /* no order; a native run cannot tell which write a plain read has seen */
    RACE_EXCLUSIVE, /* an access where heddle.exclusive() says there is none */
    RACE_CLASSES
};

/* How two agents came to be ordered, or did not. */
enum sync_kind {
    SYNC_NONE,
    SYNC_ATOMIC,  /* a seq-cst write, read by a seq-cst read of the same range */
    SYNC_SECTION, /* a critical section of a waiter list: wait or notify */
    SYNC_LENGTH,  /* grow, then byteLength */
    SYNC_EDGE,    /* + enum observe_edge_kind */
};

struct race_sync {
    unsigned kind;       /* SYNC_NONE: there was none */
    uint32_t site;       /* of the sender */
    const void *address; /* of the cell, NULL = none */
};

struct race_party {
    uint32_t agent;  /* the agent's id within its run; 0: a C thread */
    uint32_t thread; /* the detector's number */
    const char *name, *kind;
    enum observe_kind access;
    bool atomic;
    bool update;   /* a write of what was just read there: += and its kin */
    bool repeated; /* a read that the same place has made thousands of times: it spins */
    enum observe_view view;
    bool whole;      /* offset and size are the access's; else only what the two have in common */
    uint64_t offset; /* in the block */
    uint64_t size;
    uint64_t view_offset; /* where the view begins in the block, UINT64_MAX = unknown */
    uint32_t site;
};

struct race {
    void *run;
    enum race_class class;
    uint64_t count; /* how often these two positions raced */
    /* Of the first time. */
    struct race_party older, newer; /* as they came to the detector */
    uint64_t block, block_size;
    uint32_t block_site; /* where the block was made */
    uint32_t block_agent;
    uint64_t offset, size; /* the bytes that the two have in common */
    bool has_values;
    uint8_t value_size;
    uint64_t before, after; /* the bytes of the newer access's range, as numbers */
    bool has_after;
    bool left_by_older; /* what the newer one found is what the older one had written */
    struct race_sync last;  /* the last of the older agent that the newer one knows of */
    uint32_t last_receiver; /* site where it was received, 0 = by a third agent */
    struct race_sync
        next; /* the older agent's first one after its access, which the newer does not know of */
    bool acknowledged; /* heddle.unordered() */
    struct race *next_race;
};

/* What needs no second execution to be dubious. */
enum advice_kind {
    ADVICE_PLAIN_SPIN, /* a loop on a plain read that nothing orders */
    ADVICE_MIXED_USE,  /* a cell written plainly and used with Atomics */
    ADVICE_MIXED_SIZE, /* Atomics of different sizes on one cell */
    ADVICE_PLAIN_WAIT, /* Atomics.wait on a cell that is only ever written plainly */
    ADVICE_KINDS
};

struct advice {
    void *run;
    enum advice_kind kind;
    uint64_t count;
    uint64_t block, offset, size;
    uint32_t site, other_site;                    /* 0 = none */
    const char *agent, *agent_kind, *other_agent; /* as long as the detector is open */
    struct advice *next_advice;
};

struct detect_figures {
    uint64_t accesses;    /* to shared blocks, of all agents */
    uint64_t blocks;      /* that came to be shared */
    uint64_t loose_reads; /* seq-cst reads of bytes whose last write was not certain any more */
    uint64_t shadow_bytes, shadow_limit, dropped;
    uint64_t races_dropped; /* distinct races beyond DETECT_RACES */
};

#define DETECT_RACES 1000u

struct detect_options {
    bool exact;            /* agents run one at a time: what each read saw is certain */
    uint64_t memory_limit; /* of the shadow, bytes; 0 = 2 GiB */
};

/* Before the first agent of a run starts; counted. STATUS_NO_MEMORY: no room for the shadow. */
status detect_open(const struct detect_options *options);
/* After the run, whose races are given up: `keep` leaves the rest as it is, because a thread still
 * runs. */
void detect_close(void *run, bool keep);

/* After the last agent of `run` has ended. In the order of first occurrence. */
const struct race *detect_races(void *run);
const struct race *detect_next_race(const struct race *r);
const struct advice *detect_advice(void *run);
const struct advice *detect_next_advice(const struct advice *a);
struct detect_figures detect_figures(void *run);

/* The name of the agent that wrote the cell last, as long as the detector is open; NULL when nobody did since several knew it. Any thread,
 * also under a waiter list's lock. */
const char *detect_last_writer(const void *address);

/* heddle.unordered(view, index): races on these bytes are known and meant. */
void detect_acknowledge(const void *address, uint64_t size);

#endif
