/* A litmus program as scripts for agents of a JavaScript engine: the texts of setup and agents as
 * they stand in the file, and around them what runs many instances and counts outcomes. Knows no
 * engine: only text comes out. */
#ifndef HEDDLE_LITMUS_EMIT_H
#define HEDDLE_LITMUS_EMIT_H

#include "litmus/program.h"

/* Writes a scenario file (YAML): one worker per agent and a page that starts them. For each outcome
 * the page logs a line outcome COUNT VALUE|VALUE|… in the order of the slots, and at the end
 * `iterations COUNT`. */
void litmus_emit(const litmus_program *p, double seconds, uint64_t iterations, buffer *out);

/* Reads what such a line says. False: it is no such line. */
bool litmus_emit_read(const litmus_program *p, const char *line, litmus_value *slots,
                      uint64_t *count);

#endif
