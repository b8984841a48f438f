/* The owner's side of audio worklets: AudioContext, AudioWorklet, AudioWorkletNode, AudioParam. */
#include "web/audio.h"

#include "base/finding.h"
#include "message/message.h"
#include "message/port.h"
#include "web/error_report.h"
#include "web/event.h"
#include "web/event_object.h"
#include "web/globals.h"
#include "web/idl.h"

#include <stdlib.h>
#include <string.h>

enum context_state { CONTEXT_RUNNING, CONTEXT_SUSPENDED, CONTEXT_CLOSED };

/* A processor that the scope has registered: what `new AudioWorkletNode` looks up. */
struct processor_class {
    struct processor_class *next;
    char *name;
    JSValue descriptors; /* an array */
};

/* Kept, with everything it holds, until its realm ends. */
struct audio_context {
    struct event_target target; /* first: see event_target.h */
    struct realm *realm;
    JSValue self, audio_worklet, destination;
    struct worklet *worklet; /* NULL once the realm has ended */
    double sample_rate;
    enum context_state state;
    int64_t frame;
    struct processor_class *classes;
    struct audio_node *nodes;
    uint32_t node_count;
    struct audio_context *next; /* of the realm */
};

struct audio_node {
    struct event_target target; /* first: see event_target.h */
    struct audio_context *context;
    JSValue self; /* counted while it is in the context's list */
    JSValue port, parameters;
    uint32_t id, inputs, outputs;
    struct audio_node *next; /* of the context */
};

struct audio_param {
    struct audio_node *node;
    JSValue node_object;
    uint32_t index;
    double value, initial, least, most;
    bool k_rate;
};

struct audio_worklet {
    struct worklet_object object; /* first: see worklet.h */
    JSValue port;
};

static const struct interface context_interface, base_context_interface, audio_worklet_interface, node_interface, worklet_node_interface,
    param_interface;

/* ---- news from the scope ---- */

static JSValue item(JSContext *js, JSValueConst array, uint32_t index)
{
    return JS_GetPropertyUint32(js, array, index);
}

static void define(struct audio_context *c, struct message *m)
{
    JSContext *js = c->realm->js;
    JSValue both = message_deserialize(js, m, NULL);
    struct processor_class *x = JS_IsException(both) ? NULL : calloc(1, sizeof *x);
    if (x) {
        JSValue name = item(js, both, 0);
        *x = (struct processor_class){c->classes, idl_text(js, name), item(js, both, 1)};
        c->classes = x;
        JS_FreeValue(js, name);
    }
    JS_FreeValue(js, both);
}

static struct audio_node *find_node(struct audio_context *c, uint32_t id)
{
    struct audio_node *n = c->nodes;
    while (n && n->id != id)
        n = n->next;
    return n;
}

/* The node is silent from now on. Without a listener the error would be lost: it is reported as the scope's. */
static void fail(struct audio_context *c, struct worklet *w, struct worklet_letter *l)
{
    JSContext *js = c->realm->js;
    struct audio_node *n = find_node(c, l->id);
    JSValue text = l->message ? message_deserialize(js, l->message, NULL) : JS_UNDEFINED;
    const char *message = JS_IsString(text) ? JS_ToCString(js, text) : NULL;
    struct error_report report = {.message = (char *)(message ? message : "the processor failed"), .stack = "", .file = ""};
    if (n && !event_target_listens(&n->target, EVENT_PROCESSORERROR))
        error_notice(worklet_agent(w, 0), FINDING_UNCAUGHT_ERROR, &report);
    else if (n && event_target_fire_error_as(js, n->self, "processorerror", &report, JS_NULL) < 0)
        realm_report_exception(c->realm);
    JS_FreeCString(js, message);
    JS_FreeValue(js, text);
}

static void hear(void *holder, struct worklet *w, struct worklet_letter *l)
{
    struct audio_context *c = holder;
    if (l->what == AUDIO_DEFINED)
        define(c, l->message);
    else if (l->what == AUDIO_CLOCK)
        c->frame = l->number;
    else if (l->what == AUDIO_FAILED)
        fail(c, w, l);
}

/* Both ends of a channel: an object here, and one that is on its way. NULL with an exception. */
static struct port *make_ports(JSContext *js, JSValue *near)
{
    struct port *ends[2];
    *near = JS_UNDEFINED;
    if (port_channel(&ends[0], &ends[1]) != STATUS_OK) {
        JS_ThrowOutOfMemory(js);
        return NULL;
    }
    JSValue object = message_host.receive_port(js, ends[0]);
    if (JS_IsException(object) || !port_ship(ends[1])) {
        port_release(ends[1]);
        JS_FreeValue(js, object);
        return NULL;
    }
    *near = object;
    return ends[1];
}

static void scope_made(void *holder, struct worklet *w, unsigned scope)
{
    struct audio_context *c = holder;
    struct audio_worklet *x = interface_peek(c->audio_worklet, &audio_worklet_interface);
    JSContext *js = c->realm->js;
    JSValue near;
    struct port *far = make_ports(js, &near);
    if (!far)
        JS_FreeValue(js, JS_GetException(js));
    JSValue old = x->port;
    x->port = near;
    JS_FreeValue(js, old);
    worklet_order(w, scope, &(struct worklet_letter){.what = AUDIO_SETUP, .number = (int64_t)c->sample_rate, .port = far});
}

static void worklet_ended(void *holder)
{
    struct audio_context *c = holder;
    JSContext *js = c->realm->js;
    c->worklet = NULL;
    ((struct worklet_object *)interface_peek(c->audio_worklet, &audio_worklet_interface))->worklet = NULL;
    while (c->nodes) {
        struct audio_node *n = c->nodes;
        c->nodes = n->next;
        JS_FreeValue(js, n->self);
    }
    while (c->classes) {
        struct processor_class *x = c->classes;
        c->classes = x->next;
        JS_FreeValue(js, x->descriptors);
        free(x->name);
        free(x);
    }
    JS_FreeValue(js, c->self);
}

static const struct worklet_owner_calls owner_calls = {hear, scope_made, worklet_ended};

/* ---- AudioWorklet ---- */

static void audio_worklet_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct audio_worklet *x = interface_peek(value, &audio_worklet_interface);
    if (!x)
        return;
    JS_FreeValueRT(runtime, x->port);
    js_free_rt(runtime, x);
}

static void audio_worklet_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct audio_worklet *x = interface_peek(value, &audio_worklet_interface);
    if (x)
        JS_MarkValue(runtime, x->port, mark);
}

static JSValue audio_worklet_port(JSContext *js, JSValueConst self)
{
    const struct audio_worklet *x = interface_opaque(js, self, &audio_worklet_interface);
    return x ? JS_DupValue(js, x->port) : JS_EXCEPTION;
}

static const JSCFunctionListEntry audio_worklet_prototype[] = {IDL_ATTRIBUTE("port", audio_worklet_port, NULL)};

static const struct interface audio_worklet_interface = {
    .host_class = HOST_CLASS_AUDIO_WORKLET,
    .name = "AudioWorklet",
    .parent = &worklet_interface,
    .class_definition = {.finalizer = audio_worklet_finalize, .gc_mark = audio_worklet_mark},
    .prototype = audio_worklet_prototype,
    .prototype_count = sizeof audio_worklet_prototype / sizeof *audio_worklet_prototype,
};

/* ---- AudioContext ---- */

static struct audio_context *context_of(JSContext *js, JSValueConst value)
{
    return interface_opaque(js, value, &base_context_interface);
}

static void context_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct audio_context *c = interface_peek(value, &base_context_interface);
    if (!c)
        return;
    event_target_release(runtime, &c->target);
    JS_FreeValueRT(runtime, c->audio_worklet);
    JS_FreeValueRT(runtime, c->destination);
    js_free_rt(runtime, c);
}

static void context_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct audio_context *c = interface_peek(value, &base_context_interface);
    if (!c)
        return;
    event_target_mark(runtime, &c->target, mark);
    JS_MarkValue(runtime, c->audio_worklet, mark);
    JS_MarkValue(runtime, c->destination, mark);
}

static JSValue node_object(JSContext *js, const struct interface *i, JSValueConst new_target, struct audio_context *c, struct audio_node **out)
{
    struct audio_node *n = js_mallocz(js, sizeof *n);
    if (!n)
        return JS_EXCEPTION;
    n->context = c;
    n->port = n->parameters = JS_UNDEFINED;
    n->self = interface_object_from(js, i, new_target, n);
    if (JS_IsException(n->self)) {
        js_free(js, n);
        return JS_EXCEPTION;
    }
    *out = n;
    return n->self;
}

static int context_fill(JSContext *js, struct audio_context *c)
{
    struct audio_worklet *x = js_mallocz(js, sizeof *x);
    struct audio_node *destination;
    if (!x)
        return -1;
    x->port = JS_UNDEFINED;
    c->audio_worklet = interface_object(js, &audio_worklet_interface, x);
    if (JS_IsException(c->audio_worklet)) {
        js_free(js, x);
        c->audio_worklet = JS_UNDEFINED;
        return -1;
    }
    c->destination = node_object(js, &node_interface, JS_UNDEFINED, c, &destination);
    if (JS_IsException(c->destination)) {
        c->destination = JS_UNDEFINED;
        return -1;
    }
    destination->inputs = 1;
    x->object.worklet = c->worklet = worklet_new(c->realm, WORKLET_AUDIO, 1, &owner_calls, c); /* exactly one scope */
    return c->worklet ? 0 : (JS_ThrowOutOfMemory(js), -1);
}

static int read_rate(JSContext *js, JSValueConst options, double *rate)
{
    JSValueConst dictionary;
    *rate = 48000;
    if (idl_dictionary(js, options, &dictionary))
        return -1;
    JSValue member = idl_member(js, dictionary, "sampleRate");
    if (JS_IsException(member))
        return -1;
    int failed = JS_IsUndefined(member) ? 0 : JS_ToFloat64(js, rate, member);
    JS_FreeValue(js, member);
    if (!failed && !(*rate >= 3000 && *rate <= 768000)) {
        throw_dom_exception(js, "NotSupportedError", "the sample rate is from 3000 to 768000");
        return -1;
    }
    return failed;
}

static JSValue context_construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    double rate;
    if (read_rate(js, count ? arguments[0] : JS_UNDEFINED, &rate))
        return JS_EXCEPTION;
    struct audio_context *c = js_mallocz(js, sizeof *c);
    if (!c)
        return JS_EXCEPTION;
    c->realm = realm_of(js);
    c->sample_rate = rate;
    c->audio_worklet = c->destination = JS_UNDEFINED;
    c->self = interface_object_from(js, &context_interface, new_target, c);
    if (JS_IsException(c->self)) {
        js_free(js, c);
        return JS_EXCEPTION;
    }
    if (context_fill(js, c)) {
        JS_FreeValue(js, c->self);
        return JS_EXCEPTION;
    }
    c->next = c->realm->audio_contexts;
    c->realm->audio_contexts = c;
    return JS_DupValue(js, c->self); /* the other one goes in worklet_ended */
}

static JSValue context_rate(JSContext *js, JSValueConst self)
{
    const struct audio_context *c = context_of(js, self);
    return c ? JS_NewFloat64(js, c->sample_rate) : JS_EXCEPTION;
}

static JSValue context_time(JSContext *js, JSValueConst self)
{
    const struct audio_context *c = context_of(js, self);
    return c ? JS_NewFloat64(js, (double)c->frame / c->sample_rate) : JS_EXCEPTION;
}

static JSValue context_state(JSContext *js, JSValueConst self)
{
    static const char *const names[] = {"running", "suspended", "closed"};
    const struct audio_context *c = context_of(js, self);
    return c ? JS_NewString(js, names[c->state]) : JS_EXCEPTION;
}

static JSValue context_worklet(JSContext *js, JSValueConst self)
{
    const struct audio_context *c = context_of(js, self);
    return c ? JS_DupValue(js, c->audio_worklet) : JS_EXCEPTION;
}

static JSValue context_destination(JSContext *js, JSValueConst self)
{
    const struct audio_context *c = context_of(js, self);
    return c ? JS_DupValue(js, c->destination) : JS_EXCEPTION;
}

static JSValue resolved(JSContext *js)
{
    JSValue resolving[2], promise = JS_NewPromiseCapability(js, resolving);
    if (JS_IsException(promise))
        return promise;
    JS_FreeValue(js, JS_Call(js, resolving[0], JS_UNDEFINED, 0, NULL));
    JS_FreeValue(js, resolving[0]);
    JS_FreeValue(js, resolving[1]);
    return promise;
}

/* suspend, resume and close. */
static JSValue context_change(JSContext *js, JSValueConst self, int count, JSValueConst *arguments, int state)
{
    struct audio_context *c = context_of(js, self);
    (void)count;
    (void)arguments;
    if (c && c->state == CONTEXT_CLOSED)
        throw_dom_exception(js, "InvalidStateError", "the context is closed");
    if (!c || c->state == CONTEXT_CLOSED)
        return idl_rejected(js);
    c->state = (enum context_state)state;
    return resolved(js);
}

static const JSCFunctionListEntry base_context_prototype[] = {
    IDL_ATTRIBUTE("sampleRate", context_rate, NULL),      IDL_ATTRIBUTE("currentTime", context_time, NULL),
    IDL_ATTRIBUTE("state", context_state, NULL),          IDL_ATTRIBUTE("audioWorklet", context_worklet, NULL),
    IDL_ATTRIBUTE("destination", context_destination, NULL),
};

static const JSCFunctionListEntry context_prototype[] = {
    JS_CFUNC_MAGIC_DEF("suspend", 0, context_change, CONTEXT_SUSPENDED),
    JS_CFUNC_MAGIC_DEF("resume", 0, context_change, CONTEXT_RUNNING),
    JS_CFUNC_MAGIC_DEF("close", 0, context_change, CONTEXT_CLOSED),
};

#define CONTEXT_CLASS {.finalizer = context_finalize, .gc_mark = context_mark}
#define COUNT(list) (int)(sizeof(list) / sizeof *(list))

static const struct interface base_context_interface = {
    .host_class = HOST_CLASS_BASE_AUDIO_CONTEXT,
    .name = "BaseAudioContext",
    .parent = &event_target_interface,
    .class_definition = CONTEXT_CLASS,
    .prototype = base_context_prototype,
    .prototype_count = COUNT(base_context_prototype),
};

static const struct interface context_interface = {
    .host_class = HOST_CLASS_AUDIO_CONTEXT,
    .name = "AudioContext",
    .parent = &base_context_interface,
    .class_definition = CONTEXT_CLASS,
    .constructor = context_construct,
    .prototype = context_prototype,
    .prototype_count = COUNT(context_prototype),
};

/* ---- rendering ---- */

static void render(struct audio_context *c, uint32_t quanta, uint32_t ticket)
{
    worklet_order(c->worklet, 0, &(struct worklet_letter){.what = AUDIO_RENDER, .id = ticket, .number = quanta});
}

void audio_render(struct realm *r, uint32_t quanta)
{
    for (struct audio_context *c = r->audio_contexts; c; c = c->next)
        if (c->state == CONTEXT_RUNNING)
            render(c, quanta, 0);
}

JSValue audio_render_context(JSContext *js, JSValueConst context, uint32_t quanta)
{
    struct audio_context *c = context_of(js, context);
    uint32_t ticket;
    if (!c)
        return JS_EXCEPTION;
    if (!c->worklet || c->state != CONTEXT_RUNNING || !worklet_scope_count(c->worklet))
        return throw_dom_exception(js, "InvalidStateError", "the context does not run, or has no audio worklet yet");
    JSValue promise = worklet_ticket(c->worklet, 1, &ticket);
    if (!JS_IsException(promise))
        render(c, quanta, ticket);
    return promise;
}

/* ---- AudioParam ---- */

static void param_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct audio_param *p = interface_peek(value, &param_interface);
    if (!p)
        return;
    JS_FreeValueRT(runtime, p->node_object);
    js_free_rt(runtime, p);
}

static void param_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct audio_param *p = interface_peek(value, &param_interface);
    if (p)
        JS_MarkValue(runtime, p->node_object, mark);
}

enum { PARAM_VALUE, PARAM_DEFAULT, PARAM_MIN, PARAM_MAX };

static JSValue param_get(JSContext *js, JSValueConst self, int which)
{
    const struct audio_param *p = interface_opaque(js, self, &param_interface);
    if (!p)
        return JS_EXCEPTION;
    const double values[] = {p->value, p->initial, p->least, p->most};
    return JS_NewFloat64(js, values[which]);
}

static JSValue param_rate(JSContext *js, JSValueConst self)
{
    const struct audio_param *p = interface_opaque(js, self, &param_interface);
    return p ? JS_NewString(js, p->k_rate ? "k-rate" : "a-rate") : JS_EXCEPTION;
}

/* A control message: the processor sees it from the next quantum on. */
static int send_value(JSContext *js, struct audio_param *p)
{
    struct message *m;
    if (!p->node->context->worklet)
        return 0;
    if (message_serialize(js, JS_NewFloat64(js, p->value), JS_UNDEFINED, &m))
        return -1;
    worklet_order(p->node->context->worklet, 0,
                  &(struct worklet_letter){.what = AUDIO_VALUE, .id = p->node->id, .number = p->index, .message = m});
    return 0;
}

static JSValue param_set(JSContext *js, JSValueConst self, JSValueConst value, int which)
{
    struct audio_param *p = interface_opaque(js, self, &param_interface);
    double number;
    (void)which;
    if (!p || JS_ToFloat64(js, &number, value))
        return JS_EXCEPTION;
    p->value = (double)(float)(number < p->least ? p->least : number > p->most ? p->most : number);
    return send_value(js, p) ? JS_EXCEPTION : JS_UNDEFINED;
}

static const JSCFunctionListEntry param_prototype[] = {
    IDL_ATTRIBUTE_MAGIC("value", param_get, param_set, PARAM_VALUE),
    IDL_ATTRIBUTE("automationRate", param_rate, NULL),
    IDL_ATTRIBUTE_MAGIC("defaultValue", param_get, NULL, PARAM_DEFAULT),
    IDL_ATTRIBUTE_MAGIC("minValue", param_get, NULL, PARAM_MIN),
    IDL_ATTRIBUTE_MAGIC("maxValue", param_get, NULL, PARAM_MAX),
};

static const struct interface param_interface = {
    .host_class = HOST_CLASS_AUDIO_PARAM,
    .name = "AudioParam",
    .class_definition = {.finalizer = param_finalize, .gc_mark = param_mark},
    .prototype = param_prototype,
    .prototype_count = COUNT(param_prototype),
};

/* ---- AudioNode and AudioWorkletNode ---- */

static void node_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct audio_node *n = interface_peek(value, &node_interface);
    if (!n)
        return;
    event_target_release(runtime, &n->target);
    JS_FreeValueRT(runtime, n->port);
    JS_FreeValueRT(runtime, n->parameters);
    js_free_rt(runtime, n);
}

static void node_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct audio_node *n = interface_peek(value, &node_interface);
    if (!n)
        return;
    event_target_mark(runtime, &n->target, mark);
    JS_MarkValue(runtime, n->port, mark);
    JS_MarkValue(runtime, n->parameters, mark);
}

static JSValue node_connect(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    if (!interface_opaque(js, self, &node_interface) || !idl_arguments(js, "connect", count, 1) ||
        !interface_opaque(js, arguments[0], &node_interface))
        return JS_EXCEPTION;
    return JS_DupValue(js, arguments[0]);
}

static JSValue node_disconnect(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)count;
    (void)arguments;
    return interface_opaque(js, self, &node_interface) ? JS_UNDEFINED : JS_EXCEPTION;
}

static JSValue node_context(JSContext *js, JSValueConst self)
{
    const struct audio_node *n = interface_opaque(js, self, &node_interface);
    return !n ? JS_EXCEPTION : n->context->worklet ? JS_DupValue(js, n->context->self) : JS_NULL;
}

static JSValue node_ends(JSContext *js, JSValueConst self, int outputs)
{
    const struct audio_node *n = interface_opaque(js, self, &node_interface);
    return n ? JS_NewUint32(js, outputs ? n->outputs : n->inputs) : JS_EXCEPTION;
}

static JSValue worklet_node_part(JSContext *js, JSValueConst self, int parameters)
{
    const struct audio_node *n = interface_opaque(js, self, &worklet_node_interface);
    return n ? JS_DupValue(js, parameters ? n->parameters : n->port) : JS_EXCEPTION;
}

static int number_member(JSContext *js, JSValueConst object, const char *name, double missing, double *out)
{
    JSValue member = idl_member(js, object, name);
    *out = missing;
    if (JS_IsException(member))
        return -1;
    int failed = JS_IsUndefined(member) ? 0 : JS_ToFloat64(js, out, member);
    JS_FreeValue(js, member);
    return failed;
}

/* One AudioParam from its descriptor; `data` is the options' parameterData. */
static JSValue make_param(JSContext *js, struct audio_node *n, JSValueConst descriptor, JSValueConst data, const char *name, uint32_t index)
{
    struct audio_param *p = js_mallocz(js, sizeof *p);
    if (!p)
        return JS_EXCEPTION;
    p->node = n;
    p->node_object = JS_UNDEFINED;
    p->index = index;
    JSValue rate = JS_GetPropertyStr(js, descriptor, "automationRate");
    const char *text = JS_IsString(rate) ? JS_ToCString(js, rate) : NULL;
    p->k_rate = text && !strcmp(text, "k-rate");
    JS_FreeCString(js, text);
    JS_FreeValue(js, rate);
    bool failed = number_member(js, descriptor, "defaultValue", 0, &p->initial) || number_member(js, descriptor, "minValue", -3.4028235e38, &p->least) ||
                  number_member(js, descriptor, "maxValue", 3.4028235e38, &p->most) || number_member(js, data, name, p->initial, &p->value);
    JSValue object = failed ? JS_EXCEPTION : interface_object(js, &param_interface, p);
    if (JS_IsException(object)) {
        js_free(js, p);
        return object;
    }
    p->node_object = JS_DupValue(js, n->self);
    return object;
}

static int add_param(JSContext *js, struct audio_node *n, JSValueConst map, JSValueConst descriptor, JSValueConst data, uint32_t index)
{
    JSValue pair[2] = {JS_GetPropertyStr(js, descriptor, "name"), JS_EXCEPTION};
    const char *name = JS_IsException(pair[0]) ? NULL : JS_ToCString(js, pair[0]);
    if (name)
        pair[1] = make_param(js, n, descriptor, data, name, index);
    JSAtom set = JS_NewAtom(js, "set");
    JSValue result = JS_IsException(pair[1]) ? JS_EXCEPTION : JS_Invoke(js, map, set, 2, (JSValueConst *)pair);
    JS_FreeAtom(js, set);
    JS_FreeCString(js, name);
    JS_FreeValue(js, pair[0]);
    JS_FreeValue(js, pair[1]);
    bool failed = JS_IsException(result);
    JS_FreeValue(js, result);
    return failed ? -1 : 0;
}

static JSValue new_map(JSContext *js)
{
    JSValue global = JS_GetGlobalObject(js), constructor = JS_GetPropertyStr(js, global, "Map");
    JSValue map = JS_CallConstructor(js, constructor, 0, NULL);
    JS_FreeValue(js, constructor);
    JS_FreeValue(js, global);
    return map;
}

static int make_parameters(JSContext *js, struct audio_node *n, const struct processor_class *x, JSValueConst options)
{
    int64_t count = 0;
    JSValue data = idl_member(js, options, "parameterData");
    JSValue map = JS_IsException(data) ? JS_EXCEPTION : new_map(js);
    bool failed = JS_IsException(map) || JS_GetLength(js, x->descriptors, &count) < 0;
    for (uint32_t i = 0; i < count && !failed; i++) {
        JSValue descriptor = item(js, x->descriptors, i);
        failed = add_param(js, n, map, descriptor, JS_IsObject(data) ? data : JS_UNDEFINED, i) < 0;
        JS_FreeValue(js, descriptor);
    }
    JS_FreeValue(js, data);
    if (failed) {
        JS_FreeValue(js, map);
        return -1;
    }
    n->parameters = map;
    return 0;
}

static int read_ends(JSContext *js, struct audio_node *n, JSValueConst options)
{
    double inputs, outputs;
    if (number_member(js, options, "numberOfInputs", 1, &inputs) || number_member(js, options, "numberOfOutputs", 1, &outputs))
        return -1;
    if (!(inputs >= 0 && outputs >= 0 && inputs + outputs >= 1 && inputs <= 32 && outputs <= 32)) {
        throw_dom_exception(js, "NotSupportedError", "a node has from 0 to 32 inputs and outputs, and at least one of either");
        return -1;
    }
    n->inputs = (uint32_t)inputs;
    n->outputs = (uint32_t)outputs;
    return 0;
}

/* [name, options]: what the scope makes the processor from. R-SAB-28: a SharedArrayBuffer in processorOptions is refused or shared as in
 * any message. */
static struct message *describe(JSContext *js, const struct audio_node *n, JSValueConst name, JSValueConst options)
{
    struct message *m = NULL;
    JSValue copy = JS_NewObject(js), both[2] = {JS_DupValue(js, name), JS_UNDEFINED};
    static const char *const members[] = {"outputChannelCount", "parameterData", "processorOptions"};
    bool failed = JS_IsException(copy) || JS_DefinePropertyValueStr(js, copy, "numberOfInputs", JS_NewUint32(js, n->inputs), JS_PROP_C_W_E) < 0 ||
                  JS_DefinePropertyValueStr(js, copy, "numberOfOutputs", JS_NewUint32(js, n->outputs), JS_PROP_C_W_E) < 0;
    for (size_t i = 0; i < sizeof members / sizeof *members && !failed; i++) {
        JSValue member = idl_member(js, options, members[i]);
        failed = JS_IsException(member) ||
                 (!JS_IsUndefined(member) && JS_DefinePropertyValueStr(js, copy, members[i], JS_DupValue(js, member), JS_PROP_C_W_E) < 0);
        JS_FreeValue(js, member);
    }
    both[1] = copy;
    JSValue array = JS_NewArrayFrom(js, 2, both); /* takes both */
    if (failed || JS_IsException(array) || message_serialize(js, array, JS_UNDEFINED, &m))
        m = NULL;
    JS_FreeValue(js, array);
    return m;
}

static int node_fill(JSContext *js, struct audio_node *n, const struct processor_class *x, JSValueConst name, JSValueConst options)
{
    struct audio_context *c = n->context;
    if (read_ends(js, n, options) || make_parameters(js, n, x, options))
        return -1;
    struct message *m = describe(js, n, name, options);
    struct port *far = m ? make_ports(js, &n->port) : NULL;
    if (!far) {
        if (m)
            message_lose(m, LOST_UNSENT);
        return -1;
    }
    n->id = ++c->node_count;
    JS_DupValue(js, n->self);
    n->next = c->nodes;
    c->nodes = n;
    worklet_order(c->worklet, 0, &(struct worklet_letter){.what = AUDIO_NODE, .id = n->id, .message = m, .port = far});
    return 0;
}

static struct processor_class *find_class(struct audio_context *c, JSContext *js, JSValueConst name)
{
    char *text = idl_text(js, name);
    struct processor_class *x = text ? c->classes : NULL;
    while (x && strcmp(x->name, text))
        x = x->next;
    if (text && !x)
        throw_dom_exception(js, "InvalidStateError", "no processor '%s' is registered", text);
    free(text);
    return x;
}

static JSValue node_construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    JSValueConst options;
    struct audio_node *n;
    if (!idl_arguments(js, "AudioWorkletNode", count, 2))
        return JS_EXCEPTION;
    struct audio_context *c = context_of(js, arguments[0]);
    JSValue name = c ? JS_ToString(js, arguments[1]) : JS_EXCEPTION;
    if (JS_IsException(name))
        return name;
    struct processor_class *x = idl_dictionary(js, count > 2 ? arguments[2] : JS_UNDEFINED, &options) ? NULL : find_class(c, js, name);
    JSValue object = x && c->worklet ? node_object(js, &worklet_node_interface, new_target, c, &n) : JS_EXCEPTION;
    if (!JS_IsException(object) && node_fill(js, n, x, name, options)) {
        JS_FreeValue(js, object);
        object = JS_EXCEPTION;
    }
    JS_FreeValue(js, name);
    return object;
}

static const JSCFunctionListEntry node_prototype[] = {
    IDL_METHOD("connect", 1, node_connect),
    IDL_METHOD("disconnect", 0, node_disconnect),
    IDL_ATTRIBUTE("context", node_context, NULL),
    IDL_ATTRIBUTE_MAGIC("numberOfInputs", node_ends, NULL, 0),
    IDL_ATTRIBUTE_MAGIC("numberOfOutputs", node_ends, NULL, 1),
};

static const JSCFunctionListEntry worklet_node_prototype[] = {
    IDL_ATTRIBUTE_MAGIC("port", worklet_node_part, NULL, 0),
    IDL_ATTRIBUTE_MAGIC("parameters", worklet_node_part, NULL, 1),
    EVENT_HANDLER_ATTRIBUTE("processorerror", EVENT_PROCESSORERROR),
};

#define NODE_CLASS {.finalizer = node_finalize, .gc_mark = node_mark}

static const struct interface node_interface = {
    .host_class = HOST_CLASS_AUDIO_NODE,
    .name = "AudioNode",
    .parent = &event_target_interface,
    .class_definition = NODE_CLASS,
    .prototype = node_prototype,
    .prototype_count = COUNT(node_prototype),
};

static const struct interface worklet_node_interface = {
    .host_class = HOST_CLASS_AUDIO_WORKLET_NODE,
    .name = "AudioWorkletNode",
    .parent = &node_interface,
    .class_definition = NODE_CLASS,
    .constructor = node_construct,
    .constructor_length = 2,
    .prototype = worklet_node_prototype,
    .prototype_count = COUNT(worklet_node_prototype),
};

static const struct lazy_property lazy[] = {
    {"Worklet", interface_build, &worklet_interface}, INTERFACE_PROPERTY(base_context_interface), INTERFACE_PROPERTY(context_interface),
    INTERFACE_PROPERTY(audio_worklet_interface),      INTERFACE_PROPERTY(node_interface),         INTERFACE_PROPERTY(worklet_node_interface),
    INTERFACE_PROPERTY(param_interface),
};

const struct global_part audio_globals = {.lazy = lazy, .lazy_count = COUNT(lazy)};
