#include "web/test262_host.h"

#include "agent/world.h"
#include "base/finding.h"
#include "web/globals.h"
#include "web/resource.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void test262_decide(struct test262_run *run, const char *reason)
{
    if (atomic_exchange_explicit(&run->decided, true, memory_order_acq_rel))
        return;
    run->result->passed = !reason;
    snprintf(run->result->reason, sizeof run->result->reason, "%s", reason ? reason : "");
    world_stop(run->world);
}

static struct test262_run *run_of(JSContext *js)
{
    return test262_agent_of(realm_of(js)->agent)->run;
}

void test262_fail(JSContext *js, const char *where)
{
    JSValue thrown = JS_GetException(js);
    if (!exception_is_interruption(js, thrown)) {
        const char *text = JS_ToCString(js, thrown);
        char reason[240];
        snprintf(reason, sizeof reason, "%s%s", where, text ? text : "an exception that has no text");
        JS_FreeCString(js, text);
        if (!text)
            JS_FreeValue(js, JS_GetException(js));
        test262_decide(run_of(js), reason);
    }
    JS_FreeValue(js, thrown);
}

/* ---- negative tests ---- */

static bool has_constructor_name(JSContext *js, JSValueConst thrown, const char *expected)
{
    JSValue constructor = JS_GetPropertyStr(js, thrown, "constructor");
    JSValue name = JS_IsObject(constructor) ? JS_GetPropertyStr(js, constructor, "name") : JS_UNDEFINED;
    const char *text = JS_IsString(name) ? JS_ToCString(js, name) : NULL;
    bool same = text && strcmp(text, expected) == 0;
    JS_FreeCString(js, text);
    JS_FreeValue(js, name);
    JS_FreeValue(js, constructor);
    return same;
}

/* The test threw in `phase`: right for a negative test of that phase and type, wrong for any other. */
static void threw(JSContext *js, enum test262_phase phase)
{
    struct test262_run *run = run_of(js);
    const struct test262_case *test = run->test;
    if (test->negative == TEST262_POSITIVE) {
        test262_fail(js, "");
        return;
    }
    JSValue thrown = JS_GetException(js);
    if (phase == test->negative && has_constructor_name(js, thrown, test->negative_type)) {
        test262_decide(run, NULL);
        JS_FreeValue(js, thrown);
        return;
    }
    JS_Throw(js, thrown);
    test262_fail(js, phase == test->negative ? "expected another type of error: " : "threw in another phase: ");
}

/* The test ended normally. An asynchronous one is decided by print. */
static void completed(struct test262_run *run)
{
    char reason[120];
    if (run->test->negative != TEST262_POSITIVE) {
        snprintf(reason, sizeof reason, "no exception, but expected %s", run->test->negative_type);
        test262_decide(run, reason);
    } else if (!run->test->async) {
        test262_decide(run, NULL);
    }
}

/* ---- running the test ---- */

static JSValue module_completed(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    completed(run_of(js));
    return JS_UNDEFINED;
}

static JSValue module_threw(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    JS_Throw(js, JS_DupValue(js, arguments[0]));
    threw(js, TEST262_RUNTIME);
    return JS_UNDEFINED;
}

static void follow_module(JSContext *js, JSValue promise)
{
    JSValue done = JS_NewCFunction(js, module_completed, "", 1), failed = JS_NewCFunction(js, module_threw, "", 1);
    JSValue derived = JS_PromiseThen(js, promise, done, failed);
    JS_FreeValue(js, derived);
    JS_FreeValue(js, done);
    JS_FreeValue(js, failed);
    JS_FreeValue(js, promise);
}

static void run_module(JSContext *js, const struct test262_text *source)
{
    JSValue module =
        JS_Eval(js, source->text, source->length, source->path, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(module)) { /* the engine resolves imports as part of compiling */
        threw(js, run_of(js)->loaded ? TEST262_RESOLUTION : TEST262_PARSE);
    } else if (JS_ResolveModule(js, module) < 0) {
        JS_FreeValue(js, module);
        threw(js, TEST262_RESOLUTION);
    } else {
        JSValue promise = JS_EvalFunction(js, module);
        if (JS_IsException(promise)) /* linking failed: evaluation gives a promise */
            threw(js, TEST262_RESOLUTION);
        else
            follow_module(js, promise);
    }
}

static void run_script(JSContext *js, const struct test262_text *source)
{
    JSValue script =
        JS_Eval(js, source->text, source->length, source->path, JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(script)) {
        threw(js, TEST262_PARSE);
        return;
    }
    JSValue result = JS_EvalFunction(js, script);
    if (JS_IsException(result)) {
        threw(js, TEST262_RUNTIME);
        return;
    }
    JS_FreeValue(js, result);
    agent_checkpoint(realm_of(js)->agent);
    completed(run_of(js));
}

static bool run_harness(JSContext *js, const struct test262_case *test)
{
    for (size_t i = 0; i < test->harness_count; i++) {
        const struct test262_text *h = test->harness[i];
        JSValue result = script_run(js, h->text, h->length, h->path);
        if (JS_IsException(result)) {
            test262_fail(js, "harness: ");
            return false;
        }
        JS_FreeValue(js, result);
    }
    return true;
}

static void main_start(struct agent *a)
{
    struct test262_run *run = test262_agent_of(a)->run;
    const struct test262_case *test = run->test;
    run->main = a; /* before there is a child that looks for it; start_main may still be on its way back */
    struct realm *r = test262_prepare(a);
    if (!r || !run_harness(r->js, test))
        return;
    if (test->module)
        run_module(r->js, &test->source);
    else
        run_script(r->js, &test->source);
    agent_checkpoint(a);
}

static void main_finish(struct agent *a)
{
    web_agent_free(a);
}

/* ---- the world ---- */

/* Errors that no script caught: in a timer, or in a child. Rejected promises are none of the suite's business. */
static void sink(struct world *w, struct notice *n, void *context)
{
    if (n->kind == NOTICE_ERROR && n->finding != FINDING_UNHANDLED_REJECTION)
        test262_decide(context, n->text ? n->text : "an uncaught error");
}

static const char *undecided(enum world_end end, bool async)
{
    switch (end) {
    case WORLD_DEADLOCK:
        return "agents are blocked and nobody is left to wake them";
    case WORLD_TIME_LIMIT:
        return "the time limit was reached";
    case WORLD_IDLE:
        return async ? "ended without calling print" : "ended without a result";
    case WORLD_INTERRUPTED:
        return "interrupted";
    }
    return "ended";
}

static struct agent *start_main(struct test262_run *run)
{
    static const struct agent_calls calls = {main_start, agent_checkpoint, main_finish};
    struct test262_agent *web = calloc(1, sizeof *web);
    struct agent_options options = {
        .kind = AGENT_TEST, .can_block = run->test->can_block, .name = "test", .calls = &calls, .web = web};
    if (!web)
        return NULL;
    web->run = run;
    struct agent *main = NULL;
    if (agent_start(run->world, &options, &main) != STATUS_OK)
        free(web);
    return main;
}

void test262_run(const struct test262_case *test, struct test262_result *result)
{
    static struct web web = {.pure = true};
    struct test262_run run = {.test = test, .result = result, .world = world_create(CROWD_CLOCK_VIRTUAL, 1)};
    struct world_watch watch = {.sink = sink, .context = &run};
    rcu_queue_init(&run.reports);
    run.world->host = &web;
    enum world_end end = WORLD_IDLE;
    struct agent *main = start_main(&run);
    if (main)
        end = world_run(run.world, 0, test->time_limit, &watch);
    if (!atomic_load_explicit(&run.decided, memory_order_acquire))
        test262_decide(&run, undecided(end, test->async));
    test262_children_free(&run);
    agent_unref(main);
    world_free(run.world);
}
