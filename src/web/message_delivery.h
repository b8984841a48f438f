/* The one place where a message that has arrived becomes an event (HTML "message port post message
 * steps", from the deserialization on; R-SAB-10, R-ER-11, R-MP-10). Own thread; runs JavaScript. */
#ifndef HEDDLE_WEB_MESSAGE_DELIVERY_H
#define HEDDLE_WEB_MESSAGE_DELIVERY_H

#include "web/realm.h"

struct message;

/* Fires `message` at the target, an object of the realm or its global, or `messageerror` when the
 * message cannot be rebuilt here. Takes the message, unless it is for several. `origin` NULL = "",
 * `source` null = none: rules table 4.8. */
void message_deliver(struct realm *r, JSValueConst target, struct message *m, const char *origin,
                     JSValueConst source);

#endif
