/* setTimeout and setInterval (HTML 8.6, R-TM-01..09). queueMicrotask is the engine's; what it throws is reported by the checkpoint. */
#include "base/assert.h"
#include "web/globals.h"
#include "web/realm.h"
#include "web/document.h"
#include "web/timers.h"
#include "web/web_agent.h"

#include <stdlib.h>
#include <string.h>

struct js_timer {
    struct timer timer;
    struct realm *realm;
    int32_t id;
    int32_t level;   /* nesting level of the task that it will be */
    int32_t timeout; /* ms, as asked for */
    bool repeats;
    bool firing, cleared; /* cleared inside its own handler */
    int64_t left;         /* ns, while the document is suspended */
    char *file;           /* intervals: where it was set, outside the heap; NULL = not known */
    uint32_t line, column;
    JSValue handler;
    int count;
    JSValue arguments[];
};

/* "Map of active timers" of one global. IDs only grow, so that clearing an old one never hits a new timer: a window over the IDs
 * slides along. */
struct timer_map {
    struct js_timer **slots; /* slot i holds the timer of ID first_id + i, or NULL */
    size_t count, capacity;
    int32_t first_id;
    bool suspended;
    int32_t running_level; /* nesting level of the running timer task, 0 outside one (R-TM-03) */
};

static struct timer_map *map_of(struct realm *r)
{
    if (!r->timers) {
        struct timer_map *m = calloc(1, sizeof *m);
        if (m)
            m->first_id = 1;
        r->timers = m;
    }
    return r->timers;
}

static struct js_timer **map_slot(struct timer_map *m, int32_t id)
{
    return m && id >= m->first_id && (size_t)(id - m->first_id) < m->count ? &m->slots[id - m->first_id] : NULL;
}

/* Room for one more: slides over the IDs that are gone, or grows. */
static int map_make_room(struct timer_map *m)
{
    size_t gone = 0;
    while (gone < m->count && !m->slots[gone])
        gone++;
    if (gone > m->capacity / 2) {
        m->count -= gone;
        memmove(m->slots, m->slots + gone, m->count * sizeof(struct js_timer *));
        m->first_id += (int32_t)gone;
        return 0;
    }
    size_t capacity = m->capacity ? m->capacity * 2 : 8;
    struct js_timer **slots = realloc(m->slots, capacity * sizeof(struct js_timer *));
    if (!slots)
        return -1;
    m->slots = slots;
    m->capacity = capacity;
    return 0;
}

static int map_add(struct timer_map *m, struct js_timer *t)
{
    if (m->count == m->capacity && map_make_room(m))
        return -1;
    t->id = m->first_id + (int32_t)m->count;
    m->slots[m->count++] = t;
    return 0;
}

static void js_timer_free(struct js_timer *t)
{
    JSRuntime *runtime = JS_GetRuntime(t->realm->js);
    JS_FreeValueRT(runtime, t->handler);
    for (int i = 0; i < t->count; i++)
        JS_FreeValueRT(runtime, t->arguments[i]);
    free(t->file);
    free(t);
}

static void map_remove(struct js_timer *t)
{
    *map_slot(t->realm->timers, t->id) = NULL;
    js_timer_free(t);
}

static void drop(struct timer *timer)
{
    map_remove(caa_container_of(timer, struct js_timer, timer));
}

/* R-TM-07: timers may be late, and those of pages that nobody sees later still. */
static int64_t delay_of(const struct realm *r, int32_t timeout)
{
    const struct web_knobs *k = &web_of(r->agent)->knobs;
    int64_t delay = (int64_t)timeout * 1000000;
    bool hidden = r->document && !document_is_visible(r->document);
    if (hidden && delay < k->hidden_throttle)
        delay = k->hidden_throttle;
    return delay + k->timer_slack;
}

static void arm(struct js_timer *t)
{
    struct timer_map *m = t->realm->timers;
    int32_t clamp = web_of(t->realm->agent)->knobs.timer_clamp, timeout = t->timeout < 0 ? 0 : t->timeout;
    clamp = clamp ? clamp : 4;
    if (m->running_level > 5 && timeout < clamp) /* R-TM-03 */
        timeout = clamp;
    t->level = m->running_level + 1;
    t->left = delay_of(t->realm, timeout);
    if (!m->suspended)
        timer_start(t->realm->agent, &t->timer, t->left);
}

static void call_handler(struct js_timer *t)
{
    JSContext *js = t->realm->js;
    JSValue result;
    if (JS_IsFunction(js, t->handler)) {
        JSValue global = realm_global_this(js);
        result = JS_Call(js, t->handler, global, t->count, (JSValueConst *)t->arguments);
        JS_FreeValue(js, global);
    } else { /* R-TM-08: text is compiled when it fires */
        size_t length;
        const char *text = JS_ToCStringLen(js, &length, t->handler);
        result = text ? script_run(js, text, length, t->realm->url) : JS_EXCEPTION;
        JS_FreeCString(js, text);
    }
    if (JS_IsException(result))
        realm_report_exception(t->realm);
    JS_FreeValue(js, result);
}

static void fire(struct timer *timer, struct agent *a)
{
    struct js_timer *t = caa_container_of(timer, struct js_timer, timer);
    struct timer_map *m = t->realm->timers;
    m->running_level = t->level;
    t->firing = true;
    call_handler(t);
    t->firing = false;
    if (t->repeats && !t->cleared) /* R-TM-09 */
        arm(t);
    else
        map_remove(t);
    /* R-TM-04. By the letter a microtask is a task of its own, and nested in nothing; browsers let it inherit. */
    if (web_of(a)->knobs.timer_level_inherits)
        agent_checkpoint(a);
    m->running_level = 0;
}

/* An interval that is never cleared keeps its run from ending, which ends by a bound and names it then. */
static void note_place(JSContext *js, struct js_timer *t)
{
    struct source_place place = source_place_now(js, 0);
    const char *file = place.file != JS_ATOM_NULL ? JS_AtomToCString(js, place.file) : NULL;
    t->file = file ? strdup(file) : NULL;
    t->line = place.line;
    t->column = place.column;
    JS_FreeCString(js, file);
    JS_FreeAtom(js, place.file);
}

bool timer_look(const struct timer *timer, struct timer_sight *out)
{
    if (timer->fire != fire)
        return false;
    const struct js_timer *t = caa_container_of(timer, struct js_timer, timer);
    *out = (struct timer_sight){t->repeats, t->timeout, t->file, t->line, t->column};
    return true;
}

/* R-TM-01: Web IDL `long`. */
static int to_timeout(JSContext *js, JSValueConst value, int32_t *out)
{
    *out = 0;
    return JS_IsUndefined(value) ? 0 : JS_ToInt32(js, out, value);
}

static JSValue start(JSContext *js, JSValueConst self, int count, JSValueConst *arguments, int repeats)
{
    struct realm *r = realm_of(js);
    (void)self;
    if (r->destroyed) /* R-LIFE-07: nothing of that window runs any more */
        return JS_NewInt32(js, 0);
    if (count < 1)
        return JS_ThrowTypeError(js, "%s: 1 argument required, but only 0 present", repeats ? "setInterval" : "setTimeout");
    int extra = count > 2 ? count - 2 : 0;
    JSValue handler = JS_IsFunction(js, arguments[0]) ? JS_DupValue(js, arguments[0]) : JS_ToString(js, arguments[0]);
    if (JS_IsException(handler))
        return handler;
    struct js_timer *t = calloc(1, sizeof *t + (size_t)extra * sizeof(JSValue));
    if (!t || !map_of(r) || to_timeout(js, count > 1 ? arguments[1] : JS_UNDEFINED, &t->timeout)) {
        bool thrown = t && r->timers;
        JS_FreeValue(js, handler);
        free(t);
        return thrown ? JS_EXCEPTION : JS_ThrowOutOfMemory(js);
    }
    t->timer.fire = fire;
    t->timer.drop = drop;
    t->timer.index = SIZE_MAX;
    t->realm = r;
    t->repeats = repeats;
    if (repeats)
        note_place(js, t);
    t->handler = handler;
    t->count = extra;
    for (int i = 0; i < extra; i++)
        t->arguments[i] = JS_DupValue(js, arguments[i + 2]);
    if (map_add(r->timers, t)) {
        js_timer_free(t);
        return JS_ThrowOutOfMemory(js);
    }
    arm(t);
    return JS_NewInt32(js, t->id);
}

/* R-TM-02: either function clears both kinds. */
static JSValue clear(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct realm *r = realm_of(js);
    int32_t id;
    (void)self;
    if (to_timeout(js, count ? arguments[0] : JS_UNDEFINED, &id))
        return JS_EXCEPTION;
    struct js_timer **slot = map_slot(r->timers, id), *t = slot ? *slot : NULL;
    if (!t)
        return JS_UNDEFINED;
    if (t->firing) {
        t->cleared = true;
    } else {
        timer_cancel(r->agent, &t->timer);
        map_remove(t);
    }
    return JS_UNDEFINED;
}

void timers_clear_realm(struct realm *r)
{
    struct timer_map *m = r->timers;
    for (size_t i = 0; m && i < m->count; i++) {
        struct js_timer *t = m->slots[i];
        if (!t)
            continue;
        if (t->firing) {
            t->cleared = true;
        } else {
            timer_cancel(r->agent, &t->timer);
            map_remove(t);
        }
    }
}

void timers_suspend_realm(struct realm *r)
{
    struct timer_map *m = map_of(r);
    if (!m || m->suspended)
        return;
    m->suspended = true;
    int64_t now = agent_now(r->agent);
    for (size_t i = 0; i < m->count; i++) {
        struct js_timer *t = m->slots[i];
        if (!t || t->firing)
            continue;
        t->left = t->timer.due > now ? t->timer.due - now : 0;
        timer_cancel(r->agent, &t->timer);
    }
}

void timers_resume_realm(struct realm *r)
{
    struct timer_map *m = r->timers;
    if (!m || !m->suspended)
        return;
    m->suspended = false;
    for (size_t i = 0; i < m->count; i++)
        if (m->slots[i] && !m->slots[i]->firing)
            timer_start(r->agent, &m->slots[i]->timer, m->slots[i]->left);
}

void timers_release(struct realm *r)
{
    struct timer_map *m = r->timers;
    if (!m)
        return;
    free(m->slots);
    free(m);
    r->timers = NULL;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_MAGIC_DEF("setTimeout", 1, start, 0),
    JS_CFUNC_MAGIC_DEF("setInterval", 1, start, 1),
    JS_CFUNC_DEF("clearTimeout", 0, clear),
    JS_CFUNC_DEF("clearInterval", 0, clear),
};

const struct global_part timer_globals = {.functions = functions, .function_count = 4};
