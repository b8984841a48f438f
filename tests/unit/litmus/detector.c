/* The race detector as an oracle of the checker: what it says of every interleaving of a program.
 */
#include "oracle.h"

#include "../detect/program.h"

#include <CUnit/CUnit.h>

/* The setup's accesses come first in every interleaving; then it starts the others. */
static void start_agents(struct program *p, unsigned agents)
{
    for (unsigned a = 1; a < agents; a++)
        p->events[p->count++] = (struct event){.kind = START, .agent = 0, .number = a};
}

static enum event_kind kind_of(const oracle_access *a)
{
    if (!a->atomic)
        return a->writes ? WRITE : READ;
    return !a->writes ? LOAD : a->reads ? MODIFY : STORE;
}

struct search {
    const litmus_program *program;
    bool found;
};

static void judge(void *context, const oracle_access *accesses, size_t count)
{
    struct search *s = context;
    struct program p = {.agents = (unsigned)s->program->agent_count};
    static struct findings findings;
    bool started = false;
    if (s->found)
        return;
    for (size_t i = 0; i < count; i++) {
        const oracle_access *a = &accesses[i];
        if (a->agent == LITMUS_AGENTS) /* not the program's: the values at the end */
            continue;
        if (a->agent != 0 && !started)
            start_agents(&p, p.agents);
        started |= a->agent != 0;
        p.events[p.count++] = (struct event){.kind = kind_of(a),
                                             .agent = (unsigned)a->agent,
                                             .offset = (unsigned)a->offset,
                                             .size = (unsigned)a->size};
    }
    driver_run(&p, &findings);
    for (unsigned i = 0; i < p.count; i++)
        for (unsigned k = 0; k < p.count; k++)
            s->found |= findings.pair[i][k] != FREE;
}

bool detector_finds_race(const litmus_program *p)
{
    struct search s = {.program = p};
    CU_ASSERT_TRUE_FATAL(p->agent_count <= MOST_AGENTS);
    driver_open();
    oracle_each_interleaving(p, judge, &s);
    driver_close();
    return s.found;
}
