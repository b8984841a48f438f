/* Ports shipped at random among agents while messages flow: every message arrives once and in order, every end hears of the close
 * (R-MP-05..07). No JavaScript: the agents here have no engine. HEDDLE_STRESS=<factor> makes it longer. */
#include "agent/world.h"
#include "base/assert.h"
#include "message/envelope.h"
#include "message/port.h"

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

enum { AGENTS = 4, CHANNELS = 12 };

static struct agent *agents[AGENTS];
static uint32_t messages; /* per end */
static _Atomic uint32_t delivered, disordered, closes, hops, unbalanced; /* relaxed: read when all agents have ended */

/* What works at one end of a channel and travels with it. */
struct actor {
    struct port *port;
    struct agent *agent;
    bool closer; /* of the two, the one that closes when both directions are done */
    bool started, closed;
    uint32_t sent, received, references;
    uint64_t random;
    struct task turn;
};

static uint32_t random_below(struct actor *x, uint32_t limit)
{
    x->random = x->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(x->random >> 33) % limit;
}

static void count(_Atomic uint32_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void finish_actor(struct actor *x)
{
    port_release(x->port);
    if (x->references)
        count(&unbalanced);
    free(x);
}

static bool done(const struct actor *x)
{
    return x->sent == messages && x->received == messages && (x->closer || x->closed);
}

/* ---- what the port calls ---- */

static void hold(void *holder)
{
    struct actor *x = holder;
    x->references++;
}

/* The actor ends when it has done its part and the port does not need it any more. */
static void drop(void *holder)
{
    struct actor *x = holder;
    x->references--;
}

static void receive(void *holder, struct message *m)
{
    struct actor *x = holder;
    uint32_t number;
    memcpy(&number, m->bytes, sizeof(number));
    if (number != x->received)
        count(&disordered);
    x->received++;
    count(&delivered);
    message_settle(m, MESSAGE_DELIVERED);
    message_free(m);
}

static void hear_close(void *holder)
{
    struct actor *x = holder;
    if (x->started && x->received != messages) /* an end that is not started hears of it at once */
        count(&disordered);
    x->closed = true;
    count(&closes);
}

static const struct port_calls calls = {hold, drop, receive, hear_close};

/* ---- turns ---- */

static void send_one(struct actor *x)
{
    struct message *m = message_new(sizeof(x->sent), 0);
    hd_assert(m);
    memcpy(m->bytes, &x->sent, sizeof(x->sent));
    x->sent++;
    port_post(x->port, m);
}

static void settle(struct actor *x)
{
    hd_assert(port_attach(x->port, x->agent, &calls, x) == STATUS_OK);
    x->started = false;
    agent_queue(x->agent, &x->turn);
}

static struct actor *passenger(struct message *m)
{
    struct actor *x;
    memcpy(&x, m->bytes, sizeof(struct actor *));
    return x;
}

static void arrive(struct task *t, struct agent *a)
{
    struct message *m = message_of_task(t);
    struct actor *x = passenger(m);
    m->attachments[0].kind = ATTACHMENT_NONE;
    message_settle(m, MESSAGE_DELIVERED);
    message_free(m);
    x->agent = a;
    settle(x);
}

static void lose(struct task *t)
{
    struct message *m = message_of_task(t);
    free(passenger(m));
    message_lose(m, LOST_ENDED);
}

static void travel(struct actor *x)
{
    struct agent *to = agents[random_below(x, AGENTS)];
    struct message *m = message_new(sizeof(x), 1);
    hd_assert(m && port_ship(x->port));
    memcpy(m->bytes, &x, sizeof(struct actor *));
    m->attachments[0] = (struct attachment){.kind = ATTACHMENT_PORT, .thing = x->port};
    m->task.run = arrive;
    m->task.drop = lose;
    count(&hops);
    agent_post(to, &m->task);
}

static void turn(struct task *t, struct agent *a)
{
    struct actor *x = caa_container_of(t, struct actor, turn);
    if (!x->started && random_below(x, 3)) {
        x->started = true;
        port_start(x->port);
    }
    for (uint32_t i = random_below(x, 6); i > 0 && x->sent < messages; i--)
        send_one(x);
    if (done(x)) {
        if (x->closer)
            port_close(x->port);
        finish_actor(x);
    } else if (!random_below(x, 8)) {
        travel(x);
    } else {
        agent_queue(a, t);
    }
}

static void turn_dropped(struct task *t)
{
    struct actor *x = caa_container_of(t, struct actor, turn);
    x->references = 0;
    finish_actor(x);
}

/* ---- the world ---- */

static void start_channels(struct task *t, struct agent *a)
{
    (void)t;
    for (uint32_t c = 0; c < CHANNELS; c++) {
        struct port *ends[2];
        hd_assert(port_channel(&ends[0], &ends[1]) == STATUS_OK);
        for (uint32_t e = 0; e < 2; e++) {
            struct actor *x = calloc(1, sizeof(*x));
            hd_assert(x);
            x->port = ends[e];
            x->agent = a;
            x->closer = e == 0;
            x->random = a->world->seed * 1000 + c * 2 + e;
            x->turn.run = turn;
            x->turn.drop = turn_dropped;
            settle(x);
        }
    }
}

static void nothing(struct agent *a)
{
    (void)a;
}

static void forget(struct task *t)
{
    (void)t;
}

static const struct agent_calls agent_calls = {nothing, nothing, nothing};

static void ignore_notice(struct world *w, struct notice *n, void *context)
{
    (void)w;
    (void)n;
    (void)context;
}

static enum world_end run_world(uint64_t seed)
{
    static const struct world_watch watch = {.sink = ignore_notice};
    static struct task begin = {.run = start_channels, .drop = forget};
    struct world *w = world_create(CROWD_CLOCK_VIRTUAL, seed);
    hd_assert(w);
    for (int i = 0; i < AGENTS; i++) {
        struct agent_options o = {.kind = AGENT_DEDICATED_WORKER, .can_block = true, .name = "stress", .calls = &agent_calls};
        hd_assert(agent_start(w, &o, &agents[i]) == STATUS_OK);
    }
    agent_post(agents[0], &begin);
    enum world_end end = world_run(w, 0, 0, &watch);
    for (int i = 0; i < AGENTS; i++)
        agent_unref(agents[i]);
    rcu_settle();
    world_free(w);
    return end;
}

static uint32_t take(_Atomic uint32_t *counter)
{
    return atomic_exchange_explicit(counter, 0, memory_order_relaxed);
}

static void test_shipping(void)
{
    const char *factor = getenv("HEDDLE_STRESS");
    messages = 300;
    for (int round = 0; round < 5 * (factor ? atoi(factor) : 1); round++) {
        CU_ASSERT_EQUAL(run_world((uint64_t)round + 1), WORLD_IDLE);
        CU_ASSERT_EQUAL(take(&delivered), CHANNELS * 2 * messages);
        CU_ASSERT_EQUAL(take(&disordered), 0);
        CU_ASSERT_EQUAL(take(&closes), CHANNELS);
        CU_ASSERT_EQUAL(take(&unbalanced), 0);
        CU_ASSERT(take(&hops) > CHANNELS);
    }
}

int main(void)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 70;
    CU_pSuite suite = CU_add_suite("ports", NULL, NULL);
    CU_ADD_TEST(suite, test_shipping);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? 1 : 0;
}
