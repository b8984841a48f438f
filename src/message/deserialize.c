/* StructuredDeserialize and StructuredDeserializeWithTransfer. */
#include "agent/agent.h"
#include "engine/interface.h"
#include "engine/values.h"
#include "memory/shared_block.h"
#include "message/format.h"
#include "message/message.h"

#include <string.h>

#define FRAME 256 /* of the C stack, asked for before going one object deeper */

struct reader {
    JSContext *realm;
    const uint8_t *at;
    struct message *message;
    JSValue *transferred;  /* references */
    JSValueConst *objects; /* by number; NULL when nothing is referred to twice. Borrowed from the value under construction */
    uint32_t object_count;
};

static JSValue read_value(struct reader *r);

static unsigned get_byte(struct reader *r)
{
    return *r->at++;
}

static uint32_t get_word(struct reader *r)
{
    uint32_t word;

    memcpy(&word, r->at, sizeof(word));
    r->at += sizeof(word);
    return word;
}

static JSValue get_text(struct reader *r)
{
    uint32_t head = get_word(r), length = head >> 1;
    const uint8_t *units = r->at;

    r->at += (size_t)length << (head & 1);
    return string_from_units(r->realm, units, length, head & 1);
}

/* Gives the object its number. */
static JSValue numbered(struct reader *r, JSValue object)
{
    if (r->objects && !JS_IsException(object))
        r->objects[r->object_count++] = object;
    return object;
}

/* ---- plain objects and arrays ---- */

/* Deletes the properties whose bits are set in `absent`. */
static int delete_absent(struct reader *r, JSValueConst object, const uint8_t *keys, uint64_t absent)
{
    struct reader key = {.realm = r->realm, .at = keys};

    for (; absent; absent >>= 1) {
        JSValue name = get_text(&key);
        JSAtom atom = (absent & 1) && !JS_IsException(name) ? JS_ValueToAtom(r->realm, name) : JS_ATOM_NULL;
        bool failed = (absent & 1) && (atom == JS_ATOM_NULL || JS_DeleteProperty(r->realm, object, atom, 0) < 0);
        JS_FreeAtom(r->realm, atom);
        JS_FreeValue(r->realm, name);
        if (failed)
            return -1;
    }
    return 0;
}

static JSValue read_keyed(struct reader *r)
{
    uint32_t hash = get_word(r), count = get_word(r), size = get_word(r);
    const uint8_t *keys = r->at;
    uint64_t absent = 0;
    JSValue *slots;
    JSValue object = numbered(r, object_from_keys(r->realm, hash, count, keys, size, &slots));

    if (JS_IsException(object))
        return object;
    r->at += size;
    for (uint32_t i = 0; i < count; i++) {
        if (*r->at == TAG_ABSENT) {
            r->at++;
            absent |= UINT64_C(1) << i;
            continue;
        }
        JSValue value = read_value(r);
        if (JS_IsException(value))
            goto failed;
        slots[i] = value;
    }
    if (!absent || !delete_absent(r, object, keys, absent))
        return object;
failed:
    JS_FreeValue(r->realm, object);
    return JS_EXCEPTION;
}

/* R-SC-22: CreateDataProperty for each. */
static int read_properties(struct reader *r, JSValueConst object)
{
    for (;;) {
        unsigned tag = get_byte(r);
        if (tag == TAG_END)
            return 0;
        JSAtom key;
        if (tag == TAG_INDEX) {
            key = JS_NewAtomUInt32(r->realm, get_word(r));
        } else {
            JSValue name = get_text(r);
            key = JS_IsException(name) ? JS_ATOM_NULL : JS_ValueToAtom(r->realm, name);
            JS_FreeValue(r->realm, name);
        }
        if (key == JS_ATOM_NULL)
            return -1;
        JSValue value = read_value(r);
        int failed = JS_IsException(value) || JS_DefinePropertyValue(r->realm, object, key, value, JS_PROP_C_W_E) < 0;
        JS_FreeAtom(r->realm, key);
        if (failed)
            return -1;
    }
}

static JSValue read_plain(struct reader *r)
{
    JSValue object = numbered(r, JS_NewObject(r->realm));

    if (JS_IsException(object) || !read_properties(r, object))
        return object;
    JS_FreeValue(r->realm, object);
    return JS_EXCEPTION;
}

static JSValue read_array(struct reader *r)
{
    bool properties = get_byte(r);
    uint32_t length = get_word(r), count = get_word(r);
    JSValue *elements;
    JSValue array = numbered(r, array_of(r->realm, count, &elements));

    if (JS_IsException(array))
        return array;
    for (uint32_t i = 0; i < count; i++) {
        JSValue value = read_value(r);
        if (JS_IsException(value))
            goto failed;
        elements[i] = value;
    }
    if (length != count && JS_SetLength(r->realm, array, length) < 0)
        goto failed;
    if (!properties || !read_properties(r, array))
        return array;
failed:
    JS_FreeValue(r->realm, array);
    return JS_EXCEPTION;
}

/* ---- other objects ---- */

static JSValue read_wrapper(struct reader *r)
{
    enum object_kind kind = get_byte(r);
    uint32_t number = r->object_count++;
    JSValue data = read_value(r), object = object_with_data(r->realm, kind, data);

    JS_FreeValue(r->realm, data);
    if (r->objects && !JS_IsException(object))
        r->objects[number] = object;
    return object;
}

static JSValue read_two(struct reader *r, JSValue (*make)(JSContext *, JSValueConst, JSValueConst))
{
    uint32_t number = r->object_count++;
    JSValue first = read_value(r), second = read_value(r);
    JSValue object = JS_IsException(first) || JS_IsException(second) ? JS_EXCEPTION : make(r->realm, first, second);

    JS_FreeValue(r->realm, first);
    JS_FreeValue(r->realm, second);
    if (r->objects && !JS_IsException(object))
        r->objects[number] = object;
    return object;
}

static JSValue read_buffer(struct reader *r)
{
    unsigned flags = get_byte(r);
    struct buffer_view shape = {.resizable = flags & BUFFER_RESIZABLE, .immutable = (flags & BUFFER_IMMUTABLE) != 0};

    shape.length = get_word(r);
    shape.max_length = get_word(r);
    shape.bytes = r->at;
    r->at += shape.length;
    return numbered(r, array_buffer_copy(r->realm, &shape));
}

static JSValue take_bytes(struct reader *r, struct attachment *a)
{
    struct outside_bytes *bytes = a->thing;
    struct buffer_view shape = {.bytes = bytes->bytes, .length = a->length, .max_length = a->max_length,
                                .resizable = a->resizable, .immutable = a->immutable};

    if (r->message->for_several)
        return array_buffer_copy(r->realm, &shape);
    a->kind = ATTACHMENT_NONE;
    return array_buffer_adopt(r->realm, bytes, &shape);
}

/* R-SAB-10, R-SAB-11. */
static JSValue read_block(struct reader *r)
{
    struct attachment *a = &r->message->attachments[get_word(r)];
    struct agent *receiver = agent_current();

    if ((receiver ? receiver->cluster->id : 0) != r->message->cluster)
        return throw_dom_exception(r->realm, "DataCloneError", "a SharedArrayBuffer of another agent cluster");
    return numbered(r, shared_array_buffer_new(r->realm, a->thing));
}

static JSValue read_view(struct reader *r)
{
    enum object_kind kind = get_byte(r);
    struct view_shape shape = {.type = (int)get_byte(r), .tracking = get_byte(r)};

    shape.offset = get_word(r);
    shape.length = get_word(r);
    JSValue buffer = read_value(r);
    if (JS_IsException(buffer))
        return buffer;
    JSValue view = buffer_view_new(r->realm, kind, buffer, &shape);
    JS_FreeValue(r->realm, buffer);
    return numbered(r, view);
}

static JSValue read_collection(struct reader *r, enum object_kind kind)
{
    uint32_t count = get_word(r);
    JSValue collection = numbered(r, collection_new(r->realm, kind));

    for (uint32_t i = 0; i < count && !JS_IsException(collection); i++) {
        JSValue key = read_value(r), value = JS_UNDEFINED;
        if (kind == OBJECT_MAP && !JS_IsException(key)) {
            value = read_value(r);
            i++;
        }
        if (JS_IsException(key) || JS_IsException(value) || collection_add(r->realm, collection, key, value)) {
            JS_FreeValue(r->realm, collection);
            collection = JS_EXCEPTION;
        }
        JS_FreeValue(r->realm, key);
        JS_FreeValue(r->realm, value);
    }
    return collection;
}

static JSValue read_error(struct reader *r)
{
    enum error_type type = get_byte(r);
    unsigned parts = get_byte(r);
    JSValue error = numbered(r, error_of_type(r->realm, type));

    for (unsigned part = ERROR_MESSAGE; part <= ERROR_CAUSE && !JS_IsException(error); part <<= 1) {
        if (!(parts & part))
            continue;
        JSValue value = read_value(r);
        if (part == ERROR_STACK && !JS_IsException(value)) {
            error_set_stack(r->realm, error, value);
            continue;
        }
        if (JS_IsException(value) ||
            error_define(r->realm, error, part == ERROR_MESSAGE ? "message" : "cause", value)) {
            JS_FreeValue(r->realm, error);
            error = JS_EXCEPTION;
        }
    }
    return error;
}

/* ---- values ---- */

static JSValue read_object(struct reader *r, enum tag tag)
{
    if (value_stack_exhausted(r->realm, FRAME))
        return JS_EXCEPTION;
    switch (tag) {
    case TAG_KEYED:
        return read_keyed(r);
    case TAG_OBJECT:
        return read_plain(r);
    case TAG_ARRAY:
        return read_array(r);
    case TAG_WRAPPER:
        return read_wrapper(r);
    case TAG_REGEXP:
        return read_two(r, regexp_from_parts);
    case TAG_DOM_EXCEPTION:
        return read_two(r, dom_exception_from_parts);
    case TAG_BUFFER:
        return read_buffer(r);
    case TAG_BYTES:
        return numbered(r, take_bytes(r, &r->message->attachments[get_word(r)]));
    case TAG_BLOCK:
        return read_block(r);
    case TAG_PLATFORM:
        return numbered(r, message_host.deserialize(r->realm, r->message->attachments[get_word(r)].thing));
    case TAG_VIEW:
        return read_view(r);
    case TAG_MAP:
        return read_collection(r, OBJECT_MAP);
    case TAG_SET:
        return read_collection(r, OBJECT_SET);
    default:
        return read_error(r);
    }
}

static JSValue read_bigint(struct reader *r)
{
    uint32_t size = get_word(r);
    const uint8_t *words = r->at;

    r->at += size;
    return bigint_from_words(r->realm, words, size);
}

static JSValue read_value(struct reader *r)
{
    enum tag tag = get_byte(r);

    switch (tag) {
    case TAG_UNDEFINED:
        return JS_UNDEFINED;
    case TAG_NULL:
        return JS_NULL;
    case TAG_FALSE:
        return JS_FALSE;
    case TAG_TRUE:
        return JS_TRUE;
    case TAG_INT:
        return JS_NewInt32(r->realm, (int32_t)get_word(r));
    case TAG_DOUBLE: {
        double number;
        memcpy(&number, r->at, sizeof(number));
        r->at += sizeof(number);
        return JS_NewFloat64(r->realm, number);
    }
    case TAG_SHORT_BIGINT: {
        int64_t number;
        memcpy(&number, r->at, sizeof(number));
        r->at += sizeof(number);
        return JS_NewBigInt64(r->realm, number);
    }
    case TAG_TEXT:
        return get_text(r);
    case TAG_BIGINT:
        return read_bigint(r);
    case TAG_REFERENCE:
        return JS_DupValue(r->realm, r->objects[get_word(r)]);
    case TAG_TRANSFERRED:
        return JS_DupValue(r->realm, r->transferred[get_word(r)]);
    default:
        return read_object(r, tag);
    }
}

/* ---- transfer ---- */

/* R-TR-08: what was transferred is rebuilt first, the ports also into `ports`. */
static int receive_transferred(struct reader *r, JSValue *ports)
{
    struct message *m = r->message;
    uint32_t port_count = 0;

    for (uint32_t i = 0; i < m->transfer_count; i++) {
        struct attachment *a = &m->attachments[i];
        bool is_port = a->kind == ATTACHMENT_PORT;
        if (is_port)
            a->kind = ATTACHMENT_NONE;
        r->transferred[i] = is_port ? message_host.receive_port(r->realm, a->thing) : take_bytes(r, a);
        if (JS_IsException(r->transferred[i]))
            return -1;
        if (!is_port || !ports)
            continue;
        if (JS_IsUndefined(*ports))
            *ports = JS_NewArray(r->realm);
        if (JS_IsException(*ports) ||
            JS_DefinePropertyValueUint32(r->realm, *ports, port_count++, JS_DupValue(r->realm, r->transferred[i]),
                                         JS_PROP_C_W_E) < 0)
            return -1;
    }
    return 0;
}

static JSValue read_with_tables(struct reader *r, JSValue *ports)
{
    struct message *m = r->message;
    JSValue value = JS_EXCEPTION;

    if (m->transfer_count) {
        r->transferred = js_malloc(r->realm, m->transfer_count * sizeof(JSValue));
        if (!r->transferred)
            return JS_EXCEPTION;
        for (uint32_t i = 0; i < m->transfer_count; i++)
            r->transferred[i] = JS_UNDEFINED;
    }
    if (m->object_count)
        r->objects = js_malloc(r->realm, m->object_count * sizeof(JSValue));
    r->object_count = m->transfer_count;
    if ((r->objects || !m->object_count) && !receive_transferred(r, ports))
        value = read_value(r);
    js_free(r->realm, r->objects);
    for (uint32_t i = 0; r->transferred && i < m->transfer_count; i++)
        JS_FreeValue(r->realm, r->transferred[i]);
    js_free(r->realm, r->transferred);
    return value;
}

static JSValue rebuild(JSContext *realm, struct message *m, JSValue *ports)
{
    struct reader r = {.realm = realm, .at = m->bytes, .message = m};

    if (!m->transfer_count && !m->object_count)
        return read_value(&r);
    JSValue value = read_with_tables(&r, ports);
    if (JS_IsException(value) && ports) {
        JS_FreeValue(realm, *ports);
        *ports = JS_UNDEFINED;
    }
    return value;
}

JSValue message_deserialize(JSContext *realm, struct message *m, JSValue *ports)
{
    if (ports)
        *ports = JS_UNDEFINED;
    JSValue value = rebuild(realm, m, ports);
    message_settle(m, JS_IsException(value) ? MESSAGE_REFUSED : MESSAGE_DELIVERED);
    return value;
}
