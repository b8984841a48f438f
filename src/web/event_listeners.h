/* The list of listeners of one target, for event_target.c and event_dispatch.c.
 *
 * While a dispatch walks a list, entries keep their places: a removed one is only marked, and the last dispatch to leave closes the
 * gaps. New ones go to the end, behind what the walk will visit. */
#ifndef HEDDLE_WEB_EVENT_LISTENERS_H
#define HEDDLE_WEB_EVENT_LISTENERS_H

#include "web/event_object.h"

struct listener {
    JSAtom type;
    uint8_t known; /* enum event_type */
    bool capture, once, passive;
    bool handler; /* the value of an event handler attribute */
    bool raw;     /* a handler whose text is not compiled yet: the callback is [text, element] */
    bool removed; /* the callback is freed */
    JSValue callback;
};

struct event_listeners {
    struct listener *items;
    uint32_t count, capacity;
    uint32_t walkers; /* dispatches under way */
    bool gaps;
    bool capturing; /* some listener is or was for the capturing phase */
};

/* Where the listeners of a target are kept: of an object of an interface that inherits EventTarget, or of the realm's global object,
 * which undefined and null stand for too. NULL for any other value, without an exception. */
struct event_listeners **event_listeners_of(JSContext *js, JSValueConst target);
struct event_listeners **event_listeners_or_throw(JSContext *js, JSValueConst self); /* with a TypeError */

/* The inside of a target; NULL for a global object, whose list is elsewhere. */
struct event_target *event_target_of(JSContext *js, JSValueConst value);

/* Tells the target's hooks that a listener came or went. */
void event_target_changed(JSContext *js, JSValueConst target);

void event_listener_remove(JSContext *js, struct event_listeners *l, uint32_t index);

/* The place for one more listener; NULL when out of memory. */
struct listener *event_listener_append(JSContext *js, struct event_listeners **at);

/* HTML "getting the current value of the event handler": compiles a raw one. An error in its text is reported, and the handler is
 * null from then on. */
void event_handler_compile(JSContext *js, struct event_listeners *l, uint32_t index);

/* A walk begins and ends: between the two, indices stay valid. The list may be freed in between only with its target, which the caller
 * holds. */
static inline void event_listeners_enter(struct event_listeners *l)
{
    l->walkers++;
}
void event_listeners_close_gaps(struct event_listeners *l);
static inline void event_listeners_leave(struct event_listeners *l)
{
    if (--l->walkers == 0 && l->gaps)
        event_listeners_close_gaps(l);
}

#endif
