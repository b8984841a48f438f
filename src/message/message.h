/* Messages: values serialized for another realm (HTML "structured serialize", section 2.7), ready to be posted as a task.
 *
 * Ownership: a message belongs to whoever holds it; message_free gives back what it still carries (buffers, block references,
 * ports). Threads: serialize and deserialize on the realm's agent, message_free anywhere. Blocking: serializing runs getters. */
#ifndef HEDDLE_MESSAGE_MESSAGE_H
#define HEDDLE_MESSAGE_MESSAGE_H

#include "agent/task.h"
#include "engine/js.h"

struct message {
    struct task task;
    void *target; /* for whoever posts it */
};

/* The second argument of postMessage and structuredClone as a list: an iterable or { transfer: iterable }; undefined without any. An
 * array or undefined, or an exception. */
JSValue message_transfer_list(JSContext *realm, JSValueConst argument);

/* StructuredSerializeWithTransfer. 0, or -1 with an exception. */
int message_serialize(JSContext *realm, JSValueConst value, JSValueConst transfer, struct message **out);

/* StructuredDeserializeWithTransfer: the value, or an exception; `*ports` becomes an array of the transferred ports or stays undefined. */
JSValue message_deserialize(JSContext *realm, struct message *m, JSValue *ports);

void message_free(struct message *m);

#endif
