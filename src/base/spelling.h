/* Words that are nearly another one: for "did you mean". Any thread. */
#ifndef HEDDLE_BASE_SPELLING_H
#define HEDDLE_BASE_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

/* True if `word` looks like a slip of the pen for `known`; *distance is then the number of letters
 * to insert, delete, replace or swap. */
bool spelling_is_near(const char *word, const char *known, size_t *distance);

/* The nearest of `count` words, NULL when none is near. */
const char *spelling_nearest(const char *word, const char *const *known, size_t count);

#endif
