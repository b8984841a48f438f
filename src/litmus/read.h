/* Between the file's reader and the parser. */
#ifndef HEDDLE_LITMUS_READ_H
#define HEDDLE_LITMUS_READ_H

#include "litmus/lexer.h"
#include "litmus/program.h"

/* Compiles a condition and adds it to the program, with the final slots that it names. */
bool litmus_program_add_question(litmus_program *p, litmus_question_kind kind,
                                 const litmus_source *source, load_errors *errors);

#endif
