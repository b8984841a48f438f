/* The benchmarks: jobs are programs run under heddle and its peers; goals compare the figures they
 * print.
 *
 * A program prints lines that contain `figure NAME VALUE`. A probe adds what is measured from
 * outside: wall-ms, cpu-ms, cpu-us-per-trip (with a program's `trips`), resident-KiB, total-GiB,
 * memory-back-ms. */
#ifndef HEDDLE_TESTS_BENCH_H
#define HEDDLE_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>

enum runtime { HEDDLE, OBSERVED, NODE, BUN, DENO, RUNTIME_COUNT };

enum probe {
    PROBE_RUN,       /* to the end */
    PROBE_IDLE,      /* until it says `figure idle`; then memory is read and the program killed */
    PROBE_TERMINATE, /* resident memory is sampled around the moment the program states */
};

struct job {
    const char *name, *program;
    int count; /* > 0: `const count = …, time = …` goes in front of the program */
    enum probe probe;
    unsigned runtimes; /* bits */
    bool one_core, no_spin, once;
    int repeats;       /* in a row, of which the middle one counts; 0 = 1 */
    int turns;         /* that the runtimes take in a round; 0 = 1 */
    const char *rival; /* the job that heddle runs in turns with this one, many times a round */
    int turn_time;     /* ms of one turn */
};

struct sample {
    char name[48];
    double value;
};

#define SAMPLES 16

struct samples {
    struct sample list[SAMPLES];
    size_t count;
};

void samples_add(struct samples *s, const char *name, double value);

/* Runs one program; arguments ends with NULL. False when it failed or took longer than `seconds`.
 */
bool probe_run(char *const *arguments, const char *folder, const struct job *job, double seconds,
               struct samples *out);

/* Own process; false where it is not allowed. */
bool probe_take_precedence(void);

enum goal_kind {
    GOAL_NONE,    /* for information */
    GOAL_AT_MOST, /* heddle's own figure, in the goal's unit */
    GOAL_AT_LEAST,
    GOAL_FASTER, /* heddle / node for rates, node / heddle for times and sizes, at least `bound`:
                    the median of the ratios of neighbouring runs */
    GOAL_VERSUS, /* like GOAL_FASTER, but against heddle's own figure of the job `versus` */
};

struct goal {
    const char *title, *job, *figure, *unit;
    bool rate; /* more is better */
    enum goal_kind kind;
    double bound;
    const char *versus;
    enum runtime subject;       /* HEDDLE unless told otherwise */
    double subtract_job_divide; /* > 0: (figure of job - figure of `versus`) / this, for every
                                   runtime */
    double added_divide;        /* > 0: (observed - plain variant) / this */
    bool times_plain;           /* observed / plain variant */
};

extern const struct job jobs[];
extern const size_t job_count;
extern const struct goal goals[];
extern const size_t goal_count;

#endif
