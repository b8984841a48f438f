#include "cli/litmus.h"
int litmus_sweep_command(int count, char **arguments) { (void)count; (void)arguments; return 0; }
int litmus_generate_command(int count, char **arguments) { (void)count; (void)arguments; return 0; }
int litmus_all_command(int count, char **arguments) { (void)count; (void)arguments; return 0; }
