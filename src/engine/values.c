/* Values from the inside: kinds, strings, plain objects by their keys, arrays. Included by unity.c, never compiled alone. */

#define KEYS_MOST 48     /* of an object that is worth a cached list */
#define KEYS_CACHED 128u /* lists per direction; a power of two */

/* Per runtime, in its own heap. */
struct value_state {
    struct object_keys *sent[KEYS_CACHED], *received[KEYS_CACHED];
    void *workspace;
    void (*release)(JSRuntime *, void *);
};

_Static_assert(sizeof(JSProperty) == sizeof(JSValue), "the slots of an object are an array of values");

static struct value_state *value_state(JSContext *realm)
{
    struct engine_host_state *host = &realm->rt->host;

    if (unlikely(!host->values)) {
        host->values = js_mallocz(realm, sizeof(struct value_state));
    }
    return host->values;
}

void *message_workspace(JSContext *realm, size_t size, void (*release)(JSRuntime *, void *))
{
    struct value_state *state = value_state(realm);

    if (state && unlikely(!state->workspace)) {
        state->workspace = js_mallocz(realm, size);
        state->release = release;
    }
    return state ? state->workspace : NULL;
}

/* ---- kinds ---- */

static enum object_kind ordinary_kind(const JSObject *p)
{
    switch (p->class_id) {
    case JS_CLASS_BOOLEAN:
        return OBJECT_BOOLEAN;
    case JS_CLASS_NUMBER:
        return OBJECT_NUMBER;
    case JS_CLASS_BIG_INT:
        return OBJECT_BIGINT;
    case JS_CLASS_STRING:
        return OBJECT_STRING;
    case JS_CLASS_DATE:
        return OBJECT_DATE;
    case JS_CLASS_REGEXP:
        return OBJECT_REGEXP;
    case JS_CLASS_ARRAY_BUFFER:
        return OBJECT_ARRAY_BUFFER;
    case JS_CLASS_SHARED_ARRAY_BUFFER:
        return OBJECT_SHARED_ARRAY_BUFFER;
    case JS_CLASS_DATAVIEW:
        return OBJECT_DATA_VIEW;
    case JS_CLASS_MAP:
        return OBJECT_MAP;
    case JS_CLASS_SET:
        return OBJECT_SET;
    case JS_CLASS_ERROR:
        return OBJECT_ERROR;
    case JS_CLASS_DOM_EXCEPTION:
        return OBJECT_DOM_EXCEPTION;
    case JS_CLASS_ITERATOR: /* %Iterator% makes objects without slots */
        return OBJECT_PLAIN;
    default:
        return OBJECT_OTHER;
    }
}

enum object_kind object_kind(JSContext *realm, JSValueConst object)
{
    const JSObject *p = JS_VALUE_GET_OBJ(object);

    if (p->class_id == JS_CLASS_OBJECT) {
        return p->is_exotic ? OBJECT_OTHER : OBJECT_PLAIN;
    }
    if (p->class_id == JS_CLASS_ARRAY) {
        return OBJECT_ARRAY;
    }
    if (is_typed_array(p->class_id)) {
        return OBJECT_TYPED_ARRAY;
    }
    if (p->class_id >= JS_CLASS_INIT_COUNT) {
        return OBJECT_HOST;
    }
    enum object_kind kind = ordinary_kind(p);
    if (kind == OBJECT_OTHER && JS_IsFunction(realm, object)) {
        return OBJECT_CALLABLE;
    }
    return kind;
}

const char *object_class_name(JSContext *realm, JSValueConst object, char *buffer, size_t size)
{
    JSClassID id = JS_VALUE_GET_OBJ(object)->class_id;

    return JS_AtomGetStrRT(realm->rt, buffer, (int)size, realm->rt->class_array[id].class_name);
}

bool value_stack_exhausted(JSContext *realm, size_t size)
{
    if (likely(!js_check_stack_overflow(realm->rt, size))) {
        return false;
    }
    JS_ThrowStackOverflow(realm);
    return true;
}

/* ---- strings ---- */

static struct text_view view_of(JSString *p)
{
    return (struct text_view){strv(p), p->len, p->is_wide_char};
}

struct text_view string_view(JSValueConst string)
{
    return view_of(JS_VALUE_GET_STRING(string));
}

JSValue string_flatten(JSContext *realm, JSValueConst rope)
{
    return js_linearize_string_rope(realm, rope);
}

JSValue string_from_units(JSContext *realm, const void *units, uint32_t length, bool wide)
{
    JSString *p;

    if (!length) {
        return js_empty_string(realm->rt);
    }
    p = js_alloc_string(realm, (int)length, wide);
    if (unlikely(!p)) {
        return JS_EXCEPTION;
    }
    memcpy(strv(p), units, (size_t)length << wide);
    if (!wide) {
        str8(p)[length] = '\0';
    }
    return JS_MKPTR(JS_TAG_STRING, p);
}

bool atom_view(JSContext *realm, JSAtom atom, uint32_t *index, struct text_view *text)
{
    if (__JS_AtomIsTaggedInt(atom)) {
        *index = __JS_AtomToUInt32(atom);
        return true;
    }
    *text = view_of(realm->rt->atom_array[atom]);
    return false;
}

/* ---- plain objects by their list of keys ---- */

static void keys_free(JSRuntime *runtime, struct object_keys *keys)
{
    if (keys && --keys->pins == 0) {
        js_free_shape(runtime, keys->shape);
        js_free_rt(runtime, keys);
    }
}

void object_keys_release(JSContext *realm, struct object_keys *keys)
{
    keys_free(realm->rt, keys);
}

/* A key that could be an array index comes first in the order of keys, wherever it stands in the shape. */
static bool key_is_plain(const JSRuntime *runtime, const JSShapeProperty *property)
{
    if (property->flags != JS_PROP_C_W_E || __JS_AtomIsTaggedInt(property->atom)) {
        return false;
    }
    JSString *name = runtime->atom_array[property->atom];
    if (name->atom_type != JS_ATOM_TYPE_STRING) {
        return false;
    }
    if (!name->len) {
        return true;
    }
    unsigned first = name->is_wide_char ? str16(name)[0] : str8(name)[0];
    return first < '0' || first > '9';
}

/* The bytes that the list of keys of `shape` takes, 0 when it is none. */
static size_t keys_size(const JSRuntime *runtime, JSShape *shape)
{
    const JSShapeProperty *properties = get_shape_prop(shape);
    size_t size = 0;

    for (int i = 0; i < shape->prop_count; i++) {
        if (!key_is_plain(runtime, &properties[i])) {
            return 0;
        }
        JSString *name = runtime->atom_array[properties[i].atom];
        size += sizeof(uint32_t) + ((size_t)name->len << name->is_wide_char);
    }
    return size;
}

static uint32_t keys_hash(const uint8_t *text, size_t size)
{
    uint64_t h = size;

    while (size >= 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        h = (h ^ word) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32;
        text += 8;
        size -= 8;
    }
    while (size--) {
        h = (h ^ *text++) * 0x100000001b3u;
    }
    return (uint32_t)(h ^ (h >> 32));
}

static void keys_write(const JSRuntime *runtime, JSShape *shape, uint8_t *to)
{
    const JSShapeProperty *properties = get_shape_prop(shape);

    for (int i = 0; i < shape->prop_count; i++) {
        JSString *name = runtime->atom_array[properties[i].atom];
        uint32_t head = (uint32_t)name->len << 1 | name->is_wide_char;
        size_t size = (size_t)name->len << name->is_wide_char;
        memcpy(to, &head, sizeof(head));
        memcpy(to + sizeof(head), strv(name), size);
        to += sizeof(head) + size;
    }
}

/* `size` bytes of text follow the structure. Two pins: the cache's and the caller's. */
static struct object_keys *keys_new(JSContext *realm, JSShape *shape, uint32_t size)
{
    struct object_keys *keys = js_malloc_rt(realm->rt, sizeof(*keys) + size);

    if (keys) {
        *keys = (struct object_keys){
            .count = (uint32_t)shape->prop_count, .size = size, .pins = 2, .shape = js_dup_shape(shape),
            .text = (uint8_t *)(keys + 1)};
    }
    return keys;
}

static void keys_cache(JSContext *realm, struct object_keys **entry, struct object_keys *keys)
{
    keys_free(realm->rt, *entry);
    *entry = keys;
}

static struct object_keys **sent_entry(struct value_state *state, const JSShape *shape)
{
    uintptr_t address = (uintptr_t)shape;

    return &state->sent[(address >> 4 ^ address >> 11) & (KEYS_CACHED - 1)];
}

struct object_keys *object_keys(JSContext *realm, JSValueConst object)
{
    JSObject *p = JS_VALUE_GET_OBJ(object);
    JSShape *shape = p->shape;
    struct value_state *state = realm->rt->host.values;

    if (unlikely(!state) || p->class_id != JS_CLASS_OBJECT) {
        return NULL;
    }
    struct object_keys **entry = sent_entry(state, shape);
    if (likely(*entry && (*entry)->shape == shape)) {
        (*entry)->pins++;
        return *entry;
    }
    if (!shape->is_hashed || shape->deleted_prop_count || shape->prop_count > KEYS_MOST) {
        return NULL;
    }
    size_t size = keys_size(realm->rt, shape);
    if (!size && shape->prop_count) {
        return NULL;
    }
    struct object_keys *keys = keys_new(realm, shape, (uint32_t)size);
    if (keys) {
        keys_write(realm->rt, shape, keys->text);
        keys->hash = keys_hash(keys->text, size);
        keys_cache(realm, entry, keys);
    }
    return keys;
}

const JSValue *object_slots(JSValueConst object, const struct object_keys *keys)
{
    const JSObject *p = JS_VALUE_GET_OBJ(object);

    return likely(p->shape == keys->shape) ? (const JSValue *)p->prop : NULL;
}

JSAtom object_key(JSContext *realm, const struct object_keys *keys, uint32_t i)
{
    return JS_DupAtom(realm, get_shape_prop(keys->shape)[i].atom);
}

static JSValue *fresh_slots(JSValueConst object)
{
    JSObject *p = JS_VALUE_GET_OBJ(object);

    for (int i = 0; i < p->shape->prop_count; i++) {
        p->prop[i].u.value = JS_UNDEFINED;
    }
    return (JSValue *)p->prop;
}

/* Builds an object with the keys property by property: the first of its kind in this realm. */
static JSValue object_first_of_keys(JSContext *realm, const uint8_t *text, uint32_t count)
{
    JSValue object = JS_NewObject(realm);

    for (uint32_t i = 0; i < count && !JS_IsException(object); i++) {
        uint32_t head;
        memcpy(&head, text, sizeof(head));
        JSValue name = string_from_units(realm, text + sizeof(head), head >> 1, head & 1);
        JSAtom atom = JS_IsException(name) ? JS_ATOM_NULL : JS_ValueToAtom(realm, name);
        JS_FreeValue(realm, name);
        if (atom == JS_ATOM_NULL ||
            JS_DefinePropertyValue(realm, object, atom, JS_UNDEFINED, JS_PROP_C_W_E) < 0) {
            JS_FreeValue(realm, object);
            object = JS_EXCEPTION;
        }
        JS_FreeAtom(realm, atom);
        text += sizeof(head) + ((size_t)(head >> 1) << (head & 1));
    }
    return object;
}

static bool keys_are(JSContext *realm, const struct object_keys *keys, uint32_t hash, const uint8_t *text, uint32_t size)
{
    return keys && keys->hash == hash && keys->size == size &&
           ((JSShape *)keys->shape)->proto == JS_VALUE_GET_OBJ(realm->class_proto[JS_CLASS_OBJECT]) &&
           !memcmp(keys->text, text, size);
}

JSValue object_from_keys(JSContext *realm, uint32_t hash, uint32_t count, const uint8_t *text, uint32_t size,
                         JSValue **slots)
{
    struct value_state *state = value_state(realm);
    JSValue object;

    if (!state) {
        return JS_EXCEPTION;
    }
    struct object_keys **entry = &state->received[(hash ^ hash >> 16) & (KEYS_CACHED - 1)];
    if (likely(keys_are(realm, *entry, hash, text, size))) {
        object = JS_NewObjectFromShape(realm, js_dup_shape((*entry)->shape), JS_CLASS_OBJECT, NULL);
        if (!JS_IsException(object)) {
            *slots = fresh_slots(object);
        }
        return object;
    }
    object = object_first_of_keys(realm, text, count);
    if (JS_IsException(object)) {
        return object;
    }
    JSShape *shape = JS_VALUE_GET_OBJ(object)->shape;
    *slots = (JSValue *)JS_VALUE_GET_OBJ(object)->prop;
    if (shape->is_hashed && (uint32_t)shape->prop_count == count) {
        struct object_keys *keys = keys_new(realm, shape, size);
        if (keys) {
            keys->hash = hash;
            keys->pins = 1;
            memcpy(keys->text, text, size);
            keys_cache(realm, entry, keys);
        }
    }
    return object;
}

/* ---- arrays ---- */

const JSValue *array_elements(JSValueConst array, uint32_t *count, uint32_t *length, bool *extras)
{
    const JSObject *p = JS_VALUE_GET_OBJ(array);

    *extras = p->shape->prop_count != 1;
    JSValue stored = p->prop[0].u.value;
    *length = JS_VALUE_GET_TAG(stored) == JS_TAG_INT ? (uint32_t)JS_VALUE_GET_INT(stored)
                                                     : (uint32_t)JS_VALUE_GET_FLOAT64(stored);
    *count = p->fast_array ? p->u.array.count : 0;
    return p->fast_array ? p->u.array.u.values : NULL;
}

JSValue array_of(JSContext *realm, uint32_t count, JSValue **elements)
{
    JSValue array = JS_NewArray(realm);
    JSObject *p;

    if (JS_IsException(array)) {
        return array;
    }
    p = JS_VALUE_GET_OBJ(array);
    if (count) {
        if (expand_fast_array(realm, p, count)) {
            JS_FreeValue(realm, array);
            return JS_EXCEPTION;
        }
        for (uint32_t i = 0; i < count; i++) {
            p->u.array.u.values[i] = JS_UNDEFINED;
        }
        p->u.array.count = count;
        p->prop[0].u.value = js_int32((int32_t)count);
    }
    *elements = p->u.array.u.values;
    return array;
}

/* ---- end of a runtime ---- */

static void keys_free_all(JSRuntime *runtime, struct object_keys **cache)
{
    for (unsigned i = 0; i < KEYS_CACHED; i++) {
        keys_free(runtime, cache[i]);
        cache[i] = NULL;
    }
}

/* Called by JS_FreeRuntime before it looks for what is left. */
void heddle_values_release(JSRuntime *runtime)
{
    struct value_state *state = runtime->host.values;

    if (!state) {
        return;
    }
    runtime->host.values = NULL;
    keys_free_all(runtime, state->sent);
    keys_free_all(runtime, state->received);
    if (state->workspace) {
        state->release(runtime, state->workspace);
        js_free_rt(runtime, state->workspace);
    }
    js_free_rt(runtime, state);
}
