/* Runs the items of a suite in several processes at once, so that one that hangs or crashes costs nothing but itself.
 *
 * Ownership: the results lie in memory shared with the processes; the caller frees the pool. Threads: one; must not have been used with
 * agents before, because it forks. Blocking: until every item has run. */
#ifndef HEDDLE_CLI_PROCESS_POOL_H
#define HEDDLE_CLI_PROCESS_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process_pool;

struct process_pool_options {
    size_t count; /* of items */
    unsigned jobs;
    uint64_t time_limit; /* ns for one item with all it does; some seconds later its process is killed */
    size_t result_size;  /* bytes for what one item has to tell; untouched pages cost nothing */
    /* In a process of its own: runs an item and writes its result, which is all zero before. */
    void (*run)(void *context, size_t index, void *result);
    /* In the parent: the process ended in the middle of the item, `why`; what it had written so far stands. */
    void (*blame)(void *context, size_t index, void *result, const char *why);
    /* Now and then while items run: how many are done. False ends the run. */
    bool (*tick)(void *context, size_t done);
    void *context;
};

struct process_pool *process_pool_create(const struct process_pool_options *options);
void process_pool_free(struct process_pool *p);

/* Runs everything; false when `tick` ended it. */
bool process_pool_run(struct process_pool *p);

/* What an item has written; NULL when it was not run. */
const void *process_pool_result(const struct process_pool *p, size_t index);

#endif
