/* The Request interface (Fetch section 5.4). Own thread. */
#ifndef HEDDLE_WEB_REQUEST_H
#define HEDDLE_WEB_REQUEST_H

#include "engine/interface.h"
#include "web/body.h"
#include "web/resource.h"

struct realm;

enum request_cache {
    CACHE_DEFAULT,
    CACHE_NO_STORE,
    CACHE_RELOAD,
    CACHE_NO_CACHE,
    CACHE_FORCE_CACHE,
    CACHE_ONLY_IF_CACHED
};

struct request_object {
    struct external external; /* the texts lie outside the engine's heap */
    JSValue headers, signal;  /* a Headers, an AbortSignal object */
    char *url, *method, *integrity;
    char *referrer;          /* as the attribute shows it */
    char *referrer_policy;   /* "" = the default */
    const char *destination; /* constant; "" for fetch() */
    enum request_mode mode;
    enum request_credentials credentials;
    enum request_redirect redirect;
    enum request_cache cache;
    bool keepalive, is_reload, is_history;
    struct body body;
};

extern const struct interface request_interface;

/* The inside; NULL for other values. */
struct request_object *request_peek(JSValueConst value);

/* The constructor's steps: from a RequestInfo and a RequestInit (undefined for none). An exception
 * when they throw. */
JSValue request_new(JSContext *js, JSValueConst input, JSValueConst init);

/* What the network is asked with; borrows from the object. */
struct request request_for_network(const struct realm *r, const struct request_object *o);

#endif
