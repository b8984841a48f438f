/* The observation: what one run produced, in the order in which it happened. Filled by the runner,
 * read by the expectation checker and the reports.
 *
 * Ownership: every text handed in is copied; everything dies with `observation_free`. Threads: one
 * at a time (the run's writer fills it). Blocking: never. Times are nanoseconds of the run's clock,
 * counted from its start. */
#ifndef HEDDLE_SCENARIO_OBSERVATION_H
#define HEDDLE_SCENARIO_OBSERVATION_H

#include "base/console_level.h"
#include "base/finding.h"
#include "base/region.h"
#include "scenario/plan.h"

#include <stdint.h>

typedef enum observation_kind {
    OBSERVATION_CONSOLE, /* one call of a console method */
    OBSERVATION_ERROR, /* an uncaught error, unhandled rejection or script error: a finding too, of
                          `finding`'s kind */
    OBSERVATION_FINDING, /* any other finding */
    OBSERVATION_EXIT,    /* an agent's end; `text` says how: finished, closed, terminated,
                            heap-exhausted, ... */
    OBSERVATION_MOMENT   /* a moment of the timeline was carried out; `text` says what was done, or
                            why not */
} observation_kind;

/* One agent's part in a finding: who waits, where, on what, since when. Unknown texts are NULL. */
typedef struct observation_party {
    const char *agent;
    const char *agent_kind;
    const char *doing;     /* "Atomics.wait" */
    source_position where; /* of the call */
    bool has_cell;
    uint64_t block;       /* number of the shared block, from 1 in order of creation */
    uint64_t byte_offset; /* in it */
    const char *cell;     /* the name under which a script registered that cell */
    const char *value;    /* what the cell holds now, and so the value waited upon */
    uint64_t since_ns;
    /* Races: `doing` is "writes" or "Atomics.store", and byte_offset where its bytes begin. */
    uint64_t byte_size;
    const char *array;    /* "Int32Array", "DataView"; NULL = unknown */
    bool has_index;
    uint64_t index;       /* of the element in that array */
    const char *stack;    /* one frame per line, from the access outwards */
    const char *before, *after; /* the element's values, NULL = unknown */
} observation_party;

/* What is known of a race beyond who, where and what. */
typedef struct observation_race {
    const char *class; /* "observed", "unordered", "undecided", "exclusive" */
    uint64_t count;    /* how often these two positions raced */
    uint64_t block, block_size;
    uint64_t byte_offset, byte_size;  /* what both accesses touch */
    source_position allocated;        /* where the block was made */
    const char *allocated_by;         /* agent */
    const char *consequence;          /* "lost update" */
    /* Texts of one or several lines. */
    const char *happens; /* what can come of it */
    const char *because; /* why nothing orders the two */
    const char *missing; /* the edge that is nearest to ordering them */
    const char *remedy;  /* the smallest change, as a code frame */
    const char *rule;    /* the clause */
    const char *accepted; /* who says that this race is meant, and why; NULL = nobody */
} observation_race;

typedef struct observation_record {
    observation_kind kind;
    uint64_t sequence; /* from 1, given by observation_add */
    uint64_t time_ns;
    const char *agent;      /* NULL: the run as a whole */
    const char *agent_kind; /* window, dedicated-worker, ... */
    const char *text;
    const char *stack;     /* errors: the JavaScript stack, one frame per line */
    source_position where; /* the call or the throw */
    console_level level;   /* OBSERVATION_CONSOLE */
    finding_kind finding;  /* OBSERVATION_ERROR, OBSERVATION_FINDING */
    observation_party *parties;
    size_t party_count;
    size_t moment; /* OBSERVATION_MOMENT: which of the plan's timeline */
    bool held;     /* OBSERVATION_MOMENT: it could be done, or what must hold did */
    observation_race *race; /* FINDING_RACE */
    bool tolerated;         /* a finding that needs no declaration: see --fail-on */
} observation_record;

/* The last value of a cell that a script registered with heddle.cell(name, typedArray, index). */
typedef struct observation_cell {
    const char *name;
    const char *value; /* decimal, as JavaScript prints it */
    const char *type;  /* Int32Array, ... */
    uint64_t block;
    uint64_t byte_offset;
} observation_cell;

/* A realm that the run had: who was where. `name` is a window's, a frame's or a worker's. */
typedef struct observation_realm {
    const char *name;
    const char *url;
    const char *origin;
    const char *agent, *agent_kind;
    const char *rule;      /* what put it into its agent: "R-AG-11.1: ..." */
    const char *key;       /* of its cluster; NULL = none */
    const char *isolation; /* of its cluster: none, logical, concrete */
    uint32_t agent_id, cluster;
    uint32_t context, group; /* windows: the browsing context and its group; else 0 */
    bool can_block, origin_keyed, isolated;
} observation_realm;

typedef enum run_end {
    RUN_END_IDLE,        /* nothing can happen any more */
    RUN_END_DEADLOCK,    /* agents are left blocked for ever */
    RUN_END_TIME_LIMIT,  /* the time limit was reached */
    RUN_END_INTERRUPTED, /* somebody pressed Control-C */
    RUN_END_COUNT
} run_end;

typedef struct observation {
    region *memory;
    observation_record *records;
    size_t count;
    size_t capacity;
    observation_cell *cells;
    size_t cell_count;
    size_t cell_capacity;
    observation_realm *realms; /* ordered by cluster, then by agent, then as they came */
    size_t realm_count;
    size_t realm_capacity;
    run_end end;
    uint64_t seed;
    uint64_t agents;        /* that ever started */
    uint64_t shared_blocks; /* that were ever allocated */
    uint64_t virtual_ns;    /* length of the run on its own clock */
    uint64_t wall_ns;       /* and on the machine's */
    bool races_watched;     /* the race detector was on; otherwise `races_off` says why not */
    const char *races_off;
    uint64_t shared_accesses, blocks_watched; /* of blocks that several agents could know */
    uint64_t races, races_accepted;           /* distinct ones */
    const char *races_note; /* what the detector could not do: lines, NULL = nothing */
    bool stuck;             /* an agent was left inside a long built-in: its thread still runs */
} observation;

observation *observation_create(void);
void observation_free(observation *o);

/* Copies `record` (all texts, all parties) to the end; the sequence number is set here. The result
 * is valid until the next call. */
const observation_record *observation_add(observation *o, const observation_record *record);

/* Sets a cell's value; a second call for the same name replaces the first. */
void observation_set_cell(observation *o, const observation_cell *cell);
const observation_cell *observation_find_cell(const observation *o, const char *name);

/* Copies the realm to its place in the order. */
void observation_add_realm(observation *o, const observation_realm *realm);
/* The last one of that name, or of an agent of that name; NULL when there is none. */
const observation_realm *observation_find_realm(const observation *o, const char *name);

/* Constant names: console, error, finding, exit · log, info, warn, error, debug · idle, deadlock,
 * time-limit, interrupted */
const char *observation_kind_name(observation_kind kind);
const char *console_level_name(console_level level);
const char *run_end_name(run_end end);

#endif
