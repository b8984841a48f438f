/* FileReader (File API section 6): reads a Blob by a task, as if from far away. */
#include "web/base64.h"
#include "web/blob_object.h"
#include "web/blob_url.h"
#include "web/decode.h"
#include "web/event.h"
#include "web/event_object.h"
#include "web/file_reader.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/realm.h"
#include "web/text.h"
#include "web/xhr.h"

#include <stdlib.h>
#include <string.h>

enum reader_state { READER_EMPTY, READER_LOADING, READER_DONE };
enum reading { AS_ARRAY_BUFFER, AS_BINARY_STRING, AS_TEXT, AS_DATA_URL };

struct file_reader {
    struct event_target target; /* first */
    enum reader_state state;
    JSValue result;
    struct reading_task *under_way; /* NULL = none, or it was aborted */
};

/* A task that ends a reading. Own thread from the beginning to the end. */
struct reading_task {
    struct task task;
    struct realm *realm;
    JSValue reader; /* the object; freed when the task runs or the realm goes */
    struct blob_bytes *bytes;
    size_t offset, length;
    enum reading as;
    enum encoding encoding;
    char *type;
    struct external external;
};

static struct file_reader *reader_of(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &file_reader_interface);
}

/* ---- the result ---- */

static JSValue text_of(JSContext *js, const struct reading_task *t, const uint8_t *bytes)
{
    struct decoder d = {.encoding = t->encoding};
    buffer text = {0};
    decoder_feed(&d, bytes, t->length, &text);
    decoder_end(&d, &text);
    return text_new(js, &text);
}

static JSValue data_url(JSContext *js, const struct reading_task *t, const uint8_t *bytes)
{
    buffer url = {0};
    buffer_format(&url, "data:%s;base64,", *t->type ? t->type : "application/octet-stream");
    base64_encode(bytes, t->length, &url);
    return text_new(js, &url);
}

/* File API "package data". */
static JSValue package(JSContext *js, const struct reading_task *t)
{
    const uint8_t *bytes = (const uint8_t *)t->bytes->bytes + t->offset;
    switch (t->as) {
    case AS_ARRAY_BUFFER:
        return JS_NewArrayBufferCopy(js, bytes, t->length);
    case AS_BINARY_STRING:
        return idl_byte_string(js, (const char *)bytes, t->length);
    case AS_TEXT:
        return text_of(js, t, bytes);
    case AS_DATA_URL:
        return data_url(js, t, bytes);
    }
    return JS_NULL;
}

/* ---- the task ---- */

static void fire(struct realm *r, JSValueConst reader, const char *type, size_t length)
{
    if (progress_event_fire(r->js, reader, type, (double)length, (double)length) < 0)
        realm_report_exception(r);
}

static void free_task(struct reading_task *t)
{
    blob_bytes_unref(t->bytes);
    free(t->type);
    free(t);
}

static void let_go(struct external *x)
{
    struct reading_task *t = caa_container_of(x, struct reading_task, external);
    t->realm = NULL; /* the engine ends, and the object with it: the loop drops the task */
}

static void drop(struct task *task)
{
    struct reading_task *t = caa_container_of(task, struct reading_task, task);
    if (t->realm) {
        external_forget(&t->external);
        JS_FreeValue(t->realm->js, t->reader);
    }
    free_task(t);
}

static void finish(struct task *task, struct agent *a)
{
    struct reading_task *t = caa_container_of(task, struct reading_task, task);
    struct realm *r = t->realm;
    (void)a;
    struct file_reader *f = r ? interface_peek(t->reader, &file_reader_interface) : NULL;
    if (f && f->under_way == t) {
        JSValue reader = JS_DupValue(r->js, t->reader), result = package(r->js, t);
        size_t length = t->length;
        f->under_way = NULL;
        f->state = READER_DONE;
        f->result = JS_IsException(result) ? JS_NULL : result;
        fire(r, reader, "load", length);
        if (f->state != READER_LOADING)
            fire(r, reader, "loadend", length);
        JS_FreeValue(r->js, reader);
    }
    drop(task);
}

/* ---- methods ---- */

static JSValue start(JSContext *js, JSValueConst self, JSValueConst value, enum reading as, enum encoding encoding)
{
    struct file_reader *f = reader_of(js, self);
    struct blob_view view;
    if (!f)
        return JS_EXCEPTION;
    if (!blob_view(value, &view))
        return JS_ThrowTypeError(js, "FileReader: what is to be read is not a Blob");
    if (f->state == READER_LOADING)
        return throw_dom_exception(js, "InvalidStateError", "The reader reads already.");
    struct reading_task *t = calloc(1, sizeof *t);
    if (!t)
        return JS_ThrowOutOfMemory(js);
    *t = (struct reading_task){.task = {.run = finish, .drop = drop, .source = TASK_NETWORKING},
                               .realm = realm_of(js),
                               .reader = JS_DupValue(js, self),
                               .bytes = blob_bytes_ref(view.bytes),
                               .offset = view.offset,
                               .length = view.length,
                               .as = as,
                               .encoding = encoding,
                               .type = strdup(view.type)};
    external_hold(engine_of(js), &t->external, let_go);
    JSValue old = f->result;
    f->result = JS_NULL;
    JS_FreeValue(js, old);
    f->state = READER_LOADING;
    f->under_way = t;
    agent_queue(realm_of(js)->agent, &t->task);
    fire(realm_of(js), self, "loadstart", view.length);
    return JS_UNDEFINED;
}

static JSValue read(JSContext *js, JSValueConst self, int count, JSValueConst *arguments, int as)
{
    if (!idl_arguments(js, "FileReader", count, 1))
        return JS_EXCEPTION;
    return start(js, self, arguments[0], (enum reading)as, ENCODING_UTF_8);
}

static JSValue abort_reading(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct file_reader *f = reader_of(js, self);
    if (!f)
        return JS_EXCEPTION;
    if (f->state != READER_LOADING)
        return JS_UNDEFINED;
    f->state = READER_DONE;
    f->under_way = NULL;
    fire(realm_of(js), self, "abort", 0);
    if (f->state != READER_LOADING)
        fire(realm_of(js), self, "loadend", 0);
    return JS_UNDEFINED;
}

/* ---- attributes ---- */

static JSValue get_ready_state(JSContext *js, JSValueConst self)
{
    struct file_reader *f = reader_of(js, self);
    return f ? JS_NewInt32(js, (int)f->state) : JS_EXCEPTION;
}

static JSValue get_result(JSContext *js, JSValueConst self)
{
    struct file_reader *f = reader_of(js, self);
    return f ? JS_DupValue(js, f->result) : JS_EXCEPTION;
}

/* Nothing here can fail to be read. */
static JSValue get_error(JSContext *js, JSValueConst self)
{
    return reader_of(js, self) ? JS_NULL : JS_EXCEPTION;
}

/* ---- the interface ---- */

static JSValue construct(JSContext *js, JSValueConst new_target, int count, JSValueConst *arguments)
{
    struct file_reader *f = js_mallocz(js, sizeof *f);
    if (!f)
        return JS_EXCEPTION;
    f->result = JS_NULL;
    JSValue object = interface_object_from(js, &file_reader_interface, new_target, f);
    if (JS_IsException(object))
        js_free(js, f);
    return object;
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    struct file_reader *f = interface_peek(value, &file_reader_interface);
    if (!f)
        return;
    event_target_release(runtime, &f->target);
    JS_FreeValueRT(runtime, f->result);
    js_free_rt(runtime, f);
}

static void mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark_value)
{
    struct file_reader *f = interface_peek(value, &file_reader_interface);
    if (!f)
        return;
    event_target_mark(runtime, &f->target, mark_value);
    JS_MarkValue(runtime, f->result, mark_value);
}

#define STATES                                                                                     \
    IDL_CONSTANT("EMPTY", READER_EMPTY), IDL_CONSTANT("LOADING", READER_LOADING), IDL_CONSTANT("DONE", READER_DONE)

static const JSCFunctionListEntry prototype[] = {
    IDL_METHOD_MAGIC("readAsArrayBuffer", 1, read, AS_ARRAY_BUFFER),
    IDL_METHOD_MAGIC("readAsBinaryString", 1, read, AS_BINARY_STRING),
    IDL_METHOD_MAGIC("readAsText", 1, read, AS_TEXT),
    IDL_METHOD_MAGIC("readAsDataURL", 1, read, AS_DATA_URL),
    IDL_METHOD("abort", 0, abort_reading),
    STATES,
    IDL_ATTRIBUTE("readyState", get_ready_state, NULL),
    IDL_ATTRIBUTE("result", get_result, NULL),
    IDL_ATTRIBUTE("error", get_error, NULL),
    EVENT_HANDLER_ATTRIBUTE("loadstart", EVENT_LOADSTART),
    EVENT_HANDLER_ATTRIBUTE("progress", EVENT_PROGRESS),
    EVENT_HANDLER_ATTRIBUTE("load", EVENT_LOAD),
    EVENT_HANDLER_ATTRIBUTE("abort", EVENT_ABORT),
    EVENT_HANDLER_ATTRIBUTE("error", EVENT_ERROR),
    EVENT_HANDLER_ATTRIBUTE("loadend", EVENT_LOADEND),
};
static const JSCFunctionListEntry statics[] = {STATES};

const struct interface file_reader_interface = {
    .host_class = HOST_CLASS_FILE_READER,
    .name = "FileReader",
    .parent = &event_target_interface,
    .class_definition = {.finalizer = finalize, .gc_mark = mark},
    .constructor = construct,
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
    .statics = statics,
    .static_count = sizeof statics / sizeof *statics,
};
