/* What the agents of one test share, for test262.c and test262_host.c.
 *
 * Ownership: the run lies on the warden's stack and outlives every thread of its world. The list of children is written by the main agent
 * only; its entries live as long as the run.
 * Lock order: none. Ordering guarantees:
 *  1. What the main agent put into the broadcast happens before a child takes it (release of `generation`).
 *  2. What a child did before it took a broadcast, ran or left happens before broadcast and start return (release of its words).
 * Progress guarantees: report and the reading of reports are wait-free; start and broadcast wait for the children, as the suite asks. */
#ifndef HEDDLE_WEB_TEST262_HOST_H
#define HEDDLE_WEB_TEST262_HOST_H

#include "web/test262.h"
#include "web/web_agent.h"

struct test262_child {
    struct test262_child *next;
    struct agent *agent;       /* counted by the main agent's side */
    _Atomic bool running;      /* release by the child, acquire by start */
    _Atomic bool gone;         /* release by the child's end, acquire by start and broadcast */
    _Atomic uint32_t received; /* generation of the last broadcast it took; release, acquire by broadcast */
};

struct test262_run {
    const struct test262_case *test;
    struct test262_result *result;
    _Atomic bool decided; /* acq_rel: whoever sets it first writes the result */
    struct world *world;
    struct agent *main;
    struct test262_child *children; /* main agent */
    bool loaded;                    /* main agent: it has asked for a module */
    rcu_queue reports;              /* pushed by children, popped by the main agent */
    /* The present broadcast: written by the main agent before `generation`. */
    _Atomic uint32_t generation;
    struct shared_block *block; /* counted */
    int64_t integer;
    bool is_bigint;
};

/* An agent's web part. */
struct test262_agent {
    struct web_agent web; /* first: see web_agent_free */
    struct test262_run *run;
    struct test262_child *child; /* NULL for the main agent */
};

static inline struct test262_agent *test262_agent_of(struct agent *a)
{
    return a->web;
}

/* Decides the test, once, and ends its world. `reason` NULL = passed; copied. */
void test262_decide(struct test262_run *run, const char *reason);

/* Takes the pending exception and decides the test with it. */
void test262_fail(JSContext *js, const char *where);

/* A realm with $262, print and setTimeout, owned by the agent. NULL when out of memory. */
struct realm *test262_realm(struct agent *a);

/* The agent's engine and first realm; false when that was not possible (the test is decided then). */
struct realm *test262_prepare(struct agent *a);

void test262_children_free(struct test262_run *run);

#endif
