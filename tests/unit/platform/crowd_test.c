#include "suites.h"

#include "platform/clock.h"
#include "platform/cpu.h"
#include "team.h"

#include <unistd.h>

#define MS ((int64_t)1000000)
#define SECOND ((int64_t)1000000000)

static bool never(void *context)
{
    return false;
}

/* ---- lost wake-ups: two members pass a turn back and forth ---- */

struct relay {
    _Atomic long turn; /* release by who passes it, acquire by who waits */
    long rounds;
    long checked; /* plain: the turn orders it */
};

struct my_turn {
    struct member *member;
    struct relay *relay;
};

static bool is_my_turn(void *context)
{
    struct my_turn *mine = context;
    long turn = atomic_load_explicit(&mine->relay->turn, memory_order_acquire);
    return turn % 2 == mine->member->index % 2 || atomic_load(&mine->member->doomed);
}

static void pass_turns(struct member *m)
{
    struct relay *r = m->data;
    struct my_turn mine = {m, r};
    struct parker *other = &m->team->members[m->index ^ 1].parker;
    uint64_t seed = (uint64_t)m->index + 1;
    for (long i = 0; i < r->rounds; i++) {
        while (!is_my_turn(&mine))
            parker_park(&m->parker, PARK_BLOCKED, CROWD_NEVER, is_my_turn, &mine);
        if (atomic_load(&m->doomed))
            return;
        r->checked++;
        for (uint64_t delay = random_next(&seed) % 64; delay; delay--)
            __asm__ volatile("");
        long turn = atomic_load_explicit(&r->turn, memory_order_relaxed);
        atomic_store_explicit(&r->turn, turn + 1, memory_order_release);
        parker_unpark(other, PARK_BLOCKED);
    }
}

/* True if all turns were passed; else frees the members that sleep for ever. */
static bool relay_ends(struct team *t)
{
    team_rest(t);
    if (team_ended(t) == t->count)
        return true;
    for (int i = 0; i < t->count; i++) {
        atomic_store(&t->members[i].doomed, true);
        parker_unpark(&t->members[i].parker, PARK_BLOCKED);
    }
    return false;
}

static void relay(bool never_spin, long rounds, int pairs)
{
    struct team t;
    struct relay relays[16];
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 2 * pairs);
    t.crowd.never_spin = never_spin;
    for (int i = 0; i < pairs; i++)
        relays[i] = (struct relay){.rounds = rounds};
    for (int i = 0; i < 2 * pairs; i++)
        team_add(&t, pass_turns, &relays[i / 2]);
    CU_ASSERT(relay_ends(&t));
    for (int i = 0; i < pairs; i++)
        CU_ASSERT_EQUAL(relays[i].checked, 2 * rounds);
    team_end(&t);
}

static void test_no_lost_wake_up(void)
{
    relay(true, stress(60000), 1);
}

static void test_no_lost_wake_up_spinning(void)
{
    relay(false, stress(60000), 1);
}

static void test_no_lost_wake_up_crowded(void)
{
    relay(false, stress(2000), 16);
}

/* ---- the virtual clock ---- */

struct sleeps {
    _Atomic int next;
    struct {
        int member;
        int64_t at;
    } woken[64];
};

static int64_t deadline_of(int index)
{
    return 1000 * SECOND * (1 + (index * 7) % 64);
}

static void sleep_long(struct member *m)
{
    struct sleeps *s = m->data;
    enum park_result result =
        parker_park(&m->parker, PARK_IDLE, deadline_of(m->index), never, NULL);
    int64_t now = crowd_now(&m->team->crowd);
    int place = atomic_fetch_add(&s->next, 1);
    s->woken[place].member = m->index;
    s->woken[place].at = now;
    atomic_store(&m->result, result);
}

static void test_virtual_time(void)
{
    struct sleeps s = {.next = 0};
    struct team t;
    int64_t start = clock_monotonic();
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 64);
    for (int i = 0; i < 64; i++)
        team_add(&t, sleep_long, &s);
    team_rest(&t);
    int64_t took = clock_monotonic() - start;
    CU_ASSERT(took < 1000 * SECOND);
    CU_ASSERT_EQUAL_FATAL(atomic_load(&s.next), 64);
    for (int i = 0; i < 64; i++) {
        int64_t deadline = 1000 * SECOND * (i + 1);
        CU_ASSERT_EQUAL(deadline_of(s.woken[i].member), deadline);
        /* The clock jumped to the deadline itself and has followed the machine from there. */
        CU_ASSERT(s.woken[i].at >= deadline && s.woken[i].at <= deadline + took);
        CU_ASSERT_EQUAL(atomic_load(&t.members[i].result), PARK_DEADLINE);
    }
    team_end(&t);
}

static void sleep_beyond(struct member *m)
{
    /* A deadline that has passed, one at the end of time, and one too far to come. */
    atomic_fetch_add(&m->result,
                     parker_park(&m->parker, PARK_IDLE, 0, never, NULL) == PARK_DEADLINE);
    atomic_fetch_add(&m->result, parker_park(&m->parker, PARK_IDLE, CROWD_LATEST, never, NULL) ==
                                     PARK_DEADLINE);
    parker_park(&m->parker, PARK_IDLE, CROWD_LATEST + 1, never, NULL);
}

static void test_far_deadlines(void)
{
    struct team t;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 1);
    struct member *m = team_add(&t, sleep_beyond, NULL);
    team_rest(&t);
    CU_ASSERT_EQUAL(atomic_load(&m->result), 2);
    CU_ASSERT_EQUAL(team_ended(&t), 0);
    CU_ASSERT(crowd_now(&t.crowd) >= CROWD_LATEST);
    CU_ASSERT(parker_unpark(&m->parker, PARK_IDLE));
    team_end(&t);
}

/* Time does not jump over the end of the run. */
static void test_limit(void)
{
    struct sleeps s = {.next = 0};
    struct team t;
    uint32_t pokes = 0;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 1);
    crowd_set_limit(&t.crowd, 10 * SECOND);
    struct member *m = team_add(&t, sleep_long, &s);
    crowd_release(&t.crowd);
    CU_ASSERT_EQUAL(crowd_attend(&t.crowd, CROWD_NEVER, &pokes), CROWD_LIMIT);
    CU_ASSERT(crowd_now(&t.crowd) >= 10 * SECOND && crowd_now(&t.crowd) < 1000 * SECOND);
    CU_ASSERT_EQUAL(atomic_load(&s.next), 0);
    crowd_hold(&t.crowd);
    CU_ASSERT(parker_unpark(&m->parker, PARK_IDLE));
    crowd_release(&t.crowd);
    thread_join(&m->thread);
    CU_ASSERT_EQUAL(atomic_load(&m->result), PARK_WOKEN);
    crowd_destroy(&t.crowd);
    free(t.members);
}

/* ---- who watches the others ---- */

/* Twenty members sleep until 100 s and then go on for 20 ms; the watcher wants 100 s and everybody asleep. */
#define BUSY_NS (20 * MS)

static void sleep_and_toil(struct member *m)
{
    parker_park(&m->parker, PARK_IDLE, 100 * SECOND, never, NULL);
    int64_t end = crowd_now(&m->team->crowd) + BUSY_NS;
    while (crowd_now(&m->team->crowd) < end)
        ;
    atomic_fetch_add((_Atomic int *)m->data, 1);
    parker_park(&m->parker, PARK_IDLE, 200 * SECOND, never, NULL);
}

static void watch_settled(struct member *m)
{
    bool due = parker_park_settled(&m->parker, 100 * SECOND, 150 * SECOND, never, NULL) == PARK_DEADLINE;
    int64_t now = crowd_now(&m->team->crowd);
    atomic_store(&m->result, due && now >= 100 * SECOND + BUSY_NS && now < 150 * SECOND ? atomic_load((_Atomic int *)m->data) : -1);
}

static void test_settled(void)
{
    struct team t;
    _Atomic int done = 0;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 21);
    struct member *watcher = team_add(&t, watch_settled, &done);
    for (int i = 0; i < 20; i++)
        team_add(&t, sleep_and_toil, &done);
    team_rest(&t);
    CU_ASSERT_EQUAL(atomic_load(&watcher->result), 20);
    team_end(&t);
}

static void toil_on(struct member *m)
{
    while (!atomic_load(&m->doomed))
        ;
}

static void watch_impatiently(struct member *m)
{
    bool due = parker_park_settled(&m->parker, 10 * MS, 30 * MS, never, NULL) == PARK_DEADLINE;
    atomic_store(&m->result, due && crowd_now(&m->team->crowd) >= 30 * MS);
    atomic_store(&((struct member *)m->data)->doomed, true);
}

/* One who never sleeps delays the watcher to its last moment, not for ever. */
static void test_settled_at_last(void)
{
    struct team t;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 2);
    struct member *busy = team_add(&t, toil_on, NULL), *watcher = team_add(&t, watch_impatiently, busy);
    team_rest(&t);
    CU_ASSERT_EQUAL(atomic_load(&watcher->result), 1);
    team_end(&t);
}

static void sleep_for_ever(struct member *m)
{
    while (!atomic_load(&m->doomed)) {
        parker_park(&m->parker, PARK_IDLE, crowd_now(&m->team->crowd) + SECOND, never, NULL);
        atomic_fetch_add(&m->result, 1);
    }
}

static void test_jump_limit(void)
{
    struct team t;
    uint32_t pokes = 0;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 1);
    crowd_set_jump_limit(&t.crowd, 50);
    struct member *m = team_add(&t, sleep_for_ever, NULL);
    crowd_release(&t.crowd);
    CU_ASSERT_EQUAL(crowd_attend(&t.crowd, CROWD_NEVER, &pokes), CROWD_LIMIT);
    CU_ASSERT(t.crowd.jumps_used_up);
    CU_ASSERT_EQUAL(atomic_load(&m->result), 50);
    CU_ASSERT_PTR_EQUAL(crowd_next_due(&t.crowd), &m->parker);
    crowd_hold(&t.crowd);
    atomic_store(&m->doomed, true);
    CU_ASSERT(parker_unpark(&m->parker, PARK_IDLE));
    crowd_release(&t.crowd);
    thread_join(&m->thread);
    crowd_destroy(&t.crowd);
    free(t.members);
}

/* ---- quiet: tokens wander at random; the crowd is quiet exactly when none is left and nobody
 * sleeps for a while ---- */

#define WANDERERS 24

struct wander {
    _Atomic long tokens[WANDERERS];
    _Atomic long energy; /* how many more tokens may be made */
    _Atomic long naps;   /* members that sleep until a deadline */
    _Atomic bool over;
};

static bool has_token(void *context)
{
    struct member *m = context;
    struct wander *w = m->data;
    return atomic_load_explicit(&w->tokens[m->index], memory_order_acquire) > 0 ||
           atomic_load_explicit(&w->over, memory_order_acquire);
}

static void give_token(struct team *t, struct wander *w, int to)
{
    atomic_fetch_add_explicit(&w->tokens[to], 1, memory_order_release);
    parker_unpark(&t->members[to].parker, PARK_IDLE | PARK_BLOCKED);
}

static void wander(struct member *m)
{
    struct wander *w = m->data;
    uint64_t seed = (uint64_t)m->index * 77 + 1;
    while (!atomic_load_explicit(&w->over, memory_order_acquire)) {
        if (!has_token(m)) {
            enum park_kind kind = random_next(&seed) % 2 ? PARK_IDLE : PARK_BLOCKED;
            if (random_next(&seed) % 8 == 0) {
                int64_t until = crowd_now(&m->team->crowd) + (int64_t)(random_next(&seed) % 50000);
                atomic_fetch_add(&w->naps, 1);
                parker_park(&m->parker, kind, until, has_token, m);
                atomic_fetch_sub(&w->naps, 1);
            } else {
                parker_park(&m->parker, kind, CROWD_NEVER, has_token, m);
            }
            continue;
        }
        atomic_fetch_sub_explicit(&w->tokens[m->index], 1, memory_order_acquire);
        for (int i = 0; i < 2; i++)
            if (atomic_fetch_sub(&w->energy, 1) > 0)
                give_token(m->team, w, (int)(random_next(&seed) % WANDERERS));
    }
}

static void test_quiet(void)
{
    struct wander w = {.over = false};
    struct team t;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, WANDERERS);
    for (int i = 0; i < WANDERERS; i++)
        team_add(&t, wander, &w);
    for (long round = 0; round < stress(300); round++) {
        atomic_store(&w.energy, round % 100);
        give_token(&t, &w, (int)(round % WANDERERS));
        team_rest(&t);
        long left = 0;
        for (int i = 0; i < WANDERERS; i++)
            left += atomic_load(&w.tokens[i]);
        CU_ASSERT_EQUAL_FATAL(left, 0);
        CU_ASSERT_EQUAL_FATAL(atomic_load(&w.naps), 0);
    }
    atomic_store(&w.over, true);
    for (int i = 0; i < WANDERERS; i++)
        parker_unpark(&t.members[i].parker, PARK_IDLE | PARK_BLOCKED);
    team_end(&t);
}

/* ---- the warden ---- */

static void run_until_told(struct member *m)
{
    _Atomic bool *told = m->data;
    while (!atomic_load(told))
        cpu_pause();
}

static void tell_later(struct member *m)
{
    enum park_result result =
        parker_park(&m->parker, PARK_IDLE, crowd_now(&m->team->crowd) + 5 * MS, never, NULL);
    atomic_store(&m->result, result);
    atomic_store((_Atomic bool *)m->data, true);
}

static void warden_wakes(enum crowd_clock clock)
{
    _Atomic bool told = false;
    struct team t;
    team_begin(&t, clock, 2);
    team_add(&t, run_until_told, (void *)&told);
    struct member *m = team_add(&t, tell_later, (void *)&told);
    team_rest(&t);
    CU_ASSERT_EQUAL(atomic_load(&m->result), PARK_DEADLINE);
    team_end(&t);
}

static void test_warden_virtual(void)
{
    warden_wakes(CROWD_CLOCK_VIRTUAL);
}

static void test_warden_real(void)
{
    warden_wakes(CROWD_CLOCK_REAL);
}

static void test_real_time(void)
{
    _Atomic bool told = false;
    struct team t;
    int64_t start = clock_monotonic();
    team_begin(&t, CROWD_CLOCK_REAL, 1);
    struct member *m = team_add(&t, tell_later, (void *)&told);
    team_rest(&t);
    CU_ASSERT_EQUAL(atomic_load(&m->result), PARK_DEADLINE);
    CU_ASSERT(clock_monotonic() - start >= 5 * MS);
    team_end(&t);
}

/* ---- outside actors ---- */

static bool is_doomed(void *context)
{
    return atomic_load((_Atomic bool *)context);
}

static void sleep_until_doomed(struct member *m)
{
    while (!atomic_load(&m->doomed))
        parker_park(&m->parker, PARK_BLOCKED, CROWD_NEVER, is_doomed, (void *)&m->doomed);
}

static void doom(struct member *m)
{
    atomic_store(&m->doomed, true);
    parker_unpark(&m->parker, PARK_BLOCKED);
}

static void test_hold(void)
{
    struct team t;
    uint32_t pokes = 0;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 1);
    struct member *m = team_add(&t, sleep_until_doomed, NULL);
    CU_ASSERT_EQUAL(crowd_attend(&t.crowd, clock_monotonic() + 10 * MS, &pokes), CROWD_LIMIT);
    crowd_release(&t.crowd);
    CU_ASSERT_EQUAL(crowd_attend(&t.crowd, CROWD_NEVER, &pokes), CROWD_QUIET);
    crowd_hold(&t.crowd);
    CU_ASSERT_EQUAL(crowd_attend(&t.crowd, clock_monotonic() + 10 * MS, &pokes), CROWD_LIMIT);
    CU_ASSERT_FALSE(parker_unpark(&m->parker, PARK_IDLE));
    doom(m);
    team_end(&t);
}

struct outsider {
    struct team *team;
    int64_t delay;
};

static void hold_and_doom(void *context)
{
    struct outsider *o = context;
    crowd_hold(&o->team->crowd);
    usleep(2000);
    doom(&o->team->members[0]);
    crowd_release(&o->team->crowd);
}

/* A thread that is no member wakes one, after the crowd was quiet. */
static void test_outsider(void)
{
    struct team t;
    thread outside;
    struct outsider o = {.team = &t};
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 1);
    struct member *m = team_add(&t, sleep_until_doomed, NULL);
    team_rest(&t);
    CU_ASSERT_EQUAL(team_ended(&t), 0);
    CU_ASSERT_EQUAL_FATAL(thread_start(&outside, NULL, 256 * 1024, hold_and_doom, &o), STATUS_OK);
    thread_join(&outside);
    team_end(&t);
    (void)m;
}

static void poke_and_stop(void *context)
{
    struct team *t = context;
    usleep(1000);
    crowd_poke(&t->crowd);
    usleep(1000);
    crowd_stop(&t->crowd);
}

static void test_poke_and_stop(void)
{
    struct team t;
    thread outside;
    uint32_t pokes = 0;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 1);
    struct member *m = team_add(&t, sleep_until_doomed, NULL);
    CU_ASSERT_EQUAL_FATAL(thread_start(&outside, NULL, 256 * 1024, poke_and_stop, &t), STATUS_OK);
    enum crowd_end first = crowd_attend(&t.crowd, CROWD_NEVER, &pokes);
    CU_ASSERT(first == CROWD_POKED || first == CROWD_STOPPED);
    while (crowd_attend(&t.crowd, CROWD_NEVER, &pokes) == CROWD_POKED)
        ;
    CU_ASSERT_EQUAL(crowd_attend(&t.crowd, CROWD_NEVER, &pokes), CROWD_STOPPED);
    thread_join(&outside);
    doom(m);
    crowd_release(&t.crowd);
    thread_join(&m->thread);
    crowd_destroy(&t.crowd);
    free(t.members);
}

static void count_kinds(struct parker *p, enum park_kind kind, void *context)
{
    int *kinds = context;
    struct member *m = p->owner;
    kinds[kind]++;
    CU_ASSERT(m->index == 0 || p->since >= 0);
}

static void test_visit(void)
{
    struct team t;
    int kinds[4] = {0};
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 3);
    for (int i = 0; i < 3; i++)
        team_add(&t, sleep_until_doomed, NULL);
    team_rest(&t);
    crowd_visit(&t.crowd, count_kinds, kinds);
    CU_ASSERT(kinds[PARK_BLOCKED] == 3 && kinds[PARK_RUNNING] == 0);
    for (int i = 0; i < 3; i++)
        doom(&t.members[i]);
    team_end(&t);
}

void add_crowd_suite(void)
{
    CU_pSuite suite = CU_add_suite("crowd", NULL, NULL);
    CU_add_test(suite, "no wake-up is lost", test_no_lost_wake_up);
    CU_add_test(suite, "no wake-up is lost while spinning", test_no_lost_wake_up_spinning);
    CU_add_test(suite, "no wake-up is lost in a crowd", test_no_lost_wake_up_crowded);
    CU_add_test(suite, "virtual time jumps from deadline to deadline", test_virtual_time);
    CU_add_test(suite, "deadlines past and far away", test_far_deadlines);
    CU_add_test(suite, "virtual time ends at the limit", test_limit);
    CU_add_test(suite, "a watcher finds everybody asleep", test_settled);
    CU_add_test(suite, "a watcher does not wait for ever", test_settled_at_last);
    CU_add_test(suite, "a clock that jumps for ever ends the run", test_jump_limit);
    CU_add_test(suite, "quiet exactly when nobody can run", test_quiet);
    CU_add_test(suite, "the warden wakes who is due (virtual clock)", test_warden_virtual);
    CU_add_test(suite, "the warden wakes who is due (real clock)", test_warden_real);
    CU_add_test(suite, "real time passes", test_real_time);
    CU_add_test(suite, "who holds keeps the crowd awake", test_hold);
    CU_add_test(suite, "an outside thread wakes a quiet crowd", test_outsider);
    CU_add_test(suite, "poke and stop reach the warden", test_poke_and_stop);
    CU_add_test(suite, "members can be visited", test_visit);
}
