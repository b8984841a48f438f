/* What Atomics.wait and waitAsync ask of their agent (engine/atomics.h): its parker, its tasks and
 * its timers. */
#include "agent/agent.h"
#include "engine/atomics.h"
#include "engine/shared_buffer.h"

/* The agent's part of one promise of Atomics.waitAsync. It has a reference to the agent until its
 * settlement is posted: tasks that lie in the agent's inbox must not keep it alive. */
struct room {
    struct task task;
    struct timer timer;
    struct agent *agent;
    void *waiter;
};

static struct room *room_of_task(struct task *t)
{
    return caa_container_of(t, struct room, task);
}

static void run_settlement(struct task *t, struct agent *a)
{
    atomics_run_settlement(room_of_task(t)->waiter);
}

static void drop_settlement(struct task *t)
{
    atomics_drop_settlement(room_of_task(t)->waiter);
}

static void fire(struct timer *t, struct agent *a)
{
    atomics_run_timeout(caa_container_of(t, struct room, timer)->waiter);
}

/* engine_atomics_end frees the waiter. */
static void drop_timer(struct timer *t)
{
}

static void prepare(void *agent, void *at, void *waiter)
{
    struct room *room = at;

    room->agent = agent_ref(agent);
    room->waiter = waiter;
    room->task.run = run_settlement;
    room->task.drop = drop_settlement;
    room->task.source = TASK_JAVASCRIPT_ENGINE;
    room->timer.index = SIZE_MAX;
    room->timer.fire = fire;
    room->timer.drop = drop_timer;
}

static void post(void *at)
{
    struct room *room = at;
    struct agent *a = room->agent; /* the room may be gone once it is posted */

    agent_post(a, &room->task);
    agent_unref(a);
}

static void start_timer(void *at, int64_t delay)
{
    struct room *room = at;

    timer_start(room->agent, &room->timer, delay);
}

static void cancel_timer(void *at)
{
    struct room *room = at;

    timer_cancel(room->agent, &room->timer);
}

static void forget(void *at)
{
    agent_unref(((struct room *)at)->agent);
}

void agent_join_atomics(struct agent *a)
{
    a->atomics = (struct atomics_agent){
        .agent = a,
        .can_block = a->can_block,
        .parker = a->parker,
        .doomed = &a->doomed,
        .room_size = sizeof(struct room),
        .prepare = prepare,
        .post = post,
        .start_timer = start_timer,
        .cancel_timer = cancel_timer,
        .forget = forget,
    };
    engine_set_atomics_agent(a->engine, &a->atomics);
    engine_set_cluster(a->engine, a->cluster->id);
}
