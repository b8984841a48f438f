/* heddle topology SCENARIO, heddle can-share SCENARIO A B: runs the scenario and tells who was
 * where. */
#include "cli/cli.h"

#include "report/topology.h"
#include "scenario/expect.h"
#include "scenario/load.h"
#include "scenario/runner.h"

#include <stdio.h>
#include <string.h>

static plan *load(const char *command, const char *path)
{
    plan *p = NULL;
    load_errors errors = {0};
    size_t length = strlen(path);
    bool is_scenario =
        length > 5 && (!strcmp(path + length - 5, ".yaml") || !strcmp(path + length - 4, ".yml"));
    status s =
        is_scenario ? scenario_load(path, &p, &errors) : scenario_from_script(path, &p, &errors);
    if (s != STATUS_OK) {
        buffer text = {0};
        load_errors_write(&errors, &text);
        fprintf(stderr, "heddle %s: %s", command, buffer_text(&text));
        buffer_release(&text);
    }
    load_errors_release(&errors);
    return s == STATUS_OK ? p : NULL;
}

/* The run's own verdict does not matter here; a second of the machine's time is plenty for most, a
 * minute for all. */
static observation *run(const plan *p)
{
    struct run_options options = {.wall_limit_ms = 60000};
    observation *o = observation_create();
    if (scenario_run(p, &options, o) == STATUS_OK)
        return o;
    observation_free(o);
    return NULL;
}

static const char *const topology_help =
    "Usage: heddle topology SCENARIO [--json | --dot]\n\n"
    "Runs a scenario and prints its agent clusters, the agents in them and the realms in those, "
    "with the rule\n"
    "that put each there. --json prints the same for programs, --dot for Graphviz.\n";

int cli_topology(int count, char **arguments)
{
    void (*write)(const observation *, buffer *) = topology_write_text;
    const char *path = NULL;
    for (int i = 1; i < count; i++) {
        if (!strcmp(arguments[i], "--help")) {
            fputs(topology_help, stdout);
            return EXIT_HOLDS;
        }
        if (!strcmp(arguments[i], "--json"))
            write = topology_write_json;
        else if (!strcmp(arguments[i], "--dot"))
            write = topology_write_dot;
        else if (arguments[i][0] == '-' || path)
            return cli_usage_error("topology", "takes one scenario and --json or --dot, not '%s'",
                                   arguments[i]);
        else
            path = arguments[i];
    }
    if (!path)
        return cli_usage_error("topology", "a scenario is missing");
    plan *p = load("topology", path);
    observation *o = p ? run(p) : NULL;
    buffer text = {0};
    if (o)
        write(o, &text);
    fputs(buffer_text(&text), stdout);
    buffer_release(&text);
    int code = !p ? EXIT_INVALID : o ? EXIT_HOLDS : EXIT_INTERNAL;
    bool stuck = o && o->stuck;
    if (o)
        observation_free(o);
    if (!stuck)
        plan_free(p);
    return code;
}

static const char *const can_share_help =
    "Usage: heddle can-share SCENARIO A B\n\n"
    "Runs a scenario and says whether a SharedArrayBuffer that A posts can be used by B, and why "
    "(yes: exit code 0,\n"
    "no: 1). A and B are names of windows, frames or workers.\n";

int cli_can_share(int count, char **arguments)
{
    if (count == 2 && !strcmp(arguments[1], "--help")) {
        fputs(can_share_help, stdout);
        return EXIT_HOLDS;
    }
    if (count != 4)
        return cli_usage_error("can-share", "takes a scenario and two names");
    plan *p = load("can-share", arguments[1]);
    observation *o = p ? run(p) : NULL;
    if (!o)
        return p ? EXIT_INTERNAL : EXIT_INVALID;
    const observation_realm *from = observation_find_realm(o, arguments[2]),
                            *to = observation_find_realm(o, arguments[3]);
    int code = EXIT_USAGE;
    if (!from || !to) {
        fprintf(stderr, "heddle can-share: nobody is called '%s'; there are:",
                from ? arguments[3] : arguments[2]);
        for (size_t i = 0; i < o->realm_count; i++)
            fprintf(stderr, " %s", o->realms[i].name);
        fputs("\n", stderr);
    } else {
        buffer reason = {0};
        code = topology_can_share(from, to, &reason) ? EXIT_HOLDS : EXIT_FINDING;
        puts(buffer_text(&reason));
        buffer_release(&reason);
    }
    bool stuck = o->stuck;
    observation_free(o);
    if (!stuck)
        plan_free(p);
    return code;
}
