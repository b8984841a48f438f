/* requestAnimationFrame and cancelAnimationFrame. The virtual display has `fps` frames a second (0: none) at multiples of its period of the
 * run's clock, so all documents of a run see the same frames. A frame comes when somebody asks for one and its document is visible.
 * The documents of one agent have it in one go, parents first (R-RN-02). */
#include "web/frames.h"

#include "agent/world.h"
#include "web/callbacks.h"
#include "web/document.h"
#include "web/globals.h"
#include "web/page.h"
#include "web/resource.h"
#include "web/web_agent.h"

#include <stdlib.h>

struct frames {
    struct timer timer; /* the next frame; index SIZE_MAX = none is asked for */
    struct realm *realm;
    struct callback_list waiting, running; /* running: of the frame that is going on */
    uint32_t last_handle;
    int64_t time; /* of the next frame, ns of the run's clock */
    bool due;     /* that frame has come, and not yet to this document */
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
static void run_callbacks(struct realm *r)
{
    struct frames *f = r->frames;
    if (!f || !f->due)
        return;
    f->due = false;
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

/* ---- the documents of one frame ---- */

/* In the order of their turns. A realm lives as long as its agent, whatever the callbacks do to its document. */
struct turns {
    struct agent *agent;
    struct realm **realms;
    size_t count;
};

/* A document before those in its frames, which come in the order of their elements. */
static void add_tree(struct turns *t, struct browsing_context *c)
{
    struct document *d = context_document(c);
    struct page *p = d && d->place.agent == t->agent ? d->page : NULL;
    struct frames *f = p ? p->realm->frames : NULL;
    if (f && f->due)
        t->realms[t->count++] = p->realm;
    document_unref(d);
    struct browsing_context *child;
    for (size_t i = 0; (child = context_child(c, i)); i++) {
        add_tree(t, child);
        context_unref(child);
    }
}

static void add_trees(struct turns *t, struct user_agent *u)
{
    struct browsing_context *top;
    for (size_t i = 0; (top = user_agent_top(u, i)); i++) {
        add_tree(t, top);
        context_unref(top);
    }
}

static size_t mark_due(struct agent *a, int64_t time)
{
    size_t count = 0;
    for (struct realm *r = web_agent_of(a)->realms; r; r = r->next) {
        struct frames *f = r->frames;
        if (f && f->timer.index != SIZE_MAX && f->time == time) {
            timer_cancel(a, &f->timer);
            f->due = true;
        }
        count += f && f->due;
    }
    return count;
}

static void run_frame(struct timer *t, struct agent *a)
{
    struct frames *first = caa_container_of(t, struct frames, timer);
    struct turns turns = {.agent = a};
    first->due = true;
    size_t count = mark_due(a, first->time);
    turns.realms = count > 1 ? malloc(count * sizeof *turns.realms) : NULL;
    if (turns.realms)
        add_trees(&turns, first->realm->document->context->user_agent);
    for (size_t i = 0; i < turns.count; i++)
        run_callbacks(turns.realms[i]);
    free(turns.realms);
    if (!turns.count) /* alone, as a worker is */
        run_callbacks(first->realm);
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
