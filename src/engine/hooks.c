/* The engine's side of hooks.h. Included by unity.c, never compiled alone. */

#include "base/assert.h"
#include "engine/js.h"

struct engine_host_state *heddle_host_state(JSRuntime *runtime)
{
    return &runtime->host;
}

const int *heddle_interrupt_flag(JSRuntime *runtime)
{
    static const int never;

    return runtime->host.interrupt_flag ? runtime->host.interrupt_flag : &never;
}

void heddle_set_interrupt_flag(JSRuntime *runtime, const _Atomic int *flag)
{
    struct list_head *link;

    runtime->host.interrupt_flag = (const int *)flag;
    list_for_each(link, &runtime->context_list)
    {
        list_entry(link, JSContext, link)->interrupt_flag = heddle_interrupt_flag(runtime);
    }
}

__attribute__((weak)) uint64_t heddle_sab_length_unordered(const void *data)
{
    return heddle_sab_length(data);
}

/* AddToKeptObjects. One WeakRef adds its target once per job: `kept_epoch` is where it remembers
 * that. A failed allocation is not reported, because keeping is a promise about collection, and the
 * caller holds the target anyway. */
void heddle_keep_during_job(JSContext *realm, JSValueConst target, uint32_t *kept_epoch)
{
    struct engine_host_state *host = &realm->rt->host;

    if (*kept_epoch == host->kept_epoch + 1) {
        return;
    }
    if (host->kept_count == host->kept_capacity) {
        size_t capacity = host->kept_capacity ? host->kept_capacity * 2 : 16;
        JSValue *kept = js_realloc_rt(realm->rt, host->kept, capacity * sizeof(*kept));
        if (!kept) {
            return;
        }
        host->kept = kept;
        host->kept_capacity = capacity;
    }
    host->kept[host->kept_count++] = JS_DupValue(realm, target);
    *kept_epoch = host->kept_epoch + 1;
}

void heddle_clear_kept_objects(JSRuntime *runtime)
{
    struct engine_host_state *host = &runtime->host;
    JSValue *kept = host->kept;
    size_t count = host->kept_count;

    if (!count) {
        return;
    }
    /* Detached first: freeing runs finalizers of the host. */
    host->kept = NULL;
    host->kept_count = host->kept_capacity = 0;
    host->kept_epoch++;
    for (size_t i = 0; i < count; i++) {
        JS_FreeValueRT(runtime, kept[i]);
    }
    js_free_rt(runtime, kept);
}

int heddle_enqueue_cleanup(JSContext *realm, JSJobFunc *job, int count, JSValueConst *arguments)
{
    if (realm->rt->host.enqueue_cleanup) {
        return realm->rt->host.enqueue_cleanup(realm, job, count, arguments);
    }
    return JS_EnqueueJob(realm, job, count, arguments);
}

int64_t heddle_wall_clock(JSContext *realm)
{
    const struct engine_host_state *host = &realm->rt->host;

    return host->wall_clock ? host->wall_clock(host->wall_clock_opaque) : js__gettimeofday_us();
}

void heddle_seed_random(JSContext *realm, uint64_t seed)
{
    /* xorshift64* stays at zero for ever; splitmix64 spreads small seeds. */
    uint64_t z = seed + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    realm->random_state = z ? z : 1;
}

int heddle_define_lazy(JSContext *realm, JSValueConst object, JSAtom name, void *descriptor,
                       int flags)
{
    return JS_DefineAutoInitProperty(realm, object, name, JS_AUTOINIT_ID_BYTECODE, descriptor,
                                     flags) < 0
               ? -1
               : 0;
}

/* ---- jobs ---- */

void heddle_job_begins(JSRuntime *runtime, uint64_t number)
{
    hd_invariant("R-EL-09", number == runtime->host.jobs_begun + 1); /* invariant 7 */
    runtime->host.jobs_begun++;
}

enum { GIVEN_HANDLER, GIVEN_INCUMBENT, GIVEN_SCRIPT, GIVEN_COUNT };

/* ECMA-262 sec-hostcalljobcallback. */
static JSValue call_for_giver(JSContext *realm, JSValueConst self, int count, JSValueConst *arguments, int magic,
                              JSValueConst *given)
{
    const JSValue **giver = &realm->rt->host.job_giver, *before = *giver;

    (void)magic;
    *giver = given;
    JSValue result = JS_Call(realm, given[GIVEN_HANDLER], self, count, arguments);
    *giver = before;
    return result;
}

static bool has_no_code(JSValueConst function)
{
    if (JS_VALUE_GET_TAG(function) != JS_TAG_OBJECT) {
        return false;
    }
    switch (JS_VALUE_GET_OBJ(function)->class_id) {
    case JS_CLASS_C_FUNCTION:
    case JS_CLASS_BOUND_FUNCTION:
    case JS_CLASS_PROXY:
        return true;
    default:
        return false;
    }
}

/* The prototype of its functions stands for the realm: a value that knows it. */
JSValue heddle_job_callback(JSContext *realm, JSValueConst handler)
{
    if (!has_no_code(handler)) {
        return js_dup(handler);
    }
    JSAtom script = heddle_active_script(realm);
    JSValue name = script == JS_ATOM_NULL ? JS_UNDEFINED : JS_AtomToString(realm, script);
    JSValueConst given[GIVEN_COUNT] = {handler, realm_incumbent(realm)->function_proto, name};
    JSValue callback = JS_NewCFunctionData(realm, call_for_giver, 1, 0, GIVEN_COUNT, given);
    JS_FreeValue(realm, name);
    JS_FreeAtom(realm, script);
    if (!JS_IsException(callback)) {
        return callback;
    }
    JS_FreeValue(realm, JS_GetException(realm)); /* out of memory: it then runs for itself */
    return js_dup(handler);
}

static JSObject *running_code(const JSStackFrame *frame)
{
    JSObject *function = JS_VALUE_GET_TAG(frame->cur_func) == JS_TAG_OBJECT ? JS_VALUE_GET_OBJ(frame->cur_func) : NULL;

    return function && js_class_has_bytecode(function->class_id) ? function : NULL;
}

JSContext *realm_incumbent(JSContext *realm)
{
    const JSValue *giver = realm->rt->host.job_giver;

    for (const JSStackFrame *frame = realm->rt->current_stack_frame; frame; frame = frame->prev_frame) {
        const JSObject *function = running_code(frame);
        if (function) {
            return function->u.func.function_bytecode->realm;
        }
    }
    return giver ? JS_GetFunctionRealm(realm, giver[GIVEN_INCUMBENT]) : realm;
}

/* The text of an eval, which is part of the script around it. */
static bool is_unnamed(JSContext *realm, JSAtom script)
{
    JSString *name = __JS_AtomIsTaggedInt(script) ? NULL : realm->rt->atom_array[script];

    return name && !name->is_wide_char && name->len && *str8(name) == '<';
}

JSAtom heddle_active_script(JSContext *realm)
{
    const JSValue *giver = realm->rt->host.job_giver;

    for (const JSStackFrame *frame = realm->rt->current_stack_frame; frame; frame = frame->prev_frame) {
        const JSObject *function = running_code(frame);
        JSAtom name = function ? function->u.func.function_bytecode->filename : JS_ATOM_NULL;
        if (name != JS_ATOM_NULL && !is_unnamed(realm, name)) {
            return JS_DupAtom(realm, name);
        }
    }
    if (giver && JS_IsString(giver[GIVEN_SCRIPT])) {
        return JS_ValueToAtom(realm, giver[GIVEN_SCRIPT]);
    }
    return JS_GetScriptOrModuleName(realm, 0);
}
