/* ServiceWorkerGlobalScope: what a service worker's global has of its own, and the scripts that it
 * imports. Own thread. */
#include "web/worker_global.h"
#include "web/service_worker_events.h"

#include "web/event.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/later.h"
#include "web/web_agent.h"

#include <string.h>

static JSValue skip_waiting(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct realm *r = realm_of(js);
    (void)self;
    (void)count;
    (void)arguments;
    service_worker_skip_waiting(service_worker_of_realm(r));
    return promise_later(r, JS_UNDEFINED);
}

static JSValue get_registration(JSContext *js, JSValueConst self)
{
    struct realm *r = realm_of(js);
    (void)self;
    return service_worker_registration_object(
        r, service_worker_registration_of(service_worker_of_realm(r)));
}

static JSValue get_clients(JSContext *js, JSValueConst self)
{
    static char inside;
    struct realm *r = realm_of(js);
    (void)self;
    if (JS_IsUndefined(r->service_worker_clients)) {
        JSValue object = interface_object(js, &clients_interface, &inside);
        if (JS_IsException(object))
            return object;
        r->service_worker_clients = object;
    }
    return JS_DupValue(js, r->service_worker_clients);
}

static JSValue get_own_worker(JSContext *js, JSValueConst self)
{
    struct realm *r = realm_of(js);
    (void)self;
    return service_worker_object(r, service_worker_of_realm(r));
}

const JSCFunctionListEntry service_worker_global[] = {
    JS_CFUNC_DEF2("skipWaiting", 0, skip_waiting, JS_PROP_C_W_E),
    JS_CGETSET_DEF2("registration", get_registration, NULL, IDL_ENUMERABLE),
    JS_CGETSET_DEF2("clients", get_clients, NULL, IDL_ENUMERABLE),
    JS_CGETSET_DEF2("serviceWorker", get_own_worker, NULL, IDL_ENUMERABLE),
    EVENT_HANDLER_ATTRIBUTE("install", EVENT_INSTALL),
    EVENT_HANDLER_ATTRIBUTE("activate", EVENT_ACTIVATE),
    EVENT_HANDLER_ATTRIBUTE("fetch", EVENT_FETCH),
    EVENT_HANDLER_ATTRIBUTE("message", EVENT_MESSAGE),
    EVENT_HANDLER_ATTRIBUTE("messageerror", EVENT_MESSAGEERROR),
};
const int service_worker_global_count =
    sizeof service_worker_global / sizeof *service_worker_global;

/* R-SV-13: what was imported while it was evaluated first, or installed, is what there will be. */
status service_worker_load_import(struct realm *r, const struct request *q, enum script_kind kind,
                                  struct resource *out)
{
    struct service_worker *w = service_worker_of_realm(r);
    enum service_worker_import found = service_worker_find_import(w, q->url, out);
    if (found == IMPORT_STORED)
        return STATUS_OK;
    if (found == IMPORT_TOO_LATE) {
        *out = (struct resource){
            .error = strdup("a service worker imports nothing new once it is installed")};
        return STATUS_STATE;
    }
    status s = script_load(r->agent, q, kind, out);
    if (s == STATUS_OK)
        service_worker_store_import(w, q->url, out);
    return s;
}

const struct lazy_property service_worker_interfaces[] = {
    {"WorkerGlobalScope", interface_build, &worker_global_scope_interface},
    {"ServiceWorkerGlobalScope", interface_build, &service_worker_global_scope_interface},
    {"ExtendableEvent", interface_build, &extendable_event_interface},
    {"FetchEvent", interface_build, &fetch_event_interface},
    {"ExtendableMessageEvent", interface_build, &extendable_message_event_interface},
    {"Clients", interface_build, &clients_interface},
    {"Client", interface_build, &client_interface},
    {"WindowClient", interface_build, &window_client_interface},
    {"PushEvent", interface_build, &push_event_interface},
};
