/* Rejected promises that nobody handles (R-ER-07..09).
 *
 * "About to be notified" and what a notification task carries are one list of entries; the "outstanding rejected promises weak set" is a
 * private mark on the promise itself, which keeps nothing alive. */
#include "web/error_report.h"

#include "base/finding.h"
#include "web/event.h"
#include "web/muted_scripts.h"

#include <stdlib.h>

struct rejection {
    JSValue promise, reason;
    bool handled; /* since it was handed to a task */
};

struct rejections {
    struct rejection *items;
    uint32_t count, capacity;
    uint32_t queued; /* the first ones belong to tasks on their way */
    JSAtom outstanding; /* the private mark; JS_ATOM_NULL = not made yet */
};

/* Tells of the oldest `count` queued rejections. */
struct notification {
    struct task task;
    struct realm *realm;
    uint32_t count;
};

struct late_handling {
    struct task task;
    struct realm *realm;
    JSValue promise, reason;
};

static struct rejections *rejections_of(struct realm *r)
{
    if (!r->rejections)
        r->rejections = js_mallocz(r->js, sizeof(struct rejections));
    return r->rejections;
}

static void rejection_free(JSContext *js, struct rejection *x)
{
    JS_FreeValue(js, x->promise);
    JS_FreeValue(js, x->reason);
}

void rejections_free(struct realm *r)
{
    struct rejections *all = r->rejections;
    if (!all)
        return;
    r->rejections = NULL;
    for (uint32_t i = 0; i < all->count; i++)
        rejection_free(r->js, &all->items[i]);
    JS_FreeAtom(r->js, all->outstanding);
    js_free(r->js, all->items);
    js_free(r->js, all);
}

/* ---- the outstanding set ---- */

static JSAtom outstanding_mark(struct realm *r)
{
    struct rejections *all = rejections_of(r);
    if (all && all->outstanding == JS_ATOM_NULL) {
        JSValue symbol = JS_NewPrivateSymbol(r->js, "outstanding rejection");
        if (!JS_IsException(symbol))
            all->outstanding = JS_ValueToAtom(r->js, symbol);
        JS_FreeValue(r->js, symbol);
    }
    return all ? all->outstanding : JS_ATOM_NULL;
}

static void outstanding_add(struct realm *r, JSValueConst promise)
{
    JSAtom mark = outstanding_mark(r);
    if (mark == JS_ATOM_NULL || JS_DefinePropertyValue(r->js, promise, mark, JS_TRUE, JS_PROP_CONFIGURABLE) < 0)
        JS_FreeValue(r->js, JS_GetException(r->js));
}

static bool outstanding_take(struct realm *r, JSValueConst promise)
{
    struct rejections *all = r->rejections;
    if (!all || all->outstanding == JS_ATOM_NULL || JS_GetOwnProperty(r->js, NULL, promise, all->outstanding) <= 0)
        return false;
    JS_DeleteProperty(r->js, promise, all->outstanding, 0);
    return true;
}

/* ---- HTML "HostPromiseRejectionTracker" ---- */

static void remember(struct realm *r, JSValueConst promise, JSValueConst reason)
{
    struct rejections *all = rejections_of(r);
    if (!all)
        return;
    if (all->count == all->capacity) {
        uint32_t capacity = all->capacity ? all->capacity * 2 : 4;
        struct rejection *items = js_realloc(r->js, all->items, capacity * sizeof *items);
        if (!items)
            return;
        all->items = items;
        all->capacity = capacity;
    }
    all->items[all->count++] =
        (struct rejection){.promise = JS_DupValue(r->js, promise), .reason = JS_DupValue(r->js, reason)};
}

/* Where the promise is in the list, the newest first, or -1. */
static int64_t find(const struct rejections *all, JSValueConst promise)
{
    for (uint32_t i = all ? all->count : 0; i-- > 0;)
        if (JS_VALUE_GET_PTR(all->items[i].promise) == JS_VALUE_GET_PTR(promise))
            return i;
    return -1;
}

static void remove_at(JSContext *js, struct rejections *all, uint32_t index)
{
    struct rejection gone = all->items[index];
    for (uint32_t i = index + 1; i < all->count; i++)
        all->items[i - 1] = all->items[i];
    all->count--;
    rejection_free(js, &gone);
}

static void late_handling_free(struct late_handling *l)
{
    JS_FreeValue(l->realm->js, l->promise);
    JS_FreeValue(l->realm->js, l->reason);
    free(l);
}

static void late_handling_run(struct task *task, struct agent *a)
{
    struct late_handling *l = (struct late_handling *)task;
    JSContext *js = l->realm->js;
    if (event_target_fire_rejection(js, JS_UNDEFINED, EVENT_REJECTIONHANDLED, l->promise, l->reason) < 0)
        realm_report_exception(l->realm);
    late_handling_free(l);
}

static void late_handling_drop(struct task *task)
{
    late_handling_free((struct late_handling *)task);
}

static void queue_late_handling(struct realm *r, JSValueConst promise, JSValueConst reason)
{
    struct late_handling *l = calloc(1, sizeof *l);
    if (!l)
        return;
    l->task = (struct task){.run = late_handling_run, .drop = late_handling_drop, .source = TASK_DOM_MANIPULATION};
    l->realm = r;
    l->promise = JS_DupValue(r->js, promise);
    l->reason = JS_DupValue(r->js, reason);
    agent_queue(r->agent, &l->task);
}

static void track(JSContext *js, JSValueConst promise, JSValueConst reason, bool is_handled, void *opaque)
{
    struct realm *r = realm_of(js);
    struct rejections *all = r->rejections;
    if (muted_scripts_runs(r))
        return;
    if (!is_handled) {
        remember(r, promise, reason);
        return;
    }
    int64_t index = find(all, promise);
    if (index >= 0 && index < all->queued)
        all->items[index].handled = true;
    else if (index >= 0)
        remove_at(js, all, (uint32_t)index);
    else if (outstanding_take(r, promise))
        queue_late_handling(r, promise, reason);
}

void rejections_install(struct engine *e)
{
    JS_SetHostPromiseRejectionTracker(engine_runtime(e), track, NULL);
}

/* ---- HTML "notify about rejected promises" ---- */

static void report_unhandled(struct realm *r, JSValueConst reason)
{
    struct error_report report;
    error_describe(r->js, reason, &report);
    error_notice(r->agent, FINDING_UNHANDLED_REJECTION, &report);
    error_report_free(r->js, &report);
}

/* The oldest queued rejection, taken out of the list for as long as its event runs. False when JavaScript was interrupted. */
static bool tell_oldest(struct realm *r)
{
    struct rejections *all = r->rejections;
    if (all->items[0].handled) {
        all->queued--;
        remove_at(r->js, all, 0);
        return true;
    }
    JSValue promise = JS_DupValue(r->js, all->items[0].promise), reason = JS_DupValue(r->js, all->items[0].reason);
    int canceled = event_target_fire_rejection(r->js, JS_UNDEFINED, EVENT_UNHANDLEDREJECTION, promise, reason);
    if (canceled < 0)
        realm_report_exception(r);
    if (canceled == 0)
        report_unhandled(r, reason);
    if (!all->items[0].handled)
        outstanding_add(r, promise);
    all->queued--;
    remove_at(r->js, all, 0);
    JS_FreeValue(r->js, promise);
    JS_FreeValue(r->js, reason);
    return canceled >= 0;
}

static void notification_run(struct task *task, struct agent *a)
{
    struct notification *n = (struct notification *)task;
    while (n->count-- > 0 && n->realm->rejections && tell_oldest(n->realm)) /* its document may go meanwhile */
        ;
    free(n);
}

static void notification_drop(struct task *task)
{
    free(task);
}

void rejections_notify(struct realm *r)
{
    struct rejections *all = r->rejections;
    if (!all || all->count == all->queued)
        return;
    struct notification *n = calloc(1, sizeof *n);
    if (!n)
        return;
    n->task = (struct task){.run = notification_run, .drop = notification_drop, .source = TASK_DOM_MANIPULATION};
    n->realm = r;
    n->count = all->count - all->queued;
    all->queued = all->count;
    agent_queue(r->agent, &n->task);
}
