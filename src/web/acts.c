#include "web/acts.h"

#include "agent/source_choice.h"
#include "web/document.h"
#include "web/event_object.h"
#include "web/page.h"
#include "web/web_agent.h"
#include "web/worklet.h"
#include "web/worker.h"

#include <stdlib.h>
#include <string.h>

struct act {
    struct task task;
    const char *type, *target;
    struct document *document; /* counted, or NULL */
    char *name, *reason;
    struct agent *scope; /* counted, or NULL */
    unsigned held; /* sources of tasks */
    int64_t until;
    uint32_t count; /* of messages */
};

static void act_drop(struct task *t)
{
    struct act *act = caa_container_of(t, struct act, task);
    free(act->name);
    free(act->reason);
    document_unref(act->document);
    agent_unref(act->scope);
    free(act);
}

static struct act *act_new(void (*run)(struct task *, struct agent *), enum task_source source)
{
    struct act *act = calloc(1, sizeof *act);
    if (act)
        act->task = (struct task){.run = run, .drop = act_drop, .source = source};
    return act;
}

/* ---- events ---- */

static JSValue user_event(JSContext *js, const char *type)
{
    struct event *e;
    JSValue event = event_new(js, &event_interface, JS_UNDEFINED, 0, &e);
    if (JS_IsException(event))
        return event;
    JSValue name = JS_NewString(js, type);
    int failed = event_initialize(js, e, name, true, true);
    JS_FreeValue(js, name);
    e->trusted = true;
    if (!failed)
        return event;
    JS_FreeValue(js, event);
    return JS_EXCEPTION;
}

/* The window, or the element that the selector finds; an exception when there is none. */
static JSValue event_goal(JSContext *js, JSValueConst global, const char *selector)
{
    if (!selector)
        return JS_DupValue(js, global);
    JSValue document = JS_GetPropertyStr(js, global, "document"), text = JS_NewString(js, selector);
    JSAtom method = JS_NewAtom(js, "querySelector");
    JSValue found = JS_Invoke(js, document, method, 1, &text);
    JS_FreeAtom(js, method);
    JS_FreeValue(js, text);
    JS_FreeValue(js, document);
    return JS_IsNull(found) ? JS_ThrowPlainError(js, "the document has no element %s", selector) : found;
}

static void fire(struct task *t, struct agent *a)
{
    struct act *act = caa_container_of(t, struct act, task);
    struct page *p = act->document->page;
    (void)a;
    if (p) { /* else the document has gone */
        JSContext *js = p->realm->js;
        JSValue event = user_event(js, act->type), global = JS_GetGlobalObject(js);
        JSValue goal = JS_IsException(event) ? JS_EXCEPTION : event_goal(js, global, act->target);
        if (JS_IsException(goal) || event_dispatch(js, goal, event) < 0)
            realm_report_exception(p->realm);
        JS_FreeValue(js, goal);
        JS_FreeValue(js, global);
        JS_FreeValue(js, event);
    }
    act_drop(t);
}

void act_fire(struct document *d, const char *type, const char *target)
{
    struct act *act = act_new(fire, TASK_USER_INTERACTION);
    if (!act)
        return;
    act->type = type;
    act->target = target;
    act->document = document_ref(d);
    agent_post(d->place.agent, &act->task);
}

/* ---- garbage ---- */

static void collect(struct task *t, struct agent *a)
{
    engine_collect(a->engine);
    workers_collected(a);
    act_drop(t);
}

void act_collect(struct agent *a)
{
    struct act *act = act_new(collect, TASK_JAVASCRIPT_ENGINE);
    if (act)
        agent_post(a, &act->task);
}

/* ---- worklets ---- */

static void replace_scope(struct task *t, struct agent *a)
{
    struct act *act = caa_container_of(t, struct act, task);
    for (struct realm *r = web_agent_of(a)->realms; r; r = r->next)
        worklets_replace_scope(r, act->scope);
    act_drop(t);
}

void act_replace_scope(struct agent *scope)
{
    struct act *act = scope->kind == AGENT_WORKLET && scope->creator ? act_new(replace_scope, TASK_DOM_MANIPULATION) : NULL;
    if (!act)
        return;
    act->scope = agent_ref(scope);
    agent_post(scope->creator, &act->task);
}

/* ---- tasks held back ---- */

static void hold(struct task *t, struct agent *a)
{
    struct act *act = caa_container_of(t, struct act, task);
    source_hold(a, act->held, act->until);
    act_drop(t);
}

void act_hold(struct agent *a, unsigned sources, int64_t until)
{
    struct act *act = act_new(hold, TASK_DOM_MANIPULATION);
    if (!act)
        return;
    act->held = sources;
    act->until = until;
    agent_post(a, &act->task);
}

/* ---- messages that get lost ---- */

static void lose(struct task *t, struct agent *a)
{
    web_agent_of(a)->doomed_messages += caa_container_of(t, struct act, task)->count;
    act_drop(t);
}

void act_lose(struct agent *a, uint32_t count)
{
    struct act *act = act_new(lose, TASK_USER_INTERACTION);
    if (!act)
        return;
    act->count = count;
    agent_post(a, &act->task);
}

/* ---- the death of a fellow member ---- */

static void tell_realm(struct realm *r, const struct act *act)
{
    JSContext *js = r->js;
    JSValue global = JS_GetGlobalObject(js), heddle = JS_GetPropertyStr(js, global, "heddle");
    JSValue handler = JS_IsObject(heddle) ? JS_GetPropertyStr(js, heddle, "ondeath") : JS_UNDEFINED;
    if (JS_IsFunction(js, handler)) {
        JSValue arguments[] = {JS_NewString(js, act->name), JS_NewString(js, act->reason)};
        realm_call(r, handler, heddle, 2, arguments);
        JS_FreeValue(js, arguments[0]);
        JS_FreeValue(js, arguments[1]);
    } else if (JS_IsException(heddle) || JS_IsException(handler)) {
        realm_report_exception(r);
    }
    JS_FreeValue(js, handler);
    JS_FreeValue(js, heddle);
    JS_FreeValue(js, global);
}

static void tell(struct task *t, struct agent *a)
{
    struct act *act = caa_container_of(t, struct act, task);
    for (struct realm *r = web_agent_of(a)->realms; r; r = r->next)
        tell_realm(r, act);
    act_drop(t);
}

void act_tell_death(struct agent *a, const char *name, const char *reason)
{
    struct act *act = act_new(tell, TASK_DOM_MANIPULATION);
    if (!act)
        return;
    act->name = strdup(name);
    act->reason = strdup(reason);
    agent_post(a, &act->task);
}
