/* Parcels that threads make, send to each other and free. Compiled together with parcel.c so that
 * the sanitizers see what the threads keep of them. */
#include "suites.h"

#include "platform/parcel.h"
#include "team.h"

#define MEMBERS 4
#define LARGEST 2300 /* bytes; some are too large to be kept */

struct parcel {
    rcu_queue_node node;
    size_t size;
    uint8_t filling; /* of all the bytes that follow */
    uint8_t bytes[];
};

struct exchange {
    rcu_queue inboxes[MEMBERS];
    _Atomic long wrong;
};

static struct parcel *fill(size_t size, uint8_t filling)
{
    struct parcel *p = parcel_new(size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    p->size = size;
    p->filling = filling;
    memset(p->bytes, filling, size - sizeof *p);
    return p;
}

/* Takes what has come, at most `most`. */
static void take(struct exchange *x, int member, long most)
{
    rcu_queue_node *node;
    while (most-- && (node = rcu_queue_pop(&x->inboxes[member]))) {
        struct parcel *p = caa_container_of(node, struct parcel, node);
        for (size_t i = 0; i < p->size - sizeof *p; i++)
            if (p->bytes[i] != p->filling)
                atomic_fetch_add(&x->wrong, 1);
        parcel_free(p, p->size);
    }
}

/* Seasons of sending more than is taken and of the opposite, so that magazines travel. */
static void trade(struct member *m)
{
    struct exchange *x = m->data;
    uint64_t seed = (uint64_t)m->index + 1;
    for (long i = 0; i < stress(40000); i++) {
        size_t room = random_next(&seed) % 3 ? 120 : LARGEST;
        size_t size = sizeof(struct parcel) + random_next(&seed) % (room - sizeof(struct parcel));
        struct parcel *p = fill(size, (uint8_t)random_next(&seed));
        rcu_queue_push(&x->inboxes[random_next(&seed) % MEMBERS], &p->node);
        take(x, m->index, (i / 1000 + m->index) % 2 ? 3 : 0);
    }
}

static void test_exchange(void)
{
    struct exchange x = {.wrong = 0};
    struct team t;
    for (int i = 0; i < MEMBERS; i++)
        rcu_queue_init(&x.inboxes[i]);
    for (int round = 0; round < 2; round++) { /* the second one's threads find a filled depot */
        team_begin(&t, CROWD_CLOCK_VIRTUAL, MEMBERS);
        for (int i = 0; i < MEMBERS; i++)
            team_add(&t, trade, &x);
        team_end(&t);
        for (int i = 0; i < MEMBERS; i++)
            take(&x, i, -1);
    }
    CU_ASSERT_EQUAL(atomic_load(&x.wrong), 0);
}

/* Every size is given whole, and the next of that size may be the one just freed. */
static void test_sizes(void)
{
    for (size_t size = sizeof(struct parcel); size < LARGEST; size++) {
        struct parcel *p = fill(size, 0xff);
        parcel_free(p, size);
        struct parcel *q = fill(size, 0);
        CU_ASSERT_EQUAL((uintptr_t)q % 16, 0);
        parcel_free(q, size);
    }
}

void add_parcel_suite(void)
{
    CU_pSuite suite = CU_add_suite("parcels", NULL, NULL);
    CU_add_test(suite, "every size", test_sizes);
    CU_add_test(suite, "exchanged by threads", test_exchange);
}
