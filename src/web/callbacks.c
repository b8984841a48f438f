#include "web/callbacks.h"

#include <stdlib.h>

static struct callback **end_of(struct callback_list *l)
{
    struct callback **link = &l->first;
    while (*link)
        link = &(*link)->next;
    return link;
}

struct callback *callback_add(struct callback_list *l, struct realm *r, uint32_t handle, JSValueConst function)
{
    struct callback *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->realm = r;
    c->handle = handle;
    c->function = JS_DupValue(r->js, function);
    c->timer.index = SIZE_MAX;
    *end_of(l) = c;
    return c;
}

static struct callback *take_at(struct callback **link)
{
    struct callback *c = *link;
    *link = c->next;
    c->next = NULL;
    return c;
}

struct callback *callback_take_first(struct callback_list *l)
{
    return l->first ? take_at(&l->first) : NULL;
}

struct callback *callback_take(struct callback_list *l, uint32_t handle)
{
    for (struct callback **link = &l->first; *link; link = &(*link)->next)
        if ((*link)->handle == handle)
            return take_at(link);
    return NULL;
}

void callback_move(struct callback_list *to, struct callback_list *from)
{
    *end_of(to) = from->first;
    from->first = NULL;
}

void callback_free(struct callback *c)
{
    timer_cancel(c->realm->agent, &c->timer);
    JS_FreeValue(c->realm->js, c->function);
    free(c);
}

void callback_clear(struct callback_list *l)
{
    struct callback *c;
    while ((c = callback_take_first(l)))
        callback_free(c);
}
