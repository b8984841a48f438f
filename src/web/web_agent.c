#include "web/web_agent.h"

#include "agent/safe_point.h"
#include "agent/world.h"
#include "base/assert.h"
#include "base/finding.h"
#include "engine/host_class.h"
#include "platform/clock.h"
#include "web/commonjs.h"
#include "web/error_report.h"
#include "web/event.h"
#include "web/document.h"
#include "web/globals.h"
#include "web/page.h"
#include "web/program.h"
#include "web/resource.h"
#include "web/service_worker.h"
#include "web/url.h"
#include "web/worker.h"
#include "web/worker_global.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the engine ---- */

static bool is_ended(struct agent *a)
{
    /* acquire: pairs with the release in agent_terminate */
    return atomic_load_explicit(&a->doomed, memory_order_acquire);
}

/* R-EL-12: by the watchdog, or by the scenario. */
static void notice_abort(struct agent *a)
{
    struct realm *r = web_agent_of(a)->realms;
    struct source_place place = r ? source_place_now(r->js, 0) : (struct source_place){0};
    const char *file = place.file != JS_ATOM_NULL ? JS_AtomToCString(r->js, place.file) : NULL;
    struct notice n = {
        .kind = NOTICE_FINDING,
        .finding = FINDING_SCRIPT_ABORTED,
        .text = "the script took too long and was aborted: no `finally` runs, the agent goes on (R-EL-12)",
        .file = file,
        .line = place.line,
        .column = place.column,
    };
    world_notice(a->world, a, &n);
    if (r) {
        JS_FreeCString(r->js, file);
        JS_FreeAtom(r->js, place.file);
    }
}

/* What is left of the queue waits for the next checkpoint, so that tasks come in between (R-EL-07). */
static void notice_endless_microtasks(struct agent *a)
{
    char text[128];
    snprintf(text, sizeof text, "%" PRIu64 " microtasks in one checkpoint, and the queue is not empty (R-EL-07)",
             a->world->microtask_limit);
    struct notice n = {.kind = NOTICE_FINDING, .finding = FINDING_SCRIPT_ABORTED, .text = text};
    world_notice(a->world, a, &n);
}

bool agent_must_unwind(struct agent *a)
{
    enum safe_point found = agent_safe_point(a);
    if (found == SAFE_ABORT)
        notice_abort(a);
    return found != SAFE_GO_ON;
}

static bool interrupted(void *host)
{
    return agent_must_unwind(host);
}

static int64_t wall_clock_us(void *host)
{
    struct agent *a = host;
    return (a->world->wall_start + agent_now(a)) / 1000;
}

static const struct engine_host host_calls = {interrupted, wall_clock_us};

/* What the thread's stack keeps free for the host and the engine's own C functions above JavaScript's limit. */
#define STACK_RESERVE ((size_t)256 << 10)

int web_engine_create(struct agent *a)
{
    struct world *w = a->world;
    size_t most = a->stack_size - STACK_RESERVE;
    struct engine_options options = {
        .host_calls = &host_calls,
        .host = a,
        .interrupt_flag = &a->interrupt,
        .arena = a->arena,
        .heap_limit = w->heap_limit,
        .stack_limit = w->stack_limit && w->stack_limit < most ? w->stack_limit : most,
        .seed = w->seed + a->id,
    };
    if (engine_create(&options, &a->engine) != STATUS_OK)
        return -1;
    agent_join_atomics(a);
    engine_set_module_host(a->engine, &web_modules);
    rejections_install(a->engine);
    finalization_install(a);
    return 0;
}

/* ---- realms ---- */

struct realm *realm_create(struct agent *a, const struct realm_options *o)
{
    struct realm *r = calloc(1, sizeof *r);
    hd_invariant("R-AG-02", o->kind == GLOBAL_WINDOW || !web_agent_of(a)->realms); /* workers have one realm */
    if (!r)
        return NULL;
    r->agent = a;
    r->kind = o->kind;
    r->url = strdup(o->url);
    r->origin = origin_ref(o->origin);
    r->policy = o->policy;
    r->cross_origin_isolated = o->may_isolate && a->cluster->isolation == ISOLATION_CONCRETE; /* R-COI-01, R-COI-02, R-COI-06 */
    r->secure = o->secure;
    r->no_import = o->kind == GLOBAL_SERVICE_WORKER; /* R-EXP-12 */
    r->document = o->document ? document_ref(o->document) : NULL;
    r->pure = web_of(a)->pure;
    r->time_origin = agent_now(a);
    r->current_event = JS_UNDEFINED;
    r->spare_event = r->window_parts[0] = r->window_parts[1] = r->service_worker_clients = JS_UNDEFINED;
    r->js = engine_realm_create(a->engine, r);
    if (r->js) {
        r->global = JS_GetGlobalObject(r->js);
        JS_FreeValue(r->js, r->global);
    }
    if (!r->js || globals_install(r)) {
        document_unref(r->document);
        origin_unref(r->origin);
        free(r->url);
        free(r);
        return NULL; /* the caller keeps the reserved client */
    }
    r->number = ++web_agent_of(a)->realms_made;
    r->next = web_agent_of(a)->realms;
    web_agent_of(a)->realms = r;
    service_worker_client_begin(r, o->client);
    return r;
}

static void realm_free(struct realm *r)
{
    globals_release(r);
    document_unref(r->document);
    origin_unref(r->origin);
    free(r->url);
    free(r->base);
    free(r);
}

/* ---- realms whose document is gone ---- */

struct burial {
    struct task task;
    struct realm *realm;
};

static void unlink_realm(struct realm *r)
{
    struct realm **link = &web_agent_of(r->agent)->realms;
    while (*link != r)
        link = &(*link)->next;
    *link = r->next;
}

static void bury_run(struct task *t, struct agent *a)
{
    struct burial *b = caa_container_of(t, struct burial, task);
    struct realm *r = b->realm;
    globals_clear(r);
    unlink_realm(r);
    r->next = web_agent_of(a)->buried;
    web_agent_of(a)->buried = r;
    engine_realm_free(a->engine, r->js);
    free(b);
}

static void bury_drop(struct task *t)
{
    free(caa_container_of(t, struct burial, task));
}

/* Not at once: a listener of the realm may be running. */
void realm_bury(struct realm *r)
{
    struct burial *b = calloc(1, sizeof *b);
    r->destroyed = true;
    web_agent_of(r->agent)->some_are_gone = true;
    if (!b)
        return;
    b->task.run = bury_run;
    b->task.drop = bury_drop;
    b->task.source = TASK_DOM_MANIPULATION;
    b->realm = r;
    agent_queue(r->agent, &b->task);
}

static void free_realms(struct realm *realms)
{
    while (realms) {
        struct realm *r = realms;
        realms = r->next;
        realm_free(r);
    }
}

void web_agent_free(struct agent *a)
{
    struct web_agent *web = a->web;
    struct realm *realms = web->realms;
    web->realms = NULL;
    for (struct realm *r = realms; r; r = r->next)
        globals_clear(r);
    if (a->engine)
        engine_destroy(a->engine);
    free_realms(realms);
    free_realms(web->buried);
    free(web->url);
    free(web->document_url);
    free(web->script);
    worker_web_agent_release(web);
    free(web);
    a->web = NULL;
}

struct realm *realm_caller(JSContext *js)
{
    return realm_of(realm_incumbent(js));
}

char *realm_resolve_url(struct realm *r, const char *text)
{
    char *resolved = url_resolve(realm_base(r), text);
    char *copy = resolved ? js_strdup(r->js, resolved) : NULL;
    free(resolved);
    return copy;
}

/* ---- running script ---- */

static bool checkpoint_is_due(const struct agent *a, const struct web_agent *web)
{
    if (engine_checkpoint_is_due(a->engine))
        return true;
    for (const struct realm *r = web->realms; r; r = r->next)
        if (r->rejections)
            return true;
    return false;
}

/* R-EL-10: "check if we can run script" fails for documents that are gone. Nobody asks before there are any. */
static void drop_microtasks_of_the_gone(struct agent *a)
{
    JSContext *next;
    while (web_agent_of(a)->some_are_gone && (next = engine_next_microtask_realm(a->engine)) && realm_of(next)->destroyed)
        engine_drop_microtask(a->engine);
}

void agent_checkpoint(struct agent *a)
{
    struct web_agent *web = a->web;
    JSContext *js;
    JSValue exception;
    if (web->in_checkpoint || !checkpoint_is_due(a, web))
        return;
    hd_invariant("R-JB-01", engine_stack_is_empty(a->engine));
    web->in_checkpoint = true;
    agent_script_unwound(a);
    uint64_t left = a->world->microtask_limit;
    drop_microtasks_of_the_gone(a);
    while (!is_ended(a) && engine_run_microtask(a->engine, &js, &exception)) {
        if (!JS_IsUninitialized(exception)) {
            JS_Throw(js, exception);
            realm_report_exception(realm_of(js));
        }
        agent_script_unwound(a);
        drop_microtasks_of_the_gone(a);
        if (left && --left == 0) {
            notice_endless_microtasks(a);
            break;
        }
    }
    hd_invariant("R-EL-07", is_ended(a) || a->world->microtask_limit || !engine_has_microtasks(a->engine)); /* the next task finds none */
    for (struct realm *r = web->realms; r && !is_ended(a); r = r->next)
        rejections_notify(r);
    engine_clear_kept_objects(a->engine);
    web->in_checkpoint = false;
}

void realm_call(struct realm *r, JSValueConst function, JSValueConst self, int count, JSValueConst *arguments)
{
    JSValue result = JS_Call(r->js, function, self, count, arguments);
    if (JS_IsException(result))
        realm_report_exception(r);
    JS_FreeValue(r->js, result);
    if (engine_stack_is_empty(r->agent->engine))
        agent_checkpoint(r->agent);
}

/* R-ER-09: a module's evaluation that fails is reported as an exception, not as an unhandled rejection. */
static JSValue module_failed(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)self;
    (void)count;
    JS_Throw(js, JS_DupValue(js, arguments[0]));
    realm_report_exception(realm_of(js));
    return JS_UNDEFINED;
}

static bool heed_module(struct realm *r, JSValue promise)
{
    if (JS_IsException(promise))
        return false;
    JSValue failed = JS_NewCFunction(r->js, module_failed, "", 1);
    JSValue derived = JS_PromiseThen(r->js, promise, JS_UNDEFINED, failed);
    JS_FreeValue(r->js, failed);
    JS_FreeValue(r->js, derived);
    JS_FreeValue(r->js, promise);
    return true;
}

static bool is_wrapped(struct realm *r, const char *text, size_t length, const char *url)
{
    struct resource resource = {.bytes = (char *)text, .length = length};
    size_t name = strlen(url);
    return name > 4 && !strcmp(url + name - 4, ".cjs") && commonjs_is(r->js, url, &resource);
}

JSValue realm_compile_script(struct realm *r, const char *text, size_t length, const char *url, bool module)
{
    r->module_script = module;
    return module                               ? module_compile(r->js, text, length, url)
           : is_wrapped(r, text, length, url) ? JS_UNDEFINED
                                                : script_compile(r->js, text, length, url);
}

bool realm_run_code(struct realm *r, JSValue code)
{
    JSValue result = code_run(r->js, code);
    if (r->module_script)
        return heed_module(r, result);
    JS_FreeValue(r->js, result);
    return !JS_IsException(result);
}

bool realm_run_script(struct realm *r, const char *text, size_t length, const char *url, bool module)
{
    r->module_script = module;
    if (module) {
        bool no_import = r->no_import; /* R-EXP-12: import() comes later than the imports of the module */
        r->no_import = false;
        bool ran = heed_module(r, module_run(r->js, text, length, url));
        r->no_import = no_import;
        return ran;
    }
    bool wrapped = is_wrapped(r, text, length, url);
    JSValue result = wrapped ? commonjs_load(r->js, url, text, length) : script_run(r->js, text, length, url);
    bool ok = !JS_IsException(result);
    JS_FreeValue(r->js, result);
    return ok;
}

/* ---- window agents ---- */

static void window_main(struct agent *a)
{
    if (web_engine_create(a)) {
        struct notice n = {.kind = NOTICE_ERROR, .finding = FINDING_SCRIPT_ERROR, .text = "a window cannot be made: out of memory"};
        world_notice(a->world, a, &n);
        agent_close(a);
    }
}

static void window_finish(struct agent *a)
{
    workers_orphan(a);
    pages_end(a);
    web_agent_free(a);
}

static const struct agent_calls window_calls = {window_main, agent_checkpoint, window_finish};

status window_agent_start(struct world *w, const char *name, struct agent *creator, struct agent_cluster *cluster, struct agent **out)
{
    struct web_agent *web = calloc(1, sizeof *web);
    if (!web)
        return STATUS_NO_MEMORY;
    struct agent_options options = {
        .kind = AGENT_WINDOW,
        .name = name,
        .creator = creator,
        .cluster = cluster,
        .calls = &window_calls,
        .web = web,
    };
    status s = agent_start(w, &options, out);
    if (s != STATUS_OK)
        free(web);
    return s;
}

/* ---- a program as a worker that nobody made ---- */

static void lone_worker_main(struct agent *a)
{
    struct web_agent *web = a->web;
    struct origin *origin = origin_of_url(web->url);
    struct realm_options options = {.kind = GLOBAL_DEDICATED_WORKER,
                                    .url = web->document_url ? web->document_url : web->url,
                                    .origin = origin,
                                    .policy = policy_of_scenario(),
                                    .may_isolate = true,
                                    .secure = origin_is_trustworthy(origin)};
    struct realm *r = web_engine_create(a) ? NULL : realm_create(a, &options);
    origin_unref(origin);
    if (!r) {
        struct notice n = {.kind = NOTICE_ERROR, .finding = FINDING_SCRIPT_ERROR, .text = "the program cannot be run: out of memory"};
        world_notice(a->world, a, &n);
        return;
    }
    if (!realm_run_script(r, web->script, web->script_length, web->url, web->module))
        realm_report_exception(r);
    agent_checkpoint(a);
}

static void lone_worker_finish(struct agent *a)
{
    workers_orphan(a);
    web_agent_free(a);
}

static const struct agent_calls lone_worker_calls = {lone_worker_main, agent_checkpoint, lone_worker_finish};

status lone_worker_start(struct world *w, const struct window_options *options, struct agent **out)
{
    struct web_agent *web = calloc(1, sizeof *web);
    if (!web)
        return STATUS_NO_MEMORY;
    web->url = strdup(options->script_url);
    web->document_url = strdup(options->url);
    web->script = malloc(options->script_length + 1);
    memcpy(web->script, options->script, options->script_length);
    web->script[options->script_length] = 0;
    web->script_length = options->script_length;
    web->module = options->module;
    struct agent_options agent = {
        .kind = AGENT_DEDICATED_WORKER,
        .can_block = true,
        .name = options->name,
        .calls = &lone_worker_calls,
        .web = web,
    };
    status s = agent_start(w, &agent, out);
    if (s != STATUS_OK) {
        free(web->url);
        free(web->document_url);
        free(web->script);
        free(web);
    }
    return s;
}
