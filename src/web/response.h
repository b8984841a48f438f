/* The Response interface (Fetch section 5.5). Own thread. */
#ifndef HEDDLE_WEB_RESPONSE_H
#define HEDDLE_WEB_RESPONSE_H

#include "engine/interface.h"
#include "web/body.h"
#include "web/resource.h"

/* A response as a script sees it: filtered. What an opaque one hides is kept, so that it can be
 * stored and served. */
struct response {
    struct external external; /* the texts lie outside the engine's heap */
    JSValue headers;          /* a Headers object */
    char *url;                /* without its fragment; "" = none */
    char *status_text;        /* bytes */
    unsigned status;
    enum response_type type;
    bool redirected;
    struct body body;
    struct resource *hidden; /* the whole answer behind an opaque one, or NULL */
};

extern const struct interface response_interface;

/* The inside; NULL for other values. */
struct response *response_peek(JSValueConst value);

/* A new object from an answer of the network, which it copies, with the filter that its type says.
 */
JSValue response_from_resource(JSContext *js, const struct resource *r);

/* The answer behind a response object: what would be served again. `out` is to be released. */
void response_to_resource(const struct response *r, struct resource *out);

/* A network error. */
JSValue response_error(JSContext *js);

#endif
