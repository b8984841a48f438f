/* Runs scripts in agents without a web around them. Each agent has the globals
 *   sab            a SharedArrayBuffer over one block of 1024 bytes that all agents of the run
 * share growable       one over a growable block, of 8 bytes and at most 64 report(text)   adds a
 * line "<agent>: <text>" to the log me             the agent's number, from 0 terminate(n)
 * terminates another agent detach(buffer), immutable(buffer), gc() */
#ifndef HEDDLE_TESTS_JS_AGENTS_H
#define HEDDLE_TESTS_JS_AGENTS_H

#include "agent/world.h"

struct js_run {
    bool cannot_block;
    bool apart;        /* every agent is a cluster of its own */
    bool walked;       /* the C library's heap, freed object by object, in place of an arena */
    size_t heap_limit; /* bytes per agent, 0 = default */
    /* Results. */
    enum world_end end;
    char blocked[256]; /* where agents are left blocked: "file:line offset", in no order */
};

/* Runs until nothing can happen any more; the log, valid until the next run. */
const char *js_run(struct js_run *run, int count, const char *const *scripts);

/* One script in one agent that may block. */
const char *js_eval(const char *script);

#endif
