/* TextEncoder, TextDecoder (https://encoding.spec.whatwg.org), atob and btoa (HTML 8.3). */
#include "engine/inspection.h"
#include "engine/interface.h"
#include "web/base64.h"
#include "web/decode.h"
#include "web/event_object.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/text.h"

#include <string.h>

/* ---- TextEncoder ---- */

static const struct interface encoder_interface;

static JSValue encoder_construct(JSContext *js, JSValueConst new_target, int count,
                                 JSValueConst *arguments)
{
    char *mark = js_mallocz(js, 1);
    if (!mark)
        return JS_EXCEPTION;
    JSValue object = interface_object_from(js, &encoder_interface, new_target, mark);
    if (JS_IsException(object))
        js_free(js, mark);
    return object;
}

static void encoder_finalize(JSRuntime *runtime, JSValueConst value)
{
    js_free_rt(runtime, interface_peek(value, &encoder_interface));
}

static JSValue encoder_encoding(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &encoder_interface) ? JS_NewString(js, "utf-8")
                                                          : JS_EXCEPTION;
}

static JSValue encoder_encode(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    buffer text = {0};
    if (!interface_opaque(js, self, &encoder_interface))
        return JS_EXCEPTION;
    if (count > 0 && !JS_IsUndefined(arguments[0]) && text_add_usv(js, arguments[0], &text))
        return JS_EXCEPTION;
    JSValue result = JS_NewUint8ArrayCopy(js, (const uint8_t *)buffer_text(&text), text.length);
    buffer_release(&text);
    return result;
}

static JSValue encoder_encode_into(JSContext *js, JSValueConst self, int count,
                                   JSValueConst *arguments)
{
    if (!interface_opaque(js, self, &encoder_interface) ||
        !idl_arguments(js, "encodeInto", count, 2))
        return JS_EXCEPTION;
    struct buffer_source target;
    buffer text = {0};
    if (text_add_usv(js, arguments[0], &text))
        return JS_EXCEPTION;
    if (JS_GetTypedArrayType(arguments[1]) != JS_TYPED_ARRAY_UINT8 ||
        buffer_source_get(js, arguments[1], true, &target)) {
        buffer_release(&text);
        return JS_ThrowTypeError(js, "encodeInto: the destination is not a Uint8Array");
    }
    size_t read = 0, written = 0;
    while (written < text.length) {
        unsigned char c = (unsigned char)text.text[written];
        size_t size = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        if (written + size > target.length)
            break;
        written += size;
        read += size == 4 ? 2 : 1;
    }
    buffer_source_write(&target, buffer_text(&text), written);
    buffer_release(&text);
    JSValue result = JS_NewObject(js);
    if (!JS_IsException(result)) {
        JS_DefinePropertyValueStr(js, result, "read", JS_NewInt64(js, (int64_t)read),
                                  JS_PROP_C_W_E);
        JS_DefinePropertyValueStr(js, result, "written", JS_NewInt64(js, (int64_t)written),
                                  JS_PROP_C_W_E);
    }
    return result;
}

static const JSCFunctionListEntry encoder_prototype[] = {
    IDL_ATTRIBUTE("encoding", encoder_encoding, NULL),
    IDL_METHOD("encode", 0, encoder_encode),
    IDL_METHOD("encodeInto", 2, encoder_encode_into),
};

static const struct interface encoder_interface = {
    .host_class = HOST_CLASS_TEXT_ENCODER,
    .name = "TextEncoder",
    .class_definition = {.finalizer = encoder_finalize},
    .constructor = encoder_construct,
    .prototype = encoder_prototype,
    .prototype_count = sizeof encoder_prototype / sizeof *encoder_prototype,
};

/* ---- TextDecoder ---- */

struct text_decoder {
    struct decoder decoder;
    bool streaming; /* the last call asked for more */
};

static const struct interface decoder_interface;

static int decoder_read_options(JSContext *js, JSValueConst given, struct decoder *d)
{
    JSValueConst options;
    if (idl_dictionary(js, given, &options))
        return -1;
    int fatal = idl_boolean_member(js, options, "fatal", false);
    int keep_bom = fatal < 0 ? -1 : idl_boolean_member(js, options, "ignoreBOM", false);
    d->fatal = fatal > 0;
    d->keep_bom = keep_bom > 0;
    return keep_bom < 0 ? -1 : 0;
}

static JSValue decoder_construct(JSContext *js, JSValueConst new_target, int count,
                                 JSValueConst *arguments)
{
    struct decoder d = {.encoding = ENCODING_UTF_8};
    if (count > 0 && !JS_IsUndefined(arguments[0])) {
        size_t length;
        const char *label = JS_ToCStringLen(js, &length, arguments[0]);
        if (!label)
            return JS_EXCEPTION;
        d.encoding = encoding_of_label(label, length);
        if (d.encoding == ENCODING_COUNT)
            JS_ThrowRangeError(js, "The \"%s\" encoding is not supported", label);
        JS_FreeCString(js, label);
        if (d.encoding == ENCODING_COUNT)
            return JS_EXCEPTION;
    }
    if (decoder_read_options(js, count > 1 ? arguments[1] : JS_UNDEFINED, &d))
        return JS_EXCEPTION;
    struct text_decoder *t = js_mallocz(js, sizeof *t);
    if (!t)
        return JS_EXCEPTION;
    t->decoder = d;
    JSValue object = interface_object_from(js, &decoder_interface, new_target, t);
    if (JS_IsException(object))
        js_free(js, t);
    return object;
}

static void decoder_finalize(JSRuntime *runtime, JSValueConst value)
{
    js_free_rt(runtime, interface_peek(value, &decoder_interface));
}

enum { DECODER_ENCODING, DECODER_FATAL, DECODER_IGNORE_BOM };

static JSValue decoder_get(JSContext *js, JSValueConst self, int which)
{
    const struct text_decoder *t = interface_opaque(js, self, &decoder_interface);
    if (!t)
        return JS_EXCEPTION;
    if (which == DECODER_ENCODING)
        return JS_NewString(js, encoding_name(t->decoder.encoding));
    return JS_NewBool(js, which == DECODER_FATAL ? t->decoder.fatal : t->decoder.keep_bom);
}

static void decoder_restart(struct decoder *d)
{
    *d = (struct decoder){.encoding = d->encoding, .fatal = d->fatal, .keep_bom = d->keep_bom};
}

static JSValue decoder_decode(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct text_decoder *t = interface_opaque(js, self, &decoder_interface);
    JSValueConst options;
    buffer input = {0}, text = {0};
    if (!t || idl_dictionary(js, count > 1 ? arguments[1] : JS_UNDEFINED, &options))
        return JS_EXCEPTION;
    int more = idl_boolean_member(js, options, "stream", false);
    if (more < 0)
        return JS_EXCEPTION;
    struct buffer_source source = {0};
    if (count > 0 && !JS_IsUndefined(arguments[0]) &&
        buffer_source_get(js, arguments[0], true, &source))
        return JS_EXCEPTION;
    if (!t->streaming)
        decoder_restart(&t->decoder);
    t->streaming = more > 0;
    if (source.block) {
        buffer_source_read(&source, &input);
        decoder_feed(&t->decoder, (const uint8_t *)buffer_text(&input), input.length, &text);
        buffer_release(&input);
    } else if (source.length) {
        decoder_feed(&t->decoder, source.bytes, source.length, &text);
    }
    if (!more)
        decoder_end(&t->decoder, &text);
    if (t->decoder.failed) {
        buffer_release(&text);
        decoder_restart(&t->decoder);
        t->streaming = false;
        return JS_ThrowTypeError(js, "The encoded data was not valid for encoding %s",
                                 encoding_name(t->decoder.encoding));
    }
    return text_new(js, &text);
}

static const JSCFunctionListEntry decoder_prototype[] = {
    IDL_ATTRIBUTE_MAGIC("encoding", decoder_get, NULL, DECODER_ENCODING),
    IDL_ATTRIBUTE_MAGIC("fatal", decoder_get, NULL, DECODER_FATAL),
    IDL_ATTRIBUTE_MAGIC("ignoreBOM", decoder_get, NULL, DECODER_IGNORE_BOM),
    IDL_METHOD("decode", 0, decoder_decode),
};

static const struct interface decoder_interface = {
    .host_class = HOST_CLASS_TEXT_DECODER,
    .name = "TextDecoder",
    .class_definition = {.finalizer = decoder_finalize},
    .constructor = decoder_construct,
    .prototype = decoder_prototype,
    .prototype_count = sizeof decoder_prototype / sizeof *decoder_prototype,
};

/* ---- atob, btoa ---- */

/* Appends a string's characters as bytes; false when one does not fit. */
static bool add_latin1(const uint16_t *units, size_t length, buffer *out)
{
    for (size_t i = 0; i < length; i++) {
        if (units[i] > 0xff)
            return false;
        char byte = (char)units[i];
        buffer_add_bytes(out, &byte, 1);
    }
    return true;
}

static JSValue string_of_bytes(JSContext *js, const buffer *bytes)
{
    buffer text = {0};
    for (size_t i = 0; i < bytes->length; i++) {
        unsigned char c = (unsigned char)bytes->text[i];
        unsigned char wide[2] = {(unsigned char)(0xc0 | c >> 6),
                                 (unsigned char)(0x80 | (c & 0x3f))};
        buffer_add_bytes(&text, c < 0x80 ? &c : wide, c < 0x80 ? 1 : 2);
    }
    return text_new(js, &text);
}

/* Both: magic 0 decodes, 1 encodes. */
static JSValue convert_base64(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                              int encodes)
{
    size_t length;
    if (!idl_arguments(js, encodes ? "btoa" : "atob", count, 1))
        return JS_EXCEPTION;
    const uint16_t *units = JS_ToCStringLenUTF16(js, &length, arguments[0]);
    if (!units)
        return JS_EXCEPTION;
    buffer bytes = {0}, out = {0};
    bool good = add_latin1(units, length, &bytes);
    JS_FreeCStringUTF16(js, units);
    if (good && encodes)
        base64_encode((const unsigned char *)buffer_text(&bytes), bytes.length, &out);
    else if (good)
        good = base64_decode(buffer_text(&bytes), bytes.length, &out);
    buffer_release(&bytes);
    JSValue result = JS_EXCEPTION;
    if (good)
        result = encodes ? JS_NewStringLen(js, buffer_text(&out), out.length)
                         : string_of_bytes(js, &out);
    else
        throw_dom_exception(js, "InvalidCharacterError",
                            encodes ? "The string has characters outside Latin-1"
                                    : "The string is not base64");
    buffer_release(&out);
    return result;
}

static const JSCFunctionListEntry functions[] = {
    {"atob", JS_PROP_C_W_E, JS_DEF_CFUNC, 0,
     .u = {.func = {1, JS_CFUNC_generic_magic, {.generic_magic = convert_base64}}}},
    {"btoa", JS_PROP_C_W_E, JS_DEF_CFUNC, 1,
     .u = {.func = {1, JS_CFUNC_generic_magic, {.generic_magic = convert_base64}}}},
};

static const struct lazy_property lazy[] = {
    INTERFACE_PROPERTY(encoder_interface),
    INTERFACE_PROPERTY(decoder_interface),
};

const struct global_part encoding_globals = {
    .lazy = lazy,
    .lazy_count = sizeof lazy / sizeof *lazy,
    .functions = functions,
    .function_count = sizeof functions / sizeof *functions,
};
