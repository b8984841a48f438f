/* The command line: one file per command. Single-threaded but for what a command starts. */
#ifndef HEDDLE_CLI_CLI_H
#define HEDDLE_CLI_CLI_H

#include <stdbool.h>

/* Each takes its own name and arguments like main and returns the exit code. */
int cli_run(int count, char **arguments);
int cli_litmus(int count, char **arguments);
int cli_list(int count, char **arguments);
int cli_explain(int count, char **arguments);
int cli_schema(int count, char **arguments);
int cli_test262(int count, char **arguments);
int cli_topology(int count, char **arguments);
int cli_can_share(int count, char **arguments);
int cli_wpt(int count, char **arguments);

/* "heddle COMMAND: message" and where to read more, on standard error; returns the exit code for wrong usage. */
int cli_usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether a file of results can be written; it is there afterwards. Else errno says why not. */
bool cli_can_write(const char *path);

#endif
