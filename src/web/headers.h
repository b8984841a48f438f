/* The Headers interface (Fetch section 5.1). Own thread. */
#ifndef HEDDLE_WEB_HEADERS_H
#define HEDDLE_WEB_HEADERS_H

#include "engine/interface.h"
#include "web/header_list.h"

/* Fetch "headers guard". */
enum headers_guard {
    GUARD_NONE,
    GUARD_IMMUTABLE,
    GUARD_REQUEST,
    GUARD_REQUEST_NO_CORS,
    GUARD_RESPONSE
};

struct headers {
    struct external external; /* the list lies outside the engine's heap */
    struct header_list list;
    enum headers_guard guard;
};

extern const struct interface headers_interface;

/* A new object with copies of the headers (NULL: none), whatever the guard thinks of them. */
JSValue headers_new(JSContext *js, const struct header_list *from, enum headers_guard guard);

/* The inside; NULL for other values. */
struct headers *headers_peek(JSValueConst value);

/* Fetch "fill" with a HeadersInit: 0, or -1 with an exception. */
int headers_fill(JSContext *js, struct headers *h, JSValueConst init);

#endif
