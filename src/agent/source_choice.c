#include "agent/source_choice.h"

#include "agent/world.h"

#include <stdlib.h>

struct source_choice {
    uint64_t random; /* state; 0 = not seeded yet */
    unsigned last;   /* round-robin: the source that was served last */
    int64_t held_until[TASK_SOURCE_COUNT];
};

void source_choice_begin(struct agent *a)
{
    a->choice = calloc(1, sizeof *a->choice);
}

void source_choice_free(struct agent *a)
{
    free(a->choice);
    a->choice = NULL;
}

void source_hold(struct agent *a, unsigned sources, int64_t until)
{
    if (!a->choice)
        source_choice_begin(a);
    for (unsigned s = 0; a->choice && s < TASK_SOURCE_COUNT; s++)
        if (sources >> s & 1)
            a->choice->held_until[s] = until;
}

/* splitmix64: of the run's seed and the agent's number. */
static uint64_t next_random(struct agent *a)
{
    struct source_choice *c = a->choice;
    if (!c->random)
        c->random = (a->world->seed + 1) * 0x9e3779b97f4a7c15u + a->id;
    uint64_t x = c->random += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static unsigned of_lot(struct agent *a, unsigned sources)
{
    unsigned count = (unsigned)__builtin_popcount(sources);
    for (uint64_t skip = next_random(a) % count; skip; skip--)
        sources &= sources - 1;
    return sources & -sources;
}

/* The next one after the last, round and round. */
static unsigned of_turn(struct agent *a, unsigned sources)
{
    unsigned later = sources & (ALL_SOURCES << a->choice->last << 1),
             chosen = later ? later : sources;
    a->choice->last = (unsigned)__builtin_ctz(chosen);
    return 1u << a->choice->last;
}

/* The user comes first, three times out of four: the example of HTML. */
static unsigned of_weight(struct agent *a, unsigned sources)
{
    unsigned user = 1u << TASK_USER_INTERACTION;
    return (sources & user) && next_random(a) % 4 ? user : of_lot(a, sources);
}

unsigned source_choose(struct agent *a, unsigned runnable)
{
    int64_t now = agent_now(a);
    for (unsigned s = 0; s < TASK_SOURCE_COUNT; s++)
        if (a->choice->held_until[s] > now)
            runnable &= ~(1u << s);
    if (!runnable)
        return 0;
    switch (a->world->queue_policy) {
    case QUEUE_ROUND_ROBIN:
        return of_turn(a, runnable);
    case QUEUE_WEIGHTED:
        return of_weight(a, runnable);
    case QUEUE_RANDOM:
        return of_lot(a, runnable);
    case QUEUE_FIFO:
        break;
    }
    return runnable;
}

int64_t source_next_due(const struct agent *a)
{
    int64_t due = agent_next_timer(a), now;
    if (!a->choice)
        return due;
    now = agent_now(a);
    if (due < a->choice->held_until[TASK_TIMER])
        due = a->choice->held_until[TASK_TIMER];
    for (const struct task *t = a->first; t; t = t->next) {
        int64_t until = a->choice->held_until[t->source];
        if (until > now && until < due)
            due = until;
    }
    return due;
}

bool source_is_patient(const struct agent *a)
{
    return a->timers.patient == a->timers.count && source_next_due(a) == agent_next_timer(a);
}
