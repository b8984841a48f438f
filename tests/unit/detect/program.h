/* Little programs of shared memory, already interleaved: what the tests of the race detector run.
 */
#ifndef HEDDLE_TESTS_DETECT_PROGRAM_H
#define HEDDLE_TESTS_DETECT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOST_EVENTS 64
#define MOST_AGENTS 4
#define MEMORY 16 /* bytes that the programs use */

enum event_kind {
    READ, /* plain, of any range */
    WRITE,
    LOAD, /* Atomics, of a naturally aligned range */
    STORE,
    MODIFY,  /* a read-modify-write */
    SECTION, /* a critical section of the waiter list at `offset`: a notify */
    WAIT,    /* a critical section with the load in it */
    SEND,    /* a message; `number` names it */
    RECEIVE, /* of message `number` */
    START,   /* of agent `number`; its first event comes later */
    GROW,    /* of a growable block's length */
    LENGTH,  /* the length is read */
};

struct event {
    enum event_kind kind;
    unsigned agent, offset, size, number;
};

struct program {
    struct event events[MOST_EVENTS];
    unsigned count, agents;
};

enum verdict { FREE, OBSERVED, UNORDERED };

/* What was found between two events, the earlier one first. */
struct findings {
    enum verdict pair[MOST_EVENTS][MOST_EVENTS];
};

/* oracle.c: by the definition of ECMA-262, in the order of its sentences. */
void oracle_judge(const struct program *p, struct findings *out);

/* driver.c: the detector, fed with the events one after the other. */
void driver_run(const struct program *p, struct findings *out);
/* Around several runs: they share the detector, which costs less than one for each. */
void driver_open(void);
void driver_close(void);

/* named.c, generated.c */
bool named_test_breaks(const char *name); /* that test fails now; NULL: any does */
void add_named_tests(void *suite);
void add_generated_tests(void *suite);
void add_thread_tests(void *suite);
void add_clock_tests(void *suite);

#endif
