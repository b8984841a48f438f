#ifndef HEDDLE_TESTS_SCENARIOS_H
#define HEDDLE_TESTS_SCENARIOS_H

/* Only scenarios whose path contains this are run. */
extern const char *scenarios_wanted;

/* Every scenario holds in one run. One whose packages are missing is not run: a failure where CI is
 * set. */
void test_every_scenario_holds(void);

/* A script is emptied: then some expectation that shows a taught number fails. And every taught
 * number fails for one of the scripts. */
void test_numbers_depend_on_scripts(void);

/* heddle_object.c: what the `heddle` object promises beyond what scenarios show. */
void test_heddle_compares_and_describes(void);
void test_barrier_is_left_by_the_terminated(void);
void test_heddle_is_interrupted(void);

#endif
