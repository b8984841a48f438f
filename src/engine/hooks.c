/* The engine's side of hooks.h. Included by unity.c, never compiled alone. */

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
