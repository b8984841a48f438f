/* WorkerLocation: a worker's `location` (HTML 10.3.2). */
#include "web/worker_location.h"

#include "web/event_object.h"
#include "web/globals.h"
#include "web/realm.h"
#include "web/text.h"
#include "web/url.h"

#include <string.h>

/* The realm of an object of this interface: its opaque. */
static struct realm *realm_behind(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &worker_location_interface);
}

static JSValue get_part(JSContext *js, JSValueConst self, int part)
{
    struct realm *r = realm_behind(js, self);
    struct url u;
    buffer text = {0};
    if (!r)
        return JS_EXCEPTION;
    if (url_parse(r->url, strlen(r->url), NULL, &u))
        url_get(&u, (enum url_part)part, &text);
    url_release(&u);
    return text_new(js, &text);
}

static JSValue get_href(JSContext *js, JSValueConst self)
{
    struct realm *r = realm_behind(js, self);
    return r ? JS_NewString(js, r->url) : JS_EXCEPTION;
}

/* Of the URL: what the worker itself is may be of another, opaque origin. */
static JSValue get_origin(JSContext *js, JSValueConst self)
{
    struct realm *r = realm_behind(js, self);
    struct origin *origin = r ? origin_of_url(r->url) : NULL;
    JSValue text = r ? JS_NewString(js, origin ? origin->text : "null") : JS_EXCEPTION;
    origin_unref(origin);
    return text;
}

static JSValue to_string(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    return get_href(js, self);
}

#define PART(name, part) IDL_ATTRIBUTE_MAGIC(name, get_part, NULL, part)

static const JSCFunctionListEntry prototype[] = {
    IDL_ATTRIBUTE("href", get_href, NULL),
    IDL_ATTRIBUTE("origin", get_origin, NULL),
    PART("protocol", URL_PROTOCOL),
    PART("host", URL_HOST),
    PART("hostname", URL_HOSTNAME),
    PART("port", URL_PORT),
    PART("pathname", URL_PATHNAME),
    PART("search", URL_SEARCH),
    PART("hash", URL_HASH),
    IDL_METHOD("toString", 0, to_string),
};

const struct interface worker_location_interface = {
    .host_class = HOST_CLASS_WORKER_LOCATION,
    .name = "WorkerLocation",
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
};

JSValue worker_location_build(JSContext *js, const struct lazy_property *self)
{
    (void)self;
    return interface_object(js, &worker_location_interface, realm_of(js));
}
