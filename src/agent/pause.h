/* HTML "pause" (R-BL-01): what synchronous requests and dialogs do to their agent. */
#ifndef HEDDLE_AGENT_PAUSE_H
#define HEDDLE_AGENT_PAUSE_H

#include "agent/agent.h"

/* Own: the agent stands still for that much of the run's clock; no task, microtask or timer of it
 * runs meanwhile, and what fell due comes afterwards. False when it was terminated: whoever called
 * JavaScript is to unwind. Blocks. */
bool agent_pause(struct agent *a, int64_t ns);

#endif
