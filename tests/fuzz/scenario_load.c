/* Fuzzes the scenario loader and, with what loads, the expectation checker and both reports:
 * whatever the bytes, the answer is a plan or errors with places, never a crash, a leak or a hang.
 * libFuzzer's entry; standalone.c runs it without libFuzzer. */
#include "report/report.h"
#include "scenario/expect.h"
#include "scenario/load.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *context, const char *text, size_t length)
{
    size_t *total = context;
    *total += length + (text == NULL);
}

/* A run in which every expected line comes, the last one twice, so that matching has something to
 * do. */
static observation *echo(const plan *p)
{
    observation *o = observation_create();
    const plan_expect *e = &p->expect;
    for (size_t i = 0; i < e->log.count && i < 50; i++)
        for (size_t k = e->log.steps[i].count; k > 0; k--) {
            const expect_line *line = &e->log.steps[i].lines[k - 1];
            observation_add(
                o, &(observation_record){.kind = OBSERVATION_CONSOLE,
                                         .agent = line->agent == NULL ? "page" : line->agent,
                                         .agent_kind = "window",
                                         .text = line->text == NULL ? line->match : line->text});
        }
    for (size_t i = 0; i < e->finding_count; i++)
        observation_add(
            o, &(observation_record){.kind = i % 2 ? OBSERVATION_ERROR : OBSERVATION_FINDING,
                                     .finding = e->findings[i].kind,
                                     .text = "found",
                                     .where = {"https://scenario.test/", 1, 1}});
    for (size_t i = 0; i < e->cell_count; i++)
        observation_set_cell(o, &(observation_cell){.name = e->cells[i].name,
                                                    .value = e->cells[i].one_of.count > 0
                                                                 ? e->cells[i].one_of.items[0]
                                                                 : "1",
                                                    .type = "Int32Array"});
    return o;
}

static void report(const plan *p, const observation *o, const verdict *v, report_format format)
{
    size_t total = 0;
    report_options options = {.format = format, .sink = ignore, .context = &total};
    reporter *r = report_create(&options);
    report_begin(r, p, 1, 1);
    for (size_t i = 0; i < o->count; i++)
        report_record(r, &o->records[i]);
    report_end(r, p, o, v);
    report_finish(r, false);
    report_free(r);
    hd_assert(total > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plan *p;
    load_errors errors;
    status s = scenario_load_text("fuzz.yaml", (const char *)data, size, &p, &errors);
    hd_assert((s == STATUS_OK) == (p != NULL) && (s == STATUS_OK) == (errors.count == 0));
    for (size_t i = 0; i < errors.count; i++)
        hd_assert(errors.items[i].where.line > 0 && errors.items[i].where.column > 0);
    load_errors_release(&errors);
    if (p == NULL)
        return 0;
    observation *o = echo(p);
    verdict *v = expect_check(p, o);
    hd_assert(v->held + v->failed == v->count);
    report(p, o, v, REPORT_TEXT);
    report(p, o, v, REPORT_JSON);
    verdict_free(v);
    observation_free(o);
    plan_free(p);
    return 0;
}
