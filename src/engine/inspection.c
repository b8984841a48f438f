/* See inspection.h. Included by unity.c, never compiled alone. */

#include "engine/inspection.h"

enum inspected inspect_class(JSValueConst object)
{
    JSClassID id = JS_GetClassID(object);

    if (id >= JS_CLASS_UINT8C_ARRAY && id <= JS_CLASS_FLOAT64_ARRAY) {
        return INSPECTED_TYPED_ARRAY;
    }
    switch (id) {
    case JS_CLASS_ARRAY:
        return INSPECTED_ARRAY;
    case JS_CLASS_ARGUMENTS:
    case JS_CLASS_MAPPED_ARGUMENTS:
        return INSPECTED_ARGUMENTS;
    case JS_CLASS_ERROR:
        return INSPECTED_ERROR;
    case JS_CLASS_DOM_EXCEPTION:
        return INSPECTED_DOM_EXCEPTION;
    case JS_CLASS_NUMBER:
        return INSPECTED_NUMBER;
    case JS_CLASS_STRING:
        return INSPECTED_STRING;
    case JS_CLASS_BOOLEAN:
        return INSPECTED_BOOLEAN;
    case JS_CLASS_SYMBOL:
        return INSPECTED_SYMBOL;
    case JS_CLASS_BIG_INT:
        return INSPECTED_BIGINT;
    case JS_CLASS_DATE:
        return INSPECTED_DATE;
    case JS_CLASS_MODULE_NS:
        return INSPECTED_MODULE;
    case JS_CLASS_REGEXP:
        return INSPECTED_REGEXP;
    case JS_CLASS_ARRAY_BUFFER:
        return INSPECTED_ARRAY_BUFFER;
    case JS_CLASS_SHARED_ARRAY_BUFFER:
        return INSPECTED_SHARED_ARRAY_BUFFER;
    case JS_CLASS_DATAVIEW:
        return INSPECTED_DATA_VIEW;
    case JS_CLASS_MAP:
        return INSPECTED_MAP;
    case JS_CLASS_SET:
        return INSPECTED_SET;
    case JS_CLASS_WEAKMAP:
        return INSPECTED_WEAK_MAP;
    case JS_CLASS_WEAKSET:
        return INSPECTED_WEAK_SET;
    case JS_CLASS_MAP_ITERATOR:
        return INSPECTED_MAP_ITERATOR;
    case JS_CLASS_SET_ITERATOR:
        return INSPECTED_SET_ITERATOR;
    case JS_CLASS_PROXY:
        return INSPECTED_PROXY;
    case JS_CLASS_PROMISE:
        return INSPECTED_PROMISE;
    default:
        break;
    }
    bool native = id == JS_CLASS_C_FUNCTION || id == JS_CLASS_C_FUNCTION_DATA || id == JS_CLASS_C_CLOSURE ||
                  id == JS_CLASS_BOUND_FUNCTION || id == JS_CLASS_PROMISE_RESOLVE_FUNCTION ||
                  id == JS_CLASS_PROMISE_REJECT_FUNCTION;
    return native || js_class_has_bytecode(id) ? INSPECTED_FUNCTION : INSPECTED_OBJECT;
}

/* One pass over the properties of an object's shape, those with names or those with symbols. */
static void inspected_keys_pass(JSContext *realm, JSObject *p, bool hidden, bool symbols, JSPropertyEnum *keys,
                                uint32_t *count)
{
    JSShapeProperty *property = get_shape_prop(p->shape);
    uint32_t ignored;

    for (int i = 0; i < p->shape->prop_count; i++, property++) {
        JSAtom atom = property->atom;
        JSAtomKindEnum kind = atom ? JS_AtomGetKind(realm, atom) : JS_ATOM_KIND_PRIVATE;
        if (kind != (symbols ? JS_ATOM_KIND_SYMBOL : JS_ATOM_KIND_STRING)) {
            continue;
        }
        if ((!hidden && !(property->flags & JS_PROP_ENUMERABLE)) || JS_AtomIsArrayIndex(realm, &ignored, atom)) {
            continue;
        }
        keys[*count].atom = JS_DupAtom(realm, atom);
        keys[*count].is_enumerable = (property->flags & JS_PROP_ENUMERABLE) != 0;
        ++*count;
    }
}

int inspect_extra_keys(JSContext *realm, JSValueConst object, bool hidden, JSPropertyEnum **keys, uint32_t *count)
{
    JSObject *p = JS_VALUE_GET_OBJ(object);

    *count = 0;
    *keys = js_malloc(realm, sizeof **keys * (size_t)(p->shape->prop_count + 1));
    if (!*keys) {
        return -1;
    }
    inspected_keys_pass(realm, p, hidden, false, *keys, count);
    inspected_keys_pass(realm, p, hidden, true, *keys, count);
    return 0;
}

JSAtom inspect_tag_key(void)
{
    return JS_ATOM_Symbol_toStringTag;
}

JSValueConst inspect_primitive(JSValueConst object)
{
    return JS_VALUE_GET_OBJ(object)->u.object_data;
}

void inspect_proxy(JSValueConst proxy, JSValueConst *target, JSValueConst *handler)
{
    const JSProxyData *data = JS_VALUE_GET_OBJ(proxy)->u.opaque;

    *target = data->is_revoked ? JS_NULL : data->target;
    *handler = data->is_revoked ? JS_NULL : data->handler;
}

static JSMapState *inspected_map(JSContext *realm, JSValueConst collection, struct list_head **start, bool *pairs)
{
    enum inspected kind = inspect_class(collection);
    JSObject *p = JS_VALUE_GET_OBJ(collection);
    JSMapState *map;

    if (kind == INSPECTED_MAP || kind == INSPECTED_SET) {
        map = p->u.map_state;
        *start = map->records.next;
        *pairs = kind == INSPECTED_MAP;
        return map;
    }
    JSMapIteratorData *iterator = p->u.map_iterator_data;
    if (!iterator || JS_IsUndefined(iterator->obj)) {
        return NULL;
    }
    map = JS_VALUE_GET_OBJ(iterator->obj)->u.map_state;
    *start = iterator->cur_record ? iterator->cur_record->link.next : map->records.next;
    *pairs = iterator->kind == JS_ITERATOR_KIND_KEY_AND_VALUE;
    return map;
}

uint32_t inspect_entries(JSContext *realm, JSValueConst collection, JSValue *values, uint32_t limit, uint32_t *total,
                         bool *pairs)
{
    struct list_head *at = NULL;
    JSMapState *map = inspected_map(realm, collection, &at, pairs);
    uint32_t written = 0;
    bool values_only = false, is_set = false;

    *total = 0;
    if (!map) {
        return 0;
    }
    enum inspected kind = inspect_class(collection);
    is_set = kind == INSPECTED_SET || kind == INSPECTED_SET_ITERATOR;
    if (kind == INSPECTED_MAP_ITERATOR) {
        values_only = JS_VALUE_GET_OBJ(collection)->u.map_iterator_data->kind == JS_ITERATOR_KIND_VALUE;
    }
    for (; at != &map->records; at = at->next) {
        JSMapRecord *record = list_entry(at, JSMapRecord, link);
        if (record->empty) {
            continue;
        }
        ++*total;
        if (written == limit) {
            continue;
        }
        *values++ = js_dup(values_only ? record->value : record->key);
        if (*pairs) {
            *values++ = js_dup(is_set ? record->key : record->value);
        }
        written++;
    }
    return written;
}

JSValue inspect_regexp(JSContext *realm, JSValueConst regexp)
{
    static const struct {
        int flag;
        char letter;
    } letters[] = {{LRE_FLAG_INDICES, 'd'},   {LRE_FLAG_GLOBAL, 'g'},  {LRE_FLAG_IGNORECASE, 'i'},
                   {LRE_FLAG_MULTILINE, 'm'}, {LRE_FLAG_DOTALL, 's'},  {LRE_FLAG_UNICODE, 'u'},
                   {LRE_FLAG_UNICODE_SETS, 'v'}, {LRE_FLAG_STICKY, 'y'}};
    JSRegExp *re = js_get_regexp(realm, regexp, true);
    JSValue source = re ? js_regexp_get_source(realm, regexp) : JS_EXCEPTION;
    StringBuffer text;

    if (JS_IsException(source)) {
        return JS_EXCEPTION;
    }
    int flags = lre_get_flags(str8(re->bytecode));
    string_buffer_init(realm, &text, 0);
    string_buffer_putc8(&text, '/');
    string_buffer_concat_value_free(&text, source);
    string_buffer_putc8(&text, '/');
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        if (flags & letters[i].flag) {
            string_buffer_putc8(&text, (uint8_t)letters[i].letter);
        }
    }
    return string_buffer_end(&text);
}

int inspect_function(JSValueConst function)
{
    JSObject *p = JS_VALUE_GET_OBJ(function);

    if (!js_class_has_bytecode(p->class_id)) {
        return INSPECTED_NATIVE;
    }
    const JSFunctionBytecode *code = p->u.func.function_bytecode;
    int kind = 0;
    if (code->func_kind & JS_FUNC_GENERATOR) {
        kind |= INSPECTED_GENERATOR;
    }
    if (code->func_kind & JS_FUNC_ASYNC) {
        kind |= INSPECTED_ASYNC;
    }
    if (code->source && code->source_len > 5 && !memcmp(code->source, "class", 5) &&
        !lre_js_is_ident_next((uint8_t)code->source[5])) {
        kind |= INSPECTED_CLASS;
    }
    return kind;
}

struct inspected_view inspect_view(JSContext *realm, JSValueConst view)
{
    JSObject *p = JS_VALUE_GET_OBJ(view);
    JSTypedArray *array = p->u.typed_array;
    struct inspected_view result = {.buffer = JS_MKPTR(JS_TAG_OBJECT, array->buffer), .offset = array->offset};

    if (p->class_id == JS_CLASS_DATAVIEW) {
        JSArrayBuffer *buffer = array->buffer->u.array_buffer;
        bool tracks = array->track_rab && !buffer->detached && (uint64_t)buffer->byte_length >= array->offset;
        result.length = tracks ? (uint64_t)buffer->byte_length - array->offset : array->length;
    } else {
        result.length = (uint64_t)p->u.array.count << typed_array_size_log2(p->class_id);
    }
    return result;
}

void inspect_dom_exception(JSValueConst exception, JSValueConst *name, JSValueConst *message)
{
    const JSDOMExceptionData *data = JS_VALUE_GET_OBJ(exception)->u.opaque;

    *name = data->name;
    *message = data->message;
}

static void visit_tail_calls(JSContext *realm, JSFunctionBytecode *code, void (*visit)(void *, const struct tail_call *), void *to)
{
    for (int at = 0, size; at < code->byte_code_len; at += size) {
        int operation = code->byte_code_buf[at];
        size = short_opcode_info(operation).size;
        if (operation != OP_tail_call && operation != OP_tail_call_method) {
            continue;
        }
        struct tail_call call = {.function = code->func_name, .strict = code->is_strict_mode};
        call.line = find_line_num(realm, code, (uint32_t)at, &call.column);
        visit(to, &call);
    }
    for (int i = 0; i < code->cpool_count; i++) {
        if (JS_VALUE_GET_TAG(code->cpool[i]) == JS_TAG_FUNCTION_BYTECODE) {
            visit_tail_calls(realm, JS_VALUE_GET_PTR(code->cpool[i]), visit, to);
        }
    }
}

void inspect_tail_calls(JSContext *realm, JSValueConst function, void (*visit)(void *, const struct tail_call *), void *to)
{
    const JSObject *object = JS_VALUE_GET_TAG(function) == JS_TAG_OBJECT ? JS_VALUE_GET_OBJ(function) : NULL;

    if (object && js_class_has_bytecode(object->class_id)) {
        visit_tail_calls(realm, object->u.func.function_bytecode, visit, to);
    }
}
