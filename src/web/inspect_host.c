/* Platform objects: their attributes are accessors of their prototypes, so they are read one by
 * one. Only native getters are called. */
#include "web/inspect_parts.h"

#include "engine/host_class.h"
#include "web/inspect.h"
#include "web/search_params.h"

static const char *const url_names[] = {
    "href", "origin",   "protocol", "username",     "password", "host", "hostname",
    "port", "pathname", "search",   "searchParams", "hash",     NULL};
static const char *const blob_names[] = {"size", "type", NULL};
static const char *const encoder_names[] = {"encoding", NULL};
static const char *const decoder_names[] = {"encoding", "fatal", "ignoreBOM", NULL};
static const char *const event_names[] = {"type", "defaultPrevented", "cancelable", "timeStamp",
                                          NULL};
static const char *const custom_event_names[] = {"type",      "defaultPrevented", "cancelable",
                                                 "timeStamp", "detail",           NULL};
static const char *const message_event_names[] = {
    "type", "defaultPrevented", "cancelable", "timeStamp", "data", NULL};
static const char *const error_event_names[] = {
    "type", "defaultPrevented", "cancelable", "timeStamp", "message", "error", NULL};
static const char *const rejection_event_names[] = {
    "type", "defaultPrevented", "cancelable", "timeStamp", "promise", "reason", NULL};
static const char *const controller_names[] = {"signal", NULL};
static const char *const signal_names[] = {"aborted", NULL};
static const char *const entry_names[] = {"name",     "entryType", "startTime",
                                          "duration", "detail",    NULL};

static const char *const *names_of(JSValueConst object)
{
    switch (host_class_of(object)) {
    case HOST_CLASS_URL:
        return url_names;
    case HOST_CLASS_BLOB:
        return blob_names;
    case HOST_CLASS_TEXT_ENCODER:
        return encoder_names;
    case HOST_CLASS_TEXT_DECODER:
        return decoder_names;
    case HOST_CLASS_EVENT:
        return event_names;
    case HOST_CLASS_CUSTOM_EVENT:
        return custom_event_names;
    case HOST_CLASS_MESSAGE_EVENT:
        return message_event_names;
    case HOST_CLASS_ERROR_EVENT:
        return error_event_names;
    case HOST_CLASS_PROMISE_REJECTION_EVENT:
        return rejection_event_names;
    case HOST_CLASS_ABORT_CONTROLLER:
        return controller_names;
    case HOST_CLASS_ABORT_SIGNAL:
        return signal_names;
    case HOST_CLASS_PERFORMANCE_MARK:
    case HOST_CLASS_PERFORMANCE_MEASURE:
        return entry_names;
    default:
        return NULL;
    }
}

static void add_pairs(struct inspector *x, JSValueConst params, struct entries *e)
{
    const char *name, *value;
    size_t name_length, value_length;
    for (uint32_t i = 0; search_params_pair(params, i, &name, &name_length, &value, &value_length);
         i++) {
        buffer text = {0};
        inspect_quoted(name, name_length, &text);
        buffer_add(&text, " => ");
        inspect_quoted(value, value_length, &text);
        entries_add(e, &text);
    }
}

bool inspect_host_has_entries(JSValueConst object)
{
    const char *name, *value;
    size_t name_length, value_length;
    return names_of(object) ||
           search_params_pair(object, 0, &name, &name_length, &value, &value_length);
}

void inspect_host_entries(struct inspector *x, JSValueConst object, struct entries *e)
{
    add_pairs(x, object, e);
    const char *const *names = names_of(object);
    x->indentation += 2;
    for (; names && *names; names++) {
        buffer text = {0};
        JSValue value = inspect_find(x, object, *names);
        buffer_format(&text, "%s: ", *names);
        inspect_inner(x, value, &text);
        entries_add(e, &text);
        JS_FreeValue(x->js, value);
    }
    x->indentation -= 2;
}
