/* Accessors that need the engine's internal structures. Included by unity.c, never compiled alone. */

#include "engine/host_class.h"
#include "engine/interface.h"
#include "engine/internals.h"

/* Host classes follow the engine's own, in every runtime. */
JSClassID host_class_id(enum host_class c)
{
    return (JSClassID)(JS_CLASS_INIT_COUNT + (int)c);
}

void *host_object_opaque(JSValueConst value, enum host_class *c)
{
    *c = HOST_CLASS_COUNT;
    if (JS_VALUE_GET_TAG(value) != JS_TAG_OBJECT)
        return NULL;
    const JSObject *object = JS_VALUE_GET_OBJ(value);
    if (object->class_id < JS_CLASS_INIT_COUNT || object->class_id >= JS_CLASS_INIT_COUNT + HOST_CLASS_COUNT)
        return NULL;
    *c = (enum host_class)(object->class_id - JS_CLASS_INIT_COUNT);
    return object->u.opaque;
}

enum host_class host_class_of(JSValueConst value)
{
    enum host_class c;
    (void)host_object_opaque(value, &c);
    return c;
}

bool object_is_as_new(JSContext *realm, JSValueConst value)
{
    const JSObject *object = JS_VALUE_GET_OBJ(value);
    JSValueConst prototype = realm->class_proto[object->class_id];
    return JS_REF_COUNT(object) == 1 && !object->first_weak_ref && object->extensible && !object->is_prototype &&
           object->shape->prop_count == 0 && JS_VALUE_GET_TAG(prototype) == JS_TAG_OBJECT &&
           object->shape->proto == JS_VALUE_GET_OBJ(prototype);
}

void host_class_reserve(JSRuntime *runtime)
{
    runtime->js_class_id_alloc = JS_CLASS_INIT_COUNT + HOST_CLASS_COUNT;
}

/* The engine defines DOMException on the global object; here it is only built when somebody touches it, so the global
 * object is exchanged for the time of the call. */
JSValue dom_exception_constructor(JSContext *realm)
{
    JSValue global = realm->global_obj, result;
    JSValue stand_in = JS_NewObject(realm);

    if (JS_IsException(stand_in)) {
        return JS_EXCEPTION;
    }
    realm->global_obj = stand_in;
    int failed = JS_AddIntrinsicDOMException(realm);
    realm->global_obj = global;
    result = failed ? JS_EXCEPTION : JS_GetPropertyStr(realm, stand_in, "DOMException");
    JS_FreeValue(realm, stand_in);
    return result;
}

bool dom_exception_is_built(JSContext *realm)
{
    return JS_IsRegisteredClass(realm->rt, JS_CLASS_DOM_EXCEPTION) &&
           JS_IsObject(realm->class_proto[JS_CLASS_DOM_EXCEPTION]);
}

bool stack_place(JSContext *realm, unsigned skip, JSAtom *file, uint32_t *line, uint32_t *column)
{
    for (JSStackFrame *frame = realm->rt->current_stack_frame; frame; frame = frame->prev_frame) {
        JSObject *function = JS_VALUE_GET_TAG(frame->cur_func) == JS_TAG_OBJECT ? JS_VALUE_GET_OBJ(frame->cur_func) : NULL;
        if (!function || !js_class_has_bytecode(function->class_id) || !frame->cur_pc) {
            continue;
        }
        if (skip) {
            skip--;
            continue;
        }
        JSFunctionBytecode *code = function->u.func.function_bytecode;
        int column_found = 0;
        int line_found = find_line_num(realm, code, (uint32_t)(frame->cur_pc - code->byte_code_buf - 1), &column_found);
        *file = code->filename ? JS_DupAtom(realm, code->filename) : JS_ATOM_NULL;
        *line = line_found > 0 ? (uint32_t)line_found : 0;
        *column = column_found > 0 ? (uint32_t)column_found : 0;
        return true;
    }
    return false;
}

JSValue realm_global_this(JSContext *realm)
{
    return js_dup(heddle_global_this(realm));
}

int realm_set_global_this(JSContext *realm, JSValue object)
{
    JSValue old = realm->global_this;
    realm->global_this = object;
    JS_FreeValue(realm, old);
    return JS_DefinePropertyValue(realm, realm->global_obj, JS_ATOM_globalThis, js_dup(object),
                                  JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE) < 0
               ? -1
               : 0;
}

bool atom_is_index(JSAtom name, uint32_t *index)
{
    if (!__JS_AtomIsTaggedInt(name)) {
        return false;
    }
    *index = __JS_AtomToUInt32(name);
    return true;
}

JSValue object_get(JSContext *realm, JSValueConst object, JSAtom name, JSValueConst receiver)
{
    return JS_GetPropertyInternal(realm, object, name, receiver, false);
}

int object_set(JSContext *realm, JSValueConst object, JSAtom name, JSValue value, JSValueConst receiver, int flags)
{
    return JS_SetPropertyInternal2(realm, object, name, value, receiver, flags);
}

/* Of functions whose realm the engine notes; others belong to whoever settled the promise, for all that it knows. */
static JSContext *noted_realm(JSContext *realm, JSValueConst function)
{
    if (JS_VALUE_GET_TAG(function) != JS_TAG_OBJECT)
        return NULL;
    switch (JS_VALUE_GET_OBJ(function)->class_id) {
    case JS_CLASS_BYTECODE_FUNCTION:
    case JS_CLASS_GENERATOR_FUNCTION:
    case JS_CLASS_ASYNC_FUNCTION:
    case JS_CLASS_ASYNC_GENERATOR_FUNCTION:
        return JS_GetFunctionRealm(realm, function);
    default:
        return NULL;
    }
}

JSContext *next_job_realm(JSRuntime *runtime)
{
    if (list_empty(&runtime->job_list))
        return NULL;
    const JSJobEntry *job = list_entry(runtime->job_list.next, JSJobEntry, link);
    if (job->job_func == promise_reaction_job)
        return noted_realm(job->ctx, job->argv[2]);
    return job->job_func == js_microtask_job ? noted_realm(job->ctx, job->argv[0]) : NULL;
}

void next_job_drop(JSRuntime *runtime)
{
    JSJobEntry *job = list_entry(runtime->job_list.next, JSJobEntry, link);
    list_del(&job->link);
    heddle_job_begins(runtime, job->number);
    for (int i = 0; i < job->argc; i++)
        JS_FreeValueRT(runtime, job->argv[i]);
    js_free_rt(runtime, job);
}

bool stack_is_empty(JSRuntime *runtime)
{
    return !runtime->current_stack_frame;
}

bool checkpoint_is_due(JSRuntime *runtime)
{
    return !list_empty(&runtime->job_list) || runtime->host.kept_count > 0;
}

JSAtom to_string_tag_atom(void)
{
    return JS_ATOM_Symbol_toStringTag;
}

JSValue interface_iterator_prototype(JSContext *realm)
{
    return js_dup(realm->class_proto[JS_CLASS_ITERATOR]);
}
