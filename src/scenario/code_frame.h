/* Lines of source around a place, and how a plain access reads when Atomics does it.
 *
 * Threads: any. Blocking: reads files. */
#ifndef HEDDLE_SCENARIO_CODE_FRAME_H
#define HEDDLE_SCENARIO_CODE_FRAME_H

#include "base/buffer.h"
#include "scenario/plan.h"

#include <stdbool.h>

/* The text of one line of a script: of the plan's, or of the file of that name, or of the source that
 * its map names. malloc'd; NULL when there is none. `where` as scripts name it (a URL or a path). */
char *code_line(const plan *p, source_position where);

/* Line `number` of `content`, or, where that is NULL, of the file. malloc'd; NULL when there is none. */
char *code_line_of(const char *content, const char *path, uint32_t number);

enum code_access { CODE_READ, CODE_WRITE, CODE_UPDATE };

/* `line` with the element access at `column` (from 1) done by Atomics; malloc'd, NULL when the line
 * has no such form there. */
char *code_with_atomics(const char *line, uint32_t column, enum code_access access);

/* "// heddle: unordered — why" on that line: the reason ("" when none is given), malloc'd; NULL
 * without such a comment. */
char *code_accepts(const char *line);

/* One line with its number, or as removed (-) or added (+). */
void code_frame_add(buffer *out, char mark, uint32_t number, const char *line);

#endif
