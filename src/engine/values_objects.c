/* Values from the inside: wrappers, BigInt, RegExp, errors, Map and Set. Included by unity.c, never compiled alone. */

JSValueConst object_data(JSValueConst object)
{
    return JS_VALUE_GET_OBJ(object)->u.object_data;
}

JSValue object_with_data(JSContext *realm, enum object_kind kind, JSValueConst data)
{
    JSValue object;

    if (kind == OBJECT_STRING) { /* its length is an own property, which ToObject makes */
        return JS_ToObject(realm, data);
    }
    object = JS_NewObjectClass(realm, kind == OBJECT_BOOLEAN  ? JS_CLASS_BOOLEAN
                                      : kind == OBJECT_NUMBER ? JS_CLASS_NUMBER
                                      : kind == OBJECT_BIGINT ? JS_CLASS_BIG_INT
                                                              : JS_CLASS_DATE);
    if (!JS_IsException(object)) {
        JS_SetObjectData(realm, object, js_dup(data));
    }
    return object;
}

const void *bigint_words(JSValueConst bigint, size_t *size)
{
    const JSBigInt *b = JS_VALUE_GET_PTR(bigint);

    *size = b->len * sizeof(js_limb_t);
    return b->tab;
}

JSValue bigint_from_words(JSContext *realm, const void *words, size_t size)
{
    JSBigInt *b = js_bigint_new(realm, (int)(size / sizeof(js_limb_t)));

    if (!b) {
        return JS_EXCEPTION;
    }
    memcpy(b->tab, words, size);
    return JS_MKPTR(JS_TAG_BIG_INT, b);
}

int64_t bigint_short(JSValueConst bigint)
{
    return JS_VALUE_GET_SHORT_BIG_INT(bigint);
}

/* ---- RegExp ---- */

int regexp_parts(JSContext *realm, JSValueConst regexp, JSValue *source, JSValue *flags)
{
    static const struct {
        int bit;
        char letter;
    } letters[] = {{LRE_FLAG_INDICES, 'd'}, {LRE_FLAG_GLOBAL, 'g'},  {LRE_FLAG_IGNORECASE, 'i'}, {LRE_FLAG_MULTILINE, 'm'},
                   {LRE_FLAG_DOTALL, 's'},  {LRE_FLAG_UNICODE, 'u'}, {LRE_FLAG_UNICODE_SETS, 'v'}, {LRE_FLAG_STICKY, 'y'}};
    const JSRegExp *re = &JS_VALUE_GET_OBJ(regexp)->u.regexp;
    int bits = lre_get_flags(str8(re->bytecode));
    char text[countof(letters)];
    uint32_t length = 0;

    for (size_t i = 0; i < countof(letters); i++) {
        if (bits & letters[i].bit) {
            text[length++] = letters[i].letter;
        }
    }
    *flags = string_from_units(realm, text, length, false);
    if (JS_IsException(*flags)) {
        return -1;
    }
    *source = js_dup(JS_MKPTR(JS_TAG_STRING, re->pattern));
    return 0;
}

JSValue regexp_from_parts(JSContext *realm, JSValueConst source, JSValueConst flags)
{
    JSValue code = js_compile_regexp(realm, source, flags);

    if (JS_IsException(code)) {
        return JS_EXCEPTION;
    }
    return js_regexp_constructor_internal(realm, JS_UNDEFINED, js_dup(source), code);
}

/* ---- errors ---- */

JSValue error_of_type(JSContext *realm, enum error_type type)
{
    static const uint8_t native[] = {[ERROR_EVAL] = JS_EVAL_ERROR,           [ERROR_RANGE] = JS_RANGE_ERROR,
                                     [ERROR_REFERENCE] = JS_REFERENCE_ERROR, [ERROR_SYNTAX] = JS_SYNTAX_ERROR,
                                     [ERROR_TYPE] = JS_TYPE_ERROR,           [ERROR_URI] = JS_URI_ERROR};

    return JS_NewObjectProtoClass(
        realm, type == ERROR_PLAIN ? realm->class_proto[JS_CLASS_ERROR] : realm->native_error_proto[native[type]],
        JS_CLASS_ERROR);
}

int error_define(JSContext *realm, JSValueConst error, const char *name, JSValue value)
{
    return JS_DefinePropertyValueStr(realm, error, name, value, JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE) < 0 ? -1 : 0;
}

JSValue own_data_value(JSContext *realm, JSValueConst object, const char *name)
{
    JSPropertyDescriptor desc;
    JSAtom atom = JS_NewAtom(realm, name);
    int found = atom == JS_ATOM_NULL ? -1 : JS_GetOwnPropertyInternal(realm, &desc, JS_VALUE_GET_OBJ(object), atom);

    JS_FreeAtom(realm, atom);
    if (found < 0) {
        return JS_EXCEPTION;
    }
    if (found && (desc.flags & JS_PROP_GETSET)) {
        js_free_desc(realm, &desc);
        found = 0;
    }
    return found ? desc.value : JS_UNINITIALIZED;
}

JSValue error_stack(JSContext *realm, JSValueConst error)
{
    JSValue own = own_data_value(realm, error, "stack");

    if (JS_IsException(own) || JS_IsString(own)) {
        return own;
    }
    JS_FreeValue(realm, own);
    JSValueConst taken = object_data(error);
    return JS_IsString(taken) ? js_dup(taken) : JS_UNINITIALIZED;
}

void error_set_stack(JSContext *realm, JSValueConst error, JSValue stack)
{
    JSObject *p = JS_VALUE_GET_OBJ(error);

    JS_FreeValue(realm, p->u.object_data);
    p->u.object_data = stack;
}

void dom_exception_parts(JSValueConst exception, JSValueConst *name, JSValueConst *message)
{
    const JSDOMExceptionData *data = JS_VALUE_GET_OBJ(exception)->u.opaque;

    *name = data ? data->name : JS_UNDEFINED;
    *message = data ? data->message : JS_UNDEFINED;
}

JSValue dom_exception_from_parts(JSContext *realm, JSValueConst name, JSValueConst message)
{
    JSValueConst arguments[] = {message, name};

    if (!JS_IsRegisteredClass(realm->rt, JS_CLASS_DOM_EXCEPTION) ||
        !JS_IsObject(realm->class_proto[JS_CLASS_DOM_EXCEPTION])) {
        /* The interface is built when the global property is touched. */
        JSValue constructor = JS_GetPropertyStr(realm, realm->global_obj, "DOMException");
        if (JS_IsException(constructor)) {
            return constructor;
        }
        JS_FreeValue(realm, constructor);
        if (!JS_IsRegisteredClass(realm->rt, JS_CLASS_DOM_EXCEPTION) ||
            !JS_IsObject(realm->class_proto[JS_CLASS_DOM_EXCEPTION])) {
            return JS_ThrowTypeError(realm, "DOMException is not exposed here");
        }
    }
    return js_domexception_constructor0(realm, JS_UNDEFINED, countof(arguments), arguments, 0);
}

/* ---- Map and Set ---- */

static const JSMapState *collection_state(JSValueConst collection)
{
    return JS_VALUE_GET_OBJ(collection)->u.map_state;
}

size_t collection_size(JSValueConst collection)
{
    size_t per_entry = JS_VALUE_GET_OBJ(collection)->class_id == JS_CLASS_MAP ? 2 : 1;

    return collection_state(collection)->record_count * per_entry;
}

void collection_copy(JSContext *realm, JSValueConst collection, JSValue *values)
{
    bool is_map = JS_VALUE_GET_OBJ(collection)->class_id == JS_CLASS_MAP;
    struct list_head *link;

    list_for_each(link, &collection_state(collection)->records) {
        const JSMapRecord *record = list_entry(link, JSMapRecord, link);
        if (record->empty) {
            continue;
        }
        *values++ = js_dup(record->key);
        if (is_map) {
            *values++ = js_dup(record->value);
        }
    }
}

JSValue collection_new(JSContext *realm, enum object_kind kind)
{
    return js_map_constructor(realm, JS_UNDEFINED, 0, NULL, kind == OBJECT_SET ? MAGIC_SET : 0);
}

int collection_add(JSContext *realm, JSValueConst collection, JSValueConst key, JSValueConst value)
{
    JSValueConst arguments[] = {key, value};
    int magic = JS_VALUE_GET_OBJ(collection)->class_id == JS_CLASS_SET ? MAGIC_SET : 0;
    JSValue result = js_map_set(realm, collection, countof(arguments), arguments, magic);

    JS_FreeValue(realm, result);
    return JS_IsException(result) ? -1 : 0;
}
