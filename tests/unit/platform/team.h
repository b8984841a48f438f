/* Threads for the tests of the crowd and of what sleeps in it: a team is a crowd with its members;
 * the test's own thread is the warden. A team that falls quiet before its members have ended shows
 * up as a result, never as a hang. */
#ifndef HEDDLE_TESTS_TEAM_H
#define HEDDLE_TESTS_TEAM_H

#include "platform/crowd.h"
#include "platform/rcu.h"
#include "platform/thread.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

struct team;

struct member {
    struct parker parker;
    thread thread;
    struct team *team;
    void (*run)(struct member *);
    int index;
    _Atomic bool doomed;
    _Atomic bool ended;
    _Atomic int64_t result;
    void *data;
};

struct team {
    struct crowd crowd;
    struct member *members;
    int count, capacity;
    uint32_t pokes;
    void *data;
};

/* How often a stress loop runs: `rounds`, times HEDDLE_STRESS if that is set; a tenth under a
 * sanitizer. */
static inline long stress(long rounds)
{
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    rounds /= 10;
#endif
    const char *factor = getenv("HEDDLE_STRESS");
    return factor ? rounds * atol(factor) : rounds;
}

static inline uint64_t random_next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

/* The caller holds the crowd until team_rest. */
static inline void team_begin(struct team *t, enum crowd_clock clock, int capacity)
{
    memset(t, 0, sizeof *t);
    crowd_init(&t->crowd, clock);
    t->members = calloc((size_t)capacity, sizeof *t->members);
    t->capacity = capacity;
}

static inline void team_thread(void *context)
{
    struct member *m = context;
    rcu_thread_register();
    m->run(m);
    rcu_thread_unregister();
    atomic_store(&m->ended, true);
    parker_leave(&m->parker);
}

/* While the caller is counted awake. */
static inline struct member *team_add(struct team *t, void (*run)(struct member *), void *data)
{
    CU_ASSERT_FATAL(t->count < t->capacity);
    struct member *m = &t->members[t->count];
    m->team = t;
    m->run = run;
    m->index = t->count++;
    m->data = data;
    parker_join(&m->parker, &t->crowd, m);
    CU_ASSERT_EQUAL_FATAL(thread_start(&m->thread, NULL, 256 * 1024, team_thread, m), STATUS_OK);
    return m;
}

/* Lets go of the crowd until nothing can happen any more, and holds it again. */
static inline void team_rest(struct team *t)
{
    crowd_release(&t->crowd);
    enum crowd_end end;
    do
        end = crowd_attend(&t->crowd, CROWD_NEVER, &t->pokes);
    while (end == CROWD_POKED);
    CU_ASSERT_EQUAL(end, CROWD_QUIET);
    crowd_hold(&t->crowd);
}

static inline int team_ended(struct team *t)
{
    int ended = 0;
    for (int i = 0; i < t->count; i++)
        ended += atomic_load(&t->members[i].ended);
    return ended;
}

/* Lets go; every member has ended or can end. */
static inline void team_end(struct team *t)
{
    team_rest(t);
    CU_ASSERT_EQUAL_FATAL(team_ended(t), t->count);
    for (int i = 0; i < t->count; i++)
        thread_join(&t->members[i].thread);
    crowd_destroy(&t->crowd);
    free(t->members);
}

#endif
