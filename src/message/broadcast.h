/* Broadcast groups: who hears what is posted under one name (HTML "broadcasting to other browsing contexts"; R-BC-01, R-BC-02), without
 * JavaScript.
 *
 * Ownership: a member belongs to its agent from broadcast_join to broadcast_leave; what is under way to it keeps it a little longer. A
 * message is serialized once and shared by all it goes to: it must be `for_several`.
 * Threads: every function on the member's own.
 * Lock order: the lock of the run's groups is a leaf, held while the receivers are looked up and never while their tasks are posted.
 *
 * Ordering guarantees:
 *  1. Two posts of one agent reach each member in the order of posting.
 *  2. The members of one agent hear a message in the order in which they joined.
 *  3. What was done before broadcast_post happens before every delivery.
 * Progress guarantees: posting waits for nobody but those who join, leave or post at the same moment. */
#ifndef HEDDLE_MESSAGE_BROADCAST_H
#define HEDDLE_MESSAGE_BROADCAST_H

#include <stdbool.h>

struct activity;
struct agent;
struct message;
struct broadcast_member;

struct broadcast_calls {
    /* A message has come; borrowed, and others may be reading it at the same time. `origin` is the sender's. */
    void (*message)(void *holder, struct message *m, const char *origin);
};

/* `key` and `name` together name the group (the storage key and the channel's name). `activity` is that of the document which the deliveries
 * belong to, NULL in workers. NULL when there is no memory. */
struct broadcast_member *broadcast_join(struct agent *a, struct activity *activity, const char *key, const char *name,
                                        const struct broadcast_calls *calls, void *holder);

/* No further message is delivered. Ends the member. */
void broadcast_leave(struct broadcast_member *m);

/* To all other members of the group that are eligible now; takes m. Nothing happens when the sender is not eligible itself. */
void broadcast_post(struct broadcast_member *from, struct message *m, const char *origin);

/* HTML "eligible for messaging": false while the document is not fully active or the worker is suspended. True at first. */
void broadcast_set_eligible(struct broadcast_member *m, bool eligible);

#endif
