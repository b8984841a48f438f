/* Running scripts, modules and microtasks. */
#include "engine/buffer_access.h"
#include "engine/engine_struct.h"
#include "engine/internals.h"

#include <string.h>

JSValue script_run(JSContext *realm, const char *text, size_t length, const char *url)
{
    return JS_Eval(realm, text, length, url, JS_EVAL_TYPE_GLOBAL);
}

JSValue script_compile(JSContext *realm, const char *text, size_t length, const char *url)
{
    return JS_Eval(realm, text, length, url, JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY);
}

JSValue code_run(JSContext *realm, JSValue code)
{
    return JS_EvalFunction(realm, code);
}

JSValue script_run_at(JSContext *realm, const char *text, size_t length, const char *url, uint32_t line)
{
    JSEvalOptions options = {
        .version = JS_EVAL_OPTIONS_VERSION, .eval_flags = JS_EVAL_TYPE_GLOBAL, .filename = url, .line_num = (int)line};
    return JS_Eval2(realm, text, length, &options);
}

/* ---- modules ---- */

static char *normalize(JSContext *realm, const char *referrer, const char *specifier, void *opaque)
{
    struct engine *e = opaque;
    return e->modules->resolve(realm, referrer, specifier);
}

static JSModuleDef *compile(JSContext *realm, const char *text, size_t length, const char *url)
{
    JSValue module = JS_Eval(realm, text, length, url, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(module))
        return NULL;
    JSModuleDef *definition = JS_VALUE_GET_PTR(module);
    JS_FreeValue(realm, module); /* the realm keeps the module */
    JSValue meta = JS_GetImportMeta(realm, definition);
    if (JS_IsException(meta))
        return NULL;
    int failed = JS_DefinePropertyValueStr(realm, meta, "url", JS_NewString(realm, url), JS_PROP_C_W_E) < 0;
    JS_FreeValue(realm, meta);
    return failed ? NULL : definition;
}

/* import attributes: { type: "json" }, { type: "text" } and { type: "bytes" } make a module whose default export is the parsed
 * text, the text or an immutable Uint8Array. */
static int json_module_init(JSContext *realm, JSModuleDef *definition)
{
    JSValue value = JS_GetModulePrivateValue(realm, definition);
    return JS_SetModuleExport(realm, definition, "default", value);
}

static JSModuleDef *synthetic(JSContext *realm, const char *url, JSValue value)
{
    if (JS_IsException(value))
        return NULL;
    JSModuleDef *definition = JS_NewCModule(realm, url, json_module_init);
    if (!definition) {
        JS_FreeValue(realm, value);
        return NULL;
    }
    JS_AddModuleExport(realm, definition, "default");
    JS_SetModulePrivateValue(realm, definition, value);
    return definition;
}

/* A CommonJS module: its exports object as `default`, and each own enumerable property under its name. */
static int exports_module_init(JSContext *realm, JSModuleDef *definition)
{
    JSValue value = JS_GetModulePrivateValue(realm, definition);
    JSPropertyEnum *names = NULL;
    uint32_t count = 0;
    int failed = 0;
    if (JS_IsObject(value) && JS_GetOwnPropertyNames(realm, &names, &count, value, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) < 0)
        failed = -1;
    for (uint32_t i = 0; i < count && !failed; i++) {
        const char *name = JS_AtomToCString(realm, names[i].atom);
        JSValue member = JS_GetProperty(realm, value, names[i].atom);
        if (!name || JS_IsException(member))
            failed = -1;
        else if (strcmp(name, "default"))
            JS_SetModuleExport(realm, definition, name, member); /* one that came since the loading is left out */
        else
            JS_FreeValue(realm, member);
        JS_FreeCString(realm, name);
    }
    JS_FreePropertyEnum(realm, names, count);
    if (failed) {
        JS_FreeValue(realm, value);
        return -1;
    }
    return JS_SetModuleExport(realm, definition, "default", value);
}

static JSModuleDef *exports_module(JSContext *realm, const char *url, JSValue value)
{
    JSPropertyEnum *names = NULL;
    uint32_t count = 0;
    JSModuleDef *definition = JS_NewCModule(realm, url, exports_module_init);
    if (!definition ||
        (JS_IsObject(value) && JS_GetOwnPropertyNames(realm, &names, &count, value, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) < 0)) {
        JS_FreeValue(realm, value);
        return NULL;
    }
    JS_AddModuleExport(realm, definition, "default");
    for (uint32_t i = 0; i < count; i++) {
        const char *name = JS_AtomToCString(realm, names[i].atom);
        if (name && strcmp(name, "default"))
            JS_AddModuleExport(realm, definition, name);
        JS_FreeCString(realm, name);
    }
    JS_FreePropertyEnum(realm, names, count);
    JS_SetModulePrivateValue(realm, definition, value);
    return definition;
}

/* "", "json", "text", "bytes", or NULL with a TypeError. */
static const char *attribute_type(JSContext *realm, JSValueConst attributes)
{
    if (!JS_IsObject(attributes))
        return "";
    JSValue type = JS_GetPropertyStr(realm, attributes, "type");
    if (JS_IsException(type))
        return NULL;
    if (JS_IsUndefined(type))
        return "";
    const char *text = JS_ToCString(realm, type), *found = NULL;
    JS_FreeValue(realm, type);
    if (text && !strcmp(text, "json"))
        found = "json";
    else if (text && !strcmp(text, "text"))
        found = "text";
    else if (text && !strcmp(text, "bytes"))
        found = "bytes";
    else if (text)
        JS_ThrowTypeError(realm, "unsupported module type '%s'", text);
    JS_FreeCString(realm, text);
    return found;
}

static JSValue immutable_bytes(JSContext *realm, const char *text, size_t length)
{
    JSValue array = JS_NewUint8ArrayCopy(realm, (const uint8_t *)text, length);
    if (JS_IsException(array))
        return array;
    JSValue buffer = JS_GetTypedArrayBuffer(realm, array, NULL, NULL, NULL);
    JS_SetImmutableArrayBuffer(buffer, true);
    JS_FreeValue(realm, buffer);
    return array;
}

static JSModuleDef *load(JSContext *realm, const char *url, void *opaque, JSValueConst attributes)
{
    struct engine *e = opaque;
    struct module_source source = {0};
    JSModuleDef *definition;
    const char *type = attribute_type(realm, attributes);
    if (!type || e->modules->load(realm, url, &source))
        return NULL;
    if (source.has_exports)
        return exports_module(realm, url, source.exports);
    if (!strcmp(type, "json"))
        definition = synthetic(realm, url, JS_ParseJSON(realm, source.text, source.length, url));
    else if (!strcmp(type, "text"))
        definition = synthetic(realm, url, JS_NewStringLen(realm, source.text, source.length));
    else if (!strcmp(type, "bytes"))
        definition = synthetic(realm, url, immutable_bytes(realm, source.text, source.length));
    else
        definition = compile(realm, source.text, source.length, url);
    js_free(realm, source.text);
    return definition;
}

static int check_attributes(JSContext *realm, void *opaque, JSValueConst attributes)
{
    (void)opaque;
    return attribute_type(realm, attributes) ? 0 : -1;
}

void engine_set_module_host(struct engine *e, const struct module_host *calls)
{
    e->modules = calls;
    JS_SetModuleLoaderFunc2(e->runtime, normalize, load, check_attributes, e);
}

JSValue module_run(JSContext *realm, const char *text, size_t length, const char *url)
{
    JSValue module = module_compile(realm, text, length, url);
    return JS_IsException(module) ? module : code_run(realm, module);
}

JSValue module_compile(JSContext *realm, const char *text, size_t length, const char *url)
{
    JSValue module = JS_Eval(realm, text, length, url, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(module))
        return module;
    JSValue meta = JS_GetImportMeta(realm, JS_VALUE_GET_PTR(module));
    if (!JS_IsException(meta))
        JS_DefinePropertyValueStr(realm, meta, "url", JS_NewString(realm, url), JS_PROP_C_W_E);
    JS_FreeValue(realm, meta);
    if (JS_ResolveModule(realm, module) < 0) {
        JS_FreeValue(realm, module);
        return JS_EXCEPTION;
    }
    return module;
}

/* ---- microtasks ---- */

JSContext *engine_next_microtask_realm(struct engine *e)
{
    return next_job_realm(e->runtime);
}

void engine_drop_microtask(struct engine *e)
{
    next_job_drop(e->runtime);
}

bool engine_run_microtask(struct engine *e, JSContext **realm, JSValue *exception)
{
    *exception = JS_UNINITIALIZED;
    int result = JS_ExecutePendingJob(e->runtime, realm);
    if (result < 0)
        *exception = JS_GetException(*realm);
    return result != 0;
}

bool exception_is_interruption(JSContext *realm, JSValueConst exception)
{
    (void)realm;
    return JS_IsUncatchableError(exception);
}

JSValue interruption_throw(JSContext *realm)
{
    return throw_interruption(realm);
}
