/* Compares a plan's expectations with what a run produced.
 *
 * Each expectation gives one line: held, or failed with a sentence that says what was expected,
 * what came, and what is nearest to it. What nobody declared (a finding, an uncaught error) gives a
 * failed line of its own.
 *
 * How the kinds read an output: `log` and `console` are complete (every line, in this order,
 * nothing else); `order`, `unordered` and `never` look only at the lines they name; `errors` and
 * `findings` declare, so that together they must cover what was found.
 *
 * Ownership: the verdict owns its texts but points into the plan and the observation for positions:
 * free it first. Threads: any, without shared state. Blocking: never. */
#ifndef HEDDLE_SCENARIO_EXPECT_H
#define HEDDLE_SCENARIO_EXPECT_H

#include "base/region.h"
#include "scenario/observation.h"
#include "scenario/plan.h"

/* Exit codes of the program, stable. */
enum {
    EXIT_HOLDS = 0,
    EXIT_FINDING = 1,
    EXIT_USAGE = 2,
    EXIT_INVALID = 3,
    EXIT_BOUND = 4,
    EXIT_INTERNAL = 70,
    EXIT_INTERRUPTED = 130
};

/* What kind of statement a verdict line is about; `verdict_topic_name` gives the words for "what
 * was checked". */
typedef enum verdict_topic {
    VERDICT_LOG,
    VERDICT_CONSOLE,
    VERDICT_ORDER,
    VERDICT_UNORDERED,
    VERDICT_NEVER,
    VERDICT_ERRORS,
    VERDICT_CELLS,
    VERDICT_FINDINGS,
    VERDICT_TOPOLOGY,
    VERDICT_EXIT,
    VERDICT_TIMELINE,
    VERDICT_OUTCOMES,
    VERDICT_UNDECLARED, /* a finding or error that no expectation covers: always failed */
    VERDICT_TOPIC_COUNT
} verdict_topic;

typedef struct verdict_line {
    verdict_topic topic;
    bool held;
    bool consequence; /* failed only because an earlier line of the same sequence did: reports may
                         skip it */
    const char *what; /* the expectation in a few words, e.g. "log line 3" */
    const char *explanation; /* why it failed, possibly several lines; "" when held */
    number_list shows;
    source_position declared;         /* in the scenario file; line 0 for VERDICT_UNDECLARED */
    const observation_record *record; /* VERDICT_UNDECLARED: the finding */
} verdict_line;

typedef struct verdict {
    region *memory;
    verdict_line *lines;
    size_t count;
    size_t capacity;
    size_t held;
    size_t failed;            /* with consequences */
    size_t declared_findings; /* found and declared */
    size_t unchecked;         /* expectations of races, while the race detector was off: neither held nor failed */
    bool bound_reached;       /* the time limit ended the run and nobody declared that */
    bool interrupted;
    int exit_code;
} verdict;

/* Never NULL; the caller frees it. The exit code is EXIT_HOLDS, EXIT_FINDING, EXIT_BOUND or
 * EXIT_INTERRUPTED. */
verdict *expect_check(const plan *p, const observation *o);

/* The outcomes of several runs, which may be told one after the other. */
typedef struct outcome_tally outcome_tally;
outcome_tally *outcome_tally_create(const plan *p);
void outcome_tally_free(outcome_tally *t); /* NULL is allowed */

/* The same for one of several runs; with the last one it is checked how often each outcome came. */
verdict *expect_check_next(const plan *p, const observation *o, outcome_tally *t, bool last);
void verdict_free(verdict *v);

/* True when every expectation that shows this syllabus number holds, and there is one. A test that
 * takes the scripts away wants it to become false. */
bool verdict_number_holds(const verdict *v, uint32_t number);

/* In words for people ("the whole log in order") and as a stable key for programs ("log");
 * constant. */
const char *verdict_topic_name(verdict_topic topic);
const char *verdict_topic_key(verdict_topic topic);

/* The exit code of several runs together: 70 before 130, 3, 1, 4, 0 (a usage error never gets this
 * far). */
int exit_code_worse(int a, int b);

#endif
