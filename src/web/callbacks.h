/* Lists of callbacks with handles, as animation frames and idle callbacks have them. Own thread. */
#ifndef HEDDLE_WEB_CALLBACKS_H
#define HEDDLE_WEB_CALLBACKS_H

#include "web/realm.h"

struct callback {
    struct callback *next;
    uint32_t handle;
    JSValue function;
    struct timer timer; /* idle callbacks: their timeout; index SIZE_MAX = none */
    struct realm *realm;
};

struct callback_list {
    struct callback *first; /* short: appending walks it */
};

/* Appends; the function is duplicated. NULL when out of memory. */
struct callback *callback_add(struct callback_list *l, struct realm *r, uint32_t handle, JSValueConst function);
struct callback *callback_take_first(struct callback_list *l);
/* Takes it out; NULL when it is not in the list. */
struct callback *callback_take(struct callback_list *l, uint32_t handle);
/* Moves everything behind what `to` has. */
void callback_move(struct callback_list *to, struct callback_list *from);
void callback_free(struct callback *c);
void callback_clear(struct callback_list *l);

#endif
