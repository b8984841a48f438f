/* crypto.getRandomValues and crypto.randomUUID (Web Cryptography). Not secret at all: a run must be
 * repeatable. */
#include "agent/world.h"
#include "engine/inspection.h"
#include "engine/interface.h"
#include "web/event_object.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/random.h"
#include "web/realm.h"
#include "web/text.h"

#include <stdio.h>
#include <string.h>

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void random_fill(struct realm *r, void *bytes, size_t length)
{
    if (!r->random) {
        uint64_t state = r->agent->world->seed;
        r->random = next(&state) ^ (uint64_t)r->agent->id << 40;
    }
    for (unsigned char *at = bytes; length;) {
        uint64_t word = next(&r->random);
        size_t size = length < sizeof word ? length : sizeof word;
        memcpy(at, &word, size);
        at += size;
        length -= size;
    }
}

void random_uuid(struct realm *r, char out[37])
{
    unsigned char b[16];
    random_fill(r, b, sizeof b);
    b[6] = (unsigned char)(0x40 | (b[6] & 0xf));
    b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}

static const struct interface crypto_interface;

static JSValue get_random_values(JSContext *js, JSValueConst self, int count,
                                 JSValueConst *arguments)
{
    struct buffer_source target;
    if (!interface_opaque(js, self, &crypto_interface) ||
        !idl_arguments(js, "getRandomValues", count, 1))
        return JS_EXCEPTION;
    bool view =
        JS_IsObject(arguments[0]) && (inspect_class(arguments[0]) == INSPECTED_TYPED_ARRAY ||
                                      inspect_class(arguments[0]) == INSPECTED_DATA_VIEW);
    if (!view)
        return JS_ThrowTypeError(js, "getRandomValues: the argument is not a view");
    if (buffer_source_get(js, arguments[0], false, &target))
        return JS_EXCEPTION;
    int type = JS_GetTypedArrayType(arguments[0]);
    if (type < 0 || type >= JS_TYPED_ARRAY_FLOAT16)
        return throw_dom_exception(js, "TypeMismatchError", "The view's elements are not integers");
    if (target.length > 65536)
        return throw_dom_exception(js, "QuotaExceededError",
                                   "%zu bytes are more than the 65536 of one call", target.length);
    if (target.bytes)
        random_fill(realm_of(js), target.bytes, target.length);
    return JS_DupValue(js, arguments[0]);
}

static JSValue random_uuid_string(JSContext *js, JSValueConst self, int count,
                                  JSValueConst *arguments)
{
    char uuid[37];
    if (!interface_opaque(js, self, &crypto_interface))
        return JS_EXCEPTION;
    random_uuid(realm_of(js), uuid);
    return JS_NewString(js, uuid);
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    js_free_rt(runtime, interface_peek(value, &crypto_interface));
}

static const JSCFunctionListEntry prototype[] = {
    IDL_METHOD("getRandomValues", 1, get_random_values),
    IDL_METHOD("randomUUID", 0, random_uuid_string),
};

static const struct interface crypto_interface = {
    .host_class = HOST_CLASS_CRYPTO,
    .name = "Crypto",
    .class_definition = {.finalizer = finalize},
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
};

static JSValue build_crypto(JSContext *js, const struct lazy_property *self)
{
    char *mark = js_mallocz(js, 1);
    JSValue object = mark ? interface_object(js, &crypto_interface, mark) : JS_EXCEPTION;
    if (JS_IsException(object))
        js_free(js, mark);
    return object;
}

static const struct lazy_property lazy[] = {
    INTERFACE_PROPERTY(crypto_interface),
    {"crypto", build_crypto, NULL},
};

const struct global_part crypto_globals = {.lazy = lazy, .lazy_count = sizeof lazy / sizeof *lazy};
