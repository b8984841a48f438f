/* What events and AbortSignal put on every global object. */
#include "web/event.h"
#include "web/globals.h"

static const struct lazy_property interfaces[] = {
    {"EventTarget", interface_build, &event_target_interface},
    {"Event", interface_build, &event_interface},
    {"CustomEvent", interface_build, &custom_event_interface},
    {"MessageEvent", interface_build, &message_event_interface},
    {"ErrorEvent", interface_build, &error_event_interface},
    {"PromiseRejectionEvent", interface_build, &promise_rejection_event_interface},
    {"AbortController", interface_build, &abort_controller_interface},
    {"AbortSignal", interface_build, &abort_signal_interface},
};

static const JSCFunctionListEntry functions[] = {
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
