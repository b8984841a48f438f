/* What others may ask about the timers of scripts. This header names no engine type. */
#ifndef HEDDLE_WEB_TIMERS_H
#define HEDDLE_WEB_TIMERS_H

#include "agent/agent.h"

/* A timer in words for reports: "setInterval(…, 1000)", and where it was set. `file` is NULL and `line` 0 when that is not known. */
struct timer_sight {
    bool repeats;
    int32_t timeout; /* ms, as asked for */
    const char *file;
    uint32_t line, column;
};

/* False when the timer is not one of a script's own. Any thread, while the agent sleeps; `file` lives as long as the timer. */
bool timer_look(const struct timer *t, struct timer_sight *out);

#endif
