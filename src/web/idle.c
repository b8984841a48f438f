#include "web/idle.h"

#include "engine/interface.h"
#include "web/callbacks.h"
#include "web/event_object.h"
#include "web/globals.h"
#include "web/page.h"
#include "web/web_agent.h"

#include <stdlib.h>

#define LONGEST_PERIOD 50000000 /* ns */

struct idle {
    struct task task; /* of the period that is going on */
    struct realm *realm;
    struct callback_list pending, runnable;
    uint32_t last_handle;
    int64_t deadline;
    bool queued, orphaned; /* orphaned: the realm has gone, the task frees this */
};

struct deadline {
    int64_t until;
    bool timed_out;
};

/* ---- IdleDeadline ---- */

static JSValue time_remaining(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct deadline *d = interface_opaque(js, self, &idle_deadline_interface);
    (void)count;
    (void)arguments;
    if (!d)
        return JS_EXCEPTION;
    int64_t left = d->until - agent_now(realm_of(js)->agent);
    return JS_NewFloat64(js, left > 0 ? (double)left / 1e6 : 0);
}

static JSValue did_timeout(JSContext *js, JSValueConst self)
{
    struct deadline *d = interface_opaque(js, self, &idle_deadline_interface);
    return d ? JS_NewBool(js, d->timed_out) : JS_EXCEPTION;
}

static void deadline_finalize(JSRuntime *runtime, JSValueConst value)
{
    js_free_rt(runtime, JS_GetOpaque(value, host_class_id(HOST_CLASS_IDLE_DEADLINE)));
}

static const JSCFunctionListEntry deadline_prototype[] = {
    IDL_METHOD("timeRemaining", 0, time_remaining),
    IDL_ATTRIBUTE("didTimeout", did_timeout, NULL),
};

const struct interface idle_deadline_interface = {
    .host_class = HOST_CLASS_IDLE_DEADLINE,
    .name = "IdleDeadline",
    .class_definition = {.finalizer = deadline_finalize},
    .prototype = deadline_prototype,
    .prototype_count = 2,
};

/* Calls it and frees it. */
static void run_callback(struct callback *c, int64_t until, bool timed_out)
{
    struct realm *r = c->realm;
    struct deadline *d = js_mallocz(r->js, sizeof *d);
    JSValue object = d ? interface_object(r->js, &idle_deadline_interface, d) : JS_EXCEPTION;
    if (JS_IsException(object)) {
        js_free(r->js, d);
        realm_report_exception(r);
    } else {
        *d = (struct deadline){until, timed_out};
        realm_call(r, c->function, JS_UNDEFINED, 1, &object);
    }
    JS_FreeValue(r->js, object);
    callback_free(c);
}

/* ---- idle periods ---- */

/* R-IDLE-02: one callback for each task, and again while there is time. */
static void run_idle(struct task *t, struct agent *a)
{
    struct idle *i = caa_container_of(t, struct idle, task);
    if (i->orphaned) {
        free(i);
        return;
    }
    struct callback *c = agent_now(a) < i->deadline && page_of(i->realm) ? callback_take_first(&i->runnable) : NULL;
    if (c)
        run_callback(c, i->deadline, false);
    if (i->orphaned) {
        free(i);
    } else if (c && i->runnable.first) {
        agent_queue(a, &i->task);
    } else { /* what is left comes first in the next period */
        i->queued = false;
        callback_move(&i->runnable, &i->pending);
        callback_move(&i->pending, &i->runnable);
    }
}

static void drop_idle(struct task *t)
{
    struct idle *i = caa_container_of(t, struct idle, task);
    i->queued = false;
    if (i->orphaned)
        free(i);
}

/* R-IDLE-01: to the next timer, or frame, of any window of this loop. */
static int64_t period_end(struct agent *a)
{
    int64_t end = agent_now(a) + LONGEST_PERIOD, due = agent_next_timer(a);
    return due < end ? due : end;
}

bool idle_period_start(struct agent *a)
{
    struct web_agent *web = a->web;
    int64_t end = period_end(a);
    bool started = false;
    for (struct realm *r = web ? web->realms : NULL; r; r = r->next) {
        struct idle *i = r->idle;
        if (!i || i->queued || !i->pending.first || end <= agent_now(a))
            continue;
        callback_move(&i->runnable, &i->pending);
        i->deadline = end;
        i->queued = started = true;
        agent_queue(a, &i->task);
    }
    return started;
}

/* ---- the functions ---- */

static struct idle *idle_of(struct realm *r)
{
    if (!r->idle) {
        struct idle *i = calloc(1, sizeof *i);
        if (!i)
            return NULL;
        i->realm = r;
        i->task = (struct task){.run = run_idle, .drop = drop_idle, .source = TASK_IDLE};
        r->idle = i;
        r->agent->idle = idle_period_start;
    }
    return r->idle;
}

/* The race between idleness and the callback's timeout. */
static void time_out(struct timer *t, struct agent *a)
{
    struct callback *c = caa_container_of(t, struct callback, timer);
    struct idle *i = c->realm->idle;
    if (!callback_take(&i->pending, c->handle))
        callback_take(&i->runnable, c->handle);
    run_callback(c, agent_now(a), true);
}

static void never(struct timer *t)
{
    (void)t;
}

static int read_timeout(JSContext *js, JSValueConst options, uint32_t *timeout)
{
    *timeout = 0;
    if (!JS_IsObject(options))
        return 0;
    JSValue value = JS_GetPropertyStr(js, options, "timeout");
    int failed = JS_IsException(value) ? -1 : JS_IsUndefined(value) ? 0 : JS_ToUint32(js, timeout, value);
    JS_FreeValue(js, value);
    return failed;
}

static JSValue request(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct realm *r = realm_of(js);
    struct idle *i = idle_of(r);
    uint32_t timeout;
    (void)self;
    if (!count || !JS_IsFunction(js, arguments[0]))
        return JS_ThrowTypeError(js, "requestIdleCallback: a function is required");
    if (read_timeout(js, count > 1 ? arguments[1] : JS_UNDEFINED, &timeout))
        return JS_EXCEPTION;
    struct callback *c = i ? callback_add(&i->pending, r, i->last_handle + 1, arguments[0]) : NULL;
    if (!c)
        return JS_ThrowOutOfMemory(js);
    i->last_handle++;
    if (timeout) {
        c->timer.fire = time_out;
        c->timer.drop = never;
        timer_start(r->agent, &c->timer, (int64_t)timeout * 1000000);
    }
    return JS_NewUint32(js, i->last_handle);
}

static JSValue cancel(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct idle *i = realm_of(js)->idle;
    uint32_t handle = 0;
    (void)self;
    if (count && JS_ToUint32(js, &handle, arguments[0]))
        return JS_EXCEPTION;
    struct callback *c = i ? callback_take(&i->pending, handle) : NULL;
    if (i && !c)
        c = callback_take(&i->runnable, handle);
    if (c)
        callback_free(c);
    return JS_UNDEFINED;
}

void idle_clear(struct realm *r)
{
    struct idle *i = r->idle;
    if (!i)
        return;
    callback_clear(&i->pending);
    callback_clear(&i->runnable);
    r->idle = NULL;
    if (i->queued)
        i->orphaned = true;
    else
        free(i);
}

static const struct lazy_property lazy[] = {INTERFACE_PROPERTY(idle_deadline_interface)};
static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("requestIdleCallback", 1, request),
    JS_CFUNC_DEF("cancelIdleCallback", 1, cancel),
};

const struct global_part idle_globals = {.lazy = lazy, .lazy_count = 1, .functions = functions, .function_count = 2};
