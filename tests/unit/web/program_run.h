/* Runs a script in a window agent of a world of its own, for tests that look at what it printed. */
#ifndef HEDDLE_TESTS_WEB_PROGRAM_RUN_H
#define HEDDLE_TESTS_WEB_PROGRAM_RUN_H

#include <stdbool.h>

/* What the run printed: one line per console call, and "error KIND: TEXT" per error that nobody caught, each ended by a line break. The
 * caller frees it. */
char *program_run(const char *script);

#endif
