#ifndef HEDDLE_TESTS_BASE_SUITES_H
#define HEDDLE_TESTS_BASE_SUITES_H

void heap_arena_suite(void);
void agent_memory_suite(void);

#endif
