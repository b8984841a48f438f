#include "cli/cli.h"

#include "cli/build_facts.h"
#include "engine/engine.h"
#include "scenario/expect.h"
#include "scenario/load.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int, char **);
    const char *about;
} commands[] = {
    {"run", cli_run, "run scenarios (.yaml), folders of them, or single scripts (.js, .mjs)"},
    {"litmus", cli_litmus, "what the memory model allows a small program, and what the machine does"},
    {"list", cli_list, "list scenarios by subject, with the syllabus numbers that they teach"},
    {"explain", cli_explain, "print what a scenario, or a number of the syllabus, teaches"},
    {"topology", cli_topology, "run a scenario and print its clusters, agents and realms"},
    {"can-share", cli_can_share, "say whether two of them can share memory, and why"},
    {"schema", cli_schema, "print the JSON Schema of scenario files, for editors"},
    {"test262", cli_test262, "run the conformance suite of ECMA-262 from a checkout"},
    {"wpt", cli_wpt, "run web-platform-tests from a checkout"},
};

int cli_usage_error(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "heddle %s: ", command);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\nTry: heddle %s --help\n", command);
    va_end(arguments);
    return EXIT_USAGE;
}

bool cli_can_write(const char *path)
{
    FILE *file = fopen(path, "ae");
    return file && fclose(file) == 0;
}

static int help(FILE *out)
{
    fprintf(out, "heddle runs real JavaScript in many agents at once, each on its own thread, under the rules of\n"
                 "ECMA-262 and HTML, and says what went wrong: deadlocks, errors, broken expectations. It also\n"
                 "computes what the memory model allows.\n\n"
                 "Usage: heddle COMMAND [ARGUMENT...]\n\nCommands:\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].about);
    fprintf(out, "\nheddle COMMAND --help tells more about one. heddle --version names what is built in.\n\n"
                 "Exit codes: 0 all expectations hold · 1 a finding · 2 wrong usage · 3 an invalid file ·\n"
                 "4 a bound was reached · 70 an internal error · 130 interrupted\n");
    return out == stdout ? EXIT_HOLDS : EXIT_USAGE;
}

static int version(void)
{
#ifdef __clang__
    const char *compiler = "clang " __clang_version__;
#else
    const char *compiler = "gcc " __VERSION__;
#endif
    printf("heddle %s\n"
           "engine    QuickJS-ng %s, %s variant\n"
           "features  observed variant: %s, tail calls: %s\n"
           "compiler  %s%s%s\n",
           HEDDLE_VERSION, engine_version(), engine_variant(), HEDDLE_HAS_OBSERVED ? "yes" : "no",
           engine_has_tail_calls() ? "yes" : "no", compiler,
           HEDDLE_HAS_OBSERVED ? ", observed variant of the engine: " : "",
           HEDDLE_HAS_OBSERVED ? HEDDLE_OBSERVED_COMPILER : "");
    return EXIT_HOLDS;
}

static int run_command(int count, char **arguments)
{
    if (count < 2)
        return help(stderr);
    if (!strcmp(arguments[1], "--help") || !strcmp(arguments[1], "-h") || !strcmp(arguments[1], "help"))
        return help(stdout);
    if (!strcmp(arguments[1], "--version"))
        return version();
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (!strcmp(arguments[1], commands[i].name))
            return commands[i].run(count - 1, arguments + 1);
    fprintf(stderr, "heddle: there is no command '%s'\n\n", arguments[1]);
    return help(stderr);
}

__attribute__((visibility("default"))) int heddle_main(int count, char **arguments);

/* What could not be printed (a full disk, a closed stream) must not look like a success. */
int heddle_main(int count, char **arguments)
{
    int code = run_command(count, arguments);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "heddle: standard output could not be written\n");
    return exit_code_worse(code, EXIT_INTERNAL);
}
