#include "web/later.h"

#include "web/document.h"
#include "web/idl.h"

#include <stdlib.h>

/* Ownership: by the loop, whose task it is; linked in its realm's list until that is cleared. */
struct later {
    struct task task;
    struct realm *realm; /* NULL once it was cleared */
    JSValue resolving[2], value;
    bool fulfil;
    struct later *next, **link;
};

static void unlink_later(struct later *l)
{
    if (!l->realm)
        return;
    *l->link = l->next;
    if (l->next)
        l->next->link = l->link;
    JSContext *js = l->realm->js;
    l->realm = NULL;
    JS_FreeValue(js, l->resolving[0]);
    JS_FreeValue(js, l->resolving[1]);
    JS_FreeValue(js, l->value);
}

static void drop(struct task *t)
{
    struct later *l = caa_container_of(t, struct later, task);
    unlink_later(l);
    free(l);
}

static void run(struct task *t, struct agent *a)
{
    struct later *l = caa_container_of(t, struct later, task);
    struct realm *r = l->realm;
    (void)a;
    if (r) {
        JSValue result =
            JS_Call(r->js, l->resolving[!l->fulfil], JS_UNDEFINED, 1, (JSValueConst *)&l->value);
        if (JS_IsException(result))
            realm_report_exception(r);
        JS_FreeValue(r->js, result);
    }
    drop(t);
}

JSValue promise_later(struct realm *r, JSValue value)
{
    JSContext *js = r->js;
    bool fulfil = !JS_IsException(value);
    JSValue reason = fulfil ? value : JS_GetException(js);
    if (!fulfil && exception_is_interruption(js, reason))
        return JS_Throw(js, reason);
    struct later *l = calloc(1, sizeof *l);
    JSValue promise = l ? JS_NewPromiseCapability(js, l->resolving) : JS_ThrowOutOfMemory(js);
    if (JS_IsException(promise)) {
        JS_FreeValue(js, reason);
        free(l);
        return promise;
    }
    l->task = (struct task){.run = run, .drop = drop, .source = TASK_NETWORKING};
    l->realm = r;
    l->value = reason;
    l->fulfil = fulfil;
    l->link = &r->later;
    l->next = r->later;
    if (l->next)
        l->next->link = &l->next;
    r->later = l;
    if (r->document)
        l->task.activity = activity_ref(r->document->activity);
    agent_queue(r->agent, &l->task);
    return promise;
}

void later_clear(struct realm *r)
{
    while (r->later)
        unlink_later(r->later);
}
