/* See places.h. Included by unity.c, never compiled alone. */

#include "engine/places.h"

#include "memory/shared_range.h"

#include <stdlib.h>

/* Open addressing; the engine's own allocator would count them as the script's memory. */
struct pinned_code {
    size_t count, capacity;
    JSFunctionBytecode **slots;
};

static JSObject *frame_function(const JSStackFrame *frame)
{
    return JS_VALUE_GET_TAG(frame->cur_func) == JS_TAG_OBJECT ? JS_VALUE_GET_OBJ(frame->cur_func)
                                                              : NULL;
}

static JSFunctionBytecode *frame_code(const JSObject *function)
{
    return function && js_class_has_bytecode(function->class_id)
               ? function->u.func.function_bytecode
               : NULL;
}

static uintptr_t frame_key(const JSStackFrame *f)
{
    const JSObject *function = frame_function(f);

    if (frame_code(function)) {
        return (uintptr_t)f->cur_pc;
    }
    if (function && function->class_id == JS_CLASS_C_FUNCTION) {
        return (uintptr_t)function->u.cfunc.c_function.generic ^
               (uintptr_t)(uint16_t)function->u.cfunc.magic << 48;
    }
    return 1;
}

uintptr_t places_top(JSRuntime *runtime)
{
    const JSStackFrame *f = runtime->current_stack_frame;
    uintptr_t key = f ? frame_key(f) : 0;

    /* Of a built-in: who calls it. */
    if (f && f->prev_frame && !frame_code(frame_function(f))) {
        key = key * 31 + frame_key(f->prev_frame);
    }
    return key;
}

unsigned places_keys(JSRuntime *runtime, uintptr_t keys[OBSERVE_FRAMES])
{
    unsigned count = 0;

    for (const JSStackFrame *f = runtime->current_stack_frame; f && count < OBSERVE_FRAMES;
         f = f->prev_frame) {
        keys[count++] = frame_key(f);
    }
    return count;
}

static void pin(struct pinned_code **pinned, JSFunctionBytecode *code)
{
    struct pinned_code *p = *pinned;

    if (!p) {
        p = *pinned = calloc(1, sizeof(*p));
        if (!p) {
            return;
        }
    }
    if (p->count * 2 >= p->capacity) {
        struct pinned_code wider = {0, p->capacity ? p->capacity * 2 : 64, NULL};
        wider.slots = calloc(wider.capacity, sizeof(JSFunctionBytecode *));
        if (!wider.slots) {
            return;
        }
        for (size_t i = 0; i < p->capacity; i++) {
            if (p->slots[i]) {
                size_t to = ((uintptr_t)p->slots[i] >> 4) & (wider.capacity - 1);
                while (wider.slots[to]) {
                    to = (to + 1) & (wider.capacity - 1);
                }
                wider.slots[to] = p->slots[i];
            }
        }
        wider.count = p->count;
        free(p->slots);
        *p = wider;
    }
    size_t at = ((uintptr_t)code >> 4) & (p->capacity - 1);
    while (p->slots[at] && p->slots[at] != code) {
        at = (at + 1) & (p->capacity - 1);
    }
    if (!p->slots[at]) {
        p->slots[at] = code;
        p->count++;
        (void)js_dup(JS_MKPTR(JS_TAG_FUNCTION_BYTECODE, code));
    }
}

static void text_of_atom(JSRuntime *runtime, JSAtom atom, char *text, size_t room)
{
    if (atom == JS_ATOM_NULL || atom == JS_ATOM_empty_string) {
        *text = 0;
    } else {
        JS_AtomGetStrRT(runtime, text, (int)room, atom);
    }
}

/* The name of a built-in is a property of its function, there from the start. */
static void text_of_built_in(JSRuntime *runtime, JSObject *function, char *text, size_t room)
{
    JSProperty *property;
    JSShapeProperty *shape = function ? find_own_property(&property, function, JS_ATOM_name) : NULL;

    *text = 0;
    if (shape && (shape->flags & JS_PROP_TMASK) == JS_PROP_NORMAL &&
        JS_VALUE_GET_TAG(property->u.value) == JS_TAG_STRING) {
        const JSString *name = JS_VALUE_GET_STRING(property->u.value);
        size_t length = name->len < room - 1 ? name->len : room - 1;
        if (!name->is_wide_char) {
            memcpy(text, str8((JSString *)name), length);
            text[length] = 0;
        }
    }
}

static void visit_code(JSRuntime *runtime, const JSStackFrame *f, JSObject *object,
                       JSFunctionBytecode *code,
                       void (*visit)(void *, const struct observe_frame *), void *to)
{
    char function[128], file[1024];
    struct observe_frame frame = {.function = function, .file = file};
    int column = 0, line = 0;

    if (f->cur_pc) {
        line = find_line_num(code->realm, code, (uint32_t)(f->cur_pc - code->byte_code_buf - 1),
                             &column);
    }
    text_of_built_in(runtime, object, function, sizeof function);
    if (!*function) {
        text_of_atom(runtime, code->func_name, function, sizeof function);
    }
    if (!strcmp(function, "<null>")) {
        *function = 0;
    }
    text_of_atom(runtime, code->filename, file, sizeof file);
    frame.line = line > 0 ? (uint32_t)line : 0;
    frame.column = column > 0 ? (uint32_t)column : 0;
    visit(to, &frame);
}

void places_frames(JSRuntime *runtime, struct pinned_code **pinned,
                   void (*visit)(void *, const struct observe_frame *), void *to)
{
    unsigned count = 0;

    for (const JSStackFrame *f = runtime->current_stack_frame; f && count < OBSERVE_FRAMES;
         f = f->prev_frame, count++) {
        JSObject *function = frame_function(f);
        JSFunctionBytecode *code = frame_code(function);
        if (code) {
            pin(pinned, code);
            visit_code(runtime, f, function, code, visit, to);
        } else {
            char name[128];
            text_of_built_in(runtime, function, name, sizeof name);
            visit(to, &(struct observe_frame){.function = name});
        }
    }
}

enum observe_view places_view(JSRuntime *runtime, const void *address, const void **base)
{
    int class = runtime->host.view_class;

    *base = runtime->host.view_base;
    if (class < JS_CLASS_UINT8C_ARRAY || class > JS_CLASS_DATAVIEW || *base > address ||
        !shared_range_holds(*base)) {
        return OBSERVE_VIEW_NONE;
    }
    return (enum observe_view)(class - JS_CLASS_UINT8C_ARRAY + OBSERVE_VIEW_UINT8_CLAMPED);
}

_Static_assert(JS_CLASS_DATAVIEW - JS_CLASS_UINT8C_ARRAY ==
                       OBSERVE_VIEW_DATA_VIEW - OBSERVE_VIEW_UINT8_CLAMPED &&
                   JS_CLASS_INT32_ARRAY - JS_CLASS_UINT8C_ARRAY ==
                       OBSERVE_VIEW_INT32 - OBSERVE_VIEW_UINT8_CLAMPED &&
                   JS_CLASS_BIG_INT64_ARRAY - JS_CLASS_UINT8C_ARRAY ==
                       OBSERVE_VIEW_BIG_INT64 - OBSERVE_VIEW_UINT8_CLAMPED,
               "views are in the order of the engine's classes");

void places_release(JSRuntime *runtime, struct pinned_code *pinned, bool dropped)
{
    if (!pinned) {
        return;
    }
    for (size_t i = 0; !dropped && i < pinned->capacity; i++) {
        if (pinned->slots[i]) {
            JS_FreeValueRT(runtime, JS_MKPTR(JS_TAG_FUNCTION_BYTECODE, pinned->slots[i]));
        }
    }
    free(pinned->slots);
    free(pinned);
}
