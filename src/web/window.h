/* Window (HTML 7.2.2): what a window's global object has of its own, and what strangers may use of
 * another window (R-WIN-03..05, R-WM-*).
 *
 * Threads: the agent's own. */
#ifndef HEDDLE_WEB_WINDOW_H
#define HEDDLE_WEB_WINDOW_H

#include "web/browsing_context.h"
#include "web/realm.h"

/* HTML CrossOriginProperties of a Window. */
enum window_member {
    MEMBER_WINDOW,
    MEMBER_SELF,
    MEMBER_LOCATION,
    MEMBER_CLOSE,
    MEMBER_CLOSED,
    MEMBER_FOCUS,
    MEMBER_BLUR,
    MEMBER_FRAMES,
    MEMBER_LENGTH,
    MEMBER_TOP,
    MEMBER_OPENER,
    MEMBER_PARENT,
    MEMBER_POST_MESSAGE,
    WINDOW_MEMBER_COUNT
};
const char *window_member_name(enum window_member m);

/* What a stranger gets under that name: undefined when it is none of the members. */
JSValue window_member(JSContext *js, struct browsing_context *c, JSAtom name);
/* Only location may be set: 1, or -1 with a SecurityError. */
int window_member_set(JSContext *js, struct browsing_context *c, JSAtom name, JSValueConst value);

/* The functions and accessors of a window's global object. */
extern const JSCFunctionListEntry window_functions[];
extern const int window_function_count;

/* The context that a method of a window is called on. Borrowed; NULL, with a TypeError, where there
 * is none. */
struct browsing_context *window_this(JSContext *js, JSValueConst self);

/* location.c: what a stranger gets as `location`, and the window's own one; new references. */
JSValue location_view(JSContext *js, struct browsing_context *c);
JSValue location_of_window(JSContext *js, JSValueConst self);
JSValue location_set(JSContext *js, JSValueConst self, JSValueConst value);
int location_assign(JSContext *js, struct browsing_context *c, JSValueConst url, bool replace);

/* history.c */
JSValue window_history(JSContext *js, JSValueConst self);

#endif
