/* The virtual network of one run: answers requests from the plan, and counts which version of a
 * resource is next.
 *
 * Ownership: made and freed by the run; the plan outlives it. Threads: any agent's; nothing is
 * locked. Blocking: reads files. */
#ifndef HEDDLE_SCENARIO_NETWORK_H
#define HEDDLE_SCENARIO_NETWORK_H

#include "scenario/plan.h"
#include "web/resource.h"

struct network;

struct network *network_create(const plan *p);
void network_free(struct network *n);

/* What agents load from; as long as the network. */
struct resource_loader network_loader(struct network *n);
const struct declared_origin *network_origins(const struct network *n);

#endif
