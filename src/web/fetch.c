/* fetch() (Fetch section 5.6). A request goes out when the function is called; its answer comes as
 * a task of the networking source. */
#include "web/globals.h"
#include "web/event.h"
#include "web/headers.h"
#include "web/idl.h"
#include "web/realm.h"
#include "web/request.h"
#include "web/response.h"

#include <stdlib.h>
#include <string.h>

/* One call under way. Ownership: by the realm's list, until it settles or the realm ends. */
struct pending_fetch {
    struct realm *realm;
    struct resource_fetch *fetch;
    char *url;
    JSValue resolving[2];
    JSValue signal, on_abort; /* the request's; undefined once it does not matter any more */
    struct pending_fetch *next, **link;
};

static void pending_free(struct pending_fetch *p)
{
    JSContext *js = p->realm->js;
    if (p->fetch)
        resource_fetch_cancel(p->fetch);
    *p->link = p->next;
    if (p->next)
        p->next->link = p->link;
    if (JS_IsObject(p->on_abort))
        abort_signal_remove(js, p->signal, p->on_abort);
    JSValue values[] = {p->resolving[0], p->resolving[1], p->signal, p->on_abort};
    free(p->url);
    free(p);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        JS_FreeValue(js, values[i]);
}

void fetches_clear(struct realm *r)
{
    while (r->fetches)
        pending_free(r->fetches);
}

/* Settles the promise with a value (taken), and forgets the call. */
static void settle(struct pending_fetch *p, bool fulfil, JSValue value)
{
    JSContext *js = p->realm->js;
    JSValue result = JS_Call(js, p->resolving[!fulfil], JS_UNDEFINED, 1, (JSValueConst *)&value);
    if (JS_IsException(result))
        realm_report_exception(p->realm);
    JS_FreeValue(js, result);
    JS_FreeValue(js, value);
    pending_free(p);
}

static void answered(void *context, status s, struct resource *r)
{
    struct pending_fetch *p = context;
    JSContext *js = p->realm->js;
    p->fetch = NULL;
    if (s != STATUS_OK)
        resource_warn(p->realm->agent, "fetch", p->url, s, r);
    JSValue response = s == STATUS_OK ? response_from_resource(js, r)
                                      : JS_ThrowTypeError(js, "fetch of %s failed: %s", p->url,
                                                          r->error ? r->error : status_text(s));
    bool fulfil = !JS_IsException(response);
    settle(p, fulfil, fulfil ? response : JS_GetException(js));
}

/* Fetch "abort the fetch() call": the promise is rejected at once. */
static JSValue aborted(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                       int magic, JSValueConst *data)
{
    int64_t address = 0;
    (void)self;
    (void)count;
    (void)arguments;
    (void)magic;
    JS_ToInt64(js, &address, data[0]);
    struct pending_fetch *p = (struct pending_fetch *)(intptr_t)address;
    JS_FreeValue(js, p->on_abort); /* the signal has let go of it */
    p->on_abort = JS_UNDEFINED;
    settle(p, false, abort_signal_reason(js, p->signal));
    return JS_UNDEFINED;
}

static struct pending_fetch *pending_new(struct realm *r, const struct request_object *o)
{
    JSContext *js = r->js;
    struct pending_fetch *p = calloc(1, sizeof *p);
    if (!p) {
        JS_ThrowOutOfMemory(js);
        return NULL;
    }
    p->realm = r;
    p->url = strdup(o->url);
    p->signal = JS_DupValue(js, o->signal);
    p->on_abort = p->resolving[0] = p->resolving[1] = JS_UNDEFINED;
    p->link = &r->fetches;
    p->next = r->fetches;
    if (p->next)
        p->next->link = &p->next;
    r->fetches = p;
    return p;
}

static JSValue start(JSContext *js, JSValueConst request)
{
    struct realm *r = realm_of(js);
    const struct request_object *o = request_peek(request);
    struct pending_fetch *p = pending_new(r, o);
    if (!p)
        return JS_EXCEPTION;
    JSValue promise = JS_NewPromiseCapability(js, p->resolving);
    JSValue data = JS_NewInt64(js, (int64_t)(intptr_t)p);
    p->on_abort = JS_NewCFunctionData(js, aborted, 0, 0, 1, (JSValueConst *)&data);
    if (JS_IsException(promise) || JS_IsException(p->on_abort) ||
        abort_signal_add(js, p->signal, JS_DupValue(js, p->on_abort))) {
        JS_FreeValue(js, promise);
        pending_free(p);
        return JS_EXCEPTION;
    }
    struct request q = request_for_network(r, o);
    p->fetch = resource_fetch(r->agent, &q, answered, NULL, p);
    return promise;
}

static JSValue fetch(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)self;
    if (!idl_arguments(js, "fetch", count, 1))
        return idl_rejected(js);
    JSValue request = request_new(js, arguments[0], count > 1 ? arguments[1] : JS_UNDEFINED);
    if (JS_IsException(request))
        return idl_rejected(js);
    const struct request_object *o = request_peek(request);
    JSValue promise;
    if (abort_signal_aborted(o->signal))
        promise = JS_Throw(js, abort_signal_reason(js, o->signal));
    else if (*o->integrity)
        promise = JS_ThrowTypeError(js, "fetch of %s: integrity is not checked here", o->url);
    else
        promise = start(js, request);
    JS_FreeValue(js, request);
    return JS_IsException(promise) ? idl_rejected(js) : promise;
}

static const JSCFunctionListEntry functions[] = {JS_CFUNC_DEF2("fetch", 1, fetch, JS_PROP_C_W_E)};
static const struct lazy_property lazy[] = {
    {"Headers", interface_build, &headers_interface},
    {"Request", interface_build, &request_interface},
    {"Response", interface_build, &response_interface},
};

const struct global_part fetch_globals = {
    .lazy = lazy, .lazy_count = 3, .functions = functions, .function_count = 1};
