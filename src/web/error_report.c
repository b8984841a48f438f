#include "web/error_report.h"

#include "agent/world.h"
#include "base/finding.h"
#include "web/event.h"
#include "web/event_object.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/worker.h"

#include <string.h>

void realm_notice_error(struct realm *r, int finding, const struct error_report *report)
{
    struct notice n = {
        .kind = NOTICE_ERROR,
        .finding = finding,
        .time = agent_now(r->agent),
        .agent = r->agent,
        .line = report->line,
        .column = report->column,
        .text = report->message,
        .stack = report->stack,
        .file = report->file,
    };
    world_notice(r->agent->world, r->agent, &n);
}

/* The engine throws these two when a limit of the agent is reached. */
static int finding_of(const struct error_report *report)
{
    if (strcmp(report->message, "RangeError: Maximum call stack size exceeded") == 0)
        return FINDING_STACK_EXHAUSTED;
    if (strcmp(report->message, "InternalError: out of memory") == 0)
        return FINDING_HEAP_EXHAUSTED;
    return FINDING_UNCAUGHT_ERROR;
}

void realm_report_error(struct realm *r, const struct error_report *report, JSValueConst error)
{
    int canceled = 0;
    if (!r->reporting_error) {
        r->reporting_error = true;
        JSValue global = JS_GetGlobalObject(r->js);
        canceled = event_target_fire_error(r->js, global, report, error);
        JS_FreeValue(r->js, global);
        r->reporting_error = false;
    }
    if (canceled < 0) /* interrupted, or no memory for the event: what is pending says nothing about `error` */
        JS_FreeValue(r->js, JS_GetException(r->js));
    else if (canceled == 0 && r->kind == GLOBAL_DEDICATED_WORKER)
        worker_report_error(r, report);
    else if (canceled == 0)
        realm_notice_error(r, finding_of(report), report);
}

static void report_value(struct realm *r, JSValueConst thrown)
{
    struct error_report report;
    error_describe(r->js, thrown, &report);
    realm_report_error(r, &report, thrown);
    error_report_free(r->js, &report);
}

void realm_report_exception(struct realm *r)
{
    JSValue thrown = JS_GetException(r->js);
    if (!exception_is_interruption(r->js, thrown))
        report_value(r, thrown);
    JS_FreeValue(r->js, thrown);
}

/* R-ER-10. */
static JSValue report_error(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    if (!idl_arguments(js, "reportError", count, 1))
        return JS_EXCEPTION;
    report_value(realm_of(js), arguments[0]);
    return JS_UNDEFINED;
}

static const struct lazy_property interfaces[] = {
    INTERFACE_PROPERTY(event_target_interface),     INTERFACE_PROPERTY(event_interface),
    INTERFACE_PROPERTY(custom_event_interface),     INTERFACE_PROPERTY(message_event_interface),
    INTERFACE_PROPERTY(error_event_interface),      INTERFACE_PROPERTY(promise_rejection_event_interface),
    INTERFACE_PROPERTY(abort_controller_interface), INTERFACE_PROPERTY(abort_signal_interface),
};

static const JSCFunctionListEntry functions[] = {
    IDL_METHOD("reportError", 1, report_error),
    EVENT_HANDLER_ATTRIBUTE("error", EVENT_ERROR),
    EVENT_HANDLER_ATTRIBUTE("unhandledrejection", EVENT_UNHANDLEDREJECTION),
    EVENT_HANDLER_ATTRIBUTE("rejectionhandled", EVENT_REJECTIONHANDLED),
    EVENT_HANDLER_ATTRIBUTE("languagechange", EVENT_LANGUAGECHANGE),
    EVENT_HANDLER_ATTRIBUTE("offline", EVENT_OFFLINE),
    EVENT_HANDLER_ATTRIBUTE("online", EVENT_ONLINE),
};

const struct global_part event_globals = {
    .lazy = interfaces,
    .lazy_count = sizeof interfaces / sizeof *interfaces,
    .functions = functions,
    .function_count = sizeof functions / sizeof *functions,
};
