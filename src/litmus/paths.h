/* The paths of an agent: what it may do, whatever its reads give. A path is a list of events, with
 * values that refer to the reads of the path, and the conditions on those values under which the
 * agent takes it. Loops are unrolled, branches taken both ways, an index that depends on a read
 * becomes one path per element; compareExchange succeeds on one path and fails on another; wait
 * answers in each way it can.
 *
 * Ownership: everything lives in the region handed in. Threads: any. Blocking: never. */
#ifndef HEDDLE_LITMUS_PATHS_H
#define HEDDLE_LITMUS_PATHS_H

#include "litmus/program.h"

enum { LITMUS_PATHS = 2000, LITMUS_NODES = 30000, LITMUS_CONSTRAINTS = 64 };

typedef enum litmus_node_kind {
    NODE_CONSTANT,
    NODE_READ,    /* what event `event` of this path read */
    NODE_OPERATE, /* left operation right */
    NODE_MESSAGE  /* the value of message `event` of channel `operation` */
} litmus_node_kind;

/* A value that may depend on reads. */
typedef struct litmus_node {
    uint8_t kind;      /* litmus_node_kind */
    uint8_t operation; /* litmus_operator, or the channel */
    uint16_t left, right, event;
    litmus_value constant;
} litmus_node;

typedef enum litmus_event_kind {
    EVENT_READ,
    EVENT_WRITE,
    EVENT_MODIFY,  /* ReadModifyWriteSharedMemory */
    EVENT_SECTION, /* a critical section of a waiter list without a read in it */
    EVENT_POST,
    EVENT_RECEIVE,
    EVENT_START
} litmus_event_kind;

/* What a critical section does to its waiter list. */
typedef enum litmus_section {
    SECTION_NONE,
    SECTION_LOOK,    /* wait found another value */
    SECTION_SLEEP,   /* wait joined the list */
    SECTION_WOKEN,   /* wait came back with "ok" */
    SECTION_TIMEOUT, /* wait came back with "timed-out" and left the list */
    SECTION_NOTIFY   /* took `woken` waiters, of at most `most`, off the list */
} litmus_section;

typedef struct litmus_event {
    uint8_t kind; /* litmus_event_kind */
    uint8_t agent;
    uint8_t element;
    uint8_t size; /* bytes; 0 when it touches none */
    bool atomic, tear_free, big_endian;
    uint8_t section; /* litmus_section */
    uint8_t block;   /* or channel, or agent started */
    uint8_t woken, most;
    uint16_t offset;
    uint16_t value; /* node of its agent: what is written or posted */
    const litmus_step *step;
} litmus_event;

/* What the path asks of a value: to be false, to be true, or only that JavaScript can compute it at
 * all (no mixture of BigInt and Number, no BigInt larger than 64 bits). */
typedef enum litmus_demand { DEMAND_FALSE, DEMAND_TRUE, DEMAND_VALUE } litmus_demand;

typedef struct litmus_constraint {
    uint16_t node;
    uint8_t demand; /* litmus_demand */
} litmus_constraint;

static inline bool litmus_constraint_holds(const litmus_constraint *c, litmus_value value)
{
    return c->demand == DEMAND_VALUE || litmus_truth(value) == (c->demand == DEMAND_TRUE);
}

typedef enum litmus_path_end {
    PATH_RUNS_OUT,
    PATH_SLEEPS,  /* in a wait that nobody ends */
    PATH_LISTENS, /* for a message that nobody posts */
    PATH_NOT_STARTED,
    PATH_FAILS /* JavaScript would throw, or an index lies outside: the program is refused */
} litmus_path_end;

typedef struct litmus_path {
    litmus_event *events;
    litmus_constraint *constraints;
    uint16_t *registers; /* nodes; per register of the agent */
    uint8_t event_count, constraint_count;
    uint8_t end; /* litmus_path_end */
    const char *failure;
    const litmus_step *where; /* of the end */
} litmus_path;

typedef struct litmus_paths {
    litmus_node *nodes;
    size_t node_count;
    litmus_path *paths;
    size_t count;
} litmus_paths;

/* Fills `out` for one agent. False after an error was added: no bound could be kept. */
bool litmus_paths_find(const litmus_program *p, size_t agent, region *memory, litmus_paths *out,
                       load_errors *errors);

#endif
