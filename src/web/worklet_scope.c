#include "web/worklet_scope.h"

#include "agent/world.h"
#include "message/message.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/web_agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct worklet_scope {
    const struct worklet_scope_calls *calls;
    struct agent *owner; /* counted */
    struct worklet_tie *tie;
    struct agent *agent; /* its own; not counted */
    bool cross_origin_isolated;
    void *data;
    struct module_text **ran; /* counted: modules are run once */
    size_t ran_count;
};

static const struct worklet_scope_calls *const calls_of[] = {
    [WORKLET_AUDIO] = &audio_scope_calls,
    [WORKLET_PAINT] = &paint_scope_calls,
    [WORKLET_LAYOUT] = &layout_scope_calls,
    [WORKLET_ANIMATION] = &animation_scope_calls,
};

/* ---- module texts ---- */

struct module_text *module_text_new(const char *url, const char *bytes, size_t length)
{
    struct module_text *t = calloc(1, sizeof *t);
    char *copy = t ? malloc(length + 1) : NULL;
    if (!copy) {
        free(t);
        return NULL;
    }
    atomic_init(&t->references, 1);
    memcpy(copy, bytes, length);
    copy[length] = 0;
    t->bytes = copy;
    t->length = length;
    t->url = strdup(url);
    return t;
}

struct module_text *module_text_ref(struct module_text *t)
{
    atomic_fetch_add_explicit(&t->references, 1, memory_order_relaxed);
    return t;
}

void module_text_unref(struct module_text *t)
{
    if (!t || atomic_fetch_sub_explicit(&t->references, 1, memory_order_acq_rel) > 1)
        return;
    free(t->url);
    free(t->bytes);
    free(t);
}

/* ---- orders ---- */

static bool has_run(struct worklet_scope *s, struct module_text *text)
{
    for (size_t i = 0; i < s->ran_count; i++)
        if (s->ran[i] == text)
            return true;
    s->ran = realloc(s->ran, (s->ran_count + 1) * sizeof(struct module_text *));
    s->ran[s->ran_count++] = module_text_ref(text);
    return false;
}

/* R-WT-01: a text that does not parse refuses; what the module throws is reported here and refuses nothing. */
static void run_module(struct worklet_scope *s, struct realm *r, const struct worklet_order *o)
{
    bool ran = has_run(s, o->text);
    bool parsed = ran || realm_run_script(r, o->text->bytes, o->text->length, o->text->url, true);
    if (!parsed)
        worklet_answer_exception(s, r, o->letter.id);
    agent_checkpoint(s->agent);
    if (parsed)
        worklet_answer(s, r, o->letter.id, JS_UNDEFINED);
}

static void order_drop(struct task *t)
{
    struct worklet_order *o = caa_container_of(t, struct worklet_order, task);
    worklet_letter_release(&o->letter);
    module_text_unref(o->text);
    free(o);
}

static void order_run(struct task *t, struct agent *a)
{
    struct worklet_order *o = caa_container_of(t, struct worklet_order, task);
    struct worklet_scope *s = web_agent_of(a)->worklet_scope;
    struct realm *r = web_agent_of(a)->realms;
    if (o->letter.what == WORKLET_MODULE)
        run_module(s, r, o);
    else
        s->calls->order(s, r, &o->letter);
    order_drop(t);
}

struct worklet_order *worklet_order_new(const struct worklet_letter *letter)
{
    struct worklet_order *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    o->task = (struct task){.run = order_run, .drop = order_drop, .source = TASK_NETWORKING};
    o->letter = *letter;
    return o;
}

/* ---- news ---- */

void worklet_tell(struct worklet_scope *s, const struct worklet_letter *letter)
{
    struct worklet_letter lost = *letter;
    struct worklet_news *n = worklet_news_new(s->tie, letter);
    if (n)
        agent_post(s->owner, &n->task);
    else
        worklet_letter_release(&lost);
}

void worklet_answer(struct worklet_scope *s, struct realm *r, uint32_t id, JSValue value)
{
    struct message *m = NULL;
    if (!JS_IsUndefined(value) && message_serialize(r->js, value, JS_UNDEFINED, &m)) {
        JS_FreeValue(r->js, value);
        worklet_answer_exception(s, r, id);
        return;
    }
    JS_FreeValue(r->js, value);
    if (id)
        worklet_tell(s, &(struct worklet_letter){.what = WORKLET_DONE, .id = id, .message = m});
    else if (m)
        message_lose(m, LOST_UNSENT);
}

void worklet_answer_exception(struct worklet_scope *s, struct realm *r, uint32_t id)
{
    struct message *m = NULL;
    JSValue exception = JS_GetException(r->js);
    if (!exception_is_interruption(r->js, exception) && message_serialize(r->js, exception, JS_UNDEFINED, &m)) {
        JS_FreeValue(r->js, JS_GetException(r->js));
        m = NULL;
    }
    JS_FreeValue(r->js, exception);
    if (id)
        worklet_tell(s, &(struct worklet_letter){.what = WORKLET_REFUSED, .id = id, .message = m});
    else if (m)
        message_lose(m, LOST_UNSENT);
}

/* ---- the agent (R-AG-05, R-AG-20, R-AG-21) ---- */

static void scope_main(struct agent *a)
{
    struct worklet_scope *s = web_agent_of(a)->worklet_scope;
    s->agent = a;
    struct origin *origin = origin_opaque(); /* R-OR-09 */
    struct realm_options options = {
        .kind = s->calls->global, .url = web_agent_of(a)->url, .origin = origin, .may_isolate = s->cross_origin_isolated, .secure = true};
    struct realm *r = !origin || web_engine_create(a) ? NULL : realm_create(a, &options);
    origin_unref(origin);
    if (!r) {
        agent_close(a);
        return;
    }
    r->no_import = true;
    struct notice n = {.kind = NOTICE_REALM,
                       .text = a->name,
                       .file = r->url,
                       .origin = r->origin->text,
                       .rule = "R-AG-21: a worklet joins the cluster of its window",
                       .level = r->cross_origin_isolated};
    world_notice(a->world, a, &n);
}

static void scope_free(struct worklet_scope *s)
{
    for (size_t i = 0; i < s->ran_count; i++)
        module_text_unref(s->ran[i]);
    free(s->ran);
    free(s->data);
    worklet_tie_unref(s->tie);
    agent_unref(s->owner);
    free(s);
}

static void scope_finish(struct agent *a)
{
    struct worklet_scope *s = web_agent_of(a)->worklet_scope;
    struct realm *r = web_agent_of(a)->realms;
    if (r)
        s->calls->clear(s, r);
    web_agent_free(a);
    scope_free(s);
}

static const struct agent_calls agent_calls = {scope_main, agent_checkpoint, scope_finish};

struct agent *worklet_scope_start(const struct worklet_scope_start *start)
{
    struct worklet_scope *s = calloc(1, sizeof *s);
    struct web_agent *web = s ? calloc(1, sizeof *web) : NULL;
    struct agent *agent;
    char name[64];
    if (!web) {
        free(s);
        return NULL;
    }
    s->calls = calls_of[start->kind];
    s->owner = agent_ref(start->owner);
    s->tie = worklet_tie_ref(start->tie);
    s->cross_origin_isolated = start->cross_origin_isolated;
    web->url = strdup(start->url);
    web->owner_origin = strdup(start->origin);
    web->worklet_scope = s;
    snprintf(name, sizeof name, "%s-worklet-%u", s->calls->name, start->number);
    struct agent_options options = {
        .kind = AGENT_WORKLET,
        .name = name,
        .creator = start->owner,
        .cluster = start->owner->cluster,
        .calls = &agent_calls,
        .web = web,
    };
    if (agent_start(start->owner->world, &options, &agent) == STATUS_OK)
        return agent;
    free(web->url);
    free(web->owner_origin);
    free(web);
    scope_free(s);
    return NULL;
}

struct worklet_scope *worklet_scope_of(const struct realm *r)
{
    return web_agent_of(r->agent)->worklet_scope;
}

struct agent *worklet_scope_agent(struct worklet_scope *s)
{
    return s->agent;
}

void *worklet_scope_data(struct worklet_scope *s, size_t size)
{
    if (!s->data)
        s->data = calloc(1, size);
    return s->data;
}

/* ---- the global object ---- */

const struct interface worklet_global_scope_interface = {
    .host_class = HOST_CLASS_WORKLET_GLOBAL_SCOPE,
    .name = "WorkletGlobalScope",
};

/* R-WT-03: the engine's own queueMicrotask is not there either. */
static int remove_queue_microtask(JSContext *js, JSValueConst global)
{
    JSAtom atom = JS_NewAtom(js, "queueMicrotask");
    int deleted = JS_DeleteProperty(js, global, atom, 0);
    JS_FreeAtom(js, atom);
    return deleted < 0 ? -1 : 0;
}

int worklet_globals_install(struct realm *r, JSValueConst global)
{
    const struct worklet_scope_calls *c = worklet_scope_of(r)->calls;
    JSValue prototype = interface_prototype(r->js, c->interface);
    if (JS_IsException(prototype) || JS_SetPrototype(r->js, global, prototype) < 0 || remove_queue_microtask(r->js, global) ||
        (c->function_count && JS_SetPropertyFunctionList(r->js, global, c->functions, c->function_count) < 0) ||
        lazy_properties_define(r->js, global, c->lazy, (size_t)c->lazy_count))
        return -1;
    return 0;
}

/* ---- registered classes ---- */

struct definition *definition_find(struct definition *list, const char *name)
{
    while (list && strcmp(list->name, name))
        list = list->next;
    return list;
}

static int check_prototype(JSContext *js, JSValueConst constructor, const char *method)
{
    JSValue prototype = JS_GetPropertyStr(js, constructor, "prototype");
    if (!JS_IsException(prototype) && !JS_IsObject(prototype)) {
        JS_FreeValue(js, prototype);
        prototype = JS_ThrowTypeError(js, "the class has no prototype object");
    }
    JSValue function = JS_IsException(prototype) ? JS_EXCEPTION : method ? JS_GetPropertyStr(js, prototype, method) : JS_UNDEFINED;
    bool ok = !JS_IsException(function) && (!method || JS_IsFunction(js, function));
    if (!ok && !JS_IsException(function))
        JS_ThrowTypeError(js, "the class has no method %s", method);
    JS_FreeValue(js, function);
    JS_FreeValue(js, prototype);
    return ok ? 0 : -1;
}

struct definition *definition_add(JSContext *js, struct definition **list, int count, JSValueConst *arguments, const char *empty,
                                  const char *duplicate, const char *method)
{
    if (!idl_arguments(js, "a register call", count, 2))
        return NULL;
    char *name = idl_text(js, arguments[0]);
    if (!name)
        return NULL;
    bool ok = false;
    if (!*name && empty)
        throw_dom_exception(js, empty, "the name is empty");
    else if (!*name)
        JS_ThrowTypeError(js, "the name is empty");
    else if (definition_find(*list, name))
        throw_dom_exception(js, duplicate, "'%s' is registered already", name);
    else if (!JS_IsConstructor(js, arguments[1]))
        JS_ThrowTypeError(js, "what is registered as '%s' is not a class", name);
    else
        ok = check_prototype(js, arguments[1], method) == 0;
    struct definition *d = ok ? calloc(1, sizeof *d) : NULL;
    if (!d) {
        free(name);
        return NULL;
    }
    *d = (struct definition){.next = *list, .name = name, .constructor = JS_DupValue(js, arguments[1]), .instance = JS_UNDEFINED};
    *list = d;
    return d;
}

void definition_remove(JSContext *js, struct definition **list, struct definition *d)
{
    while (*list != d)
        list = &(*list)->next;
    *list = d->next;
    JS_FreeValue(js, d->constructor);
    JS_FreeValue(js, d->instance);
    free(d->name);
    free(d);
}

void definitions_free(JSContext *js, struct definition **list)
{
    while (*list)
        definition_remove(js, list, *list);
}
