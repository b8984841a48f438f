#include "message/transfer.h"

#include "engine/host_class.h"
#include "engine/interface.h"
#include "engine/values.h"
#include "message/writer.h"

static bool is_port(JSValueConst value)
{
    return host_class_of(value) == HOST_CLASS_MESSAGE_PORT;
}

/* One item of the list: is it transferable at all, and here for the first time? */
static int item_check(struct writer *w, JSValueConst item)
{
    static const struct attachment later = {.kind = ATTACHMENT_NONE};
    uint32_t index;

    if (!JS_IsObject(item)) {
        throw_dom_exception(w->realm, "DataCloneError", "a value in the transfer list is no object");
        return -1;
    }
    enum object_kind kind = object_kind(w->realm, item);
    if (kind == OBJECT_SHARED_ARRAY_BUFFER)
        return writer_refuse(w, item, "cannot be transferred, only shared");
    if (kind != OBJECT_ARRAY_BUFFER && !is_port(item))
        return writer_refuse(w, item, "could not be transferred");
    if (kind == OBJECT_ARRAY_BUFFER && array_buffer_view(item).immutable)
        return writer_refuse(w, item, "could not be transferred: it is immutable");
    for (uint32_t i = 0; i < w->object_count; i++)
        if (JS_VALUE_GET_PTR(w->objects[i]) == JS_VALUE_GET_PTR(item))
            return writer_refuse(w, item, "is twice in the transfer list");
    return writer_remember(w, item) || writer_attach(w, &later, &index) ? -1 : 0;
}

int transfer_list_check(struct writer *w, JSValueConst list)
{
    uint32_t count, length;
    bool extras;

    if (JS_IsUndefined(list))
        return 0;
    const JSValue *items = array_elements(list, &count, &length, &extras);
    for (uint32_t i = 0; i < count; i++)
        if (item_check(w, items[i]))
            return -1;
    w->transfer_count = count;
    return 0;
}

static int buffer_move(struct writer *w, JSValueConst buffer, struct attachment *a)
{
    struct buffer_view view = array_buffer_view(buffer);

    if (view.detached)
        return writer_refuse(w, buffer, "could not be transferred: it is detached");
    struct outside_bytes *copy = NULL;
    if (view.length < OUTSIDE_BYTES_LEAST) {
        copy = outside_bytes_new(view.length);
        if (!copy) {
            JS_ThrowOutOfMemory(w->realm);
            return -1;
        }
        memcpy(copy->bytes, view.bytes, view.length);
    }
    struct outside_bytes *moved = array_buffer_detach(w->realm, buffer);
    if (moved && copy)
        outside_bytes_free(copy);
    *a = (struct attachment){.kind = ATTACHMENT_BYTES, .resizable = view.resizable, .length = view.length,
                             .max_length = view.max_length, .thing = moved ? moved : copy};
    return 0;
}

int transfer_list_move(struct writer *w, struct message *m)
{
    for (uint32_t i = 0; i < w->transfer_count; i++) {
        if (!is_port(w->objects[i])) {
            if (buffer_move(w, w->objects[i], &m->attachments[i]))
                return -1;
            continue;
        }
        struct port *port = message_host.ship_port(w->realm, w->objects[i]);
        if (!port)
            return writer_refuse(w, w->objects[i], "could not be transferred: it is detached");
        m->attachments[i] = (struct attachment){.kind = ATTACHMENT_PORT, .thing = port};
    }
    return 0;
}

/* ---- arguments of postMessage and structuredClone ---- */

/* Web IDL: a sequence<object> from an iterable, in the order of its iterator. */
static JSValue sequence_from(JSContext *realm, JSValueConst iterable, JSValueConst method)
{
    JSValue iterator = JS_Call(realm, method, iterable, 0, NULL), next = JS_UNDEFINED, list = JS_EXCEPTION;

    if (!JS_IsException(iterator) && !JS_IsObject(iterator)) {
        JS_FreeValue(realm, iterator);
        return JS_ThrowTypeError(realm, "the transfer list's iterator is no object");
    }
    if (!JS_IsException(iterator)) {
        next = JS_GetPropertyStr(realm, iterator, "next");
        list = JS_IsException(next) ? JS_EXCEPTION : JS_NewArray(realm);
    }
    for (uint32_t i = 0; !JS_IsException(list); i++) {
        JSValue result = JS_Call(realm, next, iterator, 0, NULL);
        JSValue done = JS_IsObject(result) ? JS_GetPropertyStr(realm, result, "done") : JS_EXCEPTION;
        if (!JS_IsException(result) && !JS_IsObject(result))
            JS_ThrowTypeError(realm, "the transfer list's iterator gave no object");
        int ended = JS_IsException(done) ? -1 : JS_ToBool(realm, done);
        JS_FreeValue(realm, done);
        JSValue item = ended ? JS_UNDEFINED : JS_GetPropertyStr(realm, result, "value");
        JS_FreeValue(realm, result);
        if (ended > 0)
            break;
        if (ended == 0 && !JS_IsException(item) && !JS_IsObject(item)) {
            JS_FreeValue(realm, item);
            item = JS_ThrowTypeError(realm, "a value in the transfer list is no object");
        }
        if (ended < 0 || JS_IsException(item) ||
            JS_DefinePropertyValueUint32(realm, list, i, item, JS_PROP_C_W_E) < 0) {
            JS_FreeValue(realm, list);
            list = JS_EXCEPTION;
        }
    }
    JS_FreeValue(realm, next);
    JS_FreeValue(realm, iterator);
    return list;
}

static JSValue iterator_method(JSContext *realm, JSValueConst value)
{
    JSValue global = JS_GetGlobalObject(realm), symbol = JS_GetPropertyStr(realm, global, "Symbol"), name, method;

    name = JS_GetPropertyStr(realm, symbol, "iterator");
    JSAtom atom = JS_ValueToAtom(realm, name);
    method = JS_GetProperty(realm, value, atom);
    JS_FreeAtom(realm, atom);
    JS_FreeValue(realm, name);
    JS_FreeValue(realm, symbol);
    JS_FreeValue(realm, global);
    return method;
}

static JSValue sequence_of(JSContext *realm, JSValueConst value)
{
    JSValue method = iterator_method(realm, value), list;

    if (JS_IsException(method))
        return method;
    if (!JS_IsFunction(realm, method)) {
        JS_FreeValue(realm, method);
        return JS_ThrowTypeError(realm, "the transfer list is not iterable");
    }
    list = sequence_from(realm, value, method);
    JS_FreeValue(realm, method);
    return list;
}

JSValue message_transfer_option(JSContext *realm, JSValueConst options)
{
    if (JS_IsUndefined(options) || JS_IsNull(options))
        return JS_UNDEFINED;
    if (!JS_IsObject(options))
        return JS_ThrowTypeError(realm, "the options are no object");
    JSValue transfer = JS_GetPropertyStr(realm, options, "transfer");
    if (JS_IsUndefined(transfer) || JS_IsException(transfer))
        return transfer;
    JSValue list = JS_IsObject(transfer) ? sequence_of(realm, transfer)
                                         : JS_ThrowTypeError(realm, "the transfer list is no object");
    JS_FreeValue(realm, transfer);
    return list;
}

JSValue message_transfer_list(JSContext *realm, JSValueConst argument)
{
    if (!JS_IsObject(argument))
        return message_transfer_option(realm, argument);
    JSValue method = iterator_method(realm, argument), list;
    if (JS_IsException(method))
        return method;
    if (JS_IsUndefined(method) || JS_IsNull(method))
        return message_transfer_option(realm, argument);
    list = JS_IsFunction(realm, method) ? sequence_from(realm, argument, method)
                                        : JS_ThrowTypeError(realm, "the transfer list is not iterable");
    JS_FreeValue(realm, method);
    return list;
}

int message_serialize_arguments(JSContext *realm, int count, JSValueConst *arguments, struct message **out)
{
    JSValue transfer = message_transfer_list(realm, count > 1 ? arguments[1] : JS_UNDEFINED);
    int failed = JS_IsException(transfer) || message_serialize(realm, arguments[0], transfer, out);
    JS_FreeValue(realm, transfer);
    return failed ? -1 : 0;
}
