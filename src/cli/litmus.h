/* The parts of `heddle litmus`: one file each. */
#ifndef HEDDLE_CLI_LITMUS_H
#define HEDDLE_CLI_LITMUS_H

#include "cli/litmus_report.h"

struct litmus_command {
    bool stress, engine, json, all, dot;
    bool table; /* one line per program */
    bool quiet; /* in a table only programs that are not as their files expect */
    double seconds, engine_seconds;
    uint64_t iterations, seed;
    const char *witness;
    litmus_answer_flag tearing;
    bool progress; /* standard error is a terminal */
    const volatile sig_atomic_t *interrupt;
};

/* NULL after the errors were printed. */
litmus_program *litmus_load(const char *path);
void litmus_print_errors(load_errors *errors); /* and gives them back */

/* Checks one file and prints what was found; the exit code. */
int litmus_run_file(const struct litmus_command *c, const char *path);

/* litmus_machine.c: false when the program cannot be run so; the reason was printed. */
bool litmus_run_stress(const struct litmus_command *c, const litmus_result *allowed, region *memory,
                       litmus_stress_result *result);
bool litmus_run_engine(const struct litmus_command *c, const litmus_result *allowed, region *memory,
                       litmus_stress_result *result);

/* For `heddle run`: what is not as it should be, a summary, and the worst of the exit codes. */
int litmus_run_files(const char *const *files, size_t count, bool json);

/* litmus_witness.c: how the first outcome asked for comes about or why it is forbidden, for the
 * report; NULL when nothing is asked. In `memory`. */
const char *litmus_tell(const litmus_found *f, region *memory);

/* litmus_witness.c: the execution, or why there is none, into `out`; the exit code. */
int litmus_run_witness(const struct litmus_command *c, const litmus_found *f, buffer *out);

/* litmus_sweep.c */
int litmus_sweep_command(int count, char **arguments);
int litmus_generate_command(int count, char **arguments);
int litmus_all_command(int count, char **arguments);

#endif
