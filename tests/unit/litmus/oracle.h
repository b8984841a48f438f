/* The memory model once more, written from its text and slow on purpose: every source for every
 * byte of every read, every order of all events, each axiom as it stands. And an interleaver of
 * whole accesses. Both know straight-line programs only (no branches, no waiting) and share nothing
 * with the checker but the program's code. */
#ifndef HEDDLE_TESTS_LITMUS_ORACLE_H
#define HEDDLE_TESTS_LITMUS_ORACLE_H

#include "litmus/program.h"

enum { ORACLE_OUTCOMES = 4096, ORACLE_EVENTS = 10 };

typedef struct oracle_outcome {
    double slots[LITMUS_SLOTS];
    bool racy; /* in some execution */
} oracle_outcome;

typedef struct oracle_set {
    oracle_outcome items[ORACLE_OUTCOMES];
    size_t count;
    bool racy, too_many;
} oracle_set;

/* All outcomes whose values do not come out of thin air. */
void oracle_allowed(const litmus_program *p, oracle_set *out);

/* One access as an interleaving made it. */
typedef struct oracle_access {
    int agent, offset, size; /* bytes, of all blocks in a row */
    bool reads, writes, atomic;
} oracle_access;

/* Every interleaving: its accesses in their order. */
void oracle_each_interleaving(const litmus_program *p,
                              void (*visit)(void *context, const oracle_access *accesses,
                                            size_t count),
                              void *context);

/* detector.c: whether the race detector, fed with every interleaving, finds a data race in one. */
bool detector_finds_race(const litmus_program *p);

/* All outcomes of interleavings. */
void oracle_interleaved(const litmus_program *p, oracle_set *out);

const oracle_outcome *oracle_find(const oracle_set *set, const double *slots, size_t count);

#endif
