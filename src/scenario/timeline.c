#include "scenario/timeline.h"

#include "agent/world.h"
#include "platform/thread.h"
#include "scenario/match.h"
#include "scenario/timeline_deeds.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE 1000000000 /* ns: how long a settled moment waits for agents that go on */
#define STACK_SIZE ((size_t)1 << 20)

struct step {
    const plan_moment *moment;
    int64_t due;      /* lock: CROWD_NEVER until its trigger */
    uint64_t missing; /* lock: lines that must still come */
    bool done;        /* the conductor's thread */
};

struct timeline {
    struct world *world;
    struct deeds deeds;
    struct step *steps;
    size_t count;
    pthread_mutex_t lock;
    _Atomic bool changed; /* release by who triggers, acquire by the conductor: look again */
    _Atomic bool stop;    /* the same */
    struct parker parker;
    thread thread;
};

/* ---- what agents tell, on their threads ---- */

static void trigger(struct timeline *t, struct step *s)
{
    s->due = crowd_now(&t->world->crowd) + (int64_t)s->moment->wait_ms * 1000000;
    atomic_store_explicit(&t->changed, true, memory_order_release);
}

static void wake(struct timeline *t)
{
    if (atomic_load_explicit(&t->changed, memory_order_relaxed))
        parker_unpark(&t->parker, PARK_IDLE);
}

static void look_for_agent(struct timeline *t, plan_trigger trigger_kind, const char *name)
{
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < t->count; i++) {
        struct step *s = &t->steps[i];
        if (s->moment->trigger == trigger_kind && s->due == CROWD_NEVER && !strcmp(s->moment->agent, name))
            trigger(t, s);
    }
    pthread_mutex_unlock(&t->lock);
    wake(t);
}

static void look_for_line(struct timeline *t, const struct agent *a, const struct notice *n)
{
    observation_record record = {
        .kind = OBSERVATION_CONSOLE,
        .time_ns = (uint64_t)crowd_now(&t->world->crowd),
        .agent = a ? a->name : NULL,
        .text = n->text,
        .level = (console_level)n->level,
    };
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < t->count; i++) {
        struct step *s = &t->steps[i];
        if (s->moment->trigger == TRIGGER_LOG && s->due == CROWD_NEVER &&
            match_line(&s->moment->line, &record) == MATCH_EQUAL && --s->missing == 0)
            trigger(t, s);
    }
    pthread_mutex_unlock(&t->lock);
    wake(t);
}

static void agent_started(void *context, const struct agent *a)
{
    struct timeline *t = context;
    deeds_note_agent(&t->deeds, a->name);
    look_for_agent(t, TRIGGER_AGENT_STARTED, a->name);
}

static void agent_noticed(void *context, const struct agent *a, const struct notice *n)
{
    if (n->kind == NOTICE_CONSOLE)
        look_for_line(context, a, n);
    else if (n->kind == NOTICE_EXIT && a)
        look_for_agent(context, TRIGGER_AGENT_ENDED, a->name);
}

static const struct world_watcher watcher = {agent_started, agent_noticed};

/* ---- the conductor ---- */

static bool must_look(void *context)
{
    struct timeline *t = context;
    /* acquire: pairs with the releases in trigger and timeline_stop */
    return atomic_load_explicit(&t->changed, memory_order_acquire) || atomic_load_explicit(&t->stop, memory_order_acquire);
}

/* The moment that comes next, the first of the file among equals; NULL when none has a time. */
static struct step *next_step(struct timeline *t, int64_t *due)
{
    struct step *next = NULL;
    pthread_mutex_lock(&t->lock);
    atomic_store_explicit(&t->changed, false, memory_order_relaxed);
    for (size_t i = 0; i < t->count; i++)
        if (!t->steps[i].done && t->steps[i].due != CROWD_NEVER && (!next || t->steps[i].due < next->due))
            next = &t->steps[i];
    *due = next ? next->due : CROWD_NEVER;
    pthread_mutex_unlock(&t->lock);
    return next;
}

static void tell(struct timeline *t, const struct step *s, bool held, const buffer *text)
{
    struct notice n = {
        .kind = NOTICE_MOMENT,
        .text = buffer_text(text),
        .level = held,
        .line = (uint32_t)(s - t->steps),
    };
    world_notice(t->world, NULL, &n);
}

/* A deed is told first, so that what comes of it stands behind it. */
static void carry_out(struct timeline *t, struct step *s)
{
    struct deed_subject subject = {0};
    buffer text = {0};
    bool held = s->moment->deed == DEED_NONE ? deed_look(&t->deeds, s->moment, &text)
                                             : deed_prepare(&t->deeds, s->moment, &subject, &text);
    tell(t, s, held, &text);
    if (held && s->moment->deed != DEED_NONE)
        deed_do(&t->deeds, s->moment, &subject);
    deed_subject_release(&subject);
    buffer_release(&text);
    s->done = true;
}

static void conduct(void *context)
{
    struct timeline *t = context;
    thread_name("timeline");
    rcu_thread_register();
    while (!atomic_load_explicit(&t->stop, memory_order_acquire)) {
        int64_t due;
        struct step *next = next_step(t, &due);
        enum park_result woken = next && next->moment->settled
                                     ? parker_park_settled(&t->parker, due, due + PATIENCE, must_look, t)
                                     : parker_park(&t->parker, PARK_IDLE, due, must_look, t);
        if (next && woken == PARK_DEADLINE)
            carry_out(t, next);
    }
    rcu_thread_unregister();
    parker_leave(&t->parker);
}

/* ---- its life ---- */

static void timeline_release(struct timeline *t)
{
    deeds_release(&t->deeds);
    pthread_mutex_destroy(&t->lock);
    free(t->steps);
    free(t);
}

status timeline_start(const plan *p, struct world *w, struct timeline **out)
{
    *out = NULL;
    if (!p->moment_count)
        return STATUS_OK;
    struct timeline *t = calloc(1, sizeof *t);
    if (!t)
        return STATUS_NO_MEMORY;
    t->world = w;
    deeds_start(&t->deeds, p, w);
    pthread_mutex_init(&t->lock, NULL);
    t->steps = calloc(p->moment_count, sizeof *t->steps);
    for (; t->steps && t->count < p->moment_count; t->count++) {
        const plan_moment *m = &p->timeline[t->count];
        t->steps[t->count] = (struct step){
            .moment = m,
            .due = m->trigger == TRIGGER_START ? (int64_t)m->wait_ms * 1000000 : CROWD_NEVER,
            .missing = m->trigger == TRIGGER_LOG ? m->line.times : 0,
        };
    }
    w->watcher = &watcher;
    w->watcher_context = t;
    parker_join(&t->parker, &w->crowd, NULL);
    status s = t->steps ? thread_start(&t->thread, NULL, STACK_SIZE, conduct, t) : STATUS_NO_MEMORY;
    if (s == STATUS_OK) {
        *out = t;
        return s;
    }
    w->watcher = NULL;
    parker_leave(&t->parker);
    timeline_release(t);
    return s;
}

void timeline_stop(struct timeline *t, bool complete)
{
    if (!t)
        return;
    atomic_store_explicit(&t->stop, true, memory_order_release);
    parker_unpark(&t->parker, PARK_IDLE);
    thread_join(&t->thread);
    deeds_review(&t->deeds, complete);
}

void timeline_free(struct timeline *t)
{
    if (t && !t->world->agents)
        timeline_release(t);
}
