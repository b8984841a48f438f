/* A program as the stress runner's threads run it: steps with addresses, in one loop that jumps
 * from step to step (direct threading), so that a store and the load behind it lie few instructions
 * apart: work between them hides what the machine does.
 *
 * Threads: stress_code_run by one thread per agent, on one batch. Blocking: never.
 * Ordering: plain accesses are relaxed atomics of their size, one mov; atomic ones are seq-cst. */
#ifndef HEDDLE_LITMUS_STRESS_CODE_H
#define HEDDLE_LITMUS_STRESS_CODE_H

#include "litmus/check.h"

/* Where the instances of a batch lie: block b of instance i at base[b] + place[i] * stride[b]. */
typedef struct stress_layout {
    uint8_t *base[LITMUS_BLOCKS];
    size_t stride[LITMUS_BLOCKS];
    const uint32_t *place; /* a permutation of the instances */
    bool in_order;         /* it is the identity */
} stress_layout;

/* What a register of every instance of a batch was in the end. */
typedef struct stress_column {
    uint8_t reg;
    uint32_t *raw;        /* four bytes as they were read, for a register that is one Int32 read */
    litmus_value *values; /* else */
} stress_column;

typedef struct stress_op {
    const void *label;
    uint8_t *base; /* of the access: its block's array and its offset */
    size_t stride;
    uint8_t element, size, operation;
    uint8_t target, left, right, index, scale;
    bool big_endian;
    uint16_t destination;
    uint64_t raw;     /* what is stored, when it is a constant */
    uint32_t *column; /* where the read goes, when nothing else in the agent needs it */
    litmus_value constant;
    uint8_t kind; /* stress_code.c's */
    uint8_t block;
    uint16_t offset;
} stress_op;

typedef struct stress_code {
    stress_op *ops;
    size_t count;
    stress_column columns[LITMUS_REGISTERS]; /* of the registers that are part of the outcome */
    size_t column_count, raw_count;
    /* A loop of its own for agents of one or two plain Int32 accesses: NULL for all others. */
    void (*kernel)(const stress_op *ops, size_t first, size_t end);
    bool labelled; /* the steps know where they are carried out */
    bool branches; /* a register may stay undefined */
} stress_code;

/* False: the agent waits, notifies, posts, receives or starts. */
bool stress_code_make(const litmus_program *p, size_t agent, size_t batch, region *memory,
                      stress_code *code);

/* Addresses for a layout. */
void stress_code_place(stress_code *code, const stress_layout *layout);

/* Runs instances `first` up to `end` (at most the batch it was made for) and fills their columns.
 */
void stress_code_run(stress_code *code, const stress_layout *layout, size_t first, size_t end);

#endif
