/* Several runs at once, each in a process of its own, reported one after the other in the order of the files. */
#ifndef HEDDLE_CLI_RUN_JOBS_H
#define HEDDLE_CLI_RUN_JOBS_H

#include "report/report.h"
#include "scenario/runner.h"

/* A file that is to be run, or the reason why it is not. */
struct run_file {
    const char *path;
    plan *plan;          /* NULL: `errors` say why it could not be loaded */
    load_errors errors;
    outcome_tally *tally; /* of its runs */
    uint64_t times;      /* how often it is run; 0: `missing` is not installed */
    const char *missing; /* the plan's text */
    bool left_out;       /* it is a part of the engine that this build does without */
};

/* Loads a file to be run `repeat` times as often as it says. */
struct run_file run_file_open(const char *path, uint64_t repeat);
/* Reports a file that is not run; false when there is something to run. */
bool run_file_refused(const struct run_file *f, reporter *r);
void run_file_close(struct run_file *f);

struct run_jobs {
    const struct run_options *options; /* record and tick are not called */
    reporter *reporter;
    const char *const *files;
    size_t file_count;
    uint64_t repeat;
    unsigned jobs; /* processes at once */
};

/* Blocks. EXIT_HOLDS, or EXIT_INTERNAL when a process died; the reporter knows the rest. The calling process has run nothing itself. */
int run_jobs(const struct run_jobs *j);

#endif
