/* Locks, the queue and the table of platform/rcu.h. */
#include "suites.h"

#include "platform/lock.h"
#include "team.h"

#include <sched.h>

struct counted {
    lock lock;
    long count; /* lock */
};

static void count_up(struct member *m)
{
    struct counted *c = m->data;
    for (long i = 0; i < stress(20000); i++) {
        lock_enter(&c->lock);
        c->count++;
        lock_leave(&c->lock);
    }
}

static void test_lock(void)
{
    struct counted c = {.count = 0};
    struct team t;
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 6);
    for (int i = 0; i < 6; i++)
        team_add(&t, count_up, &c);
    team_end(&t);
    CU_ASSERT_EQUAL(c.count, 6 * stress(20000));
    CU_ASSERT_EQUAL(atomic_load(&c.lock.word), LOCK_FREE);
}

struct letter {
    rcu_queue_node node;
    int from;
    long number;
};

struct post {
    rcu_queue queue;
    struct member *reader;
};

static void send_letters(struct member *m)
{
    struct post *p = m->data;
    for (long i = 0; i < stress(5000); i++) {
        struct letter *l = malloc(sizeof *l);
        l->from = m->index;
        l->number = i;
        rcu_queue_push(&p->queue, &l->node);
        parker_unpark(&p->reader->parker, PARK_IDLE);
    }
}

static bool has_letter(void *context)
{
    struct post *p = context;
    return rcu_queue_filled(&p->queue);
}

/* Reads until all have come; each sender's letters in order. */
static void read_letters(struct member *m)
{
    struct post *p = m->data;
    long next[4] = {0}, total = 0;
    while (total < 3 * stress(5000)) {
        struct letter *l = (struct letter *)rcu_queue_pop(&p->queue);
        if (!l) {
            parker_park(&m->parker, PARK_IDLE, CROWD_NEVER, has_letter, p);
            if (atomic_load(&m->doomed))
                return;
            continue;
        }
        if (l->number != next[l->from]++)
            atomic_fetch_add(&m->result, 1);
        total++;
        free(l);
    }
}

static void test_queue(void)
{
    struct post p;
    struct team t;
    rcu_queue_init(&p.queue);
    team_begin(&t, CROWD_CLOCK_VIRTUAL, 4);
    p.reader = &t.members[0];
    team_add(&t, read_letters, &p);
    for (int i = 0; i < 3; i++)
        team_add(&t, send_letters, &p);
    team_rest(&t);
    CU_ASSERT_EQUAL_FATAL(team_ended(&t), 4);
    CU_ASSERT_EQUAL(atomic_load(&t.members[0].result), 0);
    team_end(&t);
}

#define READERS 3

struct entry {
    rcu_table_node node;
    struct rcu_deferred deferred;
    long key, value;
};

static bool entry_matches(rcu_table_node *node, const void *key)
{
    return caa_container_of(node, struct entry, node)->key == *(const long *)key;
}

static void entry_free(struct rcu_deferred *d)
{
    free(caa_container_of(d, struct entry, deferred));
}

struct shared_entries {
    struct rcu_table *table;
    _Atomic int arrived;
};

/* relaxed: keeps the members in step without ordering anything, so that only the table and the
 * grace period do */
static void keep_step(struct shared_entries *s, int step)
{
    atomic_fetch_add_explicit(&s->arrived, 1, memory_order_relaxed);
    while (atomic_load_explicit(&s->arrived, memory_order_relaxed) < step * READERS)
        sched_yield();
}

static long read_entry(struct rcu_table *table, long key)
{
    rcu_read_begin();
    rcu_table_node *node =
        rcu_table_find(table, (unsigned long)key * 0x9e3779b9u, entry_matches, &key);
    long value = node ? caa_container_of(node, struct entry, node)->value : -1;
    rcu_read_end();
    return value;
}

static bool add_entry(struct rcu_table *table, struct entry *fresh)
{
    rcu_read_begin();
    rcu_table_node *node = rcu_table_add(table, (unsigned long)fresh->key * 0x9e3779b9u,
                                         entry_matches, &fresh->key, &fresh->node);
    rcu_read_end();
    return node == &fresh->node;
}

static void remove_entries(struct rcu_table *table, long rounds)
{
    for (long i = 0; i < rounds; i++) {
        rcu_read_begin();
        rcu_table_node *node =
            rcu_table_find(table, (unsigned long)i * 0x9e3779b9u, entry_matches, &i);
        rcu_table_remove(table, node);
        rcu_read_end();
        rcu_defer(&caa_container_of(node, struct entry, node)->deferred, entry_free);
    }
    rcu_settle();
}

/* All members make the same entries, and one of them wins each; everybody reads what it wrote; then
 * one removes them all, while the readers still run, so that nothing but the grace period stands
 * between their reading and the end. */
static void share_entries(struct member *m)
{
    struct shared_entries *s = m->data;
    long rounds = stress(3000);
    keep_step(s, 1);
    for (long i = 0; i < rounds; i++) {
        struct entry *fresh = calloc(1, sizeof *fresh);
        fresh->key = i;
        fresh->value = i * 3;
        if (!add_entry(s->table, fresh))
            free(fresh);
    }
    keep_step(s, 2);
    for (long i = 0; i < rounds; i++)
        atomic_fetch_add(&m->result, read_entry(s->table, i) != i * 3);
    keep_step(s, 3);
    if (m->index == 0)
        remove_entries(s->table, rounds);
    keep_step(s, 4);
}

static void test_table(void)
{
    struct shared_entries s = {.table = rcu_table_make()};
    struct team t;
    CU_ASSERT_PTR_NOT_NULL_FATAL(s.table);
    team_begin(&t, CROWD_CLOCK_VIRTUAL, READERS);
    for (int i = 0; i < READERS; i++)
        team_add(&t, share_entries, &s);
    team_rest(&t);
    for (int i = 0; i < READERS; i++)
        CU_ASSERT_EQUAL(atomic_load(&t.members[i].result), 0);
    team_end(&t);
    rcu_settle();
    rcu_table_free(s.table);
}

void add_lock_suite(void)
{
    CU_pSuite suite = CU_add_suite("locks, queues, tables", NULL, NULL);
    CU_add_test(suite, "a lock excludes", test_lock);
    CU_add_test(suite, "a queue keeps each sender's order", test_queue);
    CU_add_test(suite, "a table hands out one entry per key", test_table);
}
