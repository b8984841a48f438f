#include "web/globals.h"

#include "agent/world.h"
#include "engine/host_class.h"
#include "web/barrier.h"
#include "web/blob.h"
#include "web/commonjs.h"
#include "web/console.h"
#include "web/error_report.h"
#include "web/event.h"
#include "web/frames.h"
#include "web/history.h"
#include "web/idle.h"
#include "web/dom.h"
#include "web/later.h"
#include "web/muted_scripts.h"
#include "web/realm.h"
#include "web/resource.h"
#include "web/css_worklets.h"
#include "web/service_worker.h"
#include "web/shared_worker.h"
#include "web/worklet.h"
#include "web/web_agent.h"
#include "web/webassembly.h"
#include "web/window.h"
#include "web/window_proxy.h"
#include "web/worker_global.h"

#include <string.h>

/* ---- what the global object of each kind has of its own ---- */

static JSValue get_self(JSContext *js, JSValueConst self)
{
    (void)self;
    return realm_global_this(js);
}

static JSValue get_origin(JSContext *js, JSValueConst self)
{
    (void)self;
    return JS_NewString(js, realm_of(js)->origin->text);
}

static JSValue get_cross_origin_isolated(JSContext *js, JSValueConst self)
{
    (void)self;
    return JS_NewBool(js, realm_of(js)->cross_origin_isolated);
}

static JSValue get_secure_context(JSContext *js, JSValueConst self)
{
    (void)self;
    return JS_NewBool(js, realm_of(js)->secure);
}

static JSValue report_error(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)self;
    if (count < 1)
        return JS_ThrowTypeError(js, "reportError: 1 argument required, but only 0 present");
    JS_Throw(js, JS_DupValue(js, arguments[0]));
    realm_report_exception(realm_of(js));
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry worker_self[] = {JS_CGETSET_DEF2("self", get_self, NULL, JS_PROP_C_W_E)};

static const JSCFunctionListEntry every_global[] = {
    JS_CGETSET_DEF2("origin", get_origin, NULL, JS_PROP_C_W_E),
    JS_CGETSET_DEF2("crossOriginIsolated", get_cross_origin_isolated, NULL, JS_PROP_C_W_E),
    JS_CGETSET_DEF2("isSecureContext", get_secure_context, NULL, JS_PROP_C_W_E),
    JS_CFUNC_DEF2("reportError", 1, report_error, JS_PROP_C_W_E),
    EVENT_HANDLER_ATTRIBUTE("error", EVENT_ERROR),
    EVENT_HANDLER_ATTRIBUTE("unhandledrejection", EVENT_UNHANDLEDREJECTION),
    EVENT_HANDLER_ATTRIBUTE("rejectionhandled", EVENT_REJECTIONHANDLED),
};

/* ---- the interfaces of the global objects ---- */

static const struct interface window_interface = {
    .host_class = HOST_CLASS_WINDOW,
    .name = "Window",
    .parent = &event_target_interface,
};

static const struct interface dedicated_worker_global_scope_interface = {
    .host_class = HOST_CLASS_DEDICATED_WORKER_GLOBAL_SCOPE,
    .name = "DedicatedWorkerGlobalScope",
    .parent = &worker_global_scope_interface,
};

static const struct interface shared_worker_global_scope_interface = {
    .host_class = HOST_CLASS_SHARED_WORKER_GLOBAL_SCOPE,
    .name = "SharedWorkerGlobalScope",
    .parent = &worker_global_scope_interface,
};

#define WORKER_SCOPE {"WorkerGlobalScope", interface_build, &worker_global_scope_interface}

static const struct lazy_property window_lazy[] = {
    INTERFACE_PROPERTY(window_interface),
    {"SharedWorker", interface_build, &shared_worker_interface}, /* R-EXP-02: windows alone */
    {"Node", interface_build, &node_interface},
    {"Text", interface_build, &text_interface},
    {"Element", interface_build, &element_interface},
    {"HTMLElement", interface_build, &html_element_interface},
    {"HTMLBodyElement", interface_build, &html_body_element_interface},
    {"HTMLFrameSetElement", interface_build, &html_frame_set_element_interface},
    {"HTMLScriptElement", interface_build, &html_script_element_interface},
    {"HTMLIFrameElement", interface_build, &html_iframe_element_interface},
    {"Document", interface_build, &document_interface},
    {"PopStateEvent", interface_build, &pop_state_event_interface},
    {"HashChangeEvent", interface_build, &hash_change_event_interface},
    {"History", interface_build, &history_interface},
};
static const struct global_part client_globals = {service_worker_client_interfaces, 4, NULL, 0};
const struct interface service_worker_global_scope_interface = {
    .host_class = HOST_CLASS_SERVICE_WORKER_GLOBAL_SCOPE,
    .name = "ServiceWorkerGlobalScope",
    .parent = &worker_global_scope_interface,
};

static const struct lazy_property dedicated_worker_lazy[] = {
    WORKER_SCOPE,
    INTERFACE_PROPERTY(dedicated_worker_global_scope_interface),
};
static const struct lazy_property shared_worker_lazy[] = {
    WORKER_SCOPE,
    INTERFACE_PROPERTY(shared_worker_global_scope_interface),
};

/* ---- installing ---- */

static int install(JSContext *js, JSValueConst global, const struct global_part *part)
{
    if (part->lazy_count && lazy_properties_define(js, global, part->lazy, (size_t)part->lazy_count))
        return -1;
    return part->function_count ? JS_SetPropertyFunctionList(js, global, part->functions, part->function_count) : 0;
}

static int install_all(JSContext *js, JSValueConst global, const struct global_part *const *parts)
{
    for (; *parts; parts++)
        if (install(js, global, *parts) < 0)
            return -1;
    return 0;
}

#define ENTRIES(list) (list), (int)(sizeof(list) / sizeof(list)[0])

/* The engine tags its global object "global" itself; on the web the tag is the interface's, found on the prototype. */
static int remove_own_tag(JSContext *js, JSValueConst global)
{
    JSValue symbol = JS_GetPropertyStr(js, global, "Symbol");
    JSValue key = JS_GetPropertyStr(js, symbol, "toStringTag");
    JSAtom atom = JS_ValueToAtom(js, key);
    int deleted = JS_DeleteProperty(js, global, atom, 0);
    JS_FreeAtom(js, atom);
    JS_FreeValue(js, key);
    JS_FreeValue(js, symbol);
    return deleted < 0 ? -1 : 0;
}

/* The interface of a kind's global object, and what is exposed there alone. */
static const struct interface *own_parts(enum global_kind kind, struct global_part *own, bool *is_worker)
{
    *is_worker = kind != GLOBAL_WINDOW;
    switch (kind) {
    case GLOBAL_WINDOW:
        *own = (struct global_part){ENTRIES(window_lazy), window_functions, window_function_count};
        return &window_interface;
    case GLOBAL_DEDICATED_WORKER:
        *own = (struct global_part){ENTRIES(dedicated_worker_lazy), dedicated_worker_global, dedicated_worker_global_count};
        return &dedicated_worker_global_scope_interface;
    case GLOBAL_SHARED_WORKER:
        *own = (struct global_part){ENTRIES(shared_worker_lazy), shared_worker_global, shared_worker_global_count};
        return &shared_worker_global_scope_interface;
    case GLOBAL_SERVICE_WORKER:
        *own = (struct global_part){ENTRIES(service_worker_interfaces), service_worker_global, service_worker_global_count};
        return &service_worker_global_scope_interface;
    case GLOBAL_WORKLET:
        break;
    }
    return NULL;
}

static int install_own(struct realm *r, JSValueConst global)
{
    struct global_part own;
    bool is_worker;
    const struct interface *interface = own_parts(r->kind, &own, &is_worker);
    JSValue prototype = interface_prototype(r->js, interface);
    if (JS_IsException(prototype) || JS_SetPrototype(r->js, global, prototype) < 0 ||
        JS_SetPropertyFunctionList(r->js, global, ENTRIES(every_global)) < 0 ||
        (is_worker && JS_SetPropertyFunctionList(r->js, global, worker_global,
                                                r->kind == GLOBAL_SERVICE_WORKER ? any_worker_global_count : worker_global_count) < 0))
        return -1;
    if (install(r->js, global, &own) < 0)
        return -1;
    if (is_worker)
        return JS_SetPropertyFunctionList(r->js, global, ENTRIES(worker_self)) < 0 ? -1 : 0;
    return window_properties_install(r, prototype) || window_proxy_attach(r) ? -1 : 0;
}

/* R-COI-07: without isolation there is no such constructor; Atomics stays. */
static int hide_shared_memory(struct realm *r, JSValueConst global)
{
    if (r->agent->cluster->isolation != ISOLATION_NONE)
        return 0;
    JSAtom name = JS_NewAtom(r->js, "SharedArrayBuffer");
    int deleted = name == JS_ATOM_NULL ? -1 : JS_DeleteProperty(r->js, global, name, 0);
    JS_FreeAtom(r->js, name);
    return deleted < 0 ? -1 : 0;
}

/* R-RN-05: dedicated workers have frames too. */
static int install_visual(struct realm *r, JSValueConst global)
{
    static const struct global_part *const of_windows[] = {&frame_globals, &idle_globals, &dialog_globals, NULL},
                                    *const of_workers[] = {&frame_globals, NULL};
    if (r->kind == GLOBAL_WINDOW)
        return install_all(r->js, global, of_windows);
    return r->kind == GLOBAL_DEDICATED_WORKER ? install_all(r->js, global, of_workers) : 0;
}

/* R-WT-03, R-EXP-07, R-EXP-13: a worklet's global has no timers, is no event target and has only what is exposed everywhere. */
static int install_worklet(struct realm *r)
{
    const struct global_part events = {event_globals.lazy, event_globals.lazy_count, NULL, 0};
    const struct global_part encoding = {encoding_globals.lazy, encoding_globals.lazy_count, NULL, 0};
    const struct global_part *const parts[] = {&console_globals, &events, &encoding, &url_globals, NULL};
    JSValue global = JS_GetGlobalObject(r->js);
    int failed = remove_own_tag(r->js, global) || worklet_globals_install(r, global) || install_all(r->js, global, parts) ||
                 hide_shared_memory(r, global) || (!r->pure && install(r->js, global, &heddle_globals) < 0);
    JS_FreeValue(r->js, global);
    return failed ? -1 : 0;
}

int globals_install(struct realm *r)
{
    static const struct global_part *const parts[] = {
        &console_globals, &event_globals,   &encoding_globals,  &url_globals,   &performance_globals, &crypto_globals,
        &timer_globals,   &message_globals, &broadcast_globals, &fetch_globals, NULL,
    }, *const not_of_service_workers[] = {&worker_globals, &xhr_globals, NULL}, /* R-EXP-01, R-EXP-09 */
        *const secure_parts[] = {&cache_globals, &lock_globals, &client_globals, NULL};
    if (r->kind == GLOBAL_WORKLET)
        return install_worklet(r);
    JSValue global = JS_GetGlobalObject(r->js);
    const struct global_part *location = r->kind == GLOBAL_WINDOW ? &window_location_globals : &location_globals;
    int failed = remove_own_tag(r->js, global) || install_own(r, global) || install_all(r->js, global, parts) ||
                 (r->kind != GLOBAL_SERVICE_WORKER && install_all(r->js, global, not_of_service_workers)) ||
                 install(r->js, global, location) < 0 || install_visual(r, global) < 0 || hide_shared_memory(r, global) ||
                 (r->secure && install_all(r->js, global, secure_parts)) ||
                 (r->secure && r->kind == GLOBAL_WINDOW && /* R-EXP-04 */
                  (install(r->js, global, &audio_globals) < 0 || install(r->js, global, &css_globals) < 0)) ||
                 (web_of(r->agent)->webassembly_stub && install(r->js, global, &webassembly_globals) < 0) ||
                 (!r->pure && install(r->js, global, &heddle_globals) < 0);
    JS_FreeValue(r->js, global);
    return failed ? -1 : 0;
}

void globals_clear(struct realm *r)
{
    frames_clear(r);
    idle_clear(r);
    rejections_free(r);
    fetches_clear(r);
    requests_clear(r);
    cache_additions_clear(r);
    later_clear(r);
    service_worker_jobs_clear(r);
    service_worker_waits_clear(r);
    service_worker_objects_clear(r);
    service_worker_client_end(r);
    JS_FreeValue(r->js, r->spare_event);
    r->spare_event = JS_UNDEFINED;
    for (int i = 0; i < WINDOW_PART_COUNT; i++) {
        JS_FreeValue(r->js, r->window_parts[i]);
        r->window_parts[i] = JS_UNDEFINED;
    }
    commonjs_clear(r);
    barrier_clear(r);
    ports_clear(r);
    shared_workers_clear(r);
    broadcast_channels_clear(r);
    locks_clear(r);
    worklets_clear(r);
    css_worklets_clear(r);
    event_listeners_free(JS_GetRuntime(r->js), r->listeners);
    r->listeners = NULL;
}

void globals_release(struct realm *r)
{
    timers_release(r);
    console_release(r);
    blob_urls_release(r);
    muted_scripts_free(r);
}
