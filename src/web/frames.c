/* requestAnimationFrame and cancelAnimationFrame. The virtual display has `fps` frames a second (0: none) at multiples of its period of the
 * run's clock, so all documents of a run see the same frames. A frame comes when somebody asks for one and its document is visible. */
#include "web/frames.h"

#include "agent/world.h"
#include "web/callbacks.h"
#include "web/document.h"
#include "web/globals.h"
#include "web/page.h"
#include "web/resource.h"

#include <stdlib.h>

struct frames {
    struct timer timer; /* the next frame; index SIZE_MAX = none is asked for */
    struct realm *realm;
    struct callback_list waiting, running; /* running: of the frame that is going on */
    uint32_t last_handle;
    int64_t time; /* of the next frame, ns of the run's clock */
};

static void run_frame(struct timer *t, struct agent *a);

static void drop_frame(struct timer *t)
{
    (void)t;
}

static struct frames *frames_of(struct realm *r)
{
    if (!r->frames) {
        struct frames *f = calloc(1, sizeof *f);
        if (!f)
            return NULL;
        f->realm = r;
        f->timer = (struct timer){.index = SIZE_MAX, .fire = run_frame, .drop = drop_frame};
        r->frames = f;
    }
    return r->frames;
}

/* R-RN-01: hidden documents have no rendering opportunities. */
static bool is_shown(const struct realm *r)
{
    return r->kind != GLOBAL_WINDOW ||
           (r->document && document_is_visible(r->document) && r->document->activity->state == ACTIVITY_ACTIVE);
}

static void ask_for_frame(struct frames *f)
{
    struct realm *r = f->realm;
    unsigned fps = ((const struct web *)r->agent->world->host)->fps;
    if (f->timer.index != SIZE_MAX || !f->waiting.first || !fps || !is_shown(r))
        return;
    int64_t period = 1000000000 / fps, now = agent_now(r->agent);
    f->time = (now / period + 1) * period;
    timer_start(r->agent, &f->timer, f->time - now);
}

/* R-RN-03: what is registered meanwhile comes with the next frame; what is canceled meanwhile does not come. */
static void run_frame(struct timer *t, struct agent *a)
{
    struct frames *f = caa_container_of(t, struct frames, timer);
    struct realm *r = f->realm;
    (void)a;
    if (!is_shown(r) || (r->kind == GLOBAL_WINDOW && !page_of(r))) /* hidden since it was asked for */
        return;
    callback_move(&f->running, &f->waiting);
    JSValue time = JS_NewFloat64(r->js, (double)(f->time - r->time_origin) / 1e6);
    struct callback *c;
    while ((c = callback_take_first(&f->running))) {
        realm_call(r, c->function, JS_UNDEFINED, 1, &time);
        callback_free(c);
    }
    ask_for_frame(f);
}

static JSValue request(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct frames *f = frames_of(realm_of(js));
    (void)self;
    if (!count || !JS_IsFunction(js, arguments[0]))
        return JS_ThrowTypeError(js, "requestAnimationFrame: a function is required");
    if (!f || !callback_add(&f->waiting, f->realm, f->last_handle + 1, arguments[0]))
        return JS_ThrowOutOfMemory(js);
    f->last_handle++;
    ask_for_frame(f);
    return JS_NewUint32(js, f->last_handle);
}

static JSValue cancel(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct frames *f = realm_of(js)->frames;
    uint32_t handle = 0;
    (void)self;
    if (count && JS_ToUint32(js, &handle, arguments[0]))
        return JS_EXCEPTION;
    struct callback *c = f ? callback_take(&f->waiting, handle) : NULL;
    if (f && !c)
        c = callback_take(&f->running, handle);
    if (c)
        callback_free(c);
    return JS_UNDEFINED;
}

void frames_resume(struct realm *r)
{
    if (r->frames)
        ask_for_frame(r->frames);
}

void frames_clear(struct realm *r)
{
    struct frames *f = r->frames;
    if (!f)
        return;
    timer_cancel(r->agent, &f->timer);
    callback_clear(&f->waiting);
    callback_clear(&f->running);
    free(f);
    r->frames = NULL;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("requestAnimationFrame", 1, request),
    JS_CFUNC_DEF("cancelAnimationFrame", 1, cancel),
};

const struct global_part frame_globals = {.functions = functions, .function_count = 2};
