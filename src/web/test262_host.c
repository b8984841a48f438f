/* $262 and print: the host's side of test262. */
#include "web/test262_host.h"

#include "agent/world.h"
#include "memory/shared_block.h"
#include "web/globals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- waiting for other agents ---- */

/* Blocks the agent until `ready`, the deadline or its end. */
static void wait_until(struct agent *a, int64_t deadline, bool (*ready)(void *), void *context)
{
    /* acquire: pairs with the release in agent_terminate */
    while (!ready(context) && !atomic_load_explicit(&a->doomed, memory_order_acquire))
        if (parker_park(a->parker, PARK_BLOCKED, deadline, ready, context) == PARK_DEADLINE)
            return;
}

static bool is_doomed(void *context)
{
    const struct agent *a = context;
    return atomic_load_explicit(&a->doomed, memory_order_acquire);
}

static void wake_main(struct test262_run *run)
{
    parker_unpark(run->main->parker, PARK_BLOCKED);
}

/* ---- reports ---- */

struct report {
    rcu_queue_node node;
    char text[];
};

static JSValue agent_report(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    size_t length;
    const char *text = JS_ToCStringLen(js, &length, count ? arguments[0] : JS_UNDEFINED);
    struct report *r = text ? malloc(sizeof *r + length + 1) : NULL;
    if (r) {
        memcpy(r->text, text, length + 1);
        rcu_queue_push(&test262_agent_of(realm_of(js)->agent)->run->reports, &r->node);
    }
    JS_FreeCString(js, text);
    return r ? JS_UNDEFINED : JS_EXCEPTION;
}

static struct report *next_report(struct test262_run *run)
{
    rcu_queue_node *node = rcu_queue_pop(&run->reports);
    return node ? caa_container_of(node, struct report, node) : NULL;
}

static JSValue agent_get_report(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct report *r = next_report(test262_agent_of(realm_of(js)->agent)->run);
    if (!r)
        return JS_NULL;
    JSValue text = JS_NewString(js, r->text);
    free(r);
    return text;
}

/* ---- starting agents ---- */

static void child_start(struct agent *a)
{
    struct test262_agent *t = test262_agent_of(a);
    struct realm *r = test262_prepare(a);
    /* release: pairs with start */
    atomic_store_explicit(&t->child->running, true, memory_order_release);
    wake_main(t->run);
    if (!r)
        return;
    JSValue result = script_run(r->js, t->web.script, t->web.script_length, "<agent>");
    if (JS_IsException(result))
        test262_fail(r->js, "in an agent: ");
    JS_FreeValue(r->js, result);
    agent_checkpoint(a);
}

static void child_finish(struct agent *a)
{
    struct test262_agent *t = test262_agent_of(a);
    struct test262_run *run = t->run;
    struct test262_child *child = t->child;
    web_agent_free(a);
    /* release: pairs with broadcast */
    atomic_store_explicit(&child->gone, true, memory_order_release);
    wake_main(run);
}

static struct test262_agent *child_new(struct test262_run *run, const char *script, size_t length)
{
    struct test262_agent *t = calloc(1, sizeof *t);
    struct test262_child *child = calloc(1, sizeof *child);
    char *copy = malloc(length + 1);
    if (!t || !child || !copy) {
        free(t);
        free(child);
        free(copy);
        return NULL;
    }
    memcpy(copy, script, length + 1);
    t->web.script = copy;
    t->web.script_length = length;
    t->run = run;
    t->child = child;
    return t;
}

static struct test262_child *start_child(struct agent *a, const char *script, size_t length)
{
    static const struct agent_calls calls = {child_start, agent_checkpoint, child_finish};
    struct test262_run *run = test262_agent_of(a)->run;
    struct test262_agent *t = child_new(run, script, length);
    if (!t)
        return NULL;
    struct test262_child *child = t->child;
    struct agent_options options = {.kind = AGENT_TEST,
                                    .can_block = true,
                                    .name = "agent",
                                    .creator = a,
                                    .cluster = a->cluster,
                                    .calls = &calls,
                                    .web = t};
    if (agent_start(a->world, &options, &child->agent) != STATUS_OK) {
        free(t->web.script);
        free(child);
        free(t);
        return NULL;
    }
    child->next = run->children;
    run->children = child;
    return child;
}

static bool child_runs(void *context)
{
    struct test262_child *c = context;
    return atomic_load_explicit(&c->running, memory_order_acquire) ||
           atomic_load_explicit(&c->gone, memory_order_acquire);
}

static JSValue agent_start_script(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    size_t length;
    const char *script = JS_ToCStringLen(js, &length, count ? arguments[0] : JS_UNDEFINED);
    if (!script)
        return JS_EXCEPTION;
    struct agent *a = realm_of(js)->agent;
    struct test262_child *child = start_child(a, script, length);
    JS_FreeCString(js, script);
    if (!child)
        return JS_ThrowRangeError(js, "no further agent can be started");
    wait_until(a, CROWD_NEVER, child_runs, child);
    return JS_UNDEFINED;
}

void test262_children_free(struct test262_run *run)
{
    struct test262_child *c = run->children;
    while (c) {
        struct test262_child *next = c->next;
        agent_unref(c->agent);
        free(c);
        c = next;
    }
    struct report *r;
    while ((r = next_report(run)))
        free(r);
    if (run->block)
        shared_block_unref(run->block);
}

/* ---- broadcasts ---- */

static int read_integer(JSContext *js, struct test262_run *run, JSValueConst value)
{
    run->is_bigint = JS_IsBigInt(value);
    if (run->is_bigint)
        return JS_ToBigInt64(js, &run->integer, value);
    int32_t number = 0;
    if (!JS_IsUndefined(value) && JS_ToInt32(js, &number, value) < 0)
        return -1;
    run->integer = number;
    return 0;
}

static bool all_received(void *context)
{
    struct test262_run *run = context;
    /* relaxed: written by this thread */
    uint32_t generation = atomic_load_explicit(&run->generation, memory_order_relaxed);
    for (struct test262_child *c = run->children; c; c = c->next)
        if (atomic_load_explicit(&c->received, memory_order_acquire) != generation &&
            !atomic_load_explicit(&c->gone, memory_order_acquire))
            return false;
    return true;
}

static JSValue agent_broadcast(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct agent *a = realm_of(js)->agent;
    struct test262_run *run = test262_agent_of(a)->run;
    struct shared_block *block = count ? shared_array_buffer_block(arguments[0]) : NULL;
    if (!block)
        return JS_ThrowTypeError(js, "broadcast takes a SharedArrayBuffer");
    if (read_integer(js, run, count > 1 ? arguments[1] : JS_UNDEFINED) < 0)
        return JS_EXCEPTION;
    if (run->block)
        shared_block_unref(run->block);
    run->block = shared_block_ref(block);
    /* release: pairs with receive_broadcast */
    atomic_fetch_add_explicit(&run->generation, 1, memory_order_release);
    for (struct test262_child *c = run->children; c; c = c->next)
        parker_unpark(c->agent->parker, PARK_BLOCKED);
    wait_until(a, CROWD_NEVER, all_received, run);
    return JS_UNDEFINED;
}

static bool broadcast_waits(void *context)
{
    struct test262_agent *t = context;
    /* acquire: pairs with broadcast */
    return atomic_load_explicit(&t->run->generation, memory_order_acquire) !=
           atomic_load_explicit(&t->child->received, memory_order_relaxed);
}

static JSValue agent_receive_broadcast(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct agent *a = realm_of(js)->agent;
    struct test262_agent *t = test262_agent_of(a);
    if (!count || !JS_IsFunction(js, arguments[0]))
        return JS_ThrowTypeError(js, "receiveBroadcast takes a function");
    wait_until(a, CROWD_NEVER, broadcast_waits, t);
    if (!broadcast_waits(t))
        return JS_UNDEFINED; /* the agent is to end */
    JSValue values[] = {shared_array_buffer_new(js, t->run->block),
                        t->run->is_bigint ? JS_NewBigInt64(js, t->run->integer) : JS_NewInt64(js, t->run->integer)};
    uint32_t generation = atomic_load_explicit(&t->run->generation, memory_order_relaxed);
    /* release: pairs with all_received */
    atomic_store_explicit(&t->child->received, generation, memory_order_release);
    wake_main(t->run);
    JSValue result = JS_Call(js, arguments[0], JS_UNDEFINED, 2, values);
    JS_FreeValue(js, values[0]);
    JS_FreeValue(js, values[1]);
    JS_FreeValue(js, result);
    return JS_IsException(result) ? result : JS_UNDEFINED;
}

/* ---- the rest of $262.agent ---- */

static JSValue agent_sleep(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct agent *a = realm_of(js)->agent;
    double milliseconds = 0;
    if (count && JS_ToFloat64(js, &milliseconds, arguments[0]) < 0)
        return JS_EXCEPTION;
    if (milliseconds > 0 && milliseconds < 1e9)
        wait_until(a, agent_now(a) + (int64_t)(milliseconds * 1e6), is_doomed, a);
    return JS_UNDEFINED;
}

static JSValue agent_monotonic_now(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    return JS_NewFloat64(js, (double)agent_now(realm_of(js)->agent) / 1e6);
}

static JSValue agent_leaving(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    agent_close(realm_of(js)->agent);
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry main_agent_functions[] = {
    JS_CFUNC_DEF("start", 1, agent_start_script),
    JS_CFUNC_DEF("broadcast", 2, agent_broadcast),
    JS_CFUNC_DEF("getReport", 0, agent_get_report),
    JS_CFUNC_DEF("sleep", 1, agent_sleep),
    JS_CFUNC_DEF("monotonicNow", 0, agent_monotonic_now),
};

static const JSCFunctionListEntry child_agent_functions[] = {
    JS_CFUNC_DEF("receiveBroadcast", 1, agent_receive_broadcast),
    JS_CFUNC_DEF("report", 1, agent_report),
    JS_CFUNC_DEF("sleep", 1, agent_sleep),
    JS_CFUNC_DEF("monotonicNow", 0, agent_monotonic_now),
    JS_CFUNC_DEF("leaving", 0, agent_leaving),
};

/* ---- $262 ---- */

static JSValue create_realm(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct realm *r = test262_realm(realm_of(js)->agent);
    if (!r)
        return JS_ThrowOutOfMemory(js);
    JSValue global = JS_GetGlobalObject(r->js);
    JSValue object = JS_GetPropertyStr(r->js, global, "$262");
    JS_FreeValue(r->js, global);
    return object;
}

static JSValue eval_script(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    size_t length;
    const char *text = JS_ToCStringLen(js, &length, count ? arguments[0] : JS_UNDEFINED);
    if (!text)
        return JS_EXCEPTION;
    JSValue result = script_run(js, text, length, "<evalScript>");
    JS_FreeCString(js, text);
    return result;
}

static JSValue detach_array_buffer(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    if (!count || !JS_IsArrayBuffer(arguments[0]) || shared_array_buffer_block(arguments[0]))
        return JS_ThrowTypeError(js, "detachArrayBuffer takes an ArrayBuffer");
    if (JS_IsImmutableArrayBuffer(arguments[0]) == 1)
        return JS_ThrowTypeError(js, "an immutable ArrayBuffer cannot be detached");
    JS_DetachArrayBuffer(js, arguments[0]);
    return JS_UNDEFINED;
}

static JSValue collect_garbage(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    engine_collect(engine_of(js));
    return JS_UNDEFINED;
}

static JSValue html_dda(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    return JS_NULL;
}

static const JSCFunctionListEntry host_functions[] = {
    JS_CFUNC_DEF("createRealm", 0, create_realm),
    JS_CFUNC_DEF("evalScript", 1, eval_script),
    JS_CFUNC_DEF("detachArrayBuffer", 1, detach_array_buffer),
    JS_CFUNC_DEF("gc", 0, collect_garbage),
};

static JSValue print(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct test262_run *run = test262_agent_of(realm_of(js)->agent)->run;
    const char *text = JS_ToCString(js, count ? arguments[0] : JS_UNDEFINED);
    if (!text)
        return JS_EXCEPTION;
    static const char failure[] = "Test262:AsyncTestFailure:";
    if (strcmp(text, "Test262:AsyncTestComplete") == 0)
        test262_decide(run, NULL);
    else if (strncmp(text, failure, sizeof failure - 1) == 0)
        test262_decide(run, text + sizeof failure - 1);
    JS_FreeCString(js, text);
    return JS_UNDEFINED;
}

#define ENTRIES(list) (list), sizeof(list) / sizeof *(list)
#define HIDDEN (JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE)

static JSValue host_object(JSContext *js, JSValueConst global, bool is_child)
{
    JSValue host = JS_NewObject(js), agent = JS_NewObject(js);
    JSValue dda = JS_NewCFunction(js, html_dda, "IsHTMLDDA", 0);
    JS_SetIsHTMLDDA(js, dda);
    if (is_child)
        JS_SetPropertyFunctionList(js, agent, ENTRIES(child_agent_functions));
    else
        JS_SetPropertyFunctionList(js, agent, ENTRIES(main_agent_functions));
    JS_SetPropertyFunctionList(js, host, ENTRIES(host_functions));
    JS_DefinePropertyValueStr(js, host, "agent", agent, HIDDEN);
    JS_DefinePropertyValueStr(js, host, "IsHTMLDDA", dda, HIDDEN);
    JS_DefinePropertyValueStr(js, host, "global", JS_DupValue(js, global), HIDDEN);
    return host;
}

struct realm *test262_realm(struct agent *a)
{
    struct realm *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->agent = a;
    r->kind = GLOBAL_WINDOW;
    r->url = strdup("");
    r->origin = origin_opaque();
    r->pure = true;
    r->time_origin = agent_now(a);
    r->js = engine_realm_create(a->engine, r);
    if (!r->js) {
        free(r->url);
        origin_unref(r->origin);
        free(r);
        return NULL;
    }
    r->next = web_agent_of(a)->realms;
    web_agent_of(a)->realms = r;
    JSValue global = JS_GetGlobalObject(r->js);
    JS_SetPropertyFunctionList(r->js, global, timer_globals.functions, timer_globals.function_count);
    JS_DefinePropertyValueStr(r->js, global, "$262", host_object(r->js, global, test262_agent_of(a)->child), HIDDEN);
    JS_DefinePropertyValueStr(r->js, global, "print", JS_NewCFunction(r->js, print, "print", 1), HIDDEN);
    JS_FreeValue(r->js, global);
    return r;
}

/* ---- modules: specifiers are relative to the file that names them ---- */

static char *resolve(JSContext *js, const char *referrer, const char *specifier)
{
    const char *slash = strrchr(referrer, '/');
    if (!slash) { /* code without a file of its own, given to eval: the test's */
        referrer = test262_agent_of(realm_of(js)->agent)->run->test->source.path;
        slash = strrchr(referrer, '/');
    }
    if (strncmp(specifier, "./", 2) != 0)
        return js_strdup(js, specifier);
    size_t folder = (size_t)(slash - referrer) + 1;
    char *path = js_malloc(js, folder + strlen(specifier));
    if (path) {
        memcpy(path, referrer, folder);
        memcpy(path + folder, specifier + 2, strlen(specifier) - 1);
    }
    return path;
}

static int load(JSContext *js, const char *path, struct module_source *out)
{
    struct test262_agent *t = test262_agent_of(realm_of(js)->agent);
    FILE *file = fopen(path, "rb");
    if (!t->child)
        t->run->loaded = true;
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        if (file)
            fclose(file);
        JS_ThrowTypeError(js, "cannot load the module %s", path);
        return -1;
    }
    long size = ftell(file);
    rewind(file);
    out->text = js_malloc(js, (size_t)size + 1);
    out->length = out->text ? fread(out->text, 1, (size_t)size, file) : 0;
    fclose(file);
    if (!out->text)
        return -1;
    out->text[out->length] = 0;
    return 0;
}

static const struct module_host modules = {resolve, load};

struct realm *test262_prepare(struct agent *a)
{
    struct realm *r = web_engine_create(a) == 0 ? test262_realm(a) : NULL;
    if (!r) {
        test262_decide(test262_agent_of(a)->run, "out of memory");
        return NULL;
    }
    engine_set_module_host(a->engine, &modules);
    return r;
}
