/* Races among C threads that use shared blocks (shared_memory.h): the same detector that watches
 * JavaScript, without a run.
 *
 * What orders two threads is what orders two agents: Atomics on one cell, the critical sections of
 * wait and notify, grow and byteLength. What a program uses besides (a mutex, joining a thread) is
 * invisible here: it says so with hd_order_send and hd_order_receive. */
#ifndef HEDDLE_RACES_H
#define HEDDLE_RACES_H

#include "heddle/heddle.h"

#include <stdint.h>

struct hd_shared_block;

/* One access of a race. Texts are valid during the call that hands them over. */
typedef struct hd_race_access {
    const char *operation; /* "write", "read", "atomic write", "atomic read" */
    const char
        *place;      /* the function that called, as "name+0x1f"; "?" when it has no public name */
    uint64_t thread; /* 1, 2, … in the order in which threads came to be known */
    uint64_t offset, size; /* in the block */
} hd_race_access;

typedef struct hd_race {
    const char *kind; /* "observed": it happened; "unordered": a read that saw an earlier value,
                         this time; "undecided": a native run cannot tell */
    uint64_t count;   /* how often these two places raced */
    hd_race_access first, second; /* as they came */
} hd_race;

/* From here on every access through shared_memory.h is watched, of blocks that are made later.
 * Before any thread that is to be watched starts; once per process at a time. HD_STATE: watched
 * already; HD_NO_MEMORY. */
HD_API hd_status hd_races_watch(void);

/* Ends watching, when no thread uses a block any more, and hands over each distinct race. Returns
 * how many there were. `found` may be NULL. */
HD_API uint64_t hd_races_end(void (*found)(void *context, const hd_race *race), void *context);

/* What the calling thread has done until now happens before what another one does after it has
 * received that: for whatever orders the two outside of this library. NULL when nothing is watched;
 * each is received once, or dropped. Any thread; does not block. */
typedef struct hd_order hd_order;
HD_API hd_order *hd_order_send(void);
HD_API void hd_order_receive(hd_order *order);
HD_API void hd_order_drop(hd_order *order);

#endif
