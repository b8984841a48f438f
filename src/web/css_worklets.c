/* Paint, layout and animation worklets (CSS Painting, Layout and Animation Worklet; rules 5.8): CSS.paintWorklet and its kin, the register calls
 * of their scopes, and the calls of the user agent. There is no rendering: a call happens when the scenario or `heddle` asks for it. */
#include "web/css_worklets.h"

#include "message/message.h"
#include "web/error_report.h"
#include "web/event_object.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/web_agent.h"
#include "web/worklet.h"

#include <stdlib.h>
#include <string.h>

#define SCOPES 2 /* at least two, so that nothing can be kept in a global */

enum { CSS_CALL = WORKLET_WHAT_OWN, CSS_DEFINED };

/* ---- the scopes ---- */

struct css_scope {
    struct definition *definitions;
};

static struct css_scope *css_of(struct worklet_scope *s)
{
    return worklet_scope_data(s, sizeof(struct css_scope));
}

static struct definition *add(JSContext *js, int count, JSValueConst *arguments, const char *duplicate, const char *method)
{
    return definition_add(js, &css_of(worklet_scope_of(realm_of(js)))->definitions, count, arguments, NULL, duplicate, method);
}

/* A static list of texts, as paint classes have; absent is empty. */
static int check_texts(JSContext *js, JSValueConst constructor, const char *name)
{
    JSValue list = JS_GetPropertyStr(js, constructor, name);
    bool fits = JS_IsUndefined(list) || JS_IsArray(list);
    if (!fits && !JS_IsException(list))
        JS_ThrowTypeError(js, "%s is not a sequence", name);
    JS_FreeValue(js, list);
    return fits ? 0 : -1;
}

static JSValue checked(JSContext *js, struct definition *d)
{
    if (!d)
        return JS_EXCEPTION;
    if (check_texts(js, d->constructor, "inputProperties") == 0 && check_texts(js, d->constructor, "inputArguments") == 0)
        return JS_UNDEFINED;
    definition_remove(js, &css_of(worklet_scope_of(realm_of(js)))->definitions, d);
    return JS_EXCEPTION;
}

static JSValue register_paint(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)self;
    return checked(js, add(js, count, arguments, "InvalidModificationError", "paint"));
}

static JSValue register_layout(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)self;
    return checked(js, add(js, count, arguments, "InvalidModificationError", "layout"));
}

static JSValue register_animator(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)self;
    return add(js, count, arguments, "NotSupportedError", "animate") ? JS_UNDEFINED : JS_EXCEPTION;
}

/* The one instance of a class in this scope, made when it is first needed. */
static JSValue instance_of(JSContext *js, struct definition *d)
{
    if (JS_IsUndefined(d->instance)) {
        JSValue instance = JS_CallConstructor(js, d->constructor, 0, NULL);
        if (JS_IsException(instance))
            return instance;
        d->instance = instance;
    }
    return JS_DupValue(js, d->instance);
}

static JSValue call_method(JSContext *js, struct definition *d, const char *method, JSValueConst list)
{
    JSValue instance = instance_of(js, d), arguments[4];
    int64_t count = 0;
    if (JS_IsException(instance) || JS_GetLength(js, list, &count) < 0)
        return JS_EXCEPTION;
    count = count > 4 ? 4 : count;
    for (int i = 0; i < count; i++)
        arguments[i] = JS_GetPropertyUint32(js, list, (uint32_t)i);
    JSAtom atom = JS_NewAtom(js, method);
    JSValue result = JS_Invoke(js, instance, atom, (int)count, (JSValueConst *)arguments);
    JS_FreeAtom(js, atom);
    for (int i = 0; i < count; i++)
        JS_FreeValue(js, arguments[i]);
    JS_FreeValue(js, instance);
    return result;
}

/* The order's message is [name, arguments]. What the method throws is reported here and refuses the call. */
static void call(struct worklet_scope *s, struct realm *r, struct worklet_letter *l, const char *method)
{
    JSContext *js = r->js;
    JSValue both = message_deserialize(js, l->message, NULL);
    JSValue name = JS_IsException(both) ? JS_EXCEPTION : JS_GetPropertyUint32(js, both, 0);
    JSValue list = JS_IsException(both) ? JS_UNDEFINED : JS_GetPropertyUint32(js, both, 1);
    char *text = JS_IsException(name) ? NULL : idl_text(js, name);
    struct definition *d = text ? definition_find(css_of(s)->definitions, text) : NULL;
    JSValue result = JS_EXCEPTION;
    if (d)
        result = call_method(js, d, method, list);
    else if (text)
        throw_dom_exception(js, "InvalidStateError", "nothing is registered as '%s'", text);
    if (JS_IsException(result))
        worklet_answer_exception(s, r, l->id);
    else
        worklet_answer(s, r, l->id, result);
    free(text);
    JS_FreeValue(js, list);
    JS_FreeValue(js, name);
    JS_FreeValue(js, both);
    agent_checkpoint(r->agent);
}

static void paint_order(struct worklet_scope *s, struct realm *r, struct worklet_letter *l)
{
    call(s, r, l, "paint");
}

static void layout_order(struct worklet_scope *s, struct realm *r, struct worklet_letter *l)
{
    call(s, r, l, "layout");
}

static void animation_order(struct worklet_scope *s, struct realm *r, struct worklet_letter *l)
{
    call(s, r, l, "animate");
}

static void clear(struct worklet_scope *s, struct realm *r)
{
    definitions_free(r->js, &css_of(s)->definitions);
}

#define SCOPE(kind, upper, title, call_name, function)                                             \
    static const struct interface kind##_interface = {                                             \
        .host_class = HOST_CLASS_##upper##_WORKLET_GLOBAL_SCOPE,                                   \
        .name = title "WorkletGlobalScope",                                                        \
        .parent = &worklet_global_scope_interface,                                                 \
    };                                                                                             \
    static const JSCFunctionListEntry kind##_functions[] = {JS_CFUNC_DEF(call_name, 2, function)}; \
    static const struct lazy_property kind##_lazy[] = {                                            \
        {"WorkletGlobalScope", interface_build, &worklet_global_scope_interface},                  \
        INTERFACE_PROPERTY(kind##_interface),                                                      \
    };                                                                                             \
    const struct worklet_scope_calls kind##_scope_calls = {                                        \
        .name = #kind,                                                                             \
        .global = GLOBAL_WORKLET,                                                                  \
        .interface = &kind##_interface,                                                            \
        .functions = kind##_functions,                                                             \
        .function_count = 1,                                                                       \
        .lazy = kind##_lazy,                                                                       \
        .lazy_count = 2,                                                                           \
        .order = kind##_order,                                                                     \
        .clear = clear,                                                                            \
    }

SCOPE(paint, PAINT, "Paint", "registerPaint", register_paint);
SCOPE(layout, LAYOUT, "Layout", "registerLayout", register_layout);
SCOPE(animation, ANIMATION, "Animation", "registerAnimator", register_animator);

/* ---- CSS.paintWorklet, CSS.layoutWorklet, CSS.animationWorklet ---- */

struct css_worklets {
    struct worklet *worklets[WORKLET_KIND_COUNT];
    JSValue objects[WORKLET_KIND_COUNT];
    unsigned next_scope[WORKLET_KIND_COUNT];
};

static void hear(void *holder, struct worklet *w, struct worklet_letter *l)
{
    (void)holder;
    (void)w;
    (void)l;
}

static void ended(void *holder)
{
    ((struct worklet_object *)holder)->worklet = NULL;
}

static const struct worklet_owner_calls owner_calls = {hear, NULL, ended};

/* The realm's Worklet object of a kind, made when it is first asked for; borrowed. */
static JSValue worklet_of(JSContext *js, enum worklet_kind kind)
{
    struct realm *r = realm_of(js);
    if (!r->css_worklets && !(r->css_worklets = calloc(1, sizeof *r->css_worklets)))
        return JS_ThrowOutOfMemory(js);
    struct css_worklets *all = r->css_worklets;
    if (all->worklets[kind])
        return all->objects[kind];
    struct worklet_object *o = js_mallocz(js, sizeof *o);
    JSValue object = o ? interface_object(js, &worklet_interface, o) : JS_EXCEPTION;
    if (JS_IsException(object)) {
        js_free(js, o);
        return object;
    }
    o->worklet = worklet_new(r, kind, web_of(r->agent)->knobs.css_scopes ? web_of(r->agent)->knobs.css_scopes : SCOPES, &owner_calls, o);
    if (!o->worklet) {
        JS_FreeValue(js, object);
        return JS_ThrowOutOfMemory(js);
    }
    all->worklets[kind] = o->worklet;
    return all->objects[kind] = object;
}

static JSValue get_worklet(JSContext *js, JSValueConst self, int kind)
{
    JSValue object = worklet_of(js, (enum worklet_kind)kind);
    (void)self;
    return JS_IsException(object) ? object : JS_DupValue(js, object);
}

void css_worklets_clear(struct realm *r)
{
    struct css_worklets *all = r->css_worklets;
    r->css_worklets = NULL;
    for (int kind = 0; all && kind < WORKLET_KIND_COUNT; kind++)
        if (all->worklets[kind])
            JS_FreeValue(r->js, all->objects[kind]);
    free(all);
}

/* Scopes take turns: no class can rely on what another call left in a global (R-WT, trap 19). */
JSValue css_worklet_call(JSContext *js, int kind, JSValueConst name, JSValueConst arguments)
{
    JSValue object = worklet_of(js, (enum worklet_kind)kind);
    struct message *m = NULL;
    uint32_t ticket;
    if (JS_IsException(object))
        return object;
    struct css_worklets *all = realm_of(js)->css_worklets;
    struct worklet *w = all->worklets[kind];
    unsigned scopes = worklet_scope_count(w);
    if (!scopes)
        return throw_dom_exception(js, "InvalidStateError", "no module was added to this worklet");
    JSValue both[2] = {JS_DupValue(js, name), JS_DupValue(js, arguments)}, array = JS_NewArrayFrom(js, 2, both);
    int failed = JS_IsException(array) || message_serialize(js, array, JS_UNDEFINED, &m);
    JS_FreeValue(js, array);
    JSValue promise = failed ? JS_EXCEPTION : worklet_ticket(w, 1, &ticket);
    if (!JS_IsException(promise))
        worklet_order(w, all->next_scope[kind]++ % scopes, &(struct worklet_letter){.what = CSS_CALL, .id = ticket, .message = m});
    else if (m)
        message_lose(m, LOST_UNSENT);
    return promise;
}

static const JSCFunctionListEntry css_entries[] = {
    IDL_ATTRIBUTE_MAGIC("paintWorklet", get_worklet, NULL, WORKLET_PAINT),
    IDL_ATTRIBUTE_MAGIC("layoutWorklet", get_worklet, NULL, WORKLET_LAYOUT),
    IDL_ATTRIBUTE_MAGIC("animationWorklet", get_worklet, NULL, WORKLET_ANIMATION),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "CSS", JS_PROP_CONFIGURABLE),
};

static JSValue build_css(JSContext *js, const struct lazy_property *self)
{
    (void)self;
    JSValue css = JS_NewObject(js);
    if (!JS_IsException(css) && JS_SetPropertyFunctionList(js, css, css_entries, sizeof css_entries / sizeof *css_entries) < 0) {
        JS_FreeValue(js, css);
        return JS_EXCEPTION;
    }
    return css;
}

static const struct lazy_property lazy[] = {{"CSS", build_css, NULL}};

const struct global_part css_globals = {.lazy = lazy, .lazy_count = 1};
