#include "message/port.h"

#include "agent/world.h"
#include "base/assert.h"
#include "message/envelope.h"
#include "observe/hooks.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Where an end of a shipped channel is. One per stay at an agent, so that a task left behind in an old agent's queue disturbs nobody.
 *
 * References: the end's (given back after a grace period, because posters look at the seat in a read section), and one while the task is
 * queued. The agent is held only until the grace period is over: a task in the inbox of an ended agent must not keep that agent. */
struct seat {
    struct task task;
    struct rcu_deferred deferred;
    struct agent *agent;         /* counted; constant */
    struct port *port;           /* agent's thread: NULL once the end has left */
    _Atomic uint32_t references; /* relaxed up, acq_rel down */
    _Atomic bool posted;         /* the task is queued: exchanges are acq_rel, pairing with each other */
};

struct port {
    struct channel *channel;
    struct port *twin;

    /* Owner's thread. */
    struct agent *agent; /* NULL while unattached */
    const struct port_calls *calls;
    void *holder;
    bool enabled, detached, kept, close_told;
    uint32_t sent, received;      /* messages, which are numbered in each direction */
    uint32_t queued;              /* tasks in the agent's loop while the channel is local */
    struct task *pending, **last; /* messages before start, while the channel is local */
    struct task close_task;       /* while the channel is local */
    struct seat *own_seat;

    /* Any thread, once the channel was shipped. */
    _Atomic uintptr_t seat; /* struct seat *; every access is an acq_rel read-modify-write, pairing with each other */
    _Atomic bool closed;    /* release by the owner, acquire by the twin's */
    struct observe_edge *parting; /* the owner's past at the close, for the twin's owner; published by `closed` */
    rcu_queue queue;        /* pushed by the twin's owner, popped by this end's */
};

struct channel {
    _Atomic uint32_t references; /* one per end; relaxed up, acq_rel down */
    bool shipped;                /* set while one agent has both ends; whoever gets an end later got it in a message */
    struct shipped *list;        /* constant once shipped: where the run finds it; NULL in a run without agents */
    struct channel *next, *previous; /* list's lock */
    struct port ends[2];
};

/* Every channel of a run that was shipped, so that those can be found which nobody refers to but
 * each other: an end that is on its way in a message that waits at an end which is on its way as
 * well. */
struct shipped {
    struct world_part part;
    pthread_mutex_t lock; /* a leaf */
    struct channel *first;
};

static void list_add(struct channel *c)
{
    struct shipped *l = c->list;

    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    c->next = l->first;
    if (c->next)
        c->next->previous = c;
    l->first = c;
    pthread_mutex_unlock(&l->lock);
}

static void list_remove(struct channel *c)
{
    struct shipped *l = c->list;

    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    if (c->previous)
        c->previous->next = c->next;
    else
        l->first = c->next;
    if (c->next)
        c->next->previous = c->previous;
    pthread_mutex_unlock(&l->lock);
}

static void drain(struct port *p)
{
    rcu_queue_node *node;

    while ((node = rcu_queue_pop(&p->queue)))
        message_lose(message_of_task(caa_container_of(node, struct task, node)), LOST_CLOSED);
    while (p->pending) {
        struct task *t = p->pending;
        p->pending = t->next;
        message_lose(message_of_task(t), LOST_CLOSED);
    }
    p->last = &p->pending;
}

static void channel_unref(struct channel *c)
{
    if (atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) > 1)
        return;
    /* What a poster pushed before it saw that the end was closed. */
    drain(&c->ends[0]);
    drain(&c->ends[1]);
    list_remove(c);
    observe_drop(c->ends[0].parting);
    observe_drop(c->ends[1].parting);
    free(c);
}

/* ---- the end of a run ---- */

static struct world_part *shipped_make(void)
{
    struct shipped *l = calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    pthread_mutex_init(&l->lock, NULL);
    return &l->part;
}

/* No agent is left: whatever is still there is reached from its own queues alone. Emptied, each
 * lets go of the next one. */
static void shipped_free(struct world_part *part)
{
    struct shipped *l = caa_container_of(part, struct shipped, part);
    struct channel *c, *next;

    if (l->first)
        rcu_settle(); /* ends in the inbox of an agent whose last seat has just been left */
    for (c = l->first; c; c = c->next) {
        c->list = NULL;
        atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
    }
    for (c = l->first; c; c = c->next) {
        drain(&c->ends[0]);
        drain(&c->ends[1]);
    }
    for (c = l->first; c; c = next) {
        next = c->next;
        channel_unref(c);
    }
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static const struct world_part_kind shipped_kind = {shipped_make, shipped_free};

static struct shipped *shipped_of(const struct agent *a)
{
    struct world_part *part = world_part(a->world, &shipped_kind);

    return part ? caa_container_of(part, struct shipped, part) : NULL;
}

static bool is_closed(const struct port *p)
{
    /* acquire: pairs with the release in end_entanglement; what was posted before the close is in the queue then */
    return atomic_load_explicit(&((struct port *)p)->closed, memory_order_acquire);
}

/* Whether the holder must live although nobody else refers to it (R-MP-09): something is or may come to be delivered. A local end that waits
 * for its twin is not kept: the two holders refer to each other, so that the garbage collector sees the pair. */
static bool must_keep(struct port *p)
{
    if (!p->channel->shipped)
        return p->queued > 0;
    return p->enabled && ((!p->detached && !p->close_told) || rcu_queue_filled(&p->queue));
}

/* May end the port: the last use of `p` unless its holder is held. */
static void keep_update(struct port *p)
{
    bool keep = must_keep(p);

    if (keep == p->kept)
        return;
    p->kept = keep;
    if (keep)
        p->calls->hold(p->holder);
    else
        p->calls->drop(p->holder);
}

/* Invariant 7, guarantee 1: none is missing, and none overtook another. */
static void expect_next(struct port *p, const struct message *m)
{
    hd_invariant("R-MP-05", m->number == p->received + 1);
    p->received++;
}

/* Hands one thing to the holder, which may do anything to the port meanwhile. */
static void hand_over(struct port *p, struct message *m)
{
    const struct port_calls *calls = p->calls;
    void *holder = p->holder;

    calls->hold(holder);
    keep_update(p);
    if (m)
        calls->message(holder, m);
    else
        calls->close(holder);
    calls->drop(holder);
}

/* ---- a local channel ---- */

static void local_run(struct task *t, struct agent *a)
{
    struct message *m = message_of_task(t);
    struct port *p = m->target;

    (void)a;
    p->queued--;
    expect_next(p, m);
    hand_over(p, m);
}

static void local_drop(struct task *t)
{
    struct message *m = message_of_task(t);
    struct port *p = m->target;

    expect_next(p, m);
    message_lose(m, LOST_ENDED);
    p->queued--;
    keep_update(p);
}

static void local_queue(struct port *p, struct task *t)
{
    p->queued++;
    keep_update(p);
    agent_queue(p->agent, t);
}

static void local_post(struct port *to, struct message *m)
{
    m->task.run = local_run;
    m->task.drop = local_drop;
    m->task.source = TASK_UNSHIPPED_PORT;
    m->target = to;
    if (to->enabled) {
        local_queue(to, &m->task);
        return;
    }
    m->task.next = NULL;
    *to->last = &m->task;
    to->last = &m->task.next;
}

static void local_start(struct port *p)
{
    struct task *t = p->pending;

    p->pending = NULL;
    p->last = &p->pending;
    while (t) {
        struct task *next = t->next;
        local_queue(p, t);
        t = next;
    }
}

static struct port *port_of_close_task(struct task *t)
{
    return caa_container_of(t, struct port, close_task);
}

static void local_close_run(struct task *t, struct agent *a)
{
    struct port *p = port_of_close_task(t);

    (void)a;
    p->queued--;
    hand_over(p, NULL);
}

static void local_close_drop(struct task *t)
{
    struct port *p = port_of_close_task(t);

    p->queued--;
    keep_update(p);
}

/* ---- seats ---- */

static void seat_unref(struct seat *s)
{
    if (atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) == 1)
        free(s);
}

static void seat_ref(struct seat *s)
{
    atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
}

/* True for the one who may queue the task. */
static bool seat_claim(struct seat *s)
{
    if (atomic_exchange_explicit(&s->posted, true, memory_order_acq_rel)) /* pairs with itself and seat_run */
        return false;
    seat_ref(s);
    return true;
}

/* Owner: delivers later. */
static void seat_queue(struct seat *s)
{
    if (seat_claim(s))
        agent_queue(s->agent, &s->task);
}

/* From the twin's thread: lets the owner look at the queue and at `closed`. */
static void wake(struct port *to)
{
    rcu_read_begin();
    /* acq_rel: guarantee 4; pairs with the exchanges in seat_place and seat_leave */
    struct seat *s = (struct seat *)atomic_fetch_add_explicit(&to->seat, 0, memory_order_acq_rel);
    if (s && seat_claim(s))
        agent_poke(s->agent, &s->task);
    rcu_read_end();
}

static struct message *take_message(struct port *p)
{
    rcu_queue_node *node = p->enabled ? rcu_queue_pop(&p->queue) : NULL;

    return node ? message_of_task(caa_container_of(node, struct task, node)) : NULL;
}

/* Delivers one message, or tells of the end. */
static void seat_run(struct task *t, struct agent *a)
{
    struct seat *s = caa_container_of(t, struct seat, task);
    struct port *p = s->port;

    (void)a;
    /* acq_rel: a poster who found the task queued pushed before this, so that the queue is not empty below */
    atomic_exchange_explicit(&s->posted, false, memory_order_acq_rel);
    if (p) {
        bool closed = is_closed(p->twin);
        struct message *m = take_message(p);
        if (m && (closed || rcu_queue_filled(&p->queue)))
            seat_queue(s);
        if (m) {
            observe_receive(m->task.edge);
            m->task.edge = NULL;
            expect_next(p, m);
            hand_over(p, m);
        } else if (closed && !p->detached && !p->close_told) {
            p->close_told = true;
            observe_receive(p->twin->parting);
            p->twin->parting = NULL;
            hand_over(p, NULL);
        }
    }
    seat_unref(s);
}

static void seat_drop(struct task *t)
{
    seat_unref(caa_container_of(t, struct seat, task));
}

static void seat_retired(struct rcu_deferred *d)
{
    struct seat *s = caa_container_of(d, struct seat, deferred);

    agent_unref(s->agent); /* may drop the task */
    seat_unref(s);
}

static struct seat *seat_new(struct agent *a, struct port *p)
{
    struct seat *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->task.run = seat_run;
    s->task.drop = seat_drop;
    s->task.source = TASK_SHIPPED_PORT;
    s->agent = agent_ref(a);
    s->port = p;
    atomic_init(&s->references, 1);
    return s;
}

/* The end is at its owner's from now on; what came before it is looked at. */
static void seat_place(struct port *p, struct seat *s)
{
    p->own_seat = s;
    atomic_exchange_explicit(&p->seat, (uintptr_t)s, memory_order_acq_rel); /* pairs with wake */
    if (is_closed(p->twin) || (p->enabled && rcu_queue_filled(&p->queue)))
        seat_queue(s);
}

static void seat_leave(struct port *p)
{
    struct seat *s = p->own_seat;

    if (!s)
        return;
    p->own_seat = NULL;
    s->port = NULL;
    atomic_exchange_explicit(&p->seat, 0, memory_order_acq_rel); /* pairs with wake */
    rcu_defer(&s->deferred, seat_retired);
}

/* ---- the first shipping ---- */

static bool is_local_task(const struct task *t, void *context)
{
    struct port *p = context;

    return t == &p->close_task || (t->run == local_run && message_of_task((struct task *)t)->target == p);
}

/* The messages of a local end move from the loop, or from before its start, into its queue. */
static void convert_end(struct port *p, struct seat *s)
{
    struct task *t = p->agent ? agent_extract(p->agent, is_local_task, p) : NULL;

    *p->last = NULL;
    for (struct task *from[] = {t, p->pending}, **list = from; list < from + 2; list++) {
        for (t = *list; t;) {
            struct task *next = t->next;
            if (t == &p->close_task) {
                p->close_told = false; /* the seat will tell */
            } else {
                t->drop = message_drop;
                rcu_queue_push(&p->queue, &t->node);
            }
            t = next;
        }
    }
    p->pending = NULL;
    p->last = &p->pending;
    p->queued = 0;
    if (s)
        seat_place(p, s);
}

/* Both ends are here, and nobody else knows the channel. */
static bool channel_convert(struct channel *c)
{
    struct seat *seats[2] = {NULL, NULL};

    for (int i = 0; i < 2; i++) {
        struct port *p = &c->ends[i];
        if (!p->agent || (seats[i] = seat_new(p->agent, p)))
            continue;
        if (seats[0])
            seat_retired(&seats[0]->deferred);
        return false;
    }
    c->shipped = true;
    for (int i = 0; i < 2 && !c->list; i++)
        c->list = c->ends[i].agent ? shipped_of(c->ends[i].agent) : NULL;
    list_add(c);
    for (int i = 0; i < 2; i++)
        convert_end(&c->ends[i], seats[i]);
    for (int i = 0; i < 2; i++)
        if (c->ends[i].agent)
            keep_update(&c->ends[i]);
    return true;
}

/* ---- the interface ---- */

status port_channel(struct port **one, struct port **two)
{
    struct channel *c = calloc(1, sizeof(*c));

    if (!c)
        return STATUS_NO_MEMORY;
    atomic_init(&c->references, 2);
    for (int i = 0; i < 2; i++) {
        struct port *p = &c->ends[i];
        p->channel = c;
        p->twin = &c->ends[1 - i];
        p->last = &p->pending;
        p->close_task = (struct task){.run = local_close_run, .drop = local_close_drop, .source = TASK_UNSHIPPED_PORT};
        rcu_queue_init(&p->queue);
    }
    *one = &c->ends[0];
    *two = &c->ends[1];
    return STATUS_OK;
}

status port_attach(struct port *p, struct agent *a, const struct port_calls *calls, void *holder)
{
    struct seat *s = p->channel->shipped ? seat_new(a, p) : NULL;

    if (p->channel->shipped && !s)
        return STATUS_NO_MEMORY;
    p->agent = a;
    p->calls = calls;
    p->holder = holder;
    if (s)
        seat_place(p, s);
    return STATUS_OK;
}

void port_start(struct port *p)
{
    if (p->enabled)
        return;
    p->enabled = true;
    if (!p->channel->shipped) {
        local_start(p);
        return;
    }
    if (rcu_queue_filled(&p->queue))
        seat_queue(p->own_seat);
    keep_update(p);
}

void port_post(struct port *p, struct message *m)
{
    struct port *to = p->twin;

    if (p->detached || is_closed(to)) {
        message_lose(m, LOST_CLOSED);
        return;
    }
    m->number = ++p->sent;
    if (!p->channel->shipped) {
        local_post(to, m);
        return;
    }
    m->task.source = TASK_SHIPPED_PORT;
    m->task.edge = observe_send(OBSERVE_MESSAGE);
    rcu_queue_push(&to->queue, &m->task.node);
    wake(to);
}

/* False when it had ended before. */
static bool end_entanglement(struct port *p)
{
    if (p->detached)
        return false;
    p->detached = true;
    p->parting = p->channel->shipped ? observe_send(OBSERVE_MESSAGE) : NULL;
    /* release: pairs with the acquire in is_closed */
    atomic_store_explicit(&p->closed, true, memory_order_release);
    return true;
}

void port_close(struct port *p)
{
    struct port *twin = p->twin;

    if (!end_entanglement(p))
        return;
    if (p->channel->shipped)
        wake(twin);
    else if (twin->agent && !twin->detached && !twin->close_told) {
        twin->close_told = true;
        local_queue(twin, &twin->close_task);
    }
    keep_update(p);
}

bool port_ship(struct port *p)
{
    const struct port_calls *calls = p->calls;
    void *holder = p->holder;

    if (!p->channel->shipped && !channel_convert(p->channel))
        return false;
    seat_leave(p);
    bool kept = p->kept;
    p->agent = NULL;
    p->calls = NULL;
    p->holder = NULL;
    p->enabled = p->kept = false;
    if (kept)
        calls->drop(holder);
    return true;
}

void port_release(struct port *p)
{
    seat_leave(p);
    p->agent = NULL;
    /* A local pair dies together, so that there is nobody to tell. */
    if (end_entanglement(p) && p->channel->shipped)
        wake(p->twin);
    drain(p);
    channel_unref(p->channel);
}

void port_abandon(struct port *p)
{
    const struct port_calls *calls = p->kept ? p->calls : NULL;
    void *holder = p->holder;

    port_release(p);
    if (calls)
        calls->drop(holder);
}

struct port *port_twin(struct port *p)
{
    return p->twin;
}

bool port_is_detached(const struct port *p)
{
    return p->detached;
}

bool port_was_shipped(const struct port *p)
{
    return p->channel->shipped;
}
