#ifndef HEDDLE_TESTS_PLATFORM_SUITES_H
#define HEDDLE_TESTS_PLATFORM_SUITES_H

void add_crowd_suite(void);
void add_lock_suite(void);
void add_parcel_suite(void);

#endif
