/* ProgressEvent (XMLHttpRequest Standard, section 5). */
#include "web/event_object.h"
#include "web/idl.h"
#include "web/xhr.h"

static void set_slots(JSContext *js, struct event *e, bool computable, double loaded, double total)
{
    e->slots[PROGRESS_LENGTH_COMPUTABLE] = JS_NewBool(js, computable);
    e->slots[PROGRESS_LOADED] = JS_NewNumber(js, loaded);
    e->slots[PROGRESS_TOTAL] = JS_NewNumber(js, total);
}

int progress_event_fire(JSContext *js, JSValueConst target, const char *type, double loaded,
                        double total)
{
    struct event *e;
    JSValue event = event_new_trusted(js, &progress_event_interface, type, PROGRESS_SLOTS, &e);
    if (JS_IsException(event))
        return -1;
    set_slots(js, e, total != 0, loaded, total);
    return event_dispatch_and_free(js, target, event);
}

static int read_number(JSContext *js, JSValueConst dictionary, const char *name, double *out)
{
    JSValue value = idl_member(js, dictionary, name);
    *out = 0;
    int failed = JS_IsException(value) || (!JS_IsUndefined(value) && JS_ToFloat64(js, out, value));
    JS_FreeValue(js, value);
    if (!failed && (*out != *out || *out - *out != 0)) {
        JS_ThrowTypeError(js, "%s is not a finite number", name);
        failed = -1;
    }
    return failed ? -1 : 0;
}

static JSValue construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    struct event *e;
    JSValueConst dictionary;
    double loaded = 0, total = 0;
    JSValue object = event_construct(js, &progress_event_interface, new_target, count, arguments,
                                     PROGRESS_SLOTS, &e, &dictionary);
    if (JS_IsException(object))
        return object;
    int computable = idl_boolean_member(js, dictionary, "lengthComputable", false);
    if (computable < 0 || read_number(js, dictionary, "loaded", &loaded) ||
        read_number(js, dictionary, "total", &total)) {
        JS_FreeValue(js, object);
        return JS_EXCEPTION;
    }
    set_slots(js, e, computable, loaded, total);
    return object;
}

static JSValue get(JSContext *js, JSValueConst self, int slot)
{
    const struct event *e = interface_opaque(js, self, &progress_event_interface);
    return e ? JS_DupValue(js, e->slots[slot]) : JS_EXCEPTION;
}

static const JSCFunctionListEntry prototype[] = {
    IDL_ATTRIBUTE_MAGIC("lengthComputable", get, NULL, PROGRESS_LENGTH_COMPUTABLE),
    IDL_ATTRIBUTE_MAGIC("loaded", get, NULL, PROGRESS_LOADED),
    IDL_ATTRIBUTE_MAGIC("total", get, NULL, PROGRESS_TOTAL),
};

const struct interface progress_event_interface = {
    .host_class = HOST_CLASS_PROGRESS_EVENT,
    .name = "ProgressEvent",
    .parent = &event_interface,
    .class_definition = EVENT_CLASS_DEFINITION,
    .constructor = construct,
    .constructor_length = 1,
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
};
