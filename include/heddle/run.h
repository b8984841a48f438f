/* Runs: what happened, and what was found.
 *
 * A run belongs to the thread that holds it; several threads may run scenarios, also the same one, at the same time. */
#ifndef HEDDLE_RUN_H
#define HEDDLE_RUN_H

#include "heddle/heddle.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hd_scenario;
struct hd_thread;
typedef struct hd_run hd_run;

typedef enum hd_record_kind {
    HD_RECORD_CONSOLE, /* one call of a console method */
    HD_RECORD_ERROR,   /* an uncaught error, an unhandled rejection, a script that cannot be loaded (R-ER-01, R-ER-04) */
    HD_RECORD_FINDING, /* anything else that was found: a deadlock, a limit */
    HD_RECORD_EXIT,    /* an agent's end; the text says how */
} hd_record_kind;

/* One thing that happened. Texts are NULL when unknown. */
typedef struct hd_record {
    hd_record_kind kind;
    uint64_t time_ns;       /* of the run's clock */
    const char *agent;      /* NULL: the run as a whole */
    const char *agent_kind; /* "window", "dedicated-worker" */
    const char *text;
    const char *finding;    /* errors and findings: "deadlock", "uncaught-error", ... */
    const char *stack;
    const char *file;
    uint32_t line, column;  /* from 1; 0: unknown */
} hd_record;

/* A shared block of the run's first agent cluster. C finds it with hd_thread_block, JavaScript with heddle.block(name), which gives a
 * SharedArrayBuffer. */
typedef struct hd_named_block {
    const char *name;
    uint64_t byte_length;
    uint64_t max_byte_length; /* HD_FIXED_LENGTH (shared_memory.h), or up to where it may grow */
} hd_named_block;

/* A native agent: a C function that takes part in the run as an agent of the first window's cluster does, on a thread of its own. It
 * may block ([[CanBlock]]); while it runs or sleeps with a time-out the run does not end; its waits count when a deadlock is looked
 * for, and its accesses when races are. When the run ends before it has returned, hd_atomics_wait says HD_WAIT_TERMINATED and
 * hd_thread_ends true, and it returns soon. It neither attaches nor detaches the thread that it is given. */
typedef struct hd_native_agent {
    const char *name;
    void (*run)(struct hd_thread *thread, void *context);
    void *context;
} hd_native_agent;

/* Zero-filled: a scenario as it says. Everything is used during the run only. */
typedef struct hd_run_options {
    bool main_is_worker;    /* the first script runs in a dedicated worker, which may block ([[CanBlock]], R-AG-02) */
    bool pure;              /* no `heddle` object in scripts */
    bool real_clock;        /* else as the scenario says: virtual, which jumps when every agent waits */
    uint64_t seed;          /* of random numbers; 0: the scenario's */
    uint64_t timeout_ms;    /* of the machine's time; 0: none */
    /* Each record as it happens, on the thread that called hd_scenario_run; valid during the call. NULL: none. */
    void (*record)(void *context, const hd_record *record);
    void *context;
    const hd_named_block *blocks;
    size_t block_count;
    const hd_native_agent *native_agents;
    size_t native_agent_count;
} hd_run_options;

/* Runs a scenario to its end and compares the outcome with its expectations. Blocks until nothing can happen any more, a limit or the
 * time-out ended it; the calling thread only watches. `options` may be NULL. What was found is no error: the status is HD_OK then,
 * and HD_NO_MEMORY or HD_LIMIT when the first agents could not start. HD_INVALID: a block without a name or with
 * that of another, a native agent without a name or a function. HD_RANGE: a length that cannot be. The scenario outlives the run. */
HD_API hd_status hd_scenario_run(const struct hd_scenario *scenario, const hd_run_options *options, hd_run **out);
HD_API void hd_run_free(hd_run *run);

/* What the command line would exit with: 0 everything holds, 1 a finding or a failed expectation, 4 a bound was reached. */
HD_API int hd_run_exit_code(const hd_run *run);

/* "idle", "deadlock", "time-limit": how the run ended; constant. */
HD_API const char *hd_run_end(const hd_run *run);

HD_API size_t hd_run_record_count(const hd_run *run);
/* Record `index`, in the order in which things happened; texts live as long as the run. HD_RANGE. */
HD_API hd_status hd_run_record(const hd_run *run, size_t index, hd_record *out);

/* One expectation, or one finding that no expectation declares. */
typedef struct hd_verdict_line {
    bool held;
    const char *topic;       /* "log", "cells", "findings", "undeclared", ... */
    const char *what;        /* in a few words */
    const char *explanation; /* why it failed, possibly several lines; "" when it held */
    const char *file;        /* where the scenario declares it; NULL for what nobody declared */
    uint32_t line, column;
} hd_verdict_line;

HD_API size_t hd_run_verdict_count(const hd_run *run);
/* HD_RANGE. Texts live as long as the run. */
HD_API hd_status hd_run_verdict(const hd_run *run, size_t index, hd_verdict_line *out);

/* The last value of a cell that a script registered with heddle.cell(), as JavaScript prints it; NULL when there is none. */
HD_API const char *hd_run_cell(const hd_run *run, const char *name);

#endif
