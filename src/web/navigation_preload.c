/* NavigationPreloadManager (Service Workers 3.7): whether the network is asked for pages while the
 * worker is being started. Own thread. */
#include "base/assert.h"
#include "engine/host_class.h"
#include "web/event_object.h"
#include "web/header_list.h"
#include "web/idl.h"
#include "web/error_report.h"
#include "web/later.h"
#include "web/service_worker_objects.h"

#include <stdlib.h>
#include <string.h>

struct preload_manager {
    struct external external;
    struct service_worker_registration *registration; /* counted */
};

static void let_go(struct external *x)
{
    struct preload_manager *m = (struct preload_manager *)x;
    service_worker_registration_unref(m->registration);
    free(m);
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    struct preload_manager *m = interface_peek(value, &navigation_preload_interface);
    (void)runtime;
    if (!m)
        return;
    external_forget(&m->external);
    let_go(&m->external);
}

JSValue navigation_preload_new(JSContext *js, struct service_worker_registration *g)
{
    struct preload_manager *m = calloc(1, sizeof *m);
    hd_assert(m);
    m->registration = service_worker_registration_ref(g);
    JSValue object = interface_object(js, &navigation_preload_interface, m);
    if (JS_IsException(object))
        let_go(&m->external);
    else
        external_hold(engine_of(js), &m->external, let_go);
    return object;
}

static JSValue change(JSContext *js, struct preload_manager *m, const bool *enable,
                      const char *header)
{
    bool active = service_worker_preload(m->registration, enable, header);
    return promise_later(realm_of(js),
                         active ? JS_UNDEFINED
                                : throw_dom_exception(js, "InvalidStateError",
                                                      "navigationPreload: no worker is active"));
}

static JSValue set_enabled(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                           int enable)
{
    struct preload_manager *m = interface_opaque(js, self, &navigation_preload_interface);
    bool on = enable;
    (void)count;
    (void)arguments;
    return m ? change(js, m, &on, NULL) : idl_rejected(js);
}

static JSValue set_header(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct preload_manager *m = interface_opaque(js, self, &navigation_preload_interface);
    buffer value = {0};
    if (!m || !idl_arguments(js, "setHeaderValue", count, 1) ||
        idl_add_byte_string(js, arguments[0], &value)) {
        buffer_release(&value);
        return idl_rejected(js);
    }
    bool valid = header_value_is_valid(buffer_text(&value), value.length);
    JSValue promise;
    if (valid) {
        promise = change(js, m, NULL, buffer_text(&value));
    } else {
        JS_ThrowTypeError(js, "setHeaderValue: this is no header value");
        promise = idl_rejected(js);
    }
    buffer_release(&value);
    return promise;
}

static JSValue get_state(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct preload_manager *m = interface_opaque(js, self, &navigation_preload_interface);
    bool enabled;
    (void)count;
    (void)arguments;
    if (!m)
        return idl_rejected(js);
    char *header = service_worker_preload_state(m->registration, &enabled);
    JSValue state = JS_NewObject(js);
    JS_SetPropertyStr(js, state, "enabled", JS_NewBool(js, enabled));
    JS_SetPropertyStr(js, state, "headerValue", idl_byte_string(js, header, strlen(header)));
    free(header);
    return promise_later(realm_of(js), state);
}

static const JSCFunctionListEntry prototype[] = {
    IDL_METHOD_MAGIC("enable", 0, set_enabled, true),
    IDL_METHOD_MAGIC("disable", 0, set_enabled, false),
    IDL_METHOD("setHeaderValue", 1, set_header),
    IDL_METHOD("getState", 0, get_state),
};

const struct interface navigation_preload_interface = {
    .host_class = HOST_CLASS_NAVIGATION_PRELOAD_MANAGER,
    .name = "NavigationPreloadManager",
    .class_definition = {.finalizer = finalize},
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
};
