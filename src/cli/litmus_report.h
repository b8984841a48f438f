/* What `heddle litmus` prints: text for people, JSON for programs. */
#ifndef HEDDLE_CLI_LITMUS_REPORT_H
#define HEDDLE_CLI_LITMUS_REPORT_H

#include "litmus/stress.h"
#include "litmus/verdict.h"

/* One program with everything that was found about it. */
typedef struct litmus_found {
    const litmus_program *program;
    const litmus_result *result;
    const litmus_verdict *verdict;
    double check_seconds;
    const litmus_stress_result *stress; /* NULL: not run */
    const litmus_stress_result *engine; /* NULL: not run through the JavaScript engine */
    const char *story; /* how an outcome comes about, or why it cannot; NULL: not told */
    bool all;          /* every outcome, however many */
} litmus_found;

typedef enum litmus_colour {
    LITMUS_DIM,
    LITMUS_BOLD,
    LITMUS_GREEN,
    LITMUS_RED,
    LITMUS_YELLOW
} litmus_colour;

/* Colours are written only after litmus_report_colours(true). */
void litmus_report_colours(bool on);
void litmus_report_paint(buffer *out, litmus_colour colour, const char *text);
/* Wraps `text` at 100 columns; every line begins with `indent` blanks. */
void litmus_report_wrap(buffer *out, const char *text, unsigned indent);

void litmus_report_text(const litmus_found *f, buffer *out);
void litmus_report_json(const litmus_found *f, buffer *out);
/* One line of the table of a folder; `header` once before. */
void litmus_report_row(const litmus_found *f, buffer *out);
void litmus_report_header(buffer *out);

#endif
