#ifndef HEDDLE_TESTS_MEMORY_SUITES_H
#define HEDDLE_TESTS_MEMORY_SUITES_H

void add_block_suite(void);
void add_access_suite(void);
void add_waiter_suite(void);
void add_hand_over_suite(void);

#endif
