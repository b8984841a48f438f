/* Reports: what a person or a program reads about runs, as text, JSON lines and a JUnit file.
 *
 * A reporter belongs to one invocation of the program. For every run: report_begin, report_record
 * for each record as it happens, report_end; once, report_finish. Text goes through the sink, in
 * whole lines, so that the caller decides about files, pipes and tests. Progress is for terminals
 * only and erases itself.
 *
 * Runs that go on at the same time are reported one after the other: record them in observations
 * and hand each over when it has ended.
 *
 * Ownership: the reporter copies what it keeps. Threads: one at a time (the writer). Blocking: only
 * what the sink does. Errors: a sink cannot fail towards the reporter; report_write_junit gives a
 * status. */
#ifndef HEDDLE_REPORT_REPORT_H
#define HEDDLE_REPORT_REPORT_H

#include "base/status.h"
#include "scenario/expect.h"
#include "scenario/load.h"
#include "scenario/observation.h"
#include "scenario/plan.h"

typedef enum report_format { REPORT_TEXT, REPORT_JSON } report_format;

typedef struct report_options {
    report_format format;
    bool colours;  /* text: the sink is a terminal that shows colours */
    bool terminal; /* text: progress lines may be written and erased */
    bool times;    /* text: each line starts with its moment on the run's clock */
    bool sarif;    /* findings are kept for report_write_sarif */
    bool quiet; /* text: of runs that hold, nothing but the summary is shown (several files at once)
                 */
    uint32_t width;      /* columns of the terminal, 0: 100 */
    const char *command; /* how to repeat a run, e.g. "heddle run"; the file is put behind it */
    void (*sink)(void *context, const char *text, size_t length);
    void *context;
} report_options;

typedef struct reporter reporter;

reporter *report_create(const report_options *options);
void report_free(reporter *r);

/* A run of `p` starts; `iteration` counts from 1 when it is repeated, `iterations` how often in all
 * (1: not repeated). */
void report_begin(reporter *r, const plan *p, uint64_t iteration, uint64_t iterations);

/* One record, at once. */
void report_record(reporter *r, const observation_record *record);

/* The verdict and the line that says what was checked. */
void report_end(reporter *r, const plan *p, const observation *o, const verdict *v);

/* A file that could not be loaded. */
void report_load_errors(reporter *r, const char *file, const load_errors *errors);

/* A scenario that was not run, with the reason ("needs the npm package ringbuf.js, which is not
 * installed"). */
void report_not_run(reporter *r, const plan *p, const char *reason);

/* The same for what this build leaves out on purpose: never a failure. */
void report_left_out(reporter *r, const plan *p, const char *reason);

/* A run is still going on after `elapsed_ns`: on a terminal one line, erased by whatever is written
 * next. `index` of `total` scenarios, both from 1. */
void report_progress(reporter *r, const char *title, uint64_t elapsed_ns, size_t index,
                     size_t total);

/* The summary over all runs (written when there was more than one, or something was not run) and
 * the exit code of the whole invocation. `not_run_fails` makes a scenario that was not run count as
 * a failure (continuous integration). */
int report_finish(reporter *r, bool not_run_fails);

/* Every finding reported so far as a SARIF 2.1.0 file. STATUS_IO when it cannot be written. */
status report_write_sarif(const reporter *r, const char *path);

/* Everything reported so far as a JUnit XML file. STATUS_IO when it cannot be written. */
status report_write_junit(const reporter *r, const char *path);

#endif
