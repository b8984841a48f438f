/* HTML HostEnqueueFinalizationRegistryCleanupJob: a FinalizationRegistry's callbacks run in a task
 * of the JavaScript engine source (R-GC-03). Own thread. */
#include "engine/hooks.h"
#include "web/realm.h"
#include "web/web_agent.h"

#include <stdlib.h>

struct cleanup_task {
    struct task task;
    JSContext *js;
    JSJobFunc *job;
    int count;
    JSValue arguments[];
};

static void cleanup_free(struct cleanup_task *t)
{
    for (int i = 0; i < t->count; i++)
        JS_FreeValue(t->js, t->arguments[i]);
    JS_FreeContext(t->js);
    free(t);
}

static void run(struct task *task, struct agent *a)
{
    struct cleanup_task *t = caa_container_of(task, struct cleanup_task, task);
    JSValue result = t->job(t->js, t->count, (JSValueConst *)t->arguments);
    (void)a;
    if (JS_IsException(result))
        realm_report_exception(realm_of(t->js));
    JS_FreeValue(t->js, result);
    cleanup_free(t);
}

/* The loop's queue is emptied on the agent's thread before its engine goes. */
static void drop(struct task *task)
{
    cleanup_free(caa_container_of(task, struct cleanup_task, task));
}

static int enqueue(JSContext *js, JSJobFunc *job, int count, JSValueConst *arguments)
{
    struct agent *a = realm_of(js)->agent;
    if (!web_agent_of(a)->realms) /* the engine is being freed: nobody is left to be told */
        return 0;
    struct cleanup_task *t = calloc(1, sizeof *t + (size_t)count * sizeof(JSValue));
    if (!t)
        return -1;
    t->task = (struct task){.run = run, .drop = drop, .source = TASK_JAVASCRIPT_ENGINE};
    t->js = JS_DupContext(js);
    t->job = job;
    t->count = count;
    for (int i = 0; i < count; i++)
        t->arguments[i] = JS_DupValue(js, arguments[i]);
    agent_queue(a, &t->task);
    return 0;
}

void finalization_install(struct agent *a)
{
    heddle_host_state(engine_runtime(a->engine))->enqueue_cleanup = enqueue;
}
