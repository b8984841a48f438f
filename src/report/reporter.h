/* The inside of a reporter, shared by the formats. */
#ifndef HEDDLE_REPORT_REPORTER_H
#define HEDDLE_REPORT_REPORTER_H

#include "base/buffer.h"
#include "base/region.h"
#include "report/report.h"

typedef enum result_outcome {
    RESULT_HOLDS,
    RESULT_FAILS,
    RESULT_BOUND,
    RESULT_INTERRUPTED,
    RESULT_INVALID,
    RESULT_NOT_RUN
} result_outcome;

/* One failure in a few words, for the summary and the JUnit file. */
typedef struct result_failure {
    struct result_failure *next;
    const char *what;
    const char *details;
} result_failure;

/* What is kept of one scenario after its runs. */
typedef struct scenario_result {
    struct scenario_result *next;
    const char *file;
    const char *title;
    const char *again; /* the command that repeats the first run that failed, else any */
    result_outcome outcome;
    bool left_out; /* not run, and not meant to be in this build */
    int exit_code;
    uint64_t runs, failed_runs;
    uint64_t wall_ns;
    result_failure *failures; /* of the first run that failed */
} scenario_result;

struct reporter {
    report_options options;
    region *memory;
    buffer held_back; /* text that is only shown when the run fails */
    buffer line;      /* being composed */
    bool after_blank; /* the line before was empty */
    scenario_result *first, *last;
    bool progress_shown;
    bool anything_written;

    /* The run that is going on. */
    const plan *plan;
    uint64_t iteration, iterations;
    uint32_t name_width, kind_width;
    const char **agents; /* seen so far, for colours */
    size_t agent_count, agent_capacity;
    uint64_t console_lines;

    /* What was found in all runs, as SARIF results separated by commas; only kept when asked for. */
    buffer sarif;
};

/* report.c */
void reporter_write(reporter *r, const char *text, size_t length);
void reporter_write_line(reporter *r); /* hands r->line over and empties it */
const char *reporter_again(reporter *r, const char *file, const plan *p, const observation *o);
void reporter_add_duration(buffer *out, uint64_t ns);
const char *result_outcome_name(result_outcome outcome);

/* text.c */
void text_begin(reporter *r);
void text_record(reporter *r, const observation_record *record);
void text_end(reporter *r, const observation *o, const verdict *v, const scenario_result *result);
void text_load_errors(reporter *r, const char *file, const load_errors *errors);
void text_not_run(reporter *r, const scenario_result *result, const char *reason);
void text_progress(reporter *r, const char *title, uint64_t elapsed_ns, size_t index, size_t total);
void text_summary(reporter *r);

/* text_finding.c */
void text_finding(reporter *r, const observation_record *record);
/* A stack frame with the places in inline scripts translated into places of the scenario file. */
void text_add_located(const reporter *r, const char *text, size_t length, buffer *out);

/* text_race.c */
void text_race(reporter *r, const observation_record *record);
void text_advice(reporter *r, const observation_record *record);

/* sarif.c */
void sarif_record(reporter *r, const observation_record *record);

/* text_style.c: colours and columns. Every piece that opens a colour closes it. */
typedef enum text_colour {
    TEXT_PLAIN,
    TEXT_DIM,
    TEXT_BOLD,
    TEXT_GREEN,
    TEXT_RED,
    TEXT_YELLOW,
    TEXT_AGENT /* the first of several that tell agents apart */
} text_colour;
void text_add(reporter *r, unsigned colour, const char *text);
void text_add_column(reporter *r, unsigned colour, const char *text, uint32_t width);
void text_add_safely(reporter *r, unsigned colour, const char *text,
                     size_t length); /* control characters made visible */
uint32_t text_width(const char *text);
unsigned text_agent_colour(reporter *r, const char *agent);
void text_add_prefix(reporter *r, const observation_record *record); /* time, agent, kind */
void text_add_blank_prefix(reporter *r);
void text_add_position(reporter *r, source_position where);

/* json_lines.c */
void lines_begin(reporter *r);
void lines_record(reporter *r, const observation_record *record);
void lines_end(reporter *r, const observation *o, const verdict *v, const scenario_result *result);
void lines_load_errors(reporter *r, const char *file, const load_errors *errors);
void lines_not_run(reporter *r, const scenario_result *result, const char *reason);
void lines_summary(reporter *r, int exit_code);

#endif
