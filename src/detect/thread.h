/* What the detector knows of a thread, and of the moments at which it handed on its past. For
 * src/detect and its tests.
 *
 * Ownership: threads live until the detector closes, since stamps name them. Threads: the fields
 * are the thread's own but for `pending`, and for `log`, which others read. */
#ifndef HEDDLE_DETECT_THREAD_H
#define HEDDLE_DETECT_THREAD_H

#include "detect/clock.h"
#include "detect/detect.h"
#include "detect/shadow.h"

#define DETECT_LOG 1024u
#define DETECT_HELD 2u
#define DETECT_CONFIRM 8u

struct here {
    uint32_t site;
    enum observe_view view;
    uint64_t view_offset; /* how far behind the start of the view; UINT64_MAX = unknown */
};
#define DETECT_TOPS 16u

/* One handing-on: at that time of the thread, there. relaxed, but for `time`: see log_read. */
struct log_entry {
    _Atomic uint64_t time;
    _Atomic uint32_t kind, site;
    _Atomic uintptr_t address;
};

/* What is to be looked at when the access is surely done. */
struct confirmation {
    struct race *race; /* NULL = free */
    struct cell *cell;
    unsigned byte;
    uint64_t seen;       /* the write the read is taken to have seen; 0: fetch the value written */
    enum lane_list list; /* of that write */
    const uint8_t *address;
};

struct detect_thread {
    uint64_t epoch;                /* the stamp's thread and time */
    _Atomic(const void *) pending; /* the plain access announced last; release by the thread,
                                      acquire by others: then earlier ones are done */
    uint64_t accesses;
    uint64_t repeats; /* of the read announced last */
    _Atomic(const void *)
        spinning;               /* relaxed: the address of a read that was repeated over and over */
    _Atomic uint32_t spin_site; /* relaxed */
    uint32_t id;
    bool fast; /* nothing is to be confirmed */
    bool gone; /* threads' lock: nobody refers to it but stamps */

    struct clock clock;
    struct past *past;              /* of the clock as it is, NULL when that has changed */
    struct cell *held[DETECT_HELD]; /* between atomic_begin and atomic_end */
    uint64_t before;                /* the value found there */
    struct section *section;        /* the critical section it is in */
    struct confirmation confirm[DETECT_CONFIRM];
    uint64_t loose_reads;
    uint32_t last_receiver_site[CLOCK_DENSE]; /* where it last learnt of each thread, directly */
    uint64_t last_receiver_time[CLOCK_DENSE]; /* and which of its times */

    /* Where plain writes of this epoch came from: the site of a position. */
    struct {
        uintptr_t top;
        uint32_t site;
    } tops[DETECT_TOPS];

    /* The last plain read, to recognise updates. */
    const void *read_address;
    uint32_t read_line;

    void *run;
    uint32_t agent;
    char *name, *kind;
    struct log_entry *log; /* DETECT_LOG of them, made with the first */
    struct detect_thread *next;
    struct site_cache sites;
};

/* The calling thread; several may take turns on one (agent/pool.h). */
extern OBSERVE_THREAD struct detect_thread *detect_self;

struct detect_thread *detect_thread_new(void *run, uint32_t agent, const char *name,
                                        const char *kind);
struct detect_thread *detect_thread_of(uint32_t id);
struct detect_thread *detect_current_slowly(void);
/* The calling thread acts for `t` now; NULL: for itself. */
void detect_enter(struct detect_thread *t);

/* Makes one for a thread of nobody. */
static inline struct detect_thread *detect_current(void)
{
    return __builtin_expect(detect_self && detect_self->id, 1) ? detect_self
                                                               : detect_current_slowly();
}

static inline uint64_t detect_time(const struct detect_thread *t)
{
    return stamp_time(t->epoch);
}

/* The thread knows of everything that `stamp` stands for, or made it itself. */
static inline bool detect_ordered(const struct detect_thread *t, uint64_t stamp)
{
    uint32_t thread = stamp_thread(stamp);
    return thread == t->id || stamp_time(stamp) <= clock_of(&t->clock, thread);
}

/* The thread's past, with its own time: to be received by others. One reference. Then time moves
 * on. */
struct past *detect_hand_on(struct detect_thread *t, unsigned kind, uint32_t site,
                            const void *address, uint64_t *time);
/* The same in two halves, for several receivers. */
struct past *detect_past(struct detect_thread *t);
void detect_tick(struct detect_thread *t, unsigned kind, uint32_t site, const void *address);

/* Joins what `sender` had handed on at `time`. */
void detect_learn(struct detect_thread *t, uint32_t sender, uint64_t time, const struct past *past,
                  uint32_t site);

bool detect_log_read(const struct detect_thread *t, uint64_t time, struct race_sync *out);

void detect_threads_clear(void);
void detect_threads_visit(void *run, void (*visit)(struct detect_thread *, void *), void *context);

#endif
