#include "web/commonjs.h"

#include "agent/world.h"
#include "base/buffer.h"
#include "web/service_worker.h"

#include <stdlib.h>
#include <string.h>

/* Modules that were loaded, by URL: a cycle gets what the other has exported so far. */
struct commonjs_module {
    struct commonjs_module *next;
    char *url;
    JSValue module; /* the `module` object */
};

static const struct resource_loader *loader_of(JSContext *js)
{
    return ((const struct web *)realm_of(js)->agent->world->host)->loader;
}

bool commonjs_is(JSContext *js, const char *url, const struct resource *resource)
{
    const struct resource_loader *loader = loader_of(js);
    return loader->is_commonjs && loader->is_commonjs(loader->context, url, resource);
}

static struct commonjs_module **find(struct realm *r, const char *url)
{
    struct commonjs_module **link = (struct commonjs_module **)&r->commonjs;
    while (*link && strcmp((*link)->url, url))
        link = &(*link)->next;
    return link;
}

static void forget(JSContext *js, struct commonjs_module **link)
{
    struct commonjs_module *m = *link;
    *link = m->next;
    JS_FreeValue(js, m->module);
    free(m->url);
    free(m);
}

void commonjs_clear(struct realm *r)
{
    while (r->commonjs)
        forget(r->js, (struct commonjs_module **)&r->commonjs);
}

/* ---- require ---- */

static JSValue not_found(JSContext *js, const char *specifier, const char *referrer)
{
    JSValue error = JS_NewError(js);
    buffer text = {0};
    buffer_format(&text, "Cannot find module '%s' from %s", specifier, referrer);
    JS_DefinePropertyValueStr(js, error, "message", JS_NewString(js, buffer_text(&text)), JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    JS_DefinePropertyValueStr(js, error, "code", JS_NewString(js, "MODULE_NOT_FOUND"), JS_PROP_C_W_E);
    buffer_release(&text);
    return JS_Throw(js, error);
}

static JSValue load_required(JSContext *js, const char *url)
{
    struct commonjs_module *known = *find(realm_of(js), url);
    if (known)
        return JS_GetPropertyStr(js, known->module, "exports");
    struct realm *r = realm_of(js);
    struct request q = {.url = url, .origin = r->origin->text, .mode = MODE_CORS, .destination = "script", .client = realm_client(r)};
    struct resource resource;
    status s = resource_load(r->agent, &q, &resource);
    if (s != STATUS_OK) {
        JS_ThrowTypeError(js, "cannot load the module %s: %s", url, resource.error ? resource.error : status_text(s));
        resource_release(&resource);
        return JS_EXCEPTION;
    }
    size_t length = strlen(url);
    JSValue exports;
    if (length > 5 && !strcmp(url + length - 5, ".json"))
        exports = JS_ParseJSON(js, resource.bytes, resource.length, url);
    else if (!commonjs_is(js, url, &resource))
        exports = JS_ThrowTypeError(js, "require() of the ES module %s: use import", url);
    else
        exports = commonjs_load(js, url, resource.bytes, resource.length);
    resource_release(&resource);
    return exports;
}

static JSValue require(JSContext *js, JSValueConst self, int count, JSValueConst *arguments, int magic, JSValue *data)
{
    (void)self;
    (void)count;
    (void)magic;
    const char *specifier = JS_ToCString(js, arguments[0]), *referrer = JS_ToCString(js, data[0]);
    const struct resource_loader *loader = loader_of(js);
    JSValue result = JS_EXCEPTION;
    if (specifier && referrer) {
        char *url = loader->find_required(loader->context, referrer, specifier);
        result = url ? load_required(js, url) : not_found(js, specifier, referrer);
        free(url);
    }
    JS_FreeCString(js, specifier);
    JS_FreeCString(js, referrer);
    return result;
}

/* ---- a module ---- */

/* The text as a function; everything added stands on its first line, so that lines stay what they are. */
static JSValue compile(JSContext *js, const char *url, const char *text, size_t length)
{
    buffer wrapped = {0};
    buffer_add(&wrapped, "(function (exports, require, module, __filename, __dirname) {");
    if (length > 1 && text[0] == '#' && text[1] == '!')
        buffer_add(&wrapped, "//");
    buffer_add_bytes(&wrapped, text, length);
    buffer_add(&wrapped, "\n})");
    JSValue function = script_run(js, buffer_text(&wrapped), wrapped.length, url);
    buffer_release(&wrapped);
    return function;
}

static JSValue call(JSContext *js, JSValueConst function, JSValueConst module, const char *url)
{
    JSValue name = JS_NewString(js, url), folder = JS_NewStringLen(js, url, (size_t)(strrchr(url, '/') - url));
    JSValue exports = JS_GetPropertyStr(js, module, "exports");
    JSValue required = JS_NewCFunctionData(js, require, 1, 0, 1, &name);
    JSValueConst arguments[] = {exports, required, module, name, folder};
    JSValue result = JS_Call(js, function, exports, 5, arguments);
    JS_FreeValue(js, required);
    JS_FreeValue(js, exports);
    JS_FreeValue(js, folder);
    JS_FreeValue(js, name);
    return result;
}

JSValue commonjs_load(JSContext *js, const char *url, const char *text, size_t length)
{
    struct realm *r = realm_of(js);
    struct commonjs_module **link = find(r, url);
    if (*link)
        return JS_GetPropertyStr(js, (*link)->module, "exports");
    JSValue function = compile(js, url, text, length);
    struct commonjs_module *m = JS_IsException(function) ? NULL : calloc(1, sizeof *m);
    if (!m) {
        JS_FreeValue(js, function);
        return JS_EXCEPTION;
    }
    JSValue module = JS_NewObject(js);
    JS_DefinePropertyValueStr(js, module, "exports", JS_NewObject(js), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(js, module, "id", JS_NewString(js, url), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(js, module, "filename", JS_NewString(js, url), JS_PROP_C_W_E);
    *m = (struct commonjs_module){.next = r->commonjs, .url = strdup(url), .module = JS_DupValue(js, module)};
    r->commonjs = m;
    JSValue result = call(js, function, module, url);
    JS_FreeValue(js, function);
    if (JS_IsException(result)) {
        forget(js, find(r, url));
    } else {
        JS_FreeValue(js, result);
        result = JS_GetPropertyStr(js, module, "exports");
    }
    JS_FreeValue(js, module);
    return result;
}
