/* Two machines that run a litmus program in every way they can: one in which each access reaches
 * memory at once and in the order of the program (sequential consistency), and x86-TSO, where every
 * agent keeps its plain writes in a first-in first-out buffer, reads from it first, and a seq-cst
 * write or read-modify-write (xchg, lock) waits until it is empty.
 *
 * Threads: any. Blocking: never; a bound on the number of states keeps it short. */
#ifndef HEDDLE_LITMUS_INTERLEAVE_H
#define HEDDLE_LITMUS_INTERLEAVE_H

#include "litmus/check.h"

typedef enum litmus_machine { LITMUS_SEQUENTIAL, LITMUS_X86 } litmus_machine;

/* Marks the outcomes of `r` that the machine can show (`sequential`, `on_x86`). False when more
 * than `most_states` states were needed (0: 300,000): marks may be missing then. `*beyond` (or
 * NULL) counts outcomes of the machine that `r` does not have: none, if both are right and `r` is
 * complete.
 */
bool litmus_interleave(litmus_result *r, litmus_machine machine, uint64_t most_states,
                       uint64_t *beyond);

#endif
