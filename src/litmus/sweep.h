/* All ways to make the accesses of a program plain or atomic, and which of them forbid an outcome.
 */
#ifndef HEDDLE_LITMUS_SWEEP_H
#define HEDDLE_LITMUS_SWEEP_H

#include "litmus/check.h"

enum { LITMUS_SWEPT = 14 }; /* accesses, most: each doubles the ways */

typedef struct litmus_swept {
    uint8_t agent;
    uint16_t step; /* of the agent */
} litmus_swept;

/* What one way gives; bit i of its number: access i is atomic. */
typedef struct litmus_way {
    bool allowed; /* an allowed outcome satisfies the question */
    bool racy;
    bool minimal; /* forbids, and no way with fewer atomic accesses of these does */
    bool complete;
} litmus_way;

typedef struct litmus_sweep {
    litmus_swept accesses[LITMUS_SWEPT];
    size_t access_count;
    litmus_way *ways;
    size_t way_count, forbidding, minimal;
} litmus_sweep;

/* Sweeps the reads and writes of typed arrays that Atomics accept; read-modify-writes stay. `q`:
 * the outcome asked for. STATUS_LIMIT: too many accesses. As litmus_check otherwise. */
status litmus_sweep_run(const litmus_program *p, const litmus_question *q, region *memory,
                        litmus_sweep *sweep, load_errors *errors);

/* "x[0] = …" as a short name of an access: "left writes x[0]". */
void litmus_swept_write(const litmus_program *p, const litmus_swept *access, buffer *out);

#endif
