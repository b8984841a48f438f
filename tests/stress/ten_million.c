/* Ten million shared accesses of sixty-four agents: counted, and from the end of the last agent to the end of the report it takes
 * less than a second. */
#include "platform/clock.h"
#include "report/report.h"
#include "scenario/expect.h"
#include "scenario/load.h"
#include "scenario/runner.h"

#include <inttypes.h>
#include <stdio.h>

#define MOST_NS 1000000000

static int64_t last_end;
static size_t written;

static void note_end(void *context, const observation_record *record)
{
    report_record(context, record);
    if (record->kind == OBSERVATION_EXIT)
        last_end = clock_monotonic();
}

static void count_bytes(void *context, const char *text, size_t length)
{
    (void)context;
    (void)text;
    written += length;
}

static int fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    return 1;
}

int main(int count, char **arguments)
{
    plan *p = NULL;
    load_errors errors = {0};
    if (count != 2 || scenario_load(arguments[1], &p, &errors) != STATUS_OK)
        return fail("the scenario cannot be loaded");
    reporter *r = report_create(&(report_options){.command = "heddle run", .sink = count_bytes});
    observation *o = observation_create();
    report_begin(r, p, 1, 1);
    if (scenario_run(p, &(struct run_options){.record = note_end, .context = r}, o) != STATUS_OK)
        return fail("the scenario cannot be run");
    verdict *v = expect_check(p, o);
    report_end(r, p, o, v);
    int64_t took = clock_monotonic() - last_end;
    printf("%" PRIu64 " accesses, %" PRIu64 " races, %zu bytes of report in %.1f ms\n", o->shared_accesses, o->races, written, (double)took / 1e6);
    int result = v->exit_code != EXIT_HOLDS   ? fail("the expectations do not hold")
                 : o->shared_accesses < 10000000     ? fail("there were fewer than ten million accesses")
                 : !last_end || took > MOST_NS ? fail("the report took more than a second")
                                              : 0;
    verdict_free(v);
    observation_free(o);
    report_free(r);
    plan_free(p);
    load_errors_release(&errors);
    return result;
}
