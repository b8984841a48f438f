/* What the specifications leave open, as a run chooses it. Zero is what the web does, so a run that
 * chooses nothing leaves all at zero. Constant while agents run. */
#ifndef HEDDLE_WEB_KNOBS_H
#define HEDDLE_WEB_KNOBS_H

#include <stdbool.h>
#include <stdint.h>

struct web_knobs {
    int64_t timer_slack;       /* ns that every timer is late (R-TM-07) */
    int64_t hidden_throttle;   /* ns that a timer of a hidden document takes at least (R-TM-07) */
    int32_t timer_clamp;       /* ms of deeply nested timers; 0: 4 (R-TM-03) */
    bool timer_level_inherits; /* a timer set by a microtask is nested as its task is (R-TM-04) */
    bool shared_port_starts;   /* the port of a SharedWorker's first maker is enabled (R-MP-04) */
    bool early_messages_lost;  /* messages to a worker whose script has not run yet (R-MP-03) */
    bool starts_hidden;        /* tabs are not visible before a timeline shows them (R-RN-01) */
    bool service_workers_isolate; /* by the embedder policy of their own response (R-COI-04) */
    bool worklets_isolate; /* worklets that are not audio inherit the capability, too (R-COI-05) */
    enum { BFCACHE_ON, BFCACHE_OFF, BFCACHE_IN_PART } bfcache; /* R-CR-05 */
    int64_t sw_idle, sw_event_limit; /* ns; 0: service workers are never stopped (R-SV-12) */
    bool storage_is_shared; /* storage keys have no top-level site in them (R-SW-01) */
    int64_t extended_lifetime, between_loads; /* ns that shared workers may live without owners (R-WL-01, R-WL-04) */
    bool orphans_linger;   /* workers end when they must, not when they may (R-WL-06) */
    uint32_t css_scopes;   /* global scopes of paint, layout and animation worklets; 0: 2 */
};

#endif
