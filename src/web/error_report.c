#include "web/error_report.h"

#include "agent/world.h"
#include "base/finding.h"
#include "engine/atomics.h"
#include "web/event.h"
#include "web/muted_scripts.h"
#include "web/worker.h"

#include <string.h>

void error_notice(struct agent *thrower, int finding, const struct error_report *report)
{
    struct notice n = {
        .kind = NOTICE_ERROR,
        .finding = finding,
        .line = report->line,
        .column = report->column,
        .text = report->message,
        .stack = report->stack,
        .file = report->file,
    };
    world_notice(thrower->world, thrower, &n);
}

/* The engine throws these two when a limit of the agent is reached. */
static int finding_of(const struct error_report *report)
{
    if (strcmp(report->message, "RangeError: Maximum call stack size exceeded") == 0)
        return FINDING_STACK_EXHAUSTED;
    if (strcmp(report->message, "InternalError: out of memory") == 0)
        return FINDING_HEAP_EXHAUSTED;
    if (strcmp(report->message, "TypeError: " WAIT_FORBIDDEN) == 0)
        return FINDING_FORBIDDEN_WAIT;
    return FINDING_UNCAUGHT_ERROR;
}

/* Drops what is pending: true for an interruption, false when there was no memory for an event. */
static bool take_interruption(JSContext *js)
{
    JSValue pending = JS_GetException(js);
    bool interrupted = exception_is_interruption(js, pending);
    JS_FreeValue(js, pending);
    return interrupted;
}

void realm_report_error(struct realm *r, struct agent *thrower, const struct error_report *report,
                        JSValueConst error)
{
    static const struct error_report nothing_said = {.message = "Script error.", .stack = "", .file = ""};
    bool muted = muted_scripts_has(r, report->file); /* R-ER-05: scripts hear nothing, whoever runs them does */
    const struct error_report *shown = muted ? &nothing_said : report;
    int canceled = 0;
    if (!r->reporting_error) {
        r->reporting_error = true;
        canceled = event_target_fire_error(r->js, JS_UNDEFINED, shown, muted ? JS_NULL : error);
        r->reporting_error = false;
    }
    if (canceled < 0 && take_interruption(r->js))
        return;
    if (canceled <= 0 && !(r->worker && worker_report_error(r->worker, thrower, shown)))
        error_notice(thrower, finding_of(report), report);
}

void realm_report_exception(struct realm *r)
{
    JSValue thrown = JS_GetException(r->js);
    bool out_of_memory = engine_take_out_of_memory(r->agent->engine);
    struct error_report report;
    if (exception_is_interruption(r->js, thrown)) {
        JS_FreeValue(r->js, thrown);
        return;
    }
    if (JS_IsNull(thrown) && out_of_memory) { /* there was not even memory for the error object */
        report = (struct error_report){
            .message = "InternalError: out of memory", .stack = "", .file = ""};
        realm_report_error(r, r->agent, &report, thrown);
    } else {
        error_describe(r->js, thrown, &report);
        realm_report_error(r, r->agent, &report, thrown);
        error_report_free(r->js, &report);
    }
    JS_FreeValue(r->js, thrown);
}
