/* Structured clone: HTML's StructuredSerialize, StructuredSerializeWithTransfer and their way back (rules R-SC-*, R-TR-*,
 * R-SAB-01..13).
 *
 * Ownership: message_serialize makes a message, whoever gets it frees it (envelope.h). Threads: the agent's own, except
 * message_free. Blocking: serializing runs getters. */
#ifndef HEDDLE_MESSAGE_MESSAGE_H
#define HEDDLE_MESSAGE_MESSAGE_H

#include "engine/js.h"
#include "message/envelope.h"

/* What structured clone must ask of the web part, which supplies it. */
struct message_host {
    /* The realm's cross-origin isolated capability (R-SAB-01). */
    bool (*may_share)(JSContext *realm);
    /* The transfer steps of a MessagePort object: its port on its way, or NULL (without exception) when it is detached. */
    struct port *(*ship_port)(JSContext *realm, JSValueConst port);
    /* The transfer-receiving steps: a new MessagePort object. Takes the port, also when it fails. */
    JSValue (*receive_port)(JSContext *realm, struct port *port);
    /* The serialization steps of a platform object: NULL, without exception, when it has none. */
    struct platform_value *(*serialize)(JSContext *realm, JSValueConst object);
    /* The deserialization steps: a new object. Borrows the value. */
    JSValue (*deserialize)(JSContext *realm, const struct platform_value *value);
};
extern const struct message_host message_host;

/* Serializes `value`; `transfer` is a JavaScript array of the objects to transfer, or undefined. 0, or -1 with an exception: a
 * DataCloneError, or what a getter threw. */
int message_serialize(JSContext *realm, JSValueConst value, JSValueConst transfer, struct message **out);

/* Rebuilds the value in `realm`. What was transferred is taken out of the message, which stays the caller's. `*ports` becomes an
 * array of the transferred ports in the order of the list, or undefined without any; NULL: not asked for. An exception when the value cannot be
 * rebuilt here (the channel then fires `messageerror`). */
JSValue message_deserialize(JSContext *realm, struct message *m, JSValue *ports);

/* The array for `transfer` from the second argument of a postMessage (a sequence, or a StructuredSerializeOptions dictionary with
 * `transfer`): undefined when there is none, or an exception. */
JSValue message_transfer_list(JSContext *realm, JSValueConst argument);

/* message_serialize of the arguments of a postMessage(message, transfer or options), of which there is at least one. */
int message_serialize_arguments(JSContext *realm, int count, JSValueConst *arguments, struct message **out);
/* The same for a function that takes the dictionary only (structuredClone). */
JSValue message_transfer_option(JSContext *realm, JSValueConst options);

#endif
