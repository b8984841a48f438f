/* Programs from circles of edges, as diy7 makes them: each edge says how one access and the next
 * are related (the same agent or another, the same cell or another, who reads whom), and the
 * outcome asked for is the one in which all these relations hold. */
#ifndef HEDDLE_LITMUS_GENERATE_H
#define HEDDLE_LITMUS_GENERATE_H

#include "base/buffer.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* Rfe (a read of another agent's write), Fre (a read before another agent's write), Wse or Coe (a
 * write before another agent's write), Pod and Pos with two of R and W (two accesses of one agent,
 * to different cells or to the same), e.g. PodWR. Writes a litmus file; every access atomic if
 * `atomic`. STATUS_INVALID: `error` (of `error_size` bytes) says what does not fit. */
status litmus_generate(const char *const *edges, size_t count, const char *name, bool atomic,
                       buffer *out, char *error, size_t error_size);

/* The edges of a shape by its name (SB, MP, IRIW, …), ending with NULL; NULL when there is none. */
const char *const *litmus_shape(const char *name);
/* The n-th name, NULL behind the last. */
const char *litmus_shape_name(size_t n);

/* Every program of some agents with up to some accesses each to some cells, each a read or a write,
 * plain or atomic; programs that differ in names only are visited once. `visit` gets the text of a
 * litmus file and says whether to go on. */
typedef struct litmus_bound {
    unsigned agents, accesses, cells;
} litmus_bound;
void litmus_generate_all(const litmus_bound *bound,
                         bool (*visit)(void *context, const buffer *text), void *context);

#endif
