#include "web/shared_worker.h"

#include "agent/world.h"
#include "base/finding.h"
#include "message/message.h"
#include "message/port.h"
#include "web/error_report.h"
#include "web/event.h"
#include "web/globals.h"
#include "web/shared_worker_manager.h"
#include "web/storage_key.h"
#include "web/worker.h"
#include "web/worker_global.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the worker's agent (R-WK-01) ---- */

/* R-ER-06: the owners hear of it by a plain event; what was wrong is told here. */
static void give_up(struct realm *r)
{
    JSValue thrown = JS_GetException(r->js);
    struct error_report report;
    if (!exception_is_interruption(r->js, thrown)) {
        error_describe(r->js, thrown, &report);
        error_notice(r->agent, FINDING_UNCAUGHT_ERROR, &report);
        error_report_free(r->js, &report);
    }
    JS_FreeValue(r->js, thrown);
}

static void agent_start_script(struct agent *a)
{
    struct shared_worker *w = web_agent_of(a)->shared_worker;
    struct realm *r = worker_realm_create(a, GLOBAL_SHARED_WORKER);
    JSValue code = r ? worker_compile(r) : JS_EXCEPTION;
    bool failed = JS_IsException(code);
    shared_worker_loaded(w, !failed);
    if (!failed) {
        worker_run(r, code);
    } else if (r) {
        give_up(r);
        agent_close(a);
    }
}

static void agent_finish(struct agent *a)
{
    struct shared_worker *w = web_agent_of(a)->shared_worker;
    workers_orphan(a);
    web_agent_free(a);
    shared_worker_ended(w);
}

static const struct agent_calls worker_calls = {agent_start_script, agent_checkpoint, agent_finish};

/* "connect": the port is also the event's source (R-MP-04). */
void shared_worker_connected(struct agent *a, struct port *far)
{
    struct realm *r = web_agent_of(a)->realms;
    JSContext *js = r->js;
    JSValue port = message_host.receive_port(js, far), ports = JS_IsException(port) ? JS_EXCEPTION : JS_NewArray(js);
    if (JS_IsException(ports) || JS_DefinePropertyValueUint32(js, ports, 0, JS_DupValue(js, port), JS_PROP_C_W_E) < 0) {
        realm_report_exception(r);
        JS_FreeValue(js, ports);
        JS_FreeValue(js, port);
        return;
    }
    struct message_event_init init = {.data = JS_NewString(js, ""), .ports = ports, .source = port};
    JSValue global = JS_GetGlobalObject(js);
    if (event_target_fire_message(js, global, "connect", &init) < 0)
        realm_report_exception(r);
    JS_FreeValue(js, global);
}

const JSCFunctionListEntry shared_worker_global[] = {EVENT_HANDLER_ATTRIBUTE("connect", EVENT_CONNECT)};
const int shared_worker_global_count = sizeof shared_worker_global / sizeof shared_worker_global[0];

/* ---- the SharedWorker interface ---- */

struct shared_worker_object {
    struct event_target target; /* first: see event_target.h */
    struct realm *realm;
    JSValue self; /* counted while the connector may tell something */
    JSValue port; /* the near one */
    struct connector *connector; /* NULL once settled */
    struct shared_worker_object *next, *previous; /* of the realm, while there is a connector */
};

static void forget_connector(struct shared_worker_object *o)
{
    connector_forget(o->connector);
    o->connector = NULL;
    *(o->previous ? &o->previous->next : &o->realm->shared_workers) = o->next;
    if (o->next)
        o->next->previous = o->previous;
    JS_FreeValue(o->realm->js, o->self);
}

static void failed(void *holder)
{
    struct shared_worker_object *o = holder;
    if (event_target_fire_simple(o->realm->js, o->self, "error") < 0)
        realm_report_exception(o->realm);
}

static void settled(void *holder)
{
    forget_connector(holder);
}

static const struct connector_calls connector_calls = {failed, settled};

static struct shared_worker_owner owner_of(const struct realm *r)
{
    return (struct shared_worker_owner){r->agent->id, r->number};
}

void shared_workers_owner_active(struct realm *r, bool active)
{
    if (r->owns_shared_workers)
        shared_workers_set_active(r->agent->world, owner_of(r), active);
}

void shared_workers_clear(struct realm *r)
{
    if (r->owns_shared_workers)
        shared_workers_disown(r->agent->world, owner_of(r));
    while (r->shared_workers)
        forget_connector(r->shared_workers);
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    struct shared_worker_object *o = interface_peek(value, &shared_worker_interface);
    if (!o)
        return;
    event_target_release(runtime, &o->target);
    JS_FreeValueRT(runtime, o->port);
    js_free_rt(runtime, o);
}

static void mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark_value)
{
    struct shared_worker_object *o = interface_peek(value, &shared_worker_interface);
    if (!o)
        return;
    event_target_mark(runtime, &o->target, mark_value);
    JS_MarkValue(runtime, o->port, mark_value);
}

static void start_agent(struct realm *r, struct shared_worker *w, struct worker_options *o)
{
    struct web_agent *web = worker_web_agent_new(o);
    struct agent *agent = NULL;
    char name[64];
    snprintf(name, sizeof name, "shared-worker-%u", ++r->workers_made);
    if (web) {
        web->shared_worker = shared_worker_ref(w);
        worker_inherit(web, r);
        struct agent_options options = {
            .kind = AGENT_SHARED_WORKER,
            .can_block = true, /* R-AG-03, and a cluster of its own */
            .name = *web->own_name ? web->own_name : name,
            .calls = &worker_calls,
            .web = web,
        };
        if (agent_start(r->agent->world, &options, &agent) != STATUS_OK) {
            agent = NULL;
            shared_worker_unref(web->shared_worker);
            worker_web_agent_free(web);
        }
    }
    shared_worker_started(w, agent);
    agent_unref(agent);
}

/* Both ends of a channel: an object here, and one that is on its way. */
static struct port *make_ports(JSContext *js, JSValue *near)
{
    struct port *ends[2];
    *near = JS_EXCEPTION;
    if (port_channel(&ends[0], &ends[1]) != STATUS_OK) {
        JS_ThrowOutOfMemory(js);
        return NULL;
    }
    *near = message_host.receive_port(js, ends[0]);
    if (!JS_IsException(*near) && web_of(realm_of(js)->agent)->knobs.shared_port_starts)
        port_start(ends[0]); /* R-MP-04, by the letter */
    if (!JS_IsException(*near) && port_ship(ends[1]))
        return ends[1];
    port_release(ends[1]);
    JS_FreeValue(js, *near);
    return NULL;
}

static int connect_object(JSContext *js, struct shared_worker_object *o, struct worker_options *options)
{
    struct realm *r = realm_of(js);
    struct port *far = make_ports(js, &o->port);
    struct shared_worker *start;
    if (!far) {
        o->port = JS_UNDEFINED;
        return -1;
    }
    char *storage_key = storage_key_of(r);
    struct shared_worker_key key = {storage_key,          options->url,
                                    options->name,        options->module,
                                    options->extended_lifetime, options->credentials,
                                    r->secure};
    r->owns_shared_workers = true;
    o->connector = shared_worker_connect(r->agent, &key, owner_of(r), far, &connector_calls, o, &start);
    free(storage_key);
    if (!o->connector) {
        JS_ThrowOutOfMemory(js);
        return -1;
    }
    JS_DupValue(js, o->self);
    o->next = r->shared_workers;
    if (o->next)
        o->next->previous = o;
    r->shared_workers = o;
    if (start)
        start_agent(r, start, options);
    return 0;
}

static JSValue construct_with(JSContext *js, JSValueConst new_target, struct worker_options *options)
{
    struct shared_worker_object *o = js_mallocz(js, sizeof *o);
    if (!o)
        return JS_EXCEPTION;
    o->realm = realm_of(js);
    o->port = JS_UNDEFINED;
    o->self = interface_object_from(js, &shared_worker_interface, new_target, o);
    if (JS_IsException(o->self)) {
        js_free(js, o);
        return JS_EXCEPTION;
    }
    if (connect_object(js, o, options) == 0)
        return o->self;
    JS_FreeValue(js, o->self);
    return JS_EXCEPTION;
}

static JSValue construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    struct worker_options options;
    JSValue object = worker_options_read(js, true, count, arguments, &options) ? JS_EXCEPTION
                                                                               : construct_with(js, new_target, &options);
    worker_options_release(&options);
    return object;
}

static JSValue get_port(JSContext *js, JSValueConst self)
{
    const struct shared_worker_object *o = interface_opaque(js, self, &shared_worker_interface);
    return o ? JS_DupValue(js, o->port) : JS_EXCEPTION;
}

static const JSCFunctionListEntry prototype[] = {
    JS_CGETSET_DEF2("port", get_port, NULL, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE),
    EVENT_HANDLER_ATTRIBUTE("error", EVENT_ERROR),
};

const struct interface shared_worker_interface = {
    .host_class = HOST_CLASS_SHARED_WORKER,
    .name = "SharedWorker",
    .parent = &event_target_interface,
    .class_definition = {.finalizer = finalize, .gc_mark = mark},
    .constructor = construct,
    .constructor_length = 1,
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof prototype[0],
};
