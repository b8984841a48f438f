/* The inside of event objects, for the files of this module that make and dispatch them. */
#ifndef HEDDLE_WEB_EVENT_OBJECT_H
#define HEDDLE_WEB_EVENT_OBJECT_H

#include "web/event.h"

enum event_phase { PHASE_NONE, PHASE_CAPTURING, PHASE_AT_TARGET, PHASE_BUBBLING };

/* The opaque data of every event object. What a derived interface adds are slots, one per attribute, filled when the attribute is
 * first read where the host made the event. */
struct event {
    JSAtom type;    /* JS_ATOM_NULL while only `known` names it */
    uint8_t known;  /* enum event_type */
    uint8_t phase;
    uint8_t slot_count;
    bool bubbles, cancelable, composed, trusted;
    bool initialized, dispatching, canceled, stop, stop_immediately, in_passive_listener;
    int64_t time; /* ns of the run's clock: of what it signals (DOM "create an event"), or of its construction */
    JSValue target;              /* null without one */
    struct event_path *path; /* while it is dispatched to a target with parents */
    JSValueConst current_target; /* null, or the target while the event is under way: not counted */
    JSValue slots[]; /* JS_UNINITIALIZED = not asked for yet */
};

/* DOM "event path": from the target to the last of its parents. */
struct event_path {
    JSValue *targets;
    uint32_t count, capacity;
};

enum { MESSAGE_DATA, MESSAGE_ORIGIN, MESSAGE_LAST_EVENT_ID, MESSAGE_SOURCE, MESSAGE_PORTS, MESSAGE_SLOTS };
enum { ERROR_MESSAGE, ERROR_FILENAME, ERROR_LINENO, ERROR_COLNO, ERROR_ERROR, ERROR_SLOTS };
enum { REJECTION_PROMISE, REJECTION_REASON, REJECTION_SLOTS };
enum { CUSTOM_DETAIL, CUSTOM_SLOTS };
enum { POP_STATE_STATE, POP_STATE_SLOTS };
enum { HASH_CHANGE_OLD, HASH_CHANGE_NEW, HASH_CHANGE_SLOTS };
enum { PROGRESS_LENGTH_COMPUTABLE, PROGRESS_LOADED, PROGRESS_TOTAL, PROGRESS_SLOTS };

/* A new event object whose slots are uninitialized and whose time is the caller's to set: `*out` is its inside. From `new_target` in a constructor, undefined otherwise. An
 * exception when out of memory. */
JSValue event_new(JSContext *js, const struct interface *i, JSValueConst new_target, int slot_count, struct event **out);

/* Makes the inside as event_new left it. May free what the event held, runs no JavaScript. */
void event_renew(JSContext *js, struct event *e);
/* A trusted event of that type that only waits for its slots; it neither bubbles nor is cancelable. An exception when out of memory. */
JSValue event_new_trusted(JSContext *js, const struct interface *i, const char *type, int slot_count, struct event **out);

/* event_dispatch, and the event is freed. */
int event_dispatch_and_free(JSContext *js, JSValueConst target, JSValue event);

/* The inside of any event object, NULL without an exception for other values. */
struct event *event_peek(JSValueConst value);

/* The same with a TypeError. */
struct event *event_of(JSContext *js, JSValueConst value);

/* Arguments (type, dictionary) of an event constructor: makes the object, reads EventInit and leaves the dictionary in *dictionary. */
JSValue event_construct(JSContext *js, const struct interface *i, JSValueConst new_target, int count, JSValueConst *arguments,
                        int slot_count, struct event **out, JSValueConst *dictionary);

/* DOM "initialize" an event: 0, or -1 with an exception. */
int event_initialize(JSContext *js, struct event *e, JSValueConst type, bool bubbles, bool cancelable);

/* The type's atom, made when it was not needed before; JS_ATOM_NULL when out of memory. Borrowed. */
JSAtom event_type_atom(JSContext *js, struct event *e);

void event_finalizer(JSRuntime *runtime, JSValueConst value);
void event_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark);
#define EVENT_CLASS_DEFINITION {.finalizer = event_finalizer, .gc_mark = event_mark}

/* Which of the listed types this is; EVENT_OTHER for none. */
enum event_type event_type_of(JSContext *js, JSAtom type);
const char *event_type_name(enum event_type type);

/* DOM "dispatch" on a target that has no parents: 1 canceled, 0 not, -1 when JavaScript was
 * interrupted (the uncatchable exception is pending). */
int event_dispatch(JSContext *js, JSValueConst target, JSValueConst event);

#define IDL_ENUMERABLE (JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE)
#define IDL_METHOD(name, length, function)                                                         \
    JS_CFUNC_DEF2(name, length, function, JS_PROP_C_W_E)
#define IDL_METHOD_MAGIC(name, length, function, magic)                                            \
    {                                                                                              \
        name, JS_PROP_C_W_E, JS_DEF_CFUNC, magic, .u = {                                           \
            .func = {length, JS_CFUNC_generic_magic, {.generic_magic = function}}                  \
        }                                                                                          \
    }
#define IDL_ATTRIBUTE(name, getter, setter) JS_CGETSET_DEF2(name, getter, setter, IDL_ENUMERABLE)
#define IDL_ATTRIBUTE_MAGIC(name, getter, setter, magic)                                           \
    JS_CGETSET_MAGIC_DEF2(name, getter, setter, magic, IDL_ENUMERABLE)
#define IDL_CONSTANT(name, value) JS_PROP_INT32_DEF(name, value, JS_PROP_ENUMERABLE)

#endif
