/* EventTarget: lists of listeners, event handler attributes (`on<type>`) and how another interface becomes an event target.
 *
 * Ownership: the listeners of a target belong to it; callbacks are engine values that its class marks and frees. Threads: the
 * agent's own. Blocking: dispatching runs JavaScript.
 *
 * An interface that inherits EventTarget names event_target_interface as (grand)parent, and the opaque data of its objects
 * begins with a struct event_target; its gc_mark and finalizer call event_target_mark and event_target_release. A global object has
 * none: its listeners are in struct realm. */
#ifndef HEDDLE_WEB_EVENT_TARGET_H
#define HEDDLE_WEB_EVENT_TARGET_H

#include "engine/interface.h"

#include <stdbool.h>

struct realm;
struct event_listeners;

/* The types the host fires itself or that have an event handler attribute. */
#define EVENT_TYPE_LIST(X)                                                                         \
    X(MESSAGE, "message")                                                                          \
    X(MESSAGEERROR, "messageerror")                                                                \
    X(ERROR, "error")                                                                              \
    X(UNHANDLEDREJECTION, "unhandledrejection")                                                    \
    X(REJECTIONHANDLED, "rejectionhandled")                                                        \
    X(ABORT, "abort")                                                                              \
    X(CLOSE, "close")                                                                              \
    X(PROCESSORERROR, "processorerror")                                                            \
    X(CONNECT, "connect")                                                                          \
    X(LOAD, "load")                                                                                \
    X(BEFOREUNLOAD, "beforeunload")                                                                \
    X(UNLOAD, "unload")                                                                            \
    X(PAGEHIDE, "pagehide")                                                                        \
    X(PAGESHOW, "pageshow")                                                                        \
    X(LANGUAGECHANGE, "languagechange")                                                            \
    X(OFFLINE, "offline")                                                                          \
    X(ONLINE, "online")                                                                            \
    X(STORAGE, "storage")                                                                          \
    X(READYSTATECHANGE, "readystatechange")                                                        \
    X(VISIBILITYCHANGE, "visibilitychange")                                                        \
    X(HASHCHANGE, "hashchange")                                                                    \
    X(POPSTATE, "popstate")                                                                        \
    X(CLICK, "click")                                                                              \
    X(LOADSTART, "loadstart")                                                                      \
    X(PROGRESS, "progress")                                                                        \
    X(TIMEOUT, "timeout")                                                                          \
    X(LOADEND, "loadend")                                                                          \
    X(INSTALL, "install")                                                                          \
    X(ACTIVATE, "activate")                                                                        \
    X(FETCH, "fetch")                                                                              \
    X(STATECHANGE, "statechange")                                                                  \
    X(UPDATEFOUND, "updatefound")                                                                  \
    X(CONTROLLERCHANGE, "controllerchange")

enum event_type {
    EVENT_OTHER, /* any other name */
#define X(name, text) EVENT_##name,
    EVENT_TYPE_LIST(X)
#undef X
        EVENT_TYPE_COUNT
};

/* What an interface wants to know of its targets; every member may be NULL. */
struct event_target_hooks {
    /* An event handler attribute was assigned, whatever the value (R-MP-01: the first onmessage starts a port). */
    void (*handler_assigned)(JSContext *js, JSValueConst target, enum event_type type);
    /* A listener was added or removed: event_target_listens may answer differently. */
    void (*listeners_changed)(JSContext *js, JSValueConst target);
};

struct event_target {
    struct event_listeners *listeners; /* NULL = never had one */
    const struct event_target_hooks *hooks; /* NULL = none */
};

extern const struct interface event_target_interface;

void event_target_mark(JSRuntime *runtime, struct event_target *t, JS_MarkFunc *mark);
void event_target_release(JSRuntime *runtime, struct event_target *t);
bool event_target_listens(const struct event_target *t, enum event_type type);

/* For the global's list, which no class marks: to be freed before the realm. NULL is allowed. */
void event_listeners_free(JSRuntime *runtime, struct event_listeners *l);

/* Accessors of an event handler attribute; the magic is an enum event_type. On a prototype or on a global object:
 *     EVENT_HANDLER_ATTRIBUTE("message", EVENT_MESSAGE) */
JSValue event_handler_get(JSContext *js, JSValueConst self, int type);
JSValue event_handler_set(JSContext *js, JSValueConst self, JSValueConst value, int type);
#define EVENT_HANDLER_ATTRIBUTE(name, type)                                                        \
    JS_CGETSET_MAGIC_DEF2("on" name, event_handler_get, event_handler_set, type,                   \
                          JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE)

#endif
