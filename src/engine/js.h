/* The engine seen from modules that handle JavaScript values: realms, lazily built properties, scripts, modules, jobs, errors
 * and source positions. Everything on the agent's own thread. */
#ifndef HEDDLE_ENGINE_JS_H
#define HEDDLE_ENGINE_JS_H

#include "engine/engine.h"
#include "quickjs.h"

#ifndef JS_CGETSET_MAGIC_DEF2 /* this and private symbols are new in 0.17 */
#define JS_NewPrivateSymbol(realm, description) JS_NewSymbol(realm, description, false)
#define JS_CGETSET_MAGIC_DEF2(name, fgetter, fsetter, magic, prop_flags)                           \
    {name, prop_flags, JS_DEF_CGETSET_MAGIC, magic,                                                \
     {.getset = {.get = {.getter_magic = fgetter}, .set = {.setter_magic = fsetter}}}}
#endif

JSRuntime *engine_runtime(const struct engine *e);
struct engine *engine_of(JSContext *realm);
struct engine *engine_of_runtime(JSRuntime *runtime);

/* ---- realms ---- */

/* A new realm with every ECMAScript intrinsic. `data` is what realm_data returns. NULL when out of memory. Freed with
 * JS_FreeContext. */
JSContext *engine_realm_create(struct engine *e, void *data);

static inline void *realm_data(JSContext *realm)
{
    return JS_GetContextOpaque(realm);
}

/* Gives a realm up before its engine ends; its memory goes when nothing refers to its functions any more. */
void engine_realm_free(struct engine *e, JSContext *realm);

/* What scripts see as the global object, a new reference: the object that was set, else the global object itself. */
JSValue realm_global_this(JSContext *realm);
/* Sets it, also as the value of `globalThis`; takes the object. 0, or -1 with an exception. */
int realm_set_global_this(JSContext *realm, JSValue object);

/* The realm of the innermost running JavaScript function: HTML's "incumbent" one where no callback was handed over. `realm` when none
 * runs. */
JSContext *realm_incumbent(JSContext *realm);

/* ECMA-262 [[Get]] and [[Set]] with a receiver that is not the object. object_set takes the value; -1 with an exception, else whether it
 * was set. */
JSValue object_get(JSContext *realm, JSValueConst object, JSAtom name, JSValueConst receiver);
int object_set(JSContext *realm, JSValueConst object, JSAtom name, JSValue value, JSValueConst receiver, int flags);

/* True if the name is an array index below 2^31; `*index` is it then. */
bool atom_is_index(JSAtom name, uint32_t *index);

/* ---- properties that are built when first touched ---- */

struct lazy_property {
    const char *name;
    /* The value, or an exception. */
    JSValue (*build)(JSContext *realm, const struct lazy_property *self);
    const void *data; /* for build */
};

/* Defines writable, configurable, non-enumerable properties. `list` outlives the realm. 0, or -1 when out of memory. */
int lazy_properties_define(JSContext *realm, JSValueConst object, const struct lazy_property *list, size_t count);

/* ---- running code ---- */

/* Parses and runs a classic script in the realm's global scope. `text` is followed by a zero byte. The completion value, or an
 * exception. */
JSValue script_run(JSContext *realm, const char *text, size_t length, const char *url);
/* The same for a text that begins in that line of the file. */
JSValue script_run_at(JSContext *realm, const char *text, size_t length, const char *url, uint32_t line);

/* Where module texts come from. */
struct module_source {
    char *text; /* js_malloc'd in the realm, zero byte behind it */
    size_t length;
    bool has_exports; /* instead of a text: the exports of a CommonJS module, one reference; `default` and one export per own key */
    JSValue exports;
};
struct module_host {
    /* The absolute URL of `specifier` in a module at `referrer` (js_malloc'd), or NULL with an exception. */
    char *(*resolve)(JSContext *realm, const char *referrer, const char *specifier);
    /* 0, or -1 with an exception. Synchronous. */
    int (*load)(JSContext *realm, const char *url, struct module_source *out);
};
/* Once per engine, before any module. `calls` outlives the engine. */
void engine_set_module_host(struct engine *e, const struct module_host *calls);

/* Parses, links and starts to evaluate a module: the promise of its evaluation, or an exception (a SyntaxError for text that
 * does not parse or link). */
JSValue module_run(JSContext *realm, const char *text, size_t length, const char *url);

/* The same in two steps: the code of a classic script, or of a module with all that it imports; then its run, which takes the code. */
JSValue script_compile(JSContext *realm, const char *text, size_t length, const char *url);
JSValue module_compile(JSContext *realm, const char *text, size_t length, const char *url);
JSValue code_run(JSContext *realm, JSValue code);

/* Runs the oldest promise job or microtask. False when there is none. `*realm` and `*exception` tell of a job that threw:
 * *exception is JS_UNINITIALIZED otherwise, and the caller frees it. */
bool engine_run_microtask(struct engine *e, JSContext **realm, JSValue *exception);

/* The realm of the function that the oldest one will call, NULL when that is not known; and throws that job away. */
JSContext *engine_next_microtask_realm(struct engine *e);
void engine_drop_microtask(struct engine *e);

/* True when JavaScript was ended by `interrupted` and the exception is the uncatchable one. */
bool exception_is_interruption(JSContext *realm, JSValueConst exception);

/* For host functions that find their agent is to stop: throws it. Returns JS_EXCEPTION. */
JSValue interruption_throw(JSContext *realm);

/* ---- errors and positions ---- */

/* A description of a thrown value for ErrorEvent, reports and consoles. All texts are js_malloc'd in the realm, never NULL;
 * error_report_free. line and column count from 1, 0 = unknown. */
struct error_report {
    char *message; /* "TypeError: x is not a function", or the value as a string */
    char *stack;   /* the stack property's text, "" without one */
    char *file;
    uint32_t line, column;
};
void error_describe(JSContext *realm, JSValueConst thrown, struct error_report *out);
void error_report_free(JSContext *realm, struct error_report *r);

/* The place in JavaScript source that is running now: the innermost function written in JavaScript, `skip` of them left out. */
struct source_place {
    JSAtom file; /* JS_ATOM_NULL = none; the caller frees it */
    uint32_t line, column;
};
struct source_place source_place_now(JSContext *realm, unsigned skip);

/* ---- shared memory ---- */

/* A new SharedArrayBuffer object over an existing block (one more reference). */
struct shared_block;
JSValue shared_array_buffer_new(JSContext *realm, struct shared_block *block);
/* The block of a SharedArrayBuffer, NULL for anything else. Borrowed. */
struct shared_block *shared_array_buffer_block(JSValueConst value);

/* ---- what lies outside the arena ---- */

/* Something outside the heap that an object of this engine holds. The engine calls `release` when it is destroyed without
 * walking its heap; a finalizer that runs earlier calls external_forget. Embed it in the outside structure. */
struct external {
    struct external *next, *previous;
    void (*release)(struct external *self);
};
void external_hold(struct engine *e, struct external *x, void (*release)(struct external *));
void external_forget(struct external *x);

#endif
