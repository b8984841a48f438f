/* What events and AbortSignal put on every global object. */
#include "web/event.h"
#include "web/globals.h"

static const struct lazy_property interfaces[] = {
    INTERFACE_PROPERTY(event_target_interface),     INTERFACE_PROPERTY(event_interface),
    INTERFACE_PROPERTY(custom_event_interface),     INTERFACE_PROPERTY(message_event_interface),
    INTERFACE_PROPERTY(error_event_interface),      INTERFACE_PROPERTY(promise_rejection_event_interface),
    INTERFACE_PROPERTY(abort_controller_interface), INTERFACE_PROPERTY(abort_signal_interface),
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
