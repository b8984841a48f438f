#include "js_agents.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/heap_arena.h"
#include "engine/hooks.h"
#include "engine/js.h"
#include "memory/shared_block.h"
#include "memory/waiter_list.h"

enum { MOST = 16 };

struct js_agent {
    int number;
    const char *script;
    struct agent *agent;
    JSContext *realm;
};

static struct js_agent agents[MOST];
static struct shared_block *block, *growable;
static struct js_run *current;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char log_text[1 << 16];

static void log_line(int number, const char *text)
{
    pthread_mutex_lock(&log_lock);
    size_t used = strlen(log_text);
    snprintf(log_text + used, sizeof(log_text) - used, "%d: %s\n", number, text);
    pthread_mutex_unlock(&log_lock);
}

static struct js_agent *of(JSContext *realm)
{
    return realm_data(realm);
}

static JSValue js_report(JSContext *realm, JSValueConst self, int count, JSValueConst *arguments)
{
    const char *text = JS_ToCString(realm, arguments[0]);
    log_line(of(realm)->number, text ? text : "?");
    JS_FreeCString(realm, text);
    return JS_UNDEFINED;
}

static JSValue js_terminate(JSContext *realm, JSValueConst self, int count, JSValueConst *arguments)
{
    int32_t number = 0;
    JS_ToInt32(realm, &number, arguments[0]);
    agent_terminate(agents[number].agent, "test");
    return JS_UNDEFINED;
}

static JSValue js_detach(JSContext *realm, JSValueConst self, int count, JSValueConst *arguments)
{
    JS_DetachArrayBuffer(realm, arguments[0]);
    return JS_UNDEFINED;
}

static JSValue js_immutable(JSContext *realm, JSValueConst self, int count, JSValueConst *arguments)
{
    JS_SetImmutableArrayBuffer(arguments[0], true);
    return JS_DupValue(realm, arguments[0]);
}

static JSValue js_gc(JSContext *realm, JSValueConst self, int count, JSValueConst *arguments)
{
    JS_RunGC(JS_GetRuntime(realm));
    return JS_UNDEFINED;
}

static void log_exception(struct js_agent *j, JSValue thrown)
{
    const char *text = JS_ToCString(j->realm, thrown);
    char line[512];
    snprintf(line, sizeof(line), "uncaught %s", text ? text : "?");
    log_line(j->number, line);
    JS_FreeCString(j->realm, text);
}

static const JSCFunctionListEntry globals[] = {
    JS_CFUNC_DEF("report", 1, js_report), JS_CFUNC_DEF("terminate", 1, js_terminate),
    JS_CFUNC_DEF("detach", 1, js_detach), JS_CFUNC_DEF("immutable", 1, js_immutable),
    JS_CFUNC_DEF("gc", 0, js_gc),
};

static bool interrupted(void *host)
{
    return atomic_load(&((struct agent *)host)->doomed);
}

static int64_t wall_clock_us(void *host)
{
    return agent_now(host) / 1000;
}

static void checkpoint(struct agent *a)
{
    struct js_agent *j = a->web;
    JSContext *realm;
    JSValue thrown;

    while (!interrupted(a) && engine_run_microtask(a->engine, &realm, &thrown)) {
        if (!JS_IsUninitialized(thrown)) {
            log_exception(j, thrown);
            JS_FreeValue(realm, thrown);
        }
    }
}

static void make_realm(struct agent *a, struct js_agent *j)
{
    j->realm = engine_realm_create(a->engine, j);
    hd_assert(j->realm);
    JSValue global = JS_GetGlobalObject(j->realm);
    JS_SetPropertyFunctionList(j->realm, global, globals, sizeof(globals) / sizeof(globals[0]));
    JS_SetPropertyStr(j->realm, global, "sab", shared_array_buffer_new(j->realm, block));
    JS_SetPropertyStr(j->realm, global, "growable", shared_array_buffer_new(j->realm, growable));
    JS_SetPropertyStr(j->realm, global, "me", JS_NewInt32(j->realm, j->number));
    JS_FreeValue(j->realm, global);
}

static void start(struct agent *a)
{
    static const struct engine_host calls = {interrupted, wall_clock_us};
    struct js_agent *j = a->web;
    struct engine_options options = {.host_calls = &calls,
                                     .host = a,
                                     .heap_limit = a->world->heap_limit,
                                     .stack_limit = 1 << 20};

    options.arena = current->walked ? NULL : a->arena;
    hd_assert(engine_create(&options, &a->engine) == STATUS_OK);
    agent_join_atomics(a);
    make_realm(a, j);
    JSValue value = script_run(j->realm, j->script, strlen(j->script), "test.js");
    if (JS_IsException(value)) {
        value = JS_GetException(j->realm);
        if (!interrupted(a)) {
            log_exception(j, value);
        }
    }
    JS_FreeValue(j->realm, value);
    checkpoint(a);
}

static void finish(struct agent *a)
{
    engine_destroy(a->engine);
    if (a->arena) {
        heap_arena_check(a->arena);
    }
}

static const struct agent_calls calls = {start, checkpoint, finish};

static void note_blocked(const struct waiter_view *view, void *context)
{
    char file[64], *text = current->blocked;
    uint32_t line, column;

    if (view->parker && !view->doomed &&
        atomics_wait_place(view->site, file, sizeof(file), &line, &column)) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof(current->blocked) - used, "%s:%u offset %u;", file, line,
                 (unsigned)view->offset);
    }
}

static void ended(struct world *w, enum world_end end, void *context)
{
    if (end == WORLD_DEADLOCK) {
        waiter_visit(note_blocked, NULL);
    }
}

const char *js_run(struct js_run *run, int count, const char *const *scripts)
{
    uint64_t blocks = shared_block_count();
    struct world *w = world_create(CROWD_CLOCK_VIRTUAL, 1);

    w->heap_limit = run->heap_limit;
    current = run;
    run->blocked[0] = log_text[0] = 0;
    rcu_thread_register();
    hd_assert(shared_block_create(1024, SHARED_BLOCK_FIXED, &block) == STATUS_OK);
    hd_assert(shared_block_create(8, 64, &growable) == STATUS_OK);
    for (int i = 0; i < count; i++) {
        agents[i] = (struct js_agent){.number = i, .script = scripts[i]};
        struct agent_options options = {.kind = AGENT_TEST,
                                        .can_block = !run->cannot_block,
                                        .name = "test",
                                        .cluster = i && !run->apart ? agents[0].agent->cluster : NULL,
                                        .calls = &calls,
                                        .web = &agents[i]};
        hd_assert(agent_start(w, &options, &agents[i].agent) == STATUS_OK);
    }
    rcu_thread_unregister();
    run->end = world_run(w, 0, 20000000000u, &(struct world_watch){.ended = ended});
    for (int i = 0; i < count; i++) {
        agent_unref(agents[i].agent);
    }
    world_free(w);
    rcu_thread_register();
    shared_block_unref(block);
    shared_block_unref(growable);
    hd_assert(shared_block_count() == blocks);
    rcu_thread_unregister();
    return log_text;
}

const char *js_eval(const char *script)
{
    struct js_run run = {0};

    return js_run(&run, 1, &script);
}
