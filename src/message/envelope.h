/* A message on its way: a serialized value with everything it carries (HTML "structured serialize with transfer"), in one piece
 * of memory outside every engine's heap.
 *
 * Ownership: one owner at a time; message_free by any thread that is registered with RCU. Posting hands it over: `task` is queued
 * and its `run` (set by the poster) or `drop` (message_drop) gets it back.
 * Ordering: the queue it travels in orders the sender's writes before the receiver's reads. */
#ifndef HEDDLE_MESSAGE_ENVELOPE_H
#define HEDDLE_MESSAGE_ENVELOPE_H

#include "agent/task.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct port;
struct shared_block;

enum attachment_kind {
    ATTACHMENT_NONE,  /* taken out */
    ATTACHMENT_BLOCK, /* a reference to a shared block (R-SAB-03, R-SAB-31) */
    ATTACHMENT_BYTES, /* struct outside_bytes of engine/values.h: an ArrayBuffer's */
    ATTACHMENT_PORT,  /* a port that is being shipped */
    ATTACHMENT_PLATFORM, /* struct platform_value: what a serializable platform object consists of */
};

/* The serialized form of a platform object ("serialization steps"), embedded in a structure of whoever makes it; constant, since it may be
 * rebuilt in several agents. `drop` is called once, on any thread. */
struct platform_value {
    void (*drop)(struct platform_value *);
};

struct attachment {
    enum attachment_kind kind;
    bool resizable, immutable; /* ATTACHMENT_BYTES, and the lengths of the buffer */
    size_t length, max_length;
    void *thing;
};

/* What becomes of a message: exactly one of these (invariant 14). One for several receivers has a fate at each of them. */
enum message_fate {
    MESSAGE_UNDER_WAY,
    MESSAGE_DELIVERED,
    MESSAGE_REFUSED, /* it cannot be rebuilt where it arrived: `messageerror` */
    MESSAGE_LOST,
};

/* Why one was lost. */
enum message_loss {
    LOST_UNSENT,     /* its sender could not send it */
    LOST_CLOSED,     /* the way is closed (R-MP-07, R-MP-08) */
    LOST_ENDED,      /* the receiver ended with the message in its queue (R-WK-02, R-LIFE-04) */
    LOST_TERMINATED, /* its sender was terminated by the receiver (R-WK-02) */
    LOST_ORIGIN,     /* it is meant for another origin (R-WM-01) */
    LOST_EARLY,      /* the receiver's script has not run (R-MP-03) */
    LOST_UNHEARD,    /* nobody is there */
    LOST_FAULT,      /* the scenario has it lost */
    MESSAGE_LOSSES
};

struct message {
    struct task task;
    void *target;              /* whoever the poster means it for */
    struct attachment *attachments; /* within the same allocation */
    uint32_t attachment_count;
    uint32_t transfer_count; /* the first attachments are the transfer list's */
    uint32_t object_count;   /* objects in the value when some are referred to twice, else 0 */
    uint32_t cluster;        /* the sender's agent cluster */
    uint32_t size;           /* bytes of the serialized value */
    uint32_t number;         /* through a port: 1, 2, … in one direction, anew after 2³² */
    uint8_t fate;            /* enum message_fate, its owner's; see message_settle */
    bool for_several;        /* will be deserialized more than once: what it carries is copied, not taken */
    uint8_t *bytes;          /* within the same allocation */
};

/* Memory for a message with room for `size` bytes and `attachments`; NULL when there is none. task.drop is set. */
struct message *message_new(uint32_t size, uint32_t attachments);

/* Once, by whoever decides it: asserts that it is the first. */
void message_settle(struct message *m, enum message_fate fate);

/* Gives everything back: block references, bytes, ports that nobody received (which closes them). Its fate is settled. */
void message_free(struct message *m);

/* The same for one that may not have arrived, and then is lost for that reason. */
void message_lose(struct message *m, enum message_loss why);

/* One of several receivers does not get it. */
void message_note_loss(enum message_loss why);

/* How many messages of the process were lost so. */
uint64_t message_losses(enum message_loss why);

/* The same for attachments that belong to no message yet. */
void attachments_release(struct attachment *list, uint32_t count);

/* The `drop` of a message's task: the receiver has ended. */
void message_drop(struct task *t);

static inline struct message *message_of_task(struct task *t)
{
    return (struct message *)((char *)t - offsetof(struct message, task));
}

#endif
