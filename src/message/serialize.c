/* StructuredSerializeInternal: primitives, plain objects and arrays, and the memory of objects met. */
#include "agent/agent.h"
#include "engine/host_class.h"
#include "engine/interface.h"
#include "engine/values.h"
#include "message/transfer.h"
#include "message/writer.h"

#define FRAME 256            /* of the C stack, asked for before going one object deeper */
#define KEPT_CAPACITY 65536u /* a larger working buffer is given back */
#define SEARCHED 8u          /* so many objects are found by looking at each */

/* The working memory of an engine, reused by one serialization after the other. */
struct workspace {
    uint8_t *bytes;
    size_t capacity;
    JSValue *objects;
    uint32_t object_capacity;
    bool taken;
};

static void workspace_release(JSRuntime *runtime, void *opaque)
{
    struct workspace *work = opaque;

    js_free_rt(runtime, work->bytes);
    js_free_rt(runtime, work->objects);
}

int writer_grow(struct writer *w, size_t size)
{
    size_t used = (size_t)(w->at - w->start), capacity = (size_t)(w->end - w->start) * 2 + size + 256;

    if (used + size > UINT32_MAX) {
        JS_ThrowRangeError(w->realm, "the message is too large");
        return -1;
    }
    uint8_t *bytes = js_realloc(w->realm, w->start, capacity);
    if (!bytes)
        return -1;
    w->start = bytes;
    w->at = bytes + used;
    w->end = bytes + capacity;
    return 0;
}

int writer_refuse(struct writer *w, JSValueConst value, const char *why)
{
    char buffer[64];

    if (JS_IsObject(value))
        throw_dom_exception(w->realm, "DataCloneError", "%s object %s", object_class_name(w->realm, value, buffer, sizeof(buffer)),
                            why);
    else
        throw_dom_exception(w->realm, "DataCloneError", "a symbol %s", why);
    return -1;
}

int writer_attach(struct writer *w, const struct attachment *a, uint32_t *index)
{
    if (w->attachment_count == w->attachment_capacity) {
        uint32_t capacity = w->attachment_capacity * 2 + 4;
        struct attachment *grown = js_realloc(w->realm, w->attachments, capacity * sizeof(*grown));
        if (!grown)
            return -1;
        w->attachments = grown;
        w->attachment_capacity = capacity;
    }
    *index = w->attachment_count;
    w->attachments[w->attachment_count++] = *a;
    return 0;
}

/* ---- the memory of objects ---- */

static uint32_t hash_of(JSValueConst object)
{
    uint64_t address = (uint64_t)(uintptr_t)JS_VALUE_GET_PTR(object);

    return (uint32_t)((address >> 4) * 0x9e3779b97f4a7c15u >> 32);
}

static void table_add(struct writer *w, uint32_t index)
{
    uint32_t slot = hash_of(w->objects[index]) & w->table_mask;

    while (w->table[slot])
        slot = (slot + 1) & w->table_mask;
    w->table[slot] = index + 1;
}

/* Keeps the table at most half full. */
static int table_fit(struct writer *w)
{
    if (w->object_count <= SEARCHED)
        return 0;
    if (w->table && w->object_count * 2 <= w->table_mask) {
        table_add(w, w->object_count - 1);
        return 0;
    }
    uint32_t size = w->table ? (w->table_mask + 1) * 4 : 64;
    uint32_t *table = js_mallocz(w->realm, size * sizeof(*table));
    if (!table)
        return -1;
    js_free(w->realm, w->table);
    w->table = table;
    w->table_mask = size - 1;
    for (uint32_t i = 0; i < w->object_count; i++)
        table_add(w, i);
    return 0;
}

int writer_remember(struct writer *w, JSValueConst object)
{
    if (w->object_count == w->object_capacity) {
        uint32_t capacity = w->object_capacity * 2 + 32;
        JSValue *objects = js_realloc(w->realm, w->objects, capacity * sizeof(*objects));
        if (!objects)
            return -1;
        w->objects = objects;
        w->object_capacity = capacity;
    }
    w->objects[w->object_count++] = JS_DupValue(w->realm, object);
    return table_fit(w);
}

/* The number of an object met before, UINT32_MAX for a new one. */
static uint32_t recall(const struct writer *w, JSValueConst object)
{
    const void *address = JS_VALUE_GET_PTR(object);

    if (w->object_count <= SEARCHED) {
        for (uint32_t i = 0; i < w->object_count; i++)
            if (JS_VALUE_GET_PTR(w->objects[i]) == address)
                return i;
        return UINT32_MAX;
    }
    uint32_t slot = hash_of(object) & w->table_mask;
    while (w->table[slot]) {
        if (JS_VALUE_GET_PTR(w->objects[w->table[slot] - 1]) == address)
            return w->table[slot] - 1;
        slot = (slot + 1) & w->table_mask;
    }
    return UINT32_MAX;
}

static int write_reference(struct writer *w, uint32_t number)
{
    if (writer_reserve(w, 5))
        return -1;
    if (number < w->transfer_count) {
        put_byte(w, TAG_TRANSFERRED);
    } else {
        put_byte(w, TAG_REFERENCE);
        w->referred = true;
    }
    put_word(w, number);
    return 0;
}

/* ---- properties ---- */

static int write_key(struct writer *w, JSAtom key)
{
    uint32_t index;
    struct text_view text;

    if (atom_view(w->realm, key, &index, &text)) {
        if (writer_reserve(w, 5))
            return -1;
        put_byte(w, TAG_INDEX);
        put_word(w, index);
        return 0;
    }
    size_t size = (size_t)text.length << text.wide;
    if (writer_reserve(w, 5 + size))
        return -1;
    put_byte(w, TAG_KEY);
    put_word(w, text.length << 1 | text.wide);
    put_bytes(w, text.units, size);
    return 0;
}

/* R-SC-20: a key that is still there is read with Get; `absent` says whether it was. */
static int write_property(struct writer *w, JSValueConst object, JSAtom key, bool with_key, bool *absent)
{
    int found = JS_GetOwnProperty(w->realm, NULL, object, key);

    *absent = !found;
    if (found <= 0)
        return found;
    JSValue value = JS_GetProperty(w->realm, object, key);
    if (JS_IsException(value))
        return -1;
    int failed = (with_key && write_key(w, key)) || write_value(w, value);
    JS_FreeValue(w->realm, value);
    return failed ? -1 : 0;
}

int write_properties(struct writer *w, JSValueConst object)
{
    JSPropertyEnum *keys;
    uint32_t count;
    int failed = 0;
    bool absent;

    if (JS_GetOwnPropertyNames(w->realm, &keys, &count, object, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY))
        return -1;
    for (uint32_t i = 0; i < count && !failed; i++)
        failed = write_property(w, object, keys[i].atom, true, &absent);
    JS_FreePropertyEnum(w->realm, keys, count);
    if (failed || writer_reserve(w, 1))
        return -1;
    put_byte(w, TAG_END);
    return 0;
}

/* The i-th property after a getter changed the object. */
static int write_changed(struct writer *w, JSValueConst object, const struct object_keys *keys, uint32_t i)
{
    bool absent;
    JSAtom key = object_key(w->realm, keys, i);
    int failed = write_property(w, object, key, false, &absent);

    JS_FreeAtom(w->realm, key);
    if (failed || !absent)
        return failed;
    if (writer_reserve(w, 1))
        return -1;
    put_byte(w, TAG_ABSENT);
    return 0;
}

static int write_keyed(struct writer *w, JSValueConst object, const struct object_keys *keys)
{
    if (writer_reserve(w, 13 + (size_t)keys->size))
        return -1;
    put_byte(w, TAG_KEYED);
    put_word(w, keys->hash);
    put_word(w, keys->count);
    put_word(w, keys->size);
    put_bytes(w, keys->text, keys->size);
    for (uint32_t i = 0; i < keys->count; i++) {
        const JSValue *slots = object_slots(object, keys);
        if (slots ? write_value(w, slots[i]) : write_changed(w, object, keys, i))
            return -1;
    }
    return 0;
}

static int write_plain(struct writer *w, JSValueConst object)
{
    struct object_keys *keys = object_keys(w->realm, object);

    if (keys) {
        int failed = write_keyed(w, object, keys);
        object_keys_release(w->realm, keys);
        return failed;
    }
    JSValue global = JS_GetGlobalObject(w->realm);
    bool is_global = JS_VALUE_GET_PTR(global) == JS_VALUE_GET_PTR(object);
    JS_FreeValue(w->realm, global);
    if (is_global)
        return writer_refuse(w, object, "could not be cloned: it is the global object");
    if (writer_reserve(w, 1))
        return -1;
    put_byte(w, TAG_OBJECT);
    return write_properties(w, object);
}

/* ---- arrays ---- */

/* The elements from `i` on after a getter changed the array: those that were there at first and still are. */
static int write_changed_elements(struct writer *w, JSValueConst array, uint32_t i, uint32_t count)
{
    bool absent;

    for (; i < count; i++) {
        JSAtom key = JS_NewAtomUInt32(w->realm, i);
        int failed = key == JS_ATOM_NULL ? -1 : write_property(w, array, key, true, &absent);
        JS_FreeAtom(w->realm, key);
        if (failed)
            return -1;
    }
    if (writer_reserve(w, 1))
        return -1;
    put_byte(w, TAG_END);
    return 0;
}

/* Writes elements while the array stays as it is; `head` is where its head lies in the buffer. */
static int write_elements(struct writer *w, JSValueConst array, const JSValue *elements, uint32_t count, size_t head)
{
    uint32_t now, length;
    bool extras;

    for (uint32_t i = 0; i < count; i++) {
        JSValueConst element = elements[i];
        if (write_value(w, element))
            return -1;
        if (!JS_IsObject(element))
            continue;
        /* Only what an object brings along can run JavaScript. */
        elements = array_elements(array, &now, &length, &extras);
        if (elements && now >= count)
            continue;
        uint32_t written = i + 1;
        w->start[head + 1] = true;
        memcpy(w->start + head + 6, &written, sizeof(written));
        return write_changed_elements(w, array, written, count);
    }
    return 0;
}

static int write_array(struct writer *w, JSValueConst array)
{
    uint32_t count, length;
    bool extras;
    const JSValue *elements = array_elements(array, &count, &length, &extras);
    bool listed = extras || (!elements && length);

    if (writer_reserve(w, 10))
        return -1;
    size_t head = (size_t)(w->at - w->start);
    put_byte(w, TAG_ARRAY);
    put_byte(w, listed);
    put_word(w, length);
    put_word(w, listed ? 0 : count);
    return listed ? write_properties(w, array) : write_elements(w, array, elements, count, head);
}

/* ---- values ---- */

static int write_object(struct writer *w, JSValueConst object)
{
    uint32_t number = recall(w, object);

    if (number != UINT32_MAX)
        return write_reference(w, number);
    enum object_kind kind = object_kind(w->realm, object);
    if (value_stack_exhausted(w->realm, FRAME))
        return -1;
    if (kind == OBJECT_PLAIN)
        return writer_remember(w, object) || write_plain(w, object) ? -1 : 0;
    if (kind == OBJECT_ARRAY)
        return writer_remember(w, object) || write_array(w, object) ? -1 : 0;
    return write_special_object(w, object, kind);
}

static int write_text(struct writer *w, JSValueConst string)
{
    struct text_view text = string_view(string);
    size_t size = (size_t)text.length << text.wide;

    if (writer_reserve(w, 5 + size))
        return -1;
    put_byte(w, TAG_TEXT);
    put_word(w, text.length << 1 | text.wide);
    put_bytes(w, text.units, size);
    return 0;
}

static int write_bigint(struct writer *w, JSValueConst bigint)
{
    size_t size;
    const void *words = bigint_words(bigint, &size);

    if (writer_reserve(w, 5 + size))
        return -1;
    put_byte(w, TAG_BIGINT);
    put_word(w, (uint32_t)size);
    put_bytes(w, words, size);
    return 0;
}

/* Room for 9 bytes is reserved. False when the value is no small primitive. */
static bool put_small(struct writer *w, JSValueConst value)
{
    switch (JS_VALUE_GET_NORM_TAG(value)) {
    case JS_TAG_INT:
        put_byte(w, TAG_INT);
        put_word(w, (uint32_t)JS_VALUE_GET_INT(value));
        return true;
    case JS_TAG_FLOAT64: {
        double number = JS_VALUE_GET_FLOAT64(value);
        put_byte(w, TAG_DOUBLE);
        put_bytes(w, &number, sizeof(number));
        return true;
    }
    case JS_TAG_BOOL:
        put_byte(w, JS_VALUE_GET_BOOL(value) ? TAG_TRUE : TAG_FALSE);
        return true;
    case JS_TAG_NULL:
        put_byte(w, TAG_NULL);
        return true;
    case JS_TAG_UNDEFINED:
        put_byte(w, TAG_UNDEFINED);
        return true;
    case JS_TAG_SHORT_BIG_INT: {
        int64_t number = bigint_short(value);
        put_byte(w, TAG_SHORT_BIGINT);
        put_bytes(w, &number, sizeof(number));
        return true;
    }
    default:
        return false;
    }
}

int write_value(struct writer *w, JSValueConst value)
{
    if (writer_reserve(w, 9))
        return -1;
    if (put_small(w, value))
        return 0;
    switch (JS_VALUE_GET_TAG(value)) {
    case JS_TAG_OBJECT:
        return write_object(w, value);
    case JS_TAG_STRING:
        return write_text(w, value);
    case JS_TAG_STRING_ROPE: {
        JSValue flat = string_flatten(w->realm, value);
        int failed = JS_IsException(flat) || write_text(w, flat);
        JS_FreeValue(w->realm, flat);
        return failed ? -1 : 0;
    }
    case JS_TAG_BIG_INT:
        return write_bigint(w, value);
    default:
        return writer_refuse(w, value, "could not be cloned");
    }
}

/* ---- the whole ---- */

static void writer_open(struct writer *w, struct workspace *work)
{
    if (work && !work->taken) {
        work->taken = true;
        w->start = w->at = work->bytes;
        w->end = work->bytes + work->capacity;
        w->objects = work->objects;
        w->object_capacity = work->object_capacity;
    }
}

/* Gives the working memory back, `owner` being whether it is the engine's. */
static void writer_close(struct writer *w, struct workspace *work, bool owner)
{
    for (uint32_t i = 0; i < w->object_count; i++)
        JS_FreeValue(w->realm, w->objects[i]);
    js_free(w->realm, w->table);
    js_free(w->realm, w->attachments);
    if (!owner || (size_t)(w->end - w->start) > KEPT_CAPACITY) {
        js_free(w->realm, w->start);
        w->start = w->end = NULL;
    }
    if (!owner || w->object_capacity > KEPT_CAPACITY / sizeof(JSValue)) {
        js_free(w->realm, w->objects);
        w->objects = NULL;
        w->object_capacity = 0;
    }
    if (owner)
        *work = (struct workspace){.bytes = w->start,
                                   .capacity = (size_t)(w->end - w->start),
                                   .objects = w->objects,
                                   .object_capacity = w->object_capacity};
}

static struct message *writer_message(struct writer *w)
{
    uint32_t size = (uint32_t)(w->at - w->start);
    struct message *m = message_new(size, w->attachment_count);

    if (!m) {
        JS_ThrowOutOfMemory(w->realm);
        return NULL;
    }
    memcpy(m->bytes, w->start, size);
    if (w->attachment_count)
        memcpy(m->attachments, w->attachments, w->attachment_count * sizeof(*w->attachments));
    m->transfer_count = w->transfer_count;
    m->object_count = w->referred ? w->object_count : 0;
    return m;
}

/* Numbers, booleans and the like: no working memory at all. NULL, without an exception, for any other value. */
static struct message *serialize_small(JSContext *realm, JSValueConst value)
{
    uint8_t bytes[9] = {0};
    struct writer w = {.realm = realm, .start = bytes, .at = bytes, .end = bytes + sizeof(bytes)};
    struct message *m = put_small(&w, value) ? message_new(sizeof(bytes), 0) : NULL;

    if (m)
        memcpy(m->bytes, bytes, sizeof(bytes));
    return m;
}

static int serialize_large(JSContext *realm, JSValueConst value, JSValueConst transfer, struct message **out)
{
    struct workspace *work = message_workspace(realm, sizeof(*work), workspace_release);
    struct writer w = {.realm = realm};

    if (!work)
        return -1;
    bool owner = !work->taken;
    writer_open(&w, work);
    struct message *m = NULL;
    if (transfer_list_check(&w, transfer) || write_value(&w, value) || !(m = writer_message(&w))) {
        attachments_release(w.attachments, w.attachment_count);
    } else if (transfer_list_move(&w, m)) {
        message_lose(m, LOST_UNSENT);
        m = NULL;
    }
    writer_close(&w, work, owner);
    *out = m;
    return m ? 0 : -1;
}

int message_serialize(JSContext *realm, JSValueConst value, JSValueConst transfer, struct message **out)
{
    int tag = JS_VALUE_GET_NORM_TAG(value);

    *out = NULL;
    if (JS_IsUndefined(transfer) && tag != JS_TAG_OBJECT && tag != JS_TAG_STRING)
        *out = serialize_small(realm, value);
    if (!*out && serialize_large(realm, value, transfer, out))
        return -1;
    struct agent *sender = agent_current();
    (*out)->cluster = sender ? sender->cluster->id : 0;
    return 0;
}
