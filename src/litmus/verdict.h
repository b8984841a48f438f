/* What the file says about its program, compared with what the checker found. */
#ifndef HEDDLE_LITMUS_VERDICT_H
#define HEDDLE_LITMUS_VERDICT_H

#include "litmus/check.h"

typedef struct litmus_verdict_line {
    bool held;
    bool undecided;                  /* a bound was reached before it was known */
    const char *what;                /* "exists: r0 === 0 && r1 === 0" */
    const char *explanation;         /* "" when held */
    const litmus_question *question; /* NULL for the other lines */
    source_position where;
} litmus_verdict_line;

typedef struct litmus_verdict {
    litmus_verdict_line lines[LITMUS_QUESTIONS + 4];
    size_t count, failed, undecided;
} litmus_verdict;

/* Checks the program with both machines and judges. As litmus_check. `options` may be NULL. */
status litmus_judge(const litmus_program *p, const litmus_options *options, region *memory,
                    litmus_result *result, litmus_verdict *verdict, load_errors *errors);

/* "r0 = 0, r1 = 1" */
void litmus_outcome_write(const litmus_program *p, const litmus_value *slots, buffer *out);

/* "left writes x[0] and right reads it, and neither happens before the other" */
void litmus_race_write(const litmus_result *r, buffer *out);

/* exists, forbidden, always. */
const char *litmus_question_name(litmus_question_kind kind);

#endif
