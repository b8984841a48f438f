/* The scope's side of audio worklets: AudioWorkletGlobalScope, AudioWorkletProcessor and the rendering of quanta (Web Audio; rules 5.8). */
#include "web/audio.h"

#include "message/message.h"
#include "web/event_object.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/web_agent.h"
#include "web/worklet_scope.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct parameter {
    char *name;
    double value;
};

/* A node's processor, while it is called. */
struct processor {
    struct processor *next;
    uint32_t id;
    JSValue object;
    uint32_t inputs, outputs;
    uint32_t *channels; /* of each output */
    struct parameter *parameters;
    uint32_t parameter_count;
};

struct audio_scope {
    struct definition *definitions; /* instance: the parameter descriptors */
    struct processor *first, **last; /* in the order of creation */
    bool begun;
    JSValue pending_port; /* "pending processor construction data" */
    JSValue port;
    int64_t frame, rate;
};

static const struct interface scope_interface, processor_interface;

static struct audio_scope *audio_of(struct worklet_scope *s)
{
    struct audio_scope *a = worklet_scope_data(s, sizeof *a);
    if (!a->begun) {
        a->begun = true;
        a->last = &a->first;
        a->pending_port = a->port = JS_UNDEFINED;
        a->rate = 48000;
    }
    return a;
}

static struct audio_scope *audio_here(JSContext *js)
{
    return audio_of(worklet_scope_of(realm_of(js)));
}

/* ---- AudioWorkletProcessor ---- */

struct processor_object {
    JSValue port;
};

static void processor_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct processor_object *p = interface_peek(value, &processor_interface);
    if (!p)
        return;
    JS_FreeValueRT(runtime, p->port);
    js_free_rt(runtime, p);
}

static void processor_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct processor_object *p = interface_peek(value, &processor_interface);
    if (p)
        JS_MarkValue(runtime, p->port, mark);
}

/* Only while a node's processor is being made. */
static JSValue processor_construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    struct audio_scope *a = audio_here(js);
    (void)count;
    (void)arguments;
    if (JS_IsUndefined(a->pending_port))
        return JS_ThrowTypeError(js, "a processor is made by new AudioWorkletNode alone");
    struct processor_object *p = js_malloc(js, sizeof *p);
    if (!p)
        return JS_EXCEPTION;
    JSValue object = interface_object_from(js, &processor_interface, new_target, p);
    if (JS_IsException(object)) {
        js_free(js, p);
        return object;
    }
    p->port = a->pending_port;
    a->pending_port = JS_UNDEFINED;
    return object;
}

static JSValue processor_port(JSContext *js, JSValueConst self)
{
    const struct processor_object *p = interface_opaque(js, self, &processor_interface);
    return p ? JS_DupValue(js, p->port) : JS_EXCEPTION;
}

static const JSCFunctionListEntry processor_prototype[] = {IDL_ATTRIBUTE("port", processor_port, NULL)};

static const struct interface processor_interface = {
    .host_class = HOST_CLASS_AUDIO_WORKLET_PROCESSOR,
    .name = "AudioWorkletProcessor",
    .class_definition = {.finalizer = processor_finalize, .gc_mark = processor_mark},
    .constructor = processor_construct,
    .prototype = processor_prototype,
    .prototype_count = 1,
};

/* ---- registerProcessor ---- */

/* One AudioParamDescriptor: names differ, the default lies in the range. */
static int check_descriptor(JSContext *js, JSValueConst list, JSValueConst descriptor, uint32_t index)
{
    double bounds[3] = {0, -3.4028235e38, 3.4028235e38};
    static const char *const members[] = {"defaultValue", "minValue", "maxValue"};
    JSValue name = JS_IsObject(descriptor) ? JS_GetPropertyStr(js, descriptor, "name") : JS_UNDEFINED;
    bool failed = JS_IsException(name);
    if (!failed && JS_IsUndefined(name)) {
        JS_ThrowTypeError(js, "a parameter's descriptor needs a name");
        failed = true;
    }
    for (uint32_t i = 0; i < index && !failed; i++) {
        JSValue other = JS_GetPropertyUint32(js, list, i), its = JS_GetPropertyStr(js, other, "name");
        if (JS_IsStrictEqual(js, its, name)) {
            throw_dom_exception(js, "NotSupportedError", "two parameters have one name");
            failed = true;
        }
        JS_FreeValue(js, its);
        JS_FreeValue(js, other);
    }
    JS_FreeValue(js, name);
    for (int i = 0; i < 3 && !failed; i++) {
        JSValue member = JS_GetPropertyStr(js, descriptor, members[i]);
        failed = JS_IsException(member) || (!JS_IsUndefined(member) && JS_ToFloat64(js, &bounds[i], member));
        JS_FreeValue(js, member);
    }
    if (!failed && !(bounds[0] >= bounds[1] && bounds[0] <= bounds[2])) {
        throw_dom_exception(js, "InvalidStateError", "a parameter's default is out of its range");
        failed = true;
    }
    return failed ? -1 : 0;
}

/* The static parameterDescriptors as an array, checked; an exception otherwise. */
static JSValue descriptors_of(JSContext *js, JSValueConst constructor)
{
    JSValue list = JS_GetPropertyStr(js, constructor, "parameterDescriptors");
    int64_t count = 0;
    if (JS_IsUndefined(list))
        return JS_NewArray(js);
    bool failed = JS_IsException(list);
    if (!failed && !JS_IsArray(list)) {
        JS_ThrowTypeError(js, "parameterDescriptors is not a sequence");
        failed = true;
    }
    failed = failed || JS_GetLength(js, list, &count) < 0;
    for (uint32_t i = 0; i < count && !failed; i++) {
        JSValue descriptor = JS_GetPropertyUint32(js, list, i);
        failed = JS_IsException(descriptor) || check_descriptor(js, list, descriptor, i);
        JS_FreeValue(js, descriptor);
    }
    if (!failed)
        return list;
    JS_FreeValue(js, list);
    return JS_EXCEPTION;
}

static int announce(JSContext *js, JSValueConst name, JSValueConst descriptors)
{
    JSValue both[2] = {JS_DupValue(js, name), JS_DupValue(js, descriptors)}, array = JS_NewArrayFrom(js, 2, both);
    struct message *m = NULL;
    int failed = JS_IsException(array) || message_serialize(js, array, JS_UNDEFINED, &m);
    JS_FreeValue(js, array);
    if (!failed)
        worklet_tell(worklet_scope_of(realm_of(js)), &(struct worklet_letter){.what = AUDIO_DEFINED, .message = m});
    return failed ? -1 : 0;
}

static JSValue register_processor(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct audio_scope *a = audio_here(js);
    (void)self;
    struct definition *d = definition_add(js, &a->definitions, count, arguments, "NotSupportedError", "NotSupportedError", NULL);
    if (!d)
        return JS_EXCEPTION;
    d->instance = descriptors_of(js, d->constructor);
    if (!JS_IsException(d->instance) && announce(js, arguments[0], d->instance) == 0)
        return JS_UNDEFINED;
    if (JS_IsException(d->instance))
        d->instance = JS_UNDEFINED;
    definition_remove(js, &a->definitions, d);
    return JS_EXCEPTION;
}

/* ---- making a processor ---- */

/* What was thrown is told to the node: it is silent from now on. */
static void tell_failure(struct worklet_scope *s, struct realm *r, uint32_t id)
{
    JSContext *js = r->js;
    JSValue thrown = JS_GetException(js);
    struct message *m = NULL;
    if (exception_is_interruption(js, thrown)) {
        JS_FreeValue(js, thrown);
        return;
    }
    JSValue text = JS_ToString(js, thrown);
    JS_FreeValue(js, thrown);
    if (JS_IsException(text) || message_serialize(js, text, JS_UNDEFINED, &m))
        JS_FreeValue(js, JS_GetException(js));
    JS_FreeValue(js, text);
    worklet_tell(s, &(struct worklet_letter){.what = AUDIO_FAILED, .id = id, .message = m});
}

static void processor_free(JSContext *js, struct processor *p)
{
    JS_FreeValue(js, p->object);
    for (uint32_t i = 0; i < p->parameter_count; i++)
        free(p->parameters[i].name);
    free(p->parameters);
    free(p->channels);
    free(p);
}

static double number_or(JSContext *js, JSValueConst object, const char *name, double missing)
{
    JSValue member = JS_IsObject(object) ? JS_GetPropertyStr(js, object, name) : JS_UNDEFINED;
    double number = missing;
    if (!JS_IsUndefined(member) && JS_ToFloat64(js, &number, member))
        JS_FreeValue(js, JS_GetException(js));
    JS_FreeValue(js, member);
    return number;
}

static void fill_parameters(JSContext *js, struct processor *p, JSValueConst descriptors, JSValueConst options)
{
    int64_t count = 0;
    JSValue data = JS_GetPropertyStr(js, options, "parameterData");
    if (JS_GetLength(js, descriptors, &count) < 0)
        count = 0;
    p->parameters = calloc((size_t)count + 1, sizeof *p->parameters);
    for (uint32_t i = 0; i < count; i++) {
        JSValue descriptor = JS_GetPropertyUint32(js, descriptors, i), name = JS_GetPropertyStr(js, descriptor, "name");
        const char *text = JS_ToCString(js, name);
        p->parameters[i].name = strdup(text ? text : "");
        p->parameters[i].value = number_or(js, data, p->parameters[i].name, number_or(js, descriptor, "defaultValue", 0));
        JS_FreeCString(js, text);
        JS_FreeValue(js, name);
        JS_FreeValue(js, descriptor);
    }
    p->parameter_count = (uint32_t)count;
    JS_FreeValue(js, data);
}

static void fill_ends(JSContext *js, struct processor *p, JSValueConst options)
{
    JSValue counts = JS_GetPropertyStr(js, options, "outputChannelCount");
    p->inputs = (uint32_t)number_or(js, options, "numberOfInputs", 1);
    p->outputs = (uint32_t)number_or(js, options, "numberOfOutputs", 1);
    p->channels = calloc(p->outputs + 1, sizeof *p->channels);
    for (uint32_t i = 0; i < p->outputs; i++) {
        char index[16];
        snprintf(index, sizeof index, "%u", i);
        double channels = number_or(js, counts, index, 1);
        p->channels[i] = channels >= 1 && channels <= 32 ? (uint32_t)channels : 1;
    }
    JS_FreeValue(js, counts);
}

/* The processor object, or an exception. Takes the port. */
static JSValue construct(JSContext *js, struct audio_scope *a, const struct definition *d, JSValue port, JSValueConst options)
{
    a->pending_port = port;
    JSValue object = JS_CallConstructor(js, d->constructor, 1, &options);
    JS_FreeValue(js, a->pending_port);
    a->pending_port = JS_UNDEFINED;
    if (!JS_IsException(object) && !interface_peek(object, &processor_interface)) {
        JS_FreeValue(js, object);
        return JS_ThrowTypeError(js, "'%s' made something that is no AudioWorkletProcessor", d->name);
    }
    return object;
}

static void make_processor(struct worklet_scope *s, struct realm *r, struct worklet_letter *l)
{
    JSContext *js = r->js;
    struct audio_scope *a = audio_of(s);
    JSValue port = message_host.receive_port(js, l->port), both = message_deserialize(js, l->message, NULL);
    l->port = NULL;
    JSValue name = JS_IsException(both) ? JS_UNDEFINED : JS_GetPropertyUint32(js, both, 0);
    JSValue options = JS_IsException(both) ? JS_UNDEFINED : JS_GetPropertyUint32(js, both, 1);
    char *text = JS_IsString(name) ? idl_text(js, name) : NULL;
    struct definition *d = text ? definition_find(a->definitions, text) : NULL;
    JSValue object = JS_EXCEPTION;
    if (d && !JS_IsException(port))
        object = construct(js, a, d, JS_DupValue(js, port), options);
    struct processor *p = JS_IsException(object) ? NULL : calloc(1, sizeof *p);
    if (p) {
        p->id = l->id;
        p->object = object;
        fill_ends(js, p, options);
        fill_parameters(js, p, d->instance, options);
        *a->last = p;
        a->last = &p->next;
    } else {
        tell_failure(s, r, l->id);
    }
    free(text);
    JS_FreeValue(js, port);
    JS_FreeValue(js, name);
    JS_FreeValue(js, options);
    JS_FreeValue(js, both);
}

static void set_value(struct worklet_scope *s, struct realm *r, struct worklet_letter *l)
{
    JSValue value = message_deserialize(r->js, l->message, NULL);
    for (struct processor *p = audio_of(s)->first; p; p = p->next)
        if (p->id == l->id && l->number < p->parameter_count && JS_ToFloat64(r->js, &p->parameters[l->number].value, value))
            JS_FreeValue(r->js, JS_GetException(r->js));
    JS_FreeValue(r->js, value);
}

/* ---- quanta ---- */

static JSValue floats(JSContext *js, const float *values, size_t count)
{
    /* QuickJS-ng 0.16.2 reads three arguments, however many it is told of. */
    JSValue arguments[3] = {JS_EXCEPTION, JS_UNDEFINED, JS_UNDEFINED};
    if (values)
        arguments[0] = JS_NewArrayBufferCopy(js, (const uint8_t *)values, count * sizeof(float));
    if (JS_IsException(arguments[0]))
        return JS_EXCEPTION;
    JSValue array = JS_NewTypedArray(js, 3, (JSValueConst *)arguments, JS_TYPED_ARRAY_FLOAT32);
    JS_FreeValue(js, arguments[0]);
    return array;
}

/* A list of inputs or outputs, each a list of channels. */
static JSValue ends(JSContext *js, uint32_t count, const uint32_t *channels)
{
    static const float silence[AUDIO_QUANTUM];
    JSValue list = JS_NewArray(js);
    for (uint32_t i = 0; i < count; i++) {
        JSValue end = JS_NewArray(js);
        for (uint32_t c = 0; channels && c < channels[i]; c++)
            JS_DefinePropertyValueUint32(js, end, c, floats(js, silence, AUDIO_QUANTUM), JS_PROP_C_W_E);
        JS_DefinePropertyValueUint32(js, list, i, end, JS_PROP_C_W_E);
    }
    return list;
}

static JSValue parameters_of(JSContext *js, const struct processor *p)
{
    JSValue object = JS_NewObject(js);
    for (uint32_t i = 0; i < p->parameter_count; i++) {
        float value = (float)p->parameters[i].value;
        JS_DefinePropertyValueStr(js, object, p->parameters[i].name, floats(js, &value, 1), JS_PROP_C_W_E);
    }
    return object;
}

/* process(inputs, outputs, parameters): 1 = call it again, 0 = it has done its work, -1 = it threw. */
static int process(JSContext *js, struct processor *p)
{
    JSValue arguments[] = {ends(js, p->inputs, NULL), ends(js, p->outputs, p->channels), parameters_of(js, p)};
    JSValue function = JS_GetPropertyStr(js, p->object, "process"), result = JS_EXCEPTION;
    if (JS_IsFunction(js, function))
        result = JS_Call(js, function, p->object, 3, (JSValueConst *)arguments);
    else if (!JS_IsException(function))
        JS_ThrowTypeError(js, "the processor has no method process");
    for (size_t i = 0; i < 3; i++)
        JS_FreeValue(js, arguments[i]);
    JS_FreeValue(js, function);
    int again = JS_IsException(result) ? -1 : JS_ToBool(js, result);
    JS_FreeValue(js, result);
    return again;
}

/* One call per processor, a checkpoint after each (R-EL-08). One that threw is silent for good; one that answers false and has no input is
 * not called any more. */
static void render_quantum(struct worklet_scope *s, struct realm *r)
{
    struct audio_scope *a = audio_of(s);
    for (struct processor **link = &a->first; *link;) {
        struct processor *p = *link;
        int again = process(r->js, p);
        if (again < 0)
            tell_failure(s, r, p->id);
        if (again <= 0) {
            *link = p->next;
            if (a->last == &p->next)
                a->last = link;
            processor_free(r->js, p);
        } else {
            link = &p->next;
        }
        agent_checkpoint(r->agent);
    }
    a->frame += AUDIO_QUANTUM;
}

/* Each quantum is a task of its own, so that messages come in between. */
static void render(struct worklet_scope *s, struct realm *r, struct worklet_letter *l)
{
    if (l->number > 0)
        render_quantum(s, r);
    if (l->number > 1) {
        struct worklet_order *o = worklet_order_new(&(struct worklet_letter){.what = AUDIO_RENDER, .id = l->id, .number = l->number - 1});
        if (o)
            agent_post(r->agent, &o->task);
        return;
    }
    worklet_tell(s, &(struct worklet_letter){.what = AUDIO_CLOCK, .number = audio_of(s)->frame});
    worklet_answer(s, r, l->id, JS_UNDEFINED);
}

static void set_up(struct worklet_scope *s, struct realm *r, struct worklet_letter *l)
{
    struct audio_scope *a = audio_of(s);
    a->rate = l->number;
    if (!l->port)
        return;
    a->port = message_host.receive_port(r->js, l->port);
    l->port = NULL;
}

static void order(struct worklet_scope *s, struct realm *r, struct worklet_letter *l)
{
    if (l->what == AUDIO_SETUP)
        set_up(s, r, l);
    else if (l->what == AUDIO_NODE)
        make_processor(s, r, l);
    else if (l->what == AUDIO_VALUE)
        set_value(s, r, l);
    else if (l->what == AUDIO_RENDER)
        render(s, r, l);
}

static void clear(struct worklet_scope *s, struct realm *r)
{
    struct audio_scope *a = audio_of(s);
    while (a->first) {
        struct processor *p = a->first;
        a->first = p->next;
        processor_free(r->js, p);
    }
    JS_FreeValue(r->js, a->port);
    a->port = JS_UNDEFINED;
    definitions_free(r->js, &a->definitions);
}

/* ---- AudioWorkletGlobalScope ---- */

static JSValue get_frame(JSContext *js, JSValueConst self)
{
    (void)self;
    return JS_NewInt64(js, audio_here(js)->frame);
}

static JSValue get_time(JSContext *js, JSValueConst self)
{
    const struct audio_scope *a = audio_here(js);
    (void)self;
    return JS_NewFloat64(js, (double)a->frame / (double)a->rate);
}

static JSValue get_rate(JSContext *js, JSValueConst self)
{
    (void)self;
    return JS_NewInt64(js, audio_here(js)->rate);
}

static JSValue get_port(JSContext *js, JSValueConst self)
{
    (void)self;
    return JS_DupValue(js, audio_here(js)->port);
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("registerProcessor", 2, register_processor),
    IDL_ATTRIBUTE("currentFrame", get_frame, NULL),
    IDL_ATTRIBUTE("currentTime", get_time, NULL),
    IDL_ATTRIBUTE("sampleRate", get_rate, NULL),
    IDL_ATTRIBUTE("port", get_port, NULL),
};

static const struct interface scope_interface = {
    .host_class = HOST_CLASS_AUDIO_WORKLET_GLOBAL_SCOPE,
    .name = "AudioWorkletGlobalScope",
    .parent = &worklet_global_scope_interface,
};

static const struct lazy_property lazy[] = {
    {"WorkletGlobalScope", interface_build, &worklet_global_scope_interface},
    INTERFACE_PROPERTY(scope_interface),
    INTERFACE_PROPERTY(processor_interface),
    {"MessagePort", interface_build, &message_port_interface}, /* R-EXP-06: here alone */
};

const struct worklet_scope_calls audio_scope_calls = {
    .name = "audio",
    .global = GLOBAL_WORKLET,
    .interface = &scope_interface,
    .functions = functions,
    .function_count = sizeof functions / sizeof *functions,
    .lazy = lazy,
    .lazy_count = sizeof lazy / sizeof *lazy,
    .order = order,
    .clear = clear,
};
