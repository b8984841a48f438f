/* Executions for people: one that shows an outcome, or why none can. */
#ifndef HEDDLE_LITMUS_WITNESS_H
#define HEDDLE_LITMUS_WITNESS_H

#include "litmus/check.h"

/* A copy of a valid execution with an outcome that satisfies `q`; the plainest there is: not racy,
 * not out of thin air, not torn, if there is a choice. NULL: none is allowed. Lives in `memory`. */
const litmus_execution *litmus_witness_find(const litmus_program *p, const litmus_options *options,
                                            const litmus_question *q, region *memory,
                                            load_errors *errors);

/* "reads y[0] = 0" */
void litmus_event_write(const litmus_program *p, const litmus_event *e, uint64_t read,
                        uint64_t written, buffer *out);

/* Events, agent order, reads-from per byte, synchronizes-with, happens-before, one memory order. */
void litmus_witness_text(const litmus_execution *x, buffer *out);
void litmus_witness_json(const litmus_execution *x, buffer *out);
void litmus_witness_dot(const litmus_execution *x, buffer *out);

/* Why no execution has an outcome that satisfies `q`: of the candidates that would have it the one
 * that comes closest, and the axiom that it breaks, with the circle where it is one. False when no
 * choice of reads gives such values at all, or there are too many; the text says which. */
bool litmus_explain(const litmus_program *p, const litmus_options *options,
                    const litmus_question *q, region *memory, buffer *out, load_errors *errors);

#endif
