/* How long a worker may live (HTML 10.2.4; R-WL-01..09): the predicates, from facts about its
 * owners, and what follows from them. Pure; any thread. */
#ifndef HEDDLE_WEB_WORKER_LIFETIME_H
#define HEDDLE_WEB_WORKER_LIFETIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of a worker at one moment. Times are ns of the run's clock. */
struct worker_facts {
    bool shared;
    bool wants_extended_lifetime;     /* the option of a SharedWorker */
    size_t owners;                    /* documents and workers in its owner set */
    bool owner_is_active;             /* some owner document is fully active */
    bool owner_is_needed;             /* some owner worker is actively needed */
    bool owner_is_extended;           /* some owner worker is in its extended lifetime */
    int64_t inactive_for;             /* since the last owner document was fully active, or went */
    int64_t alone_for;                /* since the owner set is empty */
    bool has_outside_ports, has_work; /* R-WL-03: ports entangled outside; timers, connections */
    bool something_loads;             /* some navigable is still loading */
    int64_t extended_timeout, between_loads; /* the knobs */
};

struct worker_lifetime {
    bool extended;    /* R-WL-01: in its extended lifetime */
    bool needed;      /* R-WL-02: actively needed */
    bool safe;        /* R-WL-03: protected */
    bool permissible; /* R-WL-04 */
    bool suspendable; /* R-WL-05 */
};

/* Asserts what must hold between them at every moment (invariant 11). */
struct worker_lifetime worker_lifetime(const struct worker_facts *f);

enum worker_fate {
    WORKER_RUNS,
    WORKER_STANDS, /* R-WL-07: its script does not run */
    WORKER_CLOSES, /* R-WL-06: its closing flag is set */
};

/* R-WL-06 leaves open when an orphan is closed: as soon as it is not protected any more (but what
 * is suspendable is suspended instead, or no page could come back), or (`lingers`) only when it is
 * not permissible any more. */
enum worker_fate worker_fate(const struct worker_facts *f, bool lingers);

/* After how long time alone may change it; -1: it does not. */
int64_t worker_fate_changes_in(const struct worker_facts *f);

#endif
