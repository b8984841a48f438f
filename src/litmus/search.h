/* The inside of the checker. candidate.c builds the events of a choice of paths and what is certain
 * about them; values.c computes values through reads; order.c decides whether a memory order
 * exists; search.c walks; outcomes.c keeps what was found. */
#ifndef HEDDLE_LITMUS_SEARCH_H
#define HEDDLE_LITMUS_SEARCH_H

#include "litmus/check.h"

enum {
    SEARCH_BYTES = 512,
    SEARCH_DOMAIN = 64,
    SEARCH_LISTS = 8,
    SEARCH_EVENTS = LITMUS_EVENTS - 1, /* most of one candidate, the observer's included */
    SEARCH_INIT = LITMUS_EVENTS - 1    /* the bit of the initial value in a set of sources */
};

/* A waiter list whose critical sections are being put in an order. */
typedef struct search_list {
    uint8_t block;
    uint16_t offset;
    uint8_t sections[LITMUS_EVENTS];
    size_t count;
} search_list;

/* One way to give a read its bytes. */
typedef struct search_choice {
    int8_t sources[8];
    uint16_t key[8]; /* the bytes where they are known beforehand, else 256 + the source */
    uint64_t mask;
    uint64_t ordering; /* those sources that ask something of the memory order */
    int8_t partner;    /* a source with which the read races, or LITMUS_INIT */
    bool torn;
} search_choice;

typedef struct search {
    const litmus_program *program;
    const litmus_options *options;
    region *memory;
    load_errors *errors;
    litmus_result *result;
    litmus_paths paths[LITMUS_AGENTS];
    /* Instead of the walk over what is read, for every candidate with its happens-before so far. */
    void (*candidate)(struct search *s, const litmus_graph *hb);
    void *candidate_context;
    uint64_t steps_left;
    bool stopped; /* a bound was reached, or an error found */
    bool failed;

    /* the candidate */
    const litmus_path *chosen[LITMUS_AGENTS];
    uint8_t base[LITMUS_AGENTS + 1]; /* the first event of each agent; the observer's last */
    const litmus_event *events[LITMUS_EVENTS];
    litmus_event observer[LITMUS_SLOTS]; /* reads of final values */
    size_t event_count;
    uint64_t reads, writes;                    /* bit sets of events */
    uint64_t atomics;                          /* seq-cst */
    uint64_t uniform;                          /* reads all of whose bytes have the same writers */
    uint64_t same_range_writes[LITMUS_EVENTS]; /* seq-cst writes of an event's range */
    uint64_t conflicts[LITMUS_EVENTS]; /* writes: writes whose bytes meet, if not ordered a race */
    int16_t byte_index[LITMUS_BLOCKS][LITMUS_BLOCK_SIZE]; /* of all bytes that are touched */
    size_t byte_count;
    uint16_t first_byte[LITMUS_EVENTS];
    uint64_t writers[SEARCH_BYTES];
    uint8_t atomic_reads[LITMUS_EVENTS], plain_reads[LITMUS_EVENTS];
    size_t atomic_count, plain_count;
    search_list lists[SEARCH_LISTS];
    size_t list_count;
    int8_t posts[LITMUS_CHANNELS][LITMUS_EVENTS]; /* the event that posts message k, or -1 */
    size_t constraint_total;
    bool has_failure; /* a chosen path ends in what JavaScript refuses */

    /* What is chosen so far. Only a read from a seq-cst write of the same range synchronizes, so
     * only these choices change what happens before what; they are made first (`synchronizer`), and
     * the sources of all bytes afterwards, each read for itself. */
    int8_t synchronizer[LITMUS_EVENTS];  /* seq-cst reads: that write, or LITMUS_INIT for none */
    uint64_t source_mask[LITMUS_EVENTS]; /* known sources; bit SEARCH_INIT: the initial value */
    int8_t sources[LITMUS_EVENTS][8];
    uint64_t assigned; /* reads of which every byte has its source */

    /* values */
    uint64_t constant; /* writes whose bytes are known beforehand */
    uint64_t known_reads, known_writes, busy;
    uint64_t guessed; /* reads whose value is tried, to get around a cycle */
    uint64_t read[LITMUS_EVENTS], written[LITMUS_EVENTS];
    unsigned cycle; /* the read on which VALUE_CYCLE was met */
    litmus_value domain[SEARCH_DOMAIN];
    size_t domain_count;
    bool thin_air;

    /* found on the way to a leaf */
    bool racy, torn;
    uint8_t race[2];
    struct search_choice *choices; /* ways to read, of all reads of the candidate */
    size_t choice_count, choice_capacity;
    size_t first_choice[LITMUS_EVENTS + 1]; /* by position in `read_order` */
    uint8_t read_order[LITMUS_EVENTS];
    size_t read_count;
} search;

typedef enum value_state { VALUE_KNOWN, VALUE_UNKNOWN, VALUE_CYCLE, VALUE_REFUSED } value_state;

/* ---- search.c ---- */
search *search_create(const litmus_program *p, const litmus_options *options, region *memory,
                      litmus_result *result, load_errors *errors);
/* The whole walk. False after an error was added. */
bool search_run(search *s);

/* ---- candidate.c ---- */
/* Number every byte that some path touches. False: too many. */
bool candidate_number_bytes(search *s);
/* The events of the chosen paths and what is certain about them; `hb` gets agent order, starts and
 * messages. False when the paths do not fit together (a message received that nobody posts, …). */
bool candidate_build(search *s, litmus_graph *hb);
static inline bool candidate_equal_ranges(const litmus_event *a, const litmus_event *b)
{
    return a->block == b->block && a->offset == b->offset && a->size == b->size;
}

/* ---- values.c ---- */
void values_collect_domain(search *s);
void values_forget(search *s); /* before values of other sources are asked */
value_state values_of_node(search *s, unsigned agent, unsigned node, litmus_value *value);
value_state values_of_read(search *s, unsigned event, uint64_t *raw);
value_state values_written(search *s, unsigned event, uint64_t *raw);
/* False when a condition of a chosen path is certainly broken by the sources chosen so far. */
bool values_may_hold(search *s);
/* An execution computes what JavaScript refuses: the program is given up, with an error. */
void values_refuse(search *s);
/* Calls `found` for every way to give all events values: usually one, several out of thin air. */
void values_solve(search *s, void (*found)(search *s, void *context), void *context);

/* ---- order.c ---- */
/* What is known about the memory order while synchronizing writes are being chosen: the pairs that
 * every order must have, closed, and the choices that are open. It only grows with each read. */
typedef struct order_clause {
    uint64_t rivals; /* each of them before `write`, or after `read` */
    uint8_t write, read;
} order_clause;

typedef struct order_state {
    litmus_graph graph;
    size_t count;
    order_clause clauses[LITMUS_EVENTS]; /* at most one for each read */
} order_state;

void order_begin(const search *s, const litmus_graph *hb, order_state *state);
/* After the synchronizer of `read` was chosen and `hb` has grown by it. False: no order is left. */
bool order_extend(const search *s, const litmus_graph *hb, const order_state *before, unsigned read,
                  order_state *after);

/* Can all events be put into one memory order that `hb` allows (sec-memory-order), as far as the
 * sources of the reads are known? `order` gets the constraints that follow from it, closed. */
bool order_exists(const search *s, const litmus_graph *hb, litmus_graph *order);

/* ---- outcomes.c ---- */
litmus_outcome *outcomes_add(search *s, const litmus_value *slots);

#endif
