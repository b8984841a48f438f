/* Ten thousand programs of two to four agents: the detector and the definition agree. */
#include "program.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

static unsigned pick(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 20) % below);
}

/* Few places, so that accesses meet. */
static void place_plain(struct event *e)
{
    static const unsigned sizes[] = {1, 2, 4, 4, 4, 8, 3, 12};
    e->size = sizes[pick(8)];
    e->offset = pick(MEMORY - e->size + 1);
    if (pick(4) && e->size <= 8)
        e->offset -= e->offset % (e->size == 3 ? 1 : e->size);
}

static void place_atomic(struct event *e)
{
    static const unsigned sizes[] = {4, 4, 4, 8, 2, 1};
    e->size = sizes[pick(6)];
    e->offset = pick(MEMORY / e->size) * e->size;
}

/* Messages that were sent and not received, by anybody but the sender. */
static bool place_receive(const struct program *p, struct event *e)
{
    for (unsigned i = p->count; i-- > 0;) {
        bool taken = false;
        if (p->events[i].kind != SEND || p->events[i].agent == e->agent)
            continue;
        for (unsigned k = i; k < p->count; k++)
            taken |= p->events[k].kind == RECEIVE && p->events[k].number == i;
        e->number = i;
        if (!taken)
            return true;
    }
    return false;
}

static void add_event(struct program *p)
{
    static const enum event_kind kinds[] = {READ, READ,    READ,    WRITE, WRITE,  WRITE,   LOAD,
                                            LOAD, STORE,   STORE,   STORE, MODIFY, SECTION, WAIT,
                                            SEND, RECEIVE, RECEIVE, GROW,  LENGTH};
    struct event e = {.kind = kinds[pick(sizeof kinds / sizeof kinds[0])],
                      .agent = pick(p->agents)};
    switch (e.kind) {
    case READ:
    case WRITE:
        place_plain(&e);
        break;
    case LOAD:
    case STORE:
    case MODIFY:
        place_atomic(&e);
        break;
    case SECTION:
    case WAIT:
        e.size = 4;
        e.offset = pick(MEMORY / 4) * 4;
        break;
    case SEND:
        e.number = p->count;
        break;
    case RECEIVE:
        if (!place_receive(p, &e))
            return;
        break;
    default:
        break;
    }
    p->events[p->count++] = e;
}

static void generate(struct program *p, uint64_t seed)
{
    state = seed * 0x9e3779b97f4a7c15u + 1;
    *p = (struct program){.agents = 2 + pick(3)};
    bool starts = pick(2);
    for (unsigned i = 1; starts && i < p->agents; i++)
        p->events[p->count++] = (struct event){.kind = START, .agent = 0, .number = i};
    unsigned length = 4 + pick(pick(2) ? 12 : MOST_EVENTS - 12);
    while (p->count < length)
        add_event(p);
}

static void print(const struct program *p, uint64_t seed)
{
    static const char *const names[] = {"read", "write", "load",    "store", "modify", "section",
                                        "wait", "send",  "receive", "start", "grow",   "length"};
    printf("\nprogram %llu\n", (unsigned long long)seed);
    for (unsigned i = 0; i < p->count; i++)
        printf("%3u agent %u %-8s offset %2u size %u number %u\n", i, p->events[i].agent,
               names[p->events[i].kind], p->events[i].offset, p->events[i].size,
               p->events[i].number);
}

static bool meet_at(const struct event *a, const struct event *b, unsigned byte)
{
    return byte >= a->offset && byte < a->offset + a->size && byte >= b->offset &&
           byte < b->offset + b->size;
}

/* What an observed race is at one byte: the read found this write there. */
static bool found_at(const struct program *p, unsigned first, unsigned second, unsigned byte)
{
    enum event_kind k = p->events[second].kind;
    if (k == WRITE || k == STORE || k == MODIFY)
        return true;
    for (unsigned i = first + 1; i < second; i++) {
        enum event_kind w = p->events[i].kind;
        if ((w == WRITE || w == STORE || w == MODIFY) &&
            meet_at(&p->events[i], &p->events[i], byte))
            return false;
    }
    return true;
}

/* 1. Nothing is reported that the definition does not know, and the class is right.
 *  2. Where the definition knows something about a byte, something is reported of it; and something
 *  observed, where it knows that. */
static bool agrees(const struct program *p, const struct findings *right,
                   const struct findings *got)
{
    bool known[3][MEMORY] = {{0}}, told[3][MEMORY] = {{0}};
    for (unsigned i = 0; i < p->count; i++)
        for (unsigned k = i + 1; k < p->count; k++) {
            if (got->pair[i][k] && got->pair[i][k] != right->pair[i][k]) {
                printf("\nevents %u and %u: reported %d, by definition %d", i, k, got->pair[i][k],
                       right->pair[i][k]);
                return false;
            }
            for (unsigned byte = 0; byte < MEMORY; byte++) {
                bool meets = meet_at(&p->events[i], &p->events[k], byte),
                     found = found_at(p, i, k, byte);
                known[UNORDERED][byte] |= meets && right->pair[i][k];
                told[UNORDERED][byte] |= meets && got->pair[i][k];
                known[OBSERVED][byte] |= meets && found && right->pair[i][k] == OBSERVED;
                told[OBSERVED][byte] |= meets && found && got->pair[i][k] == OBSERVED;
            }
        }
    for (unsigned byte = 0; byte < MEMORY; byte++)
        if (known[UNORDERED][byte] != told[UNORDERED][byte] ||
            known[OBSERVED][byte] != told[OBSERVED][byte]) {
            printf("\nbyte %u: conflict %d, reported %d; observed %d, reported %d", byte,
                   known[UNORDERED][byte], told[UNORDERED][byte], known[OBSERVED][byte],
                   told[OBSERVED][byte]);
            return false;
        }
    return true;
}

static void test_generated(void)
{
    static struct program p;
    static struct findings right, got;
    unsigned count = getenv("HEDDLE_DETECT_PROGRAMS")
                         ? (unsigned)atoi(getenv("HEDDLE_DETECT_PROGRAMS"))
                         : 10000,
             racy = 0, disagree = 0;
    for (uint64_t seed = 1; seed <= count && disagree < 3; seed++) {
        bool any = false;
        generate(&p, seed);
        oracle_judge(&p, &right);
        if (seed % 100 == 1)
            driver_open();
        driver_run(&p, &got);
        if (seed % 100 == 0 || seed == count)
            driver_close();
        if (!agrees(&p, &right, &got)) {
            print(&p, seed);
            disagree++;
        }
        for (unsigned i = 0; i < p.count; i++)
            for (unsigned k = 0; k < p.count; k++)
                any |= right.pair[i][k] != FREE;
        racy += any;
    }
    CU_ASSERT_EQUAL(disagree, 0);
    /* Neither side of the question is empty. */
    CU_ASSERT(racy > count / 10 && racy < count - count / 100);
}

void add_generated_tests(void *suite)
{
    CU_add_test(suite, "the definition agrees on generated programs", test_generated);
}
