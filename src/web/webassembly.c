#include "web/webassembly.h"

#include "agent/cluster.h"
#include "engine/interface.h"
#include "memory/shared_block.h"
#include "web/event_object.h"
#include "web/idl.h"
#include "web/realm.h"
#include "web/serializable.h"
#include "web/text.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 65536u
#define MOST_PAGES 16384u /* of a memory that only holds its bytes: 1 GiB */

static const struct interface memory_interface, module_interface;

/* ---- Memory: the opaque is the buffer object ---- */

struct linear_memory {
    JSValue buffer;
};

static void memory_finalizer(JSRuntime *runtime, JSValueConst value)
{
    struct linear_memory *m = interface_peek(value, &memory_interface);
    if (m)
        JS_FreeValueRT(runtime, m->buffer);
    js_free_rt(runtime, m);
}

static void memory_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct linear_memory *m = interface_peek(value, &memory_interface);
    if (m)
        JS_MarkValue(runtime, m->buffer, mark);
}

static JSValue new_buffer(JSContext *js, uint64_t pages, bool shared)
{
    struct shared_block *block;
    if (!shared) {
        JSValue length = JS_NewInt64(js, (int64_t)(pages * PAGE_BYTES)), global = JS_GetGlobalObject(js);
        JSValue constructor = JS_GetPropertyStr(js, global, "ArrayBuffer");
        JSValue made = JS_CallConstructor(js, constructor, 1, &length);
        JS_FreeValue(js, constructor);
        JS_FreeValue(js, global);
        return made;
    }
    if (shared_block_create(pages * PAGE_BYTES, SHARED_BLOCK_FIXED, &block) != STATUS_OK)
        return JS_ThrowRangeError(js, "WebAssembly.Memory: there is no room for %u pages", (unsigned)pages);
    JSValue made = shared_array_buffer_new(js, block);
    shared_block_unref(block);
    return made;
}

/* A number of pages; `missing` when there is none. 0 or -1. */
static int read_pages(JSContext *js, JSValueConst descriptor, const char *name, uint64_t missing, uint64_t *out)
{
    JSValue value = idl_member(js, descriptor, name);
    int failed = JS_IsException(value) ? -1 : 0;
    *out = missing;
    if (!failed && !JS_IsUndefined(value))
        failed = idl_enforce_unsigned(js, value, out);
    JS_FreeValue(js, value);
    if (!failed && *out > MOST_PAGES) {
        JS_ThrowTypeError(js, "WebAssembly.Memory: %s is too large", name);
        failed = -1;
    }
    return failed;
}

static JSValue construct_memory(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    uint64_t initial, maximum;
    if (count < 1 || !JS_IsObject(arguments[0]))
        return JS_ThrowTypeError(js, "WebAssembly.Memory: the descriptor is not an object");
    if (read_pages(js, arguments[0], "initial", UINT64_MAX, &initial) || read_pages(js, arguments[0], "maximum", MOST_PAGES, &maximum))
        return JS_EXCEPTION;
    int shared = idl_boolean_member(js, arguments[0], "shared", false);
    if (shared < 0)
        return JS_EXCEPTION;
    if (initial > maximum)
        return JS_ThrowRangeError(js, "WebAssembly.Memory: initial is above maximum");
    struct linear_memory *m = js_malloc(js, sizeof *m);
    if (!m)
        return JS_EXCEPTION;
    m->buffer = new_buffer(js, initial, shared);
    JSValue object = JS_IsException(m->buffer) ? JS_EXCEPTION : interface_object_from(js, &memory_interface, new_target, m);
    if (JS_IsException(object)) {
        JS_FreeValue(js, m->buffer);
        js_free(js, m);
    }
    return object;
}

static JSValue get_buffer(JSContext *js, JSValueConst self)
{
    struct linear_memory *m = interface_opaque(js, self, &memory_interface);
    return m ? JS_DupValue(js, m->buffer) : JS_EXCEPTION;
}

static const JSCFunctionListEntry memory_prototype[] = {
    IDL_ATTRIBUTE("buffer", get_buffer, NULL),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "WebAssembly.Memory", JS_PROP_CONFIGURABLE),
};

static const struct interface memory_interface = {
    .host_class = HOST_CLASS_WEBASSEMBLY_MEMORY,
    .name = "Memory",
    .class_definition = {.finalizer = memory_finalizer, .gc_mark = memory_mark},
    .constructor = construct_memory,
    .constructor_length = 1,
    .prototype = memory_prototype,
    .prototype_count = sizeof memory_prototype / sizeof *memory_prototype,
};

/* ---- Module ---- */

/* No module has anything inside. */
static char nothing;

static JSValue new_module(JSContext *js, JSValueConst new_target, JSValueConst bytes)
{
    static const char magic[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    struct buffer_source source;
    buffer copy = {0};
    if (buffer_source_get(js, bytes, false, &source))
        return JS_EXCEPTION;
    buffer_source_read(&source, &copy);
    bool is_module = copy.length >= sizeof magic && !memcmp(copy.text, magic, sizeof magic);
    buffer_release(&copy);
    if (!is_module)
        return JS_ThrowTypeError(js, "WebAssembly.Module: these bytes do not begin as a module does");
    return interface_object_from(js, &module_interface, new_target, &nothing);
}

static JSValue construct_module(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    return idl_arguments(js, "WebAssembly.Module", count, 1) ? new_module(js, new_target, arguments[0]) : JS_EXCEPTION;
}

static const JSCFunctionListEntry module_prototype[] = {
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "WebAssembly.Module", JS_PROP_CONFIGURABLE),
};

static const struct interface module_interface = {
    .host_class = HOST_CLASS_WEBASSEMBLY_MODULE,
    .name = "Module",
    .constructor = construct_module,
    .constructor_length = 1,
    .prototype = module_prototype,
    .prototype_count = sizeof module_prototype / sizeof *module_prototype,
};

/* R-SC: a module is code compiled for one agent cluster. */
struct serialized_module {
    struct serialized serialized;
    struct agent_cluster *cluster; /* counted */
};

static void drop_module(struct platform_value *value)
{
    struct serialized_module *m = (struct serialized_module *)value;
    cluster_unref(m->cluster);
    free(m);
}

static struct serialized *serialize_module(JSContext *js, JSValueConst object)
{
    struct serialized_module *m = malloc(sizeof *m);
    if (!m)
        return NULL;
    *m = (struct serialized_module){{.value.drop = drop_module}, cluster_ref(realm_of(js)->agent->cluster)};
    return &m->serialized;
}

static JSValue deserialize_module(JSContext *js, const struct serialized *value)
{
    if (((const struct serialized_module *)value)->cluster != realm_of(js)->agent->cluster)
        return throw_dom_exception(js, "DataCloneError", "a WebAssembly.Module stays in its agent cluster");
    return interface_object(js, &module_interface, &nothing);
}

const struct serializable module_serializable = {HOST_CLASS_WEBASSEMBLY_MODULE, serialize_module, deserialize_module};

/* ---- the namespace ---- */

static JSValue compile(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    return idl_promise(js, idl_arguments(js, "WebAssembly.compile", count, 1) ? new_module(js, JS_UNDEFINED, arguments[0]) : JS_EXCEPTION);
}

static const JSCFunctionListEntry functions[] = {
    IDL_METHOD("compile", 1, compile),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "WebAssembly", JS_PROP_CONFIGURABLE),
};

static JSValue build(JSContext *js, const struct lazy_property *self)
{
    static const struct lazy_property interfaces[] = {INTERFACE_PROPERTY(memory_interface), INTERFACE_PROPERTY(module_interface)};
    JSValue namespace = JS_NewObject(js);
    if (JS_IsException(namespace))
        return namespace;
    if (lazy_properties_define(js, namespace, interfaces, sizeof interfaces / sizeof *interfaces) == 0 &&
        JS_SetPropertyFunctionList(js, namespace, functions, sizeof functions / sizeof *functions) == 0)
        return namespace;
    JS_FreeValue(js, namespace);
    return JS_EXCEPTION;
}

static const struct lazy_property lazy[] = {{"WebAssembly", build, NULL}};

const struct global_part webassembly_globals = {.lazy = lazy, .lazy_count = 1};
