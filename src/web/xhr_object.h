/* The inside of an XMLHttpRequest, for its two files. Own thread. */
#ifndef HEDDLE_WEB_XHR_OBJECT_H
#define HEDDLE_WEB_XHR_OBJECT_H

#include "web/body.h"
#include "web/event_target.h"
#include "web/realm.h"
#include "web/resource.h"
#include "web/xhr.h"

enum state { UNSENT, OPENED, HEADERS_RECEIVED, LOADING, DONE };
enum response_kind {
    KIND_DEFAULT,
    KIND_ARRAY_BUFFER,
    KIND_BLOB,
    KIND_DOCUMENT,
    KIND_JSON,
    KIND_TEXT
};

struct xhr {
    struct event_target target; /* first: see event_target.h */
    struct external external;   /* texts and answer lie outside the engine's heap */
    struct realm *realm;
    JSValue upload;          /* undefined until touched */
    JSValue response_object; /* what `response` gave; undefined before */
    enum state state;
    enum response_kind kind;
    bool send_flag, upload_complete, synchronous, with_credentials, failed;
    uint32_t timeout; /* ms; 0 = none */
    int64_t sent_at;
    char *url, *method, *override_type;
    struct header_list author;
    struct body sent; /* the request's body */
    size_t sent_length;
    struct resource answer;
    struct resource_fetch *fetch;
    struct timer timer;       /* of the timeout */
    JSValue self;             /* held while the request is under way */
    struct xhr *next, **link; /* of the realm, while it is */
};

/* NULL with a TypeError for other values. */
struct xhr *xhr_of(JSContext *js, JSValueConst self);

/* An argument as text, of bytes or characters; malloc'd, NULL with an exception. */
char *xhr_text(JSContext *js, JSValueConst value, bool bytes);

/* xhr_response.c: what scripts read of the answer. */
enum { XHR_GET_READY_STATE, XHR_GET_STATUS, XHR_GET_STATUS_TEXT, XHR_GET_URL, XHR_GET_XML };
JSValue xhr_get(JSContext *js, JSValueConst self, int what);
JSValue xhr_response_header(JSContext *js, JSValueConst self, int count, JSValueConst *arguments);
JSValue xhr_all_response_headers(JSContext *js, JSValueConst self, int count,
                                 JSValueConst *arguments);
JSValue xhr_response_text(JSContext *js, JSValueConst self);
JSValue xhr_response(JSContext *js, JSValueConst self);

#endif
