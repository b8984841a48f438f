/* Ports: the two ends of a message channel (HTML "message ports"; R-MP-01, R-MP-05..09), without JavaScript.
 *
 * A channel is one piece of memory outside every heap. While neither end was shipped both belong to the agent that made them: messages
 * are tasks of its own loop, and nothing here is atomic. The first shipping converts the channel for good: each end then has a queue that its
 * twin's owner pushes into, and a seat, which says where the end is now and carries the one task that delivers from the queue.
 *
 * Ownership: an end belongs to the agent it is attached to, or, while it is shipped, to the message that carries it. It ends with
 * port_release, which its holder owes exactly once. The channel ends with its second end.
 * Threads: every function is called by the owner of the end, port_release also by whoever frees a message (registered with RCU).
 * Lock order: the first shipping and the end of a channel take the lock of the run's list of channels, a leaf.
 *
 * Ordering guarantees:
 *  1. Messages of one direction are delivered once, in the order of posting, however often and wherever the receiving end is shipped
 *     (R-MP-05, R-MP-06).
 *  2. What was done before port_post happens before the delivery.
 *  3. `close` comes after every message posted before the other end closed, if the end is started (R-MP-07).
 *  4. No wake-up is lost: a poster pushes and then reads the seat with a read-modify-write; a receiver places its seat with one and
 *     then looks at the queue. Whichever comes second sees the other's work.
 * Progress guarantees: posting is wait-free but for waking a sleeper and allocates nothing; shipping never waits for the twin.
 *
 * Two channels whose ends lie in each other's queues can be reached from no agent any more. They
 * are found when the run has ended, and given back then. */
#ifndef HEDDLE_MESSAGE_PORT_H
#define HEDDLE_MESSAGE_PORT_H

#include "base/status.h"

#include <stdbool.h>

struct agent;
struct message;
struct port;

/* What the holder of an attached end (a MessagePort object) does. All on the owner's thread. */
struct port_calls {
    /* One reference more or less to the holder: the end keeps it while something is to be delivered (R-MP-09). `drop` may release the
     * port. */
    void (*hold)(void *holder);
    void (*drop)(void *holder);
    void (*message)(void *holder, struct message *m); /* takes m */
    void (*close)(void *holder);                      /* the other end closed */
};

/* A new channel whose ends are to be attached by `a`, the calling agent. STATUS_NO_MEMORY. */
status port_channel(struct port **one, struct port **two);

/* Gives an end to the calling agent: a new one, or one that arrived in a message. It is not started. STATUS_NO_MEMORY: it is still
 * unattached. */
status port_attach(struct port *p, struct agent *a, const struct port_calls *calls, void *holder);

/* Enables the queue (R-MP-01); never disabled again. */
void port_start(struct port *p);

/* Sends to the other end; takes m, which is lost when either end is closed (R-MP-08). */
void port_post(struct port *p, struct message *m);

/* R-MP-07: disentangles; the other end gets `close`. What is queued at this end is still delivered. Idempotent. */
void port_close(struct port *p);

/* Detaches the end from its holder and agent: it is the caller's to send along. Its queue travels with it. False, and nothing was done, when
 * memory ran out. */
bool port_ship(struct port *p);

/* Gives an end up for good: closes it and drops its queue. Attached to a holder: the holder is going away. */
void port_release(struct port *p);

/* The same for a holder that stays but has forgotten the port: also drops what the end holds of it. */
void port_abandon(struct port *p);

/* The other end. Only to be compared, or passed to a function above by the thread that owns it. */
struct port *port_twin(struct port *p);

/* True once port_close was called; by the owner. */
bool port_is_detached(const struct port *p);

/* True once an end was shipped. By an owner of either end. */
bool port_was_shipped(const struct port *p);

#endif
