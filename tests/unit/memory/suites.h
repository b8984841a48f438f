#ifndef HEDDLE_TESTS_MEMORY_SUITES_H
#define HEDDLE_TESTS_MEMORY_SUITES_H

#include <CUnit/CUnit.h>
#include <stdlib.h>

void add_block_suite(void);
void add_access_suite(void);

/* How often a stress loop runs: `rounds`, times HEDDLE_STRESS if that is set. */
static inline long stress(long rounds)
{
    const char *factor = getenv("HEDDLE_STRESS");
    return factor ? rounds * atol(factor) : rounds;
}

#endif
