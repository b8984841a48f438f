/* Starting the agents that a run begins with; the rest is made by their scripts. This header names no engine type. */
#ifndef HEDDLE_WEB_PROGRAM_H
#define HEDDLE_WEB_PROGRAM_H

#include "agent/agent.h"

/* A window agent (R-AG-01) with one realm that runs `script` (copied) under `url`; `document_url` is its base URL. The caller is counted
 * awake. `can_block` is false for every real window; bare scripts may ask for another main agent. */
struct window_options {
    const char *name, *document_url, *url, *script;
    size_t script_length;
    bool module;
};
status window_start(struct world *w, const struct window_options *options, struct agent **out);

/* The same script as the program of a dedicated worker that no script has made. */
status lone_worker_start(struct world *w, const struct window_options *options, struct agent **out);

#endif
