/* A list of races that are known: a text file, one to a line, each with its reason.
 *
 *     race page.js:12 worker.js:3:9 -- statistics; a lost count does no harm
 *     unordered lib/log.js:40 -- read for display only
 *
 * Words: `race` for any, or a class (observed, unordered), one or two places (a file's name with or
 * without leading folders, a line, perhaps a column), " -- ", a reason. Empty lines and lines that
 * begin with # are skipped.
 *
 * Ownership: the caller frees it, and so does each process that was forked with it. Threads: one at a time. */
#ifndef HEDDLE_SCENARIO_SUPPRESSIONS_H
#define HEDDLE_SCENARIO_SUPPRESSIONS_H

#include "base/buffer.h"
#include "base/status.h"
#include "scenario/plan.h"

struct suppressions;

/* STATUS_NO_MEMORY, STATUS_IO, or STATUS_INVALID with a line "file:line:column: what was expected" for each mistake
 * in `errors`. */
status suppressions_load(const char *path, struct suppressions **out, buffer *errors);
void suppressions_free(struct suppressions *s);

/* The reason with its place, if a line covers a race of that class at these two places; NULL
 * otherwise. Marks the line as used. */
const char *suppressions_find(struct suppressions *s, const char *class, source_position one,
                              source_position two);

/* One line for each entry that nothing matched. */
void suppressions_write_unused(const struct suppressions *s, buffer *out);

#endif
