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
    X(CONTROLLERCHANGE, "controllerchange")                                                        \
    X(AUXCLICK, "auxclick")                                                                        \
    X(BEFOREINPUT, "beforeinput")                                                                  \
    X(BEFOREMATCH, "beforematch")                                                                  \
    X(BEFORETOGGLE, "beforetoggle")                                                                \
    X(BLUR, "blur")                                                                                \
    X(CANCEL, "cancel")                                                                            \
    X(CANPLAY, "canplay")                                                                          \
    X(CANPLAYTHROUGH, "canplaythrough")                                                            \
    X(CHANGE, "change")                                                                            \
    X(CONTEXTLOST, "contextlost")                                                                  \
    X(CONTEXTMENU, "contextmenu")                                                                  \
    X(CONTEXTRESTORED, "contextrestored")                                                          \
    X(COPY, "copy")                                                                                \
    X(CUECHANGE, "cuechange")                                                                      \
    X(CUT, "cut")                                                                                  \
    X(DBLCLICK, "dblclick")                                                                        \
    X(DRAG, "drag")                                                                                \
    X(DRAGEND, "dragend")                                                                          \
    X(DRAGENTER, "dragenter")                                                                      \
    X(DRAGLEAVE, "dragleave")                                                                      \
    X(DRAGOVER, "dragover")                                                                        \
    X(DRAGSTART, "dragstart")                                                                      \
    X(DROP, "drop")                                                                                \
    X(DURATIONCHANGE, "durationchange")                                                            \
    X(EMPTIED, "emptied")                                                                          \
    X(ENDED, "ended")                                                                              \
    X(FOCUS, "focus")                                                                              \
    X(FORMDATA, "formdata")                                                                        \
    X(INPUT, "input")                                                                              \
    X(INVALID, "invalid")                                                                          \
    X(KEYDOWN, "keydown")                                                                          \
    X(KEYPRESS, "keypress")                                                                        \
    X(KEYUP, "keyup")                                                                              \
    X(LOADEDDATA, "loadeddata")                                                                    \
    X(LOADEDMETADATA, "loadedmetadata")                                                            \
    X(MOUSEDOWN, "mousedown")                                                                      \
    X(MOUSEENTER, "mouseenter")                                                                    \
    X(MOUSELEAVE, "mouseleave")                                                                    \
    X(MOUSEMOVE, "mousemove")                                                                      \
    X(MOUSEOUT, "mouseout")                                                                        \
    X(MOUSEOVER, "mouseover")                                                                      \
    X(MOUSEUP, "mouseup")                                                                          \
    X(PASTE, "paste")                                                                              \
    X(PAUSE, "pause")                                                                              \
    X(PLAY, "play")                                                                                \
    X(PLAYING, "playing")                                                                          \
    X(RATECHANGE, "ratechange")                                                                    \
    X(RESET, "reset")                                                                              \
    X(RESIZE, "resize")                                                                            \
    X(SCROLL, "scroll")                                                                            \
    X(SCROLLEND, "scrollend")                                                                      \
    X(SECURITYPOLICYVIOLATION, "securitypolicyviolation")                                          \
    X(SEEKED, "seeked")                                                                            \
    X(SEEKING, "seeking")                                                                          \
    X(SELECT, "select")                                                                            \
    X(SLOTCHANGE, "slotchange")                                                                    \
    X(STALLED, "stalled")                                                                          \
    X(SUBMIT, "submit")                                                                            \
    X(SUSPEND, "suspend")                                                                          \
    X(TIMEUPDATE, "timeupdate")                                                                    \
    X(TOGGLE, "toggle")                                                                            \
    X(VOLUMECHANGE, "volumechange")                                                                \
    X(WAITING, "waiting")                                                                          \
    X(WEBKITANIMATIONEND, "webkitAnimationEnd")                                                    \
    X(WEBKITANIMATIONITERATION, "webkitAnimationIteration")                                        \
    X(WEBKITANIMATIONSTART, "webkitAnimationStart")                                                \
    X(WEBKITTRANSITIONEND, "webkitTransitionEnd")                                                  \
    X(WHEEL, "wheel")                                                                              \
    X(AFTERPRINT, "afterprint")                                                                    \
    X(BEFOREPRINT, "beforeprint")

enum event_type {
    EVENT_OTHER, /* any other name */
#define X(name, text) EVENT_##name,
    EVENT_TYPE_LIST(X)
#undef X
        EVENT_TYPE_COUNT
};

/* What an interface wants to know of its targets; every member may be NULL. */
struct event_target_hooks {
    /* DOM "get the parent": a new reference, undefined without one. */
    JSValue (*parent)(JSContext *js, JSValueConst target, JSValueConst event);
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

/* HTML "GlobalEventHandlers": of windows, documents and HTML elements. */
#define GLOBAL_EVENT_HANDLERS                                                                      \
    EVENT_HANDLER_ATTRIBUTE("abort", EVENT_ABORT),                                                 \
    EVENT_HANDLER_ATTRIBUTE("auxclick", EVENT_AUXCLICK),                                           \
    EVENT_HANDLER_ATTRIBUTE("beforeinput", EVENT_BEFOREINPUT),                                     \
    EVENT_HANDLER_ATTRIBUTE("beforematch", EVENT_BEFOREMATCH),                                     \
    EVENT_HANDLER_ATTRIBUTE("beforetoggle", EVENT_BEFORETOGGLE),                                   \
    EVENT_HANDLER_ATTRIBUTE("blur", EVENT_BLUR),                                                   \
    EVENT_HANDLER_ATTRIBUTE("cancel", EVENT_CANCEL),                                               \
    EVENT_HANDLER_ATTRIBUTE("canplay", EVENT_CANPLAY),                                             \
    EVENT_HANDLER_ATTRIBUTE("canplaythrough", EVENT_CANPLAYTHROUGH),                               \
    EVENT_HANDLER_ATTRIBUTE("change", EVENT_CHANGE),                                               \
    EVENT_HANDLER_ATTRIBUTE("click", EVENT_CLICK),                                                 \
    EVENT_HANDLER_ATTRIBUTE("close", EVENT_CLOSE),                                                 \
    EVENT_HANDLER_ATTRIBUTE("contextlost", EVENT_CONTEXTLOST),                                     \
    EVENT_HANDLER_ATTRIBUTE("contextmenu", EVENT_CONTEXTMENU),                                     \
    EVENT_HANDLER_ATTRIBUTE("contextrestored", EVENT_CONTEXTRESTORED),                             \
    EVENT_HANDLER_ATTRIBUTE("copy", EVENT_COPY),                                                   \
    EVENT_HANDLER_ATTRIBUTE("cuechange", EVENT_CUECHANGE),                                         \
    EVENT_HANDLER_ATTRIBUTE("cut", EVENT_CUT),                                                     \
    EVENT_HANDLER_ATTRIBUTE("dblclick", EVENT_DBLCLICK),                                           \
    EVENT_HANDLER_ATTRIBUTE("drag", EVENT_DRAG),                                                   \
    EVENT_HANDLER_ATTRIBUTE("dragend", EVENT_DRAGEND),                                             \
    EVENT_HANDLER_ATTRIBUTE("dragenter", EVENT_DRAGENTER),                                         \
    EVENT_HANDLER_ATTRIBUTE("dragleave", EVENT_DRAGLEAVE),                                         \
    EVENT_HANDLER_ATTRIBUTE("dragover", EVENT_DRAGOVER),                                           \
    EVENT_HANDLER_ATTRIBUTE("dragstart", EVENT_DRAGSTART),                                         \
    EVENT_HANDLER_ATTRIBUTE("drop", EVENT_DROP),                                                   \
    EVENT_HANDLER_ATTRIBUTE("durationchange", EVENT_DURATIONCHANGE),                               \
    EVENT_HANDLER_ATTRIBUTE("emptied", EVENT_EMPTIED),                                             \
    EVENT_HANDLER_ATTRIBUTE("ended", EVENT_ENDED),                                                 \
    EVENT_HANDLER_ATTRIBUTE("error", EVENT_ERROR),                                                 \
    EVENT_HANDLER_ATTRIBUTE("focus", EVENT_FOCUS),                                                 \
    EVENT_HANDLER_ATTRIBUTE("formdata", EVENT_FORMDATA),                                           \
    EVENT_HANDLER_ATTRIBUTE("input", EVENT_INPUT),                                                 \
    EVENT_HANDLER_ATTRIBUTE("invalid", EVENT_INVALID),                                             \
    EVENT_HANDLER_ATTRIBUTE("keydown", EVENT_KEYDOWN),                                             \
    EVENT_HANDLER_ATTRIBUTE("keypress", EVENT_KEYPRESS),                                           \
    EVENT_HANDLER_ATTRIBUTE("keyup", EVENT_KEYUP),                                                 \
    EVENT_HANDLER_ATTRIBUTE("load", EVENT_LOAD),                                                   \
    EVENT_HANDLER_ATTRIBUTE("loadeddata", EVENT_LOADEDDATA),                                       \
    EVENT_HANDLER_ATTRIBUTE("loadedmetadata", EVENT_LOADEDMETADATA),                               \
    EVENT_HANDLER_ATTRIBUTE("loadstart", EVENT_LOADSTART),                                         \
    EVENT_HANDLER_ATTRIBUTE("mousedown", EVENT_MOUSEDOWN),                                         \
    EVENT_HANDLER_ATTRIBUTE("mouseenter", EVENT_MOUSEENTER),                                       \
    EVENT_HANDLER_ATTRIBUTE("mouseleave", EVENT_MOUSELEAVE),                                       \
    EVENT_HANDLER_ATTRIBUTE("mousemove", EVENT_MOUSEMOVE),                                         \
    EVENT_HANDLER_ATTRIBUTE("mouseout", EVENT_MOUSEOUT),                                           \
    EVENT_HANDLER_ATTRIBUTE("mouseover", EVENT_MOUSEOVER),                                         \
    EVENT_HANDLER_ATTRIBUTE("mouseup", EVENT_MOUSEUP),                                             \
    EVENT_HANDLER_ATTRIBUTE("paste", EVENT_PASTE),                                                 \
    EVENT_HANDLER_ATTRIBUTE("pause", EVENT_PAUSE),                                                 \
    EVENT_HANDLER_ATTRIBUTE("play", EVENT_PLAY),                                                   \
    EVENT_HANDLER_ATTRIBUTE("playing", EVENT_PLAYING),                                             \
    EVENT_HANDLER_ATTRIBUTE("progress", EVENT_PROGRESS),                                           \
    EVENT_HANDLER_ATTRIBUTE("ratechange", EVENT_RATECHANGE),                                       \
    EVENT_HANDLER_ATTRIBUTE("reset", EVENT_RESET),                                                 \
    EVENT_HANDLER_ATTRIBUTE("resize", EVENT_RESIZE),                                               \
    EVENT_HANDLER_ATTRIBUTE("scroll", EVENT_SCROLL),                                               \
    EVENT_HANDLER_ATTRIBUTE("scrollend", EVENT_SCROLLEND),                                         \
    EVENT_HANDLER_ATTRIBUTE("securitypolicyviolation", EVENT_SECURITYPOLICYVIOLATION),             \
    EVENT_HANDLER_ATTRIBUTE("seeked", EVENT_SEEKED),                                               \
    EVENT_HANDLER_ATTRIBUTE("seeking", EVENT_SEEKING),                                             \
    EVENT_HANDLER_ATTRIBUTE("select", EVENT_SELECT),                                               \
    EVENT_HANDLER_ATTRIBUTE("slotchange", EVENT_SLOTCHANGE),                                       \
    EVENT_HANDLER_ATTRIBUTE("stalled", EVENT_STALLED),                                             \
    EVENT_HANDLER_ATTRIBUTE("submit", EVENT_SUBMIT),                                               \
    EVENT_HANDLER_ATTRIBUTE("suspend", EVENT_SUSPEND),                                             \
    EVENT_HANDLER_ATTRIBUTE("timeupdate", EVENT_TIMEUPDATE),                                       \
    EVENT_HANDLER_ATTRIBUTE("toggle", EVENT_TOGGLE),                                               \
    EVENT_HANDLER_ATTRIBUTE("volumechange", EVENT_VOLUMECHANGE),                                   \
    EVENT_HANDLER_ATTRIBUTE("waiting", EVENT_WAITING),                                             \
    EVENT_HANDLER_ATTRIBUTE("webkitanimationend", EVENT_WEBKITANIMATIONEND),                       \
    EVENT_HANDLER_ATTRIBUTE("webkitanimationiteration", EVENT_WEBKITANIMATIONITERATION),           \
    EVENT_HANDLER_ATTRIBUTE("webkitanimationstart", EVENT_WEBKITANIMATIONSTART),                   \
    EVENT_HANDLER_ATTRIBUTE("webkittransitionend", EVENT_WEBKITTRANSITIONEND),                     \
    EVENT_HANDLER_ATTRIBUTE("wheel", EVENT_WHEEL)

/* HTML "WindowEventHandlers": of windows, and of body elements for them. */
#define WINDOW_EVENT_HANDLERS                                                                      \
    EVENT_HANDLER_ATTRIBUTE("afterprint", EVENT_AFTERPRINT),                                       \
        EVENT_HANDLER_ATTRIBUTE("beforeprint", EVENT_BEFOREPRINT),                                 \
        EVENT_HANDLER_ATTRIBUTE("beforeunload", EVENT_BEFOREUNLOAD),                               \
        EVENT_HANDLER_ATTRIBUTE("hashchange", EVENT_HASHCHANGE),                                   \
        EVENT_HANDLER_ATTRIBUTE("languagechange", EVENT_LANGUAGECHANGE),                           \
        EVENT_HANDLER_ATTRIBUTE("message", EVENT_MESSAGE),                                         \
        EVENT_HANDLER_ATTRIBUTE("messageerror", EVENT_MESSAGEERROR),                               \
        EVENT_HANDLER_ATTRIBUTE("offline", EVENT_OFFLINE),                                         \
        EVENT_HANDLER_ATTRIBUTE("online", EVENT_ONLINE),                                           \
        EVENT_HANDLER_ATTRIBUTE("pagehide", EVENT_PAGEHIDE),                                       \
        EVENT_HANDLER_ATTRIBUTE("pageshow", EVENT_PAGESHOW),                                       \
        EVENT_HANDLER_ATTRIBUTE("popstate", EVENT_POPSTATE),                                       \
        EVENT_HANDLER_ATTRIBUTE("rejectionhandled", EVENT_REJECTIONHANDLED),                       \
        EVENT_HANDLER_ATTRIBUTE("storage", EVENT_STORAGE),                                         \
        EVENT_HANDLER_ATTRIBUTE("unhandledrejection", EVENT_UNHANDLEDREJECTION),                   \
        EVENT_HANDLER_ATTRIBUTE("unload", EVENT_UNLOAD)

/* Event handler content attributes (HTML 8.1.8.1): the text of an attribute `on…` of an element, compiled when the handler is first
 * called or asked for; NULL takes the handler away. Other names are nobody's handler. */
struct dom_node;
int event_handler_set_text(JSContext *js, struct dom_node *element, const char *attribute, const char *text);

#endif
