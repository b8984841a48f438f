/* Events (DOM section 2, HTML 8.1.8): the interfaces and what the host fires.
 *
 * All functions run on the agent's own thread and run JavaScript. Every fired event is trusted. What a listener throws is reported on
 * the realm's global (R-ER-01), and a microtask checkpoint follows each listener when no other JavaScript is running (R-EL-08). */
#ifndef HEDDLE_WEB_EVENT_H
#define HEDDLE_WEB_EVENT_H

#include "web/event_target.h"

extern const struct interface event_interface;
extern const struct interface custom_event_interface;
extern const struct interface message_event_interface;
extern const struct interface error_event_interface;
extern const struct interface message_port_interface; /* web/message_port.c */
extern const struct interface promise_rejection_event_interface;
extern const struct interface pop_state_event_interface, hash_change_event_interface;
extern const struct interface abort_controller_interface;
extern const struct interface abort_signal_interface;

/* All of these return 1 when a listener canceled the event, 0 when none did, and -1 when there was no memory for the event (an
 * exception is pending). `target` is an object of an interface that inherits EventTarget, or the realm's global. */

/* A plain Event that neither bubbles nor is cancelable. */
int event_target_fire_simple(JSContext *js, JSValueConst target, const char *type);

/* A MessageEvent. Not cancelable. Costs next to nothing when nobody listens. The values of `init`
 * are taken. */
struct message_event_init {
    JSValue data;
    JSValue ports;      /* an array, undefined for none */
    JSValue source;     /* null for none */
    const char *origin; /* copied; NULL = "" */
};
int event_target_fire_message(JSContext *js, JSValueConst target, const char *type,
                              const struct message_event_init *init);

/* `pageshow` and `pagehide`, with `persisted`. */
int event_target_fire_page_transition(JSContext *js, JSValueConst target, const char *type, bool persisted);

/* `beforeunload`: 1 when a listener wants to stay, by preventDefault, returnValue or what its handler returns. */
int event_target_fire_before_unload(JSContext *js, JSValueConst target);

/* A cancelable ErrorEvent named `error`. */
int event_target_fire_error(JSContext *js, JSValueConst target, const struct error_report *report, JSValueConst error);

/* The same under another name, and not cancelable: `processorerror`. */
int event_target_fire_error_as(JSContext *js, JSValueConst target, const char *type, const struct error_report *report, JSValueConst error);

/* A PromiseRejectionEvent: EVENT_UNHANDLEDREJECTION (cancelable) or EVENT_REJECTIONHANDLED. */
int event_target_fire_rejection(JSContext *js, JSValueConst target, enum event_type type, JSValueConst promise,
                                JSValueConst reason);

/* ---- AbortSignal (DOM section 3) ---- */

/* True if the value is an AbortSignal that is aborted. */
bool abort_signal_aborted(JSValueConst signal);

/* The abort reason, a new reference; undefined while not aborted. */
JSValue abort_signal_reason(JSContext *js, JSValueConst signal);

/* DOM "create a dependent abort signal" from one other, or from none when that is undefined. */
JSValue abort_signal_following(JSContext *js, JSValueConst source);

/* Calls `function` (taken), without arguments, when the signal is aborted; at most once, and never if it is aborted already. 0, or -1
 * with an exception. */
int abort_signal_add(JSContext *js, JSValueConst signal, JSValue function);

/* Takes such a function back: it is not called any more. */
void abort_signal_remove(JSContext *js, JSValueConst signal, JSValueConst function);

#endif
