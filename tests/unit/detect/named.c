/* One small program for each rule of happens-before and of data races. mutants.c leaves out one
 * rule after the other and wants the test that bears its name to fail. */
#include "program.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

struct expected {
    unsigned first, second;
    enum verdict verdict;
};

static const struct named {
    const char *name;
    unsigned agents;
    struct event events[10];
    struct expected found[4];
} tests[] = {
    {"two plain writes race", 2, {{WRITE, 0, 0, 4, 0}, {WRITE, 1, 0, 4, 0}}, {{0, 1, OBSERVED}}},
    {"a plain read of a plain write races",
     2,
     {{WRITE, 0, 0, 4, 0}, {READ, 1, 0, 4, 0}},
     {{0, 1, OBSERVED}}},
    {"a read before the write is a conflict",
     2,
     {{READ, 0, 0, 4, 0}, {WRITE, 1, 0, 4, 0}},
     {{0, 1, UNORDERED}}},
    {"reads do not race", 2, {{READ, 0, 0, 4, 0}, {READ, 1, 0, 4, 0}}, {{0}}},
    {"the order within an agent",
     2,
     {{WRITE, 0, 0, 4, 0}, {WRITE, 0, 0, 4, 0}, {READ, 0, 0, 4, 0}},
     {{0}}},
    {"neighbours do not race",
     2,
     {{WRITE, 0, 0, 1, 0}, {WRITE, 1, 1, 1, 0}, {WRITE, 0, 4, 2, 0}, {WRITE, 1, 6, 2, 0}},
     {{0}}},
    {"a byte within a word races",
     2,
     {{WRITE, 0, 0, 4, 0}, {READ, 1, 2, 1, 0}},
     {{0, 1, OBSERVED}}},
    {"atomic accesses of equal range do not race",
     2,
     {{STORE, 0, 0, 4, 0}, {STORE, 1, 0, 4, 0}, {MODIFY, 0, 0, 4, 0}},
     {{0}}},
    {"atomic accesses of different ranges race",
     2,
     {{STORE, 0, 0, 4, 0}, {STORE, 1, 0, 2, 0}},
     {{0, 1, OBSERVED}}},
    {"an atomic read of a plain write races",
     2,
     {{WRITE, 0, 0, 4, 0}, {LOAD, 1, 0, 4, 0}},
     {{0, 1, OBSERVED}}},
    {"store to load orders",
     2,
     {{WRITE, 0, 8, 4, 0}, {STORE, 0, 0, 4, 0}, {LOAD, 1, 0, 4, 0}, {READ, 1, 8, 4, 0}},
     {{0}}},
    {"a read-modify-write is a load",
     2,
     {{WRITE, 0, 8, 4, 0}, {STORE, 0, 0, 4, 0}, {MODIFY, 1, 0, 4, 0}, {READ, 1, 8, 4, 0}},
     {{0}}},
    {"a read-modify-write is a store",
     2,
     {{WRITE, 0, 8, 4, 0}, {MODIFY, 0, 0, 4, 0}, {LOAD, 1, 0, 4, 0}, {READ, 1, 8, 4, 0}},
     {{0}}},
    {"time moves on after a store",
     2,
     {{STORE, 0, 0, 4, 0}, {WRITE, 0, 8, 4, 0}, {LOAD, 1, 0, 4, 0}, {READ, 1, 8, 4, 0}},
     {{1, 3, OBSERVED}}},
    {"a store of another range does not order",
     2,
     {{WRITE, 0, 8, 4, 0}, {STORE, 0, 0, 2, 0}, {LOAD, 1, 0, 4, 0}, {READ, 1, 8, 4, 0}},
     {{1, 2, OBSERVED}, {0, 3, OBSERVED}}},
    {"there are no release sequences",
     3,
     {{WRITE, 0, 8, 4, 0},
      {STORE, 0, 0, 4, 0},
      {STORE, 1, 0, 4, 0},
      {LOAD, 2, 0, 4, 0},
      {READ, 2, 8, 4, 0}},
     {{0, 4, OBSERVED}}},
    {"an overwritten store does not order",
     2,
     {{WRITE, 0, 8, 4, 0},
      {STORE, 0, 0, 4, 0},
      {WRITE, 0, 0, 4, 0},
      {LOAD, 1, 0, 4, 0},
      {READ, 1, 8, 4, 0}},
     {{2, 3, OBSERVED}, {0, 4, OBSERVED}}},
    {"one byte left of a store still orders",
     2,
     {{WRITE, 0, 8, 4, 0},
      {STORE, 0, 0, 4, 0},
      {WRITE, 0, 0, 2, 0},
      {LOAD, 1, 0, 4, 0},
      {READ, 1, 8, 4, 0}},
     {{2, 3, OBSERVED}}},
    {"entering a critical section orders",
     2,
     {{WRITE, 0, 8, 4, 0}, {SECTION, 0, 0, 4, 0}, {SECTION, 1, 0, 4, 0}, {READ, 1, 8, 4, 0}},
     {{0}}},
    {"a wait that finds another value orders",
     2,
     {{WRITE, 0, 8, 4, 0}, {SECTION, 0, 0, 4, 0}, {WAIT, 1, 0, 4, 0}, {READ, 1, 8, 4, 0}},
     {{0}}},
    {"sections of different lists do not order",
     2,
     {{WRITE, 0, 8, 4, 0}, {SECTION, 0, 0, 4, 0}, {SECTION, 1, 4, 4, 0}, {READ, 1, 8, 4, 0}},
     {{0, 3, OBSERVED}}},
    {"a message orders",
     2,
     {{WRITE, 0, 8, 4, 0}, {SEND, 0, 0, 0, 0}, {RECEIVE, 1, 0, 0, 0}, {READ, 1, 8, 4, 0}},
     {{0}}},
    {"what comes after a message is not ordered by it",
     2,
     {{SEND, 0, 0, 0, 0}, {WRITE, 0, 8, 4, 0}, {RECEIVE, 1, 0, 0, 0}, {READ, 1, 8, 4, 0}},
     {{1, 3, OBSERVED}}},
    {"messages hand on what was received",
     3,
     {{WRITE, 0, 8, 4, 0},
      {SEND, 0, 0, 0, 0},
      {RECEIVE, 1, 0, 0, 0},
      {SEND, 1, 0, 0, 1},
      {RECEIVE, 2, 0, 0, 1},
      {READ, 2, 8, 4, 0}},
     {{0}}},
    {"the start of an agent orders",
     2,
     {{WRITE, 0, 8, 4, 0}, {START, 0, 0, 0, 1}, {READ, 1, 8, 4, 0}},
     {{0}}},
    {"grow, then byteLength orders",
     2,
     {{WRITE, 0, 8, 4, 0}, {GROW, 0, 0, 0, 0}, {LENGTH, 1, 0, 0, 0}, {READ, 1, 8, 4, 0}},
     {{0}}},
    {"a race after a long time",
     2,
     {{WRITE, 0, 8, 4, 0},
      {STORE, 0, 0, 4, 0},
      {STORE, 0, 4, 4, 0},
      {READ, 0, 8, 4, 0},
      {STORE, 0, 0, 4, 0},
      {WRITE, 1, 8, 4, 0}},
     {{0, 5, OBSERVED}, {3, 5, UNORDERED}}},
    {"every reader counts",
     4,
     {{READ, 0, 8, 4, 0},
      {READ, 1, 8, 4, 0},
      {READ, 2, 8, 4, 0},
      {SEND, 2, 0, 0, 0},
      {RECEIVE, 3, 0, 0, 0},
      {WRITE, 3, 8, 4, 0}},
     {{0, 5, UNORDERED}, {1, 5, UNORDERED}}},
    {"every atomic writer counts",
     3,
     {{STORE, 0, 8, 4, 0}, {STORE, 1, 8, 4, 0}, {READ, 2, 8, 4, 0}},
     {{0, 2, UNORDERED}, {1, 2, OBSERVED}}},
};

#define COUNT (sizeof tests / sizeof tests[0])

static enum verdict expected_of(const struct named *t, unsigned first, unsigned second)
{
    for (size_t i = 0; i < sizeof t->found / sizeof t->found[0]; i++)
        if (t->found[i].verdict && t->found[i].first == first && t->found[i].second == second)
            return t->found[i].verdict;
    return FREE;
}

static void load(const struct named *t, struct program *p)
{
    *p = (struct program){.agents = t->agents};
    for (size_t i = 0; i < sizeof t->events / sizeof t->events[0]; i++) {
        const struct event *e = &t->events[i];
        bool is_there = e->kind || e->agent || e->offset || e->size;
        if (is_there)
            p->events[p->count++] = *e;
    }
}

static bool holds(const struct named *t, void (*judge)(const struct program *, struct findings *))
{
    static struct program p;
    static struct findings got;
    load(t, &p);
    judge(&p, &got);
    for (unsigned i = 0; i < p.count; i++)
        for (unsigned k = i + 1; k < p.count; k++)
            if (got.pair[i][k] != expected_of(t, i, k))
                return false;
    return true;
}

bool named_test_breaks(const char *name)
{
    bool any = false;
    for (size_t i = 0; i < COUNT; i++)
        any |= (!name || !strcmp(tests[i].name, name)) && !holds(&tests[i], driver_run);
    return any;
}

static void test_named(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        bool by_definition = holds(&tests[i], oracle_judge),
             by_detector = holds(&tests[i], driver_run);
        if (!by_definition || !by_detector)
            printf("\n%s: %s", tests[i].name,
                   by_definition ? "the detector differs" : "the definition differs");
        CU_ASSERT(by_definition && by_detector);
    }
}

void add_named_tests(void *suite)
{
    CU_add_test(suite, "one program for each rule", test_named);
}
