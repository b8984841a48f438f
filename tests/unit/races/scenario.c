/* Runs scenarios, each some times, and looks at nothing: drives the modules that scripts alone do not reach. */
#include "scenario/load.h"
#include "scenario/runner.h"

#include <stdio.h>

#define TIMES 100 /* a report ends it early */

static int run(const char *file)
{
    load_errors errors;
    plan *p;
    if (scenario_load(file, &p, &errors) != STATUS_OK) {
        buffer text = {0};
        load_errors_write(&errors, &text);
        fputs(buffer_text(&text), stderr);
        return 1;
    }
    for (int i = 0; i < TIMES; i++) {
        struct run_options options = {.wall_limit_ms = 20000};
        observation *o = observation_create();
        scenario_run(p, &options, o);
        observation_free(o);
    }
    plan_free(p);
    return 0;
}

int main(int count, char **files)
{
    for (int i = 1; i < count; i++)
        if (run(files[i]))
            return 1;
    return 0;
}
