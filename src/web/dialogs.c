/* alert, confirm and prompt (HTML 8.8.1; R-BL-01, R-BL-02). The scenario answers, in the order of its list; a dialog that nobody answers is
 * not shown, as the specification allows. Own thread, but for the count of answers. */
#include "agent/pause.h"
#include "agent/world.h"
#include "web/document.h"
#include "web/globals.h"
#include "web/page.h"
#include "web/resource.h"

#include <stdlib.h>
#include <string.h>

enum dialog { ALERT, CONFIRM, PROMPT };

static const struct web *web_of(const struct realm *r)
{
    return r->agent->world->host;
}

/* HTML "cannot show simple dialogs". */
static bool is_refused(struct page *p)
{
    if (!p || (p->document->sandbox & SANDBOX_MODALS))
        return true;
    if (p->readiness == PAGE_COMPLETE && !p->page_showing) /* while it unloads */
        return true;
    struct document *top = context_document(context_top(p->document->context));
    bool allowed = top && origin_same_domain(p->document->origin, top->origin);
    document_unref(top);
    return !allowed;
}

/* The next answer that is meant for this window, taken from the list; NULL = none. */
static const struct dialog_answer *take_answer(struct page *p)
{
    const struct web *web = web_of(p->realm);
    char *label = context_label(context_top(p->document->context));
    const struct dialog_answer *found = NULL;
    for (size_t i = 0; i < web->dialog_count && !found; i++) {
        struct dialog_answer *d = &web->dialogs[i];
        bool taken = false;
        if (d->window && (!label || strcmp(d->window, label)))
            continue;
        /* acq_rel: windows of several agents take from one list */
        if (atomic_compare_exchange_strong_explicit(&d->taken, &taken, true, memory_order_acq_rel, memory_order_relaxed))
            found = d;
    }
    free(label);
    return found;
}

static JSValue result_of(JSContext *js, int dialog, const struct dialog_answer *d, JSValueConst preset)
{
    switch (dialog) {
    case CONFIRM:
        return JS_NewBool(js, d && d->accepts);
    case PROMPT:
        if (!d || !d->accepts)
            return JS_NULL;
        if (d->text)
            return JS_NewString(js, d->text);
        return JS_IsUndefined(preset) ? JS_NewString(js, "") : JS_ToString(js, preset);
    default:
        return JS_UNDEFINED;
    }
}

static JSValue show(JSContext *js, JSValueConst self, int count, JSValueConst *arguments, int dialog)
{
    struct realm *r = realm_of(js);
    struct page *p = page_of(r);
    (void)self;
    JSValueConst preset = count > 1 ? arguments[1] : JS_UNDEFINED;
    JSValue message = count ? JS_ToString(js, arguments[0]) : JS_UNDEFINED;
    if (JS_IsException(message))
        return message;
    JS_FreeValue(js, message);
    const struct dialog_answer *d = is_refused(p) ? NULL : take_answer(p);
    if (d && !agent_pause(r->agent, d->delay_ns))
        return interruption_throw(js);
    return result_of(js, dialog, d, preset);
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_MAGIC_DEF("alert", 0, show, ALERT),
    JS_CFUNC_MAGIC_DEF("confirm", 0, show, CONFIRM),
    JS_CFUNC_MAGIC_DEF("prompt", 0, show, PROMPT),
};

const struct global_part dialog_globals = {.functions = functions, .function_count = 3};
