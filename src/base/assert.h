/* Assertions that stay on in release builds: a failed one is a bug of heddle itself, printed with what is needed to
 * repeat it, and ends the process with exit code 70. */
#ifndef HEDDLE_BASE_ASSERT_H
#define HEDDLE_BASE_ASSERT_H

#include <stdint.h>

_Noreturn void assert_failed(const char *file, int line, const char *expression);

/* The seed to print with a failed assertion; set once per run before agents start. */
void assert_set_seed(uint64_t seed);

#define hd_assert(e) ((e) ? (void)0 : assert_failed(__FILE__, __LINE__, #e))

/* An invariant of the web's rules, told with the rule's ID when it is broken. */
#define hd_invariant(rule, e) ((e) ? (void)0 : assert_failed(__FILE__, __LINE__, rule ": " #e))

#endif
