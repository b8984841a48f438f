/* The topology of a run: clusters hold agents, agents hold realms (`heddle topology`, `heddle
 * can-share`).
 *
 * Threads: any. Errors: those of the buffer. */
#ifndef HEDDLE_REPORT_TOPOLOGY_H
#define HEDDLE_REPORT_TOPOLOGY_H

#include "base/buffer.h"
#include "scenario/observation.h"

void topology_write_text(const observation *o, buffer *out);
void topology_write_json(const observation *o, buffer *out);
void topology_write_dot(const observation *o, buffer *out); /* Graphviz */

/* One sentence that says whether what `from` posts may carry shared memory that `to` can use, and
 * why; true when it can. */
bool topology_can_share(const observation_realm *from, const observation_realm *to, buffer *reason);

#endif
