/* Extendable events in a service worker's realm (R-SV-11), for the files that make them. Own
 * thread. */
#ifndef HEDDLE_WEB_SERVICE_WORKER_EVENTS_H
#define HEDDLE_WEB_SERVICE_WORKER_EVENTS_H

#include "web/event_object.h"
#include "web/service_worker.h"

/* An event while it is active: being dispatched, or with promises pending. Freed when it is over,
 * and then no reaction is left that could find it. */
struct extendable {
    struct realm *realm;
    JSValue event;
    struct service_worker *worker; /* counted */
    unsigned pending;              /* promises of waitUntil and respondWith */
    bool dispatching, failed, answering, may_interact;
    int lifecycle;                   /* enum service_worker_lifecycle, or -1 */
    struct handled_fetch *handled;   /* fetch events: counted, until it is answered */
    JSValue resolve_handled[2];      /* the same: of the promise `handled` */
    struct timer limit;              /* sw_event_limit_ms */
    struct extendable *next, **link; /* of the realm */
};

/* Dispatches the event (taken) as an active one; the rest comes with its promises. */
struct extendable_options {
    int lifecycle; /* or -1 */
    struct handled_fetch *handled;
    JSValue resolve_handled[2]; /* taken, with `handled` */
    bool may_interact;          /* "window interaction allowed" */
};
void extendable_dispatch(struct realm *r, JSValue event, const struct extendable_options *o);

/* The active one behind an event object; NULL when it is none. */
struct extendable *extendable_find(JSContext *js, JSValueConst event);

/* The promise of the value keeps the event active; with `answers` it is what a fetch event is
 * answered with. 0, or -1 with an exception. */
int extendable_extend(JSContext *js, struct extendable *x, JSValueConst value, bool answers);

/* An attribute that is a slot; null where it was not filled. */
JSValue extendable_get_slot(JSContext *js, JSValueConst self, int slot);

/* Whether some event lets the worker open and focus windows now. */
bool extendable_may_interact(const struct realm *r);

extern const struct interface extendable_event_interface, fetch_event_interface,
    extendable_message_event_interface, push_event_interface, clients_interface, client_interface,
    window_client_interface;

/* service_worker_fetch_event.c: what respondWith was given has settled; the answer is there, or
 * will not come. */
void fetch_event_settled(struct extendable *x, JSValueConst value, bool rejected);
void fetch_event_answer(struct extendable *x, status s, struct resource *answer, const char *why);

/* service_worker_clients.c: a Client or WindowClient for who sent a message. */
JSValue client_object_of(struct realm *r, struct client_link *l);

#endif
