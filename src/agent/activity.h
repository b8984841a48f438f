/* Whether the tasks of one document may run (HTML "fully active"; R-EL-03, R-LIFE-01, R-LIFE-04,
 * R-LIFE-06).
 *
 * Ownership: counted: the document holds one reference, every task of it another. Threads: the
 * state is written and read on the thread of the document's agent; references may be taken
 * anywhere. */
#ifndef HEDDLE_AGENT_ACTIVITY_H
#define HEDDLE_AGENT_ACTIVITY_H

#include <stdatomic.h>
#include <stdint.h>

enum activity_state {
    ACTIVITY_ACTIVE,
    ACTIVITY_SUSPENDED, /* its tasks stay in the queue */
    ACTIVITY_ENDED,     /* its tasks are dropped */
};

#define ACTIVITY_SOURCES 16 /* more than there are task sources */

struct activity {
    _Atomic uint32_t references; /* relaxed up, acq_rel down */
    enum activity_state state;
    uint64_t arrivals[ACTIVITY_SOURCES]; /* per task source: of its last task that began (R-EL-01) */
};

struct activity *activity_create(void); /* active; NULL when out of memory */
struct activity *activity_ref(struct activity *x);
void activity_unref(struct activity *x); /* NULL is allowed */

#endif
