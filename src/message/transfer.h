/* Transfer lists (HTML StructuredSerializeWithTransfer; R-TR-01..08). */
#ifndef HEDDLE_MESSAGE_TRANSFER_H
#define HEDDLE_MESSAGE_TRANSFER_H

#include "engine/js.h"

struct writer;
struct message;

/* R-TR-01: checks the list and makes its items known to the writer, before anything is serialized. `list` is a JavaScript array
 * or undefined. */
int transfer_list_check(struct writer *w, JSValueConst list);

/* R-TR-03: moves the items into the message, one by one; an error leaves those before it moved. */
int transfer_list_move(struct writer *w, struct message *m);

#endif
