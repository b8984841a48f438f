#ifndef HEDDLE_TESTS_LITMUS_SUITES_H
#define HEDDLE_TESTS_LITMUS_SUITES_H

void add_value_suite(void);
void add_language_suite(void);
void add_check_suite(void);
void add_oracle_suite(void);
void add_generate_suite(void);
void add_stress_suite(void);
void add_library_suite(void);

#endif
