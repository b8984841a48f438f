/* The checker: every outcome of a litmus program that the memory model of ECMA-262 allows.
 *
 * It walks the candidate executions (sec-candidate-executions) byte by byte: a path for every
 * agent, an order for the critical sections of every waiter list, a write for every byte of every
 * read. It keeps those that satisfy sec-valid-executions, amended where the text says something
 * that nobody means; each such choice is listed here.
 *
 * The readings chosen:
 *  1. Two events race when neither happens before the other (the text since 2024 asks that not both
 *     do, which is always so).
 *  2. Init happens before every event that touches one of its bytes, also when the ranges are equal
 *     (the text says "overlapping", which excludes that).
 *  3. A read may mix bytes of the initial value with bytes of a write, since initial values are
 *     written byte by byte: `torn_initial` outcomes. LITMUS_TEARING_NONE takes initial values for
 * one write of the range that is read.
 *  4. A wait that times out leaves the waiter list and says so (the text since 2023 forgets to).
 *  5. Final values are read once, by an observer that all events happen before.
 *  6. Values out of thin air are allowed, as the text allows them, and tagged; since any value can
 * be had so, the constants of the program stand for all of them.
 *
 * Ownership: results live in the region handed in. Threads: any number, each with its own call.
 * Blocking: never; the bounds of the options keep it short. */
#ifndef HEDDLE_LITMUS_CHECK_H
#define HEDDLE_LITMUS_CHECK_H

#include "base/status.h"
#include "litmus/graph.h"
#include "litmus/paths.h"

#define LITMUS_INIT (-1) /* as the source of a byte: the initial value */

typedef enum litmus_tearing { LITMUS_TEARING_SPEC, LITMUS_TEARING_NONE } litmus_tearing;

/* One candidate execution that is valid. */
typedef struct litmus_execution {
    const litmus_program *program;
    size_t event_count;
    const litmus_event *events[LITMUS_EVENTS];
    int8_t sources[LITMUS_EVENTS][8]; /* reads-bytes-from: the write of each byte, or LITMUS_INIT */
    uint64_t read[LITMUS_EVENTS], written[LITMUS_EVENTS]; /* raw, first byte lowest */
    const litmus_graph *happens_before;
    uint64_t synchronizes[LITMUS_EVENTS]; /* the events that each one synchronizes with */
    uint8_t order[LITMUS_EVENTS];         /* one memory order: the events from first to last */
    const litmus_value *slots;
    bool racy, thin_air, torn_initial;
    uint8_t race[2]; /* racy: two events of a data race */
} litmus_execution;

typedef struct litmus_options {
    litmus_tearing tearing;
    uint64_t most_outcomes; /* 0: 100,000 */
    uint64_t most_steps;    /* of the search; 0: 200 million */
    /* For tests: which axiom is left out. */
    bool without_coherence, without_tear_free, without_order;
    /* Called for each valid execution whose outcome is wanted (`wanted` NULL: all of them). Plain
     * reads that differ in nothing that matters are visited once. */
    bool (*wanted)(void *context, const litmus_value *slots);
    void (*visit)(void *context, const litmus_execution *execution);
    void *context;
} litmus_options;

typedef struct litmus_outcome {
    const litmus_value *slots;
    uint64_t executions, racy_executions;
    bool thin_air;     /* only so */
    bool torn_initial; /* only so */
    bool sequential;   /* set by litmus_interleave */
    bool on_x86;       /* set by litmus_interleave */
} litmus_outcome;

typedef struct litmus_race {
    const litmus_step *steps[2]; /* NULL: none found. An access of the setup or an agent */
    uint8_t agents[2];
    uint8_t kinds[2]; /* litmus_event_kind */
    uint16_t offsets[2];
    bool different_ranges; /* two seq-cst accesses whose ranges only overlap */
} litmus_race;

typedef struct litmus_result {
    const litmus_program *program;
    litmus_outcome *outcomes;
    size_t count;
    uint64_t candidates; /* assignments of SC reads that were looked at */
    uint64_t executions;
    litmus_race race;
    bool racy;
    bool complete; /* false: a bound was reached, and outcomes may be missing */
    bool interleaved,
        on_x86_known; /* set by litmus_judge: the marks of the outcomes are complete */
    uint64_t *table;  /* outcomes by hash */
    size_t table_size, capacity;
} litmus_result;

/* STATUS_OK; STATUS_INVALID after an error was added (the program can leave what is defined: an
 * index out of range, a TypeError, too many events). */
status litmus_check(const litmus_program *p, const litmus_options *options, region *memory,
                    litmus_result *result, load_errors *errors);

/* The outcome with these values; NULL when it is not allowed. */
litmus_outcome *litmus_result_find(const litmus_result *r, const litmus_value *slots);

/* Sorted by the values, for people. */
void litmus_result_sort(litmus_result *r);

#endif
