/* The parts of the expectation checker: each adds verdict lines for one kind of expectation. */
#ifndef HEDDLE_SCENARIO_CHECK_H
#define HEDDLE_SCENARIO_CHECK_H

#include "scenario/expect.h"
#include "scenario/match.h"

typedef struct check_run {
    const plan *plan;
    const observation *seen;
    verdict *verdict;
    region *memory; /* the verdict's */
    bool *covered;  /* per record: a declaration stands for it */
} check_run;

/* Adds a line; `explanation` NULL means held. The texts are copied. */
verdict_line *check_add(check_run *run, verdict_topic topic, const char *what,
                        const char *explanation, number_list shows, source_position declared);

/* check_lines.c */
void check_sequence(check_run *run, verdict_topic topic, const expect_sequence *sequence);
void check_order(check_run *run, const expect_sequence *chain, size_t number);
void check_unordered(check_run *run);
void check_never(check_run *run);
void check_errors(check_run *run);

/* check_outcomes.c: `t` may be NULL; `last`: no further run comes. */
void check_outcomes(check_run *run, outcome_tally *t, bool last);
/* check_topology.c */
void check_topology(check_run *run);
/* check_timeline.c */
void check_timeline(check_run *run);

/* check_results.c */
void check_cells(check_run *run);
void check_findings(check_run *run);
void check_exit(check_run *run);
void check_undeclared(check_run *run);

#endif
