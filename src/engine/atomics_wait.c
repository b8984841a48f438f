/* Atomics.wait, waitAsync and notify (ECMA-262 sec-dowait, sec-atomics.notify). Guarantees:
 * atomics.h. */
#include "engine/atomics.h"

#include "base/assert.h"
#include "engine/atomics_access.h"
#include "engine/engine_struct.h"
#include "engine/internals.h"
#include "memory/block_access.h"
#include "memory/waiter_list.h"
#include "observe/hooks.h"
#include "platform/thread.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the steps that wait and waitAsync share ---- */

struct wait_request {
    struct shared_block *block;
    uint64_t offset;
    unsigned size;
    int64_t expected;
    int64_t timeout; /* ns, or CROWD_NEVER */
};

/* sec-validateintegertypedarray with waitable = true */
static bool validate_waitable(JSContext *realm, JSValueConst array, struct integer_view *view)
{
    enum view_status found = integer_view_read(array, view);

    if (found == VIEW_OUT_OF_BOUNDS) {
        JS_ThrowTypeError(realm, "TypedArray is detached or out of bounds");
        return false;
    }
    if (found != VIEW_VALID || (view->type != INTEGER_INT32 && view->type != INTEGER_BIG_INT64)) {
        JS_ThrowTypeError(realm, "Int32Array or BigInt64Array expected");
        return false;
    }
    return true;
}

/* Milliseconds of JavaScript in ns: what is not a number or too long to count is for ever. */
static int64_t timeout_ns(double milliseconds)
{
    double ns = ceil(milliseconds * 1e6);

    if (isnan(ns) || ns >= 0x1p63) {
        return CROWD_NEVER;
    }
    return ns > 0 ? (int64_t)ns : 0;
}

static bool to_expected(JSContext *realm, const struct integer_view *view, JSValueConst value,
                        int64_t *expected)
{
    int32_t narrow;

    if (view->type == INTEGER_BIG_INT64) {
        return JS_ToBigInt64(realm, expected, value) == 0;
    }
    if (JS_ToInt32(realm, &narrow, value)) {
        return false;
    }
    *expected = narrow;
    return true;
}

/* Steps 1 to 10. A shared buffer never shrinks, so nothing is checked again after the coercions. */
static bool wait_prepare(JSContext *realm, JSValueConst *arguments, struct wait_request *request)
{
    struct integer_view view;
    uint32_t index;
    double milliseconds;

    if (!validate_waitable(realm, arguments[0], &view)) {
        return false;
    }
    if (!view.shared) {
        JS_ThrowTypeError(realm, "SharedArrayBuffer expected");
        return false;
    }
    if (!atomics_index(realm, arguments[1], &view, &index) ||
        !to_expected(realm, &view, arguments[2], &request->expected) ||
        JS_ToFloat64(realm, &milliseconds, arguments[3])) {
        return false;
    }
    request->timeout = timeout_ns(milliseconds);
    request->size = 1u << view.size_log2;
    request->block =
        shared_block_of(view.elements + ((size_t)index << view.size_log2), &request->offset);
    return true;
}

/* ---- wait ---- */

/* What a report needs to tell where a thread waits. */
struct wait_site {
    JSContext *realm;
};

_Static_assert(WAIT_OK == 0 && WAIT_NOT_EQUAL == 1 && WAIT_TIMED_OUT == 2, "wait_results");
static const char *const result_names[] = {"ok", "not-equal", "timed-out"};

/* The same string each time: a hand-over should not wait for memory. */
static JSValue result_string(JSContext *realm, enum wait_result result)
{
    JSAtom *atom = &engine_of(realm)->wait_results[result];

    if (*atom == JS_ATOM_NULL) {
        *atom = JS_NewAtom(realm, result_names[result]);
    }
    return *atom == JS_ATOM_NULL ? JS_EXCEPTION : JS_AtomToString(realm, *atom);
}

JSValue atomics_js_wait(JSContext *realm, JSValueConst this_value, int count,
                        JSValueConst *arguments)
{
    const struct atomics_agent *agent = engine_of(realm)->atomics_agent;
    struct wait_site site = {realm};
    struct wait_request request;

    if (!wait_prepare(realm, arguments, &request)) {
        return JS_EXCEPTION;
    }
    if (!agent || !agent->can_block) {
        return JS_ThrowTypeError(realm, WAIT_FORBIDDEN);
    }
    enum wait_result result =
        waiter_wait(request.block, request.offset, request.size, request.expected, request.timeout,
                    agent->parker, agent->doomed, &site);
    return result == WAIT_TERMINATED ? throw_interruption(realm) : result_string(realm, result);
}

bool atomics_wait_place(const void *site, char *file, size_t room, uint32_t *line, uint32_t *column)
{
    const struct wait_site *s = site;
    JSAtom name;

    if (!s || !stack_place(s->realm, 0, &name, line, column)) {
        return false;
    }
    const char *text = JS_AtomToCString(s->realm, name);
    snprintf(file, room, "%s", text ? text : "");
    JS_FreeCString(s->realm, text);
    JS_FreeAtom(s->realm, name);
    return true;
}

/* ---- waitAsync ---- */

/* An enrolled promise. `waiter`, `agent` and the room belong to whoever notifies, too; the rest to
 * the agent's own thread, and to who drops a settlement after that has ended. */
struct promise_waiter {
    struct async_waiter waiter; /* first */
    const struct atomics_agent *agent;
    struct engine *engine;

    struct promise_waiter *next, *previous; /* the engine's, while it holds values */
    JSContext *realm;                       /* counted */
    JSValue resolve;
    bool timed;    /* its timer runs */
    bool notified; /* seen by the time-out: a settlement is on its way */
    bool parted;   /* the values, or the settlement, are gone: who comes second frees */

    max_align_t room[];
};

/* The engine whose JavaScript calls Atomics.notify on this thread now. */
static THREAD_LOCAL struct engine *notifying;

/* One of two has let go of the waiter. They come one after the other: see atomics_drop_settlement
 * in engine/atomics.h. */
static void part_or_free(struct promise_waiter *w)
{
    if (w->parted) {
        free(w);
    } else {
        w->parted = true;
    }
}

/* A waiter that was never posted. */
static void waiter_free(struct promise_waiter *w)
{
    w->agent->forget(w->room);
    free(w);
}

/* Takes the waiter from the engine and frees what it holds of the heap. */
static void waiter_part(struct promise_waiter *w)
{
    if (w->timed) {
        w->agent->cancel_timer(w->room);
        w->timed = false;
    }
    if (w->previous) {
        w->previous->next = w->next;
    } else {
        w->engine->promise_waiters = w->next;
    }
    if (w->next) {
        w->next->previous = w->previous;
    }
    JS_FreeValue(w->realm, w->resolve);
    JS_FreeContext(w->realm);
}

/* False when there was not the memory or the stack to do it. */
static bool resolve(struct promise_waiter *w, const char *result)
{
    JSValue text = JS_NewString(w->realm, result);

    if (!JS_IsException(text)) {
        JSValue done = JS_Call(w->realm, w->resolve, JS_UNDEFINED, 1, (JSValueConst *)&text);
        JS_FreeValue(w->realm, text);
        if (!JS_IsException(done)) {
            JS_FreeValue(w->realm, done);
            return true;
        }
    }
    JS_FreeValue(w->realm, JS_GetException(w->realm));
    return false;
}

/* On the notifier's thread: within the same agent the promise is settled at once, in another one by
 * a job of that agent. So is one that found too little room here. */
static void settle(struct async_waiter *waiter)
{
    struct promise_waiter *w = (struct promise_waiter *)waiter;

    if (w->engine == notifying && resolve(w, "ok")) {
        waiter_part(w);
        waiter_free(w);
    } else {
        w->agent->post(w->room);
    }
}

void atomics_run_settlement(void *waiter)
{
    struct promise_waiter *w = waiter;

    (void)resolve(w, "ok");
    waiter_part(w);
    free(w);
}

void atomics_drop_settlement(void *waiter)
{
    part_or_free(waiter);
}

void atomics_run_timeout(void *waiter)
{
    struct promise_waiter *w = waiter;

    w->timed = false;
    if (waiter_cancel_async(&w->waiter)) {
        (void)resolve(w, "timed-out");
        waiter_part(w);
        waiter_free(w);
    } else {
        w->notified = true;
    }
}

void engine_atomics_end(struct engine *e)
{
    for (int i = 0; i < 3; i++) {
        JS_FreeAtomRT(e->runtime, e->wait_results[i]);
    }
    while (e->promise_waiters) {
        struct promise_waiter *w = e->promise_waiters;
        bool cancelled = !w->notified && waiter_cancel_async(&w->waiter);

        waiter_part(w);
        if (cancelled) {
            waiter_free(w);
        } else {
            part_or_free(w);
        }
    }
}

static JSValue result_object(JSContext *realm, bool async, JSValue value)
{
    JSValue object = JS_NewObject(realm);

    if (JS_IsException(object)) {
        JS_FreeValue(realm, value);
        return JS_EXCEPTION;
    }
    if (JS_DefinePropertyValueStr(realm, object, "async", JS_NewBool(realm, async), JS_PROP_C_W_E) <
        0) {
        JS_FreeValue(realm, value);
    } else if (JS_DefinePropertyValueStr(realm, object, "value", value, JS_PROP_C_W_E) >= 0) {
        return object;
    }
    JS_FreeValue(realm, object);
    return JS_EXCEPTION;
}

static JSValue immediate_result(JSContext *realm, const char *text)
{
    JSValue value = JS_NewString(realm, text);

    return JS_IsException(value) ? value : result_object(realm, false, value);
}

/* A time-out of 0 compares within the critical section and enrols nobody: an empty notify is that
 * section. */
static JSValue compare_only(JSContext *realm, const struct wait_request *request)
{
    waiter_notify(request->block, request->offset, 0);
    uint8_t *cell = shared_block_bytes(request->block) + request->offset;
    OBSERVE(atomic_begin, cell, request->size);
    uint64_t value = atomics_load(cell, request->size);
    OBSERVE(atomic_end, cell, request->size, OBSERVE_READ);
    bool equal = request->size == 4 ? (uint32_t)value == (uint32_t)request->expected
                                    : value == (uint64_t)request->expected;
    return immediate_result(realm, equal ? "timed-out" : "not-equal");
}

/* A waiter with its promise's resolving function; `*promise` is a new reference. NULL with an
 * exception. */
static struct promise_waiter *waiter_new(JSContext *realm, JSValue *promise)
{
    struct engine *e = engine_of(realm);
    const struct atomics_agent *agent = e->atomics_agent;
    struct promise_waiter *w = calloc(1, sizeof(*w) + agent->room_size);
    JSValue functions[2];

    if (!w) {
        JS_ThrowOutOfMemory(realm);
        return NULL;
    }
    *promise = JS_NewPromiseCapability(realm, functions);
    if (JS_IsException(*promise)) {
        free(w);
        return NULL;
    }
    JS_FreeValue(realm, functions[1]); /* these promises are never rejected */
    w->resolve = functions[0];
    w->realm = JS_DupContext(realm);
    w->engine = e;
    w->agent = agent;
    w->next = e->promise_waiters;
    if (w->next) {
        w->next->previous = w;
    }
    e->promise_waiters = w;
    agent->prepare(agent->agent, w->room, w);
    w->waiter.doomed = agent->doomed;
    w->waiter.settle = settle;
    w->waiter.since = crowd_now(agent->parker->crowd);
    return w;
}

JSValue atomics_js_wait_async(JSContext *realm, JSValueConst this_value, int count,
                              JSValueConst *arguments)
{
    struct wait_request request;
    JSValue promise;

    if (!wait_prepare(realm, arguments, &request)) {
        return JS_EXCEPTION;
    }
    if (request.timeout == 0) {
        return compare_only(realm, &request);
    }
    if (!engine_of(realm)->atomics_agent) {
        return JS_ThrowTypeError(realm, "this agent has no event loop");
    }
    struct promise_waiter *w = waiter_new(realm, &promise);
    if (!w) {
        return JS_EXCEPTION;
    }
    JSValue result = result_object(realm, true, promise); /* before it is enrolled: this may fail */
    if (!JS_IsException(result) && waiter_enrol_async(request.block, request.offset, request.size,
                                                      request.expected, &w->waiter) == WAIT_OK) {
        if (request.timeout != CROWD_NEVER) {
            w->timed = true;
            w->agent->start_timer(w->room, request.timeout);
        }
        return result;
    }
    waiter_part(w);
    waiter_free(w);
    if (JS_IsException(result)) {
        return JS_EXCEPTION;
    }
    JS_FreeValue(realm, result);
    return immediate_result(realm, "not-equal");
}

/* ---- notify ---- */

/* Infinity for undefined, else ToIntegerOrInfinity, at least 0. */
static bool to_count(JSContext *realm, JSValueConst value, uint64_t *count)
{
    double number;

    if (JS_VALUE_GET_TAG(value) == JS_TAG_INT) {
        *count = JS_VALUE_GET_INT(value) > 0 ? (uint64_t)JS_VALUE_GET_INT(value) : 0;
        return true;
    }
    if (JS_IsUndefined(value)) {
        *count = WAITER_ALL;
        return true;
    }
    if (JS_ToFloat64(realm, &number, value)) {
        return false;
    }
    *count = number >= 0x1p53 ? WAITER_ALL : number >= 1 ? (uint64_t)number : 0;
    return true;
}

JSValue atomics_js_notify(JSContext *realm, JSValueConst this_value, int count,
                          JSValueConst *arguments)
{
    struct integer_view view;
    uint32_t index;
    uint64_t wanted, offset;

    if (!validate_waitable(realm, arguments[0], &view) ||
        !atomics_index(realm, arguments[1], &view, &index) ||
        !to_count(realm, arguments[2], &wanted)) {
        return JS_EXCEPTION;
    }
    if (!view.shared) {
        return JS_NewInt32(realm, 0);
    }
    struct shared_block *block =
        shared_block_of(view.elements + ((size_t)index << view.size_log2), &offset);
    notifying = engine_of(realm);
    uint64_t woken = waiter_notify(block, offset, wanted);
    notifying = NULL;
    return JS_NewInt64(realm, (int64_t)woken);
}

void engine_set_atomics_agent(struct engine *e, const struct atomics_agent *a)
{
    e->atomics_agent = a;
}
